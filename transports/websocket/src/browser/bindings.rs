//! What is used of JavaScript, found by name at run time: the same code serves windows,
//! workers, Node, Deno and workerd, and any class that behaves like `WebSocket`.

use js_sys::{ArrayBuffer, Function};
use wasm_bindgen::prelude::*;

/// `readyState` of a socket that can send.
pub(crate) const OPEN: f64 = 1.0;

#[wasm_bindgen]
extern "C" {
    /// A WebSocket
    #[derive(Debug)]
    pub(crate) type Socket;

    #[wasm_bindgen(method, setter, js_name = binaryType)]
    pub(crate) fn set_binary_type(this: &Socket, kind: &str);
    #[wasm_bindgen(method, setter)]
    pub(crate) fn set_onopen(this: &Socket, handler: Option<&Function>);
    #[wasm_bindgen(method, setter)]
    pub(crate) fn set_onmessage(this: &Socket, handler: Option<&Function>);
    #[wasm_bindgen(method, setter)]
    pub(crate) fn set_onerror(this: &Socket, handler: Option<&Function>);
    #[wasm_bindgen(method, setter)]
    pub(crate) fn set_onclose(this: &Socket, handler: Option<&Function>);
    #[wasm_bindgen(method, getter, js_name = readyState)]
    pub(crate) fn ready_state(this: &Socket) -> f64;
    /// Not a number where there is none (workerd).
    #[wasm_bindgen(method, getter, js_name = bufferedAmount)]
    pub(crate) fn buffered_amount(this: &Socket) -> f64;
    #[wasm_bindgen(method, catch)]
    pub(crate) fn send(this: &Socket, data: &ArrayBuffer) -> Result<(), JsValue>;
    #[wasm_bindgen(method, catch)]
    pub(crate) fn close(this: &Socket, code: u16) -> Result<(), JsValue>;

    /// The fields of the events of a WebSocket, of errors and of binary data: each is
    /// `undefined` on those that do not have it
    pub(crate) type Fields;

    #[wasm_bindgen(method, getter)]
    pub(crate) fn data(this: &Fields) -> JsValue;
    #[wasm_bindgen(method, getter)]
    pub(crate) fn code(this: &Fields) -> f64;
    #[wasm_bindgen(method, getter)]
    pub(crate) fn reason(this: &Fields) -> JsValue;
    #[wasm_bindgen(method, getter)]
    pub(crate) fn message(this: &Fields) -> JsValue;
    #[wasm_bindgen(method, getter, js_name = byteLength)]
    pub(crate) fn byte_length(this: &Fields) -> JsValue;

    #[wasm_bindgen(js_name = setTimeout)]
    pub(crate) fn set_timeout(handler: &Function, millis: i32) -> JsValue;
    #[wasm_bindgen(js_name = clearTimeout)]
    pub(crate) fn clear_timeout(handle: &JsValue);
}
