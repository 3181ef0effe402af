//! What can be wrong with a well-formed reply.

use std::{error::Error as StdError, fmt, sync::Arc};

use super::{Kind, Reply, ServerError};

/// Why a reply did not become the type asked for
///
/// ```
/// use redmux_resp::{Frame, ReplyError};
/// match Frame::copy_from_slice(b"-WRONGTYPE not a list\r\n").decode::<Vec<String>>() {
///     Err(ReplyError::Server(error)) => assert_eq!(error.code(), "WRONGTYPE"),
///     other => panic!("{other:?}"),
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReplyError {
    /// The server answered with an error, or with one inside its reply.
    #[error(transparent)]
    Server(#[from] ServerError),
    /// The reply is of another type, or out of range.
    #[error(transparent)]
    Decode(#[from] DecodeError),
}

/// A reply that does not fit the type asked for
///
/// It says what was expected and what kind of value came, never the value.
///
/// ```
/// use redmux_resp::{Frame, ReplyError};
/// let frame = Frame::copy_from_slice(b":300\r\n");
/// let Err(ReplyError::Decode(error)) = frame.decode::<u8>() else { panic!("300 is no u8") };
/// assert_eq!(error.to_string(), "expected u8, got an integer out of range for u8");
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecodeError(Box<Detail>);

/// On the heap, because every decoded value is moved together with the room for its error.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Detail {
    expected: &'static str,
    got: Kind,
    why: Why,
    /// Where it was, the innermost first.
    places: Vec<&'static str>,
    source: Option<Source>,
}

/// Why what decodes a part of the reply did not accept it; equal to itself alone
#[derive(Debug, Clone)]
struct Source(Arc<dyn StdError + Send + Sync>);

impl PartialEq for Source {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Source {}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Detail { expected, got, why, places, .. } = &*self.0;
        write!(f, "expected {expected}, got {got}{why}{}", Places(places))
    }
}

impl StdError for DecodeError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source.as_ref().map(|source| &*source.0 as _)
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Why {
    Kind,
    Null,
    NotANumber,
    OutOfRange(&'static str),
    NotUtf8,
    Length { expected: usize, got: Option<usize> },
    Other(&'static str),
}

impl DecodeError {
    /// A value of another kind than `expected` names, such as "a map".
    pub fn new(expected: &'static str, got: Kind) -> Self {
        let why = if got == Kind::Null { Why::Null } else { Why::Kind };
        Self::make(expected, got, why)
    }

    /// The error of a value that is right in kind but not in content: `reason` says why, as in
    /// "without an id", and quotes nothing of it.
    #[must_use]
    pub fn because(expected: &'static str, got: Kind, reason: &'static str) -> Self {
        Self::make(expected, got, Why::Other(reason))
    }

    /// The same error with its cause, such as that of a JSON parser.
    ///
    /// The cause is the [`source`](std::error::Error::source) of this error, and no part of its
    /// text: parsers quote what they read, and that may be secret.
    ///
    /// ```
    /// use redmux_resp::{DecodeError, FromReply, Reply, ReplyError};
    /// use std::net::IpAddr;
    ///
    /// struct Address(IpAddr);
    ///
    /// impl FromReply for Address {
    ///     fn from_reply(reply: Reply<'_>) -> Result<Self, ReplyError> {
    ///         let text: String = reply.decode()?;
    ///         let odd = |cause| {
    ///             DecodeError::because("an address", reply.kind(), "of another form").caused_by(cause)
    ///         };
    ///         Ok(Self(text.parse().map_err(odd)?))
    ///     }
    /// }
    /// ```
    #[must_use]
    pub fn caused_by(mut self, cause: impl StdError + Send + Sync + 'static) -> Self {
        self.0.source = Some(Source(Arc::new(cause)));
        self
    }

    /// The same error, saying also where it was, as in "in the field `age`".
    #[must_use]
    pub fn within(mut self, place: &'static str) -> Self {
        self.0.places.push(place);
        self
    }

    /// What was expected.
    pub fn expected(&self) -> &'static str {
        self.0.expected
    }

    /// The kind of value that came.
    pub fn got(&self) -> Kind {
        self.0.got
    }

    #[cold]
    fn make(expected: &'static str, got: Kind, why: Why) -> Self {
        Self(Box::new(Detail { expected, got, why, places: Vec::new(), source: None }))
    }

    pub(super) fn not_a_number(expected: &'static str, got: Kind) -> Self {
        Self::make(expected, got, Why::NotANumber)
    }

    pub(super) fn out_of_range(expected: &'static str, got: Kind) -> Self {
        Self::make(expected, got, Why::OutOfRange(expected))
    }

    pub(super) fn not_utf8(expected: &'static str, got: Kind) -> Self {
        Self::make(expected, got, Why::NotUtf8)
    }

    pub(super) fn length(expected: &'static str, reply: Reply<'_>, length: usize) -> Self {
        let why = Why::Length { expected: length, got: reply.len() };
        Self::make(expected, reply.kind(), why)
    }
}

struct Places<'a>(&'a [&'static str]);

impl fmt::Display for Places<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|place| write!(f, ", {place}"))
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Kind => Ok(()),
            Self::Null => f.write_str(" (use an Option for what may be null)"),
            Self::NotANumber => f.write_str(" that is not a number"),
            Self::OutOfRange(of) => write!(f, " out of range for {of}"),
            Self::NotUtf8 => f.write_str(" that is not UTF-8 (use Vec<u8> or Bytes for bytes)"),
            Self::Length { expected, got: Some(got) } => {
                write!(f, " of {got} elements, not {expected}")
            }
            Self::Length { expected, got: None } => write!(f, " without {expected} elements"),
            Self::Other(reason) => write!(f, " {reason}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_is_kept_and_not_quoted() {
        let cause = "secret".parse::<u8>().unwrap_err();
        let error = DecodeError::because("a port", Kind::BulkString, "of another form");
        let error = error.caused_by(cause.clone()).within("in the field `port`");
        assert_eq!(error.source().unwrap().to_string(), cause.to_string());
        assert!(!error.to_string().contains(&cause.to_string()), "{error}");
        assert_eq!(error.source().unwrap().downcast_ref(), Some(&cause));
    }
}
