//! What a server announces of itself to its connections, and what that means for them.

use std::collections::VecDeque;

use redmux_transport::Endpoint;

use crate::{
    clock::micros,
    events::{FailureType, Notice, NotificationType},
};

/// Notices that are remembered, so that each is acted on once; servers send the last one anew to each connection.
const REMEMBERED: usize = 32;

/// What a notice that has no time announces happens within this, in microseconds.
const USUAL: u64 = 30_000_000;

/// No announced time is waited for longer than this, in microseconds.
const LONGEST: u64 = 60_000_000;

/// Commands are patient for this long, in microseconds, after what was announced.
const AFTERMATH: u64 = 20_000_000;

/// A notice of an end that comes this early on a connection, in microseconds, without one of a beginning is an old one.
const EARLY: u64 = 5_000_000;

/// Where the old and the new endpoint are different servers, one may hear a message so much later than the other, in
/// microseconds. Less is waited for where less than the 32nd part of the announced time is left.
const SETTLE: u64 = 100_000;

/// How long the move to another endpoint waits for replies while nothing more is sent, in microseconds.
const DRAIN: u64 = 1_000_000;

/// Between two attempts to move, at first and at most, in microseconds.
const FIRST_PAUSE: u64 = 250_000;
const LONGEST_PAUSE: u64 = 4_000_000;

/// What a link knows of the maintenance of its server; times in microseconds of its clock
#[derive(Debug, Default)]
pub(crate) struct Maintained {
    /// Commands without a time of their own get the relaxed one until then.
    pub(super) until: u64,
    pub(super) relaxed: u64,
    /// When the stream in use began, and the first one of the row that it is the end of: each went over to the next
    /// one without a command lost.
    pub(super) since: u64,
    pub(super) row: u64,
    /// The stream in use took the place of another one, and has not said yet that it goes away itself.
    moved: bool,
    windows: Vec<Window>,
    seen: VecDeque<(NotificationType, u64)>,
    pub(super) departure: Option<Box<Departure>>,
}

#[derive(Debug)]
struct Window {
    kind: NotificationType,
    until: u64,
}

/// The server said that this endpoint goes away
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Departure {
    /// Where to go; without it, to where the name leads.
    pub(super) target: Option<Endpoint>,
    /// When to act next.
    pub(super) due: u64,
    /// When the server goes away, at the earliest.
    at: u64,
    /// After this nothing more is tried: the server has closed the connection, or does not mean to.
    pub(super) until: u64,
    pause: u64,
    /// The other stream is being opened.
    pub(super) dialing: bool,
    /// Subscriptions are made on it.
    preparing: bool,
    /// Nothing is sent until then, so that what was sent is answered.
    pub(super) draining: Option<u64>,
    /// Why it could not be made so far.
    failures: Vec<FailureType>,
}

impl Maintained {
    /// A stream begins; `number` is its own.
    pub(super) fn begin(&mut self, number: u64, now: u64) {
        (self.since, self.row, self.moved) = (now, number, false);
        self.departure = None;
    }

    /// A stream has taken the place of the one before; whether no command was lost with that.
    pub(super) fn go_over(&mut self, number: u64, whole: bool, now: u64) {
        let row = self.row;
        self.begin(number, now);
        self.moved = true;
        if whole {
            self.row = row;
        }
    }

    /// Takes in a notice; whether it is news.
    pub(super) fn take(&mut self, notice: &Notice, early: bool, now: u64) -> bool {
        if let Some(number) = notice.sequence {
            let known = (notice.kind, number);
            if self.seen.contains(&known) {
                self.hear_again(notice, now);
                return false;
            }
            self.seen.truncate(REMEMBERED - 1);
            self.seen.push_front(known);
        }
        self.windows.retain(|window| window.until > now);
        match notice.kind.begun_by() {
            Some(begun) => {
                let open = self.windows.iter_mut().find(|window| window.kind == begun);
                let was_open = open.is_some();
                if let Some(window) = open {
                    window.until = window.until.min(now.saturating_add(AFTERMATH));
                }
                let young = early || now.saturating_sub(self.since) < EARLY;
                // What a node says of its slots is held against the map.
                let old = young && notice.kind != NotificationType::SlotsMigrated;
                if !was_open && old {
                    return false;
                }
            }
            None => {
                let time = time_of(notice);
                self.open(notice.kind, now.saturating_add(time).saturating_add(AFTERMATH));
                if notice.kind == NotificationType::Moving {
                    self.depart(notice, time, now);
                }
            }
        }
        self.until = self.windows.iter().map(|window| window.until).max().unwrap_or(0);
        true
    }

