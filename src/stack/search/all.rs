//! All rows of a search, page by page.

use std::{
    fmt,
    marker::PhantomData,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use futures::stream::{FusedStream, Stream};

use super::{
    Query, SearchOptions, SearchRow,
    page::{Whole, cut},
    words::{append_query, append_words},
};
use crate::{
    Database, Error, Result,
    database::scans::pager::{Pager, Pages},
    resp::{Arg, ArgList, Mend, ToArg, ToArgs},
};

/// The rows of a search, one after the other; made by [`search_all`](super::SearchCommands::search_all)
///
/// Nothing is sent before the first poll. The next page is asked for when half of the present one is taken; at most one waits.
/// An error ends the stream.
#[must_use = "nothing is sent before the stream is polled"]
pub struct SearchStream<'a, R: SearchRow> {
    state: State<'a, R>,
}

enum State<'a, R: SearchRow> {
    /// Not polled so far.
    New(&'a Database, Arc<All<R>>),
    Running(Box<Pager<'a, All<R>>>),
    /// What cannot be sent.
    Refused(Option<Error>),
}

/// How many rows are asked for at once, unless the caller says.
const PAGE: u32 = 1000;

impl<'a, R: SearchRow> SearchStream<'a, R> {
    pub(super) fn new(
        db: &'a Database,
        index: &impl ToArg,
        query: Query,
        options: SearchOptions,
    ) -> Self {
        if let Some(fault) = query.fault().or_else(|| options.fault::<R>()) {
            return Self { state: State::Refused(Some(Error::rejected("FT.SEARCH", fault))) };
        }
        let [first, most] = if options.has_limit() { options.range() } else { [0, u64::MAX] };
        let all = All {
            index: index.to_arg().into_owned(),
            query,
            options: options.without_limit(),
            first,
            end: first.saturating_add(most),
            size: PAGE.into(),
            rows: PhantomData,
        };
        Self { state: State::New(db, Arc::new(all)) }
    }

    /// How many rows are asked for at once; at least one. Default 1,000
    ///
    /// Has no effect once rows have come.
    pub fn page(mut self, rows: u32) -> Self {
        if let State::New(_, all) = &mut self.state
            && let Some(all) = Arc::get_mut(all)
        {
            all.size = u64::from(rows.max(1));
        }
        self
    }
}

impl<R: SearchRow> Stream for SearchStream<'_, R> {
    type Item = Result<R>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<R>>> {
        loop {
            match std::mem::replace(&mut self.state, State::Refused(None)) {
                // `LIMIT 0 0` would count, and return none.
                State::New(_, all) if all.first == all.end => return Poll::Ready(None),
                State::New(db, all) => {
                    let first = all.first;
                    let pager = Pager::new(db, "FT.SEARCH", all, first);
                    self.state = State::Running(Box::new(pager));
                }
                State::Running(mut pager) => {
                    let item = pager.poll_next(cx);
                    self.state = State::Running(pager);
                    return item;
                }
                State::Refused(error) => return Poll::Ready(error.map(Err)),
            }
        }
    }
}

impl<R: SearchRow> FusedStream for SearchStream<'_, R> {
    fn is_terminated(&self) -> bool {
        match &self.state {
            State::New(..) => false,
            State::Running(pager) => pager.is_terminated(),
            State::Refused(error) => error.is_none(),
        }
    }
}

impl<R: SearchRow> fmt::Debug for SearchStream<'_, R> {
    /// Shows how far it is, no content.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SearchStream").field("over", &self.is_terminated()).finish_non_exhaustive()
    }
}

/// What the pages have in common
struct All<R> {
    index: Arg<'static>,
    query: Query,
    options: SearchOptions,
    /// Which row is the first, and which would come behind the last.
    first: u64,
    end: u64,
    size: u64,
    rows: PhantomData<fn() -> R>,
}

impl<R> All<R> {
    /// How many rows are on the page at `position`.
    fn size_at(&self, position: u64) -> u64 {
        self.size.min(self.end.saturating_sub(position))
    }
}

impl<R: SearchRow> Pages for All<R> {
    type Item = R;
    type Position = u64;
    type Page = Whole<R>;

    fn append_to<'a>(&'a self, position: &'a u64, args: &mut ArgList<'a>) {
        args.push(self.index.to_arg());
        append_query(args, &self.query, |args| {
            append_words::<R>(args);
            self.options.append_to(args);
            let size = self.size_at(*position).to_arg().into_owned();
            args.extend([Arg::Bytes(b"LIMIT"), position.to_arg(), size]);
        });
    }

    fn open(&self, position: u64, Whole(page): Whole<R>) -> (Vec<R>, Option<u64>) {
        // A server that leaves out documents that are gone does not count them either: such a page is short, but not the last.
        let rows = page.rows.len() as u64;
        let next = position.saturating_add(self.size_at(position));
        let is_last = position.saturating_add(rows) >= page.total || next >= self.end;
        (page.rows, (!is_last).then_some(next))
    }

    fn mend(&self, position: u64) -> Option<Mend> {
        Some(Mend::new(cut, [position, self.size_at(position)]))
    }
}
