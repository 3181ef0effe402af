//! Several databases on one connection, on a real server.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use async_std::task;
use futures::{FutureExt, StreamExt, future::join_all};
use redmux::{
    ConnectionMultiplexer, Database, Delivery, ErrorKind, Options, RetryPolicy,
    cache::CacheOptions, database::scans::ScanOptions, pipeline,
};
use redmux_test_support::{RedisServer, both};

async fn connect(server: &RedisServer) -> ConnectionMultiplexer {
    ConnectionMultiplexer::connect(server.addr().to_string()).await.unwrap()
}

async fn get(db: &Database, key: &str) -> Option<String> {
    db.get(key).await.unwrap()
}

/// The connections that the server has, but for the one that asks.
fn connections(server: &RedisServer) -> usize {
    let list = server.command(&["CLIENT", "LIST"]);
    list.lines().filter(|line| line.contains("addr=")).count() - 1
}

#[async_std::test]
async fn each_command_is_executed_in_the_database_of_its_handle() {
    let server = RedisServer::start();
    both(&server, |_, muxer| async move {
        let dbs: Vec<Database> = (0..5).map(|index| muxer.database_at(index)).collect();
        join_all((0..500).map(|number| {
            let db = dbs[number % 5].clone();
            async move { db.set(number, format!("in {}", db.index())).await.unwrap() }
        }))
        .await;
        for (index, db) in dbs.iter().enumerate() {
            assert_eq!(db.dbsize().await.unwrap(), 100);
            assert_eq!(get(db, &index.to_string()).await, Some(format!("in {index}")));
            db.execute::<()>("FLUSHDB", ()).await.unwrap();
        }
    })
    .await;
}

#[async_std::test]
async fn there_is_one_connection_for_all_of_them() {
    let server = RedisServer::start();
    let muxer = connect(&server).await;
    for index in 0..16 {
        muxer.database_at(index).set("k", index).await.unwrap();
    }
    assert_eq!(connections(&server), 1);
}

#[async_std::test]
async fn while_one_database_is_used_the_server_gets_what_was_called() {
    let server = RedisServer::start();
    let muxer = connect(&server).await;
    let db = muxer.database_at(3);
    for _ in 0..2 {
        db.set("first", 1).await.unwrap();
    }
    let watcher = connect(&server).await;
    let mut monitor = watcher.monitor().await.unwrap();
    for number in 0..100 {
        db.set(number, number).await.unwrap();
    }
    for number in 0..100 {
        let seen = monitor.next().await.unwrap().unwrap();
        let words: Vec<_> = seen.args.iter().map(|word| String::from_utf8_lossy(word)).collect();
        assert_eq!(seen.database, 3);
        assert_eq!(
            words,
            ["set", &number.to_string(), &number.to_string()].map(|word| if word == "set" {
                "SET"
            } else {
                word
            })
        );
    }
}

#[async_std::test]
async fn a_database_that_is_not_there_is_an_error_and_nothing_is_executed() {
    let server = RedisServer::start();
    both(&server, |_, muxer| async move {
        let missing = muxer.database_at(16);
        let home = muxer.database();
        let (failed, written) = futures::join!(missing.set("k", "lost"), home.set("other", "here"));
        let error = failed.unwrap_err();
        assert_eq!((error.kind(), error.delivery()), (ErrorKind::Server, Delivery::NotSent));
        assert_eq!(error.command_name(), Some("SET"));
        assert!(error.to_string().contains("DB index is out of range"), "{error}");
        written.unwrap();
        assert_eq!(get(&home, "k").await, None);
        // At once, for a second.
        let error = muxer.database_at(99).incr("n").await.unwrap_err();
        assert_eq!(error.delivery(), Delivery::NotSent);
        muxer.database_at(15).set("k", "last").await.unwrap();
    })
    .await;
}

#[async_std::test]
async fn a_user_who_may_not_select_writes_nowhere() {
    let server = RedisServer::start();
    let muxer = connect(&server).await;
    let (home, away) = (muxer.database(), muxer.database_at(1));
    away.set("before", 1).await.unwrap();
    home.set("before", 1).await.unwrap();
    server.command(&["ACL", "SETUSER", "default", "-select"]);
    let results = join_all((0..200).map(|number| away.set(number, "lost"))).await;
    for result in results {
        let error = result.unwrap_err();
        assert!(error.to_string().contains("NOPERM"), "{error}");
        assert!(matches!(error.delivery(), Delivery::Answered | Delivery::NotSent), "{error}");
    }
    server.command(&["ACL", "SETUSER", "default", "+select"]);
    assert_eq!(server.command(&["DBSIZE"]).trim(), "1");
    assert_eq!(get(&home, "before").await.as_deref(), Some("1"));
    task::sleep(Duration::from_millis(1100)).await;
    away.set("after", 1).await.unwrap();
    assert_eq!(away.dbsize().await.unwrap(), 2);
}

