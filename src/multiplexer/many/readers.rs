//! What callers find of replicas: the connections over which they are read from, and which of them are well.

use std::sync::{
    Arc, PoisonError,
    atomic::{AtomicBool, AtomicU16, Ordering::Relaxed},
};

use super::wake::Wake;
use crate::{
    sync::{Mutex, MutexGuard},
    topology::{Marks, NOBODY, NodeId, Table},
};

/// The most replicas of a shard that are read from.
pub(super) const MOST: usize = 16;

/// The replicas of all shards
pub(super) struct Readers {
    /// By the number of their primary.
    pub(super) shards: Table<Shard>,
    /// Programs choose different replicas for the same slot.
    pub(super) seed: u64,
    /// The task runs.
    pub(super) kept: AtomicBool,
    pub(super) wake: Arc<Wake>,
}

/// The replicas of one primary
pub(super) struct Shard {
    /// Those in the zone of the program first; [`NOBODY`] behind the last one.
    places: [AtomicU16; MOST],
    /// How many of them are in the zone.
    pub(super) near: AtomicU16,
    /// The primary is in the zone.
    pub(super) is_near: AtomicBool,
    /// Something was to be read from them since the task looked last.
    pub(super) wanted: AtomicBool,
    /// The task looks after them.
    pub(super) tended: AtomicBool,
    /// Each of them was connected to and asked, or could not be.
    pub(super) settled: AtomicBool,
    care: Mutex<Care>,
}

/// What the task remembers of a shard
#[derive(Default)]
pub(super) struct Care {
    pub(super) marks: Marks,
    pub(super) wanted_at: u64,
    /// When it was last seen that the shard has none.
    pub(super) missed_at: u64,
}

impl Readers {
    pub(super) fn new(seed: u64) -> Self {
        Self { shards: Table::new(), seed, kept: AtomicBool::new(false), wake: Arc::default() }
    }

    /// The multiplexer is closed.
    pub(super) fn end(&self) {
        self.wake.hint();
    }

    pub(super) fn shard(&self, primary: NodeId) -> Option<&Shard> {
        self.shards.get_or_make(usize::from(primary), Shard::new)
    }
}

impl Shard {
    fn new() -> Self {
        Self {
            places: [const { AtomicU16::new(NOBODY) }; MOST],
            near: AtomicU16::new(0),
            is_near: AtomicBool::new(false),
            wanted: AtomicBool::new(false),
            tended: AtomicBool::new(false),
            settled: AtomicBool::new(false),
            care: Mutex::default(),
        }
    }

    /// Callers find these from now on. One that reads meanwhile may find some of both; whatever it finds is, or was
    /// a moment ago, a replica.
    pub(super) fn set(&self, near: &[NodeId], far: &[NodeId], is_near: bool) {
        let all: Vec<NodeId> = near.iter().chain(far).copied().take(MOST).collect();
        let same = self.replicas().eq(all.iter().copied());
        for (place, number) in self.places.iter().zip(0..) {
            place.store(all.get::<usize>(number).copied().unwrap_or(NOBODY), Relaxed);
        }
        self.near.store(near.len().min(MOST) as u16, Relaxed);
        self.is_near.store(is_near, Relaxed);
        if !same {
            self.settled.store(false, Relaxed);
        }
    }

    pub(super) fn replicas(&self) -> impl Iterator<Item = NodeId> {
        self.places.iter().map(|place| place.load(Relaxed)).take_while(|number| *number != NOBODY)
    }

    pub(super) fn care(&self) -> MutexGuard<'_, Care> {
        self.care.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
