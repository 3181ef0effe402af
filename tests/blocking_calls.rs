//! What calls can do, commands that wait on the server can do too.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{future::Future, time::Duration};

use futures::StreamExt;
use redmux::{
    BoxCall, ConnectionMultiplexer, Delivery, ErrorKind, Event, Options, RetryPolicy,
    command::SideEffects,
    database::{BlockFor, lists::ListEnd},
    error::TimeoutStage,
    observe::CommandOutcome,
    options::CircuitBreaker,
    resp::Value,
};
use redmux_test_support::{RedisServer, both, until};

type Pair = Option<(String, String)>;

fn pair(key: &str, value: &str) -> Pair {
    Some((key.to_owned(), value.to_owned()))
}

fn blocked(server: &RedisServer) -> usize {
    let info = server.command(&["INFO", "clients"]);
    let line = info.lines().find_map(|line| line.strip_prefix("blocked_clients:"));
    line.unwrap().trim().parse().unwrap()
}

/// A second attempt wherever one is possible.
fn again() -> RetryPolicy {
    let wait = Duration::from_millis(1);
    RetryPolicy::new().attempts(5).up_to(SideEffects::WriteAccumulating).backoff(wait, wait)
}

async fn connect(
    server: &RedisServer,
    change: impl FnOnce(Options) -> Options,
) -> ConnectionMultiplexer {
    let options = change(Options::new(server.addr().to_string()));
    ConnectionMultiplexer::connect(options).await.unwrap()
}

/// Ends the connections on which something blocks.
fn kill_blocked(server: &RedisServer) {
    for line in
        server.command(&["CLIENT", "LIST"]).lines().filter(|line| line.contains(" flags=b "))
    {
        let id = line.split_once("id=").unwrap().1.split_once(' ').unwrap().0;
        server.command(&["CLIENT", "KILL", "ID", id]);
    }
}

fn is_send_and_sync<T: Send + Sync>(value: T) -> T {
    value
}

#[async_std::test]
async fn a_call_has_the_time_it_was_given_and_pops_nothing_afterwards() {
    let server = RedisServer::start();
    both(&server, |server, muxer| async move {
        let db = muxer.database();
        let call = db.blpop::<String, String>("jobs", BlockFor::Forever);
        let error = is_send_and_sync(call).timeout(Duration::from_millis(50)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Timeout(TimeoutStage::Response), "{error}");
        assert_eq!(error.delivery(), Delivery::MaybeExecuted);
        assert_eq!(error.command_name(), Some("BLPOP"));
        until("nobody blocks", || blocked(server) == 0).await;
        db.rpush("jobs", "kept").await.unwrap();
        assert_eq!(db.llen("jobs").await.unwrap(), 1);
        assert_eq!((muxer.status().leases.leased, muxer.status().leases.idle), (0, 0));
    })
    .await;
}

#[async_std::test]
async fn the_time_it_was_given_is_for_the_lease_too() {
    let server = RedisServer::start();
    let muxer = connect(&server, |options| options.max_leased(1)).await;
    let session = muxer.profile();
    let db = muxer.database().profiled(&session);
    let lease = muxer.lease().await.unwrap();
    let call =
        db.blpop::<String, String>("jobs", BlockFor::Forever).timeout(Duration::from_millis(20));
    let error = call.await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout(TimeoutStage::Queue), "{error}");
    assert_eq!((error.delivery(), error.command_name()), (Delivery::NotSent, Some("BLPOP")));
    assert!(error.to_string().contains("maxLeased"), "{error}");
    // Observers see that too.
    let records = session.finish().records;
    assert_eq!(records.len(), 1);
    assert!(matches!(records[0].outcome, CommandOutcome::Failed(_)), "{}", records[0]);
    assert_eq!((records[0].timings.queued, records[0].timings.sent), (None, None));
    drop(lease);
    assert_eq!(db.blpop::<String, String>("jobs", Duration::from_millis(1)).await.unwrap(), None);
}

