//! Setting and using the options that only a build with the feature `full` has.

use std::sync::{Arc, OnceLock};

use super::Options;
#[cfg(feature = "full")]
use crate::{
    command::KeyPrefix,
    commands::CommandMap,
    connection::{CircuitBreaker, CredentialsProvider},
    observe::CommandObserver,
};
use crate::{
    command::{ChannelPrefix, Handling},
    connection::Breaker,
    observe::Profiler,
};

impl Options {
    /// What is done with the calls of every handle, if it is anything.
    pub(crate) fn handling(&self) -> Option<Arc<Handling>> {
        let extras = self.extras.get().cloned().unwrap_or_default();
        let profiler = extras.profiling.then(Arc::<Profiler>::default);
        let mut observers = extras.observers;
        if let Some(profiler) = &profiler {
            observers.add(profiler.clone());
        }
        let handling = Handling {
            commands: self.commands(),
            prefix: extras.key_prefix,
            channels: self.channels(),
            retry: None,
            #[cfg(feature = "topology")]
            read_from: self.wanted_reads(),
            guarded: extras.circuit_breaker.is_some(),
            observers,
            profiler,
            #[cfg(feature = "topology")]
            arrived: None,
            of_parts: OnceLock::new(),
        };
        handling.unless_usual()
    }

    /// A circuit breaker for a server, if there is to be one.
    pub(crate) fn breaker(&self) -> Option<Arc<Breaker>> {
        let policy = self.extras.get()?.circuit_breaker.clone()?;
        Some(Arc::new(Breaker::new(policy)))
    }

    #[inline(always)]
    pub(super) fn has_credentials_provider(&self) -> bool {
        self.extras.get().is_some_and(|extras| extras.credentials_provider.is_some())
    }

    /// The prefix of every channel.
    // A method of its own, so that a build without `full` drops the code for prefixes.
    #[inline(always)]
    pub(crate) fn channels(&self) -> Option<ChannelPrefix> {
        self.extras.get()?.channel_prefix.clone().map(ChannelPrefix::new)
    }
}

#[cfg(feature = "full")]
impl Options {
    /// Asks this provider for user name and password on each connect, and again before they expire;
    /// they override [`username`](Self::username) and [`password`](Self::password). Default: none.
    pub fn credentials_provider(mut self, provider: impl CredentialsProvider) -> Self {
        self.extras.change(|extras| extras.credentials_provider = Some(Arc::new(provider)));
        self
    }

    /// Whether to send a numbered `ECHO` before every command. A reply that was lost or doubled on
    /// the way is then noticed before any reply reaches the wrong caller, and the connection ends
    /// with [`ErrorKind::Protocol`](crate::ErrorKind::Protocol). Default false: an ordered
    /// transport does not need it. Leased connections do not use it.
    pub fn high_integrity(mut self, check: bool) -> Self {
        self.high_integrity = check;
        self
    }

    /// A prefix for every key of every command: see
    /// [`Database::with_key_prefix`](crate::Database::with_key_prefix). Default: none.
    pub fn key_prefix(mut self, prefix: impl AsRef<str>) -> Self {
        let prefix = prefix.as_ref().as_bytes();
        let prefix = (!prefix.is_empty()).then(|| KeyPrefix::new(prefix));
        self.extras.change(|extras| extras.key_prefix = prefix);
        self
    }

    /// A prefix for every channel that is published or subscribed to. Default: none.
    ///
    /// Messages come with their channel as the program subscribed to it, without the prefix; so do
    /// the replies of `PUBSUB CHANNELS` and the like, which list only channels with the prefix.
    /// [Keyspace notifications](crate::pubsub::Subscriber::keyspace) get no prefix.
    pub fn channel_prefix(mut self, prefix: impl Into<Arc<str>>) -> Self {
        let prefix = Some(prefix.into()).filter(|prefix| !prefix.is_empty());
        self.extras.change(|extras| extras.channel_prefix = prefix);
        self
    }

    /// Commands that are renamed or disabled. Default: none.
    pub fn command_map(mut self, map: CommandMap) -> Self {
        self.command_map = map;
        self
    }

    /// Refuses commands at once while the server does not answer. Default: commands wait, each for
    /// its own time.
    pub fn circuit_breaker(mut self, breaker: CircuitBreaker) -> Self {
        self.extras.change(|extras| extras.circuit_breaker = Some(breaker));
        self
    }

    /// Adds an observer of every call of every handle. Default: none.
    pub fn observer(mut self, observer: impl CommandObserver) -> Self {
        self.extras.change(|extras| extras.observers.add(Arc::new(observer)));
        self
    }

    /// Whether to listen to the maintenance that Azure caches announce, which is the event
    /// [`ServerMaintenance`](crate::events::ServerMaintenance). Default: at
    /// [Azure](super::Defaults), yes; elsewhere, no.
    ///
    /// The client subscribes to the channel `AzureRedisEvents` on each connection. With RESP2 it opens the connection for subscriptions
    /// for that. A server that refuses the subscription is asked again every 15 minutes; if this option is set,
    /// the event [`SubscriptionRefused`](crate::events::SubscriptionRefused) says so, once for each connection.
    ///
    /// When a notice says that maintenance, failover or scaling is over, the client looks whether its server is still a
    /// primary, and if not dials the name again; see [`redial_on_readonly`](Self::redial_on_readonly).
    ///
    /// ```
    /// let options = redmux::Options::new("cache.example:6380").azure_maintenance(true);
    /// assert_eq!(options.to_string(), "cache.example:6380,azureMaintenance=true");
    /// ```
    pub fn azure_maintenance(mut self, listen: bool) -> Self {
        self.extras.change(|extras| extras.azure_maintenance = Some(listen));
        self
    }

    /// The channel on which programs tell each other that the servers have changed; empty for none. Default:
    /// `__Booksleeve_MasterChanged`, the one of StackExchange.Redis, so that both may share servers.
    ///
    /// What is published there is the event
    /// [`ConfigurationChangedBroadcast`](crate::events::ConfigurationChangedBroadcast), and the client looks at its
    /// server as after [maintenance](Self::azure_maintenance). The client listens if this option is set or
    /// there are several endpoints; with one endpoint it costs nothing unless it is wanted. At Azure Managed Redis the
    /// default is none. [`publish_reconfigure`](crate::ConnectionMultiplexer::publish_reconfigure) publishes there in any
    /// case. A [channel prefix](Self::channel_prefix) does not apply.
    ///
    /// A refusal is treated as that of [`azure_maintenance`](Self::azure_maintenance).
    ///
    /// ```
    /// let options = redmux::Options::new("localhost").config_channel("changes");
    /// assert_eq!(options.to_string(), "localhost:6379,configChannel=changes");
    /// ```
    pub fn config_channel(mut self, channel: impl Into<Arc<str>>) -> Self {
        let channel = channel.into();
        self.extras.change(|extras| extras.config_channel = Some(channel));
        self
    }

    /// Whether a [profiling session](crate::ConnectionMultiplexer::profile) sees the calls of all
    /// handles, instead of only the handles made for the session. Without a session, that costs
    /// each call some nanoseconds. Default false.
    pub fn profiling(mut self, all_handles: bool) -> Self {
        self.extras.change(|extras| extras.profiling = all_handles);
        self
    }
}
