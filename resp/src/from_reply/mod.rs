//! Turning replies into the caller's types.

mod aggregates;
mod scalars;
mod tuples;

use super::{DecodeError, Kind, Reply, ReplyError};

/// A type that a reply can become
///
/// The conversions are the same for RESP2 and RESP3, so that the version spoken does not show:
///
/// | type | becomes it |
/// |---|---|
/// | `()` | anything but an error, at any depth |
/// | `bool` | a boolean; 1 and 0, also as text; `+OK` is true; a null is false |
/// | integers | an integer; digits in a string, double or big number; a boolean. Range-checked |
/// | `f32`, `f64` | a double; an integer; the text of a number, also `inf`, `-inf`, `nan` |
/// | `String`, `Box<str>`, `Arc<str>` | any string that is UTF-8; the text of a number |
/// | `Vec<u8>`, `Bytes`, `Box<[u8]>` | any string; the text of a number. `Bytes` shares a large one |
/// | `Option<T>` | `None` for a null of any form |
/// | `Vec<T>`, `VecDeque<T>`, `Box<[T]>` | an array, set or push message; of a map keys and values in turn |
/// | `HashSet<T>`, `BTreeSet<T>` | as `Vec<T>` |
/// | `HashMap<K, V>`, `BTreeMap<K, V>`, `Vec<(K, V)>` | a map; an array of keys and values in turn; an array of pairs |
/// | tuples of 1 to 8, `[T; N]` | an array, set or push message of exactly that length |
/// | `Result<T, ServerError>` | as `T`, and an error reply is an `Err` inside |
/// | [`Value`](super::Value) | everything, errors included |
/// | [`Frame`](super::Frame) | everything but an error: the bytes of that part of the reply |
///
/// A null is no empty string and no empty collection: without an `Option` it is an error that
/// says so. An error reply, also one inside an aggregate, is [`ReplyError::Server`] for every
/// type but the two that have a place for it.
///
/// ```
/// use redmux_resp::{DecodeError, Frame, FromReply, Reply, ReplyError};
/// use std::collections::HashMap;
///
/// struct Celsius(f64);
///
/// impl FromReply for Celsius {
///     fn from_reply(reply: Reply<'_>) -> Result<Self, ReplyError> {
///         let degrees: f64 = reply.decode()?;
///         if degrees < -273.15 {
///             return Err(DecodeError::because("a temperature", reply.kind(), "below absolute zero").into());
///         }
///         Ok(Self(degrees))
///     }
/// }
///
/// let frame = Frame::copy_from_slice(b"*2\r\n$4\r\nroom\r\n$4\r\n21.5\r\n");
/// let readings: HashMap<String, Celsius> = frame.decode()?;
/// assert_eq!(readings["room"].0, 21.5);
/// # Ok::<(), ReplyError>(())
/// ```
pub trait FromReply: Sized {
    /// The value of `reply`.
    ///
    /// # Errors
    ///
    /// [`ReplyError::Server`] for an error reply, [`ReplyError::Decode`] for a value that does
    /// not fit.
    fn from_reply(reply: Reply<'_>) -> Result<Self, ReplyError>;

    /// A list of such values; how a `Vec<u8>` is bytes and a `Vec<(K, V)>` a map.
    #[doc(hidden)]
    fn vec_from_reply(reply: Reply<'_>) -> Result<Vec<Self>, ReplyError> {
        aggregates::collect_vec(reply)
    }

    /// Such a value or none; how an empty map is no struct.
    #[doc(hidden)]
    #[inline]
    fn option_from_reply(reply: Reply<'_>) -> Result<Option<Self>, ReplyError> {
        if reply.is_null() { Ok(None) } else { Self::from_reply(reply).map(Some) }
    }
}

/// The error of a reply that is not what `expected` says: the server's own, if it sent one.
#[cold]
fn mismatch(expected: &'static str, reply: Reply<'_>) -> ReplyError {
    match reply.error() {
        Some(error) => error.into(),
        None => DecodeError::new(expected, reply.kind()).into(),
    }
}

/// Fails with the error that `reply` is, if it is one.
#[inline]
fn refuse_error(reply: Reply<'_>) -> Result<(), ReplyError> {
    match reply.kind() {
        Kind::Error | Kind::BulkError => Err(mismatch("a value", reply)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests;
