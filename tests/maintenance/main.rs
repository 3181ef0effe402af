//! Servers that announce maintenance to their connections: what the client asks for, tells and does.
//!
//! The server is a real one behind [`Door`]s, which put the notices between its replies.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod asking;
mod histories;
mod moving;
mod patience;
mod scenarios;
mod slots;
mod subscribed;
mod tls;

use std::time::{Duration, Instant};

use futures::StreamExt;
use redmux::{
    ConnectionMultiplexer, Event, Events, Options,
    events::{NotificationType, ServerMaintenance},
    options::{ConstantDelay, Maintenance},
};
use redmux_test_support::{Door, RedisServer};

fn options(door: &Door) -> Options {
    common(Options::new(door.addr().to_string()))
}

fn common(options: Options) -> Options {
    options
        .maintenance(Maintenance::Required)
        .command_timeout(Duration::from_secs(10))
        .reconnect_policy(ConstantDelay(Duration::from_millis(10)))
}

async fn connect(door: &Door) -> (ConnectionMultiplexer, Events) {
    let muxer = ConnectionMultiplexer::connect(options(door)).await.unwrap();
    let events = muxer.events();
    (muxer, events)
}

async fn next(events: &mut Events) -> Event {
    async_std::future::timeout(Duration::from_secs(20), events.next())
        .await
        .expect("an event comes")
        .expect("the multiplexer is open")
}

/// The next announcement; other events do not matter.
async fn notice(events: &mut Events) -> ServerMaintenance {
    loop {
        if let Event::ServerMaintenance(notice) = next(events).await {
            return notice;
        }
    }
}

async fn eventually(mut holds: impl FnMut() -> bool) {
    let end = Instant::now() + Duration::from_secs(20);
    while !holds() {
        assert!(Instant::now() < end, "it does not happen in 20 s");
        async_std::task::sleep(Duration::from_millis(2)).await;
    }
}
