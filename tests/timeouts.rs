//! Deadlines on a real server that has been stopped, and late replies.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::{Duration, Instant};

use futures::future::join_all;
use redmux::{ConnectionMultiplexer, Delivery, ErrorKind, Options, error::TimeoutStage};
use redmux_test_support::RedisServer;

async fn connect(server: &RedisServer) -> ConnectionMultiplexer {
    // The probe must not end the connection while the server is stopped on purpose.
    let options = Options::new(server.addr().to_string())
        .command_timeout(Duration::from_millis(200))
        .sync_timeout(Duration::from_millis(150))
        .probe_timeout(Duration::from_secs(60));
    ConnectionMultiplexer::connect(options).await.unwrap()
}

#[async_std::test]
async fn a_stopped_server_times_commands_out_and_late_replies_do_no_harm() {
    let server = RedisServer::start();
    let muxer = connect(&server).await;
    muxer.execute::<()>("SET", ("key", "value")).await.unwrap();
    server.pause();
    let start = Instant::now();
    let error = muxer.execute::<String>("GET", ["key"]).await.unwrap_err();
    assert!(start.elapsed() >= Duration::from_millis(200), "{:?}", start.elapsed());
    assert_eq!(error.kind(), ErrorKind::Timeout(TimeoutStage::Response));
    assert_eq!(error.delivery(), Delivery::MaybeExecuted);
    assert_eq!(error.command_name(), Some("GET"));
    let state = error.diagnostics().unwrap();
    assert_eq!((state.in_flight, state.queued, state.connection), (1, 0, "ready"));
    assert!(state.elapsed >= Duration::from_millis(200) && state.last_read.is_some());

    let start = Instant::now();
    let short = muxer.execute::<i64>("INCR", ["n"]).timeout(Duration::from_millis(30));
    assert!(short.await.unwrap_err().is_timeout());
    assert!(start.elapsed() >= Duration::from_millis(30));
    let patient = muxer.execute::<i64>("INCR", ["n"]).timeout(Duration::from_secs(20));
    let resume = async {
        async_std::task::sleep(Duration::from_millis(300)).await;
        server.resume();
    };
    let (patient, ()) = futures::future::join(patient, resume).await;
    // Both increments ran: the first one's reply came late and was eaten.
    assert_eq!(patient.unwrap(), 2);
    assert_eq!(muxer.execute::<String>("GET", ["key"]).await.unwrap(), "value");
}

#[async_std::test]
async fn hundreds_of_timeouts_and_cancellations_keep_replies_in_place() {
    let server = RedisServer::start();
    let muxer = connect(&server).await;
    for round in 0..5 {
        server.pause();
        let calls = (0..200).map(|n| {
            let call = muxer.execute::<String>("ECHO", [format!("{round}-{n}")]);
            async_std::future::timeout(
                Duration::from_millis(1 + n % 60),
                call.timeout(Duration::from_millis(1 + n % 70)),
            )
        });
        join_all(calls).await;
        server.resume();
        let calls = (0..200).map(|n| {
            let text = format!("after {round}-{n}");
            let call =
                muxer.execute::<String>("ECHO", [text.clone()]).timeout(Duration::from_secs(20));
            async move { assert_eq!(call.await.unwrap(), text) }
        });
        join_all(calls).await;
    }
}

#[async_std::test]
async fn the_blocking_api_has_a_timeout_of_its_own() {
    let server = RedisServer::start();
    let muxer = connect(&server).await;
    let (server, muxer) = async_std::task::spawn_blocking(move || {
        let blocking = muxer.blocking();
        blocking.run(muxer.execute::<()>("SET", ("key", "value"))).unwrap();
        assert_eq!(blocking.run(muxer.execute::<String>("GET", ["key"])).unwrap(), "value");
        server.pause();
        let start = Instant::now();
        let error = blocking.run(muxer.execute::<String>("GET", ["key"])).unwrap_err();
        assert!(start.elapsed() >= Duration::from_millis(150));
        assert_eq!(error.diagnostics().unwrap().timeout, Duration::from_millis(150));
        server.resume();
        (server, muxer)
    })
    .await;
    assert_eq!(muxer.execute::<String>("GET", ["key"]).await.unwrap(), "value");
    drop(server);
}

#[async_std::test]
async fn a_silent_peer_is_given_up_within_its_own_deadline() {
    let server = RedisServer::start();
    let options = Options::new(server.addr().to_string())
        .keep_alive(Duration::from_millis(100))
        .probe_after(Duration::from_millis(100))
        .probe_timeout(Duration::from_millis(200));
    let muxer = ConnectionMultiplexer::connect(options).await.unwrap();
    server.pause();
    let start = Instant::now();
    let error = muxer.execute::<String>("ECHO", ["anybody?"]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionLost, "{error}");
    assert_eq!(error.delivery(), Delivery::MaybeExecuted);
    assert!(error.to_string().contains("does not answer a probe"), "{error}");
    assert!(start.elapsed() < Duration::from_secs(4), "{:?}", start.elapsed());
    server.resume();
    assert_eq!(muxer.execute::<String>("ECHO", ["again"]).await.unwrap(), "again");
}
