//! The same multiplexer on each native runtime, against a real server.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use futures::{StreamExt, future::join_all};
use redmux::{
    ConnectionMultiplexer, ErrorKind, Event, Options,
    error::{ConnectStage, TimeoutStage},
    options::ConstantDelay,
    transport::Environment,
};
use redmux_tcp as tcp;
use redmux_test_support::RedisServer;

/// Two deployments, of which one dies.
#[cfg(feature = "topology")]
async fn a_group_goes_on(far: &RedisServer, environment: Environment) {
    use redmux::group::{GroupMember, GroupOptions};

    let near = RedisServer::start();
    let members = [
        GroupMember::new("near", near.addr().to_string()).weight(2.0),
        GroupMember::new("far", far.addr().to_string()),
    ];
    let connected =
        ConnectionMultiplexer::connect_group_with(members, GroupOptions::new(), environment);
    let muxer = connected.await.unwrap();
    muxer.database().set("where", "near").await.unwrap();
    near.kill();
    let db = muxer.database();
    while db.set("where", "far").timeout(Duration::from_secs(20)).await.is_err() {}
    assert_eq!(far.command(&["GET", "where"]).trim(), "far");
    muxer.close().await;
}

/// What every runtime must do: calls, big values, timers, pushes, reconnects, refusals.
async fn everyday(environment: Environment) {
    let server = RedisServer::builder().unix_socket().start().unwrap();
    let options = Options::new(server.addr().to_string())
        .probe_timeout(Duration::from_secs(60))
        .reconnect_policy(ConstantDelay(Duration::from_millis(20)));
    let muxer = ConnectionMultiplexer::connect_with(options, environment.clone()).await.unwrap();
    let db = muxer.database();

    let many = join_all((0..1000).map(|n| muxer.execute::<i64>("ECHO", [n]))).await;
    assert!(many.into_iter().map(Result::unwrap).eq(0..1000));
    let big = "x".repeat(8 << 20);
    db.set("big", &big).await.unwrap();
    assert!(db.get::<String>("big").await.unwrap() == Some(big));

    let mut messages = muxer.subscriber().subscribe("news").await.unwrap();
    muxer.execute::<i64>("PUBLISH", ("news", "hello")).await.unwrap();
    let message = messages.next().await.unwrap().message().unwrap();
    assert_eq!(&message.payload[..], b"hello");

    // The timer fires although the socket is silent.
    server.pause();
    let silent = muxer.execute::<String>("ECHO", ["late"]).timeout(Duration::from_millis(50));
    assert_eq!(silent.await.unwrap_err().kind(), ErrorKind::Timeout(TimeoutStage::Response));
    server.resume();

    let mut events = muxer.events();
    server.kill();
    assert!(matches!(events.next().await, Some(Event::ConnectionFailed(_))));
    server.restart();
    assert!(matches!(events.next().await, Some(Event::ConnectionRestored(_))));
    assert_eq!(muxer.execute::<String>("ECHO", ["again"]).await.unwrap(), "again");
    muxer.close().await;

    let path = server.unix_socket().unwrap().display();
    let unix = Options::new(format!("unix:{path}"));
    let muxer = ConnectionMultiplexer::connect_with(unix, environment.clone()).await.unwrap();
    assert_eq!(muxer.execute::<String>("ECHO", ["unix"]).await.unwrap(), "unix");
    muxer.close().await;

    #[cfg(feature = "topology")]
    a_group_goes_on(&server, environment.clone()).await;

    let nobody = Options::new("no-such-host.invalid:1").connect_retry(1);
    let error = ConnectionMultiplexer::connect_with(nobody, environment).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connect(ConnectStage::Resolve), "{error}");
}

#[test]
fn on_async_std() {
    async_std::task::block_on(everyday(tcp::environment()));
}

#[test]
fn on_smol() {
    smol::block_on(everyday(tcp::smol::environment()));
}

#[test]
fn on_tokio_with_one_thread() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async { everyday(tcp::tokio::environment()).await });
}

/// As in `#[tokio::test(start_paused = true)]`.
#[test]
fn on_tokio_with_a_stopped_clock() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .start_paused(true)
        .build()
        .unwrap();
    runtime.block_on(async {
        let server = RedisServer::start();
        let options = Options::new(server.addr().to_string());
        let environment = tcp::tokio::environment();
        let muxer = ConnectionMultiplexer::connect_with(options, environment).await.unwrap();
        let db = muxer.database();
        for n in 0..50 {
            db.set("n", n).await.unwrap();
            assert_eq!(db.get::<i32>("n").await.unwrap(), Some(n));
        }
        // Hundreds of keep-alives, in the time that they take in reality.
        let start = tokio::time::Instant::now();
        tokio::time::sleep(Duration::from_secs(3600)).await;
        assert!(start.elapsed() >= Duration::from_secs(3600));
        assert_eq!(db.get::<i32>("n").await.unwrap(), Some(49));
        server.pause();
        let start = tokio::time::Instant::now();
        let error = db.get::<i32>("n").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Timeout(TimeoutStage::Response), "{error}");
        assert!(start.elapsed() >= Duration::from_secs(5));
        server.resume();
        muxer.close().await;
    });
}

#[test]
fn on_tokio_with_several_threads() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    runtime.block_on(async { everyday(tcp::tokio::environment()).await });
}

#[test]
fn on_tokio_from_another_thread() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let tasks = tcp::tokio::TokioRuntime::from(runtime.handle().clone());
    let server = RedisServer::start();
    let sockets = tcp::tokio::TokioTransport::from(tcp::TcpTransport::default().nodelay(true));
    // The driver runs on tokio; the caller's executor knows nothing of it.
    let environment = Environment::new(sockets, tasks);
    let options = Options::new(server.addr().to_string());
    async_std::task::block_on(async {
        let muxer = ConnectionMultiplexer::connect_with(options, environment).await.unwrap();
        assert_eq!(muxer.execute::<String>("ECHO", ["there"]).await.unwrap(), "there");
    });
}
