//! Locks between programs: one key, one holder at a time, for a limited time.

mod compare;
mod guard;
mod scripts;

use std::{fmt, time::Duration};

use bytes::Bytes;
use redmux_transport::{FAR, Instant, Runtime};

use super::{
    Database,
    checks::{millis, zero},
    scripts::ScriptRun,
};
use crate::{
    Error, Result,
    resp::{FromReply, ServerErrorKind, ToArg},
};

pub use guard::LockGuard;

/// How long [`Lock::acquire`] waits between attempts, on average
const RETRY: Duration = Duration::from_millis(100);

impl Database {
    /// A lock named `name`; its holder loses it after `ttl` unless the holder extends it
    ///
    /// Nothing is sent yet: see [`Lock`].
    pub fn lock(&self, name: impl ToArg, ttl: Duration) -> Lock {
        let name = Bytes::copy_from_slice(name.to_arg().as_bytes());
        Lock { db: self.clone(), name, ttl, retry: RETRY, fenced: false }
    }
}

/// A lock that can be taken; made by [`Database::lock`]
///
/// The lock is one key, named as the lock, set if missing with a random token and a time to live,
/// as `SET NX PX` does. Only a program that knows the token extends or releases it: by one command of the server's where it
/// compares by itself (Redis 8.4, Valkey 9.0), and by a short script elsewhere and in clusters.
///
/// ```no_run
/// # async fn f(db: redmux::Database) -> redmux::Result<()> {
/// use std::time::Duration;
///
/// let lock = db.lock("lock:report", Duration::from_secs(10));
/// if let Some(mut guard) = lock.acquire(Duration::from_secs(2)).await? {
///     // ... not longer than ten seconds, or:
///     guard.extend(Duration::from_secs(10)).await?;
///     guard.release().await?;
/// }
/// # Ok(())
/// # }
/// ```
///
/// # What a lock does not do
///
/// A holder that pauses past the time to live (a slow disk, a swapped-out process, a lost network)
/// does not know that another holder has the lock now, and no check before a write closes that gap.
/// The same happens after a failover to a replica that had not received the lock. So a lock alone
/// saves work; it does not protect a resource. The resource must check a *fencing token*: a number
/// that is greater for each holder than for all earlier ones. Each write carries the token; the
/// resource remembers the greatest one it has seen and refuses smaller ones:
///
/// ```no_run
/// # async fn f(db: redmux::Database) -> redmux::Result<()> {
/// use redmux::database::scripting::Script;
/// use std::time::Duration;
///
/// // The resource, here a hash on the same server: it accepts no writer older than the last.
/// let write = Script::named(
///     "if tonumber(@fence) < tonumber(redis.call('HGET', @report, 'fence') or '0') then
///          return 0
///      end
///      redis.call('HSET', @report, 'fence', @fence, 'text', @text)
///      return 1",
///     ["report"],
/// )
/// .expect("the script is well-formed");
///
/// let lock = db.lock("lock:report", Duration::from_secs(10)).fenced();
/// let Some(guard) = lock.try_acquire().await? else { return Ok(()) };
/// let fence = guard.fence().expect("the lock is fenced");
/// let run = db.script(&write).with("report", "report:1").with("fence", fence).with("text", "…");
/// let written: bool = run.run().await?;
/// guard.release().await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
#[must_use = "nothing is locked before it is acquired"]
pub struct Lock {
    db: Database,
    name: Bytes,
    ttl: Duration,
    retry: Duration,
    fenced: bool,
}

impl Lock {
    /// Draws a fencing token with each taking: see [`LockGuard::fence`].
    ///
    /// The last token is kept in its own key, `{name}:fence` (or `name:fence` if the name has
    /// braces), which never expires. Tokens grow as long as that key is not deleted or lost.
    pub fn fenced(mut self) -> Self {
        self.fenced = true;
        self
    }

    /// How long [`acquire`](Self::acquire) waits between attempts on average, 100 ms by default;
    /// each wait is between 0.5 and 1.5 times that.
    pub fn retry_every(mut self, time: Duration) -> Self {
        self.retry = time;
        self
    }

    /// Takes the lock; `None` if another holder has it.
    ///
    /// # Errors
    ///
    /// As of any command. After an error that [may have been executed](crate::Delivery), the lock
    /// may be taken without a holder until its time is up.
    pub async fn try_acquire(&self) -> Result<Option<LockGuard>> {
        if let Some(fault) = zero(self.ttl) {
            return Err(Error::rejected("SET", fault));
        }
        let token = self.draw_token();
        // Its time is counted from before it was taken: never longer than the server does.
        let begin = self.runtime().now();
        let fence = if self.fenced {
            let take = self.db.script(&scripts::TAKE_FENCED);
            let take = take.key(&self.name).key(fence_key(&self.name));
            match self.run(take.arg(&token).arg(millis(self.ttl))).await? {
                None => return Ok(None),
                fence => fence,
            }
        } else {
            let options = super::strings::SetOptions::new().if_missing().expires_in(self.ttl);
            if !self.db.set_with(&self.name, &token, options).await? {
                return Ok(None);
            }
            None
        };
        Ok(Some(LockGuard::new(self.clone(), token, fence, begin)))
    }

