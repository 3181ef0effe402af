//! What a server can get wrong in the protocol.

/// A reply that is not RESP, or is beyond a limit
///
/// It says what was wrong and at which byte of the reply, and quotes nothing of it but a
/// single type byte. There is no way to find the next reply after one: the connection is
/// of no more use.
///
/// ```
/// use redmux_resp::{Fault, Framer, Limits};
/// let error = Framer::new(Limits::default()).scan(b"*1\r\nHTTP/1.1").unwrap_err();
/// assert_eq!((error.fault(), error.offset()), (Fault::UnknownType(b'H'), 4));
/// assert_eq!(error.to_string(), "no RESP type begins with byte 0x48, at byte 4 of the reply");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{fault}, at byte {offset} of the reply")]
pub struct ProtocolError {
    fault: Fault,
    offset: usize,
}

impl ProtocolError {
    pub(super) fn new(fault: Fault, offset: usize) -> Self {
        Self { fault, offset }
    }

    /// What was wrong.
    pub fn fault(&self) -> Fault {
        self.fault
    }

    /// Where: bytes from the beginning of the reply.
    pub fn offset(&self) -> usize {
        self.offset
    }
}

/// What was wrong with a reply
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// No RESP type begins with this byte.
    #[error("no RESP type begins with byte 0x{0:02x}")]
    UnknownType(u8),
    /// A CR without LF, an LF without CR, or neither after an announced length.
    #[error("expected CR LF")]
    LineEnd,
    /// A line goes on beyond `max_line`, or a number beyond 32 digits.
    #[error("a line is too long")]
    LineTooLong,
    /// Not the decimal digits of an integer.
    #[error("malformed integer")]
    Integer,
    /// An integer beyond 64 bits.
    #[error("an integer is out of the 64-bit range")]
    IntegerRange,
    /// Not a length, nor one of the marks that may stand in its place.
    #[error("malformed length")]
    Length,
    /// Neither a decimal number nor `inf`, `-inf` or `nan`.
    #[error("malformed double")]
    Double,
    /// Not the decimal digits of a big number.
    #[error("malformed big number")]
    BigNumber,
    /// Neither `t` nor `f`.
    #[error("malformed boolean")]
    Boolean,
    /// A null with something in it.
    #[error("malformed null")]
    Null,
    /// A verbatim string without its three-letter format and colon.
    #[error("malformed format of a verbatim string")]
    Verbatim,
    /// A part of a streamed string was expected, or came unexpectedly.
    #[error("a streamed string is out of order")]
    Chunk,
    /// An end mark where nothing streamed ends.
    #[error("unexpected end mark of a streamed aggregate")]
    End,
    /// A streamed map ended after a key.
    #[error("a streamed map has a key without a value")]
    OddMap,
    /// A push message inside another value.
    #[error("a push message inside another value")]
    NestedPush,
    /// More nested aggregates than `max_depth`.
    #[error("aggregates are nested too deeply")]
    TooDeep,
    /// More elements than `max_elements`.
    #[error("an aggregate has too many elements")]
    TooManyElements,
    /// A string longer than `max_bulk`.
    #[error("a string is too long")]
    BulkTooLong,
    /// A reply longer than `max_frame`.
    #[error("the reply is too long")]
    FrameTooLong,
}
