//! What the server can do.

use super::Database;
use crate::{
    Call,
    database::options::items,
    resp::{DecodeError, FromReply, Reply, ReplyError, ToArg, ToArgs},
};

impl Database {
    /// How many commands the server has
    ///
    /// See [COMMAND COUNT](https://redis.io/docs/latest/commands/command-count/).
    pub fn command_count(&self) -> Call<'_, u64, impl ToArgs> {
        self.call2("COMMAND", "COUNT", ())
    }

    /// The names of all commands
    ///
    /// See [COMMAND LIST](https://redis.io/docs/latest/commands/command-list/). Since
    /// Redis 7.0.
    pub fn command_list(&self) -> Call<'_, Vec<String>, impl ToArgs> {
        self.call2("COMMAND", "LIST", ())
    }

    /// The names of the commands that match a pattern
    ///
    /// See [COMMAND LIST](https://redis.io/docs/latest/commands/command-list/). Since
    /// Redis 7.0.
    pub fn command_list_matching(&self, pattern: impl ToArg) -> Call<'_, Vec<String>, impl ToArgs> {
        self.call2("COMMAND", "LIST", ("FILTERBY", "PATTERN", pattern))
    }

    /// What the server knows about commands, about all if the list is empty; `None` for unknown
    /// ones
    ///
    /// Those with subcommands are named as in `config|get`. See
    /// [COMMAND INFO](https://redis.io/docs/latest/commands/command-info/).
    pub fn command_info(
        &self,
        names: impl ToArgs,
    ) -> Call<'_, Vec<Option<CommandInfo>>, impl ToArgs> {
        self.call2("COMMAND", "INFO", names)
    }

    /// The manual of commands, of all if the list is empty, as the server returns it
    ///
    /// See [COMMAND DOCS](https://redis.io/docs/latest/commands/command-docs/). Since
    /// Redis 7.0.
    pub fn command_docs<M: FromReply>(&self, names: impl ToArgs) -> Call<'_, M, impl ToArgs> {
        self.call2("COMMAND", "DOCS", names)
    }

    /// The keys of a command with its arguments
    ///
    /// See [COMMAND GETKEYS](https://redis.io/docs/latest/commands/command-getkeys/).
    pub fn command_getkeys<T: FromReply>(
        &self,
        command: impl ToArgs,
    ) -> Call<'_, Vec<T>, impl ToArgs> {
        self.list2("COMMAND", "GETKEYS", command, "the command's words")
    }

    /// The keys of a command with its arguments, and how the command uses each
    ///
    /// See [COMMAND
    /// GETKEYSANDFLAGS](https://redis.io/docs/latest/commands/command-getkeysandflags/).
    /// Since Redis 7.0.
    pub fn command_getkeysandflags<T: FromReply>(
        &self,
        command: impl ToArgs,
    ) -> Call<'_, Vec<(T, Vec<String>)>, impl ToArgs> {
        self.list2("COMMAND", "GETKEYSANDFLAGS", command, "the command's words")
    }
}

/// What the server knows about a command
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CommandInfo {
    /// Its name in lower case, as in `config|get`.
    pub name: String,
    /// Number of words, including the name; a negative number is a minimum.
    pub arity: i64,
    /// What it does, such as `readonly` or `blocking`.
    pub flags: Vec<String>,
    /// Place of the first key; 0 if there is none.
    pub first_key: i64,
    /// Place of the last key; negative ones count from the end.
    pub last_key: i64,
    /// Places from key to key.
    pub step: i64,
    /// Categories in access control lists, such as `@read`.
    pub categories: Vec<String>,
}

impl FromReply for CommandInfo {
    fn from_reply(reply: Reply<'_>) -> Result<Self, ReplyError> {
        let mut items = items("a command", reply)?;
        let mut next = || {
            let short = || DecodeError::because("a command", reply.kind(), "that ends too early");
            items.next().ok_or_else(|| ReplyError::from(short()))
        };
        Ok(Self {
            name: next()?.decode()?,
            arity: next()?.decode()?,
            flags: next()?.decode()?,
            first_key: next()?.decode()?,
            last_key: next()?.decode()?,
            step: next()?.decode()?,
            categories: next()?.decode()?,
        })
    }
}