#[async_std::test]
async fn while_a_script_blocks_the_server_nothing_runs_elsewhere() {
    let server = RedisServer::builder().args(["--busy-reply-threshold", "50"]).start().unwrap();
    let muxer = connect(&server).await;
    let (home, away) = (muxer.database(), muxer.database_at(1));
    away.set("before", 1).await.unwrap();
    let blocker = connect(&server).await;
    let endless = task::spawn(async move {
        blocker.database().execute::<()>("EVAL", ("while true do end", 0)).await
    });
    // `PING` is refused once the script has had its time.
    while home.execute::<()>("PING", ()).timeout(Duration::from_secs(30)).await.is_ok() {}
    let refused = home.set("k", "lost").await.unwrap_err();
    assert!(refused.to_string().contains("BUSY"), "{refused}");
    // It needs no database, and works where SELECT is refused.
    muxer.execute::<()>("SCRIPT", "KILL").await.unwrap();
    endless.await.unwrap_err();
    home.set("k", "here").await.unwrap();
    assert_eq!(get(&away, "k").await, None);
    assert_eq!(get(&home, "k").await.as_deref(), Some("here"));
}

#[async_std::test]
async fn pipelines_and_transactions_know_their_database() {
    let server = RedisServer::start();
    both(&server, |_, muxer| async move {
        let (home, away) = (muxer.database(), muxer.database_at(1));
        let calls = (
            home.set("k", "home"),
            away.set("k", "away"),
            home.get::<String>("k"),
            away.get::<String>("k"),
        );
        let ((), (), at_home, there) = pipeline(calls).all().await.unwrap();
        assert_eq!((at_home.as_deref(), there.as_deref()), (Some("home"), Some("away")));

        let calls = (away.append("k", "!"), away.get::<String>("k"), away.incr("n"));
        let (length, text, n) = away.transaction(calls).all().await.unwrap();
        assert_eq!((length, text.as_deref(), n), (5, Some("away!"), 1));

        // The errors of calls are theirs.
        let failed = away.transaction((away.lpush("k", "x"), away.incr("n"))).await.unwrap();
        assert!(failed.0.unwrap_err().to_string().contains("WRONGTYPE"));
        assert_eq!(failed.1.unwrap(), 2);
        let calls = vec![away.execute::<i64>("NOSUCH", "n"), away.execute::<i64>("INCR", "n")];
        let error = away.transaction(calls).await.unwrap_err();
        assert_eq!(error.command_name(), Some("NOSUCH"), "{error}");
        assert_eq!(away.incr("n").await.unwrap(), 3);

        // A call of another database has no place in it.
        let error = home.transaction((away.incr("n"),)).await.unwrap_err();
        assert_eq!((error.kind(), error.delivery()), (ErrorKind::Command, Delivery::NotSent));
        for db in [home, away] {
            db.execute::<()>("FLUSHDB", ()).await.unwrap();
        }
    })
    .await;
}

#[async_std::test]
async fn optimistic_loops_and_conditions_watch_keys_of_their_database() {
    let server = RedisServer::start();
    let muxer = connect(&server).await;
    let (home, away) = (muxer.database(), muxer.database_at(2));
    home.set("n", 100).await.unwrap();
    away.set("n", 1).await.unwrap();
    let n: i64 = away
        .watch("n")
        .run(async |db: Database| {
            assert_eq!(db.index(), 2);
            let n: i64 = db.get("n").await?.unwrap_or(0);
            db.transaction((db.set("n", n + 1),)).all().await?;
            Ok(n + 1)
        })
        .await
        .unwrap();
    assert_eq!(n, 2);
    let condition = redmux::database::transactions::Condition::string_equal("n", 2);
    let outcome = away.transaction((away.incr("n"),)).when(condition).all().await.unwrap();
    assert_eq!(outcome.committed(), Some((3,)));
    assert_eq!(get(&home, "n").await.as_deref(), Some("100"));
}

#[async_std::test]
async fn leased_connections_are_in_their_database() {
    let server = RedisServer::start();
    let muxer = connect(&server).await;
    let away = muxer.database_at(4);
    away.rpush("l", "x").await.unwrap();
    let popped: Option<(String, String)> = away.blpop("l", Duration::from_secs(5)).await.unwrap();
    assert_eq!(popped.unwrap().1, "x");
    // Given back, it is for this database only.
    away.rpush("l", "y").await.unwrap();
    let owned = away.blpop::<String, String>("l", Duration::from_secs(5)).owned();
    assert_eq!(task::spawn(owned).await.unwrap().unwrap().1, "y");
    let lease = muxer.lease().await.unwrap();
    lease.database().set("k", "home").await.unwrap();
    let other = muxer.lease_at(4).await.unwrap();
    assert_eq!(other.database().index(), 4);
    other.database().set("k", "away").await.unwrap();
    drop((lease, other));
    assert_eq!(get(&muxer.database(), "k").await.as_deref(), Some("home"));
    assert_eq!(get(&away, "k").await.as_deref(), Some("away"));
    assert_eq!(muxer.status().leases.opened, 2);
    let error = muxer.lease_at(99).await.unwrap_err();
    assert!(error.to_string().contains("DB index is out of range"), "{error}");
    muxer.lease().await.unwrap().database().set("k", "still").await.unwrap();
    // It is no reason to dial more slowly, and not asked again.
    assert_eq!(muxer.status().leases.opened, 3);
}

