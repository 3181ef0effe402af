//! What becomes of leased connections without their users: idle ones, those to a former server, the end.

use std::sync::{Arc, Weak};
#[cfg(feature = "full")]
use std::time::Duration;

use redmux_transport::{FAR, Instant};

#[cfg(feature = "full")]
use super::LeaseStatus;
use super::{Idle, Pool};
#[cfg(feature = "full")]
use crate::multiplexer::lending::LeaseUse;
use crate::{
    connection::{Link, Phase},
    multiplexer::leased::{Leased, Stamp},
};

impl Pool {
    /// Closes connections that are idle for too long or lead to a former server, and ends those
    /// that wait there for long; returns when to look again, if any are left.
    pub(super) fn tidy(&self) -> Option<Instant> {
        let max_idle = self.options.lease_idle.min(FAR);
        let now = self.env.runtime.now();
        let (server, row) = self.main.with(|core| {
            let ready = core.phase == Phase::Ready;
            let server = ready.then(|| (core.wire.number, self.main.endpoint()));
            (server, core.row())
        });
        let mut state = self.lock();
        let round = state.round;
        let is_old = |stamp: &Stamp| {
            let other = server.as_ref().is_some_and(|(session, _)| *session != stamp.session);
            other || stamp.round != round
        };
        let (old, kept): (Vec<_>, Vec<_>) =
            std::mem::take(&mut state.idle).into_iter().partition(|idle| {
                now.saturating_duration_since(idle.since) >= max_idle || is_old(&idle.stamp)
            });
        state.idle = kept;
        let next = state.idle.iter().map(|idle| idle.since + max_idle).min();
        state.armed = next.is_some();
        let out: Vec<_> = state.out.iter().filter_map(Weak::upgrade).collect();
        drop(state);
        old.iter().for_each(|idle| idle.link.close());
        for leased in &out {
            // What the shared connection has left because of announced maintenance ends when the server ends it.
            let moved = leased.stamp.session < row
                && server.as_ref().is_some_and(|(_, now)| *now != leased.stamp.endpoint);
            if moved && leased.is_blocking() {
                leased.link.with(|core| core.forsake("the client uses another server by now"));
            }
        }
        next
    }

    /// From now on callers dial again; the connections so far: idle ones, those being dialled, and those in use.
    fn next_round(&self) -> (Vec<Idle>, Vec<Arc<Link>>, Vec<Arc<Leased>>) {
        let mut state = self.lock();
        state.round += 1;
        let opening = state.opening.iter().filter_map(Weak::upgrade).collect();
        let out = state.out.iter().filter_map(Weak::upgrade).collect();
        (std::mem::take(&mut state.idle), opening, out)
    }

    /// Makes all callers dial again: closes idle connections, and ends those that wait on the
    /// server for long.
    pub(in crate::multiplexer) fn renew(&self) {
        let (idle, _, out) = self.next_round();
        idle.iter().for_each(|idle| idle.link.close());
        for leased in out.iter().filter(|leased| leased.is_blocking()) {
            leased.link.with(|core| core.forsake("the program asked for another connection"));
        }
    }

    /// Another server is used from now on: closes idle connections and ends those that wait on the server for long, or
    /// `all`.
    #[cfg(feature = "topology")]
    pub(in crate::multiplexer) fn part(&self, why: &'static str, all: bool) {
        let (idle, opening, out) = self.next_round();
        idle.iter().for_each(|idle| idle.link.close());
        // Their callers lease one there.
        opening.iter().for_each(|link| link.abort());
        for leased in out.iter().filter(|leased| all || leased.is_blocking()) {
            leased.link.with(|core| core.forsake(why));
        }
    }

    /// Ends all connections, those in use too: the server is not the one that is wanted any more.
    #[cfg(feature = "topology")]
    pub(in crate::multiplexer) fn leave(&self, why: &'static str) {
        let (idle, _, out) = self.next_round();
        idle.iter().for_each(|idle| idle.link.abort());
        // What is being dialled is found to be of another server once it is ready.
        out.iter().for_each(|leased| leased.link.with(|core| core.forsake(why)));
    }

    /// Each connection with what it is used for, and for how long: those in use, those being
    /// opened, then the idle ones. The counts are of the same moment.
    #[cfg(feature = "full")]
    pub(in crate::multiplexer) fn uses(
        &self,
    ) -> (LeaseStatus, Vec<(Arc<Link>, LeaseUse, Duration)>) {
        let now = self.env.runtime.now();
        let (out, opening, mut uses, mut status) = {
            let state = self.lock();
            let idle = state.idle.iter().map(|idle| {
                let used = now.saturating_duration_since(idle.since);
                (idle.link.clone(), LeaseUse::Idle, used)
            });
            (
                state.out.iter().filter_map(Weak::upgrade).collect::<Vec<_>>(),
                state.opening.iter().filter_map(Weak::upgrade).collect::<Vec<_>>(),
                idle.collect::<Vec<_>>(),
                LeaseStatus {
                    leased: 0,
                    idle: state.idle.len(),
                    waiting: state.line.iter().filter(|waiting| !waiting.is_canceled()).count(),
                    max: self.options.max_leased,
                    opened: state.opened,
                },
            )
        };
        status.leased = out.len() + opening.len();
        for link in opening {
            let used = link.clock.now().saturating_sub(link.made);
            uses.push((link, LeaseUse::Opening, Duration::from_micros(used)));
        }
        for leased in out {
            let (used_for, used) = leased.use_now();
            uses.push((leased.link.clone(), used_for, Duration::from_micros(used)));
        }
        uses.reverse();
        (status, uses)
    }

    /// Gives out nothing more and ends all connections; what is in flight may finish, unless it
    /// waits on the server for long. Returns what ends only then.
    pub(in crate::multiplexer) fn close(&self) -> Vec<Arc<Link>> {
        let (idle, out, opening, line) = {
            let mut state = self.lock();
            state.closed = true;
            let state = &mut *state;
            (
                std::mem::take(&mut state.idle),
                std::mem::take(&mut state.out),
                std::mem::take(&mut state.opening),
                std::mem::take(&mut state.line),
            )
        };
        drop(line);
        let mut ending: Vec<_> = idle.into_iter().map(|idle| idle.link).collect();
        for link in opening.iter().filter_map(Weak::upgrade) {
            link.abort();
            ending.push(link);
        }
        for leased in out.iter().filter_map(Weak::upgrade) {
            if leased.is_blocking() {
                leased.link.abort();
            }
            ending.push(leased.link.clone());
        }
        ending.iter().for_each(|link| link.close());
        ending
    }
}
