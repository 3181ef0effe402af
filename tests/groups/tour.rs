//! Everything that programs do, before a change and after it, with real servers.

use std::time::{Duration, Instant};

use async_std::{future::timeout, task};
use futures::{StreamExt, TryStreamExt};
use redmux::{
    ConnectionMultiplexer, Delivery, Options,
    cache::CacheOptions,
    database::{BlockFor, scans::ScanOptions, scripting::Script},
    group::{GroupMember, GroupOptions, MemberState},
    pipeline,
    pubsub::Item,
};
use redmux_test_support::{RedisCluster, RedisSentinels, RedisServer};

use crate::world::active;

const LONG: Duration = Duration::from_secs(30);

async fn connect(members: Vec<GroupMember>) -> ConnectionMultiplexer {
    let environment = redmux::tcp::environment();
    let options = GroupOptions::new();
    ConnectionMultiplexer::connect_group_with(members, options, environment).await.unwrap()
}

fn at(name: &str, port: u16) -> GroupMember {
    GroupMember::new(name, format!("127.0.0.1:{port}"))
}

/// What typed handles do at whatever member is in use.
async fn tour(muxer: &ConnectionMultiplexer) {
    let db = muxer.database();
    db.mset([("foo", 1), ("bar", 2), ("baz", 3)]).await.unwrap();
    assert_eq!(db.mget::<i64>(["foo", "bar", "baz"]).await.unwrap(), [Some(1), Some(2), Some(3)]);
    let both = db.transaction((db.incr("foo"), db.incr("foo"))).all().await.unwrap();
    assert_eq!(both, (2, 3));
    let many = pipeline((0..50).map(|n| db.set(format!("p:{n}"), n)).collect::<Vec<_>>());
    many.all().await.unwrap();
    let script = Script::new("return redis.call('INCRBY', KEYS[1], ARGV[1])");
    let sum: i64 = db.script(&script).key("foo").arg(4).run().await.unwrap();
    assert_eq!(sum, 7);
    let keys: Vec<String> = db.scan_stream(ScanOptions::new()).try_collect().await.unwrap();
    assert!(keys.len() >= 53, "{keys:?}");
    let pushed = db.rpush("list", "item").await.unwrap();
    assert_eq!(pushed, 1);
    let popped = db.blpop::<String, String>("list", BlockFor::Forever).await.unwrap();
    assert_eq!(popped.map(|(_, item)| item).as_deref(), Some("item"));
    assert!(db.dbsize().await.unwrap() >= 53);
}

#[async_std::test]
async fn a_program_goes_from_one_server_to_another_and_back() {
    let servers = [RedisServer::start(), RedisServer::start()];
    let members = vec![at("m0", servers[0].port()).weight(2.0), at("m1", servers[1].port())];
    let muxer = connect(members).await;
    let group = muxer.group().unwrap();
    tour(&muxer).await;
    let db = muxer.database();
    let lease = muxer.lease().await.unwrap();
    let pop = task::spawn(db.blpop::<String, String>("empty", BlockFor::Forever).owned());
    task::sleep(Duration::from_millis(50)).await;
    assert!(group.fail_over_to("m1").await.unwrap());
    // It waits where nobody pushes any more.
    let lost = timeout(LONG, pop).await.unwrap().unwrap_err();
    assert_eq!(lost.delivery(), Delivery::MaybeExecuted, "{lost}");
    // A lease in use stays at the member where it was taken, which is well.
    assert_eq!(lease.database().get::<i64>("foo").await.unwrap(), Some(7));
    drop(lease);
    assert_eq!(db.get::<i64>("foo").await.unwrap(), None);
    tour(&muxer).await;
    group.release().await.unwrap();
    assert_eq!(active(&muxer), "m0");
    assert_eq!(db.get::<i64>("foo").await.unwrap(), Some(7));
    muxer.close().await;
}

#[async_std::test]
async fn replies_that_are_kept_are_those_of_the_member_in_use() {
    let servers = [RedisServer::start(), RedisServer::start()];
    for (number, server) in servers.iter().enumerate() {
        server.command(&["SET", "who", &number.to_string()]);
    }
    let member = |name: &str, server: &RedisServer| {
        let options = Options::new(format!("127.0.0.1:{}", server.port()));
        GroupMember::new(name, options.client_cache(CacheOptions::default()))
    };
    let muxer =
        connect(vec![member("m0", &servers[0]).weight(2.0), member("m1", &servers[1])]).await;
    let (db, group) = (muxer.database(), muxer.group().unwrap());
    let who = async || db.get::<i64>("who").cached().await.unwrap();
    for expected in [0, 1, 0] {
        group.fail_over_to(&format!("m{expected}")).await.unwrap();
        assert_eq!((who().await, who().await), (Some(expected), Some(expected)));
        let stats = muxer.cache_stats().unwrap();
        assert_eq!(stats.entries, 1, "{stats}");
        // Nothing announces a change while another member is used.
        servers[expected as usize].command(&["SET", "who", &expected.to_string()]);
    }
    muxer.close().await;
}

