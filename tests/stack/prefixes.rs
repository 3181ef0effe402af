//! Tenants of one server, each with a key prefix, do not meet.

use std::collections::BTreeSet;

use redmux::{
    ConnectionMultiplexer, Database, Options,
    resp::{Protocol, Value},
};

use super::redis_stack;

async fn send(db: &Database, line: &str) -> Value {
    let mut words = line.split(' ');
    let name = words.next().unwrap().to_owned();
    let args: Vec<&str> = words.collect();
    db.execute(name, args).await.unwrap_or_else(|error| panic!("{line}: {error}"))
}

/// All texts in a value, at any depth.
fn texts(value: &Value, into: &mut BTreeSet<String>) {
    match value {
        Value::Array(elements) | Value::Set(elements) => {
            elements.iter().for_each(|element| texts(element, into));
        }
        Value::Map(entries) => entries.iter().for_each(|(name, value)| {
            texts(name, into);
            texts(value, into);
        }),
        other => {
            let text = other.as_bytes().map(|text| String::from_utf8_lossy(text).into_owned());
            into.extend(text);
        }
    }
}

/// What each of two tenants does, and whether the reply names one of its documents.
const COMMANDS: [(&str, bool); 25] = [
    ("FT.CREATE i SCHEMA t TEXT NOSTEM SORTABLE n NUMERIC", false),
    ("FT.CREATE j ON HASH PREFIX 1 doc: SCHEMA t TEXT", false),
    ("HSET doc:1 t lamp n 1", false),
    ("HSET doc:2 t lamps n 2", false),
    ("FT.ALIASADD x i", false),
    ("FT._LIST", false),
    ("FT.INFO i", false),
    ("FT.SEARCH x *", true),
    ("FT.SEARCH i * NOCONTENT", true),
    ("FT.SEARCH i * WITHSCORES WITHSORTKEYS SORTBY t RETURN 0", true),
    ("FT.SEARCH i * WITHPAYLOADS WITHSCORES RETURN 1 __key", true),
    ("FT.SEARCH i lamp INKEYS 1 doc:1 NOCONTENT LIMIT 0 5", true),
    ("FT.PROFILE j SEARCH QUERY * NOCONTENT", true),
    ("FT.AGGREGATE i * LOAD 1 @__key", true),
    ("FT.AGGREGATE i * GROUPBY 1 @t REDUCE COUNT 0 AS c", false),
    ("FT.DICTADD d lampe", false),
    ("FT.SPELLCHECK i lampa TERMS INCLUDE d", false),
    ("FT.SYNUPDATE i g lamp light", false),
    ("FT.SYNDUMP i", false),
    ("FT.EXPLAIN i lamp", false),
    ("FT.SUGADD s lamp 1", false),
    ("FT.SUGGET s la", false),
    ("TS.CREATE ts", false),
    ("TS.CREATE ts2", false),
    ("TS.CREATERULE ts ts2 AGGREGATION avg 10", false),
];

#[async_std::test]
async fn two_tenants_with_equal_names_do_not_meet() {
    for protocol in [Protocol::Resp2, Protocol::Resp3] {
        let server = redis_stack();
        let options = Options::new(server.addr().to_string()).protocol(protocol);
        let muxer = ConnectionMultiplexer::connect(options).await.unwrap();
        let (one, two) =
            (muxer.database().with_key_prefix("one:"), muxer.database().with_key_prefix("two:"));
        for tenant in [&one, &two] {
            for (line, names_documents) in COMMANDS {
                let mut found = BTreeSet::new();
                texts(&send(tenant, line).await, &mut found);
                let foreign = |text: &&String| text.contains("one:") || text.contains("two:");
                assert_eq!(found.iter().find(foreign), None, "{line}");
                assert_eq!(found.contains("doc:1"), names_documents, "{line}: {found:?}");
            }
            for (line, other) in [("TS.INFO ts", "ts2"), ("TS.INFO ts2", "ts")] {
                let mut found = BTreeSet::new();
                texts(&send(tenant, line).await, &mut found);
                assert!(found.contains(other), "{line}: {found:?}");
            }
        }
        let found = send(&one, "FT.SEARCH i * LIMIT 0 0").await;
        assert!(format!("{found:?}").contains("Integer(2)"), "{found:?}");
        // The names are global: another client sees them with their prefixes.
        let mut all = BTreeSet::new();
        texts(&send(&muxer.database(), "FT._LIST").await, &mut all);
        assert_eq!(all.into_iter().collect::<Vec<_>>(), ["one:i", "one:j", "two:i", "two:j"]);
        send(&one, "FT.DROPINDEX i DD").await;
        let mut left = BTreeSet::new();
        texts(&send(&two, "FT.SEARCH i *").await, &mut left);
        assert!(left.contains("doc:1"), "{left:?}");
    }
}
