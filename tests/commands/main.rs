//! Every typed command on a real server, in both protocols.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod clients;
mod errors;
mod geo;
mod hashes;
mod keys;
mod lists;
mod locks;
mod named_scripts;
mod newer;
mod programs;
mod routes;
mod scans;
mod scripts;
mod server;
mod sets;
mod sorted_sets;
mod specs;
mod streams;
mod strings;
mod table;

use redmux::{ConnectionMultiplexer, Database};
use redmux_test_support::RedisServer;

/// Runs `check` on an empty database, in RESP3 and in RESP2.
async fn both<F: Future<Output = ()>>(check: impl Fn(ConnectionMultiplexer, Database) -> F) {
    both_on(&RedisServer::start(), check).await;
}

/// As [`both`], on this server.
async fn both_on<F: Future<Output = ()>>(
    server: &RedisServer,
    check: impl Fn(ConnectionMultiplexer, Database) -> F,
) {
    redmux_test_support::both(server, |_, muxer| {
        let db = muxer.database();
        check(muxer, db)
    })
    .await;
}

fn texts(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}
