//! Ranges of sorted sets.

use crate::{
    Call,
    command::named,
    database::{Database, Join},
    resp::{Arg, ArgList, FromReply, ToArg, ToArgs},
};

impl Database {
    /// Members by rank, lowest score first; both ends are included
    ///
    /// See [ZRANGE](https://redis.io/docs/latest/commands/zrange/).
    pub fn zrange<T: FromReply>(
        &self,
        key: impl ToArg,
        start: i64,
        stop: i64,
    ) -> Call<'_, Vec<T>, impl ToArgs> {
        self.call(named!("ZRANGE"), (key, start, stop))
    }

    /// Members by rank, highest score first; both ends are included
    ///
    /// See [ZREVRANGE](https://redis.io/docs/latest/commands/zrevrange/).
    pub fn zrevrange<T: FromReply>(
        &self,
        key: impl ToArg,
        start: i64,
        stop: i64,
    ) -> Call<'_, Vec<T>, impl ToArgs> {
        self.call(named!("ZREVRANGE"), (key, start, stop))
    }

    /// Members and scores by rank, lowest score first
    ///
    /// See [ZRANGE](https://redis.io/docs/latest/commands/zrange/).
    pub fn zrange_with_scores<T: FromReply>(
        &self,
        key: impl ToArg,
        start: i64,
        stop: i64,
    ) -> Call<'_, Vec<(T, f64)>, impl ToArgs> {
        self.call(named!("ZRANGE"), (key, start, stop, "WITHSCORES"))
    }

    /// Members and scores by rank, highest score first
    ///
    /// See [ZREVRANGE](https://redis.io/docs/latest/commands/zrevrange/).
    pub fn zrevrange_with_scores<T: FromReply>(
        &self,
        key: impl ToArg,
        start: i64,
        stop: i64,
    ) -> Call<'_, Vec<(T, f64)>, impl ToArgs> {
        self.call(named!("ZREVRANGE"), (key, start, stop, "WITHSCORES"))
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
        self.call(named!("ZRANGEBYSCORE"), (key, min, max))
    }

    /// Like [`zrangebyscore`](Self::zrangebyscore), skipping `offset` members and taking at most
    /// `count`
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
        self.call(named!("ZRANGEBYSCORE"), (key, min, max, "LIMIT", offset, count))
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
        self.call(named!("ZRANGEBYLEX"), (key, min, max))
    }

    /// Members of a range of any kind
    ///
    /// See [ZRANGE](https://redis.io/docs/latest/commands/zrange/). Since Redis 6.2.
    ///
    /// ```no_run
    /// # async fn f(db: redmux::Database) -> redmux::Result<()> {
    /// use redmux::database::sorted_sets::ZrangeBy;
    ///
    /// let best = ZrangeBy::score("(10", "+inf").rev().limit(0, 3);
    /// let members: Vec<String> = db.zrange_by("scores", best).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn zrange_by<T: FromReply>(
        &self,
        key: impl ToArg,
        range: ZrangeBy,
    ) -> Call<'_, Vec<T>, impl ToArgs> {
        self.call(named!("ZRANGE"), Join((key,), range))
    }

    /// Members and scores of a range by place or score
    ///
    /// See [ZRANGE](https://redis.io/docs/latest/commands/zrange/). Since Redis 6.2.
    pub fn zrange_by_with_scores<T: FromReply>(
        &self,
        key: impl ToArg,
        range: ZrangeBy,
    ) -> Call<'_, Vec<(T, f64)>, impl ToArgs> {
        self.call(named!("ZRANGE"), Join((key,), Join(range, ("WITHSCORES",))))
    }

    /// Stores the members of a range; returns how many
    ///
    /// See [ZRANGESTORE](https://redis.io/docs/latest/commands/zrangestore/). Since Redis 6.2.
    pub fn zrangestore(
        &self,
        to: impl ToArg,
        from: impl ToArg,
        range: ZrangeBy,
    ) -> Call<'_, u64, impl ToArgs> {
        self.call(named!("ZRANGESTORE"), Join((to, from), range))
    }
}

/// A range of a sorted set
#[derive(Debug, Clone)]
#[must_use]
pub struct ZrangeBy {
    from: Arg<'static>,
    to: Arg<'static>,
    by: Option<&'static str>,
    rev: bool,
    limit: Option<(u64, i64)>,
}

impl ZrangeBy {
    /// From one place to another, both included; negative ones count from the end.
    pub fn rank(start: i64, stop: i64) -> Self {
        Self::new(&start, &stop, None)
    }

    /// From the lowest to the highest score: numbers, `(10` without the 10 itself, `-inf`, `+inf`.
    pub fn score(min: impl ToArg, max: impl ToArg) -> Self {
        Self::new(&min, &max, Some("BYSCORE"))
    }

    /// From the first to the last text, if all scores are the same: `[a`, `(a` without the `a`
    /// itself, `-`, `+`.
    pub fn lex(min: impl ToArg, max: impl ToArg) -> Self {
        Self::new(&min, &max, Some("BYLEX"))
    }

    /// From the other end: the highest first. Places count from that end too.
    pub fn rev(mut self) -> Self {
        self.rev = true;
        self
    }

    /// Skips `offset` members and takes at most `count`, all if negative; not for ranks.
    pub fn limit(mut self, offset: u64, count: i64) -> Self {
        self.limit = Some((offset, count));
        self
    }

    fn new(from: &impl ToArg, to: &impl ToArg, by: Option<&'static str>) -> Self {
        let [from, to] = [from.to_arg().into_owned(), to.to_arg().into_owned()];
        Self { from, to, by, rev: false, limit: None }
    }
}

impl ToArgs for ZrangeBy {
    fn append_to<'a>(&'a self, args: &mut ArgList<'a>) {
        let mut ends = [self.from.to_arg(), self.to.to_arg()];
        if self.rev && self.by.is_some() {
            // The server wants the higher end first then.
            ends.reverse();
        }
        args.extend(ends);
        args.extend(self.by.map(|by| Arg::Bytes(by.as_bytes())));
        args.extend(self.rev.then_some(Arg::Bytes(b"REV")));
        if let Some((offset, count)) = &self.limit {
            args.extend([Arg::Bytes(b"LIMIT"), offset.to_arg(), count.to_arg()]);
        }
    }
}
