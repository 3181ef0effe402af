//! Values that exist only with the feature `full`.

#[cfg(not(feature = "full"))]
use std::marker::PhantomData;
use std::sync::Arc;

/// Whether the feature `full` is on; without it, the code that depends on this is unreachable.
pub(crate) const FULL: bool = cfg!(feature = "full");

/// Whether the size of the code matters most, as in a page.
pub(crate) const SMALL: bool = !FULL && cfg!(all(target_family = "wasm", target_os = "unknown"));

/// A value, or nothing; without the feature `full` always nothing
///
/// The type names the value in both cases, so that the code compiles with and without `full`. Without
/// it, the compiler sees that there is never a value, and removes the code, the drop included.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Full<T> {
    #[cfg(feature = "full")]
    value: Option<T>,
    #[cfg(not(feature = "full"))]
    value: PhantomData<T>,
}

#[cfg(feature = "full")]
impl<T> Full<T> {
    pub(crate) fn new(value: T) -> Self {
        Self { value: Some(value) }
    }

    /// Holds the result of `make`, which is not called without `full`.
    pub(crate) fn of(make: impl FnOnce() -> Option<T>) -> Self {
        Self { value: make() }
    }

    #[inline(always)]
    pub(crate) fn get(&self) -> Option<&T> {
        self.value.as_ref()
    }

    #[inline(always)]
    pub(crate) fn get_mut(&mut self) -> Option<&mut T> {
        self.value.as_mut()
    }

    /// Changes the value, or the default if there is none.
    pub(crate) fn change(&mut self, change: impl FnOnce(&mut T))
    where
        T: Default,
    {
        change(self.value.get_or_insert_default());
    }
}

#[cfg(not(feature = "full"))]
impl<T> Full<T> {
    pub(crate) fn new(_: T) -> Self {
        Self::default()
    }

    pub(crate) fn of(_: impl FnOnce() -> Option<T>) -> Self {
        Self::default()
    }

    #[inline(always)]
    pub(crate) fn get(&self) -> Option<&T> {
        None
    }

    #[inline(always)]
    pub(crate) fn get_mut(&mut self) -> Option<&mut T> {
        None
    }

    pub(crate) fn change(&mut self, _: impl FnOnce(&mut T)) {}
}

impl<T> Full<Arc<T>> {
    #[inline(always)]
    pub(crate) fn as_deref(&self) -> Option<&T> {
        self.get().map(|value| &**value)
    }
}

impl<T> Default for Full<T> {
    #[inline(always)]
    fn default() -> Self {
        Self { value: Default::default() }
    }
}
