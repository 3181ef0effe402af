use tracing::{Level, Span, field::Empty, level_filters::LevelFilter};

use super::{CommandObservation, CommandObserver, CommandRecord, ObservedCommand};

/// A `tracing` span for each call, by OpenTelemetry's conventions for databases (feature `tracing`)
///
/// Spans are at level `INFO` with the target `redmux::commands`, children of the span that is
/// current where the call is first polled, and end with the call. What `tracing-opentelemetry`
/// makes of them is a client span `GET localhost:6379`. `docs/observability.md` lists their
/// fields; arguments are not among them.
///
/// ```
/// use redmux::{Options, observe::SpanObserver};
/// let options = Options::new("localhost:6379").observer(SpanObserver::default());
/// ```
#[derive(Debug, Clone, Copy, Default)]
#[non_exhaustive]
pub struct SpanObserver {}

impl CommandObserver for SpanObserver {
    fn started(&self, command: &ObservedCommand) -> Option<Box<dyn CommandObservation>> {
        let (address, port) = command.server();
        let name = match port {
            Some(port) => format!("{} {address}:{port}", command.name),
            None => format!("{} {address}", command.name),
        };
        let span = tracing::span!(
            target: "redmux::commands",
            Level::INFO,
            "redis",
            otel.name = name,
            otel.kind = "client",
            otel.status_code = Empty,
            db.system.name = "redis",
            db.operation.name = &*command.name,
            db.operation.batch.size = command.batch.filter(|size| *size > 1),
            db.namespace = %command.database,
            db.response.status_code = Empty,
            "error.type" = Empty,
            server.address = &*address,
            server.port = port,
            redmux.attempts = Empty,
        );
        (!span.is_disabled()).then(|| Box::new(InSpan(span)) as Box<dyn CommandObservation>)
    }

    fn is_enabled(&self) -> bool {
        LevelFilter::current() >= LevelFilter::INFO
    }
}

struct InSpan(Span);

impl CommandObservation for InSpan {
    fn ended(self: Box<Self>, record: &CommandRecord) {
        if record.attempts > 1 {
            self.0.record("redmux.attempts", record.attempts);
        }
        let Some(error) = record.outcome.error_type() else { return };
        if let Some(code) = record.outcome.failure().and_then(|failure| failure.code.as_deref()) {
            self.0.record("db.response.status_code", code);
        }
        self.0.record("error.type", error);
        self.0.record("otel.status_code", "ERROR");
    }
}

#[cfg(test)]
mod tests {
    use std::{
        collections::BTreeMap,
        fmt,
        sync::{Arc, Mutex},
        time::Duration,
    };

    use redmux_transport::{Endpoint, Instant};
    use tracing::{Event, Metadata, Subscriber, field::Visit, span};

    use super::*;
    use crate::{
        Error,
        observe::{CommandFailure, CommandOutcome, Timings},
        resp::ServerError,
    };

    #[derive(Clone, Default)]
    struct Recorder(Arc<Mutex<BTreeMap<String, String>>>);

    impl Visit for &Recorder {
        fn record_debug(&mut self, field: &tracing::field::Field, value: &dyn fmt::Debug) {
            self.0.lock().unwrap().insert(field.name().to_owned(), format!("{value:?}"));
        }

        fn record_str(&mut self, field: &tracing::field::Field, value: &str) {
            self.0.lock().unwrap().insert(field.name().to_owned(), value.to_owned());
        }
    }

    impl Subscriber for Recorder {
        fn enabled(&self, _: &Metadata<'_>) -> bool {
            true
        }

        fn new_span(&self, attributes: &span::Attributes<'_>) -> span::Id {
            attributes.record(&mut &*self);
            span::Id::from_u64(1)
        }

        fn record(&self, _: &span::Id, values: &span::Record<'_>) {
            values.record(&mut &*self);
        }

        fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

        fn event(&self, _: &Event<'_>) {}

        fn enter(&self, _: &span::Id) {}

        fn exit(&self, _: &span::Id) {}
    }

    fn fields(endpoint: Endpoint, outcome: CommandOutcome) -> BTreeMap<String, String> {
        let command = ObservedCommand {
            name: "HGET".into(),
            batch: None,
            endpoint: Arc::new(endpoint),
            database: 3,
            started: Instant::now(),
        };
        let recorder = Recorder::default();
        tracing::subscriber::with_default(recorder.clone(), || {
            let observer = SpanObserver::default();
            assert!(observer.is_enabled());
            let observation = observer.started(&command).expect("the recorder wants all");
            let timings = Timings { ended: Duration::from_millis(1), ..Timings::default() };
            observation.ended(&CommandRecord { command, attempts: 2, timings, outcome });
        });
        std::mem::take(&mut recorder.0.lock().unwrap())
    }

    #[test]
    fn fields_follow_the_conventions() {
        let error = Error::from_server(ServerError::new("WRONGTYPE about secret"));
        let outcome = CommandOutcome::Failed(CommandFailure::of(&error));
        let expected = [
            ("db.namespace", "3"),
            ("db.operation.name", "HGET"),
            ("db.response.status_code", "WRONGTYPE"),
            ("db.system.name", "redis"),
            ("error.type", "WRONGTYPE"),
            ("otel.kind", "client"),
            ("otel.name", "HGET host:7000"),
            ("otel.status_code", "ERROR"),
            ("redmux.attempts", "2"),
            ("server.address", "host"),
            ("server.port", "7000"),
        ];
        let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(fields(Endpoint::tcp("host", 7000), outcome), expected.into());
    }

    #[test]
    fn success_leaves_the_error_fields_empty() {
        let unix = "unix:/run/redis.sock".parse().unwrap();
        let fields = fields(unix, CommandOutcome::Succeeded);
        assert_eq!(fields["otel.name"], "HGET /run/redis.sock");
        for absent in ["error.type", "db.response.status_code", "otel.status_code", "server.port"] {
            assert!(!fields.contains_key(absent), "{absent}");
        }
    }

    #[test]
    fn without_a_subscriber_nothing_is_prepared() {
        tracing::subscriber::with_default(tracing::subscriber::NoSubscriber::default(), || {
            let command = ObservedCommand {
                name: "GET".into(),
                batch: None,
                endpoint: Arc::new(Endpoint::tcp("host", 1)),
                database: 0,
                started: Instant::now(),
            };
            assert!(SpanObserver::default().started(&command).is_none());
        });
    }
}
