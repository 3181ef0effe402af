//! Commands of which several servers execute a part.

use std::{collections::HashSet, time::Duration};

use redmux::{ConnectionMultiplexer, Delivery, Endpoint, Options, options::Mode, pipeline};
use redmux_test_support::RedisCluster;

use crate::{connect, from_to, shared};

#[async_std::test]
async fn keys_of_many_slots_are_one_command() {
    let cluster = shared();
    let muxer = connect(cluster, 2).await;
    let db = muxer.database();
    let keys: Vec<String> = (0..1000).map(|number| format!("s{number}")).collect();
    let pairs: Vec<(&str, usize)> = keys.iter().map(String::as_str).zip(0..).collect();
    db.mset(pairs).await.unwrap();
    let mut asked = keys.clone();
    asked.push("absent".into());
    asked.push("s7".into());
    let values: Vec<Option<usize>> = db.mget(&asked).await.unwrap();
    let expected: Vec<Option<usize>> = (0..1000).map(Some).chain([None, Some(7)]).collect();
    assert_eq!(values, expected, "in the order of the keys");
    assert_eq!(db.exists(&asked).await.unwrap(), 1001);
    assert_eq!(db.touch(&keys).await.unwrap(), 1000);
    assert_eq!(db.unlink(&keys[..500]).await.unwrap(), 500);
    assert_eq!(db.del(&keys).await.unwrap(), 500);
    muxer.close().await;
}

#[async_std::test]
async fn what_is_about_all_servers_is_asked_of_all() {
    let cluster = RedisCluster::start();
    let muxer = connect(&cluster, 0).await;
    let db = muxer.database();
    for number in 0..300 {
        db.set(format!("k{number}"), number).await.unwrap();
    }
    assert_eq!(db.dbsize().await.unwrap(), 300);
    let keys: HashSet<String> = db.keys("k*").await.unwrap().into_iter().collect();
    assert_eq!(keys.len(), 300);
    assert!(db.randomkey::<Option<String>>().await.unwrap().is_some());
    // A script is known to all servers, replicas included, before it is called by its sum.
    let sum: String =
        muxer.execute("SCRIPT", ("LOAD", "return redis.call('GET', KEYS[1])")).await.unwrap();
    for number in 0..50 {
        let key = format!("k{number}");
        let value: i64 = muxer.execute("EVALSHA", (&*sum, 1, &*key)).await.unwrap();
        assert_eq!(value, number);
    }
    let known: Vec<bool> =
        muxer.execute("SCRIPT", ("EXISTS", &*sum, "0".repeat(40))).await.unwrap();
    assert_eq!(known, [true, false]);
    muxer.execute::<()>("CONFIG", ("SET", "slowlog-max-len", 77)).await.unwrap();
    for node in cluster.nodes() {
        assert!(node.command(&["CONFIG", "GET", "slowlog-max-len"]).contains("77"));
    }
    assert_eq!(muxer.execute::<String>("PING", ()).await.unwrap(), "PONG");
    db.flushall().await.unwrap();
    assert_eq!(db.dbsize().await.unwrap(), 0);
    muxer.close().await;
}

#[async_std::test]
async fn a_pipeline_goes_to_many_servers_and_each_call_has_its_result() {
    let cluster = shared();
    let muxer = connect(cluster, 5).await;
    let db = muxer.database();
    let sets = (0..500).map(|number| db.set(format!("p{number}"), number)).collect::<Vec<_>>();
    pipeline(sets).all().await.unwrap();
    let mut calls = Vec::new();
    for number in 0..500 {
        calls.push(db.get::<i64>(format!("p{number}")).erased());
        calls.push(db.lpop::<String>(format!("p{number}")).erased());
    }
    let results = pipeline(calls).await;
    for (number, pair) in results.chunks(2).enumerate() {
        assert_eq!(pair[0].as_ref().unwrap().decode::<usize>().unwrap(), number);
        assert!(pair[1].as_ref().unwrap_err().to_string().contains("WRONGTYPE"));
    }
    muxer.close().await;
}

#[async_std::test]
async fn what_cannot_be_split_is_refused_and_nothing_is_sent() {
    let cluster = shared();
    let muxer = connect(cluster, 1).await;
    let db = muxer.database();
    for error in [
        db.rename("foo", "bar").await.unwrap_err(),
        db.msetnx([("foo", 1), ("bar", 2)]).await.unwrap_err(),
        db.sinter::<Vec<String>>(["foo", "bar"]).await.unwrap_err(),
    ] {
        assert!(error.is_rejected() && error.to_string().contains("CROSSSLOT"), "{error}");
    }
    muxer.close().await;
}

#[async_std::test]
async fn a_prefix_holds_for_every_part() {
    let cluster = shared();
    let muxer = connect(cluster, 3).await;
    let db = muxer.database().with_key_prefix("shop:");
    db.mset([("a", 1), ("b", 2), ("c", 3)]).await.unwrap();
    assert_eq!(db.mget::<i64>(["a", "b", "c"]).await.unwrap(), [Some(1), Some(2), Some(3)]);
    let keys: HashSet<String> = db.keys("*").await.unwrap().into_iter().collect();
    assert_eq!(keys, ["a", "b", "c"].map(String::from).into());
    assert_eq!(db.del(["a", "b", "c"]).await.unwrap(), 3);
    muxer.close().await;
}

