//! The client-side cache: a reply is kept for as long as the server that has it would announce a change.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicI64, Ordering::SeqCst},
    },
    time::Duration,
};

use async_std::task::{sleep, spawn, spawn_blocking};
use redmux::{
    ConnectionMultiplexer, Endpoint, Options,
    cache::{CacheOptions, CacheStats},
    options::{Mode, ReadFrom},
};
use redmux_test_support::{RedisCluster, within};

use crate::{FOO, connect, from_to, movable, shared};

async fn cached(cluster: &RedisCluster, cache: CacheOptions) -> ConnectionMultiplexer {
    let endpoint = Endpoint::tcp("127.0.0.1", cluster.nodes()[0].port());
    let options = Options::from(endpoint).mode(Mode::Cluster).client_cache(cache);
    ConnectionMultiplexer::connect(options).await.unwrap()
}

fn stats(muxer: &ConnectionMultiplexer) -> CacheStats {
    muxer.cache_stats().unwrap()
}

async fn has(muxer: &ConnectionMultiplexer, what: impl Fn(CacheStats) -> bool) {
    within(async {
        while !what(stats(muxer)) {
            sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
}

#[async_std::test]
async fn each_server_announces_its_own_keys() {
    let cluster = shared();
    let (muxer, other) =
        (cached(cluster, CacheOptions::default()).await, connect(cluster, 2).await);
    let (db, writer) = (muxer.database(), other.database());
    let keys: Vec<String> = (0..30).map(|number| format!("cache:{number}")).collect();
    for key in &keys {
        writer.set(key, 1).await.unwrap();
        // The first one may find a server that is only just connected to, and tracks nothing yet.
        db.get::<i64>(key).await.unwrap();
        for _ in 0..5 {
            assert_eq!(db.get::<i64>(key).cached().await.unwrap(), Some(1));
        }
    }
    let seen = stats(&muxer);
    assert!(seen.tracking && seen.hits == 4 * 30 && seen.misses == 30, "{seen}");
    for key in &keys {
        writer.set(key, 2).await.unwrap();
    }
    has(&muxer, |stats| stats.invalidated == 30).await;
    for key in &keys {
        assert_eq!(db.get::<i64>(key).cached().await.unwrap(), Some(2));
    }
    assert_eq!(muxer.status().cache, Some(stats(&muxer)));
    // Replicas announce nothing here: what is read from them is sent.
    let before = stats(&muxer);
    let read = db.get::<i64>(&keys[0]).read_from(ReadFrom::Replica).cached();
    within(read).await.unwrap();
    assert_eq!(stats(&muxer), before);
    muxer.close().await;
    other.close().await;
}

#[async_std::test]
async fn the_caches_of_all_servers_have_one_bound() {
    let cluster = shared();
    let (max, size) = (256 << 10, 10_000);
    let muxer = cached(cluster, CacheOptions::default().max_bytes(max)).await;
    let db = muxer.database();
    let (mut most, mut kept) = (0, 0);
    for number in 0..200 {
        let key = format!("large:{number}");
        db.set(&key, "x".repeat(size)).await.unwrap();
        // Its own change is announced, before or after it was read.
        for _ in 0..3 {
            let value: Option<String> = db.get(&key).cached().await.unwrap();
            assert_eq!(value.map(|value| value.len()), Some(size));
        }
        let now = stats(&muxer);
        (most, kept) = (most.max(now.bytes), kept.max(now.entries));
        assert!(now.bytes <= max, "{now}");
    }
    assert!(most > max / 2 && kept > 12, "{most} bytes, {kept} replies");
    assert!(stats(&muxer).evicted > 100, "{}", stats(&muxer));
    muxer.close().await;
}

/// A reader that has seen a value must not see the one before it again, while the slot goes to and fro.
#[async_std::test]
async fn nothing_older_comes_back_while_a_slot_moves() {
    for cache in [CacheOptions::default(), CacheOptions::default().broadcast(["{foo}"])] {
        let cluster = movable();
        let (muxer, other) = (cached(cluster, cache).await, connect(cluster, 1).await);
        let stop = Arc::new(AtomicBool::new(false));
        // Of a key that does not exist nothing is announced when its slot moves: it is there all the time.
        other.database().set("{foo}k", 0).await.unwrap();
        let written = Arc::new(AtomicI64::new(0));
        let writer = spawn({
            let (other, stop, written) = (other.clone(), stop.clone(), written.clone());
            async move {
                while !stop.load(SeqCst) {
                    let value = written.load(SeqCst) + 1;
                    other.database().set("{foo}k", value).await.unwrap();
                    written.store(value, SeqCst);
                    sleep(Duration::from_millis(2)).await;
                }
                written.load(SeqCst)
            }
        });
        // However busy the machine is, something changes in each step.
        let changes = || {
            let from = written.load(SeqCst);
            let written = written.clone();
            async move {
                while written.load(SeqCst) < from + 10 {
                    sleep(Duration::from_millis(1)).await;
                }
            }
        };
        let seen = Arc::new(AtomicI64::new(0));
        let readers = (0..4).map(|_| {
            let (muxer, stop, seen) = (muxer.clone(), stop.clone(), seen.clone());
            spawn(async move {
                while !stop.load(SeqCst) {
                    let before = seen.load(SeqCst);
                    let value = muxer.database().get::<i64>("{foo}k").cached().await.unwrap();
                    let value = value.unwrap_or_default();
                    assert!(value >= before, "{value} after {before}");
                    seen.fetch_max(value, SeqCst);
                    // On the way for longer than an announcement takes.
                    sleep(Duration::from_micros(200)).await;
                }
            })
        });
        let readers: Vec<_> = readers.collect();
        for _ in 0..4 {
            let (from, to) = from_to(cluster, FOO);
            within(changes()).await;
            spawn_blocking(move || cluster.begin_move(FOO, from, to)).await;
            within(changes()).await;
            spawn_blocking(move || cluster.migrate(&["{foo}k"], from, to)).await;
            // Here it is served behind `ASKING`, and not kept.
            within(changes()).await;
            spawn_blocking(move || cluster.end_move(FOO, to)).await;
            within(changes()).await;
        }
        stop.store(true, SeqCst);
        let last = writer.await;
        futures::future::join_all(readers).await;
        within(async {
            while muxer.database().get::<i64>("{foo}k").cached().await.unwrap() != Some(last) {
                sleep(Duration::from_millis(5)).await;
            }
        })
        .await;
        let all = stats(&muxer);
        assert!(all.hits > 50 && all.invalidated > 20, "{all}");
        muxer.close().await;
        other.close().await;
    }
}
