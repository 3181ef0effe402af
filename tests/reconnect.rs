//! A real server that dies and comes back: events, backlog, delivery, closing.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{sync::Arc, time::Duration};

use futures::{StreamExt, future::join_all};
use redmux::{
    ConnectionMultiplexer, Delivery, ErrorKind, Event, Events, Options,
    events::{ConnectionType, FailureType},
    options::{BacklogPolicy, ConstantDelay},
};
use redmux_test_support::{FaultProxy, RedisServer};

fn options(server: &RedisServer) -> Options {
    Options::new(server.addr().to_string())
        .reconnect_policy(ConstantDelay(Duration::from_millis(20)))
}

async fn next(events: &mut Events) -> Event {
    async_std::future::timeout(Duration::from_secs(20), events.next())
        .await
        .expect("an event comes")
        .expect("the multiplexer is open")
}

#[async_std::test]
async fn failure_and_restoration_are_told_once_each() {
    let server = RedisServer::start();
    let muxer = ConnectionMultiplexer::connect(options(&server)).await.unwrap();
    let mut events = muxer.events();
    server.kill();
    let Event::ConnectionFailed(failed) = next(&mut events).await else { panic!("it failed") };
    assert_eq!(failed.connection_type, ConnectionType::Interactive);
    assert_eq!(failed.failure, FailureType::SocketClosed);
    assert_eq!(failed.endpoint.to_string(), server.addr().to_string());
    // Many attempts fail meanwhile, without an event.
    async_std::task::sleep(Duration::from_millis(200)).await;
    server.restart();
    let Event::ConnectionRestored(restored) = next(&mut events).await else {
        panic!("it was restored")
    };
    assert!(restored.attempts > 1, "{restored:?}");
    assert!(restored.outage >= Duration::from_millis(200), "{restored:?}");
    assert_eq!(muxer.execute::<String>("ECHO", ["hello"]).await.unwrap(), "hello");
    muxer.close().await;
    assert!(events.next().await.is_none());
}

#[async_std::test]
async fn commands_wait_for_the_connection_and_run_once() {
    let server = RedisServer::start();
    let muxer = ConnectionMultiplexer::connect(options(&server)).await.unwrap();
    server.kill();
    // Give the client time to notice, so that nothing is written into the dead socket.
    while muxer.is_connected() {
        async_std::task::sleep(Duration::from_millis(5)).await;
    }
    let waiting = join_all((0..100).map(|_| muxer.execute::<i64>("INCR", ["n"])));
    let restart = async {
        async_std::task::sleep(Duration::from_millis(100)).await;
        server.restart();
    };
    let (results, ()) = futures::future::join(waiting, restart).await;
    let numbers: Vec<i64> = results.into_iter().map(Result::unwrap).collect();
    assert_eq!(numbers, (1..=100).collect::<Vec<i64>>());
}

#[async_std::test]
async fn what_may_have_run_fails_and_says_so() {
    let server = RedisServer::start();
    let muxer = ConnectionMultiplexer::connect(options(&server)).await.unwrap();
    server.pause();
    let in_flight = async_std::task::spawn({
        let muxer = muxer.clone();
        async move { muxer.execute::<i64>("INCR", ["n"]).await }
    });
    while muxer.status().connections[0].diagnostics.in_flight == 0 {
        async_std::task::sleep(Duration::from_millis(5)).await;
    }
    server.restart();
    let error = in_flight.await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionLost);
    assert_eq!(error.delivery(), Delivery::MaybeExecuted);
    assert!(error.to_string().ends_with("may have been executed"), "{error}");
}

#[async_std::test]
async fn failing_fast_is_a_choice() {
    let server = RedisServer::start();
    let options = options(&server).backlog(BacklogPolicy::FailFast);
    let muxer = ConnectionMultiplexer::connect(options).await.unwrap();
    server.kill();
    while muxer.is_connected() {
        async_std::task::sleep(Duration::from_millis(5)).await;
    }
    let error = muxer.execute::<i64>("INCR", ["n"]).await.unwrap_err();
    assert_eq!(error.delivery(), Delivery::NotSent);
    assert!(error.is_connection() && error.is_retryable(), "{error}");
}

