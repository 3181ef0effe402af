//! Read, decide, and commit if nobody changed what was read.

use std::{
    fmt,
    future::{Future, poll_fn},
    time::Duration,
};

use super::{Database, conditional::nothing_executed};
use crate::{
    Call, Error, ExponentialBackoff, Full, ReconnectPolicy, Result,
    command::transaction::conflict,
    multiplexer::Watching,
    resp::{Arg, ArgList, ToArgs},
};

/// Attempts where the caller does not say how many.
const ATTEMPTS: u32 = 16;

/// Between attempts: about a round trip at first.
const WAITS: ExponentialBackoff =
    ExponentialBackoff { base: Duration::from_millis(1), cap: Duration::from_millis(100) };

/// An optimistic loop over watched keys; made by [`Database::watch`]
///
/// ```no_run
/// # async fn f(db: redmux::Database) -> redmux::Result<()> {
/// use redmux::database::ListEnd::{Left, Right};
///
/// // Turns the list so that the first job that is not held comes first, and tells which it is.
/// let next: Option<String> = db
///     .watch("jobs")
///     .run(async |db| {
///         let jobs: Vec<String> = db.lrange("jobs", 0, -1).await?;
///         let Some(place) = jobs.iter().position(|job| !job.starts_with("held")) else {
///             return Ok(None);
///         };
///         let moves = (0..place).map(|_| db.lmove::<String>("jobs", "jobs", Left, Right));
///         db.transaction(moves.collect::<Vec<_>>()).all().await?;
///         Ok(Some(jobs[place].clone()))
///     })
///     .await?;
/// # Ok(())
/// # }
/// ```
#[must_use = "nothing is watched before `run`"]
pub struct Watch<'a> {
    database: &'a Database,
    keys: Vec<Arg<'static>>,
    attempts: u32,
}

impl Database {
    /// Reads keys, decides, and commits a transaction if none of them was changed meanwhile;
    /// again from the start if one was
    ///
    /// [`run`](Watch::run) is given what to do, as a closure. Its argument is a database on a
    /// connection that watches `keys`: read with it, then await one
    /// [`transaction`](Self::transaction) on it and return what you like. If somebody changed a
    /// watched key, nothing is executed and the closure is called again, after a short random
    /// wait, up to [`attempts`](Watch::attempts) times. A closure that returns without a
    /// transaction gives up: nothing is executed. What the closure sends by another database is
    /// not guarded.
    ///
    /// The closure may be called several times: what it captures it borrows or clones. Each
    /// command has its own time. Nobody else waits for the loop.
    ///
    /// ```no_run
    /// # async fn f(db: redmux::Database) -> redmux::Result<()> {
    /// // Moves money, if there is enough.
    /// let moved = db
    ///     .watch(["account:ann", "account:bob"])
    ///     .run(async |db| {
    ///         let balance: Option<i64> = db.get("account:ann").await?;
    ///         if balance.unwrap_or(0) < 30 {
    ///             return Ok(false);
    ///         }
    ///         let calls = (db.decrby("account:ann", 30), db.incrby("account:bob", 30));
    ///         db.transaction(calls).all().await?;
    ///         Ok(true)
    ///     })
    ///     .await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn watch(&self, keys: impl ToArgs) -> Watch<'_> {
        let mut list = ArgList::new();
        keys.append_to(&mut list);
        let keys = list.into_iter().map(Arg::into_owned).collect();
        Watch { database: self, keys, attempts: ATTEMPTS }
    }
}

impl Watch<'_> {
    /// How often to try before giving up, at least once. Default 16.
    pub fn attempts(mut self, attempts: u32) -> Self {
        self.attempts = attempts.max(1);
        self
    }

    /// Runs the loop, and gives what the closure returned in the attempt that came through.
    ///
    /// ```no_run
    /// # async fn f(db: redmux::Database) -> redmux::Result<()> {
    /// // A counter that stops at a limit.
    /// let count = db
    ///     .watch("visits")
    ///     .attempts(100)
    ///     .run(async |db| {
    ///         let count = db.get::<u64>("visits").await?.unwrap_or(0);
    ///         let next = (count + 1).min(1000);
    ///         db.transaction((db.set("visits", next),)).all().await?;
    ///         Ok(next)
    ///     })
    ///     .await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Conflict`](crate::ErrorKind::Conflict) if keys were changed in every attempt;
    /// those of the closure; those of [`lease`](crate::ConnectionMultiplexer::lease) and `WATCH`.
    /// Only that of the transaction may mean that something was executed.
    pub async fn run<T, F>(self, mut body: impl FnMut(Database) -> F) -> Result<T>
    where
        F: Future<Output = Result<T>>,
    {
        let Database { muxer, leased, handling } = self.database;
        if leased.get().is_some() {
            let hint = "it leases a connection: use the database of the multiplexer";
            return Err(Error::rejected("WATCH", hint));
        }
        if self.keys.is_empty() {
            return Err(Error::rejected("WATCH", "there must be keys"));
        }
        let inner = muxer.inner();
        let runtime = &inner.link.runtime;
        for attempt in 1..=self.attempts {
            let leased = self.database.borrow_patiently("WATCH").await?;
            leased.guard(true);
            leased.set_watching(Watching::Reads);
            let watch = Call::<(), _>::new(&leased.link, "WATCH", &*self.keys);
            watch.handled(handling.as_deref()).await.map_err(nothing_executed)?;
            let guarded = Database { leased: Full::new(leased.clone()), ..self.database.clone() };
            let result = body(guarded).await;
            match leased.watching() {
                Watching::Over { conflict } => {
                    leased.guard(false);
                    if !conflict {
                        return result;
                    }
                }
                Watching::Reads => {
                    leased.unwatch(handling.as_deref(), inner.options.command_timeout).await;
                    return result;
                }
                Watching::No | Watching::Commits => return result,
            }
            drop(leased);
            if attempt < self.attempts {
                let wait = WAITS.delay(attempt + 1, Duration::ZERO, runtime.entropy());
                let mut timer = runtime.timer(runtime.after(wait));
                poll_fn(|cx| timer.poll_expired(cx)).await;
            }
        }
        Err(conflict(&format!("watched keys were changed in each of {} attempts", self.attempts))
            .endpoint_at(&inner.link.endpoint()))
    }
}

impl fmt::Debug for Watch<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watch").field("attempts", &self.attempts).finish_non_exhaustive()
    }
}
