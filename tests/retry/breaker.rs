//! The circuit breaker, seen from outside.

use std::{
    pin::Pin,
    task::{Context, Waker},
    time::Duration,
};

use futures::{FutureExt, StreamExt};
use redmux::{Delivery, ErrorKind, Event, Events, RetryPolicy, options::CircuitBreaker};

use crate::scripted::{
    Answer,
    Answer::{HangUp, Late},
    OK, Scene, options,
};

const SECOND: Duration = Duration::from_secs(1);

/// Too late for the time that commands have here.
const SILENCE: Answer = Late(Duration::from_millis(1500));

fn scene(breaker: CircuitBreaker) -> Scene {
    Scene::new(options().command_timeout(SECOND).circuit_breaker(breaker))
}

/// What the circuit breaker has said, as the beginnings of its lines.
fn said(events: &mut Events) -> Vec<String> {
    let mut said = Vec::new();
    while let Some(Some(event)) = events.next().now_or_never() {
        if matches!(event, Event::CircuitOpened(_) | Event::CircuitClosed(_)) {
            said.push(event.to_string());
        }
    }
    said
}

#[test]
fn forgotten_calls_are_not_the_one_to_see_by_and_pass_when_it_is_time() {
    let scene = scene(CircuitBreaker::new().failures(1).pause(2 * SECOND));
    let db = scene.muxer.database();
    scene.next([SILENCE]);
    assert!(scene.runtime.block_on(db.incr("n")).unwrap_err().is_timeout());
    let error = db.incr("n").forget().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::CircuitOpen, "{error}");
    scene.sleep(2 * SECOND);
    scene.seen();
    // A program that only forgets goes on as soon as the server may be back.
    for _ in 0..3 {
        db.incr("n").forget().unwrap();
    }
    // And the turn is still to be had.
    scene.runtime.block_on(async { db.set("k", 1).await }).unwrap();
    scene.runtime.block_on(async { db.set("k", 2).await }).unwrap();
    assert_eq!(scene.seen(), ["INCR n", "INCR n", "INCR n", "SET k 1", "SET k 2"]);
}

#[test]
fn it_opens_fails_fast_tries_one_and_closes() {
    let scene = scene(CircuitBreaker::new().failures(3).pause(2 * SECOND));
    let mut events = scene.muxer.events();
    let db = scene.muxer.database();
    scene.always(SILENCE);
    for _ in 0..3 {
        assert!(scene.runtime.block_on(db.incr("n")).unwrap_err().is_timeout());
    }
    let said_first = said(&mut events);
    assert_eq!(said_first.len(), 1);
    assert!(
        said_first[0].starts_with("circuit opened: scripted:1 for 2000 ms: INCR"),
        "{said_first:?}"
    );

    let start = scene.runtime.elapsed();
    for _ in 0..100 {
        let error = scene.runtime.block_on(db.incr("n")).unwrap_err();
        assert_eq!((error.kind(), error.delivery()), (ErrorKind::CircuitOpen, Delivery::NotSent));
        assert!(error.is_rejected() && error.is_retryable(), "{error}");
    }
    assert_eq!(scene.runtime.elapsed(), start);

    // One goes through, and fails: the next pause.
    scene.sleep(2 * SECOND);
    assert_eq!(scene.seen().len(), 3);
    let probe = async {
        let mut one = db.incr("n");
        let cx = &mut Context::from_waker(Waker::noop());
        assert!(Pin::new(&mut one).poll(cx).is_pending());
        assert_eq!(db.incr("n").await.unwrap_err().kind(), ErrorKind::CircuitOpen);
        one.await
    };
    assert!(scene.runtime.block_on(probe).unwrap_err().is_timeout());
    scene.sleep(SECOND);
    assert_eq!(scene.runtime.block_on(db.incr("n")).unwrap_err().kind(), ErrorKind::CircuitOpen);
    assert!(said(&mut events).is_empty());

    // One goes through, and is answered.
    scene.sleep(SECOND);
    scene.always(OK);
    scene.runtime.block_on(db.set("k", 1)).unwrap();
    scene.runtime.block_on(db.set("k", 1)).unwrap();
    let said_last = said(&mut events);
    assert_eq!(said_last.len(), 1);
    assert!(said_last[0].starts_with("circuit closed: scripted:1 after"), "{said_last:?}");
}

#[test]
fn one_broken_connection_is_one_failure() {
    let scene = scene(CircuitBreaker::new().failures(2));
    let db = scene.muxer.database();
    scene.next([HangUp]);
    let calls: Vec<_> = (0..50).map(|n| db.get::<String>(n)).collect();
    let results = scene.runtime.block_on(redmux::pipeline(calls));
    assert!(results.iter().filter(|result| result.is_err()).count() > 1);
    scene.runtime.block_on(db.set("k", 1)).unwrap();
}

#[test]
fn a_probe_that_is_dropped_is_followed_by_another() {
    let scene = scene(CircuitBreaker::new().failures(1).pause(SECOND));
    let db = scene.muxer.database();
    scene.next([SILENCE]);
    assert!(scene.runtime.block_on(db.incr("n")).unwrap_err().is_timeout());
    scene.sleep(SECOND);
    let mut probe = db.incr("n");
    assert!(Pin::new(&mut probe).poll(&mut Context::from_waker(Waker::noop())).is_pending());
    drop(probe);
    assert_eq!(scene.runtime.block_on(db.incr("n")).unwrap_err().kind(), ErrorKind::CircuitOpen);
    scene.sleep(SECOND);
    scene.always(OK);
    scene.runtime.block_on(db.set("k", 1)).unwrap();
}

#[test]
fn errors_of_the_server_are_answers() {
    let scene = scene(CircuitBreaker::new().failures(1));
    scene.always(Answer::Reply("-ERR no\r\n"));
    for _ in 0..5 {
        let error = scene.runtime.block_on(scene.db.incr("n")).unwrap_err();
        assert!(error.is_server(), "{error}");
    }
}

#[test]
fn who_retries_outlasts_an_open_circuit() {
    let scene = scene(CircuitBreaker::new().failures(1).pause(SECOND));
    scene.next([SILENCE]);
    assert!(scene.runtime.block_on(scene.db.incr("n")).unwrap_err().is_timeout());
    let policy = RetryPolicy::new().attempts(100).within(10 * SECOND);
    scene.runtime.block_on(scene.db.set("k", 1).retry(&policy)).unwrap();
}

#[test]
fn execute_and_leases_are_counted_too() {
    let scene = scene(CircuitBreaker::new().failures(2).pause(3600 * SECOND));
    scene.always(SILENCE);
    for _ in 0..2 {
        let call = scene.muxer.execute::<i64>("INCR", ["n"]);
        assert!(scene.runtime.block_on(call).unwrap_err().is_timeout());
    }
    let error = scene.runtime.block_on(scene.muxer.execute::<i64>("INCR", ["n"])).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::CircuitOpen);
    assert!(!error.to_string().contains(" n"), "{error}");
}
