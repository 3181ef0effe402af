use std::{borrow::Cow, fmt, sync::Arc, time::Duration};

use redmux_transport::{Endpoint, Instant};

use crate::{Delivery, Error, ErrorKind, resp::ServerErrorKind};

/// A call that an observer sees
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ObservedCommand {
    /// Name of the command, with its second word if a typed method has one (`CONFIG GET`). For
    /// [`execute`](crate::ConnectionMultiplexer::execute), the name as the caller gave it. For a
    /// transaction, `MULTI`.
    pub name: Cow<'static, str>,
    /// Number of commands in the transaction; `None` for any other call.
    pub batch: Option<u32>,
    /// The server in use when the call, or its last attempt, began.
    pub endpoint: Arc<Endpoint>,
    /// Number of the logical database, from the options.
    pub database: u32,
    /// When the call began: with its first poll.
    pub started: Instant,
}

/// A call that has ended, as an observer sees it
///
/// `Display` prints one line: name, server, outcome and times.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct CommandRecord {
    /// The call.
    pub command: ObservedCommand,
    /// Number of attempts; more than 1 if the call was [retried](crate::RetryPolicy).
    pub attempts: u32,
    /// When the call reached each stage.
    pub timings: Timings,
    /// The outcome.
    pub outcome: CommandOutcome,
}

/// When a call reached each stage, as time since it began
///
/// Times are those of the last attempt. `queued` and `ended` are read from the clock as they
/// happen. `sent` and `answered` are the time at which the connection's driver began the turn in
/// which it wrote or read: the driver reads the clock once a turn, so they may be early by the
/// length of that turn. The stages are in order: none is earlier than the one above it.
///
/// | between | is time spent |
/// |---|---|
/// | the beginning and `queued` | preparing it, in line for room in the send queue, in earlier attempts |
/// | `queued` and `sent` | waiting for a connection or the driver, and in the send queue |
/// | `sent` and `answered` | on the network and at the server |
/// | `answered` and `ended` | until the caller's task ran, and decoding |
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Timings {
    /// When the command was in the output queue; `None` if it never was.
    pub queued: Option<Duration>,
    /// When the transport had taken the whole command; `None` if it had not.
    pub sent: Option<Duration>,
    /// When the reply was read; `None` if it was not.
    pub answered: Option<Duration>,
    /// When the caller got the outcome, or gave up.
    pub ended: Duration,
}

/// The outcome of a call
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum CommandOutcome {
    /// The caller has the reply.
    Succeeded,
    /// The call failed.
    Failed(CommandFailure),
    /// The call was dropped before it had an outcome.
    Abandoned,
    /// The caller does not want the outcome: see [`Call::forget`](crate::Call::forget).
    Forgotten,
}

/// Why a call failed, without the text of the error, which may quote arguments
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CommandFailure {
    /// The kind of failure.
    pub kind: ErrorKind,
    /// Whether the server may have executed the command.
    pub delivery: Delivery,
    /// The code of the server's error, such as `WRONGTYPE`: a word in capitals, which scripts can
    /// invent.
    pub code: Option<Box<str>>,
    /// The code is one that servers use, not one that a script invented.
    known: bool,
}

impl CommandFailure {
    pub(crate) fn of(error: &Error) -> Self {
        let server = error.server().filter(|_| error.is_server());
        let code = server.map(|server| server.code()).filter(|code| !code.is_empty());
        let known = server.is_some_and(|server| server.kind() != ServerErrorKind::Other);
        let (kind, delivery) = (error.kind(), error.delivery());
        Self { kind, delivery, code: code.map(Into::into), known }
    }

    /// Returns one of few words, fit for a label: the server's code if it is a known one (others,
    /// which scripts can invent, are `_OTHER`), or what failed in the client, such as `timeout`.
    pub fn error_type(&self) -> &str {
        match self.kind {
            ErrorKind::Server => self.code.as_deref().filter(|_| self.known).unwrap_or("_OTHER"),
            ErrorKind::Config => "config",
            ErrorKind::Connect(_) => "connect",
            ErrorKind::ConnectionLost => "connection_lost",
            ErrorKind::Closed => "closed",
            ErrorKind::Timeout(_) => "timeout",
            ErrorKind::Command => "rejected",
            ErrorKind::QueueFull => "queue_full",
            ErrorKind::CircuitOpen => "circuit_open",
            ErrorKind::NoReplica => "no_replica",
            #[cfg(feature = "topology")]
            ErrorKind::Unhealthy => "unhealthy",
            ErrorKind::Protocol => "protocol",
            ErrorKind::Decode => "decode",
            ErrorKind::Conflict => "conflict",
        }
    }
}

