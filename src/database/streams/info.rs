//! What the server knows about a stream.

use super::{StreamEntry, StreamId};
use crate::{
    Call,
    database::{Database, options::record},
    resp::{FromReply, ToArg, ToArgs},
};

impl Database {
    /// What the server knows about a stream; an error if it does not exist
    ///
    /// See [XINFO STREAM](https://redis.io/docs/latest/commands/xinfo-stream/).
    pub fn xinfo_stream(&self, key: impl ToArg) -> Call<'_, StreamInfo, impl ToArgs> {
        self.call2("XINFO", "STREAM", (key,))
    }

    /// All the server knows about a stream, with up to `count` entries, all if 0
    ///
    /// As the server returns it: decode it as a map of [`Value`](crate::resp::Value)s. See
    /// [XINFO STREAM](https://redis.io/docs/latest/commands/xinfo-stream/) with `FULL`. Since
    /// Redis 6.0.
    pub fn xinfo_stream_full<M: FromReply>(
        &self,
        key: impl ToArg,
        count: u64,
    ) -> Call<'_, M, impl ToArgs> {
        self.call2("XINFO", "STREAM", (key, "FULL", "COUNT", count))
    }

    /// The groups of a stream
    ///
    /// See [XINFO GROUPS](https://redis.io/docs/latest/commands/xinfo-groups/).
    pub fn xinfo_groups(&self, key: impl ToArg) -> Call<'_, Vec<GroupInfo>, impl ToArgs> {
        self.call2("XINFO", "GROUPS", (key,))
    }

    /// The consumers of a group
    ///
    /// See [XINFO CONSUMERS](https://redis.io/docs/latest/commands/xinfo-consumers/).
    pub fn xinfo_consumers(
        &self,
        key: impl ToArg,
        group: impl ToArg,
    ) -> Call<'_, Vec<ConsumerInfo>, impl ToArgs> {
        self.call2("XINFO", "CONSUMERS", (key, group))
    }
}

record! {
    /// A stream
    StreamInfo {
        /// Number of entries.
        "length" => length: u64,
        /// Number of groups.
        "groups" => groups: u64,
        /// The highest id that an entry of this stream ever had.
        "last-generated-id" => last_id: StreamId,
        /// The highest id that was deleted. Since Redis 7.0.
        "max-deleted-entry-id" => max_deleted_id: Option<StreamId>,
        /// Number of entries that were ever added. Since Redis 7.0.
        "entries-added" => entries_added: Option<u64>,
        /// The first entry.
        "first-entry" => first: Option<StreamEntry>,
        /// The last entry.
        "last-entry" => last: Option<StreamEntry>,
    }
}

record! {
    /// A group of consumers
    GroupInfo {
        /// Its name.
        "name" => name: String,
        /// Number of its consumers.
        "consumers" => consumers: u64,
        /// Number of entries that were delivered and not acknowledged.
        "pending" => pending: u64,
        /// The last entry that was delivered.
        "last-delivered-id" => last_delivered_id: StreamId,
        /// Number of entries that it has read, if known. Since Redis 7.0.
        "entries-read" => entries_read: Option<u64>,
        /// Number of entries that it has not read yet, if known. Since Redis 7.0.
        "lag" => lag: Option<u64>,
    }
}

record! {
    /// A consumer of a group
    ConsumerInfo {
        /// Its name.
        "name" => name: String,
        /// Number of entries that it got and has not acknowledged.
        "pending" => pending: u64,
        /// Milliseconds since it last tried to read.
        "idle" => idle_millis: u64,
        /// Milliseconds since it last got an entry; -1 if never. Since Redis 7.2.
        "inactive" => inactive_millis: Option<i64>,
    }
}
