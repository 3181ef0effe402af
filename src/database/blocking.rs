//! Commands that wait on the server, each on a connection of its own while it waits.
//!
//! The shared connection stays free meanwhile. Dropping such a future closes its connection, so
//! that the server does not pop an element for a caller that has left. An element that was popped
//! at that very moment, or just before a connection broke, is lost: each element is delivered at
//! most once. To lose none, move it to a second list with [`blmove`](crate::Database::blmove), or
//! use a consumer group of a stream.

use std::{
    future::Future,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use super::{
    Counted, Database, Join,
    checks::{Fault, empty, millis},
    lists::ListEnd,
    sorted_sets::{ScoreEnd, Scored},
    streams::{Streams, StreamsRead, XreadGroupOptions, XreadOptions, no_streams},
};
use crate::{
    Call, Error, Result, RetryPolicy,
    multiplexer::Leased,
    resp::{Arg, FromReply, ToArg, ToArgs},
};

/// How long a blocking command waits on the server
///
/// A plain [`Duration`] is accepted too. The client waits `command_timeout` longer than the server.
///
/// While the command waits, the client sends a `PING` every
/// [`keep_alive`](crate::Options::keep_alive), 10 s by default; the server answers them afterwards.
/// If a proxy cuts connections that are idle for less than that, choose a shorter `keep_alive`.
/// After 4096 of them the client sends no more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum BlockFor {
    /// At most this long, rounded up to milliseconds; zero is refused.
    AtMost(Duration),
    /// Until there is an element, or the connection is lost.
    Ever,
}

impl From<Duration> for BlockFor {
    fn from(time: Duration) -> Self {
        Self::AtMost(time)
    }
}

impl Database {
    /// Takes the first value of the first list that is not empty, and waits for one if all are
    ///
    /// Returns the key of that list and the value; `None` if the time passed. See
    /// [BLPOP](https://redis.io/docs/latest/commands/blpop/).
    pub fn blpop<K: FromReply, T: FromReply>(
        &self,
        keys: impl ToArgs,
        wait: impl Into<BlockFor>,
    ) -> impl Future<Output = Result<Option<(K, T)>>> {
        let (wait, fault) = (wait.into(), empty(&keys, "keys"));
        self.block("BLPOP", Join(keys, (wait.seconds(),)), wait, fault)
    }

    /// Takes the last value of the first list that is not empty, and waits for one if all are
    ///
    /// Returns the key of that list and the value; `None` if the time passed. See
    /// [BRPOP](https://redis.io/docs/latest/commands/brpop/).
    pub fn brpop<K: FromReply, T: FromReply>(
        &self,
        keys: impl ToArgs,
        wait: impl Into<BlockFor>,
    ) -> impl Future<Output = Result<Option<(K, T)>>> {
        let (wait, fault) = (wait.into(), empty(&keys, "keys"));
        self.block("BRPOP", Join(keys, (wait.seconds(),)), wait, fault)
    }

    /// Moves a value from an end of one list to an end of another, and waits for a value if needed
    ///
    /// See [BLMOVE](https://redis.io/docs/latest/commands/blmove/). Since Redis 6.2.
    pub fn blmove<T: FromReply>(
        &self,
        from: impl ToArg,
        to: impl ToArg,
        take: ListEnd,
        put: ListEnd,
        wait: impl Into<BlockFor>,
    ) -> impl Future<Output = Result<Option<T>>> {
        let wait = wait.into();
        self.block("BLMOVE", (from, to, take, put, wait.seconds()), wait, None)
    }

    /// Moves the last value of one list to the beginning of another, and waits for a value if
    /// needed
    ///
    /// See [BRPOPLPUSH](https://redis.io/docs/latest/commands/brpoplpush/).
    pub fn brpoplpush<T: FromReply>(
        &self,
        from: impl ToArg,
        to: impl ToArg,
        wait: impl Into<BlockFor>,
    ) -> impl Future<Output = Result<Option<T>>> {
        let wait = wait.into();
        self.block("BRPOPLPUSH", (from, to, wait.seconds()), wait, None)
    }

    /// Takes up to `count` values from an end of the first list that is not empty, and waits for
    /// one
    ///
    /// See [BLMPOP](https://redis.io/docs/latest/commands/blmpop/). Since Redis 7.0.
    pub fn blmpop<K: FromReply, T: FromReply>(
        &self,
        keys: impl ToArgs,
        end: ListEnd,
        count: u64,
        wait: impl Into<BlockFor>,
    ) -> impl Future<Output = Result<Option<(K, Vec<T>)>>> {
        let (wait, fault) = (wait.into(), empty(&keys, "keys"));
        let args = Join((wait.seconds(),), Counted::new(keys, (end, "COUNT", count)));
        self.block("BLMPOP", args, wait, fault)
    }

    /// Takes the member with the lowest score of the first sorted set that is not empty, and waits
    ///
    /// Returns the key, the member and its score; `None` if the time passed. See
    /// [BZPOPMIN](https://redis.io/docs/latest/commands/bzpopmin/).
    pub fn bzpopmin<K: FromReply, T: FromReply>(
        &self,
        keys: impl ToArgs,
        wait: impl Into<BlockFor>,
    ) -> impl Future<Output = Result<Option<(K, T, f64)>>> {
        let (wait, fault) = (wait.into(), empty(&keys, "keys"));
        self.block("BZPOPMIN", Join(keys, (wait.seconds(),)), wait, fault)
    }

