//! Half-open connections: nothing comes back, and nobody says why.

use std::time::{Duration, Instant};

use redmux::{
    ConnectionMultiplexer, Delivery, ErrorKind, Options,
    events::{ConnectionType, FailureType},
};
use redmux_test_support::{Cut, Direction, Fault};

use crate::{Rig, Told, comes_back, hold_against, mark, next_failure, restored, within};

/// What is set below, together, and much more for a busy machine.
const LEAST: Duration = Duration::from_millis(400);
const MOST: Duration = Duration::from_secs(10);

fn watchful(rig: &Rig) -> Options {
    rig.options()
        .keep_alive(Duration::from_millis(200))
        .probe_after(Duration::from_millis(200))
        .probe_timeout(Duration::from_millis(200))
}

async fn connect(rig: &Rig) -> ConnectionMultiplexer {
    ConnectionMultiplexer::connect(watchful(rig)).await.unwrap()
}

#[async_std::test]
async fn an_idle_connection_that_has_gone_silent_is_replaced() {
    let rig = Rig::start();
    let muxer = connect(&rig).await;
    for way in [Direction::Requests, Direction::Replies] {
        let mut events = muxer.events();
        rig.proxy.stall(way);
        let start = Instant::now();
        let failed = next_failure(&mut events).await;
        assert_eq!(failed.failure, FailureType::Unresponsive, "{}", failed.error);
        assert_eq!(
            (failed.connection_type, failed.maybe_executed),
            (ConnectionType::Interactive, 0)
        );
        assert!(start.elapsed() < MOST, "{:?}", start.elapsed());
        comes_back(&muxer).await;
    }
}

#[async_std::test]
async fn calls_on_a_silent_connection_fail_once_and_the_next_one_works() {
    let rig = Rig::start();
    let muxer = connect(&rig).await;
    for way in [Direction::Requests, Direction::Replies] {
        let list = format!("{way:?}");
        rig.proxy.stall(way);
        let start = Instant::now();
        let told = crate::push_all(&muxer, &list, 10).await;
        assert!((LEAST..MOST).contains(&start.elapsed()), "{:?}", start.elapsed());
        for (_, outcome) in &told {
            let error = outcome.as_ref().unwrap().as_ref().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::ConnectionLost, "{error}");
            assert_eq!(error.delivery(), Delivery::MaybeExecuted);
        }
        comes_back(&muxer).await;
        hold_against(&rig.marks(&list), &told);
    }
}

#[async_std::test]
async fn what_was_lost_in_silence_may_run_late_but_once() {
    let rig = Rig::start();
    let muxer = connect(&rig).await;
    rig.proxy.stall(Direction::Requests);
    // The first connection keeps its requests, as a network does that delivers late.
    rig.proxy.fault(Direction::Requests, 0, Fault::Stall);
    let mut told = crate::push_all(&muxer, "list", 5).await;
    rig.proxy.forgive();
    let second = muxer.execute::<i64>("RPUSH", ("list", "second")).await;
    told.push(("second".into(), Some(second)));
    assert_eq!(rig.marks("list"), ["second"]);
    rig.proxy.resume(Direction::Requests);
    crate::until("the old connection ends", || rig.proxy.open() == 1).await;
    hold_against(&rig.marks("list"), &told);
    comes_back(&muxer).await;
}

#[async_std::test]
async fn steady_sending_does_not_hide_that_nothing_comes_back() {
    let rig = Rig::start();
    let muxer = connect(&rig).await;
    let mut events = muxer.events();
    rig.proxy.stall(Direction::Replies);
    let start = Instant::now();
    let mut calls = Vec::new();
    for n in 0.. {
        let muxer = muxer.clone();
        calls.push(async_std::task::spawn(async move {
            (mark(n), Some(muxer.execute::<i64>("RPUSH", ("list", mark(n))).await))
        }));
        crate::sleep(10).await;
        if rig.proxy.accepted() > 1 {
            break;
        }
        assert!(start.elapsed() < MOST);
    }
    assert_eq!(next_failure(&mut events).await.failure, FailureType::Unresponsive);
    let told: Vec<Told> = within(futures::future::join_all(calls)).await;
    comes_back(&muxer).await;
    let tally = hold_against(&rig.marks("list"), &told);
    assert!(tally.maybe > 0 && tally.not_sent == 0, "{tally:?}");
}

#[async_std::test]
async fn a_patient_call_is_not_taken_for_a_dead_peer() {
    let rig = Rig::start();
    let muxer = connect(&rig).await;
    rig.server.pause();
    let patient = muxer.execute::<i64>("INCR", ["n"]).timeout(Duration::from_secs(20));
    let (result, ()) = within(futures::future::join(patient, async {
        crate::sleep(1000).await;
        rig.server.resume();
    }))
    .await;
    assert_eq!(result.unwrap(), 1);
    assert_eq!(rig.proxy.accepted(), 1);
}

#[async_std::test]
async fn the_patience_of_a_call_ends_with_the_call() {
    let rig = Rig::start();
    let muxer = connect(&rig).await;
    // One is answered while others are in flight; one is given up.
    for given_up in [false, true] {
        let mut events = muxer.events();
        if given_up {
            rig.proxy.stall(Direction::Replies);
        }
        let forever = muxer.execute::<String>("ECHO", ["x"]).timeout(Duration::MAX);
        let short = muxer.execute::<i64>("INCR", ["n"]);
        let forever = async_std::future::timeout(Duration::from_millis(50), forever);
        if given_up {
            assert!(forever.await.is_err());
        } else {
            rig.proxy.fault(Direction::Replies, "$1\r\nx\r\n".len() as u64, Fault::Stall);
            let (forever, short) = within(futures::future::join(forever, short)).await;
            assert_eq!(forever.unwrap().unwrap(), "x");
            assert_eq!(short.unwrap_err().kind(), ErrorKind::ConnectionLost);
        }
        let failed = next_failure(&mut events).await;
        assert_eq!(failed.failure, FailureType::Unresponsive, "{}", failed.error);
        comes_back(&muxer).await;
    }
}

#[async_std::test]
async fn the_patience_of_a_call_ends_with_its_connection() {
    let rig = Rig::start();
    let muxer = connect(&rig).await;
    rig.proxy.stall(Direction::Replies);
    let forever = muxer.execute::<String>("ECHO", ["x"]).timeout(Duration::MAX);
    let cut = async {
        crate::sleep(50).await;
        rig.proxy.cut(Cut::Rst);
    };
    let (forever, ()) = within(futures::future::join(forever, cut)).await;
    assert_eq!(forever.unwrap_err().delivery(), Delivery::MaybeExecuted);
    let mut events = muxer.events();
    restored(&mut events).await;
    rig.proxy.stall(Direction::Replies);
    let error = within(muxer.execute::<i64>("INCR", ["n"])).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionLost, "{error}");
    comes_back(&muxer).await;
}

#[async_std::test]
async fn who_waits_for_ever_for_a_probe_sends_one() {
    let rig = Rig::start();
    let options = watchful(&rig).probe_timeout(Duration::MAX);
    let muxer = ConnectionMultiplexer::connect(options).await.unwrap();
    rig.proxy.stall(Direction::Replies);
    crate::sleep(1000).await;
    let state = muxer.status().connections[0].diagnostics.clone();
    assert_eq!((state.in_flight, state.queued), (1, 0), "{state:?}");
    rig.proxy.resume(Direction::Replies);
    comes_back(&muxer).await;
    assert_eq!(rig.proxy.accepted(), 1);
}
