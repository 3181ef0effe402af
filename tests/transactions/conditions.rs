//! Transactions with conditions.

use std::time::Duration;

use futures::future::join_all;
use redmux::{
    ConnectionMultiplexer, Database, Delivery, Options,
    database::transactions::{Condition, TransactionOutcome},
};
use redmux_test_support::RedisServer;

use crate::both;

/// Whether a transaction with this condition was executed.
async fn holds(db: &Database, condition: Condition) -> bool {
    let before: i64 = db.get("ran").await.unwrap().unwrap_or(0);
    let outcome = db.transaction((db.incr("ran"),)).when(condition).all().await.unwrap();
    let after: i64 = db.get("ran").await.unwrap().unwrap_or(0);
    match outcome {
        TransactionOutcome::Committed((n,)) => assert_eq!((n, after), (before + 1, before + 1)),
        other => {
            assert_eq!((&other, after), (&TransactionOutcome::ConditionsFailed(vec![0]), before));
            return false;
        }
    }
    true
}

#[async_std::test]
async fn every_condition_holds_when_it_should_and_its_opposite_when_not() {
    let server = RedisServer::start();
    both(&server, |_, muxer| async move {
        use Condition as C;
        let db = muxer.database();
        db.set("s", "text").await.unwrap();
        db.set("bytes", b"\xff\0\r\n").await.unwrap();
        db.hset("h", [("f", "v"), ("n", "7")]).await.unwrap();
        db.rpush("l", ["a", "b", "c"]).await.unwrap();
        db.sadd("set", ["m", "n"]).await.unwrap();
        db.zadd("z", [(1.5, "one"), (1.5, "onto"), (1.5, "two")]).await.unwrap();
        db.zadd("scores", [(1.0, "a"), (2.0, "b"), (2.0, "c"), (f64::INFINITY, "d")])
            .await
            .unwrap();
        db.xadd("x", [("f", "v")]).await.unwrap();
        let (yes, no) = (true, false);
        let conditions = [
            (yes, C::key_exists("s")),
            (no, C::key_exists("none")),
            (yes, C::string_equal("s", "text")),
            (no, C::string_equal("s", "Text")),
            (no, C::string_equal("none", "")),
            (yes, C::string_equal("bytes", b"\xff\0\r\n")),
            (yes, C::string_length("s", 4)),
            (no, C::string_length("s", ..4)),
            (yes, C::string_length("none", 0)),
            (yes, C::hash_exists("h", "f")),
            (no, C::hash_exists("h", "g")),
            (no, C::hash_exists("none", "f")),
            (yes, C::hash_equal("h", "f", "v")),
            (yes, C::hash_equal("h", "n", 7)),
            (no, C::hash_equal("h", "f", "w")),
            (no, C::hash_equal("h", "g", "v")),
            (yes, C::hash_length("h", 1..3)),
            (no, C::hash_length("h", 3..)),
            (yes, C::list_index_exists("l", -3)),
            (no, C::list_index_exists("l", 3)),
            (yes, C::list_index_equal("l", -1, "c")),
            (no, C::list_index_equal("l", 0, "c")),
            (no, C::list_index_equal("l", 9, "c")),
            (yes, C::list_length("l", ..=3)),
            (no, C::list_length("l", ..3)),
            (yes, C::set_contains("set", "m")),
            (no, C::set_contains("set", "o")),
            (yes, C::set_length("set", 2..=2)),
            (no, C::set_length("set", 1)),
            (yes, C::sorted_set_contains("z", "one")),
            (no, C::sorted_set_contains("z", "on")),
            (yes, C::sorted_set_contains_starting("z", "on")),
            (yes, C::sorted_set_contains_starting("z", "onto")),
            (no, C::sorted_set_contains_starting("z", "ont_")),
            (no, C::sorted_set_contains_starting("z", "zz")),
            (no, C::sorted_set_contains_starting("none", "")),
            (yes, C::sorted_set_equal("z", "one", 1.5)),
            (no, C::sorted_set_equal("z", "one", 1.0)),
            (no, C::sorted_set_equal("z", "none", 1.5)),
            (yes, C::sorted_set_equal("scores", "d", f64::INFINITY)),
            (yes, C::sorted_set_score_exists("scores", 2.0)),
            (no, C::sorted_set_score_exists("scores", 3.0)),
            (yes, C::sorted_set_count("scores", 2.0, 2.0, 2)),
            (no, C::sorted_set_count("scores", 2.0, 2.0, 1)),
            (yes, C::sorted_set_count("scores", f64::NEG_INFINITY, 2.0, 3)),
            (yes, C::sorted_set_length("scores", 4)),
            (no, C::sorted_set_length("scores", 5..)),
            (yes, C::stream_length("x", 1)),
            (no, C::stream_length("none", 1..)),
        ];
        for (expected, condition) in conditions {
            let text = format!("{condition:?}");
            assert_eq!(holds(&db, condition.clone()).await, expected, "{text}");
            assert_eq!(holds(&db, !condition).await, !expected, "not {text}");
        }
        // All were on one connection, which is clean again.
        assert_eq!((muxer.status().leases.leased, muxer.status().leases.idle), (0, 1));
    })
    .await;
}

