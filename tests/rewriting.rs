//! Prefixes of keys and channels, and renamed commands, on a real server.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use futures::StreamExt;
use redmux::{
    ConnectionMultiplexer, Database, ErrorKind, Options,
    database::{
        BlockFor,
        scans::ScanOptions,
        transactions::{Condition, TransactionOutcome},
    },
    pubsub::KeyspaceDatabase,
    resp::Protocol,
};
use redmux_test_support::RedisServer;

/// The last of them are sent by nobody but the client itself.
const RENAMED: [&str; 16] = [
    "GET",
    "SCAN",
    "BLPOP",
    "EVALSHA",
    "SCRIPT",
    "PUBLISH",
    "PUBSUB",
    "WATCH",
    "UNWATCH",
    "MULTI",
    "EXEC",
    "MONITOR",
    "SUBSCRIBE",
    "PSUBSCRIBE",
    "UNSUBSCRIBE",
    "ECHO",
];

/// Does a bit of everything that gets its words to the server in a way of its own.
async fn everything(muxer: &ConnectionMultiplexer) {
    let db = &muxer.database();
    db.set("k", "value").await.unwrap();
    assert_eq!(db.get::<String>("k").await.unwrap().as_deref(), Some("value"));
    assert_eq!(muxer.execute::<String>("GET", ["k"]).await.unwrap(), "value");
    let keys: Vec<String> = db.scan_stream(ScanOptions::new()).map(Result::unwrap).collect().await;
    assert_eq!(keys, ["k"]);
    redmux::pipeline((db.rpush("list", "a"), db.rpush("list", "b"))).all().await.unwrap();
    let popped = db.blpop::<String, String>("list", BlockFor::AtMost(Duration::from_secs(1)));
    assert_eq!(popped.await.unwrap(), Some(("list".to_owned(), "a".to_owned())));
    transactions(db).await;
    publish_and_subscribe(muxer).await;
    let monitor = muxer.monitor().await.unwrap();
    drop(monitor);
    db.incr("forgotten").forget().unwrap();
    assert_eq!(db.get::<u64>("forgotten").await.unwrap(), Some(1));
}

async fn transactions(db: &Database) {
    let (value, length): (Option<String>, _) =
        db.transaction((db.get("k"), db.llen("list"))).all().await.unwrap();
    assert_eq!((value.as_deref(), length), (Some("value"), 1));
    for (expected, holds) in [("value", true), ("other", false)] {
        let outcome = db
            .transaction((db.incr("n"),))
            .when(Condition::string_equal("k", expected))
            .all()
            .await
            .unwrap();
        assert_eq!(matches!(outcome, TransactionOutcome::Committed(_)), holds);
    }
    let guarded = db.watch("n").run(async |db| {
        let n: u64 = db.get("n").await?.unwrap();
        db.transaction((db.set("n", n + 1),)).all().await?;
        Ok(n)
    });
    assert_eq!(guarded.await.unwrap(), 1);
    assert_eq!(db.get::<u64>("n").await.unwrap(), Some(2));
}

async fn publish_and_subscribe(muxer: &ConnectionMultiplexer) {
    let db = muxer.database();
    let subscriber = muxer.subscriber();
    let channel = subscriber.subscribe("news").await.unwrap();
    let pattern = subscriber.psubscribe("n?ws").await.unwrap();
    assert_eq!((channel.channel(), pattern.channel()), (&b"news"[..], &b"n?ws"[..]));
    assert!(db.publish("news", "hello").await.unwrap() >= 2);
    for (mut messages, pattern) in [(channel, None), (pattern, Some(&b"n?ws"[..]))] {
        let message = messages.next().await.unwrap().message().unwrap();
        assert_eq!(message.channel_text(), "news");
        assert_eq!(message.pattern.as_deref(), pattern);
    }
    let _kept = subscriber.subscribe("kept").await.unwrap();
    assert_eq!(db.pubsub_channels::<String>("k*").await.unwrap(), ["kept"]);
    let counts = db.pubsub_numsub::<String>(["kept", "none"]).await.unwrap();
    assert_eq!(counts, [("kept".to_owned(), 1), ("none".to_owned(), 0)]);
}

async fn connect(options: &Options) -> ConnectionMultiplexer {
    ConnectionMultiplexer::connect(options.clone()).await.unwrap()
}

