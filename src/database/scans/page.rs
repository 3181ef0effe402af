//! One page of a scan.

use crate::{
    database::{keys::DataType, options::options},
    resp::{FromReply, Reply, ReplyError, ToArg},
};

/// One page of a scan
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ScanPage<T> {
    /// What to give to the next call; 0 when the scan is complete.
    pub cursor: u64,
    /// What was found; a page may be empty before the scan is complete.
    pub items: Vec<T>,
}

impl<T: FromReply> FromReply for ScanPage<T> {
    fn from_reply(reply: Reply<'_>) -> Result<Self, ReplyError> {
        let (cursor, items) = FromReply::from_reply(reply)?;
        Ok(Self { cursor, items })
    }
}

options! {
    /// The part of a collection that a scan visits, and the size of its steps
    ///
    /// ```
    /// use redmux::database::scans::ScanOptions;
    /// let users = ScanOptions::new().pattern("user:*").count(500);
    /// ```
    ScanOptions { pattern, count, data_type }
    /// Only what matches this pattern, such as `user:*` (`MATCH`).
    pattern: pattern(pattern: impl ToArg) => "MATCH", pattern;
    /// A hint of how many elements a page visits, 10 by default (`COUNT`).
    count: count(count: u32) => "COUNT", count;
    /// Only keys of this type (`TYPE`); for [`scan`](crate::Database::scan) only. Since Redis 6.0.
    data_type: data_type(of: DataType) => "TYPE", of;
}
