//! How the server keeps a value.

use crate::{
    Call,
    database::Database,
    resp::{ToArg, ToArgs},
};

impl Database {
    /// How the server stores a value
    ///
    /// See [OBJECT ENCODING](https://redis.io/docs/latest/commands/object-encoding/).
    pub fn object_encoding(&self, key: impl ToArg) -> Call<'_, Option<String>, impl ToArgs> {
        self.call2("OBJECT", "ENCODING", (key,))
    }

    /// How often a key is used, on a logarithmic scale of 0 to 255
    ///
    /// An error unless the `maxmemory-policy` is one of the LFU policies. See
    /// [OBJECT FREQ](https://redis.io/docs/latest/commands/object-freq/).
    pub fn object_freq(&self, key: impl ToArg) -> Call<'_, Option<u64>, impl ToArgs> {
        self.call2("OBJECT", "FREQ", (key,))
    }

    /// Seconds since a key was last used
    ///
    /// An error if the `maxmemory-policy` is one of the LFU policies. See
    /// [OBJECT IDLETIME](https://redis.io/docs/latest/commands/object-idletime/).
    pub fn object_idletime(&self, key: impl ToArg) -> Call<'_, Option<u64>, impl ToArgs> {
        self.call2("OBJECT", "IDLETIME", (key,))
    }

    /// References to a value
    ///
    /// See [OBJECT REFCOUNT](https://redis.io/docs/latest/commands/object-refcount/).
    pub fn object_refcount(&self, key: impl ToArg) -> Call<'_, Option<u64>, impl ToArgs> {
        self.call2("OBJECT", "REFCOUNT", (key,))
    }
}