    /// Takes the member with the highest score of the first sorted set that is not empty, and waits
    ///
    /// Returns the key, the member and its score; `None` if the time passed. See
    /// [BZPOPMAX](https://redis.io/docs/latest/commands/bzpopmax/).
    pub fn bzpopmax<K: FromReply, T: FromReply>(
        &self,
        keys: impl ToArgs,
        wait: impl Into<BlockFor>,
    ) -> impl Future<Output = Result<Option<(K, T, f64)>>> {
        let (wait, fault) = (wait.into(), empty(&keys, "keys"));
        self.block("BZPOPMAX", Join(keys, (wait.seconds(),)), wait, fault)
    }

    /// Takes up to `count` members from the first sorted set that is not empty, and waits for one
    ///
    /// See [BZMPOP](https://redis.io/docs/latest/commands/bzmpop/). Since Redis 7.0.
    pub fn bzmpop<K: FromReply, T: FromReply>(
        &self,
        keys: impl ToArgs,
        end: ScoreEnd,
        count: u64,
        wait: impl Into<BlockFor>,
    ) -> impl Future<Output = Result<Option<(K, Scored<T>)>>> {
        let (wait, fault) = (wait.into(), empty(&keys, "keys"));
        let args = Join((wait.seconds(),), Counted::new(keys, (end, "COUNT", count)));
        self.block("BZMPOP", args, wait, fault)
    }

    /// Like [`xread`](Self::xread), and waits for entries; `$` as an id means "added from now on"
    ///
    /// See [XREAD](https://redis.io/docs/latest/commands/xread/).
    pub fn xread_block<K: FromReply>(
        &self,
        streams: impl ToArgs,
        options: XreadOptions,
        wait: impl Into<BlockFor>,
    ) -> impl Future<Output = Result<Option<StreamsRead<K>>>> {
        let (wait, fault) = (wait.into(), no_streams(&streams));
        let args = Join(options, Join(("BLOCK", wait.millis()), Streams(streams)));
        self.block("XREAD", args, wait, fault)
    }

    /// Like [`xreadgroup`](Self::xreadgroup), and waits for entries
    ///
    /// Entries that were read just before the connection broke stay pending for this consumer.
    /// See [XREADGROUP](https://redis.io/docs/latest/commands/xreadgroup/).
    pub fn xreadgroup_block<K: FromReply>(
        &self,
        group: impl ToArg,
        consumer: impl ToArg,
        streams: impl ToArgs,
        options: XreadGroupOptions,
        wait: impl Into<BlockFor>,
    ) -> impl Future<Output = Result<Option<StreamsRead<K>>>> {
        let (wait, fault) = (wait.into(), no_streams(&streams));
        let streams = Join(options, Join(("BLOCK", wait.millis()), Streams(streams)));
        self.block("XREADGROUP", Join(("GROUP", group, consumer), streams), wait, fault)
    }

    /// Runs a command that waits, on this lease or on one of its own.
    async fn block<T: FromReply, A: ToArgs>(
        &self,
        name: &'static str,
        args: A,
        wait: BlockFor,
        fault: Fault,
    ) -> Result<T> {
        if let Some(fault) = fault.or_else(|| wait.fault()) {
            return Err(Error::rejected(name, fault));
        }
        let timeout = match wait {
            BlockFor::Ever => Duration::MAX,
            BlockFor::AtMost(time) => {
                let ours = self.muxer.inner().options.command_timeout;
                time.saturating_add(ours)
            }
        };
        if let Some(leased) = self.leased.get() {
            return self.block_on(leased, name, &args, timeout).await;
        }
        let mut attempts = self.attempts();
        loop {
            let leased = self.borrow(name).await;
            let result = match &leased {
                Ok(leased) => self.block_on(leased, name, &args, timeout).await,
                Err(error) => Err(error.clone()),
            };
            let Err(error) = result else { return result };
            // The lease's connection is closed by now.
            drop(leased);
            let words = Call::<(), _>::new(self.link(), name, &args);
            attempts.again(&error, &words.words()).await.ok_or(error)?;
        }
    }

    async fn block_on<T: FromReply>(
        &self,
        leased: &Arc<Leased>,
        name: &'static str,
        args: &impl ToArgs,
        timeout: Duration,
    ) -> Result<T> {
        let _blocking = Blocking::begin(leased);
        let call = Call::new(&leased.link, name, args).handled(self.handling()).timeout(timeout);
        match self.leased.get() {
            Some(_) => call.await,
            // Elsewhere, if at all.
            None => call.retry(&RetryPolicy::none()).await,
        }
    }
}

/// While it lives, the connection may be waiting on the server
struct Blocking<'a>(&'a Arc<Leased>);

impl<'a> Blocking<'a> {
    fn begin(leased: &'a Arc<Leased>) -> Self {
        leased.blocking.store(true, Ordering::SeqCst);
        Self(leased)
    }
}

impl Drop for Blocking<'_> {
    fn drop(&mut self) {
        self.0.blocking.store(false, Ordering::SeqCst);
    }
}

impl BlockFor {
    fn millis(self) -> u64 {
        match self {
            Self::AtMost(time) => millis(time),
            Self::Ever => 0,
        }
    }

    /// Seconds as the list commands take them; without a fraction where there is none, for
    /// servers before 6.0.
    fn seconds(self) -> Arg<'static> {
        let millis = self.millis();
        match millis % 1000 {
            0 => (millis / 1000).to_arg().into_owned(),
            rest => format!("{}.{rest:03}", millis / 1000).to_arg().into_owned(),
        }
    }

    fn fault(self) -> Fault {
        (self == Self::AtMost(Duration::ZERO)).then(|| {
            "a time of zero would block forever: say BlockFor::Ever if that is meant".to_owned()
        })
    }
}
