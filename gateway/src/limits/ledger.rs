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
    /// Bytes of requests that are held: what has come in part, or waits for room.
    pub(crate) buffered: Arc<Budget>,
    principals: Mutex<HashMap<String, Weak<Usage>>>,
    addresses: Mutex<HashMap<IpAddr, Weak<Usage>>>,
    strange_addresses: Mutex<HashMap<IpAddr, Weak<Usage>>>,
    arrivals: Mutex<Arrivals>,
}

/// A place among those who have shown no credential yet
#[derive(Debug)]
pub(crate) struct Stranger {
    near: Connected,
    _all: Connected,
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

    /// The clients of an address.
    pub(crate) fn of_address(&self, address: IpAddr) -> Arc<Usage> {
        find(&self.addresses, network(address))
    }

    /// Counts a socket of a stranger; the name of the limit that leaves no room otherwise.
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

    /// Counts a stranger towards another address: that which a proxy has named.
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

    /// How long a new socket of this address must wait for its turn.
    pub(crate) fn arrival(&self, address: IpAddr, a_second: u32) -> Duration {
        let mut arrivals = self.arrivals.lock().unwrap_or_else(PoisonError::into_inner);
        arrivals.wait(network(address), a_second, Instant::now())
    }
}

/// A client with one IPv6 address has 2^64 of them: they count as one.
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
    // Those that left are forgotten when the map would have to grow for a new one.
    if map.len() == map.capacity() {
        map.retain(|_, usage| usage.strong_count() > 0);
    }
    let usage = Arc::new(Usage::default());
    map.insert(key, Arc::downgrade(&usage));
    usage
}

/// When sockets of each address came lately
#[derive(Debug, Default)]
struct Arrivals {
    buckets: HashMap<IpAddr, Bucket>,
    swept: Option<Instant>,
}

/// Most addresses that are remembered: some 6 MiB.
const MAX_ADDRESSES: usize = 65_536;
const SWEEP_AFTER: Duration = Duration::from_secs(1);

impl Arrivals {
    fn wait(&mut self, address: IpAddr, a_second: u32, now: Instant) -> Duration {
        if let Some(bucket) = self.buckets.get(&address) {
            return bucket.take(1, a_second, now);
        }
        if self.buckets.len() >= MAX_ADDRESSES {
            // Not for each newcomer: strangers could make the gateway do nothing else.
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
