//! Top-k lists: the items that occur most often, in little memory
//!
//! ```no_run
//! # async fn f(db: redmux::Database) -> redmux::Result<()> {
//! db.top_k().reserve("pages", 10).await?;
//! let expelled: Vec<Option<String>> = db.top_k().add("pages", ["/", "/about"]).await?;
//! for (page, count) in db.top_k().list_with_count::<String>("pages").await? {
//!     println!("{page}: about {count}");
//! }
//! # Ok(())
//! # }
//! ```
//!
//! RedisBloom has them (Redis Stack 7.2 and 7.4, Redis 8); Valkey has not.

use super::view::view;
use crate::{
    Call,
    command::named,
    database::{Join, checks::Unless, options::record},
    resp::{ArgList, FromReply, ToArg, ToArgs},
};

view! {
    /// The commands for top-k lists; returned by [`Database::top_k`](crate::Database::top_k)
    TopKCommands;
    /// Commands for top-k lists: see [`stack::top_k`](crate::stack::top_k).
    top_k
}

/// What servers take for an increment, at most.
const MOST: u32 = 100_000;

impl<'a> TopKCommands<'a> {
    /// Makes an empty list of the `k` most frequent items; it is an error if there is such a key
    ///
    /// See [TOPK.RESERVE](https://redis.io/docs/latest/commands/topk.reserve/).
    pub fn reserve(self, key: impl ToArg, k: u32) -> Call<'a, (), impl ToArgs> {
        self.call(named!("TOPK.RESERVE"), (key, k))
    }

    /// The same with options
    ///
    /// See [TOPK.RESERVE](https://redis.io/docs/latest/commands/topk.reserve/).
    pub fn reserve_with(
        self,
        key: impl ToArg,
        k: u32,
        options: TopKOptions,
    ) -> Call<'a, (), impl ToArgs> {
        let TopKOptions { width, depth, decay } = options;
        self.call(named!("TOPK.RESERVE"), (key, k, width, depth, decay))
    }

    /// Counts each item once and returns what each expelled from the list, if it did
    ///
    /// See [TOPK.ADD](https://redis.io/docs/latest/commands/topk.add/).
    pub fn add<T: FromReply>(
        self,
        key: impl ToArg,
        items: impl ToArgs,
    ) -> Call<'a, Vec<Option<T>>, impl ToArgs> {
        self.db.list(named!("TOPK.ADD"), (key,), items, "items")
    }

    /// Adds to the counts of items, given as pairs, and returns what each expelled from the list, if it did
    ///
    /// An increment over 100,000 is refused before anything is sent: servers answer it with a reply that has fewer
    /// elements than it says, and all later replies would go to the wrong callers.
    ///
    /// See [TOPK.INCRBY](https://redis.io/docs/latest/commands/topk.incrby/).
    pub fn incr_by<T: FromReply, I: ToArg>(
        self,
        key: impl ToArg,
        increments: impl IntoIterator<Item = (I, u32)>,
    ) -> Call<'a, Vec<Option<T>>, impl ToArgs> {
        let pairs: Vec<(I, u32)> = increments.into_iter().collect();
        let fault = match pairs.iter().any(|(_, increment)| *increment > MOST) {
            true => Some("an increment is over 100000".to_owned()),
            false => {
                pairs.is_empty().then(|| "the list of items and increments is empty".to_owned())
            }
        };
        self.call(named!("TOPK.INCRBY"), Join((key,), Increments(pairs))).unless(fault)
    }

    /// Whether each item is in the list
    ///
    /// See [TOPK.QUERY](https://redis.io/docs/latest/commands/topk.query/).
    pub fn query(self, key: impl ToArg, items: impl ToArgs) -> Call<'a, Vec<bool>, impl ToArgs> {
        self.db.list(named!("TOPK.QUERY"), (key,), items, "items")
    }

    /// The estimates of items, in their order
    ///
    /// See [TOPK.COUNT](https://redis.io/docs/latest/commands/topk.count/). Deprecated since RedisBloom 2.4, and still there:
    /// what it says of items that are not in the list may be far too low.
    pub fn count(self, key: impl ToArg, items: impl ToArgs) -> Call<'a, Vec<u64>, impl ToArgs> {
        self.db.list(named!("TOPK.COUNT"), (key,), items, "items")
    }

    /// The items in the list, the most frequent first
    ///
    /// See [TOPK.LIST](https://redis.io/docs/latest/commands/topk.list/).
    pub fn list<T: FromReply>(self, key: impl ToArg) -> Call<'a, Vec<T>, impl ToArgs> {
        self.call(named!("TOPK.LIST"), (key,))
    }

    /// The same with the estimates of their counts
    ///
    /// See [TOPK.LIST](https://redis.io/docs/latest/commands/topk.list/).
    pub fn list_with_count<T: FromReply>(
        self,
        key: impl ToArg,
    ) -> Call<'a, Vec<(T, u64)>, impl ToArgs> {
        self.call(named!("TOPK.LIST"), (key, "WITHCOUNT"))
    }

    /// What the list is made of
    ///
    /// See [TOPK.INFO](https://redis.io/docs/latest/commands/topk.info/).
    pub fn info(self, key: impl ToArg) -> Call<'a, TopKInfo, impl ToArgs> {
        self.call(named!("TOPK.INFO"), (key,))
    }
}

/// What a top-k list is made of
///
/// ```
/// use redmux::stack::top_k::TopKOptions;
/// let options = TopKOptions::new().width(50).decay(0.95);
/// ```
#[derive(Debug, Clone, Copy, PartialEq)]
#[must_use]
pub struct TopKOptions {
    width: u32,
    depth: u32,
    decay: f64,
}

impl Default for TopKOptions {
    fn default() -> Self {
        Self { width: 8, depth: 7, decay: 0.9 }
    }
}

impl TopKOptions {
    /// Nothing but the defaults.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many counters a row has, 8 by default.
    pub fn width(mut self, counters: u32) -> Self {
        self.width = counters;
        self
    }

    /// How many rows there are, 7 by default.
    pub fn depth(mut self, rows: u32) -> Self {
        self.depth = rows;
        self
    }

    /// How likely an item takes from the counter of another one that shares it, over 0 and up to 1, 0.9 by default: the
    /// higher that counter, the higher the power of this.
    pub fn decay(mut self, probability: f64) -> Self {
        self.decay = probability;
        self
    }
}

record! {
    /// What a top-k list is made of
    TopKInfo {
        /// How many items it keeps.
        "k" => k: u64,
        /// How many counters a row has.
        "width" => width: u64,
        /// How many rows there are.
        "depth" => depth: u64,
        /// How likely an item takes from the counter of another one.
        "decay" => decay: f64,
    }
}

/// Items and what is added to their counts
struct Increments<I>(Vec<(I, u32)>);

impl<I: ToArg> ToArgs for Increments<I> {
    fn append_to<'a>(&'a self, args: &mut ArgList<'a>) {
        for (item, increment) in &self.0 {
            args.extend([item.to_arg(), increment.to_arg()]);
        }
    }
}
