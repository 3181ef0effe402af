//! Sends commands again that failed for a passing reason.

use std::{fmt, sync::PoisonError, time::Duration};

use redmux_transport::Timer;

use super::SideEffects;
use crate::{
    Delivery, Error, ErrorKind,
    clock::{NEVER, micros},
    connection::{ExponentialBackoff, Link, Phase, ReconnectPolicy},
    resp::Arg,
    sync::Mutex,
};

/// When a command that failed is sent again
///
/// For one call ([`Call::retry`](crate::Call::retry)) or all of a handle
/// ([`Database::with_retry`](crate::Database::with_retry)).
///
/// A command that the server has certainly not executed is sent again, whatever it is: one that was
/// [not sent](Delivery::NotSent), or that the server answered with `LOADING`, `BUSY`, `TRYAGAIN`,
/// `CLUSTERDOWN` or `MASTERDOWN`. A command that [may have been executed](Delivery::MaybeExecuted)
/// is sent again only if its [side effects](SideEffects) are no worse than this policy allows.
/// Never sent again: commands with another answer or rejected by the client, refused credentials,
/// replies that do not fit, and commands whose side effects are [`SideEffects::Never`].
///
/// Between attempts the call waits a random part of a time that doubles (full jitter). All attempts
/// together have the call's own time, or that of [`within`](Self::within); after that the call
/// fails with the last error.
///
/// ```no_run
/// # async fn f(db: redmux::Database) -> redmux::Result<()> {
/// use redmux::{RetryPolicy, command::SideEffects};
/// use std::time::Duration;
///
/// let policy = RetryPolicy::new().attempts(5).up_to(SideEffects::WriteLastWins);
/// let db = db.with_retry(policy.clone());
/// db.set("greeting", "hello").await?;
///
/// // This one alone, for up to a minute in all.
/// let patient = policy.within(Duration::from_secs(60));
/// let greeting: Option<String> = db.get("greeting").retry(&patient).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
#[must_use]
pub struct RetryPolicy {
    attempts: u32,
    up_to: SideEffects,
    backoff: ExponentialBackoff,
    within: Option<Duration>,
    /// A pointer, so that the table of commands is in a program only if it retries.
    judge: fn(&[Arg<'_>]) -> SideEffects,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self::new()
    }
}

impl RetryPolicy {
    /// Three attempts in all; a command that may have been executed is repeated only if it
    /// [reads](SideEffects::ReadOnly); waits of up to 50 ms, then doubling, up to 1 s.
    pub fn new() -> Self {
        Self {
            attempts: 3,
            up_to: SideEffects::ReadOnly,
            backoff: ExponentialBackoff {
                base: Duration::from_millis(50),
                cap: Duration::from_secs(1),
            },
            within: None,
            judge: SideEffects::of,
        }
    }

    /// No second attempt: for one call of a handle that retries.
    pub fn none() -> Self {
        Self::new().attempts(1)
    }

    /// How often a command is sent at most, the first time included. 0 counts as 1.
    pub fn attempts(mut self, attempts: u32) -> Self {
        self.attempts = attempts.max(1);
        self
    }

    /// The worst side effects of a command that is sent again although it may have been executed.
    ///
    /// [`SideEffects::Never`] is never sent again.
    pub fn up_to(mut self, worst: SideEffects) -> Self {
        self.up_to = worst;
        self
    }

    /// The longest waits: before the second attempt at most `base`, doubling with each, up to
    /// `cap`.
    pub fn backoff(mut self, base: Duration, cap: Duration) -> Self {
        self.backoff = ExponentialBackoff { base, cap };
        self
    }

    /// The time for all attempts together; each of them has the call's own time then. Default: the
    /// call's own time is for all together.
    pub fn within(mut self, time: Duration) -> Self {
        self.within = Some(time);
        self
    }

    /// The time for all attempts, if it is not that of the call.
    #[cfg(not(target_family = "wasm"))]
    pub(crate) fn total(&self) -> Option<Duration> {
        self.within
    }

    /// The longest time that all attempts can take, if each takes this many microseconds.
    #[cfg(all(feature = "full", not(target_family = "wasm")))]
    pub(super) fn longest(&self, attempt: u64) -> u64 {
        let pauses = micros(Some(self.backoff.cap)).saturating_mul(u64::from(self.attempts - 1));
        attempt.saturating_mul(u64::from(self.attempts)).saturating_add(pauses)
    }

    /// Whether a command that failed so may be sent again.
    fn allows(&self, error: &Error, words: &[Arg<'_>]) -> bool {
        let ended = matches!(error.kind(), ErrorKind::Closed) || error.is_auth();
        let unknown = error.delivery() == Delivery::MaybeExecuted
            && (error.is_connection() || error.is_timeout());
        if ended || !(unknown || error.is_retryable()) {
            return false;
        }
        let effects = (self.judge)(words);
        effects != SideEffects::Never && (!unknown || effects <= self.up_to)
    }
}

impl fmt::Debug for RetryPolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RetryPolicy")
            .field("attempts", &self.attempts)
            .field("up_to", &self.up_to)
            .field("backoff", &self.backoff)
            .field("within", &self.within)
            .finish_non_exhaustive()
    }
}

