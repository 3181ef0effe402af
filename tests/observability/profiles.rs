use std::{sync::Arc, sync::Mutex, time::Duration};

use redmux::{
    ConnectionMultiplexer, Delivery, ErrorKind, Options, RetryPolicy,
    observe::{
        CommandObservation, CommandObserver, CommandOutcome, CommandRecord, ObservedCommand,
    },
    options::BacklogPolicy,
};
use redmux_test_support::{RedisServer, lease_port};

use super::{connect, give_up};

fn names(records: &[CommandRecord]) -> Vec<&str> {
    records.iter().map(|record| &*record.command.name).collect()
}

#[async_std::test]
async fn a_session_sees_the_calls_of_its_handles_while_it_lives() {
    let server = RedisServer::start();
    let muxer = connect(&server, |options| options.database(3)).await;
    let session = muxer.profile();
    let db = muxer.database().profiled(&session);
    db.set("key", "value").await.unwrap();
    muxer.database().incr("not seen").await.unwrap();
    db.config_get::<std::collections::HashMap<String, String>>("port").await.unwrap();
    let profile = session.take();
    assert_eq!(names(&profile.records), ["SET", "CONFIG GET"]);
    for record in &profile.records {
        assert_eq!(record.command.endpoint.to_string(), server.addr().to_string());
        assert_eq!((record.command.database, record.attempts), (3, 1));
        assert_eq!(record.outcome, CommandOutcome::Succeeded);
        let timings = &record.timings;
        assert!(timings.queued.unwrap() <= timings.sent.unwrap(), "{record}");
        assert!(timings.sent.unwrap() <= timings.answered.unwrap(), "{record}");
        assert!(timings.answered.unwrap() <= timings.ended, "{record}");
    }
    db.get::<String>("key").await.unwrap();
    assert_eq!(names(&session.finish().records), ["GET"]);
    // The handle goes on without it.
    db.incr("number").await.unwrap();
    let other = muxer.profile();
    let db = db.profiled(&other);
    db.incr("number").await.unwrap();
    assert_eq!(other.finish().records.len(), 1);
}

#[async_std::test]
async fn all_handles_are_profiled_where_the_options_say_so() {
    let server = RedisServer::start();
    let muxer = connect(&server, |options| options.profiling(true)).await;
    let db = muxer.database();
    db.incr("before").await.unwrap();
    let (one, two) = (muxer.profile(), muxer.profile());
    db.incr("both").await.unwrap();
    muxer.execute::<String>("PING", ()).await.unwrap();
    assert_eq!(names(&one.finish().records), ["INCR", "PING"]);
    // Not twice.
    db.profiled(&two).incr("one").await.unwrap();
    assert_eq!(names(&two.finish().records), ["INCR", "PING", "INCR"]);
    db.incr("after").await.unwrap();
    assert_eq!(muxer.profile().take().records.len(), 0);
}

#[async_std::test]
async fn memory_is_bounded_and_what_is_dropped_is_counted() {
    let server = RedisServer::start();
    let muxer = connect(&server, |options| options).await;
    let session = muxer.profile().limit(3);
    let db = muxer.database().profiled(&session);
    for _ in 0..5 {
        db.incr("n").await.unwrap();
    }
    let profile = session.take();
    assert_eq!((profile.records.len(), profile.dropped), (3, 2));
    let text = profile.to_string();
    assert!(text.starts_with("3 commands, 2 not kept\nINCR: 3, failed 0, mean "), "{text}");
    db.incr("n").await.unwrap();
    assert_eq!((session.take().records.len(), session.take().dropped), (1, 0));
}

#[async_std::test]
async fn outcomes_are_told_apart() {
    let server = RedisServer::start();
    let muxer = connect(&server, |options| options).await;
    let session = muxer.profile();
    let db = muxer.database().profiled(&session);
    db.lpush("list", "x").await.unwrap();
    db.incr("list").await.unwrap_err();
    db.set("forgotten", 1).forget().unwrap();
    let calls = (db.incr("a"), db.incr("b"));
    db.transaction(calls).all().await.unwrap();
    redmux::pipeline(vec![db.incr("a"), db.incr("b")]).all().await.unwrap();
    server.pause();
    give_up(db.incr("given up")).await;
    db.get::<String>("late").timeout(Duration::from_millis(50)).await.unwrap_err();
    let records = session.take().records;
    let expected = ["LPUSH", "INCR", "SET", "MULTI", "INCR", "INCR", "INCR", "GET"];
    assert_eq!(names(&records), expected);
    let failure = records[1].outcome.failure().unwrap();
    assert_eq!((failure.kind, failure.code.as_deref()), (ErrorKind::Server, Some("WRONGTYPE")));
    assert_eq!(failure.error_type(), "WRONGTYPE");
    assert!(records[1].timings.answered.is_some());
    assert_eq!(records[2].outcome, CommandOutcome::Forgotten);
    assert_eq!(records[3].command.batch, Some(2));
    assert_eq!(records[3].outcome, CommandOutcome::Succeeded);
    assert!(records[4..6].iter().all(|record| record.timings.answered.is_some()));
    assert_eq!(records[6].outcome, CommandOutcome::Abandoned);
    assert!(records[6].timings.answered.is_none());
    let failure = records[7].outcome.failure().unwrap();
    assert_eq!((failure.error_type(), failure.delivery), ("timeout", Delivery::MaybeExecuted));
    let timings = records[7].timings;
    assert!(timings.sent.is_some() && timings.answered.is_none(), "{timings}");
    assert!(timings.ended >= Duration::from_millis(50), "{timings}");
    server.resume();
}

