//! The tasks that a change of a link wakes: its driver, callers, and tasks that wait for its phase
//! to change.

use std::task::Waker;

use crate::clock::NEVER;

/// Wakers collected under the link's lock, and what is known of the driver
///
/// No waker is called under the lock: what is `due` is called after the unlocking.
#[derive(Debug)]
pub(crate) struct Wakes {
    /// To be called once the lock is released.
    pub(super) due: Vec<Waker>,
    /// The driver runs, or has been woken and will.
    pub(crate) scheduled: bool,
    /// The driver, parked, would take more output.
    pub(super) wants_output: bool,
    /// When the parked driver wakes by itself.
    pub(super) armed: u64,
    driver: Option<Waker>,
    /// Tasks that wait for the phase to change.
    watchers: Vec<Waker>,
}

impl Default for Wakes {
    fn default() -> Self {
        let (due, watchers) = (Vec::new(), Vec::new());
        Self { due, scheduled: false, wants_output: false, armed: NEVER, driver: None, watchers }
    }
}

impl Wakes {
    /// Wakes the driver, if it is parked.
    pub(super) fn wake_driver(&mut self) {
        if let Some(driver) = self.driver.take() {
            self.scheduled = true;
            self.due.push(driver);
        }
    }

    /// The driver is about to wait.
    pub(super) fn park(&mut self, driver: &Waker, wants_output: bool, armed: u64) {
        self.scheduled = false;
        self.wants_output = wants_output;
        self.armed = armed;
        match &self.driver {
            Some(known) if known.will_wake(driver) => {}
            _ => self.driver = Some(driver.clone()),
        }
    }

    /// Wakes this task at the next change of phase.
    pub(super) fn watch(&mut self, waker: &Waker) {
        if !self.watchers.iter().any(|known| known.will_wake(waker)) {
            self.watchers.push(waker.clone());
        }
    }

    /// The phase has changed.
    pub(crate) fn wake_watchers(&mut self) {
        self.due.append(&mut self.watchers);
    }
}
