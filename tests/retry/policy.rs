//! What is sent again, how often, and for how long.

use std::{
    pin::Pin,
    task::{Context, Poll, Waker},
    time::Duration,
};

use redmux::{
    Delivery, ErrorKind, RetryPolicy,
    command::SideEffects,
    error::TimeoutStage,
    options::{BacklogPolicy, ConstantDelay},
    resp::Value,
    transport::{DialError, DialStage},
};
use redmux_memory::DialAnswer;

use crate::scripted::{
    Answer::{HangUp, Late, Reply},
    LOADING, OK, Scene, options,
};

const SECOND: Duration = Duration::from_secs(1);

/// Waits between attempts without an end to them.
fn patient() -> RetryPolicy {
    RetryPolicy::new().attempts(1000).backoff(SECOND / 10, SECOND / 10)
}

#[test]
fn reads_are_sent_again_when_the_connection_breaks_and_writes_as_allowed() {
    let scene = Scene::new(options());
    let db = scene.db.with_retry(RetryPolicy::new());
    scene.next([HangUp, HangUp, Reply("$1\r\nv\r\n")]);
    assert_eq!(scene.runtime.block_on(db.get::<String>("k")).unwrap().unwrap(), "v");
    assert_eq!(scene.seen(), ["GET k", "GET k", "GET k"]);

    scene.next([HangUp]);
    let error = scene.runtime.block_on(db.set("k", "v")).unwrap_err();
    assert_eq!(error.delivery(), Delivery::MaybeExecuted);
    assert_eq!(scene.seen(), ["SET k v"]);

    let bold = RetryPolicy::new().up_to(SideEffects::WriteLastWins);
    scene.next([HangUp]);
    scene.runtime.block_on(db.set("k", "v").retry(&bold)).unwrap();
    assert_eq!(scene.seen(), ["SET k v", "SET k v"]);

    scene.next([HangUp]);
    let error = scene.runtime.block_on(db.incr("n").retry(&bold)).unwrap_err();
    assert_eq!(error.delivery(), Delivery::MaybeExecuted);
    assert_eq!(scene.seen(), ["INCR n"]);
}

#[test]
fn passing_answers_are_waited_out_longer_each_time_and_not_for_ever() {
    let scene = Scene::new(options());
    scene.always(LOADING);
    let policy = RetryPolicy::new().attempts(6).backoff(SECOND / 10, SECOND / 5);
    let error = scene.runtime.block_on(scene.db.incr("n").retry(&policy)).unwrap_err();
    assert_eq!(error.server().unwrap().code(), "LOADING");
    let times: Vec<Duration> = scene.seen_at().into_iter().map(|(time, _)| time).collect();
    assert_eq!(times.len(), 6);
    let waits: Vec<Duration> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let bounds = [1, 2, 2, 2, 2].map(|tenths| SECOND / 10 * tenths + SECOND / 500);
    assert!(waits.iter().zip(bounds).all(|(wait, bound)| *wait <= bound), "{waits:?}");
    // Full jitter: no two alike.
    assert!(waits.windows(2).all(|pair| pair[0] != pair[1]), "{waits:?}");
}

#[test]
fn all_attempts_together_have_the_time_of_the_call() {
    let scene = Scene::new(options());
    scene.always(LOADING);
    let start = scene.runtime.elapsed();
    let call = scene.db.incr("n").timeout(SECOND).retry(&patient());
    let error = scene.runtime.block_on(call).unwrap_err();
    assert!(error.is_server(), "{error}");
    let took = scene.runtime.elapsed() - start;
    assert!(took <= SECOND && took > SECOND / 2, "{took:?}");
    assert!(scene.seen().len() > 5);

    // The last attempt has what is left.
    scene.next([LOADING, LOADING, Late(5 * SECOND)]);
    let start = scene.runtime.elapsed();
    let call = scene.db.get::<String>("k").timeout(SECOND).retry(&patient());
    let error = scene.runtime.block_on(call).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout(TimeoutStage::Response));
    let took = scene.runtime.elapsed() - start;
    assert!(took >= SECOND && took <= SECOND + SECOND / 500, "{took:?}");
}

