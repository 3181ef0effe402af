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

use std::time::Duration;

use super::{Database, Join, millis};
use crate::{
    Call,
    resp::{Arg, ArgList, FromReply, ToArg, ToArgs},
};

impl Database {
    /// The value of a key; `None` if there is none
    ///
    /// See [GET](https://redis.io/docs/latest/commands/get/).
    pub fn get<T: FromReply>(&self, key: impl ToArg) -> Call<'_, Option<T>, impl ToArgs> {
        self.call("GET", (key,))
    }

    /// Sets a key, replacing whatever it held and its time to live
    ///
    /// See [SET](https://redis.io/docs/latest/commands/set/).
    pub fn set(&self, key: impl ToArg, value: impl ToArg) -> Call<'_, (), impl ToArgs> {
        self.call("SET", (key, value))
    }

    /// The value of a key, which is deleted
    ///
    /// See [GETDEL](https://redis.io/docs/latest/commands/getdel/). Since Redis 6.2.
    pub fn getdel<T: FromReply>(&self, key: impl ToArg) -> Call<'_, Option<T>, impl ToArgs> {
        self.call("GETDEL", (key,))
    }

    /// Appends to a string and returns its length in bytes
    ///
    /// See [APPEND](https://redis.io/docs/latest/commands/append/).
    pub fn append(&self, key: impl ToArg, value: impl ToArg) -> Call<'_, i64, impl ToArgs> {
        self.call("APPEND", (key, value))
    }

    /// Length of a string in bytes; 0 if there is none
    ///
    /// See [STRLEN](https://redis.io/docs/latest/commands/strlen/).
    pub fn strlen(&self, key: impl ToArg) -> Call<'_, i64, impl ToArgs> {
        self.call("STRLEN", (key,))
    }

    /// Part of a string; both ends belong to it, negative ones count from the end
    ///
    /// See [GETRANGE](https://redis.io/docs/latest/commands/getrange/).
    pub fn getrange<T: FromReply>(
        &self,
        key: impl ToArg,
        start: i64,
        end: i64,
    ) -> Call<'_, T, impl ToArgs> {
        self.call("GETRANGE", (key, start, end))
    }

    /// Overwrites part of a string and returns its length in bytes
    ///
    /// See [SETRANGE](https://redis.io/docs/latest/commands/setrange/).
    pub fn setrange(
        &self,
        key: impl ToArg,
        offset: u64,
        value: impl ToArg,
    ) -> Call<'_, i64, impl ToArgs> {
        self.call("SETRANGE", (key, offset, value))
    }

    /// Adds one; a missing key counts as 0
    ///
    /// See [INCR](https://redis.io/docs/latest/commands/incr/).
    pub fn incr(&self, key: impl ToArg) -> Call<'_, i64, impl ToArgs> {
        self.call("INCR", (key,))
    }

    /// Adds a number; a missing key counts as 0
    ///
    /// See [INCRBY](https://redis.io/docs/latest/commands/incrby/).
    pub fn incrby(&self, key: impl ToArg, by: i64) -> Call<'_, i64, impl ToArgs> {
        self.call("INCRBY", (key, by))
    }

    /// Adds a floating-point number; a missing key counts as 0
    ///
    /// See [INCRBYFLOAT](https://redis.io/docs/latest/commands/incrbyfloat/).
    pub fn incrbyfloat(&self, key: impl ToArg, by: f64) -> Call<'_, f64, impl ToArgs> {
        self.call("INCRBYFLOAT", (key, by))
    }

    /// Subtracts one; a missing key counts as 0
    ///
    /// See [DECR](https://redis.io/docs/latest/commands/decr/).
    pub fn decr(&self, key: impl ToArg) -> Call<'_, i64, impl ToArgs> {
        self.call("DECR", (key,))
    }

    /// Subtracts a number; a missing key counts as 0
    ///
    /// See [DECRBY](https://redis.io/docs/latest/commands/decrby/).
    pub fn decrby(&self, key: impl ToArg, by: i64) -> Call<'_, i64, impl ToArgs> {
        self.call("DECRBY", (key, by))
    }

    /// The values of several keys, in their order
    ///
    /// See [MGET](https://redis.io/docs/latest/commands/mget/).
    pub fn mget<T: FromReply>(&self, keys: impl ToArgs) -> Call<'_, Vec<Option<T>>, impl ToArgs> {
        self.call("MGET", keys)
    }

    /// Sets several keys at once, from pairs or a map
    ///
    /// See [MSET](https://redis.io/docs/latest/commands/mset/).
    pub fn mset(&self, pairs: impl ToArgs) -> Call<'_, (), impl ToArgs> {
        self.call("MSET", pairs)
    }

    /// Sets several keys, or none if any of them exists; whether it did
    ///
    /// See [MSETNX](https://redis.io/docs/latest/commands/msetnx/).
    pub fn msetnx(&self, pairs: impl ToArgs) -> Call<'_, bool, impl ToArgs> {
        self.call("MSETNX", pairs)
    }

    /// Sets a key under conditions, or with a time to live; whether it did
    ///
    /// See [SET](https://redis.io/docs/latest/commands/set/).
    ///
    /// ```no_run
    /// # async fn f(db: redmux::Database) -> redmux::Result<()> {
    /// use redmux::SetOptions;
    /// use std::time::Duration;
    ///
    /// let options = SetOptions::new().expires_in(Duration::from_secs(30)).if_missing();
    /// let locked: bool = db.set_with("lock", "me", options).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn set_with(
        &self,
        key: impl ToArg,
        value: impl ToArg,
        options: SetOptions,
    ) -> Call<'_, bool, impl ToArgs> {
        self.call("SET", Join((key, value), options))
    }

    /// Sets a key and returns what it held before
    ///
    /// See [SET](https://redis.io/docs/latest/commands/set/) with `GET`. Since Redis 6.2; with
    /// [`SetOptions::if_missing`] since 7.0.
    pub fn set_get<T: FromReply>(
        &self,
        key: impl ToArg,
        value: impl ToArg,
        options: SetOptions,
    ) -> Call<'_, Option<T>, impl ToArgs> {
        self.call("SET", Join((key, value, "GET"), options))
    }

    /// The value of a key, whose time to live is changed
    ///
    /// `None` takes the time to live away. See
    /// [GETEX](https://redis.io/docs/latest/commands/getex/). Since Redis 6.2.
    pub fn getex<T: FromReply>(
        &self,
        key: impl ToArg,
        expires_in: Option<Duration>,
    ) -> Call<'_, Option<T>, impl ToArgs> {
        let mut options = SetOptions::new();
        match expires_in {
            Some(time) => options = options.expires_in(time),
            None => options.expiry = Some(("PERSIST", None)),
        }
        self.call("GETEX", Join((key,), options))
    }
}

