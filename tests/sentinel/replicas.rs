//! Reads go to the replicas that sentinels name.

use std::time::Duration;

use async_std::task::{sleep, spawn};
use futures::StreamExt;
use redmux::{
    ConnectionMultiplexer, Delivery, Endpoint, ErrorKind, database::BlockFor, options::ReadFrom,
    pubsub::Item, status::NodeRole,
};
use redmux_test_support::{RedisSentinels, RedisServer, until, within};

use crate::{connect, options};

fn gets(server: &RedisServer) -> u64 {
    let stats = server.command(&["INFO", "commandstats"]);
    let line = stats.lines().find_map(|line| line.strip_prefix("cmdstat_get:calls="));
    line.map_or(0, |line| line.split(',').next().unwrap().parse().unwrap())
}

/// Reads this key from a replica until it has this value.
async fn read_until(muxer: &ConnectionMultiplexer, key: &str, value: i64) {
    let replicas = muxer.database().with_read_from(ReadFrom::Replica);
    while within(replicas.get::<i64>(key)).await.unwrap() != Some(value) {
        sleep(Duration::from_millis(5)).await;
    }
}

#[async_std::test]
async fn replicas_are_read_from_and_are_those_of_the_next_primary_later() {
    let all = RedisSentinels::start();
    let with_reads = options(&all, 0).read_from(ReadFrom::Replica);
    let muxer = ConnectionMultiplexer::connect(with_reads).await.unwrap();
    let db = muxer.database();
    db.set("k", 1).await.unwrap();
    read_until(&muxer, "k", 1).await;
    assert_eq!(gets(&all.servers()[0]), 0);
    assert!(gets(&all.servers()[1]) > 0);
    let at = |place: usize| Endpoint::tcp("127.0.0.1", all.servers()[place].port());
    let roles = |primary: usize, replica: usize| {
        let nodes = muxer.nodes();
        let is = |place: usize, role: NodeRole| {
            nodes.iter().any(|node| node.endpoint == at(place) && node.role == role)
        };
        is(primary, NodeRole::Primary) && is(replica, NodeRole::Replica { of: at(primary) })
    };
    assert!(roles(0, 1), "{:?}", muxer.nodes());
    // Neither the sentinels nor the place where commands waited are servers.
    let status = muxer.status();
    assert_eq!(status.nodes.len(), 2, "{status}");
    assert!(status.map.refreshes > 0 && status.map.redirects == 0, "{status}");
    all.fail_over(0);
    within(async {
        while !roles(1, 0) {
            sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    db.set("k", 2).await.unwrap();
    let before = gets(&all.servers()[1]);
    read_until(&muxer, "k", 2).await;
    assert!(gets(&all.servers()[0]) > 0);
    assert_eq!(gets(&all.servers()[1]), before);
    muxer.close().await;
}

#[async_std::test]
async fn where_the_replica_is_gone_a_wish_is_granted_and_a_demand_is_refused() {
    let all = RedisSentinels::start();
    let muxer = connect(&all, 1).await;
    let db = muxer.database();
    db.set("k", 1).await.unwrap();
    read_until(&muxer, "k", 1).await;
    all.servers()[1].kill();
    until("a replica that is gone", || {
        all.servers()[0].command(&["INFO", "replication"]).contains("connected_slaves:0")
    })
    .await;
    let wish = db.get::<i64>("k").read_from(ReadFrom::PreferReplica);
    assert_eq!(within(wish).await.unwrap(), Some(1));
    let error = within(db.get::<i64>("k").read_from(ReadFrom::Replica)).await.unwrap_err();
    assert_eq!((error.kind(), error.delivery()), (ErrorKind::NoReplica, Delivery::NotSent));
    all.servers()[1].restart();
    all.servers()[1].command(&["REPLICAOF", "127.0.0.1", &all.servers()[0].port().to_string()]);
    within(async {
        while db.get::<i64>("k").read_from(ReadFrom::Replica).await.is_err() {
            sleep(Duration::from_millis(50)).await;
        }
    })
    .await;
    muxer.close().await;
}

#[async_std::test]
async fn what_is_issued_before_a_primary_is_known_waits_for_it() {
    let all = RedisSentinels::builder().start().unwrap();
    for sentinel in all.sentinels() {
        sentinel.kill();
    }
    let patient = options(&all, 0).abort_on_connect_fail(false);
    let muxer = ConnectionMultiplexer::begin_with(patient, redmux::tcp::environment()).unwrap();
    let db = muxer.database();
    let set = spawn(db.set("early", 1).timeout(Duration::from_secs(20)).owned());
    let pop = spawn(db.blpop::<String, i64>("list", BlockFor::Forever).owned());
    let lease = spawn({
        let muxer = muxer.clone();
        async move { muxer.lease().await.unwrap().execute::<String>("PING", ()).await }
    });
    let news = spawn({
        let muxer = muxer.clone();
        async move { muxer.subscriber().subscribe("news").await }
    });
    sleep(Duration::from_millis(300)).await;
    assert!(!muxer.is_connected());
    for sentinel in all.sentinels() {
        sentinel.restart();
    }
    within(set).await.unwrap();
    assert_eq!(within(lease).await.unwrap(), "PONG");
    let mut news = within(news).await.unwrap();
    db.rpush("list", 7).await.unwrap();
    assert_eq!(within(pop).await.unwrap().map(|(_, item)| item), Some(7));
    all.servers()[0].command(&["PUBLISH", "news", "x"]);
    while !matches!(within(news.next()).await, Some(Item::Message(_))) {}
    muxer.close().await;
}
