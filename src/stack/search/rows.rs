//! What a search returns: the type of the rows decides what the server is asked for.

use bytes::Bytes;

use crate::{
    database::options::mismatch,
    resp::{FromReply, Reply, ReplyError},
};

mod sealed {
    use crate::resp::Reply;

    /// The parts of one document in a reply.
    #[derive(Clone, Copy)]
    pub struct Parts<'a> {
        pub id: Reply<'a>,
        pub score: Option<Reply<'a>>,
        pub payload: Option<Reply<'a>>,
        pub sort_key: Option<Reply<'a>>,
        pub content: Option<Reply<'a>>,
    }

    /// What is returned of a document beside its key.
    #[derive(Clone, Copy, PartialEq, Eq)]
    pub enum Content {
        Nothing,
        /// Its fields, or those that the options choose.
        Fields,
        /// All of it as JSON.
        Json,
    }

    pub trait Sealed {
        const CONTENT: Content;
        const SCORE: bool = false;
        const EXPLAINED: bool = false;
        const PAYLOAD: bool = false;
        const SORT_KEY: bool = false;
    }
}
pub(super) use sealed::{Content, Parts, Sealed};

/// A row of a [`search`](super::SearchCommands::search)
pub trait SearchRow: Sealed + Sized {
    /// Reads it from the parts of a reply.
    ///
    /// # Errors
    /// The parts are of other types.
    #[doc(hidden)]
    fn from_parts(parts: Parts<'_>) -> Result<Self, ReplyError>;
}

/// The key of a document, and nothing else of it
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Id {
    /// Its key.
    pub id: String,
}

impl Sealed for Id {
    const CONTENT: Content = Content::Nothing;
}

impl SearchRow for Id {
    fn from_parts(parts: Parts<'_>) -> Result<Self, ReplyError> {
        Ok(Self { id: parts.id.decode()? })
    }
}

/// A hash that was found: `T` is any type that `hgetall` can return, such as a struct with `#[derive(FromReply)]`
///
/// With [`return_field`](super::SearchOptions::return_field) it has only the fields that are chosen, also those of a JSON
/// document.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Doc<T> {
    /// Its key.
    pub id: String,
    /// Its fields; `None` if it expired, or was deleted, while the server searched, or if it has none of the chosen fields.
    pub value: Option<T>,
}

impl<T> Sealed for Doc<T> {
    const CONTENT: Content = Content::Fields;
}

impl<T: FromReply> SearchRow for Doc<T> {
    fn from_parts(parts: Parts<'_>) -> Result<Self, ReplyError> {
        // No hash is empty.
        let there = parts.content.filter(|content| !content.is_null() && content.len() != Some(0));
        let value = there.map(|content| content.decode()).transpose()?;
        Ok(Self { id: parts.id.decode()?, value })
    }
}

/// A JSON document that was found
#[cfg(feature = "json")]
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct JsonDoc<T> {
    /// Its key.
    pub id: String,
    /// The document; `None` if it expired, or was deleted, while the server searched.
    pub value: Option<T>,
}

#[cfg(feature = "json")]
impl<T> Sealed for JsonDoc<T> {
    const CONTENT: Content = Content::Json;
}

#[cfg(feature = "json")]
impl<T: serde::de::DeserializeOwned> SearchRow for JsonDoc<T> {
    fn from_parts(parts: Parts<'_>) -> Result<Self, ReplyError> {
        use crate::{database::options::Fields, stack::json::Json};

        let there = parts.content.filter(|content| !content.is_null());
        let text = there.map(Fields::new).transpose()?.and_then(|fields| fields.find("$"));
        let value = text.map(|text| text.decode::<Json<T>>()).transpose()?;
        Ok(Self { id: parts.id.decode()?, value: value.map(Json::into_inner) })
    }
}

/// A row of another type, and what the server is asked for beside it.
macro_rules! beside {
    ($name:ident: $($has:ident)*) => {
        impl<R: Sealed> Sealed for $name<R> {
            const CONTENT: Content = R::CONTENT;
            const SCORE: bool = R::SCORE $(|| beside!(SCORE $has))*;
            const EXPLAINED: bool = R::EXPLAINED $(|| beside!(EXPLAINED $has))*;
            const PAYLOAD: bool = R::PAYLOAD $(|| beside!(PAYLOAD $has))*;
            const SORT_KEY: bool = R::SORT_KEY $(|| beside!(SORT_KEY $has))*;
        }
    };
    (SCORE SCORE) => { true };
    (EXPLAINED EXPLAINED) => { true };
    (PAYLOAD PAYLOAD) => { true };
    (SORT_KEY SORT_KEY) => { true };
    ($one:ident $other:ident) => { false };
}

/// A row with how well it matches; the best have the greatest score
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Scored<R> {
    /// The score, by the scorer of the search.
    pub score: f64,
    /// The row.
    pub row: R,
}
beside! { Scored: SCORE }

