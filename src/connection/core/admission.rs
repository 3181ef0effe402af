//! How a command gets into the queue, and how it leaves it unsent.

use std::task::Waker;

use crate::{
    Delivery, Error, ErrorKind, SMALL,
    clock::NEVER,
    connection::{
        config::BacklogPolicy,
        core::{Core, Phase, Submission},
        entry::{Claim, Entry, Kind},
        slots::{Collection, Slot, SlotId, Slots},
    },
    resp::{Arg, encoded_len},
};

impl Core {
    /// Accepts a command: queues it, or puts the caller in the line for room.
    ///
    /// `waiting` is the slot of a caller that has been in that line.
    pub(crate) fn submit(
        &mut self,
        command: &Submission<'_>,
        waiting: Option<SlotId>,
        waker: &Waker,
    ) -> Result<SlotId, Error> {
        if let Some(id) = waiting
            && !self.is_waiting_for_room(id)
        {
            // Its time was up after the caller looked: the outcome is for its next look.
            self.wakes.due.push(waker.clone());
            return Ok(id);
        }
        let admitted = self.admit(command, waiting);
        let given = self.given_time(command);
        let timeout = given.unwrap_or(self.config.command_timeout);
        match admitted {
            Err(error) => {
                if let Some(id) = waiting {
                    self.leave_room(id);
                }
                Err(error)
            }
            Ok(true) => {
                self.check_before();
                let kind = self.write(command);
                let sequence = self.wire.next_sequence();
                let (id, issued) = match waiting {
                    Some(id) => {
                        self.backlog.room.leave_first();
                        self.slots.poll(id, waker);
                        let issued = self.slots.get_mut(id).map(|slot| {
                            slot.entry = sequence;
                            slot.issued
                        });
                        (id, issued.unwrap_or(self.now))
                    }
                    None => {
                        let waker = Some(waker.clone());
                        (self.slots.insert(sequence, self.now, timeout, waker), self.now)
                    }
                };
                let deadline = issued.saturating_add(timeout);
                // Who stood in line has been in the heap since then.
                if waiting.is_none() && given.is_some() {
                    self.deadlines.give(deadline, id);
                }
                let over = waiting.is_some() || given.is_some();
                self.push_entry(Claim::of(id), deadline, over, kind);
                if waiting.is_some() {
                    // After it: what the next one sends goes behind it.
                    self.wake_room();
                }
                Ok(id)
            }
            Ok(false) => match waiting {
                Some(id) => {
                    self.slots.poll(id, waker);
                    Ok(id)
                }
                None => {
                    let id =
                        self.slots.insert(Slot::NO_ENTRY, self.now, timeout, Some(waker.clone()));
                    self.backlog.room.enter(id);
                    self.deadlines.give(self.now.saturating_add(timeout), id);
                    Ok(id)
                }
            },
        }
    }

    /// Accepts a command whose outcome is for the collector, unless there is no room for it now.
    pub(crate) fn submit_collected(
        &mut self,
        command: &Submission<'_>,
        number: u32,
    ) -> Result<Option<SlotId>, Error> {
        self.submit_now(command, |slots, sequence, now, timeout| {
            slots.insert_collected(sequence, now, timeout, number)
        })
    }

    /// Accepts a command, unless there is no room for it now; its outcome wakes nobody until somebody asks for it.
    #[cfg(feature = "topology")]
    pub(in crate::connection) fn submit_unwatched(
        &mut self,
        command: &Submission<'_>,
    ) -> Result<Option<SlotId>, Error> {
        self.submit_now(command, |slots, sequence, now, timeout| {
            slots.insert(sequence, now, timeout, None)
        })
    }

    #[inline(always)]
    fn submit_now(
        &mut self,
        command: &Submission<'_>,
        insert: impl FnOnce(&mut Slots, u64, u64, u64) -> SlotId,
    ) -> Result<Option<SlotId>, Error> {
        if !self.admit(command, None)? {
            return Ok(None);
        }
        self.check_before();
        let kind = self.write(command);
        let sequence = self.wire.next_sequence();
        let given = self.given_time(command);
        let timeout = given.unwrap_or(self.config.command_timeout);
        let id = insert(&mut self.slots, sequence, self.now, timeout);
        let deadline = self.now.saturating_add(timeout);
        let over = given.is_some();
        if over {
            self.deadlines.give(deadline, id);
        }
        self.push_entry(Claim::of(id), deadline, over, kind);
        Ok(Some(id))
    }

