//! Keys, whatever they hold.
//!
//! ```no_run
//! # async fn f(db: redmux::Database) -> redmux::Result<()> {
//! use std::time::Duration;
//!
//! db.expire("session", Duration::from_secs(60)).await?;
//! let gone: i64 = db.del(["a", "b"]).await?;
//! # Ok(())
//! # }
//! ```

use std::time::Duration;

use bytes::Bytes;

use super::{Database, ScanPage, millis};
use crate::{
    Call,
    resp::{DecodeError, FromReply, Reply, ReplyError, ToArg, ToArgs},
};

impl Database {
    /// Deletes keys and returns how many there were
    ///
    /// See [DEL](https://redis.io/docs/latest/commands/del/).
    pub fn del(&self, keys: impl ToArgs) -> Call<'_, i64, impl ToArgs> {
        self.call("DEL", keys)
    }

    /// Deletes keys, freeing their memory in the background; how many there were
    ///
    /// See [UNLINK](https://redis.io/docs/latest/commands/unlink/).
    pub fn unlink(&self, keys: impl ToArgs) -> Call<'_, i64, impl ToArgs> {
        self.call("UNLINK", keys)
    }

    /// How many of the keys exist; one named twice counts twice
    ///
    /// See [EXISTS](https://redis.io/docs/latest/commands/exists/).
    pub fn exists(&self, keys: impl ToArgs) -> Call<'_, i64, impl ToArgs> {
        self.call("EXISTS", keys)
    }

    /// Marks keys as used and returns how many exist
    ///
    /// See [TOUCH](https://redis.io/docs/latest/commands/touch/).
    pub fn touch(&self, keys: impl ToArgs) -> Call<'_, i64, impl ToArgs> {
        self.call("TOUCH", keys)
    }

    /// Gives a key a time to live; false if there is no such key
    ///
    /// See [PEXPIRE](https://redis.io/docs/latest/commands/pexpire/).
    pub fn expire(&self, key: impl ToArg, time: Duration) -> Call<'_, bool, impl ToArgs> {
        self.call("PEXPIRE", (key, millis(time)))
    }

    /// Lets a key expire at a moment, in milliseconds since 1970
    ///
    /// See [PEXPIREAT](https://redis.io/docs/latest/commands/pexpireat/).
    pub fn expireat(&self, key: impl ToArg, unix_millis: u64) -> Call<'_, bool, impl ToArgs> {
        self.call("PEXPIREAT", (key, unix_millis))
    }

    /// Takes the time to live away; false if there was none
    ///
    /// See [PERSIST](https://redis.io/docs/latest/commands/persist/).
    pub fn persist(&self, key: impl ToArg) -> Call<'_, bool, impl ToArgs> {
        self.call("PERSIST", (key,))
    }

    /// Time to live of a key
    ///
    /// See [PTTL](https://redis.io/docs/latest/commands/pttl/).
    pub fn pttl(&self, key: impl ToArg) -> Call<'_, Ttl, impl ToArgs> {
        self.call("PTTL", (key,))
    }

    /// Renames a key, replacing what the new name held
    ///
    /// See [RENAME](https://redis.io/docs/latest/commands/rename/).
    pub fn rename(&self, key: impl ToArg, to: impl ToArg) -> Call<'_, (), impl ToArgs> {
        self.call("RENAME", (key, to))
    }

    /// Renames a key unless the new name is taken; whether it did
    ///
    /// See [RENAMENX](https://redis.io/docs/latest/commands/renamenx/).
    pub fn renamenx(&self, key: impl ToArg, to: impl ToArg) -> Call<'_, bool, impl ToArgs> {
        self.call("RENAMENX", (key, to))
    }

    /// Copies a key unless the target exists; whether it did
    ///
    /// See [COPY](https://redis.io/docs/latest/commands/copy/). Since Redis 6.2.
    pub fn copy(&self, key: impl ToArg, to: impl ToArg) -> Call<'_, bool, impl ToArgs> {
        self.call("COPY", (key, to))
    }

    /// A random key; `None` if the database is empty
    ///
    /// See [RANDOMKEY](https://redis.io/docs/latest/commands/randomkey/).
    pub fn randomkey<T: FromReply>(&self) -> Call<'_, Option<T>, impl ToArgs> {
        self.call("RANDOMKEY", ())
    }

    /// All keys that match a pattern
    ///
    /// See [KEYS](https://redis.io/docs/latest/commands/keys/).
    ///
    /// This visits every key in one go and stops the server meanwhile: use [`scan`](Self::scan).
    pub fn keys<T: FromReply>(&self, pattern: impl ToArg) -> Call<'_, Vec<T>, impl ToArgs> {
        self.call("KEYS", (pattern,))
    }

    /// A serialised value for [`restore`](Self::restore)
    ///
    /// See [DUMP](https://redis.io/docs/latest/commands/dump/).
    pub fn dump(&self, key: impl ToArg) -> Call<'_, Option<Bytes>, impl ToArgs> {
        self.call("DUMP", (key,))
    }

    /// How the server stores a value
    ///
    /// See [OBJECT ENCODING](https://redis.io/docs/latest/commands/object-encoding/).
    pub fn object_encoding(&self, key: impl ToArg) -> Call<'_, Option<String>, impl ToArgs> {
        self.call2("OBJECT", "ENCODING", (key,))
    }

    /// Seconds since a key was last used
    ///
    /// See [OBJECT IDLETIME](https://redis.io/docs/latest/commands/object-idletime/).
    pub fn object_idletime(&self, key: impl ToArg) -> Call<'_, Option<i64>, impl ToArgs> {
        self.call2("OBJECT", "IDLETIME", (key,))
    }

    /// References to a value
    ///
    /// See [OBJECT REFCOUNT](https://redis.io/docs/latest/commands/object-refcount/).
    pub fn object_refcount(&self, key: impl ToArg) -> Call<'_, Option<i64>, impl ToArgs> {
        self.call2("OBJECT", "REFCOUNT", (key,))
    }

    /// What a key holds
    ///
    /// See [TYPE](https://redis.io/docs/latest/commands/type/).
    pub fn type_of(&self, key: impl ToArg) -> Call<'_, DataType, impl ToArgs> {
        self.call("TYPE", (key,))
    }

    /// Makes a key from a serialised value
    ///
    /// Without a time to live the key does not expire. See
    /// [RESTORE](https://redis.io/docs/latest/commands/restore/).
    pub fn restore(
        &self,
        key: impl ToArg,
        time: Option<Duration>,
        dump: impl ToArg,
    ) -> Call<'_, (), impl ToArgs> {
        self.call("RESTORE", (key, time.map_or(0, millis), dump))
    }

    /// One page of all keys that match a pattern; begin with cursor 0 and go on until it is 0 again
    ///
    /// `count` is a hint. A key may come more than once. See
    /// [SCAN](https://redis.io/docs/latest/commands/scan/).
    pub fn scan<T: FromReply>(
        &self,
        cursor: u64,
        pattern: impl ToArg,
        count: u32,
    ) -> Call<'_, ScanPage<T>, impl ToArgs> {
        self.call("SCAN", (cursor, "MATCH", pattern, "COUNT", count))
    }
}

