//! What the server knows about a series.

use crate::{
    database::options::record,
    resp::{DecodeError, FromReply, Kind, Reply, ReplyError},
};

record! {
    /// A series
    SeriesInfo {
        /// Number of samples.
        "totalSamples" => total_samples: u64,
        /// Memory in bytes.
        "memoryUsage" => memory_usage: u64,
        /// Time of the first sample; 0 if there is none.
        "firstTimestamp" => first_timestamp: u64,
        /// Time of the last sample; 0 if there is none.
        "lastTimestamp" => last_timestamp: u64,
        /// How long samples are kept, in milliseconds; 0 is without end.
        "retentionTime" => retention: u64,
        /// Number of chunks.
        "chunkCount" => chunk_count: u64,
        /// Size of a chunk in bytes.
        "chunkSize" => chunk_size: u64,
        /// `compressed` or `uncompressed`.
        "chunkType" => chunk_type: String,
        /// What becomes of a sample at the time of another one; `None` is as the server is set.
        "duplicatePolicy" => duplicate_policy: Option<String>,
        /// Its labels.
        "labels" => labels: Vec<(String, Option<String>)>,
        /// The series of which a rule makes it.
        "sourceKey" => source_key: Option<String>,
        /// The series that rules make of it.
        "rules" => rules: Vec<SeriesRule>,
        /// How close to the last sample, in milliseconds, one may be ignored. Since RedisTimeSeries 1.12.
        "ignoreMaxTimeDiff" => ignore_max_time_diff: Option<u64>,
        /// How close to the last value one may be ignored. Since RedisTimeSeries 1.12.
        "ignoreMaxValDiff" => ignore_max_value_diff: Option<f64>,
    }
}

/// How one series is made of another one
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SeriesRule {
    /// The series that is made.
    pub destination: String,
    /// The length of a bucket in milliseconds.
    pub bucket: u64,
    /// In capitals, such as `AVG`.
    pub aggregator: String,
    /// By how much buckets are moved, in milliseconds.
    pub align: u64,
}

impl SeriesRule {
    fn read<'a>(
        destination: String,
        mut parts: impl Iterator<Item = Reply<'a>>,
    ) -> Result<Self, ReplyError> {
        let odd = || DecodeError::because("a rule", Kind::Array, "without a bucket");
        let bucket = parts.next().ok_or_else(odd)?.decode()?;
        let aggregator = parts.next().ok_or_else(odd)?.decode()?;
        let align = parts.next().map_or(Ok(0), |align| align.decode())?;
        Ok(Self { destination, bucket, aggregator, align })
    }
}

impl FromReply for SeriesRule {
    /// A list that begins with the destination, as RESP2 has it.
    fn from_reply(reply: Reply<'_>) -> Result<Self, ReplyError> {
        let odd = || DecodeError::because("a rule", reply.kind(), "without a destination");
        let mut parts = reply.items().into_iter().flatten();
        let destination = parts.next().ok_or_else(odd)?.decode()?;
        Self::read(destination, parts)
    }

    fn vec_from_reply(reply: Reply<'_>) -> Result<Vec<Self>, ReplyError> {
        let mut items = reply.items().into_iter().flatten();
        if reply.kind() != Kind::Map {
            return items.map(Self::from_reply).collect();
        }
        let mut rules = Vec::new();
        while let (Some(destination), Some(rest)) = (items.next(), items.next()) {
            let parts = rest.items().into_iter().flatten();
            rules.push(Self::read(destination.decode()?, parts)?);
        }
        Ok(rules)
    }
}
