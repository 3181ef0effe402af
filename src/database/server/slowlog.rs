//! Logs of commands that were slow or large.

use std::time::Duration;

use bytes::Bytes;

use crate::{
    Call,
    database::{
        Database,
        options::{items, words},
    },
    resp::{DecodeError, FromReply, Reply, ReplyError, ToArgs},
};

impl Database {
    /// The last slow commands, at most `count`, the latest first
    ///
    /// See [SLOWLOG GET](https://redis.io/docs/latest/commands/slowlog-get/).
    pub fn slowlog_get(&self, count: u64) -> Call<'_, Vec<SlowlogEntry>, impl ToArgs> {
        self.call2("SLOWLOG", "GET", (count,))
    }

    /// Number of entries
    ///
    /// See [SLOWLOG LEN](https://redis.io/docs/latest/commands/slowlog-len/).
    pub fn slowlog_len(&self) -> Call<'_, u64, impl ToArgs> {
        self.call2("SLOWLOG", "LEN", ())
    }

    /// Empties the log
    ///
    /// See [SLOWLOG RESET](https://redis.io/docs/latest/commands/slowlog-reset/).
    pub fn slowlog_reset(&self) -> Call<'_, (), impl ToArgs> {
        self.call2("SLOWLOG", "RESET", ())
    }

    /// The last commands of one of the logs, at most `count`, the latest first
    ///
    /// See [COMMANDLOG GET](https://valkey.io/commands/commandlog-get/). Since Valkey 8.1.
    pub fn commandlog_get(
        &self,
        count: u64,
        log: CommandLog,
    ) -> Call<'_, Vec<CommandLogEntry>, impl ToArgs> {
        self.call2("COMMANDLOG", "GET", (count, log))
    }

    /// Number of entries of one of the logs
    ///
    /// See [COMMANDLOG LEN](https://valkey.io/commands/commandlog-len/). Since Valkey 8.1.
    pub fn commandlog_len(&self, log: CommandLog) -> Call<'_, u64, impl ToArgs> {
        self.call2("COMMANDLOG", "LEN", (log,))
    }

    /// Empties one of the logs
    ///
    /// See [COMMANDLOG RESET](https://valkey.io/commands/commandlog-reset/). Since Valkey 8.1.
    pub fn commandlog_reset(&self, log: CommandLog) -> Call<'_, (), impl ToArgs> {
        self.call2("COMMANDLOG", "RESET", (log,))
    }
}

words! {
    /// The commands that a log of Valkey holds
    CommandLog {
        /// Those that took long.
        Slow => "SLOW",
        /// Commands that were large themselves.
        LargeRequest => "LARGE-REQUEST",
        /// Those with a long reply.
        LargeReply => "LARGE-REPLY",
    }
}

/// A command that took long
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SlowlogEntry {
    /// Its number in the log.
    pub id: u64,
    /// When the command was executed, in seconds since 1970.
    pub unix_seconds: u64,
    /// How long the execution took, without waiting and writing.
    pub duration: Duration,
    /// Its name and arguments; the server cuts them short.
    pub args: Vec<Bytes>,
    /// The client's `address:port`.
    pub client_addr: String,
    /// The name of its connection; empty if it has none.
    pub client_name: String,
}

/// A command in one of the logs of Valkey
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CommandLogEntry {
    /// Its number in the log.
    pub id: u64,
    /// When the command was executed, in seconds since 1970.
    pub unix_seconds: u64,
    /// Microseconds of a slow command, bytes of a large one.
    pub amount: u64,
    /// Its name and arguments; the server cuts them short.
    pub args: Vec<Bytes>,
    /// The client's `address:port`.
    pub client_addr: String,
    /// The name of its connection; empty if it has none.
    pub client_name: String,
}

impl FromReply for CommandLogEntry {
    fn from_reply(reply: Reply<'_>) -> Result<Self, ReplyError> {
        // Newer servers add to it.
        let mut items = items("an entry of a log", reply)?;
        let mut next = || {
            let short =
                || DecodeError::because("an entry of a log", reply.kind(), "that ends too early");
            items.next().ok_or_else(|| ReplyError::from(short()))
        };
        Ok(Self {
            id: next()?.decode()?,
            unix_seconds: next()?.decode()?,
            amount: next()?.decode()?,
            args: next()?.decode()?,
            client_addr: next()?.decode()?,
            client_name: next()?.decode()?,
        })
    }
}

impl FromReply for SlowlogEntry {
    fn from_reply(reply: Reply<'_>) -> Result<Self, ReplyError> {
        let CommandLogEntry { id, unix_seconds, amount, args, client_addr, client_name } =
            reply.decode()?;
        let duration = Duration::from_micros(amount);
        Ok(Self { id, unix_seconds, duration, args, client_addr, client_name })
    }
}
