//! One topic, while another stream takes the place of the one that brings it.

use std::task::Waker;

use super::{Entry, SessionId, Standing};

impl Entry {
    /// The move begins; whether the topic may go over to the new stream before that is in use.
    pub(in super::super) fn begin_move(&mut self, on: SessionId) -> bool {
        self.moves = !self.is_own() && self.is_confirmed_on(on);
        self.moves
    }

    /// The new stream, which has confirmed it, is in use. Whether it was wanted all the time.
    pub(in super::super) fn go_over(&mut self, old: SessionId, new: SessionId) -> bool {
        let goes = self.has_gone_over(old);
        if goes {
            self.standing = Standing::Confirmed(new);
        }
        goes
    }

    /// Whether it is wanted and confirmed since the move began, now on this stream.
    pub(in super::super) fn has_gone_over(&self, on: SessionId) -> bool {
        self.moves && self.is_confirmed_on(on)
    }

    /// Messages may have been missed up to now.
    pub(in super::super) fn miss(&mut self, now: u64, wakers: &mut Vec<Waker>) {
        self.lost = true;
        self.tell_confirmed(now, wakers);
    }

    fn is_confirmed_on(&self, session: SessionId) -> bool {
        matches!(self.standing, Standing::Confirmed(on) if on == session)
    }
}
