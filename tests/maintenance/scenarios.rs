//! What the test suites of other clients play, as far as the other files have not played it.
//!
//! | scenario | where |
//! |---|---|
//! | slots moved by a migration | `slots.rs::slots_that_have_moved_are_found_without_a_redirect` |
//! | slots moved by a failover, node removed | `a_node_that_is_replaced_by_its_replica_costs_no_command` |
//! | node added, and replaced | `a_node_that_is_new_is_known_by_the_notice_of_its_slots` |
//! | the endpoint types | `each_type_of_endpoint_can_be_asked_for_and_moved_to` |
//! | TLS | `tls.rs` |
//! | announced times from 1 to 60 s, endpoints that come late | `histories.rs` |
//! | more time, and its end | `patience.rs` |
//! | stress | `moving.rs::many_moves_under_load_lose_and_double_nothing`, `histories.rs` |
//! | a connection opened while the server moves | `a_connection_that_is_opened_during_the_move_moves_too` |
//! | the old socket cut during the move | `moving.rs::when_the_server_hangs_up_first_the_next_stream_is_there`, `a_stream_that_is_cut_before_the_next_one_is_ready_is_an_outage` |
//! | notices switched off | `notices_that_were_not_asked_for_do_nothing` |

use std::{
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
};

use futures::{AsyncWriteExt, FutureExt, future::select};
use redmux::{options::MovingEndpoint, transport::Capabilities};
use redmux_memory::{SimRuntime, duplex};
use redmux_test_support::{Commands, Heralds, lease_port, push_of};

use super::*;

#[async_std::test]
async fn each_type_of_endpoint_can_be_asked_for_and_moved_to() {
    use MovingEndpoint::{ExternalFqdn, ExternalIp, InternalFqdn, InternalIp, None};
    let server = RedisServer::start();
    for (kind, word, host) in [
        (InternalIp, "internal-ip", "127.0.0.1"),
        (InternalFqdn, "internal-fqdn", "localhost"),
        (ExternalIp, "external-ip", "127.0.0.1"),
        (ExternalFqdn, "external-fqdn", "localhost"),
        (None, "none", "null"),
    ] {
        let (old, new) = (Door::open(server.addr()), Door::open(server.addr()));
        let options = options(&old).moving_endpoint(kind);
        let muxer = ConnectionMultiplexer::connect(options).await.unwrap();
        assert_eq!(old.asked(), [["ON", "moving-endpoint-type", word]]);
        if host == "null" {
            old.push("MOVING :1 :1 null");
            // The name leads to the same door, which is another connection.
            eventually(|| old.accepted() == 2 && old.guests() == 1).await;
        } else {
            old.push(&format!("MOVING :1 :15 {host}:{}", new.addr().port()));
            eventually(|| new.guests() == 1 && old.guests() == 0).await;
            assert_eq!(new.asked(), old.asked());
        }
        muxer.database().incr("n").await.unwrap();
        assert_eq!(muxer.status().connections[0].counters.failures, 0);
        muxer.close().await;
    }
}

#[async_std::test]
async fn a_connection_that_is_opened_during_the_move_moves_too() {
    let server = RedisServer::start();
    let (old, new) = (Door::open(server.addr()), Door::open(server.addr()));
    // The server repeats its last notice to each connection.
    old.repeat(&format!("MOVING :7 :15 {}", new.addr()));
    let (muxer, mut events) = connect(&old).await;
    let db = muxer.database();
    for number in 1..100 {
        assert_eq!(db.incr("n").await.unwrap(), number);
    }
    eventually(|| new.guests() == 1 && old.guests() == 0).await;
    old.shut();
    assert_eq!(db.incr("n").await.unwrap(), 100);
    loop {
        match next(&mut events).await {
            // It may have come before somebody listened.
            Event::ServerMaintenance(_) => {}
            Event::ConfigurationChanged(_) => break,
            other => panic!("{other}"),
        }
    }
    assert_eq!(muxer.status().connections[0].counters.failures, 0);
    muxer.close().await;
}

