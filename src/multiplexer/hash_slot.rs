use super::ConnectionMultiplexer;
use crate::{commands::slot_of, resp::ToArg};

impl ConnectionMultiplexer {
    /// Returns the slot of a cluster, from 0 to 16383, that a key or a shard channel is in
    ///
    /// Nothing is sent. If the key has a hash tag, only the tag counts: what is between the first `{` and the next `}`,
    /// unless that is nothing. Commands with several keys, transactions and scripts need keys of one slot; keys with
    /// the same tag are in the same slot. Give the key as the server knows it, with its
    /// [prefix](crate::Database::with_key_prefix) if it has one.
    ///
    /// ```
    /// # fn f(muxer: &redmux::ConnectionMultiplexer) {
    /// let slot = muxer.hash_slot("foo");
    /// assert_eq!(slot, 12182);
    /// assert_eq!(muxer.hash_slot("{foo}:1"), slot);
    /// assert_eq!(muxer.hash_slot("user:{foo}"), slot);
    /// assert_ne!(muxer.hash_slot("foo:1"), slot);
    /// # }
    /// ```
    pub fn hash_slot(&self, key: impl ToArg) -> u16 {
        slot_of(key.to_arg().as_bytes())
    }
}

#[cfg(not(target_family = "wasm"))]
impl super::Blocking {
    /// Returns the slot of a cluster that a key is in: see [`ConnectionMultiplexer::hash_slot`].
    pub fn hash_slot(&self, key: impl ToArg) -> u16 {
        self.multiplexer().hash_slot(key)
    }
}
