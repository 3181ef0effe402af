//! The cluster that clients are measured on, and who they are.

use redmux_test_support::RedisCluster;

use super::{RIVALS, Result};

/// Ours is on the rivals' own runtime.
pub const OURS: &str = "redmux-tokio";

/// Of each shard: the place of its primary, and of its replica.
pub const SHARDS: [(usize, usize); 3] = [(0, 3), (1, 4), (2, 5)];

pub fn clients() -> Vec<&'static str> {
    [OURS].into_iter().chain(RIVALS).collect()
}

pub fn address(cluster: &RedisCluster, node: usize) -> String {
    format!("cluster:{}", cluster.nodes()[node].addr())
}

/// The shard of a key, as the cluster was started.
pub fn shard_of(cluster: &RedisCluster, key: &str) -> Result<usize> {
    let slot: usize = cluster.nodes()[0].command(&["CLUSTER", "KEYSLOT", key]).trim().parse()?;
    Ok(slot * SHARDS.len() / 16_384)
}