#[async_std::test]
async fn each_attempt_leases_another_connection_and_observers_see_one_call() {
    let server = RedisServer::start();
    both(&server, |server, muxer| async move {
        let session = muxer.profile();
        let db = muxer.database().profiled(&session);
        let task = async_std::task::spawn({
            let db = db.clone();
            async move { db.blpop::<String, String>("jobs", BlockFor::Forever).retry(&again()).await }
        });
        for _ in 0..2 {
            until("it blocks", || blocked(server) == 1).await;
            kill_blocked(server);
            until("that connection is gone", || muxer.status().leases.opened > 1).await;
        }
        until("it blocks again", || blocked(server) == 1).await;
        db.rpush("jobs", "one").await.unwrap();
        assert_eq!(task.await.unwrap(), pair("jobs", "one"));
        let records = session.finish().records;
        let record = records.iter().find(|record| record.command.name == "BLPOP").unwrap();
        assert_eq!(records.len(), 2);
        assert!(record.attempts >= 2, "{record}");
        assert_eq!(record.outcome, CommandOutcome::Succeeded);
        let timings = &record.timings;
        assert!(timings.queued.unwrap() <= timings.sent.unwrap(), "{record}");
        assert!(timings.sent.unwrap() <= timings.answered.unwrap(), "{record}");
        assert!(timings.answered.unwrap() <= timings.ended, "{record}");
        assert_eq!(muxer.status().leases.leased, 0);
    })
    .await;
}

#[async_std::test]
async fn the_policy_of_a_handle_gives_each_attempt_its_full_time() {
    let server = RedisServer::start();
    // Longer than all of the policy's time.
    let within = Duration::from_millis(100);
    let muxer = connect(&server, |options| options.command_timeout(Duration::from_secs(10))).await;
    let db = muxer.database().with_retry(again().within(within));
    let popped = db.blpop::<String, String>("none", 4 * within).await.unwrap();
    assert_eq!(popped, None);
    // A time of its own is for all attempts.
    let call = db.blpop::<String, String>("none", BlockFor::Forever).retry(&again());
    let error = call.timeout(within).await.unwrap_err();
    assert!(error.is_timeout(), "{error}");
}

#[async_std::test]
async fn any_command_that_waits_does_so_for_the_time_that_its_words_say() {
    let server = RedisServer::start();
    // Shorter than any of the waits: these come on top of it.
    let muxer =
        connect(&server, |options| options.command_timeout(Duration::from_millis(300))).await;
    let db = muxer.database();
    let none: Pair = db.execute_blocking("BLPOP", ("none", 0.6)).await.unwrap();
    assert_eq!(none, None);
    let none: Value =
        db.execute_blocking("XREAD", ("BLOCK", 600, "STREAMS", "none", "$")).await.unwrap();
    assert_eq!(none, Value::Null);
    let prefixed = db.with_key_prefix("p:");
    let waits = prefixed.execute_blocking::<Pair>("blpop", ("list", 0));
    let pushes = async {
        until("one that waits", || blocked(&server) == 1).await;
        db.rpush("p:list", "x").await.unwrap();
    };
    let (popped, ()) = futures::join!(waits, pushes);
    assert_eq!(popped.unwrap(), pair("list", "x"));
    for (name, words) in [
        ("GET", &["k"][..]),
        ("BLPOP", &["k", "soon"]),
        ("XREAD", &["STREAMS", "k", "0"]),
        ("WAIT", &["0", "0"]),
    ] {
        let refused = db.execute_blocking::<()>(name, words).await.unwrap_err();
        assert_eq!(refused.kind(), ErrorKind::Command, "{name}: {refused}");
        assert_eq!(refused.delivery(), Delivery::NotSent, "{name}");
        assert!(refused.to_string().contains("does not wait"), "{refused}");
    }
}

#[async_std::test]
async fn calls_change_their_reply_type_and_get_a_name() {
    let server = RedisServer::start();
    let muxer = connect(&server, |options| options).await;
    let db = muxer.database();
    db.rpush("l", ["a", "b", "c"]).await.unwrap();
    let short = Duration::from_millis(20);
    let value = db.blpop::<String, String>("l", short).reply_as::<Value>().await.unwrap();
    assert_eq!(value.to_string().matches('a').count(), 1, "{value}");
    let named: Vec<BoxCall<'_, Pair>> =
        vec![db.blpop("l", short).boxed(), db.brpop("l".to_owned(), short).boxed()];
    let results = redmux::pipeline(named).all().await.unwrap();
    let mut values: Vec<_> = results.into_iter().map(|pair| pair.unwrap().1).collect();
    values.sort();
    assert_eq!(values, ["b", "c"]);
    let erased = db.blmove::<String>("l", "m", ListEnd::Left, ListEnd::Right, short).erased();
    assert!(erased.await.unwrap().reply().is_null());
    // An error of the server's is one.
    db.set("text", "x").await.unwrap();
    let error = db.blpop::<String, String>("text", short).await.unwrap_err();
    assert_eq!((error.kind(), error.command_name()), (ErrorKind::Server, Some("BLPOP")), "{error}");
    assert_eq!((muxer.status().leases.leased, muxer.status().leases.idle), (0, 2));
}

