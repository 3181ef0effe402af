//! Events an operator can log: what happened to connections, servers and topology.
//!
//! [`ConnectionMultiplexer::events`](crate::ConnectionMultiplexer::events) returns a bounded
//! [`Events`] stream. A listener that falls behind loses the oldest events, and [`Event::Missed`]
//! says how many. It never slows a connection down, because listeners run on their own tasks.

#[cfg(feature = "full")]
mod announced;
mod failure;
#[cfg(feature = "topology")]
mod group;
mod hub;
#[cfg(feature = "tracing")]
mod log;
#[cfg(feature = "full")]
mod maintenance;
mod text;

use std::{fmt, ops::RangeInclusive, sync::Arc, time::Duration};

use redmux_transport::Endpoint;

#[cfg(feature = "full")]
pub use announced::ConfigurationChangedBroadcast;
pub use failure::{ConnectionType, FailureType};
#[cfg(feature = "topology")]
pub use group::{ActiveMemberChanged, MemberHealthChanged, SwitchReason};
pub use hub::Events;
pub(crate) use hub::Hub;
#[cfg(feature = "tracing")]
pub use log::log_events;
#[cfg(feature = "full")]
pub(crate) use maintenance::{AZURE_CHANNEL, Notice};
#[cfg(feature = "full")]
pub use maintenance::{MoveFailed, NotificationType, ServerMaintenance, SlotMigration};

use self::text::write_name;
use crate::{Error, SMALL, error::whole_millis};

/// Something an operator may want to know
///
/// New variants are added as new parts of the product cause them, so a `match` needs a `_` arm.
/// `Display` prints one line for a log. The line never holds command arguments, except the names of
/// channels that could not be subscribed to.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Event {
    /// A connection was lost or could not be opened; sent once per outage.
    ConnectionFailed(ConnectionFailed),
    /// A connection is established again after a failure.
    ConnectionRestored(ConnectionRestored),
    /// The server answered a command with an error.
    ErrorMessage(ErrorMessage),
    /// The server refused to restore subscriptions; the client goes on asking for them.
    SubscriptionRefused(SubscriptionRefused),
    /// Credentials could not be renewed; the connection goes on with the old ones.
    CredentialsNotRenewed(CredentialsNotRenewed),
    /// Too many commands failed: the circuit breaker refuses all for a while.
    CircuitOpened(CircuitOpened),
    /// The server answers again: the circuit breaker admits commands.
    CircuitClosed(CircuitClosed),
    /// A fault inside the client; please report it.
    InternalError(InternalError),
    /// What the client knows of the servers changed (role, version, endpoint in use).
    ConfigurationChanged(ConfigurationChanged),
    /// A change of configuration was announced on the configuration channel.
    #[cfg(feature = "full")]
    ConfigurationChangedBroadcast(ConfigurationChangedBroadcast),
    /// Hash slots of a cluster are now served by another node.
    HashSlotsMoved(HashSlotsMoved),
    /// The server announced maintenance.
    #[cfg(feature = "full")]
    ServerMaintenance(ServerMaintenance),
    /// The server said that its connections move, and the new endpoint cannot be used.
    #[cfg(feature = "full")]
    MoveFailed(MoveFailed),
    /// Another member of a group of deployments is used.
    #[cfg(feature = "topology")]
    ActiveMemberChanged(ActiveMemberChanged),
    /// A member of a group of deployments is healthy again, or is not any more.
    #[cfg(feature = "topology")]
    MemberHealthChanged(MemberHealthChanged),
    /// This listener was too slow: this number of older events was dropped.
    Missed(u64),
}

/// A connection was lost or could not be opened
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ConnectionFailed {
    /// The server.
    pub endpoint: Arc<Endpoint>,
    /// What the connection is used for.
    pub connection_type: ConnectionType,
    /// Why, in one word.
    pub failure: FailureType,
    /// Why, in full.
    pub error: Error,
    /// Commands that were lost with the connection and may have been executed.
    pub maybe_executed: usize,
}

/// A connection is established again
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ConnectionRestored {
    /// The server.
    pub endpoint: Arc<Endpoint>,
    /// What the connection is used for.
    pub connection_type: ConnectionType,
    /// How long the connection was down.
    pub outage: Duration,
    /// Connection attempts it took, the successful one included.
    pub attempts: u32,
}

