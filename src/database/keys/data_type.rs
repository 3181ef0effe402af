//! Types of values.

use crate::resp::{Arg, FromReply, Reply, ReplyError, ToArg};

/// The type of a value
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum DataType {
    /// There is no such key.
    Missing,
    /// A string.
    String,
    /// A list.
    List,
    /// A set.
    Set,
    /// A sorted set.
    SortedSet,
    /// A hash.
    Hash,
    /// A stream.
    Stream,
    /// A type of a module, by the name the server gives it.
    Other(String),
}

impl FromReply for DataType {
    fn from_reply(reply: Reply<'_>) -> Result<Self, ReplyError> {
        let name = String::from_reply(reply)?;
        Ok(match name.as_str() {
            "none" => Self::Missing,
            "string" => Self::String,
            "list" => Self::List,
            "set" => Self::Set,
            "zset" => Self::SortedSet,
            "hash" => Self::Hash,
            "stream" => Self::Stream,
            _ => Self::Other(name),
        })
    }
}

impl ToArg for DataType {
    fn to_arg(&self) -> Arg<'_> {
        Arg::Bytes(match self {
            Self::Missing => b"none",
            Self::String => b"string",
            Self::List => b"list",
            Self::Set => b"set",
            Self::SortedSet => b"zset",
            Self::Hash => b"hash",
            Self::Stream => b"stream",
            Self::Other(name) => name.as_bytes(),
        })
    }
}
