//! What [`Options`] take, and the connection string that holds them
//!
//! What has a module of its own is there: [`CacheOptions`] in [`cache`](crate::cache),
//! [`RetryPolicy`](crate::RetryPolicy) at the root.

#[cfg(feature = "full")]
mod announced;
#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
mod env;
mod escape;
mod extras;
mod full;
mod hosted;
#[cfg(feature = "full")]
mod maintenance;
#[cfg(feature = "topology")]
mod many;
mod parse;
mod provider;
mod reading;
#[cfg(feature = "topology")]
mod servers;
mod table;
#[cfg(test)]
mod tests;
mod tunnels;
mod url;
mod validate;
mod values;
#[cfg(feature = "topology")]
mod zones;

use std::{fmt, sync::Arc, time::Duration};

use redmux_transport::{DialOptions, Endpoint};
#[doc(inline)]
pub use redmux_transport::{Keepalive, Pem, TlsOptions, TlsVersions, Tunnel, TunnelKind};

#[cfg(feature = "topology")]
pub use crate::connection::ReadFrom;
pub use crate::{
    commands::CommandMap,
    connection::{
        BacklogPolicy, CircuitBreaker, ConstantDelay, Credentials, CredentialsProvider,
        ExponentialBackoff, ReconnectPolicy,
    },
};
#[cfg(feature = "full")]
pub use announced::{Maintenance, MovingEndpoint};
#[cfg(feature = "full")]
pub(crate) use hosted::Wish;
pub use provider::Defaults;
#[cfg(feature = "topology")]
pub use servers::{AnnouncedNode, Mode};

#[cfg(feature = "topology")]
use crate::caching::Together;
use crate::{
    Error, Full, Result,
    caching::{Cache, CacheOptions},
    clock::micros,
    connection::{DialPlan, LinkConfig},
    resp::{Limits, Protocol},
};
use extras::Extras;
use values::Reconnect;

/// How to reach the servers, and the time limits
///
/// Parsed from a connection string (see [`FromStr`](std::str::FromStr)), whose faults are found at once, or made by
/// [`Options::new`] and the methods below, whose faults are found by [`validate`](Self::validate). `connect` and its
/// like validate too, and dial nothing if there is a fault.
///
/// ```
/// use redmux::Options;
/// use std::time::Duration;
///
/// let options = Options::new("cache.example:6379")
///     .connect_timeout(Duration::from_secs(1))
///     .command_timeout(Duration::from_secs(3))
///     .password("secret");
/// let same: Options =
///     "cache.example:6379,connectTimeout=1000,commandTimeout=3000,password=secret".parse()?;
/// assert_eq!(options.to_string(), same.to_string());
/// assert!(!format!("{options} {options:?}").contains("secret"));
/// # Ok::<(), redmux::Error>(())
/// ```
#[derive(Clone)]
pub struct Options {
    pub(crate) endpoints: Vec<Endpoint>,
    pub(crate) connect_timeout: Duration,
    pub(crate) command_timeout: Duration,
    pub(crate) sync_timeout: Duration,
    pub(crate) connect_retry: u32,
    /// `None`: the default of the first endpoint's provider.
    pub(crate) abort_on_connect_fail: Option<bool>,
    pub(crate) keep_alive: Duration,
    pub(crate) probe_after: Duration,
    pub(crate) probe_timeout: Duration,
    pub(crate) redial_on_readonly: bool,
    pub(crate) username: Option<Arc<str>>,
    pub(crate) password: Option<Arc<str>>,
    pub(crate) database: u32,
    pub(crate) client_name: Option<Arc<str>>,
    pub(crate) library_info: bool,
    pub(crate) library_name: Option<Arc<str>>,
    pub(crate) high_integrity: bool,
    pub(crate) protocol: Option<Protocol>,
    pub(crate) command_map: CommandMap,
    /// `None`: the default of the first endpoint's provider.
    ssl: Option<bool>,
    /// A URL demands TLS (`rediss://`): no option overrides that.
    tls_by_url: bool,
    tls: TlsOptions,
    tunnel: Option<Tunnel>,
    tcp_keepalive: Option<Keepalive>,
    tcp_user_timeout: Option<Duration>,
    defaults: Defaults,
    reconnect: Reconnect,
    pub(crate) backlog: BacklogPolicy,
    pub(crate) send_queue_bytes: usize,
    pub(crate) subscription_capacity: usize,
    pub(crate) subscription_bytes: usize,
    pub(crate) max_leased: usize,
    pub(crate) lease_idle: Duration,
    client_cache: Option<CacheOptions>,
    extras: Full<Extras>,
    pub(crate) limits: Limits,
    /// The fault of an endpoint that was given as text; reported on connect.
    pub(crate) fault: Option<Error>,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            endpoints: Vec::new(),
            connect_timeout: Duration::from_secs(5),
            command_timeout: Duration::from_secs(5),
            sync_timeout: Duration::from_secs(5),
            connect_retry: 3,
            abort_on_connect_fail: None,
            keep_alive: Duration::from_secs(10),
            probe_after: Duration::from_secs(2),
            probe_timeout: Duration::from_secs(5),
            redial_on_readonly: true,
            username: None,
            password: None,
            database: 0,
            client_name: None,
            library_info: true,
            library_name: None,
            high_integrity: false,
            protocol: None,
            command_map: CommandMap::default(),
            ssl: None,
            tls_by_url: false,
            tls: TlsOptions::default(),
            tunnel: None,
            tcp_keepalive: None,
            tcp_user_timeout: None,
            defaults: Defaults::Auto,
            reconnect: Reconnect::new(ExponentialBackoff::default()),
            backlog: BacklogPolicy::default(),
            send_queue_bytes: 16 << 20,
            subscription_capacity: 1024,
            subscription_bytes: 8 << 20,
            max_leased: 32,
            lease_idle: Duration::from_secs(30),
            client_cache: None,
            extras: Full::default(),
            limits: Limits::default(),
            fault: None,
        }
    }
}

