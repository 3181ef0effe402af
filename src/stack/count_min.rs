//! Count-min sketches: how often items occur, never too few and rarely too many
//!
//! ```no_run
//! # async fn f(db: redmux::Database) -> redmux::Result<()> {
//! // An estimate is too high by more than 0.1 % of all occurrences with a probability of 1 %.
//! db.count_min().init_by_prob("words", 0.001, 0.01).await?;
//! db.count_min().incr_by("words", [("the", 3), ("lamp", 1)]).await?;
//! let counts: Vec<u64> = db.count_min().query("words", ["the", "lamp"]).await?;
//! # Ok(())
//! # }
//! ```
//!
//! RedisBloom has them (Redis Stack 7.2 and 7.4, Redis 8); Valkey has not. Counters are 32 bits wide.

use super::view::view;
use crate::{
    Call,
    command::named,
    database::{
        Counted, Join,
        checks::{Unless, empty},
        options::record,
    },
    resp::{Arg, ArgList, ServerError, ToArg, ToArgs},
};

view! {
    /// The commands for count-min sketches; returned by [`Database::count_min`](crate::Database::count_min)
    CountMinCommands;
    /// Commands for count-min sketches: see [`stack::count_min`](crate::stack::count_min).
    count_min
}

impl<'a> CountMinCommands<'a> {
    /// Makes an empty sketch of `depth` rows of `width` counters; it is an error if there is such a key
    ///
    /// See [CMS.INITBYDIM](https://redis.io/docs/latest/commands/cms.initbydim/).
    pub fn init_by_dim(self, key: impl ToArg, width: u64, depth: u64) -> Call<'a, (), impl ToArgs> {
        self.call(named!("CMS.INITBYDIM"), (key, width, depth))
    }

    /// Makes an empty sketch whose estimates are too high by more than this share of all occurrences with this
    /// probability, both between 0 and 1; it is an error if there is such a key
    ///
    /// See [CMS.INITBYPROB](https://redis.io/docs/latest/commands/cms.initbyprob/).
    pub fn init_by_prob(
        self,
        key: impl ToArg,
        error: f64,
        probability: f64,
    ) -> Call<'a, (), impl ToArgs> {
        self.call(named!("CMS.INITBYPROB"), (key, error, probability))
    }

    /// Adds to the counts of items, given as pairs, and returns the estimates afterwards
    ///
    /// A counter that is at its end answers an error in the place of its item, and stays there; the other items are
    /// counted.
    ///
    /// See [CMS.INCRBY](https://redis.io/docs/latest/commands/cms.incrby/).
    pub fn incr_by(
        self,
        key: impl ToArg,
        increments: impl ToArgs,
    ) -> Call<'a, Vec<Result<u64, ServerError>>, impl ToArgs> {
        self.db.pairs(named!("CMS.INCRBY"), (key,), increments, "items and increments")
    }

    /// The estimates of items, in their order; 0 of what was never counted
    ///
    /// See [CMS.QUERY](https://redis.io/docs/latest/commands/cms.query/).
    pub fn query(self, key: impl ToArg, items: impl ToArgs) -> Call<'a, Vec<u64>, impl ToArgs> {
        self.db.list(named!("CMS.QUERY"), (key,), items, "items")
    }

    /// Sets a sketch to the sum of others, which may include itself
    ///
    /// All must exist and be of the same width and depth. What was in the destination is overwritten. On a cluster all keys
    /// must be in one slot.
    ///
    /// See [CMS.MERGE](https://redis.io/docs/latest/commands/cms.merge/).
    pub fn merge(self, destination: impl ToArg, sources: impl ToArgs) -> Call<'a, (), impl ToArgs> {
        let fault = empty(&sources, "sources");
        let args = Join((destination,), Counted::new(sources, ()));
        self.call(named!("CMS.MERGE"), args).unless(fault)
    }

    /// The same, with each source multiplied by a weight
    ///
    /// See [CMS.MERGE](https://redis.io/docs/latest/commands/cms.merge/).
    pub fn merge_weighted<D: ToArg, K: ToArg>(
        self,
        destination: D,
        sources: impl IntoIterator<Item = (K, i64)>,
    ) -> Call<'a, (), impl ToArgs> {
        let sources = Weighted(sources.into_iter().collect());
        let fault = sources.0.is_empty().then(|| "the list of sources is empty".to_owned());
        self.call(named!("CMS.MERGE"), Join((destination,), sources)).unless(fault)
    }

    /// What the sketch is made of
    ///
    /// See [CMS.INFO](https://redis.io/docs/latest/commands/cms.info/).
    pub fn info(self, key: impl ToArg) -> Call<'a, CountMinInfo, impl ToArgs> {
        self.call(named!("CMS.INFO"), (key,))
    }
}

record! {
    /// What a count-min sketch is made of
    CountMinInfo {
        /// How many counters a row has.
        "width" => width: u64,
        /// How many rows there are.
        "depth" => depth: u64,
        /// The sum of all increments.
        "count" => count: u64,
    }
}

/// Sources and their weights
struct Weighted<K>(Vec<(K, i64)>);

impl<K: ToArg> ToArgs for Weighted<K> {
    fn append_to<'a>(&'a self, args: &mut ArgList<'a>) {
        args.push((self.0.len() as u64).to_arg().into_owned());
        args.extend(self.0.iter().map(|(key, _)| key.to_arg()));
        args.push(Arg::Bytes(b"WEIGHTS"));
        args.extend(self.0.iter().map(|(_, weight)| weight.to_arg()));
    }
}
