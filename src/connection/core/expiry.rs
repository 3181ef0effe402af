//! Commands whose time is up, and what is said of them.

use std::time::Duration;

use crate::{
    Delivery, Error, ErrorKind,
    clock::NEVER,
    connection::{
        core::{Core, Phase},
        deadlines::{KEEP, is_sparse},
        slots::{Slot, SlotId},
    },
    error::{Diagnostics, TimeoutStage},
};

impl Core {
    /// Fails every command whose time is up.
    pub(crate) fn expire(&mut self) {
        while let Some(id) = self.deadlines.pop_ordinary(&self.wire, self.now) {
            self.time_out(id);
        }
        while let Some(id) = self.deadlines.pop_given(&self.slots, self.now) {
            self.time_out(id);
        }
        self.deadlines.sweep(&self.wire, &self.slots);
    }

    /// Counts the time of commands issued at `issued` or later from now.
    ///
    /// They were issued while the driver was woken but did not run, at some moment that
    /// nobody looked at the clock: late is right, early would be a false time-out.
    pub(in crate::connection) fn redate(&mut self, issued: u64) {
        let mut overrides = Vec::new();
        for entry in self.wire.fifo.iter_mut().rev() {
            let Some(id) = entry.claim.slot() else { continue };
            let Some(slot) = self.slots.get_mut(id) else { continue };
            if slot.issued < issued {
                break;
            }
            slot.issued = self.now;
            entry.deadline = self.now.saturating_add(slot.timeout);
            if entry.override_deadline {
                overrides.push((entry.deadline, id));
            }
        }
        for id in self.backlog.room.callers() {
            if let Some(slot) = self.slots.get_mut(id)
                && slot.issued >= issued
            {
                slot.issued = self.now;
                overrides.push((self.now.saturating_add(slot.timeout), id));
            }
        }
        overrides.into_iter().for_each(|(deadline, id)| self.deadlines.give(deadline, id));
    }

    fn time_out(&mut self, id: SlotId) {
        let Some(slot) = self.slots.get_mut(id) else { return };
        let (sequence, issued, timeout) = (slot.entry, slot.issued, slot.timeout);
        let stage = self.wire.stage_of(sequence);
        self.tally.counted.timeouts += 1;
        if stage == TimeoutStage::Response {
            self.liveness.late.note_time_out(issued, self.now);
        }
        let delivery = match stage {
            // What still waits here is withdrawn; what the driver took will be written.
            TimeoutStage::Queue => Delivery::NotSent,
            _ => Delivery::MaybeExecuted,
        };
        let mut error = Error::new(ErrorKind::Timeout(stage), delivery)
            .diagnose(self.diagnose(self.now.saturating_sub(issued), timeout));
        #[cfg(feature = "full")]
        {
            error = error.during(self.maintenance());
        }
        // Not yet connected, or in the middle of another attempt.
        let connected = matches!(self.phase, Phase::Ready | Phase::Closing);
        if let (false, Some(cause)) = (connected, &self.redial.last_error) {
            error = error.source(cause.clone());
        }
        self.fail(id, error);
        if sequence == Slot::NO_ENTRY {
            self.backlog.room.leave(id);
            self.wake_room();
        } else {
            self.bury(sequence);
        }
    }

    /// Gives back most of the memory that a burst took, though a command of it may still be open.
    #[inline]
    pub(in crate::connection) fn trim(&mut self) {
        let fifo = &self.wire.fifo;
        if is_sparse(fifo.capacity(), fifo.len()) || self.deadlines.are_sparse() {
            self.wire.fifo.shrink_to(KEEP.max(self.wire.fifo.len() * 2));
            self.deadlines.trim();
        }
        if self.slots.are_sparse() {
            self.slots.trim();
        }
    }

    /// The earliest moment at which [`expire`](Self::expire) or
    /// [`check_liveness`](Self::check_liveness) has something to do.
    pub(crate) fn next_deadline(&mut self) -> u64 {
        let commands = self.deadlines.next(&self.wire, &self.slots);
        let liveness = match self.phase {
            _ if self.is_paused() => self.pause_end(),
            Phase::Ready | Phase::Closing => self.liveness_deadline(),
            _ => NEVER,
        };
        let own = self.ending.by.min(self.leaving.deadline()).min(self.settings.due);
        commands.min(liveness).min(own)
    }

    /// The same for a link that is ready, is to stay so and reads, if there is nothing to do now.
    ///
    /// This is the check of each turn of a busy driver, which then asks for nothing else.
    #[inline]
    pub(crate) fn calm_until(&mut self) -> Option<u64> {
        let calm =
            self.phase == Phase::Ready && !self.leaving.has_reason() && self.pauses.is_empty();
        if !calm {
            return None;
        }
        let commands = self.deadlines.next(&self.wire, &self.slots);
        let next = commands.min(self.liveness_deadline()).min(self.settings.due);
        (next > self.now).then_some(next)
    }

    pub(crate) fn diagnose(&self, elapsed: u64, timeout: u64) -> Diagnostics {
        let in_flight = self.wire.in_flight();
        let end = self.wire.fifo.back().map_or(self.wire.sent, |entry| entry.end);
        let age = |at: Option<u64>| at.map(|at| Duration::from_micros(self.now.saturating_sub(at)));
        Diagnostics {
            elapsed: Duration::from_micros(elapsed),
            timeout: Duration::from_micros(timeout),
            connection: self.phase_name(),
            queued: self.wire.fifo.len() - in_flight + self.backlog.room.len(),
            in_flight,
            bytes_unsent: end.saturating_sub(self.wire.sent) as usize,
            bytes_in_flight: self.wire.sent.saturating_sub(self.wire.answered) as usize,
            last_read: age(self.liveness.last_read),
            last_write: age(self.liveness.last_write),
            failed_attempts: self.redial.failed_attempts,
            next_attempt: match self.redial.at {
                NEVER => None,
                at => Some(Duration::from_micros(at.saturating_sub(self.now))),
            },
        }
    }

    /// The state at `now`, for a status that concerns no command.
    pub(crate) fn diagnose_at(&mut self, now: u64) -> Diagnostics {
        self.now = self.now.max(now);
        self.diagnose(0, 0)
    }

    pub(crate) fn phase_name(&self) -> &'static str {
        match self.phase {
            Phase::Dormant => "dormant",
            Phase::Disconnected => "disconnected",
            Phase::Handshake => "handshake",
            Phase::Ready => "ready",
            Phase::Closing => "closing",
            Phase::Closed => "closed",
        }
    }
}
