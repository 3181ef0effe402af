//! The driver's signals on their own, small enough to try every interleaving there is.

use std::{
    future::poll_fn,
    sync::Arc,
    task::{Context, Poll, Waker},
};

use shuttle::{
    Runner,
    future::{block_on, spawn},
    scheduler::DfsScheduler,
};

use crate::{connection::signal::Signal, sync::Mutex};

/// Something that becomes ready twice
#[derive(Default)]
struct Source {
    state: Mutex<(u32, Option<Waker>)>,
}

impl Source {
    fn produce(&self) {
        let waker = {
            let mut state = self.state.lock().unwrap();
            state.0 += 1;
            state.1.take()
        };
        waker.into_iter().for_each(Waker::wake);
    }

    fn poll_consume(&self, cx: &Context<'_>) -> Poll<u32> {
        let mut state = self.state.lock().unwrap();
        if state.0 > 0 {
            return Poll::Ready(std::mem::take(&mut state.0));
        }
        state.1 = Some(cx.waker().clone());
        Poll::Pending
    }
}

/// Polls the source as a session does: only when its signal is raised.
async fn consume(source: &Source, due: u32) {
    let signal = Signal::new();
    let mut got = 0;
    poll_fn(|cx| {
        signal.attach(cx);
        loop {
            if !signal.is_raised() {
                return Poll::Pending;
            }
            signal.lower();
            if let Poll::Ready(n) = source.poll_consume(&signal.context()) {
                got += n;
                signal.raise();
            }
            if got == due {
                return Poll::Ready(());
            }
        }
    })
    .await;
}

#[test]
fn no_signal_is_lost() {
    let runs = Runner::new(DfsScheduler::new(None, false), super::checker()).run(|| {
        let source = Arc::new(Source::default());
        let producer = {
            let source = source.clone();
            spawn(async move {
                source.produce();
                source.produce();
            })
        };
        block_on(async {
            consume(&source, 2).await;
            producer.await.unwrap();
        });
    });
    assert!(runs > 100, "only {runs} interleavings: the signal is not the checker's");
}
