use std::{
    collections::HashMap,
    sync::{Arc, OnceLock, PoisonError, Weak},
    task::Waker,
};

use bytes::Bytes;

use super::{
    items::SubscriptionCounts,
    push::read_message,
    queue::{Queue, SessionId},
};
use crate::{
    connection::{Kind, Link, Verb},
    events::ConnectionType,
    resp::{Arg, Frame, Protocol},
    sync::{Mutex, MutexGuard},
};

/// Channels named in one resubscription command.
const BATCH: usize = 512;

/// What is subscribed to: the kind of subscription and the channel or pattern
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Topic {
    pub(super) verb: Verb,
    pub(super) name: Bytes,
}

/// All subscriptions of one multiplexer, and the connection that carries them
///
/// Lock order: the registry's lock is taken before a link's, never inside it.
#[derive(Default)]
pub(crate) struct Registry {
    topics: Mutex<Topics>,
    /// The dedicated connection for servers that speak RESP2.
    dedicated: OnceLock<Weak<Link>>,
}

#[derive(Default)]
struct Topics {
    queues: HashMap<Topic, Vec<Arc<Queue>>>,
    /// RESP2: subscriptions live on the dedicated connection.
    on_dedicated: bool,
    closed: bool,
}

impl Registry {
    pub(crate) fn set_dedicated(&self, link: &Arc<Link>) {
        // Set once, right after the links are made.
        let _ = self.dedicated.set(Arc::downgrade(link));
    }

    fn dedicated(&self) -> Option<Arc<Link>> {
        self.dedicated.get().and_then(Weak::upgrade)
    }

    /// The link that carries subscriptions; `interactive` has finished its handshake.
    pub(super) fn home(&self, interactive: &Arc<Link>) -> Arc<Link> {
        // Asked of the link itself: its driver may not have come to `connected` yet.
        let resp2 = interactive.with(|core| core.protocol) == Protocol::Resp2;
        self.lock().on_dedicated = resp2;
        if !resp2 {
            return interactive.clone();
        }
        match self.dedicated() {
            Some(link) => {
                link.activate();
                link
            }
            None => interactive.clone(),
        }
    }

    /// Adds a listener; false if the multiplexer is closed.
    pub(super) fn add(&self, topic: &Topic, queue: &Arc<Queue>) -> bool {
        let mut topics = self.lock();
        if topics.closed {
            return false;
        }
        topics.queues.entry(topic.clone()).or_default().push(queue.clone());
        true
    }

    /// Removes a listener; with the last one of a topic, tells the server.
    pub(super) fn remove(&self, topic: &Topic, queue: &Arc<Queue>, interactive: &Link) {
        let mut topics = self.lock();
        let Some(queues) = topics.queues.get_mut(topic) else { return };
        queues.retain(|known| !Arc::ptr_eq(known, queue));
        if !queues.is_empty() {
            return;
        }
        topics.queues.remove(topic);
        self.unsubscribe(&topics, topic, interactive);
    }

    /// Ends every subscription and tells the server.
    pub(super) fn remove_all(&self, interactive: &Link) {
        let queues: Vec<_> = {
            let mut topics = self.lock();
            let removed = std::mem::take(&mut topics.queues);
            removed.keys().for_each(|topic| self.unsubscribe(&topics, topic, interactive));
            removed.into_values().flatten().collect()
        };
        queues.iter().filter_map(|queue| queue.close()).for_each(Waker::wake);
    }

    /// Takes back a SUBSCRIBE that was confirmed after nobody wanted it any more.
    pub(super) fn unsubscribe_unused(&self, topic: &Topic, interactive: &Link) {
        let topics = self.lock();
        if !topics.queues.contains_key(topic) {
            self.unsubscribe(&topics, topic, interactive);
        }
    }

    fn unsubscribe(&self, topics: &Topics, topic: &Topic, interactive: &Link) {
        let verb = match topic.verb {
            Verb::PSubscribe => Verb::PUnsubscribe,
            Verb::SSubscribe => Verb::SUnsubscribe,
            _ => Verb::Unsubscribe,
        };
        // Posted under the registry's lock, so that a later SUBSCRIBE comes after it.
        let args = [Arg::Bytes(verb.command().as_bytes()), Arg::Bytes(&topic.name)];
        let post = |link: &Link| link.post_if_ready(&args, Kind::Confirm { verb, remaining: 1 });
        match topics.on_dedicated {
            true => self.dedicated().iter().for_each(|link| post(link)),
            false => post(interactive),
        }
    }