impl Options {
    /// Adds an endpoint that is already parsed.
    pub fn add_endpoint(mut self, endpoint: Endpoint) -> Self {
        self.endpoints.push(endpoint);
        self
    }

    /// The endpoints, in the order in which they are tried.
    pub fn endpoints(&self) -> &[Endpoint] {
        &self.endpoints
    }

    /// Time for one connection attempt, handshake included. Default 5 s.
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// Time for one asynchronous command, counted from its first poll, queueing included. Default 5
    /// s; a call's own [`timeout`](crate::Call::timeout) overrides it.
    pub fn command_timeout(mut self, timeout: Duration) -> Self {
        self.command_timeout = timeout;
        self
    }

    /// Time for one call of the [blocking API](crate::blocking::Blocking). Default 5 s.
    pub fn sync_timeout(mut self, timeout: Duration) -> Self {
        self.sync_timeout = timeout;
        self
    }

    /// Attempts of the first connect, at each endpoint, before `connect` fails. Default 3; a
    /// refused password fails at once.
    pub fn connect_retry(mut self, attempts: u32) -> Self {
        self.connect_retry = attempts;
        self
    }

    /// Whether `connect` fails when no server can be reached (default, except at
    /// [some services](Defaults)), or returns a multiplexer that goes on trying.
    pub fn abort_on_connect_fail(mut self, abort: bool) -> Self {
        self.abort_on_connect_fail = Some(abort);
        self
    }

    /// Silence on an idle connection before the client sends `PING`. Default 10 s.
    pub fn keep_alive(mut self, silence: Duration) -> Self {
        self.keep_alive = silence;
        self
    }

    /// Silence before the client sends `PING` while replies are due. Default 2 s.
    pub fn probe_after(mut self, silence: Duration) -> Self {
        self.probe_after = silence;
        self
    }

    /// How long a `PING` may go unanswered, with nothing read at all, before the client gives the
    /// connection up. Default 5 s. A call with a longer [`timeout`](crate::Call::timeout) extends
    /// this; on the shared connection, to at most a minute of silence.
    pub fn probe_timeout(mut self, timeout: Duration) -> Self {
        self.probe_timeout = timeout;
        self
    }

    /// Whether the client leaves a server that answers `READONLY` and dials its name again: the
    /// server was a primary and is a replica now, and a DNS name, a virtual IP or a proxy may
    /// already point to its successor. Default true.
    ///
    /// Commands that were sent are answered first (for a second at most), unsent ones go to the
    /// next connection, and the command that got `READONLY` fails with it. If the next server
    /// answers the same, the client tries again after one second, then two, up to a minute. Errors
    /// of scripts do not count, and leased connections stay.
    pub fn redial_on_readonly(mut self, redial: bool) -> Self {
        self.redial_on_readonly = redial;
        self
    }

    /// User name of an ACL user. Default: none, which is Redis's user `default`.
    pub fn username(mut self, username: impl Into<Arc<str>>) -> Self {
        self.username = Some(username.into());
        self
    }

    /// Password. Default: none.
    pub fn password(mut self, password: impl Into<Arc<str>>) -> Self {
        self.password = Some(password.into());
        self
    }

