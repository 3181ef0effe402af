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
    resp::{AnyArgs, Frame},
};
use wasm_bindgen::JsValue;

use crate::{
    batch::{Batch, Command},
    hooks::Hooks,
};

/// Replies that are handed over at once, at most: the memory they hold is bounded by it.
const MOST: usize = 4096;

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
    let mut calls = Calls {
        collector,
        places: Vec::new(),
        queue: queue.clone(),
        hooks,
        collected: Vec::new(),
        replies: Vec::new(),
    };
    poll_fn(|cx| {
        let mut waiting = queue.lock();
        let batches = std::mem::take(&mut waiting.batches);
        let ready = std::mem::take(&mut waiting.ready);
        let cancelled = std::mem::take(&mut waiting.cancelled);
        let drained = waiting.drained.take();
        let over = waiting.over;
        drop(waiting);
        for batch in batches.into_iter().map(|batch| Arc::new(batch.0)) {
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
        calls.hand_over();
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
    /// It waits for room, or was refused.
    Plain(Call<'a, Frame, AnyArgs<'a>>),
    Cached(Cached<'a, Frame, AnyArgs<'a>>),
}

/// The commands under way, by their numbers
struct Calls<'a> {
    collector: Collector,
    places: Vec<Option<Flight<'a>>>,
    queue: Arc<Queue>,
    hooks: Rc<Hooks>,
    collected: Vec<Collected>,
    replies: Vec<(u32, Frame)>,
}

impl<'a> Calls<'a> {
    fn begin(&mut self, command: Command, muxer: &'a ConnectionMultiplexer) {
        let (id, cached) = (command.id, command.cached);
        let index = id as usize;
        if self.places.len() <= index {
            self.places.resize_with(index + 1, || None);
        }
        let call = command.call(muxer);
        let flight = if cached {
            Flight::Cached(call.boxed().cached())
        } else {
            match self.collector.issue(id, call) {
                Ok(issued) => return self.places[index] = Some(Flight::Issued(issued)),
                Err(call) => Flight::Plain(call.boxed()),
            }
        };
        self.places[index] = Some(flight);
        self.look(id);
    }

    fn forget(&mut self, id: u32) {
        if let Some(Flight::Issued(issued)) =
            self.places.get_mut(id as usize).and_then(Option::take)
        {
            self.collector.give_up(issued);
        }
        // Its number may be used again.
        self.hooks.settle(id, false, JsValue::UNDEFINED);
    }

    /// What the collector has.
    fn take(&mut self, waker: &Waker) {
        let mut collected = std::mem::take(&mut self.collected);
        self.collector.take(waker, &mut collected);
        for Collected { number, result, .. } in collected.drain(..) {
            self.land(number, result);
        }
        self.collected = collected;
    }

    /// A call that has a waker of its own.
    fn look(&mut self, id: u32) {
        let Some(Some(flight)) = self.places.get_mut(id as usize) else { return };
        let waker = Arc::new(Place { id, queue: self.queue.clone() }).into();
        let cx = &mut Context::from_waker(&waker);
        let result = match flight {
            Flight::Issued(_) => return,
            Flight::Plain(call) => Pin::new(call).poll(cx),
            Flight::Cached(call) => Pin::new(call).poll(cx),
        };
        if let Poll::Ready(result) = result {
            self.land(id, result);
        }
    }

    fn land(&mut self, id: u32, result: Result<Frame>) {
        if let Some(place) = self.places.get_mut(id as usize) {
            *place = None;
        }
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
        let mut places = Vec::with_capacity(self.replies.len() * 3);
        for (id, frame) in &self.replies {
            let bytes = frame.as_bytes();
            places.extend([*id, bytes.as_ptr() as u32, bytes.len() as u32]);
        }
        self.hooks.replies(places.as_ptr() as u32, self.replies.len() as u32);
        self.replies.clear();
    }
}
