//! What a client's commands wait for before they are sent.

use std::{pin::pin, sync::atomic::Ordering::Relaxed, task::Poll};

use futures::poll;

use super::client::{Live, Session};
use crate::limits::{Room, pace, take_room};

impl Session<'_> {
    /// Waits until as many of these commands as the room is for may be sent: one at least.
    pub(super) async fn admit<'l>(&self, live: &'l Live, commands: usize) -> Room<'l> {
        // A client that does not take replies is owed no more of them: they would fill the server.
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

    /// Waits, if need be, while the client is not read and so cannot answer pings.
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