#[async_std::test]
async fn a_cluster_and_a_server_take_turns() {
    let cluster = RedisCluster::start();
    let server = RedisServer::start();
    let port = cluster.nodes()[0].port();
    let muxer = connect(vec![at("cluster", port).weight(2.0), at("server", server.port())]).await;
    let (group, db) = (muxer.group().unwrap(), muxer.database());
    assert_eq!(active(&muxer), "cluster");
    assert!(muxer.nodes().len() >= 3);
    tour(&muxer).await;
    let mut news = muxer.subscriber().subscribe("news").await.unwrap();
    for name in ["server", "cluster"] {
        assert!(group.fail_over_to(name).await.unwrap());
        let begun = Instant::now();
        let heard = async {
            loop {
                db.publish("news", name).await.unwrap();
                match timeout(Duration::from_millis(100), news.next()).await {
                    Ok(Some(Item::Message(message))) if message.text() == name => return,
                    Ok(None) => panic!("it has ended"),
                    _ => assert!(begun.elapsed() < LONG, "nothing is heard"),
                }
            }
        };
        heard.await;
        // Issued for several slots at once, wherever they go.
        db.mset([("foo", 1), ("bar", 2)]).await.unwrap();
        assert_eq!(db.mget::<i64>(["foo", "bar"]).await.unwrap(), [Some(1), Some(2)]);
    }
    muxer.close().await;
}

#[async_std::test]
async fn what_waits_for_one_server_is_split_for_a_cluster() {
    let cluster = RedisCluster::start();
    let server = RedisServer::start();
    let port = cluster.nodes()[0].port();
    let muxer = connect(vec![at("server", server.port()).weight(2.0), at("cluster", port)]).await;
    let db = muxer.database();
    assert_eq!(active(&muxer), "server");
    server.kill();
    task::sleep(Duration::from_millis(20)).await;
    db.mset([("foo", 1), ("bar", 2)]).timeout(LONG).await.unwrap();
    assert_eq!(db.mget::<i64>(["foo", "bar"]).await.unwrap(), [Some(1), Some(2)]);
    assert_eq!(active(&muxer), "cluster");
    muxer.close().await;
}

#[async_std::test]
async fn what_sentinels_lead_to_is_a_member() {
    let all = RedisSentinels::start();
    let server = RedisServer::start();
    let watched =
        format!("127.0.0.1:{},serviceName={}", all.sentinels()[0].port(), RedisSentinels::NAME);
    let watched = GroupMember::new("watched", watched).weight(2.0);
    let muxer = connect(vec![watched, at("server", server.port())]).await;
    let group = muxer.group().unwrap();
    assert_eq!(active(&muxer), "watched");
    tour(&muxer).await;
    // All that sentinels could lead to is gone.
    all.servers().iter().for_each(RedisServer::kill);
    let written = muxer.database().set("key", "value").timeout(LONG).await;
    if let Err(error) = written {
        assert_eq!(error.delivery(), Delivery::MaybeExecuted, "{error}");
        muxer.database().set("key", "value").timeout(LONG).await.unwrap();
    }
    assert_eq!(active(&muxer), "server");
    tour(&muxer).await;
    let states: Vec<_> = group.members().iter().map(|member| member.state).collect();
    assert_eq!(states, [MemberState::Unhealthy, MemberState::Healthy]);
    muxer.close().await;
}

#[async_std::test]
async fn notifications_of_keys_come_from_each_primary_of_the_member_in_use() {
    let cluster = RedisCluster::start();
    let server = RedisServer::start();
    for one in cluster.nodes().iter().chain([&server]) {
        one.command(&["CONFIG", "SET", "notify-keyspace-events", "KEA"]);
    }
    let port = cluster.nodes()[0].port();
    let muxer = connect(vec![at("cluster", port).weight(2.0), at("server", server.port())]).await;
    let (group, db) = (muxer.group().unwrap(), muxer.database());
    let mut changes = muxer.subscriber().keyspace(0_u32, "*").await.unwrap();
    for name in ["cluster", "server", "cluster"] {
        group.fail_over_to(name).await.unwrap();
        // Keys of three primaries.
        for key in ["foo", "bar", "baz"] {
            let begun = Instant::now();
            loop {
                db.set(key, name).await.unwrap();
                match timeout(Duration::from_millis(100), changes.next()).await {
                    Ok(Some(Item::Message(message))) if message.channel_text().ends_with(key) => {
                        break;
                    }
                    Ok(None) => panic!("it has ended"),
                    _ => assert!(begun.elapsed() < LONG, "{name}: nothing of {key}"),
                }
            }
        }
    }
    // Made while members change.
    for round in 0..6 {
        let name = ["server", "cluster"][round % 2];
        let subscriber = muxer.subscriber();
        let made = subscriber.keyspace(0_u32, format!("k{round}*"));
        let (made, changed) = futures::future::join(made, group.fail_over_to(name)).await;
        assert!(changed.unwrap());
        drop(made.unwrap());
    }
    muxer.close().await;
}
