//! Arrays: values at places of 64 bits, of which most may be empty. Redis 8.8 and later.
//!
//! ```no_run
//! # async fn f(db: redmux::Database) -> redmux::Result<()> {
//! db.arset("day", 540, ["up", "down"]).await?; // at 540 and 541
//! db.arring("last", 100, ["a", "b"]).await?; // the last 100 values
//! let at: Option<String> = db.arget("day", 540).await?;
//! let all: Vec<(u64, String)> = db.arscan("day", 0, u64::MAX - 1, 1000).await?;
//! # Ok(())
//! # }
//! ```
//!
//! The highest place is `u64::MAX - 1`.

mod search;

pub use search::{ArrayOp, ArrayPredicates};

use super::{
    Database, Join,
    checks::{Unless, uneven},
    options::record,
};
use crate::{
    Call,
    command::named,
    resp::{FromReply, ToArg, ToArgs},
};

impl Database {
    /// The value at a place; `None` if it is empty
    ///
    /// See [ARGET](https://redis.io/docs/latest/commands/arget/). Since Redis 8.8.
    pub fn arget<T: FromReply>(
        &self,
        key: impl ToArg,
        index: u64,
    ) -> Call<'_, Option<T>, impl ToArgs> {
        self.call(named!("ARGET"), (key, index))
    }

    /// The values at several places, in order
    ///
    /// See [ARMGET](https://redis.io/docs/latest/commands/armget/). Since Redis 8.8.
    pub fn armget<T: FromReply>(
        &self,
        key: impl ToArg,
        indexes: impl ToArgs,
    ) -> Call<'_, Vec<Option<T>>, impl ToArgs> {
        self.list(named!("ARMGET"), (key,), indexes, "indexes")
    }

    /// The values from one place to another, both included, empty ones too; backwards if the first is higher
    ///
    /// At most a million. See [ARGETRANGE](https://redis.io/docs/latest/commands/argetrange/). Since Redis 8.8.
    pub fn argetrange<T: FromReply>(
        &self,
        key: impl ToArg,
        start: u64,
        end: u64,
    ) -> Call<'_, Vec<Option<T>>, impl ToArgs> {
        self.call(named!("ARGETRANGE"), (key, start, end))
    }

    /// Sets values at a place and those behind it; returns how many places were empty
    ///
    /// See [ARSET](https://redis.io/docs/latest/commands/arset/). Since Redis 8.8.
    pub fn arset(
        &self,
        key: impl ToArg,
        index: u64,
        values: impl ToArgs,
    ) -> Call<'_, u64, impl ToArgs> {
        self.list(named!("ARSET"), (key, index), values, "values")
    }

    /// Sets values at several places, from pairs or a map; returns how many places were empty
    ///
    /// See [ARMSET](https://redis.io/docs/latest/commands/armset/). Since Redis 8.8.
    pub fn armset(&self, key: impl ToArg, pairs: impl ToArgs) -> Call<'_, u64, impl ToArgs> {
        self.pairs(named!("ARMSET"), (key,), pairs, "indexes and values")
    }

    /// Puts values where the last insertion ended; returns the place of the last one
    ///
    /// See [ARINSERT](https://redis.io/docs/latest/commands/arinsert/). Since Redis 8.8.
    pub fn arinsert(&self, key: impl ToArg, values: impl ToArgs) -> Call<'_, u64, impl ToArgs> {
        self.list(named!("ARINSERT"), (key,), values, "values")
    }

    /// Like [`arinsert`](Self::arinsert), in a ring of this many places: new values replace the oldest
    ///
    /// See [ARRING](https://redis.io/docs/latest/commands/arring/). Since Redis 8.8.
    pub fn arring(
        &self,
        key: impl ToArg,
        size: u64,
        values: impl ToArgs,
    ) -> Call<'_, u64, impl ToArgs> {
        self.list(named!("ARRING"), (key, size), values, "values")
    }

    /// Where the next insertion goes; `None` if there is no place left
    ///
    /// See [ARNEXT](https://redis.io/docs/latest/commands/arnext/). Since Redis 8.8.
    pub fn arnext(&self, key: impl ToArg) -> Call<'_, Option<u64>, impl ToArgs> {
        self.call(named!("ARNEXT"), (key,))
    }

    /// Sets where the next insertion goes; false if there is no such key
    ///
    /// See [ARSEEK](https://redis.io/docs/latest/commands/arseek/). Since Redis 8.8.
    pub fn arseek(&self, key: impl ToArg, index: u64) -> Call<'_, bool, impl ToArgs> {
        self.call(named!("ARSEEK"), (key, index))
    }

    /// The values at the last `count` places before the next insertion, the oldest first
    ///
    /// See [ARLASTITEMS](https://redis.io/docs/latest/commands/arlastitems/). Since Redis 8.8.
    pub fn arlastitems<T: FromReply>(
        &self,
        key: impl ToArg,
        count: u64,
    ) -> Call<'_, Vec<Option<T>>, impl ToArgs> {
        self.call(named!("ARLASTITEMS"), (key, count))
    }

    /// Like [`arlastitems`](Self::arlastitems), the newest first
    ///
    /// See [ARLASTITEMS](https://redis.io/docs/latest/commands/arlastitems/) with `REV`. Since Redis 8.8.
    pub fn arlastitems_rev<T: FromReply>(
        &self,
        key: impl ToArg,
        count: u64,
    ) -> Call<'_, Vec<Option<T>>, impl ToArgs> {
        self.call(named!("ARLASTITEMS"), (key, count, "REV"))
    }

    /// Empties places; returns how many were not empty
    ///
    /// See [ARDEL](https://redis.io/docs/latest/commands/ardel/). Since Redis 8.8.
    pub fn ardel(&self, key: impl ToArg, indexes: impl ToArgs) -> Call<'_, u64, impl ToArgs> {
        self.list(named!("ARDEL"), (key,), indexes, "indexes")
    }

    /// Empties ranges of places, each given by its first and last; returns how many were not empty
    ///
    /// See [ARDELRANGE](https://redis.io/docs/latest/commands/ardelrange/). Since Redis 8.8.
    pub fn ardelrange(&self, key: impl ToArg, ranges: impl ToArgs) -> Call<'_, u64, impl ToArgs> {
        let fault = uneven(&ranges, 2, "ranges");
        self.call(named!("ARDELRANGE"), Join((key,), ranges)).unless(fault)
    }

    /// Number of places that are not empty
    ///
    /// See [ARCOUNT](https://redis.io/docs/latest/commands/arcount/). Since Redis 8.8.
    pub fn arcount(&self, key: impl ToArg) -> Call<'_, u64, impl ToArgs> {
        self.call(named!("ARCOUNT"), (key,))
    }

    /// The place behind the last value; 0 if there is none
    ///
    /// See [ARLEN](https://redis.io/docs/latest/commands/arlen/). Since Redis 8.8.
    pub fn arlen(&self, key: impl ToArg) -> Call<'_, u64, impl ToArgs> {
        self.call(named!("ARLEN"), (key,))
    }

    /// What the server knows about an array; an error if there is no such key
    ///
    /// See [ARINFO](https://redis.io/docs/latest/commands/arinfo/). Since Redis 8.8.
    pub fn arinfo(&self, key: impl ToArg) -> Call<'_, ArrayInfo, impl ToArgs> {
        self.call(named!("ARINFO"), (key,))
    }
}

record! {
    /// What the server knows about an array
    ArrayInfo {
        /// Number of places that are not empty.
        "count" => count: u64,
        /// The place behind the last value.
        "len" => len: u64,
        /// Where the next insertion goes.
        "next-insert-index" => next: u64,
        /// Number of parts that hold values.
        "slices" => slices: u64,
        /// Places in each part.
        "slice-size" => slice_size: u64,
    }
}
