//! Typed commands, by data type.

use crate::{Call, ConnectionMultiplexer};

/// Typed commands; got from [`ConnectionMultiplexer::database`]
///
/// Keys and values are anything that is [`ToArg`](crate::resp::ToArg): text, bytes, numbers. Replies are
/// decoded into the type the caller names.
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
