//! A real cluster, used as one server is.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod basics;
mod blocking;
mod hardships;
mod histories;
mod pubsub;
mod reports;
mod scans;
mod scatter;
mod transactions;

use std::sync::{Arc, Mutex, PoisonError, Weak};

use redmux::{ConnectionMultiplexer, Endpoint, Options, options::Mode};
use redmux_test_support::RedisCluster;

/// The slots of these keys.
const FOO: u32 = 12_182;
const BAR: u32 = 5_061;

/// A cluster for tests that leave it as it was; it lives as long as one of them runs.
fn shared() -> Arc<RedisCluster> {
    static SHARED: Mutex<Weak<RedisCluster>> = Mutex::new(Weak::new());
    let mut shared = SHARED.lock().unwrap_or_else(PoisonError::into_inner);
    shared.upgrade().unwrap_or_else(|| {
        let cluster = Arc::new(RedisCluster::start());
        *shared = Arc::downgrade(&cluster);
        cluster
    })
}

/// A multiplexer that knows this node of the cluster.
async fn connect(cluster: &RedisCluster, node: usize) -> ConnectionMultiplexer {
    let endpoint = Endpoint::tcp("127.0.0.1", cluster.nodes()[node].port());
    let options = Options::from(endpoint).mode(Mode::Cluster);
    ConnectionMultiplexer::connect(options).await.unwrap_or_else(|error| panic!("{error}"))
}

/// The servers of `foo` and `bar`.
fn ends(cluster: &RedisCluster) -> (usize, usize) {
    let owner = |slot| cluster.owner(slot, 0).unwrap_or_else(|| panic!("nobody has {slot}"));
    (owner(FOO), owner(BAR))
}
