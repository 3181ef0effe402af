use std::{fmt, future::Future, io};

use futures::io::{AsyncRead, AsyncWrite};

use crate::{BoxFuture, DialOptions, Endpoint, MaybeSend, MaybeSync};

/// A full-duplex stream of bytes
///
/// Implemented for everything that reads and writes with the `futures` traits.
/// The core polls both directions from one task; `poll_close` ends the stream.
pub trait ByteStream: AsyncRead + AsyncWrite + Unpin + MaybeSend + 'static {}
impl<T: AsyncRead + AsyncWrite + Unpin + MaybeSend + 'static> ByteStream for T {}

/// The abilities of a transport's streams, so that the driver writes accordingly
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Capabilities {
    /// `poll_write_vectored` really writes more than one slice per call (sockets do,
    /// most wrappers do not).
    pub vectored: bool,
    /// Each `poll_write` becomes one message (WebSocket): the driver then hands a
    /// whole batch over in one call.
    pub message_oriented: bool,
}

impl Capabilities {
    /// Plain writes, no vectoring, no messages.
    pub const fn stream() -> Self {
        Self { vectored: false, message_oriented: false }
    }

    /// Writes several slices per call.
    pub const fn vectored() -> Self {
        Self { vectored: true, message_oriented: false }
    }

    /// One message per write.
    pub const fn messages() -> Self {
        Self { vectored: false, message_oriented: true }
    }
}

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
#[derive(Debug, thiserror::Error)]
#[error("{stage}: {source}")]
pub struct DialError {
    /// The step that failed.
    pub stage: DialStage,
    /// The system's error.
    pub source: io::Error,
}

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

/// Dials endpoints
///
/// Names are resolved on every call, so that a server that moved is found again.
/// Dropping the future aborts the dial; the caller bounds its time.
pub trait Transport: MaybeSend + MaybeSync + 'static {
    /// The streams this transport opens.
    type Stream: ByteStream;

    /// The abilities of those streams.
    fn capabilities(&self) -> Capabilities;

    /// Opens a stream to `endpoint`.
    fn connect(
        &self,
        endpoint: &Endpoint,
    ) -> impl Future<Output = Result<Self::Stream, DialError>> + MaybeSend;

    /// Opens a stream to `endpoint` with the layers that are asked for.
    ///
    /// The default has no layers: it fails if the options ask for TLS or a tunnel.
    fn connect_with(
        &self,
        endpoint: &Endpoint,
        options: &DialOptions,
    ) -> impl Future<Output = Result<Box<dyn ByteStream>, DialError>> + MaybeSend {
        async move {
            options.check_bare(endpoint)?;
            let stream = self.connect(endpoint).await?;
            Ok(Box::new(stream) as Box<dyn ByteStream>)
        }
    }
}

/// [`Transport`] with its types erased; implemented for every transport
pub trait DynTransport: MaybeSend + MaybeSync + 'static {
    /// See [`Transport::capabilities`].
    fn capabilities(&self) -> Capabilities;

    /// See [`Transport::connect_with`].
    fn dial<'a>(
        &'a self,
        endpoint: &'a Endpoint,
        options: &'a DialOptions,
    ) -> BoxFuture<'a, Result<Box<dyn ByteStream>, DialError>>;
}

impl<T: Transport> DynTransport for T {
    fn capabilities(&self) -> Capabilities {
        Transport::capabilities(self)
    }

    fn dial<'a>(
        &'a self,
        endpoint: &'a Endpoint,
        options: &'a DialOptions,
    ) -> BoxFuture<'a, Result<Box<dyn ByteStream>, DialError>> {
        Box::pin(self.connect_with(endpoint, options))
    }
}
