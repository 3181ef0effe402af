//! The way of a call where there are several servers: where it goes next, and when.

use std::sync::PoisonError;

use redmux_transport::Timer;

use crate::{
    clock::{Clock, NEVER, spread},
    connection::{Link, Outcome, ReadFrom},
    resp::{Frame, ServerError, ServerErrorKind},
    sync::Mutex,
};

/// How often a call follows redirects: servers may point at each other until they have heard of a change.
const MOST_HOPS: u32 = 16;

/// From the second redirect on, a call waits this long, in microseconds, and then twice as long each time.
const HOP_PAUSE: u64 = 1_000;

/// How long a call waits at first, in microseconds, where no server can serve it now; then twice as long each time.
const FIRST_PAUSE: u64 = 5_000;

/// The longest of these waits. An election takes servers a second or more, and ends at a moment that
/// nobody announces.
const LONGEST_PAUSE: u64 = 50_000;

/// The way of a call that did not arrive at once
#[derive(Default)]
pub(super) struct Routing<'a> {
    /// The slot, where the words of the command do not say it (`EXEC`).
    pub(super) slot: Option<u16>,
    /// The server that is meant, whatever the words say.
    pub(super) fixed: Option<&'a Link>,
    /// Where a server has sent it, for the next time only.
    pub(super) goal: Option<&'a Link>,
    /// Where the command is to be read from, unless its handle says that.
    pub(super) read_from: Option<ReadFrom>,
    /// The goal serves this command only behind `ASKING`.
    pub(super) asking: bool,
    /// When the call must be over, once it was sent on.
    until: Option<u64>,
    hops: u32,
    pauses: u32,
    /// Under a lock only because calls are shared between threads, and a timer is not.
    timer: Option<Mutex<Box<dyn Timer>>>,
}

/// What a call does next that was not served
#[derive(Debug, Default)]
pub(super) struct Turn<'a> {
    /// Goes to this link; without one, where its slot is by then.
    goal: Option<&'a Link>,
    asking: bool,
    /// Waits before that, in microseconds.
    pause: u64,
}

impl<'a> Routing<'a> {
    pub(super) fn timer(&mut self) -> Option<&mut Box<dyn Timer>> {
        let timer = self.timer.as_mut()?;
        Some(timer.get_mut().unwrap_or_else(PoisonError::into_inner))
    }

    /// The same attempt goes on at another server, or later.
    pub(super) fn is_under_way(&self) -> bool {
        self.until.is_some()
    }

    /// Another attempt begins, as the retry policy has it.
    pub(super) fn begin_anew(&mut self) {
        let Self { slot, fixed, read_from, .. } = *self;
        *self = Self { slot, fixed, read_from, ..Self::default() };
    }

    /// The time that is left to a call that was sent on, in microseconds.
    pub(super) fn left(&self, now: u64) -> Option<u64> {
        let until = self.until?;
        Some(if until == NEVER { NEVER } else { until.saturating_sub(now).max(1) })
    }

    /// A server has sent the call on, to this link if that is of use; `None` if that was too often.
    pub(super) fn hop(
        &mut self,
        goal: Option<&'a Link>,
        asking: bool,
        random: u64,
    ) -> Option<Turn<'a>> {
        self.hops += 1;
        let pause = match self.hops {
            1 if goal.is_some() => 0,
            hops => doubled(HOP_PAUSE, hops, random),
        };
        let asking = asking && goal.is_some();
        (self.hops <= MOST_HOPS).then_some(Turn { goal, asking, pause })
    }

    /// No server serves the call now.
    pub(super) fn patience(&mut self, random: u64) -> Turn<'a> {
        self.pauses += 1;
        self.hops = 0;
        Turn { pause: doubled(FIRST_PAUSE, self.pauses, random), ..Turn::default() }
    }

    /// Prepares the next sending of a call that was issued at `since` and has `limit` for all; `None` if there
    /// is no time for it.
    pub(super) fn go_on(
        &mut self,
        turn: Turn<'a>,
        since: u64,
        limit: u64,
        clock: &Clock,
    ) -> Option<()> {
        let now = clock.now();
        let until = *self.until.get_or_insert_with(|| since.saturating_add(limit));
        (self.goal, self.asking, self.timer) = (turn.goal, turn.asking, None);
        let at = now.saturating_add(turn.pause);
        if turn.pause > 0 {
            self.timer = Some(Mutex::new(clock.runtime.timer(clock.instant(at))));
        }
        (at < until).then_some(())
    }
}