#[test]
fn with_a_time_for_all_each_attempt_has_its_own() {
    let scene = Scene::new(options());
    scene.next([Late(SECOND * 9 / 10), OK]);
    let policy = patient().within(10 * SECOND);
    let call = scene.db.get::<String>("k").timeout(SECOND / 2).retry(&policy);
    let start = scene.runtime.elapsed();
    assert_eq!(scene.runtime.block_on(call).unwrap().unwrap(), "OK");
    let took = scene.runtime.elapsed() - start;
    assert!(took >= SECOND * 9 / 10 && took <= SECOND, "{took:?}");
    assert_eq!(scene.seen().len(), 2);

    // And no attempt outlasts all.
    scene.always(Late(SECOND));
    let policy = patient().within(SECOND);
    let call = scene.db.get::<String>("k").timeout(SECOND * 2 / 3).retry(&policy);
    let start = scene.runtime.elapsed();
    assert!(scene.runtime.block_on(call).unwrap_err().is_timeout());
    let took = scene.runtime.elapsed() - start;
    assert!(took >= SECOND * 2 / 3 && took <= SECOND + SECOND / 500, "{took:?}");
}

#[test]
fn what_would_fail_again_is_sent_once() {
    let scene = Scene::new(options());
    let db = scene.db.with_retry(patient().up_to(SideEffects::ServerAdmin));
    scene.next([Reply("-WRONGTYPE no\r\n")]);
    assert!(scene.runtime.block_on(db.incr("n")).unwrap_err().is_server());
    scene.next([Reply("$3\r\nabc\r\n")]);
    let error = scene.runtime.block_on(db.get::<i64>("n")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Decode);
    scene.next([LOADING]);
    assert!(scene.runtime.block_on(db.execute::<()>("NO.SUCH", ())).unwrap_err().is_server());
    let error = scene.runtime.block_on(db.execute::<()>("SUBSCRIBE", ["c"])).unwrap_err();
    assert!(error.is_rejected());
    assert_eq!(scene.seen(), ["INCR n", "GET n", "NO.SUCH"]);
}

#[test]
fn an_error_is_an_error_also_where_the_reply_s_type_could_hold_it() {
    let scene = Scene::new(options());
    let call = || scene.db.execute::<Value>("INCR", ["n"]);
    let ok = Value::Simple("OK".into());
    scene.next([LOADING, LOADING]);
    assert_eq!(scene.runtime.block_on(call().retry(&patient())).unwrap(), ok);
    assert_eq!(scene.seen().len(), 3);
    // At the end, and without a policy, it is the value.
    scene.next([LOADING, LOADING]);
    let twice = patient().attempts(2);
    assert!(matches!(scene.runtime.block_on(call().retry(&twice)), Ok(Value::Error(_))));
    scene.next([LOADING]);
    assert!(matches!(scene.runtime.block_on(call()), Ok(Value::Error(_))));
    assert_eq!(scene.seen().len(), 3);
}

#[test]
fn a_call_goes_by_its_own_policy() {
    let scene = Scene::new(options());
    let db = scene.db.with_retry(patient());
    scene.next([LOADING]);
    assert!(scene.runtime.block_on(db.incr("n").retry(&RetryPolicy::none())).is_err());
    scene.next([LOADING]);
    scene.runtime.block_on(db.set("k", "v")).unwrap();
    // Another handle knows nothing of it.
    scene.next([LOADING]);
    assert!(scene.runtime.block_on(scene.db.incr("n")).is_err());
    // A call that is forgotten is not sent again.
    scene.seen();
    scene.next([LOADING]);
    db.incr("n").forget().unwrap();
    scene.sleep(SECOND);
    assert_eq!(scene.seen(), ["INCR n"]);
}