#[async_std::test]
async fn keys_and_channels_have_their_prefixes_everywhere() {
    let server = RedisServer::start();
    for protocol in [Protocol::Resp2, Protocol::Resp3] {
        let bare = Options::new(server.addr().to_string()).protocol(protocol);
        let bare = bare.client_cache(redmux::cache::CacheOptions::default());
        let prefix = format!("app[{protocol:?}]*:");
        let options = bare.clone().key_prefix(&prefix).channel_prefix(&*prefix);
        let (muxer, other) = (connect(&options).await, connect(&bare).await);
        let mut all = other.subscriber().psubscribe("*").await.unwrap().messages();
        everything(&muxer).await;
        let expected: Vec<String> =
            ["forgotten", "k", "list", "n"].map(|key| format!("{prefix}{key}")).into();
        let mut keys: Vec<String> = other.database().keys("*").await.unwrap();
        keys.retain(|key| key.starts_with(&prefix));
        keys.sort();
        assert_eq!(keys, expected);
        assert_eq!(all.next().await.unwrap().channel_text(), format!("{prefix}news"));
        // Others' channels are not seen, and notifications of the server are.
        assert_eq!(other.database().publish("news", "elsewhere").await.unwrap(), 1);
        let notifications = muxer.subscriber().keyspace(KeyspaceDatabase::All, "k").await.unwrap();
        assert_eq!(notifications.channel(), b"__keyspace@*__:k");
        other.database().flushdb().await.unwrap();
    }
}

#[async_std::test]
async fn a_cached_reply_is_that_of_the_prefixed_key() {
    let server = RedisServer::start();
    let bare = Options::new(server.addr().to_string());
    let options =
        bare.clone().key_prefix("app:").client_cache(redmux::cache::CacheOptions::default());
    let (muxer, other) = (connect(&options).await, connect(&bare).await);
    let (db, plain) = (muxer.database(), other.database());
    plain.mset([("k", "theirs"), ("app:k", "ours")]).await.unwrap();
    for _ in 0..3 {
        assert_eq!(db.get::<String>("k").cached().await.unwrap().as_deref(), Some("ours"));
    }
    assert_eq!(muxer.cache_stats().unwrap().hits, 2);
    // A handle with a further prefix has keys of its own.
    let inner = db.with_key_prefix("x:");
    assert_eq!(inner.get::<String>("k").cached().await.unwrap(), None);
    plain.set("app:k", "changed").await.unwrap();
    let until = std::time::Instant::now() + Duration::from_secs(5);
    while db.get::<String>("k").cached().await.unwrap().as_deref() != Some("changed") {
        assert!(std::time::Instant::now() < until, "the invalidation has come");
        async_std::task::sleep(Duration::from_millis(1)).await;
    }
}

#[async_std::test]
async fn renamed_commands_go_by_the_names_that_the_server_knows() {
    let renames = RENAMED.map(|name| (name, format!("{name}-9A1F")));
    let args = renames.iter().flat_map(|(name, to)| ["--rename-command", *name, to]);
    let server = RedisServer::builder().args(args).start().unwrap();
    let map = renames
        .iter()
        .fold(redmux::options::CommandMap::default(), |map, (name, to)| map.rename(*name, &**to));
    for protocol in [Protocol::Resp2, Protocol::Resp3] {
        let options = Options::new(server.addr().to_string()).protocol(protocol);
        let options = options.command_map(map.clone()).high_integrity(true);
        let muxer = connect(&options).await;
        everything(&muxer).await;
        muxer.database().flushdb().await.unwrap();
    }
}

#[async_std::test]
async fn disabled_commands_are_refused_wherever_they_come_from() {
    let server = RedisServer::start();
    let map = ["MULTI", "WATCH", "SUBSCRIBE", "GET"]
        .into_iter()
        .fold(redmux::options::CommandMap::default(), |map, name| map.disable(name));
    let muxer = connect(&Options::new(server.addr().to_string()).command_map(map)).await;
    let db = muxer.database();
    let errors = [
        db.get::<String>("secret").await.unwrap_err(),
        db.get::<String>("secret").cached().await.unwrap_err(),
        db.get::<String>("secret").forget().unwrap_err(),
        redmux::pipeline((db.get::<String>("secret"),)).all().await.unwrap_err(),
        db.transaction((db.incr("secret"),)).all().await.unwrap_err(),
        db.watch("secret").run(async |_| Ok(())).await.unwrap_err(),
        muxer.subscriber().subscribe("secret").await.unwrap_err(),
    ];
    for error in errors {
        assert_eq!(error.kind(), ErrorKind::Command);
        let text = error.to_string();
        assert!(text.contains("command map") && !text.contains("secret"), "{text}");
    }
}