    /// The time of a command that is not the link's own: the caller's, or a longer one while the server has announced
    /// maintenance.
    #[inline(always)]
    fn given_time(&self, command: &Submission<'_>) -> Option<u64> {
        #[cfg(feature = "full")]
        if command.timeout.is_none() && self.maintained.until > self.now {
            return Some(self.maintained.relaxed);
        }
        command.timeout
    }

    /// Encodes a command; what its entry expects.
    #[cfg_attr(not(target_family = "wasm"), inline(always))]
    fn write(&mut self, command: &Submission<'_>) -> Kind {
        if command.database != self.databases.plain() {
            return self.write_visit(command);
        }
        if let Some(prelude) = command.prelude {
            self.backlog.out.push_raw(&prelude.bytes);
        }
        self.backlog.out.push_command(command.args);
        command.kind()
    }

    /// The collector wants no outcome of this one, not even one that is there.
    pub(crate) fn give_up_collected(&mut self, id: SlotId) {
        self.abandon(id);
        self.slots.collection.outcomes.retain(|(_, of, _)| *of != id);
    }

    /// The collector has gone, and its commands with it.
    pub(crate) fn end_collection(&mut self) {
        for id in self.slots.collected() {
            self.abandon(id);
        }
        self.slots.collection = Collection::default();
    }

    /// Whether a command may be queued now (`true`) or must wait for room (`false`).
    #[cfg_attr(not(target_family = "wasm"), inline(always))]
    fn admit(&self, command: &Submission<'_>, waiting: Option<SlotId>) -> Result<bool, Error> {
        if matches!(self.phase, Phase::Closing | Phase::Closed) {
            return Err(self.closed_error());
        }
        if !SMALL && command.database != self.databases.plain() {
            self.check_database(command.database)?;
        }
        let first_in_line = match waiting {
            Some(id) => self.backlog.room.is_first(id),
            None => self.backlog.room.is_empty(),
        };
        if !self.is_connected() {
            match self.config.backlog {
                BacklogPolicy::FailFast => return Err(self.disconnected_error()),
                BacklogPolicy::Queue { max_commands, max_bytes } => {
                    let commands = self.wire.fifo.len() - self.backlog.dead;
                    if commands >= max_commands
                        || self.backlog.out.len() + command.encoded_len() > max_bytes
                    {
                        return Err(self.backlog_full_error(max_commands, max_bytes));
                    }
                }
            }
            return Ok(first_in_line);
        }
        Ok(first_in_line && self.backlog.has_room(self.config.high_water))
    }

