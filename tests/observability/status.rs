use std::time::Duration;

use redmux::{
    ConnectionMultiplexer,
    database::BlockFor,
    events::ConnectionType,
    status::{Counters, LeaseUse, LeasedConnection},
};
use redmux_test_support::{RedisServer, until};

use super::{connect, give_up};

#[async_std::test]
async fn counters_tell_what_happened() {
    let server = RedisServer::start();
    let muxer = connect(&server, |options| options).await;
    let db = muxer.database();
    let counters = || -> Counters { muxer.status().connections[0].counters };
    // The handshake is over, and all of it counts.
    let before = counters();
    assert_eq!(before.commands_sent, before.replies);
    assert_eq!((before.connects, before.reconnects(), before.failures), (1, 0, 0));
    db.set("key", "x".repeat(10_000)).await.unwrap();
    let value: Option<String> = db.get("key").await.unwrap();
    assert_eq!(value.unwrap().len(), 10_000);
    db.incr("key").await.unwrap_err();
    let after = counters();
    assert_eq!(after.commands_sent - before.commands_sent, 3);
    assert_eq!(after.replies - before.replies, 3);
    assert_eq!(after.server_errors, 1);
    assert!(after.bytes_written - before.bytes_written > 10_000);
    assert!(after.bytes_read - before.bytes_read > 10_000);
    assert!(after.peak_batch_bytes > 10_000 && after.peak_in_flight >= 1);
    server.pause();
    give_up(db.incr("given up")).await;
    db.incr("late").timeout(Duration::from_millis(50)).await.unwrap_err();
    let paused = counters();
    assert_eq!((paused.abandoned, paused.timeouts), (1, 1));
    server.kill();
    server.restart();
    while counters().connects < 2 {
        async_std::task::sleep(Duration::from_millis(5)).await;
    }
    let back = counters();
    assert_eq!(back.reconnects(), 1);
    assert!(back.failures >= 1);
    assert_eq!(back.lost, paused.commands_sent - paused.replies, "{paused}\n{back}");
}

#[async_std::test]
async fn the_dump_has_a_block_for_each_connection() {
    let server = RedisServer::start();
    let muxer = connect(&server, |options| options.max_leased(7)).await;
    let lease = muxer.lease().await.unwrap();
    let _subscription = muxer.subscriber().subscribe("channel").await.unwrap();
    let status = muxer.status();
    assert_eq!((status.leases.leased, status.leases.max, status.leases.opened), (1, 7, 1));
    drop(lease);
    assert_eq!(status.connections[0].connection_type, ConnectionType::Interactive);
    let dump = status.to_string();
    let lines: Vec<&str> = dump.lines().collect();
    let head = format!("interactive {}: ready, RESP3, redis ", server.addr());
    assert!(lines[0].starts_with(&head), "{dump}");
    assert!(lines[1].starts_with("  now: queued 0 (0 B), in flight 0 (0 B), last read "), "{dump}");
    assert!(lines[2].starts_with("  total: sent "), "{dump}");
    assert!(lines[2].contains(", connects 1, failures 0, "), "{dump}");
    assert!(lines[3].starts_with("subscriptions: 1, listeners 1, "), "{dump}");
    assert!(lines[4].starts_with("leased connections: 1 of 7, idle 0, "), "{dump}");
    assert!(lines[5].starts_with(&format!("  lease {}: ready, for ", server.addr())), "{dump}");
    assert_eq!(lines.len(), 6, "{dump}");
}

/// What the leased connections are used for, in order.
fn uses(muxer: &ConnectionMultiplexer) -> Vec<String> {
    let mut uses: Vec<_> = leased(muxer).iter().map(|one| one.used_for.to_string()).collect();
    uses.sort();
    uses
}

/// The connections, of which the counts say the same.
fn leased(muxer: &ConnectionMultiplexer) -> Vec<LeasedConnection> {
    let status = muxer.status();
    let idle = status.leased.iter().filter(|one| one.used_for == LeaseUse::Idle).count();
    assert_eq!((idle, status.leased.len() - idle), (status.leases.idle, status.leases.leased));
    status.leased
}

#[async_std::test]
async fn each_leased_connection_is_listed_with_what_it_is_used_for() {
    let server = RedisServer::start();
    let muxer = connect(&server, |options| options.database(2)).await;
    let db = muxer.database();
    let job = async_std::task::spawn({
        let db = db.clone();
        async move { db.blpop::<String, String>("jobs", BlockFor::Forever).await }
    });
    until("it waits", || leased(&muxer).iter().any(|one| one.link.diagnostics.in_flight == 1))
        .await;
    let monitor = muxer.monitor().await.unwrap();
    let lease = muxer.lease().await.unwrap();
    lease.execute::<String>("GET", "none").await.unwrap_err();
    let seen = db.watch("k").run(async |_| Ok(uses(&muxer))).await.unwrap();
    assert_eq!(seen, ["BLPOP", "MONITOR", "WATCH", "lease"]);
    assert_eq!(uses(&muxer), ["BLPOP", "MONITOR", "idle", "lease"]);

    let all = leased(&muxer);
    let of = |use_: &str| all.iter().find(|one| one.used_for.to_string() == use_).unwrap();
    for one in &all {
        assert_eq!(one.link.endpoint.to_string(), server.addr().to_string());
        assert_eq!(one.link.diagnostics.connection, "ready");
        assert!(one.used <= one.age, "{one}");
    }
    let blpop = of("BLPOP");
    assert_eq!(blpop.used_for, LeaseUse::Command("BLPOP".into()));
    let counters = blpop.link.counters;
    assert_eq!(counters.commands_sent - counters.replies, 1, "{counters}");
    assert!(all.last().unwrap().used_for == LeaseUse::Idle, "those in use come first");

    // A lease that runs such a command says so as long as it waits.
    lease.database().blpop::<String, String>("none", Duration::from_millis(5)).await.unwrap();
    assert_eq!(uses(&muxer), ["BLPOP", "MONITOR", "idle", "lease"]);
    drop((lease, monitor));
    db.rpush("jobs", "one").await.unwrap();
    job.await.unwrap();
    assert_eq!(uses(&muxer), ["idle", "idle", "idle"]);
    muxer.close().await;
    assert!(leased(&muxer).is_empty());
}

#[async_std::test]
async fn a_connection_that_is_being_opened_is_listed() {
    let server = RedisServer::start();
    let muxer = connect(&server, |options| options).await;
    server.pause();
    let lease = async_std::task::spawn({
        let muxer = muxer.clone();
        async move { muxer.lease().await.map(drop) }
    });
    until("one is opened", || uses(&muxer) == ["opening"]).await;
    server.resume();
    lease.await.unwrap();
    assert_eq!(uses(&muxer), ["idle"]);
}
