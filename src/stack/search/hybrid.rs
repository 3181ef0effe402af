//! Hybrid queries: what words find and what vectors find, put into one order.

use std::{fmt, time::Duration};

use super::{
    Aggregate, Expression, FieldName, Filter, Nearest, Properties, Query, Reduce, SearchCommands,
    VectorField,
    filter::{Component, bytes_of},
    words::time_limit,
};
use crate::{
    Call,
    command::named,
    database::{
        Join,
        checks::Unless,
        options::{Fields, mismatch},
    },
    resp::{Arg, ArgList, FromReply, Reply, ReplyError, ToArg, ToArgs},
};

/// A query for words, another for vectors, and how what they find becomes one list
///
/// ```
/// use redmux::stack::search::{Hybrid, NumericField, TagField, TextField, VectorField};
///
/// const TITLE: TextField = TextField::new("title");
/// const GENRE: TagField = TagField::new("genre");
/// const MOOD: VectorField = VectorField::new("mood");
///
/// let novels = GENRE.is("novel");
/// let like_it = MOOD.nearest(50, &[0.5_f32, 0.25]).among(novels.clone());
/// let books = Hybrid::new(TITLE.words("war") & novels, like_it)
///     .window(50)
///     .load((TITLE, "__key"))
///     .limit(0, 20);
/// ```
///
/// Rows have `__key` and `__score`, unless steps say otherwise. Steps are those of an [`Aggregate`]; each of filtering,
/// grouping, sorting and limiting may be there once.
///
/// A part that no server could read makes the call to fail before anything is sent.
#[derive(Clone)]
#[must_use = "it does nothing by itself"]
pub struct Hybrid {
    words: Filter,
    scorer: Option<String>,
    words_score: Option<String>,
    vectors: Vectors,
    combine: Combine,
    window: Option<u32>,
    score: Option<String>,
    steps: Aggregate,
    timeout: Option<Duration>,
    explain: bool,
    fault: Option<&'static str>,
}

/// Which vectors are meant
#[derive(Clone)]
struct Vectors {
    field: VectorField,
    vector: Vec<u8>,
    /// The word, and names and values behind it.
    how: &'static str,
    limits: Vec<(&'static str, String)>,
    among: Filter,
    policy: Vec<String>,
    score: Option<String>,
}

#[derive(Clone, Copy)]
enum Combine {
    Ranks(Option<f64>),
    Scores(f64, f64),
}

impl Hybrid {
    /// What a filter finds by words, and the documents whose vectors are nearest to one
    ///
    /// The filter counts for the words only, and [`Nearest::among`] for the vectors only. By the name of
    /// [`Nearest::distance_as`] rows have how near they are.
    pub fn new(words: Filter, nearest: Nearest) -> Self {
        let Nearest { field, count, vector, filter, ef_runtime, score } = nearest;
        let mut limits = vec![("K", count.to_string())];
        limits.extend(ef_runtime.map(|candidates| ("EF_RUNTIME", candidates.to_string())));
        let fault = (count == 0).then_some("the number of the nearest is 0");
        let policy = Vec::new();
        Self::of(
            words,
            Vectors { field, vector, how: "KNN", limits, among: filter, policy, score },
            fault,
        )
    }

    /// What a filter finds by words, and the documents whose vectors are at most this far from one.
    pub fn within<N: Component>(
        words: Filter,
        field: VectorField,
        radius: f64,
        vector: &[N],
    ) -> Self {
        let fault =
            (!(radius.is_finite() && radius >= 0.0)).then_some("the radius is no number from 0 on");
        let vectors = Vectors {
            field,
            vector: bytes_of(vector),
            how: "RANGE",
            limits: vec![("RADIUS", radius.to_string())],
            among: Filter::all(),
            policy: Vec::new(),
            score: None,
        };
        Self::of(words, vectors, fault)
    }

    fn of(words: Filter, vectors: Vectors, fault: Option<&'static str>) -> Self {
        Self {
            words,
            scorer: None,
            words_score: None,
            vectors,
            combine: Combine::Ranks(None),
            window: None,
            score: None,
            steps: Aggregate::default(),
            timeout: None,
            explain: false,
            fault,
        }
    }

