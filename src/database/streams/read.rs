//! Reading.

use std::time::Duration;

use super::StreamEntry;
use crate::{
    Call,
    command::named,
    database::{
        Database, Join,
        checks::{Fault, Unless, millis, uneven},
        options::options,
    },
    resp::{ArgList, FromReply, ToArg, ToArgs},
};

impl Database {
    /// Entries from one id to another, both included; `-` and `+` are the ends
    ///
    /// `(1526919030474-55` begins after that id (since Redis 6.2). See
    /// [XRANGE](https://redis.io/docs/latest/commands/xrange/).
    pub fn xrange(
        &self,
        key: impl ToArg,
        start: impl ToArg,
        end: impl ToArg,
    ) -> Call<'_, Vec<StreamEntry>, impl ToArgs> {
        self.call(named!("XRANGE"), (key, start, end))
    }

    /// Like [`xrange`](Self::xrange), at most `count` entries
    ///
    /// See [XRANGE](https://redis.io/docs/latest/commands/xrange/).
    pub fn xrange_count(
        &self,
        key: impl ToArg,
        start: impl ToArg,
        end: impl ToArg,
        count: u64,
    ) -> Call<'_, Vec<StreamEntry>, impl ToArgs> {
        self.call(named!("XRANGE"), (key, start, end, "COUNT", count))
    }

    /// Entries from one id back to another, both included; `+` and `-` are the ends
    ///
    /// See [XREVRANGE](https://redis.io/docs/latest/commands/xrevrange/).
    pub fn xrevrange(
        &self,
        key: impl ToArg,
        end: impl ToArg,
        start: impl ToArg,
    ) -> Call<'_, Vec<StreamEntry>, impl ToArgs> {
        self.call(named!("XREVRANGE"), (key, end, start))
    }

    /// Like [`xrevrange`](Self::xrevrange), at most `count` entries
    ///
    /// See [XREVRANGE](https://redis.io/docs/latest/commands/xrevrange/).
    pub fn xrevrange_count(
        &self,
        key: impl ToArg,
        end: impl ToArg,
        start: impl ToArg,
        count: u64,
    ) -> Call<'_, Vec<StreamEntry>, impl ToArgs> {
        self.call(named!("XREVRANGE"), (key, end, start, "COUNT", count))
    }

    /// Entries of several streams, each given with the id after which to begin
    ///
    /// `None` if there are none now: the command does not wait. See
    /// [XREAD](https://redis.io/docs/latest/commands/xread/).
    pub fn xread<K: FromReply>(
        &self,
        streams: impl ToArgs,
        options: XreadOptions,
    ) -> Call<'_, Option<StreamsRead<K>>, impl ToArgs> {
        let fault = no_streams(&streams);
        self.call(named!("XREAD"), Join(options, Streams(streams))).unless(fault)
    }

    /// Entries of several streams for a consumer of a group
    ///
    /// Each stream comes with `>` for entries that no consumer has got yet, or with an id for the
    /// entries after it that this consumer has got and not acknowledged. `None` if there are no new
    /// ones now: the command does not wait. See
    /// [XREADGROUP](https://redis.io/docs/latest/commands/xreadgroup/).
    pub fn xreadgroup<K: FromReply>(
        &self,
        group: impl ToArg,
        consumer: impl ToArg,
        streams: impl ToArgs,
        options: XreadGroupOptions,
    ) -> Call<'_, Option<StreamsRead<K>>, impl ToArgs> {
        let fault = no_streams(&streams);
        let streams = Join(options, Streams(streams));
        self.call(named!("XREADGROUP"), Join(("GROUP", group, consumer), streams)).unless(fault)
    }
}

/// Names of streams, and the entries that were read from each
pub type StreamsRead<K> = Vec<(K, Vec<StreamEntry>)>;

options! {
    /// How much [`Database::xread`] returns
    XreadOptions { count, maxcount, maxsize }
    /// At most `count` entries of each stream (`COUNT`).
    count: count(count: u64) => "COUNT", count;
    /// At most `count` entries of all streams together (`MAXCOUNT`). Since Redis 8.10.
    maxcount: max_count(count: u64) => "MAXCOUNT", count;
    /// Stops when the reply has about this many bytes (`MAXSIZE`). Since Redis 8.10.
    maxsize: max_size(bytes: u64) => "MAXSIZE", bytes;
}

options! {
    /// How [`Database::xreadgroup`] reads
    XreadGroupOptions { count, maxcount, maxsize, claim, noack }
    /// At most `count` entries of each stream (`COUNT`).
    count: count(count: u64) => "COUNT", count;
    /// Counts the entries as acknowledged at once (`NOACK`).
    noack: noack() => "NOACK";
    /// At most `count` entries of all streams together (`MAXCOUNT`). Since Redis 8.10.
    maxcount: max_count(count: u64) => "MAXCOUNT", count;
    /// Stops when the reply has about this many bytes (`MAXSIZE`). Since Redis 8.10.
    maxsize: max_size(bytes: u64) => "MAXSIZE", bytes;
    /// Reads first what is pending for this time, of any consumer, as [`xclaim`](Database::xclaim) does (`CLAIM`); with `>`
    /// only. Since Redis 8.4.
    claim: claim(min_idle: Duration) => "CLAIM", millis(min_idle);
}

pub(in crate::database) fn no_streams(streams: &impl ToArgs) -> Fault {
    uneven(streams, 2, "streams and ids")
}

/// Pairs of key and id, sent as `STREAMS`, all keys and then all ids
pub(in crate::database) struct Streams<L>(pub(in crate::database) L);

impl<L: ToArgs> ToArgs for Streams<L> {
    fn append_to<'a>(&'a self, args: &mut ArgList<'a>) {
        args.push("STREAMS".to_arg());
        let mut pairs = ArgList::new();
        self.0.append_to(&mut pairs);
        let (mut ids, mut is_id) = (ArgList::new(), false);
        for arg in pairs {
            if is_id {
                ids.push(arg)
            } else {
                args.push(arg)
            }
            is_id = !is_id;
        }
        args.extend(ids);
    }
}
