//! Sorted sets.

use redmux::{
    Database,
    database::{
        scans::ScanOptions,
        sorted_sets::{Aggregate, ScoreEnd, ZaddOptions, ZcombineOptions, ZrangeBy},
    },
};

use crate::{both, texts};

#[async_std::test]
async fn sorted_sets() {
    both(|_, db| async move {
        let scored = [(1.5, "a"), (2.0, "b"), (3.0, "c")];
        assert_eq!(db.zadd("z", scored).await.unwrap(), 3);
        assert_eq!(db.zadd_if_missing("z", [(9, "a"), (4, "d")]).await.unwrap(), 1);
        assert_eq!(db.zadd_if_greater("z", [(1, "b"), (5, "d")]).await.unwrap(), 1);
        assert_eq!(db.zscore("z", "a").await.unwrap(), Some(1.5));
        assert_eq!(db.zscore("z", "none").await.unwrap(), None);
        assert_eq!(db.zmscore("z", ["a", "none"]).await.unwrap(), [Some(1.5), None]);
        assert!((db.zincrby("z", 0.5, "a").await.unwrap() - 2.0).abs() < 1e-9);
        assert_eq!(db.zcard("z").await.unwrap(), 4);
        assert_eq!(db.zcount("z", 2, "(3").await.unwrap(), 2);
        assert_eq!(db.zrank("z", "c").await.unwrap(), Some(2));
        assert_eq!(db.zrevrank("z", "c").await.unwrap(), Some(1));
        assert_eq!(db.zrank("z", "none").await.unwrap(), None);
        assert_eq!(db.zrange::<String>("z", 0, 1).await.unwrap(), texts(&["a", "b"]));
        assert_eq!(db.zrevrange::<String>("z", 0, 1).await.unwrap(), texts(&["d", "c"]));
        let low: Vec<(String, f64)> = db.zrange_with_scores("z", 0, 0).await.unwrap();
        assert_eq!(low, [("a".to_owned(), 2.0)]);
        let high: Vec<(String, f64)> = db.zrevrange_with_scores("z", 0, 0).await.unwrap();
        assert_eq!(high, [("d".to_owned(), 5.0)]);
        assert_eq!(
            db.zrangebyscore::<String>("z", "(2", "+inf").await.unwrap(),
            texts(&["c", "d"])
        );
        let second: Vec<String> = db.zrangebyscore_limit("z", "-inf", "+inf", 1, 1).await.unwrap();
        assert_eq!(second, texts(&["b"]));
        assert!(db.zrandmember::<String>("z").await.unwrap().is_some());
        let page = db.zscan::<String>("z", 0, ScanOptions::new().pattern("c")).await.unwrap();
        assert_eq!(page.items, [("c".to_owned(), 3.0)]);
        assert_eq!(db.zpopmin::<String>("z", 1).await.unwrap(), [("a".to_owned(), 2.0)]);
        assert_eq!(db.zpopmax::<String>("z", 1).await.unwrap(), [("d".to_owned(), 5.0)]);
        assert_eq!(db.zrem("z", ["b", "none"]).await.unwrap(), 1);
        assert_eq!(db.zremrangebyscore("z", 3, 3).await.unwrap(), 1);
        db.zadd("t", [(0, "a"), (0, "b"), (0, "c")]).await.unwrap();
        assert_eq!(db.zrangebylex::<String>("t", "[b", "+").await.unwrap(), texts(&["b", "c"]));
        assert_eq!(db.zlexcount("t", "-", "(c").await.unwrap(), 2);
        assert_eq!(db.zremrangebyrank("t", 0, 1).await.unwrap(), 2);
    })
    .await;
}

async fn two_sets(db: &Database) {
    db.zadd("x", [(1, "a"), (2, "b"), (3, "c")]).await.unwrap();
    db.zadd("y", [(10, "b"), (20, "c"), (30, "d")]).await.unwrap();
}

fn scored(pairs: &[(&str, f64)]) -> Vec<(String, f64)> {
    pairs.iter().map(|(member, score)| ((*member).to_owned(), *score)).collect()
}

