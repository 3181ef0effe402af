//! The move to another endpoint: a second stream is opened beside the one in use, and takes its place once all that was
//! sent is answered.
//!
//! Nothing is sent for as long as the last replies are on their way, so that no command overtakes another one.

use std::{future::Future, net::IpAddr, pin::Pin, sync::Arc, task::Context};

use redmux_transport::{DialProgress, Endpoint};

use super::{Driver, Since, Stage, Successor};
use crate::{
    Error, Full,
    connection::{
        config::LinkConfig,
        core::{NextMove, Phase},
        link::Link,
        owner::Unheard,
        session::Session,
    },
    events::FailureType,
};

impl Driver {
    /// Goes on with the move. Returns the new stream as soon as it has taken the place of the old one, on which
    /// `unwritten` bytes are still to be written.
    pub(super) fn attend_move(
        &mut self,
        unwritten: bool,
        cx: &mut Context<'_>,
    ) -> Option<Box<Session>> {
        let overdue = self.link.with(|core| core.is_move_overdue());
        if !self.may_move() || overdue {
            self.link.with(|core| core.stay());
            self.successor = None;
            return None;
        }
        if self.successor.is_none() {
            let next = self.link.with(|core| core.next_move());
            let NextMove::Dial(target) = next else { return None };
            self.successor = Some(self.dial_successor(target)?);
        }
        let successor = self.successor.as_mut()?;
        if successor.ready.is_none() && !successor.advance(cx, &self.progress) {
            if successor.link.with(|core| core.phase) == Phase::Closed {
                self.tell_unmoved();
                self.successor = None;
                self.link.with(|core| core.postpone_move());
            }
            return None;
        }
        let quiet = self.link.with(|core| core.drain_for_move());
        if quiet && !unwritten { self.take_over() } else { None }
    }

    /// The stream in use has ended: another one that is ready takes its place, without a dial. Commands that were lost
    /// with the old one are an outage all the same.
    pub(super) fn take_over_at_once(
        &mut self,
        error: &Error,
        lost: (FailureType, usize),
        ready: Option<Since>,
        answered: u64,
    ) -> Option<Box<Session>> {
        let is_ready = self.successor.as_ref().is_some_and(|successor| successor.ready.is_some());
        if !is_ready {
            self.successor = None;
            return None;
        }
        if lost.1 > 0 {
            self.note_end(ready, answered);
            self.failed(error.clone(), Some(lost));
        }
        let goes_on = self.link.with(|core| core.phase == Phase::Disconnected);
        if goes_on { self.take_over() } else { None }
    }

    fn take_over(&mut self) -> Option<Box<Session>> {
        let Successor { endpoint, ready, driver, .. } = self.successor.take()?;
        let (session, given) = ready?;
        let changed = self.link.with(|core| {
            let changed = core.change_streams(given);
            if changed {
                // Under the lock: a ready connection and its endpoint belong together.
                self.link.set_endpoint(endpoint);
            }
            changed
        });
        if !changed {
            return None;
        }
        self.progress = driver.progress.clone();
        Some(session)
    }

    /// One of several servers is found in another way, and a stream that came from outside has no other.
    fn may_move(&self) -> bool {
        !self.plan.single && !self.plan.endpoints.is_empty() && !self.link.config.leased
    }

    fn dial_successor(&mut self, target: Option<Endpoint>) -> Option<Successor> {
        let here = self.link.endpoint();
        let named = target.is_some();
        let endpoint = target.map(Arc::new).or_else(|| self.plan.endpoints.first().cloned())?;
        if named && endpoint == here {
            // A notice of the move that led here.
            self.link.with(|core| core.stay());
            return None;
        }
        let config = LinkConfig {
            cache: None,
            breaker: Full::default(),
            leased: true,
            ..LinkConfig::clone(&self.link.config)
        };
        let link = Arc::new(Link::new(
            config,
            self.link.with(|core| core.credentials.clone()),
            Phase::Disconnected,
            self.link.clock.clone(),
            self.link.connection_type,
            Arc::new(Unheard),
            endpoint.clone(),
        ));
        let plan = self.plan.toward(endpoint.clone());
        let driver = Box::new(Self::new(link.clone(), self.env.clone(), plan));
        Some(Successor { link, driver, endpoint, named, ready: None })
    }
}

impl Successor {
    /// Dials and makes the handshake; whether the stream is ready. `now` is how the dial of the stream in use went.
    fn advance(&mut self, cx: &mut Context<'_>, now: &DialProgress) -> bool {
        // A driver that ends leaves its link closed.
        let _ = Pin::new(&mut *self.driver).poll(cx);
        let ready = self.link.with(|core| core.phase == Phase::Ready);
        if !ready {
            return false;
        }
        if !self.named && same_server(now, &self.driver.progress) && is_name(&self.endpoint)
            || self.link.with(|core| core.is_to_move())
        {
            // The name still leads to the server that goes away.
            self.link.abort();
            return false;
        }
        let Some(given) = self.link.with(|core| core.give_stream_away()) else { return false };
        match std::mem::replace(&mut self.driver.stage, Stage::Over) {
            Stage::Session { session, .. } => {
                self.ready = Some((session, given));
                true
            }
            _ => {
                self.link.abort();
                false
            }
        }
    }
}

fn is_name(endpoint: &Endpoint) -> bool {
    matches!(endpoint, Endpoint::Tcp { host, .. } if host.parse::<IpAddr>().is_err())
}

/// Whether both dials led to one address, as far as that is known.
#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
fn same_server(one: &DialProgress, other: &DialProgress) -> bool {
    one.peer().is_some() && one.peer() == other.peer()
}

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
fn same_server(_: &DialProgress, _: &DialProgress) -> bool {
    false
}
