//! What befalls a whole cluster, or a client that looks away.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use async_std::{
    future::timeout,
    task::{sleep, spawn, spawn_blocking},
};
use futures::{
    FutureExt, StreamExt,
    future::{Either, join_all, select},
};
use redmux::{ConnectionMultiplexer, Options, options::Mode, pubsub::Item, resp::Protocol};
use redmux_test_support::{RedisCluster, until, within};

use crate::{BAR, connect, ends, from_to};

fn options(cluster: &RedisCluster, nodes: &[usize]) -> Options {
    let text = |node: &usize| cluster.nodes()[*node].addr().to_string();
    let options = Options::new(text(&nodes[0])).mode(Mode::Cluster);
    nodes[1..].iter().map(text).fold(options, Options::endpoint)
}

/// Each of these keys works within a bounded number of tries.
async fn works(muxer: &ConnectionMultiplexer) {
    for number in 0..50 {
        let mut tries = 0;
        while let Err(error) = muxer.database().incr(format!("works:{number}")).await {
            tries += 1;
            assert!(tries < 50, "{error}\n{}", muxer.status());
            sleep(Duration::from_millis(100)).await;
        }
    }
}

/// Has a replica take the place of its primary.
async fn fail_over(cluster: &Arc<RedisCluster>, replica: usize) {
    let node = &cluster.nodes()[replica];
    // On a loaded machine the cluster may have replaced the primary by itself.
    until("a replica that is in sync, or is none any more", || {
        let says = node.command(&["INFO", "replication"]);
        says.contains("master_link_status:up") || says.contains("role:master")
    })
    .await;
    let cluster = cluster.clone();
    spawn_blocking(move || cluster.fail_over(replica)).await;
}

async fn is_elected(cluster: &RedisCluster, replica: usize) {
    let node = &cluster.nodes()[replica];
    until("an election", || node.command(&["ROLE"]).starts_with("master")).await;
}

#[async_std::test]
async fn a_program_starts_while_a_primary_is_down() {
    let cluster = RedisCluster::start();
    cluster.nodes()[0].kill();
    // The first endpoint is the dead one.
    let muxer = within(ConnectionMultiplexer::connect(options(&cluster, &[0, 4]))).await.unwrap();
    works(&muxer).await;
    muxer.close().await;
    let muxer = within(ConnectionMultiplexer::connect(options(&cluster, &[4]))).await.unwrap();
    works(&muxer).await;
    muxer.close().await;
}

#[async_std::test]
async fn all_servers_die_and_come_back() {
    let cluster = RedisCluster::start();
    let muxer = connect(&cluster, 0).await;
    works(&muxer).await;
    let mut news = muxer.subscriber().subscribe("news").await.unwrap();
    cluster.nodes().iter().for_each(|node| node.kill());
    let error = muxer.database().get::<i64>("works:1").await.unwrap_err();
    assert!(!error.is_server(), "{error}");
    cluster.nodes().iter().for_each(|node| node.restart());
    works(&muxer).await;
    assert!(matches!(within(news.next()).await, Some(Item::Missed(_))), "a gap");
    cluster.nodes()[5].command(&["PUBLISH", "news", "again"]);
    loop {
        match within(news.next()).await {
            Some(Item::Message(message)) => break assert_eq!(message.text(), "again"),
            Some(_) => {}
            None => panic!("it has ended"),
        }
    }
    muxer.close().await;
}

#[async_std::test]
async fn a_server_of_the_options_that_was_away_for_long_is_used_again() {
    let cluster = Arc::new(RedisCluster::start());
    let muxer = ConnectionMultiplexer::connect(options(&cluster, &[0, 1, 2])).await.unwrap();
    works(&muxer).await;
    let endpoint = cluster.nodes()[0].addr().to_string();
    let knows = || muxer.nodes().iter().any(|node| node.endpoint.to_string() == endpoint);
    assert!(knows());
    cluster.nodes()[0].kill();
    is_elected(&cluster, 3).await;
    works(&muxer).await;
    until("the connections to the dead server are closed", || !knows()).await;

    cluster.nodes()[0].restart();
    until("the server is a replica", || {
        cluster.nodes()[1].command(&["CLUSTER", "SLOTS"]).contains(cluster.id(0))
    })
    .await;
    // The next map names it.
    let (from, to) = from_to(&cluster, BAR);
    cluster.move_slot(BAR, from, to);
    muxer.database().incr("bar").await.unwrap();
    until("the client knows the server again", knows).await;
    fail_over(&cluster, 0).await;
    works(&muxer).await;
    assert!(knows(), "{}", muxer.status());
    muxer.close().await;
}

