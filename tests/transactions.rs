//! Transactions on a real server, in both protocols.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    collections::BTreeMap,
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use futures::{FutureExt, future::join_all};
use redmux::{
    ConnectionMultiplexer, Database, Delivery, ErrorKind, Options, TimeoutStage,
    database::{Condition, TransactionOutcome},
    pipeline,
    resp::Protocol,
};
use redmux_test_support::RedisServer;

async fn both<'s, F: Future<Output = ()>>(
    server: &'s RedisServer,
    check: impl Fn(&'s RedisServer, ConnectionMultiplexer) -> F,
) {
    for protocol in [Protocol::Resp3, Protocol::Resp2] {
        let options = Options::new(server.addr().to_string()).protocol(protocol);
        let muxer = ConnectionMultiplexer::connect(options).await.unwrap();
        muxer.database().flushall().await.unwrap();
        check(server, muxer.clone()).await;
        muxer.close().await;
    }
}

#[async_std::test]
async fn each_call_gets_its_own_part() {
    let server = RedisServer::start();
    both(&server, |_, muxer| async move {
        let db = muxer.database();
        let calls = (db.set("greeting", "hello"), db.incr("n"), db.get::<String>("greeting"));
        let ((), n, greeting) = db.transaction(calls).all().await.unwrap();
        let n: i64 = n;
        assert_eq!((n, greeting.as_deref()), (1, Some("hello")));

        db.hset("h", [("a", 1), ("b", 2)]).await.unwrap();
        let calls = (
            db.hgetall::<BTreeMap<String, i64>>("h"),
            db.zadd("z", [(1.5, "m")]),
            db.get::<i64>("no"),
        );
        let (hash, added, none) = db.transaction(calls).all().await.unwrap();
        assert_eq!((hash["b"], added, none), (2, 1, None));

        for count in [1_usize, 3, 5000] {
            let calls = (0..count).map(|n| db.rpush("l", [n])).collect::<Vec<_>>();
            let lengths = db.transaction(calls).await.unwrap();
            assert_eq!(lengths.len(), count);
            assert!(lengths.into_iter().map(Result::unwrap).eq(1..=count as i64));
            db.del("l").await.unwrap();
        }
    })
    .await;
}

#[async_std::test]
async fn an_empty_list_is_empty_at_once() {
    let server = RedisServer::start();
    let muxer = ConnectionMultiplexer::connect(server.addr().to_string()).await.unwrap();
    let db = muxer.database();
    let mut calls = vec![db.incr("n")];
    calls.clear();
    let results = db.transaction(calls).now_or_never().expect("no round trip").unwrap();
    assert!(results.is_empty());
}

#[async_std::test]
async fn a_call_that_fails_leaves_the_others_alone() {
    let server = RedisServer::start();
    both(&server, |_, muxer| async move {
        let db = muxer.database();
        db.set("text", "no number").await.unwrap();
        let calls = || (db.incr("a"), db.incr("text"), db.incr("b"));
        let (a, text, b) = db.transaction(calls()).await.unwrap();
        assert_eq!((a.unwrap(), b.unwrap()), (1, 1));
        let error = text.unwrap_err();
        assert_eq!((error.command_name(), error.delivery()), (Some("INCR"), Delivery::Answered));
        assert!(error.is_server(), "{error}");
        let error = db.transaction(calls()).all().await.unwrap_err();
        assert_eq!(error.command_name(), Some("INCR"));
        assert_eq!(db.get::<i64>("b").await.unwrap(), Some(2));
        // A type that does not fit is the error of its call, too.
        let (set, get) = db.transaction((db.set("s", "x"), db.get::<i64>("s"))).await.unwrap();
        assert!(set.is_ok());
        assert_eq!(get.unwrap_err().kind(), ErrorKind::Decode);
    })
    .await;
}

