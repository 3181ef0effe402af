//! What a server did for a query, and how long that took.

use std::marker::PhantomData;

use super::{
    Aggregate, AggregatePage, Query, SearchCommands, SearchOptions, SearchPage, SearchRow,
    words::{append_query, append_words},
};
use crate::{
    Call,
    command::named,
    database::{
        checks::Unless,
        options::{Fields, mismatch},
    },
    resp::{Arg, ArgList, FromReply, Kind, Reply, ReplyError, ToArg, ToArgs, Value},
};

impl<'a> SearchCommands<'a> {
    /// Searches as [`search`](Self::search) does, and tells what the server did for it and how long that took
    ///
    /// ```no_run
    /// use redmux::stack::search::{Id, Profiled, SearchOptions, SearchPage, TagField};
    ///
    /// # async fn f(db: redmux::Database) -> redmux::Result<()> {
    /// let filter = TagField::new("genre").is("novel");
    /// let found: Profiled<SearchPage<Id>> =
    ///     db.search().profile("books", filter, SearchOptions::new()).await?;
    /// for shard in &found.profile.shards {
    ///     println!("{:?} ms: {:?}", shard.total_time(), shard.iterators);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// See [FT.PROFILE](https://redis.io/docs/latest/commands/ft.profile/). Not with valkey-search.
    ///
    /// # Errors
    /// As for a search; and for a query with a line end, which Redis Stack 7.2 would write into its reply as it is.
    pub fn profile<R: SearchRow, I: ToArg, Q: Into<Query>>(
        self,
        index: I,
        query: Q,
        options: SearchOptions,
    ) -> Call<'a, Profiled<SearchPage<R>>, impl ToArgs + use<'a, R, I, Q>> {
        self.profile_words(index, query.into(), options, false)
    }

    /// The same without the parts of a query that finds many words, such as all that begin alike
    ///
    /// See [FT.PROFILE](https://redis.io/docs/latest/commands/ft.profile/). Not with valkey-search.
    ///
    /// # Errors
    /// As for [`profile`](Self::profile).
    pub fn profile_limited<R: SearchRow, I: ToArg, Q: Into<Query>>(
        self,
        index: I,
        query: Q,
        options: SearchOptions,
    ) -> Call<'a, Profiled<SearchPage<R>>, impl ToArgs + use<'a, R, I, Q>> {
        self.profile_words(index, query.into(), options, true)
    }

    /// Aggregates as [`aggregate`](Self::aggregate) does, and tells what the server did for it and how long that took
    ///
    /// See [FT.PROFILE](https://redis.io/docs/latest/commands/ft.profile/). Not with valkey-search.
    ///
    /// # Errors
    /// As for an aggregation; and for a query with a line end, which Redis Stack 7.2 would write into its reply as it is.
    pub fn profile_aggregate<T: FromReply, I: ToArg>(
        self,
        index: I,
        aggregate: Aggregate,
    ) -> Call<'a, Profiled<AggregatePage<T>>, impl ToArgs + use<'a, T, I>> {
        let fault = aggregate.query().fault_of_profile().or_else(|| aggregate.fault());
        self.call(named!("FT.PROFILE"), ProfiledAggregate { index, aggregate }).unless(fault)
    }

    fn profile_words<R: SearchRow, I: ToArg>(
        self,
        index: I,
        query: Query,
        options: SearchOptions,
        limited: bool,
    ) -> Call<'a, Profiled<SearchPage<R>>, ProfiledSearch<I, R>> {
        let fault = query.fault_of_profile().or_else(|| options.fault::<R>());
        let words = ProfiledSearch { index, limited, query, options, rows: PhantomData };
        self.call(named!("FT.PROFILE"), words).unless(fault)
    }
}

/// The words of a search that is profiled
struct ProfiledSearch<I, R> {
    index: I,
    limited: bool,
    query: Query,
    options: SearchOptions,
    rows: PhantomData<fn() -> R>,
}

impl<I: ToArg, R: SearchRow> ToArgs for ProfiledSearch<I, R> {
    fn append_to<'a>(&'a self, args: &mut ArgList<'a>) {
        args.extend([self.index.to_arg(), Arg::Bytes(b"SEARCH")]);
        args.extend(self.limited.then_some(Arg::Bytes(b"LIMITED")));
        args.push(Arg::Bytes(b"QUERY"));
        append_query(args, &self.query, |args| {
            append_words::<R>(args);
            self.options.append_to(args);
        });
    }
}

