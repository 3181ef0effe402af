//! Hashes.

use std::collections::{BTreeMap, HashMap};

use redmux::{Database, database::scans::ScanOptions};

use crate::both;

/// Makes the hash that the tests read: `a` is 1, `b` 3, `c` 4, `n` 5.25.
async fn make(db: &Database) {
    db.hset("h", [("a", "1"), ("b", "3"), ("c", "4"), ("n", "5.25")]).await.unwrap();
}

#[async_std::test]
async fn hset_returns_how_many_fields_are_new() {
    both(|_, db| async move {
        assert_eq!(db.hset("h", [("a", "1"), ("b", "2")]).await.unwrap(), 2);
        assert_eq!(db.hset("h", BTreeMap::from([("b", 3), ("c", 4)])).await.unwrap(), 1);
        assert!(!db.hsetnx("h", "a", 9).await.unwrap());
        assert_eq!(db.hget::<i64>("h", "b").await.unwrap(), Some(3));
    })
    .await;
}

#[async_std::test]
async fn a_field_that_is_missing_is_none() {
    both(|_, db| async move {
        make(&db).await;
        assert_eq!(db.hget::<i64>("h", "none").await.unwrap(), None);
        let some: Vec<Option<i64>> = db.hmget("h", ["a", "none"]).await.unwrap();
        assert_eq!(some, [Some(1), None]);
        assert!(db.hexists("h", "a").await.unwrap() && !db.hexists("h", "z").await.unwrap());
    })
    .await;
}

#[async_std::test]
async fn a_whole_hash_is_a_map_or_pairs() {
    both(|_, db| async move {
        db.hset("h", [("a", 1), ("b", 3), ("c", 4)]).await.unwrap();
        let all: BTreeMap<String, i64> = db.hgetall("h").await.unwrap();
        assert_eq!(all, BTreeMap::from([("a".into(), 1), ("b".into(), 3), ("c".into(), 4)]));
        let pairs: Vec<(String, i64)> = db.hgetall("h").await.unwrap();
        assert_eq!(pairs.len(), 3);
        let none: HashMap<String, String> = db.hgetall("none").await.unwrap();
        assert!(none.is_empty());
    })
    .await;
}

#[async_std::test]
async fn a_missing_field_counts_from_zero() {
    both(|_, db| async move {
        assert_eq!(db.hincrby("h", "n", 5).await.unwrap(), 5);
        assert!((db.hincrbyfloat("h", "n", 0.25).await.unwrap() - 5.25).abs() < 1e-9);
        assert_eq!(db.hstrlen("h", "n").await.unwrap(), 4);
    })
    .await;
}

#[async_std::test]
async fn fields_and_values_are_listed() {
    both(|_, db| async move {
        make(&db).await;
        assert_eq!(db.hlen("h").await.unwrap(), 4);
        assert_eq!(db.hkeys::<String>("h").await.unwrap().len(), 4);
        assert_eq!(db.hvals::<f64>("h").await.unwrap().len(), 4);
        let page = db.hscan::<String, f64>("h", 0, ScanOptions::new()).await.unwrap();
        assert_eq!((page.cursor, page.items.len()), (0, 4));
    })
    .await;
}

#[async_std::test]
async fn random_fields_repeat_where_the_count_is_negative() {
    both(|_, db| async move {
        make(&db).await;
        assert!(db.hrandfield::<String>("h").await.unwrap().is_some());
        assert_eq!(db.hrandfield_count::<String>("h", -9).await.unwrap().len(), 9);
        let random: Vec<(String, f64)> = db.hrandfield_with_values("h", 9).await.unwrap();
        assert_eq!(random.len(), 4);
    })
    .await;
}

#[async_std::test]
async fn hdel_returns_how_many_fields_there_were() {
    both(|_, db| async move {
        make(&db).await;
        assert_eq!(db.hdel("h", ["a", "none"]).await.unwrap(), 1);
    })
    .await;
}
