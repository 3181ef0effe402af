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
        core::{Given, NextMove, Phase},
        link::Link,
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
            self.dismiss_successor();
            return None;
        }
        if self.successor.as_ref().is_some_and(|successor| !successor.is_wanted(&self.link)) {
            self.dismiss_successor();
        }
        if self.successor.is_none() {
            let next = self.link.with(|core| core.next_move());
            let NextMove::Dial(target) = next else { return None };
            self.successor = Some(self.dial_successor(target)?);
        }
        let is_late = self.link.with(|core| core.is_move_late());
        let successor = self.successor.as_mut()?;
        if !successor.advance(cx, &self.progress, is_late) {
            if successor.link.with(|core| core.phase) == Phase::Closed {
                self.tell_unmoved();
                self.dismiss_successor();
                self.link.with(|core| core.postpone_move());
            }
            return None;
        }
        let to_prepare = self.link.with(|core| core.is_time_to_go())?;
        if to_prepare {
            let time = self.link.with(|core| core.settling());
            let next = self.link.owner.before_move(&self.link, &successor.link, time);
            if let Some(at) = next {
                self.link.with(|core| core.prepare_to_go(at));
                return None;
            }
        }
        let quiet = self.link.with(|core| core.drain_for_move());
        if self.link.with(|core| core.is_time_to_go()).is_none() {
            // Not all was answered in time.
            match self.link.with(|core| core.is_moving()) {
                true => self.link.owner.stay(Some(&successor.link)),
                false => self.dismiss_successor(),
            }
            return None;
        }
        if !quiet || unwritten {
            return None;
        }
        let given = successor.give()?;
        self.take_over(given, true)
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
        let Some(given) = self.successor.as_mut().and_then(Successor::give) else {
            self.dismiss_successor();
            return None;
        };
        if lost.1 > 0 {
            self.note_end(ready, answered);
            self.failed(error.clone(), Some(lost));
        }
        let goes_on = self.link.with(|core| core.phase == Phase::Disconnected);
        if goes_on { self.take_over(given, false) } else { None }
    }

    /// Puts the stream of the successor in the place of the one in use. `whole`: all that was sent on that is answered.
    fn take_over(
        &mut self,
        (session, given): (Box<Session>, Given),
        whole: bool,
    ) -> Option<Box<Session>> {
        let Successor { endpoint, driver, .. } = self.successor.take()?;
        let mut given = Some(given);
        let changed = self.link.owner.go_over(&self.link, whole, &mut |wakers| {
            self.link.quietly(wakers, |core| {
                let changed = given.take().is_some_and(|given| core.change_streams(given));
                if changed {
                    // Under the lock: a ready connection and its endpoint belong together.
                    self.link.set_endpoint(endpoint.clone());
                }
                changed
            })
        });
        if !changed {
            return None;
        }
        self.progress = driver.progress.clone();
        Some(session)
    }

    /// Nothing becomes of the other stream.
    fn dismiss_successor(&mut self) {
        if self.successor.take().is_some() {
            self.link.owner.stay(None);
        }
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
            self.link.owner.heir(),
            endpoint.clone(),
        ));
        let plan = self.plan.toward(endpoint.clone());
        let driver = Box::new(Self::new(link.clone(), self.env.clone(), plan));
        Some(Successor { link, driver, endpoint, named })
    }
}

impl Successor {
    /// Whether it leads to where the last notice says.
    fn is_wanted(&self, link: &Link) -> bool {
        let target = self.named.then_some(&*self.endpoint);
        link.with(|core| core.leads_to(target))
    }

    /// Dials, makes the handshake, and reads what comes; whether the stream is ready. `now` is how the dial of the stream
    /// in use went; `is_late` where any other stream is better than that one.
    fn advance(&mut self, cx: &mut Context<'_>, now: &DialProgress, is_late: bool) -> bool {
        // A driver that ends leaves its link closed.
        let _ = Pin::new(&mut *self.driver).poll(cx);
        let ready = self.link.with(|core| core.phase == Phase::Ready);
        if !ready {
            return false;
        }
        if !self.named && !is_late && self.is_old(now) {
            self.link.abort();
            return false;
        }
        true
    }

    /// Whether the name still leads to the server that goes away. That one repeats what it has announced; so may its successor,
    /// whose address is another one.
    fn is_old(&self, now: &DialProgress) -> bool {
        match same_server(now, &self.driver.progress) {
            Some(true) if is_name(&self.endpoint) => true,
            Some(false) => false,
            _ => self.link.with(|core| core.is_to_move()),
        }
    }

    /// The stream, and what the handshake has brought about, unless something on it is unanswered.
    fn give(&mut self) -> Option<(Box<Session>, Given)> {
        let given = self.link.with(|core| core.give_stream_away())?;
        match std::mem::replace(&mut self.driver.stage, Stage::Over) {
            Stage::Session { session, .. } => Some((session, given)),
            _ => {
                self.link.abort();
                None
            }
        }
    }
}

fn is_name(endpoint: &Endpoint) -> bool {
    matches!(endpoint, Endpoint::Tcp { host, .. } if host.parse::<IpAddr>().is_err())
}

/// Whether both dials led to one address, as far as that is known.
#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
fn same_server(one: &DialProgress, other: &DialProgress) -> Option<bool> {
    Some(one.peer()? == other.peer()?)
}

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
fn same_server(_: &DialProgress, _: &DialProgress) -> Option<bool> {
    None
}
