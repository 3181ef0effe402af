//! Listeners that were with another server.

use std::{sync::Arc, task::Waker};

use super::{super::Queue, Entry, Listener};
use crate::clock::NEVER;

/// A server has this long to say that it is the primary, in microseconds; then it is heard, whatever it is.
const HOLD: u64 = 1_000_000;

/// For this long after one server of a shard was left for another one, nothing is heard from that, in microseconds.
///
/// Servers pass messages on to each other up to 60 ms late: what the first one has sent would come from the second one, too,
/// and behind what was published there.
const SETTLE: u64 = 100_000;

impl Listener {
    /// It hears nothing before this moment.
    fn fall_behind(&mut self, until: u64, settles: bool) {
        if self.confirmed {
            (self.behind, self.settles) = (until.max(1), settles);
        }
    }
}

impl Entry {
    /// Takes the listeners out, for another server; nothing came from this one after `heard`.
    pub(in super::super) fn depart(&mut self, heard: u64) -> Self {
        let mut listeners = std::mem::take(&mut self.listeners);
        let until = heard.saturating_add(SETTLE);
        listeners.iter_mut().for_each(|listener| listener.fall_behind(until, true));
        Self { listeners, own: self.own.clone(), ..Self::default() }
    }

    /// Takes only the listeners out, for a server that hears nothing of this one.
    pub(in super::super) fn part_with_listeners(&mut self) -> Self {
        let mut listeners = std::mem::take(&mut self.listeners);
        listeners.iter_mut().for_each(|listener| listener.fall_behind(0, false));
        Self { listeners, ..Self::default() }
    }

    /// Those that wait until the server has confirmed it.
    pub(in super::super) fn unconfirmed(&self) -> impl Iterator<Item = &Arc<Queue>> {
        self.listeners.iter().filter(|listener| !listener.confirmed).map(|listener| &listener.queue)
    }

    /// Whether nobody wants it, not even the client.
    pub(in super::super) fn is_idle(&self) -> bool {
        self.listeners.is_empty() && !self.is_own()
    }

    /// The same listeners, for another server.
    pub(in super::super) fn copy(&self) -> Self {
        let copy = |listener: &Listener| Listener { queue: listener.queue.clone(), ..*listener };
        let mut listeners: Vec<Listener> = self.listeners.iter().map(copy).collect();
        listeners.iter_mut().for_each(|listener| listener.fall_behind(0, false));
        Self { listeners, own: self.own.clone(), ..Self::default() }
    }

    /// The next server has none of the messages that the last one has had.
    pub(in super::super) fn hear_at_once(&mut self) {
        self.listeners.iter_mut().for_each(|listener| listener.fall_behind(0, false));
    }

    /// The server has ended it by itself: it may have been made a replica, and be the primary again soon.
    pub(in super::super) fn note_end(&mut self, now: u64) {
        let until = now.saturating_add(SETTLE);
        self.listeners.iter_mut().for_each(|listener| listener.fall_behind(until, true));
    }

    /// Takes over listeners from another server.
    pub(in super::super) fn join(&mut self, other: Self, now: u64, wakers: &mut Vec<Waker>) {
        self.listeners.extend(other.listeners);
        if other.own.get().is_some() {
            self.own = other.own;
        }
        if self.is_confirmed() {
            self.tell_confirmed(now, wakers);
        }
    }

    /// When the next listener that is behind may hear again; [`NEVER`] if there is none.
    pub(in super::super) fn hears_at(&self) -> u64 {
        let behind = self.listeners.iter().filter(|listener| listener.is_behind());
        let behind = behind.map(|listener| listener.behind.max(self.held_until));
        behind.min().unwrap_or(NEVER)
    }

    /// The server that confirms it may be a replica. What that hears late of its primary would come behind what it
    /// hears itself, should it take over.
    pub(in super::super) fn hold(&mut self, now: u64) {
        self.held_until = now.saturating_add(HOLD);
    }

    /// The server is the primary. What it hears late of one that was the primary before may come for a while.
    pub(in super::super) fn release(&mut self, now: u64, wakers: &mut Vec<Waker>) {
        if std::mem::take(&mut self.held_until) == 0 {
            return;
        }
        let until = now.saturating_add(SETTLE);
        let behind = self.listeners.iter_mut().filter(|listener| listener.is_behind());
        behind.filter(|listener| listener.settles).for_each(|listener| listener.behind = until);
        if self.is_confirmed() {
            self.tell_confirmed(now, wakers);
        }
    }
}
