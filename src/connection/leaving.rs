//! A stream that works is ended all the same: the program asked for another one, or the server
//! behind it is no longer the one that is wanted.

use crate::clock::NEVER;

/// How long what was sent has to be answered on a connection to a demoted server, in microseconds.
pub(super) const DRAIN: u64 = 1_000_000;

/// Between two connections that are given up because of `READONLY`: at first, and at most.
pub(super) const FIRST_PAUSE: u64 = 1_000_000;
pub(super) const LONGEST_PAUSE: u64 = 60_000_000;

/// Whether, why and when a stream that works is to end
#[derive(Debug)]
pub(super) struct Leaving {
    pub(super) reason: Option<Reason>,
    /// No other stream is left before this moment because of `READONLY`.
    pub(super) not_before: u64,
    pub(super) pause: u64,
    /// A leased connection got this answer: the shared one is to learn of it.
    pub(super) read_only: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reason {
    /// The program wants another stream, at once.
    Asked,
    /// A leased connection is to end at once, for this reason.
    Forsaken(&'static str),
    /// The server writes no more: the stream ends at this moment, or once all is answered.
    Demoted(u64),
    /// Another stream is to take its place; there is something to do at this moment.
    #[cfg(feature = "full")]
    Moving(u64),
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
            #[cfg(feature = "full")]
            Some(Reason::Moving(due)) => due,
            _ => NEVER,
        }
    }

    /// The stream ends at once, for this reason.
    pub(super) fn forsake(&mut self, why: &'static str) {
        self.reason = Some(Reason::Forsaken(why));
    }
}
