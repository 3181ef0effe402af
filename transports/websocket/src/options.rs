use std::fmt;

pub(crate) const FRAGMENT: &str = "a WebSocket URL takes no fragment (`#`)";

/// Dials WebSocket gateways
///
/// The URL of the endpoint (`ws://…` or `wss://…`) is used as it is; its query may hold a
/// token, which no error repeats.
#[derive(Clone)]
pub struct WebSocketTransport {
    pub(crate) subprotocols: Vec<String>,
    pub(crate) max_message_out: usize,
    pub(crate) receive_limit: usize,
    /// Unused natively, where the socket pushes back by itself.
    pub(crate) send_high_water: usize,
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    pub(crate) constructor: Option<js_sys::Function>,
    #[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
    pub(crate) headers: Vec<(String, String)>,
}

impl Default for WebSocketTransport {
    fn default() -> Self {
        Self {
            subprotocols: Vec::new(),
            max_message_out: 256 * 1024,
            receive_limit: 64 * 1024 * 1024,
            send_high_water: 1024 * 1024,
            #[cfg(all(target_family = "wasm", target_os = "unknown"))]
            constructor: None,
            #[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
            headers: Vec::new(),
        }
    }
}

impl WebSocketTransport {
    /// Offers a subprotocol; the first one offered is preferred. Default: none is offered,
    /// because a dial fails when the server picks none of those offered.
    pub fn subprotocol(mut self, name: impl Into<String>) -> Self {
        self.subprotocols.push(name.into());
        self
    }

    /// Longest message sent, in bytes (at least one); what is longer goes out in several.
    /// Default 256 KiB.
    pub fn max_message_out(mut self, bytes: usize) -> Self {
        self.max_message_out = bytes.max(1);
        self
    }

    /// Received bytes that may wait to be read. Default 64 MiB.
    ///
    /// JavaScript cannot slow a WebSocket down, so a connection that holds more is failed.
    /// Natively this is the longest message that is accepted.
    pub fn receive_limit(mut self, bytes: usize) -> Self {
        self.receive_limit = bytes;
        self
    }

    /// Bytes handed to the runtime and not sent yet (`bufferedAmount`) from which on writes
    /// wait. Default 1 MiB. Natively the socket decides.
    pub fn send_high_water(mut self, bytes: usize) -> Self {
        self.send_high_water = bytes;
        self
    }

    /// The `WebSocket` class to use instead of `globalThis.WebSocket`, in JavaScript runtimes.
    #[cfg(all(target_family = "wasm", target_os = "unknown"))]
    pub fn constructor(mut self, class: js_sys::Function) -> Self {
        self.constructor = Some(class);
        self
    }

    /// Adds a header to the upgrade request, for example `Authorization`. Native only:
    /// browsers do not let a program choose headers.
    #[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
    pub fn header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Sends an `Origin`, for gateways that let only some web sites in. Native only; default
    /// none.
    #[cfg(not(all(target_family = "wasm", target_os = "unknown")))]
    pub fn origin(self, origin: impl Into<String>) -> Self {
        self.header("Origin", origin)
    }
}

/// Leaves the headers out, because tokens live there.
impl fmt::Debug for WebSocketTransport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WebSocketTransport")
            .field("subprotocols", &self.subprotocols)
            .field("max_message_out", &self.max_message_out)
            .field("receive_limit", &self.receive_limit)
            .field("send_high_water", &self.send_high_water)
            .finish_non_exhaustive()
    }
}
