//! Whether the peer is alive.

use super::{config::LinkConfig, wire::Wire};
use crate::clock::NEVER;

/// After this many rounds of time-outs in a row in which replies came, and none for a command that
/// was still waiting, a reply must have got lost: the connection is given up.
pub(super) const LATE_ROUNDS: u32 = 3;

/// On a connection that all share, silence ends it after this time (in microseconds) at the latest,
/// however long a call was told to wait.
pub(super) const LONGEST_PATIENCE: u64 = 60_000_000;

/// What was heard of the peer, in microseconds of the clock
#[derive(Debug)]
pub(super) struct Liveness {
    /// `None`: nothing on this stream.
    pub(super) last_read: Option<u64>,
    pub(super) last_write: Option<u64>,
    /// When the FIFO last turned from empty to not empty.
    pub(super) busy_since: u64,
    /// When the probe that is under way has gone unanswered for too long; [`NEVER`]: there is none.
    pub(super) probe_deadline: u64,
    pub(super) late: Late,
    /// The owner is to learn that replies are due and nothing comes.
    #[cfg(feature = "topology")]
    pub(super) is_silent: bool,
}

impl Default for Liveness {
    fn default() -> Self {
        let late = Late::default();
        Self {
            last_read: None,
            last_write: None,
            busy_since: 0,
            probe_deadline: NEVER,
            late,
            #[cfg(feature = "topology")]
            is_silent: false,
        }
    }
}

/// Time-outs that look as if replies had shifted
#[derive(Debug, Default)]
pub(super) struct Late {
    /// When the last reply was read, whether anybody still waited for it.
    pub(super) last_reply: u64,
    /// Rounds of time-outs since a caller got its reply.
    pub(super) rounds: u32,
    pub(super) counted: u64,
}

impl Late {
    /// The time of a command that was sent is up.
    pub(super) fn note_time_out(&mut self, issued: u64, now: u64) {
        if self.last_reply > issued && self.last_reply > self.counted {
            self.counted = now;
            self.rounds += 1;
        }
    }
}

impl Liveness {
    /// Another stream: nothing was heard on it.
    pub(super) fn begin(&mut self) {
        *self = Self { busy_since: self.busy_since, ..Self::default() };
    }

    /// When the next probe is due, unless something is read before.
    ///
    /// Counted from the last read while idle, and from the moment the oldest reply fell
    /// due while commands are in flight: steady writing must not hide that nothing
    /// comes back.
    #[inline]
    pub(super) fn next_probe(&self, wire: &Wire, config: &LinkConfig, now: u64) -> u64 {
        let last_read = self.last_read.unwrap_or(now);
        if wire.fifo.is_empty() {
            return last_read.saturating_add(config.keep_alive);
        }
        last_read.max(self.busy_since).saturating_add(config.probe_after)
    }

    /// Latest deadline among the calls that were given a time of their own, were sent and still
    /// wait: a caller that gave a command more time expects a busy server, not a dead one.
    ///
    /// On the connection that all share, one call does not make all others wait: not without end,
    /// and not for longer than [`LONGEST_PATIENCE`].
    pub(super) fn patience(&self, wire: &Wire, leased: bool) -> u64 {
        let given =
            wire.fifo.iter().filter(|entry| entry.override_deadline && entry.claim.is_some());
        let given = given.filter(|entry| entry.deadline != NEVER || leased);
        let given = given.filter(|entry| entry.end <= wire.sent);
        let latest = given.map(|entry| entry.deadline).max().unwrap_or(0);
        if leased {
            return latest;
        }
        let silent_since = self.last_read.unwrap_or(0).max(self.busy_since);
        latest.min(silent_since.saturating_add(LONGEST_PATIENCE))
    }
}

/// When a probe sent now has gone unanswered for too long; not [`NEVER`], which means no probe.
pub(super) fn probe_end(config: &LinkConfig, now: u64) -> u64 {
    now.saturating_add(config.probe_timeout).min(NEVER - 1)
}
