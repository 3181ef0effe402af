use std::{
    pin::pin,
    sync::atomic::{AtomicBool, Ordering},
    task::Poll,
};

use event_listener::Event;
use futures::poll;

/// Whether a client takes what the gateway sends
#[derive(Debug, Default)]
pub(super) struct Taking {
    stuck: AtomicBool,
    taken: Event,
}

impl Taking {
    /// Sends something; until the client takes it, the client is stuck.
    pub(super) async fn during<T>(&self, send: impl Future<Output = T>) -> T {
        let mut send = pin!(send);
        if let Poll::Ready(sent) = poll!(&mut send) {
            return sent;
        }
        self.stuck.store(true, Ordering::SeqCst);
        let sent = send.await;
        self.stuck.store(false, Ordering::SeqCst);
        self.taken.notify(usize::MAX);
        sent
    }

    pub(super) fn is_stuck(&self) -> bool {
        self.stuck.load(Ordering::SeqCst)
    }

    /// Waits until the client is not stuck.
    pub(super) async fn wait(&self) {
        while self.stuck.load(Ordering::SeqCst) {
            let taken = self.taken.listen();
            if self.stuck.load(Ordering::SeqCst) {
                taken.await;
            }
        }
    }
}
