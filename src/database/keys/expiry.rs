//! Times to live of keys.

use std::time::Duration;

use crate::{
    Call,
    command::named,
    database::{
        Database,
        checks::millis,
        keys::{ExpireIf, ExpireTime, Ttl},
    },
    resp::{ToArg, ToArgs},
};

impl Database {
    /// Gives a key a time to live, rounded up to milliseconds; returns false if the key is missing
    ///
    /// A time of zero deletes the key. See
    /// [PEXPIRE](https://redis.io/docs/latest/commands/pexpire/).
    pub fn expire(&self, key: impl ToArg, time: Duration) -> Call<'_, bool, impl ToArgs> {
        self.call(named!("PEXPIRE"), (key, millis(time)))
    }

    /// Like [`expire`](Self::expire), on a condition; returns whether it held
    ///
    /// See [PEXPIRE](https://redis.io/docs/latest/commands/pexpire/). Since Redis 7.0.
    pub fn expire_if(
        &self,
        key: impl ToArg,
        time: Duration,
        condition: ExpireIf,
    ) -> Call<'_, bool, impl ToArgs> {
        self.call(named!("PEXPIRE"), (key, millis(time), condition))
    }

    /// Lets a key expire at a moment, in milliseconds since 1970; returns false if the key is
    /// missing
    ///
    /// A moment in the past deletes the key. See
    /// [PEXPIREAT](https://redis.io/docs/latest/commands/pexpireat/).
    pub fn expireat(&self, key: impl ToArg, unix_millis: u64) -> Call<'_, bool, impl ToArgs> {
        self.call(named!("PEXPIREAT"), (key, unix_millis))
    }

    /// Like [`expireat`](Self::expireat), on a condition; returns whether it held
    ///
    /// See [PEXPIREAT](https://redis.io/docs/latest/commands/pexpireat/). Since Redis 7.0.
    pub fn expireat_if(
        &self,
        key: impl ToArg,
        unix_millis: u64,
        condition: ExpireIf,
    ) -> Call<'_, bool, impl ToArgs> {
        self.call(named!("PEXPIREAT"), (key, unix_millis, condition))
    }

    /// When a key expires
    ///
    /// See [PEXPIRETIME](https://redis.io/docs/latest/commands/pexpiretime/). Since Redis 7.0.
    pub fn expiretime(&self, key: impl ToArg) -> Call<'_, ExpireTime, impl ToArgs> {
        self.call(named!("PEXPIRETIME"), (key,))
    }

    /// Removes the time to live; returns false if there was none
    ///
    /// See [PERSIST](https://redis.io/docs/latest/commands/persist/).
    pub fn persist(&self, key: impl ToArg) -> Call<'_, bool, impl ToArgs> {
        self.call(named!("PERSIST"), (key,))
    }

    /// Time to live of a key
    ///
    /// See [PTTL](https://redis.io/docs/latest/commands/pttl/).
    pub fn pttl(&self, key: impl ToArg) -> Call<'_, Ttl, impl ToArgs> {
        self.call(named!("PTTL"), (key,))
    }
}
