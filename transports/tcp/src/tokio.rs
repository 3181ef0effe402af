//! Sockets, timers and tasks of tokio.

use std::{
    fmt,
    future::Future,
    io::{self, IoSlice},
    net::SocketAddr,
    pin::Pin,
    task::{Context, Poll, ready},
    time::Instant,
};

use ::tokio::{
    io::{AsyncRead as _, AsyncWrite as _, ReadBuf},
    net::TcpStream,
    runtime::Handle,
    time::{Sleep, sleep, sleep_until},
};
use futures::io::{AsyncRead, AsyncWrite};
use redmux_transport::{
    BoxFuture, ByteStream, Capabilities, DialError, DialOptions, DialStage, Endpoint, Environment,
    Runtime, Timer, Transport,
};

#[cfg(not(target_family = "wasm"))]
pub use crate::own_thread::environment_on_thread;
use crate::{
    TcpTransport, entropy, layers, race, transport,
    virtual_time::{self, Hold},
};

/// A default [`TokioTransport`] and the tokio runtime of the caller
///
/// # Panics
/// Outside a tokio runtime, like everything of tokio's that needs one.
pub fn environment() -> Environment {
    Environment::new(TokioTransport::default(), TokioRuntime::current())
}

/// Dials TCP and Unix endpoints with tokio's sockets
#[derive(Debug, Clone, Default)]
pub struct TokioTransport {
    settings: TcpTransport,
}

impl From<TcpTransport> for TokioTransport {
    /// Takes over the socket options.
    fn from(settings: TcpTransport) -> Self {
        Self { settings }
    }
}

impl Transport for TokioTransport {
    type Stream = Stream;

    fn capabilities(&self) -> Capabilities {
        Capabilities::vectored()
    }

    async fn connect(&self, endpoint: &Endpoint) -> Result<Stream, DialError> {
        let dialled = |error| DialError::new(DialStage::Dial, error);
        virtual_time::look();
        let _hold = Hold::new(virtual_time::DIAL);
        match endpoint {
            Endpoint::Tcp { host, port } => {
                let addresses = resolve(host, *port)
                    .await
                    .map_err(|error| DialError::new(DialStage::Resolve, error))?;
                let stream =
                    race::first(addresses, TcpStream::connect, sleep).await.map_err(dialled)?;
                self.settings.tune(&stream).map_err(dialled)?;
                Ok(Stream::new(Socket::Tcp(stream)))
            }
            #[cfg(unix)]
            Endpoint::Unix { path } => ::tokio::net::UnixStream::connect(path)
                .await
                .map(|stream| Stream::new(Socket::Unix(stream)))
                .map_err(dialled),
            other => Err(DialError::unsupported(other, "TCP and Unix sockets")),
        }
    }

    async fn connect_with(
        &self,
        endpoint: &Endpoint,
        options: &DialOptions,
    ) -> Result<Box<dyn ByteStream>, DialError> {
        let tuned = Self::from(self.settings.tuned(options));
        let peer = |stream: &Stream| match &stream.socket {
            Socket::Tcp(socket) => socket.peer_addr().ok(),
            #[cfg(unix)]
            Socket::Unix(_) => None,
        };
        layers::dial(&tuned, endpoint, options, peer).await
    }
}

#[cfg(not(target_os = "wasi"))]
async fn resolve(host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    Ok(::tokio::net::lookup_host((host, port)).await?.collect())
}

/// In this thread, because there is no other: tokio would panic.
#[cfg(target_os = "wasi")]
async fn resolve(host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
    use std::net::ToSocketAddrs;
    Ok((host, port).to_socket_addrs()?.collect())
}

/// A connected socket of tokio's, with the `futures` traits
#[derive(Debug)]
pub struct Stream {
    socket: Socket,
    /// While an answer is due and the clock is stopped.
    hold: Option<Hold>,
}

impl Stream {
    fn new(socket: Socket) -> Self {
        Self { socket, hold: None }
    }

    fn wrote(&mut self) {
        if virtual_time::is_stopped() && self.hold.as_ref().is_none_or(Hold::is_over) {
            self.hold = Hold::new(virtual_time::ANSWER);
        }
    }

    fn read(&mut self) {
        if virtual_time::is_stopped() {
            self.hold = Hold::new(virtual_time::MORE);
        }
    }
}

#[derive(Debug)]
enum Socket {
    Tcp(TcpStream),
    #[cfg(unix)]
    Unix(::tokio::net::UnixStream),
}

/// Calls the same method on whichever socket it is.
macro_rules! forward {
    ($self:ident, $method:ident, $($argument:expr),*) => {
        match &mut $self.socket {
            Socket::Tcp(stream) => Pin::new(stream).$method($($argument),*),
            #[cfg(unix)]
            Socket::Unix(stream) => Pin::new(stream).$method($($argument),*),
        }
    };
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let mut buffer = ReadBuf::new(buffer);
        ready!(forward!(self, poll_read, cx, &mut buffer))?;
        self.read();
        Poll::Ready(Ok(buffer.filled().len()))
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = ready!(forward!(self, poll_write, cx, bytes))?;
        self.wrote();
        Poll::Ready(Ok(written))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = ready!(forward!(self, poll_write_vectored, cx, slices))?;
        self.wrote();
        Poll::Ready(Ok(written))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        forward!(self, poll_flush, cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        forward!(self, poll_shutdown, cx).map(transport::shut)
    }
}

/// A tokio runtime
#[derive(Debug, Clone)]
pub struct TokioRuntime {
    handle: Handle,
}

impl TokioRuntime {
    /// The runtime that runs the caller
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub fn current() -> Self {
        Self { handle: Handle::current() }
    }
}

impl From<Handle> for TokioRuntime {
    fn from(handle: Handle) -> Self {
        Self { handle }
    }
}

impl Runtime for TokioRuntime {
    fn spawn(&self, task: BoxFuture<'static, ()>) {
        self.handle.spawn(task);
    }

    fn now(&self) -> Instant {
        virtual_time::now()
    }

    fn timer(&self, deadline: Instant) -> Box<dyn Timer> {
        let _context = self.handle.enter();
        Box::new(TokioTimer { sleep: Box::pin(sleep_until(deadline.into())), expired: false })
    }

    fn entropy(&self) -> u64 {
        entropy::draw()
    }
}

struct TokioTimer {
    sleep: Pin<Box<Sleep>>,
    expired: bool,
}

impl Timer for TokioTimer {
    fn reset(&mut self, deadline: Instant) {
        virtual_time::look();
        self.sleep.as_mut().reset(deadline.into());
        self.expired = false;
    }

    fn poll_expired(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        // A sleep must not be polled again once it is over.
        if !self.expired && self.sleep.as_mut().poll(cx).is_pending() {
            return Poll::Pending;
        }
        self.expired = true;
        Poll::Ready(())
    }
}

impl fmt::Debug for TokioTimer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TokioTimer").finish_non_exhaustive()
    }
}
