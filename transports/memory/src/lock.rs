use std::sync::{Mutex, MutexGuard, PoisonError};

/// Locks even after a panic elsewhere: that test fails by itself, this one should tell
/// its own story.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
