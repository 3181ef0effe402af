//! Deadlines of commands, and whether the peer is alive.

use std::{cmp::Reverse, time::Duration};

use super::{
    core::{Core, Phase},
    entry::Kind,
    slots::{Outcome, Slot, SlotId},
};
use crate::{Delivery, Diagnostics, Error, ErrorKind, TimeoutStage, clock::NEVER, resp::Arg};

/// Room for so many commands is kept after a burst.
const KEEP: usize = 4096;

/// After so many rounds of time-outs in a row in which replies came, and none for a command that
/// was still waiting, a reply must have got lost: the connection is given up.
const LATE_ROUNDS: u32 = 3;

/// On a connection that all share, silence ends it after this time (in microseconds) at the latest,
/// however long a call was told to wait.
const LONGEST_PATIENCE: u64 = 60_000_000;

/// Time-outs that look as if replies had shifted
#[derive(Debug, Default)]
pub(super) struct Late {
    /// When the last reply was read, whether anybody still waited for it.
    pub(super) last_reply: u64,
    /// Rounds of time-outs since a caller got its reply.
    pub(super) rounds: u32,
    counted: u64,
}

/// Overrides kept for commands that are long answered before the heap is swept.
const STALE_OVERRIDES: usize = 4096;

impl Core {
    /// Fails every command whose time is up.
    pub(crate) fn expire(&mut self) {
        while let Some((id, deadline)) = self.next_ordinary() {
            if deadline > self.now {
                break;
            }
            self.unexpired += 1;
            self.time_out(id);
        }
        while let Some(Reverse((deadline, id))) = self.overrides.peek().copied() {
            if self.slots.is_waiting(id) {
                if deadline > self.now {
                    break;
                }
                // It may have been given a later one.
                if self.slots.deadline(id) <= self.now {
                    self.time_out(id);
                }
            }
            self.overrides.pop();
        }
        self.sweep_overrides();
    }

