use std::{
    io::{self, IoSlice},
    pin::Pin,
    task::{Context, Poll},
};

use futures::io::{AsyncRead, AsyncWrite};
use redmux_transport::{ByteStream, Endpoint};

use super::{WireDirection, WireLine, WireLog, text};
use crate::resp::{Framer, Limits, Scan};

/// Size of one command or reply above which a direction is logged no further.
const HELD: usize = 64 << 20;

/// A larger buffer is freed after use.
const KEEP_CAPACITY: usize = 1 << 20;

/// A stream that is logged
pub(super) struct LoggedStream {
    stream: Box<dyn ByteStream>,
    log: WireLog,
    number: u64,
    endpoint: Endpoint,
    sent: Tap,
    received: Tap,
    /// The server has sent something: what goes out now is no longer the handshake.
    greeted: bool,
    over: bool,
}

impl LoggedStream {
    pub(super) fn new(
        stream: Box<dyn ByteStream>,
        log: WireLog,
        number: u64,
        endpoint: Endpoint,
    ) -> Self {
        let (sent, received) = (Tap::new(), Tap::new());
        let logged =
            Self { stream, log, number, endpoint, sent, received, greeted: false, over: false };
        logged.tell(WireDirection::Note, &format!("opened to {}", logged.endpoint));
        logged
    }

    fn tell(&self, direction: WireDirection, text: &str) {
        let Self { number, endpoint, .. } = self;
        self.log.sink.tell(&WireLine { connection: *number, endpoint, direction, text });
    }

    fn note(&mut self, direction: WireDirection, bytes: &[u8]) {
        let sent = direction == WireDirection::Sent;
        let frames = if sent { &mut self.sent } else { &mut self.received }.take_in(bytes);
        for frame in frames.complete() {
            let shown = &self.log.shown;
            self.greeted |= !sent;
            let text = match sent {
                true => text::of_command(frame, shown, self.greeted),
                false => text::of_reply(frame, shown),
            };
            self.tell(direction, &text);
        }
        let (tap, lost) = frames.rest();
        let which = if sent { &mut self.sent } else { &mut self.received };
        *which = tap;
        if lost {
            let what = if sent { "sent" } else { "received" };
            let text = format!("what is {what} is not RESP, or too large: not logged any further");
            self.tell(WireDirection::Note, &text);
        }
    }

    fn note_end(&mut self, text: &str) {
        if !std::mem::replace(&mut self.over, true) {
            self.tell(WireDirection::Note, text);
        }
    }

    fn note_result(&mut self, result: &Poll<io::Result<usize>>) {
        if let Poll::Ready(Err(error)) = result
            && error.kind() != io::ErrorKind::Interrupted
        {
            self.note_end(&format!("failed: {}", error.kind()));
        }
    }
}

impl AsyncRead for LoggedStream {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let result = Pin::new(&mut this.stream).poll_read(cx, buf);
        match &result {
            Poll::Ready(Ok(0)) if !buf.is_empty() => this.note_end("closed by the peer"),
            Poll::Ready(Ok(n)) => this.note(WireDirection::Received, &buf[..*n]),
            _ => this.note_result(&result),
        }
        result
    }
}

impl AsyncWrite for LoggedStream {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(cx, &[IoSlice::new(buf)])
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let stream = Pin::new(&mut this.stream);
        let result = match bufs {
            // Few transports write several buffers at a time.
            [only] => stream.poll_write(cx, only),
            _ => stream.poll_write_vectored(cx, bufs),
        };
        match result {
            Poll::Ready(Ok(mut left)) => {
                for buf in bufs {
                    let taken = left.min(buf.len());
                    this.note(WireDirection::Sent, &buf[..taken]);
                    left -= taken;
                }
            }
            _ => this.note_result(&result),
        }
        result
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_close(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_close(cx)
    }
}

impl Drop for LoggedStream {
    fn drop(&mut self) {
        self.note_end("closed");
    }
}

/// One direction, and the bytes of a command or reply that is not yet complete
struct Tap {
    bytes: Vec<u8>,
    framer: Framer,
    /// The position in the stream is lost.
    given_up: bool,
}

impl Tap {
    fn new() -> Self {
        let limits = Limits::default().max_bulk(HELD).max_frame(HELD).max_line(HELD);
        Self { bytes: Vec::new(), framer: Framer::new(limits), given_up: false }
    }

