use std::{
    collections::hash_map::RandomState,
    hash::BuildHasher,
    sync::atomic::{AtomicU64, Ordering},
};

/// Bits that vary, to spread reconnects.
pub(crate) fn draw() -> u64 {
    // Each state is keyed anew; the counter keeps equal keys from giving equal bits.
    static COUNTER: AtomicU64 = AtomicU64::new(0);
    RandomState::new().hash_one(COUNTER.fetch_add(1, Ordering::Relaxed))
}
