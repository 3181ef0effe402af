//! The wasm side of the npm package `redmux`.
//!
//! JavaScript sees two classes: [`RawClient`], on which the package's own API is built
//! (`www/src`), and [`Sink`], to which a socket of JavaScript reports. The boundary is narrow on
//! purpose. Commands cross in batches, once for each turn of the event loop; replies cross in
//! batches, as places in the memory of wasm where the JavaScript side reads them. Promises stay
//! in JavaScript, and each open command and subscription has a number.

// Empty for other targets, so that the whole workspace can be built.
#![cfg(all(target_family = "wasm", target_os = "unknown"))]

mod batch;
mod events;
mod failures;
mod hooks;
mod object;
mod options;
mod pump;
mod runtime;
#[cfg(feature = "server")]
mod server;
mod stream;

use std::{cell::Cell, rc::Rc, sync::Arc};

use redmux::resp::Frame;
#[cfg(not(feature = "server"))]
use redmux::{ConnectionMultiplexer, transport::Environment};
use wasm_bindgen::prelude::*;

use batch::Batch;
use hooks::Hooks;
use pump::Queue;
#[cfg(not(feature = "server"))]
use runtime::JsRuntime;
use runtime::spawn;
pub use runtime::{Host, fire, run, start};
pub use stream::Sink;

/// One connection, as the JavaScript side sees it; dropping it ends the connection at once
#[wasm_bindgen]
pub struct RawClient {
    muxer: Muxer,
    hooks: Rc<Hooks>,
    queue: Arc<Queue>,
    /// The JavaScript side has freed it: no hook is called any more.
    dropped: Rc<Cell<bool>>,
    #[cfg(feature = "server")]
    extras: server::Extras,
}

/// `None` if the options were refused.
#[cfg(not(feature = "server"))]
#[derive(Clone)]
struct Muxer(Option<ConnectionMultiplexer>);

#[cfg(not(feature = "server"))]
impl Muxer {
    fn get(&self) -> Option<&ConnectionMultiplexer> {
        self.0.as_ref()
    }
}

#[cfg(feature = "server")]
use server::Muxer;

#[cfg(not(feature = "server"))]
#[wasm_bindgen]
impl RawClient {
    /// Begins to connect, and calls `hooks` from then on. For the options see [`options::read`].
    ///
    /// Settles `id` when the client is connected.
    pub fn open(id: u32, hooks: Hooks, numbers: Vec<f64>, heads: Vec<u32>, bytes: Vec<u8>) -> Self {
        let hooks = Rc::new(hooks);
        let options = options::read(numbers, Batch::new(heads, bytes), &hooks);
        let environment = Environment::new(stream::JsTransport(hooks.clone()), JsRuntime);
        let (queue, dropped) = (Arc::<Queue>::default(), Rc::<Cell<bool>>::default());
        let muxer = match ConnectionMultiplexer::begin_with(options, environment) {
            Ok(muxer) => {
                // At once, so that the timeouts of commands issued meanwhile begin to run.
                spawn(pump::run(muxer.clone(), queue.clone(), hooks.clone()));
                Ok(muxer)
            }
            Err(error) => Err(error),
        };
        let client = Self {
            muxer: Muxer(muxer.as_ref().ok().cloned()),
            hooks: hooks.clone(),
            queue,
            dropped: dropped.clone(),
        };
        spawn(async move {
            let connected = match muxer {
                Ok(muxer) => muxer.connected().await,
                Err(error) => Err(error),
            };
            if dropped.get() {
                return;
            }
            match connected {
                Ok(()) => hooks.settle(id, true, JsValue::UNDEFINED),
                Err(error) => hooks.settle(id, false, hooks.error_of(&error)),
            }
        });
        client
    }
}

#[wasm_bindgen]
impl RawClient {
    /// Takes what was issued: see [`Batch`] for the layout of `heads` and `bytes`.
    ///
    /// Each command is answered through `hooks.replies` or `hooks.settle`, unless it is cancelled
    /// before. A transaction settles with an array that has the bytes of a reply, or an error, for
    /// each of its commands. A subscription settles when the server has confirmed it, then
    /// messages come under its number until it is cancelled, or until the client is closed. A
    /// cancelled entry settles, without a value, when its number may be used again.
    ///
    /// With `alone`, that is, when the event loop calls this and no other code, everything is under
    /// way when this returns; then listeners may be called meanwhile.
    pub fn execute(&self, heads: Vec<u32>, bytes: Vec<u8>, alone: bool) {
        let push = || self.queue.push(Batch::new(heads, bytes));
        if alone { runtime::drive(push) } else { push() }
    }

    /// A snapshot of the connections.
    pub fn status(&self) -> JsValue {
        match self.muxer.get() {
            Some(muxer) => events::status(&muxer.status(), muxer.cache_stats(), &self.hooks),
            None => JsValue::NULL,
        }
    }

    /// Finishes what was sent, closes the connection, and settles `id`.
    pub fn close(&self, id: u32) {
        let (muxer, hooks, queue) = (self.muxer.clone(), self.hooks.clone(), self.queue.clone());
        let dropped = self.dropped.clone();
        spawn(async move {
            // What was issued before is sent before.
            queue.drained().await;
            if let Some(muxer) = muxer.get() {
                muxer.close().await;
            }
            queue.end();
            if !dropped.get() {
                hooks.settle(id, true, JsValue::UNDEFINED);
            }
        });
    }

    /// The instance for an error inside of a reply.
    #[wasm_bindgen(js_name = serverError)]
    pub fn server_error(&self, reply: &[u8]) -> JsValue {
        let frame = Frame::copy_from_slice(reply);
        frame.reply().error().map_or(JsValue::NULL, |error| self.hooks.server_error(&error))
    }
}

impl Drop for RawClient {
    /// Every task that holds the hooks ends: these hold the whole client of the JavaScript side.
    fn drop(&mut self) {
        self.dropped.set(true);
        #[cfg(feature = "server")]
        self.extras.end();
        self.queue.end();
        if let Some(muxer) = self.muxer.get() {
            muxer.abort();
        }
    }
}

/// The number of a command's name in a [`Batch`]; `u32::MAX` when there are too many names.
#[must_use]
#[wasm_bindgen]
pub fn intern(name: &str) -> u32 {
    batch::intern(name)
}
