//! HyperLogLogs: counting distinct elements without keeping them, with an error of about 0.8 %.

use super::{Database, Join};
use crate::{
    Call,
    command::named,
    resp::{ToArg, ToArgs},
};

impl Database {
    /// Counts elements; returns whether the estimate changed
    ///
    /// Without elements the key is made, if it does not exist. See
    /// [PFADD](https://redis.io/docs/latest/commands/pfadd/).
    pub fn pfadd(&self, key: impl ToArg, elements: impl ToArgs) -> Call<'_, bool, impl ToArgs> {
        self.call(named!("PFADD"), Join((key,), elements))
    }

    /// Estimates how many distinct elements were counted with one or all of these keys
    ///
    /// See [PFCOUNT](https://redis.io/docs/latest/commands/pfcount/).
    pub fn pfcount(&self, keys: impl ToArgs) -> Call<'_, u64, impl ToArgs> {
        self.list(named!("PFCOUNT"), (), keys, "keys")
    }

    /// Adds what other keys have counted
    ///
    /// See [PFMERGE](https://redis.io/docs/latest/commands/pfmerge/).
    pub fn pfmerge(&self, to: impl ToArg, from: impl ToArgs) -> Call<'_, (), impl ToArgs> {
        self.list(named!("PFMERGE"), (to,), from, "keys")
    }
}
