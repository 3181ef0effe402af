//! What begins and what ends: calls, connections, multiplexers.

use std::time::Duration;

use futures::{StreamExt, future::join_all};
use redmux::{
    ConnectionMultiplexer, Database, Delivery, Event, Options, database::BlockFor,
    events::ConnectionType, pipeline, pubsub::Item, resp::Protocol,
};
use redmux_test_support::RedisServer;

use crate::connect;

async fn increments(db: &Database) -> i64 {
    db.get("n").await.unwrap().unwrap_or(0)
}

#[async_std::test]
async fn what_is_never_awaited_is_never_sent() {
    let server = RedisServer::start();
    let muxer = connect(&server).await;
    let db = muxer.database();
    let single = db.incr("n");
    let together = pipeline((db.incr("n"), db.incr("n")));
    let many = pipeline((0..100).map(|_| db.incr("n")).collect::<Vec<_>>());
    let transaction = db.transaction((db.incr("n"), db.incr("n")));
    let untyped = muxer.execute::<i64>("INCR", "n");
    // The server is asked after they were made, and after they were dropped.
    assert_eq!(increments(&db).await, 0);
    drop((single, together, many, transaction, untyped));
    assert_eq!(increments(&db).await, 0);
    // Made early and awaited late, a call goes where it is awaited.
    let (late, early) = (db.get::<i64>("n"), db.incr("n"));
    early.await.unwrap();
    assert_eq!(late.await.unwrap(), Some(1));
}

#[async_std::test]
async fn another_connection_is_opened_when_it_is_asked_for() {
    let server = RedisServer::start();
    for protocol in [Protocol::Resp2, Protocol::Resp3] {
        let options = Options::new(server.addr().to_string()).protocol(protocol);
        let muxer = ConnectionMultiplexer::connect(options).await.unwrap();
        let db = muxer.database();
        let mut events = muxer.events();
        let mut news = muxer.subscriber().subscribe("news").await.unwrap();
        let id = async || muxer.execute::<u64>("CLIENT", ["ID"]).await.unwrap();
        for _ in 0..3 {
            let before = id().await;
            muxer.reconnect();
            // With RESP2 the other connection tells of itself, too, before or after.
            loop {
                let event = events.next().await.unwrap();
                if matches!(&event, Event::ConnectionFailed(failed)
                    if failed.connection_type == ConnectionType::Interactive)
                {
                    assert!(event.to_string().contains("asked for another connection"), "{event}");
                    break;
                }
            }
            // Waits for the new connection, as any command does.
            assert!(id().await > before);
            assert!(matches!(news.next().await.unwrap(), Item::Missed(_)));
            // With RESP2 it may not be subscribed again yet.
            while db.publish("news", "again").await.unwrap() == 0 {
                async_std::task::sleep(Duration::from_millis(1)).await;
            }
            assert_eq!(news.next().await.unwrap().message().unwrap().text(), "again");
            while !matches!(events.next().await, Some(Event::ConnectionRestored(restored))
                if restored.connection_type == ConnectionType::Interactive)
            {}
        }
        // Before there is a connection, and after its end, it does nothing.
        muxer.close().await;
        muxer.reconnect();
        assert!(db.incr("n").await.unwrap_err().is_closed());
    }
}

#[async_std::test]
async fn closed_multiplexers_leave_no_connection_behind() {
    let server = RedisServer::start();
    let watch = connect(&server).await;
    let open = async || watch.database().info("clients").await.unwrap().connected_clients();
    for round in 0..60 {
        let protocol = if round % 2 == 0 { Protocol::Resp3 } else { Protocol::Resp2 };
        let options = Options::new(server.addr().to_string()).protocol(protocol);
        let muxer = ConnectionMultiplexer::connect(options).await.unwrap();
        let lease = muxer.lease().await.unwrap();
        let news = muxer.subscriber().subscribe("news").await.unwrap();
        let monitor = if round % 5 == 0 { Some(muxer.monitor().await.unwrap()) } else { None };
        muxer.database().incr("n").await.unwrap();
        match round % 3 {
            0 => muxer.close().await,
            1 => muxer.abort(),
            _ => {}
        }
        drop((lease, news, monitor, muxer));
    }
    assert_eq!(increments(&watch.database()).await, 60);
    for _ in 0..1000 {
        if open().await == Some(1) {
            return;
        }
        async_std::task::sleep(Duration::from_millis(10)).await;
    }
    panic!("connections are left: {}", server.command(&["CLIENT", "LIST"]));
}

