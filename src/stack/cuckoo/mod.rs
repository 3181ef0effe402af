//! Cuckoo filters: like Bloom filters, and items can be removed and counted
//!
//! ```no_run
//! # async fn f(db: redmux::Database) -> redmux::Result<()> {
//! db.cuckoo().reserve("sessions", 100_000).await?;
//! if db.cuckoo().add_nx("sessions", "s:1").await? {
//!     println!("a new session");
//! }
//! db.cuckoo().del("sessions", "s:1").await?;
//! # Ok(())
//! # }
//! ```
//!
//! RedisBloom has them (Redis Stack 7.2 and 7.4, Redis 8); Valkey has not.

mod inserted;
mod options;

use std::future::Future;

use futures::stream::Stream;

pub use self::{
    inserted::CuckooInserted,
    options::{CuckooInsertOptions, CuckooOptions},
};
pub use super::chunks::{FilterChunk, FilterChunks};
use super::{chunks, view::view};
use crate::{
    Call, Result,
    command::named,
    database::{Join, options::record},
    resp::{ToArg, ToArgs},
};

view! {
    /// The commands for cuckoo filters; returned by [`Database::cuckoo`](crate::Database::cuckoo)
    CuckooCommands;
    /// Commands for cuckoo filters: see [`stack::cuckoo`](crate::stack::cuckoo).
    cuckoo
}

