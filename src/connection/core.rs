//! The state of one link, without I/O: commands in, bytes out; bytes in, replies out.
//!
//! Everything here runs under the link's lock and takes the time as an argument, so
//! tests drive it with simulated time and no sockets.

mod admission;
mod confirm;
mod counters;
mod databases;
mod expiry;
#[cfg(feature = "topology")]
mod leading;
mod leaving;
mod lending;
mod liveness;
#[cfg(feature = "full")]
mod maintenance;
mod parking;
mod pause;
mod push;
mod redial;
mod room;
mod settings;
mod traces;
mod turnover;

use std::sync::Arc;

#[cfg(feature = "full")]
pub(crate) use self::maintenance::{Given, NextMove};
#[cfg(feature = "full")]
use super::maintenance::Maintained;
use super::{
    backlog::Backlog,
    config::LinkConfig,
    confirm::Asks,
    counters::Tally,
    credentials::Credentials,
    databases::{Databases, Selected},
    deadlines::Deadlines,
    entry::{Claim, Kind, Step},
    handshake::HandshakeEvent,
    leaving::Leaving,
    lines::Lines,
    liveness::Liveness,
    outbox::Outbox,
    pause::Pauses,
    push::Push,
    redial::Redial,
    settings::Settings,
    slots::{Outcome, Slots},
    traces::Traces,
    wakes::Wakes,
    wire::Wire,
};
use crate::{
    Delivery, Error, ErrorKind, FULL,
    clock::NEVER,
    resp::{Arg, Frame, Kind as ReplyKind, Protocol},
};

/// The phase of a link
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
    /// Commands that are sent just before this one, with nothing in between.
    pub(crate) prelude: Option<&'a Prelude>,
    pub(crate) database: Selected,
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
    /// Of a transaction: the bytes of `MULTI`, the first of them but for `ASKING`. 0 for any other.
    pub(crate) opens: usize,
    /// The bytes of `ASKING`, the first of them, which counts for what follows at once. 0 without it.
    #[cfg(feature = "topology")]
    pub(crate) asks: usize,
    /// It has the server track the key of the command.
    #[cfg(feature = "topology")]
    pub(crate) consents: bool,
}

impl Prelude {
    /// One command by which the server tracks the key of the next one.
    pub(crate) fn consent(bytes: Vec<u8>) -> Self {
        Self {
            bytes,
            commands: 1,
            #[cfg(feature = "topology")]
            consents: true,
            ..Self::default()
        }
    }

    /// `ASKING`, the `MULTI` of a transaction, and the rest; each may be nothing.
    fn parts(&self) -> (&[u8], &[u8], &[u8]) {
        #[cfg(feature = "topology")]
        let (asking, rest) = self.bytes.split_at(self.asks);
        #[cfg(not(feature = "topology"))]
        let (asking, rest) = (&[][..], &*self.bytes);
        let (open, rest) = rest.split_at(self.opens);
        (asking, open, rest)
    }
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
    /// Microseconds of the clock, as last read.
    pub(super) now: u64,
    pub(super) slots: Slots,
    pub(crate) wire: Wire,
    pub(super) backlog: Backlog,
    pub(super) databases: Databases,
    pub(super) deadlines: Deadlines,
    pub(super) liveness: Liveness,
    pub(crate) wakes: Wakes,
    pub(super) asks: Asks,
    pub(super) settings: Settings,
    pub(super) pauses: Pauses,
    pub(super) leaving: Leaving,
    pub(crate) redial: Redial,
    pub(super) ending: Ending,
    /// A borrower has made the connection its own: the client says nothing on it.
    pub(crate) quiet: bool,
    pub(super) tally: Tally,
    pub(super) traces: Traces,
    #[cfg(feature = "full")]
    pub(crate) maintained: Maintained,
}

/// How a link ends
#[derive(Debug)]
pub(super) struct Ending {
    /// What commands fail with once the link is over.
    pub(super) kind: ErrorKind,
    /// When a closing link gives up waiting for replies.
    pub(super) by: u64,
}

