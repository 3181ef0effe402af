//! Commands of which several servers execute a part.

use std::collections::HashSet;

use redmux::pipeline;
use redmux_test_support::RedisCluster;

use crate::{connect, shared};

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
