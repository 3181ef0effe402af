//! What a filter is made of.

use crate::{
    database::options::{record, words},
    resp::{DecodeError, FromReply, Reply, ReplyError},
};

record! {
    /// What a Bloom filter is made of
    BloomInfo {
        /// How many items it has room for.
        "Capacity" => capacity: u64,
        /// The memory it takes, in bytes.
        "Size" => size: u64,
        /// How many parts it has grown to.
        "Number of filters" => filters: u64,
        /// How many different items were added.
        "Number of items inserted" => items: u64,
        /// How many times as large as the part before the next one is; `None` if the filter does not grow.
        "Expansion rate" => expansion: Option<u64>,
        /// The share of wrong yeses. Only Valkey says it.
        "Error rate" => error_rate: Option<f64>,
        /// By how much that share is smaller in each part. Only Valkey says it.
        "Tightening ratio" => tightening: Option<f64>,
        /// How many items it may grow to. Only Valkey says it.
        "Max scaled capacity" => max_scaled_capacity: Option<u64>,
    }
}

words! {
    /// One thing that [`info_of`](super::BloomCommands::info_of) asks for
    BloomField {
        /// [`BloomInfo::capacity`]
        Capacity => "CAPACITY",
        /// [`BloomInfo::size`]
        Size => "SIZE",
        /// [`BloomInfo::filters`]
        Filters => "FILTERS",
        /// [`BloomInfo::items`]
        Items => "ITEMS",
        /// [`BloomInfo::expansion`]
        Expansion => "EXPANSION",
    }
}

/// What [`info_of`](super::BloomCommands::info_of) answers
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct BloomInfoValue {
    /// The number; `None` for the expansion of a filter that does not grow.
    pub value: Option<u64>,
}

impl FromReply for BloomInfoValue {
    /// A list of one over RESP2, a map of one over RESP3, the number itself with Valkey.
    fn from_reply(reply: Reply<'_>) -> Result<Self, ReplyError> {
        let value = match reply.items() {
            None => reply,
            Some(items) => {
                let none = || DecodeError::because("a number", reply.kind(), "that is empty");
                items.last().ok_or_else(none)?
            }
        };
        Ok(Self { value: value.decode()? })
    }

    /// A null is an answer.
    fn option_from_reply(reply: Reply<'_>) -> Result<Option<Self>, ReplyError> {
        Self::from_reply(reply).map(Some)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resp::Frame;

    #[test]
    fn one_thing_is_a_number_in_each_form() {
        let decode = |text: &str| {
            let value = Frame::copy_from_slice(text.as_bytes()).decode::<BloomInfoValue>();
            value.map(|value| value.value)
        };
        for text in ["*1\r\n:9\r\n", "%1\r\n+Capacity\r\n:9\r\n", ":9\r\n"] {
            assert_eq!(decode(text).unwrap(), Some(9), "{text:?}");
        }
        for text in ["*1\r\n$-1\r\n", "%1\r\n+Expansion rate\r\n_\r\n", "_\r\n", "$-1\r\n"] {
            assert_eq!(decode(text).unwrap(), None, "{text:?}");
        }
        assert!(decode("*0\r\n").is_err() && decode("-ERR not found\r\n").is_err());
    }

    #[test]
    fn what_only_some_servers_say_is_optional() {
        let text = "*12\r\n+Capacity\r\n:1\r\n+Size\r\n:2\r\n+Number of filters\r\n:3\r\n\
                    +Number of items inserted\r\n:4\r\n+New\r\n:5\r\n+Error rate\r\n$4\r\n0.01\r\n";
        let info = Frame::copy_from_slice(text.as_bytes()).decode::<BloomInfo>().unwrap();
        assert_eq!((info.capacity, info.size, info.filters, info.items), (1, 2, 3, 4));
        assert_eq!((info.expansion, info.error_rate, info.tightening), (None, Some(0.01), None));
    }
}
