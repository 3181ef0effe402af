//! The wasm side of the npm package `redmux`.
//!
//! Two classes are all that JavaScript sees: [`RawClient`], over which the package's own API
//! is written (`www/src`), and [`Sink`], through which a socket of JavaScript delivers what it
//! receives. The boundary is narrow on purpose. Commands cross in batches, once for each turn
//! of the event loop; replies cross in batches, as places in the memory of wasm where the
//! JavaScript side reads them. Promises are kept over there, and each open command and
//! subscription is known by a number.

// Elsewhere it is nothing, so that the whole workspace can be built.
#![cfg(all(target_family = "wasm", target_os = "unknown"))]

mod batch;
mod events;
mod hooks;
mod object;
mod options;
mod pump;
mod runtime;
mod stream;

use std::{
    cell::{Cell, RefCell},
    future::Future,
    rc::Rc,
    sync::Arc,
    time::Duration,
};

use futures::{
    FutureExt, StreamExt,
    future::{AbortHandle, Abortable},
};
use js_sys::{Array, Uint8Array};
use redmux::{
    ConnectionMultiplexer, Environment, Message, Result, Subscription, SubscriptionItem,
    resp::Frame,
};
use wasm_bindgen::prelude::*;

use batch::Batch;
use hooks::Hooks;
use pump::Queue;
pub use runtime::{Host, fire, run, start};
use runtime::{JsRuntime, spawn};
pub use stream::Sink;

/// Messages that are handed over at once, at most.
const MOST_MESSAGES: usize = 1024;

/// One connection, as the JavaScript side sees it
#[wasm_bindgen]
pub struct RawClient {
    /// There once it is connected.
    muxer: Rc<RefCell<Option<ConnectionMultiplexer>>>,
    hooks: Rc<Hooks>,
    queue: Arc<Queue>,
    /// What can be dropped from outside, by its number.
    abortable: RefCell<Vec<Option<AbortHandle>>>,
    closed: Rc<Cell<bool>>,
}

#[wasm_bindgen]
impl RawClient {
    /// Begins to connect; `hooks` is called from then on. For the options see [`options::read`].
    ///
    /// Settles `id` when it is connected.
    pub fn open(id: u32, hooks: Hooks, numbers: Vec<f64>, heads: Vec<u32>, bytes: Vec<u8>) -> Self {
        let hooks = Rc::new(hooks);
        let options = options::read(numbers, Batch::new(heads, bytes), &hooks);
        let client = Self {
            muxer: Rc::default(),
            hooks: hooks.clone(),
            queue: Arc::default(),
            abortable: RefCell::default(),
            closed: Rc::default(),
        };
        let environment = Environment::new(stream::JsTransport(hooks.clone()), JsRuntime);
        let (muxer, queue, closed) =
            (client.muxer.clone(), client.queue.clone(), client.closed.clone());
        spawn(async move {
            match ConnectionMultiplexer::connect_with(options, environment).await {
                Ok(connected) => {
                    spawn(events::forward(connected.events(), hooks.clone()));
                    if !closed.get() {
                        *muxer.borrow_mut() = Some(connected.clone());
                    }
                    hooks.settle(id, true, JsValue::UNDEFINED);
                    pump::run(connected, queue, hooks).await;
                }
                Err(error) => hooks.settle(id, false, hooks.error_of(&error)),
            }
        });
        client
    }

    /// Sends commands: see [`Batch`] for what is in `heads` and `bytes`.
    ///
    /// Each is answered through `hooks.replies` or `hooks.settle`, unless it is cancelled before.
    /// They are under way when this returns if it is called with `alone`, that is, from nothing
    /// but the event loop; then listeners may be called meanwhile.
    pub fn execute(&self, heads: Vec<u32>, bytes: Vec<u8>, alone: bool) {
        let push = || self.queue.push(Batch::new(heads, bytes));
        if alone { runtime::drive(push) } else { push() }
    }

    /// Executes commands as one transaction.
    ///
    /// Settles `id` with an array that has the bytes of a reply, or an error, for each command.
    pub fn transaction(&self, id: u32, heads: Vec<u32>, bytes: Vec<u8>, timeout: Option<f64>) {
        let Some(muxer) = self.muxer.borrow().clone() else { return };
        let hooks = self.hooks.clone();
        self.spawn_abortable(id, async move {
            let batch = Arc::new(Batch::new(heads, bytes));
            let database = muxer.database();
            let calls: Vec<_> = batch.commands().map(|c| c.call(&muxer)).collect();
            let mut transaction = database.transaction(calls);
            if let Some(timeout) = timeout {
                transaction = transaction.timeout(options::duration(timeout));
            }
            match transaction.await {
                Ok(results) => {
                    let item = |result: Result<Frame>| match result {
                        Ok(frame) => Uint8Array::from(frame.as_bytes()).into(),
                        Err(error) => hooks.error_of(&error),
                    };
                    let items: Array = results.into_iter().map(item).collect();
                    hooks.settle(id, true, items.into());
                }
                Err(error) => hooks.settle(id, false, hooks.error_of(&error)),
            }
        });
    }

