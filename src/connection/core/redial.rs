//! How long a link without a connection waits before it dials again, and what cuts that short.

use crate::{
    clock::NEVER,
    connection::{core::Core, redial::Wait},
};

impl Core {
    /// When a wait ends, as things are.
    pub(in crate::connection) fn plan_redial(&mut self, wait: &Wait) -> u64 {
        #[cfg(feature = "topology")]
        if self.redial.held || self.redial.fresh {
            let at = if self.redial.held { NEVER } else { 0 };
            (self.redial.eager, self.redial.at) = (NEVER, at);
            return at;
        }
        let waiting = self.wire.fifo.len() > self.backlog.dead
            || !self.backlog.room.is_empty()
            || self.redial.wanted;
        let mut at = wait.until;
        if waiting {
            at = at.min(wait.eager);
        }
        if self.redial.asked {
            at = at.min(wait.asked);
        }
        self.redial.eager = if at == wait.until { wait.eager } else { NEVER };
        self.redial.at = at;
        at
    }

    /// The next attempt begins.
    pub(in crate::connection) fn begin_attempt(&mut self) {
        (self.redial.asked, self.redial.eager, self.redial.at) = (false, NEVER, NEVER);
        #[cfg(feature = "topology")]
        {
            (self.redial.fresh, self.redial.revoked) = (false, false);
        }
    }

    /// Whether a command that waits has the parked driver dial earlier than it is armed for.
    pub(in crate::connection) fn wants_redial(&self) -> bool {
        self.redial.eager < self.wakes.armed
    }
}
