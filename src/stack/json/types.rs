//! What kinds of values there are.

use std::{fmt, ops::Deref};

use crate::resp::{DecodeError, FromReply, Reply, ReplyError};

/// The type of a JSON value
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum JsonType {
    /// `{…}`
    Object,
    /// `[…]`
    Array,
    /// `"…"`
    String,
    /// A number without a fraction or an exponent.
    Integer,
    /// Any other number.
    Number,
    /// `true` or `false`
    Boolean,
    /// `null`
    Null,
}

const NAMES: [(JsonType, &str); 7] = [
    (JsonType::Object, "object"),
    (JsonType::Array, "array"),
    (JsonType::String, "string"),
    (JsonType::Integer, "integer"),
    (JsonType::Number, "number"),
    (JsonType::Boolean, "boolean"),
    (JsonType::Null, "null"),
];

impl fmt::Display for JsonType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(NAMES.iter().find(|(kind, _)| kind == self).map_or("?", |(_, name)| name))
    }
}

impl FromReply for JsonType {
    fn from_reply(reply: Reply<'_>) -> Result<Self, ReplyError> {
        let name: String = reply.decode()?;
        let found = NAMES.iter().find(|(_, known)| *known == name);
        let odd = || DecodeError::because("a type of JSON", reply.kind(), "that is not known");
        Ok(found.map(|(kind, _)| *kind).ok_or_else(odd)?)
    }
}

/// The type of each value that a path found
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JsonTypes(Vec<JsonType>);

impl JsonTypes {
    /// That of the only value, or of the first one.
    pub fn one(&self) -> Option<JsonType> {
        self.0.first().copied()
    }
}

impl Deref for JsonTypes {
    type Target = [JsonType];

    fn deref(&self) -> &[JsonType] {
        &self.0
    }
}

impl FromReply for JsonTypes {
    fn from_reply(reply: Reply<'_>) -> Result<Self, ReplyError> {
        let mut items = reply.items().into_iter().flatten();
        let first = items.next();
        // RedisJSON puts the list into another one over RESP3.
        let inner = first.filter(|first| first.items().is_some() && items.next().is_none());
        inner.unwrap_or(reply).decode().map(Self)
    }

    fn option_from_reply(reply: Reply<'_>) -> Result<Option<Self>, ReplyError> {
        // And so it does with the null that a missing key is.
        let mut items = reply.items().into_iter().flatten();
        let is_missing = reply.is_null() || items.next().is_some_and(|first| first.is_null());
        if is_missing { Ok(None) } else { Self::from_reply(reply).map(Some) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resp::Frame;

    #[test]
    fn types_are_the_same_in_both_protocols() {
        let decode = |text: &str| {
            let types = Frame::copy_from_slice(text.as_bytes()).decode::<Option<JsonTypes>>();
            types.unwrap().map(|types| types.to_vec())
        };
        let both = Some(vec![JsonType::Object, JsonType::Null]);
        assert_eq!(decode("*2\r\n$6\r\nobject\r\n$4\r\nnull\r\n"), both);
        assert_eq!(decode("*1\r\n*2\r\n$6\r\nobject\r\n$4\r\nnull\r\n"), both);
        assert_eq!(decode("*1\r\n+array\r\n"), Some(vec![JsonType::Array]));
        assert_eq!(decode("*1\r\n*1\r\n$5\r\narray\r\n"), Some(vec![JsonType::Array]));
        assert_eq!(decode("*0\r\n"), Some(Vec::new()));
        assert_eq!(decode("*1\r\n*0\r\n"), Some(Vec::new()));
        assert_eq!((decode("*1\r\n_\r\n"), decode("$-1\r\n")), (None, None));
        assert!(Frame::copy_from_slice(b"*1\r\n+odd\r\n").decode::<JsonTypes>().is_err());
    }

    #[test]
    fn names_are_those_of_the_server() {
        assert_eq!(JsonType::Integer.to_string(), "integer");
    }
}
