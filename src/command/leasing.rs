//! What a call has that leases a connection for each attempt; what it does with that is in `away.rs`.

use std::{fmt, sync::Arc};

#[cfg(not(target_family = "wasm"))]
use super::retry::RetryPolicy;
use crate::{
    Error, Result,
    connection::{Lender, Lent, Link, SlotId},
    sync::SyncFuture,
};

/// Where the command's connection comes from
pub(crate) enum Source<'a> {
    /// Each attempt leases one.
    Pool(&'a dyn Lender),
    /// The caller has leased it.
    Held(Arc<dyn Lent>),
}

/// What an owned call needs to lease its connection
pub(super) struct Plan {
    /// `None`: from the pool.
    pub(super) held: Option<Arc<dyn Lent>>,
    pub(super) wait: u64,
    pub(super) margin: u64,
}

/// What a call has that leases its connection
pub(super) struct Leasing<'a> {
    pub(super) source: Source<'a>,
    /// How long the server may wait, in microseconds.
    pub(super) wait: u64,
    /// The time to lease a connection, and the time that the command has besides `wait`.
    pub(super) margin: u64,
    /// When this attempt must be over, if the caller has given the call a time.
    pub(super) until: Option<u64>,
    pub(super) lease: Option<Lease<'a>>,
    pub(super) sent: Option<Away>,
    /// The attempt has failed in its first step.
    pub(super) failed: Option<Error>,
}

/// A connection that is being leased
pub(super) type Lease<'a> = SyncFuture<'a, Result<Arc<dyn Lent>>>;

/// A command on a leased connection; dropping it gives the command up, and the connection back
pub(super) struct Away {
    pub(super) lent: Arc<dyn Lent>,
    /// `None`: the link has not taken it, or it is answered.
    pub(super) id: Option<SlotId>,
}

impl Drop for Away {
    fn drop(&mut self) {
        if let Some(id) = self.id {
            self.lent.link().abandon(id);
        }
        self.lent.end();
    }
}

impl Leasing<'_> {
    /// The link that has the command; `None` while there is none.
    pub(super) fn link(&self) -> Option<&Link> {
        self.sent.as_ref().map(|away| away.lent.link())
    }

    /// The longest time that all attempts can take together, unless the caller has given a time.
    #[cfg(not(target_family = "wasm"))]
    pub(super) fn longest(&self, policy: Option<&RetryPolicy>) -> u64 {
        let attempt = self.wait.saturating_add(self.margin).saturating_add(self.margin);
        policy.map_or(attempt, |policy| policy.longest(attempt))
    }

    /// The same before its first attempt, without what it borrows.
    pub(super) fn plan(self) -> Plan {
        let held = match self.source {
            Source::Pool(_) => None,
            Source::Held(lent) => Some(lent),
        };
        Plan { held, wait: self.wait, margin: self.margin }
    }

    /// Uses this in place of the `command_timeout`.
    #[cfg(not(target_family = "wasm"))]
    pub(super) fn set_margin(&mut self, margin: u64) {
        self.margin = margin;
    }
}

impl fmt::Debug for Source<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pool(_) => "Pool",
            Self::Held(_) => "Held",
        })
    }
}
