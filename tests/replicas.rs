//! A primary and its replicas, without a cluster and without sentinels.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering::SeqCst},
    },
    time::{Duration, Instant},
};

use async_std::task::{sleep, spawn};
use futures::{StreamExt, future::join_all};
use redmux::{
    ConnectionMultiplexer, Endpoint, ErrorKind, database::scans::ScanOptions, events::Event,
    options::ReadFrom, pubsub::Item, status::NodeRole,
};
use redmux_test_support::{Direction, FaultProxy, RedisServer, until, within};

/// A server that follows the one on this port.
fn follower(port: u16) -> RedisServer {
    RedisServer::builder()
        .args(["--replicaof", &format!("127.0.0.1 {port}"), "--repl-diskless-sync-delay", "0"])
        .start()
        .unwrap()
}

/// A primary and this number of replicas, in sync.
async fn start(replicas: usize) -> Vec<RedisServer> {
    let primary = RedisServer::builder().args(["--repl-diskless-sync-delay", "0"]).start().unwrap();
    let mut all = vec![primary];
    all.extend((0..replicas).map(|_| follower(all[0].port())).collect::<Vec<_>>());
    for replica in &all[1..] {
        follows(replica).await;
    }
    names(&all[0], replicas).await;
    all
}

async fn follows(replica: &RedisServer) {
    until("a replica that follows", || {
        replica.command(&["INFO", "replication"]).contains("master_link_status:up")
    })
    .await;
}

/// The primary names this number of replicas.
async fn names(primary: &RedisServer, replicas: usize) {
    until("a primary that knows its replicas", || {
        let text = primary.command(&["INFO", "replication"]);
        text.matches("state=online").count() == replicas
    })
    .await;
}

/// The options for these servers, in this order.
fn text(servers: &[&RedisServer], more: &str) -> String {
    let all: Vec<String> = servers.iter().map(|server| server.addr().to_string()).collect();
    format!("{},{more}", all.join(","))
}

async fn connect(servers: &[&RedisServer], more: &str) -> ConnectionMultiplexer {
    within(ConnectionMultiplexer::connect(text(servers, more))).await.unwrap()
}

fn gets(server: &RedisServer) -> u64 {
    let stats = server.command(&["INFO", "commandstats"]);
    let line = stats.lines().find_map(|line| line.strip_prefix("cmdstat_get:calls="));
    line.map_or(0, |line| line.split(',').next().unwrap().parse().unwrap())
}

#[async_std::test]
async fn the_primary_is_found_and_all_works_as_with_one_server() {
    let all = start(2).await;
    let muxer = connect(&[&all[1], &all[2], &all[0]], "mode=replicas").await;
    let db = muxer.database();
    // Slots mean nothing here.
    db.mset([("a", 1), ("b", 2), ("c", 3)]).await.unwrap();
    assert!(!db.msetnx([("a", 1), ("z", 2)]).await.unwrap());
    let calls = (db.rename("a", "d"), db.mget::<i64>(["d", "b"]));
    let (_, both) = db.transaction(calls).all().await.unwrap();
    assert_eq!(both, [Some(1), Some(2)]);
    let page = db.scan::<String>(0, ScanOptions::new()).await.unwrap();
    assert_eq!(page.items.len(), 3);
    let scan = db.scan_stream::<String>(ScanOptions::new());
    let mut keys: Vec<String> = scan.map(Result::unwrap).collect().await;
    keys.sort();
    assert_eq!(keys, ["b", "c", "d"]);
    let other = muxer.database_at(1);
    other.set("a", "elsewhere").await.unwrap();
    assert_eq!((db.dbsize().await.unwrap(), other.dbsize().await.unwrap()), (3, 1));
    let popped = db.blpop::<String, String>("none", redmux::database::BlockFor::Forever);
    assert!(popped.timeout(Duration::from_millis(50)).await.is_err());
    // Both replicas serve reads of keys.
    let replicas = db.with_read_from(ReadFrom::Replica);
    for number in 0..50 {
        db.set(format!("k{number}"), number).await.unwrap();
    }
    for number in 0..50 {
        let read = || replicas.get::<u64>(format!("k{number}"));
        while within(read()).await.unwrap() != Some(number) {
            sleep(Duration::from_millis(5)).await;
        }
    }
    assert_eq!(gets(&all[0]), 0);
    assert!(gets(&all[1]) > 5 && gets(&all[2]) > 5);
    let joined: Vec<String> = replicas.sunion(["b{1}", "c{2}"]).await.unwrap();
    assert!(joined.is_empty());
    let nodes = muxer.nodes();
    let primary = Endpoint::tcp("127.0.0.1", all[0].port());
    assert_eq!(nodes.len(), 3, "{nodes:?}");
    for node in &nodes {
        let is_replica = node.role == NodeRole::Replica { of: primary.clone() };
        assert!(is_replica || node.endpoint == primary && node.role == NodeRole::Primary);
        assert!(node.slots.is_empty());
    }
    let status = muxer.status();
    assert_eq!(status.map.redirects, 0, "{status}");
    muxer.close().await;
}

