//! The functions that the wasm side calls. Errors cross as fields, of which JavaScript makes instances.

use redmux::{
    Delivery, Error, ErrorKind,
    error::{ConnectStage, Diagnostics, TimeoutStage},
    resp::ServerError,
};
use wasm_bindgen::prelude::*;

use crate::{
    object::{Fields, millis},
    stream::Sink,
};

#[wasm_bindgen]
extern "C" {
    /// The functions of the JavaScript side; see `www/src/raw.d.ts`. None of them throws.
    pub type Hooks;

    #[wasm_bindgen(method)]
    fn error(this: &Hooks, fields: JsValue) -> JsValue;

    /// Replies came: `count` times the number of a command, where its reply begins, and its
    /// length, from `places` on in the memory of wasm.
    #[wasm_bindgen(method)]
    pub(crate) fn replies(this: &Hooks, places: u32, count: u32);

    /// An entry is done: with its value, or with an error. Without either, it was cancelled.
    #[wasm_bindgen(method)]
    pub(crate) fn settle(this: &Hooks, id: u32, ok: bool, value: JsValue);

    /// Messages came for a subscription: `count` times where the payload begins, its length, and the same of the
    /// channel, from `places` on in the memory of wasm.
    #[wasm_bindgen(method)]
    pub(crate) fn messages(this: &Hooks, id: u32, places: u32, count: u32);

    /// A subscription missed messages, or may have.
    #[wasm_bindgen(method)]
    pub(crate) fn missed(this: &Hooks, id: u32, cause: &str, count: Option<f64>);

    /// A subscription ended.
    #[wasm_bindgen(method)]
    pub(crate) fn ended(this: &Hooks, id: u32);

    /// Something happened to a connection or a server.
    #[wasm_bindgen(method)]
    pub(crate) fn event(this: &Hooks, name: &str, payload: JsValue);

    /// Opens a socket, which reports to `sink`.
    #[cfg(not(feature = "server"))]
    #[wasm_bindgen(method)]
    pub(crate) fn dial(this: &Hooks, sink: Sink) -> JsLink;

    /// Opens a socket to this target: `host` and `port`, `path`, or `url`; `tls` says whether it is encrypted, and
    /// `servername` what the certificate must hold.
    #[cfg(feature = "server")]
    #[wasm_bindgen(method)]
    pub(crate) fn dial(this: &Hooks, sink: Sink, target: JsValue) -> JsLink;

    /// Something came of a task: see [`crate::server::tasks`].
    #[cfg(feature = "server")]
    #[wasm_bindgen(method)]
    pub(crate) fn told(this: &Hooks, task: u32, what: &str, value: JsValue);

    /// Milliseconds to wait before the next attempt to connect; negative if a waiting command may cut the wait
    /// short.
    #[wasm_bindgen(method)]
    pub(crate) fn delay(this: &Hooks, attempt: u32, outage: f64) -> f64;

    /// A socket.
    pub type JsLink;

    /// Sends bytes, which it copies if it keeps them; returns whether more may be written at once.
    #[wasm_bindgen(method)]
    pub(crate) fn write(this: &JsLink, bytes: &[u8]) -> bool;

    /// Sends bytes from several places: `count` times place and length, from `places` on in the memory of
    /// wasm.
    #[wasm_bindgen(method, js_name = writeParts)]
    pub(crate) fn write_parts(this: &JsLink, places: u32, count: u32) -> bool;

    /// Moves received bytes into a buffer; returns how many.
    #[wasm_bindgen(method)]
    pub(crate) fn read(this: &JsLink, into: &mut [u8]) -> u32;

    /// Sends what was written, within a bounded time, then ends the socket; harmless if it has ended.
    #[wasm_bindgen(method)]
    pub(crate) fn close(this: &JsLink);

    /// Ends the socket at once, unless it is being closed.
    #[wasm_bindgen(method)]
    pub(crate) fn destroy(this: &JsLink);
}

