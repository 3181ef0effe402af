//! Listens to the links of a multiplexer.

use std::sync::Arc;
#[cfg(feature = "topology")]
use std::sync::Weak;
#[cfg(feature = "full")]
use std::task::Waker;

#[cfg(feature = "full")]
use redmux_transport::time_of_day;

#[cfg(feature = "full")]
use super::announcements::Announcements;
#[cfg(feature = "full")]
use crate::events::{Notice, ServerMaintenance};
#[cfg(feature = "full")]
use crate::subscriptions::Heir;
#[cfg(any(feature = "full", feature = "topology"))]
use crate::subscriptions::Taken;
use crate::{
    Options,
    connection::{Link, Owner, Push},
    events::{ConnectionFailed, Event, Hub},
    subscriptions::Registry,
};
#[cfg(feature = "topology")]
use crate::{
    connection::Router,
    resp::{ServerError, ServerErrorKind},
};

/// Hands on what links say: subscriptions to the registry, events to the hub
#[derive(Default)]
pub(crate) struct Ears {
    pub(crate) hub: Arc<Hub>,
    pub(crate) registry: Arc<Registry>,
    /// Where there are several servers: learns that connections are lost, and knows where else a topic may be.
    #[cfg(feature = "topology")]
    pub(super) router: Option<Weak<dyn Router>>,
    /// The one server of a deployment beside others.
    #[cfg(feature = "topology")]
    pub(super) alone: bool,
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

impl Ears {
    /// Whether there are several servers.
    pub(super) fn is_of_many(&self) -> bool {
        #[cfg(feature = "topology")]
        let is = self.router.is_some();
        #[cfg(not(feature = "topology"))]
        let is = false;
        is
    }
}

#[cfg(feature = "topology")]
impl Ears {
    /// Those of the one server of a deployment, and of the group that it is in.
    pub(super) fn of_member(options: &Options, hub: &Arc<Hub>, group: Weak<dyn Router>) -> Self {
        Self { hub: hub.clone(), router: Some(group), alone: true, ..Self::new(options) }
    }

    fn router(&self) -> Option<Arc<dyn Router>> {
        self.router.as_ref().and_then(Weak::upgrade)
    }

    /// The slot of a topic is at another server: so is the topic, from now on.
    #[cold]
    fn follow(&self, link: &Link, error: &ServerError) {
        if let (Some(router), Some(redirect)) = (self.router(), error.redirect()) {
            router.redirected(link, &redirect, true);
        }
    }
}

#[cfg(feature = "full")]
impl Ears {
    /// The server announces maintenance.
    #[cold]
    fn announced(&self, link: &Link, notice: Notice) {
        let event = ServerMaintenance::from_push(link.endpoint(), notice, time_of_day());
        #[cfg(feature = "topology")]
        let slots = event.slots.clone();
        self.hub.publish_notice(event);
        #[cfg(feature = "topology")]
        if let Some(router) = self.router() {
            router.migrated(link, &slots);
        }
    }
}

impl Owner for Ears {
    fn ready(&self, link: &Link) {
        #[cfg(feature = "topology")]
        if let Some(router) = self.router() {
            router.renewed(link);
        }
        self.registry.connected(link);
    }

    fn lost(&self, failure: ConnectionFailed) {
        #[cfg(feature = "topology")]
        if let Some(router) = self.router() {
            router.troubled();
        }
        self.hub.publish(Event::ConnectionFailed(failure));
    }

    fn pushed(&self, link: &Link, push: Push) {
        #[cfg(feature = "topology")]
        if let Push::Refused { error, .. } = &push
            && error.kind() == ServerErrorKind::Moved
        {
            self.follow(link, error);
        }
        #[cfg(feature = "full")]
        let push = match push {
            Push::Notice(notice) => return self.announced(link, *notice),
            push => push,
        };
        match self.registry.take_in(link, push) {
            #[cfg(feature = "full")]
            Taken::Own(message) => self.announcements.heard(link, &message, &self.hub),
            #[cfg(feature = "topology")]
            Taken::Unwatched => {
                if let Some(router) = self.router() {
                    router.doubted(link);
                }
            }
            _ => {}
        }
    }

    fn retry(&self, link: &Link) {
        self.registry.retry(link);
    }

    fn ended(&self, link: &Link) {
        self.registry.ended(link);
    }

    #[cfg(feature = "full")]
    fn heir(&self) -> Arc<dyn Owner> {
        Arc::new(Heir(self.registry.clone()))
    }

    #[cfg(feature = "full")]
    fn before_move(&self, link: &Link, heir: &Link, time: u64) -> Option<u64> {
        self.registry.before_move(link, heir, time)
    }

    #[cfg(feature = "full")]
    fn stay(&self, heir: Option<&Link>) {
        self.registry.stay(heir);
    }

    #[cfg(feature = "full")]
    fn go_over(
        &self,
        link: &Link,
        whole: bool,
        change: &mut dyn FnMut(&mut Vec<Waker>) -> bool,
    ) -> bool {
        self.registry.go_over(link, whole, change)
    }

    #[cfg(feature = "topology")]
    fn silent(&self, _link: &Link) {
        if let Some(router) = self.router() {
            router.troubled();
        }
    }

    fn has_listeners(&self) -> bool {
        self.hub.has_listeners()
    }

    fn publish(&self, event: Event) {
        self.hub.publish(event);
    }
}
