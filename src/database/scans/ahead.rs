//! Items of pages, of which the next one is asked for while the present one is in use.

use std::{
    pin::Pin,
    task::{Context, Poll, ready},
    vec,
};

/// What is left of the present page, and the call for the next one; at most one page waits
pub(crate) struct Ahead<T, F: Future> {
    items: vec::IntoIter<T>,
    /// With this many items left, or fewer, the next page is asked for.
    low: usize,
    /// The call for the next page.
    call: Option<F>,
    /// What the call gave before it was needed.
    arrived: Option<F::Output>,
}

impl<T, F: Future + Unpin> Ahead<T, F> {
    pub(crate) fn new() -> Self {
        Self { items: Vec::new().into_iter(), low: 0, call: None, arrived: None }
    }

    pub(crate) fn next(&mut self) -> Option<T> {
        self.items.next()
    }

    /// How many items are left.
    pub(crate) fn left(&self) -> usize {
        self.items.len()
    }

    /// The items of another page take the place of the present ones.
    pub(crate) fn turn(&mut self, items: Vec<T>) {
        self.low = items.len() / 2;
        self.items = items.into_iter();
    }

    /// The next page; `ask` makes the call for it where there is none yet.
    pub(crate) fn poll_page(
        &mut self,
        ask: impl FnOnce() -> F,
        cx: &mut Context<'_>,
    ) -> Poll<F::Output> {
        if let Some(page) = self.arrived.take() {
            return Poll::Ready(page);
        }
        let page = ready!(Pin::new(self.call.get_or_insert_with(ask)).poll(cx));
        self.call = None;
        Poll::Ready(page)
    }

    /// Asks for the next page if it is time, and nothing was asked for.
    pub(crate) fn ask_ahead(&mut self, ask: impl FnOnce() -> F, cx: &mut Context<'_>) {
        if self.items.len() <= self.low && self.call.is_none() && self.arrived.is_none() {
            // A page that is there already waits. For one that is not, this task is polled later.
            if let Poll::Ready(page) = self.poll_page(ask, cx) {
                self.arrived = Some(page);
            }
        }
    }

    /// The call that is under way, and what has arrived: for who gives up the rest.
    #[cfg(all(feature = "search", feature = "full"))]
    pub(crate) fn take(&mut self) -> (Option<F>, Option<F::Output>) {
        (self.call.take(), self.arrived.take())
    }
}
