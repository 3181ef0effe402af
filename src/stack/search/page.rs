//! Pages of rows, as searches return them.

use super::{
    SearchRow,
    rows::{Content, Parts},
};
use crate::{
    database::options::{Fields, mismatch},
    resp::{DecodeError, Frame, FromReply, Kind, Protocol, Reply, ReplyError, ServerError, Value},
};

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
        let part = |has: bool, name| if has { fields.find(name) } else { None };
        R::from_parts(Parts {
            id,
            score: part(R::SCORE, "score"),
            payload: part(R::PAYLOAD, "payload"),
            sort_key: part(R::SORT_KEY, "sortkey"),
            content: part(R::CONTENT != Content::Nothing, "extra_attributes"),
        })
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
        rows.push(R::from_parts(Parts {
            id,
            score: part(R::SCORE)?,
            payload: part(R::PAYLOAD)?,
            sort_key: part(R::SORT_KEY)?,
            content: part(R::CONTENT != Content::Nothing)?,
        })?);
    }
    Ok(SearchPage { total, rows, warnings: Vec::new() })
}

/// A page on which the server has looked at everything
pub(super) struct Whole<R>(pub(super) SearchPage<R>);

impl<R: SearchRow> FromReply for Whole<R> {
    /// A warning is an error here, as it is on servers that are set to fail.
    fn from_reply(reply: Reply<'_>) -> Result<Self, ReplyError> {
        let mut page: SearchPage<R> = reply.decode()?;
        match page.warnings.pop() {
            None => Ok(Self(page)),
            Some(warning) => Err(ServerError::new(warning).into()),
        }
    }
}

/// Cuts a page to its limit
///
/// Over RESP3, a cluster of Redis 8.4 to 8.8 answers with the first `first + most` rows.
pub(super) fn cut(reply: &Frame, [first, most]: [u64; 2]) -> Option<Frame> {
    if reply.kind() != Kind::Map {
        return None;
    }
    let fields = Fields::new(reply.reply()).ok()?;
    let there = fields.find("results")?.len()? as u64;
    let total: u64 = fields.find("total_results")?.decode().ok()?;
    if there <= most.min(total.saturating_sub(first)) {
        return None;
    }
    let Value::Map(mut entries) = reply.decode().ok()? else { return None };
    let named = |(name, _): &&mut (Value, Value)| name.as_bytes() == Some(b"results");
    let (_, results) = entries.iter_mut().find(named)?;
    let Value::Array(rows) = results else { return None };
    let behind = usize::try_from(first).unwrap_or(usize::MAX).min(rows.len());
    rows.drain(..behind);
    rows.truncate(usize::try_from(most).unwrap_or(usize::MAX));
    Some(frame(&Value::Map(entries)))
}

/// How many documents match, of a page without rows
pub(super) fn total(reply: &Frame, _: [u64; 2]) -> Option<Frame> {
    let page: SearchPage<super::Id> = reply.decode().ok()?;
    Some(frame(&Value::Integer(i64::try_from(page.total).ok()?)))
}

fn frame(value: &Value) -> Frame {
    let mut bytes = Vec::new();
    value.encode(&mut bytes, Protocol::Resp3);
    Frame::from_bytes(bytes.into())
}
