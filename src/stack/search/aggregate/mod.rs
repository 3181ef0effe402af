//! Aggregations: steps that make rows of what a query finds.

#[cfg(feature = "full")]
mod cursor;
mod expression;
mod property;
mod reduce;
mod rows;

#[cfg(feature = "full")]
pub use cursor::{AggregateStream, CursorOptions};
pub use expression::{Expression, ExpressionValue};
pub use property::Properties;
pub use reduce::Reduce;
pub use rows::AggregatePage;

use std::{fmt, time::Duration};

use self::property::word;
use super::{
    FieldName, Filter, Query, SearchCommands,
    words::{append_query, time_limit},
};
use crate::{
    Call,
    command::named,
    database::checks::Unless,
    resp::{Arg, ArgList, FromReply, ToArg, ToArgs},
};

/// A query, and steps that group, compute, filter and sort what it finds
///
/// Steps are executed in the order in which they are given. What a step names must be a field of the index, or made by a
/// step before it.
///
/// ```
/// use redmux::stack::search::{Aggregate, Filter, NumericField, Reduce, TagField};
///
/// const GENRE: TagField = TagField::new("genre");
/// const PRICE: NumericField = NumericField::new("price");
///
/// // The three genres with most books, and what those cost on the average.
/// let genres = Aggregate::new(Filter::all())
///     .group_by(GENRE, [Reduce::count().named("books"), Reduce::avg(PRICE).named("mean")])
///     .sort_by_descending("books")
///     .limit(0, 3);
/// ```
///
/// A part that no server could read (a filter without words, an expression without its values) makes the call to fail
/// before anything is sent.
#[derive(Clone)]
#[must_use = "it does nothing by itself"]
pub struct Aggregate {
    query: Query,
    /// Words that come before the steps.
    options: Vec<Arg<'static>>,
    steps: Vec<Arg<'static>>,
    /// The last step, if it sorts: where the number of its words is, and how many there are.
    sorting: Option<(usize, u64)>,
    fault: Option<&'static str>,
}

impl Default for Aggregate {
    /// Of all documents.
    fn default() -> Self {
        Self::new(Filter::all())
    }
}

impl Aggregate {
    /// What the query finds, with no steps yet: rows have no properties.
    pub fn new(query: impl Into<Query>) -> Self {
        let query = query.into();
        let fault = query.fault();
        Self { query, options: Vec::new(), steps: Vec::new(), sorting: None, fault }
    }

