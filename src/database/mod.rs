//! Typed commands, by data type.

mod hashes;
mod keys;
mod lists;
mod server;
mod sets;
mod sorted_sets;
mod strings;

use std::time::Duration;

pub use keys::{DataType, Ttl};
pub use lists::ListEnd;
pub use strings::SetOptions;

use crate::{
    Call, ConnectionMultiplexer,
    resp::{ArgList, FromReply, Reply, ReplyError, ToArgs},
};

/// Typed commands; got from [`ConnectionMultiplexer::database`]
///
/// Keys and values are anything that is [`ToArg`](crate::resp::ToArg): text, bytes, numbers.
/// Where several are taken, a single one, a list, a tuple or (for pairs) a map will do: see
/// [`ToArgs`]. Replies are decoded into the type the caller names.
#[derive(Debug, Clone)]
pub struct Database {
    muxer: ConnectionMultiplexer,
}

impl Database {
    pub(crate) fn new(muxer: ConnectionMultiplexer) -> Self {
        Self { muxer }
    }

    /// A command of one word.
    fn call<T, A>(&self, name: &'static str, args: A) -> Call<'_, T, A> {
        Call::new(&self.muxer.inner().link, name, args)
    }

    /// A command of two words.
    fn call2<T, A>(&self, name: &'static str, second: &'static str, args: A) -> Call<'_, T, A> {
        self.call(name, args).with_subcommand(second)
    }
}

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
}

/// Whole milliseconds, at least one: zero would mean something else to the server.
fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX).max(1)
}
