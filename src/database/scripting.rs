//! Lua scripts and functions. [`Script`] does most of this for you.
//!
//! ```no_run
//! # async fn f(db: redmux::Database) -> redmux::Result<()> {
//! let sum: i64 = db.eval("return ARGV[1] + ARGV[2]", (), (1, 2)).await?;
//! let digest = db.script_load("return redis.call('GET', KEYS[1])").await?;
//! let value: Option<String> = db.evalsha(&digest, "key", ()).await?;
//! # Ok(())
//! # }
//! ```

use bytes::Bytes;

pub use super::scripts::{Script, ScriptError, ScriptRun};

use super::{
    Counted, Database, Join,
    options::{record, words},
};
use crate::{
    Call,
    command::named,
    resp::{FromReply, ToArg, ToArgs},
};

impl Database {
    /// Runs a Lua script on the server
    ///
    /// `keys` are the keys it touches, `args` all other arguments. See
    /// [EVAL](https://redis.io/docs/latest/commands/eval/).
    pub fn eval<T: FromReply>(
        &self,
        script: impl ToArg,
        keys: impl ToArgs,
        args: impl ToArgs,
    ) -> Call<'_, T, impl ToArgs> {
        self.call(named!("EVAL"), Join((script,), Counted::new(keys, args)))
    }

    /// Runs a Lua script that the server has stored
    ///
    /// The error's code is `NOSCRIPT` if the server does not know it. See
    /// [EVALSHA](https://redis.io/docs/latest/commands/evalsha/).
    pub fn evalsha<T: FromReply>(
        &self,
        digest: impl ToArg,
        keys: impl ToArgs,
        args: impl ToArgs,
    ) -> Call<'_, T, impl ToArgs> {
        self.call(named!("EVALSHA"), Join((digest,), Counted::new(keys, args)))
    }

    /// Like [`eval`](Self::eval), for a script that only reads; runs on replicas too
    ///
    /// See [EVAL_RO](https://redis.io/docs/latest/commands/eval_ro/). Since Redis 7.0.
    pub fn eval_ro<T: FromReply>(
        &self,
        script: impl ToArg,
        keys: impl ToArgs,
        args: impl ToArgs,
    ) -> Call<'_, T, impl ToArgs> {
        self.call("EVAL_RO", Join((script,), Counted::new(keys, args)))
    }

    /// Like [`evalsha`](Self::evalsha), for a script that only reads; runs on replicas too
    ///
    /// See [EVALSHA_RO](https://redis.io/docs/latest/commands/evalsha_ro/). Since Redis 7.0.
    pub fn evalsha_ro<T: FromReply>(
        &self,
        digest: impl ToArg,
        keys: impl ToArgs,
        args: impl ToArgs,
    ) -> Call<'_, T, impl ToArgs> {
        self.call("EVALSHA_RO", Join((digest,), Counted::new(keys, args)))
    }

    /// Calls a function of a library that the server has stored
    ///
    /// See [FCALL](https://redis.io/docs/latest/commands/fcall/). Since Redis 7.0.
    pub fn fcall<T: FromReply>(
        &self,
        function: impl ToArg,
        keys: impl ToArgs,
        args: impl ToArgs,
    ) -> Call<'_, T, impl ToArgs> {
        self.call(named!("FCALL"), Join((function,), Counted::new(keys, args)))
    }

    /// Like [`fcall`](Self::fcall), for a function that only reads; runs on replicas too
    ///
    /// See [FCALL_RO](https://redis.io/docs/latest/commands/fcall_ro/). Since Redis 7.0.
    pub fn fcall_ro<T: FromReply>(
        &self,
        function: impl ToArg,
        keys: impl ToArgs,
        args: impl ToArgs,
    ) -> Call<'_, T, impl ToArgs> {
        self.call("FCALL_RO", Join((function,), Counted::new(keys, args)))
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
        self.list2("SCRIPT", "EXISTS", digests, "digests")
    }

    /// The text of a stored script
    ///
    /// The error's code is `NOSCRIPT` if there is none. See
    /// [SCRIPT SHOW](https://valkey.io/commands/script-show/). Since Valkey 8.0.
    pub fn script_show(&self, digest: impl ToArg) -> Call<'_, String, impl ToArgs> {
        self.call2("SCRIPT", "SHOW", (digest,))
    }

    /// Deletes all stored scripts
    ///
    /// See [SCRIPT FLUSH](https://redis.io/docs/latest/commands/script-flush/).
    pub fn script_flush(&self) -> Call<'_, (), impl ToArgs> {
        self.call2("SCRIPT", "FLUSH", ())
    }

    /// Stops the script that is running, unless it has written already
    ///
    /// An error if no script is running. See [SCRIPT
    /// KILL](https://redis.io/docs/latest/commands/script-kill/).
    pub fn script_kill(&self) -> Call<'_, (), impl ToArgs> {
        self.call2("SCRIPT", "KILL", ())
    }

    /// Stores a library of functions and returns its name; an error if that name exists
    ///
    /// See [FUNCTION LOAD](https://redis.io/docs/latest/commands/function-load/).
    /// Since Redis 7.0.
    pub fn function_load(&self, code: impl ToArg) -> Call<'_, String, impl ToArgs> {
        self.call2("FUNCTION", "LOAD", (code,))
    }

    /// Stores a library of functions, replacing one of the same name; returns its name
    ///
    /// See [FUNCTION LOAD](https://redis.io/docs/latest/commands/function-load/).
    /// Since Redis 7.0.
    pub fn function_load_replacing(&self, code: impl ToArg) -> Call<'_, String, impl ToArgs> {
        self.call2("FUNCTION", "LOAD", ("REPLACE", code))
    }

    /// The libraries whose name matches a pattern, with their code
    ///
    /// See [FUNCTION LIST](https://redis.io/docs/latest/commands/function-list/).
    /// Since Redis 7.0.
    pub fn function_list(
        &self,
        pattern: impl ToArg,
    ) -> Call<'_, Vec<FunctionLibrary>, impl ToArgs> {
        self.call2("FUNCTION", "LIST", ("LIBRARYNAME", pattern, "WITHCODE"))
    }

    /// Deletes a library
    ///
    /// See [FUNCTION DELETE](https://redis.io/docs/latest/commands/function-delete/).
    /// Since Redis 7.0.
    pub fn function_delete(&self, library: impl ToArg) -> Call<'_, (), impl ToArgs> {
        self.call2("FUNCTION", "DELETE", (library,))
    }

    /// Deletes all libraries
    ///
    /// See [FUNCTION FLUSH](https://redis.io/docs/latest/commands/function-flush/).
    /// Since Redis 7.0.
    pub fn function_flush(&self) -> Call<'_, (), impl ToArgs> {
        self.call2("FUNCTION", "FLUSH", ())
    }

    /// Stops the function that is running, unless it has written already
    ///
    /// An error if no function is running. See
    /// [FUNCTION KILL](https://redis.io/docs/latest/commands/function-kill/). Since Redis 7.0.
    pub fn function_kill(&self) -> Call<'_, (), impl ToArgs> {
        self.call2("FUNCTION", "KILL", ())
    }

    /// The function that is running, and the number of libraries and functions
    ///
    /// See [FUNCTION STATS](https://redis.io/docs/latest/commands/function-stats/).
    /// Since Redis 7.0.
    pub fn function_stats(&self) -> Call<'_, FunctionStats, impl ToArgs> {
        self.call2("FUNCTION", "STATS", ())
    }

    /// All libraries in serialised form
    ///
    /// See [FUNCTION DUMP](https://redis.io/docs/latest/commands/function-dump/).
    /// Since Redis 7.0.
    pub fn function_dump(&self) -> Call<'_, Bytes, impl ToArgs> {
        self.call2("FUNCTION", "DUMP", ())
    }

    /// Stores libraries from their serialised form
    ///
    /// See [FUNCTION RESTORE](https://redis.io/docs/latest/commands/function-restore/).
    /// Since Redis 7.0.
    pub fn function_restore(
        &self,
        dump: impl ToArg,
        policy: RestorePolicy,
    ) -> Call<'_, (), impl ToArgs> {
        self.call2("FUNCTION", "RESTORE", (dump, policy))
    }
}

