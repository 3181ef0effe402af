//! A reply that one caller fetches for all who ask.

use std::{
    sync::PoisonError,
    task::{Context, Poll, Waker},
};

use crate::{
    Error,
    resp::Frame,
    sync::{Mutex, MutexGuard},
};

/// What came of a reply that one caller fetched for all
#[derive(Clone)]
pub(crate) enum Landed {
    Reply(Frame),
    /// The server's error.
    Refused(Error),
    /// That caller failed otherwise, or was dropped.
    GivenUp,
}

/// A reply that one caller fetches and others wait for
#[derive(Default)]
pub(crate) struct Flight(Mutex<FlightState>);

#[derive(Default)]
struct FlightState {
    result: Option<Landed>,
    waiting: Vec<Waker>,
}

impl Flight {
    pub(crate) fn poll(&self, cx: &Context<'_>) -> Poll<Landed> {
        let mut state = self.lock();
        if let Some(result) = &state.result {
            return Poll::Ready(result.clone());
        }
        if !state.waiting.iter().any(|waker| waker.will_wake(cx.waker())) {
            state.waiting.push(cx.waker().clone());
        }
        Poll::Pending
    }

    pub(super) fn land(&self, result: Landed) {
        let waiting = {
            let mut state = self.lock();
            if state.result.is_some() {
                return;
            }
            state.result = Some(result);
            std::mem::take(&mut state.waiting)
        };
        waiting.into_iter().for_each(Waker::wake);
    }

    fn lock(&self) -> MutexGuard<'_, FlightState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