#[async_std::test]
async fn a_stream_that_is_cut_before_the_next_one_is_ready_is_an_outage() {
    let server = RedisServer::start();
    let (old, new) = (Door::open(server.addr()), Door::open(server.addr()));
    let (muxer, mut events) = connect(&old).await;
    let db = muxer.database();
    db.incr("n").await.unwrap();
    // The handshake there takes longer than the old stream lives.
    new.delay(Duration::from_millis(300));
    old.push(&format!("MOVING :1 :15 {}", new.addr()));
    eventually(|| new.accepted() == 1).await;
    old.hang_up();
    async_std::task::sleep(Duration::from_millis(20)).await;
    // The name of the options leads to the server again.
    assert_eq!(db.incr("n").await.unwrap(), 2);
    let mut failed = false;
    loop {
        match next(&mut events).await {
            Event::ConnectionFailed(failure) => {
                assert_eq!(failure.maybe_executed, 0);
                failed = true;
            }
            Event::ConnectionRestored(_) => break,
            _ => {}
        }
    }
    assert!(failed);
    muxer.close().await;
}

#[async_std::test]
async fn notices_that_were_not_asked_for_do_nothing() {
    let server = RedisServer::start();
    let (old, new) = (Door::open(server.addr()), Door::open(server.addr()));
    let options = options(&old).maintenance(Maintenance::Off);
    let muxer = ConnectionMultiplexer::connect(options).await.unwrap();
    let mut events = muxer.events();
    muxer.database().incr("n").await.unwrap();
    for words in [format!("MOVING :1 :15 {}", new.addr()), "FAILING_OVER :2 :10 shard".to_owned()] {
        old.push_raw(&push_of(&words));
    }
    for number in 2..100 {
        assert_eq!(muxer.database().incr("n").await.unwrap(), number);
    }
    assert_eq!((old.asked().len(), old.accepted(), new.accepted()), (0, 1, 0));
    muxer.close().await;
    assert!(events.next().await.is_none());
}

/// Counts on keys of all nodes until `stop` is set; what each key has in the end.
async fn count(muxer: ConnectionMultiplexer, stop: Arc<AtomicBool>) -> i64 {
    let db = muxer.database();
    let mut count = 0;
    while !stop.load(SeqCst) {
        count += 1;
        let all = (0..12).map(|key| db.incr(format!("k{key}")));
        for reply in futures::future::join_all(all).await {
            assert_eq!(reply.unwrap(), count);
        }
    }
    count
}

#[async_std::test]
async fn a_node_that_is_replaced_by_its_replica_costs_no_command() {
    let all = Heralds::with_replicas(1);
    let muxer = ConnectionMultiplexer::connect(common(all.options())).await.unwrap();
    let mut events = muxer.events();
    let stop = Arc::new(AtomicBool::new(false));
    let working = async_std::task::spawn(count(muxer.clone(), stop.clone()));
    async_std::task::sleep(Duration::from_millis(100)).await;
    let primary = all.cluster.owner(all.cluster.slot("k0"), 0).unwrap();
    let id = all.cluster.id(primary).to_owned();
    let replica = (3..6).find(|node| {
        let lines = all.cluster.nodes()[0].command(&["CLUSTER", "NODES"]);
        let own = all.cluster.id(*node);
        lines.lines().any(|line| line.starts_with(own) && line.contains(&id))
    });
    let replica = replica.unwrap();
    all.doors[primary].push("FAILING_OVER :1 :10 shard-1");
    all.cluster.fail_over(replica);
    let pushed =
        format!("SMIGRATED :2 [{} {} 0-16383]", all.address(primary), all.address(replica));
    all.doors[primary].push(&pushed);
    all.doors[primary].push("FAILED_OVER :3 shard-1");
    while notice(&mut events).await.notification_type != NotificationType::FailedOver {}
    let before = all.doors[replica].commands();
    eventually(|| all.doors[replica].commands() > before + 20).await;
    // It is taken out of the cluster.
    all.cluster.nodes()[primary].kill();
    let before = all.doors[replica].commands();
    eventually(|| all.doors[replica].commands() > before + 100).await;
    stop.store(true, SeqCst);
    assert!(working.await > 0);
    muxer.close().await;
}