/// The words of an aggregation that is profiled
struct ProfiledAggregate<I> {
    index: I,
    aggregate: Aggregate,
}

impl<I: ToArg> ToArgs for ProfiledAggregate<I> {
    fn append_to<'a>(&'a self, args: &mut ArgList<'a>) {
        args.extend([self.index.to_arg(), Arg::Bytes(b"AGGREGATE"), Arg::Bytes(b"QUERY")]);
        self.aggregate.append_to(args, &[]);
    }
}

/// What a query returned, and how the server found it
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Profiled<T> {
    /// What it returned.
    pub results: T,
    /// What the server did.
    pub profile: Profile,
}

/// What a server did for a query
///
/// All of it is for looking at: names and numbers differ from version to version. What has no place here is in `extra`.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct Profile {
    /// What each part of a cluster did; one on a single server.
    pub shards: Vec<ShardProfile>,
    /// What the server that was asked did with the answers of the others. Since Redis 8
    pub coordinator: Vec<(String, Value)>,
}

/// What one part of a cluster did for a query
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct ShardProfile {
    /// How long what took, in milliseconds, such as `Total profile time`; servers up to 7.4 may say 0 where it was less than a
    /// millisecond.
    pub times: Vec<(String, f64)>,
    /// What the server warns of.
    pub warnings: Vec<String>,
    /// How documents were found: the outermost part of the query, which has the others inside.
    pub iterators: Option<ProfileStep>,
    /// What was done with each of them, in this order.
    pub processors: Vec<ProfileStep>,
    /// What each of the two queries of a hybrid one did, by its word: `SEARCH` and `VSIM`.
    pub queries: Vec<(String, Self)>,
    /// What else the server says, by name.
    pub extra: Vec<(String, Value)>,
}

impl ShardProfile {
    /// How long this took, in milliseconds.
    pub fn time(&self, name: &str) -> Option<f64> {
        self.times.iter().find(|(key, _)| key == name).map(|(_, time)| *time)
    }

    /// How long all of it took, in milliseconds.
    pub fn total_time(&self) -> Option<f64> {
        self.time("Total profile time")
    }
}

/// A part of a query, or of what is done with results
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct ProfileStep {
    /// What it is, such as `INTERSECT`, `TEXT` or `Sorter`.
    pub kind: String,
    /// What was looked for, such as a word.
    pub term: Option<String>,
    /// How long it took, in milliseconds.
    pub time: Option<f64>,
    /// How many documents it read, or results it handled.
    pub count: Option<u64>,
    /// How many documents there were to read.
    pub size: Option<u64>,
    /// The parts that it is made of.
    pub children: Vec<Self>,
    /// What else the server says, by name.
    pub extra: Vec<(String, Value)>,
}

impl<T: FromReply> FromReply for Profiled<T> {
    /// A pair over RESP2; over RESP3 a map, which up to 7.4 has the profile among the results.
    fn from_reply(reply: Reply<'_>) -> Result<Self, ReplyError> {
        let odd = || mismatch("results and their profile", reply);
        if reply.kind() != Kind::Map {
            let mut parts = reply.items().ok_or_else(odd)?;
            let (results, profile) = (parts.next().ok_or_else(odd)?, parts.next());
            let profile = profile.map(Profile::of).unwrap_or_default();
            return Ok(Self { results: results.decode()?, profile });
        }
        let fields = Fields::new(reply)?;
        let profile = fields.find("Profile").or_else(|| fields.find("profile"));
        let results = fields.find("Results").unwrap_or(reply);
        let profile = profile.map(Profile::of).unwrap_or_default();
        Ok(Self { results: results.decode()?, profile })
    }
}

fn text(value: Reply<'_>) -> Option<String> {
    value.as_str().map(|text| text.into_owned())
}

fn tree(value: Reply<'_>) -> Value {
    value.decode().unwrap_or(Value::Null)
}

/// Whether it begins with a list: then it is a list of lists, and no names and values.
fn is_nested(value: Reply<'_>) -> bool {
    value.kind() != Kind::Map
        && value.items().and_then(|mut items| items.next()).is_some_and(is_list)
}

fn is_list(value: Reply<'_>) -> bool {
    value.items().is_some()
}