    fn option<const N: usize>(mut self, words: [Arg<'static>; N]) -> Self {
        self.options.extend(words);
        self
    }

    fn step(mut self, word: &'static str, words: impl IntoIterator<Item = Arg<'static>>) -> Self {
        self.steps.push(Arg::Bytes(word.as_bytes()));
        self.steps.extend(words);
        self.sorting = None;
        self
    }

    /// A step of a list, which is preceded by its length.
    fn listed(self, word: &'static str, words: Vec<Arg<'static>>) -> Self {
        let count = (words.len() as u64).to_arg().into_owned();
        self.step(word, std::iter::once(count).chain(words))
    }

    /// A step of an expression, which may be at fault, and the words behind it.
    fn computed<const N: usize>(
        mut self,
        word: &'static str,
        expression: &Expression,
        behind: [Arg<'static>; N],
    ) -> Self {
        match expression.write() {
            Ok(text) => {
                self.step(word, std::iter::once(Arg::Owned(text.into_bytes())).chain(behind))
            }
            Err(fault) => {
                self.fault = self.fault.or(Some(fault));
                self
            }
        }
    }

    /// Takes words of the query as they are: no stems, no synonyms.
    pub fn verbatim(self) -> Self {
        self.option([Arg::Bytes(b"VERBATIM")])
    }

    /// Gives each row how well its document matches, as `__score`. Since RediSearch 2.10
    pub fn add_scores(self) -> Self {
        self.option([Arg::Bytes(b"ADDSCORES")])
    }

    /// Scores by this function, such as `BM25`. Since RediSearch 2.10
    pub fn scorer(self, name: &str) -> Self {
        self.option([Arg::Bytes(b"SCORER"), Arg::Owned(name.as_bytes().to_vec())])
    }

    /// Makes [`total`](AggregatePage::total) exact, for which all rows are counted. Since Redis 8.2.4
    pub fn with_count(self) -> Self {
        self.option([Arg::Bytes(b"WITHCOUNT")])
    }

    /// Gives up after this long, in milliseconds, rounded up; 0 is never. Default is the server's (500 ms)
    ///
    /// What was computed until then is returned, unless the server is configured to fail. Servers up to 7.4 do not say so.
    pub fn timeout(self, time: Duration) -> Self {
        self.option([Arg::Bytes(b"TIMEOUT"), time_limit(time)])
    }

    /// Gives rows these fields of their documents; `__key` is the key
    ///
    /// What is sortable in the schema is there without, but in lower case if it is a text or a tag.
    #[allow(clippy::needless_pass_by_value, reason = "constants are given as they are")]
    pub fn load(self, fields: impl Properties) -> Self {
        let words = fields.words();
        self.load_words(words)
    }

    fn load_words(mut self, words: Vec<Arg<'static>>) -> Self {
        if words.is_empty() {
            self.fault = self.fault.or(Some("there is nothing to load"));
            return self;
        }
        self.listed("LOAD", words)
    }

    /// The same for one field or path by another name.
    #[allow(clippy::needless_pass_by_value, reason = "constants are given as they are")]
    pub fn load_as(self, field: impl FieldName, name: &str) -> Self {
        let name = Arg::Owned(name.as_bytes().to_vec());
        self.load_words(vec![word(&field), Arg::Bytes(b"AS"), name])
    }

    /// Gives rows all fields of their documents; of JSON, `$` is the whole document.
    pub fn load_all(self) -> Self {
        self.step("LOAD", [Arg::Bytes(b"*")])
    }

    /// Makes one row of all rows that are equal in these properties, and of nothing else but what is computed of them
    ///
    /// With `()` all rows are one. A row without a property is in a group of its own, of which that property is null.
    #[allow(clippy::needless_pass_by_value, reason = "constants are given as they are")]
    pub fn group_by(self, by: impl Properties, reducers: impl IntoIterator<Item = Reduce>) -> Self {
        let mut grouped = self.listed("GROUPBY", by.words());
        reducers.into_iter().for_each(|reduce| reduce.append_to(&mut grouped.steps));
        grouped
    }

    /// Gives each row what an expression makes of it, by this name.
    pub fn apply(self, expression: impl Into<Expression>, name: &str) -> Self {
        let named = [Arg::Bytes(b"AS"), Arg::Owned(name.as_bytes().to_vec())];
        self.computed("APPLY", &expression.into(), named)
    }

    /// Keeps the rows for which an expression is true.
    pub fn filter(self, expression: impl Into<Expression>) -> Self {
        self.computed("FILTER", &expression.into(), [])
    }

    /// Sorts rows by a property, the least first
    ///
    /// Without a [`limit`](Self::limit) behind it, or [`max`](Self::max), ten rows are left.
    #[allow(clippy::needless_pass_by_value, reason = "constants are given as they are")]
    pub fn sort_by(self, property: impl FieldName) -> Self {
        self.sorted(word(&property), "ASC")
    }

    /// The same, the greatest first.
    #[allow(clippy::needless_pass_by_value, reason = "constants are given as they are")]
    pub fn sort_by_descending(self, property: impl FieldName) -> Self {
        self.sorted(word(&property), "DESC")
    }

    fn sorted(mut self, property: Arg<'static>, order: &'static str) -> Self {
        let at = self.steps.len() + 1;
        let order = Arg::Bytes(order.as_bytes());
        self = self.step("SORTBY", [2.to_arg().into_owned(), property, order]);
        self.sorting = Some((at, 2));
        self
    }

    /// Sorts rows that are equal for the sort before by this property, the least first
    ///
    /// Directly behind a sort; elsewhere it is a sort of its own.
    #[allow(clippy::needless_pass_by_value, reason = "constants are given as they are")]
    pub fn then_by(self, property: impl FieldName) -> Self {
        self.then(word(&property), "ASC")
    }

    /// The same, the greatest first.
    #[allow(clippy::needless_pass_by_value, reason = "constants are given as they are")]
    pub fn then_by_descending(self, property: impl FieldName) -> Self {
        self.then(word(&property), "DESC")
    }

    fn then(mut self, property: Arg<'static>, order: &'static str) -> Self {
        let Some((at, count)) = self.sorting else { return self.sorted(property, order) };
        let count = count + 2;
        self.steps[at] = count.to_arg().into_owned();
        self.steps.extend([property, Arg::Bytes(order.as_bytes())]);
        self.sorting = Some((at, count));
        self
    }

    /// Keeps this many of the rows that were sorted directly before, which costs less than to sort them all.
    pub fn max(mut self, most: u64) -> Self {
        if self.sorting.is_none() {
            self.fault = self.fault.or(Some("`max` is not directly behind a sort"));
        }
        self.step("MAX", [most.to_arg().into_owned()])
    }

    /// Leaves out `first` rows, and keeps at most `most`.
    pub fn limit(self, first: u64, most: u64) -> Self {
        self.step("LIMIT", [first.to_arg().into_owned(), most.to_arg().into_owned()])
    }

    /// Why it cannot be sent.
    pub(super) fn fault(&self) -> Option<&'static str> {
        self.fault
    }

    pub(super) fn query(&self) -> &Query {
        &self.query
    }

    /// The words of the steps.
    pub(super) fn steps(&self) -> &[Arg<'static>] {
        &self.steps
    }

    /// The words behind the index, with those for a cursor.
    pub(super) fn append_to<'a>(&'a self, args: &mut ArgList<'a>, cursor: &'a [Arg<'static>]) {
        append_query(args, &self.query, |args| {
            for words in [&self.options[..], &self.steps, cursor] {
                args.extend(words.iter().map(ToArg::to_arg));
            }
        });
    }
}

impl fmt::Debug for Aggregate {
    /// Shows the query without values, and no steps.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Aggregate").field("query", &self.query).finish_non_exhaustive()
    }
}

