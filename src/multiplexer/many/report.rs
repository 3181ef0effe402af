//! What there is to see of several servers.

use std::{ops::RangeInclusive, sync::Arc, sync::atomic::Ordering, time::Duration};

use redmux_transport::Endpoint;

use super::{super::node::Node, nodes::Many};
use crate::{
    connection::{Link, Phase},
    topology::{NOBODY, NodeId, Role},
};

/// One of several servers, as far as the client knows
///
/// Got from [`ConnectionMultiplexer::nodes`](crate::ConnectionMultiplexer::nodes) and
/// [`Status::nodes`](crate::status::Status::nodes). `Display` is one line.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct NodeStatus {
    /// Where it is.
    pub endpoint: Endpoint,
    /// By which its cluster knows it, if that is known.
    pub id: Option<Arc<str>>,
    /// What it is in the cluster.
    pub role: NodeRole,
    /// Its availability zone, if the server names it.
    pub zone: Option<Arc<str>>,
    /// The hash slots that it serves, 0 to 16383, as ranges in ascending order; empty where there is no cluster.
    pub slots: Vec<RangeInclusive<u16>>,
    /// There is a connection to it, ready for use. Servers are dialled when they are first needed.
    pub connected: bool,
}

/// What a server is among several
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum NodeRole {
    /// It takes writes.
    Primary,
    /// It has what this primary has, a little later.
    Replica {
        /// The primary.
        of: Endpoint,
    },
    /// It was named by the options or by a redirect, and no server has named it as a member so far, or it has left.
    Unknown,
}

/// How the client's map of the servers has come about
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct MapStatus {
    /// The age of the last answer to `CLUSTER SLOTS`, or of the roles of all servers; `None` if no server has answered.
    pub age: Option<Duration>,
    /// Answers so far.
    pub refreshes: u64,
    /// Commands that a server has sent on to another one: `MOVED` and `ASK`.
    pub redirects: u64,
}

impl Many {
    /// All servers that are known.
    pub(in crate::multiplexer) fn report(&self) -> Vec<NodeStatus> {
        let map = self.lock();
        let mut all: Vec<NodeStatus> = Vec::new();
        for number in 0..NodeId::try_from(map.known()).unwrap_or(NOBODY) {
            let Some(node) = map.get(number).filter(|node| !node.is_forgotten()) else { continue };
            let made = self.made(number);
            if node.role == Role::Gone && made.is_none() {
                continue;
            }
            let primary = match node.role {
                Role::Replica { of } => map.endpoint(of).cloned(),
                _ => None,
            };
            all.push(NodeStatus {
                endpoint: node.endpoint.clone(),
                id: Some(node.id.clone()).filter(|id| !id.starts_with('@')),
                role: match (node.role, primary) {
                    (Role::Primary, _) => NodeRole::Primary,
                    (Role::Replica { .. }, Some(of)) => NodeRole::Replica { of },
                    _ => NodeRole::Unknown,
                },
                zone: node.zone.clone(),
                slots: if self.kind.is_undivided() { Vec::new() } else { map.slots_of(number) },
                connected: made.is_some_and(|node| node.links().any(|link| is_ready(link))),
            });
        }
        all
    }

    /// Whether this server was not given up for good.
    pub(in crate::multiplexer) fn knows(&self, node: &Node) -> bool {
        let number = self.numbered().find(|(_, known)| std::ptr::eq(*known, node));
        let map = self.lock();
        number.and_then(|(number, _)| map.get(number)).is_some_and(|known| !known.is_forgotten())
    }

    pub(in crate::multiplexer) fn map_status(&self) -> MapStatus {
        let refreshes = self.refreshes.load(Ordering::Relaxed);
        let at = self.refreshed_at.load(Ordering::Relaxed);
        let age = self.clock.now().saturating_sub(at);
        MapStatus {
            age: (refreshes > 0).then(|| Duration::from_micros(age)),
            refreshes,
            redirects: self.redirects.load(Ordering::Relaxed),
        }
    }

    /// The link to the server at this address, if there is such a server.
    pub(in crate::multiplexer) fn link_at(&self, endpoint: &Endpoint) -> Option<Arc<Link>> {
        let number = self.lock().find(endpoint)?;
        Some(self.node(number)?.link.clone())
    }
}

fn is_ready(link: &Link) -> bool {
    link.with(|core| core.phase == Phase::Ready)
}

impl std::fmt::Display for NodeStatus {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: ", self.endpoint)?;
        match &self.role {
            NodeRole::Primary => f.write_str("primary")?,
            NodeRole::Replica { of } => write!(f, "replica of {of}")?,
            NodeRole::Unknown => f.write_str("not a member")?,
        }
        if let Some(zone) = &self.zone {
            write!(f, ", zone {zone}")?;
        }
        if !self.slots.is_empty() {
            let count: usize = self.slots.iter().map(|range| range.len()).sum();
            write!(f, ", {count} slots")?;
        }
        f.write_str(if self.connected { ", connected" } else { ", not connected" })
    }
}
