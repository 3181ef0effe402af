//! Calls that borrow nothing: stored, spawned, and longer alive than the handle that made them.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{sync::Arc, time::Duration};

use futures::{FutureExt, future::join_all};
use redmux::{
    ConnectionMultiplexer, Database, Delivery, ErrorKind, Options, RetryPolicy, command::OwnedCall,
    database::BlockFor,
};
use redmux_test_support::{RedisServer, until};

type Pair = Option<(String, String)>;

async fn connect(server: &RedisServer) -> ConnectionMultiplexer {
    ConnectionMultiplexer::connect(Options::new(server.addr().to_string())).await.unwrap()
}

/// How many connections the server has, besides that of the question.
fn connections(server: &RedisServer) -> usize {
    server.command(&["CLIENT", "LIST"]).lines().filter(|line| !line.is_empty()).count() - 1
}

/// What a program may hold.
struct Held {
    calls: Vec<OwnedCall<i64>>,
}

impl Held {
    fn of(db: &Database) -> Self {
        let keys: Vec<_> = (0..3).map(|number| format!("key:{number}")).collect();
        let mut calls: Vec<_> = keys.iter().map(|key| db.incr(key).owned()).collect();
        calls.push(db.llen("list").reply_as().boxed().owned());
        calls.push(db.execute("STRLEN", "set").owned());
        Self { calls }
    }
}

#[async_std::test]
async fn calls_are_stored_and_spawned() {
    let server = RedisServer::start();
    let muxer = connect(&server).await;
    // Tasks run in any order: no call may depend on what another one writes.
    muxer.database().set("set", "v").await.unwrap();
    let held = Held::of(&muxer.database());
    let sent = muxer.status().connections[0].counters.commands_sent;
    drop(Held::of(&muxer.database()));
    assert_eq!(muxer.status().connections[0].counters.commands_sent, sent, "nothing was sent");
    let tasks = held.calls.into_iter().map(async_std::task::spawn);
    let values: Vec<_> = join_all(tasks).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(values, [1, 1, 1, 0, 1]);
}

#[test]
fn tokio_takes_them_too() {
    let server = RedisServer::start();
    let runtime =
        tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let environment = redmux::tcp::tokio::environment();
        let options = Options::new(server.addr().to_string());
        let muxer = ConnectionMultiplexer::connect_with(options, environment).await.unwrap();
        let db = muxer.database();
        let set = tokio::spawn(db.set("k", "v").owned());
        set.await.unwrap().unwrap();
        let local = tokio::task::LocalSet::new();
        let get = local
            .run_until(async { tokio::task::spawn_local(db.get::<String>("k").owned()).await });
        assert_eq!(get.await.unwrap().unwrap().as_deref(), Some("v"));
    });
}

#[async_std::test]
async fn it_keeps_the_multiplexer_alive_until_it_is_done() {
    let server = RedisServer::start();
    let muxer = connect(&server).await;
    let (waiting, set) = {
        let db = muxer.database();
        let waiting = db.blpop::<String, String>("jobs", BlockFor::Forever).owned();
        (async_std::task::spawn(waiting), db.set("k", "v").owned())
    };
    until("it blocks", || server.command(&["INFO", "clients"]).contains("blocked_clients:1")).await;
    drop(muxer);
    // Not even begun.
    set.await.unwrap();
    assert_eq!(server.command(&["GET", "k"]).trim(), "v");
    server.command(&["RPUSH", "jobs", "one"]);
    let pair: Pair = waiting.await.unwrap();
    assert_eq!(pair, Some(("jobs".to_owned(), "one".to_owned())));
    until("its connections are closed", || connections(&server) == 0).await;
}

#[async_std::test]
async fn on_a_lease_it_keeps_the_lease_and_the_multiplexer() {
    let server = RedisServer::start();
    let muxer = connect(&server).await;
    let lease = muxer.lease().await.unwrap();
    let id: u64 = lease.execute("CLIENT", ["ID"]).await.unwrap();
    let (same, pop) = (
        lease.execute::<u64>("CLIENT", ["ID"]).owned(),
        lease.database().blpop::<String, String>("none", Duration::from_millis(5)).owned(),
    );
    drop(lease);
    assert_eq!(muxer.status().leases.leased, 1);
    drop(muxer);
    assert_eq!(same.await.unwrap(), id);
    assert_eq!(pop.await.unwrap(), None);
    until("its connections are closed", || connections(&server) == 0).await;
}

#[async_std::test]
async fn it_is_treated_as_its_handle_treats_calls() {
    let server = RedisServer::start();
    let muxer = connect(&server).await;
    let session = muxer.profile();
    let db = muxer.database().with_key_prefix("p:").profiled(&session);
    let (set, pop) = (
        db.set("k", 1).timeout(Duration::from_secs(9)).retry(&RetryPolicy::new()).owned(),
        db.blpop::<String, String>("l", Duration::from_secs(9)).owned(),
    );
    assert_eq!(format!("{set:?}"), r#"OwnedCall { command: "SET", .. }"#);
    drop(db);
    set.await.unwrap();
    server.command(&["RPUSH", "p:l", "x"]);
    assert_eq!(pop.await.unwrap(), Some(("l".to_owned(), "x".to_owned())));
    assert_eq!(server.command(&["GET", "p:k"]).trim(), "1");
    let names: Vec<_> = session.finish().records.into_iter().map(|one| one.command.name).collect();
    assert_eq!(names, ["SET", "BLPOP"]);

    let db = muxer.database();
    let late = db.blpop::<String, String>("none", BlockFor::Forever);
    let error = late.timeout(Duration::from_millis(20)).owned().await.unwrap_err();
    assert!(error.is_timeout(), "{error}");
}

#[async_std::test]
async fn what_was_refused_stays_so_and_what_was_awaited_is_not_sent_again() {
    let server = RedisServer::start();
    let muxer = connect(&server).await;
    let db = muxer.database();
    let error = db.execute::<()>("SUBSCRIBE", "c").owned().await.unwrap_err();
    assert_eq!((error.kind(), error.delivery()), (ErrorKind::Command, Delivery::NotSent));
    let mut call = db.incr("n");
    assert!((&mut call).now_or_never().is_none());
    let error = call.owned().await.unwrap_err();
    assert_eq!((error.kind(), error.command_name()), (ErrorKind::Command, Some("INCR")), "{error}");
    let owned = db.incr("m").owned();
    muxer.close().await;
    let error = owned.await.unwrap_err();
    assert_eq!((error.kind(), error.delivery()), (ErrorKind::Closed, Delivery::NotSent));
}

#[async_std::test]
async fn dropping_it_gives_the_command_up() {
    let server = RedisServer::start();
    let muxer = connect(&server).await;
    let blocked = || server.command(&["INFO", "clients"]);
    let mut pop = muxer.database().blpop::<String, String>("jobs", BlockFor::Forever).owned();
    let poll = futures::future::poll_fn(|cx| {
        assert!(pop.poll_unpin(cx).is_pending());
        std::task::Poll::Ready(())
    });
    poll.await;
    let call = Arc::new(std::sync::Mutex::new(Some(pop)));
    until("it blocks", || {
        let mut call = call.lock().unwrap();
        let _ = call.as_mut().unwrap().now_or_never();
        blocked().contains("blocked_clients:1")
    })
    .await;
    drop(call.lock().unwrap().take());
    until("nobody blocks", || blocked().contains("blocked_clients:0")).await;
    assert_eq!(muxer.status().leases.leased, 0);
}
