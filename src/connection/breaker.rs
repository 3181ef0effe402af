//! A circuit breaker: fails fast while the server does not answer.

use std::{sync::PoisonError, time::Duration};

use crate::{
    clock::micros,
    sync::{Mutex, MutexGuard},
};

/// When commands are refused at once because the server does not answer
///
/// An option: [`Options::circuit_breaker`](crate::Options::circuit_breaker). It counts the outcomes
/// of commands: time-outs, connections that could not be opened, and lost connections (once
/// each, however many commands were lost with them) are failures; any answer of the server, errors
/// too, is a success. After a number of failures in a row, or when too many of the commands in a
/// window of time fail, the circuit *opens*: commands fail at once with
/// [`ErrorKind::CircuitOpen`](crate::ErrorKind::CircuitOpen), not sent. After a pause, one command is admitted as a probe. If the
/// server answers it, the circuit closes; if not, the next pause begins.
///
/// A call that is [forgotten](crate::Call::forget) does not count: while the circuit is open it is
/// refused during the pauses and admitted between them.
///
/// Opening and closing are [events](crate::Event::CircuitOpened).
///
/// ```
/// use redmux::{Options, options::CircuitBreaker};
/// use std::time::Duration;
///
/// // Open after 5 failures in a row, or when half of at least 20 commands in 10 s fail.
/// let breaker = CircuitBreaker::new()
///     .failures(5)
///     .failure_rate(0.5, 20, Duration::from_secs(10))
///     .pause(Duration::from_secs(3));
/// let options = Options::new("localhost:6379").circuit_breaker(breaker);
/// ```
#[derive(Debug, Clone, PartialEq)]
#[must_use]
pub struct CircuitBreaker {
    failures: u32,
    rate: Option<Rate>,
    pause: Duration,
}

#[derive(Debug, Clone, PartialEq)]
struct Rate {
    share: f64,
    at_least: u32,
    window: Duration,
}

impl Default for CircuitBreaker {
    fn default() -> Self {
        Self::new()
    }
}

impl CircuitBreaker {
    /// Opens after 10 failures in a row, for 2 s.
    pub fn new() -> Self {
        Self { failures: 10, rate: None, pause: Duration::from_secs(2) }
    }

    /// Opens after `in_a_row` failures with no success in between. 0 counts as 1.
    pub fn failures(mut self, in_a_row: u32) -> Self {
        self.failures = in_a_row.max(1);
        self
    }

    /// Opens also when this share of the commands (0.5 is half) that ended within the window fail,
    /// if at least `at_least` commands ended. Default: only failures in a row count.
    pub fn failure_rate(mut self, share: f64, at_least: u32, window: Duration) -> Self {
        self.rate = Some(Rate { share, at_least: at_least.max(1), window });
        self
    }

    /// How long the circuit stays open before a probe is admitted. Default 2 s.
    pub fn pause(mut self, time: Duration) -> Self {
        self.pause = time;
        self
    }

    /// After how many failures in a row it opens; of which share of at least how many commands within which time; for how long.
    #[cfg(feature = "topology")]
    pub(crate) fn terms(&self) -> (u32, Option<(f64, u32, Duration)>, Duration) {
        let rate = self.rate.as_ref().map(|rate| (rate.share, rate.at_least, rate.window));
        (self.failures, rate, self.pause)
    }
}

/// A circuit breaker at work, of one server and all links to it; times in microseconds of the multiplexer's clock
#[derive(Debug)]
pub(crate) struct Breaker {
    policy: CircuitBreaker,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    circuit: Circuit,
    in_a_row: u32,
    /// The stream whose loss was counted last.
    lost: Option<u64>,
    window: Window,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
enum Circuit {
    #[default]
    Closed,
    /// One command is admitted then, and again after each pause without an outcome of that command.
    Open { since: u64, probe_at: u64 },
}

/// What a command's outcome says of the server
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Success,
    Failure,
    /// The connection was lost, on the stream of this number.
    Lost(u64),
}

/// The change that a command caused
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Change {
    Opened,
    Closed { after: u64 },
}

impl Breaker {
    pub(crate) fn new(policy: CircuitBreaker) -> Self {
        Self { policy, state: Mutex::new(State::default()) }
    }

    /// `None`: the command is refused; otherwise whether it is the probe.
    pub(crate) fn admit(&self, clock: impl FnOnce() -> u64) -> Option<bool> {
        self.state().admit(&self.policy, clock)
    }

