use std::{
    collections::BTreeMap,
    fmt,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use redmux::observe::SpanObserver;
use redmux_test_support::RedisServer;
use tracing::{
    Event, Metadata, Subscriber,
    field::{Field, Visit},
    span,
};

use super::connect;

/// Keeps spans and events, with their fields
#[derive(Clone, Default)]
pub(super) struct Recorder(Arc<Kept>);

#[derive(Default)]
struct Kept {
    spans: Mutex<BTreeMap<u64, Span>>,
    events: Mutex<Vec<Fields>>,
    last: AtomicU64,
    entered: Mutex<Vec<u64>>,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Span {
    target: String,
    name: String,
    parent: Option<u64>,
    fields: Fields,
    closed: bool,
}

#[derive(Debug, Clone, Default)]
struct Fields(BTreeMap<String, String>);

impl Visit for Fields {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.insert(field.name().to_owned(), format!("{value:?}"));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name().to_owned(), value.to_owned());
    }
}

impl Recorder {
    /// All that was recorded.
    pub(super) fn everything(&self) -> String {
        let events = self.0.events.lock().unwrap().clone();
        format!("{:?} {events:?}", self.0.spans.lock().unwrap())
    }

    pub(super) fn commands(&self) -> Vec<Span> {
        let spans = self.0.spans.lock().unwrap();
        spans.values().filter(|span| span.target == "redmux::commands").cloned().collect()
    }
}

impl Subscriber for Recorder {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target().starts_with("redmux") || metadata.target().starts_with("observability")
    }

    fn new_span(&self, attributes: &span::Attributes<'_>) -> span::Id {
        let id = self.0.last.fetch_add(1, Ordering::SeqCst) + 1;
        let metadata = attributes.metadata();
        let parent = self.0.entered.lock().unwrap().last().copied();
        let mut span = Span {
            target: metadata.target().to_owned(),
            name: metadata.name().to_owned(),
            parent: parent.filter(|_| attributes.is_contextual()),
            ..Span::default()
        };
        attributes.record(&mut span.fields);
        self.0.spans.lock().unwrap().insert(id, span);
        span::Id::from_u64(id)
    }

    fn record(&self, id: &span::Id, values: &span::Record<'_>) {
        let mut spans = self.0.spans.lock().unwrap();
        values.record(&mut spans.get_mut(&id.into_u64()).unwrap().fields);
    }

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, event: &Event<'_>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        self.0.events.lock().unwrap().push(fields);
    }

    fn enter(&self, id: &span::Id) {
        self.0.entered.lock().unwrap().push(id.into_u64());
    }

    fn exit(&self, _: &span::Id) {
        self.0.entered.lock().unwrap().pop();
    }

    fn try_close(&self, id: span::Id) -> bool {
        self.0.spans.lock().unwrap().get_mut(&id.into_u64()).unwrap().closed = true;
        true
    }
}

#[test]
fn each_call_is_a_span_within_that_of_its_caller() {
    let server = RedisServer::start();
    let recorder = Recorder::default();
    tracing::subscriber::with_default(recorder.clone(), || {
        async_std::task::block_on(async {
            let change =
                |options: redmux::Options| options.database(2).observer(SpanObserver::default());
            let db = connect(&server, change).await.database();
            let _outer = tracing::info_span!("request").entered();
            db.set("key", "value").await.unwrap();
            db.incr("key").await.unwrap_err();
            db.transaction((db.get::<String>("key"), db.get::<String>("key"))).all().await.unwrap();
        });
    });
    let spans = recorder.commands();
    let outer =
        recorder.0.spans.lock().unwrap().iter().find(|(_, s)| s.name == "request").map(|s| *s.0);
    assert!(outer.is_some());
    for span in &spans {
        assert_eq!((span.parent, span.closed, &*span.name), (outer, true, "redis"));
    }
    let [set, incr, multi] = &spans[..] else { panic!("{spans:?}") };
    let port = server.port().to_string();
    let field = |span: &Span, name: &str| span.fields.0.get(name).cloned();
    for (name, value) in [
        ("otel.name", &*format!("SET 127.0.0.1:{port}")),
        ("otel.kind", "client"),
        ("db.system.name", "redis"),
        ("db.operation.name", "SET"),
        ("db.namespace", "2"),
        ("server.address", "127.0.0.1"),
        ("server.port", &port),
    ] {
        assert_eq!(field(set, name).as_deref(), Some(value), "{name}");
    }
    assert_eq!(field(set, "error.type"), None);
    for name in ["error.type", "db.response.status_code"] {
        assert_eq!(field(incr, name).as_deref(), Some("ERR"), "{name}");
    }
    assert_eq!(field(incr, "otel.status_code").as_deref(), Some("ERROR"));
    assert_eq!(field(multi, "db.operation.name").as_deref(), Some("MULTI"));
    assert_eq!(field(multi, "db.operation.batch.size").as_deref(), Some("2"));
}