    /// Queues a command of the client's own whose reply nobody waits for: a probe, a check, a
    /// setting.
    ///
    /// It has no place in the program's order, and does not stand in line.
    pub(crate) fn post(&mut self, args: &[Arg<'_>], kind: Kind) {
        self.push_own(args);
        self.push_entry(Claim::none(), NEVER, false, kind);
    }

    /// Encodes a command of the client's own, which a server may know by another name.
    pub(in crate::connection) fn push_own(&mut self, args: &[Arg<'_>]) {
        match args.split_first() {
            Some((Arg::Bytes(name), rest)) if !self.config.commands.is_empty() => {
                let name = String::from_utf8_lossy(name);
                let name = self.config.commands.name_of(&name);
                let renamed = [&[Arg::Bytes(name.as_bytes())], rest].concat();
                self.backlog.out.push_command(&renamed);
            }
            _ => self.backlog.out.push_command(args),
        }
    }

    /// Puts an integrity check before the command, if the options ask for checks.
    fn check_before(&mut self) {
        if self.config.high_integrity.get().is_some() {
            self.post_check();
        }
    }

    #[cold]
    fn post_check(&mut self) {
        self.wire.checks = self.wire.checks.wrapping_add(1);
        let number = self.wire.checks;
        let text = self.check_text(number);
        self.post(&[Arg::Bytes(b"ECHO"), Arg::Bytes(text.as_bytes())], Kind::Check(number));
    }

    pub(in crate::connection) fn push_entry(
        &mut self,
        claim: Claim,
        deadline: u64,
        over: bool,
        kind: Kind,
    ) {
        let end = self.wire.taken + self.backlog.out.len() as u64;
        if self.wire.fifo.is_empty() {
            self.liveness.busy_since = self.now;
        }
        self.wire.fifo.push_back(Entry { end, deadline, claim, kind, override_deadline: over });
    }

    /// Whether the caller is still in the line for room and has no outcome.
    pub(crate) fn is_waiting_for_room(&mut self, id: SlotId) -> bool {
        let waiting = self.slots.is_waiting(id);
        self.slots.get_mut(id).is_some_and(|slot| waiting && slot.entry == Slot::NO_ENTRY)
    }

    /// The caller wants no outcome; the command goes its way.
    pub(crate) fn detach(&mut self, id: SlotId) {
        self.slots.detach(id);
    }

    /// The caller has gone: what is unsent is not sent, what was sent has its reply eaten.
    pub(crate) fn abandon(&mut self, id: SlotId) {
        let Some(slot) = self.slots.get_mut(id) else { return };
        let sequence = slot.entry;
        let waiting = self.slots.is_waiting(id);
        self.tally.counted.abandoned += u64::from(waiting);
        self.slots.abandon(id);
        if sequence == Slot::NO_ENTRY {
            self.leave_room(id);
        } else if waiting {
            self.bury(sequence);
        }
    }

    /// Turns an entry into a tombstone.
    pub(in crate::connection) fn bury(&mut self, sequence: u64) {
        let index = sequence.wrapping_sub(self.wire.front) as usize;
        let taken = self.wire.taken;
        if let Some(entry) = self.wire.fifo.get_mut(index) {
            entry.claim.waive();
            if entry.end > taken && entry.kind.is_callers() {
                self.backlog.dead += 1;
            }
        }
        // Without a connection nothing else would free what was given up.
        if !self.is_connected()
            && self.backlog.dead > 64
            && self.backlog.dead * 2 > self.wire.fifo.len()
        {
            self.compact(false);
        }
    }

    pub(in crate::connection) fn leave_room(&mut self, id: SlotId) {
        self.slots.abandon(id);
        self.backlog.room.leave(id);
        self.wake_room();
        self.wake_closing();
    }

    pub(crate) fn closed_error(&self) -> Error {
        let error = Error::new(self.ending.kind, Delivery::NotSent);
        match &self.redial.last_error {
            Some(cause) if self.phase == Phase::Closed => error.source(cause.clone()),
            _ => error,
        }
    }

    pub(in crate::connection) fn disconnected_error(&self) -> Error {
        let error = Error::new(ErrorKind::ConnectionLost, Delivery::NotSent)
            .detail("not connected, and the backlog policy is to fail fast");
        match &self.redial.last_error {
            Some(cause) => error.source(cause.clone()),
            None => error,
        }
    }

    fn backlog_full_error(&self, max_commands: usize, max_bytes: usize) -> Error {
        let error = Error::new(ErrorKind::QueueFull, Delivery::NotSent).detail(format!(
            "not connected, and the backlog holds {} commands ({} B) of at most {max_commands} ({max_bytes} B)",
            self.wire.fifo.len() - self.backlog.dead,
            self.backlog.out.len(),
        ));
        match &self.redial.last_error {
            Some(cause) => error.source(cause.clone()),
            None => error,
        }
    }
}

impl Submission<'_> {
    pub(in crate::connection) fn kind(&self) -> Kind {
        match self.prelude {
            None => Kind::Command,
            Some(prelude) => Kind::Group { replies: prelude.commands + 1 },
        }
    }

    fn encoded_len(&self) -> usize {
        self.prelude.map_or(0, |prelude| prelude.bytes.len()) + encoded_len(self.args)
    }
}