#[async_std::test]
async fn a_node_that_is_new_is_known_by_the_notice_of_its_slots() {
    let all = Heralds::start();
    let options = common(all.options()).maintenance(Maintenance::Auto);
    let muxer = ConnectionMultiplexer::connect(options).await.unwrap();
    let mut events = muxer.events();
    let stop = Arc::new(AtomicBool::new(false));
    let working = async_std::task::spawn(count(muxer.clone(), stop.clone()));
    let bus = lease_port(None).unwrap();
    let bus = bus.port().to_string();
    let args = ["--cluster-enabled", "yes", "--cluster-node-timeout", "2000"];
    let new = RedisServer::builder().args(args).args(["--cluster-port", &bus]).start().unwrap();
    let nodes = all.cluster.nodes();
    let port = new.port().to_string();
    assert_eq!(nodes[0].command(&["CLUSTER", "MEET", "127.0.0.1", &port, &bus]), "OK");
    let id = new.command(&["CLUSTER", "MYID"]).trim().to_owned();
    eventually(|| nodes.iter().all(|node| node.command(&["CLUSTER", "NODES"]).contains(&id))).await;
    // It may be asked for the map itself.
    eventually(|| new.command(&["CLUSTER", "INFO"]).contains("slots_assigned:16384")).await;
    let slot = all.cluster.slot("{a}1");
    let from = all.cluster.owner(slot, 0).unwrap();
    let text = slot.to_string();
    // A slot without keys: nobody can be asked in between.
    let own = all.cluster.id(from).to_owned();
    new.command(&["CLUSTER", "SETSLOT", &text, "IMPORTING", &own]);
    nodes[from].command(&["CLUSTER", "SETSLOT", &text, "MIGRATING", &id]);
    for node in [&new].into_iter().chain(nodes) {
        assert_eq!(node.command(&["CLUSTER", "SETSLOT", &text, "NODE", &id]), "OK");
    }
    let before = muxer.status().map.redirects;
    let address = format!("127.0.0.1:{}", new.port());
    all.doors[from].push(&format!("SMIGRATED :1 [{} {address} {slot}]", all.address(from)));
    loop {
        if let Event::HashSlotsMoved(moved) = next(&mut events).await {
            assert_eq!(moved.new_endpoint.to_string(), address);
            break;
        }
    }
    assert_eq!(muxer.database().incr("{a}1").await.unwrap(), 1);
    assert_eq!(new.command(&["GET", "{a}1"]), "1");
    assert_eq!(muxer.status().map.redirects, before);
    stop.store(true, SeqCst);
    assert!(working.await > 0);
    muxer.close().await;
}

/// Nothing can be dialled in place of a stream that the program has opened.
#[test]
fn a_stream_of_the_program_stays_and_costs_no_time() {
    let runtime = SimRuntime::new();
    let (client, server) = duplex(1 << 16, 1 << 16);
    let options = Options::new("redis.example:6379").maintenance(Maintenance::Required);
    let stream = Capabilities::stream();
    let shared = Arc::new(runtime.clone());
    let (muxer, driver) =
        ConnectionMultiplexer::over_stream(client, stream, options, shared).unwrap();
    let serving = async {
        let mut commands = Commands::of(server);
        while let Some(words) = commands.next().await {
            let reply = match &words[0][..] {
                b"HELLO" => b"%1\r\n$5\r\nproto\r\n:3\r\n".to_vec(),
                b"PING" => b"+PONG\r\n".to_vec(),
                _ => b"+OK\r\n".to_vec(),
            };
            commands.stream.write_all(&reply).await.unwrap();
            if words.len() > 1 && words[1] == b"MAINT_NOTIFICATIONS" {
                for moving in ["MOVING :1 :15 10.0.0.2:6379", "MOVING :2 :3 null"] {
                    commands.stream.write_all(&push_of(moving)).await.unwrap();
                }
            }
        }
    };
    let program = async {
        let mut events = muxer.events();
        for _ in 0..20 {
            muxer.execute::<()>("SET", ("k", "v")).await.unwrap();
            runtime.sleep(Duration::from_secs(3)).await;
        }
        let first = events.next().now_or_never();
        assert!(matches!(first, Some(Some(Event::ServerMaintenance(_)))));
    };
    let (driver, serving, program) = (pin!(driver), pin!(serving), pin!(program));
    runtime.block_on(select(program, select(driver, serving)));
}
