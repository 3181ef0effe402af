//! One topic: who listens to it, and whether the server has confirmed it.

#[cfg(feature = "topology")]
mod behind;
#[cfg(feature = "full")]
mod moving;

use std::{sync::Arc, task::Waker};

use super::{MissedCause, Queue, SessionId};
use crate::{Error, Full, clock::NEVER};

#[derive(Default)]
pub(super) struct Entry {
    listeners: Vec<Listener>,
    pub(super) standing: Standing,
    /// Messages may have been missed since the server last confirmed it.
    lost: bool,
    /// How often it was refused since then.
    attempts: u32,
    /// Those that are behind hear nothing until then: what has confirmed it may be a replica.
    #[cfg(feature = "topology")]
    held_until: u64,
    /// The client itself wants it, with or without listeners.
    own: Full<Own>,
    /// The stream that is to take the place of the one in use, or has just done so, brings it without a gap.
    #[cfg(feature = "full")]
    moves: bool,
}

/// Why the client itself wants a topic
#[cfg_attr(not(feature = "full"), allow(dead_code, reason = "only `full` has such topics"))]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Own {
    /// By default: that it is refused is no news.
    Unasked,
    /// Because the options say so: the operator learns that it is refused.
    Asked,
}

struct Listener {
    queue: Arc<Queue>,
    /// The server has confirmed the topic since there is this listener.
    confirmed: bool,
    /// It has missed something, and hears nothing until this moment and a confirmation; 0 if it has not.
    #[cfg(feature = "topology")]
    behind: u64,
    /// It has heard another server that passes messages on to this one, or may do.
    #[cfg(feature = "topology")]
    settles: bool,
}

impl Listener {
    fn is_behind(&self) -> bool {
        #[cfg(feature = "topology")]
        let is = self.behind > 0;
        #[cfg(not(feature = "topology"))]
        let is = false;
        is
    }
}

/// What the server has made of it
#[derive(Debug, Clone, Copy, Default)]
pub(super) enum Standing {
    #[default]
    Wanted,
    Asked {
        ticket: u64,
        session: SessionId,
    },
    Confirmed(SessionId),
    Refused {
        session: SessionId,
        /// When to ask again, by the link's clock.
        retry_at: u64,
        /// In a command of its own: others are not to be refused because of it.
        alone: bool,
    },
}

impl Entry {
    #[cfg(feature = "full")]
    pub(super) fn of_its_own(own: Own) -> Self {
        Self { own: Full::new(own), ..Self::default() }
    }

    pub(super) fn is_own(&self) -> bool {
        self.own.get().is_some()
    }

    /// Whether it is there for the client only.
    pub(super) fn is_unheard(&self) -> bool {
        self.is_own() && self.listeners.is_empty()
    }

    /// Removes all listeners.
    pub(super) fn clear(&mut self) {
        self.listeners.clear();
    }

    pub(super) fn add(&mut self, queue: &Arc<Queue>) {
        self.listeners.push(Listener {
            queue: queue.clone(),
            confirmed: false,
            #[cfg(feature = "topology")]
            behind: 0,
            #[cfg(feature = "topology")]
            settles: false,
        });
    }

    /// Removes a listener; true if nobody wants the topic any more.
    pub(super) fn remove(&mut self, queue: &Arc<Queue>) -> bool {
        self.listeners.retain(|known| !Arc::ptr_eq(&known.queue, queue));
        self.listeners.is_empty() && !self.is_own()
    }

    pub(super) fn queues(&self) -> impl Iterator<Item = &Arc<Queue>> {
        self.listeners.iter().map(|listener| &listener.queue)
    }

    /// Whether messages of it count. Before the server has confirmed it, they are of a subscription that was given up.
    pub(super) fn is_confirmed(&self) -> bool {
        matches!(self.standing, Standing::Confirmed(_))
    }

    /// The queues that a message is for.
    pub(super) fn hearing(&self) -> impl Iterator<Item = &Arc<Queue>> {
        let hearing = self.listeners.iter().filter(|listener| !listener.is_behind());
        hearing.map(|listener| &listener.queue)
    }

    pub(super) fn close(&self) -> impl Iterator<Item = Waker> {
        self.queues().filter_map(|queue| queue.close())
    }

    /// Whether the server is to be asked for it on this connection; if it has confirmed it there,
    /// new listeners get the error.
    pub(super) fn wants(&mut self, session: SessionId, now: u64) -> bool {
        let known = match self.standing {
            Standing::Wanted => return true,
            Standing::Asked { session, .. }
            | Standing::Confirmed(session)
            | Standing::Refused { session, .. } => session,
        };
        if known != session {
            // What it was on another connection is gone.
            self.lose(known);
            self.standing = Standing::Wanted;
            self.attempts = 0;
            return true;
        }
        match self.standing {
            Standing::Confirmed(_) => {
                // Nobody waits for these yet: they are being made.
                self.tell_confirmed(now, &mut Vec::new());
                false
            }
            Standing::Asked { .. } => false,
            Standing::Wanted | Standing::Refused { .. } => true,
        }
    }

