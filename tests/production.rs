//! The code of `docs/production.md` is that of the example, and the example works.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    fmt::Debug,
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};

use futures::FutureExt;
use redmux::{ConnectionMultiplexer, Delivery, Options, events::log_events};
use redmux_test_support::RedisServer;
use tracing::{
    Level, Metadata, Subscriber,
    field::{Field, Visit},
    span,
};

#[path = "../examples/production.rs"]
mod example;

#[async_std::test]
async fn the_example_runs() {
    let server = RedisServer::start();
    let address = server.addr().to_string();
    example::run(&address).await.unwrap();
    let muxer = ConnectionMultiplexer::connect(address).await.unwrap();
    assert_eq!(example::count_a_visit(&muxer).await.unwrap(), 2);
}

#[async_std::test]
async fn each_error_is_told_apart() {
    let server = RedisServer::start();
    let options = Options::new(server.addr().to_string()).command_timeout(
        Duration::from_millis(300), // until the server that is gone is given up
    );
    let muxer = ConnectionMultiplexer::connect(options).await.unwrap();
    let db = muxer.database();
    db.lpush("list", "x").await.unwrap();
    let error = db.incr("list").await.unwrap_err();
    assert_eq!(example::what_to_do(&error), "correct the program or the data");
    let error = muxer.execute::<()>("SUBSCRIBE", "c").await.unwrap_err();
    assert_eq!(example::what_to_do(&error), "correct the program");
    server.pause();
    let error = db.incr("n").await.unwrap_err();
    assert_eq!(error.delivery(), Delivery::MaybeExecuted);
    assert_eq!(example::what_to_do(&error), "check before trying again");
    server.kill();
    while muxer.is_connected() {
        async_std::task::sleep(Duration::from_millis(5)).await;
    }
    let error = db.incr("n").await.unwrap_err();
    assert_eq!(example::what_to_do(&error), "try again", "{error}");
}

const CHANNEL: &str = "AzureRedisEvents";

#[async_std::test]
async fn the_log_says_what_azure_announces() {
    let server = RedisServer::start();
    let address = server.addr();
    let options = Options::new(address.to_string()).azure_maintenance(true);
    let muxer = ConnectionMultiplexer::connect(options).await.unwrap();
    let log = Lines::default();
    let lines = log.clone();
    let listener =
        example::on_maintenance(muxer.events(), move |line| lines.add(Level::INFO, line));
    let listener = async_std::task::spawn(listener);
    let events = muxer.events();

    let (start, in_ten_minutes) = ten_minutes_ahead();
    let node = "IsReplica|False|IPAddress|13.67.42.199|SSLPort|15001|NonSSLPort|13001";
    let scheduled =
        format!("NotificationType|NodeMaintenanceScheduled|StartTimeInUTC|{start}|{node}");
    let ended = "NotificationType|NodeMaintenanceEnded|StartTimeInUTC||IsReplica|False|IPAddress||SSLPort|15001";
    while server.command(&["PUBSUB", "NUMSUB", CHANNEL]) != format!("{CHANNEL}\n1") {
        async_std::task::sleep(Duration::from_millis(5)).await;
    }
    for payload in [&scheduled, "NotificationType|NodeMaintenanceStart", "no notice\u{1b}", ended] {
        assert_eq!(server.command(&["PUBLISH", CHANNEL, payload]), "1");
    }
    while log.count() < 6 {
        async_std::task::sleep(Duration::from_millis(5)).await;
    }
    muxer.close().await;
    listener.await;

    let planned = format!(
        "server maintenance: {address}: maintenance of the primary is planned for {start}Z, in ",
    );
    let on_its_way = "; connections to it end and a replica takes over (node 13.67.42.199, TLS port 15001, plain port 13001)";
    let starts = format!(
        "server maintenance: {address}: maintenance of a node starts within 5 s; connections to it end, and a \
         replica takes over if it is the primary",
    );
    let unknown =
        format!("server maintenance: {address}: a notice of an unknown type: no notice\\u{{1b}}");
    let over = format!(
        "server maintenance: {address}: maintenance of the primary is over; the node is back (TLS port 15001)"
    );
    let lines = log.lines(Level::INFO);
    assert!(lines[0].starts_with(&planned), "{}", lines[0]);
    assert!(lines[0].ends_with(&format!(" s{on_its_way} [{scheduled:?}]")), "{}", lines[0]);
    let rest = [
        in_ten_minutes.to_owned(),
        format!("{starts} [\"NotificationType|NodeMaintenanceStart\"]"),
        format!("{unknown} [\"no notice\\u{{1b}}\"]"),
        format!("{over} [{ended:?}]"),
        "the warning is gone".to_owned(),
    ];
    assert_eq!(lines[1..], rest);

    // The same through `tracing`, as a warning each.
    let traced = Lines::default();
    tracing::subscriber::with_default(traced.clone(), || {
        log_events(events).now_or_never().expect("the events have ended");
    });
    let lines = traced.lines(Level::WARN);
    assert!(lines[0].starts_with(&planned) && lines[0].ends_with(on_its_way), "{}", lines[0]);
    assert_eq!(lines[1..], [starts, unknown, over]);
    assert_eq!(traced.count(), 4);
}

/// A moment as Azure writes it, and the warning for users.
fn ten_minutes_ahead() -> (String, &'static str) {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    // Up to a minute may pass before it is read.
    let then = now + 10 * 60 + 59;
    let (days, second) = (then / 86400, then % 86400);
    let mut day = days as i64;
    let (mut year, mut month) = (1970_i64, 0);
    let leap = |year: i64| year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    while day >= 365 + i64::from(leap(year)) {
        day -= 365 + i64::from(leap(year));
        year += 1;
    }
    let lengths = [31, 28 + i64::from(leap(year)), 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    while day >= lengths[month] {
        day -= lengths[month];
        month += 1;
    }
    let (month, day) = (month + 1, day + 1);
    let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
    let text = format!("{year}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}");
    (text, "users are warned: slow for a while in 10 min")
}

/// Lines of a log; also takes those of `tracing`
#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<(Level, String)>>>);

impl Lines {
    fn add(&self, level: Level, line: String) {
        self.0.lock().unwrap().push((level, line));
    }

    fn count(&self) -> usize {
        self.0.lock().unwrap().len()
    }

    fn lines(&self, of: Level) -> Vec<String> {
        let lines = self.0.lock().unwrap();
        lines.iter().filter(|(level, _)| *level == of).map(|(_, line)| line.clone()).collect()
    }
}

impl Subscriber for Lines {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.target() == "redmux::events"
    }

    fn new_span(&self, _: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _: &span::Id, _: &span::Record<'_>) {}

    fn record_follows_from(&self, _: &span::Id, _: &span::Id) {}

    fn event(&self, event: &tracing::Event<'_>) {
        let mut message = Message(String::new());
        event.record(&mut message);
        self.add(*event.metadata().level(), message.0);
    }

    fn enter(&self, _: &span::Id) {}

    fn exit(&self, _: &span::Id) {}
}

struct Message(String);

impl Visit for Message {
    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        if field.name() == "message" {
            self.0 = format!("{value:?}");
        }
    }
}

#[test]
fn the_document_quotes_the_example() {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let read = |path: &str| std::fs::read_to_string(root.join(path)).unwrap();
    let squeeze = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let (document, example) =
        (read("docs/production.md"), squeeze(&read("examples/production.rs")));
    let blocks: Vec<&str> =
        document.split("```rust\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect();
    assert!(blocks.len() >= 6, "{}", blocks.len());
    for block in blocks {
        assert!(example.contains(&squeeze(block)), "not in the example:\n{block}");
    }
}
