//! How members are probed and chosen.

use std::time::Duration;

use crate::{
    Error, Result,
    clock::micros,
    connection::CircuitBreaker,
    topology::{Blow, BlowRate},
};

/// How many of its probes a member has to answer to stay healthy
///
/// One that is not healthy has to answer all of them to count as healthy again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum HealthPolicy {
    /// Each of them.
    All,
    /// More than half of them.
    Majority,
    /// One of them. The default: a probe that is lost on the way is no reason to go to another deployment.
    #[default]
    Any,
}

impl HealthPolicy {
    /// Whether a round of `all` probes is won, as soon as the rest of them cannot change that.
    pub(super) fn verdict(self, all: u32, good: u32, bad: u32) -> Option<bool> {
        let needed = match self {
            Self::All => all,
            Self::Majority => all / 2 + 1,
            Self::Any => 1,
        };
        match () {
            () if good >= needed => Some(true),
            () if all - bad < needed => Some(false),
            () => None,
        }
    }
}

/// The times of a group, and how many probes a round has
#[derive(Debug, Clone)]
pub(super) struct Settings {
    pub(super) probes: u32,
    pub(super) gap: Duration,
    pub(super) timeout: Duration,
    pub(super) interval: Duration,
    pub(super) policy: HealthPolicy,
    pub(super) failback: Duration,
    pub(super) aborts: bool,
    /// When the member in use is left because its commands fail.
    pub(super) breaker: Option<CircuitBreaker>,
}

/// A client with many commands leaves a member where a tenth of them fail; one with few, after ten in a row.
fn usual_breaker() -> CircuitBreaker {
    let breaker = CircuitBreaker::new().failures(10).pause(Duration::from_secs(60));
    breaker.failure_rate(0.1, 100, Duration::from_secs(2))
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            probes: 3,
            gap: Duration::from_millis(500),
            timeout: Duration::from_secs(3),
            interval: Duration::from_secs(5),
            policy: HealthPolicy::default(),
            failback: Duration::ZERO,
            aborts: true,
            breaker: Some(usual_breaker()),
        }
    }
}

/// The most probes of a round: they are sent on the connection that commands use.
const MOST_PROBES: u32 = 100;

/// A round begins earlier by up to this part of the interval.
const EARLIER: u64 = 10;

impl Settings {
    pub(super) fn validate(&self) -> Result<()> {
        if !(1..=MOST_PROBES).contains(&self.probes) {
            return Err(Error::config(format!(
                "group: {} probes in a round (expected 1 to {MOST_PROBES})",
                self.probes
            )));
        }
        for (name, time) in [
            ("probe gap", self.gap),
            ("probe timeout", self.timeout),
            ("probe interval", self.interval),
        ] {
            if time < Duration::from_millis(1) {
                return Err(Error::config(format!("group: the {name} is 1 ms or more")));
            }
        }
        Ok(())
    }

    /// The time from the beginning of a round to the next one in microseconds: the interval, or up to a tenth less, so that
    /// clients that began together do not go on asking together.
    pub(super) fn next_round_after(&self, random: u64) -> u64 {
        let interval = micros(Some(self.interval));
        interval - random % (interval / EARLIER + 1)
    }

    /// When commands fail too often, and for how long their member is left alone then, in microseconds.
    pub(super) fn blow(&self) -> Option<(Blow, u64)> {
        let (in_a_row, rate, pause) = self.breaker.as_ref()?.terms();
        let rate = rate.map(|(share, at_least, window)| BlowRate {
            share,
            at_least: at_least.into(),
            window: micros(Some(window)),
        });
        Some((Blow { in_a_row: in_a_row.into(), rate }, micros(Some(pause))))
    }
}

/// # Errors
/// A weight that cannot be compared with others.
pub(super) fn checked_weight(weight: f64) -> Result<f64> {
    match weight.is_finite() && weight >= 0.0 {
        true => Ok(weight),
        false => Err(Error::config("group: a weight is a number from 0 on")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_round_ends_as_soon_as_it_is_decided() {
        use HealthPolicy::{All, Any, Majority};
        let cases = [
            (All, (1, 0), None),
            (All, (3, 0), Some(true)),
            (All, (2, 1), Some(false)),
            (Any, (0, 2), None),
            (Any, (0, 3), Some(false)),
            (Any, (1, 2), Some(true)),
            (Majority, (1, 1), None),
            (Majority, (2, 0), Some(true)),
            (Majority, (0, 2), Some(false)),
        ];
        for (policy, (good, bad), expected) in cases {
            assert_eq!(policy.verdict(3, good, bad), expected, "{policy:?} {good} {bad}");
        }
        assert_eq!(Majority.verdict(4, 2, 1), None);
        assert_eq!(Majority.verdict(4, 2, 2), Some(false));
    }

    #[test]
    fn rounds_are_an_interval_apart_or_a_tenth_less() {
        let settings = Settings::default();
        let after = |random| settings.next_round_after(random);
        assert_eq!(
            [0, 250_000, 500_000, 500_001].map(after),
            [5_000_000, 4_750_000, 4_500_000, 5_000_000]
        );
        for interval in [Duration::from_millis(1), Duration::MAX] {
            let settings = Settings { interval, ..Settings::default() };
            assert!(settings.next_round_after(u64::MAX) <= micros(Some(interval)));
        }
    }

    #[test]
    fn odd_settings_are_refused() {
        let none = Settings { probes: 0, ..Settings::default() };
        assert!(none.validate().unwrap_err().to_string().contains("expected 1 to 100"));
        let hasty = Settings { interval: Duration::ZERO, ..Settings::default() };
        assert!(hasty.validate().unwrap_err().to_string().contains("interval"));
        assert!(Settings::default().validate().is_ok());
        for weight in [f64::NAN, f64::INFINITY, -1.0] {
            assert!(checked_weight(weight).is_err());
        }
        assert!(checked_weight(0.0).is_ok());
    }
}
