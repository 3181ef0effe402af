//! Goes from page to page, at most one ahead.

use std::{
    fmt,
    sync::Arc,
    task::{Context, Poll, ready},
};

use super::ahead::Ahead;

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
    /// The present page, and where that begins.
    ahead: Ahead<P::Item, Asked<'a, P>>,
    begin: P::Position,
    /// Where the next page begins.
    next: Option<P::Position>,
    ended: bool,
}

/// The call for a page.
type Asked<'a, P> = Call<'a, <P as Pages>::Page, Request<P>>;

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
            ahead: Ahead::new(),
            begin,
            next: Some(begin),
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
        if self.ahead.left() > 0 { Some(self.begin) } else { self.next }
    }

    /// An error has ended it.
    #[cfg(feature = "topology")]
    pub(super) fn has_failed(&self) -> bool {
        self.ended
    }

    pub(crate) fn is_terminated(&self) -> bool {
        self.ended || (self.ahead.left() == 0 && self.next.is_none())
    }

    pub(crate) fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<P::Item>>> {
        loop {
            if let Some(item) = self.ahead.next() {
                if self.read_ahead && self.next.is_some() {
                    let (ahead, ask) = self.asking();
                    ahead.ask_ahead(ask, cx);
                }
                return Poll::Ready(Some(Ok(item)));
            }
            if self.is_terminated() {
                return Poll::Ready(None);
            }
            let (ahead, ask) = self.asking();
            match ready!(ahead.poll_page(ask, cx)) {
                Ok(page) => self.turn(page),
                Err(error) => {
                    self.ended = true;
                    return Poll::Ready(Some(Err(error)));
                }
            }
        }
    }

    /// The pages, and what asks for the next one.
    fn asking<'s>(
        &'s mut self,
    ) -> (&'s mut Ahead<P::Item, Asked<'a, P>>, impl FnOnce() -> Asked<'a, P> + use<'s, 'a, P>)
    {
        let position = self.next.unwrap_or(self.begin);
        let (db, command, pages) = (self.db, self.command, &self.pages);
        #[cfg(feature = "topology")]
        let at = self.at;
        let ask = move || {
            let call = db.call(command, Request { pages: pages.clone(), position });
            #[cfg(feature = "topology")]
            if let Some(link) = at {
                return call.bound_to(link);
            }
            call
        };
        (&mut self.ahead, ask)
    }

    fn turn(&mut self, page: P::Page) {
        self.begin = self.next.unwrap_or(self.begin);
        let (items, next) = self.pages.open(self.begin, page);
        self.ahead.turn(items);
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
            .field("left_on_page", &self.ahead.left())
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
