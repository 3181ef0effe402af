//! Client-side caching, against a real server.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicI64, AtomicU64, Ordering},
    },
    time::Duration,
};

use async_std::task;
use futures::{FutureExt, future::join_all};
use redmux::{
    ConnectionMultiplexer, Delivery, ErrorKind, Options,
    cache::{CacheOptions, CacheStats},
    error::TimeoutStage,
    resp::Protocol,
};
use redmux_test_support::RedisServer;

fn options(server: &RedisServer) -> Options {
    Options::new(server.addr().to_string())
}

async fn cached(server: &RedisServer, cache: CacheOptions) -> ConnectionMultiplexer {
    ConnectionMultiplexer::connect(options(server).client_cache(cache)).await.unwrap()
}

async fn plain(server: &RedisServer) -> ConnectionMultiplexer {
    ConnectionMultiplexer::connect(options(server)).await.unwrap()
}

fn stats(muxer: &ConnectionMultiplexer) -> CacheStats {
    muxer.cache_stats().unwrap()
}

/// Waits until the cache is as it should become.
async fn until(muxer: &ConnectionMultiplexer, what: impl Fn(CacheStats) -> bool) {
    for _ in 0..2000 {
        if what(stats(muxer)) {
            return;
        }
        task::sleep(Duration::from_millis(5)).await;
    }
    panic!("{}", stats(muxer));
}

#[async_std::test]
async fn a_value_is_asked_for_once_until_somebody_changes_it() {
    let server = RedisServer::start();
    let (muxer, other) = (cached(&server, CacheOptions::default()).await, plain(&server).await);
    let (db, writer) = (muxer.database(), other.database());
    writer.set("k", "one").await.unwrap();
    for _ in 0..100 {
        assert_eq!(db.get::<String>("k").cached().await.unwrap().as_deref(), Some("one"));
    }
    assert_eq!((stats(&muxer).hits, stats(&muxer).misses), (99, 1));
    writer.set("k", "two").await.unwrap();
    until(&muxer, |stats| stats.invalidated == 1).await;
    assert_eq!(db.get::<String>("k").cached().await.unwrap().as_deref(), Some("two"));
    // That a key is missing is kept as well.
    for _ in 0..10 {
        assert_eq!(db.get::<String>("none").cached().await.unwrap(), None);
    }
    writer.set("none", "some").await.unwrap();
    until(&muxer, |stats| stats.invalidated == 2).await;
    assert_eq!(db.get::<String>("none").cached().await.unwrap().as_deref(), Some("some"));
    assert!(muxer.status().to_string().contains("99 hits") || stats(&muxer).hits > 99);
}

#[async_std::test]
async fn other_types_expiry_and_flushes_are_announced_too() {
    let server = RedisServer::start();
    let (muxer, other) = (cached(&server, CacheOptions::default()).await, plain(&server).await);
    let (db, writer) = (muxer.database(), other.database());
    writer.hset("h", [("a", "1"), ("b", "2")]).await.unwrap();
    writer.rpush("l", ["x", "y", "z"]).await.unwrap();
    writer.set("brief", "v").await.unwrap();
    writer.expire("brief", Duration::from_millis(200)).await.unwrap();
    for _ in 0..3 {
        let all: HashMap<String, i32> = db.hgetall("h").cached().await.unwrap();
        assert_eq!(all.len(), 2);
        let one: Option<i32> = db.hget("h", "b").cached().await.unwrap();
        assert_eq!(one, Some(2));
        let list: Vec<String> = db.lrange("l", 0, 1).cached().await.unwrap();
        assert_eq!(list, ["x", "y"]);
        assert!(db.get::<String>("brief").cached().await.unwrap().is_some());
    }
    assert_eq!((stats(&muxer).misses, stats(&muxer).entries), (4, 4));
    // Both requests of one key.
    writer.hset("h", [("b", "3")]).await.unwrap();
    until(&muxer, |stats| stats.invalidated >= 2).await;
    assert_eq!(db.hget("h", "b").cached().await.unwrap(), Some(3));
    // The server announces an expiry when it removes the key.
    task::sleep(Duration::from_millis(250)).await;
    assert_eq!(writer.get::<String>("brief").await.unwrap(), None);
    until(&muxer, |stats| stats.invalidated >= 3).await;
    assert_eq!(db.get::<String>("brief").cached().await.unwrap(), None);
    other.execute::<()>("FLUSHALL", ()).await.unwrap();
    until(&muxer, |stats| stats.cleared == 1 && stats.entries == 0).await;
    assert_eq!(db.get::<String>("l").cached().await.unwrap(), None);
}

