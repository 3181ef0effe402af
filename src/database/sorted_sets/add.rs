//! Adding to sorted sets.

use crate::{
    Call,
    command::named,
    database::{Database, Join, options::options},
    resp::{ToArg, ToArgs},
};

impl Database {
    /// Adds members, given as pairs of score and member, or updates scores; returns how many are
    /// new
    ///
    /// See [ZADD](https://redis.io/docs/latest/commands/zadd/).
    pub fn zadd(&self, key: impl ToArg, scored: impl ToArgs) -> Call<'_, u64, impl ToArgs> {
        self.pairs(named!("ZADD"), (key,), scored, SCORED)
    }

    /// Adds members that are not there and leaves the others alone; returns how many are new
    ///
    /// See [ZADD](https://redis.io/docs/latest/commands/zadd/).
    pub fn zadd_if_missing(
        &self,
        key: impl ToArg,
        scored: impl ToArgs,
    ) -> Call<'_, u64, impl ToArgs> {
        self.pairs(named!("ZADD"), (key, "NX"), scored, SCORED)
    }

    /// Adds members, and raises scores but never lowers them; returns how many changed
    ///
    /// See [ZADD](https://redis.io/docs/latest/commands/zadd/). Since Redis 6.2.
    pub fn zadd_if_greater(
        &self,
        key: impl ToArg,
        scored: impl ToArgs,
    ) -> Call<'_, u64, impl ToArgs> {
        self.pairs(named!("ZADD"), (key, "GT", "CH"), scored, SCORED)
    }

    /// Adds members or updates their scores as the options say; returns how many are new
    ///
    /// With [`ZaddOptions::changed`], returns how many are new or changed. See
    /// [ZADD](https://redis.io/docs/latest/commands/zadd/).
    pub fn zadd_with(
        &self,
        key: impl ToArg,
        scored: impl ToArgs,
        options: ZaddOptions,
    ) -> Call<'_, u64, impl ToArgs> {
        self.pairs(named!("ZADD"), Join((key,), options), scored, SCORED)
    }

    /// Adds to the score of a member as the options say; returns the score, `None` if they forbid
    /// it
    ///
    /// See [ZADD](https://redis.io/docs/latest/commands/zadd/) with `INCR`.
    pub fn zadd_incr(
        &self,
        key: impl ToArg,
        by: f64,
        member: impl ToArg,
        options: ZaddOptions,
    ) -> Call<'_, Option<f64>, impl ToArgs> {
        self.call(named!("ZADD"), Join((key,), Join(options, ("INCR", by, member))))
    }
}

const SCORED: &str = "scores and members";

options! {
    /// The conditions for adding or updating members
    ZaddOptions { existence, comparison, changed }
    /// Only new members (`NX`).
    existence: if_missing() => "NX";
    /// Only members that are there already (`XX`).
    existence: if_exists() => "XX";
    /// Only raises scores; new members are added (`GT`). Since Redis 6.2.
    comparison: if_greater() => "GT";
    /// Only lowers scores; new members are added (`LT`). Since Redis 6.2.
    comparison: if_less() => "LT";
    /// Counts changed members as well as new ones (`CH`).
    changed: changed() => "CH";
}
