//! Settings.

use crate::{
    Call,
    database::Database,
    resp::{FromReply, ToArg, ToArgs},
};

impl Database {
    /// Settings that match one of the patterns, as a map; several patterns since Redis 7.0
    ///
    /// See [CONFIG GET](https://redis.io/docs/latest/commands/config-get/).
    pub fn config_get<M: FromReply>(&self, patterns: impl ToArgs) -> Call<'_, M, impl ToArgs> {
        self.list2("CONFIG", "GET", patterns, "patterns")
    }

    /// Changes a setting
    ///
    /// See [CONFIG SET](https://redis.io/docs/latest/commands/config-set/).
    pub fn config_set(&self, name: impl ToArg, value: impl ToArg) -> Call<'_, (), impl ToArgs> {
        self.call2("CONFIG", "SET", (name, value))
    }

    /// Changes several settings, or none if one of them is wrong
    ///
    /// See [CONFIG SET](https://redis.io/docs/latest/commands/config-set/). Since
    /// Redis 7.0.
    pub fn config_set_all(&self, pairs: impl ToArgs) -> Call<'_, (), impl ToArgs> {
        self.pairs2("CONFIG", "SET", pairs, "names and values")
    }

    /// Sets the counters of [`info`](Self::info) to zero
    ///
    /// See [CONFIG RESETSTAT](https://redis.io/docs/latest/commands/config-resetstat/).
    pub fn config_resetstat(&self) -> Call<'_, (), impl ToArgs> {
        self.call2("CONFIG", "RESETSTAT", ())
    }

    /// Writes the settings to the file that the server was started with; an error without one
    ///
    /// See [CONFIG REWRITE](https://redis.io/docs/latest/commands/config-rewrite/).
    pub fn config_rewrite(&self) -> Call<'_, (), impl ToArgs> {
        self.call2("CONFIG", "REWRITE", ())
    }
}
