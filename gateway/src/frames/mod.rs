//! Watches the frames of a WebSocket as they arrive: their kind, their number and their size.
//!
//! The WebSocket library reserves what a header announces before it looks at anything else, and
//! its bounds cannot change once the client is known. So each header is checked here, before the
//! library sees it.

mod bounds;
mod meter;
mod metered;

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use futures::io::{AsyncRead, AsyncWrite};
use futures_rustls::server::TlsStream;
use smol::net::TcpStream;

pub(crate) use bounds::{FrameFault, Frames, MAX_REPLY};
use meter::Meter;
pub use metered::read_messages;

use crate::limits::Charge;

/// A client's socket, which watches the frames that arrive
pub(crate) struct Watched {
    socket: Socket,
    meter: Option<Meter>,
}

/// An accepted socket
pub(crate) enum Socket {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl Watched {
    pub(crate) fn new(socket: Socket) -> Self {
        Self { socket, meter: None }
    }

    /// Treats all further bytes as frames; `rest` has arrived already.
    pub(crate) fn watch(
        &mut self,
        frames: Arc<Frames>,
        charge: Charge,
        rest: &[u8],
    ) -> io::Result<()> {
        let mut meter = Meter::new(frames, charge);
        let watched = meter.pass(rest);
        self.meter = Some(meter);
        watched.map_err(io::Error::other)
    }

    fn wrote(&self, written: &Poll<io::Result<usize>>) {
        if let Some(meter) = &self.meter {
            let frames = &meter.frames;
            frames.note_if(&frames.blocked, written.is_pending());
        }
    }

    /// Returns the certificate that the client showed, in DER.
    pub(crate) fn certificate(&self) -> Option<Vec<u8>> {
        match &self.socket {
            Socket::Plain(_) => None,
            Socket::Tls(stream) => {
                let certificates = stream.get_ref().1.peer_certificates()?;
                certificates.first().map(|certificate| certificate.to_vec())
            }
        }
    }
}

impl AsyncRead for Watched {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let n = ready!(match &mut this.socket {
            Socket::Plain(stream) => Pin::new(stream).poll_read(cx, buf),
            Socket::Tls(stream) => Pin::new(stream).poll_read(cx, buf),
        })?;
        if let Some(meter) = &mut this.meter {
            meter.pass(&buf[..n]).map_err(io::Error::other)?;
        }
        Poll::Ready(Ok(n))
    }
}

/// Passes a call on to the socket.
macro_rules! to_socket {
    ($self:ident, $call:ident $(, $arg:expr)*) => {
        match &mut $self.as_mut().get_mut().socket {
            Socket::Plain(stream) => Pin::new(stream).$call($($arg),*),
            Socket::Tls(stream) => Pin::new(stream).$call($($arg),*),
        }
    };
}

impl AsyncWrite for Watched {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = to_socket!(self, poll_write, cx, buf);
        self.wrote(&written);
        written
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = to_socket!(self, poll_write_vectored, cx, bufs);
        self.wrote(&written);
        written
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        to_socket!(self, poll_flush, cx)
    }

    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        to_socket!(self, poll_close, cx)
    }
}