#[async_std::test]
async fn calls_of_a_pipeline_wait_side_by_side() {
    let server = RedisServer::start();
    both(&server, |server, muxer| async move {
        let task = async_std::task::spawn({
            let db = muxer.database();
            async move {
                let keys = ["a", "b", "c"];
                let calls = keys.map(|key| db.blpop::<String, String>(key, BlockFor::Forever));
                redmux::pipeline(Vec::from(calls)).all().await
            }
        });
        until("all block", || blocked(server) == 3).await;
        let db = muxer.database();
        // The first of them is answered last.
        for key in ["c", "b", "a"] {
            db.rpush(key, key.to_uppercase()).await.unwrap();
        }
        assert_eq!(task.await.unwrap(), [pair("a", "A"), pair("b", "B"), pair("c", "C")]);

        let calls = (
            db.blpop::<String, String>("x", BlockFor::Forever),
            db.blpop::<String, String>("y", BlockFor::Forever),
            db.rpush("y", 1),
            db.rpush("x", 2),
        );
        let (x, y, ..) = redmux::pipeline(calls).all().await.unwrap();
        assert_eq!((x, y), (pair("x", "2"), pair("y", "1")));
        assert_eq!(muxer.status().leases.leased, 0);
    })
    .await;
}

#[async_std::test]
async fn it_is_neither_forgotten_nor_part_of_a_transaction() {
    let server = RedisServer::start();
    let muxer = connect(&server, |options| options).await;
    let db = muxer.database();
    let error = db.blpop::<String, String>("l", BlockFor::Forever).forget().unwrap_err();
    assert_eq!((error.kind(), error.delivery()), (ErrorKind::Command, Delivery::NotSent));
    assert!(error.to_string().contains("spawn"), "{error}");
    let calls = (db.set("k", 1), db.blpop::<String, String>("l", BlockFor::Forever));
    let error = db.transaction(calls).all().await.unwrap_err();
    assert_eq!((error.kind(), error.delivery()), (ErrorKind::Command, Delivery::NotSent));
    assert_eq!(error.command_name(), Some("BLPOP"));
    assert_eq!(db.get::<i64>("k").await.unwrap(), None);
    // What is refused leases nothing.
    let prefixed = muxer.database().with_key_prefix("p:");
    let error = prefixed.blpop::<String, String>((), BlockFor::Forever).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Command);
    assert_eq!(muxer.status().leases.opened, 0);
}

#[async_std::test]
async fn on_a_lease_it_runs_there() {
    let server = RedisServer::start();
    both(&server, |server, muxer| async move {
        let lease = muxer.lease().await.unwrap();
        let id: u64 = lease.execute("CLIENT", ["ID"]).await.unwrap();
        let db = lease.database().clone();
        let task = async_std::task::spawn(async move {
            db.blpop::<String, String>("jobs", BlockFor::Forever).await
        });
        until("it blocks", || blocked(server) == 1).await;
        assert_eq!(muxer.status().leases.leased, 1);
        let clients = server.command(&["CLIENT", "LIST", "ID", &id.to_string()]);
        assert!(clients.contains("cmd=blpop"), "{clients}");
        muxer.database().rpush("jobs", "one").await.unwrap();
        assert_eq!(task.await.unwrap(), pair("jobs", "one"));
        drop(lease);
        assert_eq!((muxer.status().leases.leased, muxer.status().leases.idle), (0, 1));
    })
    .await;
}

