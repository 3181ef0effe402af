//! What happens by itself, and when.

use std::{
    cmp::{Ordering, Reverse},
    collections::BinaryHeap,
};

use super::node::Header;

/// Something that happens by itself
#[derive(Debug, Clone)]
pub(super) enum Event {
    /// A node hears what another one has said.
    Heard { by: usize, header: Header },
    /// A node was not heard of for long: since its outage with this number.
    Missed { node: usize, outage: u64 },
    /// A replica asks for votes.
    Candidacy { node: usize, of: usize, outage: u64 },
    /// It has them.
    Elected { node: usize, of: usize },
    /// A replica has all data of its primary.
    Synced { node: usize, of: usize },
    /// A replica that was ordered to has everything, and takes over.
    TakesOver { node: usize, of: usize },
    /// A node serves again.
    Stirs { node: usize },
}

#[derive(Debug)]
struct Due {
    at: u64,
    /// Of two at the same time, the one that was added first.
    number: u64,
    event: Event,
}

/// Events by their time
#[derive(Debug, Default)]
pub(super) struct Timetable {
    due: BinaryHeap<Reverse<Due>>,
    added: u64,
}

impl Timetable {
    pub(super) fn add(&mut self, at: u64, event: Event) {
        self.added += 1;
        self.due.push(Reverse(Due { at, number: self.added, event }));
    }

    pub(super) fn next(&self) -> Option<u64> {
        self.due.peek().map(|Reverse(due)| due.at)
    }

    /// The first event, unless it is later than `now`.
    pub(super) fn next_until(&mut self, now: u64) -> Option<(u64, Event)> {
        if self.next()? > now {
            return None;
        }
        self.due.pop().map(|Reverse(due)| (due.at, due.event))
    }
}

impl Ord for Due {
    fn cmp(&self, other: &Self) -> Ordering {
        (self.at, self.number).cmp(&(other.at, other.number))
    }
}

impl PartialOrd for Due {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Due {
    fn eq(&self, other: &Self) -> bool {
        self.number == other.number
    }
}

impl Eq for Due {}
