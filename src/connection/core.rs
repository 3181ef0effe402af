//! The state of one link, without I/O: commands in, bytes out; bytes in, replies out.
//!
//! Everything here runs under the link's lock and takes the time as an argument, so
//! tests drive it with simulated time and no sockets.

use std::{
    cmp::Reverse,
    collections::{BinaryHeap, VecDeque},
    sync::Arc,
    task::Waker,
};

use super::{
    config::LinkConfig,
    confirm::Confirming,
    counters::{FIRST, Tally},
    credentials::Credentials,
    deadline::Late,
    entry::{Claim, Entry, Kind, Step},
    handshake::{Handshake, HandshakeEvent, ServerInfo},
    leaving::Leaving,
    lines::Lines,
    outbox::Outbox,
    pause::Pauses,
    push::Push,
    redial::Redial,
    room::Room,
    settings::Settings,
    slots::{Outcome, Preceding, SlotId, Slots},
    watch::Watches,
};
use crate::{
    Delivery, Error, ErrorKind, FULL,
    clock::NEVER,
    resp::{Arg, Frame, Kind as ReplyKind, Protocol},
};

/// Where a link stands
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Nothing is asked of this link yet: it does not dial.
    Dormant,
    /// Not connected: waiting to dial, or dialling.
    Disconnected,
    /// Connected; the handshake is under way.
    Handshake,
    /// Ready for use.
    Ready,
    /// Closed by the program: finishing what was issued.
    Closing,
    /// Over.
    Closed,
}

/// A command to be sent
pub(crate) struct Submission<'a> {
    pub(crate) args: &'a [Arg<'a>],
    /// Goes before it, with nothing in between.
    pub(crate) prelude: Option<&'a Prelude>,
    /// Microseconds, where it differs from the link's own.
    pub(crate) timeout: Option<u64>,
}

/// Commands that go out in one piece with the one behind them, such as `MULTI` and what is
/// queued after it
///
/// Until the last command is there they must be without effect: cut off in the middle, the
/// whole is sent again on the next connection.
#[derive(Debug, Default)]
pub(crate) struct Prelude {
    /// The encoded commands.
    pub(crate) bytes: Vec<u8>,
    /// How many they are.
    pub(crate) commands: u32,
    /// Once answered: the errors among the replies, each with its command's place from 0.
    pub(crate) errors: Vec<(u32, Frame)>,
}