#[async_std::test]
async fn calls_at_the_same_time_share_one_request() {
    let server = RedisServer::start();
    let muxer = cached(&server, CacheOptions::default()).await;
    let db = muxer.database();
    db.set("k", 7).await.unwrap();
    let before: String = muxer.execute("INFO", "commandstats").await.unwrap();
    assert!(!before.contains("cmdstat_get:"));
    let calls = (0..1000).map(|_| db.get::<i64>("k").cached());
    assert!(join_all(calls).await.into_iter().all(|value| value.unwrap() == Some(7)));
    let after: String = muxer.execute("INFO", "commandstats").await.unwrap();
    assert!(after.contains("cmdstat_get:calls=1,"), "{after}");
    assert_eq!(stats(&muxer).shared, 999);
}

#[async_std::test]
async fn a_fetch_that_is_given_up_or_fails_is_taken_over() {
    let server = RedisServer::start();
    let muxer = cached(&server, CacheOptions::default()).await;
    let db = muxer.database();
    db.set("k", 7).await.unwrap();
    server.pause();
    let mut first = db.get::<i64>("k").cached();
    let mut second = db.get::<i64>("k").cached();
    let mut hasty = db.get::<i64>("k").timeout(Duration::from_millis(100)).cached();
    assert!((&mut first).now_or_never().is_none());
    assert!((&mut second).now_or_never().is_none());
    // The time of a call that waits for another one's reply is its own, and nothing of it was sent.
    let error = (&mut hasty).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout(TimeoutStage::Queue), "{error}");
    assert_eq!(error.delivery(), Delivery::NotSent);
    drop(first);
    server.resume();
    assert_eq!(second.await.unwrap(), Some(7));
    // An error is not kept.
    assert!(db.lrange::<String>("k", 0, -1).cached().await.is_err());
    assert!(db.lrange::<String>("k", 0, -1).cached().await.is_err());
    assert_eq!(stats(&muxer).entries, 1);
}

#[async_std::test]
async fn a_lost_connection_clears_the_cache() {
    let server = RedisServer::start();
    let (muxer, other) = (cached(&server, CacheOptions::default()).await, plain(&server).await);
    let (db, writer) = (muxer.database(), other.database());
    db.set("k", "old").await.unwrap();
    assert_eq!(db.get::<String>("k").cached().await.unwrap().as_deref(), Some("old"));
    other.execute::<()>("CLIENT", ("KILL", "ID", muxer_id(&muxer).await)).await.unwrap();
    writer.set("k", "new").await.unwrap();
    until(&muxer, |stats| stats.cleared == 1).await;
    assert_eq!(db.get::<String>("k").cached().await.unwrap().as_deref(), Some("new"));
    until(&muxer, |stats| stats.tracking).await;
    writer.set("k", "newer").await.unwrap();
    until(&muxer, |stats| stats.entries == 0).await;
    assert_eq!(db.get::<String>("k").cached().await.unwrap().as_deref(), Some("newer"));
}

async fn muxer_id(muxer: &ConnectionMultiplexer) -> i64 {
    muxer.execute("CLIENT", "ID").await.unwrap()
}

#[async_std::test]
async fn without_tracking_every_call_asks() {
    let server = RedisServer::start();
    let resp2 = options(&server).protocol(Protocol::Resp2).client_cache(CacheOptions::default());
    let resp2 = ConnectionMultiplexer::connect(resp2).await.unwrap();
    let none = plain(&server).await;
    for (round, muxer) in [resp2, none].into_iter().enumerate() {
        let db = muxer.database();
        for n in 0..10 {
            db.set("k", n).await.unwrap();
            assert_eq!(db.get("k").cached().await.unwrap(), Some(n));
        }
        assert_eq!(muxer.cache_stats().map(|stats| stats.hits), (round == 0).then_some(0));
    }
}

