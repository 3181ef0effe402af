//! Entries that were delivered to a consumer and not acknowledged.

use std::time::Duration;

use super::{StreamEntry, StreamId};
use crate::{
    Call,
    command::named,
    database::{
        Counted, Database, Join,
        checks::{Unless, empty, millis},
        options::{Words, items, options, words},
    },
    resp::{Arg, ArgList, DecodeError, FromReply, Reply, ReplyError, ToArg, ToArgs},
};

impl Database {
    /// Number of pending entries of a group, in total and for each consumer
    ///
    /// See [XPENDING](https://redis.io/docs/latest/commands/xpending/).
    pub fn xpending(
        &self,
        key: impl ToArg,
        group: impl ToArg,
    ) -> Call<'_, PendingSummary, impl ToArgs> {
        self.call(named!("XPENDING"), (key, group))
    }

    /// The entries of a group that are pending
    ///
    /// See [XPENDING](https://redis.io/docs/latest/commands/xpending/).
    pub fn xpending_entries(
        &self,
        key: impl ToArg,
        group: impl ToArg,
        filter: XpendingFilter,
    ) -> Call<'_, Vec<PendingEntry>, impl ToArgs> {
        self.call(named!("XPENDING"), Join((key, group), filter))
    }

    /// Gives entries back that are pending, so that any consumer can claim them at once; returns how many
    ///
    /// See [XNACK](https://redis.io/docs/latest/commands/xnack/). Since Redis 8.8.
    pub fn xnack(
        &self,
        key: impl ToArg,
        group: impl ToArg,
        mode: NackMode,
        ids: impl ToArgs,
        options: XnackOptions,
    ) -> Call<'_, u64, impl ToArgs> {
        let fault = empty(&ids, "ids");
        let ids = Counted::new(ids, options);
        self.call(named!("XNACK"), Join((key, group, mode, "IDS"), ids)).unless(fault)
    }

    /// Assigns entries that are pending for a minimum time to another consumer; returns them
    ///
    /// Entries that no longer exist are left out, also where the server (before Redis 7.0) answers a
    /// null for each.
    ///
    /// See [XCLAIM](https://redis.io/docs/latest/commands/xclaim/).
    pub fn xclaim(
        &self,
        key: impl ToArg,
        group: impl ToArg,
        consumer: impl ToArg,
        min_idle: Duration,
        ids: impl ToArgs,
        options: XclaimOptions,
    ) -> Call<'_, Vec<StreamEntry>, impl ToArgs> {
        let fault = empty(&ids, "ids");
        let before = (key, group, consumer, millis(min_idle));
        self.call(named!("XCLAIM"), Join(before, Join(ids, options))).unless(fault)
    }

    /// Like [`xclaim`](Self::xclaim), returning only ids and not counting a delivery
    ///
    /// See [XCLAIM](https://redis.io/docs/latest/commands/xclaim/).
    pub fn xclaim_ids(
        &self,
        key: impl ToArg,
        group: impl ToArg,
        consumer: impl ToArg,
        min_idle: Duration,
        ids: impl ToArgs,
        options: XclaimOptions,
    ) -> Call<'_, Vec<StreamId>, impl ToArgs> {
        let fault = empty(&ids, "ids");
        let before = (key, group, consumer, millis(min_idle));
        self.call(named!("XCLAIM"), Join(before, Join(ids, Join(options, ("JUSTID",)))))
            .unless(fault)
    }

    /// Assigns up to `count` entries that are pending for a minimum time to another consumer
    ///
    /// Starts at an id; continue with [`ClaimedEntries::next`] until that is [`StreamId::MIN`]. See
    /// [XAUTOCLAIM](https://redis.io/docs/latest/commands/xautoclaim/). Since Redis 6.2.
    pub fn xautoclaim(
        &self,
        key: impl ToArg,
        group: impl ToArg,
        consumer: impl ToArg,
        min_idle: Duration,
        start: StreamId,
        count: u64,
    ) -> Call<'_, ClaimedEntries<StreamEntry>, impl ToArgs> {
        self.call(
            named!("XAUTOCLAIM"),
            (key, group, consumer, millis(min_idle), start, "COUNT", count),
        )
    }

    /// Like [`xautoclaim`](Self::xautoclaim), returning only ids and not counting a delivery
    ///
    /// See [XAUTOCLAIM](https://redis.io/docs/latest/commands/xautoclaim/). Since Redis 6.2.
    pub fn xautoclaim_ids(
        &self,
        key: impl ToArg,
        group: impl ToArg,
        consumer: impl ToArg,
        min_idle: Duration,
        start: StreamId,
        count: u64,
    ) -> Call<'_, ClaimedEntries<StreamId>, impl ToArgs> {
        let before = (key, group, consumer, millis(min_idle));
        self.call(named!("XAUTOCLAIM"), Join(before, (start, "COUNT", count, "JUSTID")))
    }
}

words! {
    /// Why an entry is given back
    NackMode {
        /// The consumer ends: the delivery is not counted.
        Silent => "SILENT",
        /// The consumer could not do it: the delivery counts.
        Fail => "FAIL",
        /// Nobody can do it: the entry counts as delivered more often than any other.
        Fatal => "FATAL",
    }
}

options! {
    /// What to change in entries that are given back
    XnackOptions { retrycount, force }
    /// Sets how often they count as delivered, whatever the mode says (`RETRYCOUNT`).
    retrycount: deliveries(count: u64) => "RETRYCOUNT", count;
    /// Includes entries that are not pending (`FORCE`).
    force: force() => "FORCE";
}

