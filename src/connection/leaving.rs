//! A stream that works is ended all the same: the program asked for another one, or the server
//! behind it is no longer the one that is wanted.

use super::{
    config::NEVER,
    core::{Core, Phase},
};
use crate::{
    Delivery, Error, ErrorKind,
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
    /// The program wants another stream, at once.
    asked: bool,
    /// The server writes no more: the stream ends at this moment, or once all is answered.
    demoted: Option<u64>,
    /// No other stream is left before this moment because of `READONLY`.
    not_before: u64,
    pause: u64,
}

impl Default for Leaving {
    fn default() -> Self {
        Self { asked: false, demoted: None, not_before: 0, pause: FIRST_PAUSE }
    }
}

impl Leaving {
    /// Nothing more is sent on this stream.
    pub(super) fn is_under_way(&self) -> bool {
        self.demoted.is_some()
    }

    /// When the stream ends at the latest.
    pub(super) fn deadline(&self) -> u64 {
        self.demoted.unwrap_or(NEVER)
    }
}

impl Core {
    /// Ends the stream in use, if there is one; otherwise dials as soon as the pace allows.
    pub(crate) fn ask_for_another_stream(&mut self) {
        match self.phase {
            Phase::Ready => self.leaving.asked = true,
            Phase::Disconnected => self.redial.asked = true,
            _ => return,
        }
        self.wake_driver();
    }

    /// The error by which the stream ends, once after it was asked for.
    pub(crate) fn check_given_up(&mut self) -> Result<(), Error> {
        // Made only where it is needed: this is asked in each turn of the driver.
        let lost = || Error::new(ErrorKind::ConnectionLost, Delivery::MaybeExecuted);
        if let Some(why) = self.forsaken.take() {
            return Err(lost().detail(why));
        }
        if std::mem::take(&mut self.leaving.asked) {
            return Err(lost().detail("the program asked for another connection"));
        }
        let Some(by) = self.leaving.demoted else { return Ok(()) };
        if self.phase != Phase::Ready {
            // A closing link finishes what was issued, here or nowhere.
            self.leaving.demoted = None;
            self.hold = false;
            return Ok(());
        }
        let due = self.fifo.front().is_some_and(|entry| entry.end <= self.taken);
        if due && self.now < by {
            return Ok(());
        }
        self.leaving.demoted = None;
        Err(lost().detail("the server answered READONLY: the name is dialled again"))
    }

    /// A new stream knows nothing of why the last one ended.
    pub(super) fn begin_leaving_anew(&mut self) {
        self.leaving.asked = false;
        self.leaving.demoted = None;
    }

    /// The server answered with an error: one that was demoted is left for the one that the name
    /// leads to now.
    ///
    /// Nothing more is sent until then, so that what was sent is answered and nothing is lost.
    #[cold]
    pub(super) fn note_error(&mut self, frame: &Frame) {
        if !self.config.redial_on_readonly || self.phase != Phase::Ready {
            return;
        }
        let demoted = frame.reply().error().is_some_and(|error| {
            // What a script says may be about anything.
            error.kind() == ServerErrorKind::ReadOnly && !error.message().contains("script")
        });
        if !demoted || self.leaving.demoted.is_some() || self.now < self.leaving.not_before {
            return;
        }
        let quiet = self.now.saturating_sub(self.leaving.not_before) > LONGEST_PAUSE;
        let pause = if quiet { FIRST_PAUSE } else { self.leaving.pause };
        self.leaving.pause = (pause * 2).min(LONGEST_PAUSE);
        self.leaving.not_before = self.now.saturating_add(pause);
        self.leaving.demoted = Some(self.now.saturating_add(DRAIN));
        self.hold = true;
    }
}
