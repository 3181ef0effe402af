//! Reads that go to replicas.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    time::{Duration, Instant},
};

use async_std::task::{sleep, spawn, spawn_blocking};
use futures::future::join_all;
use redmux::{
    ConnectionMultiplexer, Database, ErrorKind, Options,
    options::{Mode, ReadFrom},
    pipeline,
    status::NodeRole,
};
use redmux_test_support::{RedisCluster, RedisServer, until, within};

use crate::{BAR, FOO, connect, shared};

/// How often a server has executed this command.
fn calls(server: &RedisServer, command: &str) -> u64 {
    let stats = server.command(&["INFO", "commandstats"]);
    let line = stats.lines().find(|line| line.starts_with(&format!("cmdstat_{command}:")));
    let calls = line.and_then(|line| line.split_once("calls=")?.1.split(',').next());
    calls.map_or(0, |calls| calls.parse().unwrap())
}

/// Those of all primaries, and those of all replicas.
fn sums(cluster: &RedisCluster, command: &str) -> (u64, u64) {
    let mut sums = (0, 0);
    for node in cluster.nodes() {
        let sum = match node.command(&["ROLE"]).starts_with("master") {
            true => &mut sums.0,
            false => &mut sums.1,
        };
        *sum += calls(node, command);
    }
    sums
}

fn options(cluster: &RedisCluster, more: &str) -> Options {
    let text = format!("127.0.0.1:{},mode=cluster{more}", cluster.nodes()[0].port());
    text.parse().unwrap()
}

async fn connect_with(cluster: &RedisCluster, more: &str) -> ConnectionMultiplexer {
    ConnectionMultiplexer::connect(options(cluster, more)).await.unwrap()
}

/// Waits until all replicas have what was written to their primaries.
async fn replicated(cluster: &RedisCluster) {
    until("replicas that have everything", || {
        let field = |text: &str, name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(name).map(str::to_owned));
            line.map(|value| value.trim().to_owned())
        };
        let texts = cluster.nodes().iter().map(|node| node.command(&["INFO", "replication"]));
        let texts: Vec<String> = texts.collect();
        texts.iter().filter(|text| text.contains("role:slave")).all(|replica| {
            let port = field(replica, "master_port:").unwrap();
            let at = cluster.nodes().iter().position(|node| node.port().to_string() == port);
            let primary = &texts[at.unwrap()];
            field(replica, "slave_repl_offset:") >= field(primary, "master_repl_offset:")
        })
    })
    .await;
}

#[async_std::test]
async fn what_only_reads_goes_to_replicas_and_the_rest_to_primaries() {
    let cluster = RedisCluster::start();
    let muxer = connect(&cluster, 0).await;
    let db = muxer.database();
    let replicas = db.with_read_from(ReadFrom::Replica);
    for number in 0..100 {
        replicas.set(format!("k{number}"), number).await.unwrap();
    }
    replicated(&cluster).await;
    assert_eq!(sums(&cluster, "get"), (0, 0));
    // Each by itself, as one pipeline, and split by slot.
    let keys: Vec<String> = (0..100).map(|number| format!("k{number}")).collect();
    for (number, key) in keys.iter().enumerate() {
        let value: Option<usize> = replicas.get(key).await.unwrap();
        assert_eq!(value, Some(number));
    }
    assert_eq!(sums(&cluster, "get"), (0, 100));
    let idle: Vec<_> = muxer.nodes().into_iter().filter(|node| !node.connected).collect();
    assert!(idle.is_empty(), "a connection for reading is one: {idle:?}");
    let all = keys.iter().map(|key| replicas.get::<u64>(key)).collect::<Vec<_>>();
    let values: Vec<Option<u64>> = pipeline(all).all().await.unwrap();
    assert!(values.into_iter().eq((0..100).map(Some)));
    assert_eq!(sums(&cluster, "get"), (0, 200));
    let values: Vec<Option<u64>> = replicas.mget(&keys).await.unwrap();
    assert!(values.into_iter().eq((0..100).map(Some)));
    assert_eq!(sums(&cluster, "mget").0, 0);
    assert!(sums(&cluster, "mget").1 > 3);
    // A call's own wish counts.
    let value: Option<u64> = replicas.get("k7").read_from(ReadFrom::Primary).await.unwrap();
    assert_eq!((value, sums(&cluster, "get")), (Some(7), (1, 200)));
    let value: Option<u64> = db.get("k7").read_from(ReadFrom::PreferReplica).await.unwrap();
    assert_eq!((value, sums(&cluster, "get")), (Some(7), (1, 201)));
    // Also if it is a task of its own.
    let task = spawn(db.get("k7").read_from(ReadFrom::PreferReplica).owned());
    let value: Option<u64> = task.await.unwrap();
    assert_eq!((value, sums(&cluster, "get")), (Some(7), (1, 202)));
    let value: Option<u64> = db.get("k7").await.unwrap();
    assert_eq!((value, sums(&cluster, "get")), (Some(7), (2, 202)));
    // Nor does what belongs to a transaction leave the primary.
    let calls = (replicas.get::<u64>("k7"), replicas.persist("k7"));
    let (value, _) = replicas.transaction(calls).all().await.unwrap();
    assert_eq!((value, sums(&cluster, "get")), (Some(7), (3, 202)));
    // Keys of one slot are always read at the same replica.
    assert_eq!(replicas.strlen("k7").await.unwrap(), 1);
    let by_script: i64 = replicas
        .execute("EVAL_RO", ("return redis.call('STRLEN', KEYS[1])", 1, "k7"))
        .await
        .unwrap();
    assert_eq!((by_script, sums(&cluster, "eval_ro").0), (1, 0));
    assert_eq!(muxer.status().map.redirects, 0, "{}", muxer.status());
    muxer.close().await;
}