    /// The stream that the last move led to moves as well: the name leads to the new server only some seconds later.
    fn hear_again(&mut self, notice: &Notice, now: u64) {
        let young = now.saturating_sub(self.since) < EARLY;
        let unnamed = notice.kind == NotificationType::Moving && notice.target.is_none();
        if unnamed && young && self.departure.is_none() && self.moved {
            self.moved = false;
            self.depart(notice, time_of(notice), now);
        }
    }

    fn open(&mut self, kind: NotificationType, until: u64) {
        match self.windows.iter_mut().find(|window| window.kind == kind) {
            Some(window) => window.until = window.until.max(until),
            None => self.windows.push(Window { kind, until }),
        }
    }

    fn depart(&mut self, notice: &Notice, time: u64, now: u64) {
        // A name leads to the new address some seconds later.
        let due = if notice.target.is_some() { now } else { now.saturating_add(time / 2) };
        let at = now.saturating_add(time);
        if let Some(pending) = self.departure.as_deref_mut()
            && pending.includes(notice)
        {
            return pending.extend(due, at);
        }
        self.departure = Some(Box::new(Departure {
            target: notice.target.clone(),
            due,
            at,
            until: at.saturating_add(AFTERMATH),
            pause: FIRST_PAUSE,
            dialing: false,
            preparing: false,
            draining: None,
            failures: Vec::new(),
        }));
    }

    /// Nothing is sent, so that another stream can take the place.
    pub(super) fn is_draining(&self) -> bool {
        self.departure.as_ref().is_some_and(|departure| departure.draining.is_some())
    }

    /// What is announced and not over.
    pub(crate) fn kind(&self, now: u64) -> Option<NotificationType> {
        let open = self.windows.iter().filter(|window| window.until > now);
        Some(open.max_by_key(|window| window.until)?.kind)
    }
}

fn time_of(notice: &Notice) -> u64 {
    notice.time.map_or(USUAL, |time| micros(Some(time))).min(LONGEST)
}

impl Departure {
    /// Whether a further notice asks for no other move than this one: one to the same endpoint, or a malformed one as long as
    /// this endpoint was not tried in vain.
    fn includes(&self, notice: &Notice) -> bool {
        let is_malformed = notice.target.is_none() && !notice.by_name;
        self.target == notice.target || is_malformed && self.failures.is_empty()
    }

    /// A further notice does not put off what is about to be done.
    fn extend(&mut self, due: u64, at: u64) {
        let is_waiting = !self.dialing && !self.preparing && self.draining.is_none();
        if is_waiting {
            self.due = self.due.min(due);
        }
        self.at = self.at.min(at);
        self.until = self.until.max(at.saturating_add(AFTERMATH));
    }

    /// Whether the announced time is over.
    pub(super) fn is_late(&self, now: u64) -> bool {
        self.at <= now
    }

    /// Takes in a failure; whether it is the first one of its kind.
    pub(super) fn is_news(&mut self, failure: FailureType) -> bool {
        let is_news = !self.failures.contains(&failure);
        if is_news {
            self.failures.push(failure);
        }
        is_news
    }

    /// Tries again later, unless it is too late; whether it will.
    pub(super) fn postpone(&mut self, now: u64) -> bool {
        (self.dialing, self.preparing, self.draining) = (false, false, None);
        self.due = now.saturating_add(self.pause);
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
        self.due < self.until
    }

    /// The other stream is opened from now on, which wakes the driver by itself.
    pub(super) fn dial(&mut self) {
        (self.dialing, self.due) = (true, self.until);
    }

    /// Once the other stream is open: whether an attempt to go over to it is due or under way.
    pub(super) fn is_time(&mut self, now: u64) -> bool {
        if std::mem::take(&mut self.dialing) {
            self.due = now;
        }
        self.due <= now || self.preparing || self.draining.is_some()
    }

    /// There is more to do at this moment before nothing more is sent.
    pub(super) fn prepare(&mut self, at: u64) {
        (self.preparing, self.due) = (true, at.min(self.until));
    }

    /// How long one of two servers may be behind the other.
    pub(super) fn settle(&self, now: u64) -> u64 {
        let left = self.at.saturating_sub(now);
        SETTLE.min(left / 32)
    }

