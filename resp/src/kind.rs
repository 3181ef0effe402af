//! The kinds of values and the versions of the protocol.

use std::fmt;

/// What kind of value a reply is
///
/// Streamed strings and aggregates have the kind of their whole: only
/// [`Reply::len`](super::Reply::len) tells them apart. Attributes are no kind: they go before
/// a value, see [`Reply::attributes`](super::Reply::attributes).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names are those of the protocol")]
#[non_exhaustive]
pub enum Kind {
    SimpleString,
    Error,
    Integer,
    BulkString,
    Array,
    Null,
    Double,
    BigNumber,
    Boolean,
    BulkError,
    Verbatim,
    Map,
    Set,
    Push,
}

impl Kind {
    /// Its name in lower case, with an article: "a bulk string".
    pub fn name(self) -> &'static str {
        match self {
            Self::SimpleString => "a simple string",
            Self::Error => "an error",
            Self::Integer => "an integer",
            Self::BulkString => "a bulk string",
            Self::Array => "an array",
            Self::Null => "a null",
            Self::Double => "a double",
            Self::BigNumber => "a big number",
            Self::Boolean => "a boolean",
            Self::BulkError => "a bulk error",
            Self::Verbatim => "a verbatim string",
            Self::Map => "a map",
            Self::Set => "a set",
            Self::Push => "a push message",
        }
    }

    /// Whether it has elements: an array, a map, a set or a push message.
    pub fn is_aggregate(self) -> bool {
        matches!(self, Self::Array | Self::Map | Self::Set | Self::Push)
    }

    /// Whether it is an error reply, simple or bulk.
    pub fn is_error(self) -> bool {
        matches!(self, Self::Error | Self::BulkError)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A version of the protocol
///
/// ```
/// use redmux_resp::Protocol;
/// assert_eq!(Protocol::default().to_string(), "RESP3");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Protocol {
    /// What every server speaks, and what a connection begins with.
    Resp2,
    /// From Redis 6 on: more types, and push messages beside replies.
    #[default]
    Resp3,
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Resp2 => "RESP2",
            Self::Resp3 => "RESP3",
        })
    }
}
