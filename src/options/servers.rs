//! What options for many servers are made of.

use std::{fmt, sync::Arc, time::Duration};

use redmux_transport::Endpoint;

use super::zones::ZoneOf;
use crate::connection::ReadFrom;

/// What the endpoints of [`Options`](crate::Options) are
///
/// ```
/// use redmux::{Options, options::Mode};
///
/// let options = Options::new("a:7000").endpoint("b:7001").mode(Mode::Cluster);
/// let same: Options = "redis+cluster://a:7000,b:7001".parse()?;
/// assert_eq!(options.to_string(), "a:7000,b:7001,mode=cluster");
/// assert_eq!(options.to_string(), same.to_string());
/// # Ok::<(), redmux::Error>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Mode {
    /// What the first server that answers says of itself; with a
    /// [service name](crate::Options::service_name), sentinels.
    #[default]
    Auto,
    /// Addresses of one server, tried in turn.
    Single,
    /// Some nodes of a cluster, which name the others.
    Cluster,
    /// A primary and its replicas, in any order.
    Replicas,
    /// Sentinels, which know where the primary of a [service](crate::Options::service_name) is.
    Sentinel,
    /// A proxy that serves a part of Redis, such as twemproxy or Envoy.
    Proxy,
}

const MODES: [(Mode, &str); 6] = [
    (Mode::Auto, "auto"),
    (Mode::Single, "single"),
    (Mode::Cluster, "cluster"),
    (Mode::Replicas, "replicas"),
    (Mode::Sentinel, "sentinel"),
    (Mode::Proxy, "proxy"),
];

impl Mode {
    pub(super) fn name(self) -> &'static str {
        MODES.iter().find(|(mode, _)| *mode == self).map_or("auto", |(_, name)| name)
    }

    pub(super) fn of_name(name: &str) -> Option<Self> {
        Some(MODES.iter().find(|(_, known)| known.eq_ignore_ascii_case(name))?.0)
    }
}

/// A node, as a server announces it: see [`Options::endpoint_map`](crate::Options::endpoint_map)
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct AnnouncedNode<'a> {
    /// The node's id in its cluster; none in a redirect, and where there is no cluster.
    pub id: Option<&'a str>,
    /// A name or an address, without brackets.
    pub host: &'a str,
    /// The port.
    pub port: u16,
    /// The availability zone, where the server names it.
    pub zone: Option<&'a str>,
}

impl<'a> AnnouncedNode<'a> {
    /// A node of which only the address is known.
    pub fn new(host: &'a str, port: u16) -> Self {
        Self { id: None, host, port, zone: None }
    }
}

type MapFn = dyn Fn(&AnnouncedNode<'_>) -> Option<Endpoint> + Send + Sync;

/// Where nodes are really reached
#[derive(Clone)]
pub(super) struct EndpointMap(pub(super) Arc<MapFn>);

impl fmt::Debug for EndpointMap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("EndpointMap")
    }
}

/// Options that concern many servers
#[derive(Debug, Clone, Default)]
pub(super) struct Servers {
    pub(super) mode: Mode,
    pub(super) service_name: Option<Arc<str>>,
    pub(super) sentinel_user: Option<Arc<str>>,
    pub(super) sentinel_password: Option<Arc<str>>,
    /// `None`: as for the servers.
    pub(super) sentinel_tls: Option<bool>,
    pub(super) endpoint_map: Option<EndpointMap>,
    pub(super) read_from: ReadFrom,
    pub(super) zone: Option<Arc<str>>,
    pub(super) zones: Vec<ZoneOf>,
    pub(super) max_replica_lag: Option<Duration>,
    pub(super) tiebreaker: Option<Arc<str>>,
    /// The endpoints that were given without a port, by their place.
    pub(super) portless: Vec<usize>,
}

impl Servers {
    pub(super) fn mode(&self) -> Mode {
        match self.mode {
            Mode::Auto if self.service_name.is_some() => Mode::Sentinel,
            mode => mode,
        }
    }

    pub(super) fn has_sentinel_options(&self) -> bool {
        self.sentinel_user.is_some()
            || self.sentinel_password.is_some()
            || self.sentinel_tls.is_some()
    }
}