impl<R: SearchRow> SearchRow for Scored<R> {
    fn from_parts(parts: Parts<'_>) -> Result<Self, ReplyError> {
        let score = parts.score.ok_or_else(|| mismatch("a score", parts.id))?;
        // Explained, it is the first part of a list.
        let score = score.items().and_then(|mut parts| parts.next()).unwrap_or(score);
        Ok(Self { score: score.decode()?, row: R::from_parts(parts)? })
    }
}

/// A row with its score, and how the server found that score
///
/// For looking at: the texts differ from version to version.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Explained<R> {
    /// The score, by the scorer of the search.
    pub score: f64,
    /// How it was found.
    pub explanation: Explanation,
    /// The row.
    pub row: R,
}
beside! { Explained: SCORE EXPLAINED }

impl<R: SearchRow> SearchRow for Explained<R> {
    fn from_parts(parts: Parts<'_>) -> Result<Self, ReplyError> {
        let score = parts.score.ok_or_else(|| mismatch("a score", parts.id))?;
        let (score, explanation) = score.decode()?;
        Ok(Self { score, explanation, row: R::from_parts(parts)? })
    }
}

/// A step of what led to a score
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Explanation {
    /// What was computed.
    pub text: String,
    /// Of what.
    pub parts: Vec<Self>,
}

impl FromReply for Explanation {
    /// A text, or a list of one and of the parts.
    fn from_reply(reply: Reply<'_>) -> Result<Self, ReplyError> {
        let Some(mut inner) = reply.items() else {
            return Ok(Self { text: reply.decode()?, parts: Vec::new() });
        };
        let text = inner.next().ok_or_else(|| mismatch("an explanation", reply))?;
        let parts = inner.next().map(|parts| parts.decode()).transpose()?.unwrap_or_default();
        Ok(Self { text: text.decode()?, parts })
    }
}

/// A row with the value that it is sorted by
///
/// For [`sort_by`](super::SearchOptions::sort_by).
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Sorted<R> {
    /// The value; `None` if the document has none, or nothing was to be sorted.
    pub key: Option<SortKey>,
    /// The row.
    pub row: R,
}
beside! { Sorted: SORT_KEY }

impl<R: SearchRow> SearchRow for Sorted<R> {
    fn from_parts(parts: Parts<'_>) -> Result<Self, ReplyError> {
        let key = parts.sort_key.map(|key| key.decode::<Option<SortKey>>()).transpose()?;
        Ok(Self { key: key.flatten(), row: R::from_parts(parts)? })
    }
}

/// What a document is sorted by
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum SortKey {
    /// A number.
    Number(f64),
    /// A text as the index has it: in lower case unless the schema says otherwise. It may be cut within a letter.
    Text(Bytes),
}

impl FromReply for SortKey {
    /// The mark `#` and a number, or `$` and a text.
    fn from_reply(reply: Reply<'_>) -> Result<Self, ReplyError> {
        let text: Bytes = reply.decode()?;
        let number = text.strip_prefix(b"#").and_then(|rest| std::str::from_utf8(rest).ok());
        match number.and_then(|number| number.parse().ok()) {
            Some(number) => Ok(Self::Number(number)),
            None if text.first() == Some(&b'$') => Ok(Self::Text(text.slice(1..))),
            None => Err(mismatch("the value that a document is sorted by", reply)),
        }
    }
}

/// A row with the payload of the document: bytes of its own for scorers, from the field that the schema names for them
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct WithPayload<R> {
    /// The payload, if the document has one.
    pub payload: Option<Bytes>,
    /// The row.
    pub row: R,
}
beside! { WithPayload: PAYLOAD }

impl<R: SearchRow> SearchRow for WithPayload<R> {
    fn from_parts(parts: Parts<'_>) -> Result<Self, ReplyError> {
        let payload = parts.payload.map(|payload| payload.decode::<Option<Bytes>>()).transpose()?;
        Ok(Self { payload: payload.flatten(), row: R::from_parts(parts)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resp::Frame;

    #[test]
    fn a_sort_key_is_a_number_or_a_text() {
        let key = |text: &str| {
            let frame = format!("${}\r\n{text}\r\n", text.len());
            Frame::copy_from_slice(frame.as_bytes()).decode::<SortKey>()
        };
        assert_eq!(key("#-12.5").unwrap(), SortKey::Number(-12.5));
        assert_eq!(key("#inf").unwrap(), SortKey::Number(f64::INFINITY));
        assert_eq!(key("$#1").unwrap(), SortKey::Text("#1".into()));
        assert_eq!(key("$").unwrap(), SortKey::Text(Bytes::new()));
        assert!(["", "x", "#x"].into_iter().all(|text| key(text).is_err()));
    }

    #[test]
    fn a_row_asks_for_what_is_within_it() {
        type Row = Scored<Sorted<WithPayload<Id>>>;
        let asks = (Row::SCORE, Row::EXPLAINED, Row::PAYLOAD, Row::SORT_KEY);
        assert_eq!(asks, (true, false, true, true));
        assert!(<Row as Sealed>::CONTENT == Content::Nothing);
        let explained = (<Explained<Id>>::SCORE, <Explained<Id>>::EXPLAINED);
        assert_eq!(explained, (true, true));
    }
}