/// Conditions and time to live of a `SET`
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SetOptions {
    condition: Option<&'static str>,
    expiry: Option<(&'static str, Option<u64>)>,
}

impl SetOptions {
    /// No condition, and the time to live is taken away.
    pub fn new() -> Self {
        Self::default()
    }

    /// Only if the key does not exist (`NX`).
    pub fn if_missing(mut self) -> Self {
        self.condition = Some("NX");
        self
    }

    /// Only if the key exists (`XX`).
    pub fn if_exists(mut self) -> Self {
        self.condition = Some("XX");
        self
    }

    /// The key expires after this time, in milliseconds (`PX`).
    pub fn expires_in(mut self, time: Duration) -> Self {
        self.expiry = Some(("PX", Some(millis(time))));
        self
    }

    /// The key expires at this moment, in milliseconds since 1970 (`PXAT`). Since Redis 6.2.
    pub fn expires_at(mut self, unix_millis: u64) -> Self {
        self.expiry = Some(("PXAT", Some(unix_millis)));
        self
    }

    /// The key keeps the time to live it has (`KEEPTTL`). Since Redis 6.0.
    pub fn keep_ttl(mut self) -> Self {
        self.expiry = Some(("KEEPTTL", None));
        self
    }
}

impl ToArgs for SetOptions {
    fn append_to<'a>(&'a self, args: &mut ArgList<'a>) {
        let words = self.condition.iter().chain(self.expiry.iter().map(|(word, _)| word));
        args.extend(words.map(|word| Arg::Bytes(word.as_bytes())));
        if let Some((_, Some(number))) = &self.expiry {
            args.push(number.to_arg());
        }
    }
}
