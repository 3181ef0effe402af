use futures::StreamExt;
use tracing::{error, info, warn};

use super::{Event, Events};

/// Logs every event of a stream through `tracing`, until it ends
///
/// Spawn it once per multiplexer. Targets are `redmux::events`; failures are errors or
/// warnings, restorations and changes are information.
///
/// ```
/// # async fn f(muxer: redmux::ConnectionMultiplexer) {
/// let log = redmux::events::log_events(muxer.events());
/// // e.g. async_std::task::spawn(log)
/// # log.await
/// # }
/// ```
pub async fn log_events(mut events: Events) {
    while let Some(event) = events.next().await {
        match &event {
            Event::ConnectionFailed(e) => warn!(
                target: "redmux::events",
                endpoint = %e.endpoint,
                connection = %e.connection_type,
                failure = ?e.failure,
                maybe_executed = e.maybe_executed,
                "{event}"
            ),
            Event::InternalError(_) => error!(target: "redmux::events", "{event}"),
            Event::ErrorMessage(_) | Event::Missed(_) | Event::ServerMaintenance(_) => {
                warn!(target: "redmux::events", "{event}");
            }
            _ => info!(target: "redmux::events", "{event}"),
        }
    }
}
