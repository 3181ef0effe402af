//! What a leased connection has beside others.

use std::task::Poll;

use futures::future::poll_fn;

use crate::{
    Error, ErrorKind,
    clock::NEVER,
    connection::{
        config::BacklogPolicy,
        core::{Core, Phase, Submission},
        databases::Selected,
        entry::Kind,
        link::Link,
        slots::{Outcome, SlotId},
    },
    resp::{Arg, Frame},
};

/// Probes that may be due at a time while a command waits on the server: at 14 bytes each they
/// are little for it to keep, and with one in 10 s they are half a day.
const MOST_PROBES: usize = 4096;

impl Core {
    /// Whether a connection may be leased beside this one, and beside which stream: once there is
    /// a connection, as for commands. `None`: not yet.
    #[cfg_attr(not(feature = "full"), allow(dead_code, reason = "only `full` leases connections"))]
    pub(crate) fn leasable(&self) -> Option<Result<u64, Error>> {
        match self.phase {
            Phase::Ready => Some(Ok(self.wire.number)),
            Phase::Closing | Phase::Closed => Some(Err(self.closed_error())),
            Phase::Disconnected if self.config.backlog == BacklogPolicy::FailFast => {
                Some(Err(self.disconnected_error()))
            }
            #[cfg(feature = "topology")]
            Phase::Disconnected if self.redial.surrendered => Some(Err(self.disconnected_error())),
            _ => None,
        }
    }

    /// Somebody waits for the connection, as a command does.
    #[cfg_attr(not(feature = "full"), allow(dead_code, reason = "only `full` leases connections"))]
    pub(crate) fn want(&mut self) {
        if self.phase == Phase::Disconnected && !self.redial.wanted {
            self.redial.wanted = true;
            self.rouse_driver();
        }
    }

    /// A leased connection that may be given to the next borrower: nothing is asked or due but
    /// answers to the client's own probes, and the server spoke lately if some are.
    pub(crate) fn is_reusable(&self, now: u64) -> bool {
        let heard = |at| now.saturating_sub(at) < self.config.probe_after;
        let only_probes = || self.wire.fifo.iter().all(|entry| matches!(entry.kind, Kind::Probe));
        self.phase == Phase::Ready
            && !self.leaving.has_reason()
            && self.backlog.room.is_empty()
            && (self.wire.fifo.is_empty()
                || self.liveness.last_read.is_some_and(heard) && only_probes())
    }

    /// Ends a leased connection, as if it had been lost.
    pub(crate) fn forsake(&mut self, why: &'static str) {
        if self.phase == Phase::Ready {
            self.leaving.forsake(why);
            self.wakes.wake_driver();
        }
    }

    /// The one stream of this link is gone. For a leased connection that is a lost connection; for
    /// any other, the program has closed it.
    pub(in crate::connection) fn note_lost(&mut self) {
        if self.config.leased && !matches!(self.phase, Phase::Closing | Phase::Closed) {
            self.ending.kind = ErrorKind::ConnectionLost;
        }
    }

    /// It ended, and not because the program wanted it.
    pub(crate) fn is_lost(&self) -> bool {
        self.phase == Phase::Closed && self.ending.kind == ErrorKind::ConnectionLost
    }

    /// Which stream of the shared connection was lost, if this one was lost with it.
    pub(crate) fn lineage(&self) -> u64 {
        if self.config.leased { self.config.beside } else { self.wire.number }
    }

    /// While a borrower waits on the server: another probe now and then, which is answered only
    /// afterwards, but shows proxies on the way that the connection is in use. When to look again.
    pub(in crate::connection) fn show_use(&mut self) -> u64 {
        let due = self.wire.fifo.iter().filter(|entry| matches!(entry.kind, Kind::Probe)).count();
        if !self.config.leased || self.quiet || due >= MOST_PROBES {
            return NEVER;
        }
        let next = self.liveness.last_write.unwrap_or(0).saturating_add(self.config.keep_alive);
        if self.now < next {
            return next;
        }
        self.post(&[Arg::Bytes(b"PING")], Kind::Probe);
        self.now.saturating_add(self.config.keep_alive)
    }
}

impl Link {
    /// Sends a command of the client's own; `None`, and nothing is sent, if a borrower has made the
    /// connection its own.
    pub(in crate::connection) async fn say(
        &self,
        args: &[Arg<'_>],
    ) -> Option<Result<Frame, Error>> {
        let command = Submission { args, prelude: None, database: Selected::ANY, timeout: None };
        let mut said = Said { link: self, id: None };
        let outcome = poll_fn(|cx| {
            let Some(id) = said.id else {
                match self.submit_own(&command, cx.waker()) {
                    Ok(Some(id)) => said.id = Some(id),
                    Ok(None) => return Poll::Ready(None),
                    Err(error) => return Poll::Ready(Some(Outcome::Failed(error))),
                }
                return Poll::Pending;
            };
            match self.poll_reply(id, cx) {
                Poll::Pending => Poll::Pending,
                Poll::Ready(Some(outcome)) => Poll::Ready(Some(outcome)),
                // There was no room so far.
                Poll::Ready(None) => match self.submit(&command, Some(id), cx.waker()) {
                    Ok(_) => Poll::Pending,
                    Err(error) => Poll::Ready(Some(Outcome::Failed(error))),
                },
            }
        })
        .await?;
        said.id = None;
        Some(outcome.into_reply())
    }
}

/// A command of the client's own on its way; dropped, it is given up
struct Said<'a> {
    link: &'a Link,
    id: Option<SlotId>,
}

impl Drop for Said<'_> {
    fn drop(&mut self) {
        if let Some(id) = self.id {
            self.link.abandon(id);
        }
    }
}
