//! Sorted sets, one at a time. What combines several is in `combinations.rs`.

use redmux::{
    Database,
    database::{
        scans::ScanOptions,
        sorted_sets::{ZaddOptions, ZrangeBy},
    },
};

use crate::{both, texts};

/// Makes the set that the tests read: `a` has 2, `b` 2, `c` 3, `d` 5.
async fn make(db: &Database) {
    assert_eq!(db.zadd("z", [(2, "a"), (2, "b"), (3, "c"), (5, "d")]).await.unwrap(), 4);
}

/// Makes a set whose members have one score, so that their text decides their order.
async fn make_texts(db: &Database) {
    db.zadd("t", [(0, "a"), (0, "b"), (0, "c")]).await.unwrap();
}

pub(crate) fn scored(pairs: &[(&str, f64)]) -> Vec<(String, f64)> {
    pairs.iter().map(|(member, score)| ((*member).to_owned(), *score)).collect()
}

#[async_std::test]
async fn zadd_returns_how_many_members_are_new_or_changed() {
    both(|_, db| async move {
        assert_eq!(db.zadd("z", [(1.5, "a"), (2.0, "b"), (3.0, "c")]).await.unwrap(), 3);
        assert_eq!(db.zadd_if_missing("z", [(9, "a"), (4, "d")]).await.unwrap(), 1);
        assert_eq!(db.zadd_if_greater("z", [(1, "b"), (5, "d")]).await.unwrap(), 1);
        assert_eq!(db.zcard("z").await.unwrap(), 4);
    })
    .await;
}

#[async_std::test]
async fn a_member_that_is_missing_has_no_score() {
    both(|_, db| async move {
        db.zadd("z", [(1.5, "a")]).await.unwrap();
        assert_eq!(db.zscore("z", "a").await.unwrap(), Some(1.5));
        assert_eq!(db.zscore("z", "none").await.unwrap(), None);
        assert_eq!(db.zmscore("z", ["a", "none"]).await.unwrap(), [Some(1.5), None]);
    })
    .await;
}

#[async_std::test]
async fn scores_are_raised_and_counted() {
    both(|_, db| async move {
        db.zadd("z", [(1.5, "a"), (2.0, "b"), (3.0, "c"), (5.0, "d")]).await.unwrap();
        assert!((db.zincrby("z", 0.5, "a").await.unwrap() - 2.0).abs() < 1e-9);
        assert_eq!(db.zcount("z", 2, "(3").await.unwrap(), 2);
    })
    .await;
}

#[async_std::test]
async fn ranks_count_from_either_end() {
    both(|_, db| async move {
        make(&db).await;
        assert_eq!(db.zrank("z", "c").await.unwrap(), Some(2));
        assert_eq!(db.zrevrank("z", "c").await.unwrap(), Some(1));
        assert_eq!(db.zrank("z", "none").await.unwrap(), None);
    })
    .await;
}

#[async_std::test]
async fn ranges_by_rank_go_up_or_down() {
    both(|_, db| async move {
        make(&db).await;
        assert_eq!(db.zrange::<String>("z", 0, 1).await.unwrap(), texts(&["a", "b"]));
        assert_eq!(db.zrevrange::<String>("z", 0, 1).await.unwrap(), texts(&["d", "c"]));
        let low: Vec<(String, f64)> = db.zrange_with_scores("z", 0, 0).await.unwrap();
        assert_eq!(low, scored(&[("a", 2.0)]));
        let high: Vec<(String, f64)> = db.zrevrange_with_scores("z", 0, 0).await.unwrap();
        assert_eq!(high, scored(&[("d", 5.0)]));
    })
    .await;
}

#[async_std::test]
async fn ranges_by_score_have_limits() {
    both(|_, db| async move {
        make(&db).await;
        let above = db.zrangebyscore::<String>("z", "(2", "+inf").await.unwrap();
        assert_eq!(above, texts(&["c", "d"]));
        let second: Vec<String> = db.zrangebyscore_limit("z", "-inf", "+inf", 1, 1).await.unwrap();
        assert_eq!(second, texts(&["b"]));
    })
    .await;
}

#[async_std::test]
async fn ranges_by_text_are_read_and_counted() {
    both(|_, db| async move {
        make_texts(&db).await;
        assert_eq!(db.zrangebylex::<String>("t", "[b", "+").await.unwrap(), texts(&["b", "c"]));
        assert_eq!(db.zlexcount("t", "-", "(c").await.unwrap(), 2);
    })
    .await;
}

#[async_std::test]
async fn zrange_by_takes_ranks_scores_and_texts() {
    both(|_, db| async move {
        db.zadd("x", [(1, "a"), (2, "b"), (3, "c")]).await.unwrap();
        let range = |range| db.zrange_by::<String>("x", range);
        assert_eq!(range(ZrangeBy::rank(0, 1)).await.unwrap(), texts(&["a", "b"]));
        assert_eq!(range(ZrangeBy::rank(0, 1).rev()).await.unwrap(), texts(&["c", "b"]));
        assert_eq!(range(ZrangeBy::score("(1", "+inf")).await.unwrap(), texts(&["b", "c"]));
        make_texts(&db).await;
        let down = ZrangeBy::lex("[b", "+").rev();
        assert_eq!(db.zrange_by::<String>("t", down).await.unwrap(), texts(&["c", "b"]));
    })
    .await;
}

