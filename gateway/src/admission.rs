use std::net::IpAddr;

use crate::{
    config::{Config, Network, Origin, split_authority},
    http::RequestHead,
};

/// Why a request for a WebSocket is refused
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Rejection {
    /// The `Host` names no host of this gateway (DNS rebinding).
    Host,
    /// The page's origin is not allowed.
    Origin,
    /// There is no `Origin`: the client is not a browser, and only browsers are allowed.
    NoOrigin,
}

/// Checks the `Host` of any request.
pub(crate) fn check_host(hosts: &[String], head: &RequestHead) -> Result<(), Rejection> {
    let (host, port) = head.host.as_deref().and_then(split_authority).ok_or(Rejection::Host)?;
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let local =
        bare.parse::<IpAddr>().is_ok() || host == "localhost" || host.ends_with(".localhost");
    let named = hosts.iter().any(|allowed| {
        split_authority(allowed)
            .is_some_and(|(name, wanted)| name == host && (wanted.is_none() || wanted == port))
    });
    if local || named { Ok(()) } else { Err(Rejection::Host) }
}

/// Checks the `Origin` of a request for a WebSocket.
///
/// A browser sends it with every WebSocket and pages cannot change it. Without this check,
/// any page a user visits could use the user's way to this gateway.
pub(crate) fn check_origin(config: &Config, head: &RequestHead) -> Result<(), Rejection> {
    let Some(text) = head.origin.as_deref() else {
        return if config.allow_no_origin { Ok(()) } else { Err(Rejection::NoOrigin) };
    };
    let origin: Origin = text.parse().map_err(|_| Rejection::Origin)?;
    if config.origins.contains(&origin) {
        return Ok(());
    }
    // With a list of origins, only those; without one, the origin of the gateway itself.
    if config.origins.is_empty() && is_same_origin(&origin, head, config.tls.is_some()) {
        return Ok(());
    }
    Err(Rejection::Origin)
}

/// Whether the page came from this gateway: from the same host and port, and over TLS if the
/// gateway has TLS.
///
/// If it has none, a proxy in front of it may have: then either scheme will do.
fn is_same_origin(origin: &Origin, head: &RequestHead, tls: bool) -> bool {
    let encrypted = origin.scheme == "https";
    let default = if encrypted { 443 } else { 80 };
    let host = head.host.as_deref().and_then(split_authority);
    (encrypted || !tls)
        && host.is_some_and(|(host, port)| {
            host == origin.host && port.unwrap_or(default) == origin.port
        })
}

