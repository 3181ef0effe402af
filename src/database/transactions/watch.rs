//! Reads, decides, and commits if no other client changed what was read.

use std::{fmt, future::Future};

use super::{Database, conditional::nothing_executed};
use crate::{
    Call, Delivery, Error, Full, Result,
    command::transaction::conflict,
    connection::Berth,
    database::waits::wait,
    multiplexer::Watching,
    resp::{Arg, ArgList, ToArgs},
};

/// Attempts by default.
const ATTEMPTS: u32 = 16;

/// An optimistic loop over watched keys; made by [`Database::watch`]
///
/// ```no_run
/// # async fn f(db: redmux::Database) -> redmux::Result<()> {
/// use redmux::database::lists::ListEnd::{Left, Right};
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
    /// Reads keys, decides, and commits a transaction if no other client changed them meanwhile;
    /// starts again if one did
    ///
    /// [`run`](Watch::run) takes the work as a closure. Its argument is a database on a connection
    /// that watches `keys`: read with that database, then await one
    /// [`transaction`](Self::transaction) on it and return any value. If another client changed a
    /// watched key, nothing is executed and the closure is called again, after a short random wait,
    /// up to [`attempts`](Watch::attempts) times. A closure that returns without a transaction
    /// gives up: nothing is executed. Commands that the closure sends with another database are not
    /// guarded.
    ///
    /// The closure may be called several times: it borrows or clones what it captures. Each command
    /// has its own time. Other callers do not wait for the loop.
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
    /// Sets how often to try before giving up, at least once. Default 16.
    ///
    /// In a cluster, attempts that no server executed because the slot moves, or has no server for the moment, do
    /// not count while less than `command_timeout` has passed.
    pub fn attempts(mut self, attempts: u32) -> Self {
        self.attempts = attempts.max(1);
        self
    }

    /// Runs the loop, and returns what the closure returned in the attempt that committed.
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
    /// errors of the closure; errors of [`lease`](crate::ConnectionMultiplexer::lease) and `WATCH`.
    /// Only an error of the transaction may mean that it was executed.
    pub async fn run<T, F>(self, mut body: impl FnMut(Database) -> F) -> Result<T>
    where
        F: Future<Output = Result<T>>,
    {
        let Database { muxer, leased, handling, .. } = self.database;
        if leased.get().is_some() {
            let hint = "it leases a connection: use the database of the multiplexer";
            return Err(Error::rejected("WATCH", hint));
        }
        if self.keys.is_empty() {
            return Err(Error::rejected("WATCH", "there must be keys"));
        }
        let inner = muxer.inner();
        let slot = self.database.slot_of(&self.keys)?;
        let runtime = &inner.clock.runtime;
        let begun = runtime.now();
        let (mut attempt, mut moves) = (0, 0);
        // Where the keys are while their slot is on its way.
        let mut goal = None;
        while attempt < self.attempts {
            attempt += 1;
            let berth = Berth { slot, goal };
            let leased = self.database.borrow_patiently("WATCH", berth).await?;
            leased.guard(true);
            leased.set_watching(Watching::Reads);
            let there = match goal {
                Some(_) => self.database.where_these_arrived(&self.keys)?,
                None => self.database.clone(),
            };
            let own = there.handling.clone();
            let guarded = Database { leased: Full::new(leased.clone()), ..there };
            let watch = Call::<(), _>::new(&leased.link, "WATCH", &*self.keys);
            let was_sent_on = goal.take().is_some();
            let result = match watch.handled(own.get()).await {
                Ok(()) => body(guarded).await,
                Err(error) => {
                    if !was_sent_on {
                        goal = self.database.asked(&leased, &error);
                    }
                    // A server that has refused it watches nothing.
                    leased.guard(error.delivery() != Delivery::Answered);
                    Err(nothing_executed(error))
                }
            };
            // What comes of a slot on its way, or of an election, is no conflict: it has the time of a command.
            let elapsed = runtime.now().saturating_duration_since(begun);
            let in_time = elapsed < inner.options.command_timeout;
            let elsewhere = |error: &Error| {
                (in_time || attempt < self.attempts) && self.database.is_elsewhere(&leased, error)
            };
            let moved = result.as_ref().err().is_some_and(elsewhere);
            match leased.watching() {
                // The keys are at another server by now.
                _ if moved && in_time => {
                    attempt -= 1;
                    moves += 1;
                }
                _ if moved => {}
                Watching::Over { conflict } => {
                    leased.guard(false);
                    if !conflict {
                        return result;
                    }
                }
                Watching::Reads => {
                    leased.unwatch(handling.get(), inner.options.command_timeout).await;
                    return result;
                }
                Watching::No | Watching::Commits => return result,
            }
            drop(leased);
            if attempt < self.attempts && goal.is_none() {
                wait(runtime.as_ref(), attempt + moves).await;
            }
        }
        Err(conflict(&format!("watched keys were changed in each of {} attempts", self.attempts))
            .endpoint_at(&inner.link().endpoint()))
    }
}

impl fmt::Debug for Watch<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watch").field("attempts", &self.attempts).finish_non_exhaustive()
    }
}
