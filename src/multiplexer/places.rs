//! Where subscriptions are made.

use std::sync::Arc;

use redmux_transport::Endpoint;

use super::{Inner, site::Site};
#[cfg(feature = "topology")]
use super::{group::Roster, many::Many};
use crate::{
    Error, Result,
    connection::Link,
    subscriptions::{Queue, Registry, Topic},
};

/// The server, or the servers, that topics are subscribed to at
pub(crate) enum Places {
    One {
        link: Arc<Link>,
        registry: Arc<Registry>,
    },
    /// Each topic has its place, which may change.
    #[cfg(feature = "topology")]
    Many(Arc<Many>),
    /// They are where the commands go.
    #[cfg(feature = "topology")]
    Group(Arc<Roster>),
}

impl Inner {
    /// The link to the server at this address: `Some(None)` if there is one server and this is its address.
    #[cfg(feature = "topology")]
    pub(crate) fn link_at(&self, endpoint: &Endpoint) -> Option<Option<Arc<Link>>> {
        match &self.site {
            Site::One(_) => self.options.endpoints.contains(endpoint).then_some(None),
            Site::Many(many) => Some(Some(many.link_at(endpoint)?)),
            Site::Group(group) => Some(Some(group.link_at(endpoint)?)),
        }
    }

    pub(crate) fn places(&self) -> Places {
        match &self.site {
            Site::One(node) => {
                Places::One { link: node.link.clone(), registry: node.registry.clone() }
            }
            #[cfg(feature = "topology")]
            Site::Many(many) => Places::Many(many.clone()),
            #[cfg(feature = "topology")]
            Site::Group(group) => Places::Group(group.clone()),
        }
    }
}

impl Places {
    /// Adds a listener to each of the topics, and asks the servers for those that are not confirmed.
    pub(crate) fn listen(&self, topics: &[Topic], queue: &Arc<Queue>) -> Result<()> {
        match self {
            Self::One { link, registry } => registry.listen(topics, queue, link),
            #[cfg(feature = "topology")]
            Self::Many(many) => many.listen(topics, queue),
            #[cfg(feature = "topology")]
            Self::Group(group) => group.listen(topics, queue),
        }
    }

    /// Removes a listener; whether a server may have been asked for one of the topics.
    pub(crate) fn remove(&self, topics: &[Topic], queue: &Arc<Queue>) -> bool {
        match self {
            Self::One { link, registry } => registry.remove(topics, queue, link),
            #[cfg(feature = "topology")]
            Self::Many(many) => many.remove(topics, queue),
            #[cfg(feature = "topology")]
            Self::Group(group) => group.remove(topics, queue),
        }
    }

    /// Ends every subscription.
    pub(crate) fn remove_all(&self) {
        match self {
            Self::One { link, registry } => registry.remove_all(link),
            #[cfg(feature = "topology")]
            Self::Many(many) => {
                many.end_unplaced();
                many.nodes().for_each(|node| node.registry.remove_all(&node.link));
            }
            #[cfg(feature = "topology")]
            Self::Group(group) => group.remove_all(),
        }
    }

    /// The reader of a queue has caught up: connections that waited for it go on.
    pub(crate) fn resume(&self, queue: &Arc<Queue>) {
        match self {
            Self::One { link, registry } => registry.resume(queue, link),
            #[cfg(feature = "topology")]
            Self::Many(many) => {
                many.nodes().for_each(|node| node.registry.resume(queue, &node.link));
            }
            #[cfg(feature = "topology")]
            Self::Group(group) => group.resume(queue),
        }
    }

    /// A server, for errors.
    pub(crate) fn endpoint(&self) -> Arc<Endpoint> {
        match self {
            Self::One { link, .. } => link.endpoint(),
            #[cfg(feature = "topology")]
            Self::Many(many) => many.any().link.endpoint(),
            #[cfg(feature = "topology")]
            Self::Group(group) => group.node().link.endpoint(),
        }
    }

    /// Why there will be no connection, if that is so.
    pub(crate) fn over(&self) -> Option<Error> {
        match self {
            Self::One { link, .. } => link.over(),
            #[cfg(feature = "topology")]
            Self::Many(many) => many.over(),
            #[cfg(feature = "topology")]
            Self::Group(group) => group.over(),
        }
    }
}
