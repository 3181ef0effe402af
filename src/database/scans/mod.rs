//! Scans as streams of items.

pub(crate) mod ahead;
mod cursor;
mod page;
pub(crate) mod pager;
#[cfg(feature = "topology")]
mod walk;

use std::{
    fmt,
    marker::PhantomData,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use futures::stream::{FusedStream, Stream};

use self::pager::{Pager, Pages};
pub use self::{
    cursor::ScanCursor,
    page::{ScanOptions, ScanPage},
};
use super::{
    Database,
    streams::{StreamEntry, StreamId},
};
use crate::{
    Result,
    resp::{Arg, ArgList, FromReply, ToArg, ToArgs},
};

impl Database {
    /// All keys, as a stream
    ///
    /// See [`ScanStream`] for what is promised.
    ///
    /// ```no_run
    /// # async fn f(db: redmux::Database) -> redmux::Result<()> {
    /// use futures::TryStreamExt;
    /// use redmux::database::scans::ScanOptions;
    ///
    /// let mut users = db.scan_stream::<String>(ScanOptions::new().pattern("user:*").count(100));
    /// while let Some(key) = users.try_next().await? {
    ///     println!("{key}");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn scan_stream<T: FromReply>(&self, options: ScanOptions) -> ScanStream<'_, T> {
        ScanStream::new(self, "SCAN", None, &options, None)
    }

    /// All fields and values of a hash, as a stream: see [`ScanStream`]
    pub fn hscan_stream<F: FromReply, V: FromReply>(
        &self,
        key: impl ToArg,
        options: ScanOptions,
    ) -> ScanStream<'_, (F, V)> {
        ScanStream::new(self, "HSCAN", Some(&key.to_arg()), &options, None)
    }

    /// All fields of a hash, as a stream: see [`ScanStream`]. Since Redis 7.4
    pub fn hscan_fields_stream<F: FromReply>(
        &self,
        key: impl ToArg,
        options: ScanOptions,
    ) -> ScanStream<'_, F> {
        ScanStream::new(self, "HSCAN", Some(&key.to_arg()), &options, Some("NOVALUES"))
    }

    /// All members of a set, as a stream: see [`ScanStream`]
    pub fn sscan_stream<T: FromReply>(
        &self,
        key: impl ToArg,
        options: ScanOptions,
    ) -> ScanStream<'_, T> {
        ScanStream::new(self, "SSCAN", Some(&key.to_arg()), &options, None)
    }

    /// All members and scores of a sorted set, as a stream: see [`ScanStream`]
    pub fn zscan_stream<T: FromReply>(
        &self,
        key: impl ToArg,
        options: ScanOptions,
    ) -> ScanStream<'_, (T, f64)> {
        ScanStream::new(self, "ZSCAN", Some(&key.to_arg()), &options, None)
    }

    /// The entries of a stream from one id to another, both included, as a stream of items
    ///
    /// Fetches `count` entries at a time with `XRANGE` (0 counts as 1): see [`EntryStream`].
    ///
    /// ```no_run
    /// # async fn f(db: redmux::Database) -> redmux::Result<()> {
    /// use futures::TryStreamExt;
    /// use redmux::database::streams::StreamId;
    ///
    /// let mut log = db.xrange_stream("log", StreamId::MIN, StreamId::MAX, 100);
    /// while let Some(entry) = log.try_next().await? {
    ///     println!("{}: {:?}", entry.id, entry.get::<String>("text"));
    /// }
    /// # Ok(())
    /// # }
    /// ```
    pub fn xrange_stream(
        &self,
        key: impl ToArg,
        start: StreamId,
        end: StreamId,
        page: u32,
    ) -> EntryStream<'_> {
        let pages = Range { key: key.to_arg().into_owned(), end, count: page.max(1) };
        EntryStream { pager: Pager::new(self, "XRANGE", Arc::new(pages), start) }
    }
}

/// The items of a scan, page by page
///
/// Made by [`Database::scan_stream`] and its relatives. An element that is in the collection from
/// beginning to end of the scan comes at least once; an element that is added or removed meanwhile
/// may come or not. **The same item may come several times**: collect into a set if that matters.
///
/// The next page is asked for when half of the current one is taken, and not before: at most one
/// page waits while the caller uses items slowly, and nothing is sent before the first poll. An
/// error ends the stream; [`cursor`](Self::cursor) says where to resume.
#[must_use = "nothing is sent before the stream is polled"]
pub struct ScanStream<'a, T: FromReply> {
    pager: Pager<'a, Scan<T>>,
    /// Over all servers, where there are several.
    #[cfg(feature = "topology")]
    walk: Option<walk::Walk<'a>>,
}

impl<'a, T: FromReply> ScanStream<'a, T> {
    fn new(
        db: &'a Database,
        command: &'static str,
        key: Option<&Arg<'_>>,
        options: &ScanOptions,
        last: Option<&'static str>,
    ) -> Self {
        let mut after = ArgList::new();
        options.append_to(&mut after);
        after.extend(last.map(|word| Arg::Bytes(word.as_bytes())));
        let after = after.into_iter().map(Arg::into_owned).collect();
        let key = key.map(|key| key.to_arg().into_owned());
        #[cfg(feature = "topology")]
        let walk = match key {
            None => db.link().router().map(|router| walk::Walk::new(router, &[])),
            Some(_) => None,
        };
        let scan = Scan { key, after, items: PhantomData };
        Self {
            pager: Pager::new(db, command, Arc::new(scan), 0),
            #[cfg(feature = "topology")]
            walk,
        }
    }

