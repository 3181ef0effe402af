use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering::Relaxed},
};

/// Bytes of each client that count towards no budget: a socket costs as much anyway.
pub(crate) const FREE: usize = 16 << 10;

/// The bytes of requests that are held for all clients together
#[derive(Debug, Default)]
pub(crate) struct Budget {
    used: AtomicUsize,
    most: AtomicUsize,
}

impl Budget {
    /// Sets the budget. Bytes that are held already stay, even beyond it.
    pub(crate) fn set(&self, most: usize) {
        self.most.store(most, Relaxed);
    }

    pub(crate) fn used(&self) -> usize {
        self.used.load(Relaxed)
    }
}

/// The part of a budget that one client holds, until it is dropped
#[derive(Debug)]
pub(crate) struct Charge {
    budget: Arc<Budget>,
    held: usize,
}

impl Charge {
    pub(crate) fn new(budget: &Arc<Budget>) -> Self {
        Self { budget: budget.clone(), held: 0 }
    }

    /// Holds `bytes` bytes in place of the former number. Returns false if there is no room for
    /// them.
    pub(crate) fn hold(&mut self, bytes: usize) -> bool {
        let bytes = bytes.saturating_sub(FREE);
        if bytes > self.held {
            let more = bytes - self.held;
            let most = self.budget.most.load(Relaxed);
            let fits = |used: usize| used.checked_add(more).filter(|used| *used <= most);
            if self.budget.used.fetch_update(Relaxed, Relaxed, fits).is_err() {
                return false;
            }
        } else {
            self.budget.used.fetch_sub(self.held - bytes, Relaxed);
        }
        self.held = bytes;
        true
    }

    pub(crate) fn free(&mut self) {
        if self.held > 0 {
            self.budget.used.fetch_sub(self.held, Relaxed);
            self.held = 0;
        }
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        self.free();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_held_together_is_bounded_and_given_back() {
        let budget = Arc::new(Budget::default());
        budget.set(100);
        let (mut one, mut other) = (Charge::new(&budget), Charge::new(&budget));
        assert!(one.hold(FREE) && other.hold(FREE + 60));
        assert!(!one.hold(FREE + 41) && one.hold(FREE + 40));
        assert!(!one.hold(usize::MAX));
        assert_eq!(budget.used(), 100);
        assert!(other.hold(FREE + 10) && one.hold(FREE + 90));
        one.free();
        drop((one, other));
        assert_eq!(budget.used(), 0);
    }
}
