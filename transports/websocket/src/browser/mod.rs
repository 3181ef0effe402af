//! The JavaScript half: the runtime's own `WebSocket`, timers and event loop.

mod bindings;
mod dial;
mod runtime;
mod stream;
mod timer;

pub use runtime::WebRuntime;
pub use stream::WebSocketStream;