    /// Counts the time of commands issued at `issued` or later from now.
    ///
    /// They were issued while the driver was woken but did not run, at some moment that
    /// nobody looked at the clock: late is right, early would be a false time-out.
    pub(super) fn redate(&mut self, issued: u64) {
        let mut overrides = Vec::new();
        for entry in self.fifo.iter_mut().rev() {
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
        for id in self.room.callers() {
            if let Some(slot) = self.slots.get_mut(id)
                && slot.issued >= issued
            {
                slot.issued = self.now;
                overrides.push((self.now.saturating_add(slot.timeout), id));
            }
        }
        overrides.into_iter().for_each(|(deadline, id)| self.override_deadline(deadline, id));
    }

    /// Commands answered long before an override's deadline leave their mark in the heap.
    fn sweep_overrides(&mut self) {
        if self.overrides.len() > STALE_OVERRIDES && self.overrides.len() > self.fifo.len() * 2 {
            let slots = &self.slots;
            self.overrides.retain(|Reverse((_, id))| slots.is_waiting(*id));
        }
    }

    /// Gives back most of the memory that a burst took, though a command of it may still be open.
    #[inline]
    pub(super) fn trim(&mut self) {
        let many = |room: usize, used: usize| room > KEEP && used < room / 8;
        if many(self.fifo.capacity(), self.fifo.len())
            || many(self.overrides.capacity(), self.overrides.len())
        {
            self.fifo.shrink_to(KEEP.max(self.fifo.len() * 2));
            self.overrides.shrink_to(KEEP.max(self.overrides.len() * 2));
        }
        if self.slots.are_sparse() {
            self.slots.trim();
        }
    }

    /// The oldest command with the link's own timeout that still waits, and its deadline.
    fn next_ordinary(&mut self) -> Option<(SlotId, u64)> {
        self.unexpired = self.unexpired.max(self.front);
        loop {
            let entry = self.fifo.get((self.unexpired - self.front) as usize)?;
            match entry.claim.slot() {
                Some(id) if !entry.override_deadline && entry.deadline != NEVER => {
                    return Some((id, entry.deadline));
                }
                _ => self.unexpired += 1,
            }
        }
    }

    fn time_out(&mut self, id: SlotId) {
        let Some(slot) = self.slots.get_mut(id) else { return };
        let (sequence, issued, timeout) = (slot.entry, slot.issued, slot.timeout);
        let stage = self.stage_of(sequence);
        self.tally.counted.timeouts += 1;
        let replied = self.late.last_reply;
        if stage == TimeoutStage::Response && replied > issued && replied > self.late.counted {
            self.late.counted = self.now;
            self.late.rounds += 1;
        }
        let delivery = match stage {
            // What still waits here is withdrawn; what the driver took will be written.
            TimeoutStage::Queue => Delivery::NotSent,
            _ => Delivery::MaybeExecuted,
        };
        let mut error = Error::new(ErrorKind::Timeout(stage), delivery)
            .diagnose(self.diagnose(self.now.saturating_sub(issued), timeout));
        // Not yet connected, or in the middle of another attempt.
        let connected = matches!(self.phase, Phase::Ready | Phase::Closing);
        if let (false, Some(cause)) = (connected, &self.last_error) {
            error = error.source(cause.clone());
        }
        if let Ok(waker) = self.slots.complete(id, Outcome::Failed(error)) {
            self.wake.extend(waker);
        }
        if sequence == Slot::NO_ENTRY {
            self.room.leave(id);
            self.wake_room();
        } else {
            self.bury(sequence);
        }
    }

    fn stage_of(&self, sequence: u64) -> TimeoutStage {
        match self.entry_end(sequence) {
            Some(end) if end <= self.sent => TimeoutStage::Response,
            Some(end) if end <= self.taken => TimeoutStage::Write,
            _ => TimeoutStage::Queue,
        }
    }

    pub(crate) fn diagnose(&self, elapsed: u64, timeout: u64) -> Diagnostics {
        let in_flight = self.fifo.partition_point(|entry| entry.end <= self.sent);
        let end = self.fifo.back().map_or(self.sent, |entry| entry.end);
        let age = |at: Option<u64>| at.map(|at| Duration::from_micros(self.now.saturating_sub(at)));
        Diagnostics {
            elapsed: Duration::from_micros(elapsed),
            timeout: Duration::from_micros(timeout),
            connection: self.phase_name(),
            queued: self.fifo.len() - in_flight + self.room.len(),
            in_flight,
            bytes_unsent: end.saturating_sub(self.sent) as usize,
            bytes_in_flight: self.sent.saturating_sub(self.answered) as usize,
            last_read: age(self.last_read),
            last_write: age(self.last_write),
            failed_attempts: self.failed_attempts,
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

    /// Sends a probe when the peer has been silent for too long, or gives the peer up.
    pub(crate) fn check_liveness(&mut self) -> Result<(), Error> {
        // What the peer has sent is not looked for in a pause.
        if !matches!(self.phase, Phase::Ready | Phase::Closing) || self.is_paused() {
            return Ok(());
        }
        if self.late.rounds >= LATE_ROUNDS && !self.config.leased {
            self.late = Late::default();
            let error = Error::new(ErrorKind::ConnectionLost, Delivery::MaybeExecuted);
            return Err(error.detail(format!(
                "replies came, and in {LATE_ROUNDS} rounds of time-outs none for a command that \
                 still waited: one must have got lost"
            )));
        }
        if self.now >= self.probe_deadline {
            let patience = self.patience();
            if patience > self.now {
                // Looked at again, because that call may be given up meanwhile.
                self.probe_deadline = patience.min(self.probe_end()).min(self.show_use());
                return Ok(());
            }
            let silence = self.now.saturating_sub(self.last_read.unwrap_or(0));
            return Err(Error::new(
                ErrorKind::Timeout(TimeoutStage::Response),
                Delivery::MaybeExecuted,
            )
            .command("PING")
            .detail("the peer does not answer a probe")
            .diagnose(self.diagnose(silence, self.config.probe_timeout)));
        }
        if self.probe_deadline == NEVER && !self.quiet && self.now >= self.next_probe() {
            self.probe_deadline = self.probe_end();
            if self.config.leased && self.patience() > self.now {
                let next = self.now.saturating_add(self.config.keep_alive);
                self.probe_deadline = self.probe_deadline.min(next);
            }
            self.post(&[Arg::Bytes(b"PING")], Kind::Probe);
        }
        Ok(())
    }

    /// When a probe sent now has gone unanswered for too long; not [`NEVER`], which stands for
    /// no probe.
    fn probe_end(&self) -> u64 {
        self.now.saturating_add(self.config.probe_timeout).min(NEVER - 1)
    }

    /// Latest deadline among the calls that were given a time of their own, were sent and still
    /// wait: who gave a command more time expects a busy server, not a dead one.
    ///
    /// On the connection that all share, one call does not make all others wait: not for ever, and
    /// not for longer than [`LONGEST_PATIENCE`].
    fn patience(&self) -> u64 {
        let given =
            self.fifo.iter().filter(|entry| entry.override_deadline && entry.claim.is_some());
        let given = given.filter(|entry| entry.deadline != NEVER || self.config.leased);
        let given = given.filter(|entry| entry.end <= self.sent);
        let latest = given.map(|entry| entry.deadline).max().unwrap_or(0);
        if self.config.leased {
            return latest;
        }
        let silent_since = self.last_read.unwrap_or(0).max(self.busy_since);
        latest.min(silent_since.saturating_add(LONGEST_PATIENCE))
    }

    /// When the next probe is due, unless something is read before.
    ///
    /// Counted from the last read while idle, and from the moment the oldest reply fell
    /// due while commands are in flight: steady writing must not hide that nothing
    /// comes back.
    fn next_probe(&self) -> u64 {
        let last_read = self.last_read.unwrap_or(self.now);
        if self.fifo.is_empty() {
            return last_read.saturating_add(self.config.keep_alive);
        }
        last_read.max(self.busy_since).saturating_add(self.config.probe_after)
    }

    /// The earliest moment at which [`expire`](Self::expire) or
    /// [`check_liveness`](Self::check_liveness) has something to do.
    pub(crate) fn next_deadline(&mut self) -> u64 {
        let commands = self.commands_deadline();
        let liveness = match self.phase {
            _ if self.is_paused() => self.pause_end(),
            Phase::Ready | Phase::Closing => self.liveness_deadline(),
            _ => NEVER,
        };
        let own = self.close_by.min(self.leaving.deadline()).min(self.retry_due);
        commands.min(liveness).min(own)
    }

    /// The same for a link that is ready, is to stay so and reads, if there is nothing to do now.
    ///
    /// That is what each turn of a busy driver comes to: it asks for nothing else then.
    #[inline]
    pub(crate) fn calm_until(&mut self) -> Option<u64> {
        let calm =
            self.phase == Phase::Ready && !self.leaving.has_reason() && self.pauses.is_empty();
        if !calm {
            return None;
        }
        let commands = self.commands_deadline();
        let next = commands.min(self.liveness_deadline()).min(self.retry_due);
        (next > self.now).then_some(next)
    }

    fn liveness_deadline(&self) -> u64 {
        match self.probe_deadline {
            NEVER if self.quiet => NEVER,
            NEVER => self.next_probe(),
            probe => probe,
        }
    }

    /// The earliest deadline of a command that waits.
    #[cfg_attr(not(target_family = "wasm"), inline(always))]
    fn commands_deadline(&mut self) -> u64 {
        let ordinary = self.next_ordinary().map_or(NEVER, |(_, deadline)| deadline);
        while let Some(Reverse((_, id))) = self.overrides.peek() {
            if self.slots.is_waiting(*id) {
                break;
            }
            self.overrides.pop();
        }
        let over = self.overrides.peek().map_or(NEVER, |Reverse((deadline, _))| *deadline);
        ordinary.min(over)
    }
}
