//! The server itself, publishing and scripts.
//!
//! ```no_run
//! # async fn f(db: redmux::Database) -> redmux::Result<()> {
//! let config: std::collections::HashMap<String, String> = db.config_get("maxmemory*").await?;
//! let listeners: i64 = db.publish("news", "it works").await?;
//! let sum: i64 = db.eval("return ARGV[1] + ARGV[2]", (), (1, 2)).await?;
//! # Ok(())
//! # }
//! ```

use super::{Database, Join};
use crate::{
    Call,
    resp::{ArgList, FromReply, ToArg, ToArgs},
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

    /// The server's number for this connection
    ///
    /// See [CLIENT ID](https://redis.io/docs/latest/commands/client-id/).
    pub fn client_id(&self) -> Call<'_, i64, impl ToArgs> {
        self.call2("CLIENT", "ID", ())
    }

    /// All connections of the server, one a line
    ///
    /// See [CLIENT LIST](https://redis.io/docs/latest/commands/client-list/).
    pub fn client_list(&self) -> Call<'_, String, impl ToArgs> {
        self.call2("CLIENT", "LIST", ())
    }

    /// Publishes a message and returns how many received it
    ///
    /// See [PUBLISH](https://redis.io/docs/latest/commands/publish/).
    pub fn publish(&self, channel: impl ToArg, message: impl ToArg) -> Call<'_, i64, impl ToArgs> {
        self.call("PUBLISH", (channel, message))
    }

    /// Publishes a message to a shard channel and returns how many received it
    ///
    /// See [SPUBLISH](https://redis.io/docs/latest/commands/spublish/). Since Redis 7.0.
    pub fn spublish(&self, channel: impl ToArg, message: impl ToArg) -> Call<'_, i64, impl ToArgs> {
        self.call("SPUBLISH", (channel, message))
    }

    /// Stores a script and returns its digest for [`evalsha`](Self::evalsha)
    ///
    /// See [SCRIPT LOAD](https://redis.io/docs/latest/commands/script-load/).
    pub fn script_load(&self, script: impl ToArg) -> Call<'_, String, impl ToArgs> {
        self.call2("SCRIPT", "LOAD", (script,))
    }

    /// Whether the server has these scripts
    ///
    /// See [SCRIPT EXISTS](https://redis.io/docs/latest/commands/script-exists/).
    pub fn script_exists(&self, digests: impl ToArgs) -> Call<'_, Vec<bool>, impl ToArgs> {
        self.call2("SCRIPT", "EXISTS", digests)
    }

    /// Runs a Lua script on the server
    ///
    /// `keys` are the keys it touches, `args` anything else. See
    /// [EVAL](https://redis.io/docs/latest/commands/eval/).
    pub fn eval<T: FromReply>(
        &self,
        script: impl ToArg,
        keys: impl ToArgs,
        args: impl ToArgs,
    ) -> Call<'_, T, impl ToArgs> {
        self.call("EVAL", Join((script,), Counted(keys, args)))
    }

    /// Runs a Lua script that the server has stored
    ///
    /// The error's code is `NOSCRIPT` if it has not. See
    /// [EVALSHA](https://redis.io/docs/latest/commands/evalsha/).
    pub fn evalsha<T: FromReply>(
        &self,
        digest: impl ToArg,
        keys: impl ToArgs,
        args: impl ToArgs,
    ) -> Call<'_, T, impl ToArgs> {
        self.call("EVALSHA", Join((digest,), Counted(keys, args)))
    }
}

/// The number of keys, the keys, and the other arguments
#[derive(Clone)]
struct Counted<K, A>(K, A);

impl<K: ToArgs, A: ToArgs> ToArgs for Counted<K, A> {
    fn append_to<'a>(&'a self, args: &mut ArgList<'a>) {
        let place = args.len();
        self.0.append_to(args);
        let count = args.len() - place;
        args.insert(place, (count as u64).to_arg().into_owned());
        self.1.append_to(args);
    }
}
