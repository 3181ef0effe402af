use std::{net::SocketAddr, path::PathBuf, sync::Arc, time::Duration};

use redmux_transport::{DialOptions, Endpoint};

use super::{error::ConfigError, origin::Origin, values::Network};
use crate::{
    audit::AuditConfig,
    auth::{Access, Principal},
    console::Console,
    policy::{Policy, SharedLimits},
    tls::ListenTls,
    upstream::{Heartbeat, Upstream},
};

/// How the gateway listens, which clients it admits and what it bounds
///
/// [`Config::new`] is for development: every client may do nearly everything.
/// For anything else write a file and [load](crate::load_config) it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Config {
    /// Where to listen. Default `127.0.0.1:8080`; port 0 picks a free one.
    pub listen: SocketAddr,
    /// Where to answer `/metrics`, `/healthz` and `/readyz`. Default nowhere.
    pub admin: Option<SocketAddr>,
    /// Host names, besides addresses and `localhost`, that requests to `admin` may use.
    pub admin_hosts: Vec<String>,
    /// Path of the WebSocket. Default `/redis`.
    pub path: String,
    /// Origins of pages that may connect. Empty (default): only pages of the gateway's own origin.
    pub origins: Vec<Origin>,
    /// Host names, besides addresses and `localhost`, that requests to the gateway may use.
    pub hosts: Vec<String>,
    /// Admits clients that send no `Origin`: programs, not browsers. Default false.
    pub allow_no_origin: bool,
    /// Proxies whose `X-Forwarded-For` is believed. Default none.
    pub trusted_proxies: Vec<Network>,
    /// A folder of static files to serve. Default none.
    pub serve: Option<PathBuf>,
    /// The web console, at `/console/`. Default none.
    pub console: Option<Console>,
    /// The limits of all clients together. Default 1024 connections.
    pub limits: SharedLimits,
    /// Clients from one address (of IPv6, one /64). Default unlimited, 64 in a file.
    pub connections_per_address: Option<usize>,
    /// The most sockets of clients that have shown no credential yet, plain requests included.
    /// Default 256.
    pub unauthenticated: usize,
    /// The most such sockets from one address. Default unlimited, 32 in a file.
    pub unauthenticated_per_address: Option<usize>,
    /// New sockets of one address in a second; further ones wait. Default unlimited, 50 in a file.
    pub arrivals_per_address: Option<u32>,
    /// The most bytes of requests that are held for all clients together, beyond 16 KiB of each:
    /// unfinished requests, and those that wait for room. Default 128 MiB.
    pub buffered: usize,
    /// Time for TLS and a request's head to arrive. Default 5 s.
    pub handshake_timeout: Duration,
    /// Time for a credential in the first message; `None` refuses clients that show none earlier.
    /// Default 5 s.
    pub first_message_timeout: Option<Duration>,
    /// Time in which a message or a command must arrive, once it has begun. Default 30 s.
    pub command_timeout: Duration,
    /// Time between pings. Default 25 s.
    pub ping_interval: Duration,
    /// Time for anything to arrive after a ping. Default 10 s.
    pub pong_timeout: Duration,
    /// Time for a client to take one message. Default 10 s.
    pub slow_client_timeout: Duration,
    /// Time from the beginning of a shutdown, when `/readyz` answers 503, to the end of accepting.
    /// Default zero.
    pub lame_duck: Duration,
    /// Time for a graceful shutdown. Default 10 s.
    pub drain: Duration,
    /// Time over which a shutdown spreads its close frames. Default zero.
    pub drain_spread: Duration,
    pub(crate) tls: Option<ListenTls>,
    pub(crate) access: Access,
    pub(crate) audit: Option<AuditConfig>,
}

/// The principal of a configuration that names none.
const EVERYBODY: &str = "everybody";

impl Config {
    /// A gateway in front of one server that allows every client everything: for development, on a
    /// loopback address.
    pub fn new(upstream: Endpoint) -> Self {
        let mut config = Self::closed();
        config.set_upstream(upstream);
        config
    }

    /// A configuration that admits nobody, with the defaults.
    pub(crate) fn closed() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            admin: None,
            admin_hosts: Vec::new(),
            path: "/redis".to_owned(),
            origins: Vec::new(),
            hosts: Vec::new(),
            allow_no_origin: false,
            trusted_proxies: Vec::new(),
            serve: None,
            console: None,
            limits: SharedLimits { connections: Some(1024), ..SharedLimits::default() },
            connections_per_address: None,
            unauthenticated: 256,
            unauthenticated_per_address: None,
            arrivals_per_address: None,
            buffered: 128 << 20,
            handshake_timeout: Duration::from_secs(5),
            first_message_timeout: Some(Duration::from_secs(5)),
            command_timeout: Duration::from_secs(30),
            ping_interval: Duration::from_secs(25),
            pong_timeout: Duration::from_secs(10),
            slow_client_timeout: Duration::from_secs(10),
            lame_duck: Duration::ZERO,
            drain: Duration::from_secs(10),
            drain_spread: Duration::ZERO,
            tls: None,
            access: Access::default(),
            audit: None,
        }
    }

    /// Changes the policy of every principal.
    pub fn change_policies(&mut self, change: impl Fn(&mut Policy)) {
        for principal in self.access.principals.values_mut() {
            change(&mut Arc::make_mut(principal).policy);
        }
    }

    pub(crate) fn change_upstreams(&mut self, change: impl Fn(&mut Upstream)) {
        for principal in self.access.principals.values_mut() {
            change(Arc::make_mut(&mut Arc::make_mut(principal).upstream));
        }
    }

    /// Sets the server, for everybody.
    pub(crate) fn set_upstream(&mut self, endpoint: Endpoint) {
        if self.access.anonymous.is_none() {
            let upstream = Upstream {
                name: "default".to_owned(),
                endpoint: endpoint.clone(),
                dial: DialOptions::default(),
                connect_timeout: Duration::from_secs(5),
                reply_timeout: Duration::from_secs(10),
                heartbeat: Heartbeat::default(),
            };
            let everybody = Principal {
                name: EVERYBODY.to_owned(),
                policy: Policy::development(),
                upstream: Arc::new(upstream),
                login: None,
            };
            self.access.principals.insert(EVERYBODY.to_owned(), Arc::new(everybody));
            self.access.anonymous = Some(EVERYBODY.to_owned());
        }
        self.change_upstreams(|upstream| upstream.endpoint = endpoint.clone());
    }

    /// Checks that the configuration may be served.
    ///
    /// # Errors
    /// Strangers could do what only a developer on the same machine may.
    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        let open = self.access.principals.values().any(|p| p.policy.rules.is_development());
        match open && !self.listen.ip().is_loopback() {
            true => Err(ConfigError::new(format!(
                "{} is no loopback address: beyond this machine a configuration file must say \
                 who may do what (--config)",
                self.listen
            ))),
            false => Ok(()),
        }
    }
}
