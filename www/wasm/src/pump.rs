//! One task for all commands of a client: it issues those that came, and hands their replies
//! over together.

use std::{
    future::poll_fn,
    pin::Pin,
    rc::Rc,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Wake, Waker},
};

use redmux::{
    Cached, Call, Collected, Collector, ConnectionMultiplexer, Issued, Result,
    resp::{Frame, ToArgs},
};
use wasm_bindgen::JsValue;

use crate::{
    batch::{Batch, Command},
    hooks::Hooks,
    runtime::time_has_passed,
};

/// Replies that are handed over at once, at most: the memory they hold is bounded by it.
const MOST: usize = 4096;
/// More replies than these, or more bytes in them, take the other side a while.
const FEW: usize = 64;
const LITTLE: usize = 64 << 10;

/// What waits for the pump
#[derive(Default)]
pub(crate) struct Queue(Mutex<Waiting>);

#[derive(Default)]
struct Waiting {
    batches: Vec<Sendable>,
    /// Commands to look at again.
    ready: Vec<u32>,
    cancelled: Vec<u32>,
    over: bool,
    /// The pump, if it sleeps.
    pump: Option<Waker>,
    drained: Option<Waker>,
}

/// Of the heads and bytes only: the count is made by the pump.
struct Sendable(Batch);

impl Queue {
    pub(crate) fn push(&self, batch: Batch) {
        self.change(|waiting| waiting.batches.push(Sendable(batch)));
    }

    pub(crate) fn cancel(&self, id: u32) {
        self.change(|waiting| waiting.cancelled.push(id));
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

/// What a command's call wakes
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

/// Issues commands and hands replies over, until the queue ends.
pub(crate) async fn run(muxer: ConnectionMultiplexer, queue: Arc<Queue>, hooks: Rc<Hooks>) {
    // The only one: nobody else has this multiplexer.
    let Some(collector) = muxer.collector() else { return };
    let landing = Landing { places: Vec::new(), hooks, replies: Vec::new(), told: Vec::new() };
    let mut calls = Calls { collector, queue: queue.clone(), landing };
    let mut batches = Vec::new();
    poll_fn(|cx| {
        let mut waiting = queue.lock();
        std::mem::swap(&mut waiting.batches, &mut batches);
        let ready = std::mem::take(&mut waiting.ready);
        let cancelled = std::mem::take(&mut waiting.cancelled);
        let drained = waiting.drained.take();
        let over = waiting.over;
        drop(waiting);
        for batch in batches.drain(..).map(|batch| Arc::new(batch.0)) {
            for command in batch.commands() {
                calls.begin(command, |command| command.call(&muxer));
            }
        }
        for id in cancelled {
            calls.forget(id);
        }
        calls.take(cx.waker());
        for id in ready {
            calls.look(id);
        }
        calls.landing.hand_over();
        if let Some(drained) = drained {
            drained.wake();
        }
        if over {
            return Poll::Ready(());
        }
        let mut waiting = queue.lock();
        let idle =
            waiting.ready.is_empty() && waiting.batches.is_empty() && waiting.cancelled.is_empty();
        waiting.pump = Some(cx.waker().clone());
        if !idle && let Some(pump) = waiting.pump.take() {
            drop(waiting);
            pump.wake();
        }
        Poll::Pending
    })
    .await;
}

/// A command under way
enum Flight<'a, A> {
    /// Nearly every one.
    Issued(Issued),
    /// It waits for room, or is refused.
    Plain(Box<Call<'a, Frame, A>>),
    Cached(Box<Cached<'a, Frame, A>>),
}

/// The commands under way
struct Calls<'a, A> {
    collector: Collector,
    queue: Arc<Queue>,
    landing: Landing<'a, A>,
}

/// The commands by their numbers, and what is known of them
struct Landing<'a, A> {
    places: Vec<Option<Flight<'a, A>>>,
    hooks: Rc<Hooks>,
    replies: Vec<(u32, Frame)>,
    /// Where they are.
    told: Vec<u32>,
}

impl<'a, A: ToArgs> Calls<'a, A> {
    /// `call` is for what the collector does not take.
    fn begin<'b>(
        &mut self,
        command: Command<'b>,
        call: impl FnOnce(Command<'b>) -> Call<'a, Frame, A>,
    ) {
        let (id, cached) = (command.id, command.cached);
        if !cached {
            let (name, timeout) = (command.name.clone(), command.timeout());
            if let Some(issued) = self.collector.issue(id, name, &command.words, timeout) {
                self.landing.expect(id, Flight::Issued(issued));
                return;
            }
        }
        let call = call(command);
        let flight = match cached {
            true => Flight::Cached(Box::new(call.cached())),
            false => Flight::Plain(Box::new(call)),
        };
        self.landing.expect(id, flight);
        self.look(id);
    }

    fn forget(&mut self, id: u32) {
        if let Some(Flight::Issued(issued)) = self.landing.remove(id) {
            self.collector.give_up(issued);
        }
        // Its number may be used again.
        self.landing.hooks.settle(id, false, JsValue::UNDEFINED);
    }

    /// What the collector has.
    fn take(&mut self, waker: &Waker) {
        let Self { collector, landing, .. } = self;
        collector.take(waker, |Collected { number, result, .. }| landing.land(number, result));
    }

    /// A call that has a waker of its own.
    fn look(&mut self, id: u32) {
        let Some(Some(flight)) = self.landing.places.get_mut(id as usize) else { return };
        let waker = Arc::new(Place { id, queue: self.queue.clone() }).into();
        let cx = &mut Context::from_waker(&waker);
        let result = match flight {
            Flight::Issued(_) => return,
            Flight::Plain(call) => Pin::new(&mut **call).poll(cx),
            Flight::Cached(call) => Pin::new(&mut **call).poll(cx),
        };
        if let Poll::Ready(result) = result {
            self.landing.land(id, result);
        }
    }
}

impl<'a, A> Landing<'a, A> {
    fn expect(&mut self, id: u32, flight: Flight<'a, A>) {
        let index = id as usize;
        if self.places.len() <= index {
            self.places.resize_with(index + 1, || None);
        }
        self.places[index] = Some(flight);
    }

    fn remove(&mut self, id: u32) -> Option<Flight<'a, A>> {
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
                // In the order in which they came.
                self.hand_over();
                self.hooks.settle(id, false, self.hooks.error_of(&error));
            }
        }
    }

    /// Tells where the replies are; they stay there until this returns.
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
}
