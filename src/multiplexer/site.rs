//! One server, or several.

#[cfg(feature = "topology")]
use std::sync::Arc;

use super::node::Node;
#[cfg(feature = "topology")]
use super::{
    group::{MemberStatus, Roster},
    many::{Many, MapStatus, NodeStatus},
};
use crate::{caching::CacheStats, connection::Berth};

/// Which server a command goes to
pub(crate) enum Site {
    /// All go to this one.
    One(Node),
    /// The slots of their keys say to which of these.
    #[cfg(feature = "topology")]
    Many(Arc<Many>),
    /// One of several independent deployments has them all.
    #[cfg(feature = "topology")]
    Group(Arc<Roster>),
}

impl Site {
    /// The server for what names no key.
    pub(crate) fn node(&self) -> &Node {
        match self {
            Self::One(node) => node,
            #[cfg(feature = "topology")]
            Self::Many(many) => many.any(),
            #[cfg(feature = "topology")]
            Self::Group(group) => group.node(),
        }
    }

    /// The server at which a connection is leased.
    #[cfg_attr(not(feature = "topology"), allow(unused_variables, reason = "there is one"))]
    pub(super) fn node_at(&self, berth: Berth<'_>) -> &Node {
        match self {
            Self::One(node) => node,
            #[cfg(feature = "topology")]
            Self::Many(many) => many.node_at(berth),
            #[cfg(feature = "topology")]
            Self::Group(group) => group.node_at(berth),
        }
    }

    /// All servers that there are connections to, or were.
    pub(super) fn nodes(&self) -> Vec<&Node> {
        match self {
            Self::One(node) => vec![node],
            #[cfg(feature = "topology")]
            Self::Many(many) => many.nodes().collect(),
            #[cfg(feature = "topology")]
            Self::Group(group) => group.nodes(),
        }
    }

    pub(super) fn cache_stats(&self) -> Option<CacheStats> {
        match self {
            Self::One(node) => node.link.config.cache.as_ref().map(|cache| cache.stats()),
            #[cfg(feature = "topology")]
            Self::Many(many) => many.caches.as_ref().map(|caches| caches.stats()),
            #[cfg(feature = "topology")]
            Self::Group(group) => group.cache_stats(),
        }
    }

    /// Whether the connections to this server are worth a look: not those to one that left for good.
    #[cfg_attr(not(feature = "topology"), allow(unused_variables, reason = "there is one"))]
    pub(super) fn shows(&self, node: &Node) -> bool {
        match self {
            Self::One(_) => true,
            #[cfg(feature = "topology")]
            Self::Many(many) => many.knows(node),
            #[cfg(feature = "topology")]
            Self::Group(group) => group.shows(node),
        }
    }

    #[cfg(feature = "topology")]
    pub(super) fn report(&self) -> Vec<NodeStatus> {
        match self {
            Self::One(_) => Vec::new(),
            Self::Many(many) => many.report(),
            Self::Group(group) => group.report(),
        }
    }

    #[cfg(feature = "topology")]
    pub(super) fn map_status(&self) -> MapStatus {
        match self {
            Self::One(_) => MapStatus::default(),
            Self::Many(many) => many.map_status(),
            Self::Group(group) => group.map_status(),
        }
    }

    /// The members of a group.
    #[cfg(feature = "topology")]
    pub(super) fn members(&self) -> Vec<MemberStatus> {
        match self {
            Self::One(_) | Self::Many(_) => Vec::new(),
            Self::Group(group) => group.members(),
        }
    }

    pub(super) fn reconnect(&self) {
        match self {
            Self::One(node) => node.reconnect(),
            #[cfg(feature = "topology")]
            Self::Many(many) => many.reconnect(),
            #[cfg(feature = "topology")]
            Self::Group(group) => group.reconnect(),
        }
    }

    /// Lets what was issued finish, and waits for that.
    pub(super) async fn close(&self) {
        match self {
            Self::One(node) => node.close().await,
            #[cfg(feature = "topology")]
            Self::Many(many) => many.close().await,
            #[cfg(feature = "topology")]
            Self::Group(group) => group.close().await,
        }
    }

    pub(super) fn abort(&self) {
        match self {
            Self::One(node) => node.abort(),
            #[cfg(feature = "topology")]
            Self::Many(many) => many.abort(),
            #[cfg(feature = "topology")]
            Self::Group(group) => group.abort(),
        }
    }
}
