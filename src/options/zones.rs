//! Which availability zone servers are in that do not say it themselves.

use std::{fmt, net::IpAddr, sync::Arc};

use redmux_transport::Endpoint;

/// What the option takes.
pub(super) const EXPECTED: &str = "servers@zone, with semicolons between several; servers are host, host:port or a network such as 10.1.0.0/16";

/// Some servers and their zone: an item of the option `zones`
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ZoneOf {
    /// As it was given.
    text: Arc<str>,
    /// `None`: it was given as something else.
    servers: Option<At>,
    zone: Arc<str>,
}

/// Where servers are
#[derive(Debug, Clone, PartialEq, Eq)]
enum At {
    /// A host, all ports of it or one.
    Host(Box<str>, Option<u16>),
    /// The addresses that begin with these bits.
    Network(IpAddr, u8),
}

impl ZoneOf {
    /// `servers` is `host`, `host:port` or a network such as `10.1.0.0/16`.
    pub(super) fn new(servers: Arc<str>, zone: Arc<str>) -> Self {
        Self { servers: At::parse(&servers), text: servers, zone }
    }

    /// Whether both parts are what they should be, and can be shown.
    pub(super) fn is_valid(&self) -> bool {
        self.servers.is_some() && !self.zone.is_empty() && !self.zone.contains(';')
    }

    /// How exactly it names this server, if it does.
    fn names(&self, host: &str, port: u16) -> Option<u16> {
        match self.servers.as_ref()? {
            At::Host(known, only) => {
                let is_it =
                    known.eq_ignore_ascii_case(host) && only.is_none_or(|only| only == port);
                // More than the bits of any network.
                is_it.then_some(if only.is_some() { 256 } else { 255 })
            }
            At::Network(network, bits) => {
                let address = host.parse().ok()?;
                (prefix(*network, *bits) == prefix(address, *bits)).then(|| u16::from(*bits))
            }
        }
    }
}

impl At {
    fn parse(text: &str) -> Option<Self> {
        if let Some((address, bits)) = text.split_once('/') {
            let (address, bits): (IpAddr, u8) = (address.parse().ok()?, bits.parse().ok()?);
            return (prefix(address, bits)? == number(address))
                .then_some(Self::Network(address, bits));
        }
        if text.parse::<IpAddr>().is_ok() {
            return Some(Self::Host(text.into(), None));
        }
        let (host, port) = match text.strip_prefix('[') {
            Some(rest) => {
                let (host, rest) = rest.split_once(']')?;
                host.parse::<IpAddr>().ok()?;
                (host, rest.strip_prefix(':').or_else(|| rest.is_empty().then_some(""))?)
            }
            None => text.split_once(':').unwrap_or((text, "")),
        };
        let port = if port.is_empty() { None } else { Some(port.parse().ok()?) };
        let has_port = text.ends_with(|last: char| last != ':');
        let is_host =
            !host.is_empty() && !host.contains(|c: char| c.is_whitespace() || "@;/".contains(c));
        (has_port && is_host).then(|| Self::Host(host.into(), port))
    }
}

/// An address as a number, and which kind it is.
fn number(address: IpAddr) -> (bool, u128) {
    match address {
        IpAddr::V4(address) => (false, u128::from(u32::from(address)) << 96),
        IpAddr::V6(address) => (true, u128::from(address)),
    }
}

/// The same with all bits cleared but the first; `None` if it has not that many.
fn prefix(address: IpAddr, bits: u8) -> Option<(bool, u128)> {
    let (is_v6, number) = number(address);
    let mask = u128::MAX.checked_shl(128 - u32::from(bits.min(128))).unwrap_or(0);
    (bits <= if is_v6 { 128 } else { 32 }).then_some((is_v6, number & mask))
}

/// The zone of the server at this endpoint: what names it most exactly counts, and of two alike the last.
pub(super) fn zone_of(zones: &[ZoneOf], endpoint: &Endpoint) -> Option<Arc<str>> {
    let Endpoint::Tcp { host, port } = endpoint else { return None };
    let named = zones.iter().filter_map(|known| Some((known.names(host, *port)?, &known.zone)));
    named.max_by_key(|(exactly, _)| *exactly).map(|(_, zone)| zone.clone())
}

/// Reads the option's value: `servers@zone`, and a semicolon between two of them.
pub(super) fn read(text: &str) -> Option<Vec<ZoneOf>> {
    let read = |item: &str| {
        let (servers, zone) = item.split_once('@')?;
        Some(ZoneOf::new(servers.trim().into(), zone.trim().into())).filter(ZoneOf::is_valid)
    };
    text.split(';').filter(|item| !item.trim().is_empty()).map(read).collect()
}

/// The same as text.
pub(super) fn show(zones: &[ZoneOf]) -> Option<String> {
    let items: Vec<String> = zones.iter().map(ToString::to_string).collect();
    (!items.is_empty()).then(|| items.join(";"))
}

impl fmt::Display for ZoneOf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.text, self.zone)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str, host: &str, port: u16) -> Option<String> {
        let zones = read(text).unwrap();
        zone_of(&zones, &Endpoint::tcp(host, port)).map(|zone| zone.to_string())
    }

    #[test]
    fn what_names_a_server_most_exactly_counts() {
        let text = "10.0.0.0/8@far; 10.1.0.0/16@a;10.1.2.3@b;10.1.2.3:7000@c;Db.example@d;::1@e;[::2]:1@f;fd00::/8@g";
        for (host, port, zone) in [
            ("10.9.0.1", 1, Some("far")),
            ("10.1.0.1", 1, Some("a")),
            ("10.1.2.3", 1, Some("b")),
            ("10.1.2.3", 7000, Some("c")),
            ("db.EXAMPLE", 1, Some("d")),
            ("::1", 1, Some("e")),
            ("::2", 1, Some("f")),
            ("::2", 2, None),
            ("fd12::1", 2, Some("g")),
            ("11.0.0.1", 1, None),
            ("db.example.org", 1, None),
        ] {
            assert_eq!(of(text, host, port).as_deref(), zone, "{host}:{port}");
        }
        assert_eq!(of("a@x;a@y", "a", 1).as_deref(), Some("y"));
        assert_eq!(of("0.0.0.0/0@x", "1.2.3.4", 1).as_deref(), Some("x"));
        assert_eq!(of("0.0.0.0/0@x", "::1", 1), None);
    }

    #[test]
    fn what_names_no_servers_is_refused() {
        for text in [
            "a",
            "@z",
            "a@",
            "a:x@z",
            "a:@z",
            "a:70000@z",
            "10.0.0.0/33@z",
            "10.0.0.1/8@z",
            "::/129@z",
            "a/8@z",
            "[a]:1@z",
            "[::1@z",
            "[::1]1@z",
            "a b@z",
            "a:1:2@z",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn it_is_shown_as_it_was_given() {
        for text in ["10.0.0.0/8@far;[::2]:1@f", "a:1@x@y"] {
            assert_eq!(show(&read(text).unwrap()).as_deref(), Some(text));
        }
        assert_eq!(show(&read(" ; ").unwrap()), None);
    }
}
