//! One connection ends, the next begins: what is lost, what is kept, what is sent again.

use crate::{
    Delivery, Error, ErrorKind, SMALL,
    clock::NEVER,
    connection::{
        config::BacklogPolicy,
        core::{Core, Phase},
        databases::{Databases, Selected},
        entry::{Entry, Kind},
        handshake::Handshake,
        outbox::Outbox,
        slots::{Outcome, SlotId},
    },
};

impl Core {
    /// A stream is open: the handshake's commands go before everything that waits.
    ///
    /// `bare` leaves out what a simple proxy hangs up on. Returns the bytes to write first.
    pub(crate) fn begin_session(&mut self, bare: bool) -> Outbox {
        self.begin_leaving_anew();
        self.liveness.begin();
        let (bytes, steps) = self.wire.handshake.begin(&self.config, &self.credentials, bare);
        // After a failure, only an answer shows that this stream leads anywhere: a gateway
        // accepts and closes again, and what was written to it would count as maybe executed.
        let failed = self.redial.failed_attempts > 0;
        self.wire.hold = failed || Handshake::must_hold(&self.config, &self.credentials);
        self.tally.begin(steps.len());
        self.wire.begin(bytes.len(), steps);
        #[cfg(feature = "full")]
        self.maintained.begin(self.wire.number, self.now);
        #[cfg(feature = "topology")]
        {
            self.redial.surrendered = false;
        }
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
        let batch_start = self.wire.taken - batch.len() as u64;
        self.tally.end(self.wire.sent);
        let scouting = self.wire.scouting;
        let (sent, start) = self.wire.end();
        self.tally.unanswered(sent.len(), sent.len());
        let mut lost = 0;
        #[cfg(feature = "full")]
        let cause = &cause.clone().during(self.maintenance());
        for id in sent.into_iter().filter_map(|entry| entry.claim.settle()) {
            let delivery = if may_have_run { Delivery::MaybeExecuted } else { Delivery::NotSent };
            lost += usize::from(may_have_run);
            let error = Error::new(ErrorKind::ConnectionLost, delivery).source(cause.clone());
            self.fail(id, error);
        }
        let mut bytes = batch.all_bytes();
        bytes.extend_from_slice(&self.backlog.out.all_bytes());
        let skip = usize::try_from(start - batch_start).unwrap_or(bytes.len());
        self.backlog.out.clear();
        self.backlog.out.push_raw(bytes.get(skip..).unwrap_or_default());
        self.liveness.probe_deadline = NEVER;
        self.end_pauses();
        self.end_retries();
        if matches!(self.phase, Phase::Handshake | Phase::Ready) {
            self.phase = Phase::Disconnected;
        }
        if scouting && !SMALL {
            self.note_lost_scout(cause);
        }
        // Handshake, probes and subscriptions are made anew for each connection.
        self.compact(false);
        if self.config.backlog == BacklogPolicy::FailFast {
            self.fail_unsent(cause);
        }
        self.wake_room();
        lost
    }

    /// While there is no connection: gives what waits for one back to its callers, who look anew where it goes. `all`:
    /// nothing is to wait here from now on.
    #[cfg(feature = "topology")]
    pub(crate) fn surrender(&mut self, all: bool) {
        if self.phase == Phase::Disconnected {
            self.redial.surrendered |= all;
            self.drain_unsent(&Error::given_back());
            self.wakes.wake_watchers();
        }
    }

    /// With a connection: gives what is not on its way yet back to its callers, who look anew where it goes.
    #[cfg(feature = "topology")]
    pub(crate) fn give_back(&mut self) {
        if !self.is_connected() {
            return;
        }
        let taken = self.wire.taken;
        let unsent = self.wire.fifo.iter().rev().take_while(|entry| entry.end > taken);
        let unsent = unsent.filter(|entry| entry.kind.is_callers());
        let unsent: Vec<SlotId> = unsent.filter_map(|entry| entry.claim.slot()).collect();
        // The first one first, as they were issued.
        for id in unsent.into_iter().rev() {
            let Some(sequence) = self.slots.get_mut(id).map(|slot| slot.entry) else { continue };
            self.fail(id, Error::given_back());
            self.bury(sequence);
        }
        let in_room: Vec<SlotId> = self.backlog.room.callers().collect();
        for id in in_room {
            self.fail(id, Error::given_back());
            self.backlog.room.leave(id);
        }
        self.wake_room();
    }

    /// Nothing waits for the next connection.
    fn fail_unsent(&mut self, cause: &Error) {
        let error = Error::new(ErrorKind::ConnectionLost, Delivery::NotSent);
        self.drain_unsent(&error.source(cause.clone()));
    }

