//! A real cluster, used as one server is.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod basics;
mod blocking;
mod cache;
#[cfg(all(feature = "json", feature = "search"))]
mod documents;
mod hardships;
mod histories;
#[path = "../histories/mod.rs"]
mod history;
mod kinds;
mod oracle;
mod pubsub;
mod replicas;
mod reports;
mod scans;
mod scatter;
mod tour;
mod transactions;

use std::sync::OnceLock;

use redmux::{ConnectionMultiplexer, Endpoint, Options, options::Mode};
use redmux_test_support::RedisCluster;

/// The slots of these keys.
const FOO: u32 = 12_182;
const BAR: u32 = 5_061;

/// A cluster for tests that leave it as it was; it lives as long as the process.
fn shared() -> &'static RedisCluster {
    static SHARED: OnceLock<RedisCluster> = OnceLock::new();
    SHARED.get_or_init(RedisCluster::start)
}

/// Three primaries, for tests that move slots: each those of its own keys. They live as long as the process.
fn movable() -> &'static RedisCluster {
    static MOVABLE: OnceLock<RedisCluster> = OnceLock::new();
    MOVABLE.get_or_init(|| RedisCluster::builder().replicas(0).start().unwrap())
}

/// A multiplexer that knows this node of the cluster.
async fn connect(cluster: &RedisCluster, node: usize) -> ConnectionMultiplexer {
    let endpoint = Endpoint::tcp("127.0.0.1", cluster.nodes()[node].port());
    let options = Options::from(endpoint).mode(Mode::Cluster);
    ConnectionMultiplexer::connect(options).await.unwrap_or_else(|error| panic!("{error}"))
}

/// The server of a slot, and the place of another primary.
fn from_to(cluster: &RedisCluster, slot: u32) -> (usize, usize) {
    let owner = |slot| cluster.owner(slot, 0).unwrap_or_else(|| panic!("nobody has {slot}"));
    let from = owner(slot);
    let others = [0, 6000, 16_000].map(owner);
    let to = others.into_iter().find(|other| *other != from);
    (from, to.unwrap_or_else(|| panic!("one server has all slots")))
}

/// The servers of `foo` and `bar`.
fn ends(cluster: &RedisCluster) -> (usize, usize) {
    let owner = |slot| cluster.owner(slot, 0).unwrap_or_else(|| panic!("nobody has {slot}"));
    (owner(FOO), owner(BAR))
}