#[test]
fn commands_wait_for_a_connection_that_is_gone() {
    let options = options().backlog(BacklogPolicy::FailFast);
    let scene = Scene::new(options.reconnect_policy(ConstantDelay(SECOND)));
    scene.next([HangUp]);
    let db = scene.db.with_retry(patient().within(10 * SECOND));
    scene.listener.decide(|_| {
        let refused = std::io::Error::from(std::io::ErrorKind::ConnectionRefused);
        DialAnswer::Refuse(DialError::new(DialStage::Dial, refused))
    });
    assert!(scene.runtime.block_on(scene.db.incr("n")).is_err());
    let start = scene.runtime.elapsed();
    let error = scene.runtime.block_on(db.incr("n").retry(&patient().within(SECOND / 2)));
    assert_eq!(error.unwrap_err().delivery(), Delivery::NotSent);
    assert!(scene.runtime.elapsed() - start <= SECOND / 2);

    scene.listener.decide(|_| DialAnswer::Accept);
    scene.seen();
    scene.next([Reply(":1\r\n")]);
    assert_eq!(scene.runtime.block_on(db.incr("n")).unwrap(), 1);
    assert_eq!(scene.seen(), ["INCR n"]);
}

#[test]
fn attempts_without_a_pause_end_too() {
    let options = options().backlog(BacklogPolicy::FailFast);
    let scene = Scene::new(options.reconnect_policy(ConstantDelay(3600 * SECOND)));
    scene.listener.decide(|_| {
        let refused = std::io::Error::from(std::io::ErrorKind::ConnectionRefused);
        DialAnswer::Refuse(DialError::new(DialStage::Dial, refused))
    });
    scene.next([HangUp]);
    assert!(scene.runtime.block_on(scene.db.incr("n")).is_err());
    let policy = RetryPolicy::new().attempts(100_000).backoff(Duration::ZERO, Duration::ZERO);
    let call = scene.db.incr("n").retry(&policy);
    assert_eq!(scene.runtime.block_on(call).unwrap_err().delivery(), Delivery::NotSent);
}

#[test]
fn a_call_that_is_dropped_between_attempts_is_over() {
    let scene = Scene::new(options());
    scene.always(LOADING);
    let db = scene.muxer.database();
    let mut call = db.incr("n").retry(&patient());
    let cx = &mut Context::from_waker(Waker::noop());
    assert!(Pin::new(&mut call).poll(cx).is_pending());
    scene.sleep(SECOND / 1000);
    assert!(Pin::new(&mut call).poll(cx).is_pending());
    drop(call);
    scene.sleep(SECOND);
    assert_eq!(scene.seen(), ["INCR n"]);
}

#[test]
fn closing_ends_it() {
    let scene = Scene::new(options());
    scene.always(LOADING);
    let db = scene.muxer.database();
    let mut call = db.incr("n").retry(&patient().within(3600 * SECOND));
    let cx = &mut Context::from_waker(Waker::noop());
    assert!(Pin::new(&mut call).poll(cx).is_pending());
    scene.sleep(SECOND / 1000);
    assert!(Pin::new(&mut call).poll(cx).is_pending());
    let start = scene.runtime.elapsed();
    scene.runtime.block_on(scene.muxer.close());
    let error = scene.runtime.block_on(call).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Closed);
    assert!(scene.runtime.elapsed() - start < SECOND);
    assert_eq!(scene.seen().len(), 1);
}

#[test]
fn calls_of_a_pipeline_are_sent_again_each_for_itself() {
    let scene = Scene::new(options());
    scene.next([LOADING, OK, OK, OK]);
    let db = scene.db.with_retry(patient());
    let calls: Vec<_> = ["a", "b", "c"].iter().map(|key| db.set(key, 1)).collect();
    let results = scene.runtime.block_on(redmux::pipeline(calls));
    assert!(results.iter().all(Result::is_ok), "{results:?}");
    assert_eq!(scene.seen(), ["SET a 1", "SET b 1", "SET c 1", "SET a 1"]);
}

#[test]
fn a_call_may_be_awaited_once() {
    let scene = Scene::new(options());
    let db = scene.muxer.database();
    let mut call = db.set("k", 1).retry(&patient());
    scene.runtime.block_on(&mut call).unwrap();
    assert!(scene.runtime.block_on(&mut call).unwrap_err().is_rejected());
    let cx = &mut Context::from_waker(Waker::noop());
    assert!(matches!(Pin::new(&mut call).poll(cx), Poll::Ready(Err(_))));
    assert_eq!(scene.seen().len(), 1);
}