/// What replies bring about once the lock is released
#[derive(Default)]
pub(crate) struct Inbox {
    /// What answers no command, and what became of subscriptions, in the order of the stream.
    pub(crate) pushes: Vec<Push>,
    /// Settings of the connection that the server refused: the command and the error's code.
    pub(crate) refused_settings: Vec<(&'static str, String)>,
    /// The handshake has just succeeded.
    pub(crate) became_ready: bool,
    /// Codes of error replies nobody waits for any more.
    pub(crate) orphan_errors: Vec<String>,
}

impl Inbox {
    pub(crate) fn is_worth_a_look(&self) -> bool {
        self.became_ready
            || !self.pushes.is_empty()
            || !self.orphan_errors.is_empty()
            || !self.refused_settings.is_empty()
    }
}

pub(crate) struct Core {
    pub(crate) config: Arc<LinkConfig>,
    /// Those of the last handshake, and of the next one unless a provider gives others.
    pub(crate) credentials: Credentials,
    pub(crate) phase: Phase,
    pub(super) slots: Slots,
    /// Commands whose reply is due, oldest first.
    pub(super) fifo: VecDeque<Entry>,
    /// Sequence number of `fifo[0]`.
    pub(super) front: u64,
    /// Commands not yet taken by the driver.
    pub(super) out: Outbox,
    /// Stream offset at which `out` begins.
    pub(super) taken: u64,
    /// Stream offset up to which the transport took the bytes.
    pub(super) sent: u64,
    /// Stream offset behind the last answered command.
    pub(super) answered: u64,
    /// What is known of the group of commands that is being answered.
    pub(super) preceding: Preceding,
    /// Errors among the replies to preludes, until their callers take them; hardly ever any.
    pub(super) prelude_errors: Vec<(SlotId, Vec<(u32, Frame)>)>,
    /// Subscription commands among those in the FIFO, in their order.
    pub(super) confirming: VecDeque<Confirming>,
    /// Tickets of those that were lost with their stream before they were sent, until the next one.
    pub(super) never_asked: Vec<u64>,
    pub(super) settings: Settings,
    /// When the registry has something to ask for again; [`NEVER`] for nothing.
    pub(super) subscriptions_due: u64,
    /// The earlier one of that and the same of the settings.
    pub(super) retry_due: u64,
    /// Integrity checks made so far.
    pub(super) checks: u32,
    /// Entries in `out` that nobody waits for any more.
    pub(super) dead_unsent: usize,
    /// What waits for room in `out`.
    pub(super) room: Room,
    /// First FIFO entry whose ordinary deadline has not been looked at.
    pub(super) unexpired: u64,
    /// Deadlines that do not follow FIFO order.
    pub(super) overrides: BinaryHeap<Reverse<(u64, SlotId)>>,
    /// Counts the streams this link has had.
    pub(crate) session: u64,
    /// User commands wait until the handshake has succeeded.
    pub(super) hold: bool,
    pub(super) pauses: Pauses,
    pub(super) leaving: Leaving,
    pub(super) redial: Redial,
    pub(super) late: Late,
    /// The borrower of a leased connection has made it its own: the client says nothing on it.
    pub(crate) quiet: bool,
    /// What commands fail with once the link is over.
    pub(super) end: ErrorKind,
    /// Somebody wants to lease a connection beside this one, and waits for it.
    pub(super) wanted: bool,
    pub(super) handshake: Handshake,
    pub(crate) server: Option<ServerInfo>,
    pub(crate) protocol: Protocol,
    /// Microseconds of the link's clock, as last read.
    pub(super) now: u64,
    pub(super) last_read: Option<u64>,
    pub(super) last_write: Option<u64>,
    /// When the FIFO last turned from empty to not empty.
    pub(super) busy_since: u64,
    pub(super) probe_deadline: u64,
    /// When a closing link gives up waiting for replies.
    pub(super) close_by: u64,
    /// Why the last connection attempt or connection failed.
    pub(crate) last_error: Option<Error>,
    pub(crate) failed_attempts: u32,
    /// The driver runs, or has been woken and will.
    pub(crate) driver_scheduled: bool,
    /// The driver, parked, would take more output.
    pub(super) driver_wants_output: bool,
    /// When the parked driver wakes by itself.
    pub(super) driver_armed: u64,
    pub(super) driver: Option<Waker>,
    /// Whoever waits for the phase to change.
    pub(super) watchers: Vec<Waker>,
    /// To be called by whoever holds the lock, once it is released.
    pub(super) wake: Vec<Waker>,
    pub(super) tally: Tally,
    /// Commands that somebody observes.
    pub(super) watches: Watches,
}

impl Core {
    pub(crate) fn new(config: Arc<LinkConfig>, credentials: Credentials, phase: Phase) -> Self {
        Self {
            config,
            credentials,
            phase,
            slots: Slots::new(),
            fifo: VecDeque::new(),
            front: FIRST,
            out: Outbox::default(),
            taken: 0,
            sent: 0,
            answered: 0,
            preceding: Preceding::default(),
            prelude_errors: Vec::new(),
            confirming: VecDeque::new(),
            never_asked: Vec::new(),
            settings: Settings::default(),
            subscriptions_due: NEVER,
            retry_due: NEVER,
            checks: 0,
            dead_unsent: 0,
            room: Room::default(),
            unexpired: FIRST,
            overrides: BinaryHeap::new(),
            session: 0,
            hold: true,
            pauses: Pauses::default(),
            leaving: Leaving::default(),
            redial: Redial::default(),
            late: Late::default(),
            quiet: false,
            end: ErrorKind::Closed,
            wanted: false,
            handshake: Handshake::default(),
            server: None,
            protocol: Protocol::Resp2,
            now: 0,
            last_read: None,
            last_write: None,
            busy_since: 0,
            probe_deadline: NEVER,
            close_by: NEVER,
            last_error: None,
            failed_attempts: 0,
            driver_scheduled: false,
            driver_wants_output: false,
            driver_armed: NEVER,
            driver: None,
            watchers: Vec::new(),
            wake: Vec::new(),
            tally: Tally::default(),
            watches: Watches::default(),
        }
    }

    /// Lets whoever waits for the phase to change look again.
    pub(crate) fn wake_watchers(&mut self) {
        self.wake.append(&mut self.watchers);
    }

    /// Microseconds of the link's clock, as last read.
    pub(crate) fn now(&self) -> u64 {
        self.now
    }

    /// A closing link has waited long enough.
    pub(crate) fn is_close_overdue(&self) -> bool {
        self.now >= self.close_by
    }