/// Names and their values: of a map, of a flat list, or of a list for each name, whose other elements are the values.
fn entries(value: Reply<'_>) -> Vec<(String, Vec<Reply<'_>>)> {
    let mut found: Vec<(String, Vec<Reply<'_>>)> = Vec::new();
    if is_nested(value) {
        for entry in value.items().into_iter().flatten() {
            let mut parts = entry.items().into_iter().flatten();
            if let Some(name) = parts.next().and_then(text) {
                found.push((name, parts.collect()));
            }
        }
        return found;
    }
    let mut parts = value.items().into_iter().flatten();
    while let Some(part) = parts.next() {
        match (text(part).filter(|_| !is_list(part)), found.last_mut()) {
            // Over RESP2 there may be several lists behind one name.
            (None, Some((_, values))) => values.push(part),
            (None, None) => {}
            (Some(name), _) => found.push((name, parts.next().into_iter().collect())),
        }
    }
    found
}

impl Profile {
    fn of(value: Reply<'_>) -> Self {
        let parts = Fields::new(value).ok().filter(|_| !is_nested(value));
        let Some(shards) = parts.as_ref().and_then(|parts| parts.find("Shards")) else {
            return Self { shards: vec![ShardProfile::of(value)], coordinator: Vec::new() };
        };
        let coordinator = parts.and_then(|parts| parts.find("Coordinator")).map(entries);
        let shards = shards.items().into_iter().flatten().map(ShardProfile::of);
        Self {
            shards: shards.collect(),
            coordinator: coordinator.unwrap_or_default().into_iter().map(extra).collect(),
        }
    }
}

/// A name with all that is behind it.
fn extra((name, values): (String, Vec<Reply<'_>>)) -> (String, Value) {
    match values.as_slice() {
        [value] => (name, tree(*value)),
        _ => (name, Value::Array(values.into_iter().map(tree).collect())),
    }
}

impl ShardProfile {
    fn of(value: Reply<'_>) -> Self {
        let mut shard = Self::default();
        for (name, values) in entries(value) {
            let first = values.first().copied();
            match &*name {
                "Warning" | "Warnings" => shard.warnings.extend(warnings(&values)),
                "Iterators profile" => {
                    // In a list of its own over RESP3, up to 7.4.
                    let steps = values.iter().copied().flat_map(steps);
                    shard.iterators = steps.into_iter().next();
                }
                "Result processors profile" => {
                    shard.processors = values.iter().copied().flat_map(steps).collect();
                }
                "SEARCH" | "VSIM" => {
                    shard.queries.extend(first.map(|query| (name, Self::of(query))));
                }
                _ if name.ends_with(" time") && first.and_then(|time| time.as_f64()).is_some() => {
                    shard
                        .times
                        .extend(first.and_then(|time| time.as_f64()).map(|time| (name, time)));
                }
                _ => shard.extra.push(extra((name, values))),
            }
        }
        shard
    }
}

/// Texts, in lists or not; one says that there is none.
fn warnings<'a>(values: &[Reply<'a>]) -> impl Iterator<Item = String> + use<'a> {
    let texts = values.iter().flat_map(|value| match value.items() {
        Some(inner) => inner.filter_map(text).collect::<Vec<_>>(),
        None => text(*value).into_iter().collect(),
    });
    let texts: Vec<String> = texts.filter(|text| text != "None").collect();
    texts.into_iter()
}

/// One step, or a list of some.
fn steps(value: Reply<'_>) -> Vec<ProfileStep> {
    match is_nested(value) {
        true => value.items().into_iter().flatten().map(ProfileStep::of).collect(),
        false => vec![ProfileStep::of(value)],
    }
}

impl ProfileStep {
    fn of(value: Reply<'_>) -> Self {
        let mut step = Self::default();
        for (name, values) in entries(value) {
            let first = values.first().copied();
            let number = || first.and_then(|value| value.decode::<u64>().ok());
            match &*name {
                "Type" => step.kind = first.and_then(text).unwrap_or_default(),
                "Term" => step.term = first.and_then(text),
                "Time" => step.time = first.and_then(|time| time.as_f64()),
                "Size" | "Estimated number of matches" => step.size = number(),
                "Counter" | "Results processed" | "Number of reading operations" => {
                    step.count = number();
                }
                "Child iterator" | "Child iterators" if values.iter().copied().all(is_list) => {
                    step.children = values.iter().copied().flat_map(steps).collect();
                }
                _ => step.extra.push(extra((name, values))),
            }
        }
        step
    }
}
