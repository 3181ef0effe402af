//! The same on each kind of server, in both protocols, and what only one kind has.

use std::path::Path;

use futures::TryStreamExt;
use redmux::{
    ConnectionMultiplexer, Endpoint, Options,
    database::scans::ScanOptions,
    options::{Mode, TlsOptions},
    resp::Protocol,
    status::NodeRole,
};
use redmux_test_support::{Certificates, Programs, RedisCluster, RedisClusterBuilder};

use crate::{
    from_to,
    tour::{Moves, Tour},
};

fn programs() -> Programs {
    Programs::in_dir(Path::new(env!("CARGO_TARGET_TMPDIR")).join("servers"))
}

/// Two primaries with a replica each.
fn start(builder: RedisClusterBuilder, version: &str) -> RedisCluster {
    let args = ["--notify-keyspace-events", "KEA"];
    let cluster = builder.primaries(2).args(args).start().unwrap();
    let info = cluster.nodes()[0].command(&["INFO", "server"]);
    assert!(info.contains(&format!("{version}.")), "{version}: {info}");
    cluster
}

fn options(cluster: &RedisCluster) -> Options {
    let endpoint = Endpoint::tcp("127.0.0.1", cluster.nodes()[1].port());
    Options::from(endpoint).mode(Mode::Cluster)
}

async fn tour(
    cluster: &RedisCluster,
    options: Options,
    name: &str,
    moves: Moves,
) -> ConnectionMultiplexer {
    Tour { cluster, options, name, moves }.run().await
}

async fn both(cluster: &RedisCluster, options: &Options) {
    for (name, protocol) in [("three", Protocol::Resp3), ("two", Protocol::Resp2)] {
        let muxer = tour(cluster, options.clone().protocol(protocol), name, Moves::Keys).await;
        muxer.close().await;
    }
}

#[async_std::test]
async fn redis_7() {
    // The system's, unless that is another one.
    let builder = RedisCluster::builder();
    let cluster = match std::env::var_os("REDMUX_REDIS_7") {
        Some(program) => start(builder.program(program), "redis_version:7"),
        None => start(builder, "redis_version:7"),
    };
    both(&cluster, &options(&cluster)).await;
    // It has one database.
    let error = ConnectionMultiplexer::connect(options(&cluster).database(2)).await.unwrap_err();
    assert!(error.to_string().contains("SELECT"), "{error}");
    let muxer = ConnectionMultiplexer::connect(options(&cluster)).await.unwrap();
    let error = muxer.database_at(2).set("k", 1).await.unwrap_err();
    assert!(error.is_server() && error.to_string().contains("SELECT"), "{error}");
    assert_eq!(muxer.database().exists("k").await.unwrap(), 0);
    muxer.close().await;
}

#[async_std::test]
async fn redis_8() {
    let cluster = start(RedisCluster::builder().program(programs().redis_8()), "redis_version:8");
    both(&cluster, &options(&cluster)).await;
}

#[async_std::test]
async fn valkey_9() {
    let builder = RedisCluster::builder().program(programs().valkey_9());
    let builder = builder.args(["--cluster-databases", "4", "--availability-zone", "az-1"]);
    let cluster = start(builder, "valkey_version:9");
    both(&cluster, &options(&cluster)).await;
    for (name, protocol, database) in
        [("three at once", Protocol::Resp3, 2), ("two at once", Protocol::Resp2, 0)]
    {
        let options = options(&cluster).protocol(protocol).database(database);
        let muxer = tour(&cluster, options, name, Moves::Slots).await;
        let members = muxer.nodes().into_iter().filter(|node| node.role != NodeRole::Unknown);
        assert!(members.into_iter().all(|node| node.zone.as_deref() == Some("az-1")));
        databases(&cluster, &muxer, name).await;
        muxer.close().await;
    }
}

