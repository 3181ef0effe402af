//! Sorted sets: members ordered by their scores.
//!
//! ```no_run
//! # async fn f(db: redmux::Database) -> redmux::Result<()> {
//! db.zadd("scores", [(31.5, "ada"), (28.0, "bob")]).await?;
//! let best: Vec<(String, f64)> = db.zrevrange_with_scores("scores", 0, 9).await?;
//! let rank: Option<i64> = db.zrevrank("scores", "ada").await?;
//! # Ok(())
//! # }
//! ```

mod add;
mod combine;
mod range;

pub use add::ZaddOptions;
pub use combine::{Aggregate, ZcombineOptions};
pub use range::ZrangeBy;

use super::{
    Counted, Database, Join,
    checks::{Unless, empty},
    options::words,
    scans::{ScanOptions, ScanPage},
};
use crate::{
    Call,
    command::named,
    resp::{FromReply, ToArg, ToArgs},
};

/// Members, or other elements, with their scores
pub type Scored<T> = Vec<(T, f64)>;

impl Database {
    /// Removes members and returns how many there were
    ///
    /// See [ZREM](https://redis.io/docs/latest/commands/zrem/).
    pub fn zrem(&self, key: impl ToArg, members: impl ToArgs) -> Call<'_, u64, impl ToArgs> {
        self.list(named!("ZREM"), (key,), members, "members")
    }

    /// Score of a member
    ///
    /// See [ZSCORE](https://redis.io/docs/latest/commands/zscore/).
    pub fn zscore(
        &self,
        key: impl ToArg,
        member: impl ToArg,
    ) -> Call<'_, Option<f64>, impl ToArgs> {
        self.call(named!("ZSCORE"), (key, member))
    }

    /// Scores of several members
    ///
    /// See [ZMSCORE](https://redis.io/docs/latest/commands/zmscore/). Since Redis 6.2.
    pub fn zmscore(
        &self,
        key: impl ToArg,
        members: impl ToArgs,
    ) -> Call<'_, Vec<Option<f64>>, impl ToArgs> {
        self.list(named!("ZMSCORE"), (key,), members, "members")
    }

    /// Adds to the score of a member; a missing one has 0
    ///
    /// See [ZINCRBY](https://redis.io/docs/latest/commands/zincrby/).
    pub fn zincrby(
        &self,
        key: impl ToArg,
        by: f64,
        member: impl ToArg,
    ) -> Call<'_, f64, impl ToArgs> {
        self.call(named!("ZINCRBY"), (key, by, member))
    }

    /// Number of members
    ///
    /// See [ZCARD](https://redis.io/docs/latest/commands/zcard/).
    pub fn zcard(&self, key: impl ToArg) -> Call<'_, u64, impl ToArgs> {
        self.call(named!("ZCARD"), (key,))
    }

    /// Number of members with a score in a range, such as `0` to `(10` or `+inf`
    ///
    /// See [ZCOUNT](https://redis.io/docs/latest/commands/zcount/).
    pub fn zcount(
        &self,
        key: impl ToArg,
        min: impl ToArg,
        max: impl ToArg,
    ) -> Call<'_, u64, impl ToArgs> {
        self.call(named!("ZCOUNT"), (key, min, max))
    }

    /// Number of members in a range of text, such as `[a` to `(b` or `+`
    ///
    /// See [ZLEXCOUNT](https://redis.io/docs/latest/commands/zlexcount/).
    pub fn zlexcount(
        &self,
        key: impl ToArg,
        min: impl ToArg,
        max: impl ToArg,
    ) -> Call<'_, u64, impl ToArgs> {
        self.call(named!("ZLEXCOUNT"), (key, min, max))
    }

    /// Rank of a member, the lowest score having rank 0
    ///
    /// See [ZRANK](https://redis.io/docs/latest/commands/zrank/).
    pub fn zrank(&self, key: impl ToArg, member: impl ToArg) -> Call<'_, Option<i64>, impl ToArgs> {
        self.call(named!("ZRANK"), (key, member))
    }

    /// Rank of a member, the highest score having rank 0
    ///
    /// See [ZREVRANK](https://redis.io/docs/latest/commands/zrevrank/).
    pub fn zrevrank(
        &self,
        key: impl ToArg,
        member: impl ToArg,
    ) -> Call<'_, Option<i64>, impl ToArgs> {
        self.call(named!("ZREVRANK"), (key, member))
    }

    /// Rank and score of a member, the lowest score having rank 0
    ///
    /// See [ZRANK](https://redis.io/docs/latest/commands/zrank/) with `WITHSCORE`. Since
    /// Redis 7.2.
    pub fn zrank_with_score(
        &self,
        key: impl ToArg,
        member: impl ToArg,
    ) -> Call<'_, Option<(i64, f64)>, impl ToArgs> {
        self.call(named!("ZRANK"), (key, member, "WITHSCORE"))
    }

    /// Rank and score of a member, the highest score having rank 0
    ///
    /// See [ZREVRANK](https://redis.io/docs/latest/commands/zrevrank/) with `WITHSCORE`. Since
    /// Redis 7.2.
    pub fn zrevrank_with_score(
        &self,
        key: impl ToArg,
        member: impl ToArg,
    ) -> Call<'_, Option<(i64, f64)>, impl ToArgs> {
        self.call(named!("ZREVRANK"), (key, member, "WITHSCORE"))
    }

    /// Removes members by rank and returns how many
    ///
    /// See [ZREMRANGEBYRANK](https://redis.io/docs/latest/commands/zremrangebyrank/).
    pub fn zremrangebyrank(
        &self,
        key: impl ToArg,
        start: i64,
        stop: i64,
    ) -> Call<'_, u64, impl ToArgs> {
        self.call(named!("ZREMRANGEBYRANK"), (key, start, stop))
    }

    /// Removes members by score and returns how many
    ///
    /// See [ZREMRANGEBYSCORE](https://redis.io/docs/latest/commands/zremrangebyscore/).
    pub fn zremrangebyscore(
        &self,
        key: impl ToArg,
        min: impl ToArg,
        max: impl ToArg,
    ) -> Call<'_, u64, impl ToArgs> {
        self.call(named!("ZREMRANGEBYSCORE"), (key, min, max))
    }

    /// Removes members by text and returns how many
    ///
    /// See [ZREMRANGEBYLEX](https://redis.io/docs/latest/commands/zremrangebylex/).
    pub fn zremrangebylex(
        &self,
        key: impl ToArg,
        min: impl ToArg,
        max: impl ToArg,
    ) -> Call<'_, u64, impl ToArgs> {
        self.call(named!("ZREMRANGEBYLEX"), (key, min, max))
    }

    /// Takes up to `count` members with the lowest scores
    ///
    /// See [ZPOPMIN](https://redis.io/docs/latest/commands/zpopmin/).
    pub fn zpopmin<T: FromReply>(
        &self,
        key: impl ToArg,
        count: u64,
    ) -> Call<'_, Vec<(T, f64)>, impl ToArgs> {
        self.call(named!("ZPOPMIN"), (key, count))
    }

    /// Takes up to `count` members with the highest scores
    ///
    /// See [ZPOPMAX](https://redis.io/docs/latest/commands/zpopmax/).
    pub fn zpopmax<T: FromReply>(
        &self,
        key: impl ToArg,
        count: u64,
    ) -> Call<'_, Vec<(T, f64)>, impl ToArgs> {
        self.call(named!("ZPOPMAX"), (key, count))
    }

    /// A random member, which stays
    ///
    /// See [ZRANDMEMBER](https://redis.io/docs/latest/commands/zrandmember/). Since Redis 6.2.
    pub fn zrandmember<T: FromReply>(&self, key: impl ToArg) -> Call<'_, Option<T>, impl ToArgs> {
        self.call(named!("ZRANDMEMBER"), (key,))
    }

    /// Random members, which stay; a negative count allows repetition
    ///
    /// See [ZRANDMEMBER](https://redis.io/docs/latest/commands/zrandmember/). Since Redis 6.2.
    pub fn zrandmember_count<T: FromReply>(
        &self,
        key: impl ToArg,
        count: i64,
    ) -> Call<'_, Vec<T>, impl ToArgs> {
        self.call(named!("ZRANDMEMBER"), (key, count))
    }

    /// Random members and their scores; a negative count allows repetition
    ///
    /// See [ZRANDMEMBER](https://redis.io/docs/latest/commands/zrandmember/). Since Redis 6.2.
    pub fn zrandmember_with_scores<T: FromReply>(
        &self,
        key: impl ToArg,
        count: i64,
    ) -> Call<'_, Vec<(T, f64)>, impl ToArgs> {
        self.call(named!("ZRANDMEMBER"), (key, count, "WITHSCORES"))
    }

    /// Takes up to `count` members from the first sorted set that is not empty
    ///
    /// Returns the key of that set, the members and their scores; `None` if all are empty. See
    /// [ZMPOP](https://redis.io/docs/latest/commands/zmpop/). Since Redis 7.0.
    pub fn zmpop<K: FromReply, T: FromReply>(
        &self,
        keys: impl ToArgs,
        end: ScoreEnd,
        count: u64,
    ) -> Call<'_, Option<(K, Scored<T>)>, impl ToArgs> {
        let fault = empty(&keys, "keys");
        self.call(named!("ZMPOP"), Counted::new(keys, (end, "COUNT", count))).unless(fault)
    }

    /// One page of the members and scores; start with cursor 0 and stop when the returned cursor is
    /// 0
    ///
    /// The same member may be on several pages. See
    /// [ZSCAN](https://redis.io/docs/latest/commands/zscan/).
    pub fn zscan<T: FromReply>(
        &self,
        key: impl ToArg,
        cursor: u64,
        options: ScanOptions,
    ) -> Call<'_, ScanPage<(T, f64)>, impl ToArgs> {
        self.call(named!("ZSCAN"), Join((key, cursor), options))
    }
}

words! {
    /// An end of a sorted set
    ScoreEnd {
        /// The lowest scores.
        Lowest => "MIN",
        /// The highest scores.
        Highest => "MAX",
    }
}
