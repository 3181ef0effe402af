//! What a command says of each value that a path finds.

use std::{ops::Deref, slice, vec};

use serde::de::DeserializeOwned;
use serde_json::Number;

use super::Json;
use crate::{
    database::options::mismatch,
    resp::{DecodeError, FromReply, Kind, Reply, ReplyError},
};

/// An element for each value that a path found, in the order of the document; `None` where the value is of another type
/// than the command is for
///
/// ```no_run
/// # async fn f(db: redmux::Database) -> redmux::Result<()> {
/// let lengths = db.json().arr_len("doc", "$..tags").await?;
/// for length in lengths.into_iter().flatten().flatten() {
///     println!("{length} tags");
/// }
/// let price = db.json().num_incr_by("doc", "$.price", 0.5).await?.one();
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Matches<T>(Vec<Option<T>>);

impl<T> Matches<T> {
    /// What was said of the only value, or of the first one; `None` too where there is none.
    pub fn one(self) -> Option<T> {
        self.0.into_iter().next().flatten()
    }

    /// As a vector.
    pub fn into_vec(self) -> Vec<Option<T>> {
        self.0
    }
}

impl<T> Deref for Matches<T> {
    type Target = [Option<T>];

    fn deref(&self) -> &[Option<T>] {
        &self.0
    }
}

impl<T> IntoIterator for Matches<T> {
    type Item = Option<T>;
    type IntoIter = vec::IntoIter<Option<T>>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl<'a, T> IntoIterator for &'a Matches<T> {
    type Item = &'a Option<T>;
    type IntoIter = slice::Iter<'a, Option<T>>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.iter()
    }
}

impl<T: Match> FromReply for Matches<T> {
    fn from_reply(reply: Reply<'_>) -> Result<Self, ReplyError> {
        if let Some(items) = reply.items() {
            let element = |item: Reply<'_>| match item.is_null() {
                true => Ok(None),
                false => T::from_element(item).map(Some),
            };
            return items.map(element).collect::<Result<_, _>>().map(Self);
        }
        match reply.as_bytes() {
            // Over RESP2 numbers come as one JSON text.
            Some(text) => T::from_text(&text, reply.kind()).map(Self),
            None => Err(mismatch("a list", reply)),
        }
    }

    /// `None` is a key that does not exist, which is an error of some commands and servers, and a null of others.
    fn option_from_reply(reply: Reply<'_>) -> Result<Option<Self>, ReplyError> {
        let is_missing = match reply.error() {
            Some(error) => MISSING.iter().any(|text| error.message().contains(text)),
            None => reply.is_null(),
        };
        if is_missing { Ok(None) } else { Self::from_reply(reply).map(Some) }
    }
}

/// What servers say of a key that does not exist where the path begins with `$`; no path does that of a key that exists.
const MISSING: [&str; 2] = ["key that doesn't exist", "does not exist"];

/// What a command may say of a value
pub trait Match: Sized {
    #[doc(hidden)]
    fn from_element(reply: Reply<'_>) -> Result<Self, ReplyError>;

    #[doc(hidden)]
    fn from_text(_: &[u8], kind: Kind) -> Result<Vec<Option<Self>>, ReplyError> {
        Err(DecodeError::new("a list", kind).into())
    }
}

macro_rules! as_replies {
    ($($type:ty),*) => {$(
        impl Match for $type {
            fn from_element(reply: Reply<'_>) -> Result<Self, ReplyError> {
                reply.decode()
            }
        }
    )*};
}

as_replies!(u64, i64, bool, String, Vec<String>);

impl<T: DeserializeOwned> Match for Json<T> {
    fn from_element(reply: Reply<'_>) -> Result<Self, ReplyError> {
        reply.decode()
    }
}

impl Match for Number {
    fn from_element(reply: Reply<'_>) -> Result<Self, ReplyError> {
        let odd = |why| DecodeError::because("a number", reply.kind(), why);
        match reply.kind() {
            Kind::Integer => Ok(reply.decode::<i64>()?.into()),
            Kind::Double => {
                let float: f64 = reply.decode()?;
                Ok(Self::from_f64(float).ok_or_else(|| odd("that is infinite or no number"))?)
            }
            // Beyond `i64`, or as a text.
            _ => {
                let text: Vec<u8> = reply.decode()?;
                Ok(serde_json::from_slice(&text).map_err(|_| odd("of another form"))?)
            }
        }
    }

    fn from_text(text: &[u8], kind: Kind) -> Result<Vec<Option<Self>>, ReplyError> {
        let odd = || DecodeError::because("a list of numbers", kind, "of another form");
        Ok(serde_json::from_slice(text).map_err(|_| odd())?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resp::Frame;

    fn decode<T: Match>(text: &str) -> Result<Vec<Option<T>>, ReplyError> {
        Frame::copy_from_slice(text.as_bytes()).decode::<Matches<T>>().map(Matches::into_vec)
    }

    #[test]
    fn numbers_are_the_same_in_both_protocols() {
        let all = [Some(Number::from(1)), None, Number::from_f64(2.5)];
        assert_eq!(decode::<Number>("$12\r\n[1,null,2.5]\r\n").unwrap(), all);
        assert_eq!(decode::<Number>("*3\r\n:1\r\n_\r\n,2.5\r\n").unwrap(), all);
        let large = decode::<Number>("$22\r\n[18446744073709551615]\r\n").unwrap();
        assert_eq!(large, [Some(Number::from(u64::MAX))]);
        assert_eq!(decode::<Number>("*1\r\n(18446744073709551615\r\n").unwrap(), large);
        assert!(decode::<Number>("$3\r\n[x]\r\n").is_err());
        assert!(decode::<Number>("*1\r\n,inf\r\n").is_err());
    }

    #[test]
    fn other_types_are_no_text() {
        assert_eq!(decode::<u64>("*2\r\n:1\r\n$-1\r\n").unwrap(), [Some(1), None]);
        assert!(decode::<u64>("$3\r\n[1]\r\n").is_err());
        assert!(matches!(decode::<u64>("-ERR no\r\n"), Err(ReplyError::Server(_))));
    }

    #[test]
    fn a_key_that_does_not_exist_is_none_whatever_the_server_says_of_it() {
        for text in [
            "_",
            "$-1",
            "-ERR could not perform this operation on a key that doesn't exist",
            "-ERR Path '$' does not exist or not an object",
            "-NONEXISTENT Document key does not exist",
        ] {
            let frame = Frame::copy_from_slice(format!("{text}\r\n").as_bytes());
            assert_eq!(frame.decode::<Option<Matches<u64>>>().unwrap(), None, "{text}");
        }
        let other = Frame::copy_from_slice(b"-WRONGTYPE no\r\n");
        assert!(other.decode::<Option<Matches<u64>>>().is_err());
    }
}
