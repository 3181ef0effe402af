use std::{
    fmt,
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use crate::{BoxFuture, DynTransport, Instant, MaybeSend, MaybeSync, Transport};

/// As good as never, and near enough for every platform's arithmetic: a year
///
/// No timer is set for a longer time.
pub const FAR: Duration = Duration::from_secs(365 * 24 * 3600);

/// A resettable timer
///
/// One timer serves a whole connection: it is re-armed for the earliest deadline
/// instead of being made anew for every command.
pub trait Timer: Unpin + MaybeSend + 'static {
    /// Arms the timer for `deadline`, replacing the previous one.
    ///
    /// A deadline in the past makes the next [`poll_expired`](Self::poll_expired) ready.
    fn reset(&mut self, deadline: Instant);

    /// Ready once the deadline has passed, and until [`reset`](Self::reset) is called.
    ///
    /// When pending, the task is woken at the deadline; only the last waker given
    /// is kept. Millisecond precision is enough.
    fn poll_expired(&mut self, cx: &mut Context<'_>) -> Poll<()>;
}

/// What the core needs from an async runtime
pub trait Runtime: fmt::Debug + MaybeSend + MaybeSync + 'static {
    /// Starts `task` in the background.
    fn spawn(&self, task: BoxFuture<'static, ()>);

    /// Makes a timer armed for `deadline`.
    fn timer(&self, deadline: Instant) -> Box<dyn Timer>;

    /// The monotonic clock that timers follow. Tests override it with simulated time.
    fn now(&self) -> Instant {
        Instant::now()
    }

    /// The moment after `time`, or [`FAR`] from now if that is earlier.
    ///
    /// Takes any [`Duration`]: `Duration::MAX`, for "no limit", is longer than a clock can count.
    fn after(&self, time: Duration) -> Instant {
        self.now() + time.min(FAR)
    }

    /// 64 unpredictable-enough bits, used to spread reconnects (jitter); not for secrets.
    fn entropy(&self) -> u64;
}

/// A transport and a runtime: what a multiplexer runs on
#[derive(Clone)]
pub struct Environment {
    /// Dials endpoints.
    pub transport: Arc<dyn DynTransport>,
    /// Spawns the driver and reads the clock.
    pub runtime: Arc<dyn Runtime>,
}

impl Environment {
    /// Erases the types of a transport and a runtime.
    pub fn new(transport: impl Transport, runtime: impl Runtime) -> Self {
        Self { transport: Arc::new(transport), runtime: Arc::new(runtime) }
    }
}

impl fmt::Debug for Environment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Environment").field("runtime", &self.runtime).finish_non_exhaustive()
    }
}