    pub(crate) fn is_connected(&self) -> bool {
        matches!(self.phase, Phase::Handshake | Phase::Ready | Phase::Closing)
    }

    /// The errors among the replies to a command's prelude.
    pub(crate) fn take_prelude_errors(&mut self, id: SlotId) -> Vec<(u32, Frame)> {
        match self.prelude_errors.iter().position(|(of, _)| *of == id) {
            Some(place) => self.prelude_errors.swap_remove(place).1,
            None => Vec::new(),
        }
    }

    /// Moves the queued bytes into `batch`, which must be empty.
    pub(crate) fn take_output(&mut self, batch: &mut Outbox) {
        if self.hold || self.out.is_empty() || !self.is_connected() {
            return;
        }
        if self.dead_unsent > 0 {
            self.compact(true);
        }
        std::mem::swap(&mut self.out, batch);
        self.taken += batch.len() as u64;
        self.tally.batch(batch.len(), self.fifo.len());
        if !self.room.is_empty() {
            self.wake_room();
        }
    }

    /// Notes what the transport took.
    pub(crate) fn note_sent(&mut self, bytes: usize) {
        if bytes == 0 {
            return;
        }
        self.sent += bytes as u64;
        self.last_write = Some(self.now);
        if !self.watches.is_empty() {
            self.note_watched_sent();
            // A reply may be read before it is noted that its command was sent.
            self.note_watched_answered();
        }
    }

    /// Matches replies with the commands they answer; `bytes` were read.
    pub(crate) fn receive(
        &mut self,
        bytes: usize,
        frames: impl Iterator<Item = Frame>,
        inbox: &mut Inbox,
    ) -> Result<(), Error> {
        if bytes > 0 {
            self.last_read = Some(self.now);
        }
        self.tally.counted.bytes_read += bytes as u64;
        self.probe_deadline = NEVER;
        let due = self.front;
        for frame in frames {
            if self.is_push(&frame) {
                match self.config.monitor.get() {
                    Some(monitor) if !frame.is_push() => self.wake.extend(monitor.push(frame)),
                    _ => self.take_in(frame, inbox),
                }
            } else {
                self.answer(frame, inbox)?;
            }
        }
        if self.front != due {
            self.late.last_reply = self.now;
        }
        if !self.watches.is_empty() {
            self.note_watched_answered();
        }
        Ok(())
    }

    /// Says, compared with a later answer, whether the driver has taken a command in between.
    #[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
    pub(crate) fn handed_over(&self) -> (u64, u64) {
        (self.session, self.taken)
    }

    /// The number of the command whose reply is due.
    pub(crate) fn answered_up_to(&self) -> u64 {
        self.front
    }

    /// Whether nothing of the stream in use has been read.
    pub(crate) fn has_read_nothing(&self) -> bool {
        self.last_read.is_none()
    }

    fn is_push(&mut self, frame: &Frame) -> bool {
        match frame.value_type() {
            Some(b'>') => return true,
            Some(b'-' | b'!') => self.note_error(frame),
            _ => {}
        }
        if !self.config.subscriber {
            return false;
        }
        if self.config.monitor.get().is_some() {
            return Lines::is_line(frame);
        }
        // RESP2 has no pushes: on a subscription connection, arrays are.
        if self.protocol != Protocol::Resp2 || frame.kind() != ReplyKind::Array {
            return false;
        }
        let first = frame.reply().items().and_then(|mut items| items.next());
        // The answer to PING in subscriber mode is an array too.
        first.and_then(|name| name.as_bytes()).is_some_and(|name| &*name != b"pong")
    }

    /// Gives a reply to the command at the head of the FIFO.
    ///
    /// # Errors
    /// The stream must end. The command is still in the FIFO then, with all others that the end
    /// of the stream concerns.
    fn answer(&mut self, frame: Frame, inbox: &mut Inbox) -> Result<(), Error> {
        // A reply to a command that was not sent in full can only be a reply to nothing.
        let Some(front) = self.fifo.front() else {
            return Err(self.handshake.unsolicited(&frame));
        };
        if self.config.high_integrity.get().is_some() && !self.is_its_own(front.kind, &frame) {
            return Err(self.lose_integrity());
        }
        if let Kind::Group { replies } = front.kind
            && self.preceding.count + 1 < replies
            && self.sent > self.answered
        {
            self.preceding.note(front.claim.is_some().then_some(frame));
            return Ok(());
        }
        if front.kind == Kind::Confirm && self.sent > self.answered {
            return self.answer_ask(&frame, inbox);
        }
        if front.end > self.sent {
            return Err(self.handshake.unsolicited(&frame));
        }
        let Some(entry) = self.pop_answered() else { return Ok(()) };
        match entry.kind {
            Kind::Step(step) => return self.step(step, &frame, inbox),
            Kind::Probe | Kind::Check(_) | Kind::Confirm => {}
            Kind::Setting(step) => self.answer_setting(step, &frame, inbox),
            Kind::Command => {
                self.deliver(entry.claim, Outcome::Reply(frame), inbox);
            }
            Kind::Group { .. } => {
                let errors = std::mem::take(&mut self.preceding).errors;
                if let (false, Some(id)) = (errors.is_empty(), entry.claim.slot()) {
                    self.prelude_errors.push((id, errors));
                }
                self.deliver(entry.claim, Outcome::Reply(frame), inbox);
            }
        }
        Ok(())
    }

