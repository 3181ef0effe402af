//! What StackExchange.Redis's own tests look at and no other test here does, and the matrix that
//! compares the two (`matrix.md`), from which `docs/parity.md` is made.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod basics;
mod configuration;
mod document;
mod execute;
mod extremes;
mod life;
mod protocols;
mod publishing;
mod threads;

use redmux::{ConnectionMultiplexer, Database};
use redmux_test_support::RedisServer;

async fn connect(server: &RedisServer) -> ConnectionMultiplexer {
    ConnectionMultiplexer::connect(server.addr().to_string()).await.unwrap()
}

/// Runs `check` on an empty database, in RESP3 and in RESP2.
async fn both<F: Future<Output = ()>>(check: impl Fn(ConnectionMultiplexer, Database) -> F) {
    redmux_test_support::both(&RedisServer::start(), |_, muxer| {
        let db = muxer.database();
        check(muxer, db)
    })
    .await;
}
