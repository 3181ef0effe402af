//! `MONITOR` on a real server, in both protocols, and transactions as it shows them.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    collections::HashSet,
    time::{Duration, Instant, SystemTime, UNIX_EPOCH},
};

use futures::{FutureExt, StreamExt, future::join_all};
use redmux::{
    ConnectionMultiplexer, ErrorKind, Options,
    database::transactions::Condition,
    monitor::{Monitor, MonitoredCommand},
};
use redmux_test_support::{RedisServer, both};

const PATIENCE: Duration = Duration::from_secs(30);

fn options(server: &RedisServer) -> Options {
    Options::new(server.addr().to_string())
}

/// The commands up to `ECHO end`, which is sent now.
async fn until_now(muxer: &ConnectionMultiplexer, monitor: &mut Monitor) -> Vec<MonitoredCommand> {
    muxer.execute::<()>("ECHO", ["end"]).await.unwrap();
    let mut commands = Vec::new();
    loop {
        let next = async_std::future::timeout(PATIENCE, monitor.next()).await;
        let command = next.expect("a command comes").unwrap().unwrap();
        if command.args == [&b"ECHO"[..], b"end"] {
            return commands;
        }
        commands.push(command);
    }
}

#[async_std::test]
async fn commands_of_all_clients_and_databases_are_shown() {
    let server = RedisServer::start();
    both(&server, |server, muxer| async move {
        let mut monitor = muxer.monitor().await.unwrap();
        let before = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
        muxer.database().set("k\r\n\"\\\0\u{e9}", &b"\xff "[..]).await.unwrap();
        let long = "x".repeat(200_000);
        muxer.database().set("long", &long).await.unwrap();
        let other = ConnectionMultiplexer::connect(options(server).database(3)).await.unwrap();
        other.database().incr("n").await.unwrap();
        other.database().eval::<()>("redis.call('INCR', KEYS[1])", ["n"], ()).await.unwrap();
        let commands = until_now(&muxer, &mut monitor).await;
        let find =
            |name| commands.iter().filter(|command| command.name() == name).collect::<Vec<_>>();
        let sets = find("SET");
        assert_eq!(sets[0].args, [&b"SET"[..], b"k\r\n\"\\\0\xc3\xa9", b"\xff "]);
        assert_eq!(sets[1].args[2], long.as_bytes());
        assert_eq!((sets[0].database, sets[0].missed), (0, 0));
        assert!(sets[0].client.starts_with("127.0.0.1:"), "{}", sets[0].client);
        let off = sets[0].time.abs_diff(before);
        assert!(off < Duration::from_secs(60), "the clocks differ by {off:?}");
        let incrs = find("INCR");
        assert_eq!((incrs[0].database, incrs[1].database), (3, 3));
        assert_ne!(incrs[0].client, sets[0].client);
        assert_eq!(incrs[1].client, "lua");
    })
    .await;
}

#[async_std::test]
async fn a_quiet_server_is_no_dead_one() {
    let server = RedisServer::start();
    both(&server, |server, _| async move {
        let probing = options(server)
            .keep_alive(Duration::from_millis(50))
            .probe_timeout(Duration::from_millis(500));
        let muxer = ConnectionMultiplexer::connect(probing).await.unwrap();
        let mut monitor = muxer.monitor().await.unwrap();
        async_std::task::sleep(Duration::from_millis(1500)).await;
        let commands = until_now(&muxer, &mut monitor).await;
        assert!(!commands.is_empty(), "it was not probed");
        assert!(commands.iter().all(|command| command.name() == "PING"), "{commands:?}");
    })
    .await;
}

#[async_std::test]
async fn a_slow_reader_misses_the_oldest_and_is_told() {
    let server = RedisServer::start();
    let muxer =
        ConnectionMultiplexer::connect(options(&server).subscription_capacity(10)).await.unwrap();
    let mut monitor = muxer.monitor().await.unwrap();
    let db = muxer.database();
    for n in 0..100 {
        db.set("n", n).await.unwrap();
    }
    let end = Instant::now() + PATIENCE;
    let (mut shown, mut missed) = (0, 0);
    while shown + missed < 100 {
        assert!(Instant::now() < end, "{shown} shown, {missed} missed");
        let command = monitor.next().await.unwrap().unwrap();
        shown += 1;
        missed += command.missed;
    }
    assert_eq!(shown + missed, 100);
    assert!(missed > 0);
}

