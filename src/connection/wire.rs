//! One stream of a link: what was handed over to it, whose reply is due, and what follows.

use std::collections::VecDeque;

use super::{
    counters::FIRST,
    entry::{Entry, Kind, Step},
    handshake::{Handshake, ServerInfo},
    slots::Preceding,
};
use crate::{error::TimeoutStage, resp::Protocol};

/// The commands of one stream in their order, and the offsets that tell how far it has come
///
/// Entries lie end to end in the stream: `answered <= sent <= taken`, and an entry that ends behind
/// `taken` is still in the link's backlog. A wire knows nothing of its link, so that a link may have
/// two: the older one is answered to its end while the newer one takes what is new.
#[derive(Debug)]
pub(crate) struct Wire {
    /// Which stream of the link it is: the first one is 1.
    pub(crate) number: u64,
    /// Commands that are not answered, oldest first.
    pub(super) fifo: VecDeque<Entry>,
    /// Sequence number of `fifo[0]`.
    pub(super) front: u64,
    /// Stream offset up to which the driver has taken the bytes.
    pub(super) taken: u64,
    /// Stream offset up to which the transport took the bytes.
    pub(super) sent: u64,
    /// Stream offset behind the last answered command.
    pub(super) answered: u64,
    /// The replies so far to the group of commands that is being answered.
    pub(super) preceding: Preceding,
    /// Commands are not handed over yet: the handshake's replies come first.
    pub(super) hold: bool,
    /// Commands are not handed over: the answer to a scout comes first.
    pub(super) scouting: bool,
    pub(super) handshake: Handshake,
    pub(crate) protocol: Protocol,
    /// What the server said of itself in the last handshake.
    pub(crate) server: Option<ServerInfo>,
    /// Number of the last integrity check.
    pub(super) checks: u32,
}

impl Default for Wire {
    fn default() -> Self {
        Self {
            number: 0,
            fifo: VecDeque::new(),
            front: FIRST,
            taken: 0,
            sent: 0,
            answered: 0,
            preceding: Preceding::default(),
            hold: true,
            scouting: false,
            handshake: Handshake::default(),
            protocol: Protocol::Resp2,
            server: None,
            checks: 0,
        }
    }
}

impl Wire {
    /// The sequence number of the next entry.
    #[inline]
    pub(super) fn next_sequence(&self) -> u64 {
        self.front + self.fifo.len() as u64
    }

    /// Stream offset behind the last byte of an entry; `None` once it is answered.
    pub(super) fn end_of(&self, sequence: u64) -> Option<u64> {
        let index = usize::try_from(sequence.checked_sub(self.front)?).ok()?;
        Some(self.fifo.get(index)?.end)
    }

    /// How far a command has come that is not answered.
    pub(super) fn stage_of(&self, sequence: u64) -> TimeoutStage {
        match self.end_of(sequence) {
            Some(end) if end <= self.sent => TimeoutStage::Response,
            Some(end) if end <= self.taken => TimeoutStage::Write,
            _ => TimeoutStage::Queue,
        }
    }

    /// How many commands the transport has taken in full and the server has not answered.
    pub(super) fn in_flight(&self) -> usize {
        self.fifo.partition_point(|entry| entry.end <= self.sent)
    }

    /// Nothing is handed over now.
    #[inline]
    pub(super) fn is_held(&self) -> bool {
        self.hold | self.scouting
    }

    /// Part of the command whose reply is due was sent.
    pub(super) fn may_be_answered(&self) -> bool {
        self.sent > self.answered
    }

    /// The command whose reply has come leaves.
    #[cfg_attr(not(target_family = "wasm"), inline(always))]
    pub(super) fn pop_answered(&mut self) -> Option<Entry> {
        let entry = self.fifo.pop_front()?;
        self.front += 1;
        self.answered = entry.end;
        Some(entry)
    }

    /// A stream is open: the handshake's commands, of `length` bytes together, go before all that
    /// waits, and are handed over at once.
    pub(super) fn begin(&mut self, length: usize, steps: Vec<(Step, usize)>) {
        debug_assert_eq!(self.taken, 0);
        let length = length as u64;
        self.number += 1;
        let mut end = 0;
        let steps = steps.into_iter().map(|(step, bytes)| {
            end += bytes as u64;
            Entry::own(Kind::Step(step), end)
        });
        let steps = steps.collect();
        self.put_first(length, steps);
        self.taken = length;
    }

    /// Puts commands of the client's own, of `length` bytes together, before all that waits.
    pub(super) fn put_first(&mut self, length: u64, own: Vec<Entry>) {
        self.fifo.iter_mut().for_each(|entry| entry.end += length);
        self.front -= own.len() as u64;
        own.into_iter().rev().for_each(|entry| self.fifo.push_front(entry));
    }

