//! Leases for the commands of a database, with the retries of its handle.

use std::{future::poll_fn, sync::Arc, time::Duration};

use super::Database;
#[cfg(feature = "topology")]
use crate::{
    Call, Full,
    command::{Arrived, Handling},
    commands::CommandMap,
    resp::ArgList,
};
use crate::{
    Error, Result,
    clock::NEVER,
    command::Retrying,
    connection::{Berth, Link},
    multiplexer::Leased,
    resp::{Arg, ToArg},
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

    /// The slot of the keys that are to be watched, where there are several servers.
    pub(super) fn slot_of(&self, keys: &[impl ToArg]) -> Result<Option<u16>> {
        #[cfg(feature = "topology")]
        let slot = {
            let watch = Call::<(), _>::new(self.muxer.inner().link(), "WATCH", keys);
            watch.handled(self.handling()).slot_there()?
        };
        #[cfg(not(feature = "topology"))]
        let slot = {
            let _ = keys;
            None
        };
        Ok(slot)
    }

    /// Whether the server of this leased connection executed nothing, and another one, or the same a little later,
    /// may: then that is known from now on.
    pub(super) fn is_elsewhere(&self, leased: &Leased, error: &Error) -> bool {
        #[cfg(feature = "topology")]
        let is = self.muxer.inner().is_elsewhere(&leased.link, error);
        #[cfg(not(feature = "topology"))]
        let is = {
            let _ = (leased, error);
            false
        };
        is
    }

    /// Where keys are by now that the server of this leased connection sent the client after with `ASK`.
    pub(super) fn asked(&self, leased: &Leased, error: &Error) -> Option<&Link> {
        #[cfg(feature = "topology")]
        let asked = self.muxer.inner().asked(&leased.link, error);
        #[cfg(not(feature = "topology"))]
        let asked = {
            let _ = (leased, error);
            None
        };
        asked
    }

    /// The keys that have arrived at its server, if that is one which their slot is on its way to.
    #[cfg(feature = "topology")]
    pub(super) fn arrived(&self) -> Option<&Arrived> {
        self.handling.as_deref()?.arrived.as_ref()
    }

    /// The same handle for the server that `ASK` has named for these keys, while their slot is on its way there.
    pub(super) fn where_these_arrived(&self, keys: &[impl ToArg]) -> Result<Self> {
        #[cfg(feature = "topology")]
        let there = {
            let handling = self.handling.as_deref().cloned().unwrap_or_default();
            // With the handle's prefix, but not renamed.
            let prefixed = Handling { commands: CommandMap::default(), ..handling.clone() };
            let mut words = ArgList::new();
            words.push(Arg::Bytes(b"WATCH"));
            words.extend(keys.iter().map(ToArg::to_arg));
            prefixed.rewrite(&mut words)?;
            let arrived = Some(Arrived::new(&words[1..]));
            let handling = Full::new(Arc::new(Handling { arrived, ..handling }));
            Self { handling, ..self.clone() }
        };
        #[cfg(not(feature = "topology"))]
        let there = {
            let _ = keys;
            self.clone()
        };
        Ok(there)
    }

    /// Leases a connection for this command, unless the circuit breaker refuses.
    pub(super) async fn borrow(&self, name: &str, berth: Berth<'_>) -> Result<Arc<Leased>> {
        self.borrow_within(name, berth, self.muxer.inner().options.command_timeout).await
    }

    /// Like [`borrow`](Self::borrow), within another time.
    pub(super) async fn borrow_within(
        &self,
        name: &str,
        berth: Berth<'_>,
        limit: Duration,
    ) -> Result<Arc<Leased>> {
        let inner = self.muxer.inner();
        if let Some(handling) = self.handling() {
            let checked = handling.check_circuit(inner.link());
            checked.map_err(|error| error.command(name).endpoint_at(&inner.link().endpoint()))?;
        }
        inner.lease_within(berth, self.selected, limit).await.map_err(|error| error.command(name))
    }

    /// Like [`borrow_within`](Self::borrow_within), as often as the handle retries.
    pub(super) async fn borrow_patiently(
        &self,
        name: &str,
        berth: Berth<'_>,
    ) -> Result<Arc<Leased>> {
        let mut attempts = self.attempts();
        loop {
            match self.borrow(name, berth).await {
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
