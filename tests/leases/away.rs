//! The server is away: what leases a connection waits for it, and dials no more than the policy says.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use futures::StreamExt;
use redmux::{
    Delivery, ErrorKind, Options, RetryPolicy,
    database::{BlockFor, streams::XreadGroupOptions, transactions::Condition},
    error::TimeoutStage,
    options::{BacklogPolicy, CircuitBreaker, ConstantDelay},
    transport::{BoxFuture, Runtime},
};

use crate::fleet::{Fleet, SECOND};

/// Redials every 500 ms.
fn options() -> Options {
    Options::new("one:1").reconnect_policy(ConstantDelay(SECOND / 2))
}

/// Each way to lease, once.
fn lease(fleet: &Fleet, how: usize) -> BoxFuture<'static, redmux::Result<()>> {
    let (muxer, db) = (fleet.muxer.clone(), fleet.muxer.database());
    Box::pin(async move {
        match how {
            0 => db.blpop::<String, String>("k", BlockFor::Forever).await.map(drop),
            1 => {
                let read = db.xreadgroup_block::<String>(
                    "g",
                    "c",
                    ("s", ">"),
                    XreadGroupOptions::new(),
                    BlockFor::Forever,
                );
                read.await.map(drop)
            }
            2 => {
                let watch = db.watch("k").run(async |db| {
                    db.transaction((db.set("k", 1),)).all().await?;
                    Ok(())
                });
                watch.await
            }
            3 => {
                let calls = (db.set("k", 1),);
                db.transaction(calls).when(!Condition::key_exists("k")).all().await.map(drop)
            }
            4 => muxer.lease().await.map(drop),
            _ => muxer.monitor().await.map(drop),
        }
    })
}

const WAYS: usize = 6;

#[test]
fn what_leases_waits_for_the_server_and_dials_nothing_meanwhile() {
    let fleet = Fleet::new(options());
    fleet.stop("one:1");
    let before = fleet.dials();
    let (done, failed) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    for how in 0..WAYS {
        let (lease, done, failed) = (lease(&fleet, how), done.clone(), failed.clone());
        fleet.runtime.spawn(Box::pin(async move {
            match lease.await {
                Ok(()) => done.fetch_add(1, Ordering::SeqCst),
                Err(_) => failed.fetch_add(1, Ordering::SeqCst),
            };
        }));
    }
    fleet.sleep(2 * SECOND);
    let counts = || (done.load(Ordering::SeqCst), failed.load(Ordering::SeqCst));
    assert_eq!(counts(), (0, 0), "all wait");
    // The shared connection's: at once, and then one in 500 ms.
    let dials = fleet.dials() - before;
    assert!((4..=6).contains(&dials), "{dials} dials in 2 s");
    fleet.accept("one:1");
    fleet.sleep(SECOND);
    fleet.push("one:1");
    assert_eq!(counts(), (WAYS, 0));
}

#[test]
fn a_loop_of_workers_dials_as_rarely_as_the_policy_says() {
    for how in 0..WAYS {
        // Away altogether, or only for new connections while the shared one is well.
        for stops in [true, false] {
            let fleet = Fleet::new(options().command_timeout(SECOND));
            if stops {
                fleet.stop("one:1");
            } else {
                fleet.refuse("one:1");
            }
            let before = fleet.dials();
            let tries = Arc::new(AtomicUsize::new(0));
            for _ in 0..4 {
                let (leases, tries) =
                    ((0..1000).map(|_| lease(&fleet, how)).collect::<Vec<_>>(), tries.clone());
                fleet.runtime.spawn(Box::pin(async move {
                    for lease in leases {
                        lease.await.unwrap_err();
                        tries.fetch_add(1, Ordering::SeqCst);
                    }
                }));
            }
            fleet.sleep(10 * SECOND + SECOND / 4);
            let (dials, tries) = (fleet.dials() - before, tries.load(Ordering::SeqCst));
            assert!(dials <= 23, "{how}, {stops}: {dials} dials in 10 s");
            assert_eq!(tries, 40, "{how}, {stops}: each has its second, and no more");
        }
    }
}

#[test]
fn connections_that_open_and_are_lost_at_once_are_no_faster() {
    let fleet = Fleet::new(options());
    fleet.be_deadly();
    let before = fleet.dials();
    let db = fleet.muxer.database();
    fleet.runtime.spawn(Box::pin(async move {
        for _ in 0..1000 {
            let popped = db.blpop::<String, String>("k", BlockFor::Forever).await;
            assert_eq!(popped.unwrap_err().kind(), ErrorKind::ConnectionLost);
        }
    }));
    fleet.sleep(10 * SECOND + SECOND / 4);
    let dials = fleet.dials() - before;
    assert!((18..=23).contains(&dials), "{dials} dials in 10 s");
}

#[test]
fn callers_that_give_up_early_dial_no_faster() {
    let fleet = Fleet::new(options().command_timeout(SECOND / 100));
    fleet.refuse("one:1");
    let before = fleet.dials();
    fleet.run(async {
        for _ in 0..500 {
            fleet.muxer.lease().await.unwrap_err();
        }
    });
    let dials = fleet.dials() - before;
    assert!(dials <= 12, "{dials} dials in 5 s");
}

