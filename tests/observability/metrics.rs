use std::{collections::BTreeMap, time::Duration};

use metrics_util::debugging::{DebugValue, DebuggingRecorder, Snapshotter};
use redmux::{
    ConnectionMultiplexer,
    group::GroupMember,
    observe::{MetricsObserver, count_events},
};
use redmux_test_support::RedisServer;

use super::connect;

/// Each metric with its labels, as text, and what it holds.
pub(super) fn snapshot(snapshotter: &Snapshotter) -> BTreeMap<String, DebugValue> {
    let all = snapshotter.snapshot().into_vec().into_iter();
    all.map(|(key, _, _, value)| {
        let key = key.key();
        let labels = key.labels().map(|label| format!("{}={}", label.key(), label.value()));
        let mut labels: Vec<_> = labels.collect();
        labels.sort();
        (format!("{}{{{}}}", key.name(), labels.join(",")), value)
    })
    .collect()
}

#[test]
fn durations_events_and_states_are_reported() {
    let server = RedisServer::start();
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    metrics::with_local_recorder(&recorder, || {
        async_std::task::block_on(async {
            let muxer = connect(&server, |o| o.observer(MetricsObserver::default())).await;
            let events = muxer.events();
            let db = muxer.database();
            db.set("key", "value").await.unwrap();
            db.get::<String>("key").await.unwrap();
            db.get::<String>("key").await.unwrap();
            db.incr("key").await.unwrap_err();
            let script = "return redis.error_reply('MADEUP-7 key')";
            muxer.execute::<()>("EVAL", (script, 0)).await.unwrap_err();
            muxer.status().report("main");
            muxer.close().await;
            count_events(events).await;
        });
    });
    let found = snapshot(&snapshotter);
    let of = |name: &str, labels: &str| -> &DebugValue {
        let key = format!("{name}{{{labels}}}");
        found.get(&key).unwrap_or_else(|| panic!("{key} is not in {found:#?}"))
    };
    let seconds = |command: &str, error: Option<&str>| -> Vec<f64> {
        let mut labels = vec![
            "db.namespace=0".to_owned(),
            format!("db.operation.name={command}"),
            "db.system.name=redis".to_owned(),
            "server.address=127.0.0.1".to_owned(),
            format!("server.port={}", server.port()),
        ];
        for name in ["db.response.status_code", "error.type"] {
            labels.extend(error.map(|error| format!("{name}={error}")));
        }
        labels.sort();
        match of("db.client.operation.duration", &labels.join(",")) {
            DebugValue::Histogram(values) => values.iter().map(|s| s.into_inner()).collect(),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(seconds("SET", None).len(), 1);
    let gets = seconds("GET", None);
    assert_eq!(gets.len(), 2);
    // Seconds, and no other unit.
    let minute = Duration::from_secs(60).as_secs_f64();
    assert!(gets.iter().all(|seconds| *seconds > 0.0 && *seconds < minute), "{gets:?}");
    assert_eq!(seconds("INCR", Some("ERR")).len(), 1);
    assert_eq!(seconds("EVAL", Some("_OTHER")).len(), 1);
    assert_eq!(*of("redmux.events", "type=error_message"), DebugValue::Counter(2));
    let pool = "db.client.connection.pool.name=main";
    assert_eq!(*of("db.client.connection.max", pool), DebugValue::Gauge(32.0.into()));
    let link = format!("{pool},redmux.connection.type=interactive");
    assert_eq!(*of("redmux.connection.server_errors", &link), DebugValue::Counter(2));
    assert_eq!(*of("redmux.connection.ready", &link), DebugValue::Gauge(1.0.into()));
    let leased = format!("{pool},redmux.connection.type=leased");
    assert_eq!(*of("redmux.connection.ready", &leased), DebugValue::Gauge(0.0.into()));
    match of("redmux.connection.commands", &link) {
        DebugValue::Counter(commands) => assert!(*commands >= 5, "{commands}"),
        other => panic!("{other:?}"),
    }
}

#[test]
fn members_of_a_group_are_reported_by_their_names() {
    let servers = [RedisServer::start(), RedisServer::start()];
    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    metrics::with_local_recorder(&recorder, || {
        async_std::task::block_on(async {
            let member = |name: &str, server: &RedisServer| {
                GroupMember::new(name, server.addr().to_string())
            };
            let members = [member("near", &servers[0]).weight(2.0), member("far", &servers[1])];
            let muxer = ConnectionMultiplexer::connect_group(members).await.unwrap();
            let events = muxer.events();
            assert!(muxer.group().unwrap().fail_over_to("far").await.unwrap());
            muxer.status().report("main");
            muxer.close().await;
            count_events(events).await;
        });
    });
    let found = snapshot(&snapshotter);
    let gauge = |name: &str, member: &str| {
        let labels = format!("db.client.connection.pool.name=main,redmux.group.member={member}");
        let key = format!("redmux.group.member.{name}{{{labels}}}");
        match found.get(&key).unwrap_or_else(|| panic!("{key} is not in {found:#?}")) {
            DebugValue::Gauge(value) => value.into_inner(),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!((gauge("active", "near"), gauge("active", "far")), (0.0, 1.0));
    assert_eq!((gauge("healthy", "near"), gauge("healthy", "far")), (1.0, 1.0));
    assert_eq!((gauge("weight", "near"), gauge("weight", "far")), (2.0, 1.0));
    assert!(gauge("latency", "far") < 1.0);
    let changed = found.get("redmux.events{type=active_member_changed}");
    assert_eq!(changed, Some(&DebugValue::Counter(1)));
}