#[async_std::test]
async fn an_abort_ends_everything_for_every_holder() {
    let server = RedisServer::start();
    let muxer = connect(&server).await;
    let other = muxer.clone();
    let mut events = muxer.events();
    let mut news = muxer.subscriber().subscribe("news").await.unwrap();
    let db = muxer.database();
    let blocked = db.blpop::<String, String>("empty", BlockFor::Forever);
    server.pause();
    let waiting = join_all((0..10).map(|_| db.incr("n")));
    let abort = async {
        while other.status().connections[0].diagnostics.in_flight < 10 {
            async_std::task::sleep(Duration::from_millis(5)).await;
        }
        other.abort();
    };
    let (results, blocked, ()) = futures::join!(waiting, blocked, abort);
    for result in results {
        let error = result.unwrap_err();
        assert!(error.is_closed(), "{error}");
        assert_eq!(error.delivery(), Delivery::MaybeExecuted);
    }
    assert!(blocked.is_err());
    assert!(news.next().await.is_none() && events.next().await.is_none());
    let after = db.incr("n").await.unwrap_err();
    assert!(after.is_closed() && after.delivery() == Delivery::NotSent, "{after}");
    // Once more, and closing after it, do no harm.
    other.abort();
    muxer.close().await;
    server.resume();
}

#[async_std::test]
async fn each_database_has_a_multiplexer() {
    let server = RedisServer::start();
    let mut databases = Vec::new();
    for number in 0..4 {
        let options = Options::new(server.addr().to_string()).database(number);
        databases.push(ConnectionMultiplexer::connect(options).await.unwrap());
    }
    for (number, muxer) in databases.iter().enumerate() {
        muxer.database().set("which", number).await.unwrap();
    }
    let which = async || {
        let mut found = Vec::new();
        for muxer in &databases {
            found.push(muxer.database().get::<u32>("which").await.unwrap());
        }
        found
    };
    assert_eq!(which().await, [Some(0), Some(1), Some(2), Some(3)]);
    databases[0].database().swapdb(1, 2).await.unwrap();
    assert_eq!(which().await, [Some(0), Some(2), Some(1), Some(3)]);
    assert!(databases[3].database().del("which").await.unwrap() == 1);
    assert!(databases[0].database().move_to_db("which", 3).await.unwrap());
    assert_eq!(which().await, [None, Some(2), Some(1), Some(0)]);
    // It is so on every connection it has, leased and restored ones too.
    let three = &databases[3];
    let lease = three.lease().await.unwrap();
    assert_eq!(lease.database().get::<u32>("which").await.unwrap(), Some(0));
    drop(lease);
    server.command(&["CLIENT", "KILL", "TYPE", "normal"]);
    while three.database().get::<u32>("which").await.is_err() {}
    assert_eq!(which().await[3], Some(0));
}

#[async_std::test]
async fn the_first_connection_restores_nothing() {
    let server = RedisServer::start();
    let stream = async_std::net::TcpStream::connect(server.addr()).await.unwrap();
    let runtime = redmux::tcp::environment().runtime;
    let options = Options::new(server.addr().to_string());
    let capabilities = redmux::transport::Capabilities::vectored();
    let (muxer, driver) =
        ConnectionMultiplexer::over_stream(stream, capabilities, options, runtime).unwrap();
    // It listens before anything has happened.
    let events = muxer.events();
    let driver = async_std::task::spawn(driver);
    muxer.database().set("k", "v").await.unwrap();
    muxer.close().await;
    driver.await;
    let told: Vec<String> = events.map(|event| event.to_string()).collect().await;
    assert!(told.is_empty(), "{told:?}");
}

#[async_std::test]
async fn what_waits_for_a_connection_is_counted() {
    let server = RedisServer::start();
    let muxer = connect(&server).await;
    let db = muxer.database();
    server.kill();
    while muxer.status().connections[0].last_error.is_none() {
        async_std::task::sleep(Duration::from_millis(5)).await;
    }
    assert!(!muxer.is_connected());
    let mut waiting = join_all((0..7).map(|_| db.incr("n")));
    assert!(futures::poll!(&mut waiting).is_pending());
    // A server that is about to end may still accept a connection: then a handshake waits, too, or is in flight.
    let status = loop {
        let status = muxer.status();
        if status.connections[0].diagnostics.connection != "handshake" {
            break status;
        }
        async_std::task::sleep(Duration::from_millis(5)).await;
    };
    let state = &status.connections[0].diagnostics;
    assert_eq!(state.queued, 7, "{status}");
    assert!(state.bytes_unsent > 0 && state.connection != "ready", "{status}");
    assert!(status.to_string().contains("queued 7 ("), "{status}");
    server.restart();
    let numbers: Vec<i64> = waiting.await.into_iter().map(Result::unwrap).collect();
    assert_eq!(numbers, [1, 2, 3, 4, 5, 6, 7]);
    let status = muxer.status();
    let state = &status.connections[0].diagnostics;
    assert_eq!((state.queued, state.bytes_unsent), (0, 0), "{status}");
}
