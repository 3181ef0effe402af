//! A deployment as its group sees it.

use std::{
    any::Any,
    sync::{Arc, Weak},
    task::Waker,
    time::Duration,
};

use redmux_transport::{BoxFuture, Endpoint, MaybeSend, MaybeSync};

use super::super::{
    many::{MapStatus, NodeStatus},
    node::Node,
};
use crate::{
    Options, Result,
    caching::CacheStats,
    connection::{Berth, Link, Router},
    subscriptions::{Moving, Queue, Topic},
};

/// A deployment that is to be connected to
pub(in crate::multiplexer) struct Plan {
    pub(super) options: Options,
    /// How it is probed, if in a way of its own: the maker knows the type, which is made of multiplexers.
    pub(super) probe: Option<Box<dyn Any + Send>>,
}

/// Begins to connect to deployments
pub(in crate::multiplexer) trait Maker:
    MaybeSend + MaybeSync + 'static
{
    /// Begins to connect to one, whose troubles `group` hears of.
    ///
    /// # Errors
    /// If it cannot be a member of this group.
    fn make(&self, plan: Plan, group: Weak<dyn Router>) -> Result<Box<dyn Deployment>>;
}

/// One server, a cluster, a primary and its replicas, or what sentinels lead to
///
/// It is what a multiplexer is for a program, and made of one.
pub(in crate::multiplexer) trait Deployment:
    MaybeSend + MaybeSync + 'static
{
    /// The link that calls for it are made for; `None` before its server has said whether it is one of several.
    fn front(&self) -> Option<Arc<Link>>;

    /// The server for what names no key.
    fn node(&self) -> &Node;

    fn node_at(&self, berth: Berth<'_>) -> &Node;

    fn nodes(&self) -> Vec<&Node>;

    /// Whether the connections to this server are worth a look.
    fn shows(&self, node: &Node) -> bool;

    fn report(&self) -> Vec<NodeStatus>;

    fn map_status(&self) -> MapStatus;

    fn cache_stats(&self) -> Option<CacheStats>;

    fn link_at(&self, endpoint: &Endpoint) -> Option<Arc<Link>>;

    /// Asks it whether it is well; it has this time.
    fn ask(&self, limit: Duration) -> BoxFuture<'static, Result<()>>;

    fn listen(&self, topics: &[Topic], queue: &Arc<Queue>) -> Result<()>;

    fn remove(&self, topics: &[Topic], queue: &Arc<Queue>) -> bool;

    fn remove_all(&self);

    fn resume(&self, queue: &Arc<Queue>);

    /// Takes out all who listen, and tells its servers.
    fn take_listeners(&self, wakers: &mut Vec<Waker>) -> Vec<Moving>;

    /// Asks its servers for these.
    fn adopt(&self, moving: Vec<Moving>, wakers: &mut Vec<Waker>);

    fn reconnect(&self);

    fn close(&self) -> BoxFuture<'_, ()>;

    fn abort(&self);
}
