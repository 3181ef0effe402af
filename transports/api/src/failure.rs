//! Why a dial failed.

use std::{fmt, io};

use crate::Endpoint;

/// How far a dial came before it failed
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DialStage {
    /// Turning the host name into addresses.
    Resolve,
    /// Opening the socket.
    Dial,
    /// Asking a proxy to let us through.
    Tunnel,
    /// The TLS handshake.
    Tls,
    /// The HTTP upgrade to a WebSocket.
    Upgrade,
}

impl fmt::Display for DialStage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Resolve => "resolve",
            Self::Dial => "dial",
            Self::Tunnel => "tunnel",
            Self::Tls => "tls",
            Self::Upgrade => "upgrade",
        })
    }
}

/// Why an endpoint could not be dialled
///
/// The text holds that of [`source`](Self::source), which therefore is no
/// [`Error::source`](std::error::Error::source): no report prints it twice.
#[derive(Debug)]
pub struct DialError {
    /// The step that failed.
    pub stage: DialStage,
    /// The system's error.
    pub source: io::Error,
}

impl fmt::Display for DialError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.stage, self.source)
    }
}

impl std::error::Error for DialError {}

impl DialError {
    /// An error of one stage.
    pub fn new(stage: DialStage, source: impl Into<io::Error>) -> Self {
        Self { stage, source: source.into() }
    }

    /// The endpoint is of a kind that the transport does not serve.
    pub fn unsupported(endpoint: &Endpoint, served: &str) -> Self {
        let message = format!("this transport dials {served}, not {endpoint}");
        Self::new(DialStage::Dial, io::Error::new(io::ErrorKind::Unsupported, ErrorText(message)))
    }
}

/// An error that is only a text
///
/// For transports in pages: a `String` as an error would link more formatting code.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ErrorText(pub String);

/// The text of an error by which the server refuses the client's certificate, or misses one
///
/// Inside of an [`io::Error`] of a dial or of a stream's first bytes it says that authentication
/// failed: dialling again with the same certificate is of no use.
///
/// ```
/// use redmux_transport::CertificateRefused;
/// use std::io;
///
/// let text = "the server wants a client's certificate".to_owned();
/// let error = io::Error::new(io::ErrorKind::InvalidData, CertificateRefused(text));
/// assert!(error.get_ref().is_some_and(|inner| inner.is::<CertificateRefused>()));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct CertificateRefused(pub String);
