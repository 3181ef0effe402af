//! Which node has each slot, as callers read it: without a lock, one load for a command.

use std::sync::atomic::{AtomicU16, Ordering};

use super::{
    map::{NOBODY, NodeId},
    view::SLOTS,
};

/// The owner of each slot
///
/// The steward and callers that were redirected write it. A caller that reads an old value sends its command to a
/// node that answers with a redirect; so no order with other memory is needed.
pub(crate) struct Slots(Box<[AtomicU16; SLOTS as usize]>);

impl Slots {
    pub(crate) fn new() -> Self {
        Self(Box::new([const { AtomicU16::new(NOBODY) }; SLOTS as usize]))
    }

    #[inline]
    pub(crate) fn owner(&self, slot: u16) -> NodeId {
        self.0.get(usize::from(slot)).map_or(NOBODY, |owner| owner.load(Ordering::Relaxed))
    }

    /// These slots, the last one included, are at `to` now.
    pub(crate) fn assign(&self, first: u16, last: u16, to: NodeId) {
        for owner in self.0.iter().take(usize::from(last) + 1).skip(usize::from(first)) {
            owner.store(to, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_nobodys_until_they_are_assigned() {
        let slots = Slots::new();
        slots.assign(10, 20, 3);
        slots.assign(SLOTS - 1, SLOTS - 1, 4);
        let owners = [9, 10, 20, 21, SLOTS - 1, SLOTS].map(|slot| slots.owner(slot));
        assert_eq!(owners, [NOBODY, 3, 3, NOBODY, 4, NOBODY]);
    }
}