/// Several databases over the same connections, also while a slot is on its way.
async fn databases(cluster: &RedisCluster, muxer: &ConnectionMultiplexer, name: &str) {
    let keys: Vec<String> = (0..20).map(|n| format!("{name}:db:{n}")).collect();
    for index in 0..4 {
        let db = muxer.database_at(index);
        db.mset(keys.iter().map(|key| (key, index)).collect::<Vec<_>>()).await.unwrap();
    }
    for index in 0..4 {
        let db = muxer.database_at(index);
        assert_eq!(db.mget::<u32>(&keys).await.unwrap(), [Some(index); 20]);
        for key in &keys {
            assert_eq!(db.get::<u32>(key).await.unwrap(), Some(index));
            let unit = db.transaction((db.incr(key), db.decr(key))).all().await.unwrap();
            assert_eq!(unit, (i64::from(index) + 1, index.into()));
        }
        let options = ScanOptions::new().pattern(format!("{name}:db:*"));
        let found: Vec<String> = db.scan_stream(options).try_collect().await.unwrap();
        assert_eq!(found.len(), 20);
    }
    let error = muxer.database_at(9).get::<String>("k").await.unwrap_err();
    assert!(error.is_server() && error.to_string().contains("out of range"), "{error}");
    // What is new is made at the server that the slot goes to, in the database that was meant.
    let tag = format!("{name} on its way");
    let slot = cluster.slot(&tag);
    let (from, to) = from_to(cluster, slot);
    cluster.begin_move(slot, from, to);
    for index in [1, 2, 3] {
        let db = muxer.database_at(index);
        db.set(&*tag, index).await.unwrap();
        assert_eq!(db.get::<u32>(&*tag).await.unwrap(), Some(index));
        let unit = db.transaction((db.incr(&*tag), db.incr(&*tag))).all().await.unwrap();
        assert_eq!(unit, (i64::from(index) + 1, i64::from(index) + 2));
    }
    cluster.end_move(slot, to);
    for index in [1, 2, 3] {
        let got = muxer.database_at(index).get::<u32>(&*tag).await.unwrap();
        assert_eq!(got, Some(index + 2));
    }
    assert_eq!(muxer.database_at(0).exists(&*tag).await.unwrap(), 0);
}

#[async_std::test]
async fn over_tls() {
    let certificates = Certificates::get();
    let cluster = start(RedisCluster::builder().tls(certificates.settings()), "redis_version:7");
    let port = |node: usize| cluster.nodes()[node].tls_port().unwrap();
    let tls = || TlsOptions::default().ca(certificates.path("ca.pem"));
    let options =
        || Options::from(Endpoint::tcp("127.0.0.1", port(0))).mode(Mode::Cluster).tls(tls());
    both(&cluster, &options()).await;
    let muxer = ConnectionMultiplexer::connect(options()).await.unwrap();
    let members = muxer.nodes().into_iter().filter(|node| node.role != NodeRole::Unknown);
    let places = (0..4).map(|node| Endpoint::tcp("127.0.0.1", port(node)));
    let places: Vec<Endpoint> = places.collect();
    assert!(members.into_iter().all(|node| places.contains(&node.endpoint)));
    muxer.close().await;

    // Then nodes name their plain ports, on connections with TLS too: the program knows better.
    for node in cluster.nodes() {
        node.command(&["CONFIG", "SET", "tls-cluster", "no"]);
    }
    let ports: Vec<(u16, u16)> =
        cluster.nodes().iter().map(|node| (node.port(), node.tls_port().unwrap())).collect();
    let options = options().endpoint_map(move |node| {
        let (_, port) = ports.iter().find(|(plain, _)| *plain == node.port)?;
        Some(Endpoint::tcp(node.host, *port))
    });
    let muxer = ConnectionMultiplexer::connect(options).await.unwrap();
    let db = muxer.database();
    db.mset((0..100).map(|n| (format!("tls:{n}"), n)).collect::<Vec<_>>()).await.unwrap();
    let slot = cluster.slot("tls:moves");
    let (from, to) = from_to(&cluster, slot);
    cluster.move_slot(slot, from, to);
    db.set("tls:moves", 1).await.unwrap();
    assert!(muxer.status().map.redirects > 0);
    muxer.close().await;
}
