//! Aggregations of many rows: page by page, by a cursor of the server.

use std::{
    fmt,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Duration,
};

use futures::stream::{FusedStream, Stream};

use super::{
    super::{SearchCommands, words::time_limit},
    Aggregate, AggregatePage,
};
use crate::{
    Database, Error, Result,
    command::named,
    database::{options::items, scans::ahead::Ahead},
    resp::{Arg, ArgList, DecodeError, FromReply, Reply, ReplyError, ToArg, ToArgs},
    sync::SyncFuture,
};

/// How the rows of an aggregation come; see [`aggregate_stream`](SearchCommands::aggregate_stream)
#[derive(Debug, Clone, Default)]
#[must_use]
pub struct CursorOptions {
    count: Option<u32>,
    max_idle: Option<Duration>,
}

impl CursorOptions {
    /// What servers do by themselves.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many rows a page has. Default is the server's (1,000); 0 counts as 1
    pub fn count(mut self, rows: u32) -> Self {
        self.count = Some(rows.max(1));
        self
    }

    /// For how long the server keeps the cursor while nobody asks for a page, in milliseconds; at least one
    ///
    /// Default, and most, is the server's (300 s). A program that takes longer over one page gets an error for the next.
    pub fn max_idle(mut self, time: Duration) -> Self {
        self.max_idle = Some(time);
        self
    }

    fn words(&self) -> Vec<Arg<'static>> {
        let mut words = vec![Arg::Bytes(b"WITHCURSOR")];
        if let Some(count) = self.count {
            words.extend([Arg::Bytes(b"COUNT"), count.to_arg().into_owned()]);
        }
        if let Some(time) = self.max_idle {
            words.extend([Arg::Bytes(b"MAXIDLE"), time_limit(time.max(Duration::from_millis(1)))]);
        }
        words
    }
}

impl SearchCommands<'_> {
    /// The same as [`aggregate`](Self::aggregate) for any number of rows, as a stream
    ///
    /// See [`AggregateStream`].
    ///
    /// ```no_run
    /// use futures::TryStreamExt;
    /// use redmux::resp::FromReply;
    /// use redmux::stack::search::{Aggregate, CursorOptions, Filter};
    ///
    /// #[derive(FromReply)]
    /// struct Book {
    ///     title: String,
    /// }
    ///
    /// # async fn f(db: redmux::Database) -> redmux::Result<()> {
    /// let all = Aggregate::new(Filter::all()).load("title");
    /// let mut books = db.search().aggregate_stream("books", all, CursorOptions::new().count(500));
    /// while let Some(Book { title }) = books.try_next().await? {
    ///     println!("{title}");
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// See [FT.CURSOR READ](https://redis.io/docs/latest/commands/ft.cursor-read/).
    #[allow(clippy::needless_pass_by_value, reason = "names are given as they are")]
    pub fn aggregate_stream<T: FromReply + 'static>(
        self,
        index: impl ToArg,
        aggregate: Aggregate,
        options: CursorOptions,
    ) -> AggregateStream<T> {
        let index = index.to_arg().into_owned();
        let plan = Plan { index, aggregate, cursor: options.words() };
        AggregateStream {
            db: self.db.clone(),
            plan: Arc::new(plan),
            next: Next::First,
            ahead: Ahead::new(),
            warnings: Vec::new(),
        }
    }
}

/// The rows of an aggregation, page by page
///
/// Nothing is sent before the first poll. The next page is asked for when half of the present one is taken, so that at most
/// one page waits. An error ends the stream.
///
/// - The server keeps a cursor, of which all pages are. It is deleted there when the last page has come, and
///   **when the stream is dropped before**: at once, or, while a page is on its way, behind that. One is left, until its
///   [idle time](CursorOptions::max_idle) is over, only if the connection is lost at that moment, or the first reply.
/// - All pages are asked for at the server that has the cursor. If that server is gone, the stream ends with an error.
/// - No part is ever sent again by a retry policy: what was asked for twice would be two cursors, or a page less.
/// - Documents that change while the stream is read may be in it as they were or as they are.
#[must_use = "nothing is sent before the stream is polled"]
pub struct AggregateStream<T: FromReply + 'static> {
    /// Once a page has come, a handle for the server that has the cursor.
    db: Database,
    plan: Arc<Plan>,
    next: Next,
    ahead: Ahead<T, Asked<T>>,
    warnings: Vec<String>,
}

/// Where the next page is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    /// There is no cursor yet.
    First,
    At(u64),
    Over,
}

/// A page, and a handle for the server that it is from.
type Answer<T> = (Result<CursorPage<T>>, Database);

/// The call for a page.
type Asked<T> = SyncFuture<'static, Answer<T>>;

/// How many different warnings are kept.
const WARNINGS: usize = 16;

