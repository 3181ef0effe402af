//! A reply as an owned tree.

mod display;
mod encode;

use bytes::Bytes;

use super::{
    DecodeError, FromReply, Kind, Limits, Reply, ReplyError, ServerError,
    node::{self, Node},
    syntax,
};

/// Any reply, as a tree that borrows nothing
///
/// For replies whose shape is not known beforehand; typed decoding ([`FromReply`]) is faster
/// and says more when something does not fit. Attributes are dropped (see
/// [`Reply::attributes`]); streamed strings and aggregates become whole ones; simple and bulk
/// errors are one variant; the three nulls are one.
///
/// `Display` shows it as `redis-cli` does. `Debug` and `Display` show content: mind logs.
///
/// ```
/// use redmux_resp::{Frame, Value};
/// let frame = Frame::copy_from_slice(b"*2\r\n:1\r\n$3\r\nfoo\r\n");
/// let value: Value = frame.decode()?;
/// assert_eq!(value, Value::Array(vec![Value::Integer(1), Value::from("foo")]));
/// assert_eq!(value.to_string(), "1) (integer) 1\n2) \"foo\"");
/// # Ok::<(), redmux_resp::ReplyError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Value {
    /// A null of any form.
    Null,
    /// A simple string, such as `OK`.
    Simple(Bytes),
    /// A bulk string.
    Bulk(Bytes),
    /// An integer.
    Integer(i64),
    /// A double.
    Double(f64),
    /// A boolean.
    Boolean(bool),
    /// The digits of an integer of any size, with an optional sign.
    BigNumber(String),
    /// A text and the three characters that say what it is, such as `txt` or `mkd`.
    Verbatim {
        /// The three characters.
        format: [u8; 3],
        /// The text.
        text: Bytes,
    },
    /// An error, simple or bulk.
    Error(ServerError),
    /// An array.
    Array(Vec<Self>),
    /// A map, in the order of the reply.
    Map(Vec<(Self, Self)>),
    /// A set, in the order of the reply.
    Set(Vec<Self>),
    /// A push message.
    Push(Vec<Self>),
}

impl Value {
    /// What kind of value it is; an error counts as a simple one.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Null => Kind::Null,
            Self::Simple(_) => Kind::SimpleString,
            Self::Bulk(_) => Kind::BulkString,
            Self::Integer(_) => Kind::Integer,
            Self::Double(_) => Kind::Double,
            Self::Boolean(_) => Kind::Boolean,
            Self::BigNumber(_) => Kind::BigNumber,
            Self::Verbatim { .. } => Kind::Verbatim,
            Self::Error(_) => Kind::Error,
            Self::Array(_) => Kind::Array,
            Self::Map(_) => Kind::Map,
            Self::Set(_) => Kind::Set,
            Self::Push(_) => Kind::Push,
        }
    }

    /// The bytes of a string: simple, bulk or verbatim, or the digits of a big number.
    pub fn as_bytes(&self) -> Option<&[u8]> {
        match self {
            Self::Simple(bytes) | Self::Bulk(bytes) | Self::Verbatim { text: bytes, .. } => {
                Some(bytes)
            }
            Self::BigNumber(digits) => Some(digits.as_bytes()),
            _ => None,
        }
    }

    /// As [`as_bytes`](Self::as_bytes), as text; `None` also if it is not UTF-8.
    pub fn as_str(&self) -> Option<&str> {
        std::str::from_utf8(self.as_bytes()?).ok()
    }

    /// The number of an integer.
    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Self::Integer(number) => Some(*number),
            _ => None,
        }
    }

    /// The elements of an array, a set or a push message.
    pub fn as_slice(&self) -> Option<&[Self]> {
        match self {
            Self::Array(items) | Self::Set(items) | Self::Push(items) => Some(items),
            _ => None,
        }
    }

    /// Whether it is a null.
    pub fn is_null(&self) -> bool {
        matches!(self, Self::Null)
    }
}

/// A bulk string.
impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Bulk(Bytes::copy_from_slice(text.as_bytes()))
    }
}

/// A bulk string.
impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Bulk(text.into())
    }
}

/// A bulk string.
impl From<&[u8]> for Value {
    fn from(bytes: &[u8]) -> Self {
        Self::Bulk(Bytes::copy_from_slice(bytes))
    }
}

/// A bulk string.
impl From<Bytes> for Value {
    fn from(bytes: Bytes) -> Self {
        Self::Bulk(bytes)
    }
}

/// An integer.
impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Integer(number)
    }
}

/// A double.
impl From<f64> for Value {
    fn from(number: f64) -> Self {
        Self::Double(number)
    }
}

/// A boolean.
impl From<bool> for Value {
    fn from(truth: bool) -> Self {
        Self::Boolean(truth)
    }
}

