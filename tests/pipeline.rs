//! Calls written together, against a real server.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use futures::FutureExt;
use redmux::{
    BoxCall, Call, ConnectionMultiplexer, Delivery, ErrorKind, Options, error::TimeoutStage,
    pipeline, resp::ToArgs,
};
use redmux_test_support::RedisServer;

async fn connect(server: &RedisServer) -> ConnectionMultiplexer {
    ConnectionMultiplexer::connect(server.addr().to_string()).await.unwrap()
}

fn echoes(
    muxer: &ConnectionMultiplexer,
    numbers: std::ops::Range<i64>,
) -> Vec<Call<'_, i64, impl ToArgs>> {
    numbers.map(|n| muxer.execute("ECHO", [n])).collect()
}

#[async_std::test]
async fn each_call_gets_its_own_reply() {
    let server = RedisServer::start();
    let muxer = connect(&server).await;
    let db = muxer.database();
    let calls = (db.set("greeting", "hello"), db.incr("n"), db.get::<String>("greeting"));
    let ((), n, greeting) = pipeline(calls).all().await.unwrap();
    let n: i64 = n;
    assert_eq!((n, greeting.as_deref()), (1, Some("hello")));
    for count in [0, 1, 2, 100, 10_000] {
        let replies = pipeline(echoes(&muxer, 0..count)).all().await.unwrap();
        assert!(replies.into_iter().eq(0..count), "{count}");
    }
}

#[async_std::test]
async fn one_error_leaves_the_others_alone() {
    let server = RedisServer::start();
    let muxer = connect(&server).await;
    let db = muxer.database();
    db.set("text", "no number").await.unwrap();
    let keys = ["a", "text", "b"];
    let calls = || keys.iter().map(|key| db.incr(key)).collect::<Vec<_>>();
    let results = pipeline(calls()).await;
    assert_eq!(*results[0].as_ref().unwrap(), 1);
    let error = results[1].as_ref().unwrap_err();
    assert_eq!((error.command_name(), error.delivery()), (Some("INCR"), Delivery::Answered));
    assert_eq!(*results[2].as_ref().unwrap(), 1);
    // The first error is returned, and all calls were executed.
    assert!(pipeline(calls()).all().await.unwrap_err().to_string().contains("INCR"));
    assert_eq!(db.get::<i64>("b").await.unwrap(), Some(2));
}

#[async_std::test]
async fn more_than_the_link_takes_at_once_waits_its_turn() {
    let server = RedisServer::start();
    let options = Options::new(server.addr().to_string()).send_queue_bytes(2000);
    let muxer = ConnectionMultiplexer::connect(options).await.unwrap();
    let tasks = (0..4).map(|task| {
        let muxer = muxer.clone();
        async_std::task::spawn(async move {
            let numbers = task * 5000..(task + 1) * 5000;
            let replies = pipeline(echoes(&muxer, numbers.clone())).all().await.unwrap();
            assert!(replies.into_iter().eq(numbers));
        })
    });
    futures::future::join_all(tasks).await;
}

#[async_std::test]
async fn each_call_keeps_its_own_time() {
    let server = RedisServer::start();
    let muxer = connect(&server).await;
    server.pause();
    let mut calls = echoes(&muxer, 0..10);
    let short = calls.pop().unwrap().timeout(Duration::from_millis(30));
    calls.push(short);
    let replies = pipeline(calls);
    let resume = async {
        async_std::task::sleep(Duration::from_millis(200)).await;
        server.resume();
    };
    let (replies, ()) = futures::future::join(replies, resume).await;
    // The last one failed early; the others were waited for all the same.
    let (last, others) = replies.split_last().unwrap();
    let kind = last.as_ref().unwrap_err().kind();
    assert_eq!(kind, ErrorKind::Timeout(TimeoutStage::Response));
    assert!(others.iter().map(|reply| *reply.as_ref().unwrap()).eq(0..9));
}

#[async_std::test]
async fn dropping_it_gives_up_what_is_left() {
    let server = RedisServer::start();
    let muxer = connect(&server).await;
    server.pause();
    let mut abandoned = pipeline(echoes(&muxer, 0..1000));
    assert!((&mut abandoned).now_or_never().is_none());
    drop(abandoned);
    server.resume();
    assert!(pipeline(echoes(&muxer, 5..900)).all().await.unwrap().into_iter().eq(5..900));
}