#[async_std::test]
async fn slots_that_came_by_redirects_follow_when_their_new_primary_dies() {
    let cluster = RedisCluster::start();
    let muxer = connect(&cluster, 0).await;
    works(&muxer).await;
    let (from, to) = from_to(&cluster, BAR);
    let key_of = |slot: u32| {
        let mut names = (0_u32..).map(|number| format!("k{number}"));
        names.find(|name| muxer.hash_slot(name) == slot as u16).unwrap()
    };
    // The first redirects use up the questions for the map: the slots that follow are known from redirects alone.
    for slot in BAR..BAR + 40 {
        cluster.move_slot(slot, from, to);
        muxer.database().incr(key_of(slot)).await.unwrap();
    }
    let before = muxer.status().map;
    assert!(before.redirects >= 30, "{before:?}");
    cluster.nodes()[to].kill();
    is_elected(&cluster, to + 3).await;
    for slot in [BAR, BAR + 39] {
        let begun = Instant::now();
        muxer.database().incr(key_of(slot)).await.unwrap();
        let took = begun.elapsed();
        assert!(took < Duration::from_secs(3), "{slot}: {took:?}\n{}", muxer.status());
    }
    muxer.close().await;
}

#[async_std::test]
async fn a_successor_that_the_map_does_not_name_yet_is_found() {
    let cluster = RedisCluster::start();
    let muxer = connect(&cluster, 1).await;
    works(&muxer).await;
    cluster.nodes()[0].kill();
    is_elected(&cluster, 3).await;
    works(&muxer).await;
    // By now the client has asked for the map as often as it may; it learns that the server is back in 10 s or so.
    cluster.nodes()[0].restart();
    until("the server is a replica in step", || {
        let told = cluster.nodes()[1].command(&["CLUSTER", "SLOTS"]);
        told.contains(cluster.id(0))
            && cluster.nodes()[0].command(&["INFO", "replication"]).contains("link_status:up")
    })
    .await;
    cluster.nodes()[3].kill();
    is_elected(&cluster, 0).await;
    let begun = Instant::now();
    works(&muxer).await;
    let took = begun.elapsed();
    assert!(took < Duration::from_secs(4), "{took:?}\n{}", muxer.status());
    muxer.close().await;
}

#[async_std::test]
async fn a_client_that_was_idle_finds_its_way_at_the_first_try() {
    let cluster = Arc::new(RedisCluster::start());
    let muxer = connect(&cluster, 1).await;
    works(&muxer).await;
    fail_over(&cluster, 3).await;
    for number in 0..50 {
        let count = muxer.database().incr(format!("works:{number}")).await.unwrap();
        assert_eq!(count, 2);
    }
    cluster.nodes()[1].kill();
    is_elected(&cluster, 4).await;
    until("a whole cluster", || {
        let node = |node: usize| cluster.nodes()[node].command(&["CLUSTER", "INFO"]);
        [0, 2, 3, 4, 5].iter().all(|number| node(*number).contains("cluster_state:ok"))
    })
    .await;
    for number in 0..50 {
        muxer.database().incr(format!("works:{number}")).await.unwrap();
    }
    muxer.close().await;
}

#[async_std::test]
async fn closing_ends_in_time_while_a_primary_is_replaced() {
    let cluster = RedisCluster::start();
    let limit = Duration::from_secs(2);
    for pause in [0, 100, 700] {
        let dead = (0..6).find(|node| cluster.nodes()[*node].command(&["ROLE"]).starts_with("m"));
        let dead = &cluster.nodes()[dead.unwrap()];
        let options = options(&cluster, &[1, 2, 5]).command_timeout(limit);
        let muxer = ConnectionMultiplexer::connect(options).await.unwrap();
        works(&muxer).await;
        dead.kill();
        let calls = (0..300).map(|number| {
            let muxer = muxer.clone();
            spawn(async move { muxer.database().incr(format!("works:{number}")).await })
        });
        let calls: Vec<_> = calls.collect();
        sleep(Duration::from_millis(pause)).await;
        let begun = Instant::now();
        // Machines may be loaded.
        timeout(limit + Duration::from_secs(10), muxer.close()).await.unwrap();
        println!("closed in {:?}", begun.elapsed());
        let outcomes = within(join_all(calls)).await;
        for error in outcomes.into_iter().filter_map(Result::err) {
            assert!(!error.is_server() || error.to_string().contains("CLUSTERDOWN"), "{error}");
        }
        let error = muxer.database().get::<i64>("works:1").await.unwrap_err();
        assert_eq!(error.kind(), redmux::ErrorKind::Closed);
        dead.restart();
        until("a whole cluster", || {
            let state = |node: usize| cluster.nodes()[node].command(&["CLUSTER", "INFO"]);
            let nodes = |node: usize| cluster.nodes()[node].command(&["CLUSTER", "NODES"]);
            (0..6).all(|node| state(node).contains("state:ok") && !nodes(node).contains("fail"))
        })
        .await;
    }
}

