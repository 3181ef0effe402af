//! What the driver makes of a connection that failed or came about: events, and when to dial again.

use std::{fmt::Write, panic::AssertUnwindSafe, sync::Arc, time::Duration};

use redmux_transport::Endpoint;

use super::{Driver, Outage, PROVEN, Progress, Since, Stage, renewal};
use crate::{
    Delivery, Error,
    clock::{NEVER, micros},
    connection::{
        core::Phase,
        handshake::{ServerInfo, may_say_hello},
        reconnect::{ExponentialBackoff, ReconnectPolicy},
        redial::{ASKED, BRISK, Wait},
    },
    events::{
        ConfigurationChanged, ConnectionFailed, ConnectionRestored, Event, FailureType,
        InternalError,
    },
};

/// What `code` of the program's own returns; `None` if it panics.
pub(crate) fn contained<R>(code: impl FnOnce() -> R) -> Option<R> {
    std::panic::catch_unwind(AssertUnwindSafe(code)).ok()
}

impl Driver {
    pub(super) fn may_be_bare(&self) -> bool {
        // A gateway that hangs up has other reasons, and says them.
        let direct = !matches!(*self.link.endpoint(), Endpoint::WebSocket { .. });
        let untried = !self.bare.needless && !self.bare.tried;
        let open = untried && direct && !self.plan.single;
        open && self
            .link
            .with(|core| core.phase == Phase::Disconnected && may_say_hello(&self.link.config))
    }

    /// What the life of a connection says of the server.
    pub(super) fn note_end(&mut self, ready: Option<Since>, answered: u64) {
        let Some(since) = ready else { return };
        let lived = self.link.clock.now().saturating_sub(since.at);
        if lived >= PROVEN {
            self.streak = 0;
        } else if answered > since.front {
            // It works, as short as it lives; a server that ends each at once is not stormed.
            self.streak = 0;
            self.not_before = since.at.saturating_add(self.spread(BRISK));
        }
    }

    /// So long and up to half as long again, so that many clients do not come at once.
    fn spread(&self, time: u64) -> u64 {
        time.saturating_add(self.env.runtime.entropy() % (time / 2).max(1))
    }

    /// The attempt or the connection failed: says so once per outage and plans the next.
    pub(super) fn failed(&mut self, error: Error, lost: Option<(FailureType, usize)>) -> Progress {
        let now = self.link.clock.now();
        let error = error.endpoint_at(&self.link.endpoint());
        let (failure, maybe_executed) = lost.unwrap_or_else(|| (FailureType::of(&error), 0));
        if self.outage.is_none() {
            self.outage = Some(Outage { since: now, attempts: 0 });
            self.link.owner.lost(ConnectionFailed {
                endpoint: self.link.endpoint(),
                connection_type: self.link.connection_type,
                failure,
                error: error.clone(),
                maybe_executed,
            });
        }
        // Another endpoint may be well: each is tried before the waits grow.
        let rounds = u32::try_from(self.plan.endpoints.len()).unwrap_or(u32::MAX).max(1);
        let give_up = self.link.with(|core| {
            // It is no command's.
            core.redial.last_error = Some(error.clone().deliver(Delivery::NotSent));
            core.redial.failed_attempts += 1;
            core.count_failure();
            #[cfg(feature = "topology")]
            core.wait_to_be_led();
            core.wakes.wake_watchers();
            if self.plan.single {
                core.note_lost();
            }
            let exhausted = !self.ever_ready
                && self.plan.initial_attempts.is_some_and(|max| {
                    core.redial.failed_attempts >= max.saturating_mul(rounds) || error.is_auth()
                });
            exhausted || self.plan.single || matches!(core.phase, Phase::Closing | Phase::Closed)
        });
        if give_up {
            return self.finish();
        }
        let since = self.outage.as_ref().map_or(now, |outage| outage.since);
        let outage = Duration::from_micros(now.saturating_sub(since));
        let attempt = self.streak / rounds + 1;
        self.streak = self.streak.saturating_add(1);
        let (delay, eager) = self.ask_policy(attempt, outage);
        let after = |time: Duration| now.saturating_add(micros(Some(time))).max(self.not_before);
        self.stage = Stage::Waiting(Wait {
            until: after(delay),
            eager: eager.map_or(NEVER, |time| {
                now.saturating_add(self.spread(micros(Some(time)))).max(self.not_before)
            }),
            asked: now.saturating_add(ASKED),
        });
        Progress::Again
    }

