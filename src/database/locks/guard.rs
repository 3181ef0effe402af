//! A lock that this program holds.

use std::{fmt, future::Future, pin::pin, time::Duration};

use futures::future::{Either, select};
use redmux_transport::Instant;

use super::{
    Lock,
    compare::{Comparing, comparing, delete_if, expire_if},
    is_demoted, scripts,
};
use crate::{
    Error, Result,
    database::{
        checks::{millis, zero},
        strings::ValueCondition,
    },
};

/// A lock that this program holds; returned by [`Lock::acquire`] and [`Lock::try_acquire`]
///
/// [`release`](Self::release) frees the lock and says whether it was still held. Dropping the guard
/// frees the lock too, without waiting: a command is queued and [forgotten](crate::Call::forget).
/// If that command is lost, as when the program ends at once, the lock is free when its time is up.
/// [`keep`](Self::keep) holds the lock until then on purpose.
#[must_use = "the lock is released when the guard is dropped"]
pub struct LockGuard {
    lock: Lock,
    /// Dropping frees the lock.
    releases: bool,
    token: String,
    fence: Option<u64>,
    /// The earliest moment at which the lock may expire.
    deadline: Instant,
    /// The server that has the lock was demoted: its successor may not know of the lock.
    doubted: bool,
}

impl LockGuard {
    pub(super) fn new(lock: Lock, token: String, fence: Option<u64>, begin: Instant) -> Self {
        let deadline = lock.deadline(begin, lock.ttl);
        Self { lock, releases: true, token, fence, deadline, doubted: false }
    }

    /// The fencing token, if the lock is [`fenced`](Lock::fenced): greater than the token of every
    /// earlier holder.
    pub fn fence(&self) -> Option<u64> {
        self.fence
    }

    /// The holder's identity, the value of the lock's key. It is random, and a secret: a program
    /// that knows it can release the lock.
    pub fn token(&self) -> &str {
        &self.token
    }

    /// How long the lock is surely held, unless its key is deleted: by this program's clock,
    /// counted from before the lock was taken or extended. Zero once the lock may have expired, and
    /// while it is in doubt: see [`extend`](Self::extend).
    pub fn remaining(&self) -> Duration {
        if self.doubted { Duration::ZERO } else { self.until_expiry() }
    }

    fn until_expiry(&self) -> Duration {
        self.deadline.saturating_duration_since(self.lock.runtime().now())
    }

    /// Asks the server whether this holder has the lock.
    ///
    /// # Errors
    ///
    /// As of any command.
    pub async fn is_held(&self) -> Result<bool> {
        Ok(self.lock.holder().await?.is_some_and(|holder| holder.token == self.token))
    }

    /// Holds the lock for `ttl` from now on, longer or shorter than before; returns false if the
    /// lock is lost because it expired or its key was deleted.
    ///
    /// # Errors
    ///
    /// As of any command. The lock is then held for as long as before, or for `ttl` if the command
    /// [may have been executed](crate::Delivery). The server's `READONLY` says that it was demoted:
    /// the server promoted in its place may not know of the lock, which is in doubt until another
    /// `extend` returns true.
    pub async fn extend(&mut self, ttl: Duration) -> Result<bool> {
        if let Some(fault) = zero(ttl) {
            return Err(Error::rejected("PEXPIRE", fault));
        }
        let begin = self.lock.runtime().now();
        let deadline = self.lock.deadline(begin, ttl);
        // If its reply is lost, a shorter time may be the one that counts.
        let before = self.deadline;
        self.deadline = before.min(deadline);
        let extended = match expire_if(&self.lock.db, &self.lock.name, &self.token, ttl).await {
            Some(extended) => extended,
            None => {
                let extend = self.lock.db.script(&scripts::EXTEND).key(&self.lock.name);
                self.lock.run(extend.arg(&self.token).arg(millis(ttl))).await
            }
        };
        match extended {
            Ok(true) => {
                self.deadline = deadline;
                self.doubted = false;
            }
            Ok(false) => {
                self.deadline = begin;
                return Ok(false);
            }
            Err(error) => {
                let demoted = is_demoted(&error);
                if demoted || error.delivery() == crate::Delivery::NotSent {
                    self.deadline = before;
                }
                self.doubted |= demoted;
                return Err(error);
            }
        }
        Ok(true)
    }

