//! What a connection is used for, and why it failed.

use std::fmt;

use crate::{
    Error, ErrorKind,
    error::{ConnectStage, TimeoutStage},
};

/// What the connection is used for
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ConnectionType {
    /// Commands and, with RESP3, subscriptions.
    Interactive,
    /// Subscriptions only (RESP2 needs a separate connection for them).
    Subscription,
}

/// Why a connection failed
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FailureType {
    /// The host name could not be resolved.
    UnableToResolve,
    /// The socket could not be opened, or not in time.
    UnableToConnect,
    /// The TLS handshake failed.
    TlsFailure,
    /// The server refused the credentials, or wants credentials.
    AuthenticationFailure,
    /// The server was reached and did not get ready (`HELLO`, `SELECT`, loading…).
    HandshakeFailure,
    /// The peer closed the connection.
    SocketClosed,
    /// Reading or writing failed.
    SocketFailure,
    /// The peer fell silent: a probe was sent and not answered in time.
    Unresponsive,
    /// The peer sent bytes that are not RESP.
    ProtocolFailure,
}

impl FailureType {
    /// Classifies the error that ended or prevented a connection.
    pub(crate) fn of(error: &Error) -> Self {
        match error.kind() {
            ErrorKind::Connect(ConnectStage::Resolve) => Self::UnableToResolve,
            ErrorKind::Connect(ConnectStage::Tls) => Self::TlsFailure,
            ErrorKind::Connect(ConnectStage::Auth | ConnectStage::Credentials) => {
                Self::AuthenticationFailure
            }
            ErrorKind::Connect(ConnectStage::Handshake) => Self::HandshakeFailure,
            ErrorKind::Connect(_) | ErrorKind::Timeout(TimeoutStage::Connect) => {
                Self::UnableToConnect
            }
            ErrorKind::Timeout(_) => Self::Unresponsive,
            ErrorKind::Protocol => Self::ProtocolFailure,
            _ => Self::SocketFailure,
        }
    }
}

impl fmt::Display for FailureType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::UnableToResolve => "UnableToResolve",
            Self::UnableToConnect => "UnableToConnect",
            Self::TlsFailure => "TlsFailure",
            Self::AuthenticationFailure => "AuthenticationFailure",
            Self::HandshakeFailure => "HandshakeFailure",
            Self::SocketClosed => "SocketClosed",
            Self::SocketFailure => "SocketFailure",
            Self::Unresponsive => "Unresponsive",
            Self::ProtocolFailure => "ProtocolFailure",
        })
    }
}

impl fmt::Display for ConnectionType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Interactive => "interactive",
            Self::Subscription => "subscription",
        })
    }
}
