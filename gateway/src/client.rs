use std::{
    fmt, io,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use async_io::Timer;
use async_std::{channel::Receiver, future::timeout, net::TcpStream};
use async_tungstenite::{
    WebSocketReceiver, WebSocketSender, WebSocketStream,
    tungstenite::{
        Error as WsError, Message,
        error::CapacityError,
        protocol::{CloseFrame, frame::coding::CloseCode},
    },
};
use bytes::Bytes;
use futures::{
    FutureExt, StreamExt,
    future::{Either, select},
    io::{AsyncReadExt, AsyncWriteExt},
};

use redmux::transport::Transport;
use redmux_tcp::TcpTransport;

use crate::{
    commands::{CommandError, CommandReader},
    config::Config,
};

/// Most bytes of replies in one message.
const CHUNK: usize = 64 << 10;

/// A draining client is closed after its server has been silent for this long.
const QUIET: Duration = Duration::from_millis(100);

/// Why a client was closed, with the WebSocket close code it is told
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum CloseReason {
    /// The client closed or vanished.
    ClientGone,
    /// 1003: a text message; commands are binary.
    TextMessage,
    /// 1009: a message beyond `--max-message`.
    MessageTooBig,
    /// 1002: the client broke the WebSocket protocol.
    ProtocolError,
    /// 4400: bytes that are no command.
    BadCommand(String),
    /// 4403: a command that may not pass.
    Refused(String),
    /// 1013: the server cannot be reached; try again later.
    UpstreamUnreachable,
    /// 1011: the server closed the connection.
    UpstreamClosed,
    /// 1012: the gateway is being shut down.
    Restart,
    /// 1008: the client does not take its replies.
    SlowClient,
    /// 4408: nothing was sent or received for `--idle-timeout`.
    Idle,
    /// No answer to a ping: nobody is left to be told.
    NoPong,
}

impl CloseReason {
    /// The close code; `None` if there is nobody to tell.
    pub fn code(&self) -> Option<u16> {
        Some(match self {
            Self::ClientGone | Self::NoPong => return None,
            Self::ProtocolError => 1002,
            Self::TextMessage => 1003,
            Self::MessageTooBig => 1009,
            Self::Restart => 1012,
            Self::SlowClient => 1008,
            // 1014 (bad gateway) would say it better, but clients take it for a fault.
            Self::UpstreamClosed => 1011,
            Self::UpstreamUnreachable => 1013,
            Self::BadCommand(_) => 4400,
            Self::Refused(_) => 4403,
            Self::Idle => 4408,
        })
    }
}

impl fmt::Display for CloseReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ClientGone => "client gone",
            Self::TextMessage => "commands are binary messages",
            Self::MessageTooBig => "message too big",
            Self::ProtocolError => "websocket protocol error",
            Self::BadCommand(text) | Self::Refused(text) => text,
            Self::UpstreamUnreachable => "the server cannot be reached",
            Self::UpstreamClosed => "the server closed the connection",
            Self::Restart => "the gateway is being shut down",
            Self::SlowClient => "replies are not taken",
            Self::Idle => "idle for too long",
            Self::NoPong => "no answer to a ping",
        })
    }
}

type Socket = WebSocketStream<TcpStream>;

/// What happened between both sides, for the log
#[derive(Debug, Default)]
pub(crate) struct Traffic {
    pub(crate) commands: u64,
    pub(crate) bytes_in: u64,
    pub(crate) bytes_out: u64,
}

/// Microseconds since the client came, of the last sign of life
#[derive(Clone)]
struct LastSeen {
    start: Instant,
    micros: Arc<AtomicU64>,
}

impl LastSeen {
    fn new() -> Self {
        Self { start: Instant::now(), micros: Arc::default() }
    }

    fn note(&self) {
        let now = u64::try_from(self.start.elapsed().as_micros()).unwrap_or(u64::MAX);
        self.micros.store(now, Ordering::Relaxed);
    }

    fn at(&self) -> Instant {
        self.start + Duration::from_micros(self.micros.load(Ordering::Relaxed))
    }
}

/// Serves one client until either side ends.
///
/// `shutdown` ends (its channel is closed) when the gateway is to stop.
pub(crate) async fn serve(
    socket: Socket,
    config: &Config,
    shutdown: &Receiver<()>,
) -> (CloseReason, Traffic) {
    let mut traffic = Traffic::default();
    let transport = TcpTransport::default();
    let connect = timeout(config.upstream_connect_timeout, transport.connect(&config.upstream));
    let upstream = match connect.await {
        Ok(Ok(upstream)) => upstream,
        failed => {
            let error = match failed {
                Ok(Err(error)) => error.to_string(),
                _ => "it does not answer in time".to_owned(),
            };
            crate::log::event("upstream-failed", format_args!("error={error:?}"));
            let reason = CloseReason::UpstreamUnreachable;
            let (sink, source) = socket.split();
            say_goodbye(sink, source, &reason).await;
            return (reason, traffic);
        }
    };
    let (mut sink, mut source) = socket.split();
    let (heard, active) = (LastSeen::new(), LastSeen::new());
    let reason = {
        let requests = async {
            let reason = forward_requests(
                &mut source,
                upstream.clone(),
                config,
                &heard,
                &active,
                &mut traffic,
            )
            .await;
            Either::Left(reason)
        };
        let shut = async {
            // The channel carries nothing: it ends when the gateway stops.
            let _ = shutdown.recv().await;
            Either::Right(())
        };
        let mut bytes_out = 0;
        let replies =
            forward_replies(&mut sink, upstream.clone(), config, &heard, &active, &mut bytes_out);
        let mut replies = Box::pin(replies.fuse());
        let end = select(Box::pin(requests), Box::pin(shut)).map(|end| end.factor_first().0);
        let reason = match select(Box::pin(end), &mut replies).await {
            Either::Left((Either::Left(reason), _)) => reason,
            Either::Left((Either::Right(()), _)) => {
                // Nothing more is read from the client; replies on their way are.
                let drained = timeout(config.drain, drain(&mut replies, &active)).await;
                drained.unwrap_or(CloseReason::Restart)
            }
            Either::Right((reason, _)) => reason,
        };
        drop(replies);
        traffic.bytes_out = bytes_out;
        reason
    };
    drop(upstream);
    say_goodbye(sink, source, &reason).await;
    (reason, traffic)
}

