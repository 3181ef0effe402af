//! What the program is subscribed to, and what the server has made of that.
//!
//! Subscriptions are wanted here first; the server is asked for them on each connection, and asked
//! again where it refuses. A listener learns only what the server has confirmed.

mod asking;
#[cfg(feature = "full")]
mod carry;
#[cfg(feature = "full")]
mod carrying;
mod entry;
#[cfg(feature = "topology")]
mod moving;
#[cfg(feature = "full")]
mod own;
mod parting;
#[cfg(feature = "topology")]
mod watch;
#[cfg(feature = "topology")]
mod watching;

use std::{
    collections::HashMap,
    sync::{Arc, OnceLock, PoisonError, Weak},
    task::Waker,
};

use bytes::Bytes;

#[cfg(feature = "full")]
use self::carry::Carry;
use self::entry::{Entry, Standing};
#[cfg(feature = "topology")]
use self::watch::Watch;
#[cfg(feature = "full")]
pub(crate) use self::{carrying::Heir, entry::Own};
#[cfg(feature = "topology")]
pub(crate) use self::{moving::Moving, watch::Unwatched};
use super::{
    items::{Message, MissedCause, SubscriptionCounts},
    push::read_message,
    queue::{Queue, SessionId},
    topic::Topic,
};
use crate::{
    Error, FULL, Result,
    connection::{Core, Link, Phase, Push, Verb, pause_after},
    events::{ConnectionType, Event, SubscriptionRefused},
    resp::{Frame, Protocol, ServerError},
    sync::{Mutex, MutexGuard},
};

/// Channels named in one command.
const BATCH: usize = 512;

/// A refused `UNSUBSCRIBE` waits as long as after this many refusals: there is no hurry.
const LATER: u32 = 4;

/// The client's own topics are asked for again this long after a refusal that may last, in microseconds: each
/// one is a line in the server's log of refusals.
const SELDOM: u64 = 15 * 60 * 1_000_000;

/// All subscriptions of one multiplexer, and the connection that carries them
///
/// Lock order: the registry's lock, then a queue's, then a link's. Wakers are called without any.
#[derive(Default)]
pub(crate) struct Registry {
    topics: Mutex<Topics>,
    /// The dedicated connection for servers that speak RESP2.
    dedicated: OnceLock<Weak<Link>>,
}

#[derive(Default)]
struct Topics {
    entries: HashMap<Topic, Entry>,
    /// Of the last command sent.
    ticket: u64,
    /// RESP2: subscriptions live on the dedicated connection.
    on_dedicated: bool,
    closed: bool,
    #[cfg(feature = "topology")]
    watch: Watch,
    /// Topics go over to another stream.
    #[cfg(feature = "full")]
    carry: Option<Box<Carry>>,
    /// What the server would not end; the client asks again at this moment.
    unwanted: Vec<Topic>,
    unwanted_at: u64,
    /// How often the queues were counted.
    looks: u64,
}

/// What a push is to the client itself
#[cfg_attr(not(feature = "full"), allow(dead_code, reason = "only `full` has messages of its own"))]
pub(crate) enum Taken {
    /// Nothing: all that there was to do is done.
    Listeners,
    /// A message to it.
    Own(Message),
    /// A server has confirmed a shard channel that may be no primary.
    #[cfg(feature = "topology")]
    Unwatched,
}

/// Names by the verb of a command that takes them: subscribing ones, or unsubscribing ones
#[derive(Default)]
struct Names([(Option<Verb>, Vec<Bytes>); 3]);

impl Names {
    fn of(&mut self, verb: Verb) -> &mut Vec<Bytes> {
        let place = match verb {
            Verb::Subscribe | Verb::Unsubscribe => 0,
            Verb::PSubscribe | Verb::PUnsubscribe => 1,
            Verb::SSubscribe | Verb::SUnsubscribe => 2,
        };
        let (of, names) = &mut self.0[place];
        *of = Some(verb);
        names
    }

    /// In as few commands as may be.
    fn commands(self) -> impl Iterator<Item = (Verb, Vec<Bytes>)> {
        let named = self.0.into_iter().filter_map(|(verb, names)| Some((verb?, names)));
        named.flat_map(|(verb, names)| {
            // Shard channels of one command must share a slot; one each is always right.
            let sharded = matches!(verb, Verb::SSubscribe | Verb::SUnsubscribe);
            let batch = if sharded { 1 } else { BATCH };
            let mut names = names.into_iter();
            std::iter::from_fn(move || {
                let names: Vec<Bytes> = names.by_ref().take(batch).collect();
                (!names.is_empty()).then_some((verb, names))
            })
        })
    }
}