#[async_std::test]
async fn a_call_that_the_server_refuses_is_named_and_nothing_is_executed() {
    let server = RedisServer::start();
    both(&server, |_, muxer| async move {
        let db = muxer.database();
        let calls = (muxer.execute::<i64>("INCR", ["secret", "secret"]), db.incr("n"));
        let error = db.transaction(calls).await.unwrap_err();
        assert_eq!((error.kind(), error.delivery()), (ErrorKind::Server, Delivery::Answered));
        assert_eq!(error.command_name(), Some("INCR"));
        let text = error.to_string();
        assert!(text.contains("wrong number") && text.contains("whole transaction"), "{text}");
        assert!(!text.contains("secret"), "{text}");

        let calls = vec![muxer.execute::<i64>("INCR", ["n"]), muxer.execute("NOSUCH", ["n"])];
        let error = db.transaction(calls).all().await.unwrap_err();
        assert_eq!(error.command_name(), Some("NOSUCH"));
        assert_eq!(db.get::<i64>("n").await.unwrap(), None);
        // The connection is as it was.
        assert_eq!(db.transaction((db.incr("n"),)).all().await.unwrap(), (1,));
    })
    .await;
}

#[async_std::test]
async fn where_multi_is_forbidden_the_error_says_that_the_calls_may_have_run() {
    let server = RedisServer::start();
    server.command(&["ACL", "SETUSER", "app", "on", ">pw", "~*", "+@all", "-multi"]);
    let options = Options::new(server.addr().to_string()).username("app").password("pw");
    let muxer = ConnectionMultiplexer::connect(options).await.unwrap();
    let db = muxer.database();
    let error = db.transaction((db.incr("n"),)).await.unwrap_err();
    assert_eq!((error.command_name(), error.kind()), (Some("MULTI"), ErrorKind::Server));
    assert_eq!(error.delivery(), Delivery::MaybeExecuted);
    assert!(error.to_string().contains("not in a transaction"), "{error}");
}

#[async_std::test]
async fn refused_and_polled_calls_fail_the_whole_before_anything_is_sent() {
    let server = RedisServer::start();
    both(&server, |server, muxer| async move {
        let db = muxer.database();
        let none: [&str; 0] = [];
        let error = db.transaction((db.incr("n"), db.del(none))).await.unwrap_err();
        assert_eq!((error.kind(), error.delivery()), (ErrorKind::Command, Delivery::NotSent));
        let calls = (db.incr("n"), muxer.execute::<()>("EXEC", ()));
        assert!(db.transaction(calls).await.unwrap_err().is_command());

        let mut polled = db.incr("m");
        assert!((&mut polled).now_or_never().is_none());
        let error = db.transaction((db.incr("n"), polled)).await.unwrap_err();
        assert!(error.is_command() && error.to_string().contains("awaited"), "{error}");

        let other = ConnectionMultiplexer::connect(server.addr().to_string()).await.unwrap();
        let elsewhere = other.database();
        let error = db.transaction((db.incr("n"), elsewhere.incr("n"))).await.unwrap_err();
        assert!(error.is_command() && error.to_string().contains("another"), "{error}");

        let lease = muxer.lease().await.unwrap();
        let calls = (lease.execute::<()>("EXEC", ()), lease.database().incr("n"));
        assert!(lease.database().transaction(calls).await.unwrap_err().is_command());
        assert_eq!(db.get::<i64>("n").await.unwrap(), None);
    })
    .await;
}

#[async_std::test]
async fn nothing_falls_in_between() {
    let server = RedisServer::start();
    both(&server, |_, muxer| async move {
        // All write the same key; inside a transaction it is what the transaction wrote last.
        let tasks = (0..200).map(|task: i64| {
            let muxer = muxer.clone();
            async_std::task::spawn(async move {
                let db = muxer.database();
                for n in 0..10 {
                    let mine = task * 100 + n;
                    let calls = (db.set("k", mine), db.get::<i64>("k"), db.incrby("sum", 1));
                    let ((), read, _) = db.transaction(calls).all().await.unwrap();
                    assert_eq!(read, Some(mine));
                    pipeline((db.set("k", -1), db.incr("others"))).all().await.unwrap();
                }
            })
        });
        join_all(tasks).await;
        let db = muxer.database();
        assert_eq!(db.get::<i64>("sum").await.unwrap(), Some(2000));
        assert_eq!(db.get::<i64>("others").await.unwrap(), Some(2000));
    })
    .await;
}

