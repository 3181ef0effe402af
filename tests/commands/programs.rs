//! Servers newer than those that distributions have.

use std::path::{Path, PathBuf};

use redmux_test_support::{Programs, RedisServer};

/// Redis 8.2.
pub(crate) fn redis_8() -> RedisServer {
    start(programs().redis_8())
}

/// Redis 8.10.
pub(crate) fn redis_8_10() -> RedisServer {
    start(programs().redis_8_10())
}

/// Valkey 9.1.
pub(crate) fn valkey_9() -> RedisServer {
    start(programs().valkey_9())
}

/// Redis Stack 7.4, for its modules.
pub(crate) fn redis_stack() -> RedisServer {
    start(programs().redis_stack())
}

fn programs() -> Programs {
    Programs::in_dir(Path::new(env!("CARGO_TARGET_TMPDIR")).join("servers"))
}

fn start(program: PathBuf) -> RedisServer {
    RedisServer::builder().program(program).start().unwrap()
}
