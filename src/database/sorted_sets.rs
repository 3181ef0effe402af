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

use super::{Database, Join, ScanPage};
use crate::{
    Call,
    resp::{FromReply, ToArg, ToArgs},
};

impl Database {
    /// Adds members, given as pairs of score and member, or updates their scores; how many are new
    ///
    /// See [ZADD](https://redis.io/docs/latest/commands/zadd/).
    pub fn zadd(&self, key: impl ToArg, scored: impl ToArgs) -> Call<'_, i64, impl ToArgs> {
        self.call("ZADD", Join((key,), scored))
    }

    /// Adds members that are not there and leaves the others alone; how many are new
    ///
    /// See [ZADD](https://redis.io/docs/latest/commands/zadd/).
    pub fn zadd_if_missing(
        &self,
        key: impl ToArg,
        scored: impl ToArgs,
    ) -> Call<'_, i64, impl ToArgs> {
        self.call("ZADD", Join((key, "NX"), scored))
    }

    /// Adds members, and raises scores but never lowers them; how many changed
    ///
    /// See [ZADD](https://redis.io/docs/latest/commands/zadd/). Since Redis 6.2.
    pub fn zadd_if_greater(
        &self,
        key: impl ToArg,
        scored: impl ToArgs,
    ) -> Call<'_, i64, impl ToArgs> {
        self.call("ZADD", Join((key, "GT", "CH"), scored))
    }

    /// Removes members and returns how many there were
    ///
    /// See [ZREM](https://redis.io/docs/latest/commands/zrem/).
    pub fn zrem(&self, key: impl ToArg, members: impl ToArgs) -> Call<'_, i64, impl ToArgs> {
        self.call("ZREM", Join((key,), members))
    }

    /// Score of a member
    ///
    /// See [ZSCORE](https://redis.io/docs/latest/commands/zscore/).
    pub fn zscore(
        &self,
        key: impl ToArg,
        member: impl ToArg,
    ) -> Call<'_, Option<f64>, impl ToArgs> {
        self.call("ZSCORE", (key, member))
    }

    /// Scores of several members
    ///
    /// See [ZMSCORE](https://redis.io/docs/latest/commands/zmscore/). Since Redis 6.2.
    pub fn zmscore(
        &self,
        key: impl ToArg,
        members: impl ToArgs,
    ) -> Call<'_, Vec<Option<f64>>, impl ToArgs> {
        self.call("ZMSCORE", Join((key,), members))
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
        self.call("ZINCRBY", (key, by, member))
    }

    /// Number of members
    ///
    /// See [ZCARD](https://redis.io/docs/latest/commands/zcard/).
    pub fn zcard(&self, key: impl ToArg) -> Call<'_, i64, impl ToArgs> {
        self.call("ZCARD", (key,))
    }

    /// Number of members with a score in a range, such as `0` to `(10` or `+inf`
    ///
    /// See [ZCOUNT](https://redis.io/docs/latest/commands/zcount/).
    pub fn zcount(
        &self,
        key: impl ToArg,
        min: impl ToArg,
        max: impl ToArg,
    ) -> Call<'_, i64, impl ToArgs> {
        self.call("ZCOUNT", (key, min, max))
    }

    /// Number of members in a range of text, such as `[a` to `(b` or `+`
    ///
    /// See [ZLEXCOUNT](https://redis.io/docs/latest/commands/zlexcount/).
    pub fn zlexcount(
        &self,
        key: impl ToArg,
        min: impl ToArg,
        max: impl ToArg,
    ) -> Call<'_, i64, impl ToArgs> {
        self.call("ZLEXCOUNT", (key, min, max))
    }

    /// Place of a member, the lowest score having place 0
    ///
    /// See [ZRANK](https://redis.io/docs/latest/commands/zrank/).
    pub fn zrank(&self, key: impl ToArg, member: impl ToArg) -> Call<'_, Option<i64>, impl ToArgs> {
        self.call("ZRANK", (key, member))
    }

    /// Place of a member, the highest score having place 0
    ///
    /// See [ZREVRANK](https://redis.io/docs/latest/commands/zrevrank/).
    pub fn zrevrank(
        &self,
        key: impl ToArg,
        member: impl ToArg,
    ) -> Call<'_, Option<i64>, impl ToArgs> {
        self.call("ZREVRANK", (key, member))
    }

    /// Members by place, lowest score first; both ends belong to it
    ///
    /// See [ZRANGE](https://redis.io/docs/latest/commands/zrange/).
    pub fn zrange<T: FromReply>(
        &self,
        key: impl ToArg,
        start: i64,
        stop: i64,
    ) -> Call<'_, Vec<T>, impl ToArgs> {
        self.call("ZRANGE", (key, start, stop))
    }

    /// Members by place, highest score first; both ends belong to it
    ///
    /// See [ZREVRANGE](https://redis.io/docs/latest/commands/zrevrange/).
    pub fn zrevrange<T: FromReply>(
        &self,
        key: impl ToArg,
        start: i64,
        stop: i64,
    ) -> Call<'_, Vec<T>, impl ToArgs> {
        self.call("ZREVRANGE", (key, start, stop))
    }

    /// Members and scores by place, lowest score first
    ///
    /// See [ZRANGE](https://redis.io/docs/latest/commands/zrange/).
    pub fn zrange_with_scores<T: FromReply>(
        &self,
        key: impl ToArg,
        start: i64,
        stop: i64,
    ) -> Call<'_, Vec<(T, f64)>, impl ToArgs> {
        self.call("ZRANGE", (key, start, stop, "WITHSCORES"))
    }

    /// Members and scores by place, highest score first
    ///
    /// See [ZREVRANGE](https://redis.io/docs/latest/commands/zrevrange/).
    pub fn zrevrange_with_scores<T: FromReply>(
        &self,
        key: impl ToArg,
        start: i64,
        stop: i64,
    ) -> Call<'_, Vec<(T, f64)>, impl ToArgs> {
        self.call("ZREVRANGE", (key, start, stop, "WITHSCORES"))
    }

    /// Members with a score in a range, such as `0` to `(10` or `+inf`
    ///
    /// See [ZRANGEBYSCORE](https://redis.io/docs/latest/commands/zrangebyscore/).
    pub fn zrangebyscore<T: FromReply>(
        &self,
        key: impl ToArg,
        min: impl ToArg,
        max: impl ToArg,
    ) -> Call<'_, Vec<T>, impl ToArgs> {
        self.call("ZRANGEBYSCORE", (key, min, max))
    }

    /// Like [`zrangebyscore`](Self::zrangebyscore), skipping some and taking at most so many
    ///
    /// See [ZRANGEBYSCORE](https://redis.io/docs/latest/commands/zrangebyscore/).
    pub fn zrangebyscore_limit<T: FromReply>(
        &self,
        key: impl ToArg,
        min: impl ToArg,
        max: impl ToArg,
        offset: i64,
        count: i64,
    ) -> Call<'_, Vec<T>, impl ToArgs> {
        self.call("ZRANGEBYSCORE", (key, min, max, "LIMIT", offset, count))
    }

    /// Members in a range of text, such as `[a` to `(b` or `+`
    ///
    /// See [ZRANGEBYLEX](https://redis.io/docs/latest/commands/zrangebylex/).
    pub fn zrangebylex<T: FromReply>(
        &self,
        key: impl ToArg,
        min: impl ToArg,
        max: impl ToArg,
    ) -> Call<'_, Vec<T>, impl ToArgs> {
        self.call("ZRANGEBYLEX", (key, min, max))
    }

    /// Removes members by place and returns how many
    ///
    /// See [ZREMRANGEBYRANK](https://redis.io/docs/latest/commands/zremrangebyrank/).
    pub fn zremrangebyrank(
        &self,
        key: impl ToArg,
        start: i64,
        stop: i64,
    ) -> Call<'_, i64, impl ToArgs> {
        self.call("ZREMRANGEBYRANK", (key, start, stop))
    }

    /// Removes members by score and returns how many
    ///
    /// See [ZREMRANGEBYSCORE](https://redis.io/docs/latest/commands/zremrangebyscore/).
    pub fn zremrangebyscore(
        &self,
        key: impl ToArg,
        min: impl ToArg,
        max: impl ToArg,
    ) -> Call<'_, i64, impl ToArgs> {
        self.call("ZREMRANGEBYSCORE", (key, min, max))
    }

    /// Takes up to so many members with the lowest scores
    ///
    /// See [ZPOPMIN](https://redis.io/docs/latest/commands/zpopmin/).
    pub fn zpopmin<T: FromReply>(
        &self,
        key: impl ToArg,
        count: u64,
    ) -> Call<'_, Vec<(T, f64)>, impl ToArgs> {
        self.call("ZPOPMIN", (key, count))
    }

    /// Takes up to so many members with the highest scores
    ///
    /// See [ZPOPMAX](https://redis.io/docs/latest/commands/zpopmax/).
    pub fn zpopmax<T: FromReply>(
        &self,
        key: impl ToArg,
        count: u64,
    ) -> Call<'_, Vec<(T, f64)>, impl ToArgs> {
        self.call("ZPOPMAX", (key, count))
    }

    /// A random member, which stays
    ///
    /// See [ZRANDMEMBER](https://redis.io/docs/latest/commands/zrandmember/). Since Redis 6.2.
    pub fn zrandmember<T: FromReply>(&self, key: impl ToArg) -> Call<'_, Option<T>, impl ToArgs> {
        self.call("ZRANDMEMBER", (key,))
    }

    /// One page of the members and scores; begin with cursor 0 and go on until it is 0 again
    ///
    /// `count` is a hint. A member may come more than once. See
    /// [ZSCAN](https://redis.io/docs/latest/commands/zscan/).
    pub fn zscan<T: FromReply>(
        &self,
        key: impl ToArg,
        cursor: u64,
        pattern: impl ToArg,
        count: u32,
    ) -> Call<'_, ScanPage<(T, f64)>, impl ToArgs> {
        self.call("ZSCAN", (key, cursor, "MATCH", pattern, "COUNT", count))
    }
}