/// Returns the client's address: the socket's, or the one that trusted proxies report.
pub(crate) fn client_address(trusted: &[Network], socket: IpAddr, head: &RequestHead) -> IpAddr {
    let is_trusted = |address: IpAddr| trusted.iter().any(|network| network.contains(address));
    let mut address = socket.to_canonical();
    // Each proxy appends the address that it saw; what the client itself wrote comes first.
    for said in head.forwarded_for.iter().rev() {
        if !is_trusted(address) {
            break;
        }
        let Ok(before) = said.parse::<IpAddr>() else { break };
        address = before.to_canonical();
    }
    address
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_proxies_that_are_trusted_say_where_clients_come_from() {
        let trusted = [Network::parse("10.0.0.0/8").unwrap()];
        for (socket, said, address) in [
            ("192.0.2.1", "198.51.100.7", "192.0.2.1"),
            ("10.0.0.1", "198.51.100.7", "198.51.100.7"),
            ("10.0.0.1", "1.2.3.4, 198.51.100.7, 10.9.9.9", "198.51.100.7"),
            ("10.0.0.1", "", "10.0.0.1"),
            ("10.0.0.1", "nonsense, 198.51.100.7", "198.51.100.7"),
            ("10.0.0.1", "198.51.100.7, nonsense", "10.0.0.1"),
            ("::ffff:10.0.0.1", "::ffff:198.51.100.7", "198.51.100.7"),
        ] {
            let mut head = head(None, None);
            head.forwarded_for = said.split(", ").map(str::to_owned).collect();
            let found = client_address(&trusted, socket.parse().unwrap(), &head);
            assert_eq!(found.to_string(), address, "{socket}: {said}");
        }
    }

    fn head(host: Option<&str>, origin: Option<&str>) -> RequestHead {
        RequestHead {
            host: host.map(str::to_owned),
            origin: origin.map(str::to_owned),
            ..RequestHead::default()
        }
    }

    fn config() -> Config {
        Config::new("127.0.0.1:6379".parse().unwrap())
    }

    #[test]
    fn same_origin_is_the_default() {
        for (host, origin, allowed) in [
            ("localhost:8080", "http://localhost:8080", true),
            ("LOCALHOST:8080", "http://LocalHost:8080", true),
            ("app.example", "https://app.example", true),
            ("app.example", "https://app.example:443", true),
            ("app.example:80", "http://app.example", true),
            ("[::1]:8080", "http://[::1]:8080", true),
            ("localhost:8080", "http://localhost:8081", false),
            ("localhost:8080", "http://localhost", false),
            ("localhost:8080", "http://evil.example:8080", false),
            ("app.example", "https://app.example.evil.example", false),
            ("app.example", "https://evil.example/https://app.example", false),
            ("app.example", "null", false),
            ("app.example", "", false),
            ("app.example", "https://user@app.example", false),
            ("app.example", "file://", false),
        ] {
            let result = check_origin(&config(), &head(Some(host), Some(origin)));
            assert_eq!(result.is_ok(), allowed, "{host} {origin}");
        }
    }

    /// A page without TLS can be changed on the way.
    #[test]
    fn a_gateway_with_tls_takes_no_page_without() {
        let mut config = config();
        config.tls = Some(crate::tls::ListenTls {
            certificate: "c".into(),
            key: "k".into(),
            client_ca: None,
            client_required: false,
        });
        let allowed = |host, origin| check_origin(&config, &head(Some(host), Some(origin))).is_ok();
        assert!(allowed("gw.example", "https://gw.example"));
        assert!(allowed("gw.example:8443", "https://gw.example:8443"));
        assert!(!allowed("gw.example", "http://gw.example"));
        assert!(!allowed("gw.example:443", "http://gw.example:443"));
        assert!(!allowed("gw.example:8443", "http://gw.example:8443"));
    }

    #[test]
    fn a_list_replaces_the_default_and_is_exact() {
        let mut config = config();
        config.origins = vec!["https://app.example".parse().unwrap()];
        let allowed =
            |origin| check_origin(&config, &head(Some("gw.example"), Some(origin))).is_ok();
        assert!(allowed("https://app.example") && allowed("https://APP.example:443"));
        assert!(!allowed("http://app.example"));
        assert!(!allowed("https://gw.example"));
        assert!(!allowed("https://xapp.example"));
    }

    #[test]
    fn a_missing_origin_is_refused_unless_enabled_and_null_always() {
        let mut config = config();
        let request = head(Some("localhost"), None);
        assert_eq!(check_origin(&config, &request), Err(Rejection::NoOrigin));
        config.allow_no_origin = true;
        assert_eq!(check_origin(&config, &request), Ok(()));
        let null = head(Some("localhost"), Some("null"));
        assert_eq!(check_origin(&config, &null), Err(Rejection::Origin));
    }

    #[test]
    fn hosts_are_addresses_localhost_or_named() {
        let mut config = config();
        config.hosts = vec!["gw.example".into(), "other.example:8443".into()];
        for (host, allowed) in [
            (Some("127.0.0.1:1"), true),
            (Some("[::1]"), true),
            (Some("localhost:99"), true),
            (Some("gw.example:1"), true),
            (Some("GW.example"), true),
            (Some("other.example:8443"), true),
            (Some("other.example"), false),
            (Some("rebound.example"), false),
            (Some("gw.example.evil.example"), false),
            (Some("a b"), false),
            (Some(""), false),
            (None, false),
        ] {
            assert_eq!(check_host(&config.hosts, &head(host, None)).is_ok(), allowed, "{host:?}");
        }
    }
}