    /// Number of the logical database. Default 0.
    pub fn database(mut self, database: u32) -> Self {
        self.database = database;
        self
    }

    /// Name of the connection in `CLIENT LIST`. Default: none.
    pub fn client_name(mut self, name: impl Into<Arc<str>>) -> Self {
        self.client_name = Some(name.into());
        self
    }

    /// Whether to send the library's name and version with `CLIENT SETINFO`. Default true.
    pub fn library_info(mut self, tell: bool) -> Self {
        self.library_info = tell;
        self
    }

    /// The library name to send, for libraries built on this one. Default `redmux`.
    pub fn library_name(mut self, name: impl Into<Arc<str>>) -> Self {
        self.library_name = Some(name.into());
        self
    }

    /// Uses this protocol only. Default: RESP3, or RESP2 if the server refuses RESP3.
    pub fn protocol(mut self, protocol: Protocol) -> Self {
        self.protocol = Some(protocol);
        self
    }

    /// When to dial again after a failure. Default: [`ExponentialBackoff`].
    pub fn reconnect_policy(mut self, policy: impl ReconnectPolicy) -> Self {
        self.reconnect = Reconnect::new(policy);
        self
    }

    /// What happens to commands while there is no connection. Default: they wait.
    pub fn backlog(mut self, policy: BacklogPolicy) -> Self {
        self.backlog = policy;
        self
    }

    /// Unsent bytes beyond which callers wait for room. Default 16 MiB.
    pub fn send_queue_bytes(mut self, bytes: usize) -> Self {
        self.send_queue_bytes = bytes;
        self
    }

    /// Messages that wait for a slow subscriber before the oldest are dropped. Default 1024.
    /// Applies to [`monitor`](crate::ConnectionMultiplexer::monitor) too.
    pub fn subscription_capacity(mut self, messages: usize) -> Self {
        self.subscription_capacity = messages;
        self
    }

    /// Bytes of messages that wait for a slow subscriber before the oldest are dropped; one message
    /// is kept, however large. Default 8 MiB. Applies to
    /// [`monitor`](crate::ConnectionMultiplexer::monitor) too.
    pub fn subscription_bytes(mut self, bytes: usize) -> Self {
        self.subscription_bytes = bytes;
        self
    }

    /// Maximum number of connections [leased](crate::ConnectionMultiplexer::lease) at the same
    /// time; further callers queue. Default 32.
    pub fn max_leased(mut self, connections: usize) -> Self {
        self.max_leased = connections;
        self
    }

    /// How long a returned connection stays idle before it is closed. Default 30 s.
    pub fn lease_idle(mut self, time: Duration) -> Self {
        self.lease_idle = time;
        self
    }

    /// Bounds on what a server may send. See [`Limits`] for the defaults.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Uses TLS with these options. Nothing is ever sent in the clear then. Default: no TLS, except
    /// at [some services](Defaults).
    pub fn tls(mut self, tls: TlsOptions) -> Self {
        self.ssl = Some(true);
        self.tls = tls;
        self
    }

    /// Uses no TLS, whichever service the endpoint belongs to.
    ///
    /// Contradicts a `rediss://` URL: connecting then fails with an error of kind
    /// [`Config`](crate::ErrorKind::Config), and nothing is sent.
    pub fn plaintext(mut self) -> Self {
        self.ssl = Some(false);
        self.tls = TlsOptions::default();
        self
    }

    /// The proxy to connect through. Default: none.
    pub fn tunnel(mut self, tunnel: Tunnel) -> Self {
        self.tunnel = Some(tunnel);
        self
    }

    /// When the kernel probes an idle peer. Default: the transport's, for TCP
    /// [`Keepalive::default`].
    pub fn tcp_keepalive(mut self, keepalive: Keepalive) -> Self {
        self.tcp_keepalive = Some(keepalive);
        self
    }

    /// How long sent bytes may stay unacknowledged before the kernel gives the peer up
    /// (Linux only); zero leaves it to the system. Default 10 s.
    pub fn tcp_user_timeout(mut self, timeout: Duration) -> Self {
        self.tcp_user_timeout = Some(timeout);
        self
    }

    /// The service whose defaults apply to options that are not set. Default: the service that the
    /// host name of the first endpoint belongs to.
    pub fn defaults(mut self, defaults: Defaults) -> Self {
        self.defaults = defaults;
        self
    }

    /// Keeps replies in memory, for calls that use [`cached`](crate::Call::cached). Default: no
    /// cache.
    pub fn client_cache(mut self, cache: CacheOptions) -> Self {
        self.client_cache = Some(cache);
        self
    }

