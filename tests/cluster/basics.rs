//! Commands find their servers.

use redmux::{ConnectionMultiplexer, Endpoint, Options, options::Mode};
use redmux_test_support::RedisCluster;

use crate::{connect, from_to, movable, shared};

#[async_std::test]
async fn keys_of_all_slots_are_written_and_read_through_one_handle() {
    let cluster = shared();
    let muxer = connect(cluster, 4).await;
    let db = muxer.database();
    for number in 0..1000 {
        db.set(format!("key:{number}"), number).await.unwrap();
    }
    for number in 0..1000 {
        assert_eq!(db.get::<i64>(format!("key:{number}")).await.unwrap(), Some(number));
    }
    let counts: Vec<i64> = (0..3)
        .map(|node| cluster.nodes()[node].command(&["DBSIZE"]).trim().parse().unwrap())
        .collect();
    assert!(counts.iter().all(|count| *count > 200), "{counts:?}");
    muxer.close().await;
}

#[async_std::test]
async fn a_program_for_one_server_is_one_for_a_cluster() {
    let cluster = shared();
    for node in [0, 5] {
        let text = format!("127.0.0.1:{}", cluster.nodes()[node].port());
        let muxer = ConnectionMultiplexer::connect(&*text).await.unwrap();
        let db = muxer.database();
        for number in 0..100 {
            db.set(format!("key:{number}"), number).await.unwrap();
        }
        muxer.close().await;
    }
}

#[async_std::test]
async fn a_slot_that_moves_is_followed() {
    let cluster = movable();
    let muxer = connect(cluster, 0).await;
    let db = muxer.database();
    db.set("moves", "before").await.unwrap();
    let slot = cluster.slot("moves");
    let (from, to) = from_to(cluster, slot);
    cluster.begin_move(slot, from, to);
    assert_eq!(db.get::<String>("moves").await.unwrap().as_deref(), Some("before"));
    db.set("{moves}new", "asked").await.unwrap();
    assert_eq!(db.get::<String>("{moves}new").await.unwrap().as_deref(), Some("asked"));
    cluster.migrate(&["moves"], from, to);
    assert_eq!(db.get::<String>("moves").await.unwrap().as_deref(), Some("before"));
    cluster.end_move(slot, to);
    for _ in 0..3 {
        db.incr("{moves}count").await.unwrap();
    }
    assert_eq!(db.get::<i64>("{moves}count").await.unwrap(), Some(3));
    muxer.close().await;
}

#[async_std::test]
async fn a_primary_that_dies_is_replaced() {
    let cluster = RedisCluster::start();
    let muxer = connect(&cluster, 1).await;
    let db = muxer.database();
    for number in 0..100 {
        db.set(format!("key:{number}"), number).await.unwrap();
    }
    cluster.nodes()[0].kill();
    let start = std::time::Instant::now();
    let mut errors = Vec::new();
    for number in 0..100 {
        loop {
            match db.incr(format!("key:{number}")).await {
                Ok(_) => break,
                Err(error) => errors.push(error.to_string()),
            }
        }
    }
    println!("{:?} {errors:?}", start.elapsed());
    println!("{}", muxer.status());
    muxer.close().await;
}

#[async_std::test]
async fn a_command_that_is_forgotten_finds_its_server_too() {
    let cluster = movable();
    let muxer = connect(cluster, 0).await;
    let db = muxer.database();
    let slot = cluster.slot("forgotten");
    let (from, to) = from_to(cluster, slot);
    db.set("forgotten", 0).await.unwrap();
    cluster.move_slot(slot, from, to);
    for _ in 0..10 {
        db.incr("forgotten").forget().unwrap();
    }
    let mut count = 0;
    for _ in 0..500 {
        count = db.get::<i64>("forgotten").await.unwrap().unwrap();
        if count == 10 {
            break;
        }
        async_std::task::sleep(std::time::Duration::from_millis(10)).await;
    }
    assert_eq!(count, 10);
    assert!(db.rename("foo", "bar").forget().is_err());
    muxer.close().await;
}

#[async_std::test]
async fn servers_are_dialled_where_the_program_says() {
    let cluster = movable();
    let endpoint = Endpoint::tcp("127.0.0.1", cluster.nodes()[0].port());
    let options = Options::from(endpoint).mode(Mode::Cluster);
    // As behind NAT: what servers announce is known to them only.
    let options = options.endpoint_map(|node| {
        (node.host == "127.0.0.1").then(|| Endpoint::tcp("localhost", node.port))
    });
    let muxer = ConnectionMultiplexer::connect(options).await.unwrap();
    let db = muxer.database();
    db.mset((0..100).map(|number| (format!("k{number}"), number)).collect::<Vec<_>>())
        .await
        .unwrap();
    let slot = cluster.slot("behind NAT");
    let (from, to) = from_to(cluster, slot);
    cluster.move_slot(slot, from, to);
    db.set("behind NAT", 1).await.unwrap();
    let members = muxer.nodes().into_iter().filter(|node| !node.slots.is_empty());
    let members: Vec<String> = members.map(|node| node.endpoint.to_string()).collect();
    assert!(
        members.len() == 3 && members.iter().all(|at| at.starts_with("localhost:")),
        "{members:?}"
    );
    muxer.close().await;
}