/// Parts that a server sends on, for good and for once, and one that no server executes for a while.
#[async_std::test]
async fn a_part_is_redirected_by_itself() {
    let cluster = &RedisCluster::builder().replicas(0).start().unwrap();
    let muxer = connect(cluster, 0).await;
    let db = muxer.database();
    let keys: Vec<String> = (0..300).map(|number| format!("parts{number}")).collect();
    let both = ["{parts}a", "{parts}b"];
    let all: Vec<&str> = keys.iter().map(String::as_str).chain(both).collect();
    db.mset(all.iter().copied().zip(0..).collect::<Vec<_>>()).await.unwrap();
    let expected: Vec<Option<usize>> = (0..all.len()).map(Some).collect();
    // The client does not know of these. They go one way: servers that claim slots of each other in turn may disagree.
    let (from, to) = from_to(cluster, cluster.slot(both[0]));
    let owned = |key: &&String| cluster.owner(cluster.slot(key), 0) == Some(from);
    let owned: Vec<&String> = keys.iter().filter(owned).collect();
    owned[..10].iter().for_each(|key| cluster.move_slot(cluster.slot(key), from, to));
    assert_eq!(db.mget::<usize>(&all).await.unwrap(), expected);
    // A slot whose keys are at its next server, and one half of whose keys are.
    let (gone, slot, halves) = (owned[20], cluster.slot(owned[20]), cluster.slot(both[0]));
    cluster.begin_move(slot, from, to);
    cluster.migrate(&[gone], from, to);
    cluster.begin_move(halves, from, to);
    cluster.migrate(&both[..1], from, to);
    let rest = async {
        async_std::task::sleep(Duration::from_millis(200)).await;
        cluster.migrate(&both[1..], from, to);
    };
    let (got, ()) = futures::join!(async { db.mget::<usize>(&all).await }, rest);
    assert_eq!(got.unwrap(), expected);
    assert_eq!(db.exists(&all).await.unwrap(), all.len() as u64);
    assert_eq!(db.del(&all).await.unwrap(), all.len() as u64, "each part ran once");
    cluster.end_move(slot, to);
    cluster.end_move(halves, to);
    muxer.close().await;
}

/// More parts than the send queue has room for.
#[async_std::test]
async fn parts_wait_for_room() {
    let cluster = shared();
    let options = Options::from(Endpoint::tcp("127.0.0.1", cluster.nodes()[0].port()));
    let options = options.mode(Mode::Cluster).send_queue_bytes(4096);
    let muxer = ConnectionMultiplexer::connect(options).await.unwrap();
    let db = muxer.database();
    let keys: Vec<String> = (0..2000).map(|number| format!("room{number}")).collect();
    let value = "x".repeat(100);
    let pairs: Vec<(&str, &str)> = keys.iter().map(|key| (&**key, &*value)).collect();
    // What is sent behind it is executed behind it, too.
    let (set, last) = futures::join!(async { db.mset(pairs).await }, db.set("room1999", "last"));
    set.unwrap();
    last.unwrap();
    let values = db.mget::<String>(&keys).await.unwrap();
    assert!(values[..1999].iter().all(|found| found.as_ref() == Some(&value)));
    assert_eq!(values[1999].as_deref(), Some("last"));
    assert_eq!(db.unlink(&keys).await.unwrap(), 2000);
    muxer.close().await;
}

/// The first part to fail is at a server that has others of the same command.
#[async_std::test]
async fn an_error_is_that_of_a_part() {
    let cluster = shared();
    let muxer = connect(cluster, 4).await;
    let db = muxer.database();
    let keys: Vec<String> = (0..100).map(|number| format!("user:limited{number}")).collect();
    db.mset(keys.iter().map(|key| (key, 1)).collect::<Vec<_>>()).await.unwrap();
    let user = ["ACL", "SETUSER", "limited", "on", ">secret", "+@all", "~*3", "~*4", "~*5"];
    cluster.nodes().iter().for_each(|node| drop(node.command(&user)));
    let options = Options::from(Endpoint::tcp("127.0.0.1", cluster.nodes()[4].port()));
    let options = options.mode(Mode::Cluster).username("limited").password("secret");
    let limited = ConnectionMultiplexer::connect(options).await.unwrap();
    let error = limited.database().del(&keys).await.unwrap_err();
    assert!(error.to_string().contains("70 of 100 parts failed"), "{error}");
    assert!(error.to_string().contains("NOPERM") && !error.to_string().contains("user:limited"));
    assert_eq!(error.delivery(), Delivery::Answered);
    assert_eq!(db.exists(&keys).await.unwrap(), 70, "the other parts ran");
    limited.close().await;
    cluster.nodes().iter().for_each(|node| drop(node.command(&["ACL", "DELUSER", "limited"])));
    db.del(&keys).await.unwrap();
    muxer.close().await;
}

/// Parts that were sent are given up with their command, and what comes for them answers nobody else.
#[async_std::test]
async fn a_command_that_is_dropped_takes_its_parts_along() {
    let cluster = shared();
    let muxer = connect(cluster, 2).await;
    let db = muxer.database();
    let keys: Vec<String> = (0..500).map(|number| format!("drop{number}")).collect();
    db.mset(keys.iter().zip(0..).collect::<Vec<_>>()).await.unwrap();
    for time in [0, 50, 200, 500, 1000, 2000] {
        let dropped = async { db.mget::<usize>(&keys).await };
        let _ = async_std::future::timeout(Duration::from_micros(time), dropped).await;
        let few: Vec<Option<usize>> = db.mget(&keys[7..40]).await.unwrap();
        assert_eq!(few, (7..40).map(Some).collect::<Vec<_>>());
    }
    db.del(&keys).await.unwrap();
    muxer.close().await;
}