/// The server answered a command with an error
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ErrorMessage {
    /// The server.
    pub endpoint: Arc<Endpoint>,
    /// Name of the command, without its arguments; `None` for pushed errors.
    pub command: Option<Arc<str>>,
    /// The error's code, for example `WRONGTYPE`. The rest of the text may quote arguments; only
    /// the command's own error has it.
    pub code: String,
}

/// Credentials could not be renewed before they expire
///
/// The connection goes on with the old ones, and the renewal is tried again.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct CredentialsNotRenewed {
    /// The server.
    pub endpoint: Arc<Endpoint>,
    /// Why: the provider failed, or the server refused the new credentials.
    pub error: Error,
}

/// The server refused subscriptions that it had confirmed on an earlier connection
///
/// Their streams have received [`MissedCause::NotRestored`](crate::pubsub::MissedCause::NotRestored). The
/// client asks for the subscriptions until the server confirms them; further refusals send no
/// events. The event also comes, once for each connection, where the server refuses the channel that an option names
/// ([`configChannel`](crate::Options::config_channel)) or switches on ([`azureMaintenance`](crate::Options::azure_maintenance)).
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct SubscriptionRefused {
    /// The server.
    pub endpoint: Arc<Endpoint>,
    /// What the connection is used for.
    pub connection_type: ConnectionType,
    /// `SUBSCRIBE`, `PSUBSCRIBE` or `SSUBSCRIBE`.
    pub command: &'static str,
    /// The channels or patterns as the server knows them, with their prefix.
    pub channels: Vec<bytes::Bytes>,
    /// The server's error.
    pub error: Error,
    /// The time until the client asks again.
    pub retry_in: Duration,
}

/// The circuit breaker refuses commands
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct CircuitOpened {
    /// The server.
    pub endpoint: Arc<Endpoint>,
    /// The time after which one command is admitted as a probe.
    pub pause: Duration,
    /// The last of the failures.
    pub error: Option<Error>,
}

/// The circuit breaker admits commands again
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct CircuitClosed {
    /// The server.
    pub endpoint: Arc<Endpoint>,
    /// How long the breaker was open.
    pub after: Duration,
}

/// A fault inside the client
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct InternalError {
    /// The server, where one is involved.
    pub endpoint: Option<Arc<Endpoint>>,
    /// What the connection is used for, where one is involved.
    pub connection_type: Option<ConnectionType>,
    /// The part of the client that noticed.
    pub origin: &'static str,
    /// What was wrong.
    pub detail: String,
}

/// What the client knows of the servers changed
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ConfigurationChanged {
    /// The server that the client learnt it from.
    pub endpoint: Arc<Endpoint>,
    /// What changed, for a log.
    pub detail: String,
}

/// Hash slots of a cluster are now served by another node: one event for all that moved together
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct HashSlotsMoved {
    /// The slots, 0 to 16383, as ranges in ascending order.
    pub ranges: Vec<RangeInclusive<u16>>,
    /// The node that served them, if known.
    pub old_endpoint: Option<Arc<Endpoint>>,
    /// The node that serves them now.
    pub new_endpoint: Arc<Endpoint>,
}

