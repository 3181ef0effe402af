//! One connection ends, the next begins: what is lost, what is kept, what is sent again.

use super::{
    config::BacklogPolicy,
    core::{Core, Phase},
    deadline::Late,
    entry::{Claim, Entry, Kind},
    handshake::Handshake,
    outbox::Outbox,
    slots::{Outcome, Preceding},
};
use crate::{Delivery, Error, ErrorKind, clock::NEVER};

impl Core {
    /// A stream is open: the handshake's commands go before everything that waits.
    ///
    /// `bare` leaves out what a simple proxy hangs up on. Returns the bytes to write first.
    pub(crate) fn begin_session(&mut self, bare: bool) -> Outbox {
        self.session += 1;
        self.begin_leaving_anew();
        self.late = Late::default();
        let (bytes, steps) = self.handshake.begin(&self.config, &self.credentials, bare);
        // After a failure, only an answer shows that this stream leads anywhere: a gateway
        // accepts and closes again, and what was written to it would count as maybe executed.
        self.hold =
            Handshake::must_hold(&self.config, &self.credentials) || self.failed_attempts > 0;
        let shift = bytes.len() as u64;
        debug_assert_eq!(self.taken, 0);
        self.fifo.iter_mut().for_each(|entry| entry.end += shift);
        let mut end = shift;
        self.tally.begin(steps.len());
        for (step, len) in steps.into_iter().rev() {
            self.fifo.push_front(Entry {
                end,
                deadline: NEVER,
                claim: Claim::none(),
                kind: Kind::Step(step),
                override_deadline: false,
            });
            self.front -= 1;
            end -= len as u64;
        }
        self.taken = shift;
        self.sent = 0;
        self.answered = 0;
        self.last_read = None;
        self.last_write = None;
        self.probe_deadline = NEVER;
        if self.phase == Phase::Disconnected {
            self.phase = Phase::Handshake;
        }
        self.wake_room();
        let mut first = Outbox::default();
        first.push_raw(&bytes);
        first
    }

    /// The stream is gone: fails what may have been executed, keeps what was not sent.
    ///
    /// `batch` is what the driver had taken; `may_have_run` is false where the server
    /// refused to execute anything. Returns how many commands may have been executed.
    pub(crate) fn end_session(
        &mut self,
        batch: &Outbox,
        cause: &Error,
        may_have_run: bool,
    ) -> usize {
        if self.phase == Phase::Closed {
            // Aborted while the driver was at the stream: everything has failed already.
            return 0;
        }
        if let Some(cache) = &self.config.cache {
            cache.reset(false);
        }
        self.dismiss_asks();
        let batch_start = self.taken - batch.len() as u64;
        let unsent = self.fifo.partition_point(|entry| entry.end <= self.sent);
        let mut lost = 0;
        // Commands lie end to end: the first one kept begins where the last one lost ends.
        let mut first_start = self.answered;
        for entry in self.fifo.drain(..unsent) {
            first_start = entry.end;
            let Some(id) = entry.claim.settle() else { continue };
            let delivery = if may_have_run { Delivery::MaybeExecuted } else { Delivery::NotSent };
            lost += usize::from(may_have_run);
            let error = Error::new(ErrorKind::ConnectionLost, delivery).source(cause.clone());
            if let Ok(waker) = self.slots.complete(id, Outcome::Failed(error)) {
                self.wake.extend(waker);
            }
        }
        self.front += unsent as u64;
        self.tally.unanswered(unsent, unsent);
        self.tally.end(self.sent);
        let mut bytes = batch.all_bytes();
        bytes.extend_from_slice(&self.out.all_bytes());
        // Offsets count from the first byte that is kept.
        let skip = usize::try_from(first_start - batch_start).unwrap_or(bytes.len());
        self.fifo.iter_mut().for_each(|entry| entry.end -= first_start);
        self.out.clear();
        self.out.push_raw(bytes.get(skip..).unwrap_or_default());
        self.taken = 0;
        self.sent = 0;
        self.answered = 0;
        self.preceding = Preceding::default();
        self.hold = true;
        self.probe_deadline = NEVER;
        self.end_pauses();
        self.end_retries();
        if matches!(self.phase, Phase::Handshake | Phase::Ready) {
            self.phase = Phase::Disconnected;
        }
        // Handshake, probes and subscriptions are made anew for each connection.
        self.compact(false);
        if self.config.backlog == BacklogPolicy::FailFast {
            self.fail_unsent(cause);
        }
        self.wake_room();
        lost
    }

