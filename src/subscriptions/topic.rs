use bytes::Bytes;

use crate::connection::Verb;

/// What is subscribed to: the kind of subscription and the channel or pattern
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Topic {
    pub(crate) verb: Verb,
    pub(crate) name: Bytes,
}

impl Topic {
    /// Whether it is about what happens to keys, of which each server tells by itself.
    #[cfg(feature = "topology")]
    pub(crate) fn is_of_keys(&self) -> bool {
        self.name.starts_with(b"__keyspace@") || self.name.starts_with(b"__keyevent@")
    }
}
