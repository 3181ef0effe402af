//! Transactions on a real server, in both protocols.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod conditions;
mod cuts;
mod loops;

use std::{collections::BTreeMap, time::Duration};

use futures::{FutureExt, future::join_all};
use redmux::{ConnectionMultiplexer, Delivery, ErrorKind, Options, error::TimeoutStage, pipeline};
use redmux_test_support::{RedisServer, both};

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
            assert!(lengths.into_iter().map(Result::unwrap).eq(1..=count as u64));
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
        assert!(db.transaction(calls).await.unwrap_err().is_rejected());

        let mut polled = db.incr("m");
        assert!((&mut polled).now_or_never().is_none());
        let error = db.transaction((db.incr("n"), polled)).await.unwrap_err();
        assert!(error.is_rejected() && error.to_string().contains("awaited"), "{error}");

        let other = ConnectionMultiplexer::connect(server.addr().to_string()).await.unwrap();
        let elsewhere = other.database();
        let error = db.transaction((db.incr("n"), elsewhere.incr("n"))).await.unwrap_err();
        assert!(error.is_rejected() && error.to_string().contains("another"), "{error}");

        let lease = muxer.lease().await.unwrap();
        let calls = (lease.execute::<()>("EXEC", ()), lease.database().incr("n"));
        assert!(lease.database().transaction(calls).await.unwrap_err().is_rejected());
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
