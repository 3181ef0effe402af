//! Events and the status of the core as plain objects.

use std::sync::Arc;

use js_sys::Array;
use redmux::{
    Endpoint, Event,
    cache::CacheStats,
    events::ConnectionType,
    pubsub::MissedCause,
    resp::Protocol,
    status::{LinkStatus, Status},
};
use wasm_bindgen::JsValue;

use crate::{
    failures::failure,
    hooks::{Hooks, diagnostics},
    object::{Fields, millis},
    runtime::time_has_passed,
};

/// Hands an event to the JavaScript side.
pub(crate) fn tell(event: &Event, hooks: &Hooks) {
    let (name, payload) = object(event, hooks);
    hooks.event(name, payload.set("message", event.to_string()).into());
    time_has_passed();
}

fn object(event: &Event, hooks: &Hooks) -> (&'static str, Fields) {
    #[cfg(feature = "server")]
    if let Some(object) = crate::server::events::object(event, hooks) {
        return object;
    }
    let at = |endpoint: &Arc<Endpoint>| Fields::new().set("endpoint", endpoint.to_string());
    match event {
        Event::ConnectionFailed(e) => (
            "connectionFailed",
            at(&e.endpoint)
                .set("connectionType", connection_type(e.connection_type))
                .set("failure", failure(e.failure))
                .set("error", hooks.error_of(&e.error))
                .set("maybeExecuted", e.maybe_executed),
        ),
        Event::ConnectionRestored(e) => (
            "connectionRestored",
            at(&e.endpoint)
                .set("connectionType", connection_type(e.connection_type))
                .set("outage", millis(e.outage))
                .set("attempts", e.attempts),
        ),
        Event::ErrorMessage(e) => (
            "errorMessage",
            at(&e.endpoint)
                .set_or_null("command", e.command.as_deref())
                .set("serverCode", &*e.code),
        ),
        Event::SubscriptionRefused(e) => {
            let text = |name: &bytes::Bytes| JsValue::from(String::from_utf8_lossy(name).as_ref());
            let channels: Array = e.channels.iter().map(text).collect();
            (
                "subscriptionRefused",
                at(&e.endpoint)
                    .set("command", e.command)
                    .set("channels", channels)
                    .set("error", hooks.error_of(&e.error))
                    .set("retryIn", millis(e.retry_in)),
            )
        }
        Event::ConfigurationChanged(e) => {
            ("configurationChanged", at(&e.endpoint).set("detail", &*e.detail))
        }
        Event::Missed(count) => (
            "missed",
            Fields::new()
                .set("source", "events")
                .set("cause", cause(MissedCause::QueueFull))
                .set("count", *count as f64),
        ),
        // Other events belong to features that this package leaves out.
        other => (
            "internalError",
            Fields::new().set("origin", "events").set("detail", other.to_string()),
        ),
    }
}

/// What `status()` returns.
pub(crate) fn status(status: &Status, cache: Option<CacheStats>, hooks: &Hooks) -> JsValue {
    let connections: Array =
        status.connections.iter().map(|link| JsValue::from(connection(link, hooks))).collect();
    let fields = Fields::new()
        .set("connections", connections)
        .set("subscriptions", status.subscriptions)
        .set_or_null("cache", cache.map(|stats| cache_stats(&stats)));
    #[cfg(feature = "server")]
    let fields = crate::server::events::status(fields, status, hooks);
    fields.into()
}

fn cache_stats(stats: &CacheStats) -> Fields {
    Fields::new()
        .set("tracking", stats.tracking)
        .set("entries", stats.entries)
        .set("bytes", stats.bytes)
        .set("hits", stats.hits as f64)
        .set("misses", stats.misses as f64)
        .set("shared", stats.shared as f64)
        .set("invalidated", stats.invalidated as f64)
        .set("evicted", stats.evicted as f64)
        .set("cleared", stats.cleared as f64)
}

fn connection(link: &LinkStatus, hooks: &Hooks) -> Fields {
    let server = link.server.as_ref().map(|server| {
        Fields::new()
            .set_or_null("product", server.product.as_deref())
            .set_or_null("version", server.version.as_deref())
            .set_or_null("mode", server.mode.as_deref())
            .set_or_null("role", server.role.as_deref())
    });
    Fields::new()
        .set("endpoint", link.endpoint.to_string())
        .set("connectionType", connection_type(link.connection_type))
        .set("diagnostics", diagnostics(&link.diagnostics))
        .set("protocol", if link.protocol == Protocol::Resp3 { 3_u32 } else { 2 })
        .set_or_null("server", server)
        .set_or_null("lastError", link.last_error.as_ref().map(|error| hooks.error_of(error)))
}

/// Why messages were missed, in one word.
pub(crate) fn cause(cause: MissedCause) -> &'static str {
    match cause {
        MissedCause::QueueFull => "queueFull",
        MissedCause::NotRestored => "notRestored",
        _ => "connectionLost",
    }
}

fn connection_type(of: ConnectionType) -> &'static str {
    match of {
        ConnectionType::Subscription => "subscription",
        _ => "interactive",
    }
}