    /// Starts where another scan of the same collection was, instead of at the beginning.
    pub fn resume_at(mut self, cursor: ScanCursor) -> Self {
        #[cfg(feature = "topology")]
        if let (Some(walk), Some(text)) = (&mut self.walk, cursor.walk()) {
            let position = if walk.resume(text) { cursor.position() } else { 0 };
            self.pager.restart(position);
            self.pager.at = walk.link();
            return self;
        }
        self.pager.restart(cursor.position());
        self
    }

    /// Whether to ask for the next page while the current one is in use: yes by default.
    ///
    /// If not, each page is asked for when the one before is used up.
    pub fn read_ahead(mut self, on: bool) -> Self {
        self.pager.read_ahead = on;
        self
    }

    /// The cursor to [resume](Self::resume_at) at in order to miss no item that has not come yet;
    /// `None` once all have come.
    ///
    /// While a page is in use, that is the beginning of the page: its items that have come will
    /// come again.
    pub fn cursor(&self) -> Option<ScanCursor> {
        #[cfg(feature = "topology")]
        if let Some(walk) = &self.walk {
            let cursor = |walk: &walk::Walk<'_>, position| {
                (!walk.is_over()).then(|| ScanCursor::of_walk(position, walk.text()))
            };
            // All of this server has come, even if nobody has asked for more yet.
            return match self.pager.position() {
                None => cursor(&walk.turned(), 0),
                Some(position) => cursor(walk, position),
            };
        }
        self.pager.position().map(ScanCursor::new)
    }
}

impl<T: FromReply> Stream for ScanStream<'_, T> {
    type Item = Result<T>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<T>>> {
        #[cfg(feature = "topology")]
        if self.walk.is_some() {
            return self.poll_walk(cx);
        }
        self.pager.poll_next(cx)
    }
}

#[cfg(feature = "topology")]
impl<T: FromReply> ScanStream<'_, T> {
    fn poll_walk(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<T>>> {
        loop {
            let Some(walk) = &mut self.walk else { return Poll::Ready(None) };
            if self.pager.has_failed() {
                return Poll::Ready(None);
            }
            if self.pager.at.is_none() {
                let Some(link) = walk.link() else { return Poll::Ready(None) };
                self.pager.at = Some(link);
            }
            match std::task::ready!(self.pager.poll_next(cx)) {
                None if !self.pager.has_failed() => {
                    walk.turn();
                    self.pager.restart(0);
                }
                item => return Poll::Ready(item),
            }
        }
    }
}

impl<T: FromReply> FusedStream for ScanStream<'_, T> {
    fn is_terminated(&self) -> bool {
        #[cfg(feature = "topology")]
        if let Some(walk) = &self.walk {
            return walk.is_over() || self.pager.has_failed();
        }
        self.pager.is_terminated()
    }
}

impl<T: FromReply> fmt::Debug for ScanStream<'_, T> {
    /// Shows the command and how far it is, no content.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ScanStream").field(&self.pager).finish()
    }
}

/// The entries of a stream, page by page
///
/// Made by [`Database::xrange_stream`]. Each entry comes once, in the order of ids. The next page
/// is asked for when half of the present one is taken. An error ends the stream.
#[must_use = "nothing is sent before the stream is polled"]
#[derive(Debug)]
pub struct EntryStream<'a> {
    pager: Pager<'a, Range>,
}

impl EntryStream<'_> {
    /// Whether to ask for the next page while the current one is in use: yes by default.
    pub fn read_ahead(mut self, on: bool) -> Self {
        self.pager.read_ahead = on;
        self
    }
}

impl Stream for EntryStream<'_> {
    type Item = Result<StreamEntry>;

    fn poll_next(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<StreamEntry>>> {
        self.pager.poll_next(cx)
    }
}

impl FusedStream for EntryStream<'_> {
    fn is_terminated(&self) -> bool {
        self.pager.is_terminated()
    }
}

/// What the pages of a `SCAN` or one of its relatives have in common
struct Scan<T> {
    key: Option<Arg<'static>>,
    after: Vec<Arg<'static>>,
    items: PhantomData<fn() -> T>,
}

impl<T: FromReply> Pages for Scan<T> {
    type Item = T;
    type Position = u64;
    type Page = ScanPage<T>;

    fn append_to<'a>(&'a self, cursor: &'a u64, args: &mut ArgList<'a>) {
        args.extend(self.key.as_ref().map(ToArg::to_arg));
        args.push(cursor.to_arg());
        self.after.append_to(args);
    }

    fn open(&self, _: u64, page: ScanPage<T>) -> (Vec<T>, Option<u64>) {
        (page.items, Some(page.cursor).filter(|cursor| *cursor != 0))
    }
}

/// What the pages of an `XRANGE` have in common
struct Range {
    key: Arg<'static>,
    end: StreamId,
    count: u32,
}

impl Pages for Range {
    type Item = StreamEntry;
    type Position = StreamId;
    type Page = Vec<StreamEntry>;

    fn append_to<'a>(&'a self, start: &'a StreamId, args: &mut ArgList<'a>) {
        args.extend([
            self.key.to_arg(),
            start.to_arg(),
            self.end.to_arg(),
            "COUNT".to_arg(),
            self.count.to_arg(),
        ]);
    }

    fn open(&self, _: StreamId, page: Vec<StreamEntry>) -> (Vec<StreamEntry>, Option<StreamId>) {
        let full = page.len() >= self.count as usize;
        let last = page.last().filter(|_| full);
        let next = last.and_then(|last| last.id.next()).filter(|next| *next <= self.end);
        (page, next)
    }
}
