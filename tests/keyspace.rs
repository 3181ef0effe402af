//! Keyspace notifications of a real server.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use futures::StreamExt;
use redmux::{
    ConnectionMultiplexer, Options,
    pubsub::{KeyEvent, KeyNotification, KeyspaceDatabase, Subscription},
    resp::Protocol,
};
use redmux_test_support::RedisServer;

async fn next(subscription: &mut Subscription) -> (u32, Vec<u8>, KeyEvent) {
    let item = async_std::future::timeout(Duration::from_secs(20), subscription.next()).await;
    let message = item.expect("an item comes").unwrap().message().expect("no gap");
    let change = KeyNotification::from_message(&message).expect("a notification");
    (change.database, change.key.to_vec(), change.event)
}

#[async_std::test]
async fn changes_are_told_by_key_and_by_event() {
    for protocol in [Protocol::Resp3, Protocol::Resp2] {
        let server = RedisServer::start();
        let options = Options::new(server.addr().to_string()).protocol(protocol);
        let muxer = ConnectionMultiplexer::connect(options).await.unwrap();
        let subscriber = muxer.subscriber();
        assert_eq!(subscriber.missing_notifications("KEA").await.unwrap(), "KEA");
        server.command(&["CONFIG", "SET", "notify-keyspace-events", "KEA"]);
        assert_eq!(subscriber.missing_notifications("KEAn").await.unwrap(), "n");

        let mut users = subscriber.keyspace(0_u32, "user:*").await.unwrap();
        let mut deleted = subscriber.keyevent(KeyspaceDatabase::All, &KeyEvent::Del).await.unwrap();
        server.command(&["SET", "other", "1"]);
        server.command(&["SET", "user:1", "1"]);
        server.command(&["HSET", "user:2", "f", "1"]);
        server.command(&["DEL", "user:1"]);
        let other = KeyEvent::Other("hset".into());
        assert_eq!(next(&mut users).await, (0, b"user:1".to_vec(), KeyEvent::Set));
        assert_eq!(next(&mut users).await, (0, b"user:2".to_vec(), other));
        assert_eq!(next(&mut users).await, (0, b"user:1".to_vec(), KeyEvent::Del));
        assert_eq!(next(&mut deleted).await, (0, b"user:1".to_vec(), KeyEvent::Del));
    }
}