#[async_std::test]
async fn a_server_under_load_may_die_again_and_again() {
    let server = RedisServer::start();
    let muxer = ConnectionMultiplexer::connect(options(&server)).await.unwrap();
    let stop = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let workers: Vec<_> = (0..32)
        .map(|worker| {
            let (muxer, stop) = (muxer.clone(), stop.clone());
            async_std::task::spawn(async move {
                let (mut good, mut bad) = (0u32, 0u32);
                // A worker that had no turn between two deaths has one after the last.
                while good == 0 || !stop.load(std::sync::atomic::Ordering::Relaxed) {
                    let text = format!("{worker}-{good}-{bad}");
                    match muxer.execute::<String>("ECHO", [text.clone()]).await {
                        Ok(echo) => {
                            assert_eq!(echo, text, "a reply was swapped");
                            good += 1;
                        }
                        Err(error) => {
                            assert!(error.is_connection(), "{error}");
                            bad += 1;
                        }
                    }
                }
            })
        })
        .collect();
    for _ in 0..5 {
        async_std::task::sleep(Duration::from_millis(150)).await;
        server.restart();
    }
    async_std::task::sleep(Duration::from_millis(150)).await;
    stop.store(true, std::sync::atomic::Ordering::Relaxed);
    join_all(workers).await;
    let state = &muxer.status().connections[0].diagnostics;
    assert_eq!((state.in_flight, state.queued), (0, 0), "{state:?}");
}

#[async_std::test]
async fn closing_lets_what_was_issued_finish() {
    let server = RedisServer::start();
    let muxer = ConnectionMultiplexer::connect(options(&server)).await.unwrap();
    let mut calls: Vec<_> = (0..100).map(|_| muxer.execute::<i64>("INCR", ["n"])).collect();
    // The first poll sends; the reply is awaited after the close has begun.
    for call in &mut calls {
        assert!(futures::poll!(call).is_pending());
    }
    let (results, ()) = futures::future::join(join_all(calls), muxer.close()).await;
    assert!(results.into_iter().all(|result| result.is_ok()));
    let error = muxer.execute::<i64>("INCR", ["n"]).await.unwrap_err();
    assert!(error.is_closed());
    assert_eq!(error.delivery(), Delivery::NotSent);
    assert_eq!(server.command(&["GET", "n"]), "100");
    muxer.close().await;
}

#[async_std::test]
async fn dropping_the_last_handle_closes_the_connection() {
    let server = RedisServer::start();
    let muxer = ConnectionMultiplexer::connect(options(&server)).await.unwrap();
    let clone = muxer.clone();
    let mut events = muxer.events();
    let _subscription = muxer.subscriber().subscribe("c").await.unwrap();
    drop(muxer);
    let clients = || server.command(&["CLIENT", "LIST", "TYPE", "pubsub"]).lines().count();
    assert_eq!(clients(), 1);
    drop(clone);
    assert!(events.next().await.is_none());
    for _ in 0..1000 {
        if clients() == 0 {
            return;
        }
        async_std::task::sleep(Duration::from_millis(5)).await;
    }
    panic!("the connection outlived its last handle");
}

#[async_std::test]
async fn a_demoted_primary_is_left_for_the_one_that_the_name_leads_to() {
    let (old, new) = (RedisServer::start(), RedisServer::start());
    let name = FaultProxy::start(old.addr());
    let muxer = ConnectionMultiplexer::connect(name.addr().to_string()).await.unwrap();
    let mut events = muxer.events();
    let db = muxer.database();
    db.set("k", "before").await.unwrap();
    // A failover: the name leads to the new primary, and nobody ends connections to the old one.
    name.lead_to(new.addr());
    old.command(&["REPLICAOF", "127.0.0.1", &new.port().to_string()]);
    let error = db.set("k", "refused").await.unwrap_err();
    assert_eq!(error.delivery(), Delivery::Answered, "{error}");
    assert!(error.to_string().contains("READONLY"), "{error}");
    // The next one is on the new primary, without an error in between.
    db.set("k", "after").await.unwrap();
    assert_eq!(new.command(&["GET", "k"]).trim(), "after");
    let told = loop {
        if let Event::ConnectionFailed(failed) = next(&mut events).await {
            break failed;
        }
    };
    assert_eq!(told.maybe_executed, 0);
    assert!(told.error.to_string().contains("READONLY"), "{}", told.error);
}
