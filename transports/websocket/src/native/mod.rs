//! The native half: a WebSocket client over the TCP transport.

mod dial;
mod stream;
#[cfg(test)]
mod tests;

pub use stream::WebSocketStream;