    /// Whether this command is the last one that asked for it.
    pub(super) fn awaits(&self, ticket: u64) -> bool {
        matches!(self.standing, Standing::Asked { ticket: asked, .. } if asked == ticket)
    }

    /// The server has confirmed it.
    pub(super) fn confirmed(&mut self, by: u64, now: u64, wakers: &mut Vec<Waker>) {
        let Standing::Asked { ticket, session } = self.standing else { return };
        // One that was sent before it was given up and wanted again says nothing.
        if ticket != by {
            return;
        }
        self.attempts = 0;
        self.standing = Standing::Confirmed(session);
        self.tell_confirmed(now, wakers);
    }

    /// Tells listeners that they hear everything from now on, apart from those whose time has not come.
    pub(super) fn tell_confirmed(&mut self, _now: u64, wakers: &mut Vec<Waker>) {
        let lost = std::mem::take(&mut self.lost);
        for listener in &mut self.listeners {
            if !std::mem::replace(&mut listener.confirmed, true) {
                wakers.extend(listener.queue.confirm());
                continue;
            }
            #[cfg(feature = "topology")]
            let lost = {
                listener.behind = listener.behind.max(u64::from(lost));
                let is_time = listener.behind.max(self.held_until) <= _now;
                is_time && std::mem::take(&mut listener.behind) > 0
            };
            if lost {
                wakers.extend(listener.queue.gap(MissedCause::ConnectionLost));
            }
        }
    }

    /// The server has ended it by itself, or with the connection; true if it was confirmed there.
    pub(super) fn lose(&mut self, session: SessionId) -> bool {
        let was = matches!(self.standing, Standing::Confirmed(on) if on == session);
        if was {
            self.lost = true;
            self.standing = Standing::Wanted;
            #[cfg(feature = "full")]
            {
                self.moves = false;
            }
        }
        was
    }

    /// Listeners that were never confirmed learn why; true if there are such.
    pub(super) fn refuse_new(
        &mut self,
        error: impl Fn() -> Error,
        wakers: &mut Vec<Waker>,
    ) -> bool {
        let mut told = false;
        for listener in self.listeners.iter().filter(|listener| !listener.confirmed) {
            told = true;
            wakers.extend(listener.queue.refuse(error()));
        }
        told
    }

    /// It is asked for again at `retry_at`; true if its listeners have just learnt that they hear
    /// nothing, or the operator is to learn it.
    pub(super) fn refused(&mut self, retry_at: u64, alone: bool, wakers: &mut Vec<Waker>) -> bool {
        let Standing::Asked { session, .. } = self.standing else { return false };
        self.standing = Standing::Refused { session, retry_at, alone };
        self.attempts += 1;
        let mut told = self.attempts == 1 && self.own.get() == Some(&Own::Asked);
        for listener in self.listeners.iter().filter(|listener| listener.confirmed) {
            self.lost = true;
            if self.attempts == 1 {
                told = true;
                wakers.extend(listener.queue.gap(MissedCause::NotRestored));
            }
        }
        told
    }

    pub(super) fn attempts(&self) -> u32 {
        self.attempts
    }

    /// When there is something to do for it.
    pub(super) fn retry_at(&self) -> u64 {
        match self.standing {
            Standing::Refused { retry_at, .. } => retry_at,
            #[cfg(feature = "topology")]
            Standing::Confirmed(_) => self.hears_at(),
            _ => NEVER,
        }
    }

    /// Whether it is to be asked for again.
    pub(super) fn is_due(&self, now: u64) -> bool {
        matches!(self.standing, Standing::Refused { retry_at, .. } if retry_at <= now)
    }

    pub(super) fn asks_alone(&self) -> bool {
        matches!(self.standing, Standing::Refused { alone: true, .. })
    }

    /// Whether the server may have been asked for it by now; `unsent` knows of a ticket.
    pub(super) fn has_reached_the_server(&self, unsent: impl FnOnce(u64) -> bool) -> bool {
        match self.standing {
            Standing::Wanted => false,
            Standing::Asked { ticket, .. } => !unsent(ticket),
            Standing::Confirmed(_) | Standing::Refused { .. } => true,
        }
    }

    /// By which the command is known that asks for it, as long as it is not answered.
    pub(super) fn ticket(&self) -> Option<u64> {
        match self.standing {
            Standing::Asked { ticket, .. } => Some(ticket),
            _ => None,
        }
    }

    /// The server has it, or may have it soon.
    pub(super) fn is_on_the_server(&self) -> bool {
        matches!(self.standing, Standing::Asked { .. } | Standing::Confirmed(_))
    }
}
