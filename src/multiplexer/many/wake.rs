//! Wakes the steward.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    task::{Context, Poll},
};

use futures::task::AtomicWaker;

/// Says that the map may be old, or that something happened to a connection
///
/// A thousand hints cost as much as one: the steward looks for itself what has happened.
#[derive(Debug, Default)]
pub(in crate::multiplexer) struct Wake {
    hinted: AtomicBool,
    waker: AtomicWaker,
}

impl Wake {
    pub(in crate::multiplexer) fn hint(&self) {
        if !self.hinted.swap(true, Ordering::AcqRel) {
            self.waker.wake();
        }
    }

    /// Ready once there was a hint since the last time.
    pub(in crate::multiplexer) fn poll_hint(&self, cx: &mut Context<'_>) -> Poll<()> {
        self.waker.register(cx.waker());
        match self.hinted.swap(false, Ordering::AcqRel) {
            true => Poll::Ready(()),
            false => Poll::Pending,
        }
    }
}