    /// Takes the lock, trying again while another holder has it; `None` if that lasts longer than
    /// `patience`.
    ///
    /// There is no queue: any of several waiting programs may be next.
    ///
    /// # Errors
    ///
    /// As of [`try_acquire`](Self::try_acquire); an error ends the wait.
    pub async fn acquire(&self, patience: Duration) -> Result<Option<LockGuard>> {
        let begin = self.runtime().now();
        loop {
            if let Some(guard) = self.try_acquire().await? {
                return Ok(Some(guard));
            }
            let waited = self.runtime().now().saturating_duration_since(begin);
            let Some(left) = patience.checked_sub(waited).filter(|left| !left.is_zero()) else {
                return Ok(None);
            };
            self.sleep(self.jittered().min(left)).await;
        }
    }

    /// The holder's token, and the longest remaining time; `None` if the lock is free.
    ///
    /// # Errors
    ///
    /// As of any command.
    pub async fn holder(&self) -> Result<Option<LockHolder>> {
        let holder: Option<(Bytes, i64)> =
            self.db.script(&scripts::HOLDER).key(&self.name).run().await?;
        Ok(holder.map(|(token, left)| LockHolder {
            token,
            // Negative for a key that never expires, which no lock of this kind made.
            expires_in: u64::try_from(left).ok().map(Duration::from_millis),
        }))
    }

    /// Runs one of the lock's own scripts. If the server was demoted, leaves the shared connection
    /// as after a plain command: these scripts only write the lock, so `READONLY` is certain.
    async fn run<T: FromReply>(&self, run: ScriptRun<'_>) -> Result<T> {
        let link = self.db.link();
        let session = link.with(|core| core.wire.number);
        let result = run.run().await;
        if result.as_ref().is_err_and(is_demoted) {
            link.found_demoted(session);
        }
        result
    }

    fn runtime(&self) -> &dyn Runtime {
        self.db.runtime()
    }

    /// 128 bits that no other holder draws, in hexadecimal.
    fn draw_token(&self) -> String {
        let runtime = self.runtime();
        format!("{:016x}{:016x}", runtime.entropy(), runtime.entropy())
    }

    fn jittered(&self) -> Duration {
        // From 0.5 to 1.5.
        let factor = 0.5 + (self.runtime().entropy() >> 11) as f64 / (1_u64 << 53) as f64;
        Duration::try_from_secs_f64(self.retry.as_secs_f64() * factor).unwrap_or(Duration::MAX)
    }

    async fn sleep(&self, time: Duration) {
        self.db.sleep(time).await;
    }

    fn deadline(&self, begin: Instant, ttl: Duration) -> Instant {
        begin + ttl.min(FAR)
    }
}

/// Its length instead of its name.
impl fmt::Debug for Lock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Lock")
            .field("name_len", &self.name.len())
            .field("ttl", &self.ttl)
            .field("fenced", &self.fenced)
            .finish()
    }
}

/// The holder of a lock
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct LockHolder {
    /// The holder's identity: see [`LockGuard::token`].
    pub token: Bytes,
    /// The time until the lock is free, unless the holder extends it; `None` for never.
    pub expires_in: Option<Duration>,
}

/// Prints the time, not the token: a program that knows the token can release the lock.
impl fmt::Debug for LockHolder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LockHolder").field("expires_in", &self.expires_in).finish_non_exhaustive()
    }
}

/// Whether the server refused to write because it is a replica by now.
fn is_demoted(error: &Error) -> bool {
    error.server().is_some_and(|error| error.kind() == ServerErrorKind::ReadOnly)
}

/// A key in the same slot of a cluster as the name.
fn fence_key(name: &[u8]) -> Vec<u8> {
    let braces = name.iter().any(|byte| matches!(byte, b'{' | b'}'));
    match braces {
        true => [name, b":fence"].concat(),
        false => [b"{", name, b"}:fence"].concat(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fence_has_the_slot_of_its_lock() {
        assert_eq!(fence_key(b"job"), b"{job}:fence");
        assert_eq!(fence_key(b"{job}:lock"), b"{job}:lock:fence");
    }
}
