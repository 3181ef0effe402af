//! Why clients are closed.

use std::{fmt, io};

use async_tungstenite::tungstenite::{
    Error as WsError,
    error::{CapacityError, ProtocolError},
};

use crate::frames::FrameFault;

/// Why a client was closed, with the WebSocket close code that it gets
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum CloseReason {
    /// The client closed or vanished.
    ClientGone,
    /// 1002: the client broke the WebSocket protocol.
    ProtocolError,
    /// 1003: a text message; commands are binary.
    TextMessage,
    /// 1007: a text that is not UTF-8.
    NotUtf8,
    /// 1008: the client does not take its replies.
    SlowClient,
    /// 1009: a message of too many bytes.
    MessageTooBig,
    /// 1009: a message of too many fragments.
    TooManyFragments,
    /// 1011: the server closed the connection.
    UpstreamClosed,
    /// 1011: the server did not let the gateway in.
    UpstreamRefused,
    /// 1012: the gateway is being shut down, or its configuration changed.
    Restart,
    /// 1011: the server could not be reached within the time to connect.
    UpstreamUnreachable,
    /// 1011: the server is there and answers nobody.
    UpstreamSilent,
    /// 1013: all clients together have too much under way that has not come whole.
    Overload,
    /// 4400: bytes that are no command.
    BadCommand(String),
    /// 4401: no credential was shown in time, or one that is not accepted.
    Unauthenticated,
    /// 4401: the credential has expired or was withdrawn.
    Expired,
    /// 4403: a command that may not pass.
    Refused(String),
    /// 4408: nothing was sent or received for too long.
    Idle,
    /// 4408: a message or a command was begun and not ended in time.
    TooSlow,
    /// 4429: too many clients.
    TooMany,
    /// 4440: the session has lasted as long as it may.
    SessionOver,
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
            Self::NotUtf8 => 1007,
            Self::SlowClient => 1008,
            Self::MessageTooBig | Self::TooManyFragments => 1009,
            // 1014 (bad gateway) would say it better, but clients take it for a fault. 1013 makes
            // them stay away for seconds after the server is back.
            Self::UpstreamClosed
            | Self::UpstreamRefused
            | Self::UpstreamUnreachable
            | Self::UpstreamSilent => 1011,
            Self::Restart => 1012,
            Self::Overload => 1013,
            Self::BadCommand(_) => 4400,
            Self::Unauthenticated | Self::Expired => 4401,
            Self::Refused(_) => 4403,
            Self::Idle | Self::TooSlow => 4408,
            Self::TooMany => 4429,
            Self::SessionOver => 4440,
        })
    }

    /// A word for it, one of a few, for metrics.
    pub(crate) fn label(&self) -> &'static str {
        match self {
            Self::ClientGone => "client-gone",
            Self::ProtocolError => "protocol-error",
            Self::TextMessage => "text-message",
            Self::NotUtf8 => "not-utf8",
            Self::SlowClient => "slow-client",
            Self::MessageTooBig => "message-too-big",
            Self::TooManyFragments => "too-many-fragments",
            Self::UpstreamClosed => "upstream-closed",
            Self::UpstreamRefused => "upstream-refused",
            Self::Restart => "restart",
            Self::UpstreamUnreachable => "upstream-unreachable",
            Self::UpstreamSilent => "upstream-silent",
            Self::Overload => "overload",
            Self::BadCommand(_) => "bad-command",
            Self::Unauthenticated => "unauthenticated",
            Self::Expired => "expired",
            Self::Refused(_) => "refused",
            Self::Idle => "idle",
            Self::TooSlow => "too-slow",
            Self::TooMany => "too-many",
            Self::SessionOver => "session-over",
            Self::NoPong => "no-pong",
        }
    }

    pub(crate) fn of_error(error: &WsError) -> Self {
        match error {
            WsError::Capacity(CapacityError::MessageTooLong { .. }) => Self::MessageTooBig,
            WsError::Utf8(_) => Self::NotUtf8,
            WsError::Protocol(ProtocolError::ResetWithoutClosingHandshake) => Self::ClientGone,
            // Pongs leave room for one message of replies: what does not fit was never taken.
            WsError::WriteBufferFull(_) => Self::SlowClient,
            WsError::Protocol(_) => Self::ProtocolError,
            WsError::Io(error) => match FrameFault::of(error) {
                Some(FrameFault::Bytes) => Self::MessageTooBig,
                Some(FrameFault::Fragments) => Self::TooManyFragments,
                Some(FrameFault::Together) => Self::Overload,
                Some(FrameFault::Broken(_)) => Self::ProtocolError,
                None if error.kind() == io::ErrorKind::InvalidData => Self::ProtocolError,
                None => Self::ClientGone,
            },
            _ => Self::ClientGone,
        }
    }
}

impl fmt::Display for CloseReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ClientGone => "client gone",
            Self::ProtocolError => "websocket protocol error",
            Self::TextMessage => "commands are binary messages",
            Self::NotUtf8 => "text that is not UTF-8",
            Self::SlowClient => "replies are not taken",
            Self::MessageTooBig => "message too big",
            Self::TooManyFragments => "message of too many fragments",
            Self::UpstreamClosed => "the server closed the connection",
            Self::UpstreamRefused => "the server did not let the gateway in",
            Self::Restart => "restart: connect again (retry-after=1)",
            Self::UpstreamUnreachable => "the server cannot be reached",
            Self::UpstreamSilent => "the server does not answer",
            Self::Overload => "too much is under way: try again later",
            Self::BadCommand(text) | Self::Refused(text) => text,
            Self::Unauthenticated => "no credential that is accepted",
            Self::Expired => "the credential has expired",
            Self::Idle => "idle for too long",
            Self::TooSlow => "a command did not arrive in time",
            Self::TooMany => "too many clients",
            Self::SessionOver => "the session has lasted as long as it may",
            Self::NoPong => "no answer to a ping",
        })
    }
}
