//! A clock that moves only when a test says so, and a runtime that follows it.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    task::{Context, Poll, Waker},
    time::Duration,
};

use redmux_transport::{BoxFuture, Instant, Runtime, Timer};

use crate::sync::Mutex;

pub(super) struct Clock {
    start: Instant,
    /// The standard library's on purpose: a reading is no point at which others may run,
    /// there are enough of them around it.
    micros: AtomicU64,
    sleepers: Mutex<Vec<(Instant, Waker)>>,
}

impl Clock {
    pub(super) fn new() -> Self {
        Self { start: Instant::now(), micros: AtomicU64::new(0), sleepers: Mutex::default() }
    }

    /// Lets time pass and timers go off.
    pub(super) fn advance(&self, micros: u64) {
        self.micros.fetch_add(micros, Ordering::SeqCst);
        let due: Vec<_> = {
            let mut sleepers = self.sleepers.lock().unwrap();
            let now = self.now();
            sleepers.extract_if(.., |(deadline, _)| *deadline <= now).collect()
        };
        due.into_iter().for_each(|(_, waker)| waker.wake());
    }

    fn now(&self) -> Instant {
        self.start + Duration::from_micros(self.micros.load(Ordering::SeqCst))
    }
}

/// Spawns on the model checker's threads and follows a [`Clock`]
pub(super) struct Simulated(pub(super) Arc<Clock>);

impl Runtime for Simulated {
    fn spawn(&self, task: BoxFuture<'static, ()>) {
        drop(shuttle::future::spawn(task));
    }

    fn timer(&self, deadline: Instant) -> Box<dyn Timer> {
        Box::new(Sleep { clock: self.0.clone(), deadline })
    }

    fn now(&self) -> Instant {
        self.0.now()
    }

    fn entropy(&self) -> u64 {
        0
    }
}

impl fmt::Debug for Simulated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Simulated")
    }
}

struct Sleep {
    clock: Arc<Clock>,
    deadline: Instant,
}

impl Timer for Sleep {
    fn reset(&mut self, deadline: Instant) {
        self.deadline = deadline;
    }

    fn poll_expired(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let mut sleepers = self.clock.sleepers.lock().unwrap();
        if self.clock.now() >= self.deadline {
            return Poll::Ready(());
        }
        sleepers.push((self.deadline, cx.waker().clone()));
        Poll::Pending
    }
}
