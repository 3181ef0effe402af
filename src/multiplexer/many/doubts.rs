//! Which servers are to be asked whether they are primaries, and when.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::{
    clock::{NEVER, spread},
    topology::NodeId,
};

/// Servers are asked this often, in microseconds, a quarter more or less.
const EVERY: u64 = 100_000;

/// Servers that are to be asked, each once
#[derive(Default)]
pub(super) struct Doubts(Mutex<State>);

#[derive(Default)]
struct State {
    servers: Vec<NodeId>,
    /// Nobody is asked before that.
    not_before: u64,
}

impl Doubts {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// When servers are to be asked; [`NEVER`] if there are none.
    pub(super) fn due(&self) -> u64 {
        let state = self.lock();
        if state.servers.is_empty() { NEVER } else { state.not_before }
    }

    pub(super) fn add(&self, number: NodeId) {
        let mut state = self.lock();
        if !state.servers.contains(&number) {
            state.servers.push(number);
        }
    }

    /// Those to be asked now.
    pub(super) fn take(&self, now: u64, random: u64) -> Vec<NodeId> {
        let mut state = self.lock();
        if state.servers.is_empty() || state.not_before > now {
            return Vec::new();
        }
        state.not_before = now.saturating_add(spread(EVERY, random));
        std::mem::take(&mut state.servers)
    }
}
