use bytes::Bytes;

use crate::connection::Verb;

/// What is subscribed to: the kind of subscription and the channel or pattern
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Topic {
    pub(crate) verb: Verb,
    pub(crate) name: Bytes,
}
