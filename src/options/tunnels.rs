//! Tunnels as text.

use redmux_transport::{Endpoint, Tunnel, TunnelKind};

use super::escape::{Escaped, unescape};

/// Reads `http://user:password@host:port` or `socks5://…`; the port is 3128 or 1080 unless given.
pub(super) fn tunnel(text: &str) -> Option<Tunnel> {
    let (scheme, rest) = text.split_once(':')?;
    let (kind, port) = match scheme.to_ascii_lowercase().as_str() {
        "http" => (TunnelKind::Http, 3128),
        "socks5" | "socks5h" => (TunnelKind::Socks5, 1080),
        _ => return None,
    };
    let rest = rest.strip_prefix("//").unwrap_or(rest).trim_end_matches('/');
    let (user_info, host) = match rest.rsplit_once('@') {
        Some((user_info, host)) => (Some(user_info), host),
        None => (None, rest),
    };
    let has_port = match host.strip_prefix('[') {
        Some(v6) => v6.contains("]:"),
        None => host.contains(':'),
    };
    let with_port = if has_port { host.to_owned() } else { format!("{host}:{port}") };
    let Ok(Endpoint::Tcp { host, port }) = with_port.parse() else { return None };
    let mut tunnel = match kind {
        TunnelKind::Http => Tunnel::http(host, port),
        _ => Tunnel::socks5(host, port),
    };
    if let Some(user_info) = user_info {
        let (user, password) = user_info.split_once(':')?;
        tunnel = tunnel.credentials(unescape(user)?, unescape(password)?);
    }
    Some(tunnel)
}

/// With user name and password, so that [`tunnel`] reads it back.
pub(super) fn show_tunnel(tunnel: &Tunnel) -> String {
    let url = tunnel.to_string();
    let (Some((user, password)), Some((scheme, rest))) =
        (&tunnel.credentials, url.split_once("://"))
    else {
        return url;
    };
    format!("{scheme}://{}:{}@{rest}", Escaped(user, ":@/"), Escaped(password, ":@/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tunnels_are_read_and_written() {
        for (text, shown) in [
            ("http:proxy:8080", "http://proxy:8080"),
            ("http://proxy", "http://proxy:3128"),
            ("socks5h://[::1]", "socks5://[::1]:1080"),
            ("socks5://me:p%40%3A%2F@h:1", "socks5://me:p%40%3A%2F@h:1"),
        ] {
            let read = tunnel(text).unwrap();
            assert_eq!(show_tunnel(&read), shown);
            assert_eq!(tunnel(shown).unwrap(), read);
        }
        for text in ["proxy:8080", "ftp://h", "http://", "http://me@h", "http://h:port"] {
            assert!(tunnel(text).is_none(), "{text}");
        }
    }
}