    /// Returns the commands or replies that these bytes complete, and keeps the rest.
    fn take_in(&mut self, bytes: &[u8]) -> Frames {
        let tap = std::mem::replace(self, Self::new());
        let mut frames = Frames { tap, ends: Vec::new(), lost: false };
        if frames.tap.given_up {
            return frames;
        }
        frames.tap.bytes.extend_from_slice(bytes);
        let mut start = 0;
        loop {
            match frames.tap.framer.scan(&frames.tap.bytes[start..]) {
                Ok(Scan::Complete(length)) => {
                    start += length;
                    frames.ends.push(start);
                }
                Ok(Scan::Incomplete { .. }) => return frames,
                Err(_) => {
                    frames.lost = true;
                    return frames;
                }
            }
        }
    }
}

/// A direction, and where the commands or replies in it end
struct Frames {
    tap: Tap,
    ends: Vec<usize>,
    lost: bool,
}

impl Frames {
    fn complete(&self) -> impl Iterator<Item = &[u8]> {
        let starts = std::iter::once(0).chain(self.ends.iter().copied());
        starts.zip(&self.ends).map(|(start, end)| &self.tap.bytes[start..*end])
    }

    /// Returns the incomplete rest, and whether the position was lost.
    fn rest(self) -> (Tap, bool) {
        let Self { mut tap, ends, lost } = self;
        tap.bytes.drain(..ends.last().copied().unwrap_or(0));
        tap.given_up |= lost;
        if lost || tap.bytes.is_empty() && tap.bytes.capacity() > KEEP_CAPACITY {
            tap.bytes = Vec::new();
        }
        (tap, lost)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use futures::{AsyncReadExt, AsyncWriteExt, FutureExt, io::Cursor};

    use super::*;

    /// The lines for these replies, read `step` bytes at a time.
    fn told(replies: &[u8], step: usize) -> Vec<String> {
        let lines = Arc::new(Mutex::new(Vec::new()));
        let sink = lines.clone();
        let log = WireLog::new(move |line| sink.lock().unwrap().push(line.to_string()));
        let stream = Box::new(Cursor::new(replies.to_vec()));
        let mut stream = LoggedStream::new(stream, log, 1, Endpoint::tcp("host", 1));
        let mut buf = vec![0; step];
        while stream.read(&mut buf).now_or_never().unwrap().unwrap() > 0 {}
        drop(stream);
        std::mem::take(&mut *lines.lock().unwrap())
    }

    #[test]
    fn pieces_of_any_size_give_the_same_lines() {
        let expected = [
            "#1 - opened to host:1",
            "#1 < simple string <2 B>",
            "#1 < array of 2 <20 B>",
            "#1 - closed by the peer",
        ];
        for step in [1, 2, 7, 100] {
            assert_eq!(told(b"+OK\r\n*2\r\n$6\r\nsecret\r\n:1\r\n", step), expected, "{step}");
        }
    }

    #[test]
    fn what_is_not_resp_or_too_large_is_said_once() {
        for replies in [&b"+OK\r\nHTTP/1.1 400 secret\r\n+OK\r\n"[..], b"+OK\r\n$99999999\r\nx"] {
            let lines = told(replies, 4);
            assert_eq!(lines.len(), 4, "{lines:?}");
            assert!(lines[2].ends_with("not logged any further"), "{lines:?}");
        }
    }

    #[test]
    fn commands_are_told_as_they_are_taken() {
        let lines = Arc::new(Mutex::new(Vec::new()));
        let sink = lines.clone();
        let log = WireLog::new(move |line| sink.lock().unwrap().push(line.to_string()));
        let stream = Box::new(Cursor::new(vec![0; 100]));
        let mut stream = LoggedStream::new(stream, log, 7, Endpoint::tcp("host", 1));
        stream.write_all(b"*2\r\n$3\r\nGET\r\n$6\r\nsec").now_or_never().unwrap().unwrap();
        assert_eq!(lines.lock().unwrap().len(), 1);
        stream.write_all(b"ret\r\n").now_or_never().unwrap().unwrap();
        assert_eq!(lines.lock().unwrap()[1], "#7 > GET <6 B>");
    }
}
