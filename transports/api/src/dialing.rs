use std::{
    fmt, io,
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
    time::Duration,
};
#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
use std::{net::SocketAddr, sync::OnceLock};

use crate::{DialError, DialStage, Endpoint, ErrorText};

/// How to dial endpoints: the layers between the socket and Redis
///
/// Plain data, so that every transport can check whether it supports the options. A transport that
/// does not refuses to dial: what should be encrypted never travels in the clear.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct DialOptions {
    /// TLS options; `None` dials without TLS (`wss://` is still encrypted).
    pub tls: Option<TlsOptions>,
    /// Go through this proxy.
    pub tunnel: Option<Tunnel>,
    /// Kernel probes of an idle peer; `None` leaves it to the transport.
    pub keepalive: Option<Keepalive>,
    /// How long sent bytes may stay unacknowledged; zero leaves it to the system,
    /// `None` leaves it to the transport.
    pub user_timeout: Option<Duration>,
    /// Where the transport notes how far it has come.
    pub progress: DialProgress,
}

/// How far a dial has come, for the error if it takes too long
///
/// Clones are the same; any two count as equal.
#[derive(Debug, Clone, Default)]
pub struct DialProgress(Arc<Noted>);

#[derive(Debug, Default)]
struct Noted {
    stage: AtomicU8,
    #[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
    peer: OnceLock<SocketAddr>,
}

const STAGES: [DialStage; 5] =
    [DialStage::Resolve, DialStage::Dial, DialStage::Tunnel, DialStage::Tls, DialStage::Upgrade];

impl DialProgress {
    /// Notes that this stage begins.
    pub fn enter(&self, stage: DialStage) {
        let number = STAGES.iter().position(|known| *known == stage).map_or(0, |at| at + 1);
        self.0.stage.store(number as u8, Ordering::Relaxed);
    }

    /// Notes which address a name led to.
    #[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
    pub fn reach(&self, peer: SocketAddr) {
        // There is one dial.
        let _ = self.0.peer.set(peer);
    }

    /// The address that a name led to, if the transport noted it.
    #[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
    pub fn peer(&self) -> Option<SocketAddr> {
        self.0.peer.get().copied()
    }

    /// The stage that was entered last, if the transport noted any.
    pub fn stage(&self) -> Option<DialStage> {
        STAGES.get(usize::from(self.0.stage.load(Ordering::Relaxed)).checked_sub(1)?).copied()
    }
}

impl PartialEq for DialProgress {
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Eq for DialProgress {}

impl DialOptions {
    /// Checks that a transport without layers can serve these options.
    ///
    /// A `wss://` endpoint is encrypted by its transport, which may be a browser: that verifies the
    /// server as it always does, and takes no further options.
    ///
    /// # Errors
    /// At the stage [`Tls`](DialStage::Tls) or [`Tunnel`](DialStage::Tunnel).
    pub fn check_bare(&self, endpoint: &Endpoint) -> Result<(), DialError> {
        let unable = |stage, what: &str| {
            let message = format!("this transport cannot {what} {endpoint}");
            Err(DialError::new(
                stage,
                io::Error::new(io::ErrorKind::Unsupported, ErrorText(message)),
            ))
        };
        if self.tunnel.is_some() {
            return unable(DialStage::Tunnel, "go through a proxy to");
        }
        match &self.tls {
            None => Ok(()),
            Some(_) if !endpoint.is_wss() => unable(DialStage::Tls, "encrypt what goes to"),
            Some(tls) if *tls != TlsOptions::default() => {
                unable(DialStage::Tls, "use your own certificates or names for")
            }
            Some(_) => Ok(()),
        }
    }
}

/// Options of TLS
///
/// ```
/// use redmux_transport::TlsOptions;
///
/// let tls = TlsOptions::default().ca("/etc/ssl/redis-ca.pem").host("cache.internal");
/// assert!(tls.verify);
/// ```
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TlsOptions {
    /// The name the server's certificate must hold, also sent as SNI. Default: the host of
    /// the endpoint.
    pub host: Option<Arc<str>>,
    /// The authorities that are trusted, instead of the system's.
    pub ca: Option<Pem>,
    /// The client's certificate, followed by intermediate ones.
    pub certificate: Option<Pem>,
    /// The private key of the client's certificate.
    pub key: Option<Pem>,
    /// Versions of the protocol. Default: 1.3, or 1.2 where the server knows no better.
    pub versions: TlsVersions,
    /// Whether the server must prove who it is. Default true.
    pub verify: bool,
}

impl Default for TlsOptions {
    fn default() -> Self {
        Self {
            host: None,
            ca: None,
            certificate: None,
            key: None,
            versions: TlsVersions::default(),
            verify: true,
        }
    }
}

impl TlsOptions {
    /// The name to expect in the server's certificate, and to send as SNI.
    pub fn host(mut self, host: impl Into<Arc<str>>) -> Self {
        self.host = Some(host.into());
        self
    }

    /// Trusts these authorities only: a PEM file, or PEM text.
    pub fn ca(mut self, pem: impl Into<Pem>) -> Self {
        self.ca = Some(pem.into());
        self
    }

