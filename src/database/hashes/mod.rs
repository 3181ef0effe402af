//! Hashes: maps from fields to values.
//!
//! ```no_run
//! # async fn f(db: redmux::Database) -> redmux::Result<()> {
//! db.hset("user:1", [("name", "Ada"), ("born", "1815")]).await?;
//! let name: Option<String> = db.hget("user:1", "name").await?;
//! let user: std::collections::HashMap<String, String> = db.hgetall("user:1").await?;
//! # Ok(())
//! # }
//! ```

mod expiry;

pub use expiry::{FieldExpiry, FieldPersisted, HashSetOptions};

use super::{
    Database, Join,
    scans::{ScanOptions, ScanPage},
};
use crate::{
    Call,
    command::named,
    resp::{FromReply, ToArg, ToArgs},
};

impl Database {
    /// The value of a field; `None` if there is none
    ///
    /// See [HGET](https://redis.io/docs/latest/commands/hget/).
    pub fn hget<T: FromReply>(
        &self,
        key: impl ToArg,
        field: impl ToArg,
    ) -> Call<'_, Option<T>, impl ToArgs> {
        self.call(named!("HGET"), (key, field))
    }

    /// Sets fields from pairs or a map and returns how many are new
    ///
    /// See [HSET](https://redis.io/docs/latest/commands/hset/).
    pub fn hset(&self, key: impl ToArg, pairs: impl ToArgs) -> Call<'_, u64, impl ToArgs> {
        self.pairs(named!("HSET"), (key,), pairs, "fields and values")
    }

    /// Sets a field unless it exists; returns whether it was set
    ///
    /// See [HSETNX](https://redis.io/docs/latest/commands/hsetnx/).
    pub fn hsetnx(
        &self,
        key: impl ToArg,
        field: impl ToArg,
        value: impl ToArg,
    ) -> Call<'_, bool, impl ToArgs> {
        self.call(named!("HSETNX"), (key, field, value))
    }

    /// The values of several fields, in order
    ///
    /// See [HMGET](https://redis.io/docs/latest/commands/hmget/).
    pub fn hmget<T: FromReply>(
        &self,
        key: impl ToArg,
        fields: impl ToArgs,
    ) -> Call<'_, Vec<Option<T>>, impl ToArgs> {
        self.list(named!("HMGET"), (key,), fields, "fields")
    }

    /// All fields and values, as a map or a list of pairs; empty if there is no such key
    ///
    /// See [HGETALL](https://redis.io/docs/latest/commands/hgetall/).
    pub fn hgetall<M: FromReply>(&self, key: impl ToArg) -> Call<'_, M, impl ToArgs> {
        self.call(named!("HGETALL"), (key,))
    }

    /// Deletes fields and returns how many there were
    ///
    /// See [HDEL](https://redis.io/docs/latest/commands/hdel/).
    pub fn hdel(&self, key: impl ToArg, fields: impl ToArgs) -> Call<'_, u64, impl ToArgs> {
        self.list(named!("HDEL"), (key,), fields, "fields")
    }

    /// Whether a field exists
    ///
    /// See [HEXISTS](https://redis.io/docs/latest/commands/hexists/).
    pub fn hexists(&self, key: impl ToArg, field: impl ToArg) -> Call<'_, bool, impl ToArgs> {
        self.call(named!("HEXISTS"), (key, field))
    }

    /// Adds a number to a field; a missing one counts as 0
    ///
    /// See [HINCRBY](https://redis.io/docs/latest/commands/hincrby/).
    pub fn hincrby(
        &self,
        key: impl ToArg,
        field: impl ToArg,
        by: i64,
    ) -> Call<'_, i64, impl ToArgs> {
        self.call(named!("HINCRBY"), (key, field, by))
    }

    /// Adds a floating-point number to a field
    ///
    /// See [HINCRBYFLOAT](https://redis.io/docs/latest/commands/hincrbyfloat/).
    pub fn hincrbyfloat(
        &self,
        key: impl ToArg,
        field: impl ToArg,
        by: f64,
    ) -> Call<'_, f64, impl ToArgs> {
        self.call(named!("HINCRBYFLOAT"), (key, field, by))
    }

    /// All fields
    ///
    /// See [HKEYS](https://redis.io/docs/latest/commands/hkeys/).
    pub fn hkeys<T: FromReply>(&self, key: impl ToArg) -> Call<'_, Vec<T>, impl ToArgs> {
        self.call(named!("HKEYS"), (key,))
    }

    /// All values
    ///
    /// See [HVALS](https://redis.io/docs/latest/commands/hvals/).
    pub fn hvals<T: FromReply>(&self, key: impl ToArg) -> Call<'_, Vec<T>, impl ToArgs> {
        self.call(named!("HVALS"), (key,))
    }

    /// Number of fields
    ///
    /// See [HLEN](https://redis.io/docs/latest/commands/hlen/).
    pub fn hlen(&self, key: impl ToArg) -> Call<'_, u64, impl ToArgs> {
        self.call(named!("HLEN"), (key,))
    }

    /// Length of a value in bytes
    ///
    /// See [HSTRLEN](https://redis.io/docs/latest/commands/hstrlen/).
    pub fn hstrlen(&self, key: impl ToArg, field: impl ToArg) -> Call<'_, u64, impl ToArgs> {
        self.call(named!("HSTRLEN"), (key, field))
    }

    /// A random field
    ///
    /// See [HRANDFIELD](https://redis.io/docs/latest/commands/hrandfield/). Since Redis 6.2.
    pub fn hrandfield<T: FromReply>(&self, key: impl ToArg) -> Call<'_, Option<T>, impl ToArgs> {
        self.call(named!("HRANDFIELD"), (key,))
    }

    /// Random fields; a negative count allows repetition
    ///
    /// See [HRANDFIELD](https://redis.io/docs/latest/commands/hrandfield/). Since Redis 6.2.
    pub fn hrandfield_count<T: FromReply>(
        &self,
        key: impl ToArg,
        count: i64,
    ) -> Call<'_, Vec<T>, impl ToArgs> {
        self.call(named!("HRANDFIELD"), (key, count))
    }

    /// Random fields and their values; a negative count allows repetition
    ///
    /// See [HRANDFIELD](https://redis.io/docs/latest/commands/hrandfield/). Since Redis 6.2.
    pub fn hrandfield_with_values<F: FromReply, V: FromReply>(
        &self,
        key: impl ToArg,
        count: i64,
    ) -> Call<'_, Vec<(F, V)>, impl ToArgs> {
        self.call(named!("HRANDFIELD"), (key, count, "WITHVALUES"))
    }

    /// One page of the fields and values; start with cursor 0 and stop when the returned cursor is
    /// 0
    ///
    /// The same field may be on several pages. See
    /// [HSCAN](https://redis.io/docs/latest/commands/hscan/).
    pub fn hscan<F: FromReply, V: FromReply>(
        &self,
        key: impl ToArg,
        cursor: u64,
        options: ScanOptions,
    ) -> Call<'_, ScanPage<(F, V)>, impl ToArgs> {
        self.call(named!("HSCAN"), Join((key, cursor), options))
    }

    /// Like [`hscan`](Self::hscan), without the values
    ///
    /// See [HSCAN](https://redis.io/docs/latest/commands/hscan/) with `NOVALUES`. Since
    /// Redis 7.4.
    pub fn hscan_fields<F: FromReply>(
        &self,
        key: impl ToArg,
        cursor: u64,
        options: ScanOptions,
    ) -> Call<'_, ScanPage<F>, impl ToArgs> {
        self.call(named!("HSCAN"), Join((key, cursor), Join(options, ("NOVALUES",))))
    }
}
