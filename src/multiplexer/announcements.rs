//! What servers and other programs announce: the client listens by itself, tells of it with events, and looks
//! at its servers again.

use std::sync::{OnceLock, Weak};

use bytes::Bytes;
use redmux_transport::{MaybeSend, MaybeSync, time_of_day};

use crate::{
    Options,
    commands::Mapped,
    connection::{Link, Verb},
    events::{AZURE_CHANNEL, ConfigurationChangedBroadcast, Event, Hub, ServerMaintenance},
    options::Wish,
    subscriptions::{Message, Own, Registry, Topic},
};

/// What the client listens to, and who looks at the servers then
#[derive(Default)]
pub(super) struct Announcements {
    config_channel: Option<Bytes>,
    azure: bool,
    servers: OnceLock<Weak<dyn Servers>>,
}

/// The servers of a multiplexer
pub(super) trait Servers: MaybeSend + MaybeSync + 'static {
    /// Something says that they will change.
    fn will_change(&self);

    /// Something says that they have changed: looks at them again, in the background.
    fn look_again(&self);
}

impl Announcements {
    /// Wants the channels that the options name.
    pub(super) fn new(options: &Options, registry: &Registry) -> Self {
        let mut found = Self::default();
        if options.commands().get("SUBSCRIBE") == Mapped::Disabled {
            return found;
        }
        let want = |channel: Bytes, wish| {
            let own = match wish {
                Wish::No => return false,
                Wish::Default => Own::Unasked,
                Wish::Asked => Own::Asked,
            };
            registry.want(Topic { verb: Verb::Subscribe, name: channel }, own);
            true
        };
        let azure = Bytes::from_static(AZURE_CHANNEL.as_bytes());
        found.azure = want(azure, options.wants_azure_maintenance());
        if let Some(channel) = options.configuration_channel() {
            let channel = Bytes::copy_from_slice(channel.as_bytes());
            let wanted = want(channel.clone(), options.wants_broadcasts());
            found.config_channel = wanted.then_some(channel);
        }
        found
    }

    /// These are looked at when they have changed.
    pub(super) fn set_servers(&self, servers: Weak<dyn Servers>) {
        // Set once, right after they are made.
        let _ = self.servers.set(servers);
    }

    /// Takes in a message of one of the channels.
    pub(super) fn heard(&self, link: &Link, message: &Message, hub: &Hub) {
        let endpoint = link.endpoint();
        let mut changed = false;
        if self.azure && message.channel == AZURE_CHANNEL {
            let notice =
                ServerMaintenance::from_azure(endpoint.clone(), &message.payload, time_of_day());
            changed |= notice.notification_type.is_aftermath();
            hub.publish(Event::ServerMaintenance(notice));
        }
        if self.config_channel.as_ref() == Some(&message.channel) {
            changed = true;
            let broadcast = ConfigurationChangedBroadcast::read(endpoint, &message.payload);
            hub.publish(Event::ConfigurationChangedBroadcast(broadcast));
        }
        let Some(servers) = self.servers.get().and_then(Weak::upgrade) else { return };
        if changed { servers.look_again() } else { servers.will_change() }
    }
}
