//! When the pool may dial: its dials keep to the reconnect policy too.

use std::time::Duration;

use futures::channel::oneshot;
use redmux_transport::{FAR, Instant};

use crate::{
    Error,
    connection::{ExponentialBackoff, ReconnectPolicy, contained},
};

/// The outcomes of the pool's last dials
///
/// After a failure one caller dials at a time, after the pause that the reconnect policy asks for;
/// all others wait for the outcome of that dial. A connection that opens and is lost at once counts
/// as a failure too, so that a loop over such connections is no faster.
#[derive(Default)]
pub(super) struct Gate {
    /// Failures since a connection was last found to be of use.
    failures: u32,
    /// When the first of them was.
    since: Option<Instant>,
    /// No dial before this moment.
    not_before: Option<Instant>,
    /// Why the last dial failed.
    error: Option<Error>,
    /// Since the last failure, somebody has begun to dial.
    under_way: bool,
    /// Counts the failures: dials that began before the last one say nothing new.
    round: u64,
    /// Callers that wait for `under_way` to change; dropped, they look again.
    waiting: Vec<oneshot::Sender<()>>,
}

/// The turn of a caller that wants to dial
pub(super) enum Turn {
    /// Dial, and report what becomes of it in this round.
    Go(u64),
    /// Wait until then, and ask again.
    Pause(Instant),
    /// Wait until another caller's dial has an outcome, and ask again.
    Behind(oneshot::Receiver<()>),
}

impl Gate {
    pub(super) fn ask(&mut self, now: Instant) -> Turn {
        if self.failures == 0 {
            return Turn::Go(self.round);
        }
        if self.under_way {
            let (sender, turn) = oneshot::channel();
            self.waiting.retain(|waiting| !waiting.is_canceled());
            self.waiting.push(sender);
            return Turn::Behind(turn);
        }
        match self.not_before {
            Some(moment) if moment > now => Turn::Pause(moment),
            _ => {
                self.under_way = true;
                Turn::Go(self.round)
            }
        }
    }

    /// Why no caller may dial now, if so.
    pub(super) fn error(&self) -> Option<&Error> {
        self.error.as_ref()
    }

    /// A dial of this round has failed, or its connection was lost at once.
    pub(super) fn failed(
        &mut self,
        round: u64,
        error: Option<Error>,
        policy: &dyn ReconnectPolicy,
        now: Instant,
        random: u64,
    ) {
        if round != self.round {
            return;
        }
        self.round += 1;
        self.failures = self.failures.saturating_add(1);
        let outage = now.saturating_duration_since(*self.since.get_or_insert(now));
        let attempt = self.failures;
        let ask = |policy: &dyn ReconnectPolicy| {
            let pause = policy.delay(attempt, outage, random);
            // Somebody waits, as a rule; not all clients at the same moment.
            policy.eager().map_or(pause, |eager| {
                pause.min(eager + eager.mul_f64(random as f64 / u64::MAX as f64 / 2.0))
            })
        };
        let pause =
            contained(|| ask(policy)).unwrap_or_else(|| ask(&ExponentialBackoff::default()));
        // A clock cannot hold an unlimited pause.
        self.not_before = Some(now + pause.min(FAR));
        self.error = error.or_else(|| self.error.take());
        self.end_turn();
    }

    /// A dial has opened a connection, of which nothing more is known yet.
    pub(super) fn opened(&mut self) {
        self.not_before = None;
        self.end_turn();
    }

    /// A connection was of use.
    pub(super) fn proven(&mut self) {
        if self.failures > 0 {
            *self = Self { round: self.round + 1, ..Self::default() };
        }
    }

    fn end_turn(&mut self) {
        self.under_way = false;
        self.waiting.clear();
    }
}

/// A connection that lives this long shows that the server is well.
pub(super) const PROVEN: Duration = Duration::from_secs(1);

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connection::ConstantDelay;

    const SECOND: Duration = Duration::from_secs(1);

    fn fail(gate: &mut Gate, round: u64, now: Instant) {
        gate.failed(round, None, &ConstantDelay(SECOND), now, 0);
    }

    fn go(gate: &mut Gate, now: Instant) -> u64 {
        match gate.ask(now) {
            Turn::Go(round) => round,
            Turn::Pause(_) => panic!("a pause"),
            Turn::Behind(_) => panic!("behind another"),
        }
    }

    #[test]
    fn while_all_is_well_everybody_dials() {
        let (mut gate, now) = (Gate::default(), Instant::now());
        for _ in 0..10 {
            assert_eq!(go(&mut gate, now), 0);
        }
    }

    #[test]
    fn dials_that_fail_together_are_one_failure() {
        let (mut gate, now) = (Gate::default(), Instant::now());
        let rounds = [go(&mut gate, now), go(&mut gate, now), go(&mut gate, now)];
        rounds.into_iter().for_each(|round| fail(&mut gate, round, now));
        assert_eq!(gate.failures, 1);
    }

    #[test]
    fn after_failures_one_dials_at_a_time_and_pauses_as_the_policy_says() {
        let (mut gate, now) = (Gate::default(), Instant::now());
        let round = go(&mut gate, now);
        fail(&mut gate, round, now);
        // The policy redials once without a pause.
        let round = go(&mut gate, now);
        let Turn::Behind(mut turn) = gate.ask(now) else { panic!("somebody dials") };
        assert!(turn.try_recv().is_ok_and(|told| told.is_none()));
        fail(&mut gate, round, now);
        assert!(turn.try_recv().is_err(), "it asks again");
        let Turn::Pause(moment) = gate.ask(now) else { panic!("it is too early") };
        assert_eq!(moment, now + SECOND);
        let round = go(&mut gate, moment);
        gate.opened();
        // It opened and was lost at once.
        fail(&mut gate, round, moment);
        assert!(matches!(gate.ask(moment), Turn::Pause(_)));
        go(&mut gate, moment + SECOND);
        gate.proven();
        go(&mut gate, moment);
        go(&mut gate, moment);
    }
}
