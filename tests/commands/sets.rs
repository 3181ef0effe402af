//! Sets.

use std::collections::BTreeSet;

use redmux::database::scans::ScanOptions;

use crate::both;

#[async_std::test]
async fn sets() {
    both(|_, db| async move {
        assert_eq!(db.sadd("a", ["1", "2", "3"]).await.unwrap(), 3);
        assert_eq!(db.sadd("b", ["3", "4"]).await.unwrap(), 2);
        let all: BTreeSet<i64> = db.smembers("a").await.unwrap();
        assert_eq!(all, BTreeSet::from([1, 2, 3]));
        assert!(db.sismember("a", 1).await.unwrap() && !db.sismember("a", 9).await.unwrap());
        assert_eq!(db.smismember("a", [1, 9]).await.unwrap(), [true, false]);
        assert_eq!(db.sinter::<Vec<i64>>(["a", "b"]).await.unwrap(), [3]);
        assert_eq!(db.sunion::<BTreeSet<i64>>(["a", "b"]).await.unwrap().len(), 4);
        assert_eq!(db.sdiff::<BTreeSet<i64>>(["a", "b"]).await.unwrap().len(), 2);
        assert_eq!(db.sinterstore("i", ["a", "b"]).await.unwrap(), 1);
        assert_eq!(db.sunionstore("u", ["a", "b"]).await.unwrap(), 4);
        assert_eq!(db.sdiffstore("d", ["a", "b"]).await.unwrap(), 2);
        assert_eq!(db.sintercard(["a", "b"], 0).await.unwrap(), 1);
        assert_eq!(db.sintercard(["a", "a"], 2).await.unwrap(), 2);
        assert!(db.smove("a", "b", 1).await.unwrap() && !db.smove("a", "b", 9).await.unwrap());
        assert!(db.srandmember::<i64>("a").await.unwrap().is_some());
        assert_eq!(db.srandmember_count::<i64>("a", -5).await.unwrap().len(), 5);
        assert!(db.spop::<i64>("u").await.unwrap().is_some());
        assert_eq!(db.spop_count::<i64>("u", 9).await.unwrap().len(), 3);
        assert_eq!(db.spop::<i64>("u").await.unwrap(), None);
        assert_eq!(db.srem("a", ["2", "9"]).await.unwrap(), 1);
        assert_eq!(db.scard("a").await.unwrap(), 1);
        assert_eq!(
            db.sscan::<i64>("b", 0, ScanOptions::new().pattern("*")).await.unwrap().items.len(),
            3
        );
    })
    .await;
}
