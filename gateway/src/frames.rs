//! Watches the frames of a WebSocket as they arrive: their number and their size.
//!
//! The WebSocket library bounds the bytes of a message, but not how many frames it may be cut
//! into, and its bounds cannot change once somebody is known. So the headers are read here too.

use std::{
    fmt, io,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll, ready},
};

use async_std::net::TcpStream;
use futures::io::{AsyncRead, AsyncWrite};
use futures_rustls::server::TlsStream;

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

/// How much a message may be; it may change while the client is connected
#[derive(Debug)]
pub(crate) struct FrameLimits {
    message: AtomicUsize,
    fragments: AtomicUsize,
}

impl FrameLimits {
    pub(crate) fn new(message: usize, fragments: usize) -> Self {
        Self { message: message.into(), fragments: fragments.into() }
    }

    pub(crate) fn set(&self, message: usize, fragments: usize) {
        self.message.store(message, Ordering::Relaxed);
        self.fragments.store(fragments, Ordering::Relaxed);
    }
}

/// A message beyond the limits
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TooMuch {
    Bytes,
    Fragments,
}

impl fmt::Display for TooMuch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Bytes => "message too big",
            Self::Fragments => "message of too many fragments",
        })
    }
}

impl std::error::Error for TooMuch {}

impl TooMuch {
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
    pub(crate) fn watch(&mut self, limits: Arc<FrameLimits>, rest: &[u8]) -> io::Result<()> {
        let mut meter = Meter::new(limits);
        let watched = meter.pass(rest);
        self.meter = Some(meter);
        watched.map_err(io::Error::other)
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
        match &mut $self.get_mut().socket {
            Socket::Plain(stream) => Pin::new(stream).$call($($arg),*),
            Socket::Tls(stream) => Pin::new(stream).$call($($arg),*),
        }
    };
}

impl AsyncWrite for Watched {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        to_socket!(self, poll_write, cx, buf)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        to_socket!(self, poll_write_vectored, cx, bufs)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        to_socket!(self, poll_flush, cx)
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        to_socket!(self, poll_close, cx)
    }
}

/// Reads the headers of frames
#[derive(Debug)]
struct Meter {
    limits: Arc<FrameLimits>,
    header: [u8; 10],
    have: usize,
    /// Bytes of the frame that are no part of its header: the mask and what it carries.
    skip: u64,
    /// Since the last message ended.
    frames: usize,
    bytes: u64,
    /// Whether the frame that is skipped ends a message.
    ends: bool,
}

impl Meter {
    fn new(limits: Arc<FrameLimits>) -> Self {
        Self { limits, header: [0; 10], have: 0, skip: 0, frames: 0, bytes: 0, ends: false }
    }

    fn pass(&mut self, mut bytes: &[u8]) -> Result<(), TooMuch> {
        loop {
            if self.skip > 0 {
                let skipped = self.skip.min(bytes.len() as u64);
                self.skip -= skipped;
                #[expect(clippy::cast_possible_truncation, reason = "no more than there are")]
                let rest = &bytes[skipped as usize..];
                bytes = rest;
                if self.skip > 0 {
                    return Ok(());
                }
            }
            if self.ends {
                (self.frames, self.bytes, self.ends) = (0, 0, false);
            }
            let Some((byte, rest)) = bytes.split_first() else { return Ok(()) };
            self.header[self.have] = *byte;
            self.have += 1;
            bytes = rest;
            if self.have >= 2 && self.have == self.header_len() {
                self.frame()?;
                self.have = 0;
            }
        }
    }

    fn header_len(&self) -> usize {
        match self.header[1] & 0x7f {
            126 => 4,
            127 => 10,
            _ => 2,
        }
    }

    /// A header is complete.
    fn frame(&mut self) -> Result<(), TooMuch> {
        let h = &self.header;
        let length = match h[1] & 0x7f {
            126 => u64::from(u16::from_be_bytes([h[2], h[3]])),
            127 => u64::from_be_bytes([h[2], h[3], h[4], h[5], h[6], h[7], h[8], h[9]]),
            length => u64::from(length),
        };
        let mask = if h[1] & 0x80 == 0 { 0 } else { 4 };
        self.skip = length.checked_add(mask).ok_or(TooMuch::Bytes)?;
        let is_control = h[0] & 0x08 != 0;
        // Pings may stand between fragments; without end they are no better than fragments.
        self.frames += 1;
        if !is_control {
            self.bytes = self.bytes.saturating_add(length);
            self.ends = h[0] & 0x80 != 0;
        } else if self.bytes == 0 && self.frames == 1 {
            // Between messages, where pongs belong.
            self.frames = 0;
        }
        if self.bytes > self.limits.message.load(Ordering::Relaxed) as u64 {
            return Err(TooMuch::Bytes);
        }
        if self.frames > self.limits.fragments.load(Ordering::Relaxed).max(1) {
            return Err(TooMuch::Fragments);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(first: u8, length: usize) -> Vec<u8> {
        let mut bytes = vec![first];
        match length {
            0..126 => bytes.push(0x80 | length as u8),
            126..65536 => {
                bytes.push(0x80 | 126);
                bytes.extend((length as u16).to_be_bytes());
            }
            _ => {
                bytes.push(0x80 | 127);
                bytes.extend((length as u64).to_be_bytes());
            }
        }
        bytes.extend([0; 4]);
        bytes.extend(vec![b'x'; length]);
        bytes
    }

    fn meter() -> Meter {
        Meter::new(Arc::new(FrameLimits::new(70_000, 4)))
    }

    #[test]
    fn messages_are_measured_wherever_they_are_cut() {
        let mut stream = Vec::new();
        for length in [0, 1, 125, 126, 300] {
            stream.extend(
                [frame(0x02, length), frame(0x89, 3), frame(0x00, 5), frame(0x80, length)].concat(),
            );
            stream.extend([frame(0x8a, 0), frame(0x8a, 4)].concat());
        }
        stream.extend(frame(0x82, 70_000));
        for step in [1, 2, 3, 7, 1000, stream.len()] {
            let mut meter = meter();
            for part in stream.chunks(step) {
                assert_eq!(meter.pass(part), Ok(()), "in steps of {step}");
            }
            assert_eq!((meter.frames, meter.bytes, meter.skip), (0, 0, 0));
        }
    }

    #[test]
    fn too_much_is_told_from_the_header() {
        // Nothing of what it announces has come.
        assert_eq!(meter().pass(&frame(0x82, 70_001)[..10]), Err(TooMuch::Bytes));
        let huge = [0x82, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff];
        assert_eq!(meter().pass(&huge), Err(TooMuch::Bytes));
        let parts = [frame(0x02, 40_000), frame(0x80, 40_000)].concat();
        assert_eq!(meter().pass(&parts), Err(TooMuch::Bytes));
        let many = [frame(0x02, 0), frame(0x00, 0).repeat(4)].concat();
        assert_eq!(meter().pass(&many), Err(TooMuch::Fragments));
        let pings = [frame(0x02, 0), frame(0x89, 0).repeat(4)].concat();
        assert_eq!(meter().pass(&pings), Err(TooMuch::Fragments));
        // Between messages pings are free.
        assert_eq!(meter().pass(&frame(0x89, 0).repeat(100)), Ok(()));
    }
}