#[async_std::test]
async fn replicas_are_found_from_the_primary_alone() {
    let all = start(1).await;
    // Without a mode, too: one that reads from replicas means to have some.
    for more in ["mode=replicas,readFrom=replica", "readFrom=replica"] {
        let muxer = connect(&[&all[0]], more).await;
        let db = muxer.database();
        db.set("k", more).await.unwrap();
        let before = gets(&all[1]);
        while within(db.get::<String>("k")).await.unwrap().as_deref() != Some(more) {
            sleep(Duration::from_millis(5)).await;
        }
        assert!(gets(&all[1]) > before);
        assert_eq!(gets(&all[0]), 0, "{more}");
        muxer.close().await;
    }
}

/// Counts up all the time, until `stop` says so; the last number, and how many errors there were.
async fn count(muxer: ConnectionMultiplexer, stop: Arc<AtomicBool>) -> (i64, Vec<redmux::Error>) {
    let (db, mut last, mut errors) = (muxer.database(), 0, Vec::new());
    while !stop.load(SeqCst) {
        match within(db.incr("n")).await {
            Ok(number) => {
                assert!(number > last, "{number} after {last}");
                last = number;
            }
            Err(error) => errors.push(error),
        }
    }
    (last, errors)
}

#[async_std::test]
async fn a_failover_that_is_ordered_costs_no_command() {
    let all = start(1).await;
    let muxer = connect(&[&all[0], &all[1]], "mode=replicas").await;
    let mut news = muxer.subscriber().subscribe("news").await.unwrap();
    let mut events = muxer.events();
    let stop = Arc::new(AtomicBool::new(false));
    let counting = spawn(count(muxer.clone(), stop.clone()));
    for (from, to) in [(0, 1), (1, 0)] {
        sleep(Duration::from_millis(300)).await;
        follows(&all[to]).await;
        let port = all[to].port().to_string();
        assert_eq!(all[from].command(&["FAILOVER", "TO", "127.0.0.1", &port]), "OK");
        until("a new primary", || all[to].command(&["ROLE"]).starts_with("master")).await;
        until("a map that knows it", || {
            let nodes = muxer.nodes();
            let primary = nodes.iter().find(|node| node.role == NodeRole::Primary).unwrap();
            primary.endpoint == Endpoint::tcp("127.0.0.1", all[to].port())
        })
        .await;
        // What is published goes through the new primary, and comes.
        until("a subscription at the new primary", || {
            all[to].command(&["PUBSUB", "NUMSUB", "news"]).ends_with('1')
        })
        .await;
        assert_eq!(muxer.database().publish("news", to).await.unwrap(), 1);
        let item = loop {
            match within(news.next()).await.unwrap() {
                Item::Missed(_) => {}
                item => break item,
            }
        };
        assert!(matches!(item, Item::Message(_)), "{item:?}");
    }
    stop.store(true, SeqCst);
    let (last, errors) = counting.await;
    assert!(errors.is_empty(), "{} of them, such as {}", errors.len(), errors[0]);
    let value: Option<i64> = muxer.database().get("n").await.unwrap();
    assert_eq!(value, Some(last), "each was counted once");
    let mut changed = 0;
    while let Some(Some(event)) = futures::FutureExt::now_or_never(events.next()) {
        assert!(!matches!(event, Event::HashSlotsMoved(_)), "there are no slots");
        changed += u32::from(matches!(event, Event::ConfigurationChanged(_)));
    }
    assert!(changed >= 2);
    muxer.close().await;
}