    /// A command of the handshake is answered.
    #[cold]
    fn step(&mut self, step: Step, frame: &Frame, inbox: &mut Inbox) -> Result<(), Error> {
        let event = self.handshake.answer(step, frame)?;
        if let HandshakeEvent::Complete { server, protocol, tracking } = event {
            if let Some(cache) = &self.config.cache {
                cache.reset(tracking);
            }
            self.protocol = protocol;
            self.server = Some(server);
            for (step, error) in self.handshake.take_refused() {
                self.refused_setting(step, &error, inbox);
            }
            self.become_ready(inbox);
        }
        Ok(())
    }

    /// What an integrity check is answered with.
    pub(super) fn check_text(&self, number: u32) -> String {
        format!("{:016x}:{number}", self.config.high_integrity.get().copied().unwrap_or_default())
    }

    /// A check gets its own text, and nothing else gets the text of a check: otherwise a reply is
    /// missing, or came twice.
    #[cold]
    fn is_its_own(&self, due: Kind, frame: &Frame) -> bool {
        match due {
            Kind::Check(number) if FULL => {
                frame.decode::<String>().ok() == Some(self.check_text(number))
            }
            _ => !self.is_check(frame),
        }
    }

    /// A reply that is lost, or one too many, shifts all that follow: no caller gets those, and the
    /// one whose reply was due learns why.
    #[cold]
    fn lose_integrity(&mut self) -> Error {
        let error = Error::new(ErrorKind::Protocol, Delivery::MaybeExecuted)
            .detail("the integrity check failed: replies no longer match their commands");
        if let Some(entry) = self.pop_answered()
            && let Some(id) = entry.claim.settle()
            && let Ok(waker) = self.slots.complete(id, Outcome::Failed(error.clone()))
        {
            self.wake.extend(waker);
        }
        error
    }

    fn is_check(&self, frame: &Frame) -> bool {
        let mark = self.check_text(0);
        let mark = mark.trim_end_matches('0').as_bytes();
        frame.reply().as_bytes().is_some_and(|text| text.starts_with(mark))
    }

    #[cfg_attr(not(target_family = "wasm"), inline(always))]
    pub(super) fn pop_answered(&mut self) -> Option<Entry> {
        let entry = self.fifo.pop_front()?;
        self.front += 1;
        self.answered = entry.end;
        Some(entry)
    }

    // One copy of it in a page.
    #[cfg_attr(not(target_family = "wasm"), inline(always))]
    fn deliver(&mut self, claim: Claim, outcome: Outcome, inbox: &mut Inbox) {
        let refused = match claim.settle() {
            Some(id) => match self.slots.complete(id, outcome) {
                Ok(waker) => {
                    self.late.rounds = 0;
                    self.wake.extend(waker);
                    return;
                }
                Err(outcome) => outcome,
            },
            None => outcome,
        };
        if let Outcome::Reply(frame) = refused
            && let Some(error) = frame.reply().error()
        {
            self.count_server_error();
            inbox.orphan_errors.push(error.code().to_owned());
        }
    }

    fn become_ready(&mut self, inbox: &mut Inbox) {
        if self.phase == Phase::Handshake {
            self.phase = Phase::Ready;
        }
        self.wanted = false;
        self.failed_attempts = 0;
        self.tally.counted.connects += 1;
        inbox.became_ready = true;
        self.wake_watchers();
    }
}

#[cfg(debug_assertions)]
impl Drop for Core {
    fn drop(&mut self) {
        // With the link go all who could wait.
        self.fifo.iter_mut().for_each(|entry| entry.claim.waive());
    }
}
