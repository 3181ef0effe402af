//! What became of items that were added.

use crate::resp::{DecodeError, FromReply, Kind, Reply, ReplyError};

/// What became of an item that was to be added to a cuckoo filter
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CuckooInserted {
    /// It was added.
    Added,
    /// It was there already, as far as the filter knows; never the answer of
    /// [`insert`](super::CuckooCommands::insert).
    Present,
    /// It was not added: the filter is full and does not grow.
    Full,
}

impl FromReply for CuckooInserted {
    /// 1, 0, -1. Over RESP3, `CF.INSERT` answers booleans, where false is a filter that is full.
    fn from_reply(reply: Reply<'_>) -> Result<Self, ReplyError> {
        let number: i64 = reply.decode()?;
        match (reply.kind(), number) {
            (_, 1) => Ok(Self::Added),
            (Kind::Boolean, 0) | (_, -1) => Ok(Self::Full),
            (_, 0) => Ok(Self::Present),
            _ => {
                let why = "other than 1, 0 and -1";
                Err(DecodeError::because("what became of an item", reply.kind(), why).into())
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resp::Frame;

    #[test]
    fn a_full_filter_is_told_apart_in_both_protocols() {
        use CuckooInserted::{Added, Full, Present};
        let decode =
            |text: &str| Frame::copy_from_slice(text.as_bytes()).decode::<Vec<CuckooInserted>>();
        assert_eq!(decode("*3\r\n:1\r\n:0\r\n:-1\r\n").unwrap(), [Added, Present, Full]);
        assert_eq!(decode("*2\r\n#t\r\n#f\r\n").unwrap(), [Added, Full]);
        assert!(decode("*1\r\n:2\r\n").is_err() && decode("-ERR not found\r\n").is_err());
    }
}
