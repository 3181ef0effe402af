//! Searches: which documents match, and what is returned of them.

use std::time::Duration;

use super::{
    Language, NumericField, Query, SearchCommands, SearchPage, SearchRow, TagField, TextField,
};
use crate::{
    Call,
    command::named,
    database::{
        checks::Unless,
        options::{Words, options},
    },
    resp::{Arg, ArgList, ToArg, ToArgs},
};

options! {
    /// How documents are searched; see [`search`](SearchCommands::search)
    ///
    /// `DIALECT 2` is always sent.
    SearchOptions {
        verbatim, stop_words, keys, fields, slop, timeout, in_order, language, expander, scorer, payload, sort, limit,
    }

    /// Takes words as they are: no stems, no synonyms.
    verbatim: verbatim() => "VERBATIM";

    /// Looks for stop words too.
    stop_words: with_stop_words() => "NOSTOPWORDS";

    /// Lets this many other words stand between the words of a text.
    slop: slop(words: u32) => "SLOP", words;

    /// Wants words in their order, usually with [`slop`](Self::slop).
    in_order: in_order() => "INORDER";

    /// Stems words of this language.
    language: language(language: Language) => "LANGUAGE", language;

    /// Uses this expander of the server's.
    expander: expander(name: &str) => "EXPANDER", name;

    /// Scores by this function, such as `BM25`.
    scorer: scorer(name: &str) => "SCORER", name;

    /// Bytes for functions of your own that score or expand.
    payload: payload(bytes: impl ToArg) => "PAYLOAD", bytes;

    /// Leaves out `first` documents, and returns at most `most`. Default 0 and 10
    ///
    /// `limit(0, 0)` only counts. Servers refuse more than a million in all.
    limit: limit(first: u64, most: u64) => "LIMIT", first, most;
}

/// A field that documents can be sorted by: of texts, tags or numbers, or a distance by its name
pub trait SortField {
    /// The name.
    fn sort_name(&self) -> &str;
}

macro_rules! sort_fields {
    ($($field:ident)*) => {
        $(
            impl SortField for $field {
                fn sort_name(&self) -> &str {
                    self.name()
                }
            }
        )*
    };
}
sort_fields! { TextField TagField NumericField }

impl SortField for &str {
    fn sort_name(&self) -> &str {
        self
    }
}

fn sort_word(field: &impl SortField) -> Arg<'static> {
    Arg::Owned(field.sort_name().as_bytes().to_vec())
}

impl SearchOptions {
    /// Sorts by this field, the smallest first, instead of by how well documents match
    ///
    /// The field should be sortable in the schema: else servers read it from each document.
    #[allow(clippy::needless_pass_by_value, reason = "constants are given as they are")]
    pub fn sort_by(mut self, field: impl SortField) -> Self {
        self.sort = Words::new("SORTBY", [sort_word(&field)]);
        self
    }

    /// The same, the greatest first.
    #[allow(clippy::needless_pass_by_value, reason = "constants are given as they are")]
    pub fn sort_by_descending(mut self, field: impl SortField) -> Self {
        self.sort = Words::new("SORTBY", [sort_word(&field), Arg::Bytes(b"DESC")]);
        self
    }

    /// Looks only at the documents with these keys.
    pub fn in_keys(mut self, keys: impl ToArgs) -> Self {
        self.keys = Words::list("INKEYS", true, &keys);
        self
    }

    /// Looks for words only in these fields of text.
    pub fn in_fields(mut self, names: impl ToArgs) -> Self {
        self.fields = Words::list("INFIELDS", true, &names);
        self
    }

    /// Gives up after this long, in milliseconds; 0 is never. Default is the server's (500 ms)
    ///
    /// Whether a search that was given up is an error or a [page in parts](SearchPage::is_partial) is an option of the server.
    pub fn timeout(mut self, time: Duration) -> Self {
        let milliseconds = u64::try_from(time.as_millis()).unwrap_or(u64::MAX);
        self.timeout = Words::new("TIMEOUT", [milliseconds.to_arg().into_owned()]);
        self
    }
}

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
    /// [`ErrorKind::Command`](crate::ErrorKind::Command) for a filter that no server could read; nothing is sent then.
    pub fn search<R: SearchRow, I: ToArg, Q: Into<Query>>(
        self,
        index: I,
        query: Q,
        options: SearchOptions,
    ) -> Call<'a, SearchPage<R>, impl ToArgs + use<'a, R, I, Q>> {
        let query = query.into();
        let fault = query.fault();
        let words = R::words();
        self.call(named!("FT.SEARCH"), Asked { index, query, words, options }).unless(fault)
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
        let words = Asked { index, query, words: &[], options: () };
        self.call(named!("FT.EXPLAIN"), words).unless(fault)
    }
}

/// The words of a query with its options.
struct Asked<I, O> {
    index: I,
    query: Query,
    /// What the type of the rows asks for.
    words: &'static [&'static str],
    options: O,
}

impl<I: ToArg, O: ToArgs> ToArgs for Asked<I, O> {
    fn append_to<'a>(&'a self, args: &mut ArgList<'a>) {
        args.push(self.index.to_arg());
        args.push(Arg::Bytes(self.query.text().as_bytes()));
        args.extend(self.words.iter().map(|word| Arg::Bytes(word.as_bytes())));
        self.options.append_to(args);
        self.query.append_params(args);
        args.extend([Arg::Bytes(b"DIALECT"), Arg::Bytes(b"2")]);
    }
}
