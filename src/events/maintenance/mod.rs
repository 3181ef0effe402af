//! Maintenance that servers announce: Azure on the channel `AzureRedisEvents`, others by pushes.

mod kinds;
mod moves;
mod pushed;
mod time;

use std::{
    fmt,
    net::IpAddr,
    sync::Arc,
    time::{Duration, SystemTime},
};

use redmux_transport::Endpoint;

use self::kinds::{LONGEST_NOTICE, truncate};
pub(crate) use self::pushed::Notice;
pub use self::pushed::SlotMigration;
pub use self::{kinds::NotificationType, moves::MoveFailed};
use super::text::write_name;
use time::{Utc, parse_utc};

/// The channel on which Azure caches announce maintenance.
pub(crate) const AZURE_CHANNEL: &str = "AzureRedisEvents";

/// Bytes of the name of a type that are kept.
const LONGEST_TYPE: usize = 64;

/// The server announced maintenance
///
/// Azure caches publish such notices; the client listens to them where the [option
/// `azureMaintenance`](crate::Options::azure_maintenance) says so, and by default at Azure. Redis Cloud and Redis Software push
/// them to connections that ask for them: see the [option `maintenance`](crate::Options::maintenance). `Display` of the
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
    /// The number of a pushed notice. One that comes over several connections to a node is one event.
    pub sequence: Option<u64>,
    /// The time from when a pushed notice was received to what it announces, or within which that happens.
    pub within: Option<Duration>,
    /// The address that connections move to, if a pushed notice names one.
    pub new_endpoint: Option<Endpoint>,
    /// The slots that move, or have moved.
    pub slots: Vec<SlotMigration>,
    /// The names of the shards that are meant, at most 64 of them.
    pub shards: Vec<String>,
}

impl ServerMaintenance {
    /// A notice that says nothing.
    fn nothing(endpoint: Arc<Endpoint>, received: SystemTime) -> Self {
        Self {
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
            sequence: None,
            within: None,
            new_endpoint: None,
            slots: Vec::new(),
            shards: Vec::new(),
        }
    }

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
        let mut notice = Self::nothing(endpoint, received);
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

    /// The event of a notice that was pushed over a connection to this endpoint.
    pub(crate) fn from_push(endpoint: Arc<Endpoint>, notice: Notice, received: SystemTime) -> Self {
        Self {
            raw_message: notice.raw,
            notification_type: notice.kind,
            notification_text: notice.kind.word().unwrap_or_default().to_owned(),
            sequence: notice.sequence,
            start_time: notice.time.and_then(|time| received.checked_add(time)),
            within: notice.time,
            new_endpoint: notice.target,
            slots: notice.slots,
            shards: notice.shards,
            ..Self::nothing(endpoint, received)
        }
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

impl ServerMaintenance {
    fn write_pushed(&self, f: &mut fmt::Formatter<'_>, kind: NotificationType) -> fmt::Result {
        f.write_str(match kind {
            NotificationType::Moving => "this endpoint goes away",
            NotificationType::Migrating => "a shard moves to another node: commands may be slow",
            NotificationType::Migrated => "a shard has moved to another node",
            NotificationType::FailingOver => {
                "a replica is about to take over: commands may be slow"
            }
            NotificationType::FailedOver => "a replica has taken over",
            NotificationType::SlotsMigrating => "slots move to another node: commands may be slow",
            _ => "slots have moved to another node",
        })?;
        if let Some(time) = self.within {
            let word = if kind == NotificationType::Moving { "in" } else { "within" };
            write!(f, " {word} {} s", time.as_secs())?;
        }
        match (&self.new_endpoint, kind) {
            (Some(endpoint), _) => {
                f.write_str("; connections move to ")?;
                write_name(f, endpoint.to_string().as_bytes())?;
            }
            (None, NotificationType::Moving) => {
                f.write_str("; connections move to where its name leads")?;
            }
            _ => {}
        }
        match self.sequence {
            Some(number) => write!(f, " (notice {number})"),
            None => Ok(()),
        }
    }
}

fn port(text: &str) -> Option<u16> {
    text.parse().ok().filter(|port| *port != 0)
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
            pushed => return self.write_pushed(f, pushed),
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