impl Core {
    pub(crate) fn new(config: Arc<LinkConfig>, credentials: Credentials, phase: Phase) -> Self {
        let databases = Databases::new(config.database);
        Self {
            config,
            credentials,
            phase,
            now: 0,
            slots: Slots::new(),
            wire: Wire::default(),
            backlog: Backlog::default(),
            databases,
            deadlines: Deadlines::default(),
            liveness: Liveness::default(),
            wakes: Wakes::default(),
            asks: Asks::default(),
            settings: Settings::default(),
            pauses: Pauses::default(),
            leaving: Leaving::default(),
            redial: Redial::default(),
            ending: Ending { kind: ErrorKind::Closed, by: NEVER },
            quiet: false,
            tally: Tally::default(),
            traces: Traces::default(),
            #[cfg(feature = "full")]
            maintained: Maintained::default(),
        }
    }

    /// Microseconds of the link's clock, as last read.
    pub(crate) fn now(&self) -> u64 {
        self.now
    }

    /// A closing link has waited long enough.
    pub(crate) fn is_close_overdue(&self) -> bool {
        self.now >= self.ending.by
    }

    pub(crate) fn is_connected(&self) -> bool {
        matches!(self.phase, Phase::Handshake | Phase::Ready | Phase::Closing)
    }

    /// Moves the queued bytes into `batch`, which must be empty.
    pub(crate) fn take_output(&mut self, batch: &mut Outbox) {
        if self.wire.is_held() || self.backlog.out.is_empty() || !self.is_connected() {
            return;
        }
        if self.backlog.dead > 0 {
            self.compact(true);
        }
        match self.databases.scouts {
            0 => std::mem::swap(&mut self.backlog.out, batch),
            _ => self.take_scout(batch),
        }
        self.wire.taken += batch.len() as u64;
        self.tally.batch(batch.len(), self.wire.fifo.len());
        if !self.backlog.room.is_empty() {
            self.wake_room();
        }
    }

    /// Notes what the transport took.
    pub(crate) fn note_sent(&mut self, bytes: usize) {
        if bytes == 0 {
            return;
        }
        self.wire.sent += bytes as u64;
        self.liveness.last_write = Some(self.now);
        if !self.traces.is_empty() {
            self.note_traced();
        }
    }

    /// Matches replies with the commands they answer; `bytes` were read.
    // It is used in one place: left to itself the compiler makes it a call there, which costs instructions.
    #[cfg_attr(not(target_family = "wasm"), inline(always))]
    pub(crate) fn receive(
        &mut self,
        bytes: usize,
        frames: impl Iterator<Item = Frame>,
        inbox: &mut Inbox,
    ) -> Result<(), Error> {
        if bytes > 0 {
            self.liveness.last_read = Some(self.now);
        }
        self.tally.counted.bytes_read += bytes as u64;
        self.liveness.probe_deadline = NEVER;
        let due = self.wire.front;
        for frame in frames {
            if self.is_push(&frame) {
                match self.config.monitor.get() {
                    Some(monitor) if !frame.is_push() => self.wakes.due.extend(monitor.push(frame)),
                    _ => self.take_in(frame, inbox),
                }
            } else {
                self.answer(frame, inbox)?;
            }
        }
        if self.wire.front != due {
            self.liveness.late.last_reply = self.now;
        }
        if !self.traces.is_empty() {
            self.note_traced();
        }
        Ok(())
    }

    /// Says, compared with a later answer, whether the driver has taken a command in between.
    #[cfg(not(target_family = "wasm"))]
    pub(crate) fn handed_over(&self) -> (u64, u64) {
        (self.wire.number, self.wire.taken)
    }

    /// The number of the command whose reply is due.
    pub(crate) fn answered_up_to(&self) -> u64 {
        self.wire.front
    }

