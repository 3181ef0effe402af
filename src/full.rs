//! What is there with the feature `full` only.

#[cfg(not(feature = "full"))]
use std::marker::PhantomData;
use std::sync::Arc;

/// Whether the feature `full` is on; what it adds is unreachable code without it.
pub(crate) const FULL: bool = cfg!(feature = "full");

/// Whether every byte of code counts, as in a page.
pub(crate) const SMALL: bool = !FULL && cfg!(all(target_family = "wasm", target_os = "unknown"));

/// A value, or nothing; without the feature `full` always nothing
///
/// The type still says what it would be, so that what is done with it compiles either way; but the
/// compiler sees that none of it happens, not even a drop.
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

    /// What `make` makes; without `full` it is not called.
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

    /// Changes the value, or the default where there is none.
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
