use std::{
    fmt, io,
    net::SocketAddr,
    pin::Pin,
    task::{Context, Poll, ready},
};

use futures::io::{AsyncRead, AsyncWrite};
use wasip2::{
    io::streams::{InputStream, OutputStream, StreamError},
    sockets::{
        network::ErrorCode,
        tcp::{ShutdownType, TcpSocket},
    },
};

use super::{reactor::Source, words::in_words};

/// A connected socket of the host's
pub struct Stream {
    // In the order in which they have to end.
    readable: Source,
    writable: Source,
    input: InputStream,
    output: OutputStream,
    socket: TcpSocket,
    peer: SocketAddr,
    /// The last read took all there was: wait for more before asking again.
    drained: bool,
    /// The host takes no more for now.
    full: bool,
}

impl Stream {
    pub(super) fn new(
        socket: TcpSocket,
        (input, output): (InputStream, OutputStream),
        peer: SocketAddr,
    ) -> Self {
        let (readable, writable) =
            (Source::new(input.subscribe()), Source::new(output.subscribe()));
        Self { readable, writable, input, output, socket, peer, drained: false, full: false }
    }

    /// The address that was dialled.
    pub fn peer(&self) -> SocketAddr {
        self.peer
    }
}

impl AsyncRead for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        if buffer.is_empty() {
            return Poll::Ready(Ok(0));
        }
        loop {
            if self.drained {
                ready!(self.readable.poll_ready(cx));
                self.drained = false;
            }
            match self.input.read(buffer.len() as u64) {
                // Only the host's word counts now: some say of a stream without bytes that it is ready, unless
                // they are waited for.
                Ok(bytes) if bytes.is_empty() => self.drained = true,
                Ok(bytes) => {
                    buffer[..bytes.len()].copy_from_slice(&bytes);
                    self.drained = bytes.len() < buffer.len();
                    return Poll::Ready(Ok(bytes.len()));
                }
                Err(StreamError::Closed) => return Poll::Ready(Ok(0)),
                Err(error) => return Poll::Ready(Err(broken(error))),
            }
        }
    }
}

impl AsyncWrite for Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if bytes.is_empty() {
            return Poll::Ready(Ok(0));
        }
        loop {
            if self.full {
                ready!(self.writable.poll_ready(cx));
                self.full = false;
            }
            let room = self.output.check_write().map_err(broken)?;
            if room == 0 {
                self.full = true;
                continue;
            }
            let taken = usize::try_from(room).map_or(bytes.len(), |room| room.min(bytes.len()));
            self.output.write(&bytes[..taken]).map_err(broken)?;
            return Poll::Ready(Ok(taken));
        }
    }

    /// Hosts keep nothing back on a socket, and the standard library relies on that too.
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(match self.socket.shutdown(ShutdownType::Send) {
            // The other side was faster.
            Ok(()) | Err(ErrorCode::InvalidState) => Ok(()),
            Err(code) => Err(in_words(code)),
        })
    }
}

/// What a stream says of itself is a text; it has no kind.
fn broken(error: StreamError) -> io::Error {
    match error {
        StreamError::Closed => io::ErrorKind::BrokenPipe.into(),
        StreamError::LastOperationFailed(error) => io::Error::other(error.to_debug_string()),
    }
}

impl fmt::Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stream").field("peer", &self.peer).finish_non_exhaustive()
    }
}
