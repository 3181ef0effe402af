//! When commands that somebody observes were sent and answered.
//!
//! A batch of commands or replies costs one look at whether anything is traced. Commands are sent and
//! answered in their order, so that each trace is looked at a few times at most.

use std::collections::VecDeque;

use super::{
    core::{Core, Submission},
    link::Link,
    slots::SlotId,
};
use crate::{FULL, Result};

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
    list: VecDeque<Trace>,
    /// The number of `list[0]`.
    first: u64,
    /// How many, from the first, need not be looked at when something is sent.
    sent: usize,
    /// The same when something is answered; at most `sent`.
    answered: usize,
}

#[derive(Debug)]
struct Trace {
    /// `None`: nobody wants to know any more.
    id: Option<SlotId>,
    passage: Passage,
}

impl Traces {
    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        !FULL || self.list.is_empty()
    }

    /// Traces the command that was queued last.
    fn begin(&mut self, id: SlotId) -> TraceId {
        self.list.push_back(Trace { id: Some(id), passage: Passage::default() });
        TraceId(self.first + self.list.len() as u64 - 1)
    }

    fn end(&mut self, trace: TraceId) -> Passage {
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

impl Core {
    /// Notes from now on what becomes of the command that was queued last.
    pub(crate) fn trace(&mut self, id: SlotId) -> TraceId {
        self.traces.begin(id)
    }

    /// What is known of a traced command, which is traced no longer.
    pub(crate) fn end_trace(&mut self, trace: TraceId) -> Passage {
        self.traces.end(trace)
    }

    /// Bytes were sent, or replies given to their callers.
    #[cold]
    pub(super) fn note_traced(&mut self) {
        let (list, slots) = (&mut self.traces.list, &self.slots);
        while let Some(trace) = list.get_mut(self.traces.sent) {
            let waiting = trace.id.and_then(|id| slots.entry_of(id));
            let sent = match waiting {
                Some(entry) => self.wire.end_of(entry).is_some_and(|end| end <= self.wire.sent),
                // A command that is over was sent, if it was answered.
                None => trace.id.is_some_and(|id| slots.has_reply(id)),
            };
            if waiting.is_some() && !sent {
                break;
            }
            if sent {
                trace.passage.sent = Some(self.now);
            }
            self.traces.sent += 1;
        }
        // A reply may be read before it is noted that its command was sent.
        while self.traces.answered < self.traces.sent {
            let trace = &mut list[self.traces.answered];
            if trace.id.is_some_and(|id| slots.is_waiting(id)) {
                return;
            }
            if trace.id.is_some_and(|id| slots.has_reply(id)) {
                trace.passage.answered = Some(self.now);
            }
            self.traces.answered += 1;
        }
    }
}

impl Link {
    /// As [`submit`](Self::submit) without a place in line for room, or with one; a command that was
    /// queued is traced.
    pub(crate) fn submit_traced(
        &self,
        command: &Submission<'_>,
        waiting: Option<SlotId>,
        waker: &std::task::Waker,
    ) -> Result<(SlotId, bool, Option<TraceId>)> {
        self.with(|core| {
            self.stamp(core);
            let id = core.submit(command, waiting, waker);
            let queued = id.as_ref().ok().copied().filter(|id| core.slots.entry_of(*id).is_some());
            let trace = queued.map(|id| core.trace(id));
            core.rouse_driver();
            let id = id?;
            Ok((id, core.is_waiting_for_room(id), trace))
        })
    }
}