/// An error.
impl From<ServerError> for Value {
    fn from(error: ServerError) -> Self {
        Self::Error(error)
    }
}

/// An array.
impl<T: Into<Self>> From<Vec<T>> for Value {
    fn from(items: Vec<T>) -> Self {
        Self::Array(items.into_iter().map(Into::into).collect())
    }
}

/// Everything, errors included; without attributes.
impl FromReply for Value {
    fn from_reply(reply: Reply<'_>) -> Result<Self, ReplyError> {
        let malformed = || {
            DecodeError::because("a value", reply.kind(), "that is malformed or nested too deeply")
        };
        let value = Tree { reply }.value(reply.node(), 0).map(|(value, _)| value);
        value.ok_or_else(|| malformed().into())
    }
}

/// Builds the tree in one pass, where going through [`Items`](super::Items) would step over
/// every nested aggregate once more per level.
struct Tree<'a> {
    reply: Reply<'a>,
}

impl<'a> Tree<'a> {
    /// The value of `node`, and what follows an aggregate.
    fn value(&self, node: Node<'a>, depth: usize) -> Option<(Value, &'a [u8])> {
        let value = match node {
            Node::Null => Value::Null,
            Node::Line(kind, text) => match kind {
                Kind::SimpleString => Value::Simple(self.bytes(text)),
                Kind::Integer => Value::Integer(syntax::integer(text)?),
                Kind::Double => Value::Double(syntax::double(text)?),
                Kind::Boolean => Value::Boolean(text == b"t"),
                Kind::BigNumber => Value::BigNumber(std::str::from_utf8(text).ok()?.to_owned()),
                _ => Value::Error(ServerError::new(String::from_utf8_lossy(text))),
            },
            Node::Bulk(kind, bytes) => match kind {
                Kind::Verbatim => {
                    let (format, text) = bytes.split_first_chunk::<4>()?;
                    Value::Verbatim {
                        format: [format[0], format[1], format[2]],
                        text: self.bytes(text),
                    }
                }
                Kind::BulkError => Value::Error(ServerError::new(String::from_utf8_lossy(bytes))),
                _ => Value::Bulk(self.bytes(bytes)),
            },
            Node::Stream(parts) => Value::Bulk(node::joined(parts).into()),
            Node::Aggregate { kind, elements, body } => {
                return self.aggregate(kind, elements, body, depth + 1);
            }
        };
        Some((value, &[]))
    }

    fn aggregate(
        &self,
        kind: Kind,
        elements: Option<usize>,
        body: &'a [u8],
        depth: usize,
    ) -> Option<(Value, &'a [u8])> {
        if depth > Limits::DEPTH_CAP {
            return None;
        }
        // An element has at least three bytes: an announced number alone reserves nothing.
        let capacity = elements.unwrap_or(0).min(body.len() / 3);
        let mut rest = body;
        if kind == Kind::Map {
            let mut entries = Vec::with_capacity(capacity / 2);
            let mut left = elements;
            while more(&mut left, &mut rest) {
                let (key, after) = self.element(rest, depth)?;
                left = left.map(|left| left.saturating_sub(1));
                let (value, after) = self.element(after, depth)?;
                entries.push((key, value));
                rest = after;
            }
            return Some((Value::Map(entries), rest));
        }
        let mut items = Vec::with_capacity(capacity);
        let mut left = elements;
        while more(&mut left, &mut rest) {
            let (item, after) = self.element(rest, depth)?;
            items.push(item);
            rest = after;
        }
        let value = match kind {
            Kind::Set => Value::Set(items),
            Kind::Push => Value::Push(items),
            _ => Value::Array(items),
        };
        Some((value, rest))
    }

    fn element(&self, bytes: &'a [u8], depth: usize) -> Option<(Value, &'a [u8])> {
        let bytes = match bytes.first()? {
            b'|' => bytes.get(node::attributes_length(bytes)?..)?,
            _ => bytes,
        };
        let (node, length) = node::read(bytes)?;
        let (value, after_aggregate) = self.value(node, depth)?;
        let after = if matches!(node, Node::Aggregate { .. }) {
            after_aggregate
        } else {
            bytes.get(length..)?
        };
        Some((value, after))
    }

    fn bytes(&self, bytes: &'a [u8]) -> Bytes {
        self.reply.share(bytes.into())
    }
}

/// Whether another element (or entry) comes; steps over the end mark if not.
fn more(left: &mut Option<usize>, rest: &mut &[u8]) -> bool {
    match left {
        Some(0) => false,
        Some(left) => {
            *left -= 1;
            true
        }
        None if node::is_end(rest) => {
            *rest = &rest[3..];
            false
        }
        None => true,
    }
}

#[cfg(test)]
mod tests;
