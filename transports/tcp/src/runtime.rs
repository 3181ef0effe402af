use std::{
    collections::hash_map::RandomState,
    hash::BuildHasher,
    pin::Pin,
    sync::atomic::{AtomicU64, Ordering},
    task::{Context, Poll},
    time::Instant,
};

use futures::Future;
use redmux_transport::{BoxFuture, Runtime, Timer};

/// The async-std runtime
#[derive(Debug, Clone, Copy, Default)]
pub struct AsyncStdRuntime;

impl Runtime for AsyncStdRuntime {
    fn spawn(&self, task: BoxFuture<'static, ()>) {
        async_std::task::spawn(task);
    }

    fn timer(&self, deadline: Instant) -> Box<dyn Timer> {
        Box::new(ReactorTimer { timer: async_io::Timer::at(deadline), expired: false })
    }

    fn entropy(&self) -> u64 {
        // Each state is keyed anew; the counter keeps equal keys from giving equal bits.
        static COUNTER: AtomicU64 = AtomicU64::new(0);
        RandomState::new().hash_one(COUNTER.fetch_add(1, Ordering::Relaxed))
    }
}

/// A timer of the reactor that also serves the sockets
struct ReactorTimer {
    timer: async_io::Timer,
    expired: bool,
}

impl Timer for ReactorTimer {
    fn reset(&mut self, deadline: Instant) {
        self.timer.set_at(deadline);
        self.expired = false;
    }

    fn poll_expired(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if !self.expired && Pin::new(&mut self.timer).poll(cx).is_pending() {
            return Poll::Pending;
        }
        self.expired = true;
        Poll::Ready(())
    }
}