#[async_std::test]
async fn a_cached_reply_is_of_one_database() {
    let server = RedisServer::start();
    let options = Options::new(server.addr().to_string()).client_cache(CacheOptions::default());
    let muxer = ConnectionMultiplexer::connect(options).await.unwrap();
    let (home, away) = (muxer.database(), muxer.database_at(1));
    home.set("k", "home").await.unwrap();
    away.set("k", "away").await.unwrap();
    for _ in 0..3 {
        let one: Option<String> = home.get("k").cached().await.unwrap();
        let two: Option<String> = away.get("k").cached().await.unwrap();
        assert_eq!((one.as_deref(), two.as_deref()), (Some("home"), Some("away")));
    }
    assert_eq!(muxer.cache_stats().unwrap().hits, 4);
    let other = Options::new(server.addr().to_string()).database(1);
    let other = ConnectionMultiplexer::connect(other).await.unwrap();
    other.database().set("k", "changed").await.unwrap();
    loop {
        let seen: Option<String> = away.get("k").cached().await.unwrap();
        if seen.as_deref() == Some("changed") {
            break;
        }
        task::sleep(Duration::from_millis(5)).await;
    }
    let one: Option<String> = home.get("k").cached().await.unwrap();
    assert_eq!(one.as_deref(), Some("home"));
}

#[async_std::test]
async fn scans_scripts_locks_and_prefixes_know_their_database() {
    let server = RedisServer::start();
    let muxer = connect(&server).await;
    let (home, away) = (muxer.database(), muxer.database_at(1));
    task::spawn(away.set("k", "owned").owned()).await.unwrap();
    assert_eq!(away.del("k").boxed().await.unwrap(), 1);
    let app = away.with_key_prefix("app:");
    app.set("k", "v").await.unwrap();
    let found: Vec<String> =
        away.scan_stream(ScanOptions::new()).map(|key| key.unwrap()).collect().await;
    assert_eq!(found, ["app:k"]);
    let script = redmux::database::scripting::Script::new("return redis.call('GET', KEYS[1])");
    let value: Option<String> = app.script(&script).key("k").run().await.unwrap();
    assert_eq!(value.as_deref(), Some("v"));
    let lock = away.lock("l", Duration::from_secs(10));
    let guard = lock.acquire(Duration::from_secs(5)).await.unwrap().unwrap();
    assert_eq!(home.dbsize().await.unwrap(), 0);
    assert_eq!(away.dbsize().await.unwrap(), 2);
    guard.release().await.unwrap();
}

#[async_std::test]
async fn the_database_of_the_options_is_left_and_found_again() {
    let server = RedisServer::start();
    let options = Options::new(server.addr().to_string()).database(5);
    let muxer = ConnectionMultiplexer::connect(options).await.unwrap();
    let retry = RetryPolicy::new();
    let (home, zero) = (muxer.database(), muxer.database_at(0));
    let (home, zero) = (home.with_retry(retry.clone()), zero.with_retry(retry));
    assert_eq!((home.index(), muxer.database_at(5).index(), zero.index()), (5, 5, 0));
    for round in 0..50 {
        home.set("k", format!("five {round}")).await.unwrap();
        zero.set("k", format!("zero {round}")).await.unwrap();
        if round % 10 == 9 {
            muxer.reconnect();
        }
        assert_eq!(get(&home, "k").await, Some(format!("five {round}")));
        assert_eq!(get(&zero, "k").await, Some(format!("zero {round}")));
    }
}

/// Tasks of several databases while the connection is cut again and again: what was executed was executed
/// in its database.
#[async_std::test]
async fn whatever_happens_to_the_connection_no_command_runs_elsewhere() {
    let server = RedisServer::start();
    let muxer = connect(&server).await;
    let tasks = (0..12_u32).map(|number| {
        let db = muxer.database_at(number % 4);
        task::spawn(async move {
            let mut acknowledged = 0;
            for round in 0..300 {
                let key = format!("{}:{number}:{round}", db.index());
                match db.set(&key, round).await {
                    Ok(()) => acknowledged += 1,
                    Err(error) => assert!(!error.is_server(), "{error}"),
                }
            }
            acknowledged
        })
    });
    let tasks: Vec<_> = tasks.collect();
    let mut all = join_all(tasks).fuse();
    // Not for long: on a slow machine no connection would live until it is of use.
    let mut cuts = 100;
    let acknowledged: Vec<i64> = loop {
        futures::select! {
            done = all => break done,
            () = task::sleep(Duration::from_millis(20)).fuse() => {
                if cuts == 0 {
                    break all.await;
                }
                cuts -= 1;
                server.command(&["CLIENT", "KILL", "TYPE", "normal"]);
            }
        }
    };
    let mut found = 0;
    for index in 0..4 {
        let keys: Vec<String> = muxer.database_at(index).keys("*").await.unwrap();
        found += keys.len() as i64;
        for key in keys {
            assert!(key.starts_with(&format!("{index}:")), "{key} in {index}");
        }
    }
    assert!(found >= acknowledged.iter().sum(), "{found}, {acknowledged:?}");
}