/// The pending entries of a group, in numbers
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PendingSummary {
    /// Number of entries.
    pub count: u64,
    /// The lowest of their ids.
    pub lowest: Option<StreamId>,
    /// The highest of their ids.
    pub highest: Option<StreamId>,
    /// The consumers that have pending entries.
    pub consumers: Vec<ConsumerPending>,
}

/// Number of pending entries of a consumer
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ConsumerPending {
    /// Its name.
    pub name: String,
    /// Number of entries.
    pub count: u64,
}

impl FromReply for PendingSummary {
    fn from_reply(reply: Reply<'_>) -> Result<Self, ReplyError> {
        let (count, lowest, highest, consumers) = reply.decode()?;
        let consumers: Option<Vec<(String, u64)>> = consumers;
        let consumers = consumers.unwrap_or_default().into_iter();
        let consumers = consumers.map(|(name, count)| ConsumerPending { name, count }).collect();
        Ok(Self { count, lowest, highest, consumers })
    }
}

/// An entry that is pending
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PendingEntry {
    /// Its id.
    pub id: StreamId,
    /// The consumer that got it last; empty if it was given back ([`xnack`](Database::xnack)).
    pub consumer: String,
    /// Time since then; [`Duration::MAX`] if it was given back, so that anybody may claim it.
    pub idle: Duration,
    /// How often it was delivered.
    pub deliveries: u64,
}

impl FromReply for PendingEntry {
    fn from_reply(reply: Reply<'_>) -> Result<Self, ReplyError> {
        let (id, consumer, idle, deliveries): (_, _, i64, _) = reply.decode()?;
        let idle = u64::try_from(idle).map_or(Duration::MAX, Duration::from_millis);
        Ok(Self { id, consumer, idle, deliveries })
    }
}

/// Which pending entries to return
#[derive(Debug, Clone)]
#[must_use]
pub struct XpendingFilter {
    idle: Words,
    range: [Arg<'static>; 2],
    count: u64,
    consumer: Option<Arg<'static>>,
}

impl XpendingFilter {
    /// At most `count` entries, the lowest ids first.
    pub fn new(count: u64) -> Self {
        let range = [Arg::Bytes(b"-"), Arg::Bytes(b"+")];
        Self { idle: Words::default(), range, count, consumer: None }
    }

    /// Entries from one id to another, both included.
    pub fn range(mut self, start: impl ToArg, end: impl ToArg) -> Self {
        self.range = [start.to_arg().into_owned(), end.to_arg().into_owned()];
        self
    }

    /// Entries not delivered for this time, rounded up to milliseconds (`IDLE`). Since Redis 6.2.
    pub fn min_idle(mut self, time: Duration) -> Self {
        self.idle = Words::new("IDLE", [millis(time).to_arg().into_owned()]);
        self
    }

    /// Entries delivered to this consumer.
    pub fn consumer(mut self, name: impl ToArg) -> Self {
        self.consumer = Some(name.to_arg().into_owned());
        self
    }
}

impl ToArgs for XpendingFilter {
    fn append_to<'a>(&'a self, args: &mut ArgList<'a>) {
        self.idle.append_to(args);
        args.extend(self.range.iter().map(ToArg::to_arg));
        args.push(self.count.to_arg());
        args.extend(self.consumer.iter().map(ToArg::to_arg));
    }
}

options! {
    /// What to change in entries that are assigned to another consumer
    XclaimOptions { time, retrycount, force, lastid }
    /// Counts them as delivered this long ago, instead of now (`IDLE`).
    time: idle(time: Duration) => "IDLE", millis(time);
    /// Counts them as delivered at this moment, in milliseconds since 1970 (`TIME`).
    time: delivered_at(unix_millis: u64) => "TIME", unix_millis;
    /// Sets how often they count as delivered (`RETRYCOUNT`).
    retrycount: deliveries(count: u64) => "RETRYCOUNT", count;
    /// Includes entries that are not pending (`FORCE`).
    force: force() => "FORCE";
    /// Raises the group's last delivered id to this one (`LASTID`).
    lastid: last_id(id: StreamId) => "LASTID", id;
}

/// Entries that were assigned to another consumer
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClaimedEntries<T> {
    /// Where to continue; [`StreamId::MIN`] if that was all.
    pub next: StreamId,
    /// The entries, or their ids.
    pub entries: Vec<T>,
    /// The entries that were pending and no longer exist; they are no longer pending. Since Redis
    /// 7.0.
    pub deleted: Vec<StreamId>,
}

impl<T: FromReply> FromReply for ClaimedEntries<T> {
    fn from_reply(reply: Reply<'_>) -> Result<Self, ReplyError> {
        let mut parts = items("claimed entries", reply)?;
        let (Some(next), Some(entries)) = (parts.next(), parts.next()) else {
            let why = "without a cursor and entries";
            return Err(DecodeError::because("claimed entries", reply.kind(), why).into());
        };
        // Before Redis 7.0 a null takes the place of an entry that no longer exists.
        let entries = items("entries", entries)?.filter(|entry| !entry.is_null());
        Ok(Self {
            next: next.decode()?,
            entries: entries.map(|entry| entry.decode()).collect::<Result<_, _>>()?,
            deleted: parts.next().map(|ids| ids.decode()).transpose()?.unwrap_or_default(),
        })
    }
}
