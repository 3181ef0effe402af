//! One task for a whole client: it issues commands in order, and hands replies, messages and events
//! to the JavaScript side.

use std::{
    future::poll_fn,
    pin::pin,
    rc::Rc,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Wake, Waker},
};

use futures::{
    Stream, StreamExt,
    future::{FutureExt, LocalBoxFuture},
};
use js_sys::{Array, Uint8Array};
use redmux::{
    ConnectionMultiplexer, Events, Result,
    embed::{Collected, Collector, Issued},
    pubsub::{Item, Message, Subscription},
    resp::Frame,
};
use wasm_bindgen::JsValue;

use crate::{
    batch::{Batch, Command, Entry, Kind},
    events,
    hooks::Hooks,
    runtime::time_has_passed,
};

/// The most replies, or messages, that are handed over at once. It bounds the memory that they hold.
const MOST: usize = 4096;
/// More replies than this, or more bytes in them, keep the JavaScript side busy for a while.
const FEW: usize = 64;
const LITTLE: usize = 64 << 10;

/// What waits for the pump
///
/// Wakers must be `Send`, hence the lock: wasm has one thread, so it is never contended.
#[derive(Default)]
pub(crate) struct Queue(Mutex<Waiting>);

#[derive(Default)]
struct Waiting {
    batches: Vec<Batch>,
    /// Numbers of flights to poll again.
    ready: Vec<u32>,
    over: bool,
    /// The pump, if it sleeps.
    pump: Option<Waker>,
    drained: Option<Waker>,
}

impl Queue {
    pub(crate) fn push(&self, batch: Batch) {
        self.change(|waiting| waiting.batches.push(batch));
    }

    /// Ends the pump.
    pub(crate) fn end(&self) {
        self.change(|waiting| waiting.over = true);
    }

    /// Waits until the pump has issued all that was given.
    pub(crate) async fn drained(&self) {
        poll_fn(|cx| {
            let mut waiting = self.lock();
            if waiting.batches.is_empty() {
                return Poll::Ready(());
            }
            waiting.drained = Some(cx.waker().clone());
            Poll::Pending
        })
        .await;
    }

    fn change(&self, change: impl FnOnce(&mut Waiting)) {
        let mut waiting = self.lock();
        change(&mut waiting);
        let pump = waiting.pump.take();
        drop(waiting);
        if let Some(pump) = pump {
            pump.wake();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a flight wakes
struct Place {
    id: u32,
    queue: Arc<Queue>,
}

impl Wake for Place {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.queue.change(|waiting| waiting.ready.push(self.id));
    }
}

/// Issues entries and hands over their outcomes, until the queue ends.
pub(crate) async fn run(
    muxer: ConnectionMultiplexer,
    queue: Arc<Queue>,
    hooks: Rc<Hooks>,
    #[cfg(feature = "server")] views: crate::server::Views,
) {
    // The only stream of events: no other code has this multiplexer.
    let Some(collector) = muxer.collector() else { return };
    let events = Some(muxer.events());
    let landing =
        Landing { places: Vec::new(), hooks, replies: Vec::new(), told: Vec::new(), events };
    let queue_of = queue.clone();
    let mut flights = Flights {
        muxer: &muxer,
        collector,
        queue: queue_of,
        landing,
        database: None,
        #[cfg(feature = "server")]
        views,
    };
    let mut batches = Vec::new();
    poll_fn(|cx| {
        let mut waiting = queue.lock();
        std::mem::swap(&mut waiting.batches, &mut batches);
        let ready = std::mem::take(&mut waiting.ready);
        let drained = waiting.drained.take();
        let over = waiting.over;
        drop(waiting);
        for batch in batches.drain(..).map(Arc::new) {
            flights.database = None;
            let mut entries = batch.entries();
            while let Some(entry) = entries.next() {
                flights.begin(entry, &mut entries);
            }
        }
        flights.take(cx.waker());
        for id in ready {
            flights.look(id);
        }
        flights.landing.hand_over();
        flights.landing.tell_events(cx);
        if let Some(drained) = drained {
            drained.wake();
        }
        if over {
            return Poll::Ready(());
        }
        let mut waiting = queue.lock();
        let idle = waiting.ready.is_empty() && waiting.batches.is_empty() && !waiting.over;
        waiting.pump = Some(cx.waker().clone());
        if !idle && let Some(pump) = waiting.pump.take() {
            drop(waiting);
            pump.wake();
        }
        Poll::Pending
    })
    .await;
}

/// Something under way
enum Flight<'a> {
    /// Nearly every command.
    Issued(Issued),
    /// A command that asks the cache, waits for room, or is refused; a transaction; a subscription
    /// that is not confirmed.
    Awaited(LocalBoxFuture<'a, Outcome>),
    Subscribed(Subscription),
}

/// The outcome of a flight
pub(crate) enum Outcome {
    Reply(Result<Frame>),
    Transaction(Result<Vec<Result<Frame>>>),
    Subscribed(Result<Subscription>),
}

/// What is under way
pub(crate) struct Flights<'a> {
    pub(crate) muxer: &'a ConnectionMultiplexer,
    collector: Collector,
    queue: Arc<Queue>,
    landing: Landing<'a>,
    /// The database of the entries that follow, if it is another one than that of the options.
    pub(crate) database: Option<u32>,
    #[cfg(feature = "server")]
    pub(crate) views: crate::server::Views,
}

/// The flights by their numbers, and their state
struct Landing<'a> {
    places: Vec<Option<Flight<'a>>>,
    hooks: Rc<Hooks>,
    replies: Vec<(u32, Frame)>,
    /// Where they are.
    told: Vec<u32>,
    /// Until they end.
    events: Option<Events>,
}