impl<'a> SearchCommands<'a> {
    /// Groups, computes, filters and sorts what a query finds
    ///
    /// `T` is what a row becomes: any type that `hgetall` can return, such as a struct with `#[derive(FromReply)]` or a
    /// map. Values are texts on the wire, whatever they are: numbers may be `nan` and `inf`, which `f64` reads. A property
    /// that a row lacks is missing or null, which only `Option` reads.
    ///
    /// ```no_run
    /// use redmux::resp::FromReply;
    /// use redmux::stack::search::{Aggregate, AggregatePage, Filter, NumericField, Reduce, TagField};
    ///
    /// const GENRE: TagField = TagField::new("genre");
    /// const PRICE: NumericField = NumericField::new("price");
    ///
    /// #[derive(FromReply)]
    /// struct Genre {
    ///     genre: Option<String>,
    ///     books: u64,
    ///     mean: f64,
    /// }
    ///
    /// # async fn f(db: redmux::Database) -> redmux::Result<()> {
    /// let genres = Aggregate::new(PRICE.at_least(1.0))
    ///     .group_by(GENRE, [Reduce::count().named("books"), Reduce::avg(PRICE).named("mean")])
    ///     .sort_by_descending("books")
    ///     .limit(0, 3);
    /// let genres: AggregatePage<Genre> = db.search().aggregate("books", genres).await?;
    /// for Genre { genre, books, mean } in genres.rows {
    ///     println!("{}: {books} for {mean:.2} each", genre.as_deref().unwrap_or("none"));
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// All rows come in one reply: for many, `aggregate_stream` (feature `full`) has a cursor.
    ///
    /// See [FT.AGGREGATE](https://redis.io/docs/latest/commands/ft.aggregate/).
    ///
    /// # Errors
    /// [`ErrorKind::Command`](crate::ErrorKind::Command) for a part that no server could read; nothing is sent then.
    pub fn aggregate<T: FromReply, I: ToArg>(
        self,
        index: I,
        aggregate: Aggregate,
    ) -> Call<'a, AggregatePage<T>, impl ToArgs + use<'a, T, I>> {
        let fault = aggregate.fault();
        self.call(named!("FT.AGGREGATE"), Asked { index, aggregate }).unless(fault)
    }
}

/// The words of an aggregation.
struct Asked<I> {
    index: I,
    aggregate: Aggregate,
}

impl<I: ToArg> ToArgs for Asked<I> {
    fn append_to<'a>(&'a self, args: &mut ArgList<'a>) {
        args.push(self.index.to_arg());
        self.aggregate.append_to(args, &[]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stack::search::{NumericField, TagField, TextField};

    fn words(aggregate: &Aggregate) -> String {
        let mut args = ArgList::new();
        aggregate.append_to(&mut args, &[]);
        let words = args.iter().map(|arg| String::from_utf8_lossy(arg.as_bytes()).into_owned());
        words.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn steps_are_sent_in_their_order_with_their_counts() {
        let price = NumericField::new("price");
        let aggregate = Aggregate::new(TextField::new("t").words("lamp"))
            .verbatim()
            .timeout(Duration::from_millis(50))
            .load((price.clone(), TagField::new("genre")))
            .load_as("$.a.b", "b")
            .apply(Expression::new("@price * ?").bind(2), "double")
            .group_by(
                ("genre", "b"),
                [
                    Reduce::count().named("n"),
                    Reduce::quantile(price.clone(), 0.5),
                    Reduce::first_value_by_descending("b", price).named("AS"),
                ],
            )
            .filter("@n > 1")
            .sort_by("n")
            .then_by_descending("b")
            .max(5)
            .limit(1, 2)
            .sort_by_descending("n");
        assert_eq!(
            words(&aggregate),
            "@t:(lamp) VERBATIM TIMEOUT 50 LOAD 2 @price @genre LOAD 3 $.a.b AS b \
             APPLY @price * (2) AS double GROUPBY 2 @genre @b REDUCE COUNT 0 AS n REDUCE QUANTILE 2 @price 0.5 \
             REDUCE FIRST_VALUE 4 @b BY @price DESC AS AS FILTER @n > 1 SORTBY 4 @n ASC @b DESC MAX 5 \
             LIMIT 1 2 SORTBY 2 @n DESC DIALECT 2"
        );
        assert_eq!(aggregate.fault(), None);
    }

    #[test]
    fn one_that_no_server_could_read_is_refused() {
        let none: [&str; 0] = [];
        for (aggregate, fault) in [
            (Aggregate::default().load(none), "nothing to load"),
            (Aggregate::default().max(5), "behind a sort"),
            (Aggregate::default().sort_by("a").limit(0, 1).max(5), "behind a sort"),
            (Aggregate::default().apply("?", "a"), "more question marks"),
            (Aggregate::default().filter(Expression::new("").bind(1)), "fewer question marks"),
            (Aggregate::new(!Filter::all()), "!Filter::all()"),
        ] {
            assert!(aggregate.fault().unwrap().contains(fault), "{aggregate:?}");
        }
    }
}
