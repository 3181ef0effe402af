//! Topics on their way from one server to another.

use std::{sync::Arc, task::Waker};

use super::{Queue, Registry, Topic, entry::Entry};
use crate::{
    connection::{Core, Link, Phase},
    resp::Protocol,
};

/// A topic and who listens to it, on the way to another server
pub(crate) struct Moving {
    topic: Topic,
    entry: Entry,
}

impl Moving {
    pub(crate) fn topic(&self) -> &Topic {
        &self.topic
    }

    /// A topic that no server has yet.
    pub(crate) fn new(topic: Topic, queue: &Arc<Queue>) -> Self {
        let mut entry = Entry::default();
        entry.add(queue);
        Self { topic, entry }
    }

    /// Removes a listener; whether any are left.
    pub(crate) fn remove(&mut self, queue: &Arc<Queue>) -> bool {
        !self.entry.remove(queue)
    }

    /// Ends the subscriptions of all who listen.
    pub(crate) fn end(&self) -> impl Iterator<Item = Waker> {
        self.entry.close()
    }

    /// The same topic is on its way from another server already: who waits for this one does not have to.
    pub(crate) fn waive(self, wakers: &mut Vec<Waker>) {
        wakers.extend(self.entry.unconfirmed().filter_map(|queue| queue.confirm()));
    }

    /// It goes to this many servers: who waits for it waits for all of them.
    pub(crate) fn expect(&self, servers: usize) {
        let more = servers.saturating_sub(1);
        self.entry.unconfirmed().for_each(|queue| queue.expect_more(more));
    }

    /// The same listeners, for one more server.
    pub(crate) fn copy(&self) -> Self {
        Self { topic: self.topic.clone(), entry: self.entry.copy() }
    }

    /// The next server gets none of the messages that the last one has had.
    pub(crate) fn hear_at_once(&mut self) {
        self.entry.hear_at_once();
    }
}

impl Registry {
    /// Takes out the topics of which `leaves` says so, and tells the server.
    pub(crate) fn take(
        &self,
        interactive: &Link,
        leaves: impl Fn(&Topic) -> bool,
        wakers: &mut Vec<Waker>,
    ) -> Vec<Moving> {
        let dedicated = self.dedicated();
        let mut topics = self.lock();
        let topics = &mut *topics;
        let home = if topics.on_dedicated { dedicated.as_deref() } else { Some(interactive) };
        let heard = home.map_or(0, |home| home.quietly(wakers, |core| core.last_heard()));
        let leaving = topics.entries.extract_if(|topic, _| leaves(topic));
        let mut unused: Vec<(Topic, Entry)> = leaving.collect();
        let moving = unused
            .iter_mut()
            .map(|(topic, entry)| Moving { topic: topic.clone(), entry: entry.depart(heard) });
        let moving = moving.collect();
        topics.unsubscribe(unused, home, wakers);
        moving
    }

    /// Takes out all who listen; what the client itself wants stays.
    pub(crate) fn take_listeners(
        &self,
        interactive: &Link,
        wakers: &mut Vec<Waker>,
    ) -> Vec<Moving> {
        let dedicated = self.dedicated();
        let mut topics = self.lock();
        let topics = &mut *topics;
        let mut moving = Vec::new();
        for (topic, entry) in &mut topics.entries {
            let entry = entry.part_with_listeners();
            if !entry.is_idle() {
                moving.push(Moving { topic: topic.clone(), entry });
            }
        }
        let unused = topics.entries.extract_if(|_, entry| entry.is_idle());
        let unused: Vec<(Topic, Entry)> = unused.collect();
        let home = if topics.on_dedicated { dedicated.as_deref() } else { Some(interactive) };
        topics.unsubscribe(unused, home, wakers);
        moving
    }

    /// The topics of which `which` says so, and who listens to them: for another server, too.
    pub(crate) fn copies(&self, which: impl Fn(&Topic) -> bool) -> Vec<Moving> {
        let topics = self.lock();
        let which = topics.entries.iter().filter(|(topic, _)| which(topic));
        let copy =
            |(topic, entry): (&Topic, &Entry)| Moving { topic: topic.clone(), entry: entry.copy() };
        which.map(copy).collect()
    }

    /// Takes topics over from other servers and asks this one for them.
    ///
    /// Listeners hear nothing of it, and learn of a gap then, until the server has confirmed and what it gets late from the
    /// last one is through.
    pub(crate) fn adopt(&self, moving: Vec<Moving>, interactive: &Link, wakers: &mut Vec<Waker>) {
        let now = interactive.clock.now();
        let dedicated = self.dedicated();
        let mut topics = self.lock();
        let mut wanted = Vec::new();
        for Moving { topic, entry } in moving {
            if topics.closed {
                wakers.extend(entry.close());
                continue;
            }
            topics.entries.entry(topic.clone()).or_default().join(entry, now, wakers);
            wanted.push(topic);
        }
        let ready = |core: &mut Core| (core.phase == Phase::Ready).then_some(core.wire.protocol);
        let protocol = interactive.quietly(wakers, ready);
        if let Some(protocol) = protocol {
            topics.on_dedicated = protocol == Protocol::Resp2;
        }
        let home = if topics.on_dedicated { dedicated.as_deref() } else { Some(interactive) };
        match home {
            // One that is over says so to nobody: its topics go on to the next server.
            Some(home) if protocol.is_some() => {
                drop(topics.ask_for(wanted, home, wakers));
                topics.arm(home, wakers);
            }
            _ => interactive.quietly(wakers, |core| core.activate()),
        }
    }

    /// Whether the topic is wanted here.
    pub(crate) fn wants(&self, topic: &Topic) -> bool {
        self.lock().entries.contains_key(topic)
    }
}
