//! Lists, read and written at both ends.
//!
//! ```no_run
//! # async fn f(db: redmux::Database) -> redmux::Result<()> {
//! db.rpush("jobs", ["a", "b"]).await?;
//! let next: Option<String> = db.lpop("jobs").await?;
//! let all: Vec<String> = db.lrange("jobs", 0, -1).await?;
//! # Ok(())
//! # }
//! ```

use super::{
    Counted, Database, Join,
    checks::{Unless, empty},
    options::{options, words},
};
use crate::{
    Call,
    command::named,
    resp::{ArgList, FromReply, ToArg, ToArgs},
};

impl Database {
    /// Prepends values, one after the other; returns the new length
    ///
    /// See [LPUSH](https://redis.io/docs/latest/commands/lpush/).
    pub fn lpush(&self, key: impl ToArg, values: impl ToArgs) -> Call<'_, u64, impl ToArgs> {
        self.list(named!("LPUSH"), (key,), values, "values")
    }

    /// Appends values; returns the new length
    ///
    /// See [RPUSH](https://redis.io/docs/latest/commands/rpush/).
    pub fn rpush(&self, key: impl ToArg, values: impl ToArgs) -> Call<'_, u64, impl ToArgs> {
        self.list(named!("RPUSH"), (key,), values, "values")
    }

    /// Like [`lpush`](Self::lpush), if the list exists; returns the new length
    ///
    /// See [LPUSHX](https://redis.io/docs/latest/commands/lpushx/).
    pub fn lpushx(&self, key: impl ToArg, values: impl ToArgs) -> Call<'_, u64, impl ToArgs> {
        self.list(named!("LPUSHX"), (key,), values, "values")
    }

    /// Like [`rpush`](Self::rpush), if the list exists; returns the new length
    ///
    /// See [RPUSHX](https://redis.io/docs/latest/commands/rpushx/).
    pub fn rpushx(&self, key: impl ToArg, values: impl ToArgs) -> Call<'_, u64, impl ToArgs> {
        self.list(named!("RPUSHX"), (key,), values, "values")
    }

    /// Takes the first value
    ///
    /// See [LPOP](https://redis.io/docs/latest/commands/lpop/).
    pub fn lpop<T: FromReply>(&self, key: impl ToArg) -> Call<'_, Option<T>, impl ToArgs> {
        self.call(named!("LPOP"), (key,))
    }

    /// Takes the last value
    ///
    /// See [RPOP](https://redis.io/docs/latest/commands/rpop/).
    pub fn rpop<T: FromReply>(&self, key: impl ToArg) -> Call<'_, Option<T>, impl ToArgs> {
        self.call(named!("RPOP"), (key,))
    }

    /// Takes up to `count` values from the beginning; `None` if there is no such list
    ///
    /// See [LPOP](https://redis.io/docs/latest/commands/lpop/). Since Redis 6.2.
    pub fn lpop_count<T: FromReply>(
        &self,
        key: impl ToArg,
        count: u64,
    ) -> Call<'_, Option<Vec<T>>, impl ToArgs> {
        self.call(named!("LPOP"), (key, count))
    }

    /// Takes up to `count` values from the end; `None` if there is no such list
    ///
    /// See [RPOP](https://redis.io/docs/latest/commands/rpop/). Since Redis 6.2.
    pub fn rpop_count<T: FromReply>(
        &self,
        key: impl ToArg,
        count: u64,
    ) -> Call<'_, Option<Vec<T>>, impl ToArgs> {
        self.call(named!("RPOP"), (key, count))
    }

    /// Number of values
    ///
    /// See [LLEN](https://redis.io/docs/latest/commands/llen/).
    pub fn llen(&self, key: impl ToArg) -> Call<'_, u64, impl ToArgs> {
        self.call(named!("LLEN"), (key,))
    }

    /// Values from one index to another, both included; negative indexes count from the end
    ///
    /// See [LRANGE](https://redis.io/docs/latest/commands/lrange/).
    pub fn lrange<T: FromReply>(
        &self,
        key: impl ToArg,
        start: i64,
        stop: i64,
    ) -> Call<'_, Vec<T>, impl ToArgs> {
        self.call(named!("LRANGE"), (key, start, stop))
    }

    /// The value at an index; negative indexes count from the end
    ///
    /// See [LINDEX](https://redis.io/docs/latest/commands/lindex/).
    pub fn lindex<T: FromReply>(
        &self,
        key: impl ToArg,
        index: i64,
    ) -> Call<'_, Option<T>, impl ToArgs> {
        self.call(named!("LINDEX"), (key, index))
    }

    /// Replaces the value at an index; an error if the index does not exist
    ///
    /// See [LSET](https://redis.io/docs/latest/commands/lset/).
    pub fn lset(
        &self,
        key: impl ToArg,
        index: i64,
        value: impl ToArg,
    ) -> Call<'_, (), impl ToArgs> {
        self.call(named!("LSET"), (key, index, value))
    }

    /// Removes `count` equal values, from the end if negative, all if 0; returns how many
    ///
    /// See [LREM](https://redis.io/docs/latest/commands/lrem/).
    pub fn lrem(
        &self,
        key: impl ToArg,
        count: i64,
        value: impl ToArg,
    ) -> Call<'_, u64, impl ToArgs> {
        self.call(named!("LREM"), (key, count, value))
    }

    /// Keeps the values from one index to another and drops the rest
    ///
    /// See [LTRIM](https://redis.io/docs/latest/commands/ltrim/).
    pub fn ltrim(&self, key: impl ToArg, start: i64, stop: i64) -> Call<'_, (), impl ToArgs> {
        self.call(named!("LTRIM"), (key, start, stop))
    }

    /// Index of the first equal value
    ///
    /// See [LPOS](https://redis.io/docs/latest/commands/lpos/). Since Redis 6.0.6.
    pub fn lpos(&self, key: impl ToArg, value: impl ToArg) -> Call<'_, Option<i64>, impl ToArgs> {
        self.call(named!("LPOS"), (key, value))
    }

    /// Index of an equal value, looked for as the options say
    ///
    /// See [LPOS](https://redis.io/docs/latest/commands/lpos/). Since Redis 6.0.6.
    pub fn lpos_with(
        &self,
        key: impl ToArg,
        value: impl ToArg,
        options: LposOptions,
    ) -> Call<'_, Option<i64>, impl ToArgs> {
        self.call(named!("LPOS"), Join((key, value), options))
    }

    /// Indexes of up to `count` equal values, of all if 0
    ///
    /// See [LPOS](https://redis.io/docs/latest/commands/lpos/). Since Redis 6.0.6.
    pub fn lpos_count(
        &self,
        key: impl ToArg,
        value: impl ToArg,
        count: u64,
        options: LposOptions,
    ) -> Call<'_, Vec<i64>, impl ToArgs> {
        self.call(named!("LPOS"), Join((key, value, "COUNT", count), options))
    }

    /// Inserts a value before another; returns the new length, or -1 if the other is missing
    ///
    /// See [LINSERT](https://redis.io/docs/latest/commands/linsert/).
    pub fn linsert_before(
        &self,
        key: impl ToArg,
        pivot: impl ToArg,
        value: impl ToArg,
    ) -> Call<'_, i64, impl ToArgs> {
        self.call(named!("LINSERT"), (key, "BEFORE", pivot, value))
    }

    /// Inserts a value after another; returns the new length, or -1 if the other is missing
    ///
    /// See [LINSERT](https://redis.io/docs/latest/commands/linsert/).
    pub fn linsert_after(
        &self,
        key: impl ToArg,
        pivot: impl ToArg,
        value: impl ToArg,
    ) -> Call<'_, i64, impl ToArgs> {
        self.call(named!("LINSERT"), (key, "AFTER", pivot, value))
    }

    /// Takes a value from an end of one list and puts it at an end of another
    ///
    /// `None` if the first list does not exist. See
    /// [LMOVE](https://redis.io/docs/latest/commands/lmove/). Since Redis 6.2.
    pub fn lmove<T: FromReply>(
        &self,
        from: impl ToArg,
        to: impl ToArg,
        take: ListEnd,
        put: ListEnd,
    ) -> Call<'_, Option<T>, impl ToArgs> {
        self.call(named!("LMOVE"), (from, to, take, put))
    }

    /// Takes several values from an end of one list and puts them at an end of another; returns them
    ///
    /// `None` if there is nothing to move, or less than is demanded. See
    /// [LMOVEM](https://redis.io/docs/latest/commands/lmovem/). Since Redis 8.10.
    pub fn lmovem<T: FromReply>(
        &self,
        from: impl ToArg,
        to: impl ToArg,
        take: ListEnd,
        put: ListEnd,
        count: MoveCount,
    ) -> Call<'_, Option<Vec<T>>, impl ToArgs> {
        self.call(named!("LMOVEM"), Join((from, to, take, put), count))
    }

    /// Takes up to `count` values from an end of the first list that is not empty
    ///
    /// Returns the key of that list and the values; `None` if all are empty. See
    /// [LMPOP](https://redis.io/docs/latest/commands/lmpop/). Since Redis 7.0.
    pub fn lmpop<K: FromReply, T: FromReply>(
        &self,
        keys: impl ToArgs,
        end: ListEnd,
        count: u64,
    ) -> Call<'_, Option<(K, Vec<T>)>, impl ToArgs> {
        let fault = empty(&keys, "keys");
        self.call(named!("LMPOP"), Counted::new(keys, (end, "COUNT", count))).unless(fault)
    }
}