    pub(crate) fn link_config(&self, subscriber: bool) -> LinkConfig {
        LinkConfig {
            command_timeout: micros(Some(self.command_timeout)),
            backlog: self.backlog,
            high_water: self.send_queue_bytes,
            keep_alive: micros(Some(self.keep_alive)),
            probe_after: micros(Some(self.probe_after)),
            probe_timeout: micros(Some(self.probe_timeout)),
            close_timeout: micros(Some(self.command_timeout)),
            client_name: self.client_name.clone(),
            library_info: self.library_info,
            library_name: self.library_name.clone(),
            commands: self.commands(),
            cache: None,
            breaker: Full::default(),
            database: self.database,
            protocol: if subscriber { Some(Protocol::Resp2) } else { self.protocol },
            high_integrity: Full::default(),
            limits: self.limits,
            leased: false,
            #[cfg(feature = "topology")]
            reads: false,
            redial_on_readonly: self.redial_on_readonly && !subscriber,
            beside: 0,
            subscriber,
            notices: Full::default(),
            monitor: Full::default(),
        }
    }

    /// What a server is asked for on a connection that is shared.
    #[cfg(not(feature = "full"))]
    #[allow(clippy::unused_self, reason = "with `full` they depend on the options")]
    pub(crate) fn notices(&self) -> Option<crate::connection::Notices> {
        None
    }

    /// What is sent unless a provider gives others.
    pub(crate) fn credentials(&self) -> Credentials {
        Credentials {
            username: self.username.clone(),
            password: self.password.clone(),
            valid_for: None,
        }
    }

    /// What servers call commands, and what is not sent to what is behind the endpoints.
    pub(crate) fn commands(&self) -> CommandMap {
        let commands = self.command_map.clone();
        #[cfg(feature = "topology")]
        if self.wanted_mode() == Mode::Proxy {
            return commands.behind_any_proxy();
        }
        commands
    }

    /// The cache of the shared connection.
    pub(crate) fn cache(&self) -> Option<Arc<Cache>> {
        let options = self.client_cache.clone()?;
        Some(Arc::new(Cache::new(options, self.commands())))
    }

    /// The caches of the connections that are shared, where there are several servers.
    #[cfg(feature = "topology")]
    pub(crate) fn caches(&self) -> Option<Arc<Together>> {
        Some(Arc::new(Together::new(self.client_cache.as_ref()?.max_bytes)))
    }

    /// One of these.
    #[cfg(feature = "topology")]
    pub(crate) fn cache_among(&self, together: &Arc<Together>) -> Option<Arc<Cache>> {
        let options = self.client_cache.clone()?;
        Some(Arc::new(Cache::among(together, options, self.commands())))
    }

    pub(crate) fn dial_plan(&self) -> DialPlan {
        DialPlan {
            endpoints: self.endpoints.iter().cloned().map(Arc::new).collect(),
            connect_timeout: micros(Some(self.connect_timeout)),
            policy: self.reconnect.policy.clone(),
            initial_attempts: self.aborts_on_connect_fail().then_some(self.connect_retry),
            single: false,
            options: Arc::new(self.dial_options()),
            credentials: Full::of(|| self.extras.get()?.credentials_provider.clone()),
        }
    }

    fn dial_options(&self) -> DialOptions {
        let mut options = DialOptions::default();
        options.tls = self.wants_tls().then(|| self.tls.clone());
        options.tunnel = self.tunnel.clone();
        options.keepalive = self.tcp_keepalive;
        options.user_timeout = self.tcp_user_timeout;
        options
    }
}

impl fmt::Debug for Options {
    /// Prints the connection string without the password, and the fault of an endpoint.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Options({self}")?;
        if let Some(fault) = &self.fault {
            write!(f, "; not usable: {fault}")?;
        }
        f.write_str(")")
    }
}

impl TryFrom<&str> for Options {
    type Error = Error;

    /// Reads a connection string or a URL, as [`FromStr`](std::str::FromStr) does.
    fn try_from(text: &str) -> Result<Self> {
        text.parse()
    }
}

impl TryFrom<String> for Options {
    type Error = Error;

    /// Reads a connection string or a URL, as [`FromStr`](std::str::FromStr) does.
    fn try_from(text: String) -> Result<Self> {
        text.parse()
    }
}

impl From<Endpoint> for Options {
    fn from(endpoint: Endpoint) -> Self {
        Self::default().add_endpoint(endpoint)
    }
}
