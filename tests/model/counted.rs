//! A runtime that counts how often tasks are polled.

use std::{
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Instant,
};

use futures::future::poll_fn;
use redmux::transport::{BoxFuture, Runtime, Timer};
use redmux_memory::SimRuntime;

/// Polls of the tasks that were spawned here are counted
#[derive(Debug, Clone)]
pub(crate) struct Counted {
    pub(crate) runtime: SimRuntime,
    pub(crate) polls: Arc<AtomicU64>,
}

impl Runtime for Counted {
    fn spawn(&self, mut task: BoxFuture<'static, ()>) {
        let polls = self.polls.clone();
        self.runtime.spawn(Box::pin(poll_fn(move |cx| {
            polls.fetch_add(1, Relaxed);
            task.as_mut().poll(cx)
        })));
    }

    fn timer(&self, deadline: Instant) -> Box<dyn Timer> {
        self.runtime.timer(deadline)
    }

    fn now(&self) -> Instant {
        self.runtime.now()
    }

    fn entropy(&self) -> u64 {
        self.runtime.entropy()
    }
}
