//! Listens to the links of a multiplexer.

use std::sync::Arc;

#[cfg(feature = "topology")]
use super::many::Wake;
use crate::{
    connection::{Link, Owner, Push},
    events::{ConnectionFailed, Event, Hub},
    subscriptions::Registry,
};

/// Hands on what links say: subscriptions to the registry, events to the hub
#[derive(Default)]
pub(crate) struct Ears {
    pub(crate) hub: Arc<Hub>,
    pub(crate) registry: Arc<Registry>,
    /// Learns that connections are lost, where there are several servers.
    #[cfg(feature = "topology")]
    pub(crate) wake: Option<Arc<Wake>>,
}

impl Owner for Ears {
    fn ready(&self, link: &Link) {
        self.registry.connected(link);
    }

    fn lost(&self, failure: ConnectionFailed) {
        #[cfg(feature = "topology")]
        if let Some(wake) = &self.wake {
            wake.hint();
        }
        self.hub.publish(Event::ConnectionFailed(failure));
    }

    fn pushed(&self, link: &Link, push: Push) {
        self.registry.take_in(link, push);
    }

    fn retry(&self, link: &Link) {
        self.registry.retry(link);
    }

    fn ended(&self, link: &Link) {
        self.registry.ended(link);
    }

    fn has_listeners(&self) -> bool {
        self.hub.has_listeners()
    }

    fn publish(&self, event: Event) {
        self.hub.publish(event);
    }
}
