//! Every typed command on a real server, in both protocols. A test states one fact.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod bits;
mod channels;
mod clients;
mod combinations;
mod copies;
mod errors;
mod expiring_fields;
mod expiry;
mod geo;
mod groups;
mod hashes;
mod hyperloglogs;
mod keys;
mod lists;
mod locks;
mod monitoring;
mod named_scripts;
mod newer;
mod newest;
mod pool;
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
mod users;
mod vectors;

use redmux::{ConnectionMultiplexer, Database};
use redmux_test_support::RedisServer;

use pool::Pool;

static REDIS_7: Pool = Pool::new(RedisServer::start);
static REDIS_8: Pool = Pool::new(programs::redis_8);
static REDIS_8_10: Pool = Pool::new(programs::redis_8_10);
static VALKEY_9: Pool = Pool::new(programs::valkey_9);

/// Runs `check` on an empty database, in RESP3 and in RESP2.
///
/// The server has it alone, and is handed on to the next test: see [`Pool`] for what that test
/// finds.
async fn both<F: Future<Output = ()>>(check: impl Fn(ConnectionMultiplexer, Database) -> F) {
    both_on(&REDIS_7.take(), check).await;
}

/// As [`both`], on Redis 8.
async fn on_redis_8<F: Future<Output = ()>>(check: impl Fn(ConnectionMultiplexer, Database) -> F) {
    both_on(&REDIS_8.take(), check).await;
}

/// As [`both`], on Redis 8.10.
async fn on_redis_8_10<F: Future<Output = ()>>(
    check: impl Fn(ConnectionMultiplexer, Database) -> F,
) {
    both_on(&REDIS_8_10.take(), check).await;
}

/// As [`both`], on Valkey 9.
async fn on_valkey_9<F: Future<Output = ()>>(check: impl Fn(ConnectionMultiplexer, Database) -> F) {
    both_on(&VALKEY_9.take(), check).await;
}

/// As [`both`], on Redis 8 and on Valkey 9.
async fn on_newer<F: Future<Output = ()>>(check: impl Fn(ConnectionMultiplexer, Database) -> F) {
    both_on(&REDIS_8.take(), &check).await;
    both_on(&VALKEY_9.take(), &check).await;
}

/// As [`both`], on this server: for tests that change its settings or its users.
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