    /// The stream is gone: takes out the commands that were sent in full. The rest count their
    /// offsets from 0 again, for the next stream; returns the offset they counted from before.
    pub(super) fn end(&mut self) -> (Vec<Entry>, u64) {
        let sent: Vec<Entry> = self.fifo.drain(..self.in_flight()).collect();
        self.front += sent.len() as u64;
        // The first one kept begins where the last one lost ends.
        let start = sent.last().map_or(self.answered, |entry| entry.end);
        self.fifo.iter_mut().for_each(|entry| entry.end -= start);
        self.rewind();
        self.hold = true;
        (sent, start)
    }

    /// Takes out all commands, answered by nobody.
    pub(super) fn drain(&mut self) -> Vec<Entry> {
        let entries: Vec<Entry> = self.fifo.drain(..).collect();
        self.front += entries.len() as u64;
        entries
    }

    /// Offsets count from 0 again.
    pub(super) fn rewind(&mut self) {
        (self.taken, self.sent, self.answered) = (0, 0, 0);
        self.preceding = Preceding::default();
        self.scouting = false;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(end: u64) -> Entry {
        Entry::own(Kind::Command, end)
    }

    /// Three commands of ten bytes each.
    fn wire() -> Wire {
        Wire { fifo: [10, 20, 30].map(entry).into(), ..Wire::default() }
    }

    #[test]
    fn what_was_sent_in_full_leaves_with_the_stream_and_the_rest_counts_from_its_beginning() {
        for (sent, lost, ends) in
            [(0, 0, vec![10, 20, 30]), (10, 1, vec![10, 20]), (29, 2, vec![10]), (30, 3, vec![])]
        {
            let mut wire = Wire { taken: 30, sent, ..wire() };
            let second = FIRST + 1;
            let (gone, start) = wire.end();
            assert_eq!((gone.len(), start), (lost, 10 * lost as u64), "{sent}");
            assert_eq!(wire.fifo.iter().map(|entry| entry.end).collect::<Vec<_>>(), ends);
            assert_eq!((wire.taken, wire.sent, wire.answered, wire.hold), (0, 0, 0, true));
            // Who waits knows its entry by the same number as before.
            assert_eq!(wire.end_of(second).is_some(), lost < 2);
        }
    }

    #[test]
    fn after_a_half_answered_stream_offsets_count_from_the_last_answer() {
        let mut wire = Wire { taken: 30, sent: 15, ..wire() };
        assert!(wire.may_be_answered());
        wire.pop_answered();
        let (gone, start) = wire.end();
        assert_eq!((gone.len(), start), (0, 10));
        assert_eq!(wire.fifo.iter().map(|entry| entry.end).collect::<Vec<_>>(), [10, 20]);
    }

    #[test]
    fn the_handshake_goes_first_and_moves_nobody_s_number() {
        let mut wire = wire();
        wire.begin(12, vec![(Step::Hello, 5), (Step::Ping, 7)]);
        assert_eq!((wire.number, wire.taken, wire.fifo.len()), (1, 12, 5));
        let ends: Vec<u64> = wire.fifo.iter().map(|entry| entry.end).collect();
        assert_eq!(ends, [5, 12, 22, 32, 42]);
        assert_eq!(wire.end_of(FIRST), Some(22));
        assert!(matches!(wire.stage_of(FIRST), TimeoutStage::Queue));
        wire.sent = 22;
        assert!(matches!(wire.stage_of(FIRST), TimeoutStage::Response));
        assert_eq!(wire.in_flight(), 3);
    }

    #[test]
    fn a_link_may_have_two_wires() {
        let mut old = Wire { taken: 20, sent: 20, ..wire() };
        // What was not handed over goes to the other one and keeps its number.
        let kept = old.fifo.partition_point(|entry| entry.end <= old.taken);
        let mut new = Wire { front: old.front + kept as u64, ..Wire::default() };
        new.fifo = old.fifo.split_off(kept);
        new.fifo.iter_mut().for_each(|entry| entry.end -= old.taken);
        new.begin(4, vec![(Step::Ping, 4)]);
        let third = FIRST + 2;
        assert_eq!((old.end_of(third), new.end_of(third)), (None, Some(14)));
        // Each is answered in its own order, one in the middle of the other.
        new.sent = 14;
        assert!(matches!(new.pop_answered().map(|entry| entry.kind), Some(Kind::Step(_))));
        assert!(old.pop_answered().is_some());
        assert!(new.pop_answered().is_some());
        assert!(old.pop_answered().is_some());
        assert!(old.pop_answered().is_none() && new.pop_answered().is_none());
        assert_eq!((old.answered, new.answered), (20, 14));
    }
}
