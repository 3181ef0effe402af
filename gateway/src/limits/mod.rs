//! Counts what clients use, and lets them wait where it is too much.

mod budget;
mod ledger;
mod room;

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use smol::Timer;

pub(crate) use budget::{Budget, Charge};
pub(crate) use ledger::{Ledger, Stranger};
use room::Room as Places;

use crate::policy::{Rate, SharedLimits};

/// What one client, one principal or all clients use now
#[derive(Debug, Default)]
pub(crate) struct Usage {
    connections: AtomicUsize,
    in_flight: Places,
    commands: Bucket,
    bytes: Bucket,
}

impl Usage {
    /// Counts a connection until the value is dropped; `None` if there are `limit` already.
    pub(crate) fn connect(self: &Arc<Self>, limit: Option<usize>) -> Option<Connected> {
        let before = self.connections.fetch_add(1, Ordering::Relaxed);
        let connected = Connected(self.clone());
        limit.is_none_or(|limit| before < limit).then_some(connected)
    }

    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }

    pub(crate) fn in_flight(&self) -> usize {
        self.in_flight.used()
    }
}

/// A connection, which is counted until this is dropped
#[derive(Debug)]
pub(crate) struct Connected(Arc<Usage>);

impl Drop for Connected {
    fn drop(&mut self) {
        self.0.connections.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A token bucket: more tokens may be taken than it has, and the caller waits until the debt is
/// paid
#[derive(Debug, Default)]
pub(crate) struct Bucket(Mutex<Option<(f64, Instant)>>);

impl Bucket {
    /// Takes `count` tokens. Returns how long to wait before going on.
    pub(crate) fn take(&self, count: usize, a_second: u32, now: Instant) -> Duration {
        let rate = f64::from(a_second.max(1));
        let mut level = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (tokens, then) = level.unwrap_or((rate, now));
        let come = now.saturating_duration_since(then).as_secs_f64() * rate;
        #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
        let tokens = (tokens + come).min(rate) - count as f64;
        *level = Some((tokens, now.max(then)));
        match tokens < 0.0 {
            true => Duration::from_secs_f64((-tokens / rate).min(3600.0)),
            false => Duration::ZERO,
        }
    }

    /// Returns whether the bucket is full.
    fn is_full(&self, a_second: u32, now: Instant) -> bool {
        let rate = f64::from(a_second.max(1));
        let level = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        level.is_none_or(|(tokens, then)| {
            tokens + now.saturating_duration_since(then).as_secs_f64() * rate >= rate
        })
    }
}

/// One of the usages that a client counts towards, and its limits
#[derive(Debug, Clone)]
pub(crate) struct Level {
    pub(crate) usage: Arc<Usage>,
    pub(crate) in_flight: Option<usize>,
    pub(crate) rate: Rate,
}

impl Level {
    pub(crate) fn new(usage: Arc<Usage>, limits: &SharedLimits) -> Self {
        Self { usage, in_flight: limits.in_flight, rate: limits.rate }
    }
}

/// Room that is given back unless it is kept
#[derive(Debug)]
pub(crate) struct Room<'l> {
    levels: &'l [Level],
    count: usize,
}

impl Room<'_> {
    /// Returns the number of commands that there is room for.
    pub(crate) fn count(&self) -> usize {
        self.count
    }

    /// Keeps the room: the caller gives it back with [`give_room`].
    pub(crate) fn keep(mut self) {
        self.levels = &[];
    }
}

impl Drop for Room<'_> {
    fn drop(&mut self) {
        give_room(self.levels, self.count);
    }
}

/// Waits for room at all levels in turn, for as many of these commands as fit: at least one.
pub(crate) async fn take_room(levels: &[Level], wanted: usize) -> Room<'_> {
    let mut room = Room { levels: &[], count: wanted };
    for (at, level) in levels.iter().enumerate() {
        let taken = level.usage.in_flight.take(room.count, level.in_flight).await;
        // Fewer commands fit here than at the levels before.
        give_room(&levels[..at], room.count - taken);
        (room.levels, room.count) = (&levels[..=at], taken);
    }
    room
}

