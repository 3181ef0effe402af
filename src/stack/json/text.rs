//! JSON texts, which are arguments and replies.

use std::ops::{Deref, DerefMut};

use serde::{Serialize, de::DeserializeOwned};

use crate::{
    database::options::mismatch,
    resp::{Arg, ArgList, DecodeError, FromReply, Reply, ReplyError, ToArg, ToArgs},
};

/// A value that comes as JSON
///
/// It is a reply type of any command whose reply is a JSON text, also of `get` or `hget`. The parser reads from the bytes
/// of the reply.
///
/// ```no_run
/// use redmux::stack::json::Json;
///
/// # async fn f(db: redmux::Database) -> redmux::Result<()> {
/// if let Some(Json(names)) = db.json().get::<Vec<String>>("names").await? {
///     println!("{}", names.join(", "));
/// }
/// let settings: Option<Json<serde_json::Value>> = db.get("settings").await?;
/// # Ok(())
/// # }
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Json<T>(pub T);

impl<T> Json<T> {
    /// The value itself.
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T> Deref for Json<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> DerefMut for Json<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0
    }
}

impl<T> From<T> for Json<T> {
    fn from(value: T) -> Self {
        Self(value)
    }
}

impl<T: DeserializeOwned> FromReply for Json<T> {
    fn from_reply(reply: Reply<'_>) -> Result<Self, ReplyError> {
        let Some(text) = reply.as_bytes() else {
            return Err(mismatch("a JSON text", reply));
        };
        match serde_json::from_slice(&text) {
            Ok(value) => Ok(Self(value)),
            Err(fault) => {
                let why = match fault.is_data() {
                    true => "that does not fit the type",
                    false => "that is no JSON",
                };
                Err(DecodeError::because("a JSON text", reply.kind(), why).caused_by(fault).into())
            }
        }
    }
}

/// A value as the JSON text that is sent; nothing if it has none
#[derive(Debug)]
pub(super) struct Text(Option<Vec<u8>>);

impl Text {
    pub(super) fn of(value: &(impl Serialize + ?Sized)) -> Self {
        Self(serde_json::to_vec(value).ok())
    }

    /// Why it cannot be sent, if it cannot.
    pub(super) fn fault(&self) -> Option<&'static str> {
        self.0.is_none().then_some(NO_JSON)
    }
}

impl ToArg for Text {
    fn to_arg(&self) -> Arg<'_> {
        Arg::Bytes(self.0.as_deref().unwrap_or_default())
    }
}

impl ToArgs for Text {
    fn append_to<'a>(&'a self, args: &mut ArgList<'a>) {
        args.push(self.to_arg());
    }
}

/// Texts of several values
#[derive(Debug)]
pub(super) struct Texts(pub(super) Vec<Text>);

impl Texts {
    pub(super) fn of(values: impl IntoIterator<Item = impl Serialize>) -> Self {
        Self(values.into_iter().map(|value| Text::of(&value)).collect())
    }

    /// Why they cannot be sent, if they cannot.
    pub(super) fn fault(&self) -> Option<&'static str> {
        match self.0.is_empty() {
            true => Some("no values are given"),
            false => self.0.iter().find_map(Text::fault),
        }
    }
}

impl ToArgs for Texts {
    fn append_to<'a>(&'a self, args: &mut ArgList<'a>) {
        args.extend(self.0.iter().map(ToArg::to_arg));
    }
}

/// Why a value is not sent. The cause is left out: it may quote the value.
const NO_JSON: &str = "the value cannot be written as JSON (its `Serialize` fails, or a map has keys that are no texts)";

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;
    use crate::resp::Frame;

    #[test]
    fn what_is_no_json_or_another_type_is_an_error_that_quotes_nothing() {
        let decode = |text: &str| {
            let frame = format!("${}\r\n{text}\r\n", text.len());
            Frame::copy_from_slice(frame.as_bytes()).decode::<Json<Vec<u8>>>()
        };
        assert_eq!(decode("[1, 2]").unwrap().0, [1, 2]);
        let error = decode("[\"s3cret\"]").unwrap_err().to_string();
        assert!(error.contains("does not fit") && !error.contains("s3cret"), "{error}");
        let error = decode("s3cret").unwrap_err().to_string();
        assert!(error.contains("no JSON") && !error.contains("s3cret"), "{error}");
        // A parser that rounds reads the float next to it.
        let exact = Frame::copy_from_slice(b"$18\r\n1.1000000014901161\r\n");
        assert_eq!(exact.decode::<Json<f64>>().unwrap().0, 1.1000000014901161);
        let null = Frame::copy_from_slice(b"_\r\n");
        assert_eq!(null.decode::<Option<Json<u8>>>().unwrap(), None);
        assert!(null.decode::<Json<u8>>().is_err());
    }

    #[test]
    fn what_cannot_be_written_is_a_fault() {
        let odd: HashMap<Vec<u8>, u8> = [(vec![1], 1)].into();
        assert!(Text::of(&odd).fault().is_some() && Text::of("a").fault().is_none());
        assert_eq!(Texts::of([odd]).fault(), Some(NO_JSON));
        assert!(Texts::of([0; 0]).fault().is_some());
        assert!(Texts::of([1, 2]).fault().is_none());
    }
}
