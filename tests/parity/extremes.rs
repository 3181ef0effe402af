//! The shortest and the longest times, the smallest and the largest numbers of things.

use std::time::Duration;

use redmux::{
    ConnectionMultiplexer, Delivery, ErrorKind, Options,
    database::{BlockFor, keys::Ttl, strings::SetOptions},
    error::TimeoutStage,
    pipeline,
};
use redmux_test_support::RedisServer;

use crate::{both, connect};

#[async_std::test]
async fn the_longest_times_do_no_harm() {
    let server = RedisServer::start();
    let options = Options::new(server.addr().to_string())
        .connect_timeout(Duration::MAX)
        .command_timeout(Duration::MAX)
        .sync_timeout(Duration::MAX)
        .keep_alive(Duration::MAX)
        .probe_after(Duration::MAX)
        .probe_timeout(Duration::MAX)
        .lease_idle(Duration::MAX);
    // They are written and read like any other.
    let options: Options = options.connection_string().parse().unwrap();
    let muxer = ConnectionMultiplexer::connect(options).await.unwrap();
    let db = muxer.database();
    db.set("k", 1).timeout(Duration::MAX).await.unwrap();
    assert_eq!(muxer.blocking().run(db.get::<i64>("k")).unwrap(), Some(1));
    let transaction = db.transaction((db.incr("k"),)).timeout(Duration::MAX);
    assert_eq!(transaction.all().await.unwrap(), (2,));
    db.rpush("l", "x").await.unwrap();
    let popped = db.blpop::<String, String>("l", BlockFor::Forever).await.unwrap();
    assert_eq!(popped.unwrap().1, "x");
    let lock = db.lock("lock", Duration::from_secs(60));
    assert!(lock.acquire(Duration::MAX).await.unwrap().is_some());
    drop(muxer.lease().await.unwrap());
    muxer.close().await;
}

#[async_std::test]
async fn no_time_at_all_is_a_timeout_that_tells_the_truth() {
    let server = RedisServer::start();
    let muxer = connect(&server).await;
    let db = muxer.database();
    let (mut not_sent, mut maybe) = (0, 0);
    for _ in 0..200 {
        // Whether the driver or the clock looks first is open.
        let error = db.incr("n").timeout(Duration::ZERO).await.unwrap_err();
        match (error.kind(), error.delivery()) {
            (ErrorKind::Timeout(TimeoutStage::Queue), Delivery::NotSent) => not_sent += 1,
            (ErrorKind::Timeout(_), Delivery::MaybeExecuted) => maybe += 1,
            _ => panic!("{error}"),
        }
    }
    assert_eq!(not_sent + maybe, 200);
    let executed = db.get::<i64>("n").await.unwrap().unwrap_or(0);
    assert!(executed <= maybe, "{executed} were executed, {not_sent} were not sent");
    let options = Options::new(server.addr().to_string()).command_timeout(Duration::ZERO);
    let error = ConnectionMultiplexer::connect(options).await.unwrap_err();
    assert!(error.to_string().contains("commandTimeout"), "{error}");
}

#[async_std::test]
async fn times_to_live_at_the_ends_of_their_range() {
    both(|_, db| async move {
        // Beyond what the server counts with is its error, not a time that wraps around.
        db.set("k", 1).await.unwrap();
        let error = db.expire("k", Duration::MAX).await.unwrap_err();
        assert!(error.is_server() || error.is_rejected(), "{error}");
        let options = SetOptions::new().expires_in(Duration::MAX);
        let error = db.set_with("k", 2, options).await.unwrap_err();
        assert!(error.is_server() || error.is_rejected(), "{error}");
        assert_eq!(db.get::<i64>("k").await.unwrap(), Some(1));
        assert_eq!(db.pttl("k").await.unwrap(), Ttl::Forever);
        let century = Duration::from_secs(100 * 365 * 24 * 3600);
        assert!(db.expire("k", century).await.unwrap());
        let Ttl::In(left) = db.pttl("k").await.unwrap() else { panic!("it expires") };
        assert!(left <= century && left > century - Duration::from_secs(60));
    })
    .await;
}

#[async_std::test]
async fn one_command_with_very_many_arguments() {
    const MEMBERS: u64 = 200_000;
    both(|_, db| async move {
        let members: Vec<u64> = (0..MEMBERS).collect();
        assert_eq!(db.sadd("s", &members).await.unwrap(), MEMBERS);
        let mut back: Vec<u64> = db.smembers("s").await.unwrap();
        back.sort_unstable();
        assert_eq!(back, members);
        // And very many commands with few: written together, deleted together.
        let calls: Vec<_> = (0..20_000).map(|n| db.set(format!("k{n}"), n)).collect();
        pipeline(calls).all().await.unwrap();
        let names: Vec<String> = (0..20_000).map(|n| format!("k{n}")).collect();
        let values: Vec<Option<i64>> = db.mget(&names).await.unwrap();
        assert!(values.into_iter().eq((0..20_000).map(Some)));
        assert_eq!(db.unlink(&names).await.unwrap(), 20_000);
        assert_eq!(db.dbsize().await.unwrap(), 1);
    })
    .await;
}
