//! What tests of a client share.

use std::{
    future::Future,
    time::{Duration, Instant},
};

use redmux::{ConnectionMultiplexer, Options, resp::Protocol};

use crate::RedisServer;

/// Far more than anything takes on a loaded machine: what is not done by then hangs.
const PATIENCE: Duration = Duration::from_secs(60);

/// Runs `check` twice on an empty database: in RESP3 and in RESP2.
///
/// # Panics
/// The server cannot be reached or emptied.
pub async fn both<'s, F: Future<Output = ()>>(
    server: &'s RedisServer,
    check: impl Fn(&'s RedisServer, ConnectionMultiplexer) -> F,
) {
    for protocol in [Protocol::Resp3, Protocol::Resp2] {
        let options = Options::new(server.addr().to_string()).protocol(protocol);
        let muxer = ConnectionMultiplexer::connect(options).await.expect("the server is reached");
        muxer.database().flushall().await.expect("the server is emptied");
        check(server, muxer.clone()).await;
        muxer.close().await;
    }
}

/// Waits until `done` returns true.
///
/// # Panics
/// It does not within a minute; the panic names `what` was waited for.
pub async fn until(what: &str, mut done: impl FnMut() -> bool) {
    let end = Instant::now() + PATIENCE;
    while !done() {
        assert!(Instant::now() < end, "in vain for {PATIENCE:?}: {what}");
        async_std::task::sleep(Duration::from_millis(5)).await;
    }
}

/// Returns what `work` returns.
///
/// # Panics
/// It does not end within a minute.
pub async fn within<T>(work: impl Future<Output = T>) -> T {
    async_std::future::timeout(PATIENCE, work).await.expect("it ends within a minute")
}
