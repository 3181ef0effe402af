//! Servers that tests hand on to each other, so that a short test costs no start of a server.

use std::{
    ops::Deref,
    sync::{Mutex, PoisonError},
    thread,
};

use redmux_test_support::RedisServer;

/// Servers of one kind, each with at most one test at a time
///
/// Keys, scripts, libraries and statistics are gone when a test takes a server. Settings and users stay:
/// a test that changes those starts a server of its own.
pub(crate) struct Pool {
    start: fn() -> RedisServer,
    idle: Mutex<Vec<RedisServer>>,
}

impl Pool {
    pub(crate) const fn new(start: fn() -> RedisServer) -> Self {
        Self { start, idle: Mutex::new(Vec::new()) }
    }

    /// Takes an idle server, or starts one.
    pub(crate) fn take(&'static self) -> Taken {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let server = idle.unwrap_or_else(self.start);
        for command in [
            &["FLUSHALL"][..],
            &["SCRIPT", "FLUSH"],
            &["FUNCTION", "FLUSH"],
            &["CONFIG", "RESETSTAT"],
        ] {
            assert_eq!(server.command(command), "OK", "{command:?}");
        }
        Taken { server: Some(server), pool: self }
    }
}

/// A server until this is dropped; what a test that fails leaves is not used again
pub(crate) struct Taken {
    server: Option<RedisServer>,
    pool: &'static Pool,
}

impl Deref for Taken {
    type Target = RedisServer;

    fn deref(&self) -> &RedisServer {
        self.server.as_ref().expect("it is there until the drop")
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        if !thread::panicking() {
            let mut idle = self.pool.idle.lock().unwrap_or_else(PoisonError::into_inner);
            idle.extend(self.server.take());
        }
    }
}
