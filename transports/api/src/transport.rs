use std::future::Future;

use futures::io::{AsyncRead, AsyncWrite};

use crate::{BoxFuture, DialError, DialOptions, Endpoint, MaybeSend, MaybeSync};

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
