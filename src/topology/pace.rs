//! When the map is asked for: at once when something changed, and never in a storm.
//!
//! A cluster in trouble answers every command of every client with an error. If each of them asked for the map,
//! the cluster would be busy with that. So one question is under way at a time; what comes up meanwhile makes
//! one more behind it; a bucket of tokens limits how many there are; and many clients spread out.

/// A question that nothing asks for, so that a node that left is missed.
const PERIOD: u64 = 60_000_000;

/// How many questions may follow each other at once, and after those one in which time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Rate {
    burst: u64,
    refill: u64,
}

impl Rate {
    /// For maps of all slots, which are large.
    pub(crate) const MAPS: Self = Self { burst: 2, refill: 15_000_000 };
    /// For roles, which cost a server as much as any small command.
    pub(crate) const ROLES: Self = Self { burst: 8, refill: 250_000 };

    fn full(self) -> u64 {
        self.burst * self.refill
    }
}

/// How long many clients of a cluster of 1000 nodes spread out; of smaller ones accordingly shorter.
const SPREAD_OF_1000: u64 = 1_000_000;

/// Decides when the next question is due; times in microseconds of the clock
#[derive(Debug)]
pub(crate) struct Pace {
    rate: Rate,
    /// Time in place of tokens.
    saved: u64,
    counted: u64,
    asking: bool,
    /// Something came up while a question was under way.
    again: bool,
    due: u64,
}

impl Pace {
    /// The first question is due at once.
    pub(crate) fn new(now: u64, rate: Rate) -> Self {
        Self { rate, saved: rate.full(), counted: now, asking: false, again: false, due: now }
    }

    /// Something showed that the map is old; `random` spreads clients out.
    pub(crate) fn hint(&mut self, now: u64, nodes: usize, random: u64) {
        if self.asking {
            self.again = true;
            return;
        }
        self.save(now);
        let wait = self.rate.refill.saturating_sub(self.saved);
        let spread = SPREAD_OF_1000.saturating_mul(nodes as u64) / 1000;
        let due = now.saturating_add(wait).saturating_add(random % (spread + 1));
        self.due = self.due.min(due);
    }

    /// When the next question is due; `None` while one is under way.
    pub(crate) fn due(&self) -> Option<u64> {
        (!self.asking).then_some(self.due)
    }

    /// A question is asked.
    pub(crate) fn begin(&mut self, now: u64) {
        self.save(now);
        self.saved = self.saved.saturating_sub(self.rate.refill);
        (self.asking, self.again) = (true, false);
    }

    /// It is answered, or will not be.
    pub(crate) fn end(&mut self, now: u64, nodes: usize, random: u64) {
        self.asking = false;
        // A tenth earlier or later, so that clients that began together part.
        self.due = now.saturating_add(PERIOD - PERIOD / 10 + random % (PERIOD / 5));
        if std::mem::take(&mut self.again) {
            self.hint(now, nodes, random);
        }
    }

    /// Nobody answered: that was no burden to anybody. The next question is due after this pause.
    pub(crate) fn unanswered(&mut self, now: u64, pause: u64) {
        (self.asking, self.again) = (false, false);
        self.saved = self.saved.saturating_add(self.rate.refill).min(self.rate.full());
        self.due = now.saturating_add(pause);
    }

    fn save(&mut self, now: u64) {
        let since = now.saturating_sub(std::mem::replace(&mut self.counted, now));
        self.saved = self.saved.saturating_add(since).min(self.rate.full());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000;

    /// Asks whenever a question is due, until `end`, with a hint every `every`; returns the moments.
    fn questions(pace: &mut Pace, every: u64, end: u64) -> Vec<u64> {
        let mut asked = Vec::new();
        let mut now = 0;
        while now < end {
            pace.hint(now, 6, now.wrapping_mul(2_654_435_761));
            if pace.due().is_some_and(|due| due <= now) {
                asked.push(now);
                pace.begin(now);
                pace.end(now, 6, now);
            }
            now += every;
        }
        asked
    }

    #[test]
    fn in_a_storm_two_questions_come_at_once_and_then_four_a_minute() {
        let asked = questions(&mut Pace::new(0, Rate::MAPS), 1000, 301 * SECOND);
        assert!(asked[1] < SECOND, "{asked:?}");
        assert!((20..=22).contains(&asked.len()), "{asked:?}");
        assert!(
            asked[2..].windows(2).all(|pair| pair[1] - pair[0] >= Rate::MAPS.refill - 20_000),
            "{asked:?}"
        );
    }

    #[test]
    fn without_hints_there_is_about_one_a_minute() {
        let mut pace = Pace::new(0, Rate::MAPS);
        let mut now = 0;
        for round in 0..100 {
            pace.begin(now);
            pace.end(now, 6, round * 7_919_000);
            let due = pace.due().unwrap();
            assert!((54 * SECOND..=66 * SECOND).contains(&(due - now)), "{due} {now}");
            now = due;
        }
    }

    #[test]
    fn what_comes_up_while_one_is_under_way_makes_one_more() {
        let mut pace = Pace::new(0, Rate::MAPS);
        pace.begin(0);
        assert_eq!(pace.due(), None);
        for now in 0..1000 {
            pace.hint(now, 6, 0);
        }
        pace.end(1000, 6, 0);
        assert_eq!(pace.due(), Some(1000));
        pace.begin(1000);
        pace.end(2000, 6, 0);
        assert!(pace.due().unwrap() > 50 * SECOND, "no further one");
    }

    #[test]
    fn after_a_quiet_time_a_hint_is_followed_at_once() {
        let mut pace = Pace::new(0, Rate::MAPS);
        for _ in 0..2 {
            pace.begin(0);
            pace.end(0, 6, 0);
        }
        pace.hint(30 * SECOND, 6, 0);
        assert_eq!(pace.due(), Some(30 * SECOND));
    }

    #[test]
    fn clients_of_large_clusters_spread_out() {
        let due = |nodes, random| {
            let mut pace = Pace::new(0, Rate::MAPS);
            pace.begin(0);
            pace.end(0, nodes, 0);
            pace.hint(20 * SECOND, nodes, random);
            pace.due().unwrap() - 20 * SECOND
        };
        assert!((0..1000).all(|random| due(6, random * 7919) <= 6000));
        let late = (0..1000).filter(|random| due(1000, random * 7919) > SECOND / 2).count();
        assert!(late > 300, "{late}");
    }
}