/// The pause before this attempt, counted from 1, a quarter longer or shorter so that callers part.
fn doubled(first: u64, attempt: u32, random: u64) -> u64 {
    let pause = (first << (attempt - 1).min(16)).min(LONGEST_PAUSE);
    spread(pause, random)
}

/// The error by which the server did not execute the command, if the reply is one.
pub(super) fn refusal(outcome: &Outcome) -> Option<ServerError> {
    let error = |frame: &Frame| frame.reply().error();
    match outcome {
        Outcome::Reply(frame) => frame.is_error().then(|| error(frame))?,
        // A transaction is refused as a whole: by `EXEC` itself, or because of one of its commands.
        Outcome::Group(group) => match error(&group.1) {
            // Then what is behind `MULTI` may have been executed one by one.
            _ if group.0.first().is_some_and(|(place, _)| *place == 0) => None,
            Some(last) if last.kind() == ServerErrorKind::ExecAbort => {
                group.0.first().and_then(|(_, frame)| error(frame))
            }
            last => last,
        },
        Outcome::Failed(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(text: &str) -> Frame {
        Frame::copy_from_slice(text.as_bytes())
    }

    #[test]
    fn pauses_double_up_to_a_bound() {
        let pauses: Vec<u64> = (1..7).map(|attempt| doubled(5_000, attempt, 0)).collect();
        assert_eq!(pauses, [3_750, 7_500, 15_000, 30_000, 37_500, 37_500]);
        assert!((1..100).all(|attempt| doubled(1_000, attempt, u64::MAX) < 62_500));
    }

    #[test]
    fn redirects_are_followed_so_often_and_no_more() {
        let mut routing = Routing::default();
        let hops = (0..20).map_while(|_| routing.hop(None, true, 0)).collect::<Vec<_>>();
        assert_eq!(hops.len(), MOST_HOPS as usize);
        assert!(hops.iter().all(|turn| !turn.asking && turn.pause > 0), "there is no goal");
        routing.patience(0);
        assert!(routing.hop(None, false, 0).is_some(), "after a pause they count anew");
    }

    #[test]
    fn a_transaction_is_refused_as_a_whole_or_not_at_all() {
        let exec = |refused: &[(u32, &str)], last: &str| {
            let refused = refused.iter().map(|(place, text)| (*place, frame(text))).collect();
            let outcome = Outcome::Group(Box::new((refused, frame(last))));
            refusal(&outcome).map(|error| error.kind())
        };
        let (moved, abort) = ("-MOVED 1 h:1\r\n", "-EXECABORT no\r\n");
        assert_eq!(exec(&[(1, moved)], abort), Some(ServerErrorKind::Moved));
        assert_eq!(exec(&[], moved), Some(ServerErrorKind::Moved));
        assert_eq!(exec(&[], "-TRYAGAIN later\r\n"), Some(ServerErrorKind::TryAgain));
        assert_eq!(exec(&[], "*0\r\n"), None);
        assert_eq!(exec(&[(0, moved)], "-ERR EXEC without MULTI\r\n"), None);
        assert_eq!(exec(&[(0, moved), (1, moved)], abort), None, "MULTI itself was refused");
        assert_eq!(refusal(&Outcome::Reply(frame("+OK\r\n"))), None);
    }
}
