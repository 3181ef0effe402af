//! Keys, of any type.
//!
//! ```no_run
//! # async fn f(db: redmux::Database) -> redmux::Result<()> {
//! use std::time::Duration;
//!
//! db.expire("session", Duration::from_secs(60)).await?;
//! let gone: u64 = db.del(["a", "b"]).await?;
//! # Ok(())
//! # }
//! ```

mod data_type;
mod dump;
mod expiry;
mod object;
mod sort;

pub use super::expiry::{ExpireIf, ExpireTime, Expiry, Ttl};
pub use data_type::DataType;
pub use dump::RestoreOptions;
pub use sort::SortOptions;

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
    /// Deletes keys and returns how many there were
    ///
    /// See [DEL](https://redis.io/docs/latest/commands/del/).
    pub fn del(&self, keys: impl ToArgs) -> Call<'_, u64, impl ToArgs> {
        self.list(named!("DEL"), (), keys, "keys")
    }

    /// Deletes keys, freeing their memory in the background; returns how many there were
    ///
    /// See [UNLINK](https://redis.io/docs/latest/commands/unlink/).
    pub fn unlink(&self, keys: impl ToArgs) -> Call<'_, u64, impl ToArgs> {
        self.list(named!("UNLINK"), (), keys, "keys")
    }

    /// How many of the keys exist; one named twice counts twice
    ///
    /// See [EXISTS](https://redis.io/docs/latest/commands/exists/).
    pub fn exists(&self, keys: impl ToArgs) -> Call<'_, u64, impl ToArgs> {
        self.list(named!("EXISTS"), (), keys, "keys")
    }

    /// Marks keys as used and returns how many exist
    ///
    /// See [TOUCH](https://redis.io/docs/latest/commands/touch/).
    pub fn touch(&self, keys: impl ToArgs) -> Call<'_, u64, impl ToArgs> {
        self.list(named!("TOUCH"), (), keys, "keys")
    }

    /// Renames a key, replacing the value of the new name
    ///
    /// See [RENAME](https://redis.io/docs/latest/commands/rename/).
    pub fn rename(&self, key: impl ToArg, to: impl ToArg) -> Call<'_, (), impl ToArgs> {
        self.call(named!("RENAME"), (key, to))
    }

    /// Renames a key unless the new name exists; returns whether it was renamed
    ///
    /// See [RENAMENX](https://redis.io/docs/latest/commands/renamenx/).
    pub fn renamenx(&self, key: impl ToArg, to: impl ToArg) -> Call<'_, bool, impl ToArgs> {
        self.call(named!("RENAMENX"), (key, to))
    }

    /// Copies a key unless the target exists; returns whether it was copied
    ///
    /// See [COPY](https://redis.io/docs/latest/commands/copy/). Since Redis 6.2.
    pub fn copy(&self, key: impl ToArg, to: impl ToArg) -> Call<'_, bool, impl ToArgs> {
        self.call(named!("COPY"), (key, to))
    }

    /// Copies a key, replacing the target; returns false if the key does not exist
    ///
    /// See [COPY](https://redis.io/docs/latest/commands/copy/). Since Redis 6.2.
    pub fn copy_replacing(&self, key: impl ToArg, to: impl ToArg) -> Call<'_, bool, impl ToArgs> {
        self.call(named!("COPY"), (key, to, "REPLACE"))
    }

    /// Copies a key into another database unless the target exists; returns whether it was copied
    ///
    /// See [COPY](https://redis.io/docs/latest/commands/copy/). Since Redis 6.2.
    pub fn copy_to_db(
        &self,
        key: impl ToArg,
        to: impl ToArg,
        db: u32,
    ) -> Call<'_, bool, impl ToArgs> {
        self.call(named!("COPY"), (key, to, "DB", db))
    }

    /// Moves a key to another database unless it exists there; returns whether it was moved
    ///
    /// See [MOVE](https://redis.io/docs/latest/commands/move/).
    pub fn move_to_db(&self, key: impl ToArg, db: u32) -> Call<'_, bool, impl ToArgs> {
        self.call(named!("MOVE"), (key, db))
    }

    /// A random key; `None` if the database is empty
    ///
    /// See [RANDOMKEY](https://redis.io/docs/latest/commands/randomkey/).
    pub fn randomkey<T: FromReply>(&self) -> Call<'_, Option<T>, impl ToArgs> {
        self.call(named!("RANDOMKEY"), ())
    }

    /// All keys that match a pattern
    ///
    /// See [KEYS](https://redis.io/docs/latest/commands/keys/).
    ///
    /// Visits every key in one go and blocks the server meanwhile: use [`scan`](Self::scan).
    pub fn keys<T: FromReply>(&self, pattern: impl ToArg) -> Call<'_, Vec<T>, impl ToArgs> {
        self.call(named!("KEYS"), (pattern,))
    }

    /// The type of the value of a key
    ///
    /// See [TYPE](https://redis.io/docs/latest/commands/type/).
    pub fn type_of(&self, key: impl ToArg) -> Call<'_, DataType, impl ToArgs> {
        self.call(named!("TYPE"), (key,))
    }

    /// One page of all keys; start with cursor 0 and stop when the returned cursor is 0
    ///
    /// The same key may be on several pages. See [SCAN](https://redis.io/docs/latest/commands/scan/).
    pub fn scan<T: FromReply>(
        &self,
        cursor: u64,
        options: ScanOptions,
    ) -> Call<'_, ScanPage<T>, impl ToArgs> {
        self.call(named!("SCAN"), Join((cursor,), options))
    }
}
