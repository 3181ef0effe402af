//! When commands that somebody observes were sent and answered.
//!
//! A batch of commands or replies costs one look at whether anything is traced. Commands are sent and
//! answered in their order, so that each trace is looked at a few times at most.

use crate::{
    Result,
    connection::{
        core::{Core, Submission},
        link::Link,
        slots::SlotId,
        traces::{Passage, TraceId},
    },
};

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
    pub(in crate::connection) fn note_traced(&mut self) {
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
