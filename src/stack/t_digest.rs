//! t-digests: quantiles and ranks of many numbers, in little memory
//!
//! ```no_run
//! # async fn f(db: redmux::Database) -> redmux::Result<()> {
//! db.t_digest().create("latency").await?;
//! db.t_digest().add("latency", [12.5, 30.0, 7.25]).await?;
//! let [median, p99] = db.t_digest().quantile("latency", [0.5, 0.99]).await?[..] else { return Ok(()) };
//! println!("{median} ms, and {p99} ms for 99 %");
//! # Ok(())
//! # }
//! ```
//!
//! Numbers are exact at both ends and estimates in the middle. What is asked of an empty digest is NaN. RedisBloom has
//! them since 2.4 (Redis Stack 7.2 and 7.4, Redis 8); Valkey has not.

use super::view::view;
use crate::{
    Call,
    command::named,
    database::{
        Counted, Join,
        checks::{Unless, empty},
        options::{options, record},
    },
    resp::{DecodeError, FromReply, Reply, ReplyError, ToArg, ToArgs},
};

view! {
    /// The commands for t-digests; returned by [`Database::t_digest`](crate::Database::t_digest)
    TDigestCommands;
    /// Commands for t-digests: see [`stack::t_digest`](crate::stack::t_digest).
    t_digest
}

impl<'a> TDigestCommands<'a> {
    /// Makes an empty digest with a compression of 100; it is an error if there is such a key
    ///
    /// See [TDIGEST.CREATE](https://redis.io/docs/latest/commands/tdigest.create/).
    pub fn create(self, key: impl ToArg) -> Call<'a, (), impl ToArgs> {
        self.call(named!("TDIGEST.CREATE"), (key,))
    }

    /// The same with another compression: more is more exact and takes more memory, about 10 kB for 100
    ///
    /// See [TDIGEST.CREATE](https://redis.io/docs/latest/commands/tdigest.create/).
    pub fn create_with(self, key: impl ToArg, compression: u32) -> Call<'a, (), impl ToArgs> {
        self.call(named!("TDIGEST.CREATE"), (key, "COMPRESSION", compression))
    }

    /// Removes all values from a digest
    ///
    /// See [TDIGEST.RESET](https://redis.io/docs/latest/commands/tdigest.reset/).
    pub fn reset(self, key: impl ToArg) -> Call<'a, (), impl ToArgs> {
        self.call(named!("TDIGEST.RESET"), (key,))
    }

    /// Adds finite values to a digest that exists
    ///
    /// See [TDIGEST.ADD](https://redis.io/docs/latest/commands/tdigest.add/).
    pub fn add(self, key: impl ToArg, values: impl ToArgs) -> Call<'a, (), impl ToArgs> {
        self.db.list(named!("TDIGEST.ADD"), (key,), values, "values")
    }

    /// Adds the values of other digests to one, which is made if there is none
    ///
    /// On a cluster all keys must be in one slot.
    ///
    /// See [TDIGEST.MERGE](https://redis.io/docs/latest/commands/tdigest.merge/).
    pub fn merge(self, destination: impl ToArg, sources: impl ToArgs) -> Call<'a, (), impl ToArgs> {
        self.merge_with(destination, sources, TDigestMergeOptions::new())
    }

    /// The same with options
    ///
    /// See [TDIGEST.MERGE](https://redis.io/docs/latest/commands/tdigest.merge/).
    pub fn merge_with(
        self,
        destination: impl ToArg,
        sources: impl ToArgs,
        options: TDigestMergeOptions,
    ) -> Call<'a, (), impl ToArgs> {
        let fault = empty(&sources, "sources");
        let args = Join((destination,), Counted::new(sources, options));
        self.call(named!("TDIGEST.MERGE"), args).unless(fault)
    }

    /// The smallest value; NaN of an empty digest
    ///
    /// See [TDIGEST.MIN](https://redis.io/docs/latest/commands/tdigest.min/).
    pub fn min(self, key: impl ToArg) -> Call<'a, f64, impl ToArgs> {
        self.call(named!("TDIGEST.MIN"), (key,))
    }

    /// The largest value; NaN of an empty digest
    ///
    /// See [TDIGEST.MAX](https://redis.io/docs/latest/commands/tdigest.max/).
    pub fn max(self, key: impl ToArg) -> Call<'a, f64, impl ToArgs> {
        self.call(named!("TDIGEST.MAX"), (key,))
    }

    /// For each fraction, from 0 to 1, the value that this fraction of all values is below; NaN of an empty digest
    ///
    /// See [TDIGEST.QUANTILE](https://redis.io/docs/latest/commands/tdigest.quantile/).
    pub fn quantile(
        self,
        key: impl ToArg,
        fractions: impl ToArgs,
    ) -> Call<'a, Vec<f64>, impl ToArgs> {
        self.db.list(named!("TDIGEST.QUANTILE"), (key,), fractions, "fractions")
    }

    /// For each value, the fraction of all values that are below it, plus half of those that are equal; NaN of an empty
    /// digest
    ///
    /// See [TDIGEST.CDF](https://redis.io/docs/latest/commands/tdigest.cdf/).
    pub fn cdf(self, key: impl ToArg, values: impl ToArgs) -> Call<'a, Vec<f64>, impl ToArgs> {
        self.db.list(named!("TDIGEST.CDF"), (key,), values, "values")
    }

    /// For each value, how many values are below it, plus half of those that are equal
    ///
    /// See [TDIGEST.RANK](https://redis.io/docs/latest/commands/tdigest.rank/).
    pub fn rank(
        self,
        key: impl ToArg,
        values: impl ToArgs,
    ) -> Call<'a, Vec<TDigestRank>, impl ToArgs> {
        self.db.list(named!("TDIGEST.RANK"), (key,), values, "values")
    }

    /// For each value, how many values are above it, plus half of those that are equal
    ///
    /// See [TDIGEST.REVRANK](https://redis.io/docs/latest/commands/tdigest.revrank/).
    pub fn rev_rank(
        self,
        key: impl ToArg,
        values: impl ToArgs,
    ) -> Call<'a, Vec<TDigestRank>, impl ToArgs> {
        self.db.list(named!("TDIGEST.REVRANK"), (key,), values, "values")
    }

    /// The values at ranks, where 0 is the smallest; infinity behind the largest, NaN of an empty digest
    ///
    /// See [TDIGEST.BYRANK](https://redis.io/docs/latest/commands/tdigest.byrank/).
    pub fn by_rank(self, key: impl ToArg, ranks: impl ToArgs) -> Call<'a, Vec<f64>, impl ToArgs> {
        self.db.list(named!("TDIGEST.BYRANK"), (key,), ranks, "ranks")
    }

    /// The values at ranks, where 0 is the largest; negative infinity behind the smallest, NaN of an empty digest
    ///
    /// See [TDIGEST.BYREVRANK](https://redis.io/docs/latest/commands/tdigest.byrevrank/).
    pub fn by_rev_rank(
        self,
        key: impl ToArg,
        ranks: impl ToArgs,
    ) -> Call<'a, Vec<f64>, impl ToArgs> {
        self.db.list(named!("TDIGEST.BYREVRANK"), (key,), ranks, "ranks")
    }

    /// The mean of the values between two fractions, from 0 to 1; NaN of an empty digest
    ///
    /// See [TDIGEST.TRIMMED_MEAN](https://redis.io/docs/latest/commands/tdigest.trimmed_mean/).
    pub fn trimmed_mean(self, key: impl ToArg, low: f64, high: f64) -> Call<'a, f64, impl ToArgs> {
        self.call(named!("TDIGEST.TRIMMED_MEAN"), (key, low, high))
    }

    /// What the digest is made of
    ///
    /// See [TDIGEST.INFO](https://redis.io/docs/latest/commands/tdigest.info/).
    pub fn info(self, key: impl ToArg) -> Call<'a, TDigestInfo, impl ToArgs> {
        self.call(named!("TDIGEST.INFO"), (key,))
    }
}

