//! Maintenance that Azure announces on the channel `AzureRedisEvents`.

mod time;

use std::{
    fmt,
    net::IpAddr,
    sync::Arc,
    time::{Duration, SystemTime},
};

use redmux_transport::Endpoint;

use super::text::write_name;
use time::{Utc, parse_utc};

/// The channel on which Azure caches announce maintenance.
pub(crate) const AZURE_CHANNEL: &str = "AzureRedisEvents";

/// Bytes of a notice that are read and kept; Azure's own have at most 200.
const LONGEST_NOTICE: usize = 1024;

/// Bytes of the name of a type that are kept.
const LONGEST_TYPE: usize = 64;

/// What a notice of maintenance is about
///
/// The names are Azure's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum NotificationType {
    /// A type that the client does not know, or a message that is no notice.
    #[default]
    Unknown,
    /// Maintenance is planned; comes about 10 to 15 minutes ahead.
    NodeMaintenanceScheduled,
    /// Maintenance begins in about 20 s.
    NodeMaintenanceStarting,
    /// Maintenance begins in less than 5 s.
    NodeMaintenanceStart,
    /// Maintenance is over, and the node is back.
    NodeMaintenanceEnded,
    /// A replica has become the primary. Azure also calls it `NodeMaintenanceFailover`.
    NodeMaintenanceFailoverComplete,
    /// The cache has its new size.
    NodeMaintenanceScaleComplete,
}

const TYPES: &[(&str, NotificationType)] = &[
    ("NodeMaintenanceScheduled", NotificationType::NodeMaintenanceScheduled),
    ("NodeMaintenanceStarting", NotificationType::NodeMaintenanceStarting),
    ("NodeMaintenanceStart", NotificationType::NodeMaintenanceStart),
    ("NodeMaintenanceEnded", NotificationType::NodeMaintenanceEnded),
    ("NodeMaintenanceFailoverComplete", NotificationType::NodeMaintenanceFailoverComplete),
    ("NodeMaintenanceFailover", NotificationType::NodeMaintenanceFailoverComplete),
    ("NodeMaintenanceScaleComplete", NotificationType::NodeMaintenanceScaleComplete),
];

impl NotificationType {
    fn of(name: &str) -> Self {
        let known = TYPES.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        known.map_or(Self::Unknown, |(_, kind)| *kind)
    }

    /// Whether servers have changed places or addresses by now.
    pub(crate) fn is_aftermath(self) -> bool {
        use NotificationType::{
            NodeMaintenanceEnded, NodeMaintenanceFailoverComplete, NodeMaintenanceScaleComplete,
        };
        matches!(
            self,
            NodeMaintenanceEnded | NodeMaintenanceFailoverComplete | NodeMaintenanceScaleComplete
        )
    }
}

/// The server announced maintenance
///
/// Azure caches publish such notices; the client listens to them where the [option
/// `azureMaintenance`](crate::Options::azure_maintenance) says so, and by default at Azure. `Display` of the
/// [event](super::Event) says in words what a notice means. A part of a notice that is missing or malformed is `None` here;
/// [`raw_message`](Self::raw_message) has it all the same.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ServerMaintenance {
    /// The server that the notice came through; [`ip_address`](Self::ip_address) says which one it is about.
    pub endpoint: Arc<Endpoint>,
    /// The notice as the server sent it, up to 1024 bytes of it; invalid UTF-8 is replaced.
    pub raw_message: String,
    /// When the client received it.
    pub received: SystemTime,
    /// What happens.
    pub notification_type: NotificationType,
    /// The type as the server wrote it, up to 64 bytes; empty if the notice has none.
    pub notification_text: String,
    /// When maintenance starts.
    pub start_time: Option<SystemTime>,
    /// Whether a replica is meant, and not the primary.
    pub is_replica: Option<bool>,
    /// The address of the node that is meant.
    pub ip_address: Option<IpAddr>,
    /// The port of that node for TLS.
    pub tls_port: Option<u16>,
    /// The port of that node for connections in the clear.
    pub plain_port: Option<u16>,
}

impl ServerMaintenance {
    /// Reads a notice of Azure: `key|value|key|value…`.
    ///
    /// Any message becomes an event: one that is no notice is of the type `Unknown`.
    pub(crate) fn from_azure(
        endpoint: Arc<Endpoint>,
        payload: &[u8],
        received: SystemTime,
    ) -> Self {
        let cut = payload.len() > LONGEST_NOTICE;
        let mut raw_message =
            String::from_utf8_lossy(&payload[..payload.len().min(LONGEST_NOTICE)]).into_owned();
        // Replacements of invalid bytes are longer than these.
        truncate(&mut raw_message, LONGEST_NOTICE);
        let mut notice = Self {
            endpoint,
            raw_message: String::new(),
            received,
            notification_type: NotificationType::Unknown,
            notification_text: String::new(),
            start_time: None,
            is_replica: None,
            ip_address: None,
            tls_port: None,
            plain_port: None,
        };
        let mut parts = raw_message.split('|');
        if cut {
            // It may be half a value.
            parts.next_back();
        }
        while let Some(key) = parts.next() {
            if key.is_empty() {
                continue;
            }
            let Some(value) = parts.next() else { break };
            notice.take(key.trim(), value.trim());
        }
        notice.raw_message = raw_message;
        notice
    }