impl Hooks {
    /// The instance for an error of the core.
    pub(crate) fn error_of(&self, error: &Error) -> JsValue {
        let (kind, stage) = kind(error.kind());
        let mut fields = Fields::new()
            .set("kind", kind)
            .set_or_null("stage", stage)
            .set("delivery", delivery(error.delivery()))
            .set("message", error.to_string())
            .set("retryable", error.is_retryable())
            .set_or_null("command", error.command_name())
            .set_or_null("endpoint", error.endpoint().map(ToString::to_string))
            .set_or_null("diagnostics", error.diagnostics().map(diagnostics));
        if let Some(server) = error.server() {
            fields = server_fields(fields, server);
        }
        self.error(fields.into())
    }

    /// The instance for a command whose server or connection is not there any more.
    #[cfg(feature = "server")]
    pub(crate) fn gone_error(&self, command: &str) -> JsValue {
        let fields = Fields::new()
            .set("kind", "closed")
            .set("delivery", "not-sent")
            .set("message", format!("{command}: its server is not known any more"))
            .set("retryable", false)
            .set("command", command);
        self.error(fields.into())
    }

    /// The instance for an error inside of a reply.
    pub(crate) fn server_error(&self, error: &ServerError) -> JsValue {
        let fields = Fields::new()
            .set("kind", "server")
            .set("delivery", "answered")
            .set("message", error.to_string())
            .set("retryable", error.is_transient());
        self.error(server_fields(fields, error).into())
    }
}

fn server_fields(fields: Fields, error: &ServerError) -> Fields {
    fields.set("serverCode", error.code()).set("serverText", error.message())
}

fn kind(kind: ErrorKind) -> (&'static str, Option<&'static str>) {
    let stage = match kind {
        ErrorKind::Connect(stage) => Some(match stage {
            ConnectStage::Resolve => "resolve",
            ConnectStage::Tls => "tls",
            ConnectStage::Upgrade => "upgrade",
            ConnectStage::Handshake => "handshake",
            ConnectStage::Auth => "auth",
            #[cfg(feature = "server")]
            ConnectStage::Credentials => "credentials",
            #[cfg(feature = "server")]
            ConnectStage::Tunnel => "tunnel",
            _ => "dial",
        }),
        ErrorKind::Timeout(stage) => Some(match stage {
            TimeoutStage::Connect => "connect",
            TimeoutStage::Queue => "queue",
            TimeoutStage::Write => "write",
            _ => "response",
        }),
        _ => None,
    };
    let kind = match kind {
        ErrorKind::Config => "config",
        ErrorKind::Connect(_) => "connect",
        ErrorKind::ConnectionLost => "connection-lost",
        ErrorKind::Closed => "closed",
        ErrorKind::Timeout(_) => "timeout",
        ErrorKind::Command => "command",
        ErrorKind::QueueFull => "queue-full",
        ErrorKind::Protocol => "protocol",
        ErrorKind::Server => "server",
        ErrorKind::Decode => "decode",
        ErrorKind::Conflict => "conflict",
        ErrorKind::CircuitOpen => "circuit-open",
        // A page asks for no replicas and has no probes of its own.
        #[cfg(feature = "server")]
        ErrorKind::NoReplica => "no-replica",
        #[cfg(feature = "server")]
        ErrorKind::Unhealthy => "unhealthy",
        _ => "internal",
    };
    (kind, stage)
}

fn delivery(delivery: Delivery) -> &'static str {
    match delivery {
        Delivery::NotSent => "not-sent",
        Delivery::Answered => "answered",
        _ => "maybe-executed",
    }
}

pub(crate) fn diagnostics(state: &Diagnostics) -> Fields {
    Fields::new()
        .set("elapsed", millis(state.elapsed))
        .set("timeout", millis(state.timeout))
        .set("connection", state.connection)
        .set("queued", state.queued)
        .set("inFlight", state.in_flight)
        .set("bytesUnsent", state.bytes_unsent)
        .set("bytesInFlight", state.bytes_in_flight)
        .set_or_null("lastRead", state.last_read.map(millis))
        .set_or_null("lastWrite", state.last_write.map(millis))
        .set("failedAttempts", state.failed_attempts)
}