    /// Waits for what was sent.
    pub(super) fn drain(&mut self, now: u64) {
        self.preparing = false;
        self.draining = Some(now.saturating_add(DRAIN));
        self.due = now.saturating_add(DRAIN);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    const SECOND: u64 = 1_000_000;

    fn notice(kind: NotificationType, sequence: Option<u64>, seconds: Option<u64>) -> Notice {
        Notice {
            kind,
            sequence,
            time: seconds.map(Duration::from_secs),
            target: None,
            by_name: true,
            slots: Vec::new(),
            shards: Vec::new(),
            raw: String::new(),
        }
    }

    #[test]
    fn a_window_ends_after_its_time_or_after_the_notice_of_its_end() {
        use NotificationType::{FailedOver, FailingOver, Migrating};
        let mut maintained = Maintained::default();
        let now = 100 * SECOND;
        assert!(maintained.take(&notice(FailingOver, Some(1), Some(10)), false, now));
        assert_eq!((maintained.until, maintained.kind(now)), (130 * SECOND, Some(FailingOver)));
        assert!(maintained.take(&notice(Migrating, Some(2), Some(3600)), false, now));
        assert_eq!(maintained.until, 180 * SECOND);
        let now = 101 * SECOND;
        assert!(maintained.take(&notice(FailedOver, Some(3), None), false, now));
        assert_eq!(maintained.until, 180 * SECOND);
        let mut alone = Maintained::default();
        alone.take(&notice(FailingOver, None, None), false, now);
        assert_eq!(alone.until, now + 50 * SECOND);
        alone.take(&notice(FailedOver, None, None), false, now + SECOND);
        assert_eq!(alone.until, now + 21 * SECOND);
        assert_eq!(alone.kind(now + 22 * SECOND), None);
    }

    #[test]
    fn a_notice_counts_once_and_an_old_end_not_at_all() {
        use NotificationType::{Migrated, Migrating, Moving};
        let mut maintained = Maintained::default();
        maintained.begin(1, 0);
        assert!(!maintained.take(&notice(Migrated, Some(9), None), false, SECOND));
        assert!(maintained.take(&notice(Moving, Some(10), Some(15)), false, SECOND));
        assert!(!maintained.take(&notice(Moving, Some(10), Some(15)), false, 2 * SECOND));
        // Another kind has numbers of its own.
        assert!(maintained.take(&notice(Migrating, Some(10), Some(15)), false, 2 * SECOND));
        for number in 0..1000 {
            maintained.take(&notice(Moving, Some(100 + number), Some(1)), false, 3 * SECOND);
        }
        assert_eq!((maintained.seen.len(), maintained.windows.len()), (REMEMBERED, 2));
        // Long after the beginning of the stream, it is news.
        assert!(maintained.take(&notice(Migrated, Some(11), None), false, 400 * SECOND));
    }

    #[test]
    fn a_further_notice_of_a_move_does_not_put_it_off() {
        let to = |host: &str| Some(Endpoint::tcp(host, 6379));
        let moving = |number, target: Option<Endpoint>| Notice {
            by_name: target.is_none(),
            target,
            ..notice(NotificationType::Moving, Some(number), Some(30))
        };
        let mut maintained = Maintained::default();
        let after = |maintained: &mut Maintained, notice: &Notice, now: u64| {
            maintained.take(notice, false, now * SECOND);
            let departure = maintained.departure.as_ref().unwrap();
            (departure.target.clone(), departure.due / SECOND, departure.until / SECOND)
        };
        assert_eq!(after(&mut maintained, &moving(1, None), 0), (None, 15, 50));
        assert_eq!(after(&mut maintained, &moving(2, None), 10), (None, 15, 60));
        assert_eq!(after(&mut maintained, &moving(3, to("a")), 11), (to("a"), 11, 61));
        maintained.departure.as_mut().unwrap().dial();
        // The dial goes on.
        assert_eq!(after(&mut maintained, &moving(4, to("a")), 12), (to("a"), 61, 62));
        let malformed = Notice { by_name: false, ..moving(5, None) };
        assert_eq!(after(&mut maintained, &malformed, 13), (to("a"), 61, 63));
        let departure = maintained.departure.as_mut().unwrap();
        assert!(departure.is_news(FailureType::UnableToConnect));
        assert!(!departure.is_news(FailureType::UnableToConnect));
        let malformed = Notice { sequence: Some(6), ..malformed };
        assert_eq!(after(&mut maintained, &malformed, 14), (None, 29, 64));
        assert_eq!(after(&mut maintained, &moving(7, to("b")), 15), (to("b"), 15, 65));
        assert_eq!(after(&mut maintained, &moving(8, to("b")), 44), (to("b"), 15, 94));
        let departure = maintained.departure.as_ref().unwrap();
        // As it was announced at first.
        assert!(!departure.is_late(44 * SECOND) && departure.is_late(45 * SECOND));
        assert_eq!(after(&mut maintained, &moving(9, None), 44), (None, 59, 94));
    }

    #[test]
    fn a_move_without_an_address_waits_for_half_its_time() {
        let mut maintained = Maintained::default();
        maintained.take(&notice(NotificationType::Moving, Some(1), Some(30)), false, SECOND);
        let mut departure = maintained.departure.take().unwrap();
        assert_eq!((departure.due, departure.until), (16 * SECOND, 51 * SECOND));
        let mut attempts = 0;
        let mut now = departure.due;
        while departure.postpone(now) {
            now = departure.due;
            attempts += 1;
        }
        assert!((10..20).contains(&attempts), "{attempts}");
    }
}