    /// How long the policy waits, and while a command waits; the default's answer if it panics.
    fn ask_policy(&self, attempt: u32, outage: Duration) -> (Duration, Option<Duration>) {
        let random = self.env.runtime.entropy();
        let ask =
            |policy: &dyn ReconnectPolicy| (policy.delay(attempt, outage, random), policy.eager());
        contained(|| ask(&*self.plan.policy)).unwrap_or_else(|| {
            self.link.owner.publish(Event::InternalError(InternalError {
                endpoint: Some(self.link.endpoint()),
                connection_type: Some(self.link.connection_type),
                origin: "reconnect policy",
                detail: "it panicked; the default policy's wait is used".to_owned(),
            }));
            ask(&ExponentialBackoff::default())
        })
    }

    pub(super) fn note_ready(&mut self) {
        self.ever_ready = true;
        self.bare.tried = false;
        self.bare.needless |= !self.bare.on;
        let endpoint = self.link.endpoint();
        let now = self.link.clock.now();
        if let Some(outage) = self.outage.take() {
            self.link.owner.publish(Event::ConnectionRestored(ConnectionRestored {
                endpoint: endpoint.clone(),
                connection_type: self.link.connection_type,
                outage: Duration::from_micros(now.saturating_sub(outage.since)),
                attempts: outage.attempts,
            }));
        }
        let server = self.link.with(|core| core.wire.server.clone().unwrap_or_default());
        if let Some(detail) = self.what_changed(&endpoint, &server) {
            let event = ConfigurationChanged { endpoint: endpoint.clone(), detail };
            self.link.owner.publish(Event::ConfigurationChanged(event));
        }
        self.known = Some((endpoint, server));
        self.link.owner.ready(&self.link);
        self.link.with(|core| core.release_backlog());
        self.keep_credentials_fresh();
    }

    fn keep_credentials_fresh(&self) {
        let Some(provider) = self.plan.credentials.get().cloned() else { return };
        // A subscribed RESP2 connection takes no `AUTH`.
        let valid_for = self.link.with(|core| core.credentials.valid_for);
        if !self.link.config.subscriber
            && let Some(valid_for) = valid_for
        {
            let renewal = renewal::keep_fresh(self.link.clone(), provider, valid_for);
            self.env.runtime.spawn(Box::pin(renewal));
        }
    }

    fn what_changed(&self, endpoint: &Arc<Endpoint>, server: &ServerInfo) -> Option<String> {
        let (old_endpoint, old) = self.known.as_ref()?;
        let mut changes = String::new();
        let mut change = |what: &str, old: &dyn std::fmt::Display, new: &dyn std::fmt::Display| {
            let separator = if changes.is_empty() { "" } else { ", " };
            let _ = write!(changes, "{separator}{what} {old} -> {new}");
        };
        if old_endpoint != endpoint {
            change("endpoint", old_endpoint, endpoint);
        }
        let mut compare = |what: &str, old: &Option<String>, new: &Option<String>| {
            if old != new {
                change(
                    what,
                    &old.as_deref().unwrap_or("unknown"),
                    &new.as_deref().unwrap_or("unknown"),
                );
            }
        };
        compare("role", &old.role, &server.role);
        compare("version", &old.version, &server.version);
        compare("mode", &old.mode, &server.mode);
        (!changes.is_empty()).then_some(changes)
    }
}
