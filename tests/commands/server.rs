//! The server itself: what it says of itself, settings, databases, disk.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use redmux::{
    ConnectionMultiplexer, Database, Options,
    database::{
        server::{FlushMode, Role},
        strings::SetOptions,
    },
};
use redmux_test_support::RedisServer;

use crate::{both, both_on};

#[async_std::test]
async fn the_server_answers() {
    both(|_, db| async move {
        db.ping().await.unwrap();
        assert_eq!(db.echo::<String>("hello").await.unwrap(), "hello");
        assert!(db.lolwut().await.unwrap().contains("ver"));
    })
    .await;
}

#[async_std::test]
async fn the_server_has_a_clock() {
    both(|_, db| async move {
        assert!(db.time().await.unwrap().0 > 1_700_000_000);
        assert!(db.lastsave().await.unwrap() > 1_700_000_000);
    })
    .await;
}

#[async_std::test]
async fn execute_takes_any_command_with_any_types() {
    both(|muxer, _| async move {
        let pairs: (String, i64) = muxer.execute("EVAL", ("return {'a', 7}", 0)).await.unwrap();
        assert_eq!(pairs, ("a".to_owned(), 7));
    })
    .await;
}

#[async_std::test]
async fn a_reply_of_another_type_is_an_error_that_names_the_command() {
    both(|_, db| async move {
        let error = db.incr("k").reply_as::<Vec<String>>().await.unwrap_err();
        assert_eq!(error.command_name(), Some("INCR"));
    })
    .await;
}

#[async_std::test]
async fn info_has_its_usual_figures_as_methods() {
    both(|_, db| async move {
        let info = db.info(()).await.unwrap();
        assert!(info.version().unwrap().contains('.'));
        assert!(info.uptime().unwrap() < Duration::from_secs(600));
        assert!(info.connected_clients().unwrap() >= 1 && info.used_memory().unwrap() > 10_000);
        assert!(info.commands_processed().unwrap() > 0);
        assert_eq!((info.is_replica(), info.is_cluster()), (Some(false), Some(false)));
        assert!(info.as_str().starts_with("# Server"));
    })
    .await;
}

#[async_std::test]
async fn info_has_sections() {
    both(|_, db| async move {
        let info = db.info(()).await.unwrap();
        assert!(info.sections().any(|name| name == "Memory"));
        assert!(info.section("memory").any(|(name, _)| name == "used_memory_human"));
        assert_eq!(info.get_as::<u64>("redis_version"), None);
        assert!(db.info("keyspace").await.unwrap().version().is_none());
    })
    .await;
}

#[async_std::test]
async fn info_counts_the_keys_of_each_database() {
    both(|_, db| async move {
        let expires = SetOptions::new().expires_in(Duration::from_secs(99));
        db.set_with("k", 1, expires).await.unwrap();
        let info = db.info(()).await.unwrap();
        let [keyspace] = &info.keyspace()[..] else { panic!("one database is in use") };
        assert_eq!((keyspace.db, keyspace.keys, keyspace.expires), (0, 1, 1));
    })
    .await;
}

#[async_std::test]
async fn settings_are_read_and_written_one_or_several_at_a_time() {
    both_on(&RedisServer::start(), |_, db| async move {
        db.config_set("maxmemory", 100_000_000).await.unwrap();
        let config: HashMap<String, String> = db.config_get("maxmemory").await.unwrap();
        assert_eq!(config["maxmemory"], "100000000");
        db.config_set_all([("hz", "20"), ("maxclients", "500")]).await.unwrap();
        let got: HashMap<String, String> = db.config_get(["hz", "maxcl*"]).await.unwrap();
        assert_eq!((got["hz"].as_str(), got["maxclients"].as_str()), ("20", "500"));
    })
    .await;
}

#[async_std::test]
async fn settings_without_a_name_or_a_value_are_refused() {
    both(|_, db| async move {
        let none = db.config_get::<HashMap<String, String>>(()).await.unwrap_err();
        assert_eq!((none.is_rejected(), none.command_name()), (true, Some("CONFIG GET")));
        assert!(db.config_set_all(["hz"]).await.unwrap_err().is_rejected());
    })
    .await;
}