#[async_std::test]
async fn adding_on_conditions() {
    both(|_, db| async move {
        two_sets(&db).await;
        let options = ZaddOptions::new;
        assert_eq!(
            db.zadd_with("x", [(9, "a"), (9, "z")], options().if_exists()).await.unwrap(),
            0
        );
        assert_eq!(db.zscore("x", "a").await.unwrap(), Some(9.0));
        let lower = options().if_less().changed();
        assert_eq!(db.zadd_with("x", [(5, "a"), (9, "b")], lower).await.unwrap(), 1);
        let both_ways = options().if_exists().if_greater().changed();
        assert_eq!(db.zadd_with("x", [(9, "q"), (6, "a")], both_ways).await.unwrap(), 1);
        assert_eq!(db.zadd_incr("x", 0.5, "a", options()).await.unwrap(), Some(6.5));
        assert_eq!(db.zadd_incr("x", 1.0, "a", options().if_missing()).await.unwrap(), None);
        let none: [(f64, &str); 0] = [];
        assert!(db.zadd("x", none).await.unwrap_err().is_command());
        assert!(db.zadd("x", ["1", "a", "2"]).await.unwrap_err().to_string().contains("ZADD"));
    })
    .await;
}

#[async_std::test]
async fn ranges() {
    both(|_, db| async move {
        two_sets(&db).await;
        let range = |range| db.zrange_by::<String>("x", range);
        assert_eq!(range(ZrangeBy::rank(0, 1)).await.unwrap(), texts(&["a", "b"]));
        assert_eq!(range(ZrangeBy::rank(0, 1).rev()).await.unwrap(), texts(&["c", "b"]));
        assert_eq!(range(ZrangeBy::score("(1", "+inf")).await.unwrap(), texts(&["b", "c"]));
        let top = ZrangeBy::score("(1", "+inf").rev().limit(1, 5);
        assert_eq!(range(top.clone()).await.unwrap(), texts(&["b"]));
        assert_eq!(
            db.zrange_by_with_scores::<String>("x", top.clone()).await.unwrap(),
            scored(&[("b", 2.0)])
        );
        assert_eq!(db.zrangestore("to", "x", top).await.unwrap(), 1);
        db.zadd("t", [(0, "a"), (0, "b"), (0, "c")]).await.unwrap();
        let texts_down = ZrangeBy::lex("[b", "+").rev();
        assert_eq!(db.zrange_by::<String>("t", texts_down).await.unwrap(), texts(&["c", "b"]));
        assert_eq!(db.zremrangebylex("t", "-", "(c").await.unwrap(), 2);
        assert!(range(ZrangeBy::rank(0, 1).limit(0, 1)).await.unwrap_err().is_server());
    })
    .await;
}

#[async_std::test]
async fn combinations() {
    both(|_, db| async move {
        two_sets(&db).await;
        let keys = ["x", "y"];
        let plain = ZcombineOptions::new();
        assert_eq!(
            db.zunion::<String>(keys, plain.clone()).await.unwrap(),
            texts(&["a", "b", "c", "d"])
        );
        let weighted = plain.clone().weights([100, 1]).aggregate(Aggregate::Max);
        assert_eq!(
            db.zinter_with_scores::<String>(keys, weighted.clone()).await.unwrap(),
            scored(&[("b", 200.0), ("c", 300.0)])
        );
        assert_eq!(
            db.zunion_with_scores::<String>(keys, weighted.clone()).await.unwrap()[0],
            ("d".to_owned(), 30.0)
        );
        assert_eq!(db.zinter::<String>(keys, plain.clone()).await.unwrap(), texts(&["b", "c"]));
        assert_eq!(db.zdiff::<String>(keys).await.unwrap(), texts(&["a"]));
        assert_eq!(db.zdiff_with_scores::<String>(keys).await.unwrap(), scored(&[("a", 1.0)]));
        let lowest = plain.aggregate(Aggregate::Min);
        assert_eq!(db.zinterstore("i", keys, lowest).await.unwrap(), 2);
        assert_eq!(db.zscore("i", "b").await.unwrap(), Some(2.0));
        let sum = ZcombineOptions::new().aggregate(Aggregate::Sum);
        assert_eq!(db.zunionstore("u", keys, sum).await.unwrap(), 4);
        assert_eq!(db.zdiffstore("d", keys).await.unwrap(), 1);
        assert_eq!(db.zintercard(keys, 0).await.unwrap(), 2);
        assert_eq!(db.zintercard(keys, 1).await.unwrap(), 1);
        assert!(db.zunion::<String>((), ZcombineOptions::new()).await.unwrap_err().is_command());
        let got = db.zmpop::<String, String>(["none", "y"], ScoreEnd::Highest, 2).await.unwrap();
        assert_eq!(got, Some(("y".to_owned(), scored(&[("d", 30.0), ("c", 20.0)]))));
        let none = db.zmpop::<String, String>("none", ScoreEnd::Lowest, 2).await.unwrap();
        assert_eq!(none, None);
        assert_eq!(db.zrandmember_count::<String>("x", -7).await.unwrap().len(), 7);
        assert_eq!(db.zrandmember_with_scores::<String>("x", 9).await.unwrap().len(), 3);
    })
    .await;
}
