//! What the options for announcements of maintenance are made of.

use std::time::Duration;

/// Whether servers are asked to announce maintenance to each connection: see
/// [`Options::maintenance`](crate::Options::maintenance)
///
/// ```
/// use redmux::{Options, options::Maintenance};
///
/// let options = Options::new("redis.example:12000").maintenance(Maintenance::Auto);
/// assert_eq!(options.to_string(), "redis.example:12000,maintenance=auto");
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Maintenance {
    /// They are not asked.
    Off,
    /// They are asked; a server that does not know the command serves all the same.
    Auto,
    /// They are asked, and a connection to a server that refuses ends.
    Required,
}

/// How a server names the endpoint that a connection is to move to: see [`Options::moving_endpoint`](crate::Options::moving_endpoint)
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum MovingEndpoint {
    /// By name with TLS, otherwise by address; the internal one where the first endpoint is a private address, or a name that
    /// only a private network knows. Endpoints that are no TCP address move to where they lead by themselves.
    #[default]
    Auto,
    /// An address of the private network.
    InternalIp,
    /// A name of the private network.
    InternalFqdn,
    /// A public address.
    ExternalIp,
    /// A public name.
    ExternalFqdn,
    /// Not at all: the client dials the name that it has, when that leads to another server.
    None,
}

const MODES: [(Maintenance, &str); 5] = [
    (Maintenance::Off, "off"),
    (Maintenance::Auto, "auto"),
    (Maintenance::Required, "required"),
    // The words of StackExchange.Redis.
    (Maintenance::Off, "disabled"),
    (Maintenance::Required, "enabled"),
];

const ENDPOINTS: [(MovingEndpoint, &str); 6] = [
    (MovingEndpoint::Auto, "auto"),
    (MovingEndpoint::InternalIp, "internal-ip"),
    (MovingEndpoint::InternalFqdn, "internal-fqdn"),
    (MovingEndpoint::ExternalIp, "external-ip"),
    (MovingEndpoint::ExternalFqdn, "external-fqdn"),
    (MovingEndpoint::None, "none"),
];

/// The time of a command while maintenance is under way, unless its own is longer.
const RELAXED: Duration = Duration::from_secs(10);

/// What the options say of it
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    /// `None`: the default of the first endpoint's provider.
    pub(super) mode: Option<Maintenance>,
    pub(super) endpoint: MovingEndpoint,
    pub(super) relaxed: Duration,
}

impl Default for Wanted {
    fn default() -> Self {
        Self { mode: None, endpoint: MovingEndpoint::Auto, relaxed: RELAXED }
    }
}

impl Maintenance {
    pub(super) fn name(self) -> &'static str {
        MODES.iter().find(|(mode, _)| *mode == self).map_or("off", |(_, name)| name)
    }

    pub(super) fn of_name(name: &str) -> Option<Self> {
        Some(MODES.iter().find(|(_, known)| known.eq_ignore_ascii_case(name))?.0)
    }
}

impl MovingEndpoint {
    pub(super) fn name(self) -> &'static str {
        ENDPOINTS.iter().find(|(kind, _)| *kind == self).map_or("auto", |(_, name)| name)
    }

    pub(super) fn of_name(name: &str) -> Option<Self> {
        Some(ENDPOINTS.iter().find(|(_, known)| known.eq_ignore_ascii_case(name))?.0)
    }
}
