//! Several sorted sets at once.

use redmux::{
    Database,
    database::sorted_sets::{Aggregate, ScoreEnd, ZcombineOptions},
};

use crate::{both, sorted_sets::scored, texts};

const KEYS: [&str; 2] = ["x", "y"];

async fn two_sets(db: &Database) {
    db.zadd("x", [(1, "a"), (2, "b"), (3, "c")]).await.unwrap();
    db.zadd("y", [(10, "b"), (20, "c"), (30, "d")]).await.unwrap();
}

#[async_std::test]
async fn a_union_has_all_members_by_the_sum_of_their_scores() {
    both(|_, db| async move {
        two_sets(&db).await;
        let union = db.zunion::<String>(KEYS, ZcombineOptions::new()).await.unwrap();
        assert_eq!(union, texts(&["a", "b", "c", "d"]));
    })
    .await;
}

#[async_std::test]
async fn an_intersection_has_the_members_of_all() {
    both(|_, db| async move {
        two_sets(&db).await;
        let plain = ZcombineOptions::new();
        assert_eq!(db.zinter::<String>(KEYS, plain).await.unwrap(), texts(&["b", "c"]));
    })
    .await;
}

#[async_std::test]
async fn a_difference_has_what_only_the_first_has() {
    both(|_, db| async move {
        two_sets(&db).await;
        assert_eq!(db.zdiff::<String>(KEYS).await.unwrap(), texts(&["a"]));
        assert_eq!(db.zdiff_with_scores::<String>(KEYS).await.unwrap(), scored(&[("a", 1.0)]));
    })
    .await;
}

#[async_std::test]
async fn scores_are_weighted_and_aggregated() {
    both(|_, db| async move {
        two_sets(&db).await;
        let weighted = ZcombineOptions::new().weights([100, 1]).aggregate(Aggregate::Max);
        assert_eq!(
            db.zinter_with_scores::<String>(KEYS, weighted.clone()).await.unwrap(),
            scored(&[("b", 200.0), ("c", 300.0)])
        );
        assert_eq!(
            db.zunion_with_scores::<String>(KEYS, weighted).await.unwrap()[0],
            ("d".to_owned(), 30.0)
        );
    })
    .await;
}

#[async_std::test]
async fn combinations_are_stored() {
    both(|_, db| async move {
        two_sets(&db).await;
        let lowest = ZcombineOptions::new().aggregate(Aggregate::Min);
        assert_eq!(db.zinterstore("i", KEYS, lowest).await.unwrap(), 2);
        assert_eq!(db.zscore("i", "b").await.unwrap(), Some(2.0));
        let sum = ZcombineOptions::new().aggregate(Aggregate::Sum);
        assert_eq!(db.zunionstore("u", KEYS, sum).await.unwrap(), 4);
        assert_eq!(db.zdiffstore("d", KEYS).await.unwrap(), 1);
    })
    .await;
}

#[async_std::test]
async fn the_count_of_an_intersection_has_a_limit() {
    both(|_, db| async move {
        two_sets(&db).await;
        assert_eq!(db.zintercard(KEYS, 0).await.unwrap(), 2);
        assert_eq!(db.zintercard(KEYS, 1).await.unwrap(), 1);
    })
    .await;
}

#[async_std::test]
async fn a_union_of_nothing_is_refused() {
    both(|_, db| async move {
        assert!(db.zunion::<String>((), ZcombineOptions::new()).await.unwrap_err().is_rejected());
    })
    .await;
}

#[async_std::test]
async fn zmpop_takes_from_the_first_set_that_has_members() {
    both(|_, db| async move {
        two_sets(&db).await;
        let got = db.zmpop::<String, String>(["none", "y"], ScoreEnd::Highest, 2).await.unwrap();
        assert_eq!(got, Some(("y".to_owned(), scored(&[("d", 30.0), ("c", 20.0)]))));
        let none = db.zmpop::<String, String>("none", ScoreEnd::Lowest, 2).await.unwrap();
        assert_eq!(none, None);
    })
    .await;
}