impl<'a> Flights<'a> {
    /// Issues an entry before this returns: later entries of the batch must not overtake it.
    fn begin<'b>(&mut self, entry: Entry<'b>, behind: &mut impl Iterator<Item = Entry<'b>>) {
        match entry.kind {
            Kind::Command | Kind::Cached => self.command(entry.into_command()),
            Kind::Cancel => self.forget(entry.id),
            Kind::Select => self.database = entry.name.checked_sub(1),
            Kind::Transaction => self.transaction(&entry, behind),
            Kind::Subscribe | Kind::PSubscribe | Kind::SSubscribe => self.subscribe(&entry),
        }
    }

    fn command(&mut self, command: Command<'_>) {
        let (id, cached) = (command.id, command.cached);
        #[cfg(feature = "server")]
        let Some(command) = self.elsewhere(command) else { return };
        if !cached {
            let (name, timeout) = (command.name.clone(), command.timeout());
            let (words, database) = (&command.words, self.database);
            if let Some(issued) = self.collector.issue(id, name, words, database, timeout) {
                self.landing.expect(id, Flight::Issued(issued));
                return;
            }
        }
        let call = command.call(self.muxer, self.database);
        let outcome = match cached {
            true => call.cached().map(Outcome::Reply).boxed_local(),
            false => call.map(Outcome::Reply).boxed_local(),
        };
        self.await_outcome(id, outcome);
    }

    fn transaction<'b>(&mut self, head: &Entry<'b>, behind: &mut impl Iterator<Item = Entry<'b>>) {
        #[cfg(feature = "server")]
        if self.is_view() {
            return self.transaction_of_view(head, behind);
        }
        let (muxer, index) = (self.muxer, self.database);
        let calls: Vec<_> = behind
            .take(head.name as usize)
            .map(|entry| entry.into_command().call(muxer, index))
            .collect();
        let timeout = head.timeout();
        let transaction = async move {
            let database = match index {
                None => muxer.database(),
                Some(index) => muxer.database_at(index),
            };
            let transaction = database.transaction(calls);
            Outcome::Transaction(match timeout {
                Some(timeout) => transaction.timeout(timeout).await,
                None => transaction.await,
            })
        };
        self.await_outcome(head.id, transaction.boxed_local());
    }

    fn subscribe(&mut self, entry: &Entry<'_>) {
        // Messages wait here only until the pump's turn, so they are bounded by what the driver reads
        // in one turn. Messages for a slow reader wait in JavaScript.
        let subscriber = self.muxer.subscriber().capacity(usize::MAX).capacity_bytes(usize::MAX);
        let (channel, kind) = (entry.word(), entry.kind);
        let subscription = async move {
            Outcome::Subscribed(match kind {
                Kind::PSubscribe => subscriber.psubscribe(channel).await,
                Kind::SSubscribe => subscriber.ssubscribe(channel).await,
                _ => subscriber.subscribe(channel).await,
            })
        };
        self.await_outcome(entry.id, subscription.boxed_local());
    }

    /// The first poll issues it.
    pub(crate) fn await_outcome(&mut self, id: u32, outcome: LocalBoxFuture<'a, Outcome>) {
        self.landing.expect(id, Flight::Awaited(outcome));
        self.look(id);
    }

    /// What it is for is not there any more.
    #[cfg(feature = "server")]
    pub(crate) fn refuse(&mut self, id: u32, command: &str) {
        let hooks = &self.landing.hooks;
        hooks.settle(id, false, hooks.gone_error(command));
    }

    fn forget(&mut self, id: u32) {
        if let Some(Flight::Issued(issued)) = self.landing.remove(id) {
            self.collector.give_up(issued);
        }
        // The number may be used again.
        self.landing.hooks.settle(id, false, JsValue::UNDEFINED);
    }

    /// What the collector has.
    fn take(&mut self, waker: &Waker) {
        let Self { collector, landing, .. } = self;
        collector.take(waker, |Collected { number, result, .. }| landing.land(number, result));
    }

    /// What has a waker of its own.
    fn look(&mut self, id: u32) {
        let waker = Arc::new(Place { id, queue: self.queue.clone() }).into();
        let mut cx = Context::from_waker(&waker);
        if let Some(Some(Flight::Awaited(flight))) = self.landing.places.get_mut(id as usize) {
            let Poll::Ready(outcome) = flight.as_mut().poll(&mut cx) else { return };
            match outcome {
                Outcome::Reply(result) => self.landing.land(id, result),
                Outcome::Transaction(result) => self.landing.land_transaction(id, result),
                Outcome::Subscribed(result) => self.landing.land_subscription(id, result),
            }
        }
        self.landing.deliver(id, &mut cx);
    }
}

