//! What threads share and meet at, from one place: the standard library's types or, in the
//! tests of thread interleavings (`--cfg shuttle`), those of the model checker.
//!
//! `Arc` and `Waker` are the standard library's in both: they are never waited for.

#[cfg(not(all(test, shuttle)))]
pub(crate) use futures::task::AtomicWaker;
#[cfg(not(all(test, shuttle)))]
pub(crate) use std::sync::{Mutex, MutexGuard, atomic::AtomicBool};

#[cfg(all(test, shuttle))]
pub(crate) use self::checked::AtomicWaker;
#[cfg(all(test, shuttle))]
pub(crate) use shuttle::sync::{Mutex, MutexGuard, atomic::AtomicBool};

#[cfg(all(test, shuttle))]
mod checked {
    use std::{sync::atomic::Ordering, task::Waker};

    use super::AtomicBool;

    /// The ordinary one; before each of its steps, the model checker may let others run
    pub(crate) struct AtomicWaker {
        inner: futures::task::AtomicWaker,
        switch: AtomicBool,
    }

    impl AtomicWaker {
        pub(crate) fn new() -> Self {
            Self { inner: futures::task::AtomicWaker::new(), switch: AtomicBool::new(false) }
        }

        pub(crate) fn register(&self, waker: &Waker) {
            self.switch();
            self.inner.register(waker);
        }

        pub(crate) fn wake(&self) {
            self.switch();
            let waker = self.inner.take();
            self.switch();
            if let Some(waker) = waker {
                waker.wake();
            }
        }

        fn switch(&self) {
            self.switch.load(Ordering::SeqCst);
        }
    }
}
