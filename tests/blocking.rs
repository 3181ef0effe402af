//! Leased connections and blocking commands on a real server, in both protocols.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use futures::future::join_all;
use redmux::{
    ConnectionMultiplexer, Database, ErrorKind, Options,
    database::{
        BlockFor,
        lists::ListEnd,
        sorted_sets::ScoreEnd,
        streams::{XreadGroupOptions, XreadOptions},
    },
};
use redmux_test_support::{RedisServer, both, until};

fn blocked(server: &RedisServer) -> usize {
    let info = server.command(&["INFO", "clients"]);
    let line = info.lines().find_map(|line| line.strip_prefix("blocked_clients:"));
    line.unwrap().trim().parse().unwrap()
}

fn spawn_blpop(
    db: &Database,
    key: &'static str,
) -> async_std::task::JoinHandle<redmux::Result<Option<(String, String)>>> {
    let db = db.clone();
    async_std::task::spawn(async move { db.blpop([key], BlockFor::Forever).await })
}

#[async_std::test]
async fn each_command_gives_what_is_there_and_none_when_the_time_has_passed() {
    let server = RedisServer::start();
    both(&server, |_, muxer| async move {
        let db = muxer.database();
        let short = Duration::from_millis(20);
        let text = |s: &str| s.to_owned();
        db.rpush("l", ["a", "b", "c", "d", "e", "f"]).await.unwrap();
        let pair = Some((text("l"), text("a")));
        assert_eq!(db.blpop::<String, String>(["none", "l"], short).await.unwrap(), pair);
        let pair = Some((text("l"), text("f")));
        assert_eq!(db.brpop::<String, String>("l", BlockFor::Forever).await.unwrap(), pair);
        let (left, right) = (ListEnd::Left, ListEnd::Right);
        let moved = db.blmove::<String>("l", "m", left, right, short).await.unwrap();
        assert_eq!(moved, Some(text("b")));
        let moved = db.brpoplpush::<String>("l", "m", Duration::from_secs(1)).await.unwrap();
        assert_eq!(moved, Some(text("e")));
        let popped = db.blmpop::<String, String>(["l"], left, 5, short).await.unwrap();
        assert_eq!(popped, Some((text("l"), vec![text("c"), text("d")])));
        assert_eq!(db.blpop::<String, String>(["l"], short).await.unwrap(), None);
        assert_eq!(db.blmove::<String>("l", "m", left, right, short).await.unwrap(), None);
        assert_eq!(db.blmpop::<String, String>(["l"], left, 5, short).await.unwrap(), None);

        db.zadd("z", [(1, "a"), (2, "b"), (3, "c"), (4, "d")]).await.unwrap();
        let popped = db.bzpopmin::<String, String>(["z"], short).await.unwrap();
        assert_eq!(popped, Some((text("z"), text("a"), 1.0)));
        let popped = db.bzpopmax::<String, String>(["z"], short).await.unwrap();
        assert_eq!(popped, Some((text("z"), text("d"), 4.0)));
        let popped = db.bzmpop::<String, String>(["z"], ScoreEnd::Lowest, 9, short).await.unwrap();
        assert_eq!(popped, Some((text("z"), vec![(text("b"), 2.0), (text("c"), 3.0)])));
        assert_eq!(db.bzpopmin::<String, String>(["z"], short).await.unwrap(), None);

        let streams = [("s", "0")];
        let none = db.xread_block::<String>([("s", "$")], XreadOptions::new(), short);
        assert!(none.await.unwrap().is_none());
        db.xadd("s", [("f", "v")]).await.unwrap();
        let read = db.xread_block::<String>(streams, XreadOptions::new(), short).await.unwrap();
        assert_eq!(read.unwrap()[0].1.len(), 1);
        muxer.execute::<()>("XGROUP", ("CREATE", "s", "g", "0")).await.unwrap();
        let options = XreadGroupOptions::new;
        let read = db.xreadgroup_block::<String>("g", "me", [("s", ">")], options(), short);
        assert_eq!(read.await.unwrap().unwrap()[0].1.len(), 1);
        let none = db.xreadgroup_block::<String>("g", "me", [("s", ">")], options(), short);
        assert!(none.await.unwrap().is_none());

        // One connection served them all.
        assert_eq!((muxer.status().leases.leased, muxer.status().leases.idle), (0, 1));
        let error = db.blpop::<String, String>(["l"], Duration::ZERO).await.unwrap_err();
        assert!(error.is_rejected() && error.to_string().contains("BlockFor::Forever"), "{error}");
        let error = db.blpop::<String, String>((), BlockFor::Forever).await.unwrap_err();
        assert!(error.is_rejected(), "{error}");
    })
    .await;
}

#[async_std::test]
async fn a_thousand_tasks_go_on_while_one_blocks() {
    let server = RedisServer::start();
    both(&server, |server, muxer| async move {
        let waiter = spawn_blpop(&muxer.database(), "jobs");
        until("somebody blocks", || blocked(server) == 1).await;
        let tasks = (0..1000).map(|_| {
            let db = muxer.database();
            async_std::task::spawn(async move { db.incr("n").await.unwrap() })
        });
        assert_eq!(join_all(tasks).await.into_iter().max(), Some(1000));
        assert_eq!(blocked(server), 1);
        muxer.database().rpush("jobs", "one").await.unwrap();
        assert_eq!(waiter.await.unwrap(), Some(("jobs".to_owned(), "one".to_owned())));
    })
    .await;
}