    fn refuse_if(&mut self, is_odd: bool, fault: &'static str) {
        self.fault = self.fault.or_else(|| is_odd.then_some(fault));
    }

    /// Scores words by this function, such as `BM25STD`.
    pub fn scorer(mut self, name: &str) -> Self {
        self.scorer = Some(name.to_owned());
        self
    }

    /// The name by which rows have how well their words match.
    pub fn words_score_as(mut self, name: &str) -> Self {
        self.words_score = Some(name.to_owned());
        self
    }

    /// The name by which rows have how near their vectors are.
    pub fn vectors_score_as(mut self, name: &str) -> Self {
        self.vectors.score = Some(name.to_owned());
        self
    }

    /// Looks for vectors only among these documents.
    pub fn among(mut self, filter: Filter) -> Self {
        self.vectors.among = filter;
        self
    }

    /// Computes the distance of each document that [`among`](Self::among) finds, and uses no graph. Since Redis 8.6
    pub fn ad_hoc(mut self) -> Self {
        self.vectors.policy = ["POLICY", "ADHOC"].map(str::to_owned).into();
        self
    }

    /// Takes vectors in batches from the graph until enough of them are [`among`](Self::among) the documents. Since Redis 8.6
    pub fn batches(mut self, size: u32) -> Self {
        self.refuse_if(size == 0, "the size of a batch is 0");
        let size = size.to_string();
        self.vectors.policy = vec!["POLICY".into(), "BATCHES".into(), "BATCH_SIZE".into(), size];
        self
    }

    /// By which part of the radius a graph may be searched beyond it; only for [`within`](Self::within).
    pub fn epsilon(mut self, part: f64) -> Self {
        self.refuse_if(!(part.is_finite() && part > 0.0), "the epsilon is no number above 0");
        self.refuse_if(self.vectors.how != "RANGE", "an epsilon is for a radius");
        self.vectors.limits.push(("EPSILON", part.to_string()));
        self
    }

    /// Which part of the nearest each server of a cluster looks for, up to 1; only for [`new`](Self::new).
    pub fn shard_ratio(mut self, part: f64) -> Self {
        self.refuse_if(
            !(part > 0.0 && part <= 1.0),
            "the part of a server is no number from 0 to 1",
        );
        self.refuse_if(self.vectors.how != "KNN", "the part of a server is for the nearest");
        self.vectors.limits.push(("SHARD_K_RATIO", part.to_string()));
        self
    }

    /// Puts documents into the order of the sum of 1 / (`constant` + rank) in both lists. Default, with 60
    pub fn by_ranks(mut self, constant: f64) -> Self {
        self.refuse_if(
            !(constant.is_finite() && constant >= 0.0),
            "the constant is no number from 0 on",
        );
        self.combine = Combine::Ranks(Some(constant));
        self
    }

    /// Puts documents into the order of their scores: `words` times the one plus `vectors` times the other.
    pub fn by_scores(mut self, words: f64, vectors: f64) -> Self {
        self.refuse_if(!(words.is_finite() && vectors.is_finite()), "a weight is no finite number");
        self.combine = Combine::Scores(words, vectors);
        self
    }

    /// How many documents of each list are looked at. Default 20
    ///
    /// No more of the nearest are found than that, whatever their number is.
    pub fn window(mut self, documents: u32) -> Self {
        self.refuse_if(documents == 0, "the window is 0");
        self.window = Some(documents);
        self
    }

    /// The name by which rows have the score of both. Default `__score`
    pub fn score_as(mut self, name: &str) -> Self {
        self.score = Some(name.to_owned());
        self
    }

    /// Gives up after this long, in milliseconds, rounded up; 0 is never.
    pub fn timeout(mut self, time: Duration) -> Self {
        self.timeout = Some(time);
        self
    }

    /// Gives each row a property `score`: a pair of the score and an [`Explanation`](super::Explanation). Since Redis 8.10
    pub fn explain_score(mut self) -> Self {
        self.explain = true;
        self
    }

