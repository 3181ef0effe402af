//! The task that keeps the map of a cluster true.

use std::{
    future::poll_fn,
    sync::Arc,
    task::{Context, Poll},
};

use futures::future::join_all;
use redmux_transport::Timer;

use super::{applying::Leaving, asking::Answer, nodes::Many};
use crate::{
    Delivery, Error, ErrorKind,
    clock::{NEVER, micros, spread},
    topology::{NodeId, Pace, Rate},
};

/// Before the first answer, servers are asked this often, in microseconds.
const FIRST_AGAIN: u64 = 100_000;

/// While a primary is gone, its replicas are asked this often, in microseconds, a quarter more or less.
const PROBE_EVERY: u64 = 30_000;

/// After this time without a new primary, in microseconds, once in [`PROBE_RARELY`].
const PROBE_LONG: u64 = 30_000_000;

const PROBE_RARELY: u64 = 1_000_000;

/// While a primary is gone of which no replica is known, servers are asked for their map this often, in microseconds: a replica that has
/// just come back is in no map yet, and may be the one that takes over.
const HEIRS_EVERY: u64 = 1_000_000;

/// After a hint that shows nothing, connections are looked at again, in microseconds.
const LOOK_AGAIN: u64 = 200_000;

struct Steward {
    many: Arc<Many>,
    pace: Pace,
    timer: Box<dyn Timer>,
    /// When the replicas of lost primaries are asked again; [`NEVER`] if no primary is lost.
    probe_at: u64,
    /// When others are asked who has taken over from primaries without known replicas.
    heirs_at: u64,
    /// After a hint nothing was seen so far.
    doubt: bool,
    /// Since when a primary is lost.
    lost_since: u64,
    /// How often the first question was sent, and not answered.
    unheard: u32,
    /// Until then a first answer is to be hoped for.
    hope_until: u64,
    leaving: Leaving,
}

/// Runs until the multiplexer is closed.
pub(super) async fn run(many: Arc<Many>) {
    let now = many.clock.now();
    let timer = many.clock.runtime.timer(many.clock.runtime.now());
    let options = &many.options;
    let hope = micros(Some(options.connect_timeout)).saturating_mul(options.connect_retry.into());
    let mut steward = Steward {
        hope_until: now.saturating_add(hope),
        pace: Pace::new(now, if many.kind.is_undivided() { Rate::ROLES } else { Rate::MAPS }),
        timer,
        probe_at: NEVER,
        heirs_at: 0,
        doubt: false,
        lost_since: NEVER,
        unheard: 0,
        leaving: Leaving::default(),
        many,
    };
    while !steward.many.is_closed() {
        steward.turn().await;
    }
    steward.many.first.settle(Err(Error::closed()));
}

impl Steward {
    async fn turn(&mut self) {
        self.wait().await;
        let now = self.many.clock.now();
        if self.many.is_closed() {
            return;
        }
        self.settle_doubts().await;
        if self.pace.due().is_some_and(|due| due <= now) {
            self.refresh().await;
        }
        self.probe().await;
        self.many.settle_topics();
        self.leaving.part(&self.many);
    }