    fn take(&mut self, key: &str, value: &str) {
        if value.is_empty() {
            return;
        }
        let is = |known: &str| key.eq_ignore_ascii_case(known);
        if is("NotificationType") {
            self.notification_type = NotificationType::of(value);
            self.notification_text = value.to_owned();
            truncate(&mut self.notification_text, LONGEST_TYPE);
        } else if is("StartTimeInUTC") || is("StartTimeUtc") {
            self.start_time = parse_utc(value);
        } else if is("IsReplica") {
            self.is_replica = match value.to_ascii_lowercase().as_str() {
                "true" => Some(true),
                "false" => Some(false),
                _ => None,
            };
        } else if is("IPAddress") {
            self.ip_address = value.parse().ok();
        } else if is("SSLPort") {
            self.tls_port = port(value);
        } else if is("NonSSLPort") {
            self.plain_port = port(value);
        }
    }

    /// The time from when the notice was received to the start of maintenance; zero if that was past
    pub fn starts_in(&self) -> Option<Duration> {
        Some(self.start_time?.duration_since(self.received).unwrap_or_default())
    }

    /// `the primary`, for a sentence.
    fn who(&self) -> &'static str {
        match self.is_replica {
            Some(true) => "a replica",
            Some(false) => "the primary",
            None => "a node",
        }
    }

    /// What happens to connections to that node.
    fn outlook(&self) -> &'static str {
        match self.is_replica {
            Some(true) => "connections to it end",
            Some(false) => "connections to it end and a replica takes over",
            None => "connections to it end, and a replica takes over if it is the primary",
        }
    }
}

fn port(text: &str) -> Option<u16> {
    text.parse().ok().filter(|port| *port != 0)
}

/// Cuts a text to a number of bytes, or up to three fewer where a character would be cut.
fn truncate(text: &mut String, bytes: usize) {
    let end = (0..=bytes.min(text.len())).rev().find(|at| text.is_char_boundary(*at));
    text.truncate(end.unwrap_or(0));
}

impl fmt::Display for ServerMaintenance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (who, outlook) = (self.who(), self.outlook());
        let start = |f: &mut fmt::Formatter<'_>, before: &str| -> fmt::Result {
            let (Some(time), Some(wait)) = (self.start_time, self.starts_in()) else {
                return Ok(());
            };
            write!(f, "{before}{}, in {} s", Utc(time), wait.as_secs())
        };
        match self.notification_type {
            NotificationType::NodeMaintenanceScheduled => {
                write!(f, "maintenance of {who} is planned")?;
                start(f, " for ")?;
                write!(f, "; {outlook}")?;
            }
            NotificationType::NodeMaintenanceStarting => {
                write!(f, "maintenance of {who} is about to start")?;
                start(f, " at ")?;
                write!(f, "; {outlook}")?;
            }
            NotificationType::NodeMaintenanceStart => {
                write!(f, "maintenance of {who} starts within 5 s; {outlook}")?;
            }
            NotificationType::NodeMaintenanceEnded => {
                write!(f, "maintenance of {who} is over; the node is back")?;
            }
            NotificationType::NodeMaintenanceFailoverComplete => {
                f.write_str("failover is complete: a replica is the primary now")?;
            }
            NotificationType::NodeMaintenanceScaleComplete => {
                f.write_str("scaling is complete: the cache has its new size")?;
            }
            NotificationType::Unknown => {
                f.write_str("a notice of an unknown type: ")?;
                return write_name(f, self.raw_message.as_bytes());
            }
        }
        let mut separator = " (";
        let mut detail = |f: &mut fmt::Formatter<'_>, detail: fmt::Arguments<'_>| {
            f.write_str(std::mem::replace(&mut separator, ", "))?;
            f.write_fmt(detail)
        };
        if let Some(address) = self.ip_address {
            detail(f, format_args!("node {address}"))?;
        }
        if let Some(port) = self.tls_port {
            detail(f, format_args!("TLS port {port}"))?;
        }
        if let Some(port) = self.plain_port {
            detail(f, format_args!("plain port {port}"))?;
        }
        if separator == ", " { f.write_str(")") } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests;