options! {
    /// How digests are merged
    TDigestMergeOptions { compression, replace }
    /// The compression of the destination; by default the greatest of the digests that are merged (`COMPRESSION`).
    compression: compression(compression: u32) => "COMPRESSION", compression;
    /// Removes what is in the destination before (`OVERRIDE`).
    replace: replace() => "OVERRIDE";
}

/// Where a value is among those of a digest
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TDigestRank {
    /// The digest is empty.
    Empty,
    /// Beyond all: smaller than the smallest for [`rank`](TDigestCommands::rank), larger than the largest for
    /// [`rev_rank`](TDigestCommands::rev_rank).
    Outside,
    /// Behind this many.
    At(u64),
}

impl TDigestRank {
    /// The number, if it is one.
    pub fn at(self) -> Option<u64> {
        match self {
            Self::At(rank) => Some(rank),
            Self::Empty | Self::Outside => None,
        }
    }
}

impl FromReply for TDigestRank {
    fn from_reply(reply: Reply<'_>) -> Result<Self, ReplyError> {
        match reply.decode::<i64>()? {
            -2 => Ok(Self::Empty),
            -1 => Ok(Self::Outside),
            rank => match u64::try_from(rank) {
                Ok(rank) => Ok(Self::At(rank)),
                Err(_) => Err(DecodeError::because("a rank", reply.kind(), "below -2").into()),
            },
        }
    }
}

record! {
    /// What a t-digest is made of
    TDigestInfo {
        /// How exact it is: more is more exact.
        "Compression" => compression: u64,
        /// How many nodes it has room for.
        "Capacity" => capacity: u64,
        /// How many nodes are merged.
        "Merged nodes" => merged_nodes: u64,
        /// How many nodes wait to be merged.
        "Unmerged nodes" => unmerged_nodes: u64,
        /// How many values are in merged nodes.
        "Merged weight" => merged_weight: u64,
        /// How many values wait to be merged.
        "Unmerged weight" => unmerged_weight: u64,
        /// How many values were added.
        "Observations" => observations: u64,
        /// How often nodes were merged.
        "Total compressions" => compressions: u64,
        /// The memory it takes, in bytes.
        "Memory usage" => memory: u64,
    }
}
