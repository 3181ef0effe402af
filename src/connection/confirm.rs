//! Commands that are answered by pushes: subscribing and unsubscribing.

use std::collections::VecDeque;

use bytes::Bytes;

use super::entry::Verb;

/// A command that subscribes or unsubscribes, to be sent
#[derive(Debug)]
pub(crate) struct Ask {
    /// By which its answer is known.
    pub(crate) ticket: u64,
    pub(crate) verb: Verb,
    /// At least one.
    pub(crate) names: Vec<Bytes>,
}

/// One that was sent, or is about to be: one for each [`Kind::Confirm`] in the FIFO
#[derive(Debug)]
pub(super) struct Confirming {
    pub(super) ask: Ask,
    /// Which of the names are confirmed.
    pub(super) confirmed: usize,
    /// Only the reply to the `PING` behind it is still due.
    pub(super) refused: bool,
}

/// Subscription commands that were not answered, or that no stream has taken
#[derive(Debug, Default)]
pub(super) struct Asks {
    /// Those in the FIFO, in their order.
    pub(super) confirming: VecDeque<Confirming>,
    /// Tickets of those that were lost with their stream before they were sent, until the next one.
    pub(super) never_asked: Vec<u64>,
}

impl Confirming {
    pub(super) fn ticket(&self) -> u64 {
        self.ask.ticket
    }

    /// Whether it asks for nothing but these.
    pub(super) fn is_for_all_of(&self, names: &[Bytes]) -> bool {
        self.ask.names.iter().all(|name| names.contains(name))
    }
}