#[async_std::test]
async fn a_primary_that_comes_back_alone_is_outvoted() {
    let all = start(2).await;
    let muxer = connect(&[&all[0], &all[1], &all[2]], "mode=replicas").await;
    let db = muxer.database();
    db.set("k", 1).await.unwrap();
    all[0].kill();
    all[1].command(&["REPLICAOF", "NO", "ONE"]);
    all[2].command(&["REPLICAOF", "127.0.0.1", &all[1].port().to_string()]);
    // What is sent now waits for it.
    within(db.set("k", 2))
        .await
        .or_else(|error| match error.delivery() {
            redmux::Delivery::MaybeExecuted => Ok(()),
            _ => Err(error),
        })
        .unwrap();
    within(db.set("k", 3)).await.unwrap();
    assert_eq!(all[1].command(&["GET", "k"]), "3");
    follows(&all[2]).await;
    // It is empty, and takes writes.
    all[0].restart();
    assert!(all[0].command(&["ROLE"]).starts_with("master"));
    let late = connect(&[&all[0], &all[1], &all[2]], "mode=replicas").await;
    for number in 0..20 {
        within(db.set("k", number)).await.unwrap();
        assert_eq!(late.database().get::<i64>("k").await.unwrap(), Some(number));
        sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(all[0].command(&["DBSIZE"]), "0", "nothing was written to the one that came back");
    // Nor is it read from. A replica that has just linked gets what was written since only with its next word to the primary.
    until("the replica has the key", || all[2].command(&["GET", "k"]) != "(nil)").await;
    let replicas = late.database().with_read_from(ReadFrom::Replica);
    for _ in 0..50 {
        assert!(within(replicas.get::<i64>("k")).await.unwrap().is_some());
    }
    late.close().await;
    muxer.close().await;
}

#[async_std::test]
async fn a_server_is_read_from_once_it_has_said_that_it_is_a_replica() {
    let all = start(1).await;
    let muxer = connect(&[&all[0], &all[1]], "mode=replicas").await;
    let keys: Vec<String> = (0..40).map(|number| format!("k{number}")).collect();
    for key in &keys {
        muxer.database().set(key, 1).await.unwrap();
    }
    // A replica that has just come gets what was written since with its first acknowledgement, and not before.
    until("all keys at the replica", || all[1].command(&["DBSIZE"]) == "40").await;
    // Another one of the options is an empty primary, and slow: a client that begins does not know it yet.
    let odd = RedisServer::start();
    odd.pause();
    let late = connect(&[&all[0], &all[1], &odd], "mode=replicas").await;
    let replicas = late.database().with_read_from(ReadFrom::Replica);
    let mut rounds = 0;
    let end = Instant::now() + Duration::from_millis(1500);
    while Instant::now() < end {
        if rounds == 5 {
            odd.resume();
        }
        for key in &keys {
            assert_eq!(within(replicas.get::<i64>(key)).await.unwrap(), Some(1), "{key}");
        }
        sleep(Duration::from_millis(2)).await;
        rounds += 1;
    }
    assert!(rounds > 5, "{rounds}");
    late.close().await;
    muxer.close().await;
}

#[async_std::test]
async fn between_two_that_nobody_follows_the_operator_decides() {
    let all = [RedisServer::start(), RedisServer::start()];
    let both = text(&[&all[0], &all[1]], "mode=replicas");
    let error = within(ConnectionMultiplexer::connect(&*both)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    for server in &all {
        assert!(error.to_string().contains(&server.addr().to_string()), "{error}");
    }
    let name = all[1].addr().to_string();
    all[0].command(&["SET", "__Booksleeve_TieBreak", &name]);
    let muxer = within(ConnectionMultiplexer::connect(&*both)).await.unwrap();
    muxer.database().set("k", 1).await.unwrap();
    assert_eq!(all[1].command(&["GET", "k"]), "1");
    muxer.close().await;
    // Votes for both decide nothing, nor does a key that is not looked at.
    all[1].command(&["SET", "__Booksleeve_TieBreak", &all[0].addr().to_string()]);
    assert!(within(ConnectionMultiplexer::connect(&*both)).await.is_err());
    all[1].command(&["DEL", "__Booksleeve_TieBreak"]);
    let without = format!("{both},tiebreaker=");
    assert!(within(ConnectionMultiplexer::connect(&*without)).await.is_err());
}

#[async_std::test]
async fn where_all_are_replicas_the_error_says_so() {
    let all = start(1).await;
    let options = text(&[&all[1]], "mode=replicas,connectTimeout=300,connectRetry=2");
    let muxer = within(ConnectionMultiplexer::connect(&*options)).await.unwrap();
    drop(muxer);
    all[0].kill();
    let error = within(ConnectionMultiplexer::connect(&*options)).await.unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Connect(_)), "{error}");
    assert!(error.to_string().contains("none of the servers that answer is a primary"), "{error}");
}

