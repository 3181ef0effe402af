//! What the client of this workspace needs and other programs do not.
//!
//! None of it is part of the public interface: any release may change it.

use std::ops::Range;

use bytes::Bytes;

use crate::{
    Frame, Framer, Limits,
    commands::{self, CommandSpec},
    frame::Repr,
    node,
};

pub use crate::{
    commands::keys::{Look, Options, READING, look_for, options},
    forward::{Forward, Inside},
    slot::{SLOTS, slot_of},
};

/// Words at which servers crash or answer out of order.
pub mod harm {
    pub use crate::commands::harm::{Harm, NAMES, harm, has_parameter};
}

/// Options of search commands.
pub mod search {
    pub use crate::commands::search::{
        AGGREGATING, CREATING, Options, SEARCHING, Takes, is, number, walk,
    };
}

#[doc(hidden)]
impl Framer {
    /// The same, which lets pushes pass inside of arrays, sets and maps.
    ///
    /// Redis 7.0 writes one there when a transaction publishes to a channel that its own client
    /// is subscribed to (redis/redis#12326). They are no elements:
    /// [`take_inside`](Self::take_inside) says where they are.
    pub fn lenient(limits: Limits) -> Self {
        let mut framer = Self::new(limits);
        framer.lenient = true;
        framer
    }

    /// Whether pushes are inside of the reply that has just been found complete.
    #[inline]
    pub fn has_inside(&self) -> bool {
        !self.inside.is_empty()
    }

    /// Where they are in its bytes, in order.
    pub fn take_inside(&mut self) -> Vec<Range<usize>> {
        std::mem::take(&mut self.inside)
    }
}

#[doc(hidden)]
impl Frame {
    /// The reply that `bytes` is; of a small one, too, parts can be shared.
    pub fn shared(bytes: Bytes) -> Self {
        Self(Repr::Shared(bytes))
    }

    /// Its bytes, copied if it is smaller than `limit`, so that no larger block is kept for them.
    pub fn detached(&self, limit: usize) -> Bytes {
        match &self.0 {
            Repr::Shared(bytes) if bytes.len() >= limit => bytes.clone(),
            _ => Bytes::copy_from_slice(self.as_bytes()),
        }
    }

    /// The first byte that is not of an attribute.
    #[inline]
    pub fn value_type(&self) -> Option<u8> {
        let bytes = self.as_bytes();
        match bytes.first()? {
            b'|' => bytes.get(node::attributes_length(bytes)?).copied(),
            first => Some(*first),
        }
    }
}

#[doc(hidden)]
impl CommandSpec {
    /// The column of the table that tells where the keys are.
    pub fn key_column(&self) -> &'static str {
        self.keys
    }

    /// The command of this name, with its subcommand, in upper case: for use when a program is
    /// compiled.
    pub const fn named(name: &str) -> Option<&'static Self> {
        commands::named(name)
    }
}
