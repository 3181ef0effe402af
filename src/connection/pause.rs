//! Pauses in reading, for subscribers that are not polled while a burst of messages comes in.

use super::core::{Core, Phase};
use crate::clock::NEVER;

/// After a pause that ended by its time there is none for so many times its length: slow
/// subscribers keep the replies to commands waiting for a tenth of the time at most.
const REST: u64 = 9;

/// For whom the link waits, or has waited
#[derive(Debug, Default)]
pub(super) struct Pauses {
    /// A pause stays here when its time is over, until its subscriber has caught up.
    begun: Vec<Pause>,
    /// There is no new one before this moment.
    rest_until: u64,
}

#[derive(Debug)]
struct Pause {
    /// The address of the queue.
    of: usize,
    until: u64,
    length: u64,
}

impl Pauses {
    /// No subscriber is waited for, or was in vain.
    pub(super) fn is_empty(&self) -> bool {
        self.begun.is_empty()
    }
}

impl Pause {
    /// When the next one may begin, should nobody have caught up before its end.
    fn rest_until(&self) -> u64 {
        self.until.saturating_add(self.length.saturating_mul(REST))
    }
}

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
        // Not for ever: commands wait as well.
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
    pub(super) fn is_paused(&self) -> bool {
        // Most links never are.
        !self.pauses.is_empty() && self.pause_end() != NEVER
    }

    /// When reading goes on; [`NEVER`] while it does.
    pub(super) fn pause_end(&self) -> u64 {
        let lasting = self.pauses.begun.iter().filter(|pause| pause.until > self.now);
        let end = lasting.map(|pause| pause.until).max();
        end.filter(|_| self.phase == Phase::Ready).unwrap_or(NEVER)
    }

    /// The stream is gone, and what was not read from it.
    pub(super) fn end_pauses(&mut self) {
        self.pauses.begun.clear();
    }
}
