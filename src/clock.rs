//! Time as the connections of one multiplexer count it.

use std::{fmt, sync::Arc, time::Duration};

use redmux_transport::{FAR, Instant, Runtime};

/// Never, in microseconds of a [`Clock`].
pub(crate) const NEVER: u64 = u64::MAX;

/// Microseconds since a multiplexer was made: one clock for all its links, so that a deadline means
/// the same on each of them
pub(crate) struct Clock {
    pub(crate) runtime: Arc<dyn Runtime>,
    epoch: Instant,
}

impl Clock {
    pub(crate) fn new(runtime: Arc<dyn Runtime>) -> Self {
        Self { epoch: runtime.now(), runtime }
    }

    /// Microseconds since the clock was made.
    pub(crate) fn now(&self) -> u64 {
        let age = self.runtime.now().saturating_duration_since(self.epoch);
        u64::try_from(age.as_micros()).unwrap_or(NEVER - 1)
    }

    /// The moment of the runtime's clock at which this clock shows `micros`.
    pub(crate) fn instant(&self, micros: u64) -> Instant {
        self.epoch + Duration::from_micros(micros).min(FAR)
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Clock").finish_non_exhaustive()
    }
}

/// Lets this time pass.
pub(crate) async fn sleep(runtime: &dyn Runtime, time: Duration) {
    until(runtime, runtime.after(time)).await;
}

/// Waits for a moment of this runtime's clock.
pub(crate) async fn until(runtime: &dyn Runtime, moment: Instant) {
    let mut timer = runtime.timer(moment);
    std::future::poll_fn(|cx| timer.poll_expired(cx)).await;
}

/// About this time, a quarter longer or shorter, so that those who wait at the same time part.
#[cfg(feature = "topology")]
pub(crate) fn spread(time: u64, random: u64) -> u64 {
    time * 3 / 4 + random % (time / 2)
}

/// Microseconds of a duration; none and absurdly long ones are never.
pub(crate) fn micros(duration: Option<Duration>) -> u64 {
    duration.map_or(NEVER, |d| u64::try_from(d.as_micros()).unwrap_or(NEVER))
}