#[async_std::test]
async fn it_has_a_time_of_its_own_and_says_what_is_known() {
    let server = RedisServer::start();
    both(&server, |server, muxer| async move {
        let db = muxer.database();
        server.pause();
        let short = Duration::from_millis(100);
        let error = db.transaction((db.incr("n"),)).timeout(short).await.unwrap_err();
        server.resume();
        assert_eq!(error.kind(), ErrorKind::Timeout(TimeoutStage::Response), "{error}");
        assert_eq!(error.delivery(), Delivery::MaybeExecuted);
        // Its late replies shift nobody else's.
        assert_eq!(db.transaction((db.incr("m"),)).all().await.unwrap(), (1,));
        let echo: String = muxer.execute("ECHO", ["mine"]).await.unwrap();
        assert_eq!(echo, "mine");
    })
    .await;
}

#[async_std::test]
async fn it_waits_for_a_connection_and_is_withdrawn_whole() {
    let server = RedisServer::start();
    both(&server, |server, muxer| async move {
        let db = muxer.database();
        server.kill();
        let error = loop {
            let short = Duration::from_millis(50);
            let error = db.transaction((db.incr("n"),)).timeout(short).await.unwrap_err();
            if error.is_timeout() {
                break error;
            }
        };
        assert_eq!((error.delivery(), error.is_retryable()), (Delivery::NotSent, true), "{error}");
        let waiting = {
            let db = db.clone();
            async_std::task::spawn(async move {
                let calls = (db.incr("n"), db.incr("n"));
                db.transaction(calls).timeout(Duration::from_secs(30)).all().await
            })
        };
        server.restart();
        assert_eq!(waiting.await.unwrap(), (1, 2), "the one that timed out was not sent");
    })
    .await;
}

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
        assert!(error.is_command(), "{error}");
    })
    .await;
}

