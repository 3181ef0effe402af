//! Searches: which documents match, and what is returned of them.

use std::marker::PhantomData;

use super::{
    Query, SearchCommands, SearchOptions, SearchPage, SearchRow, SearchStream,
    page::{cut, total},
    words::{append_query, append_words},
};
use crate::{
    Call,
    command::named,
    database::checks::Unless,
    resp::{Arg, ArgList, Mend, ToArg, ToArgs},
};

impl<'a> SearchCommands<'a> {
    /// Searches an index, or the one that an alias leads to
    ///
    /// The type of the rows decides what is asked for: [`Id`](super::Id) has keys only, [`Doc`](super::Doc) hashes,
    /// `JsonDoc` (feature `json`) JSON documents, and [`Scored`](super::Scored) how well each row of another type matches.
    ///
    /// ```no_run
    /// use redmux::resp::FromReply;
    /// use redmux::stack::search::{Doc, NumericField, SearchOptions, SearchPage, TextField};
    ///
    /// const TITLE: TextField = TextField::new("title");
    /// const PRICE: NumericField = NumericField::new("price");
    ///
    /// #[derive(FromReply)]
    /// struct Book {
    ///     title: String,
    ///     price: f64,
    /// }
    ///
    /// # async fn f(db: redmux::Database, asked_for: &str) -> redmux::Result<()> {
    /// let filter = TITLE.words(asked_for) & PRICE.below(20.0);
    /// let options = SearchOptions::new().sort_by(PRICE).limit(0, 20);
    /// let page: SearchPage<Doc<Book>> = db.search().search("books", filter, options).await?;
    /// println!("{} books", page.total);
    /// for book in page.rows.into_iter().filter_map(|row| row.value) {
    ///     println!("{} for {}", book.title, book.price);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// See [FT.SEARCH](https://redis.io/docs/latest/commands/ft.search/).
    ///
    /// # Errors
    /// [`ErrorKind::Command`](crate::ErrorKind::Command) for a filter that no server could read, and for options that rows of
    /// this type cannot have; nothing is sent then.
    pub fn search<R: SearchRow, I: ToArg, Q: Into<Query>>(
        self,
        index: I,
        query: Q,
        options: SearchOptions,
    ) -> Call<'a, SearchPage<R>, impl ToArgs + use<'a, R, I, Q>> {
        let query = query.into();
        let fault = query.fault().or_else(|| options.fault::<R>());
        let words = Searched::<I, R> { index, query, options, rows: PhantomData };
        self.call(named!("FT.SEARCH"), words).unless(fault)
    }

    /// How many documents match
    ///
    /// The server searches and returns none. A query for the nearest vectors counts those that it would return.
    ///
    /// See [FT.SEARCH](https://redis.io/docs/latest/commands/ft.search/).
    pub fn count<I: ToArg, Q: Into<Query>>(
        self,
        index: I,
        query: Q,
    ) -> Call<'a, u64, impl ToArgs + use<'a, I, Q>> {
        let query = query.into();
        let fault = query.fault();
        self.call(named!("FT.SEARCH"), Counted { index, query }).unless(fault)
    }

    /// All documents that match, as a stream that asks for page after page
    ///
    /// The options are those of a [`search`](Self::search); [`limit`](SearchOptions::limit) says which rows the stream begins and
    /// ends with. [`SearchStream::page`] sets how many are asked for at once.
    ///
    /// ```no_run
    /// use futures::TryStreamExt;
    /// use redmux::stack::search::{Id, SearchOptions, TagField};
    ///
    /// # async fn f(db: redmux::Database) -> redmux::Result<()> {
    /// let used = TagField::new("genre").is("used");
    /// let mut books = db.search().search_all::<Id>("books", used, SearchOptions::new().sort_by("price"));
    /// while let Some(book) = books.try_next().await? {
    ///     println!("{}", book.id);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// Each page is a search of its own. Where documents are written meanwhile, one may come twice, and one that moves
    /// forward in the order may be missed: sort by a field that does not change. A server counts through all rows before a
    /// page, so that the last ones of many take longest. Behind the millionth row (`MAXSEARCHRESULTS`) there is an error,
    /// and so there is for a page on which the server says, over RESP3, that its time was up.
    pub fn search_all<R: SearchRow>(
        self,
        index: impl ToArg,
        query: impl Into<Query>,
        options: SearchOptions,
    ) -> SearchStream<'a, R> {
        SearchStream::new(self.db, &index, query.into(), options)
    }

    /// How the server reads a query, as a tree of text
    ///
    /// See [FT.EXPLAIN](https://redis.io/docs/latest/commands/ft.explain/). Not with valkey-search.
    pub fn explain<I: ToArg, Q: Into<Query>>(
        self,
        index: I,
        query: Q,
    ) -> Call<'a, String, impl ToArgs + use<'a, I, Q>> {
        let query = query.into();
        let fault = query.fault();
        self.call(named!("FT.EXPLAIN"), Explaining { index, query }).unless(fault)
    }
}

/// The words of a search
struct Searched<I, R> {
    index: I,
    query: Query,
    options: SearchOptions,
    rows: PhantomData<fn() -> R>,
}

impl<I: ToArg, R: SearchRow> ToArgs for Searched<I, R> {
    fn append_to<'a>(&'a self, args: &mut ArgList<'a>) {
        args.push(self.index.to_arg());
        append_query(args, &self.query, |args| {
            append_words::<R>(args);
            self.options.append_to(args);
        });
    }

    fn mend(&self) -> Option<Mend> {
        Some(Mend::new(cut, self.options.range()))
    }
}

/// The words that count
struct Counted<I> {
    index: I,
    query: Query,
}

impl<I: ToArg> ToArgs for Counted<I> {
    fn append_to<'a>(&'a self, args: &mut ArgList<'a>) {
        args.push(self.index.to_arg());
        append_query(args, &self.query, |args| {
            args.extend([&b"NOCONTENT"[..], b"LIMIT", b"0", b"0"].map(Arg::Bytes));
        });
    }

    fn mend(&self) -> Option<Mend> {
        Some(Mend::new(total, [0; 2]))
    }
}

/// The words that ask how a query is read
struct Explaining<I> {
    index: I,
    query: Query,
}

impl<I: ToArg> ToArgs for Explaining<I> {
    fn append_to<'a>(&'a self, args: &mut ArgList<'a>) {
        args.push(self.index.to_arg());
        append_query(args, &self.query, |_| {});
    }
}
