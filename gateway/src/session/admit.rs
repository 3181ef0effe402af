//! The limits that a client's commands wait for before they are sent.

use std::{pin::pin, sync::atomic::Ordering::Relaxed, task::Poll};

use futures::poll;

use super::client::{Live, Session};
use crate::limits::{Room, pace, take_room};

impl Session<'_> {
    /// Waits until at least one of these commands may be sent; the room says how many may.
    pub(super) async fn admit<'l>(&self, live: &'l Live, commands: usize) -> Room<'l> {
        // A client that takes no replies gets no more commands through: the replies would fill the
        // server's memory.
        self.patiently(self.taking.wait()).await;
        let room = self.patiently(take_room(&live.levels, commands)).await;
        self.pace(live, room.count(), 0).await;
        room
    }

    /// Waits as long as the rates of the client, its principal and the gateway ask for.
    pub(super) async fn pace(&self, live: &Live, commands: usize, bytes: usize) {
        if let Some(wait) = pace(&live.levels, commands, bytes) {
            self.patiently(wait).await;
        }
    }

    /// Waits, and marks the client as stalled meanwhile: it is not read, so its pongs do not
    /// arrive.
    pub(super) async fn patiently<T>(&self, wait: impl Future<Output = T>) -> T {
        let mut wait = pin!(wait);
        if let Poll::Ready(done) = poll!(&mut wait) {
            return done;
        }
        self.shared.metrics.throttled.fetch_add(1, Relaxed);
        self.stalled.store(true, Relaxed);
        let waited = wait.await;
        self.note(&self.heard);
        self.read_again();
        self.stalled.store(false, Relaxed);
        waited
    }
}
