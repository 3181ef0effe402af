//! Listens to the links of a multiplexer.

use std::sync::Arc;

#[cfg(feature = "full")]
use super::announcements::Announcements;
#[cfg(feature = "topology")]
use super::many::Wake;
use crate::{
    Options,
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
    /// What the client itself listens to.
    #[cfg(feature = "full")]
    pub(super) announcements: Arc<Announcements>,
}

impl Ears {
    pub(super) fn new(_options: &Options) -> Self {
        let registry = Arc::<Registry>::default();
        Self {
            #[cfg(feature = "full")]
            announcements: Arc::new(Announcements::new(_options, &registry)),
            registry,
            ..Self::default()
        }
    }
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
        let _own = self.registry.take_in(link, push);
        #[cfg(feature = "full")]
        if let Some(message) = _own {
            self.announcements.heard(link, &message, &self.hub);
        }
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