    /// Gives rows these fields of their documents, in place of `__key` and `__score`, which may be among them.
    #[allow(clippy::needless_pass_by_value, reason = "constants are given as they are")]
    pub fn load(self, fields: impl Properties) -> Self {
        self.then(|steps| steps.load(fields))
    }

    /// Gives rows all fields of their documents.
    pub fn load_all(self) -> Self {
        self.then(Aggregate::load_all)
    }

    /// Makes one row of all rows that are equal in these properties; see [`Aggregate::group_by`].
    #[allow(clippy::needless_pass_by_value, reason = "constants are given as they are")]
    pub fn group_by(self, by: impl Properties, reducers: impl IntoIterator<Item = Reduce>) -> Self {
        self.then(|steps| steps.group_by(by, reducers))
    }

    /// Gives each row what an expression makes of it, by this name; see [`Aggregate::apply`].
    pub fn apply(self, expression: impl Into<Expression>, name: &str) -> Self {
        self.then(|steps| steps.apply(expression, name))
    }

    /// Keeps the rows for which an expression is true; see [`Aggregate::filter`].
    pub fn filter(self, expression: impl Into<Expression>) -> Self {
        self.then(|steps| steps.filter(expression))
    }

    /// Sorts rows by a property, the least first, and no longer by the score.
    #[allow(clippy::needless_pass_by_value, reason = "constants are given as they are")]
    pub fn sort_by(self, property: impl FieldName) -> Self {
        self.then(|steps| steps.sort_by(property))
    }

    /// The same, the greatest first.
    #[allow(clippy::needless_pass_by_value, reason = "constants are given as they are")]
    pub fn sort_by_descending(self, property: impl FieldName) -> Self {
        self.then(|steps| steps.sort_by_descending(property))
    }

    /// Leaves out `first` rows, and keeps at most `most`. Default 0 and 10
    pub fn limit(self, first: u64, most: u64) -> Self {
        self.then(|steps| steps.limit(first, most))
    }

    fn then(mut self, step: impl FnOnce(Aggregate) -> Aggregate) -> Self {
        self.steps = step(self.steps);
        self
    }

    /// Why it cannot be sent, or the words behind the index.
    fn words(&self) -> Result<Vec<Arg<'static>>, &'static str> {
        let Vectors { field, vector, how, limits, among, policy, score } = &self.vectors;
        let query = Query::from(self.words.clone());
        // Raw text could be a number, which a server would take for the count of what follows.
        let among = (!among.is_all() || !policy.is_empty()).then(|| among.clone().enclosed());
        let filter = among.map(|among| Query::behind(&query, among));
        let names = [&self.scorer, &self.words_score, score, &self.score].into_iter().flatten();
        let odd = |name: &String| name.is_empty() || name.contains('\0');
        let is_odd = names.chain([&field.name().to_owned()]).any(odd);
        let fault = query.fault().or_else(|| filter.as_ref().and_then(Query::fault));
        let odd_name = is_odd.then_some("a name is empty or has a NUL, where servers would cut it");
        if let Some(fault) = fault.or(self.fault).or_else(|| self.steps.fault()).or(odd_name) {
            return Err(fault);
        }
        let mut words = Words(vec![Arg::Bytes(b"SEARCH")]);
        words.push(query.text());
        words.named("SCORER", self.scorer.as_ref());
        words.named("YIELD_SCORE_AS", self.words_score.as_ref());
        let values =
            query.values().len() + filter.as_ref().map_or(0, |filter| filter.values().len());
        for word in ["VSIM", &format!("@{}", field.name()), &format!("$p{values}")] {
            words.push(word);
        }
        words.pairs(how, limits);
        if let Some(filter) = &filter {
            words.push("FILTER");
            if !policy.is_empty() {
                words.push(&(1 + policy.len()).to_string());
            }
            words.push(filter.text());
            policy.iter().for_each(|word| words.push(word));
        }
        words.named("YIELD_SCORE_AS", score.as_ref());
        self.append_combine(&mut words);
        words.0.extend(steps(&self.steps));
        if let Some(time) = self.timeout {
            words.0.extend([Arg::Bytes(b"TIMEOUT"), time_limit(time)]);
        }
        if self.explain {
            words.push("EXPLAINSCORE");
        }
        let filtered = filter.iter().flat_map(|filter| filter.values());
        let all: Vec<&Vec<u8>> = query.values().iter().chain(filtered).chain([vector]).collect();
        words.push("PARAMS");
        words.push(&(2 * all.len()).to_string());
        for (number, value) in all.into_iter().enumerate() {
            words.push(&format!("p{number}"));
            words.0.push(Arg::Owned(value.clone()));
        }
        Ok(words.0)
    }