impl CommandOutcome {
    /// Why the call failed, if it did.
    pub fn failure(&self) -> Option<&CommandFailure> {
        match self {
            Self::Failed(failure) => Some(failure),
            _ => None,
        }
    }

    /// Like [`CommandFailure::error_type`], and `abandoned`; `None` for success.
    #[cfg(any(feature = "tracing", feature = "metrics"))]
    pub(super) fn error_type(&self) -> Option<&str> {
        match self {
            Self::Failed(failure) => Some(failure.error_type()),
            Self::Abandoned => Some("abandoned"),
            Self::Succeeded | Self::Forgotten => None,
        }
    }
}

impl ObservedCommand {
    /// Host (or path of the socket) and port, in the form that the conventions for spans and
    /// metrics require.
    #[cfg(any(feature = "tracing", feature = "metrics"))]
    pub(super) fn server(&self) -> (Cow<'_, str>, Option<u16>) {
        match &*self.endpoint {
            Endpoint::Tcp { host, port } => (host.into(), Some(*port)),
            Endpoint::Unix { path } => (path.into(), None),
            // Printed without secrets.
            other => {
                let shown = other.to_string();
                let (scheme, rest) = shown.split_once("://").unwrap_or(("", &shown));
                let authority = rest.split('/').next().unwrap_or_default();
                let usual = if scheme == "wss" { 443 } else { 80 };
                match authority.rsplit_once(':') {
                    Some((host, port)) if !port.ends_with(']') => {
                        (host.to_owned().into(), port.parse().ok())
                    }
                    _ => (authority.to_owned().into(), Some(usual)),
                }
            }
        }
    }
}

impl fmt::Display for CommandRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ObservedCommand { name, batch, endpoint, database, .. } = &self.command;
        write!(f, "{name}")?;
        if let Some(batch) = batch {
            write!(f, " ({batch} commands)")?;
        }
        write!(f, " [{endpoint}/{database}] {}", self.outcome)?;
        if self.attempts > 1 {
            write!(f, " after {} attempts", self.attempts)?;
        }
        write!(f, ": {}", self.timings)
    }
}

impl fmt::Display for CommandOutcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Succeeded => f.write_str("succeeded"),
            Self::Failed(failure) => write!(f, "failed: {failure}"),
            Self::Abandoned => f.write_str("abandoned"),
            Self::Forgotten => f.write_str("forgotten"),
        }
    }
}

impl fmt::Display for CommandFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code.as_deref().unwrap_or_else(|| self.error_type()))?;
        match self.delivery {
            Delivery::MaybeExecuted => f.write_str(" (maybe executed)"),
            _ => Ok(()),
        }
    }
}

impl fmt::Display for Timings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let marks = [("queued", self.queued), ("sent", self.sent), ("answered", self.answered)];
        for (name, at) in marks {
            if let Some(at) = at {
                write!(f, "{name} {at:?}, ")?;
            }
        }
        write!(f, "ended {:?}", self.ended)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resp::ServerError;

    fn failure(text: &str) -> CommandFailure {
        CommandFailure::of(&Error::from_server(ServerError::new(text)))
    }

    #[test]
    fn a_failure_keeps_the_code_and_not_the_text() {
        let failure = failure("WRONGTYPE secret");
        assert_eq!(failure.error_type(), "WRONGTYPE");
        assert_eq!(failure.to_string(), "WRONGTYPE");
        assert!(!format!("{failure:?}").contains("secret"));
    }

    #[test]
    fn labels_are_few_whatever_a_script_answers() {
        let failure = failure("USER-1234 no such user");
        assert_eq!(failure.error_type(), "_OTHER");
        assert_eq!(failure.code.as_deref(), Some("USER-1234"));
    }

    #[cfg(any(feature = "tracing", feature = "metrics"))]
    #[test]
    fn servers_are_hosts_and_ports() {
        for (endpoint, address, port) in [
            ("host:7000", "host", Some(7000)),
            ("[::1]:7000", "::1", Some(7000)),
            ("unix:/run/redis.sock", "/run/redis.sock", None),
            ("wss://user:secret@host/redis?token=secret", "host", Some(443)),
            ("ws://host:8080/redis", "host", Some(8080)),
            ("ws://[::1]/redis", "[::1]", Some(80)),
        ] {
            let command = ObservedCommand {
                name: "GET".into(),
                batch: None,
                endpoint: Arc::new(endpoint.parse().unwrap()),
                database: 0,
                started: Instant::now(),
            };
            assert_eq!(command.server(), (address.into(), port), "{endpoint}");
        }
    }
}
