//! What notices are about, and how much of them is kept.

/// Bytes of a notice that are read and kept; Azure's own have at most 200.
pub(super) const LONGEST_NOTICE: usize = 1024;

/// What a notice of maintenance is about
///
/// The names of those that begin with `Node` are Azure's, which publishes them. The others are pushed by servers to
/// connections that ask for them ([`maintenance`](crate::Options::maintenance)).
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
    /// The endpoint of this connection goes away; the client opens another connection and moves (`MOVING`).
    Moving,
    /// A shard moves to another node: commands may be slow (`MIGRATING`).
    Migrating,
    /// The shard has moved (`MIGRATED`).
    Migrated,
    /// A replica is about to take over: commands may be slow (`FAILING_OVER`).
    FailingOver,
    /// The replica has taken over (`FAILED_OVER`).
    FailedOver,
    /// Slots of a cluster move to another node: commands may be slow (`SMIGRATING`).
    SlotsMigrating,
    /// The slots have moved (`SMIGRATED`).
    SlotsMigrated,
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
    pub(super) fn of(name: &str) -> Self {
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

/// Cuts a text to a number of bytes, or up to three fewer where a character would be cut.
pub(super) fn truncate(text: &mut String, bytes: usize) {
    let end = (0..=bytes.min(text.len())).rev().find(|at| text.is_char_boundary(*at));
    text.truncate(end.unwrap_or(0));
}
