//! When commands that somebody observes were sent and answered.
//!
//! A batch of commands or replies costs one look at whether anything is traced. Commands are sent and
//! answered in their order, so that each trace is looked at a few times at most.

use std::collections::VecDeque;

use super::slots::SlotId;
use crate::FULL;

/// Moments of a command's way, in microseconds of the clock
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Passage {
    /// The transport has taken all of it.
    pub(crate) sent: Option<u64>,
    /// Its reply was read.
    pub(crate) answered: Option<u64>,
}

/// The number of a trace; ever higher ones are given out
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TraceId(u64);

/// The traced commands of a link, in their order
#[derive(Debug, Default)]
pub(crate) struct Traces {
    pub(super) list: VecDeque<Trace>,
    /// The number of `list[0]`.
    pub(super) first: u64,
    /// How many, from the first, need not be looked at when something is sent.
    pub(super) sent: usize,
    /// The same when something is answered; at most `sent`.
    pub(super) answered: usize,
}

#[derive(Debug)]
pub(super) struct Trace {
    /// `None`: nobody wants to know any more.
    pub(super) id: Option<SlotId>,
    pub(super) passage: Passage,
}

impl Traces {
    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        !FULL || self.list.is_empty()
    }

    /// Traces the command that was queued last.
    pub(super) fn begin(&mut self, id: SlotId) -> TraceId {
        self.list.push_back(Trace { id: Some(id), passage: Passage::default() });
        TraceId(self.first + self.list.len() as u64 - 1)
    }

    pub(super) fn end(&mut self, trace: TraceId) -> Passage {
        let place = trace.0.checked_sub(self.first).and_then(|place| usize::try_from(place).ok());
        let Some(trace) = place.and_then(|place| self.list.get_mut(place)) else {
            return Passage::default();
        };
        trace.id = None;
        let passage = trace.passage;
        while self.list.front().is_some_and(|trace| trace.id.is_none()) {
            self.list.pop_front();
            self.first += 1;
            self.sent = self.sent.saturating_sub(1);
            self.answered = self.answered.saturating_sub(1);
        }
        passage
    }
}
