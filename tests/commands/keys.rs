//! Keys, whatever they hold.

use std::{collections::BTreeSet, time::Duration};

use redmux::database::{
    keys::{DataType, ExpireIf, ExpireTime, RestoreOptions, SortOptions, Ttl},
    scans::ScanOptions,
};

use crate::{both, texts};

#[async_std::test]
async fn keys() {
    both(|_, db| async move {
        db.mset([("a", 1), ("b", 2), ("c", 3)]).await.unwrap();
        assert_eq!(db.exists(["a", "a", "none"]).await.unwrap(), 2);
        assert_eq!(db.touch(["a", "none"]).await.unwrap(), 1);
        assert!(db.expire("a", Duration::from_millis(90_500)).await.unwrap());
        assert!(!db.expire("none", Duration::from_secs(1)).await.unwrap());
        let Ttl::In(left) = db.pttl("a").await.unwrap() else { panic!("it expires") };
        assert!(left > Duration::from_secs(80) && left <= Duration::from_millis(90_500));
        assert!(db.persist("a").await.unwrap());
        assert!(db.expireat("a", 4_000_000_000_000).await.unwrap());
        assert_eq!(db.pttl("b").await.unwrap(), Ttl::Forever);
        assert_eq!(db.pttl("none").await.unwrap(), Ttl::Missing);
        db.rename("a", "d").await.unwrap();
        assert!(!db.renamenx("b", "d").await.unwrap());
        assert!(db.copy("d", "e").await.unwrap());
        let dump = db.dump("d").await.unwrap().unwrap();
        db.restore("f", Some(Duration::from_secs(60)), &dump).await.unwrap();
        db.restore("g", None, dump).await.unwrap();
        assert_eq!(db.get::<i64>("f").await.unwrap(), Some(1));
        assert_eq!(db.pttl("g").await.unwrap(), Ttl::Forever);
        assert_eq!(db.object_encoding("b").await.unwrap().as_deref(), Some("int"));
        assert_eq!(db.object_encoding("none").await.unwrap(), None);
        assert_eq!(db.object_idletime("b").await.unwrap(), Some(0));
        assert!(db.object_refcount("b").await.unwrap().unwrap() > 0);
        assert!(db.randomkey::<String>().await.unwrap().is_some());
        assert_eq!(db.del(["d", "e", "none"]).await.unwrap(), 2);
        assert_eq!(db.unlink("f").await.unwrap(), 1);
        let mut left: Vec<String> = db.keys("*").await.unwrap();
        left.sort();
        assert_eq!(left, texts(&["b", "c", "g"]));

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
async fn expiry_on_conditions() {
    both(|_, db| async move {
        let (short, long) = (Duration::from_secs(50), Duration::from_secs(5000));
        db.set("k", 1).await.unwrap();
        assert_eq!(db.expiretime("none").await.unwrap(), ExpireTime::Missing);
        assert_eq!(db.expiretime("k").await.unwrap(), ExpireTime::Never);
        assert!(!db.expire_if("k", long, ExpireIf::Exists).await.unwrap());
        assert!(db.expire_if("k", long, ExpireIf::Missing).await.unwrap());
        assert!(!db.expire_if("k", short, ExpireIf::Longer).await.unwrap());
        assert!(db.expire_if("k", short, ExpireIf::Shorter).await.unwrap());
        assert!(matches!(db.pttl("k").await.unwrap(), Ttl::In(left) if left <= short));
        let far = 4_000_000_000_123;
        assert!(!db.expireat_if("k", far, ExpireIf::Shorter).await.unwrap());
        assert!(db.expireat_if("k", far, ExpireIf::Longer).await.unwrap());
        assert_eq!(db.expiretime("k").await.unwrap(), ExpireTime::At(far));
        assert!(db.expire("k", Duration::ZERO).await.unwrap());
        assert_eq!(db.exists("k").await.unwrap(), 0);
    })
    .await;
}

#[async_std::test]
async fn copies_and_dumps() {
    both(|muxer, db| async move {
        db.mset([("a", 1), ("b", 2)]).await.unwrap();
        assert!(!db.copy("a", "b").await.unwrap());
        assert!(db.copy_replacing("a", "b").await.unwrap());
        assert_eq!(db.get::<i64>("b").await.unwrap(), Some(1));
        assert!(db.copy_to_db("a", "a", 3).await.unwrap());
        assert!(db.move_to_db("b", 3).await.unwrap() && !db.move_to_db("b", 3).await.unwrap());

        let dump = db.dump("a").await.unwrap().unwrap();
        assert_eq!(db.dump("none").await.unwrap(), None);
        assert!(db.restore("a", None, &dump).await.unwrap_err().is_server());
        let idle = RestoreOptions::new().replace().idletime(1000);
        db.restore_with("a", None, &dump, idle).await.unwrap();
        assert!(db.object_idletime("a").await.unwrap().unwrap() >= 1000);
        assert!(db.object_freq("a").await.unwrap_err().is_server());
        db.config_set("maxmemory-policy", "allkeys-lfu").await.unwrap();
        let freq = RestoreOptions::new().replace().freq(200);
        db.restore_with("a", None, &dump, freq).await.unwrap();
        assert!(db.object_freq("a").await.unwrap().unwrap() > 100);
        db.config_set("maxmemory-policy", "noeviction").await.unwrap();
        drop(muxer);
    })
    .await;
}

#[async_std::test]
async fn sorting() {
    both(|_, db| async move {
        db.rpush("l", [3, 10, 2]).await.unwrap();
        db.mset([("w:3", "1"), ("w:10", "2"), ("w:2", "3"), ("n:3", "three")]).await.unwrap();
        assert_eq!(db.sort::<i64>("l", SortOptions::new()).await.unwrap(), [2, 3, 10]);
        let text = SortOptions::new().alpha().desc().limit(1, 5);
        assert_eq!(db.sort::<i64>("l", text).await.unwrap(), [2, 10]);
        let by = SortOptions::new().by("w:*").get("#").get("n:*");
        let got: Vec<Option<String>> = db.sort_ro("l", by.clone()).await.unwrap();
        let got: Vec<_> = got.iter().map(Option::as_deref).collect();
        assert_eq!(got, [Some("3"), Some("three"), Some("10"), None, Some("2"), None]);
        assert_eq!(db.sort_store("l", "to", by).await.unwrap(), 6);
        assert_eq!(db.llen("to").await.unwrap(), 6);
    })
    .await;
}

#[async_std::test]
async fn scanning_a_part() {
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
