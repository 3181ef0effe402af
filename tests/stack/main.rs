//! The modules of Redis Stack and Redis 8, on real servers and on what real servers have answered.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod cached;
mod catalog;
mod documents;
mod documents_change;
mod errors;
mod json;
mod json_recorded;
mod methods;
mod mutated;
mod prefixes;
mod probabilistic;
mod probabilistic_recorded;
mod recordings;
mod scripted;
mod search_aggregate;
mod search_derive;
mod search_ensure;
mod search_hybrid;
mod search_indexes;
mod search_options;
mod search_pages;
mod search_profile;
mod search_queries;
mod search_recorded;
mod time_series;
mod time_series_recorded;

use std::path::Path;

use redmux::Database;
use redmux_test_support::{Programs, RedisServer, both};

fn programs() -> Programs {
    Programs::in_dir(Path::new(env!("CARGO_TARGET_TMPDIR")).join("servers"))
}

/// Redis Stack 7.4.
fn redis_stack() -> RedisServer {
    RedisServer::builder().program(programs().redis_stack()).start().unwrap()
}

/// Redis Stack 7.2, whose module for search is older by two versions.
fn redis_stack_7_2() -> RedisServer {
    RedisServer::builder().program(programs().redis_stack_7_2()).start().unwrap()
}

/// Runs `check` on both servers in both protocols, on an empty server without indexes.
async fn everywhere<F: Future<Output = ()>>(check: impl Fn(Database, &'static str) -> F) {
    for (server, version) in [(redis_stack(), "7.4"), (redis_stack_7_2(), "7.2")] {
        both(&server, async |_, muxer| {
            let db = muxer.database();
            for index in db.search().list().await.unwrap() {
                db.search().drop_index(index).await.unwrap();
            }
            check(db, version).await;
        })
        .await;
    }
}