words! {
    /// An end of a list
    ListEnd {
        /// Where index 0 is.
        Left => "LEFT",
        /// Where index -1 is.
        Right => "RIGHT",
    }
}

words! {
    /// The order in which several values arrive in another list
    MoveOrder {
        /// As if each were moved alone: from the left to the left, the last one is the first then.
        OneByOne => "OBO",
        /// As they are in the first list.
        Kept => "BULK",
    }
}

/// How many values to move from one list to another
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[must_use]
pub struct MoveCount {
    word: &'static str,
    count: u64,
    order: MoveOrder,
}

impl MoveCount {
    /// As many as there are, and no more than `count` (`COUNT`).
    pub fn at_most(count: u64, order: MoveOrder) -> Self {
        Self { word: "COUNT", count, order }
    }

    /// This many, or none at all (`EXACTLY`).
    pub fn exactly(count: u64, order: MoveOrder) -> Self {
        Self { word: "EXACTLY", count, order }
    }
}

impl ToArgs for MoveCount {
    fn append_to<'a>(&'a self, args: &mut ArgList<'a>) {
        args.extend([self.word.to_arg(), self.count.to_arg(), self.order.to_arg()]);
    }
}

options! {
    /// Where to look for a value in a list
    LposOptions { rank, maxlen }
    /// Starts with the n-th equal value; a negative rank counts from the end (`RANK`).
    rank: rank(rank: i64) => "RANK", rank;
    /// Compares at most `count` values (`MAXLEN`).
    maxlen: maxlen(count: u64) => "MAXLEN", count;
}
