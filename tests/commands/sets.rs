//! Sets.

use std::collections::BTreeSet;

use redmux::{Database, database::scans::ScanOptions};

use crate::both;

/// Makes two sets: `a` is 1, 2, 3, and `b` is 3, 4.
async fn make(db: &Database) {
    assert_eq!(db.sadd("a", ["1", "2", "3"]).await.unwrap(), 3);
    assert_eq!(db.sadd("b", ["3", "4"]).await.unwrap(), 2);
}

#[async_std::test]
async fn members_are_listed_and_looked_for() {
    both(|_, db| async move {
        make(&db).await;
        let all: BTreeSet<i64> = db.smembers("a").await.unwrap();
        assert_eq!(all, BTreeSet::from([1, 2, 3]));
        assert!(db.sismember("a", 1).await.unwrap() && !db.sismember("a", 9).await.unwrap());
        assert_eq!(db.smismember("a", [1, 9]).await.unwrap(), [true, false]);
    })
    .await;
}

#[async_std::test]
async fn sets_are_combined() {
    both(|_, db| async move {
        make(&db).await;
        assert_eq!(db.sinter::<Vec<i64>>(["a", "b"]).await.unwrap(), [3]);
        assert_eq!(db.sunion::<BTreeSet<i64>>(["a", "b"]).await.unwrap().len(), 4);
        assert_eq!(db.sdiff::<BTreeSet<i64>>(["a", "b"]).await.unwrap().len(), 2);
    })
    .await;
}

#[async_std::test]
async fn combinations_are_stored() {
    both(|_, db| async move {
        make(&db).await;
        assert_eq!(db.sinterstore("i", ["a", "b"]).await.unwrap(), 1);
        assert_eq!(db.sunionstore("u", ["a", "b"]).await.unwrap(), 4);
        assert_eq!(db.sdiffstore("d", ["a", "b"]).await.unwrap(), 2);
    })
    .await;
}

#[async_std::test]
async fn the_count_of_an_intersection_has_a_limit() {
    both(|_, db| async move {
        make(&db).await;
        assert_eq!(db.sintercard(["a", "b"], 0).await.unwrap(), 1);
        assert_eq!(db.sintercard(["a", "a"], 2).await.unwrap(), 2);
    })
    .await;
}

#[async_std::test]
async fn a_member_moves_if_it_is_there() {
    both(|_, db| async move {
        make(&db).await;
        assert!(db.smove("a", "b", 1).await.unwrap() && !db.smove("a", "b", 9).await.unwrap());
        let page = db.sscan::<i64>("b", 0, ScanOptions::new().pattern("*")).await.unwrap();
        assert_eq!(page.items.len(), 3);
    })
    .await;
}

#[async_std::test]
async fn random_members_are_shown_or_taken() {
    both(|_, db| async move {
        make(&db).await;
        assert!(db.srandmember::<i64>("a").await.unwrap().is_some());
        assert_eq!(db.srandmember_count::<i64>("a", -5).await.unwrap().len(), 5);
        db.sunionstore("u", ["a", "b"]).await.unwrap();
        assert!(db.spop::<i64>("u").await.unwrap().is_some());
        assert_eq!(db.spop_count::<i64>("u", 9).await.unwrap().len(), 3);
        assert_eq!(db.spop::<i64>("u").await.unwrap(), None);
    })
    .await;
}

#[async_std::test]
async fn srem_returns_how_many_members_there_were() {
    both(|_, db| async move {
        make(&db).await;
        assert_eq!(db.srem("a", ["2", "9"]).await.unwrap(), 1);
        assert_eq!(db.scard("a").await.unwrap(), 2);
    })
    .await;
}
