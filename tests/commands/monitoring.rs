//! What servers keep of slow commands, latency and memory.

use std::time::Duration;

use redmux::Database;
use redmux_test_support::RedisServer;

use crate::{both, both_on};

/// Has the server note what takes a millisecond, and keeps it busy for at least 5 ms.
async fn be_slow(db: &Database) {
    let note = [("slowlog-log-slower-than", 1000), ("latency-monitor-threshold", 1)];
    db.config_set_all(note).await.unwrap();
    db.slowlog_reset().await.unwrap();
    db.latency_reset(()).await.unwrap();
    // No processor does a step in half a nanosecond; clocks stand still or are not there in scripts.
    let script = "for i = 1, 10000000 do end";
    db.eval::<()>(script, (), ()).await.unwrap();
}

#[async_std::test]
async fn a_slow_command_is_in_the_log() {
    both_on(&RedisServer::start(), |_, db| async move {
        be_slow(&db).await;
        assert!(db.slowlog_len().await.unwrap() >= 1);
        let log = db.slowlog_get(10).await.unwrap();
        let slow = log.iter().find(|entry| entry.args[0] == "EVAL").unwrap();
        assert!(slow.duration >= Duration::from_millis(5), "{:?}", slow.duration);
        assert!(slow.unix_seconds > 1_700_000_000 && slow.client_addr.starts_with("127.0.0.1:"));
        assert_eq!(slow.client_name, db.client_getname().await.unwrap().unwrap_or_default());
    })
    .await;
}

#[async_std::test]
async fn a_slow_command_is_in_the_history_of_latency() {
    both_on(&RedisServer::start(), |_, db| async move {
        be_slow(&db).await;
        let events = db.latency_latest().await.unwrap();
        let command = events.iter().find(|event| event.event == "command").unwrap();
        assert!(command.max >= command.latest && command.max >= Duration::from_millis(5));
        let history = db.latency_history("command").await.unwrap();
        assert!(history[0].latency >= Duration::from_millis(5));
        assert!(history[0].unix_seconds >= command.unix_seconds - 60);
        assert!(db.latency_doctor().await.unwrap().contains("command"));
        assert!(db.latency_graph("command").await.unwrap().contains("command"));
        assert!(db.latency_reset("command").await.unwrap() >= 1);
    })
    .await;
}

#[async_std::test]
async fn latencies_of_a_command_have_a_histogram() {
    both_on(&RedisServer::start(), |_, db| async move {
        be_slow(&db).await;
        let histogram = db.latency_histogram("eval").await.unwrap();
        let (name, eval) = &histogram[0];
        assert!(name == "eval" && eval.calls >= 1 && !eval.histogram.is_empty());
    })
    .await;
}

#[async_std::test]
async fn the_memory_of_a_key_is_estimated_from_samples() {
    both(|_, db| async move {
        db.rpush("l", vec!["x".repeat(100); 200]).await.unwrap();
        let some = db.memory_usage("l").await.unwrap().unwrap();
        let all = db.memory_usage_samples("l", 0).await.unwrap().unwrap();
        assert!(some > 5_000 && all > 15_000, "{some} {all}");
        assert_eq!(db.memory_usage("none").await.unwrap(), None);
    })
    .await;
}

#[async_std::test]
async fn the_memory_of_a_server_has_figures() {
    both(|_, db| async move {
        db.rpush("l", vec!["x".repeat(100); 200]).await.unwrap();
        let stats = db.memory_stats().await.unwrap();
        assert_eq!(stats.keys, 1);
        assert!(stats.total_allocated > stats.dataset && stats.bytes_per_key > 0);
        assert!(stats.peak_percentage > 0.0 && stats.fragmentation > 0.0);
    })
    .await;
}

#[async_std::test]
async fn the_server_gives_advice_on_memory_and_frees_some() {
    both(|_, db| async move {
        assert!(!db.memory_doctor().await.unwrap().is_empty());
        assert!(!db.memory_malloc_stats().await.unwrap().is_empty());
        db.memory_purge().await.unwrap();
    })
    .await;
}
