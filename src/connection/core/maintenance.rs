//! Notices of maintenance: patience while it lasts, and the move to another endpoint without a command lost.

use redmux_transport::Endpoint;

use crate::{
    clock::NEVER,
    connection::{
        core::{Core, Inbox, Phase},
        credentials::Credentials,
        entry::{Kind, Step},
        handshake::{Handshake, ServerInfo},
        leaving::Reason,
        push::Push,
    },
    events::{FailureType, Notice, NotificationType},
    resp::{Arg, Frame, Protocol},
};

/// What the handshake on a stream has brought about, for the link that takes the stream over
pub(crate) struct Given {
    handshake: Handshake,
    protocol: Protocol,
    server: Option<ServerInfo>,
    credentials: Credentials,
}

/// What the driver is to do about a move
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum NextMove {
    /// Nothing now.
    Wait,
    /// To dial this endpoint, or where the name leads.
    Dial(Option<Endpoint>),
}

impl Core {
    /// Takes in a push that may be a notice of maintenance.
    #[cold]
    pub(in crate::connection) fn take_notice(&mut self, frame: &Frame, inbox: &mut Inbox) {
        let Some(notices) = self.config.notices.get().copied() else { return };
        let Some(notice) = Notice::read(frame) else { return };
        let early = self.phase == Phase::Handshake;
        let before = self.maintained.until;
        let was_draining = self.maintained.is_draining();
        let is_news = self.maintained.take(&notice, early, self.now);
        if was_draining && !self.maintained.is_draining() {
            // To another endpoint, which is not open yet.
            self.wire.hold = false;
        }
        if notice.kind == NotificationType::Moving {
            self.note_move();
        }
        if !is_news {
            return;
        }
        self.maintained.relaxed = notices.relaxed.max(self.config.command_timeout);
        if before <= self.now && self.maintained.until > self.now {
            self.give_more_time();
        }
        inbox.pushes.push(Push::Notice(Box::new(notice)));
    }

    /// Commands that wait with the link's own time get the relaxed one: the server may be slow from now on.
    fn give_more_time(&mut self) {
        let relaxed = self.maintained.relaxed;
        let mut given = Vec::new();
        for entry in &mut self.wire.fifo {
            if entry.override_deadline {
                continue;
            }
            let Some(id) = entry.claim.slot() else { continue };
            let Some(slot) = self.slots.get_mut(id) else { continue };
            if slot.timeout >= relaxed {
                continue;
            }
            slot.timeout = relaxed;
            entry.deadline = slot.issued.saturating_add(relaxed);
            entry.override_deadline = true;
            given.push((entry.deadline, id));
        }
        given.into_iter().for_each(|(deadline, id)| self.deadlines.give(deadline, id));
    }

    /// Whether this is where the connection is to move to.
    pub(crate) fn leads_to(&self, target: Option<&Endpoint>) -> bool {
        let departure = self.maintained.departure.as_ref();
        departure.is_some_and(|departure| departure.target.as_ref() == target)
    }

