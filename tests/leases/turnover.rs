//! The server of the shared connection changes: leases go with it.

use futures::StreamExt;
use redmux::{
    Delivery, Endpoint, ErrorKind, Options, database::BlockFor, options::ConstantDelay,
    transport::Runtime,
};

use crate::fleet::{Fleet, SECOND, fresh};

fn options() -> Options {
    let two: Endpoint = "two:2".parse().unwrap();
    Options::new("one:1").add_endpoint(two).reconnect_policy(ConstantDelay(SECOND / 10))
}

/// The first server is no longer for the client, but is up: what is open stays.
fn fail_over(fleet: &Fleet) {
    fleet.refuse("one:1");
    fleet.kill_main();
    fleet.sleep(SECOND);
    assert!(fleet.muxer.is_connected());
}

#[test]
fn what_lies_idle_is_closed_by_a_failover() {
    let fleet = Fleet::new(options());
    assert_eq!(fleet.next_lease(), fresh("one:1"));
    assert_eq!((fleet.leases(), fleet.open("one:1")), ((1, 0), 2));
    fail_over(&fleet);
    assert_eq!((fleet.leases(), fleet.open("one:1")), ((0, 0), 0), "it is not kept open either");
    assert_eq!(fleet.next_lease(), fresh("two:2"));
}

#[test]
fn a_loop_that_blocks_goes_along_with_a_failover() {
    let fleet = Fleet::new(options());
    let (sender, mut results) = futures::channel::mpsc::unbounded();
    let db = fleet.muxer.database();
    fleet.runtime.spawn(Box::pin(async move {
        loop {
            let popped = db.blpop::<String, String>("k", BlockFor::Forever).await;
            if sender.unbounded_send(popped).is_err() {
                return;
            }
        }
    }));
    fleet.sleep(SECOND);
    fail_over(&fleet);
    let lost = fleet.run(results.next()).unwrap().unwrap_err();
    assert_eq!(
        (lost.kind(), lost.delivery()),
        (ErrorKind::ConnectionLost, Delivery::MaybeExecuted)
    );
    assert!(lost.to_string().contains("another server"), "{lost}");
    fleet.push("one:1");
    fleet.push("two:2");
    assert!(fleet.run(results.next()).unwrap().is_ok());
    assert_eq!(fleet.open("one:1"), 0);
}

#[test]
fn what_is_given_back_after_a_failover_is_closed() {
    let fleet = Fleet::new(options());
    let lease = fleet.run(fleet.muxer.lease()).unwrap();
    fail_over(&fleet);
    // It is the borrower's as long as that wants it.
    assert_eq!(fleet.run(lease.execute::<String>("CLIENT", ["INFO"])).unwrap(), fresh("one:1"));
    drop(lease);
    assert_eq!((fleet.leases(), fleet.open("one:1")), ((0, 0), 0));
    assert_eq!(fleet.next_lease(), fresh("two:2"));
}

#[test]
fn another_stream_to_the_same_server_is_another_stream() {
    let fleet = Fleet::new(Options::new("one:1"));
    fleet.next_lease();
    fleet.kill_main();
    fleet.sleep(SECOND);
    assert_eq!(fleet.leases(), (0, 0));
    assert_eq!(fleet.next_lease(), fresh("one:1"));
}

#[test]
fn reconnecting_by_hand_empties_the_pool() {
    let fleet = Fleet::new(Options::new("one:1"));
    let lease = fleet.run(fleet.muxer.lease()).unwrap();
    fleet.next_lease();
    let db = fleet.muxer.database();
    let (sender, mut results) = futures::channel::mpsc::unbounded();
    fleet.runtime.spawn(Box::pin(async move {
        let popped = db.blpop::<String, String>("k", BlockFor::Forever).await;
        drop(sender.unbounded_send(popped));
    }));
    fleet.sleep(SECOND);
    fleet.next_lease();
    assert_eq!(fleet.leases(), (1, 2));
    fleet.muxer.reconnect();
    let lost = fleet.run(results.next()).unwrap().unwrap_err();
    assert_eq!(lost.kind(), ErrorKind::ConnectionLost, "{lost}");
    assert_eq!(fleet.leases(), (0, 1));
    assert_eq!(fleet.run(lease.execute::<String>("CLIENT", ["INFO"])).unwrap(), fresh("one:1"));
    drop(lease);
    assert_eq!(fleet.leases(), (0, 0), "nor is it used again");
    fleet.sleep(SECOND);
    assert_eq!(fleet.next_lease(), fresh("one:1"));
}

#[test]
fn a_lost_lease_says_that_it_is_lost_and_not_that_the_program_closed_it() {
    let fleet = Fleet::new(Options::new("one:1"));
    let lease = fleet.run(fleet.muxer.lease()).unwrap();
    fleet.kill_leases();
    for _ in 0..2 {
        let error = fleet.run(lease.execute::<()>("GET", ["k"])).unwrap_err();
        assert_eq!(
            (error.kind(), error.delivery()),
            (ErrorKind::ConnectionLost, Delivery::NotSent)
        );
        assert!(!error.is_closed(), "{error}");
    }
    let error = fleet.run(lease.database().transaction((lease.database().set("k", 1),)).all());
    assert_eq!(error.unwrap_err().kind(), ErrorKind::ConnectionLost);
    // The error says that the program did it.
    let lease = fleet.run(fleet.muxer.lease()).unwrap();
    fleet.run(fleet.muxer.close());
    let error = fleet.run(lease.execute::<()>("GET", ["k"])).unwrap_err();
    assert!(error.is_closed(), "{error}");
    assert!(fleet.run(fleet.muxer.lease()).unwrap_err().is_closed());
}