#[async_std::test]
async fn conflicts_are_told_and_others_go_on_meanwhile() {
    let server = RedisServer::start();
    both(&server, |_, muxer| async move {
        let db = muxer.database();
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
        assert!(bought.iter().any(|(_, conflicts)| *conflicts > 0), "nobody met anybody");
        assert_eq!(db.get::<i64>("tickets").await.unwrap(), Some(0));
        assert_eq!(db.llen("sold").await.unwrap(), 50);
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
async fn money_moves_between_accounts_and_none_is_made_or_lost() {
    let server = RedisServer::start();
    both(&server, |_, muxer| async move {
        let db = muxer.database();
        let accounts = ["a", "b", "c", "d"];
        for account in accounts {
            db.set(account, 100).await.unwrap();
        }
        let tasks = (0..40_usize).map(|task| {
            let muxer = muxer.clone();
            async_std::task::spawn(async move {
                let db = muxer.database();
                let (from, to) = (accounts[task % 4], accounts[(task / 4 + task + 1) % 4]);
                let amount = 30 + task as i64;
                db.watch([from, to])
                    .attempts(1000)
                    .run(async |db| {
                        let balance: i64 = db.get::<i64>(from).await?.unwrap_or(0);
                        if balance < amount {
                            return Ok(false);
                        }
                        db.transaction((db.decrby(from, amount), db.incrby(to, amount)))
                            .all()
                            .await?;
                        Ok(true)
                    })
                    .await
                    .unwrap()
            })
        });
        let moved = join_all(tasks).await;
        assert!(moved.contains(&true) && moved.contains(&false));
        let mut sum = 0;
        for account in accounts {
            let balance = db.get::<i64>(account).await.unwrap().unwrap();
            assert!(balance >= 0, "{account} has {balance}");
            sum += balance;
        }
        assert_eq!(sum, 400);
    })
    .await;
}

#[async_std::test]
async fn a_counter_that_many_loops_increment_ends_exact() {
    let server = RedisServer::start();
    both(&server, |_, muxer| async move {
        let attempts = Arc::new(AtomicUsize::new(0));
        let tasks = (0..50).map(|_| {
            let (muxer, attempts) = (muxer.clone(), attempts.clone());
            async_std::task::spawn(async move {
                let db = muxer.database();
                for _ in 0..4 {
                    db.watch("n")
                        .attempts(10_000)
                        .run(async |db| {
                            attempts.fetch_add(1, Ordering::SeqCst);
                            let n = db.get::<i64>("n").await?.unwrap_or(0);
                            db.transaction((db.set("n", n + 1),)).all().await
                        })
                        .await
                        .unwrap();
                }
            })
        });
        join_all(tasks).await;
        assert_eq!(muxer.database().get::<i64>("n").await.unwrap(), Some(200));
        let attempts = attempts.load(Ordering::SeqCst);
        assert!(attempts > 200, "nobody met anybody");
        let leases = muxer.status().leases;
        assert!(leases.leased == 0 && leases.idle > 0, "{leases:?}");
    })
    .await;
}

#[async_std::test]
async fn a_list_is_rotated_past_what_is_not_wanted() {
    let server = RedisServer::start();
    both(&server, |_, muxer| async move {
        let db = muxer.database();
        db.rpush("jobs", ["held", "held2", "ready", "held3"]).await.unwrap();
        // Moves what is held behind the first that is not; any number of calls.
        let first = async || {
            db.watch("jobs")
                .run(async |db| {
                    let jobs: Vec<String> = db.lrange("jobs", 0, -1).await?;
                    let Some(place) = jobs.iter().position(|job| !job.starts_with("held")) else {
                        return Ok(None);
                    };
                    let moves = jobs[..place].iter().map(|_| {
                        use redmux::database::ListEnd::{Left, Right};
                        db.lmove::<String>("jobs", "jobs", Left, Right)
                    });
                    db.transaction(moves.collect::<Vec<_>>()).all().await?;
                    Ok(Some(jobs[place].clone()))
                })
                .await
                .unwrap()
        };
        assert_eq!(first().await.as_deref(), Some("ready"));
        let jobs: Vec<String> = db.lrange("jobs", 0, -1).await.unwrap();
        assert_eq!(jobs, ["ready", "held3", "held", "held2"]);
        db.lpop::<String>("jobs").await.unwrap();
        assert_eq!(first().await, None);
        assert_eq!((muxer.status().leases.leased, muxer.status().leases.idle), (0, 1));
    })
    .await;
}

#[async_std::test]
async fn a_loop_that_never_comes_through_says_so() {
    let server = RedisServer::start();
    both(&server, |_, muxer| async move {
        let db = muxer.database();
        let attempts = std::cell::Cell::new(0);
        let error = db
            .watch("n")
            .attempts(3)
            .run(async |watched| {
                attempts.set(attempts.get() + 1);
                db.incr("n").await?;
                // What the closure makes of the conflict does not matter.
                let _ = watched.transaction((watched.set("n", "mine"),)).all().await;
                Ok(())
            })
            .await
            .unwrap_err();
        assert_eq!(attempts.get(), 3);
        assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Conflict, true));
        assert!(error.to_string().contains("3 attempts"), "{error}");
        assert_eq!(db.get::<i64>("n").await.unwrap(), Some(3));
    })
    .await;
}

#[async_std::test]
async fn a_loop_that_gives_up_or_fails_executes_nothing_and_leaves_its_connection_clean() {
    let server = RedisServer::start();
    both(&server, |_, muxer| async move {
        let db = muxer.database();
        db.set("text", "no number").await.unwrap();
        let error = db
            .watch("text")
            .run(async |db| {
                let n: i64 = db.get::<i64>("text").await?.unwrap_or(0);
                db.transaction((db.set("text", n + 1),)).all().await
            })
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Decode);
        // One attempt, one transaction.
        let error = db
            .watch("text")
            .run(async |db| {
                db.transaction((db.incr("first"),)).all().await?;
                db.transaction((db.incr("second"),)).all().await
            })
            .await
            .unwrap_err();
        assert!(error.is_command() && error.to_string().contains("one transaction"), "{error}");
        assert_eq!(db.get::<i64>("second").await.unwrap(), None);
        // Neither a loop within, nor conditions.
        let error =
            db.watch("text").run(async |db| db.watch("x").run(async |_| Ok(())).await).await;
        assert!(error.unwrap_err().is_command());
        let none: [&str; 0] = [];
        assert!(db.watch(none).run(async |_| Ok(())).await.unwrap_err().is_command());
        assert_eq!((muxer.status().leases.leased, muxer.status().leases.idle), (0, 1));

        // Dropped in the middle: what it watches goes with its connection.
        let watch = db.watch("text").run(async |_| {
            std::future::pending::<()>().await;
            Ok(())
        });
        let short = async_std::future::timeout(Duration::from_millis(100), watch);
        assert!(short.await.is_err());
        assert_eq!((muxer.status().leases.leased, muxer.status().leases.idle), (0, 0));
    })
    .await;
}

