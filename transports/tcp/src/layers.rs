//! What goes between the socket and the one who dials: a tunnel, TLS.

use std::{borrow::Cow, net::SocketAddr};

use futures::io::{AsyncRead, AsyncWrite};
use redmux_transport::{ByteStream, DialError, DialOptions, DialStage, Endpoint, Transport};

use crate::{TcpTransport, tls, tunnel};

impl TcpTransport {
    /// With the socket options that are asked for.
    pub(crate) fn tuned(&self, options: &DialOptions) -> Self {
        let mut tuned = self.clone();
        if let Some(keepalive) = options.keepalive {
            tuned = tuned.keepalive((keepalive.count > 0).then_some(keepalive));
        }
        if let Some(timeout) = options.user_timeout {
            tuned = tuned.user_timeout((!timeout.is_zero()).then_some(timeout));
        }
        tuned
    }
}

/// Dials the first hop with a transport that has the socket options already, and puts the layers on its stream.
///
/// `peer` says which address was reached; a proxy's is not the endpoint's.
pub(crate) async fn dial<T>(
    transport: &T,
    endpoint: &Endpoint,
    options: &DialOptions,
    peer: impl FnOnce(&T::Stream) -> Option<SocketAddr>,
) -> Result<Box<dyn ByteStream>, DialError>
where
    T: Transport,
    T::Stream: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let hop = first_hop(endpoint, options)?;
    let stream = transport.connect(&hop).await.map_err(|error| first_hop_failed(error, options))?;
    if options.tunnel.is_none()
        && let Some(peer) = peer(&stream)
    {
        options.progress.reach(peer);
    }
    put_on(stream, endpoint, options).await
}

/// Where the socket goes: the proxy, if there is one.
fn first_hop<'e>(
    endpoint: &'e Endpoint,
    options: &DialOptions,
) -> Result<Cow<'e, Endpoint>, DialError> {
    match endpoint {
        Endpoint::Tcp { .. } => Ok(match &options.tunnel {
            None => Cow::Borrowed(endpoint),
            Some(tunnel) => Cow::Owned(Endpoint::tcp(&*tunnel.host, tunnel.port)),
        }),
        // Neither a tunnel nor TLS leads there.
        other => options.check_bare(other).map(|()| Cow::Borrowed(other)),
    }
}

/// A dial of the first hop failed: says so if that is not the endpoint itself.
fn first_hop_failed(error: DialError, options: &DialOptions) -> DialError {
    match &options.tunnel {
        None => error,
        Some(tunnel) => {
            let message = format!("the proxy {tunnel} cannot be reached: {}", error.source);
            let source = std::io::Error::new(error.source.kind(), message);
            DialError::new(error.stage, source)
        }
    }
}

/// Puts the layers on a stream to the first hop.
async fn put_on<S>(
    mut stream: S,
    endpoint: &Endpoint,
    options: &DialOptions,
) -> Result<Box<dyn ByteStream>, DialError>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let Endpoint::Tcp { host, port } = endpoint else { return Ok(Box::new(stream)) };
    if let Some(tunnel) = &options.tunnel {
        options.progress.enter(DialStage::Tunnel);
        tunnel::open(&mut stream, tunnel, host, *port)
            .await
            .map_err(|error| DialError::new(DialStage::Tunnel, error))?;
    }
    match &options.tls {
        None => Ok(Box::new(stream)),
        Some(tls) => {
            options.progress.enter(DialStage::Tls);
            tls::put_on(stream, tls, host)
                .await
                .map_err(|error| DialError::new(DialStage::Tls, error))
        }
    }
}
