//! Pauses in reading, for subscribers that are not polled while a burst of messages comes in.

/// After a pause that reached its limit there is none for this many times its length: slow
/// subscribers keep the replies to commands waiting for a tenth of the time at most.
pub(super) const REST: u64 = 9;

/// The subscriptions that the link waits for, or has waited for
#[derive(Debug, Default)]
pub(super) struct Pauses {
    /// A pause stays here when its time is over, until its subscriber has caught up.
    pub(super) begun: Vec<Pause>,
    /// There is no new one before this moment.
    pub(super) rest_until: u64,
}

#[derive(Debug)]
pub(super) struct Pause {
    /// The address of the queue.
    pub(super) of: usize,
    pub(super) until: u64,
    pub(super) length: u64,
}

impl Pauses {
    /// No subscriber is waited for, or was in vain.
    pub(super) fn is_empty(&self) -> bool {
        self.begun.is_empty()
    }
}

impl Pause {
    /// When the next one may begin, should nobody have caught up before its end.
    pub(super) fn rest_until(&self) -> u64 {
        self.until.saturating_add(self.length.saturating_mul(REST))
    }
}