#[async_std::test]
async fn a_lease_that_watches_by_hand_is_told_of_the_conflict() {
    let server = RedisServer::start();
    both(&server, |_, muxer| async move {
        let db = muxer.database();
        let lease = muxer.lease().await.unwrap();
        lease.execute::<()>("WATCH", ["k"]).await.unwrap();
        db.set("k", "changed").await.unwrap();
        let on_lease = lease.database();
        let error = on_lease.transaction((on_lease.set("k", "mine"),)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Conflict, "{error}");
        assert_eq!(db.get::<String>("k").await.unwrap().as_deref(), Some("changed"));
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

/// Connections are killed again and again: what is reported agrees with what was executed.
#[async_std::test]
async fn cut_connections_leave_nothing_half_done() {
    let server = RedisServer::start();
    both(&server, |server, muxer| async move {
        let done = Arc::new(AtomicBool::new(false));
        let tasks = (0..30_usize).map(|task| {
            let (muxer, done) = (muxer.clone(), done.clone());
            async_std::task::spawn(async move {
                let db = muxer.database();
                let (mut committed, mut perhaps) = (0, 0);
                while !done.load(Ordering::SeqCst) {
                    let both = (db.incr("one"), db.incr("two"));
                    let result = match task % 3 {
                        0 => db.transaction(both).all().await.map(|_| true),
                        1 => {
                            let free = !Condition::key_exists("none");
                            let outcome = db.transaction(both).when(free).all().await;
                            outcome.map(|outcome| outcome.committed().is_some())
                        }
                        _ => {
                            let attempt = db.watch("one").attempts(50).run(async |db| {
                                let n: i64 = db.get::<i64>("one").await?.unwrap_or(0);
                                let both = (db.set("one", n + 1), db.incr("two"));
                                db.transaction(both).all().await?;
                                Ok(true)
                            });
                            attempt.await
                        }
                    };
                    match result {
                        Ok(true) => committed += 1,
                        Ok(false) => {}
                        // Also of a read in a loop, which is then counted for nothing.
                        Err(error) if error.delivery() == Delivery::MaybeExecuted => perhaps += 1,
                        Err(error) => {
                            assert!(error.is_connection() || error.is_retryable(), "{error}")
                        }
                    }
                }
                (committed, perhaps)
            })
        });
        let tasks = tasks.collect::<Vec<_>>();
        for _ in 0..30 {
            async_std::task::sleep(Duration::from_millis(20)).await;
            server.command(&["CLIENT", "KILL", "TYPE", "normal"]);
        }
        done.store(true, Ordering::SeqCst);
        let counts = join_all(tasks).await;
        let committed: i64 = counts.iter().map(|(committed, _)| committed).sum();
        let perhaps: i64 = counts.iter().map(|(_, perhaps)| perhaps).sum();
        assert!(perhaps > 0, "no connection was cut in the middle");
        let db = muxer.database();
        // What was cut may still be executed until its connection is gone.
        let values = db.mget::<i64>(["one", "two"]).await.unwrap();
        let values: Vec<i64> = values.into_iter().map(Option::unwrap).collect();
        assert_eq!(values[0], values[1]);
        assert!(
            (committed..=committed + perhaps).contains(&values[0]),
            "{} executed, {committed} committed, {perhaps} perhaps",
            values[0]
        );
    })
    .await;
}
