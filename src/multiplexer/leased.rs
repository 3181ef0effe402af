//! A connection while it is leased.

use std::{
    borrow::Cow,
    fmt,
    sync::{
        Arc, PoisonError,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
};

use redmux_transport::{Endpoint, Instant};

use super::{
    lending::LeaseUse,
    pool::{Permit, Pool, is_clean},
};
use crate::{
    Result,
    command::{Effect, check_leased},
    connection::Link,
    resp::Arg,
    sync::{AtomicBool, Mutex},
};

/// Which server a connection leads to, as the shared connection knew it then
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Stamp {
    pub(super) endpoint: Arc<Endpoint>,
    /// The stream that the shared connection had.
    pub(super) session: u64,
    /// How often the program had asked for other connections.
    pub(super) round: u64,
}

/// One connection for one user, given back when dropped
pub(crate) struct Leased {
    pub(crate) link: Arc<Link>,
    pub(super) stamp: Stamp,
    /// Its borrower changed it (`SELECT`, `AUTH`, `CLIENT SETNAME`…): it is not used again.
    changed: AtomicBool,
    /// It watches keys, as far as is known; not used again while that is so.
    guarded: AtomicBool,
    /// Commands of the crate's own that may wait on the server for long: closing does not wait for
    /// them, and a change of the server ends them.
    blocking: AtomicUsize,
    /// The last of them.
    command: Mutex<Cow<'static, str>>,
    /// When it was lent, by the link's clock.
    since: u64,
    watching: Mutex<Watching>,
    /// Where it was dialled for this user: when, and in which round of the gate.
    pub(super) fresh: Option<(Instant, u64)>,
    permit: Permit,
}

/// How far an attempt of an optimistic loop has come, on the connection it leased
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Watching {
    /// It is no such connection.
    No,
    /// Keys are watched.
    Reads,
    /// `EXEC` is on its way.
    Commits,
    /// `EXEC` was answered: nothing is watched any more.
    Over { conflict: bool },
}

impl Leased {
    pub(super) fn new(
        link: Arc<Link>,
        stamp: Stamp,
        fresh: Option<(Instant, u64)>,
        permit: Permit,
    ) -> Self {
        Self {
            since: link.clock.now(),
            link,
            stamp,
            changed: AtomicBool::new(false),
            guarded: AtomicBool::new(false),
            blocking: AtomicUsize::new(0),
            command: Mutex::new(Cow::Borrowed("")),
            watching: Mutex::new(Watching::No),
            fresh,
            permit,
        }
    }

    /// Refuses what would break the matching of replies; notes what changes the connection, and returns what that is.
    pub(crate) fn check(&self, words: &[Arg<'_>]) -> Result<Effect> {
        let effect = check_leased(words)?;
        match effect {
            Effect::None => {}
            Effect::Changes => self.change(),
            Effect::Takes => {
                self.change();
                self.link.with(|core| core.quiet = true);
            }
        }
        Ok(effect)
    }

    /// Marks the connection as changed for good.
    pub(crate) fn change(&self) {
        self.changed.store(true, SeqCst);
    }

    pub(crate) fn is_changed(&self) -> bool {
        self.changed.load(SeqCst)
    }

    /// It watches keys from now on, or no more.
    pub(crate) fn guard(&self, watches: bool) {
        self.guarded.store(watches, SeqCst);
    }

    pub(crate) fn watching(&self) -> Watching {
        *self.watching.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn set_watching(&self, watching: Watching) {
        *self.watching.lock().unwrap_or_else(PoisonError::into_inner) = watching;
    }

    /// Whether a command of the crate's own may wait on the server for long.
    pub(super) fn is_blocking(&self) -> bool {
        self.blocking.load(SeqCst) > 0
    }

    /// What it is used for, and for how many microseconds.
    pub(super) fn use_now(&self) -> (LeaseUse, u64) {
        let command = || self.command.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let used_for = match (self.is_blocking(), self.guarded.load(SeqCst)) {
            (true, _) => LeaseUse::Command(command()),
            (false, true) => LeaseUse::Command("WATCH".into()),
            (false, false) => LeaseUse::Lease,
        };
        (used_for, self.link.clock.now().saturating_sub(self.since))
    }

    /// Such a command begins.
    pub(crate) fn begin_blocking(&self, command: Cow<'static, str>) {
        *self.command.lock().unwrap_or_else(PoisonError::into_inner) = command;
        self.blocking.fetch_add(1, SeqCst);
    }

    /// Such a command is over.
    #[cfg(feature = "full")]
    pub(super) fn end_blocking(&self) {
        self.blocking.fetch_sub(1, SeqCst);
    }

    /// It is as it was when new.
    fn is_as_new(&self) -> bool {
        !self.is_changed() && !self.guarded.load(SeqCst) && is_clean(&self.link)
    }

    pub(super) fn pool(&self) -> Option<&Arc<Pool>> {
        self.permit.0.as_ref()
    }
}

impl Drop for Leased {
    fn drop(&mut self) {
        let as_new = self.is_as_new();
        // Before the permit, so that the next in line finds it.
        if let Some(pool) = self.pool()
            && pool.take_back(self, as_new)
        {
            return;
        }
        // The server frees what it holds for a connection when that ends.
        self.link.abort();
    }
}

impl fmt::Debug for Leased {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Leased").field("link", &self.link).finish_non_exhaustive()
    }
}
