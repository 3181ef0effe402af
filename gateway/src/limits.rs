//! Who uses how much at the moment, and waiting where it is too much.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{
        Arc, Mutex, PoisonError, Weak,
        atomic::{AtomicUsize, Ordering},
    },
    time::{Duration, Instant},
};

use async_io::Timer;
use event_listener::Event;

use crate::policy::{Rate, SharedLimits};

/// What one client, one principal or all of them use at the moment
#[derive(Debug, Default)]
pub(crate) struct Usage {
    connections: AtomicUsize,
    in_flight: AtomicUsize,
    answered: Event,
    commands: Bucket,
    bytes: Bucket,
}

impl Usage {
    /// Counts a connection for as long as the value lives; `None` if there are `limit` already.
    pub(crate) fn connect(self: &Arc<Self>, limit: Option<usize>) -> Option<Connected> {
        let before = self.connections.fetch_add(1, Ordering::Relaxed);
        let connected = Connected(self.clone());
        limit.is_none_or(|limit| before < limit).then_some(connected)
    }

    pub(crate) fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }

    pub(crate) fn in_flight(&self) -> usize {
        self.in_flight.load(Ordering::Relaxed)
    }

    /// Waits until there is room for this many commands, and takes it.
    async fn take_room(&self, count: usize, limit: Option<usize>) {
        loop {
            if self.try_take_room(count, limit) {
                return;
            }
            let answered = self.answered.listen();
            if self.try_take_room(count, limit) {
                return;
            }
            answered.await;
        }
    }

    fn try_take_room(&self, count: usize, limit: Option<usize>) -> bool {
        let taken = self.in_flight.fetch_update(Ordering::AcqRel, Ordering::Acquire, |used| {
            // What is more than the limit by itself goes alone: it must not wait for ever.
            let room = limit.is_none_or(|limit| used == 0 || used + count <= limit);
            room.then_some(used + count)
        });
        taken.is_ok()
    }

    fn give_room(&self, count: usize) {
        if count > 0 {
            self.in_flight.fetch_sub(count, Ordering::AcqRel);
            self.answered.notify(usize::MAX);
        }
    }
}

/// A connection that is counted while this lives
#[derive(Debug)]
pub(crate) struct Connected(Arc<Usage>);

impl Drop for Connected {
    fn drop(&mut self) {
        self.0.connections.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Tokens that come back with time; more may be taken than there are, and the debt is waited for
#[derive(Debug, Default)]
struct Bucket(Mutex<Option<(f64, Instant)>>);

impl Bucket {
    /// Takes `count`; how long to wait before going on.
    fn take(&self, count: usize, a_second: u32, now: Instant) -> Duration {
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
    /// From now on it is given back with [`give_room`].
    pub(crate) fn keep(mut self) {
        self.levels = &[];
    }
}

impl Drop for Room<'_> {
    fn drop(&mut self) {
        give_room(self.levels, self.count);
    }
}

/// Waits for room for these commands at all levels.
pub(crate) async fn take_room(levels: &[Level], count: usize) -> Room<'_> {
    let mut room = Room { levels: &[], count };
    for (at, level) in levels.iter().enumerate() {
        level.usage.take_room(count, level.in_flight).await;
        room.levels = &levels[..=at];
    }
    room
}

/// Gives room back that [`take_room`] took.
pub(crate) fn give_room(levels: &[Level], count: usize) {
    for level in levels {
        level.usage.give_room(count);
    }
}

/// What to wait for until the rates allow what has just come.
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

/// The usages of all principals and addresses that have clients
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    pub(crate) all: Arc<Usage>,
    principals: Mutex<HashMap<String, Weak<Usage>>>,
    addresses: Mutex<HashMap<IpAddr, Weak<Usage>>>,
}

impl Ledger {
    pub(crate) fn of_principal(&self, key: String) -> Arc<Usage> {
        find(&self.principals, key)
    }

    /// Clients of a principal, under whichever subject.
    pub(crate) fn clients_of(&self, name: &str) -> usize {
        let map = self.principals.lock().unwrap_or_else(PoisonError::into_inner);
        let of_it = |key: &str| {
            key.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let usages =
            map.iter().filter(|(key, _)| of_it(key)).filter_map(|(_, usage)| usage.upgrade());
        usages.map(|usage| usage.connections()).sum()
    }

    pub(crate) fn of_address(&self, address: IpAddr) -> Arc<Usage> {
        // Whoever has one IPv6 address has 2^64 of them.
        let address = match address.to_canonical() {
            IpAddr::V6(v6) => IpAddr::V6((v6.to_bits() >> 64 << 64).into()),
            v4 => v4,
        };
        find(&self.addresses, address)
    }
}

fn find<K: std::hash::Hash + Eq>(map: &Mutex<HashMap<K, Weak<Usage>>>, key: K) -> Arc<Usage> {
    let mut map = map.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(usage) = map.get(&key).and_then(Weak::upgrade) {
        return usage;
    }
    // Those that left are forgotten when the map would have to grow for a new one.
    if map.len() == map.capacity() {
        map.retain(|_, usage| usage.strong_count() > 0);
    }
    let usage = Arc::new(Usage::default());
    map.insert(key, Arc::downgrade(&usage));
    usage
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

    #[async_std::test]
    async fn room_is_waited_for_and_given_back() {
        let usage = Arc::new(Usage::default());
        let levels = [Level { usage: usage.clone(), in_flight: Some(2), rate: Rate::default() }];
        take_room(&levels, 2).await.keep();
        let waiting = async_std::task::spawn({
            let levels = levels.clone();
            async move { take_room(&levels, 1).await.keep() }
        });
        async_std::task::sleep(Duration::from_millis(20)).await;
        assert_eq!(usage.in_flight(), 2);
        give_room(&levels, 2);
        waiting.await;
        give_room(&levels, 1);
        // More than the limit goes alone, and is given back when it was not used.
        let room = take_room(&levels, 5).await;
        assert_eq!(usage.in_flight(), 5);
        drop(room);
        assert_eq!(usage.in_flight(), 0);
    }

    #[test]
    fn one_usage_for_each_while_somebody_uses_it() {
        let ledger = Ledger::default();
        let first = ledger.of_principal("a".into());
        assert!(Arc::ptr_eq(&first, &ledger.of_principal("a".into())));
        let near = ledger.of_address("2001:db8::1".parse().unwrap());
        assert!(Arc::ptr_eq(&near, &ledger.of_address("2001:db8::2".parse().unwrap())));
        for n in 0..10_000 {
            ledger.of_principal(n.to_string());
        }
        assert!(ledger.principals.lock().unwrap().len() < 100);
    }
}