    /// Shows a certificate to the server: PEM files, or PEM texts.
    pub fn client_certificate(
        mut self,
        certificate: impl Into<Pem>,
        private_key: impl Into<Pem>,
    ) -> Self {
        self.certificate = Some(certificate.into());
        self.key = Some(private_key.into());
        self
    }

    /// Uses only these versions.
    pub fn versions(mut self, versions: TlsVersions) -> Self {
        self.versions = versions;
        self
    }

    /// Accepts any certificate: anybody on the way can read and change everything. For tests.
    pub fn dangerously_unverified(mut self) -> Self {
        self.verify = false;
        self
    }
}

/// Leaves the private key out.
impl fmt::Debug for TlsOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsOptions")
            .field("host", &self.host)
            .field("ca", &self.ca)
            .field("certificate", &self.certificate)
            .field("key", &self.key.is_some())
            .field("versions", &self.versions)
            .field("verify", &self.verify)
            .finish()
    }
}

/// Versions of TLS
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum TlsVersions {
    /// 1.3, or 1.2 where the server knows no better.
    #[default]
    Any,
    /// 1.2 only.
    Tls12,
    /// 1.3 only.
    Tls13,
}

/// Certificates or a key, as PEM
#[derive(Clone, PartialEq, Eq)]
pub enum Pem {
    /// A file, read on each dial: a renewed certificate is used by the next connection.
    File(Arc<str>),
    /// The PEM text itself.
    Text(Arc<str>),
}

impl From<&str> for Pem {
    /// Text that begins with `-----BEGIN` is PEM text, any other the path of a file.
    fn from(text: &str) -> Self {
        match text.trim_start().starts_with("-----BEGIN") {
            true => Self::Text(text.into()),
            false => Self::File(text.into()),
        }
    }
}

impl From<String> for Pem {
    fn from(text: String) -> Self {
        text.as_str().into()
    }
}

/// Shows the path, never the text.
impl fmt::Debug for Pem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(f, "{path:?}"),
            Self::Text(_) => f.write_str("(PEM text)"),
        }
    }
}

/// A proxy to connect through
///
/// The proxy gets the name of the server and resolves it.
///
/// ```
/// use redmux_transport::Tunnel;
///
/// let tunnel = Tunnel::socks5("proxy.internal", 1080).credentials("me", "secret");
/// assert_eq!(tunnel.to_string(), "socks5://proxy.internal:1080");
/// ```
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Tunnel {
    /// The proxy's protocol.
    pub kind: TunnelKind,
    /// Host of the proxy.
    pub host: Arc<str>,
    /// Port of the proxy.
    pub port: u16,
    /// User name and password, if the proxy wants them.
    pub credentials: Option<(Arc<str>, Arc<str>)>,
}

/// The protocol of a proxy
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum TunnelKind {
    /// HTTP `CONNECT`, with basic authentication.
    Http,
    /// SOCKS 5, with user name and password.
    Socks5,
}

impl Tunnel {
    /// An HTTP proxy that knows `CONNECT`.
    pub fn http(host: impl Into<Arc<str>>, port: u16) -> Self {
        Self { kind: TunnelKind::Http, host: host.into(), port, credentials: None }
    }

    /// A SOCKS 5 proxy.
    pub fn socks5(host: impl Into<Arc<str>>, port: u16) -> Self {
        Self { kind: TunnelKind::Socks5, host: host.into(), port, credentials: None }
    }

    /// With this user name and password.
    pub fn credentials(
        mut self,
        username: impl Into<Arc<str>>,
        password: impl Into<Arc<str>>,
    ) -> Self {
        self.credentials = Some((username.into(), password.into()));
        self
    }
}

/// Leaves user name and password out.
impl fmt::Display for Tunnel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = match self.kind {
            TunnelKind::Http => "http",
            TunnelKind::Socks5 => "socks5",
        };
        match self.host.contains(':') {
            true => write!(f, "{scheme}://[{}]:{}", self.host, self.port),
            false => write!(f, "{scheme}://{}:{}", self.host, self.port),
        }
    }
}

impl fmt::Debug for Tunnel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tunnel({self})")
    }
}

/// When the kernel probes an idle peer
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Keepalive {
    /// Idle time before the first probe. Default 15 s.
    pub idle: Duration,
    /// Time between probes. Default 5 s.
    pub interval: Duration,
    /// Unanswered probes after which the connection is dead. Default 3; 0 sends none.
    pub count: u32,
}

impl Keepalive {
    /// No probes.
    pub const OFF: Self = Self { idle: Duration::ZERO, interval: Duration::ZERO, count: 0 };

    /// `count` probes, the first after `idle`, each other one after `interval`.
    pub const fn new(idle: Duration, interval: Duration, count: u32) -> Self {
        Self { idle, interval, count }
    }
}

impl Default for Keepalive {
    fn default() -> Self {
        Self { idle: Duration::from_secs(15), interval: Duration::from_secs(5), count: 3 }
    }
}
