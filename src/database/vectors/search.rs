//! Searching by similarity.

use super::{blob, no_vector};
use crate::{
    Call,
    command::named,
    database::{
        Database, Join,
        checks::{Fault, Unless},
        options::{items, options},
    },
    resp::{Arg, ArgList, DecodeError, FromReply, Kind, Reply, ReplyError, ToArg, ToArgs},
};

impl Database {
    /// The members that are most similar, the most similar first; 10 by default
    ///
    /// See [VSIM](https://redis.io/docs/latest/commands/vsim/). Since Redis 8.0.
    pub fn vsim<T: FromReply>(
        &self,
        key: impl ToArg,
        query: VectorQuery,
        options: VsimOptions,
    ) -> Call<'_, Vec<T>, impl ToArgs> {
        let fault = query.fault();
        self.call(named!("VSIM"), Join((key,), Join(query, options))).unless(fault)
    }

    /// Like [`vsim`](Self::vsim), with how similar they are: 1 is the same direction, 0 the
    /// opposite
    ///
    /// See [VSIM](https://redis.io/docs/latest/commands/vsim/). Since Redis 8.0.
    pub fn vsim_with_scores<T: FromReply>(
        &self,
        key: impl ToArg,
        query: VectorQuery,
        options: VsimOptions,
    ) -> Call<'_, Vec<(T, f64)>, impl ToArgs> {
        let fault = query.fault();
        let query = Join(query, ("WITHSCORES",));
        self.call(named!("VSIM"), Join((key,), Join(query, options))).unless(fault)
    }

    /// Like [`vsim`](Self::vsim), with the similarity and the attributes of each
    ///
    /// See [VSIM](https://redis.io/docs/latest/commands/vsim/). Since Redis 8.2.
    pub fn vsim_with_attributes<T: FromReply>(
        &self,
        key: impl ToArg,
        query: VectorQuery,
        options: VsimOptions,
    ) -> Call<'_, Vec<VectorMatch<T>>, impl ToArgs> {
        let fault = query.fault();
        let query = Join(query, ("WITHSCORES", "WITHATTRIBS"));
        self.call(named!("VSIM"), Join((key,), Join(query, options))).unless(fault)
    }
}

/// The vector or member to search for
#[derive(Debug, Clone)]
#[must_use]
pub struct VectorQuery(Query);

#[derive(Debug, Clone)]
enum Query {
    Member(Arg<'static>),
    Vector(Arg<'static>),
}

impl VectorQuery {
    /// A member of the same set; the search finds it too.
    pub fn member(member: impl ToArg) -> Self {
        Self(Query::Member(member.to_arg().into_owned()))
    }

    /// A vector; an empty one is refused.
    pub fn vector(vector: &[f32]) -> Self {
        Self(Query::Vector(blob(vector)))
    }

    fn fault(&self) -> Fault {
        match &self.0 {
            Query::Vector(vector) => no_vector(vector.len()),
            Query::Member(_) => None,
        }
    }
}

impl ToArgs for VectorQuery {
    fn append_to<'a>(&'a self, args: &mut ArgList<'a>) {
        args.extend(match &self.0 {
            Query::Member(member) => [Arg::Bytes(b"ELE"), member.to_arg()],
            Query::Vector(vector) => [Arg::Bytes(b"FP32"), vector.to_arg()],
        });
    }
}

options! {
    /// How to search, and how far
    VsimOptions { count, epsilon, effort, filter, filter_effort, truth, nothread }
    /// Returns at most `count` members, 10 by default (`COUNT`).
    count: count(count: u64) => "COUNT", count;
    /// Returns only members at least as similar as 1 minus this (`EPSILON`). Since Redis 8.2.
    epsilon: epsilon(distance: f64) => "EPSILON", distance;
    /// Number of candidates to look at (`EF`).
    effort: effort(candidates: u32) => "EF", candidates;
    /// Returns only members whose attributes fit, as in `.year > 1950` (`FILTER`).
    filter: filter(expression: impl ToArg) => "FILTER", expression;
    /// Number of members to look at for some that fit the filter (`FILTER-EF`).
    filter_effort: filter_effort(candidates: u32) => "FILTER-EF", candidates;
    /// Looks at every member: exact and slow (`TRUTH`).
    truth: exact() => "TRUTH";
    /// Searches on the server's main thread (`NOTHREAD`).
    nothread: on_main_thread() => "NOTHREAD";
}

/// A member that a search found
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct VectorMatch<T> {
    /// The member.
    pub member: T,
    /// How similar it is: 1 is the same direction, 0 the opposite.
    pub score: f64,
    /// Its attributes, a JSON text.
    pub attributes: Option<String>,
}

impl<T: FromReply> FromReply for VectorMatch<T> {
    /// One match as three elements.
    fn from_reply(reply: Reply<'_>) -> Result<Self, ReplyError> {
        let (member, score, attributes) = reply.decode()?;
        Ok(Self { member, score, attributes })
    }

    /// A map from members to pairs, or in RESP2 three elements for each match.
    fn vec_from_reply(reply: Reply<'_>) -> Result<Vec<Self>, ReplyError> {
        let mut items = items("matches", reply)?;
        let mut matches = Vec::new();
        while let Some(member) = items.next() {
            let cut = || DecodeError::because("matches", reply.kind(), "that end too early");
            let next = items.next().ok_or_else(cut)?;
            let (score, attributes) = match reply.kind() {
                Kind::Map => next.decode()?,
                _ => (next.decode()?, items.next().ok_or_else(cut)?.decode()?),
            };
            matches.push(Self { member: member.decode()?, score, attributes });
        }
        Ok(matches)
    }
}
