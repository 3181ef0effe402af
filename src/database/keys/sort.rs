//! Sorting lists, sets and sorted sets.

use crate::{
    Call,
    command::named,
    database::{Database, Join, options::options},
    resp::{FromReply, ToArg, ToArgs},
};

impl Database {
    /// The elements of a list, set or sorted set in order; the key stays as it is
    ///
    /// With [`SortOptions::get`] the elements may be missing: use an `Option` then. See
    /// [SORT](https://redis.io/docs/latest/commands/sort/).
    ///
    /// ```no_run
    /// # async fn f(db: redmux::Database) -> redmux::Result<()> {
    /// use redmux::database::keys::SortOptions;
    ///
    /// let best = SortOptions::new().by("score:*").desc().limit(0, 10);
    /// let names: Vec<String> = db.sort("players", best).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn sort<T: FromReply>(
        &self,
        key: impl ToArg,
        options: SortOptions,
    ) -> Call<'_, Vec<T>, impl ToArgs> {
        self.call(named!("SORT"), Join((key,), options))
    }

    /// Stores what [`sort`](Self::sort) gives as a list; returns its length
    ///
    /// See [SORT](https://redis.io/docs/latest/commands/sort/) with `STORE`.
    pub fn sort_store(
        &self,
        key: impl ToArg,
        to: impl ToArg,
        options: SortOptions,
    ) -> Call<'_, u64, impl ToArgs> {
        self.call(named!("SORT"), Join((key,), Join(options, ("STORE", to))))
    }

    /// Like [`sort`](Self::sort); for replicas too
    ///
    /// See [SORT_RO](https://redis.io/docs/latest/commands/sort_ro/). Since Redis 7.0.
    pub fn sort_ro<T: FromReply>(
        &self,
        key: impl ToArg,
        options: SortOptions,
    ) -> Call<'_, Vec<T>, impl ToArgs> {
        self.call("SORT_RO", Join((key,), options))
    }
}

options! {
    /// How to sort; by default as numbers, lowest first
    SortOptions { by, limit, get, order, alpha }
    /// Sorts by the values of other keys: the element takes the place of `*` (`BY`). Without a `*`,
    /// the elements are not sorted.
    by: by(pattern: impl ToArg) => "BY", pattern;
    /// Skips `offset` elements and takes at most `count` (`LIMIT`).
    limit: limit(offset: u64, count: u64) => "LIMIT", offset, count;
    /// Highest first (`DESC`).
    order: desc() => "DESC";
    /// As text (`ALPHA`).
    alpha: alpha() => "ALPHA";
}

impl SortOptions {
    /// Returns the values of other keys instead: the element takes the place of `*`, and `#` alone
    /// is the element itself (`GET`). May be called several times.
    pub fn get(mut self, pattern: impl ToArg) -> Self {
        self.get.push("GET", &pattern);
        self
    }
}
