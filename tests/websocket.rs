//! The same client over a WebSocket: through this project's gateway, and through
//! `websockify`, which nobody here wrote.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{net::SocketAddr, time::Duration};

use futures::{StreamExt, future::join_all};
use redmux::{
    ConnectionMultiplexer, ErrorKind, Event, Options, error::ConnectStage, options::ConstantDelay,
    pubsub::Item, transport::Environment,
};
use redmux_gateway::{Config, Gateway};
use redmux_test_support::{RedisServer, Websockify};
use redmux_websocket::WebSocketTransport;

fn options(url: &str) -> Options {
    Options::new(url).connect_retry(1).reconnect_policy(ConstantDelay(Duration::from_millis(20)))
}

/// What a client does, whatever carries it.
async fn exercise(server: &RedisServer, url: &str, environment: Environment) {
    let muxer = ConnectionMultiplexer::connect_with(options(url), environment).await.unwrap();
    let binary: Vec<u8> = (0..=255).collect();
    muxer.execute::<()>("SET", ("k", &binary)).await.unwrap();
    assert_eq!(muxer.execute::<Vec<u8>>("GET", ["k"]).await.unwrap(), binary);
    let numbers = join_all((0..1000).map(|_| muxer.execute::<i64>("INCR", ["n"]))).await;
    let numbers: Vec<i64> = numbers.into_iter().map(Result::unwrap).collect();
    assert_eq!(numbers, (1..=1000).collect::<Vec<i64>>());
    let big = "z".repeat(3 << 20);
    let call = muxer.execute::<String>("ECHO", [&big]).timeout(Duration::from_secs(60));
    assert!(call.await.unwrap() == big);

    let mut events = muxer.events();
    let mut news = muxer.subscriber().subscribe("news").await.unwrap();
    muxer.execute::<i64>("PUBLISH", ("news", "one")).await.unwrap();
    let item = news.next().await.unwrap();
    assert_eq!(item.message().unwrap().text(), "one");

    server.restart();
    let soon = Duration::from_secs(20);
    let next = async_std::future::timeout(soon, events.next());
    assert!(matches!(next.await, Ok(Some(Event::ConnectionFailed(_)))));
    let restored =
        async { while !matches!(events.next().await, Some(Event::ConnectionRestored(_))) {} };
    async_std::future::timeout(soon, restored).await.unwrap();
    assert!(matches!(news.next().await, Some(Item::Missed(_))));
    assert_eq!(muxer.execute::<String>("ECHO", ["again"]).await.unwrap(), "again");
    muxer.close().await;
}

#[async_std::test]
async fn through_the_gateway() {
    redmux_gateway::silence_log();
    let server = RedisServer::start();
    let mut config = Config::new(server.addr().to_string().parse().unwrap());
    config.listen = SocketAddr::from(([127, 0, 0, 1], 0));
    let gateway = Gateway::bind(config).await.unwrap();
    let (address, handle) = (gateway.local_addr(), gateway.handle());
    let running = async_std::task::spawn(gateway.run());
    let url = format!("ws://{address}/redis");
    let runtime = redmux_tcp::AsyncStdRuntime;

    // A program sends no Origin, and this gateway wants one.
    let refused = Environment::new(WebSocketTransport::default(), runtime);
    let error = ConnectionMultiplexer::connect_with(options(&url), refused).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connect(ConnectStage::Upgrade), "{error}");
    assert!(error.to_string().contains("403"), "{error}");

    let transport = WebSocketTransport::default().origin(format!("http://{address}"));
    exercise(&server, &url, Environment::new(transport, runtime)).await;
    handle.shutdown();
    running.await;
}

#[async_std::test]
async fn through_websockify() {
    let server = RedisServer::start();
    let websockify = Websockify::start(server.port());
    exercise(&server, &websockify.url(), redmux_websocket::environment()).await;
}
