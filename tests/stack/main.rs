//! The modules of Redis Stack and Redis 8, on real servers and on what real servers have answered.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod cached;
mod errors;
mod json;
mod json_recorded;
mod methods;
mod probabilistic;
mod probabilistic_recorded;
mod recordings;
mod time_series;
mod time_series_recorded;

use std::path::Path;

use redmux_test_support::{Programs, RedisServer};

fn programs() -> Programs {
    Programs::in_dir(Path::new(env!("CARGO_TARGET_TMPDIR")).join("servers"))
}

/// Redis Stack 7.4.
fn redis_stack() -> RedisServer {
    RedisServer::builder().program(programs().redis_stack()).start().unwrap()
}
