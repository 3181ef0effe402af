//! What the client sets on a connection beside what it cannot do without: a name, `CLIENT
//! TRACKING`.
//!
//! A server that executes a slow script, loads its data or has taken a right away refuses
//! them. The connection is of use all the same, and they are asked for again.

use super::entry::Step;
use crate::{clock::NEVER, resp::ServerError};

/// How long until the first refused attempt is repeated, in microseconds; each later one takes
/// twice as long.
pub(super) const FIRST_PAUSE: u64 = 100_000;

/// The longest pause before a busy server is asked again, in microseconds.
pub(super) const LONGEST_PAUSE: u64 = 5_000_000;

/// A server that has refused for another reason is asked less often.
pub(super) const SLOWER: u64 = 12;

/// Settings that were refused
#[derive(Debug)]
pub(super) struct Settings {
    pub(super) unset: Vec<Step>,
    pub(super) attempts: u32,
    pub(super) retry_at: u64,
    /// When the owner has something to ask for again; [`NEVER`] for nothing.
    pub(super) subscriptions_due: u64,
    /// The earlier one of the two.
    pub(super) due: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            unset: Vec::new(),
            attempts: 0,
            retry_at: NEVER,
            subscriptions_due: NEVER,
            due: NEVER,
        }
    }
}

/// When to ask again, in microseconds from now, after `attempts` refusals.
pub(crate) fn pause_after(attempts: u32, error: &ServerError, random: u64) -> u64 {
    let slower = if error.is_transient() { 1 } else { SLOWER };
    let pause = FIRST_PAUSE.saturating_mul(1 << attempts.min(16)).min(LONGEST_PAUSE);
    // Up to a quarter more, so that many clients do not come at once.
    let pause = pause * slower;
    pause + random % (pause / 4)
}
