use crate::connection::{
    core::Core,
    counters::{Counters, FIRST, Tally},
};

impl Core {
    pub(crate) fn counters(&self) -> Counters {
        let Tally { counted, pushed_in_front, unanswered, .. } = &self.tally;
        // Every entry that left was either answered or counted as it left.
        let left = self.wire.front.wrapping_sub(FIRST).wrapping_add(*pushed_in_front);
        let replies = left.saturating_sub(*unanswered);
        let in_flight = self.wire.in_flight();
        Counters {
            bytes_written: counted.bytes_written + self.wire.sent,
            commands_sent: replies + counted.lost + in_flight as u64,
            replies,
            ..*counted
        }
    }

    /// How many replies callers got, and how many of their commands timed out or were lost.
    #[cfg(feature = "topology")]
    pub(crate) fn ended(&self) -> (u64, u64) {
        let counters = self.counters();
        let failures = counters.timeouts + counters.lost;
        (counters.replies.saturating_sub(self.tally.own), failures)
    }

    /// The server answered with an error.
    #[cold]
    pub(crate) fn count_server_error(&mut self) {
        self.tally.counted.server_errors += 1;
    }

    pub(crate) fn count_failure(&mut self) {
        self.tally.counted.failures += 1;
    }
}
