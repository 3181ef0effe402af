use std::time::Duration;

use redmux::{events::ConnectionType, status::Counters};
use redmux_test_support::RedisServer;

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
    assert_eq!(lines.len(), 5, "{dump}");
}