/// Client to server. Awaits the server before it reads the client again: that is the
/// backpressure.
async fn forward_requests(
    source: &mut WebSocketReceiver<TcpStream>,
    mut upstream: redmux_tcp::Stream,
    config: &Config,
    heard: &LastSeen,
    active: &LastSeen,
    traffic: &mut Traffic,
) -> CloseReason {
    let mut reader = CommandReader::new(config.max_command, config.policy.clone());
    let mut out = Vec::new();
    loop {
        let message = match source.next().await {
            None => return CloseReason::ClientGone,
            Some(Err(error)) => return reason_of(&error),
            Some(Ok(message)) => message,
        };
        heard.note();
        let bytes = match message {
            Message::Binary(bytes) => bytes,
            Message::Text(_) => return CloseReason::TextMessage,
            Message::Close(_) => return CloseReason::ClientGone,
            _ => continue,
        };
        active.note();
        traffic.bytes_in += bytes.len() as u64;
        let read = reader.read(bytes, &mut out);
        traffic.commands = reader.commands();
        // What came before a fault was well-formed and is owed an answer.
        if !out.is_empty() && upstream.write_all(&out).await.is_err() {
            return CloseReason::UpstreamClosed;
        }
        match read {
            Ok(()) => {}
            Err(CommandError::Refused(refusal)) => {
                return CloseReason::Refused(refusal.to_string());
            }
            Err(error) => return CloseReason::BadCommand(error.to_string()),
        }
        out.clear();
        if out.capacity() > 1 << 20 {
            out = Vec::new();
        }
    }
}

/// Server to client, and pings. Awaits the client before it reads the server again.
async fn forward_replies(
    sink: &mut WebSocketSender<TcpStream>,
    mut upstream: redmux_tcp::Stream,
    config: &Config,
    heard: &LastSeen,
    active: &LastSeen,
    bytes_out: &mut u64,
) -> CloseReason {
    let mut buffer = vec![0; CHUNK];
    let mut pinged: Option<Instant> = None;
    let mut timer = Timer::after(config.ping_interval);
    loop {
        let read = select(upstream.read(&mut buffer), &mut timer).await;
        let message = match read {
            Either::Left((Ok(0) | Err(_), _)) => return CloseReason::UpstreamClosed,
            Either::Left((Ok(n), _)) => {
                active.note();
                *bytes_out += n as u64;
                Message::Binary(Bytes::copy_from_slice(&buffer[..n]))
            }
            Either::Right(_) => {
                match pinged.take() {
                    Some(at) if heard.at() < at => return CloseReason::NoPong,
                    _ => {}
                }
                if config.idle_timeout.is_some_and(|limit| active.at().elapsed() >= limit) {
                    return CloseReason::Idle;
                }
                let now = Instant::now();
                if now.saturating_duration_since(heard.at()) < config.ping_interval
                    && config.idle_timeout.is_none()
                {
                    timer.set_at(heard.at() + config.ping_interval);
                    continue;
                }
                pinged = Some(now);
                timer.set_after(config.pong_timeout);
                Message::Ping(Bytes::new())
            }
        };
        match timeout(config.slow_client_timeout, sink.send(message)).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => return reason_of(&error),
            Err(_) => return CloseReason::SlowClient,
        }
    }
}

/// Lets replies flow until the server has been silent for a moment.
async fn drain(
    replies: &mut (impl Future<Output = CloseReason> + Unpin),
    active: &LastSeen,
) -> CloseReason {
    loop {
        match select(&mut *replies, Timer::after(QUIET)).await {
            Either::Left((reason, _)) => return reason,
            Either::Right(_) if active.at().elapsed() >= QUIET => return CloseReason::Restart,
            Either::Right(_) => {}
        }
    }
}

/// Sends the close frame and waits a moment for the client's.
async fn say_goodbye(
    mut sink: WebSocketSender<TcpStream>,
    mut source: WebSocketReceiver<TcpStream>,
    reason: &CloseReason,
) {
    let Some(code) = reason.code() else { return };
    let mut text = reason.to_string();
    // A close frame has room for 123 bytes.
    while text.len() > 120 {
        text.pop();
    }
    let frame = CloseFrame { code: CloseCode::from(code), reason: text.into() };
    let goodbye = async {
        sink.send(Message::Close(Some(frame))).await?;
        while let Some(Ok(_)) = source.next().await {}
        Ok::<_, WsError>(())
    };
    // The client may have gone or may not listen: it was told as well as could be.
    let _ = timeout(Duration::from_secs(2), goodbye).await;
}

fn reason_of(error: &WsError) -> CloseReason {
    match error {
        WsError::Capacity(CapacityError::MessageTooLong { .. }) => CloseReason::MessageTooBig,
        WsError::Protocol(_) | WsError::Utf8(_) => CloseReason::ProtocolError,
        WsError::Io(error) if error.kind() == io::ErrorKind::InvalidData => {
            CloseReason::ProtocolError
        }
        _ => CloseReason::ClientGone,
    }
}
