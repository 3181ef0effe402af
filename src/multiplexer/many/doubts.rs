//! Which servers are to be asked whether they are primaries, and when.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::{
    clock::{NEVER, spread},
    topology::NodeId,
};

/// Servers are asked this often, in microseconds, a quarter more or less.
const EVERY: u64 = 100_000;

/// One that has said nothing that can be believed is asked after twice the time each, this often; then at the last pace.
const DOUBLINGS: u32 = 7;

/// Servers that are to be asked, each once
#[derive(Default)]
pub(super) struct Doubts(Mutex<State>);

#[derive(Default)]
struct State {
    servers: Vec<Doubt>,
    /// Nobody is asked before that.
    not_before: u64,
}

struct Doubt {
    server: NodeId,
    due: u64,
    /// How often it has said nothing that can be believed.
    vain: u32,
}

impl Doubts {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// When servers are to be asked; [`NEVER`] if there are none.
    pub(super) fn due(&self) -> u64 {
        let state = self.lock();
        let due = state.servers.iter().map(|doubt| doubt.due).min();
        due.map_or(NEVER, |due| due.max(state.not_before))
    }

    /// The server is to be asked.
    pub(super) fn add(&self, server: NodeId) {
        let mut state = self.lock();
        match state.servers.iter_mut().find(|doubt| doubt.server == server) {
            Some(known) => known.due = 0,
            None => state.servers.push(Doubt { server, due: 0, vain: 0 }),
        }
    }

    /// The server was asked, and has said nothing that can be believed, for the first time or once more than before.
    pub(super) fn add_again(&self, server: NodeId, vain: u32, now: u64) {
        let mut state = self.lock();
        state.servers.retain(|doubt| doubt.server != server);
        let due = now.saturating_add(EVERY << vain.min(DOUBLINGS));
        state.servers.push(Doubt { server, due, vain: vain + 1 });
    }

    /// Those to be asked now, and how often each was asked in vain.
    pub(super) fn take(&self, now: u64, random: u64) -> Vec<(NodeId, u32)> {
        let mut state = self.lock();
        if state.not_before > now {
            return Vec::new();
        }
        let due = state.servers.extract_if(.., |doubt| doubt.due <= now);
        let due: Vec<_> = due.map(|doubt| (doubt.server, doubt.vain)).collect();
        if !due.is_empty() {
            state.not_before = now.saturating_add(spread(EVERY, random));
        }
        due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_are_asked_together_and_ten_times_a_second_at_most() {
        let doubts = Doubts::default();
        assert_eq!((doubts.due(), doubts.take(0, 0)), (NEVER, vec![]));
        doubts.add(1);
        doubts.add(2);
        doubts.add(1);
        assert_eq!((doubts.due(), doubts.take(0, 0)), (0, vec![(1, 0), (2, 0)]));
        doubts.add(1);
        let due = doubts.due();
        assert!((EVERY * 3 / 4..=EVERY * 5 / 4).contains(&due), "{due}");
        assert_eq!(doubts.take(due - 1, 0), []);
        assert_eq!((doubts.take(due, 0), doubts.due()), (vec![(1, 0)], NEVER));
    }

    #[test]
    fn one_that_says_nothing_is_asked_less_and_less_and_holds_up_no_other() {
        let doubts = Doubts::default();
        doubts.add(1);
        let (mut now, mut asked, mut other) = (0, 0, 0);
        while now < 60_000_000 {
            now = doubts.due();
            for (server, vain) in doubts.take(now, 0) {
                match server {
                    1 => doubts.add_again(1, vain, now),
                    _ => other += 1,
                }
                asked += u32::from(server == 1);
            }
            if asked == 8 && other == 0 {
                doubts.add(2);
                assert!(doubts.due() <= now + EVERY * 5 / 4);
            }
        }
        assert!((10..15).contains(&asked), "{asked}");
        assert_eq!(other, 1);
    }
}