/// How many connections of this name the servers have.
fn connections(cluster: &RedisCluster, name: &str) -> usize {
    let count = |text: String| text.lines().filter(|line| line.contains(name)).count();
    let alive = cluster.nodes().iter().filter(|node| node.is_running());
    alive.map(|node| count(node.command(&["CLIENT", "LIST"]))).sum()
}

#[async_std::test]
async fn a_dropped_multiplexer_leaves_no_connection() {
    let cluster = RedisCluster::start();
    for way in ["dropped", "dropped while a primary is gone", "closed"] {
        let options = options(&cluster, &[1]).client_name("left-behind");
        let muxer = ConnectionMultiplexer::connect(options).await.unwrap();
        works(&muxer).await;
        let mut news = muxer.subscriber().subscribe("news").await.unwrap();
        let shard = muxer.subscriber().ssubscribe("works:1").await.unwrap();
        let db = muxer.database();
        let pop = db.blpop::<String, String>("nothing", Duration::from_millis(10)).await;
        assert_eq!(pop.unwrap(), None);
        assert!(connections(&cluster, "left-behind") >= 3);
        match way {
            "closed" => muxer.close().await,
            "dropped" => {}
            _ => cluster.nodes()[0].kill(),
        }
        drop((muxer, db, shard));
        assert!(within(news.next()).await.is_none_or(|item| matches!(item, Item::Missed(_))));
        until("no connection is left", || connections(&cluster, "left-behind") == 0).await;
        if way.contains("gone") {
            is_elected(&cluster, 3).await;
        }
    }
}

/// Publishes to a shard channel at its primary. A replica takes `SPUBLISH` too, and passes it on so late that what is
/// published at the primary after that is heard before it.
async fn publish(
    muxer: &ConnectionMultiplexer,
    channel: &str,
    message: impl ToString,
) -> redmux::Result<i64> {
    let script = "return redis.call('SPUBLISH', KEYS[1], ARGV[1])";
    muxer.execute("EVAL", (script, 1, channel, message.to_string())).await
}

/// Nothing is missing between two messages, unless the listener was told.
#[async_std::test]
async fn a_subscriber_lives_through_failovers() {
    let rounds = if std::env::var_os("REDMUX_CLUSTER").is_some() { 20 } else { 6 };
    let cluster = Arc::new(RedisCluster::start());
    let muxer = connect(&cluster, 1).await;
    let subscriber = muxer.subscriber();
    let mut listeners = Vec::new();
    for channel in ["shard:1", "shard:2", "shard:3", "shard:4"] {
        let mut listener = subscriber.ssubscribe(channel).await.unwrap();
        listeners.push(spawn(async move {
            let (mut last, mut gap, mut gaps) = (0, false, 0);
            loop {
                match within(listener.next()).await.unwrap() {
                    Item::Message(message) => {
                        let text = message.text().into_owned();
                        if text == "end" {
                            break (channel, last, gaps);
                        }
                        let number: u64 = text.parse().unwrap();
                        assert!(number > last, "{channel}: {number} after {last}");
                        assert!(gap || number == last + 1, "{channel}: {number} after {last}");
                        (last, gap) = (number, false);
                    }
                    _ => (gap, gaps) = (true, gaps + 1),
                }
            }
        }));
    }
    let over = Arc::new(AtomicBool::new(false));
    let publisher = {
        let (over, muxer) = (over.clone(), connect(&cluster, 2).await);
        spawn(async move {
            for number in 1.. {
                if over.load(Relaxed) {
                    break;
                }
                for channel in ["shard:1", "shard:2", "shard:3", "shard:4"] {
                    // What was not published is published again, so that no number is missing.
                    while let Err(error) = publish(&muxer, channel, number).await {
                        println!("{channel} {number}: {error}");
                        if error.delivery() == redmux::Delivery::MaybeExecuted {
                            break;
                        }
                    }
                }
                sleep(Duration::from_millis(2)).await;
            }
            muxer
        })
    };
    for round in 0..rounds {
        let shard = round % 3;
        let replica = if round / 3 % 2 == 0 { shard + 3 } else { shard };
        fail_over(&cluster, replica).await;
        sleep(Duration::from_millis(50)).await;
    }
    over.store(true, Relaxed);
    let publisher = publisher.await;
    let end = async {
        // One that comes while a listener is on its way to another server is part of a gap.
        loop {
            for channel in ["shard:1", "shard:2", "shard:3", "shard:4"] {
                publish(&publisher, channel, "end").await.unwrap();
            }
            sleep(Duration::from_millis(20)).await;
        }
    };
    match select(Box::pin(within(join_all(listeners))), Box::pin(end)).await {
        Either::Left((heard, _)) => println!("{heard:?}"),
        Either::Right((never, _)) => never,
    }
    muxer.close().await;
}

