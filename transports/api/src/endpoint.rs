use std::{fmt, str::FromStr};

/// The port Redis listens on unless told otherwise.
pub const DEFAULT_PORT: u16 = 6379;

/// Where a server (or a gateway in front of one) is reached
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Endpoint {
    /// A host name or address, and a port.
    Tcp {
        /// Name, IPv4 or IPv6 address (without brackets).
        host: String,
        /// TCP port.
        port: u16,
    },
    /// A Unix domain socket.
    Unix {
        /// Path of the socket file.
        path: String,
    },
    /// A WebSocket gateway that carries RESP bytes.
    WebSocket {
        /// A `ws://` or `wss://` URL.
        url: String,
    },
}

impl Endpoint {
    /// A TCP endpoint.
    pub fn tcp(host: impl Into<String>, port: u16) -> Self {
        Self::Tcp { host: host.into(), port }
    }

    /// Whether it is a WebSocket that is encrypted.
    pub(crate) fn is_wss(&self) -> bool {
        matches!(self, Self::WebSocket { url } if url.starts_with("wss://"))
    }
}

/// Shows the endpoint for logs and errors: user information and query of a URL are left
/// out, because tokens live there.
impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp { host, port } if host.bytes().any(|b| b == b':') => {
                write!(f, "[{host}]:{port}")
            }
            Self::Tcp { host, port } => write!(f, "{host}:{port}"),
            Self::Unix { path } => write!(f, "unix:{path}"),
            Self::WebSocket { url } => {
                // Byte by byte: the searches of `str` are much code for pages to load.
                let end = url.bytes().position(|b| matches!(b, b'?' | b'#')).unwrap_or(url.len());
                let url = &url[..end];
                let Some(scheme) = url.as_bytes().windows(3).position(|three| three == b"://")
                else {
                    return f.write_str(url);
                };
                let rest = &url[scheme + 3..];
                let slash = rest.bytes().position(|b| b == b'/').unwrap_or(rest.len());
                let host = rest[..slash].bytes().rposition(|b| b == b'@').map_or(0, |at| at + 1);
                f.write_str(&url[..scheme + 3])?;
                f.write_str(&rest[host..])
            }
        }
    }
}

/// Why a text is not an endpoint
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{text}` is not an endpoint: {reason} (expected host, host:port, [ipv6]:port, unix:/path, ws://… or wss://…)"
)]
pub struct EndpointError {
    text: String,
    reason: &'static str,
}

impl EndpointError {
    /// What is wrong, without the text itself.
    pub fn reason(&self) -> &'static str {
        self.reason
    }
}

impl FromStr for Endpoint {
    type Err = EndpointError;

    /// Reads `host`, `host:port`, `[ipv6]:port`, a bare IPv6 address, `unix:/path`,
    /// `ws://…` or `wss://…`; the port is 6379 unless given.
    fn from_str(text: &str) -> Result<Self, EndpointError> {
        // A URL may hold a token, so it is never repeated in an error.
        let shown = if text.contains("://") { "(url)" } else { text };
        let fail = |reason| Err(EndpointError { text: shown.to_owned(), reason });
        if text.starts_with("ws://") || text.starts_with("wss://") {
            return Ok(Self::WebSocket { url: text.to_owned() });
        }
        if let Some(path) = text.strip_prefix("unix:") {
            if path.is_empty() {
                return fail("the socket path is empty");
            }
            return Ok(Self::Unix { path: path.to_owned() });
        }
        if text.contains("://") {
            return fail("unknown scheme");
        }
        if text.parse::<std::net::Ipv6Addr>().is_ok() {
            return Ok(Self::tcp(text, DEFAULT_PORT));
        }
        let (host, port) = if let Some(rest) = text.strip_prefix('[') {
            let Some((host, after)) = rest.split_once(']') else { return fail("`]` is missing") };
            if host.parse::<std::net::Ipv6Addr>().is_err() {
                return fail("there is no IPv6 address between the brackets");
            }
            match after.strip_prefix(':') {
                Some(port) => (host, Some(port)),
                None if after.is_empty() => (host, None),
                None => return fail("only `:port` may follow `]`"),
            }
        } else {
            match text.rsplit_once(':') {
                Some((host, port)) => (host, Some(port)),
                None => (text, None),
            }
        };
        if host.is_empty() {
            return fail("the host is empty");
        }
        if host.contains(|c: char| c.is_whitespace() || c == '/') {
            return fail("the host holds a space or a slash");
        }
        if host.contains(':') && !text.starts_with('[') {
            return fail("an IPv6 address with a port needs brackets");
        }
        let port = match port {
            None => DEFAULT_PORT,
            Some(port) => match port.parse::<u16>() {
                Ok(port) if port > 0 => port,
                _ => return fail("the port is not a number from 1 to 65535"),
            },
        };
        Ok(Self::tcp(host, port))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_and_prints_every_form() {
        for (text, printed) in [
            ("localhost", "localhost:6379"),
            ("localhost:7000", "localhost:7000"),
            ("10.0.0.1:1", "10.0.0.1:1"),
            ("[::1]:6380", "[::1]:6380"),
            ("[::1]", "[::1]:6379"),
            ("::1", "[::1]:6379"),
            ("unix:/run/redis.sock", "unix:/run/redis.sock"),
            ("ws://host/redis", "ws://host/redis"),
            ("wss://user:secret@host:1/redis?token=secret", "wss://host:1/redis"),
            ("ws://host?token=secret", "ws://host"),
        ] {
            assert_eq!(text.parse::<Endpoint>().unwrap().to_string(), printed, "{text}");
        }
    }

    #[test]
    fn says_what_is_wrong() {
        for (text, reason) in [
            ("", "host is empty"),
            (":6379", "host is empty"),
            ("host:0", "1 to 65535"),
            ("host:65536", "1 to 65535"),
            ("host:port", "1 to 65535"),
            ("[::1", "missing"),
            ("[host]:1", "IPv6"),
            ("[::1]x", "follow"),
            ("a b", "space"),
            ("1::2:3:x", "brackets"),
            ("http://host", "scheme"),
            ("unix:", "empty"),
        ] {
            let error = text.parse::<Endpoint>().unwrap_err().to_string();
            assert!(error.contains(reason), "{text}: {error}");
        }
    }

    #[test]
    fn a_refused_url_is_not_repeated() {
        let error = "rediss://:hunter2@host".parse::<Endpoint>().unwrap_err().to_string();
        assert!(!error.contains("hunter2"), "{error}");
    }
}
