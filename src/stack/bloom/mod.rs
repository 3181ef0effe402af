//! Bloom filters: whether an item was added, with a small share of wrong yeses and no wrong no
//!
//! ```no_run
//! # async fn f(db: redmux::Database) -> redmux::Result<()> {
//! // One in a thousand of the answers for items that were never added is wrong.
//! db.bloom().reserve("seen", 0.001, 1_000_000).await?;
//! if db.bloom().add("seen", "visitor:1").await? {
//!     println!("a new visitor");
//! }
//! let seen: Vec<bool> = db.bloom().mexists("seen", ["visitor:1", "visitor:2"]).await?;
//! # Ok(())
//! # }
//! ```
//!
//! # Servers
//!
//! RedisBloom (Redis Stack 7.2 and 7.4, Redis 8) and valkey-bloom answer the same here. Valkey has no `scan_dump` and
//! `load_chunk`: there, `DUMP` and `RESTORE` copy a filter.

mod added;
mod info;
mod options;

use std::future::Future;

use futures::stream::Stream;

pub use self::{
    added::BloomAdded,
    info::{BloomField, BloomInfo, BloomInfoValue},
    options::{BloomInsertOptions, BloomOptions},
};
pub use super::chunks::{FilterChunk, FilterChunks};
use super::{chunks, view::view};
use crate::{
    Call, Result,
    command::named,
    database::Join,
    resp::{ToArg, ToArgs},
};

view! {
    /// The commands for Bloom filters; returned by [`Database::bloom`](crate::Database::bloom)
    BloomCommands;
    /// Commands for Bloom filters: see [`stack::bloom`](crate::stack::bloom).
    bloom
}

