//! The server itself.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use redmux::{
    ConnectionMultiplexer, Database, Options,
    database::server::{AclDryRun, FlushMode, Role},
};
use redmux_test_support::RedisServer;

use crate::{both, both_on, texts};

#[async_std::test]
async fn the_server() {
    both(|muxer, db| async move {
        db.ping().await.unwrap();
        assert_eq!(db.echo::<String>("hello").await.unwrap(), "hello");
        assert!(db.time().await.unwrap().0 > 1_700_000_000);
        assert!(db.lastsave().await.unwrap() > 1_700_000_000);
        db.set("k", 1).await.unwrap();
        assert_eq!(db.dbsize().await.unwrap(), 1);
        assert!(db.info(()).await.unwrap().version().is_some());
        assert!(db.info("keyspace").await.unwrap().version().is_none());
        db.config_set("maxmemory", 100_000_000).await.unwrap();
        let config: HashMap<String, String> = db.config_get("maxmemory").await.unwrap();
        assert_eq!(config["maxmemory"], "100000000");
        db.flushdb().await.unwrap();
        assert_eq!(db.dbsize().await.unwrap(), 0);

        // Through `execute`, any command with any types.
        let pairs: (String, i64) = muxer.execute("EVAL", ("return {'a', 7}", 0)).await.unwrap();
        assert_eq!(pairs, ("a".to_owned(), 7));
        let error = db.incr("k").reply_as::<Vec<String>>().await.unwrap_err();
        assert_eq!(error.command_name(), Some("INCR"));
    })
    .await;
}

/// Keeps the server busy for at least 5 ms.
async fn be_slow(db: &Database) {
    // No processor does a step in half a nanosecond; clocks stand still or are not there in scripts.
    let script = "for i = 1, 10000000 do end";
    db.eval::<()>(script, (), ()).await.unwrap();
}

#[async_std::test]
async fn info() {
    both(|_, db| async move {
        db.set_with(
            "k",
            1,
            redmux::database::strings::SetOptions::new().expires_in(Duration::from_secs(99)),
        )
        .await
        .unwrap();
        let info = db.info(()).await.unwrap();
        assert!(info.version().unwrap().contains('.'));
        assert!(info.uptime().unwrap() < Duration::from_secs(600));
        assert!(info.connected_clients().unwrap() >= 1 && info.used_memory().unwrap() > 10_000);
        assert!(info.commands_processed().unwrap() > 0);
        assert_eq!((info.is_replica(), info.is_cluster()), (Some(false), Some(false)));
        assert!(info.sections().any(|name| name == "Memory"));
        assert!(info.section("memory").any(|(name, _)| name == "used_memory_human"));
        assert_eq!(info.get_as::<u64>("redis_version"), None);
        let [keyspace] = &info.keyspace()[..] else { panic!("one database is in use") };
        assert_eq!((keyspace.db, keyspace.keys, keyspace.expires), (0, 1, 1));
        assert!(info.as_str().starts_with("# Server"));
    })
    .await;
}

#[async_std::test]
async fn settings() {
    let server = RedisServer::start();
    let options = Options::new(server.addr().to_string());
    let muxer = ConnectionMultiplexer::connect(options).await.unwrap();
    let db = muxer.database();
    db.config_set_all([("hz", "20"), ("maxclients", "500")]).await.unwrap();
    let got: HashMap<String, String> = db.config_get(["hz", "maxcl*"]).await.unwrap();
    assert_eq!((got["hz"].as_str(), got["maxclients"].as_str()), ("20", "500"));
    let none = db.config_get::<HashMap<String, String>>(()).await.unwrap_err();
    assert_eq!((none.is_command(), none.command_name()), (true, Some("CONFIG GET")));
    assert!(db.config_set_all(["hz"]).await.unwrap_err().is_command());
    db.config_resetstat().await.unwrap();
    // It was started without a file.
    assert!(db.config_rewrite().await.unwrap_err().is_server());
}

#[async_std::test]
async fn slow_commands() {
    both(|_, db| async move {
        db.config_set_all([("slowlog-log-slower-than", 1000), ("latency-monitor-threshold", 1)])
            .await
            .unwrap();
        db.slowlog_reset().await.unwrap();
        db.latency_reset(()).await.unwrap();
        be_slow(&db).await;
        assert!(db.slowlog_len().await.unwrap() >= 1);
        let log = db.slowlog_get(10).await.unwrap();
        let slow = log.iter().find(|entry| entry.args[0] == "EVAL").unwrap();
        assert!(slow.duration >= Duration::from_millis(5), "{:?}", slow.duration);
        assert!(slow.unix_seconds > 1_700_000_000 && slow.client_addr.starts_with("127.0.0.1:"));
        assert_eq!(slow.client_name, db.client_getname().await.unwrap().unwrap_or_default());

        let events = db.latency_latest().await.unwrap();
        let command = events.iter().find(|event| event.event == "command").unwrap();
        assert!(command.max >= command.latest && command.max >= Duration::from_millis(5));
        let history = db.latency_history("command").await.unwrap();
        assert!(history[0].latency >= Duration::from_millis(5));
        assert!(history[0].unix_seconds >= command.unix_seconds - 60);
        let histogram = db.latency_histogram("eval").await.unwrap();
        let (name, eval) = &histogram[0];
        assert!(name == "eval" && eval.calls >= 1 && !eval.histogram.is_empty());
        assert!(db.latency_doctor().await.unwrap().contains("command"));
        assert!(db.latency_graph("command").await.unwrap().contains("command"));
        assert!(db.latency_reset("command").await.unwrap() >= 1);
        let off = [("slowlog-log-slower-than", 10_000), ("latency-monitor-threshold", 0)];
        db.config_set_all(off).await.unwrap();
    })
    .await;
}