    /// Whether a command whose outcome will not be known is admitted: while the circuit is open, only
    /// when a probe is due. The command is never the probe, and takes no other command's turn.
    pub(crate) fn is_passable(&self, clock: impl FnOnce() -> u64) -> bool {
        self.state().is_passable(clock)
    }

    /// A command is over; `probe` says whether it was the probe.
    pub(crate) fn settle(
        &self,
        verdict: Verdict,
        probe: bool,
        clock: impl FnOnce() -> u64,
    ) -> Option<Change> {
        self.state().settle(&self.policy, verdict, probe, clock)
    }

    /// How long the circuit stays open before a probe is admitted.
    pub(crate) fn pause(&self) -> Duration {
        self.policy.pause
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn admit(&mut self, policy: &CircuitBreaker, clock: impl FnOnce() -> u64) -> Option<bool> {
        let Circuit::Open { since, probe_at } = self.circuit else { return Some(false) };
        let now = clock();
        (now >= probe_at).then(|| {
            self.circuit = Circuit::Open { since, probe_at: policy.after_pause(now) };
            true
        })
    }

    fn is_passable(&self, clock: impl FnOnce() -> u64) -> bool {
        match self.circuit {
            Circuit::Closed => true,
            Circuit::Open { probe_at, .. } => clock() >= probe_at,
        }
    }

    fn settle(
        &mut self,
        policy: &CircuitBreaker,
        verdict: Verdict,
        probe: bool,
        clock: impl FnOnce() -> u64,
    ) -> Option<Change> {
        let failed = verdict != Verdict::Success;
        if let Circuit::Open { since, .. } = self.circuit {
            // What was sent before it opened says nothing new.
            if !probe {
                return None;
            }
            let now = clock();
            if failed {
                self.circuit = Circuit::Open { since, probe_at: policy.after_pause(now) };
                return None;
            }
            *self = Self { lost: self.lost, ..Self::default() };
            return Some(Change::Closed { after: now.saturating_sub(since) });
        }
        if let Verdict::Lost(stream) = verdict {
            // One accident, however many commands it hits.
            if self.lost.replace(stream) == Some(stream) {
                return None;
            }
        }
        self.in_a_row = if failed { self.in_a_row.saturating_add(1) } else { 0 };
        if !failed && policy.rate.is_none() {
            return None;
        }
        let now = clock();
        let mut too_many = self.in_a_row >= policy.failures;
        if let Some(rate) = &policy.rate {
            let (ended, failures) = self.window.count(failed, now, rate.window);
            let share = f64::from(failures) / f64::from(ended);
            too_many |= failed && ended >= rate.at_least && share >= rate.share;
        }
        too_many.then(|| {
            self.circuit = Circuit::Open { since: now, probe_at: policy.after_pause(now) };
            Change::Opened
        })
    }
}

impl CircuitBreaker {
    fn after_pause(&self, now: u64) -> u64 {
        now.saturating_add(micros(Some(self.pause)))
    }
}

/// Commands that ended lately, and how many of them failed, in tenths of a time
#[derive(Debug, Default)]
struct Window {
    tenths: [(u32, u32); 10],
    /// The number of the present tenth since the link was made.
    present: u64,
}

impl Window {
    /// Counts one more; how many ended within the window, and how many of them failed.
    fn count(&mut self, failed: bool, now: u64, window: Duration) -> (u32, u32) {
        let present = now / (micros(Some(window)) / 10).max(1);
        let gone = present.saturating_sub(self.present).min(10);
        for tenth in 0..gone {
            self.tenths[((present - tenth) % 10) as usize] = (0, 0);
        }
        self.present = self.present.max(present);
        let (ended, failures) = &mut self.tenths[(self.present % 10) as usize];
        *ended = ended.saturating_add(1);
        *failures = failures.saturating_add(u32::from(failed));
        self.tenths.iter().fold((0, 0), |(ended, failures), (more_ended, more_failures)| {
            (ended.saturating_add(*more_ended), failures.saturating_add(*more_failures))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000;

    /// A circuit breaker without a link
    struct Bench(CircuitBreaker, State);

    impl Bench {
        fn new(policy: CircuitBreaker) -> Self {
            Self(policy, State::default())
        }

        fn admit(&mut self, now: u64) -> Option<bool> {
            self.1.admit(&self.0, || now)
        }

        fn settle(&mut self, verdict: Verdict, probe: bool, now: u64) -> Option<Change> {
            self.1.settle(&self.0, verdict, probe, || now)
        }
    }

    #[test]
    fn failures_in_a_row_open_it_and_a_success_closes_it() {
        let mut bench = Bench::new(CircuitBreaker::new().failures(3).pause(Duration::from_secs(2)));
        for verdict in [Verdict::Failure, Verdict::Failure, Verdict::Success, Verdict::Failure] {
            assert_eq!(bench.settle(verdict, false, 0), None);
        }
        assert_eq!(bench.settle(Verdict::Failure, false, 0), None);
        assert_eq!(bench.settle(Verdict::Failure, false, SECOND), Some(Change::Opened));
        assert_eq!(bench.admit(2 * SECOND), None);
        // Late results change nothing.
        assert_eq!(bench.settle(Verdict::Success, false, 2 * SECOND), None);
        assert_eq!(bench.admit(3 * SECOND - 1), None);
        assert_eq!(bench.admit(3 * SECOND), Some(true));
        assert_eq!(bench.admit(3 * SECOND), None);
        assert_eq!(bench.settle(Verdict::Failure, true, 4 * SECOND), None);
        assert_eq!(bench.admit(6 * SECOND - 1), None);
        assert_eq!(bench.admit(6 * SECOND), Some(true));
        let closed = bench.settle(Verdict::Success, true, 7 * SECOND);
        assert_eq!(closed, Some(Change::Closed { after: 6 * SECOND }));
        assert_eq!(bench.admit(7 * SECOND), Some(false));
        // It begins to count anew.
        assert_eq!(bench.settle(Verdict::Failure, false, 7 * SECOND), None);
    }

    #[test]
    fn a_probe_that_is_never_heard_of_is_followed_by_another() {
        let mut bench = Bench::new(CircuitBreaker::new().failures(1).pause(Duration::from_secs(2)));
        assert_eq!(bench.settle(Verdict::Failure, false, 0), Some(Change::Opened));
        assert_eq!(bench.admit(2 * SECOND), Some(true));
        assert_eq!(bench.admit(4 * SECOND - 1), None);
        assert_eq!(bench.admit(4 * SECOND), Some(true));
    }

    #[test]
    fn what_is_forgotten_passes_when_it_is_time_and_takes_no_turn() {
        let mut bench = Bench::new(CircuitBreaker::new().failures(1).pause(Duration::from_secs(2)));
        assert!(bench.1.is_passable(|| 0));
        assert_eq!(bench.settle(Verdict::Failure, false, 0), Some(Change::Opened));
        assert!(!bench.1.is_passable(|| SECOND));
        assert!(bench.1.is_passable(|| 2 * SECOND));
        assert!(bench.1.is_passable(|| 2 * SECOND));
        assert_eq!(bench.admit(2 * SECOND), Some(true));
        assert!(!bench.1.is_passable(|| 2 * SECOND));
    }

    #[test]
    fn a_lost_connection_counts_once() {
        let mut bench = Bench::new(CircuitBreaker::new().failures(2));
        for _ in 0..100 {
            assert_eq!(bench.settle(Verdict::Lost(1), false, 0), None);
        }
        assert_eq!(bench.settle(Verdict::Lost(2), false, 0), Some(Change::Opened));
    }

    #[test]
    fn a_rate_opens_it_within_its_window() {
        let policy = CircuitBreaker::new().failures(u32::MAX);
        let policy = policy.failure_rate(0.5, 4, Duration::from_secs(10));
        let mut bench = Bench::new(policy);
        // Too few, and then too long ago.
        for now in [0, 1, 2] {
            assert_eq!(bench.settle(Verdict::Failure, false, now * SECOND), None);
        }
        for now in [13, 14, 15] {
            assert_eq!(bench.settle(Verdict::Success, false, now * SECOND), None);
        }
        for now in [16, 17] {
            assert_eq!(bench.settle(Verdict::Failure, false, now * SECOND), None);
        }
        assert_eq!(bench.settle(Verdict::Failure, false, 18 * SECOND), Some(Change::Opened));
    }

    #[test]
    fn the_window_moves() {
        let mut window = Window::default();
        let long = Duration::from_secs(10);
        assert_eq!(window.count(true, 0, long), (1, 1));
        assert_eq!(window.count(false, 9 * SECOND, long), (2, 1));
        assert_eq!(window.count(false, 10 * SECOND, long), (2, 0));
        assert_eq!(window.count(true, 1000 * SECOND, long), (1, 1));
        assert_eq!(window.count(true, 0, Duration::ZERO), (2, 2));
    }
}