    /// Whether nothing of the stream in use has been read.
    pub(crate) fn has_read_nothing(&self) -> bool {
        self.liveness.last_read.is_none()
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
        if self.wire.protocol != Protocol::Resp2 || frame.kind() != ReplyKind::Array {
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
        let Some(front) = self.wire.fifo.front() else {
            return Err(self.wire.handshake.unsolicited(&frame));
        };
        if self.config.high_integrity.get().is_some() && !self.is_its_own(front.kind, &frame) {
            return Err(self.lose_integrity());
        }
        if !matches!(front.kind, Kind::Command) && self.wire.may_be_answered() {
            match front.kind {
                Kind::Group { replies } if self.wire.preceding.count + 1 < replies => {
                    self.wire.preceding.note(front.claim.is_some().then_some(frame));
                    return Ok(());
                }
                Kind::Confirm => return self.answer_ask(&frame, inbox),
                Kind::Visit(visit) => return self.answer_visit(visit, frame, inbox),
                _ => {}
            }
        }
        if front.end > self.wire.sent {
            return Err(self.wire.handshake.unsolicited(&frame));
        }
        let Some(entry) = self.wire.pop_answered() else { return Ok(()) };
        match entry.kind {
            Kind::Step(step) => {
                self.tally.note_own();
                return self.step(step, &frame, inbox);
            }
            Kind::Probe | Kind::Check(_) | Kind::Confirm | Kind::Visit(_) => self.tally.note_own(),
            Kind::Setting(step) => self.answer_setting(step, &frame, inbox),
            Kind::Command => {
                self.deliver(entry.claim, Outcome::Reply(frame), inbox);
            }
            Kind::Group { .. } => {
                let errors = std::mem::take(&mut self.wire.preceding).errors;
                let outcome = match errors.is_empty() {
                    true => Outcome::Reply(frame),
                    false => Outcome::Group(Box::new((errors, frame))),
                };
                self.deliver(entry.claim, outcome, inbox);
            }
        }
        Ok(())
    }

    /// A command of the handshake is answered.
    #[cold]
    fn step(&mut self, step: Step, frame: &Frame, inbox: &mut Inbox) -> Result<(), Error> {
        let event = self.wire.handshake.answer(step, frame)?;
        if let HandshakeEvent::Complete { server, protocol, tracking } = event {
            if let Some(cache) = &self.config.cache {
                cache.reset(tracking);
            }
            self.wire.protocol = protocol;
            self.wire.server = Some(server);
            for (step, error) in self.wire.handshake.take_refused() {
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
        if let Some(entry) = self.wire.pop_answered()
            && let Some(id) = entry.claim.settle()
            && let Ok(waker) = self.slots.complete(id, Outcome::Failed(error.clone()))
        {
            self.wakes.due.extend(waker);
        }
        error
    }

    fn is_check(&self, frame: &Frame) -> bool {
        let mark = self.check_text(0);
        let mark = mark.trim_end_matches('0').as_bytes();
        frame.reply().as_bytes().is_some_and(|text| text.starts_with(mark))
    }

    // One copy of it in a page.
    #[cfg_attr(not(target_family = "wasm"), inline(always))]
    fn deliver(&mut self, claim: Claim, outcome: Outcome, inbox: &mut Inbox) {
        let refused = match claim.settle() {
            Some(id) => match self.slots.complete(id, outcome) {
                Ok(waker) => {
                    self.liveness.late.rounds = 0;
                    self.wakes.due.extend(waker);
                    return;
                }
                Err(outcome) => outcome,
            },
            None => outcome,
        };
        self.tally.note_own();
        let frame = match &refused {
            Outcome::Reply(frame) => frame,
            Outcome::Group(group) => &group.1,
            Outcome::Failed(_) => return,
        };
        if let Some(error) = frame.reply().error() {
            self.count_server_error();
            inbox.orphan_errors.push(error.code().to_owned());
        }
    }

    fn become_ready(&mut self, inbox: &mut Inbox) {
        if self.phase == Phase::Handshake {
            self.phase = Phase::Ready;
        }
        self.redial.wanted = false;
        self.redial.failed_attempts = 0;
        self.tally.counted.connects += 1;
        inbox.became_ready = true;
        self.wakes.wake_watchers();
    }
}

#[cfg(debug_assertions)]
impl Drop for Core {
    fn drop(&mut self) {
        // With the link go all who could wait.
        self.wire.fifo.iter_mut().for_each(|entry| entry.claim.waive());
    }
}
