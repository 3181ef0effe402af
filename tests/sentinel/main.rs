//! A primary that real sentinels watch, used as one server is.

mod basics;
mod failover;
mod waking;

use std::sync::{Arc, Mutex, PoisonError, Weak};

use redmux::{ConnectionMultiplexer, Endpoint, Options};
use redmux_test_support::RedisSentinels;

/// Servers and sentinels for tests that leave them as they were; they live as long as one of them runs.
fn shared() -> Arc<RedisSentinels> {
    static SHARED: Mutex<Weak<RedisSentinels>> = Mutex::new(Weak::new());
    let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
    shared.upgrade().unwrap_or_else(|| {
        let all = Arc::new(RedisSentinels::start());
        *shared = Arc::downgrade(&all);
        all
    })
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