/// The attempts of one call
pub(crate) struct Retrying {
    pub(super) policy: RetryPolicy,
    attempt: u32,
    /// An attempt before this one may have been executed.
    unknown: bool,
    /// The time of this attempt, as the call was given it or less.
    time: Option<u64>,
    /// When all attempts must be over, by the link's clock; known from the first one on.
    deadline: u64,
    /// Under a lock only because calls are shared between threads, and a timer is not.
    timer: Option<Mutex<Box<dyn Timer>>>,
}

impl Retrying {
    pub(crate) fn new(policy: RetryPolicy) -> Self {
        Self { policy, attempt: 0, unknown: false, time: None, deadline: NEVER, timer: None }
    }

    /// The time for the attempt that begins now, of a call that was given so much; `None` for the
    /// same as without retries.
    pub(crate) fn begin(&mut self, link: &Link, given: Option<u64>, limit: u64) -> Option<u64> {
        let now = link.clock.now();
        self.attempt += 1;
        if self.attempt == 1 {
            let total = self.policy.within.map_or(limit, |within| micros(Some(within)));
            self.deadline = now.saturating_add(total);
        }
        let left = self.deadline.saturating_sub(now);
        let all = self.deadline == NEVER || left >= limit;
        self.time = if all { given } else { Some(left.max(1)) };
        self.time
    }

    /// The time of the present attempt.
    pub(super) fn time(&self) -> Option<u64> {
        self.time
    }

    /// Prepares the next attempt after this error; false if there is none.
    pub(crate) fn again(&mut self, link: &Link, error: &Error, words: &[Arg<'_>]) -> bool {
        if self.attempt >= self.policy.attempts
            || !self.policy.allows(error, words)
            || link.with(|core| matches!(core.phase, Phase::Closing | Phase::Closed))
        {
            return false;
        }
        let random = link.clock.runtime.entropy();
        let wait = self.policy.backoff.delay(self.attempt + 1, Duration::ZERO, random);
        let until = link.clock.now().saturating_add(micros(Some(wait)));
        if until >= self.deadline {
            return false;
        }
        self.timer = Some(Mutex::new(link.clock.runtime.timer(link.clock.instant(until))));
        self.unknown |= error.delivery() == Delivery::MaybeExecuted;
        true
    }

    /// The call's error after the last attempt: that attempt may not have been sent, but an earlier
    /// one was.
    pub(super) fn conclude(&self, error: Error) -> Error {
        match self.unknown && error.delivery() == Delivery::NotSent {
            true => error.deliver(Delivery::MaybeExecuted),
            false => error,
        }
    }

    /// Runs while it is waited for the next attempt.
    pub(crate) fn timer(&mut self) -> Option<&mut Box<dyn Timer>> {
        let timer = self.timer.as_mut()?;
        Some(timer.get_mut().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        error::{ConnectStage, TimeoutStage},
        resp::ServerError,
    };

    fn allows(policy: &RetryPolicy, error: &Error, line: &str) -> bool {
        let words: Vec<_> = line.split(' ').map(|word| Arg::Bytes(word.as_bytes())).collect();
        policy.allows(error, &words)
    }

    #[test]
    fn what_may_have_been_executed_goes_by_its_side_effects() {
        let policy = RetryPolicy::new().up_to(SideEffects::WriteLastWins);
        for kind in [
            ErrorKind::ConnectionLost,
            ErrorKind::Protocol,
            ErrorKind::Timeout(TimeoutStage::Response),
        ] {
            let error = Error::new(kind, Delivery::MaybeExecuted);
            assert!(allows(&policy, &error, "GET k"));
            assert!(allows(&policy, &error, "SET k v"));
            assert!(!allows(&policy, &error, "INCR k"));
            assert!(!allows(&policy, &error, "NO.SUCH k"));
            assert!(!allows(&RetryPolicy::new(), &error, "SET k v"));
            assert!(!allows(&policy.clone().up_to(SideEffects::Never), &error, "NO.SUCH k"));
        }
    }

    #[test]
    fn what_was_not_executed_may_be_anything_known() {
        let policy = RetryPolicy::new();
        let unsent = Error::new(ErrorKind::ConnectionLost, Delivery::NotSent);
        let loading = Error::from_server(ServerError::new("LOADING not yet"));
        for error in [unsent, loading] {
            assert!(allows(&policy, &error, "INCR k"));
            assert!(allows(&policy, &error, "FLUSHALL"));
            assert!(!allows(&policy, &error, "EXEC"));
            assert!(!allows(&policy, &error, "NO.SUCH k"));
        }
    }

    #[test]
    fn what_would_fail_again_is_not_sent_again() {
        let policy = RetryPolicy::new().up_to(SideEffects::ServerAdmin);
        for error in [
            Error::new(ErrorKind::Closed, Delivery::NotSent),
            Error::new(ErrorKind::Closed, Delivery::MaybeExecuted),
            Error::new(ErrorKind::Connect(ConnectStage::Auth), Delivery::NotSent),
            Error::new(ErrorKind::Decode, Delivery::Answered),
            Error::rejected("GET", "no"),
            Error::config("no"),
            Error::from_server(ServerError::new("WRONGTYPE no")),
            Error::from_server(ServerError::new("NOAUTH no")),
        ] {
            assert!(!allows(&policy, &error, "GET k"), "{error}");
        }
    }
}
