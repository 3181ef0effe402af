//! tokio's clock, which tests may stop (`tokio::time::pause`, `start_paused`).
//!
//! A stopped clock jumps to the next timer as soon as no task can run: also while a task waits for a
//! server, whose answer takes real time. Every dial and every command would time out. So the clock
//! is held back, for a moment of real time, where an answer is on its way. Only blocking tasks do
//! that in tokio, hence a thread that waits; there is none unless a clock was seen to be stopped.

use std::{
    sync::{
        Arc, Condvar, Mutex, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use ::tokio::runtime::{Handle, RuntimeFlavor};

/// A dial may take so long in real time before virtual time goes on.
pub(crate) const DIAL: Duration = Duration::from_secs(1);

/// The same for the answer to what was written.
pub(crate) const ANSWER: Duration = Duration::from_millis(500);

/// After something was read there may be more.
pub(crate) const MORE: Duration = Duration::from_millis(2);

/// In this process, a clock of tokio's did not run with the system's.
static STOPPED: AtomicBool = AtomicBool::new(false);

/// The time that timers follow.
pub(crate) fn now() -> Instant {
    ::tokio::time::Instant::now().into_std()
}

/// Notes whether the clock is stopped.
pub(crate) fn look() {
    let before = Instant::now();
    let shown = now();
    if shown < before || Instant::now() < shown {
        STOPPED.store(true, Ordering::Relaxed);
    }
}

/// Whether a clock was seen to be stopped.
#[inline]
pub(crate) fn is_stopped() -> bool {
    STOPPED.load(Ordering::Relaxed)
}

/// Keeps a stopped clock from jumping, until dropped or its time is up
#[derive(Debug)]
pub(crate) struct Hold(Arc<(Mutex<bool>, Condvar)>);

impl Hold {
    /// `None` where no clock is stopped.
    pub(crate) fn new(limit: Duration) -> Option<Self> {
        if !is_stopped() {
            return None;
        }
        let runtime = Handle::try_current().ok()?;
        if runtime.runtime_flavor() != RuntimeFlavor::CurrentThread {
            return None;
        }
        let shared = Arc::new((Mutex::new(false), Condvar::new()));
        let waiting = shared.clone();
        runtime.spawn_blocking(move || {
            let (over, changed) = &*waiting;
            let guard = over.lock().unwrap_or_else(PoisonError::into_inner);
            let mut guard = match changed.wait_timeout_while(guard, limit, |over| !*over) {
                Ok((guard, _)) => guard,
                Err(poisoned) => poisoned.into_inner().0,
            };
            *guard = true;
        });
        Some(Self(shared))
    }

    /// Its time is up.
    pub(crate) fn is_over(&self) -> bool {
        *self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        *self.0.0.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.0.1.notify_all();
    }
}
