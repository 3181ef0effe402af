//! No reply makes a decoder panic.

use proptest::prelude::*;

use super::{
    clients::*, geo::*, hashes::*, keys::*, scans::*, scripting::*, server::*, sorted_sets::*,
    streams::*, strings::*, vectors::*,
};
use crate::resp::{Frame, FromReply};

/// Names and values that the decoders look for.
const WORDS: &[&str] = &[
    "",
    "OK",
    "1",
    "-1",
    "-2",
    "2",
    "0-1",
    "1-1",
    "3.5",
    "nan",
    "master",
    "slave",
    "sentinel",
    "name",
    "length",
    "groups",
    "last-generated-id",
    "entries-read",
    "pending",
    "consumers",
    "matches",
    "len",
    "flags",
    "passwords",
    "commands",
    "keys",
    "channels",
    "selectors",
    "calls",
    "histogram_usec",
    "library_name",
    "engine",
    "functions",
    "running_script",
    "client-info",
    "id=1 addr=a age=1 idle=2 db=0",
    "id=x",
    "id=1 addr=a age=-1 idle=2 db=0",
    "quant-type",
    "vector-dim",
    "size",
    "max-level",
    "# Keyspace\r\ndb0:keys=1,expires=x\r\ndb:\r\n:\r\n#",
];

fn reply() -> impl Strategy<Value = Vec<u8>> {
    let leaf = prop_oneof![
        prop::sample::select(WORDS)
            .prop_map(|word| format!("${}\r\n{word}\r\n", word.len()).into_bytes()),
        any::<i64>().prop_map(|number| format!(":{number}\r\n").into_bytes()),
        (-3..4_i64).prop_map(|number| format!(":{number}\r\n").into_bytes()),
        any::<f64>().prop_map(|number| format!(",{number:e}\r\n").into_bytes()),
        Just(b"_\r\n".to_vec()),
        Just(b"*-1\r\n".to_vec()),
        Just(b"#t\r\n".to_vec()),
        Just(b"-ERR no\r\n".to_vec()),
    ];
    leaf.prop_recursive(4, 64, 8, |inner| {
        (prop::sample::select(&b"*%~>"[..]), prop::collection::vec(inner, 0..8)).prop_map(
            |(kind, mut items)| {
                if kind == b'%' && items.len() % 2 == 1 {
                    items.pop();
                }
                let count = items.len() / if kind == b'%' { 2 } else { 1 };
                let mut bytes = vec![kind];
                bytes.extend(format!("{count}\r\n").bytes());
                bytes.extend(items.concat());
                bytes
            },
        )
    })
}

fn decode<T: FromReply>(frame: &Frame) {
    let _ = frame.decode::<T>();
    let _ = frame.decode::<Vec<T>>();
    let _ = frame.decode::<Option<T>>();
}

macro_rules! decode_all {
    ($frame:ident: $($type:ty),* $(,)?) => { $(decode::<$type>(&$frame);)* };
}

proptest! {
    #[test]
    fn no_reply_makes_a_decoder_panic(bytes in reply()) {
        let frame = Frame::copy_from_slice(&bytes);
        decode_all!(
            frame: AclDryRun, AclLogEntry, AclSelector, AclUser, ClaimedEntries<StreamEntry>,
            ClaimedEntries<StreamId>, ClientInfo, CommandInfo, CommandLatency, CommandLogEntry,
            ConsumerInfo, DataType, DeletedEntry, ExpireTime, FieldExpiry, FieldPersisted,
            FunctionInfo, FunctionLibrary, FunctionStats, GeoPlace<String>, GeoPosition,
            GroupInfo, LatencyEvent, LatencySample, LcsMatches, MemoryStats, ModuleInfo,
            PendingEntry, PendingSummary, RawVector, ReplicaInfo, Role, ScanPage<Vec<u8>>, SlowlogEntry,
            StreamId, StreamInfo, StreamsRead<String>, Scored<String>, Ttl, VectorMatch<String>,
            VectorSetInfo,
        );
        if let Ok(info) = frame.decode::<Info>() {
            let sections: Vec<_> = info.sections().collect();
            for name in sections {
                prop_assert!(info.section(name).count() <= info.as_str().len());
            }
            let _ = (info.keyspace(), info.uptime(), info.get(""), info.is_cluster());
        }
        if let Ok(entry) = frame.decode::<StreamEntry>() {
            let _ = (entry.get::<i64>("name"), entry.fields::<Vec<(String, String)>>());
        }
        if let Ok(client) = frame.decode::<ClientInfo>() {
            let _ = (client.get(""), client.get("id"));
        }
    }
}
