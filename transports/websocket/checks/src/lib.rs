//! Scenarios for the WebSocket transport, run in a real page, worker and Node by
//! `www/test/transport/check.mjs` against the server beside it.
//!
//! A scenario is an exported function that takes the server's `ws://` address, panics when
//! something is wrong, and otherwise returns a line to show.

#![cfg(all(target_family = "wasm", target_os = "unknown"))]
#![allow(missing_docs, unreachable_pub, reason = "what is exported is exported to JavaScript")]
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod caching;
mod closing;
mod dialing;
mod streaming;
mod timers;

use std::{future::poll_fn, io, time::Duration};

use futures::future::{Either, select};
use redmux_transport::{Endpoint, Runtime, Transport};
use redmux_websocket::{CloseCode, WebRuntime, WebSocketStream, WebSocketTransport};
use wasm_bindgen::prelude::*;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = console, js_name = error)]
    fn log_error(text: &str);
}

#[wasm_bindgen(start)]
pub fn start() {
    std::panic::set_hook(Box::new(|panic| log_error(&panic.to_string())));
}

fn endpoint(base: &str, path: &str) -> Endpoint {
    Endpoint::WebSocket { url: format!("{base}{path}") }
}

async fn sleep(millis: u64) {
    let mut timer = WebRuntime.timer(WebRuntime.now() + Duration::from_millis(millis));
    poll_fn(|cx| timer.poll_expired(cx)).await;
}

/// Fails if `work` takes too long.
async fn bounded<F: Future>(work: F) -> F::Output {
    match select(Box::pin(work), Box::pin(sleep(15_000))).await {
        Either::Left((output, _)) => output,
        Either::Right(_) => panic!("it hangs"),
    }
}

async fn open_with(transport: WebSocketTransport, base: &str, path: &str) -> WebSocketStream {
    bounded(transport.connect(&endpoint(base, path))).await.expect("the server accepts")
}

async fn open(base: &str, path: &str) -> WebSocketStream {
    open_with(WebSocketTransport::default(), base, path).await
}

fn close_code(error: &io::Error) -> &CloseCode {
    let inner = error.get_ref().expect("the error has a cause");
    inner.downcast_ref().expect("the cause is a close code")
}

/// Bytes that differ from their neighbours.
fn pattern(len: usize) -> Vec<u8> {
    (0..len).map(|index| (index * 31 % 251) as u8).collect()
}
