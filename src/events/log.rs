use futures::StreamExt;
use tracing::{error, info, warn};

use super::{Event, Events};

/// Logs every event of a stream through `tracing`, until it ends
///
/// Spawn it once per multiplexer. The target is `redmux::events`; failures are errors or warnings,
/// restorations and changes are information.
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
            Event::CircuitOpened(_)
            | Event::SubscriptionRefused(_)
            | Event::ErrorMessage(_)
            | Event::Missed(_) => warn!(target: "redmux::events", "{event}"),
            #[cfg(feature = "topology")]
            Event::ActiveMemberChanged(_) => warn!(target: "redmux::events", "{event}"),
            #[cfg(feature = "topology")]
            Event::MemberHealthChanged(e) if !e.healthy => {
                warn!(target: "redmux::events", "{event}");
            }
            #[cfg(feature = "full")]
            Event::MoveFailed(_) => warn!(target: "redmux::events", "{event}"),
            #[cfg(feature = "full")]
            Event::ServerMaintenance(_) => warn!(target: "redmux::events", "{event}"),
            _ => info!(target: "redmux::events", "{event}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use futures::FutureExt;
    use tracing::{Level, Metadata, Subscriber, span};

    use super::*;
    use crate::events::Hub;

    /// Keeps the level and target of each event
    #[derive(Clone, Default)]
    struct Recorder(Arc<Mutex<Vec<(Level, String)>>>);

    impl Subscriber for Recorder {
        fn enabled(&self, _: &Metadata<'_>) -> bool {
            true
        }

        fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
            span::Id::from_u64(1)
        }

        fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

        fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

        fn event(&self, event: &tracing::Event<'_>) {
            let metadata = event.metadata();
            let line = (*metadata.level(), metadata.target().to_owned());
            self.0.lock().unwrap().push(line);
        }

        fn enter(&self, _: &span::Id) {}

        fn exit(&self, _: &span::Id) {}
    }

    #[test]
    fn every_event_is_logged_at_its_level() {
        let hub = Arc::new(Hub::default());
        let events = hub.listen();
        hub.publish(Event::Missed(3));
        hub.publish(Event::ConfigurationChanged(crate::events::ConfigurationChanged {
            endpoint: Arc::new(redmux_transport::Endpoint::tcp("h", 1)),
            detail: "role".to_owned(),
        }));
        hub.close();
        let recorder = Recorder::default();
        tracing::subscriber::with_default(recorder.clone(), || {
            log_events(events).now_or_never().expect("the stream has ended");
        });
        let target = "redmux::events".to_owned();
        let expected = [(Level::WARN, target.clone()), (Level::INFO, target)];
        assert_eq!(*recorder.0.lock().unwrap(), expected);
    }
}
