//! What a task knows of its keys, and what it says to a reply.

use redmux::Delivery;

/// Counters begin this far apart, so that no value fits the counter of another task.
const APART: i64 = 1_000_000_000;

/// What a reply says of the client and of the servers
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Right,
    /// Servers acknowledged something that they no longer have: replication is asynchronous, and an election may cost the last writes.
    Lost,
    /// No execution of what was sent explains it: a reply to another command, or a command that ran twice.
    Wrong,
}

/// The two keys of a task
pub(crate) struct Known {
    number: i64,
    /// The counter's value, when counting began or after a loss.
    base: i64,
    last: i64,
    /// Increments since `base` that were acknowledged, and that may have run.
    counted: i64,
    uncertain: i64,
    /// The last text that was sent, and the last that was acknowledged.
    sent: u64,
    written: u64,
}

impl Known {
    pub(crate) fn new(number: u32) -> Self {
        let number = i64::from(number) + 1;
        let base = number * APART;
        Self { number, base, last: base, counted: 0, uncertain: 0, sent: 0, written: 0 }
    }

    /// The value to begin with.
    pub(crate) fn base(&self) -> i64 {
        self.base
    }

    /// An increment failed.
    pub(crate) fn not_counted(&mut self, delivery: Delivery) {
        self.uncertain += i64::from(delivery == Delivery::MaybeExecuted);
    }

    /// An increment returned this.
    pub(crate) fn counted(&mut self, value: i64) -> Verdict {
        self.counted += 1;
        let most = self.base + self.counted + self.uncertain;
        if value > self.last && value <= most {
            self.last = value;
            return Verdict::Right;
        }
        // A counter that is gone with its server begins at zero.
        let own = value < APART || value / APART == self.number;
        if value > most || !own {
            return Verdict::Wrong;
        }
        (self.base, self.last, self.counted, self.uncertain) = (value, value, 0, 0);
        Verdict::Lost
    }

    /// The next text to write.
    pub(crate) fn next_text(&mut self) -> String {
        self.sent += 1;
        format!("{}:{}", self.number, self.sent)
    }

    /// It was written.
    pub(crate) fn written(&mut self) {
        self.written = self.sent;
    }

    /// A read at the primary returned this.
    pub(crate) fn read(&mut self, text: Option<&str>) -> Verdict {
        let Some(found) = self.place(text) else { return Verdict::Wrong };
        if found >= self.written {
            return Verdict::Right;
        }
        self.written = found;
        Verdict::Lost
    }

    /// A read at a replica returned this: it may be old.
    pub(crate) fn read_from_replica(&self, text: Option<&str>) -> Verdict {
        self.place(text).map_or(Verdict::Wrong, |_| Verdict::Right)
    }

    /// Which of the texts it is, 0 for none; `None` if it was never sent to this key.
    fn place(&self, text: Option<&str>) -> Option<u64> {
        let Some(text) = text else { return Some(0) };
        let (number, place) = text.split_once(':')?;
        let place = place.parse().ok().filter(|place| *place <= self.sent);
        place.filter(|_| number.parse() == Ok(self.number))
    }
}

#[cfg(test)]
mod tests {
    use super::{Verdict::*, *};

    #[test]
    fn a_counter_goes_up_by_what_ran() {
        let mut known = Known::new(6);
        let at = |n: i64| 7 * APART + n;
        assert_eq!(known.base(), at(0));
        assert_eq!(known.counted(at(1)), Right);
        known.not_counted(Delivery::NotSent);
        assert_eq!(known.counted(at(3)), Wrong, "one ran that was not sent");
        let mut known = Known::new(6);
        assert_eq!(known.counted(at(1)), Right);
        known.not_counted(Delivery::MaybeExecuted);
        assert_eq!(known.counted(at(3)), Right, "the uncertain one ran");
        assert_eq!(known.counted(at(4)), Right);
        known.not_counted(Delivery::MaybeExecuted);
        assert_eq!(known.counted(at(5)), Right, "the uncertain one did not run");
        assert_eq!(known.counted(at(8)), Wrong);
    }

    #[test]
    fn a_counter_that_goes_back_was_lost_and_that_of_another_task_is_wrong() {
        let mut known = Known::new(6);
        let at = |n: i64| 7 * APART + n;
        assert_eq!(known.counted(at(1)), Right);
        assert_eq!(known.counted(at(2)), Right);
        assert_eq!(known.counted(at(2)), Lost);
        assert_eq!(known.counted(at(3)), Right);
        assert_eq!(known.counted(6 * APART + 4), Wrong);
        assert_eq!(known.counted(8 * APART + 4), Wrong);
        assert_eq!(known.counted(1), Lost, "the server began anew");
        assert_eq!(known.counted(2), Right);
        assert_eq!(known.counted(4), Wrong);
    }

    #[test]
    fn a_read_returns_the_last_text_or_one_that_may_have_been_written() {
        let mut known = Known::new(6);
        assert_eq!(known.read(None), Right);
        assert_eq!(known.next_text(), "7:1");
        known.written();
        assert_eq!(known.read(Some("7:1")), Right);
        assert_eq!(known.read_from_replica(None), Right);
        assert_eq!(known.next_text(), "7:2");
        assert_eq!(known.read(Some("7:1")), Right);
        assert_eq!(known.read(Some("7:2")), Right);
        known.written();
        assert_eq!(known.read_from_replica(Some("7:1")), Right);
        assert_eq!(known.read(Some("7:1")), Lost);
        assert_eq!(known.read(Some("7:1")), Right, "a loss is one loss");
        for wrong in ["7:3", "8:1", "7", "OK"] {
            assert_eq!(known.read(Some(wrong)), Wrong, "{wrong}");
            assert_eq!(known.read_from_replica(Some(wrong)), Wrong, "{wrong}");
        }
    }
}