/// Maximum number of channels in the text of an event.
const SHOWN: usize = 8;

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ConnectionFailed(e) => {
                write!(
                    f,
                    "connection failed: {} {}: {}: ",
                    e.connection_type, e.endpoint, e.failure
                )?;
                // The count at the end replaces what the error says about one command.
                e.error.tell(f)?;
                match e.maybe_executed {
                    0 => Ok(()),
                    1 => f.write_str(" (a command may have been executed)"),
                    count => write!(f, " ({count} commands may have been executed)"),
                }
            }
            Self::ConnectionRestored(e) => write!(
                f,
                "connection restored: {} {} after {} ms, {} attempt{}",
                e.connection_type,
                e.endpoint,
                whole_millis(e.outage),
                e.attempts,
                if e.attempts == 1 { "" } else { "s" }
            ),
            Self::SubscriptionRefused(e) => {
                write!(f, "subscription not restored: {} {}:", e.connection_type, e.endpoint)?;
                for channel in e.channels.iter().take(SHOWN) {
                    f.write_str(" ")?;
                    write_name(f, channel)?;
                }
                if e.channels.len() > SHOWN {
                    write!(f, " and {} others", e.channels.len() - SHOWN)?;
                }
                write!(f, ": {} (next attempt in {} ms)", e.error, whole_millis(e.retry_in))
            }
            Self::CredentialsNotRenewed(e) => {
                write!(f, "credentials not renewed: {}: {}", e.endpoint, e.error)
            }
            Self::CircuitOpened(e) => {
                write!(f, "circuit opened: {} for {} ms", e.endpoint, whole_millis(e.pause))?;
                e.error.as_ref().map_or(Ok(()), |error| write!(f, ": {error}"))
            }
            Self::CircuitClosed(e) => {
                write!(f, "circuit closed: {} after {} ms", e.endpoint, whole_millis(e.after))
            }
            Self::ErrorMessage(e) => {
                let command = e.command.as_deref().unwrap_or("(push)");
                write!(f, "server error: {}: {command}: {}", e.endpoint, e.code)
            }
            Self::InternalError(e) => write!(f, "internal error: {}: {}", e.origin, e.detail),
            Self::ConfigurationChanged(e) => {
                write!(f, "configuration changed: {}: {}", e.endpoint, e.detail)
            }
            #[cfg(feature = "full")]
            Self::ConfigurationChangedBroadcast(e) => fmt::Display::fmt(e, f),
            // A page has one server: what is never said there is not downloaded.
            Self::HashSlotsMoved(_) if SMALL => f.write_str("slots moved"),
            Self::HashSlotsMoved(e) => {
                f.write_str("slots ")?;
                for (place, range) in e.ranges.iter().enumerate() {
                    let separator = if place > 0 { ", " } else { "" };
                    match (range.start(), range.end()) {
                        (start, end) if start == end => write!(f, "{separator}{start}")?,
                        (start, end) => write!(f, "{separator}{start}-{end}")?,
                    }
                }
                if let Some(old) = &e.old_endpoint {
                    write!(f, " moved from {old}")?;
                } else {
                    f.write_str(" moved")?;
                }
                write!(f, " to {}", e.new_endpoint)
            }
            #[cfg(feature = "full")]
            Self::ServerMaintenance(e) => {
                write!(f, "server maintenance: {}: {e}", e.endpoint)
            }
            #[cfg(feature = "full")]
            Self::MoveFailed(e) => fmt::Display::fmt(e, f),
            #[cfg(feature = "topology")]
            Self::ActiveMemberChanged(e) => fmt::Display::fmt(e, f),
            #[cfg(feature = "topology")]
            Self::MemberHealthChanged(e) => fmt::Display::fmt(e, f),
            Self::Missed(count) => {
                write!(f, "{count} events were missed: the listener is too slow")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Delivery, ErrorKind};

    #[test]
    fn slots_that_moved_are_written_as_ranges() {
        let moved = |ranges: &[RangeInclusive<u16>], old: Option<&str>| {
            Event::HashSlotsMoved(HashSlotsMoved {
                ranges: ranges.to_vec(),
                old_endpoint: old.map(|host| Arc::new(Endpoint::tcp(host, 1))),
                new_endpoint: Arc::new(Endpoint::tcp("new", 2)),
            })
            .to_string()
        };
        assert_eq!(moved(&[5..=5], None), "slots 5 moved to new:2");
        let text = moved(&[0..=99, 16383..=16383], Some("old"));
        assert_eq!(text, "slots 0-99, 16383 moved from old:1 to new:2");
    }

    #[test]
    fn a_failed_connection_tells_of_the_commands_that_there_were() {
        let text = |maybe_executed| {
            Event::ConnectionFailed(ConnectionFailed {
                endpoint: Arc::new(Endpoint::tcp("h", 1)),
                connection_type: ConnectionType::Interactive,
                failure: FailureType::SocketClosed,
                error: Error::new(ErrorKind::ConnectionLost, Delivery::MaybeExecuted),
                maybe_executed,
            })
            .to_string()
        };
        let plain = text(0);
        assert!(!plain.contains("executed"), "{plain}");
        assert_eq!(text(1), format!("{plain} (a command may have been executed)"));
        assert_eq!(text(2), format!("{plain} (2 commands may have been executed)"));
    }
}