    /// Waits until there is something to do.
    async fn wait(&mut self) {
        let due = self.pace.due().unwrap_or(NEVER).min(self.probe_at).min(self.many.doubts.due());
        self.timer.reset(self.many.clock.instant(due.min(self.leaving.due())));
        let (wake, timer) = (&self.many.wake, &mut self.timer);
        let poll = |cx: &mut Context<'_>| match wake.poll(cx) {
            Poll::Ready(hinted) => Poll::Ready(hinted),
            Poll::Pending => timer.poll_expired(cx).map(|()| false),
        };
        if poll_fn(poll).await {
            let (now, random) = (self.many.clock.now(), self.many.clock.runtime.entropy());
            self.pace.hint(now, self.many.lock().size(), random);
            if self.probe_at == NEVER {
                (self.probe_at, self.doubt) = (now, true);
            }
        }
    }

    /// Asks servers of shard channels who has the slots, where nothing else would tell.
    async fn settle_doubts(&mut self) {
        let (now, random) = (self.many.clock.now(), self.many.clock.runtime.entropy());
        let many = self.many.clone();
        let asked = many.doubts.take(now, random).into_iter();
        let asked = asked.map(|(number, vain)| many.ask_doubted(number, vain));
        for asked in join_all(asked).await.into_iter().flatten() {
            if let Ok(answer) = &asked.answer {
                self.take_in(answer);
            }
            many.settle_doubt(&asked);
        }
    }

    /// Asks a node what it knows.
    async fn refresh(&mut self) {
        self.pace.begin(self.many.clock.now());
        let answer = self.many.look().await;
        let (now, random) = (self.many.clock.now(), self.many.clock.runtime.entropy());
        match answer {
            Ok(answer) => {
                self.pace.end(now, self.many.lock().size(), random);
                let doubtful = self.take_in(&answer);
                self.many.first.settle(Ok(()));
                if doubtful {
                    self.pace.hint(now, self.many.lock().size(), random);
                }
            }
            Err(error) => {
                self.pace.unanswered(now, FIRST_AGAIN);
                if self.many.first.is_pending() {
                    self.give_up(error);
                }
            }
        }
    }

    /// Ends the first attempt to connect, if nothing is to be hoped for.
    fn give_up(&mut self, error: Option<Error>) {
        let options = &self.many.options;
        if !options.aborts_on_connect_fail() {
            return self.many.first.settle(Ok(()));
        }
        match error {
            // Malformed answers are of the kind `Config`, and servers that contradict each other.
            Some(error)
                if error.is_server() || error.is_auth() || error.kind() == ErrorKind::Config =>
            {
                self.many.first.settle(Err(error));
            }
            Some(error) if self.many.clock.now() >= self.hope_until => {
                self.many.first.settle(Err(error));
            }
            Some(error) if error.delivery() == Delivery::MaybeExecuted => {
                self.unheard += 1;
                if self.unheard >= options.connect_retry {
                    self.many.first.settle(Err(error));
                }
            }
            error => {
                if let Some(last) = self.many.hopeless(options.connect_retry) {
                    self.many.first.settle(Err(last.or(error).unwrap_or_else(Error::closed)));
                }
            }
        }
    }

    /// Believes what a node said, or not; whether another one ought to be asked.
    fn take_in(&mut self, answer: &Answer) -> bool {
        let now = self.many.clock.now();
        let (doubtful, gone) = self.many.take_in(answer, now);
        self.leaving.note(gone, now);
        doubtful
    }

    /// While primaries are lost, looks for the replicas that take over.
    async fn probe(&mut self) {
        let now = self.many.clock.now();
        if now < self.probe_at {
            return;
        }
        let lost = self.many.lost_primaries();
        if lost.is_empty() {
            // A hint may come before what it is about can be seen.
            let again = std::mem::take(&mut self.doubt);
            self.probe_at = if again { now.saturating_add(LOOK_AGAIN) } else { NEVER };
            self.lost_since = NEVER;
            return;
        }
        self.lost_since = self.lost_since.min(now);
        let random = self.many.clock.runtime.entropy();
        let pause = match now.saturating_sub(self.lost_since) >= PROBE_LONG {
            true => PROBE_RARELY,
            false => PROBE_EVERY,
        };
        self.probe_at = now.saturating_add(spread(pause, random));
        self.look_for_heirs(&lost).await;
        let replicas = self.many.lock().replicas_of(&lost);
        for number in self.many.primaries_of(replicas).await {
            // Its word on its own slots is better than that of others.
            if let Ok(answer) = self.many.look_at(number).await {
                self.take_in(&answer);
                let now = self.many.clock.now();
                self.many.lock().vouch(number, now);
            }
        }
    }

    /// Asks for the map, apart from its usual pace, if one of these lost primaries has no known replica.
    async fn look_for_heirs(&mut self, lost: &[NodeId]) {
        let now = self.many.clock.now();
        let since = now.saturating_sub(self.lost_since);
        let has_none = |primary: &NodeId| self.many.lock().replicas_of(&[*primary]).is_empty();
        if self.many.kind.is_undivided()
            || !(HEIRS_EVERY..PROBE_LONG).contains(&since)
            || now < self.heirs_at
            || !lost.iter().any(has_none)
        {
            return;
        }
        self.heirs_at = now.saturating_add(spread(HEIRS_EVERY, self.many.clock.runtime.entropy()));
        if let Ok(answer) = self.many.look().await {
            self.take_in(&answer);
        }
    }
}
