//! The server itself.
//!
//! ```no_run
//! # async fn f(db: redmux::Database) -> redmux::Result<()> {
//! let config: std::collections::HashMap<String, String> = db.config_get("maxmemory*").await?;
//! # Ok(())
//! # }
//! ```

mod acl;
mod backup;
mod config;
mod hotkeys;
mod info;
mod latency;
mod memory;
mod role;
mod slowlog;

pub use super::command_info::CommandInfo;
pub use acl::{AclDryRun, AclLogEntry, AclSelector, AclUser};
pub use backup::BackupStatus;
pub use hotkeys::{Hotkeys, HotkeysOptions};
pub use info::{Info, Keyspace};
pub use latency::{CommandLatency, LatencyEvent, LatencySample};
pub use memory::MemoryStats;
pub use role::{ReplicaInfo, Role};
pub use slowlog::{CommandLog, CommandLogEntry, SlowlogEntry};

use super::{
    Database,
    options::{record, words},
};
use crate::{
    Call,
    command::named,
    resp::{FromReply, ToArg, ToArgs},
};

impl Database {
    /// A round trip to the server
    ///
    /// See [PING](https://redis.io/docs/latest/commands/ping/).
    pub fn ping(&self) -> Call<'_, (), impl ToArgs> {
        self.call(named!("PING"), ())
    }

    /// The message, sent there and back
    ///
    /// See [ECHO](https://redis.io/docs/latest/commands/echo/).
    pub fn echo<T: FromReply>(&self, message: impl ToArg) -> Call<'_, T, impl ToArgs> {
        self.call(named!("ECHO"), (message,))
    }

    /// The server's clock: seconds since 1970, and microseconds of the second
    ///
    /// See [TIME](https://redis.io/docs/latest/commands/time/).
    pub fn time(&self) -> Call<'_, (u64, u64), impl ToArgs> {
        self.call(named!("TIME"), ())
    }

    /// Number of keys
    ///
    /// See [DBSIZE](https://redis.io/docs/latest/commands/dbsize/).
    pub fn dbsize(&self) -> Call<'_, u64, impl ToArgs> {
        self.call(named!("DBSIZE"), ())
    }

    /// Deletes all keys of the database
    ///
    /// See [FLUSHDB](https://redis.io/docs/latest/commands/flushdb/).
    pub fn flushdb(&self) -> Call<'_, (), impl ToArgs> {
        self.call(named!("FLUSHDB"), ())
    }

    /// Deletes all keys of all databases
    ///
    /// See [FLUSHALL](https://redis.io/docs/latest/commands/flushall/).
    pub fn flushall(&self) -> Call<'_, (), impl ToArgs> {
        self.call(named!("FLUSHALL"), ())
    }

    /// When the server last saved to disk, in seconds since 1970
    ///
    /// See [LASTSAVE](https://redis.io/docs/latest/commands/lastsave/).
    pub fn lastsave(&self) -> Call<'_, u64, impl ToArgs> {
        self.call(named!("LASTSAVE"), ())
    }

    /// Deletes all keys of the database in the given way
    ///
    /// See [FLUSHDB](https://redis.io/docs/latest/commands/flushdb/). `SYNC` since Redis 6.2.
    pub fn flushdb_with(&self, mode: FlushMode) -> Call<'_, (), impl ToArgs> {
        self.call(named!("FLUSHDB"), (mode,))
    }

    /// Deletes all keys of all databases in the given way
    ///
    /// See [FLUSHALL](https://redis.io/docs/latest/commands/flushall/). `SYNC` since Redis 6.2.
    pub fn flushall_with(&self, mode: FlushMode) -> Call<'_, (), impl ToArgs> {
        self.call(named!("FLUSHALL"), (mode,))
    }

    /// Exchanges two databases, for all connections at once
    ///
    /// See [SWAPDB](https://redis.io/docs/latest/commands/swapdb/).
    pub fn swapdb(&self, one: u32, other: u32) -> Call<'_, (), impl ToArgs> {
        self.call(named!("SWAPDB"), (one, other))
    }

    /// Starts to save to disk in the background; an error if that is under way already
    ///
    /// See [BGSAVE](https://redis.io/docs/latest/commands/bgsave/).
    pub fn bgsave(&self) -> Call<'_, (), impl ToArgs> {
        self.call(named!("BGSAVE"), ())
    }

    /// Starts to save to disk in the background, as soon as the log is not being rewritten
    ///
    /// See [BGSAVE](https://redis.io/docs/latest/commands/bgsave/).
    pub fn bgsave_schedule(&self) -> Call<'_, (), impl ToArgs> {
        self.call(named!("BGSAVE"), ("SCHEDULE",))
    }

    /// Starts to rewrite the log of commands in the background
    ///
    /// See [BGREWRITEAOF](https://redis.io/docs/latest/commands/bgrewriteaof/).
    pub fn bgrewriteaof(&self) -> Call<'_, (), impl ToArgs> {
        self.call(named!("BGREWRITEAOF"), ())
    }

    /// Saves to disk and blocks the server meanwhile: prefer [`bgsave`](Self::bgsave)
    ///
    /// See [SAVE](https://redis.io/docs/latest/commands/save/).
    pub fn save(&self) -> Call<'_, (), impl ToArgs> {
        self.call(named!("SAVE"), ())
    }

    /// The server's role towards other servers
    ///
    /// See [ROLE](https://redis.io/docs/latest/commands/role/).
    pub fn role(&self) -> Call<'_, Role, impl ToArgs> {
        self.call(named!("ROLE"), ())
    }

    /// The modules that are loaded
    ///
    /// See [MODULE LIST](https://redis.io/docs/latest/commands/module-list/).
    pub fn module_list(&self) -> Call<'_, Vec<ModuleInfo>, impl ToArgs> {
        self.call2("MODULE", "LIST", ())
    }

    /// A picture, and the version of the server
    ///
    /// See [LOLWUT](https://redis.io/docs/latest/commands/lolwut/).
    pub fn lolwut(&self) -> Call<'_, String, impl ToArgs> {
        self.call(named!("LOLWUT"), ())
    }
}

words! {
    /// How to delete all keys
    FlushMode {
        /// At once; their memory is freed in the background.
        Async => "ASYNC",
        /// The server stops until their memory is freed.
        Sync => "SYNC",
    }
}

record! {
    /// A module that is loaded
    ModuleInfo {
        /// Its name.
        "name" => name: String,
        /// Its version.
        "ver" => version: i64,
        /// The file it was loaded from. Since Redis 7.0.
        "path" => path: Option<String>,
    }
}
