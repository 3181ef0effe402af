//! A view of a value inside a frame.

use std::{borrow::Cow, fmt, str};

use bytes::Bytes;

use super::{
    Entries, Frame, FromReply, Items, Kind, ReplyError, ServerError,
    node::{self, Node},
    syntax,
};

/// A value inside a [`Frame`], without copying it
///
/// ```
/// use redmux_resp::{Frame, Kind};
/// let frame = Frame::copy_from_slice(b"*2\r\n$3\r\nfoo\r\n#t\r\n");
/// let reply = frame.reply();
/// assert_eq!((reply.kind(), reply.len()), (Kind::Array, Some(2)));
/// let mut items = reply.items().unwrap();
/// assert_eq!(items.next().unwrap().as_bytes().unwrap().as_ref(), b"foo");
/// assert_eq!(items.next().unwrap().as_bool(), Some(true));
/// assert!(items.next().is_none());
/// ```
#[derive(Clone, Copy)]
pub struct Reply<'a> {
    /// The attributes before the value and the value.
    raw: &'a [u8],
    attributes: usize,
    node: Node<'a>,
    /// What `raw` is a part of, where that can be shared.
    owner: Option<&'a Bytes>,
}

impl<'a> Reply<'a> {
    /// The view of a whole frame.
    #[inline]
    pub(super) fn whole(raw: &'a [u8], owner: Option<&'a Bytes>) -> Self {
        let attributes = match raw.first() {
            Some(b'|') => node::attributes_length(raw).unwrap_or(raw.len()),
            _ => 0,
        };
        let node = node::read(&raw[attributes..]).map_or(Node::Null, |(node, _)| node);
        Self { raw, attributes, node, owner }
    }

    /// The simple string `OK`, of which `raw` is the whole.
    #[inline]
    pub(super) fn ok(raw: &'a [u8]) -> Self {
        Self { raw, attributes: 0, node: Node::Line(Kind::SimpleString, &raw[1..3]), owner: None }
    }

    /// The bulk string `text`, of which `raw` is the whole.
    #[inline]
    pub(super) fn bulk(raw: &'a [u8], text: &'a [u8], owner: Option<&'a Bytes>) -> Self {
        Self { raw, attributes: 0, node: Node::Bulk(Kind::BulkString, text), owner }
    }

    /// The value that `bytes` begins with, and its length with its attributes.
    #[inline]
    pub(super) fn read(bytes: &'a [u8], owner: Option<&'a Bytes>) -> Option<(Self, usize)> {
        let attributes = match bytes.first()? {
            b'|' => node::attributes_length(bytes)?,
            _ => 0,
        };
        let (mut node, length) = node::read(bytes.get(attributes..)?)?;
        let mut end = attributes + length;
        if let Node::Aggregate { elements, body, .. } = &mut node {
            *body = body.get(..node::aggregate_length(*elements, body)?)?;
            end += body.len();
        }
        let raw = bytes.get(..end)?;
        Some((Self { raw, attributes, node, owner }, end))
    }

    /// What kind of value it is.
    #[inline]
    pub fn kind(&self) -> Kind {
        match self.node {
            Node::Null => Kind::Null,
            Node::Line(kind, _) | Node::Bulk(kind, _) | Node::Aggregate { kind, .. } => kind,
            Node::Stream(_) => Kind::BulkString,
        }
    }

    /// Whether it is a null of any form: RESP3's, a null bulk string or a null array.
    #[inline]
    pub fn is_null(&self) -> bool {
        matches!(self.node, Node::Null)
    }

    /// Whether it is an error, simple or bulk.
    #[inline]
    pub fn is_error(&self) -> bool {
        self.kind().is_error()
    }