/// What a key holds
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum DataType {
    /// There is no such key.
    Missing,
    /// A string.
    String,
    /// A list.
    List,
    /// A set.
    Set,
    /// A sorted set.
    SortedSet,
    /// A hash.
    Hash,
    /// A stream.
    Stream,
    /// A type of a module, by the name the server gives it.
    Other(String),
}

impl FromReply for DataType {
    fn from_reply(reply: Reply<'_>) -> Result<Self, ReplyError> {
        let name = String::from_reply(reply)?;
        Ok(match name.as_str() {
            "none" => Self::Missing,
            "string" => Self::String,
            "list" => Self::List,
            "set" => Self::Set,
            "zset" => Self::SortedSet,
            "hash" => Self::Hash,
            "stream" => Self::Stream,
            _ => Self::Other(name),
        })
    }
}

/// Time to live of a key
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ttl {
    /// There is no such key.
    Missing,
    /// The key does not expire.
    Forever,
    /// The key expires after this time, to the millisecond.
    In(Duration),
}

impl FromReply for Ttl {
    fn from_reply(reply: Reply<'_>) -> Result<Self, ReplyError> {
        match i64::from_reply(reply)? {
            -2 => Ok(Self::Missing),
            -1 => Ok(Self::Forever),
            millis => match u64::try_from(millis) {
                Ok(millis) => Ok(Self::In(Duration::from_millis(millis))),
                Err(_) => {
                    Err(DecodeError::because("a time to live", reply.kind(), "it is negative")
                        .into())
                }
            },
        }
    }
}