    /// Nothing waits for the next connection.
    fn fail_unsent(&mut self, cause: &Error) {
        self.front += self.fifo.len() as u64;
        self.tally.unanswered(self.fifo.len(), 0);
        for id in self.fifo.drain(..).filter_map(|entry| entry.claim.settle()) {
            let error = Error::new(ErrorKind::ConnectionLost, Delivery::NotSent);
            let outcome = Outcome::Failed(error.source(cause.clone()));
            if let Ok(waker) = self.slots.complete(id, outcome) {
                self.wake.extend(waker);
            }
        }
        self.out.clear();
        self.unexpired = self.front;
    }

    /// Drops the bytes and entries of unsent commands that nobody waits for, and, unless
    /// they are still of use, those of the client's own commands.
    pub(super) fn compact(&mut self, keep_own: bool) {
        let taken = self.taken;
        let first = self.fifo.partition_point(|entry| entry.end <= taken);
        let bytes = self.out.all_bytes();
        let entries: Vec<Entry> = self.fifo.drain(first..).collect();
        let mut out = Outbox::default();
        let mut start = taken;
        for mut entry in entries {
            let range = (start - taken) as usize..(entry.end - taken) as usize;
            start = entry.end;
            if !entry.claim.is_some() && (entry.kind.is_callers() || !keep_own) {
                continue;
            }
            out.push_raw(bytes.get(range).unwrap_or_default());
            entry.end = taken + out.len() as u64;
            if let Some(slot) = entry.claim.slot().and_then(|id| self.slots.get_mut(id)) {
                slot.entry = self.front + self.fifo.len() as u64;
            }
            self.fifo.push_back(entry);
        }
        self.out = out;
        self.dead_unsent = 0;
        if !keep_own {
            self.confirming.clear();
        }
        self.unexpired = self.unexpired.min(self.front + first as u64);
    }

    /// Fails everything that is still to be answered or sent.
    pub(crate) fn fail_all(&mut self, kind: ErrorKind) {
        // Not `sent`: what the driver has taken it may be writing at this moment.
        let taken = self.taken;
        let entries: Vec<Entry> = self.fifo.drain(..).collect();
        self.front += entries.len() as u64;
        let sent = entries.iter().filter(|entry| entry.end <= self.sent).count();
        self.tally.unanswered(entries.len(), sent);
        self.tally.end(self.sent);
        let in_room = std::mem::take(&mut self.room);
        let in_room = in_room.callers().map(|id| (id, false));
        let queued = entries.into_iter().filter_map(|e| Some((e.claim.settle()?, e.end <= taken)));
        for (id, was_taken) in queued.chain(in_room) {
            let delivery = if was_taken { Delivery::MaybeExecuted } else { Delivery::NotSent };
            let mut error = Error::new(kind, delivery);
            if let Some(cause) = &self.last_error {
                error = error.source(cause.clone());
            }
            if let Ok(waker) = self.slots.complete(id, Outcome::Failed(error)) {
                self.wake.extend(waker);
            }
        }
        self.out.clear();
        self.confirming.clear();
        self.unexpired = self.front;
        self.dead_unsent = 0;
        self.preceding = Preceding::default();
        self.overrides.clear();
        self.taken = 0;
        self.sent = 0;
        self.answered = 0;
    }

    /// The link is over: nothing is accepted or answered any more.
    pub(crate) fn shut(&mut self) {
        self.phase = Phase::Closed;
        self.fail_all(self.end);
        self.wake_watchers();
    }

    /// Nothing is due and nothing waits: a closing link may end.
    pub(crate) fn is_drained(&self) -> bool {
        self.fifo.is_empty() && self.room.is_empty()
    }

    /// Stream offset behind the last byte of an entry.
    pub(super) fn entry_end(&self, sequence: u64) -> Option<u64> {
        let index = usize::try_from(sequence.checked_sub(self.front)?).ok()?;
        Some(self.fifo.get(index)?.end)
    }
}
