//! Commands find their servers.

use redmux::{
    ConnectionMultiplexer, Endpoint, Options,
    options::{CommandMap, Mode},
};
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

#[async_std::test]
async fn a_command_goes_straight_to_its_server_however_it_is_written() {
    let renamed = ["--rename-command", "GET", "XGET", "--rename-command", "APPEND", "XAPPEND"];
    let cluster = RedisCluster::builder().replicas(0).args(renamed).start().unwrap();
    let endpoint = Endpoint::tcp("127.0.0.1", cluster.nodes()[1].port());
    let map = CommandMap::default().rename("GET", "XGET").rename("APPEND", "XAPPEND");
    let options = Options::from(endpoint).mode(Mode::Cluster).command_map(map);
    let muxer = ConnectionMultiplexer::connect(options).await.unwrap();
    let plain = muxer.database();
    for (place, db) in [plain.clone(), plain.with_key_prefix("shop:")].into_iter().enumerate() {
        for number in 0..60_i64 {
            let key = format!("{place}:{number}");
            db.set(&key, number).await.unwrap();
            assert_eq!(db.get::<i64>(&key).await.unwrap(), Some(number));
            assert_eq!(db.get::<i64>(&key).boxed().await.unwrap(), Some(number));
            assert_eq!(
                db.incrby(&key, 1).reply_as::<String>().await.unwrap(),
                format!("{}", number + 1)
            );
            assert_eq!(db.decr(key.clone()).owned().await.unwrap(), number);
            assert_eq!(
                db.get::<i64>(key.as_bytes()).erased().await.unwrap().decode::<i64>().unwrap(),
                number
            );
            // Names that the compiler does not know, in any case.
            assert_eq!(db.execute::<i64>("get", &key).await.unwrap(), number);
            assert_eq!(db.execute::<i64>("GET".to_owned(), &key).await.unwrap(), number);
            db.execute::<i64>("OBJECT", ("REFCOUNT", &key)).await.unwrap();
            // The key is behind a subcommand, or is a number.
            assert!(db.object_encoding(&key).await.unwrap().is_some());
            db.append(number + 1_000, place as u64).await.unwrap();
            assert_eq!(db.strlen(format!("{{{key}}}:other")).await.unwrap(), 0);
        }
    }
    let bare = connect(&cluster, 0).await;
    for number in 0..60_i64 {
        bare.execute::<()>("SET", (number, number)).await.unwrap();
        assert_eq!(bare.database().incr(number).await.unwrap(), number + 1);
    }
    assert_eq!(muxer.status().map.redirects + bare.status().map.redirects, 0);
    bare.close().await;
    muxer.close().await;
}
