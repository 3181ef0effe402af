//! Arrays of a fixed length.

use super::{FromReply, aggregates::collect_entries, mismatch};
use crate::{DecodeError, Items, Kind, Reply, ReplyError};

/// Reads the elements of an array that must have exactly `length` of them.
struct Fixed<'a> {
    reply: Reply<'a>,
    items: Items<'a>,
    length: usize,
}

const EXPECTED: &str = "an array of fixed length";

impl<'a> Fixed<'a> {
    fn new(reply: Reply<'a>, length: usize) -> Result<Self, ReplyError> {
        if reply.kind() == Kind::Map {
            return Err(mismatch(EXPECTED, reply));
        }
        let items = reply.items().ok_or_else(|| mismatch(EXPECTED, reply))?;
        Ok(Self { reply, items, length })
    }

    fn next<T: FromReply>(&mut self) -> Result<T, ReplyError> {
        match self.items.next() {
            Some(item) => T::from_reply(item),
            None => Err(self.wrong_length()),
        }
    }

    fn end(mut self) -> Result<(), ReplyError> {
        match self.items.next() {
            Some(_) => Err(self.wrong_length()),
            None => Ok(()),
        }
    }

    fn wrong_length(&self) -> ReplyError {
        // An error among the elements says more than their number.
        let nested = self.reply.items().and_then(|mut items| items.find_map(|item| item.error()));
        nested.map_or_else(
            || DecodeError::length(EXPECTED, self.reply, self.length).into(),
            ReplyError::Server,
        )
    }
}

macro_rules! tuple {
    ($length:literal: $($name:ident)+ $(=> $hook:item)?) => {
        /// An array, set or push message of exactly that length.
        impl<$($name: FromReply),+> FromReply for ($($name,)+) {
            fn from_reply(reply: Reply<'_>) -> Result<Self, ReplyError> {
                let mut fixed = Fixed::new(reply, $length)?;
                let tuple = ($(fixed.next::<$name>()?,)+);
                fixed.end()?;
                Ok(tuple)
            }

            $($hook)?
        }
    };
}

tuple!(1: A);
tuple!(2: A B => fn vec_from_reply(reply: Reply<'_>) -> Result<Vec<Self>, ReplyError> {
    collect_entries(reply, Vec::with_capacity)
});
tuple!(3: A B C);
tuple!(4: A B C D);
tuple!(5: A B C D E);
tuple!(6: A B C D E F);
tuple!(7: A B C D E F G);
tuple!(8: A B C D E F G H);
