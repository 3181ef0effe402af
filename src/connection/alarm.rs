use std::task::Context;

use redmux_transport::Timer;

use super::{link::Link, signal::Signal};
use crate::clock::NEVER;

/// A timer this late (in microseconds) means that the process slept, not the server.
const LATE: u64 = 1_000_000;

/// What arrived meanwhile gets this long (in microseconds) to be read before deadlines count.
const GRACE: u64 = 50_000;

/// The one timer of a link; times are microseconds of the link's clock
pub(super) struct Alarm {
    timer: Box<dyn Timer>,
    due: Signal,
    armed: u64,
    grace_until: u64,
}

impl Alarm {
    pub(super) fn new(link: &Link) -> Self {
        let timer = link.clock.runtime.timer(link.clock.instant(NEVER));
        Self { timer, due: Signal::new(), armed: NEVER, grace_until: 0 }
    }

    /// Deadlines are not judged before this moment.
    pub(super) fn grace_until(&self) -> u64 {
        self.grace_until
    }

    /// To be called first in every poll of the driver.
    pub(super) fn attend(&mut self, link: &Link, cx: &Context<'_>) {
        self.due.attach(cx);
        if self.armed != NEVER {
            self.look(link);
        }
    }

    /// Waits for `deadline`; true if it is already past.
    pub(super) fn arm(&mut self, link: &Link, deadline: u64) -> bool {
        let now = link.clock.now();
        let deadline =
            if self.grace_until > now { deadline.max(self.grace_until) } else { deadline };
        if deadline <= now {
            return true;
        }
        // An earlier alarm is left alone: it finds nothing to do and is armed again. That
        // is cheaper than moving the timer with every command.
        if deadline < self.armed || self.armed <= now {
            self.armed = deadline;
            self.timer.reset(link.clock.instant(deadline));
            self.due.raise();
        }
        self.look(link)
    }

    /// Looks at the timer if it may have gone off; true if it has.
    fn look(&mut self, link: &Link) -> bool {
        if !self.due.is_raised() {
            return false;
        }
        self.due.lower();
        if self.timer.poll_expired(&mut self.due.context()).is_pending() {
            return false;
        }
        let now = link.clock.now();
        if self.armed != NEVER && now.saturating_sub(self.armed) > LATE {
            self.grace_until = now + GRACE;
        }
        self.armed = NEVER;
        true
    }
}
