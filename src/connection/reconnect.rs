use std::{fmt, time::Duration};

use redmux_transport::{MaybeSend, MaybeSync};

/// When to dial again after a failure
pub trait ReconnectPolicy: fmt::Debug + MaybeSend + MaybeSync + 'static {
    /// How long to wait before attempt number `attempt` of this outage, counted from 1.
    ///
    /// `outage` is the time since the connection was lost; `random` is uniform over all
    /// 64-bit values and serves to spread many clients.
    fn delay(&self, attempt: u32, outage: Duration, random: u64) -> Duration;

    /// What cuts a longer wait short while a command waits for the connection: the least time from
    /// a failure to the next attempt. It is drawn out by up to a half, to spread many clients.
    ///
    /// `None`, the default, never does: what [`delay`](Self::delay) says holds.
    /// [`ConnectionMultiplexer::reconnect`](crate::ConnectionMultiplexer::reconnect) cuts every
    /// wait short, to a second from the failure.
    fn eager(&self) -> Option<Duration> {
        None
    }
}

/// The first attempt at once, then exponential back-off with full jitter
///
/// Attempt *n* (from the second) waits a random time between zero and
/// `min(cap, base × 2ⁿ⁻²)`: a thousand clients that lost the same server do not come
/// back at the same moment.
///
/// While a command waits for the connection, attempts are a second to a second and a half apart
/// at most.
///
/// ```
/// use redmux::options::{ExponentialBackoff, ReconnectPolicy};
/// use std::time::Duration;
///
/// let policy = ExponentialBackoff::default();
/// assert_eq!(policy.delay(1, Duration::ZERO, u64::MAX), Duration::ZERO);
/// assert!(policy.delay(2, Duration::ZERO, u64::MAX) <= Duration::from_millis(100));
/// assert!(policy.delay(40, Duration::ZERO, u64::MAX) <= Duration::from_secs(10));
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ExponentialBackoff {
    /// Upper bound of the second attempt's wait. Default 100 ms.
    pub base: Duration,
    /// Upper bound of every wait. Default 10 s.
    pub cap: Duration,
}

impl Default for ExponentialBackoff {
    fn default() -> Self {
        Self { base: Duration::from_millis(100), cap: Duration::from_secs(10) }
    }
}

impl ReconnectPolicy for ExponentialBackoff {
    fn delay(&self, attempt: u32, _outage: Duration, random: u64) -> Duration {
        let Some(doublings) = attempt.checked_sub(2) else { return Duration::ZERO };
        let bound = self.base.saturating_mul(1 << doublings.min(30)).min(self.cap);
        bound.mul_f64(random as f64 / u64::MAX as f64)
    }

    fn eager(&self) -> Option<Duration> {
        Some(Duration::from_secs(1))
    }
}

/// The same wait before every attempt but the first
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConstantDelay(pub Duration);

impl ReconnectPolicy for ConstantDelay {
    fn delay(&self, attempt: u32, _outage: Duration, _random: u64) -> Duration {
        if attempt <= 1 { Duration::ZERO } else { self.0 }
    }
}
