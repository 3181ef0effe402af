//! What waits to be handed over to a stream.

use super::{outbox::Outbox, room::Room};

/// Commands that no stream has taken, and who waits to put more there
#[derive(Default)]
pub(crate) struct Backlog {
    /// The encoded commands. They have entries in the wire's FIFO, behind those that were taken.
    pub(super) out: Outbox,
    /// How many of them nobody waits for any more; they are cut out before the next write.
    pub(super) dead: usize,
    pub(super) room: Room,
}

impl Backlog {
    /// Whether another command may be encoded. One is always let in, however large.
    #[inline]
    pub(super) fn has_room(&self, high_water: usize) -> bool {
        let queued = self.out.len();
        queued == 0 || queued < high_water
    }
}