words! {
    /// What to do with existing libraries when others are restored
    RestorePolicy {
        /// They stay; an error if two have the same name.
        Append => "APPEND",
        /// They are deleted.
        Flush => "FLUSH",
        /// They stay, except those of the same name.
        Replace => "REPLACE",
    }
}

record! {
    /// A library of functions
    FunctionLibrary {
        /// Its name.
        "library_name" => name: String,
        /// The engine that runs it, such as `LUA`.
        "engine" => engine: String,
        /// Its functions.
        "functions" => functions: Vec<FunctionInfo>,
        /// Its code.
        "library_code" => code: Option<String>,
    }
}

record! {
    /// A function
    FunctionInfo {
        /// Its name.
        "name" => name: String,
        /// Its description, if its author wrote one.
        "description" => description: Option<String>,
        /// What it does, such as `no-writes`.
        "flags" => flags: Vec<String>,
    }
}

record! {
    /// What functions are doing
    FunctionStats {
        /// The function that is running.
        "running_script" => running: Option<RunningFunction>,
    }
}

record! {
    /// A function that is running
    RunningFunction {
        /// Its name.
        "name" => name: String,
        /// The call's arguments, the function and its keys among them.
        "command" => command: Vec<Bytes>,
        /// Milliseconds since it began.
        "duration_ms" => millis: u64,
    }
}