/// Gives room back that [`take_room`] took.
pub(crate) fn give_room(levels: &[Level], count: usize) {
    for level in levels {
        level.usage.in_flight.give(count);
    }
}

/// Counts commands and bytes towards the rates; returns what to wait for if they are exceeded.
pub(crate) fn pace(
    levels: &[Level],
    commands: usize,
    bytes: usize,
) -> Option<impl Future<Output = ()> + use<>> {
    let mut wait = Duration::ZERO;
    let mut now = None;
    for level in levels {
        for (bucket, rate, count) in [
            (&level.usage.commands, level.rate.commands, commands),
            (&level.usage.bytes, level.rate.bytes, bytes),
        ] {
            if let Some(rate) = rate.filter(|_| count > 0) {
                wait = wait.max(bucket.take(count, rate, *now.get_or_insert_with(Instant::now)));
            }
        }
    }
    (!wait.is_zero()).then_some(async move {
        Timer::after(wait).await;
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_are_counted_while_they_live() {
        let usage = Arc::new(Usage::default());
        let first = usage.connect(Some(1)).expect("there is room");
        assert!(usage.connect(Some(1)).is_none());
        drop(first);
        assert!(usage.connect(Some(1)).is_some());
    }

    #[test]
    fn a_second_s_worth_may_come_at_once_and_debts_are_waited_for() {
        let (bucket, now) = (Bucket::default(), Instant::now());
        assert_eq!(bucket.take(100, 100, now), Duration::ZERO);
        assert_eq!(bucket.take(50, 100, now), Duration::from_millis(500));
        // Half a second later the debt is paid, and nothing saved.
        let later = now + Duration::from_millis(500);
        assert_eq!(bucket.take(10, 100, later), Duration::from_millis(100));
        // However long nothing was taken, no more than a second's worth is saved.
        let much_later = now + Duration::from_secs(1000);
        assert_eq!(bucket.take(150, 100, much_later), Duration::from_millis(500));
    }

    #[test]
    fn room_is_waited_for_and_given_back() {
        smol::block_on(async {
            let usage = Arc::new(Usage::default());
            let levels =
                [Level { usage: usage.clone(), in_flight: Some(2), rate: Rate::default() }];
            take_room(&levels, 2).await.keep();
            let waiting = smol::spawn({
                let levels = levels.clone();
                async move { take_room(&levels, 1).await.keep() }
            });
            crate::tasks::sleep(Duration::from_millis(20)).await;
            assert_eq!(usage.in_flight(), 2);
            give_room(&levels, 2);
            waiting.await;
            give_room(&levels, 1);
            // Of more than the limit, as many go as fit; what is not used is given back.
            let room = take_room(&levels, 5).await;
            assert_eq!((room.count(), usage.in_flight()), (2, 2));
            drop(room);
            assert_eq!(usage.in_flight(), 0);
        });
    }

    #[test]
    fn an_outer_level_gives_back_what_an_inner_one_has_no_room_for() {
        smol::block_on(async {
            let [own, all] = [Arc::new(Usage::default()), Arc::new(Usage::default())];
            let level = |usage: &Arc<Usage>, limit| Level {
                usage: usage.clone(),
                in_flight: Some(limit),
                rate: Rate::default(),
            };
            let levels = [level(&own, 10), level(&all, 3)];
            let room = take_room(&levels, 8).await;
            assert_eq!((room.count(), own.in_flight(), all.in_flight()), (3, 3, 3));
            // A client that gives up while it waits leaves nothing behind.
            let waiting = crate::tasks::timeout(Duration::from_millis(20), take_room(&levels, 8));
            assert!(waiting.await.is_err());
            assert_eq!((own.in_flight(), all.in_flight()), (3, 3));
            drop(room);
            assert_eq!((own.in_flight(), all.in_flight()), (0, 0));
        });
    }
}
