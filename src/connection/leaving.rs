//! A stream that works is ended all the same: the program asked for another one, or the server
//! behind it is no longer the one that is wanted.

use super::{
    core::{Core, Phase},
    link::Link,
};
use crate::{
    Delivery, Error, ErrorKind,
    clock::NEVER,
    resp::{Frame, ServerErrorKind},
};

/// How long what was sent has to be answered on a connection to a demoted server, in microseconds.
const DRAIN: u64 = 1_000_000;

/// Between two connections that are given up because of `READONLY`: at first, and at most.
const FIRST_PAUSE: u64 = 1_000_000;
const LONGEST_PAUSE: u64 = 60_000_000;

/// Whether, why and when a stream that works is to end
#[derive(Debug)]
pub(super) struct Leaving {
    reason: Option<Reason>,
    /// No other stream is left before this moment because of `READONLY`.
    not_before: u64,
    pause: u64,
    /// A leased connection got this answer: the shared one is to learn of it.
    read_only: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reason {
    /// The program wants another stream, at once.
    Asked,
    /// A leased connection is to end at once, for this reason.
    Forsaken(&'static str),
    /// The server writes no more: the stream ends at this moment, or once all is answered.
    Demoted(u64),
}

impl Default for Leaving {
    fn default() -> Self {
        Self { reason: None, not_before: 0, pause: FIRST_PAUSE, read_only: false }
    }
}

impl Leaving {
    /// The stream is to end, now or soon.
    pub(super) fn has_reason(&self) -> bool {
        self.reason.is_some()
    }

    /// Nothing more is sent on this stream.
    pub(super) fn is_under_way(&self) -> bool {
        matches!(self.reason, Some(Reason::Demoted(_)))
    }

    /// When the stream ends at the latest.
    pub(super) fn deadline(&self) -> u64 {
        match self.reason {
            Some(Reason::Demoted(by)) => by,
            _ => NEVER,
        }
    }

    /// The stream ends at once, for this reason.
    pub(super) fn forsake(&mut self, why: &'static str) {
        self.reason = Some(Reason::Forsaken(why));
    }
}

impl Core {
    /// Ends the stream in use, if there is one; otherwise dials as soon as the pace allows.
    pub(crate) fn ask_for_another_stream(&mut self) {
        match self.phase {
            Phase::Ready => self.leaving.reason = Some(Reason::Asked),
            Phase::Disconnected => self.redial.asked = true,
            _ => return,
        }
        self.wakes.wake_driver();
    }

    /// The error by which the stream ends, once after it was asked for.
    pub(crate) fn check_given_up(&mut self) -> Result<(), Error> {
        let why = match self.leaving.reason {
            None => return Ok(()),
            Some(Reason::Asked) => "the program asked for another connection",
            Some(Reason::Forsaken(why)) => why,
            Some(Reason::Demoted(_)) if self.phase != Phase::Ready => {
                // A closing link finishes what was issued, here or nowhere.
                self.leaving.reason = None;
                self.wire.hold = false;
                return Ok(());
            }
            Some(Reason::Demoted(by)) => {
                let due = self.wire.fifo.front().is_some_and(|entry| entry.end <= self.wire.taken);
                if due && self.now < by {
                    return Ok(());
                }
                "the server answered READONLY: the name is dialled again"
            }
        };
        self.leaving.reason = None;
        Err(Error::new(ErrorKind::ConnectionLost, Delivery::MaybeExecuted).detail(why))
    }

    /// A new stream knows nothing of why the last one ended.
    pub(super) fn begin_leaving_anew(&mut self) {
        self.leaving.reason = None;
    }

    /// The server answered with an error: one that was demoted is left for the one that the name
    /// leads to now.
    ///
    /// Nothing more is sent until then, so that what was sent is answered and nothing is lost.
    #[cold]
    pub(super) fn note_error(&mut self, frame: &Frame) {
        if self.phase != Phase::Ready {
            return;
        }
        let demoted = frame.reply().error().is_some_and(|error| {
            // What a script says may be about anything.
            let script = error.message().as_bytes().windows(6).any(|word| word == b"script");
            error.kind() == ServerErrorKind::ReadOnly && !script
        });
        if demoted {
            self.leave_demoted(self.wire.number);
        }
    }

    /// The server that this stream leads to writes no more.
    ///
    /// Who leased a connection does not lose it half-way: the shared one, to the same server, is left
    /// when it is given back.
    pub(super) fn leave_demoted(&mut self, session: u64) {
        if self.config.leased {
            self.leaving.read_only = true;
            return;
        }
        if !self.config.redial_on_readonly
            || self.phase != Phase::Ready
            || self.wire.number != session
        {
            return;
        }
        if self.leaving.reason.is_some() || self.now < self.leaving.not_before {
            return;
        }
        let quiet = self.now.saturating_sub(self.leaving.not_before) > LONGEST_PAUSE;
        let pause = if quiet { FIRST_PAUSE } else { self.leaving.pause };
        self.leaving.pause = (pause * 2).min(LONGEST_PAUSE);
        self.leaving.not_before = self.now.saturating_add(pause);
        self.leaving.reason = Some(Reason::Demoted(self.now.saturating_add(DRAIN)));
        self.wire.hold = true;
    }

    /// Whether the server of this leased connection was found demoted since this was last asked.
    pub(crate) fn take_read_only(&mut self) -> bool {
        std::mem::take(&mut self.leaving.read_only)
    }
}

impl Link {
    /// As if the server had answered `READONLY` on this stream: a script that is known has found it so,
    /// or a connection beside it.
    pub(crate) fn found_demoted(&self, session: u64) {
        self.with(|core| {
            self.stamp(core);
            core.leave_demoted(session);
            core.wakes.wake_driver();
        });
    }
}
