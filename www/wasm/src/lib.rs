//! The wasm side of the npm package `redmux`.
//!
//! One class, [`RawClient`], is all that JavaScript sees; the package's own API is written
//! in JavaScript over it (`www/src`). The boundary is narrow on purpose: a command crosses
//! as one buffer, a reply as one value, and promises are kept by the JavaScript side,
//! which knows each open command and subscription by a number.

mod convert;
mod events;
mod hooks;
mod object;
mod options;

use std::{cell::RefCell, future::Future, rc::Rc, time::Duration};

use futures::{
    StreamExt,
    future::{AbortHandle, Abortable},
};
use redmux::transport::Environment;
use redmux::{
    ConnectionMultiplexer, Result, Subscription, SubscriptionItem,
    resp::{Arg, ArgList, Frame, ToArgs},
};
use redmux_websocket::{WebRuntime, WebSocketTransport};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::spawn_local;

use convert::Texts;
use hooks::Hooks;

/// One connection, as the JavaScript side sees it
#[wasm_bindgen]
pub struct RawClient {
    muxer: ConnectionMultiplexer,
    hooks: Rc<Hooks>,
    /// What can be dropped from outside, by its number.
    abortable: Rc<RefCell<Vec<Option<AbortHandle>>>>,
}

#[wasm_bindgen]
impl RawClient {
    /// Connects with the options of an object; `hooks` is called from then on. `socket` is a class
    /// like `WebSocket`, for where `globalThis.WebSocket` is not to be used.
    ///
    /// # Errors
    /// An error made by `hooks.error`: malformed options, or no connection.
    pub async fn connect(
        url: String,
        options: JsValue,
        hooks: Hooks,
        socket: Option<js_sys::Function>,
    ) -> Result<Self, JsValue> {
        let options = options::read(&url, &options).map_err(|fault| hooks.config_error(&fault))?;
        let mut transport = WebSocketTransport::default();
        if let Some(class) = socket {
            transport = transport.constructor(class);
        }
        let environment = Environment::new(transport, WebRuntime);
        let connected = ConnectionMultiplexer::connect_with(options, environment).await;
        let muxer = connected.map_err(|error| hooks.error_of(&error))?;
        let hooks = Rc::new(hooks);
        spawn_local(events::forward(muxer.events(), hooks.clone()));
        Ok(Self { muxer, hooks, abortable: Rc::default() })
    }

    /// Sends the command whose words are in `bytes`, one after another, `lengths` long.
    ///
    /// Settles `id`, unless it is cancelled before.
    pub fn execute(
        &self,
        id: u32,
        bytes: Vec<u8>,
        lengths: Vec<u32>,
        timeout: Option<f64>,
        as_bytes: bool,
        cancellable: bool,
    ) {
        let muxer = self.muxer.clone();
        let hooks = self.hooks.clone();
        let task = async move {
            let words = Words { bytes, lengths };
            let mut call = muxer.execute::<Frame>(words.name(), words);
            if let Some(timeout) = timeout {
                call = call.timeout(options::duration(timeout));
            }
            let texts = if as_bytes { Texts::Bytes } else { Texts::Strings };
            hooks.settle_with(id, call.await, |hooks, frame| {
                convert::value(frame.reply(), texts, hooks)
            });
        };
        if cancellable { self.spawn_abortable(id, task) } else { spawn_local(task) }
    }

    /// Subscribes to a channel (`kind` 0), a pattern (1) or a shard channel (2).
    ///
    /// Settles `id` when the server has confirmed, then delivers messages under that number
    /// until it is cancelled, or until the client is closed.
    pub fn subscribe(&self, id: u32, kind: u8, channel: Vec<u8>, as_bytes: bool) {
        let muxer = self.muxer.clone();
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
                    deliver(id, subscription, &hooks, as_bytes).await;
                    hooks.ended(id);
                }
                Err(error) => hooks.settle(id, false, hooks.error_of(&error)),
            }
        });
    }

    /// Drops a cancellable command, or a subscription; it settles no more.
    pub fn cancel(&self, id: u32) {
        let handle = self.abortable.borrow_mut().get_mut(id as usize).and_then(Option::take);
        if let Some(handle) = handle {
            handle.abort();
        }
    }

    /// A snapshot of the connections.
    pub fn status(&self) -> JsValue {
        events::status(&self.muxer.status(), &self.hooks)
    }

    /// Finishes what was sent, closes the connection, and settles `id`.
    pub fn close(&self, id: u32) {
        let muxer = self.muxer.clone();
        let hooks = self.hooks.clone();
        spawn_local(async move {
            muxer.close().await;
            hooks.settle(id, true, JsValue::UNDEFINED);
        });
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
        spawn_local(async move {
            let _ = Abortable::new(task, registration).await;
        });
    }
}

async fn deliver(id: u32, mut subscription: Subscription, hooks: &Hooks, as_bytes: bool) {
    while let Some(item) = subscription.next().await {
        match item {
            SubscriptionItem::Message(message) => {
                let payload = match as_bytes {
                    true => convert::bytes(&message.payload),
                    false => message.text().as_ref().into(),
                };
                let pattern = message.pattern.as_deref().map(String::from_utf8_lossy);
                hooks.message(id, &message.channel_text(), payload, pattern.as_deref());
            }
            SubscriptionItem::Missed(gap) => {
                hooks.missed(id, events::cause(gap.cause), gap.count.map(|count| count as f64));
            }
            _ => {}
        }
    }
}

/// The words of a command; the first is its name, which is no argument
struct Words {
    bytes: Vec<u8>,
    lengths: Vec<u32>,
}

impl Words {
    fn name(&self) -> String {
        let length = self.lengths.first().map_or(0, |length| *length as usize);
        let name = self.bytes.get(..length).unwrap_or_default();
        String::from_utf8_lossy(name).into_owned()
    }
}

impl ToArgs for Words {
    fn append_to<'a>(&'a self, args: &mut ArgList<'a>) {
        let mut rest = self.bytes.as_slice();
        for (index, length) in self.lengths.iter().enumerate() {
            let Some((word, after)) = rest.split_at_checked(*length as usize) else { return };
            if index > 0 {
                args.push(Arg::Bytes(word));
            }
            rest = after;
        }
    }
}

/// Milliseconds as JavaScript numbers.
fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1000.0
}