#[async_std::test]
async fn it_ends_with_its_connection() {
    let server = RedisServer::start();
    both(&server, |server, muxer| async move {
        let mut monitor = muxer.monitor().await.unwrap();
        assert_eq!((muxer.status().leases.leased, muxer.status().leases.idle), (1, 0));
        server.command(&["CLIENT", "KILL", "TYPE", "normal"]);
        // In some versions it counts as a replica.
        server.command(&["CLIENT", "KILL", "TYPE", "replica"]);
        let mut last = None;
        while let Some(item) = async_std::future::timeout(PATIENCE, monitor.next()).await.unwrap() {
            last = Some(item);
        }
        let error = last.unwrap().unwrap_err();
        assert_eq!(
            (error.kind(), error.command_name()),
            (ErrorKind::ConnectionLost, Some("MONITOR")),
            "{error}"
        );
        assert!(monitor.next().await.is_none(), "for good");
        drop(monitor);

        let mut monitor = muxer.monitor().await.unwrap();
        muxer.close().await;
        let rest = async_std::future::timeout(PATIENCE, monitor.by_ref().collect::<Vec<_>>());
        let rest = rest.await.unwrap();
        assert!(rest.iter().all(Result::is_ok), "closing is no failure");
    })
    .await;
}

#[async_std::test]
async fn a_dropped_monitor_is_closed_and_one_that_is_forbidden_says_so() {
    let server = RedisServer::start();
    let muxer = ConnectionMultiplexer::connect(options(&server)).await.unwrap();
    let monitor = muxer.monitor().await.unwrap();
    assert_eq!(muxer.status().leases.leased, 1);
    drop(monitor);
    assert_eq!((muxer.status().leases.leased, muxer.status().leases.idle), (0, 0));
    let end = Instant::now() + PATIENCE;
    while server.command(&["CLIENT", "LIST"]).contains("cmd=monitor") {
        assert!(Instant::now() < end, "it is still there");
        async_std::task::sleep(Duration::from_millis(10)).await;
    }

    server.command(&["ACL", "SETUSER", "app", "on", ">pw", "~*", "+@all", "-monitor"]);
    let app = options(&server).username("app").password("pw");
    let muxer = ConnectionMultiplexer::connect(app).await.unwrap();
    let error = muxer.monitor().await.unwrap_err();
    assert_eq!(error.server().unwrap().code(), "NOPERM");
    assert_eq!((muxer.status().leases.leased, muxer.status().leases.idle), (0, 0));
}

/// Between `MULTI` and `EXEC` of a client stand only its own commands; and while a transaction
/// with conditions is under way, thousands of others go on.
#[async_std::test]
async fn nothing_of_anybody_else_falls_into_a_transaction() {
    let server = RedisServer::start();
    both(&server, |server, muxer| async move {
        let watcher =
            ConnectionMultiplexer::connect(options(server).subscription_capacity(1 << 20))
                .await
                .unwrap();
        let mut monitor = watcher.monitor().await.unwrap();
        let tasks = (0..60).map(|task| {
            let muxer = muxer.clone();
            async_std::task::spawn(async move {
                let db = muxer.database();
                for _ in 0..20 {
                    match task % 3 {
                        0 => {
                            let calls = (db.set("mine", task), db.incr("mine"), db.incr("all"));
                            db.transaction(calls).all().await.unwrap();
                        }
                        1 => {
                            let calls = (db.set("mine", task), db.incr("mine"), db.incr("all"));
                            let there = Condition::key_exists("none");
                            db.transaction(calls).when(!there).all().await.unwrap();
                        }
                        _ => {
                            let gets = (0..50).map(|_| db.get::<i64>("mine"));
                            redmux::pipeline(gets.collect::<Vec<_>>()).all().await.unwrap();
                        }
                    }
                }
            })
        });
        join_all(tasks).await;
        let all = muxer.database().get::<u64>("all").await.unwrap();
        assert_eq!(all, Some(800));

        let commands = until_now(&watcher, &mut monitor).await;
        let (mut transactions, mut others_meanwhile) = (0, 0);
        let (mut open, mut watching) = (HashSet::new(), HashSet::new());
        let mut running = None::<(String, usize)>;
        for command in &commands {
            assert_eq!(command.missed, 0);
            let (name, client) = (command.name().into_owned(), command.client.clone());
            if let Some((runs, seen)) = &mut running {
                assert_eq!(*runs, client, "{name} of another client");
                assert_eq!(name, ["SET", "INCR", "INCR", "EXEC"][*seen]);
                *seen += 1;
                if name == "EXEC" {
                    (running, transactions) = (None, transactions + 1);
                    watching.remove(&client);
                }
            } else if open.remove(&client) {
                // Between MULTI and what it holds may stand others, but none of this client.
                assert_eq!(name, "SET");
                running = Some((client, 1));
            } else if name == "MULTI" {
                open.insert(client);
            } else if name == "WATCH" {
                watching.insert(client);
            } else if name == "GET" && !watching.is_empty() {
                others_meanwhile += 1;
            }
        }
        assert_eq!(transactions, 800);
        assert!(others_meanwhile > 0, "somebody waited for a transaction with conditions");
        assert!(monitor.next().now_or_never().is_none());
    })
    .await;
}

#[test]
fn what_is_public_goes_between_threads() {
    fn check<T: Send + Sync>() {}
    check::<Monitor>();
    check::<redmux::database::transactions::Watch<'static>>();
}