    /// A connection is ready: subscriptions that belong on it are made again, in one batch.
    pub(crate) fn connected(&self, link: &Link) {
        let mut wakers = Vec::new();
        {
            let mut topics = self.lock();
            if link.connection_type == ConnectionType::Interactive {
                topics.on_dedicated = link.with(|core| core.protocol) == Protocol::Resp2;
            }
            let here =
                topics.on_dedicated == (link.connection_type == ConnectionType::Subscription);
            if topics.queues.is_empty() {
                return;
            }
            if here {
                wakers = resubscribe(&topics, link);
            } else if let (true, Some(dedicated)) = (topics.on_dedicated, self.dedicated()) {
                dedicated.activate();
            }
        }
        wakers.into_iter().for_each(Waker::wake);
    }

    /// The link is over: with the interactive one, every subscription ends.
    pub(crate) fn ended(&self, link: &Link) {
        if link.connection_type == ConnectionType::Interactive {
            self.close();
        }
    }

    pub(crate) fn close(&self) {
        let queues: Vec<_> = {
            let mut topics = self.lock();
            topics.closed = true;
            topics.queues.drain().flat_map(|(_, queues)| queues).collect()
        };
        queues.iter().filter_map(|queue| queue.close()).for_each(Waker::wake);
    }

    /// Channels, patterns and shard channels in use.
    pub(crate) fn len(&self) -> usize {
        self.lock().queues.len()
    }

    /// Number of listeners, and what went through them together.
    pub(crate) fn counts(&self) -> (usize, SubscriptionCounts) {
        let topics = self.lock();
        let mut total = (0, SubscriptionCounts::default());
        for queue in topics.queues.values().flatten() {
            total.0 += 1;
            total.1 += queue.counts();
        }
        total
    }

    /// The reader of a queue has caught up: connections that waited for it go on.
    pub(super) fn resume(&self, queue: &Arc<Queue>, interactive: &Link) {
        let dedicated = self.dedicated();
        for link in std::iter::once(interactive).chain(dedicated.as_deref()) {
            link.with(|core| core.resume(address(queue)));
        }
    }

    /// Hands a push to whom it concerns.
    pub(crate) fn dispatch(&self, link: &Link, frame: &Frame) {
        let Some((topic, message)) = read_message(frame) else { return };
        let wakers: Vec<Waker> = match self.lock().queues.get(&topic) {
            Some(queues) => {
                let push = |queue: &Arc<Queue>| {
                    let pause = |length| link.with(|core| core.pause(address(queue), length));
                    queue.push(message.clone(), pause)
                };
                queues.iter().filter_map(push).collect()
            }
            None => return,
        };
        wakers.into_iter().for_each(Waker::wake);
    }

    fn lock(&self) -> MutexGuard<'_, Topics> {
        self.topics.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn resubscribe(topics: &Topics, link: &Link) -> Vec<Waker> {
    for verb in [Verb::Subscribe, Verb::PSubscribe, Verb::SSubscribe] {
        let names: Vec<&Bytes> =
            topics.queues.keys().filter(|topic| topic.verb == verb).map(|t| &t.name).collect();
        // Shard channels of one command must share a slot; one each is always right.
        let batch = if verb == Verb::SSubscribe { 1 } else { BATCH };
        for names in names.chunks(batch) {
            let command = std::iter::once(Arg::Bytes(verb.command().as_bytes()));
            let args: Vec<Arg<'_>> =
                command.chain(names.iter().map(|name| Arg::Bytes(name))).collect();
            let remaining = names.len() as u32;
            link.post(&args, Kind::Confirm { verb, remaining });
        }
    }
    let session = session_of(link);
    topics.queues.values().flatten().filter_map(|queue| queue.restore(session)).collect()
}

/// By which a link knows a queue.
fn address(queue: &Arc<Queue>) -> usize {
    Arc::as_ptr(queue) as usize
}

/// The stream the link has now.
pub(super) fn session_of(link: &Link) -> SessionId {
    SessionId {
        dedicated: link.connection_type == ConnectionType::Subscription,
        number: link.with(|core| core.session),
    }
}
