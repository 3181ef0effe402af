//! What a search returns: the type of the rows decides what the server is asked for.

use crate::{
    database::options::{Fields, mismatch},
    resp::{DecodeError, FromReply, Kind, Reply, ReplyError},
};

mod sealed {
    use crate::resp::Reply;

    /// The parts of one document in a reply.
    #[derive(Clone, Copy)]
    pub struct Parts<'a> {
        pub id: Reply<'a>,
        pub score: Option<Reply<'a>>,
        pub content: Option<Reply<'a>>,
    }

    pub trait Sealed {
        /// Whether `WITHSCORES` is among the words.
        const SCORES: bool;
        /// Whether documents come with their fields.
        const CONTENT: bool;
    }
}
use sealed::{Parts, Sealed};

/// A row of a [`search`](super::SearchCommands::search)
pub trait SearchRow: Sealed + Sized {
    /// What is sent for it.
    #[doc(hidden)]
    fn words() -> &'static [&'static str];

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
    const SCORES: bool = false;
    const CONTENT: bool = false;
}

impl SearchRow for Id {
    fn words() -> &'static [&'static str] {
        &["NOCONTENT"]
    }

    fn from_parts(parts: Parts<'_>) -> Result<Self, ReplyError> {
        Ok(Self { id: parts.id.decode()? })
    }
}

/// A hash that was found: `T` is any type that `hgetall` can return, such as a struct with `#[derive(FromReply)]`
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct Doc<T> {
    /// Its key.
    pub id: String,
    /// Its fields; `None` if it expired, or was deleted, while the server searched.
    pub value: Option<T>,
}

impl<T> Sealed for Doc<T> {
    const SCORES: bool = false;
    const CONTENT: bool = true;
}

impl<T: FromReply> SearchRow for Doc<T> {
    fn words() -> &'static [&'static str] {
        &[]
    }

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
    const SCORES: bool = false;
    const CONTENT: bool = true;
}

#[cfg(feature = "json")]
impl<T: serde::de::DeserializeOwned> SearchRow for JsonDoc<T> {
    fn words() -> &'static [&'static str] {
        &["RETURN", "1", "$"]
    }

    fn from_parts(parts: Parts<'_>) -> Result<Self, ReplyError> {
        use crate::stack::json::Json;

        let there = parts.content.filter(|content| !content.is_null());
        let text = there.map(Fields::new).transpose()?.and_then(|fields| fields.find("$"));
        let value = text.map(|text| text.decode::<Json<T>>()).transpose()?;
        Ok(Self { id: parts.id.decode()?, value: value.map(Json::into_inner) })
    }
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

impl<R: Sealed> Sealed for Scored<R> {
    const SCORES: bool = true;
    const CONTENT: bool = R::CONTENT;
}

/// Rows whose words with `WITHSCORES` before them are known
macro_rules! scored {
    ($($(#[$attribute:meta])* [$($parameter:ident: $bound:path)?] $row:ty => $words:expr;)*) => {
        $(
            $(#[$attribute])*
            impl$(<$parameter: $bound>)? SearchRow for Scored<$row> {
                fn words() -> &'static [&'static str] {
                    $words
                }

                fn from_parts(parts: Parts<'_>) -> Result<Self, ReplyError> {
                    let score = parts.score.ok_or_else(|| mismatch("a score", parts.id))?;
                    Ok(Self { score: score.decode()?, row: SearchRow::from_parts(parts)? })
                }
            }
        )*
    };
}
scored! {
    [] Id => &["NOCONTENT", "WITHSCORES"];
    [T: FromReply] Doc<T> => &["WITHSCORES"];
    #[cfg(feature = "json")]
    [T: serde::de::DeserializeOwned] JsonDoc<T> => &["WITHSCORES", "RETURN", "1", "$"];
}

/// Rows of a search, and how many there are in all
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct SearchPage<R> {
    /// How many documents match, on all pages.
    pub total: u64,
    /// The rows of this page.
    pub rows: Vec<R>,
    /// What the server warns of, such as a time-out; over RESP2 there are never any.
    pub warnings: Vec<String>,
}

impl<R> SearchPage<R> {
    /// Whether the server says that it has not looked at everything. Over RESP2 it cannot.
    pub fn is_partial(&self) -> bool {
        !self.warnings.is_empty()
    }
}

impl<R: SearchRow> FromReply for SearchPage<R> {
    fn from_reply(reply: Reply<'_>) -> Result<Self, ReplyError> {
        if reply.kind() == Kind::Map { from_map(reply) } else { from_array(reply) }
    }
}

/// The reply over RESP3.
fn from_map<R: SearchRow>(reply: Reply<'_>) -> Result<SearchPage<R>, ReplyError> {
    let fields = Fields::new(reply)?;
    let warnings: Option<Vec<String>> = fields.get("warning", "without warnings")?;
    let results = fields.find("results").and_then(|results| results.items());
    let results = results.ok_or_else(|| mismatch("a page of a search", reply))?;
    let rows = results.map(|result| {
        let fields = Fields::new(result)?;
        let id = fields.find("id").ok_or_else(|| mismatch("a document", result))?;
        let content = fields.find("extra_attributes");
        R::from_parts(Parts { id, score: fields.find("score"), content })
    });
    Ok(SearchPage {
        total: fields.get("total_results", "without its total")?,
        rows: rows.collect::<Result<_, _>>()?,
        warnings: warnings.unwrap_or_default(),
    })
}

/// The reply over RESP2, and that of valkey-search.
fn from_array<R: SearchRow>(reply: Reply<'_>) -> Result<SearchPage<R>, ReplyError> {
    let mut items = reply.items().ok_or_else(|| mismatch("a page of a search", reply))?;
    let total = items.next().ok_or_else(|| mismatch("a page of a search", reply))?.decode()?;
    let mut rows = Vec::new();
    while let Some(id) = items.next() {
        let mut part = |has: bool| {
            let missing = || DecodeError::because("a document", reply.kind(), "that is cut off");
            if has { items.next().map(Some).ok_or_else(missing) } else { Ok(None) }
        };
        let score = part(R::SCORES)?;
        let content = part(R::CONTENT)?;
        rows.push(R::from_parts(Parts { id, score, content })?);
    }
    Ok(SearchPage { total, rows, warnings: Vec::new() })
}