/// Each topic once, in no order.
pub(crate) fn distinct(topics: Vec<Topic>) -> Box<[Topic]> {
    // A map as the registry's: its code is there.
    let once: HashMap<Topic, Entry> =
        topics.into_iter().map(|topic| (topic, Entry::default())).collect();
    once.into_keys().collect()
}

impl Registry {
    pub(crate) fn set_dedicated(&self, link: &Arc<Link>) {
        // Set once, right after the links are made.
        let _ = self.dedicated.set(Arc::downgrade(link));
    }

    fn dedicated(&self) -> Option<Arc<Link>> {
        self.dedicated.get().and_then(Weak::upgrade)
    }

    /// Adds a listener to each of the topics and asks the server for those that it has not
    /// confirmed. Without a connection, the next one begins with that.
    pub(crate) fn listen(
        &self,
        listened: &[Topic],
        queue: &Arc<Queue>,
        interactive: &Link,
    ) -> Result<()> {
        let dedicated = self.dedicated();
        let mut wakers = Vec::new();
        let result = {
            let mut topics = self.lock();
            if topics.closed {
                return Err(interactive.with(|core| core.closed_error()));
            }
            // Asked of the link itself: its driver may not have come to `connected` yet. Under the
            // registry's lock: it may not come to that between this look and the new listener, either.
            let ready =
                |core: &mut Core| (core.phase == Phase::Ready).then_some(core.wire.protocol);
            let protocol = interactive.quietly(&mut wakers, ready);
            if let Some(protocol) = protocol {
                topics.on_dedicated = protocol == Protocol::Resp2;
            }
            let home = if topics.on_dedicated { dedicated.as_deref() } else { Some(interactive) };
            for topic in listened {
                topics.entries.entry(topic.clone()).or_default().add(queue);
            }
            match home {
                Some(home) if protocol.is_some() => {
                    topics.ask_for(listened.to_vec(), home, &mut wakers)
                }
                _ => {
                    interactive.quietly(&mut wakers, |core| core.activate());
                    Ok(())
                }
            }
        };
        wakers.into_iter().for_each(Waker::wake);
        result
    }

    /// A connection is ready: subscriptions that belong on it are made again, before what waits
    /// for it is sent.
    pub(crate) fn connected(&self, link: &Link) {
        let mut wakers = Vec::new();
        let dedicated = self.dedicated();
        {
            let mut topics = self.lock();
            let interactive = link.connection_type == ConnectionType::Interactive;
            let was_on_dedicated = topics.on_dedicated;
            if interactive {
                topics.on_dedicated = link.with(|core| core.wire.protocol) == Protocol::Resp2;
            }
            #[cfg(feature = "full")]
            {
                // An outage, unless it goes on in the place of the one before.
                let session = session_of(link);
                topics.carry.take_if(|carry| carry.session != session);
            }
            if topics.is_home(link) {
                topics.restore(link, &mut wakers);
            } else if !topics.entries.is_empty()
                && topics.on_dedicated
                && let Some(dedicated) = &dedicated
            {
                topics.activate(dedicated, &mut wakers);
            }
            if let (true, false, Some(dedicated)) =
                (was_on_dedicated, topics.on_dedicated, &dedicated)
            {
                // It is still subscribed, for nobody: another stream of it is not.
                dedicated.quietly(&mut wakers, |core| core.ask_for_another_stream());
            }
        }
        wakers.into_iter().for_each(Waker::wake);
    }

