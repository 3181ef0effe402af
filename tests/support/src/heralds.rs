//! A cluster whose nodes announce maintenance.

use std::collections::HashMap;

use redmux::{Endpoint, Options, options::Mode};

use crate::{Door, RedisCluster};

/// A cluster, each node behind a door
pub struct Heralds {
    /// The nodes.
    pub cluster: RedisCluster,
    /// In the order of the nodes.
    pub doors: Vec<Door>,
}

impl Heralds {
    /// Starts three primaries.
    ///
    /// # Panics
    /// When they do not start.
    pub fn start() -> Self {
        Self::with_replicas(0)
    }

    /// The same with this number of replicas for each primary.
    ///
    /// # Panics
    /// When they do not start.
    pub fn with_replicas(replicas: usize) -> Self {
        let cluster = RedisCluster::builder().replicas(replicas).start();
        let cluster = cluster.unwrap_or_else(|error| panic!("{error}"));
        let doors = cluster.nodes().iter().map(|node| Door::open(node.addr())).collect();
        Self { cluster, doors }
    }

    /// Options that lead to each node through its door, and to others as they are announced.
    pub fn options(&self) -> Options {
        let pairs = self.cluster.nodes().iter().zip(&self.doors);
        let doors: HashMap<u16, u16> =
            pairs.map(|(node, door)| (node.port(), door.addr().port())).collect();
        let options = Options::new(self.doors[0].addr().to_string()).mode(Mode::Cluster);
        options.endpoint_map(move |node| Some(Endpoint::tcp("127.0.0.1", *doors.get(&node.port)?)))
    }

    /// The address that the cluster has for a node.
    pub fn address(&self, node: usize) -> String {
        format!("127.0.0.1:{}", self.cluster.nodes()[node].port())
    }

    /// Moves the slot of a key to another node; the notice of that, and the two nodes.
    ///
    /// # Panics
    /// When nobody has the slot.
    pub fn move_slot_of(&self, key: &str) -> (String, usize, usize) {
        let slot = self.cluster.slot(key);
        let from = self.cluster.owner(slot, 0).unwrap_or_else(|| panic!("nobody has {slot}"));
        let to = (from + 1) % self.doors.len();
        self.cluster.move_slot(slot, from, to);
        (format!("SMIGRATED :5 [{} {} {slot}]", self.address(from), self.address(to)), from, to)
    }
}
