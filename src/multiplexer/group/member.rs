//! A member of a group, and how it is.

use std::{
    fmt,
    sync::{
        Arc, OnceLock, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use super::{super::many::Wake, deployment::Deployment};
use crate::{
    Delivery, Error, ErrorKind, Result,
    connection::{Link, Phase},
    events::MemberHealthChanged,
    sync::{Mutex, MutexGuard},
    topology::{Candidate, Ended, Fit},
};

/// A member that was well for this many pauses of its circuit breaker begins anew with the first pause.
const LONG: u64 = 10;

/// The pause doubles this often at most.
const MOST_DOUBLINGS: u32 = 4;

/// A deployment of a group
pub(in crate::multiplexer) struct Member {
    pub(super) name: Arc<str>,
    pub(super) deployment: Box<dyn Deployment>,
    /// The link that calls for it are made for, once that is known.
    front: OnceLock<Arc<Link>>,
    condition: Mutex<Condition>,
    /// It is to be probed soon.
    pub(super) kick: Wake,
    /// Replies that probes got.
    pub(super) answers: AtomicU64,
}

/// What is known of a member, in microseconds of the clock
#[derive(Debug, Clone)]
pub(super) struct Condition {
    pub(super) weight: f64,
    pub(super) health: Health,
    /// Since when it is like this.
    pub(super) since: u64,
    /// Smoothed over several rounds.
    pub(super) latency: Option<u64>,
    pub(super) last_error: Option<Error>,
    /// Its commands failed too often: until then it is left alone, whatever it answers.
    pub(super) barred_until: u64,
    /// How often that was so without a long time in between.
    trips: u32,
    /// It was told to leave the group.
    pub(super) leaves: bool,
    /// Its connections are closed, or are being closed.
    pub(super) left: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Health {
    Unknown,
    Well,
    Ill,
}

impl Member {
    pub(super) fn new(
        name: Arc<str>,
        weight: f64,
        deployment: Box<dyn Deployment>,
        now: u64,
    ) -> Self {
        let condition = Condition {
            weight,
            health: Health::Unknown,
            since: now,
            latency: None,
            last_error: None,
            barred_until: 0,
            trips: 0,
            leaves: false,
            left: false,
        };
        Self {
            name,
            deployment,
            front: OnceLock::new(),
            condition: Mutex::new(condition),
            kick: Wake::default(),
            answers: AtomicU64::new(0),
        }
    }

    /// The link that calls for it are made for, if that is known.
    #[inline]
    pub(super) fn front(&self) -> Option<&Arc<Link>> {
        self.front.get().or_else(|| self.find_front())
    }

    #[cold]
    fn find_front(&self) -> Option<&Arc<Link>> {
        let front = self.deployment.front()?;
        Some(self.front.get_or_init(|| front))
    }

    pub(super) fn condition(&self) -> MutexGuard<'_, Condition> {
        self.condition.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn is_leaving(&self) -> bool {
        self.condition().leaves
    }

    /// Whether its first probes are still under way.
    pub(super) fn is_unknown(&self) -> bool {
        let condition = self.condition();
        condition.health == Health::Unknown && !condition.leaves
    }

    /// Whether there is a connection to it.
    pub(super) fn is_connected(&self) -> bool {
        self.deployment.node().is_ready()
    }

    /// What the choice goes by; one that is in use may be without a connection for a while.
    pub(super) fn candidate(&self, is_active: bool) -> Candidate {
        let Condition { weight, health, since, latency, leaves, .. } = *self.condition();
        let fit = match health {
            _ if leaves => Fit::Gone,
            Health::Unknown => Fit::Unknown,
            Health::Well if is_active || self.is_connected() => Fit::Well { since },
            Health::Well | Health::Ill => Fit::Ill,
        };
        Candidate { weight, fit, latency }
    }

    /// The time that its servers need to answer while they have announced maintenance.
    pub(super) fn patience(&self, now: u64) -> Option<u64> {
        let nodes = self.deployment.nodes().into_iter();
        let links = nodes.flat_map(|node| node.links());
        links.filter_map(|link| link.with(|core| core.patience(now))).max()
    }

    /// The longest time that they will be given.
    pub(super) fn most_patience(&self) -> u64 {
        let config = &self.deployment.node().link.config;
        config.notices.get().map_or(0, |notices| notices.relaxed)
    }

    /// Notes what came of a round of probes; what is to be said of that.
    pub(super) fn note(&self, outcome: Result<u64>, now: u64) -> Option<MemberHealthChanged> {
        // A server is slow while it is maintained, and that passes.
        let is_usual = self.patience(now).is_none();
        let mut condition = self.condition();
        let before = condition.health;
        let error = match outcome {
            Ok(latency) => {
                let old = condition.latency;
                if is_usual || old.is_none() {
                    condition.latency = Some(old.map_or(latency, |old| (3 * old + latency) / 4));
                }
                if now < condition.barred_until {
                    return None;
                }
                condition.health = Health::Well;
                None
            }
            Err(error) => {
                condition.health = Health::Ill;
                condition.last_error = Some(error.clone());
                Some(error)
            }
        };
        let healthy = condition.health == Health::Well;
        if condition.health == before || condition.leaves {
            return None;
        }
        let after = now.saturating_sub(std::mem::replace(&mut condition.since, now));
        // That the first probes are answered is what everybody expects.
        (before != Health::Unknown || !healthy).then(|| MemberHealthChanged {
            member: self.name.clone(),
            healthy,
            after: Duration::from_micros(after),
            error,
        })
    }

    /// Its commands fail too often: it is left alone for this time, and for longer each time that this happens soon after
    /// the last one.
    pub(super) fn trip(&self, pause: u64, now: u64) -> Option<MemberHealthChanged> {
        let mut condition = self.condition();
        if condition.health != Health::Well {
            return None;
        }
        let well_for = now.saturating_sub(condition.since);
        let is_soon = well_for < pause.saturating_mul(LONG);
        condition.trips =
            if is_soon && condition.barred_until > 0 { condition.trips + 1 } else { 0 };
        let pause = pause.saturating_mul(1 << condition.trips.min(MOST_DOUBLINGS));
        condition.barred_until = now.saturating_add(pause);
        let error = Error::new(ErrorKind::CircuitOpen, Delivery::NotSent)
            .detail("too many commands of this member of the group failed");
        condition.last_error = Some(error.clone());
        (condition.health, condition.since) = (Health::Ill, now);
        Some(MemberHealthChanged {
            member: self.name.clone(),
            healthy: false,
            after: Duration::from_micros(well_for),
            error: Some(error),
        })
    }

    /// Whether the circuit breaker of its options refuses all commands; of a cluster, each server has one, and says nothing
    /// of the others.
    pub(super) fn is_refusing(&self, now: u64) -> bool {
        let router = self.front().and_then(|front| front.router());
        let breaker = self.deployment.node().link.config.breaker.as_deref();
        router.is_none_or(|router| router.is_undivided())
            && breaker.is_some_and(|breaker| !breaker.is_passable(|| now))
    }

    /// What became of the commands of callers so far.
    pub(super) fn ended(&self) -> Ended {
        let mut sum = Ended::default();
        for link in self.deployment.nodes().into_iter().flat_map(|node| node.links()) {
            let (replies, failures) = link.with(|core| core.ended());
            sum.replies += replies;
            sum.failures += failures;
        }
        sum.replies = sum.replies.saturating_sub(self.answers.load(Relaxed));
        sum
    }

    /// Waits until it is known what it is.
    pub(super) async fn known(&self) {
        while self.front().is_none() {
            let link = &self.deployment.node().link;
            link.watch(|core| (core.phase == Phase::Ready).then_some(())).await;
        }
    }

    /// Waits until it has no connection, and was dialled in vain.
    pub(super) async fn gone(&self) -> Error {
        let link = &self.deployment.node().link;
        link.watch(|core| {
            let is_gone = match core.phase {
                Phase::Disconnected => core.redial.failed_attempts > 0,
                Phase::Closing | Phase::Closed => true,
                _ => false,
            };
            is_gone.then(|| core.redial.last_error.clone().unwrap_or_else(|| core.closed_error()))
        })
        .await
    }
}

impl fmt::Debug for Member {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Member").field("name", &self.name).finish_non_exhaustive()
    }
}
