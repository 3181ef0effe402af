//! Watches the frames of a WebSocket as they arrive: their kind, their number and their size.
//!
//! The WebSocket library reserves what a header announces before it looks at anything else, and
//! its bounds cannot change once somebody is known. So each header is judged here first, before
//! the library sees it.

mod meter;
mod metered;

use std::{
    fmt, io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed},
    },
    task::{Context, Poll, ready},
    time::{Duration, Instant},
};

use async_tungstenite::tungstenite::protocol::WebSocketConfig;

use async_std::net::TcpStream;
use futures::io::{AsyncRead, AsyncWrite};
use futures_rustls::server::TlsStream;
use meter::Meter;
pub use metered::read_messages;

use crate::limits::Charge;

/// What a client is connected by, and its frames
pub(crate) struct Watched {
    socket: Socket,
    meter: Option<Meter>,
}

/// A socket as it was accepted
pub(crate) enum Socket {
    Plain(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

/// How much a message may be, which may change while the client is connected, and how it goes
#[derive(Debug)]
pub(crate) struct Frames {
    message: AtomicUsize,
    fragments: AtomicUsize,
    /// The bound of the WebSocket library: nothing raises it while the client is connected.
    wall: usize,
    start: Instant,
    /// When a message began that has not ended; when the client stopped taking what is written.
    /// Microseconds since `start`; zero is not at all.
    begun: AtomicU64,
    blocked: AtomicU64,
}

impl Frames {
    pub(crate) fn new(message: usize, fragments: usize, wall: usize) -> Self {
        Self {
            message: message.into(),
            fragments: fragments.into(),
            wall: wall.max(message),
            start: Instant::now(),
            begun: AtomicU64::new(0),
            blocked: AtomicU64::new(0),
        }
    }

    /// Takes other limits; whether the WebSocket library allows them.
    pub(crate) fn set(&self, message: usize, fragments: usize) -> bool {
        self.message.store(message, Relaxed);
        self.fragments.store(fragments, Relaxed);
        message <= self.wall
    }

    /// How the WebSocket library is set up.
    pub(crate) fn config(&self) -> WebSocketConfig {
        WebSocketConfig::default()
            // Cleared before each read: the default of 128 KiB costs more than the message.
            .read_buffer_size(READ_BUFFER)
            // Each message is written at once. What the client does not take is one message of
            // replies and a few pongs; pongs beyond that replace each other.
            .write_buffer_size(0)
            .max_write_buffer_size(WRITE_BUFFER)
            .max_message_size(Some(self.wall))
            .max_frame_size(Some(self.wall))
    }

    /// Since when a message comes that has not ended.
    pub(crate) fn begun(&self) -> Option<Instant> {
        self.at(&self.begun)
    }

    /// Since when the client has taken nothing of what waits for it.
    pub(crate) fn blocked(&self) -> Option<Instant> {
        self.at(&self.blocked)
    }

    /// The client was not read: a message that is under way begins now.
    pub(crate) fn begin_anew(&self) {
        if self.begun.load(Relaxed) != 0 {
            self.note(&self.begun);
        }
    }

    fn note(&self, what: &AtomicU64) {
        let micros = u64::try_from(self.start.elapsed().as_micros()).unwrap_or(u64::MAX);
        what.store(micros.max(1), Relaxed);
    }

    /// Notes the time if it is so and was not so before.
    fn note_if(&self, what: &AtomicU64, is_so: bool) {
        match (is_so, what.load(Relaxed)) {
            (true, 0) => self.note(what),
            (false, 1..) => what.store(0, Relaxed),
            _ => {}
        }
    }

    fn at(&self, what: &AtomicU64) -> Option<Instant> {
        match what.load(Relaxed) {
            0 => None,
            micros => Some(self.start + Duration::from_micros(micros)),
        }
    }
}

/// Bytes read from a client at once.
const READ_BUFFER: usize = 16 << 10;
/// Most bytes that wait for a client: one message of replies, and pongs.
const WRITE_BUFFER: usize = MAX_REPLY + (16 << 10);
/// Most bytes of replies in one message.
pub(crate) const MAX_REPLY: usize = 64 << 10;

/// A frame that is not taken
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum FrameFault {
    /// The message is too big.
    Bytes,
    /// It is of too many fragments.
    Fragments,
    /// All clients together have too much under way.
    Together,
    /// No WebSocket client sends this.
    Broken(&'static str),
}

impl fmt::Display for FrameFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bytes => "message too big",
            Self::Fragments => "message of too many fragments",
            Self::Together => "too much is under way of all clients together",
            Self::Broken(what) => what,
        })
    }
}

impl std::error::Error for FrameFault {}

impl FrameFault {
    /// The one that an error of the stream stands for.
    pub(crate) fn of(error: &io::Error) -> Option<Self> {
        error.get_ref()?.downcast_ref().copied()
    }
}

impl Watched {
    pub(crate) fn new(socket: Socket) -> Self {
        Self { socket, meter: None }
    }

    /// Takes what comes from now on for frames; `rest` has come already.
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

    /// The certificate that the client showed, in DER.
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
