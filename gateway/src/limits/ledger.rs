use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError, Weak},
    time::{Duration, Instant},
};

use super::{Bucket, Budget, Connected, Usage};

/// The usages of all principals and addresses that have clients
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    pub(crate) all: Arc<Usage>,
    /// Sockets of clients that have shown no credential yet.
    pub(crate) strangers: Arc<Usage>,
    /// Bytes of requests that are held: of unfinished ones, and of those that wait for room.
    pub(crate) buffered: Arc<Budget>,
    principals: Mutex<HashMap<String, Weak<Usage>>>,
    addresses: Mutex<HashMap<IpAddr, Weak<Usage>>>,
    strange_addresses: Mutex<HashMap<IpAddr, Weak<Usage>>>,
    arrivals: Mutex<Arrivals>,
}

/// A socket whose client has shown no credential yet, which is counted until this is dropped
#[derive(Debug)]
pub(crate) struct Stranger {
    near: Connected,
    _all: Connected,
}

impl Ledger {
    pub(crate) fn of_principal(&self, key: String) -> Arc<Usage> {
        find(&self.principals, key)
    }

    /// Returns the number of clients of a principal, over all its subjects.
    pub(crate) fn clients_of(&self, name: &str) -> usize {
        let map = self.principals.lock().unwrap_or_else(PoisonError::into_inner);
        let of_it = |key: &str| {
            key.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
        };
        let usages =
            map.iter().filter(|(key, _)| of_it(key)).filter_map(|(_, usage)| usage.upgrade());
        usages.map(|usage| usage.connections()).sum()
    }

    /// Returns the usage of an address.
    pub(crate) fn of_address(&self, address: IpAddr) -> Arc<Usage> {
        find(&self.addresses, network(address))
    }

    /// Counts a socket of a stranger.
    ///
    /// # Errors
    /// The name of the limit that leaves no room.
    pub(crate) fn stranger(
        &self,
        address: IpAddr,
        limit: usize,
        of_address: Option<usize>,
    ) -> Result<Stranger, &'static str> {
        let near = self.near(address, of_address)?;
        let all = self.strangers.connect(Some(limit)).ok_or("unauthenticated")?;
        Ok(Stranger { near, _all: all })
    }

    /// Counts a stranger towards another address, which a proxy has reported.
    ///
    /// # Errors
    /// The name of the limit that leaves no room.
    pub(crate) fn stranger_is_from(
        &self,
        stranger: &mut Stranger,
        address: IpAddr,
        limit: Option<usize>,
    ) -> Result<(), &'static str> {
        stranger.near = self.near(address, limit)?;
        Ok(())
    }

    fn near(&self, address: IpAddr, limit: Option<usize>) -> Result<Connected, &'static str> {
        let near = find(&self.strange_addresses, network(address));
        near.connect(limit).ok_or("unauthenticated_per_address")
    }

    /// Returns how long a new socket of this address must wait for its turn.
    pub(crate) fn arrival(&self, address: IpAddr, a_second: u32) -> Duration {
        let mut arrivals = self.arrivals.lock().unwrap_or_else(PoisonError::into_inner);
        arrivals.wait(network(address), a_second, Instant::now())
    }
}

/// Returns the address that limits go by: a client with one IPv6 address has a /64 of them, which
/// count as one.
fn network(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(v6) => IpAddr::V6((v6.to_bits() >> 64 << 64).into()),
        v4 => v4,
    }
}

fn find<K: std::hash::Hash + Eq>(map: &Mutex<HashMap<K, Weak<Usage>>>, key: K) -> Arc<Usage> {
    let mut map = map.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(usage) = map.get(&key).and_then(Weak::upgrade) {
        return usage;
    }
    // Entries without clients are removed when the map would have to grow for a new one.
    if map.len() == map.capacity() {
        map.retain(|_, usage| usage.strong_count() > 0);
    }
    let usage = Arc::new(Usage::default());
    map.insert(key, Arc::downgrade(&usage));
    usage
}

/// The recent arrivals of sockets, by address
#[derive(Debug, Default)]
struct Arrivals {
    buckets: HashMap<IpAddr, Bucket>,
    swept: Option<Instant>,
}

/// The most addresses that are remembered, in about 6 MiB.
const MAX_ADDRESSES: usize = 65_536;
const SWEEP_AFTER: Duration = Duration::from_secs(1);

impl Arrivals {
    fn wait(&mut self, address: IpAddr, a_second: u32, now: Instant) -> Duration {
        if let Some(bucket) = self.buckets.get(&address) {
            return bucket.take(1, a_second, now);
        }
        if self.buckets.len() >= MAX_ADDRESSES {
            // Not for each new address: strangers could keep the gateway busy with sweeping.
            if self.swept.is_some_and(|at| now.saturating_duration_since(at) < SWEEP_AFTER) {
                return Duration::ZERO;
            }
            self.swept = Some(now);
            self.buckets.retain(|_, bucket| !bucket.is_full(a_second, now));
            if self.buckets.len() >= MAX_ADDRESSES {
                return Duration::ZERO;
            }
        }
        self.buckets.entry(address).or_default().take(1, a_second, now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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

    #[test]
    fn strangers_are_bounded_together_and_by_address() {
        let ledger = Ledger::default();
        let of = |address: &str| ledger.stranger(address.parse().unwrap(), 3, Some(2));
        let (_one, two) = (of("192.0.2.1").unwrap(), of("192.0.2.1").unwrap());
        assert_eq!(of("192.0.2.1").unwrap_err(), "unauthenticated_per_address");
        let _other = of("192.0.2.2").unwrap();
        assert_eq!(of("192.0.2.3").unwrap_err(), "unauthenticated");
        drop(two);
        assert!(of("192.0.2.3").is_ok());
        assert_eq!(ledger.strangers.connections(), 2);
    }

    #[test]
    fn newcomers_of_one_address_come_one_after_the_other() {
        let (mut arrivals, now) = (Arrivals::default(), Instant::now());
        let address = |n: u32| IpAddr::V4(n.into());
        for _ in 0..10 {
            assert_eq!(arrivals.wait(address(0), 10, now), Duration::ZERO);
        }
        assert_eq!(arrivals.wait(address(0), 10, now), Duration::from_millis(100));
        // However many addresses come, they are remembered in bounded memory.
        for n in 0..200_000 {
            arrivals.wait(address(n), 10, now);
        }
        assert_eq!(arrivals.buckets.len(), MAX_ADDRESSES);
        // Those that were quiet are forgotten, those that were not are not.
        let later = now + Duration::from_secs(2);
        for _ in 0..10 {
            arrivals.wait(address(7), 10, later);
        }
        arrivals.wait(address(300_000), 10, later);
        assert_eq!(arrivals.buckets.len(), 2);
        assert_eq!(arrivals.wait(address(7), 10, later), Duration::from_millis(100));
    }
}