impl<T: FromReply + 'static> AggregateStream<T> {
    /// What the server has warned of so far, each once; over RESP2 there is never anything.
    pub fn warnings(&self) -> &[String] {
        &self.warnings
    }

    /// The pages, and what asks for the next one.
    fn asking(&mut self) -> (&mut Ahead<T, Asked<T>>, impl FnOnce() -> Asked<T> + use<'_, T>) {
        let (db, plan, next) = (&self.db, &self.plan, self.next);
        let ask = move || {
            let (db, plan) = (db.clone(), plan.clone());
            SyncFuture::new(match next {
                Next::At(cursor) => Box::pin(async move {
                    let words = (plan.index.to_arg(), cursor);
                    let page = db.call2("FT.CURSOR", "READ", words).await;
                    (page, db)
                }),
                _ => Box::pin(first(db, plan)),
            })
        };
        (&mut self.ahead, ask)
    }

    fn turn(&mut self, (answer, db): Answer<T>) -> Result<()> {
        self.db = db;
        let error = match answer {
            Ok(CursorPage { cursor, page }) => {
                self.next = if cursor == 0 { Next::Over } else { Next::At(cursor) };
                match page {
                    Ok(page) => {
                        self.ahead.turn(page.rows);
                        for warning in page.warnings {
                            if self.warnings.len() < WARNINGS && !self.warnings.contains(&warning) {
                                self.warnings.push(warning);
                            }
                        }
                        return Ok(());
                    }
                    Err(error) => self.db.link().not_decoded("FT.AGGREGATE", error),
                }
            }
            Err(error) => {
                // What the server refuses it has no cursor for.
                if error.server().is_some() {
                    self.next = Next::Over;
                }
                error
            }
        };
        self.delete();
        Err(error)
    }

    /// Deletes the cursor, if there is one.
    fn delete(&mut self) {
        let next = std::mem::replace(&mut self.next, Next::Over);
        let (asked, arrived) = self.ahead.take();
        if let Some(asked) = asked {
            let plan = self.plan.clone();
            let runtime = self.db.link().clock.runtime.clone();
            runtime.spawn(Box::pin(async move {
                let (cursor, db) = {
                    let (answer, db) = asked.await;
                    match (answer, next) {
                        (Ok(page), _) => (page.cursor, db),
                        (Err(error), Next::At(cursor)) if error.server().is_none() => (cursor, db),
                        _ => (0, db),
                    }
                };
                delete(&db, &plan, cursor);
            }));
            return;
        }
        let cursor = match (arrived, next) {
            (Some((Ok(page), db)), _) => {
                self.db = db;
                page.cursor
            }
            (_, Next::At(cursor)) => cursor,
            _ => 0,
        };
        delete(&self.db, &self.plan, cursor);
    }
}

/// Asks for the first page, and remembers which of several servers it is from.
async fn first<T: FromReply>(db: Database, plan: Arc<Plan>) -> Answer<T> {
    if let Some(fault) = plan.aggregate.fault() {
        return (Err(Error::rejected("FT.AGGREGATE", fault)), db);
    }
    #[cfg(feature = "topology")]
    {
        let (page, server) = db.call(named!("FT.AGGREGATE"), &*plan).with_server().await;
        let there = server.and_then(|server| db.at_server(&server));
        let db = there.unwrap_or(db);
        (page, db)
    }
    #[cfg(not(feature = "topology"))]
    {
        let page = db.call(named!("FT.AGGREGATE"), &*plan).await;
        (page, db)
    }
}

/// Deletes a cursor; 0 is none.
fn delete(db: &Database, plan: &Plan, cursor: u64) {
    if cursor == 0 {
        return;
    }
    let del = || db.call2::<(), _>("FT.CURSOR", "DEL", (plan.index.to_arg(), cursor));
    if del().forget().is_err() {
        // There was no room for it: a task waits for that.
        let waits = del().owned();
        let runtime = db.link().clock.runtime.clone();
        runtime.spawn(Box::pin(async move { drop(waits.await) }));
    }
}

impl<T: FromReply + 'static> Drop for AggregateStream<T> {
    fn drop(&mut self) {
        self.delete();
    }
}

// Rows are moved out, never pinned.
impl<T: FromReply + 'static> Unpin for AggregateStream<T> {}

impl<T: FromReply + 'static> Stream for AggregateStream<T> {
    type Item = Result<T>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Result<T>>> {
        let this = self.get_mut();
        loop {
            if let Some(row) = this.ahead.next() {
                if this.next != Next::Over {
                    let (ahead, ask) = this.asking();
                    ahead.ask_ahead(ask, cx);
                }
                return Poll::Ready(Some(Ok(row)));
            }
            if this.next == Next::Over {
                return Poll::Ready(None);
            }
            let (ahead, ask) = this.asking();
            let answer = ready!(ahead.poll_page(ask, cx));
            if let Err(error) = this.turn(answer) {
                return Poll::Ready(Some(Err(error)));
            }
        }
    }
}

impl<T: FromReply + 'static> FusedStream for AggregateStream<T> {
    fn is_terminated(&self) -> bool {
        self.next == Next::Over && self.ahead.left() == 0
    }
}

impl<T: FromReply + 'static> fmt::Debug for AggregateStream<T> {
    /// Shows how far it is, no content.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AggregateStream")
            .field("left_on_page", &self.ahead.left())
            .field("next", &self.next)
            .finish_non_exhaustive()
    }
}

/// What is asked for.
struct Plan {
    index: Arg<'static>,
    aggregate: Aggregate,
    /// The words for the cursor.
    cursor: Vec<Arg<'static>>,
}

impl ToArgs for Plan {
    fn append_to<'a>(&'a self, args: &mut ArgList<'a>) {
        args.push(self.index.to_arg());
        self.aggregate.append_to(args, &self.cursor);
    }
}

/// A page, and the cursor for the next one: known even if the rows are not what was expected.
struct CursorPage<T> {
    /// 0 behind the last page.
    cursor: u64,
    page: Result<AggregatePage<T>, ReplyError>,
}

impl<T: FromReply> FromReply for CursorPage<T> {
    fn from_reply(reply: Reply<'_>) -> Result<Self, ReplyError> {
        let wrong = || DecodeError::because("a page and a cursor", reply.kind(), "without them");
        let mut parts = items("a page and a cursor", reply)?;
        let (page, cursor) = parts.next().zip(parts.next()).ok_or_else(wrong)?;
        Ok(Self { cursor: cursor.decode()?, page: page.decode() })
    }
}