/// What was written longer ago than the lag may be is never missing, also while replication makes no progress.
#[async_std::test]
async fn no_read_is_older_than_the_lag_that_is_allowed() {
    const LAG: Duration = Duration::from_millis(200);
    let primary = RedisServer::builder().args(["--repl-diskless-sync-delay", "0"]).start().unwrap();
    let between = FaultProxy::start(primary.addr());
    let replica = follower(between.addr().port());
    follows(&replica).await;
    let muxer = connect(&[&primary, &replica], "mode=replicas,maxReplicaLag=200").await;
    let db = muxer.database();
    db.set("n", 0).await.unwrap();
    let (stop, reads) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let reader = {
        let replicas = db.with_read_from(ReadFrom::Replica);
        let (db, stop, reads) = (db.clone(), stop.clone(), reads.clone());
        spawn(async move {
            // What was acknowledged, and when.
            let mut written: Vec<(Instant, u64)> = vec![(Instant::now(), 0)];
            let mut refused = 0;
            while !stop.load(SeqCst) {
                let number = db.incr("n").await.unwrap() as u64;
                written.push((Instant::now(), number));
                let begun = Instant::now();
                match within(replicas.get::<u64>("n")).await {
                    Ok(value) => {
                        let due = written.iter().rev().find(|(at, _)| *at + LAG < begun);
                        let due = due.map_or(0, |(_, number)| *number);
                        assert!(value.unwrap_or(0) >= due, "{value:?}, though {due} is due");
                        reads.fetch_add(1, SeqCst);
                    }
                    Err(error) => {
                        assert_eq!(error.kind(), ErrorKind::NoReplica, "{error}");
                        assert!(error.to_string().contains("maxReplicaLag"), "{error}");
                        refused += 1;
                        sleep(Duration::from_millis(5)).await;
                    }
                }
            }
            refused
        })
    };
    until("reads", || reads.load(SeqCst) > 100).await;
    // The replica still counts as connected.
    between.stall(Direction::Replies);
    sleep(LAG * 4).await;
    let stopped = reads.load(SeqCst);
    sleep(LAG * 4).await;
    assert!(replica.command(&["INFO", "replication"]).contains("master_link_status:up"));
    assert_eq!(reads.load(SeqCst), stopped, "nothing is read from one that makes no progress");
    // A wish is the primary's.
    let wish = db.get::<u64>("n").read_from(ReadFrom::PreferReplica).await.unwrap();
    assert!(wish.unwrap() > stopped);
    between.resume(Direction::Replies);
    until("reads again", || reads.load(SeqCst) > stopped + 20).await;
    stop.store(true, SeqCst);
    assert!(reader.await > 0, "reads were refused meanwhile");
    muxer.close().await;
}

#[async_std::test]
async fn with_one_server_a_wish_is_granted_and_a_demand_is_refused() {
    let server = RedisServer::start();
    let muxer = connect(&[&server], "mode=single").await;
    let db = muxer.database().with_read_from(ReadFrom::Replica);
    db.set("k", 1).await.unwrap();
    let error = within(db.get::<i64>("k")).await.unwrap_err();
    assert_eq!((error.kind(), error.delivery()), (ErrorKind::NoReplica, redmux::Delivery::NotSent));
    assert!(error.is_connection(), "{error}");
    let wish = db.get::<i64>("k").read_from(ReadFrom::PreferReplica);
    assert_eq!(within(wish).await.unwrap(), Some(1));
    muxer.close().await;
}

/// Redis says no zone of its own.
#[async_std::test]
async fn the_nearest_server_is_the_one_that_the_options_put_into_the_zone() {
    let all = start(2).await;
    for near in 0..3 {
        let far = all.iter().enumerate().filter(|(number, _)| *number != near);
        let zones: Vec<String> = far.map(|(_, server)| format!("{}@far", server.addr())).collect();
        // The port says more than the host.
        let zones = format!("127.0.0.1@here;{}", zones.join(";"));
        let more = format!("mode=replicas,readFrom=nearest,zone=here,zones={zones}");
        let muxer = connect(&[&all[0], &all[1], &all[2]], &more).await;
        let db = muxer.database();
        let read = async || {
            let before: Vec<u64> = all.iter().map(gets).collect();
            let keys = (0..20).map(|number| format!("k{number}"));
            join_all(keys.map(|key| db.get::<i64>(key))).await.into_iter().for_each(|got| {
                assert_eq!(got.unwrap(), None);
            });
            let after: Vec<u64> = all.iter().map(gets).collect();
            after.into_iter().zip(before).map(|(after, before)| after - before).collect::<Vec<_>>()
        };
        let mut expected = vec![0; 3];
        expected[near] = 20;
        // Replicas are connected to when something is first read.
        let end = Instant::now() + Duration::from_secs(20);
        while read().await != expected {
            assert!(Instant::now() < end, "{near}: {}", muxer.status());
            sleep(Duration::from_millis(20)).await;
        }
        assert_eq!(read().await, expected, "{near}");
        let zones = muxer.nodes().into_iter().filter(|node| node.zone.as_deref() == Some("here"));
        let zones: Vec<String> = zones.map(|node| node.endpoint.to_string()).collect();
        assert_eq!(zones, [all[near].addr().to_string()]);
        muxer.close().await;
    }
}
