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
    roused: AtomicBool,
    waker: AtomicWaker,
}

impl Wake {
    pub(in crate::multiplexer) fn hint(&self) {
        if !self.hinted.swap(true, Ordering::AcqRel) {
            self.waker.wake();
        }
    }

    /// There is something to do that says nothing about the map.
    pub(super) fn rouse(&self) {
        if !self.roused.swap(true, Ordering::AcqRel) {
            self.waker.wake();
        }
    }

    /// Ready once there was a hint since the last time, which is true, or something to do.
    pub(in crate::multiplexer) fn poll(&self, cx: &mut Context<'_>) -> Poll<bool> {
        self.waker.register(cx.waker());
        let hinted = self.hinted.swap(false, Ordering::AcqRel);
        let roused = self.roused.swap(false, Ordering::AcqRel);
        if hinted || roused { Poll::Ready(hinted) } else { Poll::Pending }
    }
}
