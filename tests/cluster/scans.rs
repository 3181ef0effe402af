//! A scan over all servers.

use std::collections::HashSet;

use futures::TryStreamExt;
use redmux::database::scans::{ScanCursor, ScanOptions};
use redmux_test_support::RedisCluster;

use crate::{FOO, connect, ends};

#[async_std::test]
async fn a_scan_visits_every_server_and_can_be_resumed_anywhere() {
    let cluster = RedisCluster::builder().replicas(0).start().unwrap();
    let muxer = connect(&cluster, 0).await;
    let db = muxer.database();
    let all: HashSet<String> = (0..500).map(|number| format!("k{number}")).collect();
    db.mset(all.iter().map(|key| (key, 1)).collect::<Vec<_>>()).await.unwrap();
    let options = || ScanOptions::new().pattern("k*").count(10);
    let found: Vec<String> = db.scan_stream(options()).try_collect().await.unwrap();
    assert_eq!(found.len(), 500, "nothing moves: each key comes once");
    assert_eq!(found.into_iter().collect::<HashSet<_>>(), all);

    // Stored as a text after every 40 keys, and gone on with by somebody else.
    let (mut found, mut stored, mut stops) = (HashSet::new(), Some(String::from("0")), 0);
    while let Some(text) = stored.take() {
        let other = connect(&cluster, 1).await;
        let db = other.database();
        let cursor = if text == "0" { ScanCursor::default() } else { text.parse().unwrap() };
        let mut scan = db.scan_stream::<String>(options()).resume_at(cursor);
        for _ in 0..40 {
            match scan.try_next().await.unwrap() {
                Some(key) => drop(found.insert(key)),
                None => break,
            }
        }
        stored = scan.cursor().map(|cursor| cursor.to_string());
        stops += 1;
        assert!(stops < 100, "it does not end: {stored:?}");
    }
    assert_eq!(found, all);
    muxer.close().await;
}

#[async_std::test]
async fn a_scan_can_be_stopped_behind_every_key_without_beginning_a_server_again() {
    let cluster = RedisCluster::builder().replicas(0).start().unwrap();
    let muxer = connect(&cluster, 0).await;
    let db = muxer.database();
    let all: HashSet<String> = (0..120).map(|number| format!("k{number}")).collect();
    db.mset(all.iter().map(|key| (key, 1)).collect::<Vec<_>>()).await.unwrap();
    let scan = || db.scan_stream::<String>(ScanOptions::new().pattern("k*").count(5));
    let (mut found, mut whole) = (HashSet::new(), scan().read_ahead(false));
    while let Some(key) = whole.try_next().await.unwrap() {
        found.insert(key);
        let Some(cursor) = whole.cursor() else { break };
        let rest: Vec<String> = scan().resume_at(cursor).try_collect().await.unwrap();
        // What comes again is of one page, not of a server with 40 keys.
        assert!(found.len() + rest.len() <= 120 + 20, "{} and {}", found.len(), rest.len());
        assert_eq!(found.iter().chain(&rest).collect::<HashSet<_>>(), all.iter().collect());
    }
    assert_eq!(found, all);
    muxer.close().await;
}

#[async_std::test]
async fn a_key_that_moves_during_a_scan_is_found() {
    let cluster = RedisCluster::builder().replicas(0).start().unwrap();
    let muxer = connect(&cluster, 0).await;
    let db = muxer.database();
    let (from, to) = ends(&cluster);
    let keys: Vec<String> = (0..300).map(|number| format!("k{number}")).collect();
    db.mset(keys.iter().map(|key| (key, 1)).collect::<Vec<_>>()).await.unwrap();
    db.set("foo", 1).await.unwrap();
    for (from, to) in [(from, to), (to, from)] {
        let mut scan = db.scan_stream::<String>(ScanOptions::new().count(5));
        let (mut found, mut taken) = (HashSet::new(), 0);
        while let Some(key) = scan.try_next().await.unwrap() {
            found.insert(key);
            taken += 1;
            if taken == 150 {
                cluster.move_slot(FOO, from, to);
                // The client learns of it.
                db.incr("foo").await.unwrap();
            }
        }
        assert!(found.contains("foo") && found.len() >= 301, "{} keys", found.len());
    }
    let error = muxer.execute::<()>("SCAN", 0).await.unwrap_err();
    assert!(error.is_rejected() && error.to_string().contains("scan_stream"), "{error}");
    muxer.close().await;
}
