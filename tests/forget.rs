//! Commands that are sent and forgotten, on a real server.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use futures::StreamExt;
use redmux::{ConnectionMultiplexer, Delivery, ErrorKind, Event, Options};
use redmux_test_support::RedisServer;

#[async_std::test]
async fn forgotten_commands_run_in_order_with_the_others() {
    let server = RedisServer::start();
    let muxer = ConnectionMultiplexer::connect(server.addr().to_string()).await.unwrap();
    let db = muxer.database();
    for round in 1..=100 {
        for _ in 0..100 {
            db.incr("n").forget().unwrap();
        }
        let n: i64 = db.get("n").await.unwrap().unwrap();
        assert_eq!(n, round * 100);
    }
}

#[async_std::test]
async fn what_the_server_says_against_it_is_an_event() {
    let server = RedisServer::start();
    let muxer = ConnectionMultiplexer::connect(server.addr().to_string()).await.unwrap();
    let mut events = muxer.events();
    let db = muxer.database();
    db.lpush("list", "x").forget().unwrap();
    db.incr("list").forget().unwrap();
    let code = loop {
        match events.next().await.expect("the events go on") {
            Event::ErrorMessage(message) => break message.code,
            _ => continue,
        }
    };
    assert_eq!(code, "WRONGTYPE");
}

#[async_std::test]
async fn refusals_and_a_closed_multiplexer_are_told_at_once() {
    let server = RedisServer::start();
    let muxer = ConnectionMultiplexer::connect(server.addr().to_string()).await.unwrap();
    let error = muxer.execute::<()>("SUBSCRIBE", "c").forget().unwrap_err();
    assert_eq!((error.kind(), error.delivery()), (ErrorKind::Command, Delivery::NotSent));
    muxer.close().await;
    let error = muxer.database().incr("n").forget().unwrap_err();
    assert_eq!((error.kind(), error.delivery()), (ErrorKind::Closed, Delivery::NotSent));
    assert_eq!(error.command_name(), Some("INCR"));
}

#[async_std::test]
async fn a_forgotten_command_waits_for_the_connection_but_not_beyond_its_time() {
    let server = RedisServer::start();
    let options = Options::new(server.addr().to_string()).command_timeout(Duration::from_secs(20));
    let muxer = ConnectionMultiplexer::connect(options).await.unwrap();
    let db = muxer.database();
    db.set("seen", "before").await.unwrap();
    server.stop();
    let mut events = muxer.events();
    while muxer.is_connected() {
        async_std::task::sleep(Duration::from_millis(5)).await;
    }
    db.incr("late").timeout(Duration::from_millis(30)).forget().unwrap();
    db.incr("kept").forget().unwrap();
    async_std::task::sleep(Duration::from_millis(300)).await;
    server.restart();
    while !matches!(events.next().await, Some(Event::ConnectionRestored(_))) {}
    assert_eq!(db.get::<i64>("kept").await.unwrap(), Some(1));
    assert_eq!(db.get::<i64>("late").await.unwrap(), None);
}

#[async_std::test]
async fn a_full_send_queue_is_told_instead_of_waiting_for_room() {
    let server = RedisServer::start();
    let options = Options::new(server.addr().to_string()).send_queue_bytes(1000);
    let muxer = ConnectionMultiplexer::connect(options).await.unwrap();
    let db = muxer.database();
    // On this one thread the driver takes nothing away before the task lets it run.
    let value = "x".repeat(600);
    let results: Vec<_> = (0..4).map(|_| db.append("k", &value).forget()).collect();
    let refused = results.iter().filter_map(|result| result.as_ref().err()).collect::<Vec<_>>();
    assert!(refused.iter().all(|error| error.kind() == ErrorKind::QueueFull));
    let written = db.strlen("k").await.unwrap();
    assert_eq!(written, 600 * (results.len() - refused.len()) as u64);
}
