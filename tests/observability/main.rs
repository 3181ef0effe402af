//! What operators see of a multiplexer on a real server, and what nobody may see.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod metrics;
mod profiles;
mod secrets;
mod spans;
mod status;
mod wire;

use redmux::{ConnectionMultiplexer, Options};
use redmux_test_support::RedisServer;

/// A multiplexer on a server, with options.
async fn connect(
    server: &RedisServer,
    change: impl FnOnce(Options) -> Options,
) -> ConnectionMultiplexer {
    let options = change(Options::new(server.addr().to_string()));
    ConnectionMultiplexer::connect(options).await.unwrap()
}

/// Polls a future once and drops it.
async fn give_up(future: impl Future<Output: std::fmt::Debug>) {
    let mut future = std::pin::pin!(future);
    std::future::poll_fn(|cx| {
        assert!(future.as_mut().poll(cx).is_pending());
        std::task::Poll::Ready(())
    })
    .await;
}