#[async_std::test]
async fn of_several_conditions_those_that_failed_are_named() {
    let server = RedisServer::start();
    both(&server, |_, muxer| async move {
        let db = muxer.database();
        db.set("a", 1).await.unwrap();
        let outcome = db
            .transaction(vec![db.incr("a")])
            .when(Condition::string_equal("a", 1))
            .when(Condition::key_exists("b"))
            .when(Condition::string_equal("a", 2))
            .await
            .unwrap();
        assert!(
            matches!(outcome, TransactionOutcome::ConditionsFailed(places) if places == [1, 2])
        );
        let outcome = db
            .transaction(vec![db.incr("a")])
            .when(Condition::string_equal("a", 1))
            .when(!Condition::key_exists("b"))
            .await
            .unwrap();
        assert_eq!(outcome.committed().unwrap().pop().unwrap().unwrap(), 2);
    })
    .await;
}

#[async_std::test]
async fn a_condition_on_the_wrong_type_is_an_error_and_executes_nothing() {
    let server = RedisServer::start();
    both(&server, |_, muxer| async move {
        let db = muxer.database();
        db.set("s", "secret").await.unwrap();
        let transaction = db.transaction((db.incr("n"),)).when(Condition::list_length("s", 0));
        let error = transaction.await.unwrap_err();
        assert_eq!(error.command_name(), Some("LLEN"));
        assert_eq!(error.server().unwrap().code(), "WRONGTYPE");
        assert_eq!(db.get::<i64>("n").await.unwrap(), None);
        assert_eq!(muxer.status().leases.idle, 0, "what watches is not used again");

        let lease = muxer.lease().await.unwrap();
        let on_lease = lease.database();
        let calls = (on_lease.incr("n"),);
        let error = on_lease.transaction(calls).when(Condition::key_exists("s")).await.unwrap_err();
        assert!(error.is_rejected(), "{error}");
    })
    .await;
}

#[async_std::test]
async fn conflicts_are_told_and_others_go_on_meanwhile() {
    let server = RedisServer::start();
    both(&server, |_, muxer| async move {
        let db = muxer.database();
        for _ in 0..100 {
            db.set("tickets", 50).await.unwrap();
            // Thousands of other commands, none of which falls in between.
            let others = (0..50).map(|_| {
                let db = muxer.database();
                async_std::task::spawn(async move {
                    for _ in 0..100 {
                        db.set("probe", -1).await.unwrap();
                    }
                })
            });
            let others = others.collect::<Vec<_>>();
            let buyers = (0..100).map(|buyer| {
                let muxer = muxer.clone();
                async_std::task::spawn(async move {
                    let db = muxer.database();
                    let mut conflicts = 0;
                    loop {
                        let calls = (
                            db.set("probe", buyer),
                            db.decr("tickets"),
                            db.get::<i64>("probe"),
                            db.rpush("sold", buyer),
                        );
                        let left = Condition::string_equal("tickets", 0);
                        let patient = Duration::from_secs(60);
                        let transaction = db.transaction(calls).when(!left).timeout(patient);
                        match transaction.all().await.unwrap() {
                            TransactionOutcome::Committed(((), left, probe, _)) => {
                                assert!(left >= 0);
                                assert_eq!(probe, Some(buyer));
                                return (1, conflicts);
                            }
                            TransactionOutcome::ConditionsFailed(_) => return (0, conflicts),
                            _ => conflicts += 1,
                        }
                    }
                })
            });
            let bought = join_all(buyers).await;
            join_all(others).await;
            assert_eq!(bought.iter().map(|(bought, _)| bought).sum::<i32>(), 50);
            assert_eq!(db.get::<i64>("tickets").await.unwrap(), Some(0));
            assert_eq!(db.llen("sold").await.unwrap(), 50);
            // Whether two buyers meet is chance.
            if bought.iter().any(|(_, conflicts)| *conflicts > 0) {
                return;
            }
            db.del("sold").await.unwrap();
        }
        panic!("nobody met anybody");
    })
    .await;
}

#[async_std::test]
async fn a_transaction_with_conditions_has_one_time_for_all_of_it() {
    let server = RedisServer::start();
    both(&server, |server, muxer| async move {
        let db = muxer.database();
        assert!(holds(&db, !Condition::key_exists("none")).await);
        server.pause();
        let transaction = db.transaction((db.incr("n"),)).when(!Condition::key_exists("none"));
        let error = transaction.timeout(Duration::from_millis(100)).await.unwrap_err();
        server.resume();
        assert!(error.is_timeout(), "{error}");
        assert_eq!((error.delivery(), error.is_retryable()), (Delivery::NotSent, true));
        assert_eq!(db.get::<i64>("n").await.unwrap(), None);
        assert!(holds(&db, !Condition::key_exists("none")).await);
    })
    .await;
}

#[async_std::test]
async fn checks_of_integrity_stay_outside() {
    let server = RedisServer::start();
    let options = Options::new(server.addr().to_string()).high_integrity(true);
    let muxer = ConnectionMultiplexer::connect(options).await.unwrap();
    let db = muxer.database();
    for n in 0..100 {
        let calls = (db.set("k", n), db.get::<i64>("k"));
        assert_eq!(db.transaction(calls).all().await.unwrap().1, Some(n));
    }
    assert!(holds(&db, Condition::key_exists("k")).await);
}
