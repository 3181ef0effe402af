//! Commands that wait on the server, each on a connection of its own while it waits.
//!
//! The shared connection stays free meanwhile. Dropping such a call closes its connection, so
//! that the server does not pop an element for a caller that has left. An element that was popped
//! at that very moment, or just before a connection broke, is lost: each element is delivered at
//! most once. To lose none, move it to a second list with [`blmove`](crate::Database::blmove), or
//! use a consumer group of a stream.

use std::{borrow::Cow, time::Duration};

use super::{
    Counted, Database, Join,
    checks::{Fault, Unless, empty, millis},
    lists::{ListEnd, MoveCount},
    sorted_sets::{ScoreEnd, Scored},
    streams::{Streams, StreamsRead, XreadGroupOptions, XreadOptions, no_streams},
};
use crate::{
    Call,
    clock::{NEVER, micros},
    command::{Source, wait_of},
    resp::{Arg, FromReply, ToArg, ToArgs},
};

/// How long a blocking command waits on the server
///
/// A plain [`Duration`] is accepted too. The call leases a connection within the `command_timeout`,
/// and then waits as much longer than the server. [`Call::timeout`](crate::Call::timeout) gives it
/// another time, for both together. A call that is sent again has its full time for each attempt,
/// unless it was given a time itself.
///
/// ```no_run
/// # async fn f(db: redmux::Database) -> redmux::Result<()> {
/// use redmux::{RetryPolicy, command::SideEffects, database::BlockFor};
/// use std::time::Duration;
///
/// // If the connection is lost, the next attempt leases another one. (An element that was popped
/// // just then is lost.) An hour is for all attempts together.
/// let again = RetryPolicy::new().attempts(100).up_to(SideEffects::WriteAccumulating);
/// let job = db.blpop::<String, String>("jobs", BlockFor::Forever).retry(&again);
/// let job = job.timeout(Duration::from_secs(3600)).await?;
///
/// // Both wait at the same time.
/// let minute = Duration::from_secs(60);
/// let calls = (db.blpop::<String, String>("a", minute), db.bzpopmin::<String, String>("z", minute));
/// let (value, member) = redmux::pipeline(calls).all().await?;
/// # Ok(())
/// # }
/// ```
///
/// In a transaction such a command is refused, and so is [forgetting](crate::Call::forget) it.
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
    Forever,
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
    ) -> Call<'_, Option<(K, T)>, impl ToArgs> {
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
    ) -> Call<'_, Option<(K, T)>, impl ToArgs> {
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
    ) -> Call<'_, Option<T>, impl ToArgs> {
        let wait = wait.into();
        self.block("BLMOVE", (from, to, take, put, wait.seconds()), wait, None)
    }

    /// Moves several values from an end of one list to an end of another, and waits for them if needed; returns them
    ///
    /// See [BLMOVEM](https://redis.io/docs/latest/commands/blmovem/). Since Redis 8.10.
    pub fn blmovem<T: FromReply>(
        &self,
        from: impl ToArg,
        to: impl ToArg,
        take: ListEnd,
        put: ListEnd,
        count: MoveCount,
        wait: impl Into<BlockFor>,
    ) -> Call<'_, Option<Vec<T>>, impl ToArgs> {
        let wait = wait.into();
        let args = Join((from, to, take, put, wait.seconds()), count);
        self.block("BLMOVEM", args, wait, None)
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
    ) -> Call<'_, Option<T>, impl ToArgs> {
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
    ) -> Call<'_, Option<(K, Vec<T>)>, impl ToArgs> {
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
    ) -> Call<'_, Option<(K, T, f64)>, impl ToArgs> {
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
    ) -> Call<'_, Option<(K, T, f64)>, impl ToArgs> {
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
    ) -> Call<'_, Option<(K, Scored<T>)>, impl ToArgs> {
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
    ) -> Call<'_, Option<StreamsRead<K>>, impl ToArgs> {
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
    ) -> Call<'_, Option<StreamsRead<K>>, impl ToArgs> {
        let (wait, fault) = (wait.into(), no_streams(&streams));
        let streams = Join(options, Join(("BLOCK", wait.millis()), Streams(streams)));
        self.block("XREADGROUP", Join(("GROUP", group, consumer), streams), wait, fault)
    }

    /// Sends any command that waits on the server: `BLPOP` and its like, `XREAD` and `XREADGROUP` with `BLOCK`
    ///
    /// How long it waits is read from its arguments; 0 is forever.
    ///
    /// ```no_run
    /// # async fn f(db: redmux::Database) -> redmux::Result<()> {
    /// let popped: Option<(String, String)> = db.execute_blocking("BLPOP", ("jobs", "urgent", 30)).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Command`](crate::ErrorKind::Command), without anything being sent, for a command that does not wait, or whose
    /// arguments do not say for how long.
    pub fn execute_blocking<T: FromReply>(
        &self,
        name: impl Into<Cow<'static, str>>,
        args: impl ToArgs,
    ) -> Call<'_, T, impl ToArgs> {
        let name = name.into();
        let wait = wait_of(&name, &args);
        let why = "it does not wait, or its arguments do not say for how long";
        let fault: Fault = wait.is_none().then(|| why.to_owned());
        let call = Call::new(self.link(), name, args).on(self.selected()).handled(self.handling());
        call.leasing(self.source(), wait.unwrap_or_default()).unless(fault)
    }

    /// A command that waits, on this lease or on a connection of its own.
    fn block<T, A: ToArgs>(
        &self,
        name: &'static str,
        args: A,
        wait: BlockFor,
        fault: Fault,
    ) -> Call<'_, T, A> {
        let time = match wait {
            BlockFor::Forever => NEVER,
            BlockFor::AtMost(time) => micros(Some(time)),
        };
        self.call(name, args).leasing(self.source(), time).unless(fault.or_else(|| wait.fault()))
    }

    fn source(&self) -> Source<'_> {
        match self.leased.get() {
            Some(leased) => Source::Held(leased.clone()),
            None => Source::Pool(self.muxer.inner()),
        }
    }
}

impl BlockFor {
    fn millis(self) -> u64 {
        match self {
            Self::AtMost(time) => millis(time),
            Self::Forever => 0,
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
            "a time of zero would block forever: say BlockFor::Forever if that is meant".to_owned()
        })
    }
}