impl<'a> Landing<'a> {
    fn expect(&mut self, id: u32, flight: Flight<'a>) {
        let index = id as usize;
        if self.places.len() <= index {
            self.places.resize_with(index + 1, || None);
        }
        self.places[index] = Some(flight);
    }

    fn remove(&mut self, id: u32) -> Option<Flight<'a>> {
        self.places.get_mut(id as usize)?.take()
    }

    fn land(&mut self, id: u32, result: Result<Frame>) {
        self.remove(id);
        match result {
            Ok(frame) => {
                self.replies.push((id, frame));
                if self.replies.len() >= MOST {
                    self.hand_over();
                }
            }
            Err(error) => {
                self.settle(id, Err(error));
                // At once: the queue of events holds fewer than one turn may have errors.
                self.tell_events(&mut Context::from_waker(Waker::noop()));
            }
        }
    }

    fn land_transaction(&mut self, id: u32, result: Result<Vec<Result<Frame>>>) {
        self.remove(id);
        let item = |result: Result<Frame>| match result {
            Ok(frame) => Uint8Array::from(frame.as_bytes()).into(),
            Err(error) => self.hooks.error_of(&error),
        };
        let items = result.map(|results| results.into_iter().map(item).collect::<Array>().into());
        self.settle(id, items);
    }

    fn land_subscription(&mut self, id: u32, result: Result<Subscription>) {
        match result {
            Ok(subscription) => {
                self.expect(id, Flight::Subscribed(subscription));
                self.settle(id, Ok(JsValue::UNDEFINED));
            }
            Err(error) => {
                self.remove(id);
                self.settle(id, Err(error));
            }
        }
    }

    fn settle(&mut self, id: u32, result: Result<JsValue>) {
        // In the order in which they came.
        self.hand_over();
        match result {
            Ok(value) => self.hooks.settle(id, true, value),
            Err(error) => self.hooks.settle(id, false, self.hooks.error_of(&error)),
        }
    }

    /// Hands over all messages that are there, together.
    fn deliver(&mut self, id: u32, cx: &mut Context<'_>) {
        let Some(Some(Flight::Subscribed(subscription))) = self.places.get_mut(id as usize) else {
            return;
        };
        let mut messages = Vec::new();
        let ended = loop {
            match subscription.poll_next_unpin(cx) {
                Poll::Ready(Some(Item::Message(message))) => {
                    messages.push(message);
                    if messages.len() == MOST {
                        hand_messages_over(id, &mut messages, &self.hooks);
                    }
                }
                Poll::Ready(Some(Item::Missed(gap))) => {
                    hand_messages_over(id, &mut messages, &self.hooks);
                    let count = gap.count.map(|count| count as f64);
                    self.hooks.missed(id, events::cause(gap.cause), count);
                }
                Poll::Ready(Some(_)) => {}
                Poll::Ready(None) => break true,
                Poll::Pending => break false,
            }
        };
        hand_messages_over(id, &mut messages, &self.hooks);
        if ended {
            self.remove(id);
            self.hooks.ended(id);
        }
    }

    /// Hands over the places of replies, which stay there until this returns.
    fn hand_over(&mut self) {
        if self.replies.is_empty() {
            return;
        }
        self.told.clear();
        let mut length = 0;
        for (id, frame) in &self.replies {
            let bytes = frame.as_bytes();
            length += bytes.len();
            self.told.extend([*id, bytes.as_ptr() as u32, bytes.len() as u32]);
        }
        self.hooks.replies(self.told.as_ptr() as u32, self.replies.len() as u32);
        if self.replies.len() > FEW || length > LITTLE {
            time_has_passed();
        }
        self.replies.clear();
    }

    fn tell_events(&mut self, cx: &mut Context<'_>) {
        while let Some(events) = &mut self.events {
            match pin!(events).poll_next(cx) {
                Poll::Ready(Some(event)) => events::tell(&event, &self.hooks),
                Poll::Ready(None) => self.events = None,
                Poll::Pending => return,
            }
        }
    }
}

/// Hands over the places of messages, which stay there until this returns.
fn hand_messages_over(id: u32, messages: &mut Vec<Message>, hooks: &Hooks) {
    if messages.is_empty() {
        return;
    }
    let place = |bytes: &[u8]| [bytes.as_ptr() as u32, bytes.len() as u32];
    let places: Vec<[[u32; 2]; 2]> =
        messages.iter().map(|message| [place(&message.payload), place(&message.channel)]).collect();
    hooks.messages(id, places.as_ptr() as u32, messages.len() as u32);
    time_has_passed();
    messages.clear();
}
