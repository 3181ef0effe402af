//! When the driver runs, when it waits, and what wakes it.

use std::task::Waker;

use crate::connection::core::{Core, Phase};

/// A driver that was woken and runs only after this time, in microseconds, was kept from it.
const STARVED: u64 = 5_000;

impl Core {
    /// The first of the streams that went over, each to the next one, without a command lost; the one in use is the last.
    pub(crate) fn row(&self) -> u64 {
        #[cfg(feature = "full")]
        let row = self.maintained.row;
        #[cfg(not(feature = "full"))]
        let row = self.wire.number;
        row
    }

    /// Begins to dial, where nothing asked for this link before, or as soon as the pace allows.
    pub(crate) fn activate(&mut self) {
        match self.phase {
            Phase::Dormant => self.phase = Phase::Disconnected,
            Phase::Disconnected => self.redial.asked = true,
            _ => return,
        }
        self.wakes.wake_driver();
    }

    /// Wakes the parked driver if it has something to do.
    #[inline(always)]
    pub(in crate::connection) fn rouse_driver(&mut self) {
        if !self.wakes.scheduled {
            self.rouse_parked_driver();
        }
    }

    #[inline(never)]
    fn rouse_parked_driver(&mut self) {
        let output =
            self.wakes.wants_output && !self.wire.is_held() && !self.backlog.out.is_empty();
        if output || self.next_deadline() < self.wakes.armed || self.wants_redial() {
            self.wakes.wake_driver();
        }
    }

    /// The driver runs: commands issued from now on need not wake it.
    pub(crate) fn driver_runs(&mut self, now: u64) {
        let before = std::mem::replace(&mut self.now, now);
        if self.wakes.scheduled && now.saturating_sub(before) > STARVED {
            self.redate(before);
        }
        self.wakes.scheduled = true;
        self.wakes.wants_output = false;
    }

    /// The driver is about to wait, armed for `armed`; false if there is output to take.
    pub(crate) fn driver_parks(&mut self, waker: &Waker, wants_output: bool, armed: u64) -> bool {
        if wants_output && !self.wire.is_held() && !self.backlog.out.is_empty() {
            return false;
        }
        self.trim();
        self.wakes.park(waker, wants_output, armed);
        true
    }
}