    /// Frees the lock; returns false if it was lost before.
    ///
    /// # Errors
    ///
    /// As of any command. The lock is free at the latest when its time is up.
    pub async fn release(mut self) -> Result<bool> {
        let released = match delete_if(&self.lock.db, &self.lock.name, &self.token).await {
            Some(released) => released,
            None => {
                let release = self.lock.db.script(&scripts::RELEASE).key(&self.lock.name);
                self.lock.run(release.arg(&self.token)).await
            }
        };
        // If that failed, another attempt does no harm: only the holder's token frees the lock.
        self.releases = released.is_err();
        released
    }

    /// Consumes the guard and leaves the lock taken until its time is up: for work that must not be
    /// done more often than that.
    pub fn keep(mut self) {
        self.releases = false;
    }

    /// Runs `work` and extends the lock every third of its time to live; `None` if the lock is lost
    /// meanwhile: then `work` is dropped where it waits.
    ///
    /// An extension that fails is tried again until the time is up, unless the server says that it
    /// was demoted: then the lock is in doubt, and this method returns at once.
    /// [`extend`](Self::extend) asks the server in its place whether the lock is still held. Work
    /// that does not yield for longer than the time to live loses the lock without notice: only a
    /// [fencing token](Self::fence) helps there.
    ///
    /// ```no_run
    /// # async fn build_report() -> String { String::new() }
    /// # async fn f(db: redmux::Database) -> redmux::Result<()> {
    /// use std::time::Duration;
    ///
    /// let lock = db.lock("lock:report", Duration::from_secs(10));
    /// if let Some(mut guard) = lock.try_acquire().await? {
    ///     let report = guard.hold_during(build_report()).await;
    ///     guard.release().await?;
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub async fn hold_during<F: Future>(&mut self, work: F) -> Option<F::Output> {
        let mut work = pin!(work);
        let mut renewal = pin!(self.renew_until_lost());
        match select(&mut work, &mut renewal).await {
            Either::Left((output, _)) => Some(output),
            Either::Right(((), _)) => None,
        }
    }

    async fn renew_until_lost(&mut self) {
        let ttl = self.lock.ttl;
        loop {
            let left = self.remaining();
            if left.is_zero() {
                return;
            }
            // Earlier than a third of the whole if less is left, but never in haste.
            self.lock.sleep((ttl / 3).min(left / 2).max(Duration::from_millis(1))).await;
            let (lock, left) = (self.lock.clone(), self.remaining());
            let (extended, expired) = (pin!(self.extend(ttl)), pin!(lock.sleep(left)));
            match select(extended, expired).await {
                Either::Left((Ok(false), _)) | Either::Right(_) => return,
                Either::Left(_) => {}
            }
        }
    }
}

impl Drop for LockGuard {
    fn drop(&mut self) {
        if self.releases && !self.until_expiry().is_zero() {
            // The guard is gone: no caller takes the outcome.
            let (db, name) = (&self.lock.db, &self.lock.name);
            drop(match comparing(db) {
                Some(Comparing::Redis) => {
                    db.delex(name, ValueCondition::equal(&self.token)).forget()
                }
                Some(Comparing::Valkey) => db.delifeq(name, &self.token).forget(),
                None => {
                    let args = (scripts::RELEASE.text(), 1, name, &self.token);
                    db.call::<(), _>("EVAL", args).forget()
                }
            });
        }
    }
}

/// Prints neither name nor token.
impl fmt::Debug for LockGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LockGuard")
            .field("fence", &self.fence)
            .field("remaining", &self.remaining())
            .finish_non_exhaustive()
    }
}