    /// The time has come to ask again for what was refused.
    pub(crate) fn retry(&self, link: &Link) {
        let mut wakers = Vec::new();
        {
            let now = link.clock.now();
            let mut topics = self.lock();
            if !topics.is_home(link) {
                return;
            }
            topics.unsubscribe_again(now, link, &mut wakers);
            #[cfg(feature = "topology")]
            for entry in topics.entries.values_mut().filter(|entry| entry.hears_at() <= now) {
                if entry.is_confirmed() {
                    entry.tell_confirmed(now, &mut wakers);
                }
            }
            let (mut alone, mut together) = (Vec::new(), Vec::new());
            for (topic, entry) in topics.entries.iter().filter(|(_, entry)| entry.is_due(now)) {
                let asks = if entry.asks_alone() { &mut alone } else { &mut together };
                asks.push(topic.clone());
            }
            let mut asks = topics.asks_for_each(alone, link);
            asks.append(&mut topics.asks_for(together, link));
            topics.send(asks, link, &mut wakers);
            topics.arm(link, &mut wakers);
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
        let mut wakers = Vec::new();
        {
            let mut topics = self.lock();
            topics.closed = true;
            let entries = std::mem::take(&mut topics.entries);
            wakers.extend(entries.values().flat_map(Entry::close));
        }
        wakers.into_iter().for_each(Waker::wake);
    }

    /// Channels, patterns and shard channels that the program listens to.
    pub(crate) fn len(&self) -> usize {
        let topics = self.lock();
        let unheard = || topics.entries.values().filter(|entry| entry.is_unheard()).count();
        topics.entries.len() - if FULL { unheard() } else { 0 }
    }

    /// Number of subscriptions, and what went through them together.
    pub(crate) fn counts(&self) -> (usize, SubscriptionCounts) {
        let mut topics = self.lock();
        let mut total = SubscriptionCounts::default();
        topics.looks += 1;
        let mut queues = 0;
        // One may have several topics.
        for queue in topics.entries.values().flat_map(Entry::queues) {
            if let Some(counts) = queue.counts_once(topics.looks) {
                queues += 1;
                total += counts;
            }
        }
        (queues, total)
    }

    /// The reader of a queue has caught up: connections that waited for it go on.
    pub(crate) fn resume(&self, queue: &Arc<Queue>, interactive: &Link) {
        let dedicated = self.dedicated();
        for link in std::iter::once(interactive).chain(dedicated.as_deref()) {
            link.with(|core| core.resume(address(queue)));
        }
    }

    /// Takes in what the server sent unasked, or made of a subscription command. Returns what it is to the client itself.
    pub(crate) fn take_in(&self, link: &Link, push: Push) -> Taken {
        let mut wakers = Vec::new();
        let mut taken = Taken::Listeners;
        match push {
            Push::Message { verb, frame } => {
                if let Some(message) = self.dispatch(link, verb, &frame, &mut wakers) {
                    taken = Taken::Own(message);
                }
            }
            // It is not about subscriptions.
            #[cfg(feature = "full")]
            Push::Notice(_) => {}
            Push::Ended { verb, name } => self.lose(link, Topic { verb, name }, &mut wakers),
            Push::Confirmed { ticket, verb, name } => {
                let (topic, now) = (Topic { verb, name }, link.clock.now());
                let mut topics = self.lock();
                #[cfg(feature = "full")]
                topics.align(ticket, link, &mut wakers);
                #[cfg(feature = "topology")]
                let unwatched = topics.is_unwatched(&topic, session_of(link));
                if let Some(entry) = topics.entries.get_mut(&topic) {
                    #[cfg(feature = "topology")]
                    if unwatched {
                        entry.hold(now);
                        taken = Taken::Unwatched;
                    }
                    entry.confirmed(ticket, now, &mut wakers);
                    #[cfg(feature = "topology")]
                    {
                        let due = entry.retry_at();
                        link.quietly(&mut wakers, |core| core.retry_subscriptions_by(due));
                    }
                }
            }
            Push::Refused { ticket, verb, names, error } => {
                self.refused(link, (ticket, verb), names, error, &mut wakers);
            }
        }
        wakers.into_iter().for_each(Waker::wake);
        taken
    }

    /// Hands a message to the topic's listeners, and to the client if the topic is its own.
    fn dispatch(
        &self,
        link: &Link,
        verb: Verb,
        frame: &Frame,
        wakers: &mut Vec<Waker>,
    ) -> Option<Message> {
        let (topic, message) = read_message(verb, frame)?;
        #[cfg_attr(not(feature = "full"), allow(unused_mut, reason = "only `full` has moves"))]
        let mut topics = self.lock();
        // From a connection that carried them before, it would come twice.
        if !topics.is_home(link) {
            return None;
        }
        #[cfg(feature = "full")]
        if let Some(carry) = &mut topics.carry
            && !carry.passes(&topic, &message)
        {
            return None;
        }
        let entry = topics.entries.get(&topic).filter(|entry| entry.is_confirmed())?;
        for queue in entry.hearing() {
            let pause = |length| link.with(|core| core.pause(address(queue), length));
            wakers.extend(queue.push(message.clone(), pause));
        }
        entry.is_own().then_some(message)
    }

    /// The server has ended a subscription by itself: the slot of a shard channel has moved, for
    /// example.
    fn lose(&self, link: &Link, topic: Topic, wakers: &mut Vec<Waker>) {
        let session = session_of(link);
        let mut topics = self.lock();
        #[cfg(feature = "topology")]
        topics.note_end(&topic, link.clock.now());
        if topics.entries.get_mut(&topic).is_some_and(|entry| entry.lose(session)) {
            let asks = topics.asks_for(vec![topic], link);
            topics.send(asks, link, wakers);
        }
    }

    fn refused(
        &self,
        link: &Link,
        (ticket, verb): (u64, Verb),
        names: Vec<Bytes>,
        error: ServerError,
        wakers: &mut Vec<Waker>,
    ) {
        link.with(|core| core.count_server_error());
        let told = |error: &ServerError| {
            Error::from_server(error.clone()).command(verb.command()).endpoint_at(&link.endpoint())
        };
        #[cfg(feature = "full")]
        self.lock().align(ticket, link, wakers);
        let many = names.len() > 1;
        if !verb.subscribes() {
            if error.is_transient() {
                let mut topics = self.lock();
                let pause = pause_after(LATER, &error, link.clock.runtime.entropy());
                topics.unwanted_at = link.clock.now().saturating_add(pause);
                let topic = |name: Bytes| Topic { verb: verb.inverse(), name };
                topics.unwanted.extend(names.into_iter().map(topic));
                topics.arm(link, wakers);
            }
            link.publish_error(Some(verb.command()), error.code().to_owned());
            return;
        }
        let mut deaf = Vec::new();
        let (mut pause, mut asked) = (0, false);
        {
            let mut topics = self.lock();
            let topic = |name: Bytes| Topic { verb, name };
            let mut open: Vec<Topic> = names.into_iter().map(topic).collect();
            open.retain(|topic| {
                topics.entries.get(topic).is_some_and(|entry| entry.awaits(ticket))
            });
            if many && !error.is_transient() {
                // One of them, perhaps, and the others with it: each is asked for alone.
                for topic in &open {
                    if let Some(entry) = topics.entries.get_mut(topic) {
                        entry.standing = Standing::Wanted;
                    }
                }
                let asks = topics.asks_for_each(open, link);
                topics.send(asks, link, wakers);
                return;
            }
            for topic in open {
                let Some(entry) = topics.entries.get_mut(&topic) else { continue };
                let random = link.clock.runtime.entropy();
                pause = pause_after(entry.attempts(), &error, random);
                if entry.is_unheard() && !error.is_transient() {
                    pause = SELDOM + random % (SELDOM / 4);
                }
                let at = link.clock.now().saturating_add(pause);
                asked |= entry.refuse_new(|| told(&error), wakers);
                if entry.refused(at, !error.is_transient(), wakers) {
                    deaf.push(topic.name);
                }
            }
            topics.arm(link, wakers);
        }
        if asked {
            link.publish_error(Some(verb.command()), error.code().to_owned());
        }
        if !deaf.is_empty() {
            link.owner.publish(Event::SubscriptionRefused(SubscriptionRefused {
                endpoint: link.endpoint(),
                connection_type: link.connection_type,
                command: verb.command(),
                channels: deaf,
                error: told(&error),
                retry_in: std::time::Duration::from_micros(pause),
            }));
        }
    }

    fn lock(&self) -> MutexGuard<'_, Topics> {
        self.topics.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Topics {
    /// Whether subscriptions belong on this link.
    fn is_home(&self, link: &Link) -> bool {
        self.on_dedicated == (link.connection_type == ConnectionType::Subscription)
    }

    /// Asks for topics on their link, if it is ready. Fails where it will never be.
    fn ask_for(&mut self, wanted: Vec<Topic>, home: &Link, wakers: &mut Vec<Waker>) -> Result<()> {
        let phase = home.quietly(wakers, |core| core.phase);
        match phase {
            Phase::Ready => {
                let asks = self.asks_for(wanted, home);
                self.send(asks, home, wakers);
            }
            Phase::Closing | Phase::Closed => {
                return Err(home.quietly(wakers, |core| {
                    core.redial.last_error.clone().unwrap_or_else(|| core.closed_error())
                }));
            }
            _ => home.quietly(wakers, |core| core.activate()),
        }
        Ok(())
    }

    /// Has the connection for subscriptions dialled, where they are not on it already; if it is
    /// over, no listener will ever hear anything.
    fn activate(&mut self, dedicated: &Link, wakers: &mut Vec<Waker>) {
        let all: Vec<Topic> = self.entries.keys().cloned().collect();
        if let Err(error) = self.ask_for(all, dedicated, wakers) {
            let entries = self.entries.values_mut();
            for entry in entries {
                entry.refuse_new(|| error.clone(), wakers);
            }
        }
    }
}

/// By which a link knows a queue.
fn address(queue: &Arc<Queue>) -> usize {
    Arc::as_ptr(queue) as usize
}

/// The stream the link has now.
fn session_of(link: &Link) -> SessionId {
    SessionId {
        dedicated: link.connection_type == ConnectionType::Subscription,
        number: link.with(|core| core.wire.number),
    }
}
