use std::{
    collections::VecDeque,
    io::{self, Read},
    pin::Pin,
    task::{Context, Poll, ready},
    time::{Duration, Instant},
};

use async_tungstenite::tungstenite::{
    Bytes, Error, Message,
    error::{CapacityError, ProtocolError},
    protocol::{CloseFrame, frame::coding},
};
use futures::{
    Sink, Stream,
    io::{AsyncRead, AsyncWrite},
};
use redmux_tcp::smol::SmolRuntime;
use redmux_transport::{ByteStream, Runtime, Timer};

use crate::{CloseCode, WebSocketTransport};

/// How long a close waits for the other side to agree.
const CLOSE_WAIT: Duration = Duration::from_secs(1);

/// The bytes of a WebSocket
///
/// Pings are answered while it is read. Dropping it closes the socket without a close
/// frame.
pub struct WebSocketStream<S = Box<dyn ByteStream>> {
    socket: async_tungstenite::WebSocketStream<S>,
    max_message_out: usize,
    receive_limit: usize,
    /// Messages not read to the end.
    messages: VecDeque<io::Cursor<Bytes>>,
    /// Something written has not reached the socket yet.
    unflushed: bool,
    closing: Option<Box<dyn Timer>>,
    end: Option<End>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> WebSocketStream<S> {
    pub(crate) fn new(
        socket: async_tungstenite::WebSocketStream<S>,
        options: &WebSocketTransport,
    ) -> Self {
        Self {
            socket,
            max_message_out: options.max_message_out,
            receive_limit: options.receive_limit,
            messages: VecDeque::new(),
            unflushed: false,
            closing: None,
            end: None,
        }
    }

    /// Ready when another message, or the end, has arrived.
    fn poll_receive(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        while self.end.is_none() {
            // Reading flushes too: a task that only reads must not hold written bytes back.
            if self.unflushed {
                let _ = self.poll_sent(cx);
            }
            match ready!(Pin::new(&mut self.socket).poll_next(cx)) {
                Some(Ok(Message::Binary(bytes))) if bytes.is_empty() => {}
                Some(Ok(Message::Binary(bytes))) => {
                    self.messages.push_back(io::Cursor::new(bytes));
                    return Poll::Ready(());
                }
                Some(Ok(Message::Close(frame))) => {
                    self.end = Some(End::closed(frame));
                    // The answer; what does not fit now is lost with the socket.
                    let _ = self.poll_sent(cx);
                }
                // Has queued its answer, which leaves with the next read or write.
                Some(Ok(Message::Ping(_))) => self.unflushed = true,
                Some(Ok(Message::Pong(_) | Message::Frame(_))) => {}
                Some(Ok(Message::Text(_))) => {
                    let message = "a WebSocket message was not binary, as RESP is";
                    self.end = Some(End::Failed(io::ErrorKind::InvalidData, message.to_owned()));
                }
                Some(Err(error)) => self.end = Some(End::failed(error)),
                None => self.end = Some(End::Closed(CloseCode::abnormal())),
            }
        }
        Poll::Ready(())
    }

    /// Ready when the socket has taken everything that was written.
    fn poll_sent(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.unflushed = true;
        let sent = ready!(Pin::new(&mut self.socket).poll_flush(cx));
        self.unflushed = false;
        Poll::Ready(sent.map_err(broken))
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for WebSocketStream<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        if buffer.is_empty() {
            return Poll::Ready(Ok(0));
        }
        loop {
            if let Some(message) = this.messages.front_mut() {
                let read = message.read(buffer)?;
                if message.position() == message.get_ref().len() as u64 {
                    this.messages.pop_front();
                }
                return Poll::Ready(Ok(read));
            }
            if let Some(end) = &this.end {
                return Poll::Ready(end.read());
            }
            ready!(this.poll_receive(cx));
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for WebSocketStream<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = &mut *self;
        if let Some(end) = &this.end {
            return Poll::Ready(Err(end.write()));
        }
        if this.closing.is_some() {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        if bytes.is_empty() {
            return Poll::Ready(Ok(0));
        }
        let ready = ready!(Pin::new(&mut this.socket).poll_ready(cx));
        ready.map_err(broken)?;
        let length = bytes.len().min(this.max_message_out);
        let message = Message::Binary(Bytes::copy_from_slice(&bytes[..length]));
        let sent = Pin::new(&mut this.socket).start_send(message);
        sent.map_err(broken)?;
        match this.poll_sent(cx) {
            // The rest leaves with the next poll of any kind; it counts as written.
            Poll::Pending | Poll::Ready(Ok(())) => Poll::Ready(Ok(length)),
            Poll::Ready(Err(error)) => Poll::Ready(Err(error)),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &self.end {
            Some(end) => Poll::Ready(Err(end.write())),
            None => self.poll_sent(cx),
        }
    }

    /// Sends what was written and a close frame, and waits up to a second for the answer.
    fn poll_close(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = &mut *self;
        if this.closing.is_none() && this.end.is_none() {
            this.closing = Some(SmolRuntime.timer(Instant::now() + CLOSE_WAIT));
            let done = CloseFrame { code: coding::CloseCode::Normal, reason: "".into() };
            // Queued even if the socket is full now; if it is broken, that is an end too.
            let _ = Pin::new(&mut this.socket).start_send(Message::Close(Some(done)));
            this.unflushed = true;
        }
        while this.end.is_none() {
            let expired = match &mut this.closing {
                Some(timer) => timer.poll_expired(cx).is_ready(),
                None => true,
            };
            let unread: usize = this.messages.iter().map(|message| message.get_ref().len()).sum();
            if expired || unread > this.receive_limit {
                break;
            }
            ready!(this.poll_receive(cx));
        }
        Poll::Ready(Ok(()))
    }
}

/// The error of a failed write. Reads go on: what the server said before it closed, its
/// close code above all, may still be on its way.
fn broken(error: Error) -> io::Error {
    End::failed(error).write()
}

/// Why nothing more comes
enum End {
    Closed(CloseCode),
    Failed(io::ErrorKind, String),
}

impl End {
    fn closed(frame: Option<CloseFrame>) -> Self {
        let code = frame.map_or_else(CloseCode::none_given, |frame| {
            CloseCode::new(frame.code.into(), frame.reason.as_str().to_owned())
        });
        Self::Closed(code)
    }

    fn failed(error: Error) -> Self {
        match error {
            Error::ConnectionClosed
            | Error::AlreadyClosed
            | Error::Protocol(
                ProtocolError::ResetWithoutClosingHandshake | ProtocolError::SendAfterClosing,
            ) => Self::Closed(CloseCode::abnormal()),
            Error::Io(error) => Self::Failed(error.kind(), error.to_string()),
            Error::Capacity(CapacityError::MessageTooLong { .. }) => Self::Failed(
                io::ErrorKind::InvalidData,
                "a WebSocket message is longer than receive_limit".to_owned(),
            ),
            other => Self::Failed(io::ErrorKind::InvalidData, other.to_string()),
        }
    }

    fn read(&self) -> io::Result<usize> {
        match self {
            Self::Closed(close) => close.read(),
            Self::Failed(..) => Err(self.write()),
        }
    }

    fn write(&self) -> io::Error {
        match self {
            Self::Closed(close) => close.write(),
            Self::Failed(kind, message) => io::Error::new(*kind, message.clone()),
        }
    }
}
