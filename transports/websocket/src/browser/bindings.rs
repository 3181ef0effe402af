//! What is used of JavaScript: web-sys for the socket and its events, which any class that
//! behaves like `WebSocket` shares, and a few names that web-sys ties to windows.

use js_sys::Function;
use wasm_bindgen::prelude::*;

pub(crate) use web_sys::{BinaryType, CloseEvent, Event, MessageEvent, WebSocket as Socket};

#[wasm_bindgen]
extern "C" {
    /// Fields that an event, an error or binary data may have: each is `undefined` on those
    /// that do not have it
    pub(crate) type Fields;

    #[wasm_bindgen(method, getter)]
    pub(crate) fn message(this: &Fields) -> JsValue;
    #[wasm_bindgen(method, getter, js_name = byteLength)]
    pub(crate) fn byte_length(this: &Fields) -> JsValue;

    // Windows, workers, Node, Deno and workerd all have these as globals.
    #[wasm_bindgen(js_name = setTimeout)]
    pub(crate) fn set_timeout(handler: &Function, millis: i32) -> JsValue;
    #[wasm_bindgen(js_name = clearTimeout)]
    pub(crate) fn clear_timeout(handle: &JsValue);
}
