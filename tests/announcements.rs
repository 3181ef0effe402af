//! What servers and other programs announce, on a real server, over RESP3 (shared) and RESP2 (a connection of its own).

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "announcements/broadcasts.rs"]
mod broadcasts;
#[path = "announcements/maintenance.rs"]
mod maintenance;
#[path = "announcements/refusals.rs"]
mod refusals;
#[path = "announcements/successors.rs"]
mod successors;

use std::{net::SocketAddr, time::Duration};

use futures::StreamExt;
use redmux::{
    ConnectionMultiplexer, Event, Events, Options, options::ConstantDelay, resp::Protocol,
};
use redmux_test_support::RedisServer;

const AZURE: &str = "AzureRedisEvents";

fn options(address: SocketAddr, protocol: Protocol) -> Options {
    Options::new(address.to_string())
        .protocol(protocol)
        .command_timeout(Duration::from_secs(20))
        .library_info(false)
        .reconnect_policy(ConstantDelay(Duration::from_millis(10)))
}

async fn next(events: &mut Events) -> Event {
    async_std::future::timeout(Duration::from_secs(20), events.next())
        .await
        .expect("an event comes")
        .expect("the multiplexer is open")
}

/// Publishes once this number of clients is subscribed.
async fn publish(server: &RedisServer, channel: &str, payload: &str, receivers: u64) {
    let expected = format!("{channel}\n{receivers}");
    eventually(|| server.command(&["PUBSUB", "NUMSUB", channel]) == expected).await;
    assert_eq!(server.command(&["PUBLISH", channel, payload]), receivers.to_string());
}

async fn eventually(mut holds: impl FnMut() -> bool) {
    for _ in 0..2000 {
        if holds() {
            return;
        }
        async_std::task::sleep(Duration::from_millis(10)).await;
    }
    panic!("it does not happen in 20 s");
}

/// Subscribers of a channel, as the server knows them.
fn subscribers(server: &RedisServer, channel: &str) -> String {
    let reply = server.command(&["PUBSUB", "NUMSUB", channel]);
    reply.lines().last().unwrap().to_owned()
}

async fn connect(options: Options) -> (ConnectionMultiplexer, Events) {
    let muxer = ConnectionMultiplexer::connect(options).await.unwrap();
    let events = muxer.events();
    (muxer, events)
}