    fn append_combine(&self, words: &mut Words) {
        let (method, mut options) = match self.combine {
            Combine::Ranks(constant) => {
                let constant = constant.map(|constant| ("CONSTANT", constant.to_string()));
                ("RRF", constant.into_iter().collect::<Vec<_>>())
            }
            Combine::Scores(one, other) => {
                ("LINEAR", vec![("ALPHA", one.to_string()), ("BETA", other.to_string())])
            }
        };
        options.extend(self.window.map(|window| ("WINDOW", window.to_string())));
        options.extend(self.score.clone().map(|name| ("YIELD_SCORE_AS", name)));
        if !options.is_empty() {
            words.push("COMBINE");
            words.pairs(method, &options);
        }
    }
}

/// The words of steps, without those of the query for all documents around them: an index, `*`, and the dialect.
fn steps(steps: &Aggregate) -> Vec<Arg<'static>> {
    let mut args = ArgList::new();
    steps.append_to(&mut args, &"", &[]);
    let count = args.len().saturating_sub(4);
    args.into_iter().skip(2).take(count).map(Arg::into_owned).collect()
}

struct Words(Vec<Arg<'static>>);

impl Words {
    fn push(&mut self, word: &str) {
        self.0.push(Arg::Owned(word.as_bytes().to_vec()));
    }

    fn named(&mut self, name: &str, value: Option<&String>) {
        if let Some(value) = value {
            self.push(name);
            self.push(value);
        }
    }

    /// A word, how many follow, and these.
    fn pairs(&mut self, word: &str, pairs: &[(&'static str, String)]) {
        self.push(word);
        self.push(&(2 * pairs.len()).to_string());
        for (name, value) in pairs {
            self.push(name);
            self.push(value);
        }
    }
}

impl fmt::Debug for Hybrid {
    /// Shows the queries without values, and no steps.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { words, vectors, .. } = self;
        let mut shown = f.debug_struct("Hybrid");
        shown.field("words", words).field("field", &vectors.field).field("among", &vectors.among);
        shown.finish_non_exhaustive()
    }
}

/// Rows of a hybrid query
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct HybridPage<T> {
    /// How many documents both queries have found, of those that were looked at.
    pub total: u64,
    /// The rows, the best one first.
    pub rows: Vec<T>,
    /// How many rows have no content since their document expired, or was deleted, while the server worked.
    pub gone: u64,
    /// What the server warns of, such as a time-out, over both protocols.
    pub warnings: Vec<String>,
    /// How long the server took, in milliseconds.
    pub took: Option<f64>,
}

impl<T> HybridPage<T> {
    /// Whether the server says that it has not looked at everything.
    pub fn is_partial(&self) -> bool {
        !self.warnings.is_empty()
    }
}

impl<T: FromReply> FromReply for HybridPage<T> {
    /// Names and values, as a map or as a list.
    fn from_reply(reply: Reply<'_>) -> Result<Self, ReplyError> {
        let fields = Fields::new(reply)?;
        let results = fields.find("results").and_then(|results| results.items());
        let results = results.ok_or_else(|| mismatch("rows of a hybrid query", reply))?;
        let warnings: Option<Vec<String>> = fields.get("warnings", "without warnings")?;
        let (mut rows, mut gone) = (Vec::new(), 0);
        for row in results {
            // Of a document that is gone there is a null, in a list or not.
            let first = row.items().map(|mut parts| parts.next());
            if row.is_null() || first.flatten().is_some_and(|first| first.is_null()) {
                gone += 1;
            } else {
                rows.push(row.decode()?);
            }
        }
        let total = fields.get("total_results", "without its total")?;
        let took = fields.get("execution_time", "without a time")?;
        Ok(Self { total, rows, gone, warnings: warnings.unwrap_or_default(), took })
    }
}

impl<'a> SearchCommands<'a> {
    /// Finds documents by words and by vectors, as one list in which those are first that are good in both
    ///
    /// `T` is what a row becomes, as for [`aggregate`](Self::aggregate). Values are texts on the wire, whatever they are.
    ///
    /// ```no_run
    /// use redmux::resp::FromReply;
    /// use redmux::stack::search::{Hybrid, HybridPage, TextField, VectorField};
    ///
    /// #[derive(FromReply)]
    /// struct Book {
    ///     title: String,
    ///     __score: f64,
    /// }
    ///
    /// # async fn f(db: redmux::Database, asked_for: &str, vector: &[f32]) -> redmux::Result<()> {
    /// let (title, mood) = (TextField::new("title"), VectorField::new("mood"));
    /// let books = Hybrid::new(title.words(asked_for), mood.nearest(20, vector)).load((title, "__score"));
    /// let books: HybridPage<Book> = db.search().hybrid("books", books).await?;
    /// for book in books.rows {
    ///     println!("{}: {}", book.__score, book.title);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// Since Redis 8.4. No server with it was at hand for tests: they compare its words with those that RediSearch's own tests
    /// send, and read replies that were made by its source.
    ///
    /// See [FT.HYBRID](https://redis.io/docs/latest/commands/ft.hybrid/).
    ///
    /// # Errors
    /// [`ErrorKind::Command`](crate::ErrorKind::Command) for a part that no server could read; nothing is sent then.
    pub fn hybrid<T: FromReply, I: ToArg>(
        self,
        index: I,
        hybrid: Hybrid,
    ) -> Call<'a, HybridPage<T>, impl ToArgs + use<'a, T, I>> {
        let (words, fault) = match hybrid.words() {
            Ok(words) => (words, None),
            Err(fault) => (Vec::new(), Some(fault)),
        };
        self.call(named!("FT.HYBRID"), Join((index,), words)).unless(fault)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stack::search::{NumericField, TagField, TextField};

    const TITLE: TextField = TextField::new("title");
    const GENRE: TagField = TagField::new("genre");
    const MOOD: VectorField = VectorField::new("mood");

    fn sent(hybrid: &Hybrid) -> String {
        let words = hybrid.words().unwrap();
        let words = words.iter().map(|word| String::from_utf8_lossy(word.as_bytes()));
        words.collect::<Vec<_>>().join(" ")
    }

    fn nearest() -> Nearest {
        MOOD.nearest_bytes(5, *b"v")
    }

    #[test]
    fn words_are_those_that_servers_take() {
        let lamp = || TITLE.words("lamp");
        for (hybrid, expected) in [
            (
                Hybrid::new(lamp(), nearest()),
                "SEARCH @title:(lamp) VSIM @mood $p0 KNN 2 K 5 PARAMS 2 p0 v",
            ),
            (
                Hybrid::new(Filter::all(), nearest().ef_runtime(80).distance_as("near"))
                    .scorer("BM25STD")
                    .words_score_as("text")
                    .shard_ratio(0.5),
                "SEARCH * SCORER BM25STD YIELD_SCORE_AS text VSIM @mood $p0 \
                 KNN 6 K 5 EF_RUNTIME 80 SHARD_K_RATIO 0.5 YIELD_SCORE_AS near PARAMS 2 p0 v",
            ),
            (
                Hybrid::within(lamp(), MOOD, 0.25, b"v".as_slice()).epsilon(0.125),
                "SEARCH @title:(lamp) VSIM @mood $p0 RANGE 4 RADIUS 0.25 EPSILON 0.125 PARAMS 2 p0 v",
            ),
            (
                Hybrid::new(GENRE.any(["a", "b"]) & lamp(), nearest().among(GENRE.is("c"))),
                "SEARCH @genre:{$p0 | $p1} @title:(lamp) VSIM @mood $p3 KNN 2 K 5 FILTER @genre:{$p2} \
                 PARAMS 8 p0 a p1 b p2 c p3 v",
            ),
            (
                // A text that is a number would be the count of what follows.
                Hybrid::new(lamp(), nearest()).among(Filter::raw("5")).batches(50),
                "SEARCH @title:(lamp) VSIM @mood $p0 KNN 2 K 5 FILTER 5 (5) POLICY BATCHES BATCH_SIZE 50 \
                 PARAMS 2 p0 v",
            ),
            (
                Hybrid::new(lamp(), nearest()).ad_hoc().by_ranks(30.0).window(50).score_as("s"),
                "SEARCH @title:(lamp) VSIM @mood $p0 KNN 2 K 5 FILTER 3 * POLICY ADHOC \
                 COMBINE RRF 6 CONSTANT 30 WINDOW 50 YIELD_SCORE_AS s PARAMS 2 p0 v",
            ),
            (
                Hybrid::new(lamp(), nearest())
                    .by_scores(0.7, 0.3)
                    .timeout(Duration::from_nanos(1))
                    .explain_score(),
                "SEARCH @title:(lamp) VSIM @mood $p0 KNN 2 K 5 COMBINE LINEAR 4 ALPHA 0.7 BETA 0.3 \
                 TIMEOUT 1 EXPLAINSCORE PARAMS 2 p0 v",
            ),
            (
                Hybrid::new(lamp(), nearest())
                    .load((TITLE, "__key"))
                    .apply(Expression::new("@price * ?").bind(2), "double")
                    .group_by(GENRE, [Reduce::count().named("n")])
                    .filter("@n > 1")
                    .sort_by_descending("n")
                    .limit(1, 2),
                "SEARCH @title:(lamp) VSIM @mood $p0 KNN 2 K 5 LOAD 2 @title @__key APPLY @price * (2) AS double \
                 GROUPBY 1 @genre REDUCE COUNT 0 AS n FILTER @n > 1 SORTBY 2 @n DESC LIMIT 1 2 PARAMS 2 p0 v",
            ),
            (
                // Not a query: no mark has a backslash.
                Hybrid::new(lamp(), VectorField::named("a-b").nearest_bytes(1, *b"v")).load_all(),
                "SEARCH @title:(lamp) VSIM @a-b $p0 KNN 2 K 1 LOAD * PARAMS 2 p0 v",
            ),
        ] {
            assert_eq!(sent(&hybrid), expected);
        }
    }

    #[test]
    fn what_no_server_could_read_is_refused() {
        let new = || Hybrid::new(TITLE.words("lamp"), nearest());
        let within = |radius| Hybrid::within(Filter::all(), MOOD, radius, &[0.5_f32]);
        let none: [&str; 0] = [];
        for hybrid in [
            Hybrid::new(!Filter::all(), nearest()),
            Hybrid::new(TITLE.words(""), nearest()),
            Hybrid::new(Filter::all(), MOOD.nearest_bytes(0, *b"v")),
            Hybrid::new(Filter::all(), VectorField::new("").nearest_bytes(1, *b"v")),
            Hybrid::new(Filter::all(), nearest().distance_as("a\0")),
            new().among(GENRE.any(none)),
            new().epsilon(0.5),
            new().shard_ratio(0.0),
            new().shard_ratio(f64::NAN),
            new().batches(0),
            new().window(0),
            new().by_ranks(-1.0),
            new().by_ranks(f64::INFINITY),
            new().by_scores(f64::NAN, 1.0),
            new().score_as(""),
            new().words_score_as("a\0b"),
            new().vectors_score_as(""),
            new().scorer("\0"),
            new().load(none),
            new().filter(Expression::new("?")),
            within(-1.0),
            within(f64::NAN),
            within(1.0).epsilon(0.0),
            within(1.0).shard_ratio(0.5),
        ] {
            assert!(hybrid.words().is_err(), "{}", sent(&hybrid));
        }
        assert!(within(0.0).words().is_ok());
        assert!(new().sort_by(NumericField::new("n")).words().is_ok());
    }

    #[test]
    fn what_is_shown_has_no_values() {
        let hybrid = Hybrid::new(GENRE.is("secret"), nearest()).score_as("secret");
        assert!(!format!("{hybrid:?}").contains("secret"));
    }
}
