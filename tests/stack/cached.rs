//! What is cached of modules, and whether servers announce its changes.

use std::time::{Duration, Instant};

use async_std::task;
use redmux::{ConnectionMultiplexer, Database, Options, cache::CacheOptions, resp::Value};

use super::redis_stack;

/// Commands that are cached, after these writes, and a write that changes the reply to each of them.
const CASES: [(&[&str], &[&str], &str); 6] = [
    (
        &["BF.RESERVE bf 0.01 100", "BF.ADD bf a"],
        &["BF.CARD bf", "BF.EXISTS bf z", "BF.MEXISTS bf a z", "BF.INFO bf"],
        "BF.ADD bf z",
    ),
    (
        &["CF.RESERVE cf 100", "CF.ADD cf a"],
        &["CF.COUNT cf z", "CF.EXISTS cf z", "CF.MEXISTS cf a z"],
        "CF.ADD cf z",
    ),
    (
        &["TOPK.RESERVE topk 2 50 3 0.9", "TOPK.ADD topk a"],
        &["TOPK.LIST topk", "TOPK.QUERY topk z"],
        "TOPK.ADD topk z",
    ),
    (
        &["TDIGEST.CREATE td", "TDIGEST.ADD td 1 2 3"],
        &[
            "TDIGEST.BYRANK td 0",
            "TDIGEST.BYREVRANK td 0",
            "TDIGEST.CDF td 2",
            "TDIGEST.INFO td",
            "TDIGEST.MAX td",
            "TDIGEST.MIN td",
            "TDIGEST.QUANTILE td 0.1",
            "TDIGEST.RANK td 2",
            "TDIGEST.REVRANK td 0",
            "TDIGEST.TRIMMED_MEAN td 0 0.5",
        ],
        "TDIGEST.ADD td -7 -8 9",
    ),
    (
        &["TS.CREATE ts", "TS.ADD ts 1 1"],
        &["TS.GET ts", "TS.RANGE ts - +", "TS.REVRANGE ts - +"],
        "TS.ADD ts 2 2",
    ),
    (
        &["JSON.SET doc $ [1]"],
        &["JSON.ARRLEN doc $", "JSON.GET doc", "JSON.RESP doc $", "JSON.ARRINDEX doc $ 2"],
        "JSON.ARRAPPEND doc $ 2",
    ),
];

async fn send(db: &Database, line: &str, cached: bool) -> Value {
    let mut words = line.split(' ');
    let name = words.next().unwrap().to_owned();
    let args: Vec<&str> = words.collect();
    let call = db.execute(name, args);
    if cached { call.cached().await.unwrap() } else { call.await.unwrap() }
}

#[async_std::test]
async fn what_is_cached_of_modules_is_announced_when_it_changes() {
    let server = redis_stack();
    let options = || Options::new(server.addr().to_string());
    let cache = options().client_cache(CacheOptions::default());
    let muxer = ConnectionMultiplexer::connect(cache).await.unwrap();
    let other = ConnectionMultiplexer::connect(options()).await.unwrap();
    let (db, writer) = (muxer.database(), other.database());
    for (before, reads, write) in CASES {
        for line in before {
            send(&writer, line, false).await;
        }
        let mut old = Vec::new();
        for line in reads {
            let hits = muxer.cache_stats().unwrap().hits;
            let reply = send(&db, line, true).await;
            assert_eq!(send(&db, line, true).await, reply, "{line}");
            assert_eq!(muxer.cache_stats().unwrap().hits, hits + 1, "{line} is cached");
            old.push(reply);
        }
        send(&writer, write, false).await;
        for (line, old) in reads.iter().zip(old) {
            let end = Instant::now() + Duration::from_secs(10);
            while send(&db, line, true).await == old {
                assert!(Instant::now() < end, "{line} is still as it was before {write}");
                task::sleep(Duration::from_millis(5)).await;
            }
        }
    }
}

#[async_std::test]
async fn what_is_not_announced_is_not_cached() {
    let server = redis_stack();
    let cache = Options::new(server.addr().to_string()).client_cache(CacheOptions::default());
    let muxer = ConnectionMultiplexer::connect(cache).await.unwrap();
    let db = muxer.database();
    for line in ["TS.CREATE ts", "CMS.INITBYDIM cms 10 3", "JSON.SET doc $ 1"] {
        send(&db, line, false).await;
    }
    for line in ["TS.GET ts LATEST", "CMS.QUERY cms a", "JSON.MGET doc $", "FT._LIST"] {
        send(&db, line, true).await;
        send(&db, line, true).await;
        let stats = muxer.cache_stats().unwrap();
        assert_eq!((stats.hits, stats.misses), (0, 0), "{line}");
    }
}
