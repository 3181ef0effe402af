//! The bytes of one reply.

use std::fmt;

use bytes::Bytes;

use super::{FromReply, Kind, Reply, ReplyError};

/// One whole reply, as it came, attributes included
///
/// Replies of up to [`Frame::INLINE`] bytes are kept in place: they cost no allocation and do
/// not keep the block they were read into alive. Larger ones share that block.
///
/// What is not a whole reply (a [`Framer`](super::Framer) never says it is) reads as a null.
///
/// ```
/// use redmux_resp::{Frame, Kind};
/// let frame = Frame::copy_from_slice(b"$5\r\nhello\r\n");
/// assert_eq!(frame.kind(), Kind::BulkString);
/// assert_eq!(frame.decode::<String>()?, "hello");
/// # Ok::<(), redmux_resp::ReplyError>(())
/// ```
#[derive(Clone)]
pub struct Frame(pub(super) Repr);

#[derive(Clone)]
pub(super) enum Repr {
    Inline { length: u8, bytes: [u8; Frame::INLINE] },
    Shared(Bytes),
}

impl Frame {
    /// The most bytes that are kept in place.
    pub const INLINE: usize = 38;

    /// The reply that `bytes` is, without copying if it is large.
    #[inline(always)]
    pub fn from_bytes(bytes: Bytes) -> Self {
        match Self::inline(&bytes) {
            Some(frame) => frame,
            None => Self(Repr::Shared(bytes)),
        }
    }

    /// The reply that `bytes` is, copied.
    #[inline]
    pub fn copy_from_slice(bytes: &[u8]) -> Self {
        Self::inline(bytes).unwrap_or_else(|| Self(Repr::Shared(Bytes::copy_from_slice(bytes))))
    }

    #[inline(always)]
    fn inline(bytes: &[u8]) -> Option<Self> {
        let mut place = [0; Self::INLINE];
        place.get_mut(..bytes.len())?.copy_from_slice(bytes);
        Some(Self(Repr::Inline { length: bytes.len() as u8, bytes: place }))
    }

    /// All its bytes, as they came.
    #[inline]
    pub fn as_bytes(&self) -> &[u8] {
        match &self.0 {
            Repr::Inline { length, bytes } => &bytes[..usize::from(*length)],
            Repr::Shared(bytes) => bytes,
        }
    }

    /// The number of its bytes.
    pub fn len(&self) -> usize {
        self.as_bytes().len()
    }

    /// Whether it has no bytes; no reply has none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The view of its value.
    #[inline]
    pub fn reply(&self) -> Reply<'_> {
        match &self.0 {
            // Every other reply: worth a look of its own.
            Repr::Inline { length: 5, bytes } if bytes[..5] == *b"+OK\r\n" => {
                Reply::ok(&bytes[..5])
            }
            Repr::Inline { .. } => Reply::whole(self.as_bytes(), None),
            Repr::Shared(bytes) => Reply::whole(bytes, Some(bytes)),
        }
    }

    /// The kind of its value.
    pub fn kind(&self) -> Kind {
        self.reply().kind()
    }

    /// Its value as `T`.
    ///
    /// # Errors
    ///
    /// [`ReplyError::Server`] if the server answered with an error, [`ReplyError::Decode`] if
    /// the value does not fit the type.
    #[inline]
    pub fn decode<T: FromReply>(&self) -> Result<T, ReplyError> {
        T::from_reply(self.reply())
    }

    /// Whether it is a push message, which is no reply to a command.
    #[inline]
    pub fn is_push(&self) -> bool {
        self.value_type() == Some(b'>')
    }

    /// Whether the server answered with an error, simple or bulk.
    #[inline]
    pub fn is_error(&self) -> bool {
        matches!(self.value_type(), Some(b'-' | b'!'))
    }
}

/// Its kind and length, never its content.
impl fmt::Debug for Frame {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Frame").field("kind", &self.kind()).field("len", &self.len()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_small() {
        assert!(size_of::<Frame>() <= 40, "{}", size_of::<Frame>());
        assert!(size_of::<Option<Frame>>() <= 40);
    }

    #[test]
    fn keeps_small_replies_in_place() {
        let block = Bytes::from(vec![b'+'; 64 << 10]);
        let small = Frame::from_bytes(block.slice(..Frame::INLINE));
        assert!(matches!(small.0, Repr::Inline { .. }));
        assert_eq!(small.len(), Frame::INLINE);
        let large = Frame::from_bytes(block.slice(..Frame::INLINE + 1));
        assert!(matches!(large.0, Repr::Shared(_)));
        assert_eq!(large.as_bytes().as_ptr(), block.as_ptr());
        assert_eq!(Frame::copy_from_slice(&block).len(), block.len());
    }

    #[test]
    fn tells_pushes_and_errors_behind_attributes() {
        for (bytes, push, error) in [
            (&b"+OK\r\n"[..], false, false),
            (b"-ERR x\r\n", false, true),
            (b"!5\r\nERR x\r\n", false, true),
            (b">1\r\n+x\r\n", true, false),
            (b"|1\r\n+k\r\n-v\r\n>1\r\n+x\r\n", true, false),
            (b"|1\r\n+k\r\n+v\r\n|0\r\n-ERR x\r\n", false, true),
            (b"*1\r\n-ERR x\r\n", false, false),
            (b"", false, false),
            (b"|", false, false),
        ] {
            let frame = Frame::copy_from_slice(bytes);
            assert_eq!((frame.is_push(), frame.is_error()), (push, error), "{frame:?}");
        }
    }

    #[test]
    fn debug_shows_no_content() {
        let frame = Frame::copy_from_slice(b"$6\r\nsecret\r\n");
        assert_eq!(format!("{frame:?}"), "Frame { kind: BulkString, len: 12 }");
    }

    #[test]
    fn reads_what_is_no_reply_as_null() {
        for bytes in [
            &b""[..],
            b"$5\r\nab",
            b"?",
            b"*2\r\n:1\r\n",
            b":1",
            b"$99999999999999999999\r\n",
            b"|1\r\n",
        ] {
            let frame = Frame::copy_from_slice(bytes);
            let reply = frame.reply();
            let _ = (reply.kind(), reply.items().map(Iterator::count), reply.as_bytes());
        }
        assert_eq!(Frame::copy_from_slice(b"?").kind(), Kind::Null);
    }
}
