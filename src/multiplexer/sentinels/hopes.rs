//! The first connection: until when it is hoped for, and what the error is otherwise.

use super::watcher::Watcher;
use crate::{
    Delivery, Error, ErrorKind, Options,
    clock::{NEVER, micros},
    error::ConnectStage,
    topology::sentinel::Trouble,
};

/// Whether a first connection is to be hoped for
pub(super) struct Hopes {
    /// Until then; [`NEVER`] where there was one, or it was given up.
    until: u64,
    attempts: u32,
    /// Why the last server that was asked for its role did not answer.
    pub(super) server: Option<Error>,
}

impl Hopes {
    pub(super) fn new(options: &Options, now: u64) -> Self {
        let attempts = options.connect_retry.max(1);
        let each = micros(Some(options.connect_timeout));
        let until = now.saturating_add(each.saturating_mul(u64::from(attempts)));
        Self { until, attempts, server: None }
    }

    pub(super) fn fulfilled(&mut self) {
        self.until = NEVER;
    }

    pub(super) fn until(&self) -> u64 {
        self.until
    }

    /// The error, once there is nothing to be hoped for.
    pub(super) fn lost(
        &self,
        trouble: Option<Trouble>,
        sentinels: &[Watcher],
        service: &str,
        last: impl FnOnce() -> Option<Error>,
        now: u64,
    ) -> Option<Error> {
        if self.until == NEVER {
            return None;
        }
        let is_late = now >= self.until;
        let connect = |stage| Error::new(ErrorKind::Connect(stage), Delivery::NotSent);
        let because = |error: Error, cause: Option<Error>| match cause {
            Some(cause) => error.source(cause),
            None => error,
        };
        match trouble {
            Some(Trouble::NoSentinel) => {
                let hopeless = sentinels.iter().all(|one| one.is_hopeless(self.attempts));
                if !hopeless && !is_late {
                    return None;
                }
                let faults = || sentinels.iter().filter_map(|one| one.fault.as_ref());
                Some(match faults().find(|fault| fault.is_auth()) {
                    Some(refused) => connect(ConnectStage::Auth)
                        .detail("a sentinel refuses the client: sentinelUser and sentinelPassword are for sentinels")
                        .source(refused.clone()),
                    None => {
                        let error = connect(ConnectStage::Dial).detail("no sentinel answers");
                        because(error, faults().next_back().cloned())
                    }
                })
            }
            Some(Trouble::UnknownService) => {
                let decided = |one: &Watcher| one.knows == Some(false) || one.fault.is_some();
                let all = sentinels.iter().all(decided);
                (all || is_late).then(|| {
                    Error::config(format!("serviceName: no sentinel that answers knows {service}"))
                })
            }
            Some(Trouble::NoPrimary) => {
                if let Some(refused) = self.server.as_ref().filter(|fault| fault.is_auth()) {
                    return Some(refused.clone());
                }
                let detail = format!(
                    "the server that sentinels name as the primary of {service} does not answer, or is none"
                );
                let error = || connect(ConnectStage::Dial).detail(detail);
                is_late.then(|| because(error(), self.server.clone()))
            }
            None => is_late.then(|| {
                let error = connect(ConnectStage::Dial);
                last().unwrap_or_else(|| error.detail("the primary cannot be reached"))
            }),
        }
    }
}
