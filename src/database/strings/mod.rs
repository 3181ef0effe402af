//! Strings: text, bytes and counters.
//!
//! ```no_run
//! # async fn f(db: redmux::Database) -> redmux::Result<()> {
//! db.set("visits", 1).await?;
//! let visits: i64 = db.incr("visits").await?;
//! let both: Vec<Option<String>> = db.mget(["visits", "missing"]).await?;
//! # Ok(())
//! # }
//! ```

mod increment;
mod lcs;
mod set;

pub use increment::{Incremented, IncrexOptions};
pub use lcs::{LcsMatch, LcsMatches, LcsOptions};
pub use set::{SetOptions, ValueCondition};

use super::Database;
use crate::{
    Call,
    command::named,
    resp::{FromReply, ToArg, ToArgs},
};

impl Database {
    /// The value of a key; `None` if there is none
    ///
    /// See [GET](https://redis.io/docs/latest/commands/get/).
    pub fn get<T: FromReply>(&self, key: impl ToArg) -> Call<'_, Option<T>, impl ToArgs> {
        self.call(named!("GET"), (key,))
    }

    /// Sets a key, replacing its value and its time to live
    ///
    /// See [SET](https://redis.io/docs/latest/commands/set/).
    pub fn set(&self, key: impl ToArg, value: impl ToArg) -> Call<'_, (), impl ToArgs> {
        self.call(named!("SET"), (key, value))
    }

    /// Deletes a key and returns its value
    ///
    /// See [GETDEL](https://redis.io/docs/latest/commands/getdel/). Since Redis 6.2.
    pub fn getdel<T: FromReply>(&self, key: impl ToArg) -> Call<'_, Option<T>, impl ToArgs> {
        self.call(named!("GETDEL"), (key,))
    }

    /// Appends to a string and returns its length in bytes
    ///
    /// See [APPEND](https://redis.io/docs/latest/commands/append/).
    pub fn append(&self, key: impl ToArg, value: impl ToArg) -> Call<'_, u64, impl ToArgs> {
        self.call(named!("APPEND"), (key, value))
    }

    /// Length of a string in bytes; 0 if there is none
    ///
    /// See [STRLEN](https://redis.io/docs/latest/commands/strlen/).
    pub fn strlen(&self, key: impl ToArg) -> Call<'_, u64, impl ToArgs> {
        self.call(named!("STRLEN"), (key,))
    }

    /// Part of a string; both ends are included, negative ones count from the end
    ///
    /// See [GETRANGE](https://redis.io/docs/latest/commands/getrange/).
    pub fn getrange<T: FromReply>(
        &self,
        key: impl ToArg,
        start: i64,
        end: i64,
    ) -> Call<'_, T, impl ToArgs> {
        self.call(named!("GETRANGE"), (key, start, end))
    }

    /// Overwrites part of a string and returns its length in bytes
    ///
    /// See [SETRANGE](https://redis.io/docs/latest/commands/setrange/).
    pub fn setrange(
        &self,
        key: impl ToArg,
        offset: u64,
        value: impl ToArg,
    ) -> Call<'_, u64, impl ToArgs> {
        self.call(named!("SETRANGE"), (key, offset, value))
    }

    /// Adds one; a missing key counts as 0
    ///
    /// See [INCR](https://redis.io/docs/latest/commands/incr/).
    pub fn incr(&self, key: impl ToArg) -> Call<'_, i64, impl ToArgs> {
        self.call(named!("INCR"), (key,))
    }

    /// Adds a number; a missing key counts as 0
    ///
    /// See [INCRBY](https://redis.io/docs/latest/commands/incrby/).
    pub fn incrby(&self, key: impl ToArg, by: i64) -> Call<'_, i64, impl ToArgs> {
        self.call(named!("INCRBY"), (key, by))
    }

    /// Adds a floating-point number; a missing key counts as 0
    ///
    /// See [INCRBYFLOAT](https://redis.io/docs/latest/commands/incrbyfloat/).
    pub fn incrbyfloat(&self, key: impl ToArg, by: f64) -> Call<'_, f64, impl ToArgs> {
        self.call(named!("INCRBYFLOAT"), (key, by))
    }

    /// Subtracts one; a missing key counts as 0
    ///
    /// See [DECR](https://redis.io/docs/latest/commands/decr/).
    pub fn decr(&self, key: impl ToArg) -> Call<'_, i64, impl ToArgs> {
        self.call(named!("DECR"), (key,))
    }

    /// Subtracts a number; a missing key counts as 0
    ///
    /// See [DECRBY](https://redis.io/docs/latest/commands/decrby/).
    pub fn decrby(&self, key: impl ToArg, by: i64) -> Call<'_, i64, impl ToArgs> {
        self.call(named!("DECRBY"), (key, by))
    }

    /// The values of several keys, in order
    ///
    /// See [MGET](https://redis.io/docs/latest/commands/mget/).
    pub fn mget<T: FromReply>(&self, keys: impl ToArgs) -> Call<'_, Vec<Option<T>>, impl ToArgs> {
        self.list(named!("MGET"), (), keys, "keys")
    }

    /// Sets several keys at once, from pairs or a map
    ///
    /// See [MSET](https://redis.io/docs/latest/commands/mset/).
    pub fn mset(&self, pairs: impl ToArgs) -> Call<'_, (), impl ToArgs> {
        self.pairs(named!("MSET"), (), pairs, "keys and values")
    }

    /// Sets several keys, or none if any of them exists; returns whether they were set
    ///
    /// See [MSETNX](https://redis.io/docs/latest/commands/msetnx/).
    pub fn msetnx(&self, pairs: impl ToArgs) -> Call<'_, bool, impl ToArgs> {
        self.pairs(named!("MSETNX"), (), pairs, "keys and values")
    }
}