#[async_std::test]
async fn broadcast_covers_its_prefixes_and_nothing_else() {
    let server = RedisServer::start();
    let muxer = cached(&server, CacheOptions::default().broadcast(["user:", "item:"])).await;
    let other = plain(&server).await;
    let (db, writer) = (muxer.database(), other.database());
    for key in ["user:1", "item:1", "else:1"] {
        writer.set(key, "one").await.unwrap();
        // The announcement of this very change comes before the answer.
        db.ping().await.unwrap();
        for _ in 0..5 {
            assert_eq!(db.get::<String>(key).cached().await.unwrap().as_deref(), Some("one"));
        }
    }
    assert_eq!((stats(&muxer).hits, stats(&muxer).entries), (8, 2));
    writer.set("user:1", "two").await.unwrap();
    until(&muxer, |stats| stats.invalidated == 1).await;
    assert_eq!(db.get::<String>("user:1").cached().await.unwrap().as_deref(), Some("two"));
    assert_eq!(db.get::<String>("item:1").cached().await.unwrap().as_deref(), Some("one"));
}

#[async_std::test]
async fn large_replies_and_old_ones_are_asked_for_again() {
    let server = RedisServer::start();
    let cache = CacheOptions::default().max_reply_bytes(1000).max_age(Duration::from_millis(50));
    let muxer = cached(&server, cache).await;
    let db = muxer.database();
    db.set("large", "x".repeat(2000)).await.unwrap();
    db.set("small", "x").await.unwrap();
    for _ in 0..2 {
        assert_eq!(db.get::<String>("large").cached().await.unwrap().unwrap().len(), 2000);
        assert!(db.get::<String>("small").cached().await.unwrap().is_some());
        task::sleep(Duration::from_millis(60)).await;
    }
    assert_eq!((stats(&muxer).hits, stats(&muxer).misses), (0, 4));
}

/// Writers change keys while readers read them through the cache. A reader that has seen the
/// announcement of a change, or the value after it, must never see the value before it again.
#[async_std::test]
async fn nothing_older_than_an_announced_change_is_ever_given() {
    const KEYS: usize = 4;
    for cache in [CacheOptions::default(), CacheOptions::default().broadcast(["k"])] {
        let server = RedisServer::start();
        let (muxer, other) = (cached(&server, cache).await, plain(&server).await);
        let stop = Arc::new(AtomicI64::new(0));
        let writes = Arc::new(AtomicU64::new(0));
        let mut tasks = Vec::new();
        for key in 0..KEYS {
            let (db, stop, writes) = (other.database(), stop.clone(), writes.clone());
            tasks.push(task::spawn(async move {
                let mut n = 0;
                while stop.load(Ordering::SeqCst) == 0 {
                    n += 1;
                    db.set(format!("k{key}"), n).await.unwrap();
                    writes.fetch_add(1, Ordering::SeqCst);
                    if n % 7 == 0 {
                        task::sleep(Duration::from_micros(300)).await;
                    }
                }
            }));
        }
        // What any reader has seen of a key: values only grow.
        let seen: Arc<Vec<AtomicI64>> = Arc::new((0..KEYS).map(|_| AtomicI64::new(0)).collect());
        for reader in 0..8 {
            let (db, stop, seen) = (muxer.database(), stop.clone(), seen.clone());
            tasks.push(task::spawn(async move {
                let mut n = reader;
                while stop.load(Ordering::SeqCst) == 0 {
                    n += 1;
                    let key = n % KEYS;
                    let before = seen[key].load(Ordering::SeqCst);
                    let value = db.get::<i64>(format!("k{key}")).cached().await.unwrap();
                    let value = value.unwrap_or_default();
                    assert!(value >= before, "key {key}: {value} after {before}");
                    seen[key].fetch_max(value, Ordering::SeqCst);
                    if n % 50 == 0 {
                        task::yield_now().await;
                    }
                }
            }));
        }
        // A machine that is busy needs longer until enough has happened.
        let enough = async {
            task::sleep(Duration::from_millis(1500)).await;
            while stats(&muxer).hits <= 100 || stats(&muxer).invalidated <= 50 {
                task::sleep(Duration::from_millis(50)).await;
            }
        };
        let enough = async_std::future::timeout(Duration::from_secs(60), enough).await;
        assert!(enough.is_ok(), "{}", stats(&muxer));
        stop.store(1, Ordering::SeqCst);
        join_all(tasks).await;
        // And what is kept in the end is what the server has, once it has announced the last change.
        for key in 0..KEYS {
            let key = format!("k{key}");
            let last = other.database().get::<i64>(&key).await.unwrap();
            let announced = async {
                while muxer.database().get::<i64>(&key).cached().await.unwrap() != last {
                    task::sleep(Duration::from_millis(5)).await;
                }
            };
            let announced = async_std::future::timeout(Duration::from_secs(30), announced).await;
            assert!(announced.is_ok(), "{key}: an old value is kept");
        }
    }
}
