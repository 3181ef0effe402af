//! The first word of a server, for which programs wait that connect.

use std::{
    future::poll_fn,
    sync::PoisonError,
    task::{Poll, Waker},
};

use crate::{Error, Result, sync::Mutex};

/// Whether the servers are known
#[derive(Debug, Default)]
pub(in crate::multiplexer) struct First(Mutex<(Option<Result<()>>, Vec<Waker>)>);

impl First {
    /// Waits until the servers are known, or it is known that they will not be.
    pub(in crate::multiplexer) async fn known(&self) -> Result<()> {
        poll_fn(|cx| {
            let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            match &state.0 {
                Some(result) => Poll::Ready(result.clone()),
                None => {
                    state.1.retain(|waker| !waker.will_wake(cx.waker()));
                    state.1.push(cx.waker().clone());
                    Poll::Pending
                }
            }
        })
        .await
    }

    pub(in crate::multiplexer) fn is_pending(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).0.is_none()
    }

    /// Says what came out; only the first time counts.
    pub(in crate::multiplexer) fn settle(&self, result: Result<(), Error>) {
        let wakers = {
            let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            state.0.get_or_insert(result);
            std::mem::take(&mut state.1)
        };
        wakers.into_iter().for_each(Waker::wake);
    }
}
