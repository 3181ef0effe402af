use std::{
    io::{self, IoSlice},
    net::Shutdown,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll},
};

use async_std::net::TcpStream;
#[cfg(unix)]
use std::os::unix::net::UnixStream;

#[cfg(unix)]
use async_io::Async;
use futures::io::{AsyncRead, AsyncWrite};

/// A connected socket
///
/// Clones are the same socket: one task may read while another writes.
#[derive(Debug, Clone)]
pub struct Stream(Socket);

#[derive(Debug, Clone)]
enum Socket {
    Tcp(TcpStream),
    #[cfg(unix)]
    // Not async-std's own type, which writes only the first slice of a vectored write.
    Unix(Arc<Async<UnixStream>>),
}

impl Stream {
    pub(crate) fn tcp(stream: TcpStream) -> Self {
        Self(Socket::Tcp(stream))
    }

    #[cfg(unix)]
    pub(crate) fn unix(stream: Async<UnixStream>) -> Self {
        Self(Socket::Unix(Arc::new(stream)))
    }

    /// The TCP socket, unless it is a Unix one.
    pub fn as_tcp(&self) -> Option<&TcpStream> {
        match &self.0 {
            Socket::Tcp(stream) => Some(stream),
            #[cfg(unix)]
            Socket::Unix(_) => None,
        }
    }
}

/// Calls the same method on whichever socket it is.
macro_rules! forward {
    ($self:ident, $method:ident, $($argument:expr),*) => {
        match &mut $self.get_mut().0 {
            Socket::Tcp(stream) => Pin::new(stream).$method($($argument),*),
            #[cfg(unix)]
            Socket::Unix(stream) => Pin::new(&mut &**stream).$method($($argument),*),
        }
    };
}

impl AsyncRead for Stream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        forward!(self, poll_read, cx, buffer)
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

    /// Ends the direction that is written: async-std and async-io would only flush.
    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        let shut = match &self.0 {
            Socket::Tcp(stream) => stream.shutdown(Shutdown::Write),
            #[cfg(unix)]
            Socket::Unix(stream) => stream.get_ref().shutdown(Shutdown::Write),
        };
        Poll::Ready(match shut {
            // The other side was faster.
            Err(error) if error.kind() == io::ErrorKind::NotConnected => Ok(()),
            shut => shut,
        })
    }
}
