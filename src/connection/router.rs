//! Several servers, as a call sees them: which link leads to the one that has a slot.

use redmux_transport::{MaybeSend, MaybeSync};

use super::link::Link;
#[cfg(feature = "topology")]
use super::reading::ReadFrom;
#[cfg(feature = "topology")]
use crate::events::SlotMigration;
use crate::resp::Redirect;

#[cfg(feature = "topology")]
/// Where a command that only reads goes
pub(crate) enum Reading<'a> {
    /// To the replica of this link.
    Replica(&'a Link),
    /// Where commands that write go.
    Primary,
    /// It is not known yet: replicas are being connected to, or asked how far they are.
    Soon,
    /// Nowhere, for this reason.
    Nowhere(&'static str),
}

/// Knows which server has which slot
///
/// A link that has one has no connection of its own: calls are made for it, and sent over
/// others. The links that a router returns live as long as it does.
#[cfg_attr(not(feature = "topology"), allow(dead_code, reason = "only `topology` has one"))]
pub(crate) trait Router: MaybeSend + MaybeSync {
    /// The link to the server that has this slot; without a slot, to any. `None` once all is closed.
    fn link_to(&self, slot: Option<u16>) -> Option<&Link>;

    /// The link to the server that has this slot, if one has it.
    fn server_of(&self, slot: u16) -> Option<&Link>;

    /// The links to all primaries, or to all servers.
    fn links(&self, replicas: bool) -> Vec<&Link>;

    /// The server of this link has said that the slot is elsewhere, for good (`MOVED`) or for one command (`ASK`).
    ///
    /// Returns the link to send the command to; `None` if the address is of no use, or is that of the same server.
    fn redirected(&self, from: &Link, redirect: &Redirect<'_>, for_good: bool) -> Option<&Link>;

    /// Whether the server of this link is one of several, so that what it does not serve may be served by another one.
    fn is_one_of_several(&self, _: &Link) -> bool {
        true
    }

    /// Where a command goes that only reads, and whose keys are in this slot.
    #[cfg(feature = "topology")]
    fn reader(&self, slot: u16, from: ReadFrom) -> Reading<'_>;

    /// The replica of this link, over which it is read from, did not serve a command.
    fn unfit(&self, link: &Link);

    /// Whether there is one primary, and slots mean nothing.
    fn is_undivided(&self) -> bool;

    /// A connection was lost, or a server cannot serve a command now, so that the map may be old.
    fn troubled(&self);

    /// The server of this link has confirmed a shard channel. It may be a replica, and nothing would say so.
    /// Only where there is a cluster.
    fn doubted(&self, _link: &Link) {}

    /// A server has said that these slots are elsewhere.
    #[cfg(feature = "topology")]
    fn migrated(&self, by: &Link, moves: &[SlotMigration]);

    /// This link has a new connection.
    fn renewed(&self, link: &Link);
}
