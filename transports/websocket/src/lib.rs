//! WebSocket transport for redmux, in JavaScript runtimes and natively.
//!
//! The same [`WebSocketTransport`] dials a gateway that carries RESP in binary messages:
//! through the runtime's own `WebSocket` on `wasm32-unknown-unknown` (pages, workers, Node,
//! Deno, workerd), and over a TCP socket everywhere else. Message boundaries mean nothing:
//! what is read and written is one stream of bytes.
//!
//! ```
//! use redmux_websocket::WebSocketTransport;
//!
//! let transport = WebSocketTransport::default().subprotocol("redis");
//! # let _ = transport;
//! ```

#![cfg_attr(docsrs, feature(doc_cfg))]

mod close;
mod options;

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
mod browser;
#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
mod native;

use redmux_transport::Environment;

pub use close::CloseCode;
pub use options::WebSocketTransport;

#[cfg(all(target_family = "wasm", target_os = "unknown"))]
pub use browser::{WebRuntime, WebSocketStream};
#[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
pub use native::WebSocketStream;

/// A default [`WebSocketTransport`] and the runtime of the target: the JavaScript event
/// loop, or smol.
pub fn environment() -> Environment {
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    let runtime = WebRuntime;
    #[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
    let runtime = redmux_tcp::smol::SmolRuntime;
    Environment::new(WebSocketTransport::default(), runtime)
}

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct ReadMe;
