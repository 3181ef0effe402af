//! A link that is led: it does not know where its server is, and dials only when and where its leader says.

use crate::connection::core::{Core, Phase};

impl Core {
    /// From now on it dials only when its leader says so.
    pub(crate) fn lead(&mut self) {
        (self.redial.led, self.redial.held) = (true, true);
    }

    /// Its server is not the one that is wanted: ends the stream or the dial at once, and dials no more before [`go`](Self::go).
    pub(crate) fn hold(&mut self, why: &'static str) {
        (self.redial.held, self.redial.fresh) = (true, false);
        match self.phase {
            Phase::Ready | Phase::Handshake => self.leaving.forsake(why),
            Phase::Disconnected => self.redial.revoked = true,
            _ => {}
        }
        self.wakes.wake_driver();
    }

    /// Dials the endpoint that the link has: at once if it is another one, otherwise as soon as the pace allows. Whatever
    /// comes of it, it waits for the next such call afterwards.
    pub(crate) fn go(&mut self, another: bool) {
        (self.redial.held, self.redial.surrendered) = (false, false);
        self.redial.fresh |= another;
        self.redial.asked |= self.phase == Phase::Disconnected;
        self.wakes.wake_driver();
    }

    /// Whether it waits for its leader.
    pub(crate) fn is_held(&self) -> bool {
        self.redial.held && self.phase == Phase::Disconnected
    }

    /// Whether the dial in progress is of no use any more.
    pub(in crate::connection) fn is_revoked(&self) -> bool {
        self.redial.revoked
    }

    /// The attempt, or the connection, has failed: who leads the link decides what is next.
    pub(in crate::connection) fn wait_to_be_led(&mut self) {
        self.redial.held |= self.redial.led && !self.redial.fresh;
    }

    /// There is no server to connect to, for this reason.
    pub(crate) fn note_trouble(&mut self, error: crate::Error) {
        self.redial.last_error = Some(error);
        self.redial.failed_attempts += 1;
        self.wakes.wake_watchers();
    }

    /// Wakes this task when something becomes of a connection or a dial.
    pub(crate) fn wake_at_change(&mut self, waker: &std::task::Waker) {
        self.wakes.watch(waker);
    }
}
