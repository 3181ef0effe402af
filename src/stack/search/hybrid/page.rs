//! What a hybrid query returns.

use crate::{
    database::options::{Fields, mismatch},
    resp::{FromReply, Reply, ReplyError},
};

/// Rows of a hybrid query
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct HybridPage<T> {
    /// How many documents both queries have found, of those that were looked at.
    pub total: u64,
    /// The rows, the best one first.
    pub rows: Vec<T>,
    /// How many rows have no content since their document expired, or was deleted, while the server worked.
    pub gone: u64,
    /// What the server warns of, such as a time-out, over both protocols.
    pub warnings: Vec<String>,
    /// How long the server took, in milliseconds.
    pub took: Option<f64>,
}

impl<T> HybridPage<T> {
    /// Whether the server says that it has not looked at everything.
    pub fn is_partial(&self) -> bool {
        !self.warnings.is_empty()
    }
}

impl<T: FromReply> FromReply for HybridPage<T> {
    /// Names and values, as a map or as a list.
    fn from_reply(reply: Reply<'_>) -> Result<Self, ReplyError> {
        let fields = Fields::new(reply)?;
        let results = fields.find("results").and_then(|results| results.items());
        let results = results.ok_or_else(|| mismatch("rows of a hybrid query", reply))?;
        let warnings: Option<Vec<String>> = fields.get("warnings", "without warnings")?;
        let (mut rows, mut gone) = (Vec::new(), 0);
        for row in results {
            // Of a document that is gone there is a null, in a list or not.
            let first = row.items().map(|mut parts| parts.next());
            if row.is_null() || first.flatten().is_some_and(|first| first.is_null()) {
                gone += 1;
            } else {
                rows.push(row.decode()?);
            }
        }
        let total = fields.get("total_results", "without its total")?;
        let took = fields.get("execution_time", "without a time")?;
        Ok(Self { total, rows, gone, warnings: warnings.unwrap_or_default(), took })
    }
}
