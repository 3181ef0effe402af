//! Values in serialised form.

use std::time::Duration;

use bytes::Bytes;

use crate::{
    Call,
    command::named,
    database::{
        Database, Join,
        checks::{Unless, millis, zero},
        options::options,
    },
    resp::{ToArg, ToArgs},
};

impl Database {
    /// A serialised value for [`restore`](Self::restore); `None` if there is no such key
    ///
    /// See [DUMP](https://redis.io/docs/latest/commands/dump/).
    pub fn dump(&self, key: impl ToArg) -> Call<'_, Option<Bytes>, impl ToArgs> {
        self.call(named!("DUMP"), (key,))
    }

    /// Makes a key from a serialised value; an error if the key exists
    ///
    /// Without a time to live the key does not expire; zero is refused. See
    /// [RESTORE](https://redis.io/docs/latest/commands/restore/).
    pub fn restore(
        &self,
        key: impl ToArg,
        time: Option<Duration>,
        dump: impl ToArg,
    ) -> Call<'_, (), impl ToArgs> {
        self.restore_with(key, time, dump, RestoreOptions::new())
    }

    /// Like [`restore`](Self::restore), with options
    ///
    /// See [RESTORE](https://redis.io/docs/latest/commands/restore/).
    pub fn restore_with(
        &self,
        key: impl ToArg,
        time: Option<Duration>,
        dump: impl ToArg,
        options: RestoreOptions,
    ) -> Call<'_, (), impl ToArgs> {
        self.call(named!("RESTORE"), Join((key, time.map_or(0, millis), dump), options))
            .unless(time.and_then(zero))
    }
}

options! {
    /// Options of [`Database::restore_with`]
    RestoreOptions { replace, usage }
    /// Replaces what the key holds (`REPLACE`).
    replace: replace() => "REPLACE";
    /// Marks the key as last used this many seconds ago (`IDLETIME`). Since Redis 5.0.
    usage: idletime(seconds: u64) => "IDLETIME", seconds;
    /// Marks the key as used this often, 0 to 255 (`FREQ`). Since Redis 5.0.
    usage: freq(frequency: u8) => "FREQ", frequency;
}