impl<'a> CuckooCommands<'a> {
    /// Makes an empty filter for about `capacity` items; it is an error if there is such a key
    ///
    /// See [CF.RESERVE](https://redis.io/docs/latest/commands/cf.reserve/).
    pub fn reserve(self, key: impl ToArg, capacity: u64) -> Call<'a, (), impl ToArgs> {
        self.call(named!("CF.RESERVE"), (key, capacity))
    }

    /// The same with options
    ///
    /// See [CF.RESERVE](https://redis.io/docs/latest/commands/cf.reserve/).
    pub fn reserve_with(
        self,
        key: impl ToArg,
        capacity: u64,
        options: CuckooOptions,
    ) -> Call<'a, (), impl ToArgs> {
        self.call(named!("CF.RESERVE"), Join((key, capacity), options))
    }

    /// Adds an item, also one that is there already; makes the filter if there is none
    ///
    /// A filter that is full and does not grow is an error.
    ///
    /// See [CF.ADD](https://redis.io/docs/latest/commands/cf.add/).
    pub fn add(self, key: impl ToArg, item: impl ToArg) -> Call<'a, (), impl ToArgs> {
        self.call(named!("CF.ADD"), (key, item))
    }

    /// Adds an item unless it is there already, as far as the filter knows, and returns whether it was added; makes the
    /// filter if there is none
    ///
    /// A filter that is full and does not grow is an error.
    ///
    /// See [CF.ADDNX](https://redis.io/docs/latest/commands/cf.addnx/).
    pub fn add_nx(self, key: impl ToArg, item: impl ToArg) -> Call<'a, bool, impl ToArgs> {
        self.call(named!("CF.ADDNX"), (key, item))
    }

    /// Adds several items, also those that are there already, and returns what became of each
    ///
    /// See [CF.INSERT](https://redis.io/docs/latest/commands/cf.insert/).
    pub fn insert(
        self,
        key: impl ToArg,
        items: impl ToArgs,
        options: CuckooInsertOptions,
    ) -> Call<'a, Vec<CuckooInserted>, impl ToArgs> {
        let before = Join((key,), Join(options, ("ITEMS",)));
        self.db.list(named!("CF.INSERT"), before, items, "items")
    }

    /// Adds several items unless they are there already, and returns what became of each
    ///
    /// See [CF.INSERTNX](https://redis.io/docs/latest/commands/cf.insertnx/).
    pub fn insert_nx(
        self,
        key: impl ToArg,
        items: impl ToArgs,
        options: CuckooInsertOptions,
    ) -> Call<'a, Vec<CuckooInserted>, impl ToArgs> {
        let before = Join((key,), Join(options, ("ITEMS",)));
        self.db.list(named!("CF.INSERTNX"), before, items, "items")
    }

    /// Removes an item once and returns whether it was there; it is an error if there is no such key
    ///
    /// Remove only what was added: the filter may take another item for this one and remove that.
    ///
    /// See [CF.DEL](https://redis.io/docs/latest/commands/cf.del/).
    pub fn del(self, key: impl ToArg, item: impl ToArg) -> Call<'a, bool, impl ToArgs> {
        self.call(named!("CF.DEL"), (key, item))
    }

    /// How often the item was added, or more; 0 if there is no such key
    ///
    /// See [CF.COUNT](https://redis.io/docs/latest/commands/cf.count/).
    pub fn count(self, key: impl ToArg, item: impl ToArg) -> Call<'a, u64, impl ToArgs> {
        self.call(named!("CF.COUNT"), (key, item))
    }

    /// Whether the item was added: no is certain, yes may be wrong; no if there is no such key
    ///
    /// See [CF.EXISTS](https://redis.io/docs/latest/commands/cf.exists/).
    pub fn exists(self, key: impl ToArg, item: impl ToArg) -> Call<'a, bool, impl ToArgs> {
        self.call(named!("CF.EXISTS"), (key, item))
    }

    /// The same of several items, in their order
    ///
    /// See [CF.MEXISTS](https://redis.io/docs/latest/commands/cf.mexists/).
    pub fn mexists(self, key: impl ToArg, items: impl ToArgs) -> Call<'a, Vec<bool>, impl ToArgs> {
        self.db.list(named!("CF.MEXISTS"), (key,), items, "items")
    }

    /// What the filter is made of
    ///
    /// See [CF.INFO](https://redis.io/docs/latest/commands/cf.info/).
    pub fn info(self, key: impl ToArg) -> Call<'a, CuckooInfo, impl ToArgs> {
        self.call(named!("CF.INFO"), (key,))
    }

    /// Moves items together after many were removed, so that the filter needs fewer parts; the number of removed items is
    /// 0 afterwards
    ///
    /// `CF.COMPACT` is in RedisBloom, and in no documentation.
    pub fn compact(self, key: impl ToArg) -> Call<'a, (), impl ToArgs> {
        self.call(named!("CF.COMPACT"), (key,))
    }

    /// The chunk at a position, the first one at 0; `None` behind the last one, and of an empty filter
    ///
    /// [`dump`](Self::dump) goes through all of them.
    ///
    /// See [CF.SCANDUMP](https://redis.io/docs/latest/commands/cf.scandump/).
    pub fn scan_dump(
        self,
        key: impl ToArg,
        position: u64,
    ) -> Call<'a, Option<FilterChunk>, impl ToArgs> {
        self.call(named!("CF.SCANDUMP"), (key, position))
    }

    /// Loads a chunk; the first one makes the filter
    ///
    /// [`load`](Self::load) loads all of them.
    ///
    /// See [CF.LOADCHUNK](https://redis.io/docs/latest/commands/cf.loadchunk/).
    pub fn load_chunk(self, key: impl ToArg, chunk: FilterChunk) -> Call<'a, (), impl ToArgs> {
        self.call(named!("CF.LOADCHUNK"), (key, chunk.position, chunk.data))
    }

    /// The filter as a stream of chunks; an empty filter has none
    ///
    /// ```no_run
    /// # async fn f(db: redmux::Database, other: redmux::Database) -> redmux::Result<()> {
    /// other.cuckoo().load("sessions", db.cuckoo().dump("sessions")).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// See [CF.SCANDUMP](https://redis.io/docs/latest/commands/cf.scandump/).
    pub fn dump(self, key: impl ToArg) -> FilterChunks<'a> {
        FilterChunks::new(self.db, "CF.SCANDUMP", &key)
    }

    /// Makes a filter of the chunks of another one, in their order
    ///
    /// Load into a key that does not exist, and under a name that nobody reads before all chunks are there. Servers before
    /// 8.2.8 and 8.4.5 pass the chunks on to their replicas wrongly.
    ///
    /// # Errors
    ///
    /// The first one, of the stream or of the server; what was loaded before stays.
    ///
    /// See [CF.LOADCHUNK](https://redis.io/docs/latest/commands/cf.loadchunk/).
    pub fn load<K: ToArg, S: Stream<Item = Result<FilterChunk>>>(
        self,
        key: K,
        chunks: S,
    ) -> impl Future<Output = Result<()>> + use<'a, K, S> {
        let key = key.to_arg().into_owned();
        chunks::load(chunks, move |chunk| self.load_chunk(key.clone(), chunk))
    }
}

record! {
    /// What a cuckoo filter is made of
    CuckooInfo {
        /// The memory it takes, in bytes.
        "Size" => size: u64,
        /// How many buckets it has.
        "Number of buckets" => buckets: u64,
        /// How many parts it has grown to.
        "Number of filters" => filters: u64,
        /// How many items are in it, duplicates included.
        "Number of items inserted" => items: u64,
        /// How many items were removed.
        "Number of items deleted" => deleted: u64,
        /// How many items a bucket has room for.
        "Bucket size" => bucket_size: u64,
        /// How many times as large as the part before the next one is; 0 if the filter does not grow.
        "Expansion rate" => expansion: u64,
        /// How often items are moved in search of room.
        "Max iterations" => max_iterations: u64,
    }
}
