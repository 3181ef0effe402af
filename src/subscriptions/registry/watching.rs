//! Shard channels of a cluster: whether the client would learn that their server is no longer the primary.
//!
//! A server ends its shard channels when it is made a replica, and says so. After that it serves them all the same, as a
//! replica does, and says nothing any more. So a server is known to be the primary while one shard channel is confirmed
//! there, if it said that it was the primary at some time since. For the first of them it has to be asked.

use std::task::Waker;

use super::{Registry, SessionId, Topic, Topics, Unwatched, session_of};
use crate::{
    commands::slot_of,
    connection::{Link, Verb},
};

impl Topics {
    /// The server has ended this topic by itself.
    pub(super) fn note_end(&mut self, topic: &Topic, now: u64) {
        if self.watch.of_cluster && topic.verb == Verb::SSubscribe {
            self.watch.note_end();
            if let Some(entry) = self.entries.get_mut(topic) {
                entry.note_end(now);
            }
        }
    }

    /// Whether the server that has just confirmed this topic may be no primary without the client learning of it.
    pub(super) fn is_unwatched(&self, topic: &Topic, session: SessionId) -> bool {
        if !self.watch.of_cluster || topic.verb != Verb::SSubscribe {
            return false;
        }
        let mut others = self.entries.iter().filter(|(other, _)| *other != topic);
        !self.watch.is_kept_on(session)
            || !others.any(|(other, entry)| other.verb == topic.verb && entry.is_confirmed())
    }
}

impl Registry {
    /// The server is one of a cluster.
    pub(crate) fn watch_shards(&self) {
        self.lock().watch.of_cluster = true;
    }

    /// Before the server is asked whether it is the primary.
    pub(crate) fn unwatched(&self, interactive: &Link) -> Option<Unwatched> {
        let dedicated = self.dedicated();
        let topics = self.lock();
        let home = if topics.on_dedicated { dedicated.as_deref()? } else { interactive };
        Some(topics.watch.before_question(session_of(home)))
    }

    /// The server is listened to; it `has_said` that it is the primary of its shard channels, or says nothing of it.
    pub(crate) fn watch(&self, asked: Unwatched, has_said: bool, interactive: &Link) {
        let now = interactive.clock.now();
        let mut wakers = Vec::new();
        let dedicated = self.dedicated();
        {
            let mut topics = self.lock();
            if !topics.watch.answered(asked, has_said) {
                return;
            }
            topics.entries.values_mut().for_each(|entry| entry.release(now, &mut wakers));
            let home = if topics.on_dedicated { dedicated.as_deref() } else { Some(interactive) };
            if let Some(home) = home {
                topics.arm(home, &mut wakers);
            }
        }
        wakers.into_iter().for_each(Waker::wake);
    }

    /// The slots of the shard channels that are wanted here.
    pub(crate) fn slots(&self) -> Vec<u16> {
        let topics = self.lock();
        let sharded = topics.entries.keys().filter(|topic| topic.verb == Verb::SSubscribe);
        let mut slots: Vec<u16> = sharded.map(|topic| slot_of(&topic.name)).collect();
        slots.sort_unstable();
        slots.dedup();
        slots
    }
}