#[async_std::test]
async fn statistics_are_reset_and_settings_rewritten_where_there_is_a_file() {
    both(|_, db| async move {
        db.config_resetstat().await.unwrap();
        // It was started without a file.
        assert!(db.config_rewrite().await.unwrap_err().is_server());
    })
    .await;
}

#[async_std::test]
async fn databases_are_swapped() {
    both(|_, db| async move {
        db.set("k", 1).await.unwrap();
        assert_eq!(db.dbsize().await.unwrap(), 1);
        db.swapdb(0, 1).await.unwrap();
        assert_eq!(db.dbsize().await.unwrap(), 0);
        db.swapdb(0, 1).await.unwrap();
        assert_eq!(db.dbsize().await.unwrap(), 1);
    })
    .await;
}

#[async_std::test]
async fn databases_are_emptied_at_once_or_in_the_background() {
    both(|_, db| async move {
        db.set("k", 1).await.unwrap();
        db.flushdb().await.unwrap();
        assert_eq!(db.dbsize().await.unwrap(), 0);
        db.set("k", 1).await.unwrap();
        db.flushdb_with(FlushMode::Async).await.unwrap();
        db.flushall_with(FlushMode::Sync).await.unwrap();
        assert_eq!(db.dbsize().await.unwrap(), 0);
    })
    .await;
}

#[async_std::test]
async fn modules_have_names() {
    both(|_, db| async move {
        // Newer servers come with some.
        assert!(db.module_list().await.unwrap().iter().all(|module| !module.name.is_empty()));
    })
    .await;
}

#[async_std::test]
async fn data_is_saved_at_once_and_in_the_background() {
    both(|_, db| async move {
        db.save().await.unwrap();
        for step in 0..2 {
            match step {
                0 => db.bgsave().await.unwrap(),
                _ => db.bgsave_schedule().await.unwrap(),
            }
            saved(&db, "rdb_bgsave_in_progress").await;
        }
        db.bgrewriteaof().await.unwrap();
        saved(&db, "aof_rewrite_in_progress").await;
    })
    .await;
}

/// Waits until the background work is over.
async fn saved(db: &Database, name: &str) {
    let end = Instant::now() + Duration::from_secs(30);
    while db.info("persistence").await.unwrap().get(name) != Some("0") {
        assert!(Instant::now() < end, "{name}");
        async_std::task::sleep(Duration::from_millis(5)).await;
    }
}

#[async_std::test]
async fn a_primary_and_its_replica_know_each_other() {
    let primary = RedisServer::builder().args(["--repl-diskless-sync-delay", "0"]).start().unwrap();
    let replica = RedisServer::start();
    let connect = |server: &RedisServer| {
        ConnectionMultiplexer::connect(Options::new(server.addr().to_string()))
    };
    let (first, second) = (connect(&primary).await.unwrap(), connect(&replica).await.unwrap());
    let alone = first.database().role().await.unwrap();
    assert!(matches!(alone, Role::Primary { replicas, .. } if replicas.is_empty()));
    let port = primary.port().to_string();
    replica.command(&["REPLICAOF", "127.0.0.1", &port]);
    let end = Instant::now() + Duration::from_secs(30);
    loop {
        let follows = second.database().role().await.unwrap();
        let Role::Replica { host, port, state, .. } = follows else { panic!("it is a replica") };
        assert_eq!((host.as_str(), port), ("127.0.0.1", primary.port()));
        if let Role::Primary { replicas, .. } = first.database().role().await.unwrap()
            && let [one] = &replicas[..]
            && state == "connected"
        {
            assert_eq!(one.port, replica.port());
            break;
        }
        assert!(Instant::now() < end, "{state}");
        async_std::task::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(second.database().info(()).await.unwrap().is_replica(), Some(true));
}