    /// Subscribes to a channel (`kind` 0), a pattern (1) or a shard channel (2).
    ///
    /// Settles `id` when the server has confirmed, then delivers messages under that number
    /// until it is cancelled, or until the client is closed.
    pub fn subscribe(&self, id: u32, kind: u8, channel: Vec<u8>) {
        let Some(muxer) = self.muxer.borrow().clone() else { return };
        let hooks = self.hooks.clone();
        self.spawn_abortable(id, async move {
            let subscriber = muxer.subscriber();
            // The stream must not keep the connection of a forgotten client alive.
            drop(muxer);
            let subscription = match kind {
                0 => subscriber.subscribe(channel).await,
                1 => subscriber.psubscribe(channel).await,
                _ => subscriber.ssubscribe(channel).await,
            };
            drop(subscriber);
            match subscription {
                Ok(subscription) => {
                    hooks.settle(id, true, JsValue::UNDEFINED);
                    deliver(id, subscription, &hooks).await;
                    hooks.ended(id);
                }
                Err(error) => hooks.settle(id, false, hooks.error_of(&error)),
            }
        });
    }

    /// Drops a command; settles it when its number may be used again.
    pub fn cancel(&self, id: u32) {
        self.queue.cancel(id);
    }

    /// Drops a transaction or a subscription; it settles no more.
    pub fn abort(&self, id: u32) {
        let handle = self.abortable.borrow_mut().get_mut(id as usize).and_then(Option::take);
        if let Some(handle) = handle {
            handle.abort();
        }
    }

    /// A snapshot of the connections.
    pub fn status(&self) -> JsValue {
        match &*self.muxer.borrow() {
            Some(muxer) => events::status(&muxer.status(), muxer.cache_stats(), &self.hooks),
            None => JsValue::NULL,
        }
    }

    /// Finishes what was sent, closes the connection, and settles `id`.
    pub fn close(&self, id: u32) {
        self.closed.set(true);
        let (muxer, hooks, queue) =
            (self.muxer.borrow_mut().take(), self.hooks.clone(), self.queue.clone());
        spawn(async move {
            // What was given to this client before goes out before.
            queue.drained().await;
            if let Some(muxer) = muxer {
                muxer.close().await;
            }
            queue.end();
            hooks.settle(id, true, JsValue::UNDEFINED);
        });
    }

    /// The instance for an error inside of a reply.
    #[wasm_bindgen(js_name = serverError)]
    pub fn server_error(&self, reply: &[u8]) -> JsValue {
        let frame = Frame::copy_from_slice(reply);
        frame.reply().error().map_or(JsValue::NULL, |error| self.hooks.server_error(&error))
    }

    /// A number is free again once its command has settled: an old handle is overwritten.
    fn spawn_abortable(&self, id: u32, task: impl Future<Output = ()> + 'static) {
        let (handle, registration) = AbortHandle::new_pair();
        let mut abortable = self.abortable.borrow_mut();
        let index = id as usize;
        if abortable.len() <= index {
            abortable.resize_with(index + 1, || None);
        }
        abortable[index] = Some(handle);
        spawn(async move {
            let _ = Abortable::new(task, registration).await;
        });
    }
}

/// The number that stands for a command's name in a [`Batch`]; `u32::MAX` when there are too
/// many names.
#[must_use]
#[wasm_bindgen]
pub fn intern(name: &str) -> u32 {
    batch::intern(name)
}

/// Hands messages over together, as far as they are there.
async fn deliver(id: u32, mut subscription: Subscription, hooks: &Hooks) {
    let mut messages = Vec::new();
    let mut first = subscription.next().await;
    while let Some(item) = first {
        let mut next = Some(item);
        while let Some(item) = next.take() {
            match item {
                SubscriptionItem::Message(message) => messages.push(message),
                SubscriptionItem::Missed(gap) => {
                    hand_over(id, &mut messages, hooks);
                    hooks.missed(id, events::cause(gap.cause), gap.count.map(|count| count as f64));
                }
                _ => {}
            }
            if messages.len() < MOST_MESSAGES {
                next = subscription.next().now_or_never().flatten();
            }
        }
        hand_over(id, &mut messages, hooks);
        runtime::time_has_passed();
        first = subscription.next().await;
    }
}

/// Tells where messages are; they stay there until this returns.
fn hand_over(id: u32, messages: &mut Vec<Message>, hooks: &Hooks) {
    if messages.is_empty() {
        return;
    }
    let place = |bytes: &[u8]| [bytes.as_ptr() as u32, bytes.len() as u32];
    let places: Vec<[[u32; 2]; 2]> =
        messages.iter().map(|message| [place(&message.payload), place(&message.channel)]).collect();
    hooks.messages(id, places.as_ptr() as u32, messages.len() as u32);
    messages.clear();
}

/// Milliseconds as JavaScript numbers.
fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}
