//! One task for all commands of a client: it issues those that came, and hands their replies
//! over together.

use std::{
    future::poll_fn,
    rc::Rc,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Wake, Waker},
};

use futures::future::{FutureExt, LocalBoxFuture};
use redmux::{Collected, Collector, ConnectionMultiplexer, Issued, Result, resp::Frame};
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
    batches: Vec<Batch>,
    /// Commands to look at again.
    ready: Vec<u32>,
    cancelled: Vec<u32>,
    over: bool,
    /// The pump, if it sleeps.
    pump: Option<Waker>,
    drained: Option<Waker>,
}

impl Queue {
    pub(crate) fn push(&self, batch: Batch) {
        self.change(|waiting| waiting.batches.push(batch));
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
        for batch in batches.drain(..).map(Arc::new) {
            for command in batch.commands() {
                calls.begin(command, &muxer);
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
enum Flight<'a> {
    /// Nearly every one.
    Issued(Issued),
    /// It asks the cache, waits for room, or is refused.
    Awaited(LocalBoxFuture<'a, Result<Frame>>),
}

/// The commands under way
struct Calls<'a> {
    collector: Collector,
    queue: Arc<Queue>,
    landing: Landing<'a>,
}

/// The commands by their numbers, and what is known of them
struct Landing<'a> {
    places: Vec<Option<Flight<'a>>>,
    hooks: Rc<Hooks>,
    replies: Vec<(u32, Frame)>,
    /// Where they are.
    told: Vec<u32>,
}

impl<'a> Calls<'a> {
    fn begin(&mut self, command: Command<'_>, muxer: &'a ConnectionMultiplexer) {
        let (id, cached) = (command.id, command.cached);
        if !cached {
            let (name, timeout) = (command.name.clone(), command.timeout());
            if let Some(issued) = self.collector.issue(id, name, &command.words, timeout) {
                self.landing.expect(id, Flight::Issued(issued));
                return;
            }
        }
        let call = command.call(muxer);
        let awaited = if cached { call.cached().boxed_local() } else { call.boxed_local() };
        self.landing.expect(id, Flight::Awaited(awaited));
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
        let place = self.landing.places.get_mut(id as usize);
        let Some(Some(Flight::Awaited(call))) = place else { return };
        let waker = Arc::new(Place { id, queue: self.queue.clone() }).into();
        if let Poll::Ready(result) = call.as_mut().poll(&mut Context::from_waker(&waker)) {
            self.landing.land(id, result);
        }
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
