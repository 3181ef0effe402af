//! Sockets and timers on the async-io reactor.

use std::{
    io::{self, IoSlice},
    net::{Shutdown, SocketAddr, TcpStream, ToSocketAddrs},
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
    time::Instant,
};

#[cfg(unix)]
use std::os::unix::net::UnixStream;

use async_io::Async;
use futures::{
    Future, FutureExt,
    io::{AsyncRead, AsyncWrite},
};
use redmux_transport::{
    ByteStream, Capabilities, DialError, DialOptions, DialStage, Endpoint, Timer, Transport,
};

use crate::{TcpTransport, layers, race, transport};

impl Transport for TcpTransport {
    type Stream = Stream;

    fn capabilities(&self) -> Capabilities {
        Capabilities::vectored()
    }

    async fn connect(&self, endpoint: &Endpoint) -> Result<Stream, DialError> {
        let dialled = |error| DialError::new(DialStage::Dial, error);
        match endpoint {
            Endpoint::Tcp { host, port } => {
                let addresses = resolve(host.clone(), *port)
                    .await
                    .map_err(|error| DialError::new(DialStage::Resolve, error))?;
                let pause = |time| async_io::Timer::after(time).map(drop);
                let stream = race::first(addresses, Async::<TcpStream>::connect, pause)
                    .await
                    .map_err(dialled)?;
                self.tune(stream.get_ref()).map_err(dialled)?;
                Ok(Stream::new(Socket::Tcp(Arc::new(stream))))
            }
            #[cfg(unix)]
            Endpoint::Unix { path } => Async::<UnixStream>::connect(path)
                .await
                .map(|stream| Stream::new(Socket::Unix(Arc::new(stream))))
                .map_err(dialled),
            other => Err(DialError::unsupported(other, "TCP and Unix sockets")),
        }
    }

    async fn connect_with(
        &self,
        endpoint: &Endpoint,
        options: &DialOptions,
    ) -> Result<Box<dyn ByteStream>, DialError> {
        let peer = |stream: &Stream| stream.as_tcp()?.peer_addr().ok();
        layers::dial(&self.tuned(options), endpoint, options, peer).await
    }
}

async fn resolve(host: String, port: u16) -> io::Result<Vec<SocketAddr>> {
    // An address needs no thread to wait in.
    if let Ok(ip) = host.parse() {
        return Ok(vec![SocketAddr::new(ip, port)]);
    }
    blocking::unblock(move || Ok((host.as_str(), port).to_socket_addrs()?.collect())).await
}

/// A connected socket
///
/// Clones are the same socket: one task may read while another writes.
#[derive(Debug, Clone)]
pub struct Stream {
    socket: Socket,
    /// The last read took all there was: wait for more before asking again.
    drained: bool,
}

#[derive(Debug, Clone)]
enum Socket {
    Tcp(Arc<Async<TcpStream>>),
    #[cfg(unix)]
    Unix(Arc<Async<UnixStream>>),
}

impl Stream {
    fn new(socket: Socket) -> Self {
        Self { socket, drained: false }
    }

    /// The TCP socket, unless it is a Unix one.
    pub fn as_tcp(&self) -> Option<&TcpStream> {
        match &self.socket {
            Socket::Tcp(stream) => Some(stream.as_ref().get_ref()),
            #[cfg(unix)]
            Socket::Unix(_) => None,
        }
    }

    fn poll_readable(&self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &self.socket {
            Socket::Tcp(stream) => stream.poll_readable(cx),
            #[cfg(unix)]
            Socket::Unix(stream) => stream.poll_readable(cx),
        }
    }
}

/// Calls the same method on whichever socket it is.
macro_rules! forward {
    ($self:ident, $method:ident, $($argument:expr),*) => {
        match &$self.socket {
            Socket::Tcp(stream) => Pin::new(&mut &**stream).$method($($argument),*),
            #[cfg(unix)]
            Socket::Unix(stream) => Pin::new(&mut &**stream).$method($($argument),*),
        }
    };
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        // The reactor reports what is there when it is asked, so that nothing is missed: a
        // read that would find nothing is saved.
        if self.drained {
            ready!(self.poll_readable(cx))?;
            self.drained = false;
        }
        let read = ready!(forward!(self, poll_read, cx, buffer))?;
        self.drained = 0 < read && read < buffer.len();
        Poll::Ready(Ok(read))
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        forward!(self, poll_write, cx, bytes)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        forward!(self, poll_write_vectored, cx, slices)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        forward!(self, poll_flush, cx)
    }

    /// Ends the direction that is written: async-io would only flush.
    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        let shut = match &self.socket {
            Socket::Tcp(stream) => stream.as_ref().get_ref().shutdown(Shutdown::Write),
            #[cfg(unix)]
            Socket::Unix(stream) => stream.as_ref().get_ref().shutdown(Shutdown::Write),
        };
        Poll::Ready(transport::shut(shut))
    }
}

/// A timer of the reactor that also serves the sockets
#[cfg_attr(not(any(feature = "async-std", feature = "smol")), allow(dead_code))]
pub(crate) struct ReactorTimer {
    timer: async_io::Timer,
    expired: bool,
}

impl ReactorTimer {
    #[cfg_attr(not(any(feature = "async-std", feature = "smol")), allow(dead_code))]
    pub(crate) fn at(deadline: Instant) -> Self {
        Self { timer: async_io::Timer::at(deadline), expired: false }
    }
}

impl Timer for ReactorTimer {
    fn reset(&mut self, deadline: Instant) {
        self.timer.set_at(deadline);
        self.expired = false;
    }

    fn poll_expired(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        if !self.expired && Pin::new(&mut self.timer).poll(cx).is_pending() {
            return Poll::Pending;
        }
        self.expired = true;
        Poll::Ready(())
    }
}
