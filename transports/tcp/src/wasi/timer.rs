use std::{
    future::poll_fn,
    task::{Context, Poll},
    time::{Duration, Instant},
};

use redmux_transport::{FAR, Timer};

use super::reactor::{self, TimerKey};

/// Waits for this long; longer than a year is a year.
pub async fn sleep(time: Duration) {
    let mut timer = WasiTimer::at(Instant::now() + time.min(FAR));
    poll_fn(|cx| timer.poll_expired(cx)).await;
}

/// A timer of the reactor that also serves the sockets
pub(super) struct WasiTimer {
    state: State,
}

enum State {
    /// Nobody has waited for it since it was set.
    Set(Instant),
    Waiting(TimerKey),
    Expired,
}

impl WasiTimer {
    pub(super) fn at(deadline: Instant) -> Self {
        Self { state: State::Set(deadline) }
    }

    fn stop(&mut self) {
        if let State::Waiting(key) = self.state {
            reactor::remove_timer(key);
        }
    }
}

impl Timer for WasiTimer {
    fn reset(&mut self, deadline: Instant) {
        self.stop();
        self.state = State::Set(deadline);
    }

    fn poll_expired(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        match self.state {
            State::Set(deadline) if Instant::now() < deadline => {
                self.state = State::Waiting(reactor::add_timer(deadline, cx.waker()));
                Poll::Pending
            }
            State::Waiting(key) if reactor::keep_timer(key, cx.waker()) => Poll::Pending,
            _ => {
                self.state = State::Expired;
                Poll::Ready(())
            }
        }
    }
}

impl Drop for WasiTimer {
    fn drop(&mut self) {
        self.stop();
    }
}
