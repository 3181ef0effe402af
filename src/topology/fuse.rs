//! Whether the commands of a deployment fail too often, by what its connections have counted.
//!
//! Nothing is done for a command: connections count anyway, and they are looked at while something may be wrong.

use std::collections::VecDeque;

/// How many times a window is looked at.
pub(crate) const LOOKS: u64 = 10;

/// When commands fail too often; times in microseconds
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Blow {
    /// After this many failures without a reply in between.
    pub(crate) in_a_row: u64,
    /// Where too many of the commands in a window fail.
    pub(crate) rate: Option<BlowRate>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct BlowRate {
    /// This share of those that ended.
    pub(crate) share: f64,
    /// If at least this many ended.
    pub(crate) at_least: u64,
    pub(crate) window: u64,
}

/// What connections have counted since they were made
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Ended {
    /// Callers that got a reply.
    pub(crate) replies: u64,
    /// Commands whose time was up, or that were lost with their connection.
    pub(crate) failures: u64,
}

/// The counts of one deployment as time goes by
#[derive(Debug, Default)]
pub(crate) struct Fuse {
    /// The last one is the present; the first one is at most a window old.
    looks: VecDeque<(u64, Ended)>,
    in_a_row: u64,
}

impl Fuse {
    /// Takes a look in; whether commands fail too often.
    pub(crate) fn look(&mut self, blow: &Blow, now: u64, ended: Ended) -> bool {
        let before = self.looks.back().map_or(ended, |(_, before)| *before);
        let failed = ended.failures.saturating_sub(before.failures);
        self.in_a_row = match ended.replies > before.replies {
            true => 0,
            false => self.in_a_row.saturating_add(failed),
        };
        self.looks.push_back((now, ended));
        let window = blow.rate.map_or(0, |rate| rate.window);
        // One that is older is kept, so that there is something to compare with.
        while self.looks.get(1).is_some_and(|(at, _)| now.saturating_sub(*at) >= window) {
            self.looks.pop_front();
        }
        if failed == 0 {
            return false;
        }
        let too_many = blow.rate.is_some_and(|rate| {
            let Some((_, first)) = self.looks.front() else { return false };
            let failures = ended.failures.saturating_sub(first.failures);
            let all = failures + ended.replies.saturating_sub(first.replies);
            all >= rate.at_least && failures as f64 >= rate.share * all as f64
        });
        too_many || self.in_a_row >= blow.in_a_row
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000;
    const BLOW: Blow = Blow {
        in_a_row: 5,
        rate: Some(BlowRate { share: 0.1, at_least: 100, window: 2 * SECOND }),
    };

    fn ended(replies: u64, failures: u64) -> Ended {
        Ended { replies, failures }
    }

    #[test]
    fn failures_in_a_row_are_too_many_for_a_quiet_client_too() {
        let mut fuse = Fuse::default();
        for second in 0..5 {
            assert!(!fuse.look(&BLOW, 60 * second * SECOND, ended(1000, second)));
        }
        assert!(fuse.look(&BLOW, 300 * SECOND, ended(1000, 5)));
        let mut fuse = Fuse::default();
        for second in 0..40 {
            // One reply after each fourth failure.
            assert!(!fuse.look(&BLOW, 60 * second * SECOND, ended(second / 4, second)), "{second}");
        }
    }

    #[test]
    fn a_share_of_failures_is_too_much_for_a_busy_client() {
        let tenth = SECOND / 5;
        let run = |failing: u64| {
            let mut fuse = Fuse::default();
            // A thousand in a tenth of the window.
            (0..30).any(|look| {
                fuse.look(&BLOW, look * tenth, ended(look * (1000 - failing), look * failing))
            })
        };
        assert!(!run(0));
        assert!(!run(99));
        assert!(run(101));
        // What ended before the window does not count.
        let mut fuse = Fuse::default();
        fuse.look(&BLOW, 0, ended(0, 0));
        fuse.look(&BLOW, 10 * SECOND, ended(1_000_000, 0));
        assert!(!fuse.look(&BLOW, 10 * SECOND + tenth, ended(1_000_089, 10)));
        assert!(fuse.look(&BLOW, 10 * SECOND + 2 * tenth, ended(1_000_089, 21)));
    }

    #[test]
    fn without_a_rate_only_failures_in_a_row_count() {
        let blow = Blow { rate: None, ..BLOW };
        let mut fuse = Fuse::default();
        assert!(!(0..50).any(|look| fuse.look(&blow, look, ended(look, 100 * look))));
    }
}
