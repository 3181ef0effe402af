use futures::StreamExt;
use metrics::{
    Label, SharedString, Unit, counter, describe_counter, describe_histogram, histogram,
};

use super::{CommandObservation, CommandObserver, CommandRecord, ObservedCommand};
use crate::{Event, Events};

/// The duration of each call as a histogram, by OpenTelemetry's conventions for databases (feature
/// `metrics`)
///
/// `db.client.operation.duration`, in seconds, goes to the recorder of the `metrics` facade.
/// `docs/observability.md` lists its labels. Arguments are not among them, and each label has few
/// values, as long as `execute` is called with few different command names.
///
/// ```
/// use redmux::{Options, observe::MetricsObserver};
/// let options = Options::new("localhost:6379").observer(MetricsObserver::default());
/// ```
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct MetricsObserver {}

const DURATION: &str = "db.client.operation.duration";

impl Default for MetricsObserver {
    /// Describes the metric to the recorder that is installed.
    fn default() -> Self {
        describe_histogram!(DURATION, Unit::Seconds, "Duration of database client operations.");
        Self {}
    }
}

impl CommandObserver for MetricsObserver {
    fn started(&self, _: &ObservedCommand) -> Option<Box<dyn CommandObservation>> {
        Some(Box::new(*self))
    }
}

impl CommandObservation for MetricsObserver {
    fn ended(self: Box<Self>, record: &CommandRecord) {
        let command = &record.command;
        let (address, port) = command.server();
        let mut labels = vec![
            Label::from_static_parts("db.system.name", "redis"),
            Label::new("db.operation.name", SharedString::from(command.name.clone())),
            Label::new("db.namespace", command.database.to_string()),
            Label::new("server.address", address.into_owned()),
        ];
        if let Some(port) = port {
            labels.push(Label::new("server.port", port.to_string()));
        }
        if let Some(error) = record.outcome.error_type() {
            labels.push(Label::new("error.type", error.to_owned()));
            if record.outcome.failure().is_some_and(|failure| failure.code.is_some()) {
                labels.push(Label::new("db.response.status_code", error.to_owned()));
            }
        }
        histogram!(DURATION, labels).record(record.timings.ended.as_secs_f64());
    }
}

/// Counts the events of a stream as `redmux.events`, by type, until it ends
///
/// Spawn it once per multiplexer, as [`log_events`](crate::events::log_events).
///
/// ```
/// # async fn f(muxer: redmux::ConnectionMultiplexer) {
/// let count = redmux::observe::count_events(muxer.events());
/// // e.g. async_std::task::spawn(count)
/// # count.await
/// # }
/// ```
pub async fn count_events(mut events: Events) {
    describe_counter!("redmux.events", Unit::Count, "Events of connections and servers.");
    while let Some(event) = events.next().await {
        let (kind, count) = match event {
            Event::ConnectionFailed(_) => ("connection_failed", 1),
            Event::ConnectionRestored(_) => ("connection_restored", 1),
            Event::ErrorMessage(_) => ("error_message", 1),
            Event::SubscriptionRefused(_) => ("subscription_refused", 1),
            Event::CredentialsNotRenewed(_) => ("credentials_not_renewed", 1),
            Event::CircuitOpened(_) => ("circuit_opened", 1),
            Event::CircuitClosed(_) => ("circuit_closed", 1),
            Event::InternalError(_) => ("internal_error", 1),
            Event::ConfigurationChanged(_) => ("configuration_changed", 1),
            Event::ConfigurationChangedBroadcast(_) => ("configuration_changed_broadcast", 1),
            Event::HashSlotsMoved(_) => ("hash_slots_moved", 1),
            Event::ServerMaintenance(_) => ("server_maintenance", 1),
            Event::MoveFailed(_) => ("move_failed", 1),
            #[cfg(feature = "topology")]
            Event::ActiveMemberChanged(_) => ("active_member_changed", 1),
            #[cfg(feature = "topology")]
            Event::MemberHealthChanged(_) => ("member_health_changed", 1),
            Event::Missed(events) => ("missed", events),
        };
        counter!("redmux.events", "type" => kind).increment(count);
    }
}
