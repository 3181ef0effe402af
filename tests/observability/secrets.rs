use std::{collections::HashMap, time::Duration};

use metrics_util::debugging::DebuggingRecorder;
use redmux::{
    ConnectionMultiplexer, Options,
    observe::{MetricsObserver, SpanObserver, WireLog, count_events},
};
use redmux_test_support::RedisServer;

use super::{give_up, metrics::snapshot, spans::Recorder, wire::Lines};

/// In the password, in each key and each value.
const SECRET: &str = "s3cr3t";

#[test]
fn neither_arguments_nor_replies_nor_passwords_are_seen_anywhere() {
    let spans = Recorder::default();
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    let seen = tracing::subscriber::with_default(spans.clone(), || {
        metrics::with_local_recorder(&recorder, || async_std::task::block_on(use_everything()))
    });
    let metrics = snapshot(&snapshotter);
    assert!(!spans.commands().is_empty());
    assert!(metrics.keys().any(|key| key.starts_with("db.client.operation.duration")));
    for (what, text) in seen
        .into_iter()
        .chain([("spans and log", spans.everything()), ("metrics", format!("{metrics:?}"))])
    {
        assert!(text.len() > 100, "{what}: {text}");
        assert!(!text.contains(SECRET), "{what}: {text}");
    }
}

/// What is seen of commands that succeed and that fail in many ways.
async fn use_everything() -> Vec<(&'static str, String)> {
    let password = format!("{SECRET}-password");
    let server = RedisServer::builder().arg("--requirepass").arg(&password).start().unwrap();
    let lines = Lines::default();
    let options = Options::new(server.addr().to_string())
        .password(&*password)
        .profiling(true)
        .observer(SpanObserver::default())
        .observer(MetricsObserver::default());
    // Both sinks of the log: a callback, and `tracing`.
    let environment = lines.log().around(WireLog::tracing().around(redmux::tcp::environment()));
    let muxer = ConnectionMultiplexer::connect_with(options, environment).await.unwrap();
    let session = muxer.profile();
    let (logged, counted) = (muxer.events(), muxer.events());
    let db = muxer.database();
    let (key, value) = (format!("{SECRET}-key"), format!("{SECRET}-value"));
    db.set(&key, &value).await.unwrap();
    db.get::<String>(&key).await.unwrap();
    db.hset("hash", HashMap::from([(&key, &value)])).await.unwrap();
    db.transaction((db.set(&key, &value), db.get::<String>(&key))).all().await.unwrap();
    // The server, and the decoder, quote what they do not like.
    db.lpush(&key, &value).await.unwrap_err();
    db.get::<i64>(&key).await.unwrap_err();
    muxer.execute::<()>("NO.SUCH", (&key, &value)).await.unwrap_err();
    muxer.execute::<()>("CONFIG", ("SET", &key, &value)).await.unwrap_err();
    let script = format!("return redis.error_reply('{SECRET} {value}')");
    muxer.execute::<()>("EVAL", (&script, 0)).await.unwrap_err();
    let lease = muxer.lease().await.unwrap();
    lease.execute::<String>("AUTH", &password).await.unwrap();
    let _subscription = muxer.subscriber().subscribe(&key).await.unwrap();
    db.publish(&key, &value).await.unwrap();
    server.pause();
    give_up(db.get::<String>(&key)).await;
    db.get::<String>(&key).timeout(Duration::from_millis(30)).await.unwrap_err();
    muxer.status().report("main");
    server.kill();
    while muxer.is_connected() {
        async_std::task::sleep(Duration::from_millis(5)).await;
    }
    db.get::<String>(&key).timeout(Duration::from_millis(30)).await.unwrap_err();
    let status = muxer.status();
    let profile = session.take();
    let records: Vec<String> = profile.records.iter().map(ToString::to_string).collect();
    muxer.close().await;
    redmux::events::log_events(logged).await;
    count_events(counted).await;
    vec![
        ("the dump", status.to_string()),
        ("the status", format!("{status:?}")),
        ("the profile", format!("{profile} {profile:?} {records:?} {session:?}")),
        ("the wire", lines.take().join("\n")),
    ]
}