#[async_std::test]
async fn a_dropped_command_frees_the_server_and_pops_nothing() {
    let server = RedisServer::start();
    both(&server, |server, muxer| async move {
        let db = muxer.database();
        let waiter = spawn_blpop(&db, "jobs");
        until("somebody blocks", || blocked(server) == 1).await;
        waiter.cancel().await;
        until("nobody blocks", || blocked(server) == 0).await;
        db.rpush("jobs", "kept").await.unwrap();
        assert_eq!(db.llen("jobs").await.unwrap(), 1);
        let leases = muxer.status().leases;
        assert_eq!((leases.leased, leases.idle), (0, 0), "it was not clean");
    })
    .await;
}

#[async_std::test]
async fn the_pool_is_bounded_and_who_waits_in_line_is_served() {
    let server = RedisServer::start();
    let options =
        Options::new(server.addr().to_string()).command_timeout(Duration::from_millis(500));
    let muxer = ConnectionMultiplexer::connect(options).await.unwrap();
    let mut leases: Vec<_> =
        join_all((0..32).map(|_| muxer.lease())).await.into_iter().map(Result::unwrap).collect();
    let error = muxer.lease().await.unwrap_err();
    assert!(error.is_timeout() && error.delivery() == redmux::Delivery::NotSent, "{error}");

    let waiting = async_std::task::spawn({
        let muxer = muxer.clone();
        async move { muxer.lease().await }
    });
    until("somebody waits", || muxer.status().leases.waiting == 1).await;
    leases.pop();
    let lease = waiting.await.unwrap();
    lease.database().set("k", "v").await.unwrap();
    drop((lease, leases));
    let status = muxer.status();
    assert_eq!((status.leases.leased, status.leases.idle, status.leases.waiting), (0, 32, 0));
    muxer.close().await;
    until("all are closed", || {
        server.command(&["CLIENT", "LIST"]).lines().filter(|line| !line.is_empty()).count() == 1
    })
    .await;
}

#[async_std::test]
async fn a_changed_connection_is_closed_and_what_breaks_matching_is_refused() {
    let server = RedisServer::start();
    both(&server, |_, muxer| async move {
        let lease = muxer.lease().await.unwrap();
        lease.execute::<()>("SELECT", [3]).await.unwrap();
        lease.database().set("three", "3").await.unwrap();
        assert!(!muxer.database().exists("three").await.map(|n| n > 0).unwrap());
        for name in ["SUBSCRIBE", "MONITOR", "HELLO"] {
            assert!(lease.execute::<()>(name, ["x"]).await.unwrap_err().is_rejected());
        }
        assert!(lease.execute::<()>("CLIENT", ["REPLY", "OFF"]).await.unwrap_err().is_rejected());
        drop(lease);
        assert_eq!(muxer.status().leases.idle, 0);

        let lease = muxer.lease().await.unwrap();
        assert_eq!(lease.execute::<i64>("WAIT", (0, 10)).await.unwrap(), 0);
        let database = lease.database().clone();
        drop(lease);
        assert_eq!(muxer.status().leases.leased, 1, "a clone of the database keeps it");
        assert!(!database.exists("three").await.map(|n| n > 0).unwrap());
        drop(database);
        assert_eq!((muxer.status().leases.leased, muxer.status().leases.idle), (0, 1));
    })
    .await;
}

#[async_std::test]
async fn closing_ends_what_blocks_at_once() {
    let server = RedisServer::start();
    both(&server, |server, muxer| async move {
        let waiter = spawn_blpop(&muxer.database(), "jobs");
        let lease = muxer.lease().await.unwrap();
        until("somebody blocks", || blocked(server) == 1).await;
        muxer.close().await;
        let error = waiter.await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Closed, "{error}");
        assert!(lease.database().get::<String>("k").await.is_err());
        assert_eq!(muxer.lease().await.unwrap_err().kind(), ErrorKind::Closed);
        until("nobody blocks", || blocked(server) == 0).await;
    })
    .await;
}

#[async_std::test]
async fn a_lost_connection_is_told_and_not_used_again() {
    let server = RedisServer::start();
    both(&server, |server, muxer| async move {
        let waiter = spawn_blpop(&muxer.database(), "jobs");
        until("somebody blocks", || blocked(server) == 1).await;
        server.command(&["CLIENT", "KILL", "TYPE", "normal"]);
        let error = waiter.await.unwrap_err();
        assert!(error.is_connection(), "{error}");
        assert_eq!(error.delivery(), redmux::Delivery::MaybeExecuted);
        let db = muxer.database();
        db.rpush("jobs", "one").await.unwrap();
        let popped = db.blpop::<String, String>(["jobs"], Duration::from_secs(5)).await.unwrap();
        assert_eq!(popped, Some(("jobs".to_owned(), "one".to_owned())));
    })
    .await;
}

#[async_std::test]
async fn silence_while_blocking_is_no_sign_of_a_dead_peer() {
    let server = RedisServer::start();
    let options = Options::new(server.addr().to_string())
        .keep_alive(Duration::from_millis(50))
        .probe_after(Duration::from_millis(50))
        .probe_timeout(Duration::from_millis(100));
    let muxer = ConnectionMultiplexer::connect(options).await.unwrap();
    let waiter = spawn_blpop(&muxer.database(), "jobs");
    until("somebody blocks", || blocked(&server) == 1).await;
    async_std::task::sleep(Duration::from_millis(600)).await;
    muxer.database().rpush("jobs", "one").await.unwrap();
    assert_eq!(waiter.await.unwrap(), Some(("jobs".to_owned(), "one".to_owned())));
}
