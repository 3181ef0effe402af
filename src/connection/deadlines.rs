//! Which command's time is up next.

use std::{cmp::Reverse, collections::BinaryHeap};

use super::{
    counters::FIRST,
    slots::{SlotId, Slots},
    wire::Wire,
};
use crate::clock::NEVER;

/// Room for this many overrides is kept after a burst.
pub(super) const KEEP: usize = 4096;

/// Overrides kept for commands that are long answered before the heap is swept.
const STALE: usize = 4096;

/// Whether much of a buffer's memory is not used.
pub(super) fn is_sparse(capacity: usize, used: usize) -> bool {
    capacity > KEEP && used < capacity / 8
}

/// The deadlines of commands: in the order of the FIFO where the link's own timeout holds, in a heap
/// where a call was given another time
#[derive(Debug)]
pub(crate) struct Deadlines {
    /// Sequence number of the first entry with the link's own timeout that may still wait.
    pub(super) unexpired: u64,
    pub(super) overrides: BinaryHeap<Reverse<(u64, SlotId)>>,
}

impl Default for Deadlines {
    fn default() -> Self {
        Self { unexpired: FIRST, overrides: BinaryHeap::new() }
    }
}

impl Deadlines {
    /// Notes the deadline of a command that was given a time of its own.
    #[inline]
    pub(super) fn give(&mut self, deadline: u64, id: SlotId) {
        if deadline != NEVER {
            self.overrides.push(Reverse((deadline, id)));
        }
    }

    /// The oldest command with the link's own timeout that still waits, and its deadline.
    pub(super) fn next_ordinary(&mut self, wire: &Wire) -> Option<(SlotId, u64)> {
        self.unexpired = self.unexpired.max(wire.front);
        loop {
            let entry = wire.fifo.get((self.unexpired - wire.front) as usize)?;
            match entry.claim.slot() {
                Some(id) if !entry.override_deadline && entry.deadline != NEVER => {
                    return Some((id, entry.deadline));
                }
                _ => self.unexpired += 1,
            }
        }
    }

    /// Takes out a command with the link's own timeout whose time is up.
    pub(super) fn pop_ordinary(&mut self, wire: &Wire, now: u64) -> Option<SlotId> {
        let (id, deadline) = self.next_ordinary(wire)?;
        if deadline > now {
            return None;
        }
        self.unexpired += 1;
        Some(id)
    }

    /// Takes out a command with a time of its own whose time is up.
    pub(super) fn pop_given(&mut self, slots: &Slots, now: u64) -> Option<SlotId> {
        while let Some(Reverse((deadline, id))) = self.overrides.peek().copied() {
            let waiting = slots.is_waiting(id);
            if waiting && deadline > now {
                return None;
            }
            self.overrides.pop();
            // It may have been given a later one.
            if waiting && slots.deadline(id) <= now {
                return Some(id);
            }
        }
        None
    }

    /// The earliest deadline of a command that waits.
    #[cfg_attr(not(target_family = "wasm"), inline(always))]
    pub(super) fn next(&mut self, wire: &Wire, slots: &Slots) -> u64 {
        let ordinary = self.next_ordinary(wire).map_or(NEVER, |(_, deadline)| deadline);
        while let Some(Reverse((_, id))) = self.overrides.peek() {
            if slots.is_waiting(*id) {
                break;
            }
            self.overrides.pop();
        }
        let given = self.overrides.peek().map_or(NEVER, |Reverse((deadline, _))| *deadline);
        ordinary.min(given)
    }

    /// Commands answered long before an override's deadline leave their mark in the heap.
    pub(super) fn sweep(&mut self, wire: &Wire, slots: &Slots) {
        if self.overrides.len() > STALE && self.overrides.len() > wire.fifo.len() * 2 {
            self.overrides.retain(|Reverse((_, id))| slots.is_waiting(*id));
        }
    }

    /// Whether a burst has left much memory that is not used.
    pub(super) fn are_sparse(&self) -> bool {
        is_sparse(self.overrides.capacity(), self.overrides.len())
    }

    /// Gives that memory back.
    pub(super) fn trim(&mut self) {
        self.overrides.shrink_to(KEEP.max(self.overrides.len() * 2));
    }

    /// All commands have ended.
    pub(super) fn clear(&mut self, wire: &Wire) {
        self.unexpired = wire.front;
        self.overrides.clear();
    }
}
