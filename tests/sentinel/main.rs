//! A primary that real sentinels watch, used as one server is.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod basics;
mod failover;
mod histories;
#[path = "../histories/mod.rs"]
mod history;
mod kinds;
mod replicas;
mod waking;

use std::sync::OnceLock;

use redmux::{ConnectionMultiplexer, Endpoint, Options};
use redmux_test_support::RedisSentinels;

/// Servers and sentinels for tests that leave them as they were; they live as long as the process.
fn shared() -> &'static RedisSentinels {
    static SHARED: OnceLock<RedisSentinels> = OnceLock::new();
    SHARED.get_or_init(RedisSentinels::start)
}

/// The options for this sentinel.
fn options(all: &RedisSentinels, sentinel: usize) -> Options {
    let endpoint = Endpoint::tcp("127.0.0.1", all.sentinels()[sentinel].port());
    Options::from(endpoint).service_name(RedisSentinels::NAME)
}

/// A multiplexer that knows this sentinel.
async fn connect(all: &RedisSentinels, sentinel: usize) -> ConnectionMultiplexer {
    let connected = ConnectionMultiplexer::connect(options(all, sentinel)).await;
    connected.unwrap_or_else(|error| panic!("{error}"))
}
