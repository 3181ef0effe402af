use std::{future::poll_fn, io};

use js_sys::{Array, Function, Reflect};
use redmux_transport::{Capabilities, DialError, DialStage, Endpoint, Transport};
use wasm_bindgen::{JsCast, JsValue};

use super::{bindings::Socket, stream::text_of};
use crate::{WebSocketStream, WebSocketTransport, options::FRAGMENT};

impl Transport for WebSocketTransport {
    type Stream = WebSocketStream;

    fn capabilities(&self) -> Capabilities {
        Capabilities::messages()
    }

    async fn connect(&self, endpoint: &Endpoint) -> Result<WebSocketStream, DialError> {
        let Endpoint::WebSocket { url } = endpoint else {
            return Err(DialError::unsupported(endpoint, "WebSocket URLs"));
        };
        let stream = WebSocketStream::new(self.make(url)?, self);
        match poll_fn(|cx| stream.poll_open(cx)).await {
            Ok(()) => Ok(stream),
            // Other classes of sockets have no upgrade.
            Err(error) if !url.starts_with("ws") => Err(DialError::new(DialStage::Dial, error)),
            Err(error) => Err(DialError::new(DialStage::Upgrade, error)),
        }
    }
}

impl WebSocketTransport {
    fn make(&self, url: &str) -> Result<Socket, DialError> {
        let class = match &self.constructor {
            Some(class) => class.clone(),
            None => Reflect::get(&js_sys::global(), &JsValue::from_str("WebSocket"))
                .ok()
                .and_then(|class| class.dyn_into::<Function>().ok())
                .ok_or_else(|| {
                    failed(
                        io::ErrorKind::Unsupported,
                        "this JavaScript runtime has no globalThis.WebSocket; give one as the \
                         constructor option",
                    )
                })?,
        };
        if url.contains('#') {
            // The runtime refuses it too, but repeats it.
            return Err(failed(io::ErrorKind::InvalidInput, FRAGMENT));
        }
        let arguments = Array::of1(&JsValue::from_str(url));
        if !self.subprotocols.is_empty() {
            let names: Array =
                self.subprotocols.iter().map(|name| JsValue::from_str(name)).collect();
            arguments.push(&names);
        }
        Reflect::construct(&class, &arguments)
            .map(|socket| socket.unchecked_into::<Socket>())
            .map_err(|thrown| failed(io::ErrorKind::InvalidInput, &text_of(&thrown, url)))
    }
}

fn failed(kind: io::ErrorKind, message: &str) -> DialError {
    DialError::new(DialStage::Dial, io::Error::new(kind, message))
}
