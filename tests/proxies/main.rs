//! Behind proxies as people run them: haproxy, nginx, stunnel and twemproxy, under load.
//!
//! They are cut, reloaded, killed and failed over while 16 tasks write. Each write leaves a mark;
//! the callers' outcomes are compared with the marks, and no reply may be another task's.
//!
//! `REDMUX_PROXIES=10` keeps the load up for ten seconds around each event instead of one.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod haproxy;
mod idle;
mod load;
mod nginx;
mod programs;
mod stunnel;
mod twemproxy;

use std::time::Duration;

use futures::StreamExt;
use redmux::{
    ConnectionMultiplexer, Options,
    options::ConstantDelay,
    pubsub::{Item, Subscription},
};
use redmux_test_support::{RedisServer, until, within};

/// How long the load runs before and after an event.
fn a_while() -> Duration {
    let seconds = std::env::var("REDMUX_PROXIES").ok().and_then(|text| text.parse().ok());
    Duration::from_secs(seconds.unwrap_or(1))
}

async fn pass(time: Duration) {
    async_std::task::sleep(time).await;
}

/// Options for one endpoint: quick to come back, slow to give up.
fn options(endpoint: impl AsRef<str>) -> Options {
    Options::new(endpoint)
        .reconnect_policy(ConstantDelay(Duration::from_millis(20)))
        .command_timeout(Duration::from_secs(30))
}

/// Dials of the shared connection that came about.
fn connects(muxer: &ConnectionMultiplexer) -> u64 {
    muxer.status().connections[0].counters.connects
}

/// Waits until a subscription reports the gap after its connection was lost, and gets messages again.
async fn comes_back(news: &mut Subscription, server: &RedisServer, channel: &str) {
    loop {
        let item = within(news.next()).await.expect("the subscription is open");
        if matches!(item, Item::Missed(_)) {
            break;
        }
    }
    within(async {
        // It is subscribed again at once; the server counts it a moment later.
        while server.command(&["PUBLISH", channel, "again"]) == "0" {
            pass(Duration::from_millis(10)).await;
        }
        loop {
            let item = news.next().await.expect("the subscription is open");
            if item.message().is_some_and(|message| message.text() == "again") {
                break;
            }
        }
    })
    .await;
}
