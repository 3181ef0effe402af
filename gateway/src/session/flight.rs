//! The commands of a client that wait for their replies.

use std::collections::VecDeque;

use crate::replies::{Passed, Word};

/// Commands that were forwarded and not answered yet, oldest first
#[derive(Debug, Default)]
pub(super) struct Flight {
    due: VecDeque<Due>,
    /// Whether messages come as arrays: in RESP2, with subscriptions.
    arrays_are_pushed: bool,
}

/// The reply that is due to one command
#[derive(Debug, Clone, Copy)]
pub(super) struct Due {
    /// When it was sent, in microseconds since the session began.
    pub(super) sent: u64,
    /// How many confirmations of a subscription are due; zero means an ordinary reply.
    pub(super) confirmations: u32,
    /// Whether the command replaces a denied one: its time says nothing about the server.
    pub(super) denied: bool,
}

/// Returns whether the command subscribes or unsubscribes, in any of its six forms.
pub(super) fn subscribes(name: &[u8]) -> bool {
    (9..=12).contains(&name.len()) && name[name.len() - 9..].eq_ignore_ascii_case(b"SUBSCRIBE")
}

impl Due {
    pub(super) fn of(words: &[&[u8]]) -> Self {
        let subscribes = subscribes(words.first().copied().unwrap_or_default());
        // Without channels there is one confirmation for each subscription, and at least one.
        let confirmations = u32::try_from(words.len().saturating_sub(1)).unwrap_or(u32::MAX).max(1);
        Self { sent: 0, confirmations: if subscribes { confirmations } else { 0 }, denied: false }
    }

    /// Returns what is due to a command that was refused.
    pub(super) fn of_refusal() -> Self {
        Self { sent: 0, confirmations: 0, denied: true }
    }
}

impl Flight {
    pub(super) fn len(&self) -> usize {
        self.due.len()
    }

    /// Returns when the oldest command was sent.
    pub(super) fn oldest(&self) -> Option<u64> {
        self.due.front().map(|due| due.sent)
    }

    pub(super) fn add(&mut self, due: impl Iterator<Item = Due>) {
        self.due.extend(due);
    }

    /// A reply or a push has passed; returns the command that is answered with it, if one is.
    pub(super) fn passed(&mut self, passed: Passed) -> Option<Due> {
        let confirms = passed.word == Word::Confirms && matches!(passed.kind, b'>' | b'*');
        let awaited = self.due.front().is_some_and(|due| due.confirmations > 0);
        if confirms && (awaited || passed.kind == b'>' || self.arrays_are_pushed) {
            if passed.kind == b'*' {
                self.arrays_are_pushed = passed.number != Some(0);
            }
            let due = self.due.front_mut().filter(|due| due.confirmations > 0)?;
            due.confirmations -= 1;
            return if due.confirmations == 0 { self.due.pop_front() } else { None };
        }
        let pushed = passed.kind == b'>'
            || (passed.kind == b'*' && self.arrays_are_pushed && passed.word == Word::Message);
        if pushed { None } else { self.due.pop_front() }
    }

    /// Frees the memory that a burst took.
    pub(super) fn shrink(&mut self) {
        if self.due.is_empty() && self.due.capacity() > 64 {
            self.due = VecDeque::new();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn flight(lines: &[&str]) -> Flight {
        let mut flight = Flight::default();
        flight.add(
            lines
                .iter()
                .map(|line| Due::of(&line.split(' ').map(str::as_bytes).collect::<Vec<_>>())),
        );
        flight
    }

    fn left_after(flight: &mut Flight, passed: &[(u8, Word, Option<i64>)]) -> Vec<usize> {
        passed
            .iter()
            .map(|&(kind, word, number)| {
                flight.passed(Passed { kind, word, number });
                flight.len()
            })
            .collect()
    }

    #[test]
    fn pushes_answer_nothing_and_confirmations_their_command() {
        use Word::{Confirms, Message, Other};
        let mut resp3 = flight(&["GET k", "SUBSCRIBE a b", "GET k", "UNSUBSCRIBE", "GET k"]);
        let passed = [
            (b'>', Message, None),
            (b'$', Other, None),
            (b'>', Confirms, Some(1)),
            (b'>', Message, None),
            (b'>', Confirms, Some(2)),
            (b'*', Message, None),
            (b'>', Confirms, Some(1)),
            (b'>', Confirms, Some(0)),
            (b'_', Other, None),
        ];
        assert_eq!(left_after(&mut resp3, &passed), [5, 4, 4, 4, 3, 2, 1, 1, 0]);
    }

    #[test]
    fn in_resp2_arrays_are_pushes_while_something_is_subscribed() {
        use Word::{Confirms, Message, Other};
        let mut resp2 =
            flight(&["LRANGE l 0 1", "subscribe a", "PING", "UNSUBSCRIBE a", "LRANGE l 0 1"]);
        let passed = [
            (b'*', Message, None),
            (b'*', Confirms, Some(1)),
            (b'*', Message, None),
            (b'*', Other, None),
            (b'*', Confirms, Some(0)),
            (b'*', Message, None),
        ];
        assert_eq!(left_after(&mut resp2, &passed), [4, 3, 3, 2, 1, 0]);
    }

    #[test]
    fn an_error_answers_a_subscription() {
        let mut flight = flight(&["SUBSCRIBE a b c", "GET k"]);
        let passed = [(b'-', Word::Other, None), (b'$', Word::Other, None)];
        assert_eq!(left_after(&mut flight, &passed), [1, 0]);
    }
}
