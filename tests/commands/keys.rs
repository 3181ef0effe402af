//! Keys, whatever they hold.

use std::collections::BTreeSet;

use redmux::database::{
    keys::{DataType, SortOptions},
    scans::ScanOptions,
};

use crate::{both, texts};

#[async_std::test]
async fn keys_are_counted_as_often_as_they_are_named() {
    both(|_, db| async move {
        db.set("a", 1).await.unwrap();
        assert_eq!(db.exists(["a", "a", "none"]).await.unwrap(), 2);
        assert_eq!(db.touch(["a", "none"]).await.unwrap(), 1);
    })
    .await;
}

#[async_std::test]
async fn a_key_is_renamed_unless_the_name_is_taken() {
    both(|_, db| async move {
        db.mset([("a", 1), ("b", 2)]).await.unwrap();
        db.rename("a", "d").await.unwrap();
        assert!(!db.renamenx("b", "d").await.unwrap());
        assert_eq!(db.get::<i64>("d").await.unwrap(), Some(1));
    })
    .await;
}

#[async_std::test]
async fn what_a_key_is_to_the_server() {
    both(|_, db| async move {
        db.set("b", 2).await.unwrap();
        assert_eq!(db.object_encoding("b").await.unwrap().as_deref(), Some("int"));
        assert_eq!(db.object_encoding("none").await.unwrap(), None);
        // In whole seconds, of which one may just have ended.
        assert!(db.object_idletime("b").await.unwrap().unwrap() < 60);
        assert!(db.object_refcount("b").await.unwrap().unwrap() > 0);
    })
    .await;
}

#[async_std::test]
async fn keys_are_removed_and_the_others_listed() {
    both(|_, db| async move {
        db.mset([("b", 2), ("c", 3), ("d", 4), ("e", 5), ("f", 6), ("g", 7)]).await.unwrap();
        assert!(db.randomkey::<String>().await.unwrap().is_some());
        assert_eq!(db.del(["d", "e", "none"]).await.unwrap(), 2);
        assert_eq!(db.unlink("f").await.unwrap(), 1);
        let mut left: Vec<String> = db.keys("*").await.unwrap();
        left.sort();
        assert_eq!(left, texts(&["b", "c", "g"]));
    })
    .await;
}

#[async_std::test]
async fn a_key_has_a_type() {
    both(|_, db| async move {
        db.set("b", 2).await.unwrap();
        db.rpush("list", 1).await.unwrap();
        db.sadd("set", 1).await.unwrap();
        db.zadd("zset", [(1, 1)]).await.unwrap();
        db.hset("hash", [(1, 1)]).await.unwrap();
        for (key, expected) in [
            ("b", DataType::String),
            ("list", DataType::List),
            ("set", DataType::Set),
            ("zset", DataType::SortedSet),
            ("hash", DataType::Hash),
            ("none", DataType::Missing),
        ] {
            assert_eq!(db.type_of(key).await.unwrap(), expected);
        }
    })
    .await;
}

#[async_std::test]
async fn a_scan_by_pages_finds_every_key() {
    both(|_, db| async move {
        db.mset((0..7).map(|n| (format!("k{n}"), n)).collect::<Vec<_>>()).await.unwrap();
        let (mut found, mut cursor) = (BTreeSet::new(), 0);
        loop {
            let page = db.scan::<String>(cursor, ScanOptions::new().count(2)).await.unwrap();
            found.extend(page.items);
            cursor = page.cursor;
            if cursor == 0 {
                break;
            }
        }
        assert_eq!(found.len(), 7);
    })
    .await;
}

#[async_std::test]
async fn a_scan_finds_keys_by_pattern_and_type() {
    both(|_, db| async move {
        db.mset([("a:1", 1), ("a:2", 2), ("b", 3)]).await.unwrap();
        db.rpush("a:list", 1).await.unwrap();
        let scan = ScanOptions::new().pattern("a:*").count(100);
        assert_eq!(db.scan::<String>(0, scan.clone()).await.unwrap().items.len(), 3);
        let lists = db.scan::<String>(0, scan.data_type(DataType::List)).await.unwrap();
        assert_eq!(lists.items, texts(&["a:list"]));
    })
    .await;
}

#[async_std::test]
async fn values_are_sorted_as_numbers_or_text() {
    both(|_, db| async move {
        db.rpush("l", [3, 10, 2]).await.unwrap();
        assert_eq!(db.sort::<i64>("l", SortOptions::new()).await.unwrap(), [2, 3, 10]);
        let text = SortOptions::new().alpha().desc().limit(1, 5);
        assert_eq!(db.sort::<i64>("l", text).await.unwrap(), [2, 10]);
    })
    .await;
}

#[async_std::test]
async fn values_are_sorted_by_other_keys_and_stored() {
    both(|_, db| async move {
        db.rpush("l", [3, 10, 2]).await.unwrap();
        db.mset([("w:3", "1"), ("w:10", "2"), ("w:2", "3"), ("n:3", "three")]).await.unwrap();
        let by = SortOptions::new().by("w:*").get("#").get("n:*");
        let got: Vec<Option<String>> = db.sort_ro("l", by.clone()).await.unwrap();
        let got: Vec<_> = got.iter().map(Option::as_deref).collect();
        assert_eq!(got, [Some("3"), Some("three"), Some("10"), None, Some("2"), None]);
        assert_eq!(db.sort_store("l", "to", by).await.unwrap(), 6);
        assert_eq!(db.llen("to").await.unwrap(), 6);
    })
    .await;
}
