//! Unions, intersections and differences of sorted sets.

use crate::{
    Call,
    database::{
        Counted, Database, Join,
        checks::{Unless, empty},
        options::{Words, options, words},
    },
    resp::{FromReply, ToArg, ToArgs},
};

impl Database {
    /// Members that are in any of the sorted sets, lowest score first
    ///
    /// See [ZUNION](https://redis.io/docs/latest/commands/zunion/). Since Redis 6.2.
    pub fn zunion<T: FromReply>(
        &self,
        keys: impl ToArgs,
        options: ZcombineOptions,
    ) -> Call<'_, Vec<T>, impl ToArgs> {
        self.counted("ZUNION", (), keys, options)
    }

    /// Like [`zunion`](Self::zunion), with the scores
    ///
    /// See [ZUNION](https://redis.io/docs/latest/commands/zunion/). Since Redis 6.2.
    pub fn zunion_with_scores<T: FromReply>(
        &self,
        keys: impl ToArgs,
        options: ZcombineOptions,
    ) -> Call<'_, Vec<(T, f64)>, impl ToArgs> {
        self.counted("ZUNION", (), keys, Join(options, ("WITHSCORES",)))
    }

    /// Stores what [`zunion`](Self::zunion) returns; returns the number of members
    ///
    /// See [ZUNIONSTORE](https://redis.io/docs/latest/commands/zunionstore/).
    pub fn zunionstore(
        &self,
        to: impl ToArg,
        keys: impl ToArgs,
        options: ZcombineOptions,
    ) -> Call<'_, u64, impl ToArgs> {
        self.counted("ZUNIONSTORE", (to,), keys, options)
    }

    /// Members that are in all of the sorted sets, lowest score first
    ///
    /// See [ZINTER](https://redis.io/docs/latest/commands/zinter/). Since Redis 6.2.
    pub fn zinter<T: FromReply>(
        &self,
        keys: impl ToArgs,
        options: ZcombineOptions,
    ) -> Call<'_, Vec<T>, impl ToArgs> {
        self.counted("ZINTER", (), keys, options)
    }

    /// Like [`zinter`](Self::zinter), with the scores
    ///
    /// See [ZINTER](https://redis.io/docs/latest/commands/zinter/). Since Redis 6.2.
    pub fn zinter_with_scores<T: FromReply>(
        &self,
        keys: impl ToArgs,
        options: ZcombineOptions,
    ) -> Call<'_, Vec<(T, f64)>, impl ToArgs> {
        self.counted("ZINTER", (), keys, Join(options, ("WITHSCORES",)))
    }

    /// Stores what [`zinter`](Self::zinter) returns; returns the number of members
    ///
    /// See [ZINTERSTORE](https://redis.io/docs/latest/commands/zinterstore/).
    pub fn zinterstore(
        &self,
        to: impl ToArg,
        keys: impl ToArgs,
        options: ZcombineOptions,
    ) -> Call<'_, u64, impl ToArgs> {
        self.counted("ZINTERSTORE", (to,), keys, options)
    }

    /// Members of the first sorted set that are in no other, lowest score first
    ///
    /// See [ZDIFF](https://redis.io/docs/latest/commands/zdiff/). Since Redis 6.2.
    pub fn zdiff<T: FromReply>(&self, keys: impl ToArgs) -> Call<'_, Vec<T>, impl ToArgs> {
        self.counted("ZDIFF", (), keys, ())
    }

    /// Like [`zdiff`](Self::zdiff), with the scores
    ///
    /// See [ZDIFF](https://redis.io/docs/latest/commands/zdiff/). Since Redis 6.2.
    pub fn zdiff_with_scores<T: FromReply>(
        &self,
        keys: impl ToArgs,
    ) -> Call<'_, Vec<(T, f64)>, impl ToArgs> {
        self.counted("ZDIFF", (), keys, ("WITHSCORES",))
    }

    /// Stores what [`zdiff`](Self::zdiff) returns; returns the number of members
    ///
    /// See [ZDIFFSTORE](https://redis.io/docs/latest/commands/zdiffstore/). Since Redis 6.2.
    pub fn zdiffstore(&self, to: impl ToArg, keys: impl ToArgs) -> Call<'_, u64, impl ToArgs> {
        self.counted("ZDIFFSTORE", (to,), keys, ())
    }

    /// Number of members that are in all sorted sets; stops counting at `limit`, unless that is 0
    ///
    /// See [ZINTERCARD](https://redis.io/docs/latest/commands/zintercard/). Since Redis 7.0.
    pub fn zintercard(&self, keys: impl ToArgs, limit: u64) -> Call<'_, u64, impl ToArgs> {
        self.counted("ZINTERCARD", (), keys, ("LIMIT", limit))
    }

    /// A command with the number of keys before them.
    fn counted<T, A: ToArgs, K: ToArgs, B: ToArgs>(
        &self,
        name: &'static str,
        before: A,
        keys: K,
        after: B,
    ) -> Call<'_, T, impl ToArgs + use<T, A, K, B>> {
        let fault = empty(&keys, "keys");
        self.call(name, Join(before, Counted::new(keys, after))).unless(fault)
    }
}

options! {
    /// How to combine the scores of a member that is in several sorted sets; by default their sum
    ///
    /// Plain sets may be among them: their members have score 1.
    ZcombineOptions { weights, aggregate }
    /// How they are combined (`AGGREGATE`).
    aggregate: aggregate(aggregate: Aggregate) => "AGGREGATE", aggregate;
}

impl ZcombineOptions {
    /// Multiplies the scores of each set by its weight first: one number for each key (`WEIGHTS`).
    pub fn weights(mut self, weights: impl ToArgs) -> Self {
        self.weights = Words::list("WEIGHTS", false, &weights);
        self
    }
}

words! {
    /// How scores are combined
    Aggregate {
        /// Their sum.
        Sum => "SUM",
        /// The lowest.
        Min => "MIN",
        /// The highest.
        Max => "MAX",
        /// In how many of the sets the member is; weights count too. Since Redis 8.8.
        Count => "COUNT",
    }
}