/// The old primary would serve the channel as a replica, and tell nobody who only listens.
#[async_std::test]
async fn a_client_that_only_listens_follows_each_ordered_failover() {
    let cluster = Arc::new(RedisCluster::start());
    let old = ends(&cluster).0;
    let of = |protocol| options(&cluster, &[1]).protocol(protocol);
    let muxers = [
        ConnectionMultiplexer::connect(of(Protocol::Resp3)).await.unwrap(),
        ConnectionMultiplexer::connect(of(Protocol::Resp2)).await.unwrap(),
    ];
    let mut listeners = Vec::new();
    for muxer in &muxers {
        listeners.push(muxer.subscriber().ssubscribe("foo").await.unwrap());
    }
    // More of them than there are questions for the map in a quarter of a minute.
    for (round, replica) in [old + 3, old, old + 3, old].into_iter().enumerate() {
        fail_over(&cluster, replica).await;
        let begun = Instant::now();
        let primary = &cluster.nodes()[replica];
        while !primary.command(&["PUBSUB", "SHARDNUMSUB", "foo"]).contains('2') {
            let took = begun.elapsed();
            assert!(took < Duration::from_secs(8), "{took:?}\n{}", muxers[0].status());
            sleep(Duration::from_millis(5)).await;
        }
        println!("followed in {:?}", begun.elapsed());
        for (muxer, listener) in muxers.iter().zip(&mut listeners) {
            let of_primary = |node: &redmux::status::NodeStatus| {
                node.endpoint.to_string() == primary.addr().to_string()
                    && node.to_string().contains("primary")
            };
            assert!(muxer.nodes().iter().any(of_primary), "{}", muxer.status());
            let mut gaps = 0;
            // What is published at first is part of the gap.
            until("a message of this round", || {
                primary.command(&["SPUBLISH", "foo", &round.to_string()]);
                let item = listener.next().now_or_never();
                gaps += usize::from(matches!(item, Some(Some(Item::Missed(_)))));
                matches!(item, Some(Some(Item::Message(message))) if message.text() == round.to_string())
            })
            .await;
            assert!(gaps > 0, "a gap comes before");
            println!("heard after {:?}", begun.elapsed());
        }
    }
    for muxer in muxers {
        muxer.close().await;
    }
}

/// No call has to time out before the client looks for a successor.
#[async_std::test]
async fn a_primary_that_stops_without_a_word_is_replaced() {
    let cluster = RedisCluster::start();
    let options = options(&cluster, &[1]).command_timeout(Duration::from_secs(60));
    let options = options.probe_after(Duration::from_secs(60));
    let muxer = ConnectionMultiplexer::connect(options).await.unwrap();
    let mut keys = (0..).map(|number| format!("k{number}"));
    let key = keys.find(|key| muxer.hash_slot(key) < 5_000).unwrap();
    muxer.database().set(&key, 1).await.unwrap();
    cluster.nodes()[0].pause();
    let is_served = Arc::new(AtomicBool::new(false));
    let begin = || {
        let (db, key, is_served) = (muxer.database(), key.clone(), is_served.clone());
        spawn(async move {
            if db.set(&key, 2).await.is_ok() {
                is_served.store(true, Relaxed);
            }
        })
    };
    let mut calls = Vec::new();
    let served = async {
        while !is_served.load(Relaxed) {
            calls.push(begin());
            sleep(Duration::from_millis(100)).await;
        }
    };
    timeout(Duration::from_secs(25), served).await.unwrap_or_else(|_| panic!("{}", muxer.status()));
    // Those that the stopped server has are lost with it, or executed once it wakes and refuses them.
    muxer.abort();
    join_all(calls).await;
    cluster.nodes()[0].resume();
}
