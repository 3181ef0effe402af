//! Which announcements of maintenance a server is asked for.

use std::time::Duration;

use redmux_transport::Endpoint;

use super::{
    Options,
    announced::{Maintenance, MovingEndpoint, Wanted},
    provider::Defaults,
};
use crate::{clock::micros, connection::Notices};

impl Options {
    /// Whether to ask servers to announce maintenance to each connection (`CLIENT MAINT_NOTIFICATIONS` of Redis Cloud and
    /// Redis Software 8). Default: at Redis Cloud and Azure Managed Redis [`Auto`](Maintenance::Auto), elsewhere
    /// [`Off`](Maintenance::Off): other servers would count an error for each connection.
    ///
    /// Each announcement is the event [`ServerMaintenance`](crate::events::ServerMaintenance). While one is in force,
    /// commands have the [relaxed time](Self::relaxed_timeout), and errors name it
    /// ([`Error::maintenance`](crate::Error::maintenance)). When the server says that its endpoint goes away (`MOVING`), the
    /// client opens a connection to the new one beside the one in use, sends nothing more there, and goes on at the new one
    /// as soon as all is answered: no command is lost, and none overtakes another. It needs RESP3. See docs/maintenance.md.
    ///
    /// ```
    /// use redmux::{Options, options::Maintenance};
    ///
    /// let options = Options::new("redis.example:12000").maintenance(Maintenance::Required);
    /// assert_eq!(options.to_string(), "redis.example:12000,maintenance=required");
    /// ```
    pub fn maintenance(mut self, mode: Maintenance) -> Self {
        self.extras.change(|extras| extras.maintenance.mode = Some(mode));
        self
    }

    /// How the server is to name the endpoint that a connection moves to. Default
    /// [`Auto`](MovingEndpoint::Auto).
    ///
    /// ```
    /// use redmux::{Options, options::MovingEndpoint};
    ///
    /// let options = Options::new("10.0.0.7:12000").moving_endpoint(MovingEndpoint::ExternalFqdn);
    /// assert_eq!(options.to_string(), "10.0.0.7:12000,movingEndpoint=external-fqdn");
    /// ```
    pub fn moving_endpoint(mut self, kind: MovingEndpoint) -> Self {
        self.extras.change(|extras| extras.maintenance.endpoint = kind);
        self
    }

    /// The time of a command while [announced maintenance](Self::maintenance) is under way, unless
    /// [`command_timeout`](Self::command_timeout) is longer. Default 10 s. The time that a call is given for itself
    /// stays as it is.
    ///
    /// ```
    /// use std::time::Duration;
    ///
    /// let options = redmux::Options::new("a").relaxed_timeout(Duration::from_secs(20));
    /// assert_eq!(options.to_string(), "a:6379,relaxedTimeout=20000");
    /// ```
    pub fn relaxed_timeout(mut self, time: Duration) -> Self {
        self.extras.change(|extras| extras.maintenance.relaxed = time);
        self
    }

    fn wanted_notices(&self) -> Wanted {
        self.extras.get().map(|extras| extras.maintenance.clone()).unwrap_or_default()
    }

    pub(super) fn maintenance_mode(&self) -> Maintenance {
        self.wanted_notices().mode.unwrap_or_else(|| match self.effective_defaults().0 {
            Defaults::RedisCloud | Defaults::AzureManaged => Maintenance::Auto,
            _ => Maintenance::Off,
        })
    }

    /// What a server is asked for on a connection that is shared.
    pub(crate) fn notices(&self) -> Option<Notices> {
        let mode = self.maintenance_mode();
        let endpoint = self.wanted_notices().endpoint;
        (mode != Maintenance::Off).then(|| Notices {
            required: mode == Maintenance::Required,
            endpoint_type: match endpoint {
                MovingEndpoint::Auto => self.kind_of_endpoint().name(),
                chosen => chosen.name(),
            },
            relaxed: micros(Some(self.relaxed_time())),
        })
    }

    pub(super) fn relaxed_time(&self) -> Duration {
        self.wanted_notices().relaxed
    }

    fn kind_of_endpoint(&self) -> MovingEndpoint {
        let Some(Endpoint::Tcp { host, .. }) = self.endpoints.first() else {
            return MovingEndpoint::None;
        };
        match (is_private(host), self.wants_tls()) {
            (true, false) => MovingEndpoint::InternalIp,
            (true, true) => MovingEndpoint::InternalFqdn,
            (false, false) => MovingEndpoint::ExternalIp,
            (false, true) => MovingEndpoint::ExternalFqdn,
        }
    }
}

/// Whether only a private network knows this address or name.
fn is_private(host: &str) -> bool {
    match host.parse() {
        Ok(std::net::IpAddr::V4(ip)) => ip.is_private() || ip.is_loopback() || ip.is_link_local(),
        Ok(std::net::IpAddr::V6(ip)) => {
            ip.is_loopback() || ip.is_unique_local() || ip.is_unicast_link_local()
        }
        Err(_) => {
            let host = host.trim_end_matches('.').to_ascii_lowercase();
            let inner = [".internal", ".local", ".svc", ".lan"];
            !host.contains('.') || inner.iter().any(|end| host.ends_with(end))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_notices_are_asked_for_and_how_endpoints_are_named() {
        for (text, required, kind) in [
            ("redis-1.c1.us-east-1-2.ec2.redns.redis-cloud.com:12000", Some(false), "external-ip"),
            ("x.redis.azure.net:10000", Some(false), "external-fqdn"),
            ("localhost,maintenance=auto", Some(false), "internal-ip"),
            ("localhost,maintenance=required,ssl=true", Some(true), "internal-fqdn"),
            ("10.1.2.3:1,maintNotifications=enabled", Some(true), "internal-ip"),
            ("8.8.8.8:1,maintenance=auto", Some(false), "external-ip"),
            ("[fd00::1]:1,maintenance=auto", Some(false), "internal-ip"),
            ("[2001:db8::1]:1,maintenance=auto", Some(false), "external-ip"),
            ("cache.ns.svc,maintenance=auto", Some(false), "internal-ip"),
            ("cache.example.com,maintenance=auto", Some(false), "external-ip"),
            ("unix:/tmp/s,maintenance=auto", Some(false), "none"),
            ("a,maintenance=auto,movingEndpoint=none", Some(false), "none"),
            (
                "a,maintenance=auto,maintMovingEndpointType=external-fqdn",
                Some(false),
                "external-fqdn",
            ),
            ("localhost", None, ""),
            ("x.redis.azure.net:10000,maintenance=off", None, ""),
            ("x.redis.azure.net:10000,maintenance=disabled", None, ""),
        ] {
            let options: Options = text.parse().unwrap();
            let notices = options.notices();
            assert_eq!(notices.map(|notices| notices.required), required, "{text}");
            assert_eq!(notices.map_or("", |notices| notices.endpoint_type), kind, "{text}");
        }
        let options: Options = "a,maintenance=auto,relaxedTimeout=1500".parse().unwrap();
        assert_eq!(options.notices().unwrap().relaxed, 1_500_000);
    }
}
