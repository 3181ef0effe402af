//! Goes from page to page, at most one ahead.

use std::{
    fmt,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    vec,
};

#[cfg(feature = "topology")]
use crate::connection::Link;
use crate::{
    Call, Result,
    database::Database,
    resp::{ArgList, FromReply, Mend, ToArgs},
};

/// How to ask for pages, and what is on them
pub(crate) trait Pages {
    /// What is on the pages.
    type Item;
    /// Where a page begins.
    type Position: Copy;
    /// The reply.
    type Page: FromReply;

    /// The arguments that ask for the page at `position`.
    fn append_to<'a>(&'a self, position: &'a Self::Position, args: &mut ArgList<'a>);

    /// What is on the page at `position`, and where the next one begins.
    fn open(
        &self,
        position: Self::Position,
        page: Self::Page,
    ) -> (Vec<Self::Item>, Option<Self::Position>);

    /// What becomes of the reply that is the page at `position`.
    fn mend(&self, _position: Self::Position) -> Option<Mend> {
        None
    }
}

/// The items of all pages
pub(crate) struct Pager<'a, P: Pages> {
    db: &'a Database,
    command: &'static str,
    pages: Arc<P>,
    pub(super) read_ahead: bool,
    /// The server that is meant, of several.
    #[cfg(feature = "topology")]
    pub(super) at: Option<&'a Link>,
    /// What is left of the present page, and where that begins.
    items: vec::IntoIter<P::Item>,
    begin: P::Position,
    /// With this many items left, or fewer, the next page is asked for.
    low: usize,
    /// Where the next page begins.
    next: Option<P::Position>,
    /// The call for the next page.
    call: Option<Call<'a, P::Page, Request<P>>>,
    /// What the call gave before it was needed.
    arrived: Option<Result<P::Page>>,
    ended: bool,
}

impl<'a, P: Pages> Pager<'a, P> {
    pub(crate) fn new(
        db: &'a Database,
        command: &'static str,
        pages: Arc<P>,
        begin: P::Position,
    ) -> Self {
        Self {
            db,
            command,
            pages,
            read_ahead: true,
            #[cfg(feature = "topology")]
            at: None,
            items: Vec::new().into_iter(),
            begin,
            low: 0,
            next: Some(begin),
            call: None,
            arrived: None,
            ended: false,
        }
    }

    /// Begins somewhere else; called before anything was asked for.
    pub(super) fn restart(&mut self, begin: P::Position) {
        let (db, command, read_ahead) = (self.db, self.command, self.read_ahead);
        *self = Self::new(db, command, self.pages.clone(), begin);
        self.read_ahead = read_ahead;
    }

    /// Where to begin in order to get all items that have not come yet.
    pub(super) fn position(&self) -> Option<P::Position> {
        if self.items.len() > 0 { Some(self.begin) } else { self.next }
    }

    /// An error has ended it.
    #[cfg(feature = "topology")]
    pub(super) fn has_failed(&self) -> bool {
        self.ended
    }

    pub(crate) fn is_terminated(&self) -> bool {
        self.ended || (self.items.len() == 0 && self.next.is_none())
    }

    pub(crate) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<P::Item>>> {
        loop {
            if let Some(item) = self.items.next() {
                self.ask_ahead(cx);
                return Poll::Ready(Some(Ok(item)));
            }
            if self.is_terminated() {
                return Poll::Ready(None);
            }
            match ready!(self.poll_page(cx)) {
                Ok(page) => self.turn(page),
                Err(error) => {
                    self.ended = true;
                    return Poll::Ready(Some(Err(error)));
                }
            }
        }
    }

    /// Sends the request for the next page if it is time.
    fn ask_ahead(&mut self, cx: &mut Context<'_>) {
        let due = self.read_ahead && self.items.len() <= self.low;
        if due && self.next.is_some() && self.call.is_none() && self.arrived.is_none() {
            // A page that is there already waits. For one that is not, this task is polled later.
            if let Poll::Ready(page) = self.poll_page(cx) {
                self.arrived = Some(page);
            }
        }
    }

    fn poll_page(&mut self, cx: &mut Context<'_>) -> Poll<Result<P::Page>> {
        if let Some(page) = self.arrived.take() {
            return Poll::Ready(page);
        }
        let position = self.next.unwrap_or(self.begin);
        let (db, command, pages) = (self.db, self.command, &self.pages);
        #[cfg(feature = "topology")]
        let at = self.at;
        let call = self.call.get_or_insert_with(|| {
            let call = db.call(command, Request { pages: pages.clone(), position });
            #[cfg(feature = "topology")]
            if let Some(link) = at {
                return call.bound_to(link);
            }
            call
        });
        let page = ready!(Pin::new(call).poll(cx));
        self.call = None;
        Poll::Ready(page)
    }

    fn turn(&mut self, page: P::Page) {
        self.begin = self.next.unwrap_or(self.begin);
        let (items, next) = self.pages.open(self.begin, page);
        self.low = items.len() / 2;
        self.items = items.into_iter();
        self.next = next;
    }
}

// Items are moved out, never pinned.
impl<P: Pages> Unpin for Pager<'_, P> {}

impl<P: Pages> fmt::Debug for Pager<'_, P> {
    /// Shows the command and how far it is, no content.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pager")
            .field("command", &self.command)
            .field("left_on_page", &self.items.len())
            .field("complete", &self.is_terminated())
            .finish_non_exhaustive()
    }
}

/// The arguments that ask for a page
struct Request<P: Pages> {
    pages: Arc<P>,
    position: P::Position,
}

impl<P: Pages> ToArgs for Request<P> {
    fn append_to<'a>(&'a self, args: &mut ArgList<'a>) {
        self.pages.append_to(&self.position, args);
    }

    fn mend(&self) -> Option<Mend> {
        self.pages.mend(self.position)
    }
}