#[test]
fn the_error_says_what_was_waited_for() {
    let fleet = Fleet::new(options().max_leased(3));
    let leases = fleet.run(async {
        let mut leases = Vec::new();
        for _ in 0..3 {
            leases.push(fleet.muxer.lease().await.unwrap());
        }
        leases
    });
    let told = || {
        let error = fleet.run(fleet.muxer.database().blpop::<String, String>("k", SECOND));
        let error = error.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Timeout(TimeoutStage::Queue));
        assert_eq!((error.delivery(), error.command_name()), (Delivery::NotSent, Some("BLPOP")));
        error.to_string()
    };
    let error = told();
    assert!(error.contains("all 3 connections that maxLeased allows"), "{error}");
    drop(leases);
    fleet.stop("one:1");
    let error = told();
    assert!(error.contains("not connected for 5000 ms"), "{error}");
    assert!(error.contains("refused"), "{error}");
    fleet.accept("one:1");
    fleet.sleep(SECOND);
    fleet.refuse("one:1");
    let error = told();
    assert!(error.contains("no connection could be leased within 5000 ms"), "{error}");
    assert!(error.contains("refused"), "{error}");
    fleet.accept("one:1");
    fleet.sleep(SECOND);
    fleet.refuse_handshakes(Some("ERR max number of clients reached"));
    let error = told();
    assert!(error.contains("max number of clients"), "{error}");
}

#[test]
fn what_cannot_succeed_is_told_at_once() {
    let fleet = Fleet::new(options());
    fleet.refuse_handshakes(Some("NOAUTH give a password"));
    let before = fleet.runtime.elapsed();
    let error = fleet.run(fleet.muxer.lease()).unwrap_err();
    assert!(error.is_auth(), "{error}");
    assert_eq!(fleet.runtime.elapsed(), before);
}

#[test]
fn where_commands_fail_fast_so_do_leases_and_dial_nothing() {
    let fleet = Fleet::new(options().backlog(BacklogPolicy::FailFast));
    fleet.stop("one:1");
    let before = fleet.dials();
    for how in 0..WAYS {
        for _ in 0..10 {
            let error = fleet.run(lease(&fleet, how)).unwrap_err();
            assert_eq!(
                (error.kind(), error.delivery()),
                (ErrorKind::ConnectionLost, Delivery::NotSent)
            );
            assert!(error.to_string().contains("fail fast"), "{error}");
        }
    }
    assert!(fleet.dials() - before <= 1);
    // If only new connections are refused, the lease gets the error, and the dial is not repeated in the pause.
    fleet.accept("one:1");
    fleet.sleep(SECOND);
    fleet.refuse("one:1");
    let before = fleet.dials();
    for _ in 0..10 {
        let error = fleet.run(lease(&fleet, 0)).unwrap_err();
        assert!(error.to_string().contains("refused"), "{error}");
    }
    assert!(fleet.dials() - before <= 2);
}

#[test]
fn retries_of_the_handle_hold_for_what_leases() {
    let fleet = Fleet::new(options().backlog(BacklogPolicy::FailFast));
    fleet.stop("one:1");
    let policy =
        RetryPolicy::new().attempts(100).backoff(SECOND / 4, SECOND / 4).within(10 * SECOND);
    let db = fleet.muxer.database().with_retry(policy);
    let popped = {
        let db = db.clone();
        async move { db.blpop::<String, String>("k", BlockFor::Forever).await }
    };
    let watched = async move {
        db.watch("k").run(async |db| db.transaction((db.set("k", 1),)).all().await).await
    };
    let (sender, results) = futures::channel::mpsc::unbounded();
    let other = sender.clone();
    fleet
        .runtime
        .spawn(Box::pin(async move { drop(sender.unbounded_send(popped.await.map(drop))) }));
    fleet
        .runtime
        .spawn(Box::pin(async move { drop(other.unbounded_send(watched.await.map(drop))) }));
    fleet.sleep(3 * SECOND);
    fleet.accept("one:1");
    fleet.sleep(2 * SECOND);
    fleet.push("one:1");
    let results: Vec<_> = fleet.run(results.collect());
    assert!(results.len() == 2 && results.iter().all(Result::is_ok), "{results:?}");
}

#[test]
fn an_open_circuit_holds_for_what_leases_and_has_one_clock_for_all() {
    let breaker = CircuitBreaker::new().failures(1).pause(SECOND);
    let fleet = Fleet::new(options().circuit_breaker(breaker).command_timeout(SECOND / 2));
    // So that the clocks of the shared connection and of a new one differ.
    fleet.sleep(100 * SECOND);
    fleet.stop("one:1");
    let db = fleet.muxer.database();
    fleet.run(async { db.set("k", 1).await }).unwrap_err();
    let error = fleet.run(lease(&fleet, 0)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::CircuitOpen, "{error}");
    fleet.accept("one:1");
    fleet.sleep(2 * SECOND);
    // It is the one to see by.
    fleet.run(lease(&fleet, 2)).unwrap();
    fleet.run(async { db.set("k", 1).await }).unwrap();
    assert_eq!(fleet.run(lease(&fleet, 2)).map_err(|error| error.kind()), Ok(()));
}
