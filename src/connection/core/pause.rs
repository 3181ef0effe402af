//! Pauses in reading, for subscribers that are not polled while a burst of messages comes in.

use crate::{
    clock::NEVER,
    connection::{
        core::{Core, Phase},
        pause::Pause,
    },
};

impl Core {
    /// Reads nothing for `length` microseconds, or until [`resume`](Self::resume); whether that
    /// is so. It is not where the same queue has been waited for in vain.
    pub(crate) fn pause(&mut self, of: usize, length: u64) -> bool {
        let now = self.now;
        if let Some(pause) = self.pauses.begun.iter().find(|pause| pause.of == of) {
            return pause.until > now;
        }
        let in_vain = |pause: &Pause| pause.until <= now && now < pause.rest_until();
        let rests = now < self.pauses.rest_until || self.pauses.begun.iter().any(in_vain);
        if self.phase != Phase::Ready || length == 0 || rests {
            return false;
        }
        // Not without a limit: commands wait as well.
        let until = now.saturating_add(length).min(NEVER - 1);
        self.pauses.begun.push(Pause { of, until, length });
        true
    }

    /// The queue has room again, or is gone.
    pub(crate) fn resume(&mut self, of: usize) {
        let Some(place) = self.pauses.begun.iter().position(|pause| pause.of == of) else { return };
        let pause = self.pauses.begun.swap_remove(place);
        if pause.until <= self.now {
            self.pauses.rest_until = self.pauses.rest_until.max(pause.rest_until());
        }
        self.wakes.wake_driver();
    }

    /// Nothing is to be read now.
    pub(in crate::connection) fn is_paused(&self) -> bool {
        // Most links never are.
        !self.pauses.is_empty() && self.pause_end() != NEVER
    }

    /// When reading goes on; [`NEVER`] while it does.
    pub(in crate::connection) fn pause_end(&self) -> u64 {
        let lasting = self.pauses.begun.iter().filter(|pause| pause.until > self.now);
        let end = lasting.map(|pause| pause.until).max();
        end.filter(|_| self.phase == Phase::Ready).unwrap_or(NEVER)
    }

    /// The stream is gone, and what was not read from it.
    pub(in crate::connection) fn end_pauses(&mut self) {
        self.pauses.begun.clear();
    }
}
