//! Leases for the commands of a database, with the retries of its handle.

use std::{future::poll_fn, sync::Arc, time::Duration};

use super::Database;
use crate::{
    Error, Result, clock::NEVER, command::Retrying, connection::Link, multiplexer::Leased,
    resp::Arg,
};

/// The attempts of an operation that leases a connection for each of them
pub(super) struct Attempts<'a> {
    link: &'a Link,
    /// `None`: the handle has no retry policy.
    retrying: Option<Retrying>,
}

impl Database {
    /// Counts attempts as the handle's policy says. Each attempt has its own time, unless the
    /// policy is [for a time](crate::RetryPolicy::within).
    pub(super) fn attempts(&self) -> Attempts<'_> {
        let link = self.muxer.inner().link();
        let policy = self.handling().and_then(|handling| handling.retry.as_ref());
        let retrying = policy.map(|policy| {
            let mut retrying = Retrying::new(policy.clone());
            retrying.begin(link, None, NEVER);
            retrying
        });
        Attempts { link, retrying }
    }

    /// Leases a connection for this command, unless the circuit breaker refuses.
    pub(super) async fn borrow(&self, name: &str) -> Result<Arc<Leased>> {
        self.borrow_within(name, self.muxer.inner().options.command_timeout).await
    }

    /// Like [`borrow`](Self::borrow), within another time.
    pub(super) async fn borrow_within(&self, name: &str, limit: Duration) -> Result<Arc<Leased>> {
        let inner = self.muxer.inner();
        if let Some(handling) = self.handling() {
            let checked = handling.check_circuit(inner.link());
            checked.map_err(|error| error.command(name).endpoint_at(&inner.link().endpoint()))?;
        }
        inner.lease_within(self.selected, limit).await.map_err(|error| error.command(name))
    }

    /// Like [`borrow_within`](Self::borrow_within), as often as the handle retries.
    pub(super) async fn borrow_patiently(&self, name: &str) -> Result<Arc<Leased>> {
        let mut attempts = self.attempts();
        loop {
            match self.borrow(name).await {
                Ok(leased) => return Ok(leased),
                // Nothing was sent: `PING`, like any of them, may be sent twice.
                Err(error) => attempts.again(&error, &[Arg::Bytes(b"PING")]).await.ok_or(error)?,
            }
        }
    }
}

impl Attempts<'_> {
    /// Waits for the time of the next attempt after this error; `None` if there is none.
    pub(super) async fn again(&mut self, error: &Error, words: &[Arg<'_>]) -> Option<()> {
        let retrying = self.retrying.as_mut()?;
        if !retrying.again(self.link, error, words) {
            return None;
        }
        poll_fn(|cx| match retrying.timer() {
            Some(timer) => timer.poll_expired(cx),
            None => std::task::Poll::Ready(()),
        })
        .await;
        retrying.begin(self.link, None, NEVER);
        Some(())
    }
}
