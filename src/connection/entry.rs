use super::{
    databases::{Body, Visit},
    slots::SlotId,
};
use crate::clock::NEVER;

/// A command in the order in which its reply is due
#[derive(Debug)]
pub(crate) struct Entry {
    /// Stream offset just behind the command's last byte.
    pub(crate) end: u64,
    /// When the caller gives up, in microseconds of the link's clock; `u64::MAX` for never.
    pub(crate) deadline: u64,
    /// The caller's; without one the entry is a tombstone that eats its reply.
    pub(crate) claim: Claim,
    pub(crate) kind: Kind,
    /// The deadline is kept in the heap of overrides, not in FIFO order.
    pub(crate) override_deadline: bool,
}

/// A caller's claim to an outcome, for as long as its command is in the FIFO
///
/// An entry that left the FIFO with its claim would leave its caller waiting: deadlines go by the
/// FIFO, so that not even they would end that. Debug builds panic where a claim is dropped.
#[derive(Debug)]
pub(crate) struct Claim(Option<SlotId>);

impl Claim {
    pub(crate) fn of(slot: SlotId) -> Self {
        Self(Some(slot))
    }

    /// Nobody waits.
    pub(crate) fn none() -> Self {
        Self(None)
    }

    /// The caller that still waits.
    pub(crate) fn slot(&self) -> Option<SlotId> {
        self.0
    }

    pub(crate) fn is_some(&self) -> bool {
        self.0.is_some()
    }

    /// The caller has its outcome, or has gone.
    pub(crate) fn waive(&mut self) {
        self.0 = None;
    }

    /// The caller that gets its outcome now.
    #[must_use]
    pub(crate) fn settle(mut self) -> Option<SlotId> {
        self.0.take()
    }
}

#[cfg(debug_assertions)]
impl Drop for Claim {
    fn drop(&mut self) {
        assert!(
            self.0.is_none() || std::thread::panicking(),
            "a command left the queue and its caller was given no outcome"
        );
    }
}

impl Entry {
    /// A command of the client's own, whose last byte is before stream offset `end`: nobody waits for
    /// the reply, and its time is not kept.
    pub(super) fn own(kind: Kind, end: u64) -> Self {
        Self { end, deadline: NEVER, claim: Claim::none(), kind, override_deadline: false }
    }
}

/// What a FIFO entry expects
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// One reply, for the caller.
    Command,
    /// This many replies, of which the caller gets the last one and the errors among the others.
    Group { replies: u32 },
    /// The replies of a visit, of which the caller gets the part to its command.
    Visit(Visit),
    /// One reply, for the handshake.
    Step(Step),
    /// One reply that shows the peer is alive.
    Probe,
    /// One reply with just this number and the link's mark: an integrity check.
    Check(u32),
    /// One confirmation push for each channel, or one error reply.
    Confirm,
    /// One reply, to a setting that was refused in the handshake.
    Setting(Step),
}

impl Kind {
    /// Whether a caller's command is meant, and not one of the client's own.
    pub(crate) fn is_callers(self) -> bool {
        match self {
            Self::Command | Self::Group { .. } => true,
            Self::Visit(visit) => visit.body != Body::Scout,
            _ => false,
        }
    }

    pub(super) fn is_scout(self) -> bool {
        matches!(self, Self::Visit(visit) if visit.body == Body::Scout)
    }
}

/// The command by which a server is asked to announce maintenance.
#[cfg(feature = "full")]
pub(super) const NOTICES: &str = "CLIENT MAINT_NOTIFICATIONS";

/// A command of the handshake
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Step {
    Auth,
    Hello,
    SetName,
    LibraryName,
    LibraryVersion,
    Select,
    Track,
    /// The server is to announce maintenance; a refusal ends the connection if it has to.
    #[cfg(feature = "full")]
    Notices {
        required: bool,
    },
    /// The connection is for reading from a replica of a cluster.
    #[cfg(feature = "topology")]
    ReadOnly,
    Ping,
}

impl Step {
    /// The command's name.
    pub(super) fn command(self) -> &'static str {
        match self {
            Self::Auth => "AUTH",
            Self::Hello => "HELLO",
            Self::SetName => "CLIENT SETNAME",
            Self::LibraryName | Self::LibraryVersion => "CLIENT SETINFO",
            Self::Select => "SELECT",
            Self::Track => "CLIENT TRACKING",
            #[cfg(feature = "full")]
            Self::Notices { .. } => NOTICES,
            #[cfg(feature = "topology")]
            Self::ReadOnly => "READONLY",
            Self::Ping => "PING",
        }
    }
}

/// A command whose reply is one push for each channel
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Verb {
    Subscribe,
    PSubscribe,
    SSubscribe,
    Unsubscribe,
    PUnsubscribe,
    SUnsubscribe,
}

impl Verb {
    /// The verb a confirmation push names.
    pub(crate) fn of_push(name: &[u8]) -> Option<Self> {
        Some(match name {
            b"subscribe" => Self::Subscribe,
            b"psubscribe" => Self::PSubscribe,
            b"ssubscribe" => Self::SSubscribe,
            b"unsubscribe" => Self::Unsubscribe,
            b"punsubscribe" => Self::PUnsubscribe,
            b"sunsubscribe" => Self::SUnsubscribe,
            _ => return None,
        })
    }

    pub(crate) fn subscribes(self) -> bool {
        matches!(self, Self::Subscribe | Self::PSubscribe | Self::SSubscribe)
    }

    /// The one that takes back what this one does.
    pub(crate) fn inverse(self) -> Self {
        match self {
            Self::Subscribe => Self::Unsubscribe,
            Self::PSubscribe => Self::PUnsubscribe,
            Self::SSubscribe => Self::SUnsubscribe,
            Self::Unsubscribe => Self::Subscribe,
            Self::PUnsubscribe => Self::PSubscribe,
            Self::SUnsubscribe => Self::SSubscribe,
        }
    }

    pub(crate) fn command(self) -> &'static str {
        match self {
            Self::Subscribe => "SUBSCRIBE",
            Self::PSubscribe => "PSUBSCRIBE",
            Self::SSubscribe => "SSUBSCRIBE",
            Self::Unsubscribe => "UNSUBSCRIBE",
            Self::PUnsubscribe => "PUNSUBSCRIBE",
            Self::SUnsubscribe => "SUNSUBSCRIBE",
        }
    }
}
