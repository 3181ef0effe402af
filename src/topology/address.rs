//! Where a node is: what a server says of its address, and what is to be dialled.

use redmux_transport::Endpoint;

/// How servers write a host that they do not know.
const UNKNOWN: &str = "?";

/// What a server says of a node's address
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Announced<'a> {
    /// A name or an address; nothing, or an empty text, means the host of the server that was asked.
    pub(crate) host: Option<&'a str>,
    /// 0 means the port of the server that was asked (nodes that listen for TLS only).
    pub(crate) port: u16,
    /// An address beside the name.
    pub(crate) ip: Option<&'a str>,
}

impl Announced<'_> {
    /// What to dial, where the server at `asked` said this; `None` if that is not known: then another
    /// node may know it.
    pub(crate) fn endpoint(&self, asked: &Endpoint) -> Option<Endpoint> {
        let (own_host, own_port) = match asked {
            Endpoint::Tcp { host, port } => (Some(&**host), *port),
            _ => (None, 0),
        };
        let ip = self.ip.filter(|ip| !ip.is_empty() && *ip != UNKNOWN);
        let host = match self.host {
            None | Some("") => own_host,
            Some(UNKNOWN) => ip.or(own_host),
            host => host,
        };
        let port = if self.port == 0 { own_port } else { self.port };
        host.filter(|_| port != 0).map(|host| Endpoint::tcp(host, port))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_server_leaves_out_is_that_of_the_server_that_was_asked() {
        let asked = Endpoint::tcp("seed.example", 7000);
        let announced = |host, port, ip| Announced { host, port, ip }.endpoint(&asked);
        let at = |host: &str, port| Some(Endpoint::tcp(host, port));
        assert_eq!(announced(Some("10.0.0.1"), 7001, None), at("10.0.0.1", 7001));
        assert_eq!(announced(Some("n1.example"), 7001, Some("10.0.0.1")), at("n1.example", 7001));
        assert_eq!(announced(Some("fd00::1"), 7001, None), at("fd00::1", 7001));
        for nothing in [None, Some("")] {
            assert_eq!(announced(nothing, 7001, Some("10.0.0.1")), at("seed.example", 7001));
        }
        assert_eq!(announced(Some("?"), 7001, Some("10.0.0.1")), at("10.0.0.1", 7001));
        assert_eq!(announced(Some("?"), 7001, None), at("seed.example", 7001));
        assert_eq!(announced(Some("?"), 7001, Some("?")), at("seed.example", 7001));
        assert_eq!(announced(Some("10.0.0.1"), 0, None), at("10.0.0.1", 7000));
    }

    #[test]
    fn behind_a_socket_file_or_a_gateway_a_host_has_to_be_named() {
        let unix = Endpoint::Unix { path: "/run/redis.sock".to_owned() };
        let gateway = Endpoint::WebSocket { url: "wss://gateway.example/redis".to_owned() };
        for asked in [unix, gateway] {
            let nameless = Announced { host: None, port: 7001, ip: None };
            assert_eq!(nameless.endpoint(&asked), None);
            let portless = Announced { host: Some("10.0.0.1"), port: 0, ip: None };
            assert_eq!(portless.endpoint(&asked), None);
            let named = Announced { host: Some("10.0.0.1"), port: 7001, ip: None };
            assert_eq!(named.endpoint(&asked), Some(Endpoint::tcp("10.0.0.1", 7001)));
        }
    }
}
