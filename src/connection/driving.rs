//! Whether this thread is running a link's own task at the moment.

use std::cell::Cell;

use super::Link;

thread_local! {
    static DRIVEN: Cell<*const Link> = const { Cell::new(std::ptr::null()) };
}

/// This thread runs the driver of a link; the one before again, once dropped
pub(crate) struct Driving(*const Link);

impl Driving {
    #[inline]
    pub(super) fn enter(link: &Link) -> Self {
        Self(DRIVEN.replace(std::ptr::from_ref(link)))
    }

    /// Whether this thread drives `link`: a wait for `link` here would keep it from ever answering.
    pub(crate) fn is_under_way(link: &Link) -> bool {
        std::ptr::eq(DRIVEN.get(), link)
    }
}

impl Drop for Driving {
    #[inline]
    fn drop(&mut self) {
        DRIVEN.set(self.0);
    }
}