#[async_std::test]
async fn memory() {
    both(|_, db| async move {
        db.rpush("l", vec!["x".repeat(100); 200]).await.unwrap();
        let some = db.memory_usage("l").await.unwrap().unwrap();
        let all = db.memory_usage_samples("l", 0).await.unwrap().unwrap();
        assert!(some > 5_000 && all > 15_000, "{some} {all}");
        assert_eq!(db.memory_usage("none").await.unwrap(), None);
        let stats = db.memory_stats().await.unwrap();
        assert_eq!(stats.keys, 1);
        assert!(stats.total_allocated > stats.dataset && stats.bytes_per_key > 0);
        assert!(stats.peak_percentage > 0.0 && stats.fragmentation > 0.0);
        assert!(!db.memory_doctor().await.unwrap().is_empty());
        assert!(!db.memory_malloc_stats().await.unwrap().is_empty());
        db.memory_purge().await.unwrap();
    })
    .await;
}

#[async_std::test]
async fn users() {
    let server = RedisServer::start();
    let addr = &server.addr().to_string();
    both_on(&server, |_, db| async move {
        assert_eq!(db.acl_whoami().await.unwrap(), "default");
        let rules = ["reset", "on", ">s3cret", "+get", "~a:*", "&news", "(+set ~b:*)"];
        db.acl_setuser("bob", rules).await.unwrap();
        let bob = db.acl_getuser("bob").await.unwrap().unwrap();
        assert!(bob.flags.contains(&"on".to_owned()) && bob.passwords.len() == 1);
        assert_eq!((bob.keys.as_str(), bob.channels.as_str()), ("~a:*", "&news"));
        assert!(bob.commands.contains("+get") && bob.selectors[0].keys == "~b:*");
        assert_eq!(db.acl_getuser("none").await.unwrap(), None);
        let mut users = db.acl_users().await.unwrap();
        users.sort();
        assert_eq!(users, texts(&["bob", "default"]));
        assert_eq!(db.acl_list().await.unwrap().len(), 2);
        assert!(db.acl_cat().await.unwrap().contains(&"geo".to_owned()));
        assert!(db.acl_cat_commands("geo").await.unwrap().contains(&"geoadd".to_owned()));
        assert_eq!(db.acl_dryrun("bob", ("GET", "a:1")).await.unwrap(), AclDryRun::Allowed);
        let denied = db.acl_dryrun("bob", ("DEL", "a:1")).await.unwrap();
        assert!(matches!(denied, AclDryRun::Denied(why) if why.contains("del")));
        assert_eq!(db.acl_genpass(64).await.unwrap().len(), 16);

        db.acl_log_reset().await.unwrap();
        let wrong = Options::new(addr).username("bob").password("wrong").connect_retry(1);
        assert!(ConnectionMultiplexer::connect(wrong).await.is_err());
        let log = db.acl_log(10).await.unwrap();
        assert_eq!((log[0].reason.as_str(), log[0].username.as_str()), ("auth", "bob"));
        assert!(log[0].count >= 1 && log[0].age_seconds < 60.0 && log[0].client.id > 0);
        let bad = db.acl_setuser("bob", ["s3cret"]).await.unwrap_err();
        assert!(bad.is_server() && !format!("{bad} {bad:?}").contains("s3cret"));
        assert!(db.acl_save().await.unwrap_err().is_server());
        assert!(db.acl_load().await.unwrap_err().is_server());
        assert_eq!(db.acl_deluser(["bob", "none"]).await.unwrap(), 1);
    })
    .await;
}

#[async_std::test]
async fn databases_and_disk() {
    both(|_, db| async move {
        db.set("k", 1).await.unwrap();
        db.swapdb(0, 1).await.unwrap();
        assert_eq!(db.dbsize().await.unwrap(), 0);
        db.swapdb(0, 1).await.unwrap();
        assert_eq!(db.dbsize().await.unwrap(), 1);
        db.flushdb_with(FlushMode::Async).await.unwrap();
        db.flushall_with(FlushMode::Sync).await.unwrap();
        assert_eq!(db.dbsize().await.unwrap(), 0);
        assert!(db.lolwut().await.unwrap().contains("ver"));
        // Newer servers come with some.
        assert!(db.module_list().await.unwrap().iter().all(|module| !module.name.is_empty()));

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
async fn roles() {
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