#[async_std::test]
async fn without_a_replica_a_demand_fails_at_once_and_a_wish_is_the_primarys() {
    let cluster = RedisCluster::builder().replicas(0).start().unwrap();
    let muxer = connect(&cluster, 0).await;
    let db = muxer.database();
    db.set("foo", 1).await.unwrap();
    let begun = Instant::now();
    let error = within(db.get::<u64>("foo").read_from(ReadFrom::Replica)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NoReplica, "{error}");
    assert_eq!(error.delivery(), redmux::Delivery::NotSent);
    assert!(begun.elapsed() < Duration::from_secs(3), "before the call's time is up");
    assert!(error.to_string().contains("GET: no replica can be read from"), "{error}");
    for wish in [ReadFrom::PreferReplica, ReadFrom::Nearest] {
        assert_eq!(db.get::<u64>("foo").read_from(wish).await.unwrap(), Some(1), "{wish:?}");
    }
    muxer.close().await;
}

/// Reads all the time; the number of reads, and the errors.
async fn read_on(db: Database, stop: Arc<AtomicBool>) -> (u64, Vec<redmux::Error>) {
    let (mut reads, mut errors) = (0, Vec::new());
    while !stop.load(SeqCst) {
        let key = format!("k{}", reads % 50);
        match within(db.get::<u64>(&key)).await {
            Ok(value) => assert_eq!(value, Some(reads % 50)),
            Err(error) => errors.push(error),
        }
        reads += 1;
    }
    (reads, errors)
}

/// A primary with two replicas, keys, and tasks that read from replicas.
struct Load {
    cluster: Arc<RedisCluster>,
    muxer: ConnectionMultiplexer,
    stop: Arc<AtomicBool>,
    tasks: Vec<async_std::task::JoinHandle<(u64, Vec<redmux::Error>)>>,
}

impl Load {
    async fn begin(from: ReadFrom) -> Self {
        let cluster = Arc::new(RedisCluster::builder().primaries(1).replicas(2).start().unwrap());
        let muxer = connect(&cluster, 0).await;
        let db = muxer.database();
        for number in 0..50 {
            db.set(format!("k{number}"), number).await.unwrap();
        }
        replicated(&cluster).await;
        let db = db.with_read_from(from);
        let stop = Arc::new(AtomicBool::new(false));
        let tasks = (0..8).map(|_| spawn(read_on(db.clone(), stop.clone()))).collect();
        sleep(Duration::from_millis(300)).await;
        Self { cluster, muxer, stop, tasks }
    }

    /// The errors, of which there may be many.
    async fn end(self) -> Vec<redmux::Error> {
        self.stop.store(true, SeqCst);
        let mut errors = Vec::new();
        for (reads, failed) in join_all(self.tasks).await {
            assert!(reads > 50, "{reads} reads");
            errors.extend(failed);
        }
        self.muxer.close().await;
        errors
    }
}

#[async_std::test]
async fn a_replica_that_dies_costs_no_read() {
    let load = Load::begin(ReadFrom::Replica).await;
    load.cluster.nodes()[1].kill();
    sleep(Duration::from_secs(2)).await;
    load.cluster.nodes()[1].restart();
    sleep(Duration::from_secs(2)).await;
    let before = calls(&load.cluster.nodes()[1], "get");
    sleep(Duration::from_secs(2)).await;
    assert!(calls(&load.cluster.nodes()[1], "get") > before, "it is used again");
    let errors = load.end().await;
    assert!(errors.is_empty(), "{} of them, such as {}", errors.len(), errors[0]);
}

