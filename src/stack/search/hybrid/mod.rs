//! Hybrid queries: what words find and what vectors find, put into one order.

mod page;
mod words;

pub use page::HybridPage;
use words::Words;

use std::{fmt, time::Duration};

use super::{
    Aggregate, Expression, FieldName, Filter, Nearest, Profiled, Properties, Query, Reduce,
    SearchCommands, VectorField,
    filter::{Component, append_params, bytes_of},
    words::time_limit,
};
use crate::{
    Call,
    command::named,
    database::{Join, checks::Unless},
    resp::{Arg, FromReply, ToArg, ToArgs},
};

/// A query for words, another for vectors, and how what they find becomes one list
///
/// ```
/// use redmux::stack::search::{Hybrid, TagField, TextField, VectorField};
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
        words.0.extend_from_slice(self.steps.steps());
        if let Some(time) = self.timeout {
            words.0.extend([Arg::Bytes(b"TIMEOUT"), time_limit(time)]);
        }
        if self.explain {
            words.push("EXPLAINSCORE");
        }
        let filtered = filter.iter().flat_map(|filter| filter.values());
        let all: Vec<&Vec<u8>> = query.values().iter().chain(filtered).chain([vector]).collect();
        append_params(&mut words.0, all.into_iter().map(|value| Arg::Owned(value.clone())));
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

impl fmt::Debug for Hybrid {
    /// Shows the queries without values, and no steps.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { words, vectors, .. } = self;
        let mut shown = f.debug_struct("Hybrid");
        shown.field("words", words).field("field", &vectors.field).field("among", &vectors.among);
        shown.finish_non_exhaustive()
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

    /// Finds as [`hybrid`](Self::hybrid) does, and tells what the server did for it and how long that took
    ///
    /// Each shard has a profile for each of the two queries: [`ShardProfile::queries`](super::ShardProfile::queries).
    ///
    /// Since Redis 8.8. No server with it was at hand for tests: they read replies that were made by its source. See
    /// [FT.PROFILE](https://redis.io/docs/latest/commands/ft.profile/).
    ///
    /// # Errors
    /// As for a hybrid query.
    pub fn profile_hybrid<T: FromReply, I: ToArg>(
        self,
        index: I,
        hybrid: Hybrid,
    ) -> Call<'a, Profiled<HybridPage<T>>, impl ToArgs + use<'a, T, I>> {
        let (words, fault) = match hybrid.words() {
            Ok(words) => (words, None),
            Err(fault) => (Vec::new(), Some(fault)),
        };
        let before = (index, "HYBRID", "QUERY");
        self.call(named!("FT.PROFILE"), Join(before, words)).unless(fault)
    }
}

#[cfg(test)]
mod tests;