    /// The bytes of a string: simple, bulk, verbatim (without its format), or the digits of a
    /// big number.
    ///
    /// Borrowed, except for a streamed string, whose parts are put together.
    pub fn as_bytes(&self) -> Option<Cow<'a, [u8]>> {
        match self.node {
            Node::Line(Kind::SimpleString | Kind::BigNumber, text)
            | Node::Bulk(Kind::BulkString, text) => Some(Cow::Borrowed(text)),
            Node::Bulk(Kind::Verbatim, text) => {
                Some(Cow::Borrowed(text.get(4..).unwrap_or_default()))
            }
            Node::Stream(parts) => Some(Cow::Owned(node::joined(parts))),
            _ => None,
        }
    }

    /// As [`as_bytes`](Self::as_bytes), as text; `None` also if it is not UTF-8.
    pub fn as_str(&self) -> Option<Cow<'a, str>> {
        match self.as_bytes()? {
            Cow::Borrowed(bytes) => str::from_utf8(bytes).ok().map(Cow::Borrowed),
            Cow::Owned(bytes) => String::from_utf8(bytes).ok().map(Cow::Owned),
        }
    }

    /// As [`as_bytes`](Self::as_bytes), and of numbers their text.
    pub(super) fn as_text(&self) -> Option<Cow<'a, [u8]>> {
        match self.node {
            Node::Line(Kind::Integer | Kind::Double, text) => Some(Cow::Borrowed(text)),
            _ => self.as_bytes(),
        }
    }

    /// The bytes of a string, sharing those of the frame where it is large enough to be shared: at
    /// least 16 KiB and a quarter of the frame.
    ///
    /// The result then keeps the block alive that the frame was read into, which is at most four
    /// times as large. Smaller ones are copied.
    pub fn to_shared(&self) -> Option<Bytes> {
        self.as_bytes().map(|bytes| self.share(bytes))
    }

    pub(super) fn share(&self, bytes: Cow<'a, [u8]>) -> Bytes {
        match (bytes, self.owner) {
            (Cow::Owned(bytes), _) => bytes.into(),
            (Cow::Borrowed(bytes), Some(owner)) if keeps_little(bytes, owner) => {
                owner.slice_ref(bytes)
            }
            (Cow::Borrowed(bytes), _) => Bytes::copy_from_slice(bytes),
        }
    }

    /// The number of an integer, or that a string, double or big number is the digits of;
    /// 1 and 0 of a boolean.
    #[inline]
    pub fn as_i64(&self) -> Option<i64> {
        match self.node {
            Node::Line(Kind::Boolean, text) => Some((text == b"t").into()),
            Node::Line(Kind::Integer, text) => syntax::integer(text),
            _ => syntax::integer(&self.as_text()?),
        }
    }

    /// The number of a double or integer, or that a string or big number is the text of.
    pub fn as_f64(&self) -> Option<f64> {
        syntax::double(&self.as_text()?)
    }

    /// The truth of a boolean, or of the number 1 or 0.
    pub fn as_bool(&self) -> Option<bool> {
        match self.as_i64()? {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        }
    }

    /// The error that the server answered with.
    pub fn error(&self) -> Option<ServerError> {
        match self.node {
            Node::Line(Kind::Error, text) | Node::Bulk(Kind::BulkError, text) => {
                Some(ServerError::new(String::from_utf8_lossy(text)))
            }
            _ => None,
        }
    }

    /// The elements of an array, a set or a push message; of a map keys and values in turn.
    pub fn items(&self) -> Option<Items<'a>> {
        match self.node {
            Node::Aggregate { elements, body, .. } => Some(Items::new(elements, body, self.owner)),
            _ => None,
        }
    }

    /// The entries of a map.
    pub fn entries(&self) -> Option<Entries<'a>> {
        match self.kind() {
            Kind::Map => self.items().map(Entries),
            _ => None,
        }
    }

    /// How many elements an array, set or push message has, entries a map, bytes a string.
    ///
    /// `None` for what is streamed, and for everything else.
    #[allow(
        clippy::len_without_is_empty,
        reason = "a value without length is neither empty nor not"
    )]
    pub fn len(&self) -> Option<usize> {
        match self.node {
            Node::Aggregate { kind: Kind::Map, elements, .. } => {
                elements.map(|elements| elements / 2)
            }
            Node::Aggregate { elements, .. } => elements,
            Node::Stream(_) => None,
            _ => self.as_bytes().map(|bytes| bytes.len()),
        }
    }

    /// The three characters before a verbatim string that say what it is, such as `txt`.
    pub fn verbatim_format(&self) -> Option<&'a str> {
        match self.node {
            Node::Bulk(Kind::Verbatim, text) => str::from_utf8(text.get(..3)?).ok(),
            _ => None,
        }
    }

    /// What the server said about the value beside it, as keys and values in turn.
    pub fn attributes(&self) -> Option<Items<'a>> {
        match self.attributes {
            0 => None,
            length => Some(Items::attributes(&self.raw[..length], self.owner)),
        }
    }

    /// Its bytes as they came, attributes included.
    pub fn raw(&self) -> &'a [u8] {
        self.raw
    }

    /// The value as a frame of its own, shared with this one's if it is large.
    pub fn to_frame(&self) -> Frame {
        match self.owner {
            Some(owner) if keeps_little(self.raw, owner) => {
                Frame::from_bytes(owner.slice_ref(self.raw))
            }
            _ => Frame::copy_from_slice(self.raw),
        }
    }

    /// The value as `T`.
    ///
    /// # Errors
    ///
    /// [`ReplyError::Server`] if it is an error reply, or contains one that `T` has no place
    /// for; [`ReplyError::Decode`] if it does not fit the type.
    #[inline]
    pub fn decode<T: FromReply>(&self) -> Result<T, ReplyError> {
        T::from_reply(*self)
    }

    #[inline]
    pub(super) fn owner(&self) -> Option<&'a Bytes> {
        self.owner
    }

    #[inline]
    pub(super) fn node(&self) -> Node<'a> {
        self.node
    }
}

/// Its kind and length, never its content.
impl fmt::Debug for Reply<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reply")
            .field("kind", &self.kind())
            .field("raw_len", &self.raw.len())
            .finish()
    }
}

/// A shorter part of a reply is copied: a block that replies are read into has four times as many
/// bytes, and would be kept for it.
const COPIED: usize = 16 << 10;

/// Whether a part that is shared keeps at most four times its own bytes alive.
fn keeps_little(part: &[u8], owner: &Bytes) -> bool {
    part.len() >= COPIED && part.len() >= owner.len() / 4
}
