//! The same replies in other shapes: what RESP2 and RESP3 make of scripts and commands.

use std::collections::{BTreeMap, BTreeSet};

use redmux::{
    ConnectionMultiplexer, Options,
    resp::{FromReply, Kind, Protocol, Value},
};
use redmux_test_support::RedisServer;

/// What both protocols give for one script.
struct Scripts(RedisServer);

impl Scripts {
    async fn run<T: FromReply>(&self, protocol: Protocol, script: &str) -> redmux::Result<T> {
        let options = Options::new(self.0.addr().to_string()).protocol(protocol);
        let muxer = ConnectionMultiplexer::connect(options).await.unwrap();
        muxer.database().eval(script, (), ()).await
    }

    /// The reply as it is, in RESP2 and in RESP3.
    async fn values(&self, script: &str) -> [Value; 2] {
        let two = self.run(Protocol::Resp2, script).await.unwrap();
        [two, self.run(Protocol::Resp3, script).await.unwrap()]
    }

    /// The reply as this type, which must be the same.
    async fn same<T: FromReply + PartialEq + std::fmt::Debug>(&self, script: &str, expected: T) {
        for protocol in [Protocol::Resp2, Protocol::Resp3] {
            let value: T = self.run(protocol, script).await.unwrap();
            assert_eq!(value, expected, "{protocol}: {script}");
        }
    }
}

#[async_std::test]
async fn results_of_scripts() {
    let scripts = Scripts(RedisServer::start());
    scripts.same("return 42", 42_i64).await;
    // Lua's numbers lose their fraction on the way out, whatever asks for them.
    scripts.same("return 3.99", 3_i64).await;
    scripts.same("return '3.99'", 3.99_f64).await;
    scripts.same("return 'text'", "text".to_owned()).await;
    scripts.same("return nil", None::<String>).await;
    scripts.same("return false", None::<i64>).await;
    scripts.same("return true", 1_i64).await;
    scripts.same("return true", true).await;
    scripts.same("return {}", Vec::<i64>::new()).await;
    scripts.same("return {1, {2, 'three'}}", (1_i64, (2_i64, "three".to_owned()))).await;
    // A table ends at its first nil.
    scripts.same("return {1, 2, nil, 4}", vec![1_i64, 2]).await;
    scripts.same("return redis.status_reply('FINE')", "FINE".to_owned()).await;
    scripts.same("return redis.call('ECHO', '')", String::new()).await;

    // Scripts may speak RESP3; who speaks RESP2 gets what is nearest to it.
    let three = |script: &str| format!("redis.setresp(3) return {script}");
    let [two, resp3] = scripts.values(&three("true")).await;
    assert_eq!((two, resp3), (Value::Integer(1), Value::Boolean(true)));
    let [two, resp3] = scripts.values(&three("{double = 1.5}")).await;
    assert_eq!((&two, resp3), (&Value::Bulk("1.5".into()), Value::Double(1.5)));
    assert!(matches!(
        scripts.values(&three("{map = {a = 1}}")).await,
        [Value::Array(_), Value::Map(_)]
    ));
    assert!(matches!(
        scripts.values(&three("{set = {a = true}}")).await,
        [Value::Array(_), Value::Set(_)]
    ));
    // With a type it is the same in both.
    scripts.same(&three("true"), true).await;
    scripts.same(&three("{double = 1.5}"), 1.5_f64).await;
    let map = BTreeMap::from([("a".to_owned(), 1_i64), ("b".to_owned(), 2)]);
    scripts.same(&three("{map = {a = 1, b = 2}}"), map).await;
    scripts.same(&three("{set = {a = true}}"), BTreeSet::from(["a".to_owned()])).await;
    scripts.same(&three("nil"), None::<i64>).await;

    for protocol in [Protocol::Resp2, Protocol::Resp3] {
        let error = scripts.run::<i64>(protocol, "return redis.call('NOSUCH')").await.unwrap_err();
        assert!(error.is_server(), "{error}");
        let caught = "return redis.pcall('INCR')['err']";
        let text: String = scripts.run(protocol, caught).await.unwrap();
        assert!(text.contains("number of args"), "{text}");
    }
}

#[async_std::test]
async fn shapes_of_replies() {
    let server = RedisServer::start();
    let connect = async |protocol| {
        let options = Options::new(server.addr().to_string()).protocol(protocol);
        ConnectionMultiplexer::connect(options).await.unwrap()
    };
    let (two, three) = (connect(Protocol::Resp2).await, connect(Protocol::Resp3).await);
    let db = two.database();
    db.hset("h", [("a", 1)]).await.unwrap();
    db.sadd("s", "a").await.unwrap();
    db.zadd("z", (1.5, "a")).await.unwrap();
    db.rpush("l", "a").await.unwrap();
    for (words, in_two, in_three) in [
        (&["GET", "missing"][..], Kind::Null, Kind::Null),
        (&["HGETALL", "h"], Kind::Array, Kind::Map),
        (&["CONFIG", "GET", "maxmemory"], Kind::Array, Kind::Map),
        (&["SMEMBERS", "s"], Kind::Array, Kind::Set),
        (&["SINTER", "s", "s"], Kind::Array, Kind::Set),
        (&["LRANGE", "l", "0", "-1"], Kind::Array, Kind::Array),
        (&["ZSCORE", "z", "a"], Kind::BulkString, Kind::Double),
        (&["ZRANGE", "z", "0", "-1", "WITHSCORES"], Kind::Array, Kind::Array),
        (&["HRANDFIELD", "h", "1", "WITHVALUES"], Kind::Array, Kind::Array),
        (&["HEXISTS", "h", "a"], Kind::Integer, Kind::Integer),
        (&["OBJECT", "ENCODING", "h"], Kind::BulkString, Kind::BulkString),
        (&["CLIENT", "INFO"], Kind::BulkString, Kind::Verbatim),
        (&["ECHO", "x"], Kind::BulkString, Kind::BulkString),
        (&["SET", "k", "v"], Kind::SimpleString, Kind::SimpleString),
    ] {
        for (muxer, expected) in [(&two, in_two), (&three, in_three)] {
            let value: Value = muxer.execute(words[0], &words[1..]).await.unwrap();
            assert_eq!(value.kind(), expected, "{words:?}: {value:?}");
        }
    }
    // Typed, nobody sees the difference.
    for muxer in [two, three] {
        let db = muxer.database();
        let hash: BTreeMap<String, i64> = db.hgetall("h").await.unwrap();
        assert_eq!(hash, BTreeMap::from([("a".to_owned(), 1)]));
        assert_eq!(db.hgetall::<Vec<(String, i64)>>("h").await.unwrap(), [("a".to_owned(), 1)]);
        assert_eq!(db.smembers::<Vec<String>>("s").await.unwrap(), ["a"]);
        assert_eq!(db.zscore("z", "a").await.unwrap(), Some(1.5));
        let raw: Vec<Value> = db.zrange("z", 0, -1).await.unwrap();
        assert_eq!(raw, [Value::Bulk("a".into())]);
        let scored = db.zrange_with_scores::<String>("z", 0, -1).await.unwrap();
        assert_eq!(scored, [("a".to_owned(), 1.5)]);
        let client: String = muxer.execute("CLIENT", "INFO").await.unwrap();
        assert!(client.starts_with("id="), "{client}");
    }
}