impl<'a> BloomCommands<'a> {
    /// Makes an empty filter for `capacity` items; `error_rate` is the share of wrong yeses, between 0 and 1
    ///
    /// It is an error if there is such a key. A filter that is not made before the first item is added has the defaults
    /// of the server: 100 items and a rate of 0.01.
    ///
    /// See [BF.RESERVE](https://redis.io/docs/latest/commands/bf.reserve/).
    pub fn reserve(
        self,
        key: impl ToArg,
        error_rate: f64,
        capacity: u64,
    ) -> Call<'a, (), impl ToArgs> {
        self.call(named!("BF.RESERVE"), (key, error_rate, capacity))
    }

    /// The same with options
    ///
    /// See [BF.RESERVE](https://redis.io/docs/latest/commands/bf.reserve/).
    pub fn reserve_with(
        self,
        key: impl ToArg,
        error_rate: f64,
        capacity: u64,
        options: BloomOptions,
    ) -> Call<'a, (), impl ToArgs> {
        self.call(named!("BF.RESERVE"), Join((key, error_rate, capacity), options))
    }

    /// Adds an item and returns whether it is new, as far as the filter knows; makes the filter if there is none
    ///
    /// A filter that is full and does not grow is an error.
    ///
    /// See [BF.ADD](https://redis.io/docs/latest/commands/bf.add/).
    pub fn add(self, key: impl ToArg, item: impl ToArg) -> Call<'a, bool, impl ToArgs> {
        self.call(named!("BF.ADD"), (key, item))
    }

    /// Adds several items, and makes the filter if there is none
    ///
    /// See [BF.MADD](https://redis.io/docs/latest/commands/bf.madd/).
    pub fn madd(self, key: impl ToArg, items: impl ToArgs) -> Call<'a, BloomAdded, impl ToArgs> {
        self.db.list(named!("BF.MADD"), (key,), items, "items")
    }

    /// Adds several items to a filter that is made with these options if there is none
    ///
    /// See [BF.INSERT](https://redis.io/docs/latest/commands/bf.insert/).
    pub fn insert(
        self,
        key: impl ToArg,
        items: impl ToArgs,
        options: BloomInsertOptions,
    ) -> Call<'a, BloomAdded, impl ToArgs> {
        let before = Join((key,), Join(options, ("ITEMS",)));
        self.db.list(named!("BF.INSERT"), before, items, "items")
    }

    /// Whether the item was added: no is certain, yes may be wrong; no if there is no such key
    ///
    /// RedisBloom says no of a key of another type, too.
    ///
    /// See [BF.EXISTS](https://redis.io/docs/latest/commands/bf.exists/).
    pub fn exists(self, key: impl ToArg, item: impl ToArg) -> Call<'a, bool, impl ToArgs> {
        self.call(named!("BF.EXISTS"), (key, item))
    }

    /// The same of several items, in their order
    ///
    /// See [BF.MEXISTS](https://redis.io/docs/latest/commands/bf.mexists/).
    pub fn mexists(self, key: impl ToArg, items: impl ToArgs) -> Call<'a, Vec<bool>, impl ToArgs> {
        self.db.list(named!("BF.MEXISTS"), (key,), items, "items")
    }

    /// How many different items were added, as far as the filter knows; 0 if there is no such key
    ///
    /// See [BF.CARD](https://redis.io/docs/latest/commands/bf.card/). Since RedisBloom 2.4.4.
    pub fn card(self, key: impl ToArg) -> Call<'a, u64, impl ToArgs> {
        self.call(named!("BF.CARD"), (key,))
    }

    /// What the filter is made of
    ///
    /// See [BF.INFO](https://redis.io/docs/latest/commands/bf.info/).
    pub fn info(self, key: impl ToArg) -> Call<'a, BloomInfo, impl ToArgs> {
        self.call(named!("BF.INFO"), (key,))
    }

    /// One thing of that
    ///
    /// See [BF.INFO](https://redis.io/docs/latest/commands/bf.info/).
    pub fn info_of(
        self,
        key: impl ToArg,
        field: BloomField,
    ) -> Call<'a, BloomInfoValue, impl ToArgs> {
        self.call(named!("BF.INFO"), (key, field))
    }

    /// The chunk at a position, the first one at 0; `None` behind the last one
    ///
    /// [`dump`](Self::dump) goes through all of them.
    ///
    /// See [BF.SCANDUMP](https://redis.io/docs/latest/commands/bf.scandump/). Valkey has no such command.
    pub fn scan_dump(
        self,
        key: impl ToArg,
        position: u64,
    ) -> Call<'a, Option<FilterChunk>, impl ToArgs> {
        self.call(named!("BF.SCANDUMP"), (key, position))
    }

    /// Loads a chunk; the first one makes the filter
    ///
    /// [`load`](Self::load) loads all of them.
    ///
    /// See [BF.LOADCHUNK](https://redis.io/docs/latest/commands/bf.loadchunk/). Valkey has no such command.
    pub fn load_chunk(self, key: impl ToArg, chunk: FilterChunk) -> Call<'a, (), impl ToArgs> {
        self.call(named!("BF.LOADCHUNK"), (key, chunk.position, chunk.data))
    }

    /// The filter as a stream of chunks
    ///
    /// ```no_run
    /// # async fn f(db: redmux::Database, other: redmux::Database) -> redmux::Result<()> {
    /// other.bloom().load("seen", db.bloom().dump("seen")).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// See [BF.SCANDUMP](https://redis.io/docs/latest/commands/bf.scandump/). Valkey has no such command.
    pub fn dump(self, key: impl ToArg) -> FilterChunks<'a> {
        FilterChunks::new(self.db, "BF.SCANDUMP", &key)
    }

    /// Makes a filter of the chunks of another one, in their order
    ///
    /// Load into a key that does not exist, and under a name that nobody reads before all chunks are there.
    ///
    /// # Errors
    ///
    /// The first one, of the stream or of the server; what was loaded before stays.
    ///
    /// See [BF.LOADCHUNK](https://redis.io/docs/latest/commands/bf.loadchunk/). Valkey has no such command.
    pub fn load<K: ToArg, S: Stream<Item = Result<FilterChunk>>>(
        self,
        key: K,
        chunks: S,
    ) -> impl Future<Output = Result<()>> + use<'a, K, S> {
        let key = key.to_arg().into_owned();
        chunks::load(chunks, move |chunk| self.load_chunk(key.clone(), chunk))
    }
}