    fn drain_unsent(&mut self, error: &Error) {
        let entries = self.wire.drain();
        self.tally.unanswered(entries.len(), 0);
        for id in entries.into_iter().filter_map(|entry| entry.claim.settle()) {
            self.fail(id, error.clone());
        }
        self.backlog.out.clear();
        self.backlog.dead = 0;
        self.databases = Databases::new(self.config.database);
        self.deadlines.unexpired = self.wire.front;
    }

    /// Drops the bytes and entries of unsent commands that nobody waits for, and, unless
    /// they are still of use, those of the client's own commands.
    pub(in crate::connection) fn compact(&mut self, keep_own: bool) {
        let taken = self.wire.taken;
        let first = self.wire.fifo.partition_point(|entry| entry.end <= taken);
        let bytes = self.backlog.out.all_bytes();
        let entries: Vec<Entry> = self.wire.fifo.drain(first..).collect();
        self.backlog.out = Outbox::default();
        // Without a stream, what is kept is prepared for the next one.
        let plain_of = self.databases.plain_of;
        let mut here = Some(Selected::HOME);
        let mut plain_is_kept = false;
        if !keep_own {
            let lost_scouts = self.databases.lost_scouts;
            self.databases = Databases::new(self.config.database);
            self.databases.lost_scouts = lost_scouts;
        }
        let mut start = taken;
        for mut entry in entries {
            let range = (start - taken) as usize..(entry.end - taken) as usize;
            start = entry.end;
            if !entry.claim.is_some() && (entry.kind.is_callers() || !keep_own) {
                if keep_own && let Kind::Visit(visit) = &entry.kind {
                    self.databases.forget(visit);
                }
                continue;
            }
            if !keep_own {
                plain_is_kept |= !matches!(entry.kind, Kind::Visit(_));
                self.guard(&mut here, plain_of, &mut entry.kind);
            }
            self.backlog.out.push_raw(bytes.get(range).unwrap_or_default());
            entry.end = taken + self.backlog.out.len() as u64;
            if let Some(slot) = entry.claim.slot().and_then(|id| self.slots.get_mut(id)) {
                slot.entry = self.wire.next_sequence();
            }
            self.wire.fifo.push_back(entry);
        }
        if plain_is_kept {
            self.databases.plain_of = plain_of;
        }
        self.backlog.dead = 0;
        if !keep_own {
            self.asks.confirming.clear();
        }
        self.deadlines.unexpired = self.deadlines.unexpired.min(self.wire.front + first as u64);
    }

    /// Gives a caller this error as its outcome.
    #[cold]
    #[inline(never)]
    pub(in crate::connection) fn fail(&mut self, id: SlotId, error: Error) {
        if let Ok(waker) = self.slots.complete(id, Outcome::Failed(error)) {
            self.wakes.due.extend(waker);
        }
    }

    /// Fails everything that is still to be answered or sent.
    pub(crate) fn fail_all(&mut self, kind: ErrorKind) {
        // Not `sent`: what the driver has taken it may be writing at this moment.
        let taken = self.wire.taken;
        let entries = self.wire.drain();
        let sent = entries.iter().filter(|entry| entry.end <= self.wire.sent).count();
        self.tally.unanswered(entries.len(), sent);
        self.tally.end(self.wire.sent);
        let in_room = std::mem::take(&mut self.backlog.room);
        let in_room = in_room.callers().map(|id| (id, false));
        let queued = entries.into_iter().filter_map(|e| Some((e.claim.settle()?, e.end <= taken)));
        for (id, was_taken) in queued.chain(in_room) {
            let delivery = if was_taken { Delivery::MaybeExecuted } else { Delivery::NotSent };
            let mut error = Error::new(kind, delivery);
            if let Some(cause) = &self.redial.last_error {
                error = error.source(cause.clone());
            }
            self.fail(id, error);
        }
        self.backlog.out.clear();
        self.databases = Databases::new(self.config.database);
        self.asks.confirming.clear();
        self.backlog.dead = 0;
        self.deadlines.clear(&self.wire);
        self.wire.rewind();
    }

    /// The link is over: nothing is accepted or answered any more.
    pub(crate) fn shut(&mut self) {
        self.phase = Phase::Closed;
        self.fail_all(self.ending.kind);
        self.wakes.wake_watchers();
    }

    /// Nothing is due and nothing waits: a closing link may end.
    pub(crate) fn is_drained(&self) -> bool {
        self.wire.fifo.is_empty() && self.backlog.room.is_empty()
    }
}
