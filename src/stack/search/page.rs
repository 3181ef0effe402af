//! Pages of rows, as searches return them.

use super::{
    SearchRow,
    rows::{Content, Parts},
};
use crate::{
    database::options::{Fields, mismatch},
    resp::{
        DecodeError, Forward, Frame, FromReply, Inside, Kind, Protocol, Reply, ReplyError,
        ServerError, Value,
    },
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
    let (mut total, mut rows, mut warnings) = (None, None, None);
    let wrong = || mismatch("a page of a search", reply);
    let (mut at, mut page) = Forward::new(reply).ok_or_else(wrong)?;
    while let Some(name) = at.next(&mut page) {
        if name.as_bytes().as_deref() == Some(b"results") {
            rows = Some(from_results(&mut at, &mut page)?);
            continue;
        }
        let value = at.next(&mut page).ok_or_else(wrong)?;
        match name.as_bytes().as_deref() {
            Some(b"total_results") => total = Some(value.decode()?),
            Some(b"warning") => warnings = value.decode()?,
            _ => {}
        }
    }
    let missing = |what| DecodeError::because("a page of a search", reply.kind(), what);
    Ok(SearchPage {
        total: total.ok_or_else(|| missing("without its total"))?,
        rows: rows.ok_or_else(|| missing("without its rows"))?,
        warnings: warnings.unwrap_or_default(),
    })
}

/// The rows, which are the next value of the page.
fn from_results<R: SearchRow>(
    at: &mut Forward<'_>,
    page: &mut Inside,
) -> Result<Vec<R>, ReplyError> {
    let Some(mut results) = at.enter(page) else {
        return Err(odd("a page of a search", at.next(page)));
    };
    let mut rows = Vec::with_capacity(results.least(at));
    while let Some(mut result) = at.enter(&mut results) {
        let (mut id, mut score, mut payload, mut sort_key, mut content) =
            (None, None, None, None, None);
        while let Some((name, value)) = at.next(&mut result).zip(at.next(&mut result)) {
            match name.as_bytes().as_deref() {
                Some(b"id") => id = Some(value),
                Some(b"score") if R::SCORE => score = Some(value),
                Some(b"payload") if R::PAYLOAD => payload = Some(value),
                Some(b"sortkey") if R::SORT_KEY => sort_key = Some(value),
                Some(b"extra_attributes") if R::CONTENT != Content::Nothing => {
                    content = Some(value);
                }
                _ => {}
            }
        }
        let id = id.ok_or_else(|| odd("a document", None))?;
        rows.push(R::from_parts(Parts { id, score, payload, sort_key, content })?);
    }
    // A row that cannot be entered is none.
    match at.next(&mut results) {
        None => Ok(rows),
        result => Err(odd("a document", result)),
    }
}

/// The error of a value in the place of an aggregate, or of none at all.
#[cold]
pub(super) fn odd(expected: &'static str, found: Option<Reply<'_>>) -> ReplyError {
    match found {
        Some(found) => mismatch(expected, found),
        None => DecodeError::because(expected, Kind::Map, "that lacks a part").into(),
    }
}

/// The reply over RESP2, and that of valkey-search.
fn from_array<R: SearchRow>(reply: Reply<'_>) -> Result<SearchPage<R>, ReplyError> {
    let mut items = reply.items().ok_or_else(|| mismatch("a page of a search", reply))?;
    let total = items.next().ok_or_else(|| mismatch("a page of a search", reply))?.decode()?;
    let parts = 1 + [R::SCORE, R::PAYLOAD, R::SORT_KEY, R::CONTENT != Content::Nothing]
        .into_iter()
        .filter(|has| *has)
        .count();
    let mut rows = Vec::with_capacity(items.size_hint().0 / parts);
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
