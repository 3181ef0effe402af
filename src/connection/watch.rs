//! When commands that somebody observes were sent and answered.
//!
//! A batch of commands or replies costs one look at whether anything is watched. Both happen in
//! the order of the commands, so that each watched command is looked at a few times at most.

use std::collections::VecDeque;

use super::{
    core::Core,
    slots::{Slot, SlotId},
};
use crate::FULL;

/// Moments of a command's way, in microseconds of the link's clock
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Passage {
    /// The transport has taken all of it.
    pub(crate) sent: Option<u64>,
    /// Its reply was read.
    pub(crate) answered: Option<u64>,
}

/// The watched commands of a link, in their order
#[derive(Debug, Default)]
pub(crate) struct Watches {
    list: VecDeque<Watch>,
    /// How many, from the first, need not be looked at when something is sent.
    sent: usize,
    /// The same when something is answered; at most `sent`.
    answered: usize,
}

#[derive(Debug)]
struct Watch {
    /// `None`: nobody wants to know any more.
    id: Option<SlotId>,
    passage: Passage,
}

impl Watches {
    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        !FULL || self.list.is_empty()
    }

    fn remove(&mut self, id: SlotId) -> Passage {
        let Some(place) = self.list.iter().position(|watch| watch.id == Some(id)) else {
            return Passage::default();
        };
        let watch = &mut self.list[place];
        watch.id = None;
        let passage = watch.passage;
        while self.list.front().is_some_and(|watch| watch.id.is_none()) {
            self.list.pop_front();
            self.sent = self.sent.saturating_sub(1);
            self.answered = self.answered.saturating_sub(1);
        }
        passage
    }
}

impl Core {
    /// Notes from now on what becomes of a command; false if it has not been queued.
    pub(crate) fn watch_command(&mut self, id: SlotId) -> bool {
        // Before those that another thread queued later and was quicker to watch.
        let entry = |core: &mut Self, id| core.slots.get_mut(id).map_or(0, |slot| slot.entry);
        let own = entry(self, id);
        if own == Slot::NO_ENTRY {
            return false;
        }
        // One that was sent already belongs among those that were: replies come in their order,
        // and one that stood behind a later command would not be looked at in time.
        let is_sent = match self.slots.is_waiting(id) {
            true => self.entry_end(own).is_some_and(|end| end <= self.sent),
            false => self.slots.has_reply(id),
        };
        let first = if is_sent { self.watches.answered } else { self.watches.sent };
        let mut place = self.watches.list.len();
        for at in (first..place).rev() {
            // Those that are over have no place of their own.
            match self.watches.list[at].id.filter(|before| self.slots.is_waiting(*before)) {
                Some(before) if entry(self, before) > own => place = at,
                Some(_) => break,
                None => {}
            }
        }
        let mut passage = Passage::default();
        if place < self.watches.sent {
            passage.sent = Some(self.now);
            self.watches.sent += 1;
        }
        self.watches.list.insert(place, Watch { id: Some(id), passage });
        // The driver may have been quicker.
        self.note_watched_sent();
        self.note_watched_answered();
        true
    }

    /// What is known of a watched command, which is watched no longer.
    pub(crate) fn unwatch_command(&mut self, id: SlotId) -> Passage {
        self.watches.remove(id)
    }

    /// The transport took some bytes.
    #[cold]
    pub(super) fn note_watched_sent(&mut self) {
        while let Some(watch) = self.watches.list.get(self.watches.sent) {
            let slot = watch.id.filter(|id| self.slots.is_waiting(*id));
            let waiting = slot.and_then(|id| self.slots.get_mut(id)).map(|slot| slot.entry);
            // One that is over was sent, if it was answered.
            let sent = match waiting {
                Some(entry) => self.entry_end(entry).is_some_and(|end| end <= self.sent),
                None => watch.id.is_some_and(|id| self.slots.has_reply(id)),
            };
            if waiting.is_some() && !sent {
                return;
            }
            if sent {
                self.watches.list[self.watches.sent].passage.sent = Some(self.now);
            }
            self.watches.sent += 1;
        }
    }

    /// Replies were given to their callers.
    #[cold]
    pub(super) fn note_watched_answered(&mut self) {
        while self.watches.answered < self.watches.sent {
            let watch = &mut self.watches.list[self.watches.answered];
            if watch.id.is_some_and(|id| self.slots.is_waiting(id)) {
                return;
            }
            if watch.id.is_some_and(|id| self.slots.has_reply(id)) {
                watch.passage.answered = Some(self.now);
            }
            self.watches.answered += 1;
        }
    }
}
