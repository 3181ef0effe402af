//! Transactions: calls that are executed together, or not at all.

#[cfg(feature = "full")]
mod condition;
#[cfg(feature = "full")]
mod conditional;
#[cfg(feature = "full")]
mod watch;

use std::{
    fmt,
    future::Future,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

#[cfg(feature = "full")]
pub use condition::{Condition, Counts};
#[cfg(feature = "full")]
pub use conditional::{ConditionalTransaction, TransactionOutcome};
#[cfg(feature = "full")]
pub use watch::Watch;

use super::Database;
use crate::{
    Error, Result,
    command::{
        Calls, Pending,
        transaction::{Exec, Queue, conclude, conflict, has_unwatched},
    },
    connection::{Link, Selected},
    multiplexer::Watching,
    resp::Frame,
};

/// Calls that are executed together; made by [`Database::transaction`]
///
/// Awaiting it gives a [`Result`] for each call, in order: the server completes a transaction even
/// if a command in it fails. The outer result is that of the whole transaction: if it is an error
/// whose [`delivery`](crate::Error::delivery) is not `MaybeExecuted`, no call was executed.
#[must_use = "a transaction does nothing unless it is awaited"]
pub struct Transaction<'a, C> {
    database: &'a Database,
    calls: C,
    timeout: Option<Duration>,
    /// Once polled.
    exec: Option<Exec<'a>>,
}

/// The results of calls, one for each.
type Results<C> = <<C as Calls>::Pending as Pending>::Results;

/// The values of calls, one for each.
type Values<C> = <<C as Calls>::Pending as Pending>::Values;

impl Database {
    /// Executes calls together: no other client's command runs in between
    ///
    /// Takes a tuple of calls, or a `Vec` for any number of one type, as
    /// [`pipeline`](crate::pipeline()) does. They go out on the shared connection in one piece with
    /// `MULTI` and `EXEC`; other commands go out before and after them. An empty `Vec` gives an
    /// empty result at once, without a round trip.
    ///
    /// ```no_run
    /// # async fn f(db: redmux::Database) -> redmux::Result<()> {
    /// let (hits, total) =
    ///     db.transaction((db.hincrby("hits", "/home", 1), db.incr("total"))).all().await?;
    ///
    /// // Each call may fail by itself; the others are executed nevertheless.
    /// let keys = ["a", "b", "c"];
    /// for length in db.transaction(keys.iter().map(|key| db.llen(key)).collect::<Vec<_>>()).await? {
    ///     println!("{:?}", length);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// Those of a command. If the server refuses a call before `EXEC` (an unknown command, no
    /// memory, no permission), the error is that of this call, and nothing was executed. A call
    /// that was refused by the client or has been polled is
    /// [`ErrorKind::Command`](crate::ErrorKind::Command), and nothing was sent.
    pub fn transaction<C: Calls>(&self, calls: C) -> Transaction<'_, C> {
        Transaction { database: self, calls, timeout: None, exec: None }
    }

    /// Whose calls its transactions take: those of the shared connection, and of the one of this handle.
    fn places(&self) -> [(&Link, Selected); 2] {
        [(self.muxer.inner().link(), self.selected), (self.link(), self.selected())]
    }

    /// In an optimistic loop, only the first transaction of an attempt is guarded.
    fn begin_commit(&self) -> Result<()> {
        let Some(leased) = self.leased.get() else { return Ok(()) };
        match leased.watching() {
            Watching::No => {}
            Watching::Reads => leased.set_watching(Watching::Commits),
            Watching::Commits | Watching::Over { .. } => {
                let hint = "an attempt commits one transaction: a second one would not be guarded";
                return Err(Error::rejected("EXEC", hint));
            }
        }
        Ok(())
    }

    fn end_commit(&self, exec: &Exec<'_>, outcome: &Result<Frame>) {
        let Some(leased) = self.leased.get() else { return };
        if leased.watching() == Watching::Commits && has_unwatched(exec, outcome) {
            let conflict = outcome.as_ref().is_ok_and(|reply| reply.reply().is_null());
            leased.set_watching(Watching::Over { conflict });
        }
    }
}

impl<C: Calls> Transaction<'_, C> {
    /// Returns the values of all calls, or the first error: of the transaction, or of a call in it.
    ///
    /// # Errors
    /// As [`Database::transaction`], and that of the first call that failed; the other calls were
    /// executed nevertheless.
    pub async fn all(self) -> Result<Values<C>> {
        C::Pending::values(self.await?)
    }

    /// Gives the whole transaction this time, counted from the first poll, instead of the
    /// `command_timeout` of the options. The times of the calls do not matter.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }
}

impl<C: Calls> Future for Transaction<'_, C> {
    type Output = Result<Results<C>>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        let exec = match &mut this.exec {
            Some(exec) => exec,
            None => {
                let queue =
                    Queue::of(&mut this.calls, this.database.places(), this.database.handling())?;
                if queue.is_empty() {
                    return Poll::Ready(Ok(this.calls.answers(&mut || None)));
                }
                #[cfg(all(feature = "full", feature = "topology"))]
                if let Some(arrived) = this.database.arrived() {
                    queue.check(arrived).map_err(|error| error.command("EXEC"))?;
                }
                this.database.begin_commit()?;
                let exec = queue.exec(this.database.link(), this.timeout);
                this.exec.insert(exec.on(this.database.selected()))
            }
        };
        let outcome = std::task::ready!(Pin::new(&mut *exec).poll(cx));
        this.database.end_commit(exec, &outcome);
        let results = conclude(&this.calls, exec, outcome)?;
        Poll::Ready(results.ok_or_else(|| {
            conflict("a watched key had changed").endpoint_at(&this.database.link().endpoint())
        }))
    }
}

// Nothing in it is ever pinned.
impl<C> Unpin for Transaction<'_, C> {}

impl<C> fmt::Debug for Transaction<'_, C> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transaction").finish_non_exhaustive()
    }
}
