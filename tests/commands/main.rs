//! Every typed command on a real server, in both protocols.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    time::Duration,
};

use redmux::{
    ConnectionMultiplexer, DataType, Database, ListEnd, Options, SetOptions, Ttl, resp::Protocol,
};
use redmux_test_support::RedisServer;

/// Runs `check` on an empty database, in RESP3 and in RESP2.
async fn both<F: Future<Output = ()>>(check: impl Fn(ConnectionMultiplexer, Database) -> F) {
    let server = RedisServer::start();
    for protocol in [Protocol::Resp3, Protocol::Resp2] {
        let options = Options::new(server.addr().to_string()).protocol(protocol);
        let muxer = ConnectionMultiplexer::connect(options).await.unwrap();
        muxer.database().flushall().await.unwrap();
        check(muxer.clone(), muxer.database()).await;
        muxer.close().await;
    }
}

fn texts(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

#[async_std::test]
async fn strings() {
    both(|_, db| async move {
        let bytes: Vec<u8> = (0..=255).collect();
        db.set(&bytes, &bytes).await.unwrap();
        assert_eq!(db.get::<Vec<u8>>(&bytes).await.unwrap().unwrap(), bytes);
        assert_eq!(db.get::<String>("none").await.unwrap(), None);
        db.set("k", "abc").await.unwrap();
        assert_eq!(db.append("k", "def").await.unwrap(), 6);
        assert_eq!(db.strlen("k").await.unwrap(), 6);
        assert_eq!(db.getrange::<String>("k", 1, -2).await.unwrap(), "bcde");
        assert_eq!(db.setrange("k", 3, "X").await.unwrap(), 6);
        assert_eq!(db.getdel::<String>("k").await.unwrap().unwrap(), "abcXef");
        assert_eq!(db.incr("n").await.unwrap(), 1);
        assert_eq!(db.incrby("n", 41).await.unwrap(), 42);
        assert_eq!(db.decr("n").await.unwrap(), 41);
        assert_eq!(db.decrby("n", 40).await.unwrap(), 1);
        assert!((db.incrbyfloat("n", 0.5).await.unwrap() - 1.5).abs() < 1e-9);
        db.mset([("a", 1), ("b", 2)]).await.unwrap();
        db.mset(HashMap::from([("c", 3)])).await.unwrap();
        let values: Vec<Option<i64>> = db.mget(["a", "none", "c"]).await.unwrap();
        assert_eq!(values, [Some(1), None, Some(3)]);
        assert_eq!(db.mget::<i64>("a").await.unwrap(), [Some(1)]);
        assert!(!db.msetnx([("b", 9), ("d", 9)]).await.unwrap());
        assert!(db.msetnx([("d", 9)]).await.unwrap());

        let minute = Duration::from_secs(60);
        let once = SetOptions::new().if_missing().expires_in(minute);
        assert!(db.set_with("lock", "me", once).await.unwrap());
        assert!(!db.set_with("lock", "you", once).await.unwrap());
        assert!(matches!(db.pttl("lock").await.unwrap(), Ttl::In(left) if left <= minute));
        assert!(db.set_with("lock", "x", SetOptions::new().if_exists().keep_ttl()).await.unwrap());
        assert!(matches!(db.pttl("lock").await.unwrap(), Ttl::In(_)));
        let old: Option<String> = db.set_get("lock", "y", SetOptions::new()).await.unwrap();
        assert_eq!((old.as_deref(), db.pttl("lock").await.unwrap()), (Some("x"), Ttl::Forever));
        let far = 4_000_000_000_000;
        assert!(db.set_with("lock", "z", SetOptions::new().expires_at(far)).await.unwrap());
        assert_eq!(db.getex::<String>("lock", None).await.unwrap().unwrap(), "z");
        assert_eq!(db.pttl("lock").await.unwrap(), Ttl::Forever);
        assert_eq!(db.getex::<String>("lock", Some(minute)).await.unwrap().unwrap(), "z");
        assert!(matches!(db.pttl("lock").await.unwrap(), Ttl::In(_)));
    })
    .await;
}

#[async_std::test]
async fn keys() {
    both(|_, db| async move {
        db.mset([("a", 1), ("b", 2), ("c", 3)]).await.unwrap();
        assert_eq!(db.exists(["a", "a", "none"]).await.unwrap(), 2);
        assert_eq!(db.touch(["a", "none"]).await.unwrap(), 1);
        assert!(db.expire("a", Duration::from_millis(90_500)).await.unwrap());
        assert!(!db.expire("none", Duration::from_secs(1)).await.unwrap());
        let Ttl::In(left) = db.pttl("a").await.unwrap() else { panic!("it expires") };
        assert!(left > Duration::from_secs(80) && left <= Duration::from_millis(90_500));
        assert!(db.persist("a").await.unwrap());
        assert!(db.expireat("a", 4_000_000_000_000).await.unwrap());
        assert_eq!(db.pttl("b").await.unwrap(), Ttl::Forever);
        assert_eq!(db.pttl("none").await.unwrap(), Ttl::Missing);
        db.rename("a", "d").await.unwrap();
        assert!(!db.renamenx("b", "d").await.unwrap());
        assert!(db.copy("d", "e").await.unwrap());
        let dump = db.dump("d").await.unwrap().unwrap();
        db.restore("f", Some(Duration::from_secs(60)), &dump).await.unwrap();
        db.restore("g", None, dump).await.unwrap();
        assert_eq!(db.get::<i64>("f").await.unwrap(), Some(1));
        assert_eq!(db.pttl("g").await.unwrap(), Ttl::Forever);
        assert_eq!(db.object_encoding("b").await.unwrap().as_deref(), Some("int"));
        assert_eq!(db.object_encoding("none").await.unwrap(), None);
        assert_eq!(db.object_idletime("b").await.unwrap(), Some(0));
        assert!(db.object_refcount("b").await.unwrap().unwrap() > 0);
        assert!(db.randomkey::<String>().await.unwrap().is_some());
        assert_eq!(db.del(["d", "e", "none"]).await.unwrap(), 2);
        assert_eq!(db.unlink("f").await.unwrap(), 1);
        let mut left: Vec<String> = db.keys("*").await.unwrap();
        left.sort();
        assert_eq!(left, texts(&["b", "c", "g"]));

        db.rpush("list", 1).await.unwrap();
        db.sadd("set", 1).await.unwrap();
        db.zadd("zset", [(1, 1)]).await.unwrap();
        db.hset("hash", [(1, 1)]).await.unwrap();
        for (key, expected) in [
            ("b", DataType::String),
            ("list", DataType::List),
            ("set", DataType::Set),
            ("zset", DataType::SortedSet),
            ("hash", DataType::Hash),
            ("none", DataType::Missing),
        ] {
            assert_eq!(db.type_of(key).await.unwrap(), expected);
        }

        let (mut found, mut cursor) = (BTreeSet::new(), 0);
        loop {
            let page = db.scan::<String>(cursor, "*", 2).await.unwrap();
            found.extend(page.items);
            cursor = page.cursor;
            if cursor == 0 {
                break;
            }
        }
        assert_eq!(found.len(), 7);
    })
    .await;
}

#[async_std::test]
async fn hashes() {
    both(|_, db| async move {
        assert_eq!(db.hset("h", [("a", "1"), ("b", "2")]).await.unwrap(), 2);
        assert_eq!(db.hset("h", BTreeMap::from([("b", 3), ("c", 4)])).await.unwrap(), 1);
        assert!(!db.hsetnx("h", "a", 9).await.unwrap());
        assert_eq!(db.hget::<i64>("h", "b").await.unwrap(), Some(3));
        assert_eq!(db.hget::<i64>("h", "none").await.unwrap(), None);
        let some: Vec<Option<i64>> = db.hmget("h", ["a", "none"]).await.unwrap();
        assert_eq!(some, [Some(1), None]);
        let all: BTreeMap<String, i64> = db.hgetall("h").await.unwrap();
        assert_eq!(all, BTreeMap::from([("a".into(), 1), ("b".into(), 3), ("c".into(), 4)]));
        let pairs: Vec<(String, i64)> = db.hgetall("h").await.unwrap();
        assert_eq!(pairs.len(), 3);
        let none: HashMap<String, String> = db.hgetall("none").await.unwrap();
        assert!(none.is_empty());
        assert!(db.hexists("h", "a").await.unwrap() && !db.hexists("h", "z").await.unwrap());
        assert_eq!(db.hincrby("h", "n", 5).await.unwrap(), 5);
        assert!((db.hincrbyfloat("h", "n", 0.25).await.unwrap() - 5.25).abs() < 1e-9);
        assert_eq!(db.hstrlen("h", "n").await.unwrap(), 4);
        assert_eq!(db.hlen("h").await.unwrap(), 4);
        assert_eq!(db.hkeys::<String>("h").await.unwrap().len(), 4);
        assert_eq!(db.hvals::<f64>("h").await.unwrap().len(), 4);
        assert!(db.hrandfield::<String>("h").await.unwrap().is_some());
        let page = db.hscan::<String, f64>("h", 0, "*", 10).await.unwrap();
        assert_eq!((page.cursor, page.items.len()), (0, 4));
        assert_eq!(db.hdel("h", ["a", "none"]).await.unwrap(), 1);
    })
    .await;
}

#[async_std::test]
async fn lists() {
    both(|_, db| async move {
        assert_eq!(db.lpushx("l", "x").await.unwrap(), 0);
        assert_eq!(db.rpush("l", ["b", "c"]).await.unwrap(), 2);
        assert_eq!(db.lpush("l", "a").await.unwrap(), 3);
        assert_eq!(db.rpushx("l", "d").await.unwrap(), 4);
        assert_eq!(db.lrange::<String>("l", 0, -1).await.unwrap(), texts(&["a", "b", "c", "d"]));
        assert_eq!(db.lindex::<String>("l", -1).await.unwrap().as_deref(), Some("d"));
        assert_eq!(db.lindex::<String>("l", 9).await.unwrap(), None);
        db.lset("l", 1, "B").await.unwrap();
        assert!(db.lset("l", 9, "x").await.unwrap_err().is_server());
        assert_eq!(db.lpos("l", "B").await.unwrap(), Some(1));
        assert_eq!(db.lpos("l", "none").await.unwrap(), None);
        assert_eq!(db.linsert_before("l", "B", "x").await.unwrap(), 5);
        assert_eq!(db.linsert_after("l", "none", "x").await.unwrap(), -1);
        assert_eq!(db.linsert_after("l", "B", "x").await.unwrap(), 6);
        assert_eq!(db.lrem("l", 0, "x").await.unwrap(), 2);
        let moved: Option<String> =
            db.lmove("l", "m", ListEnd::Left, ListEnd::Right).await.unwrap();
        assert_eq!(moved.as_deref(), Some("a"));
        assert_eq!(db.lpop::<String>("l").await.unwrap().as_deref(), Some("B"));
        assert_eq!(db.rpop::<String>("l").await.unwrap().as_deref(), Some("d"));
        assert_eq!(db.lpop_count::<String>("l", 5).await.unwrap(), Some(texts(&["c"])));
        assert_eq!(db.rpop_count::<String>("l", 5).await.unwrap(), None);
        assert_eq!(db.llen("m").await.unwrap(), 1);
        db.ltrim("m", 1, 0).await.unwrap();
        assert_eq!(db.llen("m").await.unwrap(), 0);
    })
    .await;
}

#[async_std::test]
async fn sets() {
    both(|_, db| async move {
        assert_eq!(db.sadd("a", ["1", "2", "3"]).await.unwrap(), 3);
        assert_eq!(db.sadd("b", ["3", "4"]).await.unwrap(), 2);
        let all: BTreeSet<i64> = db.smembers("a").await.unwrap();
        assert_eq!(all, BTreeSet::from([1, 2, 3]));
        assert!(db.sismember("a", 1).await.unwrap() && !db.sismember("a", 9).await.unwrap());
        assert_eq!(db.smismember("a", [1, 9]).await.unwrap(), [true, false]);
        assert_eq!(db.sinter::<Vec<i64>>(["a", "b"]).await.unwrap(), [3]);
        assert_eq!(db.sunion::<BTreeSet<i64>>(["a", "b"]).await.unwrap().len(), 4);
        assert_eq!(db.sdiff::<BTreeSet<i64>>(["a", "b"]).await.unwrap().len(), 2);
        assert_eq!(db.sinterstore("i", ["a", "b"]).await.unwrap(), 1);
        assert_eq!(db.sunionstore("u", ["a", "b"]).await.unwrap(), 4);
        assert_eq!(db.sdiffstore("d", ["a", "b"]).await.unwrap(), 2);
        assert!(db.smove("a", "b", 1).await.unwrap() && !db.smove("a", "b", 9).await.unwrap());
        assert!(db.srandmember::<i64>("a").await.unwrap().is_some());
        assert_eq!(db.srandmember_count::<i64>("a", -5).await.unwrap().len(), 5);
        assert!(db.spop::<i64>("u").await.unwrap().is_some());
        assert_eq!(db.spop_count::<i64>("u", 9).await.unwrap().len(), 3);
        assert_eq!(db.spop::<i64>("u").await.unwrap(), None);
        assert_eq!(db.srem("a", ["2", "9"]).await.unwrap(), 1);
        assert_eq!(db.scard("a").await.unwrap(), 1);
        assert_eq!(db.sscan::<i64>("b", 0, "*", 10).await.unwrap().items.len(), 3);
    })
    .await;
}

#[async_std::test]
async fn sorted_sets() {
    both(|_, db| async move {
        let scored = [(1.5, "a"), (2.0, "b"), (3.0, "c")];
        assert_eq!(db.zadd("z", scored).await.unwrap(), 3);
        assert_eq!(db.zadd_if_missing("z", [(9, "a"), (4, "d")]).await.unwrap(), 1);
        assert_eq!(db.zadd_if_greater("z", [(1, "b"), (5, "d")]).await.unwrap(), 1);
        assert_eq!(db.zscore("z", "a").await.unwrap(), Some(1.5));
        assert_eq!(db.zscore("z", "none").await.unwrap(), None);
        assert_eq!(db.zmscore("z", ["a", "none"]).await.unwrap(), [Some(1.5), None]);
        assert!((db.zincrby("z", 0.5, "a").await.unwrap() - 2.0).abs() < 1e-9);
        assert_eq!(db.zcard("z").await.unwrap(), 4);
        assert_eq!(db.zcount("z", 2, "(3").await.unwrap(), 2);
        assert_eq!(db.zrank("z", "c").await.unwrap(), Some(2));
        assert_eq!(db.zrevrank("z", "c").await.unwrap(), Some(1));
        assert_eq!(db.zrank("z", "none").await.unwrap(), None);
        assert_eq!(db.zrange::<String>("z", 0, 1).await.unwrap(), texts(&["a", "b"]));
        assert_eq!(db.zrevrange::<String>("z", 0, 1).await.unwrap(), texts(&["d", "c"]));
        let low: Vec<(String, f64)> = db.zrange_with_scores("z", 0, 0).await.unwrap();
        assert_eq!(low, [("a".to_owned(), 2.0)]);
        let high: Vec<(String, f64)> = db.zrevrange_with_scores("z", 0, 0).await.unwrap();
        assert_eq!(high, [("d".to_owned(), 5.0)]);
        assert_eq!(
            db.zrangebyscore::<String>("z", "(2", "+inf").await.unwrap(),
            texts(&["c", "d"])
        );
        let second: Vec<String> = db.zrangebyscore_limit("z", "-inf", "+inf", 1, 1).await.unwrap();
        assert_eq!(second, texts(&["b"]));
        assert!(db.zrandmember::<String>("z").await.unwrap().is_some());
        let page = db.zscan::<String>("z", 0, "c", 10).await.unwrap();
        assert_eq!(page.items, [("c".to_owned(), 3.0)]);
        assert_eq!(db.zpopmin::<String>("z", 1).await.unwrap(), [("a".to_owned(), 2.0)]);
        assert_eq!(db.zpopmax::<String>("z", 1).await.unwrap(), [("d".to_owned(), 5.0)]);
        assert_eq!(db.zrem("z", ["b", "none"]).await.unwrap(), 1);
        assert_eq!(db.zremrangebyscore("z", 3, 3).await.unwrap(), 1);
        db.zadd("t", [(0, "a"), (0, "b"), (0, "c")]).await.unwrap();
        assert_eq!(db.zrangebylex::<String>("t", "[b", "+").await.unwrap(), texts(&["b", "c"]));
        assert_eq!(db.zlexcount("t", "-", "(c").await.unwrap(), 2);
        assert_eq!(db.zremrangebyrank("t", 0, 1).await.unwrap(), 2);
    })
    .await;
}

#[async_std::test]
async fn the_server() {
    both(|muxer, db| async move {
        db.ping().await.unwrap();
        assert_eq!(db.echo::<String>("hello").await.unwrap(), "hello");
        assert!(db.time().await.unwrap().0 > 1_700_000_000);
        assert!(db.lastsave().await.unwrap() > 1_700_000_000);
        db.set("k", 1).await.unwrap();
        assert_eq!(db.dbsize().await.unwrap(), 1);
        assert!(db.info(()).await.unwrap().contains("redis_version"));
        assert!(!db.info("keyspace").await.unwrap().contains("redis_version"));
        db.config_set("maxmemory", 100_000_000).await.unwrap();
        let config: HashMap<String, String> = db.config_get("maxmemory").await.unwrap();
        assert_eq!(config["maxmemory"], "100000000");
        assert!(db.client_id().await.unwrap() > 0);
        assert!(
            db.client_list().await.unwrap().contains("lib-name=redmux")
                || db.client_list().await.unwrap().contains("id=")
        );
        assert_eq!(db.publish("nobody", "x").await.unwrap(), 0);
        assert_eq!(db.spublish("nobody", "x").await.unwrap(), 0);
        let sum: i64 =
            db.eval("return ARGV[1] + ARGV[2] + #KEYS", ["a", "b"], (1, 2)).await.unwrap();
        assert_eq!(sum, 5);
        let digest = db.script_load("return KEYS[1]").await.unwrap();
        assert_eq!(db.evalsha::<String>(&digest, "key", ()).await.unwrap(), "key");
        assert_eq!(db.script_exists([digest.as_str(), "none"]).await.unwrap(), [true, false]);
        let missing = db.evalsha::<String>("0".repeat(40), (), ()).await.unwrap_err();
        assert_eq!(missing.server().unwrap().code(), "NOSCRIPT");
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

#[async_std::test]
async fn errors_name_the_command_and_never_its_arguments() {
    both(|muxer, db| async move {
        db.set("s3cret-key", "s3cret-value").await.unwrap();
        let wrong_type = db.lpush("s3cret-key", "s3cret-value").await.unwrap_err();
        assert_eq!(wrong_type.server().unwrap().code(), "WRONGTYPE");
        assert_eq!(wrong_type.command_name(), Some("LPUSH"));
        let unknown = muxer.execute::<()>("NOSUCH", ["s3cret-arg"]).await.unwrap_err();
        let decode = db.get::<i64>("s3cret-key").await.unwrap_err();
        let refused = muxer.execute::<()>("BLPOP", ("s3cret-key", 0)).await.unwrap_err();
        let two_words = db.config_set("no-such-setting", "s3cret").await.unwrap_err();
        assert_eq!(two_words.command_name(), Some("CONFIG SET"));
        for error in [wrong_type, unknown, decode, refused, two_words] {
            let shown = format!("{error} {error:?}");
            assert!(!shown.contains("s3cret"), "{shown}");
        }
    })
    .await;
}