#[async_std::test]
async fn a_threads_call_waits_as_long_as_the_server() {
    let server = RedisServer::start();
    let short = Duration::from_millis(100);
    let muxer = connect(&server, |options| options.sync_timeout(short)).await;
    let blocking = muxer.blocking();
    let (got, waited) = async_std::task::spawn_blocking(move || {
        let db = blocking.database();
        let begun = std::time::Instant::now();
        let got = blocking.run(db.blpop::<String, String>("jobs", 4 * short));
        (got, begun.elapsed())
    })
    .await;
    assert_eq!(got.unwrap(), None);
    assert!(waited >= 4 * short, "{waited:?}");
    let blocking = muxer.blocking();
    let error = async_std::task::spawn_blocking(move || {
        let db = blocking.database();
        blocking.run(db.blpop::<String, String>("jobs", BlockFor::Forever).timeout(short))
    });
    let error = error.await.unwrap_err();
    // It was sent, whatever became of it on the shared connection.
    assert_eq!(error.kind(), ErrorKind::Timeout(TimeoutStage::Response), "{error}");
    assert_eq!(error.delivery(), Delivery::MaybeExecuted);
}

#[async_std::test]
async fn the_circuit_breaker_counts_lost_connections_but_no_lack_of_them() {
    let server = RedisServer::start();
    let pause = Duration::from_secs(60);
    let breaker = CircuitBreaker::new().failures(1).pause(pause);
    let muxer = connect(&server, |options| options.max_leased(1).circuit_breaker(breaker)).await;
    let mut events = muxer.events();
    let db = muxer.database();
    let lease = muxer.lease().await.unwrap();
    let call =
        db.blpop::<String, String>("jobs", BlockFor::Forever).timeout(Duration::from_millis(20));
    assert!(call.await.unwrap_err().is_timeout());
    db.set("k", 1).await.unwrap();
    drop(lease);

    let call = db.blpop::<String, String>("jobs", BlockFor::Forever);
    let kill = async {
        until("it blocks", || blocked(&server) == 1).await;
        kill_blocked(&server);
    };
    let (lost, ()) = futures::join!(call, kill);
    assert!(lost.unwrap_err().is_connection());
    let error = db.blpop::<String, String>("jobs", BlockFor::Forever).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::CircuitOpen, "{error}");
    assert_eq!((error.delivery(), error.command_name()), (Delivery::NotSent, Some("BLPOP")));
    assert_eq!(db.get::<i64>("k").await.unwrap_err().kind(), ErrorKind::CircuitOpen);
    let opened = events
        .by_ref()
        .filter(|event| std::future::ready(matches!(event, Event::CircuitOpened(_))));
    let opened = Box::pin(opened).into_future();
    let opened = async_std::future::timeout(pause, opened).await;
    assert!(opened.unwrap().0.is_some());
}

#[async_std::test]
async fn a_call_that_is_given_up_while_it_retries_or_leases_leaves_nothing() {
    let server = RedisServer::start();
    let muxer = connect(&server, |options| options.max_leased(1)).await;
    let db = muxer.database();
    let lease = muxer.lease().await.unwrap();
    let mut waiting =
        Box::pin(db.blpop::<String, String>("jobs", BlockFor::Forever).retry(&again()));
    assert!(poll_once(waiting.as_mut()).is_none());
    assert_eq!(muxer.status().leases.waiting, 1);
    drop(waiting);
    assert_eq!(muxer.status().leases.waiting, 0);
    drop(lease);
    // On an idle connection it is sent by the first poll.
    let mut sent = Box::pin(db.blpop::<String, String>("jobs", BlockFor::Forever));
    assert!(poll_once(sent.as_mut()).is_none());
    until("it blocks", || blocked(&server) == 1).await;
    drop(sent);
    until("nobody blocks", || blocked(&server) == 0).await;
}

fn poll_once<F: Future>(future: std::pin::Pin<&mut F>) -> Option<F::Output> {
    futures::FutureExt::now_or_never(future)
}

#[test]
fn a_key_has_a_slot_and_nothing_is_asked_for_it() {
    let server = RedisServer::start();
    let blocking = redmux::blocking::connect(server.addr().to_string()).unwrap();
    for (key, slot) in
        [("foo", 12_182), ("{foo}:1", 12_182), ("a{foo}{bar}", 12_182), ("bar", 5_061)]
    {
        assert_eq!(blocking.hash_slot(key), slot, "{key}");
        assert_eq!(blocking.multiplexer().hash_slot(key.as_bytes()), slot, "{key}");
    }
    assert_eq!(blocking.hash_slot(""), 0);
}
