//! The driver's signals on their own, small enough to try every interleaving there is.

use std::{
    future::poll_fn,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use shuttle::{future::spawn, scheduler::DfsScheduler};

use super::run;
use crate::{connection::signal::Signal, sync::Mutex};

/// Something that becomes ready once
#[derive(Default)]
struct Source {
    state: Mutex<(bool, Option<Waker>)>,
}

impl Source {
    fn produce(&self) {
        let waker = {
            let mut state = self.state.lock().unwrap();
            state.0 = true;
            state.1.take()
        };
        waker.into_iter().for_each(Waker::wake);
    }

    fn poll_consume(&self, cx: &Context<'_>) -> Poll<()> {
        let mut state = self.state.lock().unwrap();
        if state.0 {
            return Poll::Ready(());
        }
        state.1 = Some(cx.waker().clone());
        Poll::Pending
    }
}

/// Polls the source as a session does: only when its signal is raised.
async fn consume(source: &Source) {
    let signal = Signal::new();
    poll_fn(|cx| {
        signal.attach(cx);
        while signal.is_raised() {
            signal.lower();
            if source.poll_consume(&signal.context()).is_ready() {
                return Poll::Ready(());
            }
        }
        Poll::Pending
    })
    .await;
}

#[test]
fn no_signal_is_lost() {
    let runs = run("all", DfsScheduler::new(None, false), || async {
        let source = Arc::new(Source::default());
        let producer = source.clone();
        let producer = spawn(async move { producer.produce() });
        consume(&source).await;
        producer.await.unwrap();
    });
    assert!(runs > 100, "only {runs} interleavings: the signal is not the checker's");
}