    /// What is announced and not over, in the server's word.
    pub(crate) fn maintenance(&self) -> Option<&'static str> {
        self.maintained.kind(self.now)?.word()
    }

    /// The time that commands have as long as something is announced and not over.
    pub(crate) fn patience(&self, now: u64) -> Option<u64> {
        (self.maintained.until > now).then_some(self.maintained.relaxed)
    }

    /// What is to be done about a move while there is no other stream.
    pub(crate) fn next_move(&mut self) -> NextMove {
        let now = self.now;
        match &mut self.maintained.departure {
            Some(departure) if departure.due <= now => {
                departure.dial();
                let target = departure.target.clone();
                self.note_move();
                NextMove::Dial(target)
            }
            _ => NextMove::Wait,
        }
    }

    /// Whether the move fails like this for the first time.
    pub(crate) fn is_news_of_move(&mut self, failure: FailureType) -> bool {
        let departure = self.maintained.departure.as_mut();
        departure.is_some_and(|departure| departure.is_news(failure))
    }

    /// The other stream could not be opened, or not all was answered in time: tries again later, or gives the move up.
    pub(crate) fn postpone_move(&mut self) {
        let now = self.now;
        let hold = self.maintained.is_draining();
        match self.maintained.departure.as_mut().map(|departure| departure.postpone(now)) {
            Some(true) => self.note_move(),
            _ => self.stay(),
        }
        if hold {
            self.wire.hold = false;
        }
    }

    /// The other stream is ready: whether it is to take the place of this one now. `None`: not yet. `Some(true)`: what is
    /// to be done before that is not done.
    pub(crate) fn is_time_to_go(&mut self) -> Option<bool> {
        let now = self.now;
        let departure = self.maintained.departure.as_mut()?;
        departure.is_time(now).then_some(departure.draining.is_none())
    }

    /// Before it takes the place, there is something to do at this moment.
    pub(crate) fn prepare_to_go(&mut self, at: u64) {
        if let Some(departure) = &mut self.maintained.departure {
            departure.prepare(at);
            self.note_move();
        }
    }

    /// How long one of two servers may be behind the other, as far as there is time for that.
    pub(crate) fn settling(&self) -> u64 {
        let now = self.now;
        self.maintained.departure.as_ref().map_or(0, |departure| departure.settle(now))
    }

    /// Sends a command of the client's own; the place in the stream behind all that was handed over before.
    pub(crate) fn mark_output(&mut self) -> u64 {
        self.post(&[Arg::Bytes(b"PING")], Kind::Probe);
        self.wire.taken
    }

    /// Whether something was handed over behind this place.
    pub(crate) fn has_sent(&self, mark: u64) -> bool {
        self.wire.taken > mark
    }

    /// Whether something is answered that was handed over behind this place.
    pub(crate) fn has_answered(&self, mark: u64) -> bool {
        self.wire.answered > mark
    }

    /// Sends nothing more on this stream, so that the other one can take its place. Whether all that was sent is answered.
    pub(crate) fn drain_for_move(&mut self) -> bool {
        let (now, quiet) = (self.now, self.is_quiet());
        let Some(departure) = &mut self.maintained.departure else { return false };
        match departure.draining {
            Some(by) if by <= now && !quiet => self.postpone_move(),
            Some(_) => {}
            None => {
                departure.drain(now);
                self.wire.hold = true;
                self.note_move();
            }
        }
        quiet
    }

    /// Nothing becomes of the move.
    pub(crate) fn stay(&mut self) {
        if self.maintained.is_draining() {
            self.wire.hold = false;
        }
        self.maintained.departure = None;
        self.disregard_move();
    }

    /// It takes too long.
    pub(crate) fn is_move_overdue(&self) -> bool {
        self.maintained.departure.as_ref().is_none_or(|departure| departure.until <= self.now)
    }

    /// The announced time is over: the server may hang up at any moment.
    pub(crate) fn is_move_late(&self) -> bool {
        let departure = self.maintained.departure.as_ref();
        departure.is_some_and(|departure| departure.is_late(self.now))
    }

    /// The stream cannot be exchanged: there is nothing to do at any moment.
    pub(crate) fn disregard_move(&mut self) {
        if matches!(self.leaving.reason, Some(Reason::Moving(_))) {
            self.leaving.reason = None;
        }
    }

    /// Whether another stream is to take the place of this one.
    pub(crate) fn is_moving(&self) -> bool {
        self.maintained.departure.is_some()
    }

    fn note_move(&mut self) {
        if let Some(departure) = &self.maintained.departure
            && matches!(self.leaving.reason, None | Some(Reason::Moving(_)))
        {
            self.leaving.reason = Some(Reason::Moving(departure.due));
        }
    }

    /// Nothing that was handed over is unanswered.
    fn is_quiet(&self) -> bool {
        self.wire.fifo.front().is_none_or(|entry| entry.end > self.wire.taken)
    }

    /// The server has said that its connections move, without saying where to.
    pub(crate) fn is_to_move(&self) -> bool {
        self.maintained.departure.as_ref().is_some_and(|known| known.target.is_none())
    }

    /// The stream is ready, and nothing on it is unanswered or waits.
    pub(crate) fn is_idle(&self) -> bool {
        self.phase == Phase::Ready
            && self.wire.fifo.is_empty()
            && self.backlog.out.is_empty()
            && self.backlog.room.is_empty()
    }

    /// The stream goes to another link, which is as if it had made the handshake itself; `None` as long as this one has
    /// something to do on it.
    pub(crate) fn give_stream_away(&mut self) -> Option<Given> {
        self.is_idle().then(|| Given {
            handshake: std::mem::take(&mut self.wire.handshake),
            protocol: self.wire.protocol,
            server: self.wire.server.take(),
            credentials: self.credentials.clone(),
        })
    }

    /// Another stream takes the place of the one in use, on which all is answered, or of one that is lost. Not of a link
    /// that is being closed: that finishes where it is. Returns whether it does.
    pub(crate) fn change_streams(&mut self, given: Given) -> bool {
        if !matches!(self.phase, Phase::Ready | Phase::Disconnected) {
            return false;
        }
        if let Some(cache) = &self.config.cache {
            cache.reset(false);
        }
        self.dismiss_asks();
        self.tally.end(self.wire.sent);
        let (sent, _) = self.wire.end();
        debug_assert!(sent.is_empty(), "what was sent is answered or was failed");
        self.liveness.begin();
        self.liveness.probe_deadline = NEVER;
        self.end_pauses();
        self.end_retries();
        self.leaving.reason = None;
        self.compact(false);
        self.wire.begin(0, Vec::new());
        self.wire.hold = true;
        self.wire.handshake = given.handshake;
        self.wire.protocol = given.protocol;
        self.wire.server = given.server;
        self.credentials = given.credentials;
        let whole = self.phase == Phase::Ready;
        self.maintained.go_over(self.wire.number, whole, self.now);
        self.phase = Phase::Ready;
        self.redial.failed_attempts = 0;
        self.tally.counted.connects += 1;
        if self.config.cache.is_some() && self.wire.protocol == Protocol::Resp3 {
            self.post_setting(Step::Track);
        }
        self.wake_room();
        self.wakes.wake_watchers();
        true
    }
}
