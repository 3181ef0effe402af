//! Typed commands, by data type, with their options and replies.

mod blocking;
mod checks;
mod clients;
mod command_info;
mod expiry;
mod geo;
mod hashes;
mod hyperloglog;
mod keys;
mod lists;
mod locks;
mod options;
mod publishing;
mod scans;
mod scripting;
mod scripts;
mod server;
mod sets;
mod sorted_sets;
mod streams;
mod strings;
mod transactions;
mod vectors;

pub use blocking::BlockFor;
pub use clients::{ClientFilter, ClientInfo};
pub use command_info::CommandInfo;
pub use expiry::{ExpireIf, ExpireTime, Expiry, Ttl};
pub use geo::{GeoAddOptions, GeoCentre, GeoPlace, GeoPosition, GeoSearch, GeoUnit};
pub use hashes::{FieldExpiry, FieldPersisted, HashSetOptions};
pub use keys::{DataType, RestoreOptions, ScanOptions, SortOptions};
pub use lists::{ListEnd, LposOptions};
pub use locks::{Lock, LockGuard, LockHolder};
pub use scans::{EntryStream, ScanStream};
pub use scripting::{FunctionInfo, FunctionLibrary, FunctionStats, RestorePolicy, RunningFunction};
pub use scripts::{Script, ScriptError, ScriptRun};
pub use server::*;
pub use sorted_sets::{Aggregate, ScoreEnd, ZaddOptions, ZcombineOptions, ZrangeBy};
pub use streams::*;
pub use strings::{
    BitField, BitOffset, BitOp, BitOverflow, BitRange, BitType, LcsMatch, LcsMatches, LcsOptions,
    SetOptions,
};
pub use transactions::{
    Condition, ConditionalTransaction, Counts, Transaction, TransactionOutcome, Watch,
};
pub use vectors::*;

use std::sync::Arc;

use crate::{
    Call, ConnectionMultiplexer,
    connection::Link,
    multiplexer::Leased,
    resp::{ArgList, FromReply, Reply, ReplyError, ToArg, ToArgs},
};

/// Typed commands; got from [`ConnectionMultiplexer::database`]
///
/// Keys and values are anything that is [`ToArg`]: text, bytes, numbers.
/// Where several are taken, a single one, a list, a tuple or (for pairs) a map will do: see
/// [`ToArgs`]. Replies are decoded into the type the caller names.
#[derive(Debug, Clone)]
pub struct Database {
    muxer: ConnectionMultiplexer,
    /// A connection of its own, instead of the shared one.
    leased: Option<Arc<Leased>>,
}

impl Database {
    pub(crate) fn new(muxer: ConnectionMultiplexer) -> Self {
        Self { muxer, leased: None }
    }

    /// On a connection of its own.
    pub(crate) fn on_lease(muxer: ConnectionMultiplexer, leased: Arc<Leased>) -> Self {
        Self { muxer, leased: Some(leased) }
    }

    pub(crate) fn link(&self) -> &Link {
        self.leased.as_ref().map_or(&self.muxer.inner().link, |leased| &leased.link)
    }

    /// A command of one word.
    fn call<T, A>(&self, name: &'static str, args: A) -> Call<'_, T, A> {
        Call::new(self.link(), name, args)
    }

    /// A command of two words.
    fn call2<T, A>(&self, name: &'static str, second: &'static str, args: A) -> Call<'_, T, A> {
        self.call(name, args).with_subcommand(second)
    }
}

/// Members, or other elements, with their scores
pub type Scored<T> = Vec<(T, f64)>;

/// One page of a scan
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ScanPage<T> {
    /// What to give to the next call; 0 when the scan is complete.
    pub cursor: u64,
    /// What was found; a page may be empty before the scan is complete.
    pub items: Vec<T>,
}

impl<T: FromReply> FromReply for ScanPage<T> {
    fn from_reply(reply: Reply<'_>) -> Result<Self, ReplyError> {
        let (cursor, items) = FromReply::from_reply(reply)?;
        Ok(Self { cursor, items })
    }
}

/// First these arguments, then those
#[derive(Clone)]
struct Join<A, B>(A, B);

impl<A: ToArgs, B: ToArgs> ToArgs for Join<A, B> {
    fn append_to<'a>(&'a self, args: &mut ArgList<'a>) {
        self.0.append_to(args);
        self.1.append_to(args);
    }

    fn arg_count(&self) -> usize {
        self.0.arg_count() + self.1.arg_count()
    }
}

/// The number of elements in a list, the list, and the other arguments
#[derive(Clone)]
struct Counted<L, A> {
    /// So many arguments are one element.
    size: usize,
    list: L,
    after: A,
}

impl<L, A> Counted<L, A> {
    fn new(list: L, after: A) -> Self {
        Self { size: 1, list, after }
    }

    fn pairs(list: L, after: A) -> Self {
        Self { size: 2, list, after }
    }
}

impl<L: ToArgs, A: ToArgs> ToArgs for Counted<L, A> {
    fn append_to<'a>(&'a self, args: &mut ArgList<'a>) {
        let place = args.len();
        self.list.append_to(args);
        let count = (args.len() - place) / self.size;
        args.insert(place, (count as u64).to_arg().into_owned());
        self.after.append_to(args);
    }
}

#[cfg(test)]
mod tests;
