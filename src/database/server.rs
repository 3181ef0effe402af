//! The server itself.
//!
//! ```no_run
//! # async fn f(db: redmux::Database) -> redmux::Result<()> {
//! let config: std::collections::HashMap<String, String> = db.config_get("maxmemory*").await?;
//! # Ok(())
//! # }
//! ```

use super::Database;
use crate::{
    Call,
    resp::{FromReply, ToArg, ToArgs},
};

impl Database {
    /// A round trip to the server
    ///
    /// See [PING](https://redis.io/docs/latest/commands/ping/).
    pub fn ping(&self) -> Call<'_, (), impl ToArgs> {
        self.call("PING", ())
    }

    /// The message, sent there and back
    ///
    /// See [ECHO](https://redis.io/docs/latest/commands/echo/).
    pub fn echo<T: FromReply>(&self, message: impl ToArg) -> Call<'_, T, impl ToArgs> {
        self.call("ECHO", (message,))
    }

    /// The server's clock: seconds since 1970, and microseconds of the second
    ///
    /// See [TIME](https://redis.io/docs/latest/commands/time/).
    pub fn time(&self) -> Call<'_, (u64, u64), impl ToArgs> {
        self.call("TIME", ())
    }

    /// Number of keys
    ///
    /// See [DBSIZE](https://redis.io/docs/latest/commands/dbsize/).
    pub fn dbsize(&self) -> Call<'_, i64, impl ToArgs> {
        self.call("DBSIZE", ())
    }

    /// What the server tells of itself, as text; `()` for the usual sections
    ///
    /// See [INFO](https://redis.io/docs/latest/commands/info/).
    pub fn info(&self, sections: impl ToArgs) -> Call<'_, String, impl ToArgs> {
        self.call("INFO", sections)
    }

    /// Deletes all keys of the database
    ///
    /// See [FLUSHDB](https://redis.io/docs/latest/commands/flushdb/).
    pub fn flushdb(&self) -> Call<'_, (), impl ToArgs> {
        self.call("FLUSHDB", ())
    }

    /// Deletes all keys of all databases
    ///
    /// See [FLUSHALL](https://redis.io/docs/latest/commands/flushall/).
    pub fn flushall(&self) -> Call<'_, (), impl ToArgs> {
        self.call("FLUSHALL", ())
    }

    /// When the server last saved to disk, in seconds since 1970
    ///
    /// See [LASTSAVE](https://redis.io/docs/latest/commands/lastsave/).
    pub fn lastsave(&self) -> Call<'_, u64, impl ToArgs> {
        self.call("LASTSAVE", ())
    }

    /// Settings that match a pattern, as a map
    ///
    /// See [CONFIG GET](https://redis.io/docs/latest/commands/config-get/).
    pub fn config_get<M: FromReply>(&self, pattern: impl ToArg) -> Call<'_, M, impl ToArgs> {
        self.call2("CONFIG", "GET", (pattern,))
    }

    /// Changes a setting
    ///
    /// See [CONFIG SET](https://redis.io/docs/latest/commands/config-set/).
    pub fn config_set(&self, name: impl ToArg, value: impl ToArg) -> Call<'_, (), impl ToArgs> {
        self.call2("CONFIG", "SET", (name, value))
    }
}
