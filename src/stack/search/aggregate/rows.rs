//! What an aggregation returns.

use crate::{
    database::options::mismatch,
    resp::{Forward, FromReply, Inside, Kind, Reply, ReplyError},
    stack::search::page::odd,
};

/// Rows of an aggregation
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct AggregatePage<T> {
    /// What the server says is the number of rows in all
    ///
    /// It is that with Redis 8 when it [was asked to count](super::Aggregate::with_count), and behind a sort or a group.
    /// Otherwise it is often 1, and on later pages of a cursor 0.
    pub total: u64,
    /// The rows.
    pub rows: Vec<T>,
    /// How many rows have no content since their document expired, or was deleted, while the server worked.
    pub gone: u64,
    /// What the server warns of, such as a time-out; over RESP2 there are never any.
    pub warnings: Vec<String>,
}

impl<T> AggregatePage<T> {
    /// Whether the server says that it has not looked at everything. Over RESP2 it cannot.
    pub fn is_partial(&self) -> bool {
        !self.warnings.is_empty()
    }
}

impl<T: FromReply> FromReply for AggregatePage<T> {
    fn from_reply(reply: Reply<'_>) -> Result<Self, ReplyError> {
        if reply.kind() == Kind::Map { from_map(reply) } else { from_array(reply) }
    }
}

/// Adds a row, or counts it as gone.
fn add<T: FromReply>(
    content: Option<Reply<'_>>,
    page: &mut AggregatePage<T>,
) -> Result<(), ReplyError> {
    match content.filter(|content| !content.is_null()) {
        Some(content) => page.rows.push(content.decode()?),
        None => page.gone += 1,
    }
    Ok(())
}

/// The reply over RESP3.
fn from_map<T: FromReply>(reply: Reply<'_>) -> Result<AggregatePage<T>, ReplyError> {
    let mut page = AggregatePage { total: 0, rows: Vec::new(), gone: 0, warnings: Vec::new() };
    let (mut total, mut has_results) = (None, false);
    let wrong = || mismatch("rows of an aggregation", reply);
    let (mut at, mut fields) = Forward::new(reply).ok_or_else(wrong)?;
    while let Some(name) = at.next(&mut fields) {
        if name.as_bytes().as_deref() == Some(b"results") {
            has_results = true;
            add_results(&mut at, &mut fields, &mut page)?;
            continue;
        }
        let value = at.next(&mut fields).ok_or_else(wrong)?;
        match name.as_bytes().as_deref() {
            Some(b"total_results") => total = Some(value.decode()?),
            Some(b"warning") => page.warnings = value.decode()?,
            _ => {}
        }
    }
    match total {
        Some(total) if has_results => Ok(AggregatePage { total, ..page }),
        _ => Err(wrong()),
    }
}

/// Adds the rows, which are the next value of the page.
fn add_results<T: FromReply>(
    at: &mut Forward<'_>,
    fields: &mut Inside,
    page: &mut AggregatePage<T>,
) -> Result<(), ReplyError> {
    let Some(mut results) = at.enter(fields) else {
        return Err(odd("rows of an aggregation", at.next(fields)));
    };
    page.rows.reserve(results.least(at));
    while let Some(mut result) = at.enter(&mut results) {
        let mut content = None;
        while let Some((name, value)) = at.next(&mut result).zip(at.next(&mut result)) {
            if name.as_bytes().as_deref() == Some(b"extra_attributes") {
                content = Some(value);
            }
        }
        add(content, page)?;
    }
    // A row that cannot be entered is none.
    match at.next(&mut results) {
        None => Ok(()),
        result => Err(odd("a row of an aggregation", result)),
    }
}

/// The reply over RESP2, and that of valkey-search.
fn from_array<T: FromReply>(reply: Reply<'_>) -> Result<AggregatePage<T>, ReplyError> {
    let mut items = reply.items().ok_or_else(|| mismatch("rows of an aggregation", reply))?;
    let total = items.next().ok_or_else(|| mismatch("rows of an aggregation", reply))?.decode()?;
    let rows = Vec::with_capacity(items.size_hint().0);
    let mut page = AggregatePage { total, rows, gone: 0, warnings: Vec::new() };
    for row in items {
        add(Some(row), &mut page)?;
    }
    Ok(page)
}
