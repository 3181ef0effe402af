//! Locks and wakers that threads share: the standard library's types; in the tests of thread
//! interleavings (`--cfg shuttle`) those of the model checker; in wasm without threads a cell in
//! place of the mutex, which is less code to load.
//!
//! `Arc` and `Waker` are the standard library's in both: they are never waited for.

#[cfg(feature = "full")]
use std::{
    pin::Pin,
    sync::PoisonError,
    task::{Context, Poll},
};

#[cfg(not(all(test, shuttle)))]
pub(crate) use futures::task::AtomicWaker;
#[cfg(not(all(test, shuttle)))]
pub(crate) use std::sync::atomic::AtomicBool;
#[cfg(not(any(
    all(test, shuttle),
    all(target_family = "wasm", target_os = "unknown", not(target_feature = "atomics"))
)))]
pub(crate) use std::sync::{Mutex, MutexGuard};

#[cfg(all(target_family = "wasm", target_os = "unknown", not(target_feature = "atomics")))]
pub(crate) use self::single::Mutex;
#[cfg(all(target_family = "wasm", target_os = "unknown", not(target_feature = "atomics")))]
pub(crate) use std::cell::RefMut as MutexGuard;

#[cfg(all(test, shuttle))]
pub(crate) use self::checked::AtomicWaker;
#[cfg(all(test, shuttle))]
pub(crate) use shuttle::sync::{Mutex, MutexGuard, atomic::AtomicBool};

/// A boxed future that can be part of what threads share
///
/// Under a lock only because calls are shared between threads, and a future is not: it is polled through `&mut`, and the
/// lock never waited for.
#[cfg(feature = "full")]
pub(crate) struct SyncFuture<'a, T>(Mutex<redmux_transport::BoxFuture<'a, T>>);

#[cfg(feature = "full")]
impl<'a, T> SyncFuture<'a, T> {
    pub(crate) fn new(future: redmux_transport::BoxFuture<'a, T>) -> Self {
        Self(Mutex::new(future))
    }
}

#[cfg(feature = "full")]
impl<T> Future for SyncFuture<'_, T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<T> {
        self.0.get_mut().unwrap_or_else(PoisonError::into_inner).as_mut().poll(cx)
    }
}

#[cfg(all(target_family = "wasm", target_os = "unknown", not(target_feature = "atomics")))]
mod single {
    use std::{cell::RefCell, sync::LockResult};

    use super::MutexGuard;

    /// A cell with the interface of a mutex: without threads, no lock is ever contended
    #[derive(Debug, Default)]
    pub(crate) struct Mutex<T>(RefCell<T>);

    impl<T> Mutex<T> {
        pub(crate) const fn new(value: T) -> Self {
            Self(RefCell::new(value))
        }

        pub(crate) fn lock(&self) -> LockResult<MutexGuard<'_, T>> {
            Ok(self.0.borrow_mut())
        }

        pub(crate) fn get_mut(&mut self) -> LockResult<&mut T> {
            Ok(self.0.get_mut())
        }
    }
}

#[cfg(all(test, shuttle))]
mod checked {
    use std::{sync::atomic::Ordering, task::Waker};

    use super::AtomicBool;

    /// The ordinary waker; before each of its steps, the model checker may run other threads
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