#[async_std::test]
async fn a_replica_that_stops_costs_the_reads_that_it_has_and_no_more() {
    let load = Load::begin(ReadFrom::PreferReplica).await;
    let nodes = load.cluster.nodes();
    nodes[2].pause();
    sleep(Duration::from_secs(6)).await;
    let before = calls(&nodes[1], "get");
    sleep(Duration::from_secs(1)).await;
    assert!(calls(&nodes[1], "get") > before + 100, "the other one serves");
    nodes[2].resume();
    let errors = load.end().await;
    // At most what each of the tasks was waiting for.
    assert!(errors.len() <= 8, "{} of them, such as {}", errors.len(), errors[0]);
    assert!(errors.iter().all(redmux::Error::is_timeout), "{}", errors[0]);
}

#[async_std::test]
async fn reads_go_on_while_a_replica_becomes_the_primary() {
    let load = Load::begin(ReadFrom::PreferReplica).await;
    for replica in [1, 2, 0] {
        let cluster = load.cluster.clone();
        spawn_blocking(move || cluster.fail_over(replica)).await;
        replicated(&load.cluster).await;
        sleep(Duration::from_millis(500)).await;
    }
    let replicas = load.muxer.database().with_read_from(ReadFrom::Replica);
    // They are known again, and the primary of now is none of them. After several failovers in a row the client asks seldom.
    until("replicas that are known", || {
        let nodes = load.muxer.nodes();
        nodes.iter().filter(|node| matches!(node.role, NodeRole::Replica { .. })).count() == 2
    })
    .await;
    sleep(Duration::from_secs(1)).await;
    let before = calls(&load.cluster.nodes()[0], "strlen");
    for _ in 0..20 {
        within(replicas.strlen("k1")).await.unwrap();
    }
    assert_eq!(calls(&load.cluster.nodes()[0], "strlen"), before);
    let errors = load.end().await;
    assert!(errors.is_empty(), "{} of them, such as {}", errors.len(), errors[0]);
}

#[async_std::test]
async fn options_say_where_all_handles_read() {
    let cluster = shared();
    let muxer = connect_with(cluster, ",readFrom=replica").await;
    let (foo, bar) = (muxer.hash_slot("foo"), muxer.hash_slot("bar"));
    assert_eq!((u32::from(foo), u32::from(bar)), (FOO, BAR));
    let db = muxer.database();
    db.set("foo", "here").await.unwrap();
    until("a replica that has it", || {
        let on_replica = |node: &RedisServer| node.command(&["ROLE"]).starts_with("slave");
        cluster
            .nodes()
            .iter()
            .filter(|node| on_replica(node))
            .any(|node| node.command(&["DBSIZE"]).trim() != "0")
    })
    .await;
    let mut value: Option<String> = within(db.get("foo")).await.unwrap();
    while value.is_none() {
        sleep(Duration::from_millis(10)).await;
        value = within(db.get("foo")).await.unwrap();
    }
    assert_eq!(value.as_deref(), Some("here"));
    let shown = muxer.status().to_string();
    assert!(shown.contains("replica"), "{shown}");
    let error = Options::new("a").mode(Mode::Single).read_from(ReadFrom::Replica);
    assert!(ConnectionMultiplexer::connect(error).await.is_err());
    muxer.close().await;
}

/// What the options say counts before what the servers say themselves, which is nothing here.
#[async_std::test]
async fn the_options_say_which_zones_servers_are_in() {
    let cluster = RedisCluster::start();
    let port = |node: usize| cluster.nodes()[node].port();
    for (primaries, replicas, expected) in [("here", "far", (60, 0)), ("far", "here", (0, 60))] {
        let zones: Vec<String> = (0..6)
            .map(|node| {
                format!("127.0.0.1:{}@{}", port(node), if node < 3 { primaries } else { replicas })
            })
            .collect();
        let more = format!(",readFrom=nearest,zone=here,zones=127.0.0.0/8@far;{}", zones.join(";"));
        let muxer = connect_with(&cluster, &more).await;
        let db = muxer.database();
        let read = async || {
            let before = sums(&cluster, "get");
            let keys = (0..60).map(|number| format!("k{number}"));
            join_all(keys.map(|key| db.get::<i64>(key))).await.into_iter().for_each(|got| {
                assert_eq!(got.unwrap(), None);
            });
            let after = sums(&cluster, "get");
            (after.0 - before.0, after.1 - before.1)
        };
        // Replicas are connected to when something is first read.
        let end = Instant::now() + Duration::from_secs(20);
        while read().await != expected {
            assert!(Instant::now() < end, "{expected:?}: {}", muxer.status());
            sleep(Duration::from_millis(20)).await;
        }
        assert_eq!(read().await, expected);
        assert!(muxer.nodes().iter().all(|node| node.zone.is_some()), "{}", muxer.status());
        muxer.close().await;
    }
}