#[async_std::test]
async fn attempts_are_one_record() {
    let port = lease_port(None).unwrap();
    let options = Options::new(port.addr().to_string())
        .abort_on_connect_fail(false)
        .backlog(BacklogPolicy::FailFast);
    let muxer = ConnectionMultiplexer::connect(options).await.unwrap();
    let session = muxer.profile();
    let policy = RetryPolicy::new().attempts(3).backoff(Duration::ZERO, Duration::ZERO);
    let db = muxer.database().with_retry(policy).profiled(&session);
    db.get::<String>("key").await.unwrap_err();
    let records = session.finish().records;
    assert_eq!((records.len(), records[0].attempts), (1, 3), "{records:?}");
    let failure = records[0].outcome.failure().unwrap();
    assert_eq!((failure.error_type(), failure.delivery), ("connection_lost", Delivery::NotSent));
    assert_eq!((records[0].timings.queued, records[0].timings.sent), (None, None));
}

/// Notes each call, of those that it wants.
#[derive(Clone, Default)]
struct Notes(Arc<Mutex<Vec<String>>>);

impl CommandObserver for Notes {
    fn started(&self, command: &ObservedCommand) -> Option<Box<dyn CommandObservation>> {
        self.0.lock().unwrap().push(format!("{} begins", command.name));
        (command.name != "PING").then(|| Box::new(self.clone()) as Box<dyn CommandObservation>)
    }
}

impl CommandObservation for Notes {
    fn ended(self: Box<Self>, record: &CommandRecord) {
        self.0.lock().unwrap().push(format!("{} {}", record.command.name, record.outcome));
    }
}

#[async_std::test]
async fn observers_of_ones_own_see_every_call() {
    let server = RedisServer::start();
    let (all, some) = (Notes::default(), Notes::default());
    let muxer = connect(&server, |options| options.observer(all.clone())).await;
    muxer.execute::<String>("PING", ()).await.unwrap();
    let db = muxer.database();
    db.with_observer(some.clone()).set("key", "value").await.unwrap();
    drop(db.get::<String>("never polled"));
    let lease = muxer.lease().await.unwrap();
    lease.database().incr("key").await.unwrap_err();
    let all = std::mem::take(&mut *all.0.lock().unwrap());
    let expected =
        ["PING begins", "SET begins", "SET succeeded", "INCR begins", "INCR failed: ERR"];
    assert_eq!(all, expected);
    assert_eq!(*some.0.lock().unwrap(), ["SET begins", "SET succeeded"]);
}

/// Panics at one moment or the other.
struct Panics {
    at_once: bool,
}

impl CommandObserver for Panics {
    fn started(&self, _: &ObservedCommand) -> Option<Box<dyn CommandObservation>> {
        assert!(!self.at_once, "this test wants it");
        Some(Box::new(Self { at_once: true }))
    }
}

impl CommandObservation for Panics {
    fn ended(self: Box<Self>, _: &CommandRecord) {
        panic!("this test wants it")
    }
}

#[async_std::test]
async fn observers_that_panic_are_reported_and_harm_no_call() {
    let server = RedisServer::start();
    for at_once in [true, false] {
        let muxer = connect(&server, |options| options.observer(Panics { at_once })).await;
        let mut events = muxer.events();
        let db = muxer.database();
        redmux::pipeline((db.incr("n"), db.decr("n"))).all().await.unwrap();
        // Both are dropped with one pipeline that is not awaited to its end.
        let both = redmux::pipeline((db.incr("n"), db.decr("n"))).all();
        let both = futures::future::select(Box::pin(both.into_future()), std::future::ready(()));
        drop(both.await);
        let told = std::iter::from_fn(|| {
            futures::FutureExt::now_or_never(futures::StreamExt::next(&mut events)).flatten()
        });
        let told = told.filter(|event| {
            matches!(event, redmux::Event::InternalError(error) if error.origin == "command observer")
        });
        assert!(told.count() >= 2, "at once: {at_once}");
        muxer.close().await;
    }
}
