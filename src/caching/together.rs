//! The caches of several servers, which have one bound together.

use std::sync::{
    Arc, PoisonError, Weak,
    atomic::{AtomicUsize, Ordering::Relaxed},
};

use super::{options::CacheStats, store::Store};
use crate::sync::{Mutex, MutexGuard};

/// When room is made, this part of the memory becomes free, so that it is not made for each reply.
const ROOM: usize = 32;

/// The caches of several servers
///
/// Lock order: the list, then one of the stores; so neither may be asked for by what holds a store or a link.
#[derive(Debug)]
pub(crate) struct Together {
    max_bytes: usize,
    /// What all of them use, in bytes.
    used: AtomicUsize,
    all: Mutex<Vec<Weak<Mutex<Store>>>>,
}

impl Together {
    pub(crate) fn new(max_bytes: usize) -> Self {
        Self { max_bytes, used: AtomicUsize::new(0), all: Mutex::default() }
    }

    /// What they hold and how they did, added up; they track if one of them does.
    pub(crate) fn stats(&self) -> CacheStats {
        self.stores().iter().fold(CacheStats::default(), |sum, store| {
            let one = lock(store).stats();
            CacheStats {
                tracking: sum.tracking | one.tracking,
                entries: sum.entries + one.entries,
                bytes: sum.bytes + one.bytes,
                hits: sum.hits + one.hits,
                misses: sum.misses + one.misses,
                shared: sum.shared + one.shared,
                invalidated: sum.invalidated + one.invalidated,
                evicted: sum.evicted + one.evicted,
                cleared: sum.cleared + one.cleared,
            }
        })
    }

    /// One more of them.
    pub(super) fn add(&self, store: &Arc<Mutex<Store>>) {
        let mut all = lock(&self.all);
        all.retain(|known| known.strong_count() > 0);
        all.push(Arc::downgrade(store));
    }

    /// One of them used this many bytes before, and uses that many now.
    pub(super) fn note(&self, before: usize, after: usize) {
        // A difference below zero wraps around, and so does the sum.
        self.used.fetch_add(after.wrapping_sub(before), Relaxed);
    }

    /// Drops replies of those that have most of them, where all of them use too much.
    pub(super) fn make_room(&self) {
        if self.used.load(Relaxed) <= self.max_bytes {
            return;
        }
        let stores = self.stores();
        let sizes = stores.iter().map(|store| lock(store).stats().bytes);
        let level = level(sizes, self.max_bytes - self.max_bytes / ROOM);
        for store in &stores {
            let mut store = lock(store);
            let before = store.stats().bytes;
            store.shrink_to(level);
            self.note(before, store.stats().bytes);
        }
    }

    fn stores(&self) -> Vec<Arc<Mutex<Store>>> {
        lock(&self.all).iter().filter_map(Weak::upgrade).collect()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The size to which all that are larger have to shrink, so that the sum is no more than this.
fn level(sizes: impl Iterator<Item = usize>, goal: usize) -> usize {
    let mut sizes: Vec<usize> = sizes.collect();
    sizes.sort_unstable();
    let (mut left, mut count) = (goal, sizes.len());
    for size in sizes {
        let share = left / count;
        if size > share {
            return share;
        }
        (left, count) = (left - size, count - 1);
    }
    usize::MAX
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_largest_shrink_first() {
        let level = |sizes: &[usize], goal| level(sizes.iter().copied(), goal);
        assert_eq!(level(&[], 10), usize::MAX);
        assert_eq!(level(&[3, 3, 4], 10), usize::MAX);
        assert_eq!(level(&[20], 10), 10);
        assert_eq!(level(&[2, 100, 3], 10), 5);
        assert_eq!(level(&[9, 9], 10), 5);
        assert_eq!(level(&[0, 0, 12], 10), 10);
    }
}