#[async_std::test]
async fn a_lost_connection_fails_all_and_says_so() {
    let server = RedisServer::start();
    let muxer = connect(&server).await;
    server.pause();
    let calls = pipeline(echoes(&muxer, 0..100));
    let kill = async {
        async_std::task::sleep(Duration::from_millis(100)).await;
        server.kill();
    };
    let (results, ()) = futures::future::join(calls, kill).await;
    assert_eq!(results.len(), 100);
    for result in results {
        let error = result.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionLost, "{error}");
        assert_eq!(error.delivery(), Delivery::MaybeExecuted);
    }
}

#[async_std::test]
async fn erased_calls_of_any_kind_go_together() {
    let server = RedisServer::start();
    let muxer = connect(&server).await;
    let shop = muxer.database().with_key_prefix("shop:");
    let make = || {
        let mut calls = Vec::new();
        for n in 0..10 {
            calls.push(shop.incr(format!("n:{n}")).erased());
            if n % 5 == 0 {
                calls.push(shop.hset("h", (n, "x")).erased());
            }
        }
        calls.push(shop.lpush("n:0", "x").erased());
        calls.push(shop.keys::<Vec<String>>("n:0").erased());
        calls
    };
    let results = pipeline(make()).await;
    assert_eq!(results.len(), 14);
    assert_eq!(results[0].as_ref().unwrap().decode::<i64>().unwrap(), 1);
    assert_eq!(results[1].as_ref().unwrap().decode::<i64>().unwrap(), 1);
    let error = results[12].as_ref().unwrap_err();
    assert_eq!((error.kind(), error.command_name()), (ErrorKind::Server, Some("LPUSH")));
    // Without the prefix, as from the call itself.
    assert_eq!(results[13].as_ref().unwrap().decode::<Vec<String>>().unwrap(), ["n:0"]);

    let results = shop.transaction(make()).await.unwrap();
    assert_eq!(results[0].as_ref().unwrap().decode::<i64>().unwrap(), 2);
    assert!(results[12].as_ref().unwrap_err().is_server());
    let decode = || -> redmux::Result<i64> {
        Ok(results[0].as_ref().unwrap().decode::<Vec<u8>>()?.len() as i64)
    };
    assert!(decode().is_ok());
    let refused = muxer.execute::<()>("SUBSCRIBE", ["c"]).erased();
    assert!(refused.await.unwrap_err().is_rejected());
}

#[async_std::test]
async fn boxed_calls_are_stored_and_keep_what_they_are() {
    /// What a program may want to say in a signature.
    struct Plan<'a> {
        calls: Vec<BoxCall<'a, i64>>,
        last: BoxCall<'a, Option<String>>,
    }

    let server = RedisServer::start();
    let muxer = connect(&server).await;
    let shop = muxer.database().with_key_prefix("shop:");
    let plan = || Plan {
        calls: vec![
            shop.incr("n").boxed(),
            shop.scard("s").reply_as().boxed(),
            shop.incr(7).timeout(Duration::from_secs(1)).boxed(),
        ],
        last: shop.get("n").boxed(),
    };
    let Plan { calls, last } = plan();
    assert_eq!(pipeline(calls).all().await.unwrap(), [1, 0, 1]);
    assert_eq!(last.await.unwrap().as_deref(), Some("1"));
    assert_eq!(muxer.database().get::<i64>("shop:7").await.unwrap(), Some(1));
    // In another task, with the handle that the call borrows.
    let task = async_std::task::spawn({
        let shop = shop.clone();
        async move { shop.incr("n").boxed().await }
    });
    assert_eq!(task.await.unwrap(), 2);
    // A call that was refused is refused as a boxed one, and names its command.
    let error = muxer.execute::<i64>("SUBSCRIBE", ["c"]).boxed().await.unwrap_err();
    assert_eq!((error.is_rejected(), error.command_name()), (true, Some("SUBSCRIBE")));
}
