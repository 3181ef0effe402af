//! A stream that works is ended all the same: the program asked for another one, or the server
//! behind it is no longer the one that is wanted.

use crate::{
    Delivery, Error, ErrorKind,
    connection::{
        core::{Core, Phase},
        leaving::{DRAIN, FIRST_PAUSE, LONGEST_PAUSE, Reason},
        link::Link,
    },
    resp::{Frame, ServerErrorKind},
};

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
            #[cfg(feature = "full")]
            Some(Reason::Moving(_)) => {
                if self.phase != Phase::Ready {
                    // A closing link finishes what was issued.
                    self.stay();
                }
                return Ok(());
            }
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
    pub(in crate::connection) fn begin_leaving_anew(&mut self) {
        self.leaving.reason = None;
    }

    /// The server answered with an error: one that was demoted is left for the one that the name
    /// leads to now.
    ///
    /// Nothing more is sent until then, so that what was sent is answered and nothing is lost.
    #[cold]
    pub(in crate::connection) fn note_error(&mut self, frame: &Frame) {
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
    pub(in crate::connection) fn leave_demoted(&mut self, session: u64) {
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