#[async_std::test]
async fn a_part_of_a_range_is_read_or_stored() {
    both(|_, db| async move {
        db.zadd("x", [(1, "a"), (2, "b"), (3, "c")]).await.unwrap();
        let top = ZrangeBy::score("(1", "+inf").rev().limit(1, 5);
        assert_eq!(db.zrange_by::<String>("x", top.clone()).await.unwrap(), texts(&["b"]));
        let with_scores = db.zrange_by_with_scores::<String>("x", top.clone()).await.unwrap();
        assert_eq!(with_scores, scored(&[("b", 2.0)]));
        assert_eq!(db.zrangestore("to", "x", top).await.unwrap(), 1);
    })
    .await;
}

#[async_std::test]
async fn a_range_by_rank_takes_no_limit() {
    both(|_, db| async move {
        make(&db).await;
        let limited = ZrangeBy::rank(0, 1).limit(0, 1);
        assert!(db.zrange_by::<String>("z", limited).await.unwrap_err().is_server());
    })
    .await;
}

#[async_std::test]
async fn members_are_found_by_a_pattern() {
    both(|_, db| async move {
        make(&db).await;
        let page = db.zscan::<String>("z", 0, ScanOptions::new().pattern("c")).await.unwrap();
        assert_eq!(page.items, scored(&[("c", 3.0)]));
    })
    .await;
}

#[async_std::test]
async fn random_members_repeat_where_the_count_is_negative() {
    both(|_, db| async move {
        db.zadd("x", [(1, "a"), (2, "b"), (3, "c")]).await.unwrap();
        assert!(db.zrandmember::<String>("x").await.unwrap().is_some());
        assert_eq!(db.zrandmember_count::<String>("x", -7).await.unwrap().len(), 7);
        assert_eq!(db.zrandmember_with_scores::<String>("x", 9).await.unwrap().len(), 3);
    })
    .await;
}

#[async_std::test]
async fn the_lowest_and_the_highest_are_taken() {
    both(|_, db| async move {
        make(&db).await;
        assert_eq!(db.zpopmin::<String>("z", 1).await.unwrap(), scored(&[("a", 2.0)]));
        assert_eq!(db.zpopmax::<String>("z", 1).await.unwrap(), scored(&[("d", 5.0)]));
    })
    .await;
}

#[async_std::test]
async fn members_are_removed_by_name_score_rank_and_text() {
    both(|_, db| async move {
        make(&db).await;
        assert_eq!(db.zrem("z", ["b", "none"]).await.unwrap(), 1);
        assert_eq!(db.zremrangebyscore("z", 3, 3).await.unwrap(), 1);
        make_texts(&db).await;
        assert_eq!(db.zremrangebyrank("t", 0, 1).await.unwrap(), 2);
        make_texts(&db).await;
        assert_eq!(db.zremrangebylex("t", "-", "(c").await.unwrap(), 2);
    })
    .await;
}

#[async_std::test]
async fn zadd_writes_on_conditions() {
    both(|_, db| async move {
        db.zadd("x", [(1, "a"), (2, "b"), (3, "c")]).await.unwrap();
        let options = ZaddOptions::new;
        let only_there = options().if_exists();
        assert_eq!(db.zadd_with("x", [(9, "a"), (9, "z")], only_there).await.unwrap(), 0);
        assert_eq!(db.zscore("x", "a").await.unwrap(), Some(9.0));
        let lower = options().if_less().changed();
        assert_eq!(db.zadd_with("x", [(5, "a"), (9, "b")], lower).await.unwrap(), 1);
        let both_ways = options().if_exists().if_greater().changed();
        assert_eq!(db.zadd_with("x", [(9, "q"), (6, "a")], both_ways).await.unwrap(), 1);
    })
    .await;
}

#[async_std::test]
async fn zadd_incr_returns_the_new_score_if_it_was_set() {
    both(|_, db| async move {
        db.zadd("x", [(6, "a")]).await.unwrap();
        let options = ZaddOptions::new;
        assert_eq!(db.zadd_incr("x", 0.5, "a", options()).await.unwrap(), Some(6.5));
        assert_eq!(db.zadd_incr("x", 1.0, "a", options().if_missing()).await.unwrap(), None);
    })
    .await;
}

#[async_std::test]
async fn members_without_scores_are_refused() {
    both(|_, db| async move {
        let none: [(f64, &str); 0] = [];
        assert!(db.zadd("x", none).await.unwrap_err().is_rejected());
        assert!(db.zadd("x", ["1", "a", "2"]).await.unwrap_err().to_string().contains("ZADD"));
    })
    .await;
}
