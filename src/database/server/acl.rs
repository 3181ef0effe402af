//! Users and what they may do.

use crate::{
    Call,
    database::{
        Database, Join,
        checks::{Unless, empty},
        clients::ClientInfo,
        options::record,
    },
    resp::{FromReply, Reply, ReplyError, ToArg, ToArgs},
};

impl Database {
    /// The user of this connection
    ///
    /// See [ACL WHOAMI](https://redis.io/docs/latest/commands/acl-whoami/). Since Redis 6.0.
    pub fn acl_whoami(&self) -> Call<'_, String, impl ToArgs> {
        self.call2("ACL", "WHOAMI", ())
    }

    /// The names of all users
    ///
    /// See [ACL USERS](https://redis.io/docs/latest/commands/acl-users/). Since Redis 6.0.
    pub fn acl_users(&self) -> Call<'_, Vec<String>, impl ToArgs> {
        self.call2("ACL", "USERS", ())
    }

    /// All users with their rules, one string for each user
    ///
    /// See [ACL LIST](https://redis.io/docs/latest/commands/acl-list/). Since Redis 6.0.
    pub fn acl_list(&self) -> Call<'_, Vec<String>, impl ToArgs> {
        self.call2("ACL", "LIST", ())
    }

    /// What a user may do; `None` if there is no such user
    ///
    /// See [ACL GETUSER](https://redis.io/docs/latest/commands/acl-getuser/). Since Redis 7.0.
    pub fn acl_getuser(&self, name: impl ToArg) -> Call<'_, Option<AclUser>, impl ToArgs> {
        self.call2("ACL", "GETUSER", (name,))
    }

    /// Makes a user or changes what it may do, by rules such as `on`, `+get` and `~cache:*`
    ///
    /// See [ACL SETUSER](https://redis.io/docs/latest/commands/acl-setuser/). Since Redis 6.0.
    ///
    /// ```no_run
    /// # async fn f(db: redmux::Database) -> redmux::Result<()> {
    /// db.acl_setuser("reader", ["on", ">password", "+@read", "~cache:*"]).await?;
    /// # Ok(())
    /// # }
    /// ```
    pub fn acl_setuser(&self, name: impl ToArg, rules: impl ToArgs) -> Call<'_, (), impl ToArgs> {
        self.call2("ACL", "SETUSER", Join((name,), rules))
    }

    /// Deletes users and closes their connections; returns how many there were
    ///
    /// See [ACL DELUSER](https://redis.io/docs/latest/commands/acl-deluser/). Since Redis 6.0.
    pub fn acl_deluser(&self, names: impl ToArgs) -> Call<'_, u64, impl ToArgs> {
        self.list2("ACL", "DELUSER", names, "names")
    }

    /// The categories of commands
    ///
    /// See [ACL CAT](https://redis.io/docs/latest/commands/acl-cat/). Since Redis 6.0.
    pub fn acl_cat(&self) -> Call<'_, Vec<String>, impl ToArgs> {
        self.call2("ACL", "CAT", ())
    }

    /// The commands of a category
    ///
    /// See [ACL CAT](https://redis.io/docs/latest/commands/acl-cat/). Since Redis 6.0.
    pub fn acl_cat_commands(&self, category: impl ToArg) -> Call<'_, Vec<String>, impl ToArgs> {
        self.call2("ACL", "CAT", (category,))
    }

    /// Whether a user may run a command with its arguments
    ///
    /// See [ACL DRYRUN](https://redis.io/docs/latest/commands/acl-dryrun/). Since Redis 7.0.
    pub fn acl_dryrun(
        &self,
        user: impl ToArg,
        command: impl ToArgs,
    ) -> Call<'_, AclDryRun, impl ToArgs> {
        let fault = empty(&command, "the command's words");
        self.call2("ACL", "DRYRUN", Join((user,), command)).unless(fault)
    }

    /// What was refused, at most `count` entries, the latest first
    ///
    /// See [ACL LOG](https://redis.io/docs/latest/commands/acl-log/). Since Redis 6.0.
    pub fn acl_log(&self, count: u64) -> Call<'_, Vec<AclLogEntry>, impl ToArgs> {
        self.call2("ACL", "LOG", (count,))
    }

    /// Empties the log of what was refused
    ///
    /// See [ACL LOG](https://redis.io/docs/latest/commands/acl-log/). Since Redis 6.0.
    pub fn acl_log_reset(&self) -> Call<'_, (), impl ToArgs> {
        self.call2("ACL", "LOG", ("RESET",))
    }

    /// A random password of `bits` bits (256 are usual), in hexadecimal digits
    ///
    /// See [ACL GENPASS](https://redis.io/docs/latest/commands/acl-genpass/). Since Redis 6.0.
    pub fn acl_genpass(&self, bits: u32) -> Call<'_, String, impl ToArgs> {
        self.call2("ACL", "GENPASS", (bits,))
    }

    /// Reads the users from the server's file; an error if it has none
    ///
    /// See [ACL LOAD](https://redis.io/docs/latest/commands/acl-load/). Since Redis 6.0.
    pub fn acl_load(&self) -> Call<'_, (), impl ToArgs> {
        self.call2("ACL", "LOAD", ())
    }

    /// Writes the users to the server's file; an error if it has none
    ///
    /// See [ACL SAVE](https://redis.io/docs/latest/commands/acl-save/). Since Redis 6.0.
    pub fn acl_save(&self) -> Call<'_, (), impl ToArgs> {
        self.call2("ACL", "SAVE", ())
    }
}

record! {
    /// A user
    AclUser {
        /// What is special, such as `on` or `nopass`.
        "flags" => flags: Vec<String>,
        /// SHA-256 digests of the passwords.
        "passwords" => passwords: Vec<String>,
        /// Rules for commands, such as `+@all`.
        "commands" => commands: String,
        /// Rules for keys, such as `~cache:*`.
        "keys" => keys: String,
        /// Rules for channels, such as `&news:*`.
        "channels" => channels: String,
        /// Further sets of rules, of which one has to allow a command.
        "selectors" => selectors: Vec<AclSelector>,
    }
}

record! {
    /// A further set of rules of a user
    AclSelector {
        /// Rules for commands.
        "commands" => commands: String,
        /// Rules for keys.
        "keys" => keys: String,
        /// Rules for channels.
        "channels" => channels: String,
    }
}

record! {
    /// Something that was refused
    AclLogEntry {
        /// How often.
        "count" => count: u64,
        /// Why: `command`, `key`, `channel` or `auth`.
        "reason" => reason: String,
        /// Where: `toplevel`, `multi`, `lua` or `module`.
        "context" => context: String,
        /// What was refused: a command, key or channel.
        "object" => object: String,
        /// The user.
        "username" => username: String,
        /// Seconds since the last time.
        "age-seconds" => age_seconds: f64,
        /// The connection.
        "client-info" => client: ClientInfo,
    }
}

/// Whether a user may run a command
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum AclDryRun {
    /// It may.
    Allowed,
    /// It may not, and why.
    Denied(String),
}

impl FromReply for AclDryRun {
    fn from_reply(reply: Reply<'_>) -> Result<Self, ReplyError> {
        let text = String::from_reply(reply)?;
        Ok(if text == "OK" { Self::Allowed } else { Self::Denied(text) })
    }
}
