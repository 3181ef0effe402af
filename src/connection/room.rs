//! The line for room: while too much is unsent, what the program wants sent next waits here, first
//! come first served, so that its order is the order on the wire.

use std::collections::VecDeque;

use super::{confirm::Ask, slots::SlotId};

/// Who waits for room
#[derive(Debug)]
pub(super) enum Place {
    /// A caller, who encodes the command when it is woken.
    Caller(SlotId),
    /// A subscription command, which the core sends by itself.
    Ask(Box<Ask>),
}

/// The callers and subscription commands that wait, the first one first
#[derive(Debug, Default)]
pub(super) struct Room(pub(super) VecDeque<Place>);

impl Room {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn is_first(&self, id: SlotId) -> bool {
        matches!(self.0.front(), Some(Place::Caller(first)) if *first == id)
    }

    pub(super) fn enter(&mut self, id: SlotId) {
        self.0.push_back(Place::Caller(id));
    }

    /// The first in line has found room, or has gone.
    pub(super) fn leave_first(&mut self) {
        self.0.pop_front();
    }

    pub(super) fn leave(&mut self, id: SlotId) {
        let at = |place: &Place| matches!(place, Place::Caller(caller) if *caller == id);
        if let Some(place) = self.0.iter().position(at) {
            self.0.remove(place);
        }
    }

    pub(super) fn callers(&self) -> impl Iterator<Item = SlotId> {
        self.0.iter().filter_map(|place| match place {
            Place::Caller(id) => Some(*id),
            Place::Ask(_) => None,
        })
    }

    /// The subscription commands go; their tickets.
    pub(super) fn dismiss_asks(&mut self) -> Vec<u64> {
        let mut tickets = Vec::new();
        self.0.retain(|place| match place {
            Place::Caller(_) => true,
            Place::Ask(ask) => {
                tickets.push(ask.ticket);
                false
            }
        });
        tickets
    }

    pub(super) fn find(&self, ticket: u64) -> Option<usize> {
        let of_it = |place: &Place| matches!(place, Place::Ask(ask) if ask.ticket == ticket);
        self.0.iter().position(of_it)
    }
}
