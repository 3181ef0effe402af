//! Outcomes of many commands in one place: `ConnectionMultiplexer::collector`.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{future::poll_fn, task::Poll, time::Duration};

use redmux::{
    ConnectionMultiplexer, Delivery, ErrorKind, Options,
    embed::{Collected, Collector},
    resp::Frame,
};
use redmux_test_support::RedisServer;

/// Waits for `count` outcomes.
async fn take(collector: &mut Collector, count: usize) -> Vec<Collected> {
    let mut all = Vec::new();
    poll_fn(|cx| {
        collector.take(cx.waker(), |collected| all.push(collected));
        if all.len() < count { Poll::Pending } else { Poll::Ready(()) }
    })
    .await;
    assert_eq!(all.len(), count);
    all
}

async fn client() -> (RedisServer, ConnectionMultiplexer) {
    let server = RedisServer::builder().start().unwrap();
    let muxer = ConnectionMultiplexer::connect(server.addr().to_string()).await.unwrap();
    (server, muxer)
}

#[async_std::test]
async fn each_number_has_its_reply_and_all_are_in_order_with_calls() {
    let (_server, muxer) = client().await;
    let mut collector = muxer.collector().unwrap();
    for number in 0..1000 {
        collector.issue(number, "INCR", &"n", None, None).unwrap();
        if number == 499 {
            assert_eq!(muxer.execute::<i64>("INCR", "n").await.unwrap(), 501);
        }
    }
    for (place, Collected { number, result, .. }) in
        take(&mut collector, 1000).await.into_iter().enumerate()
    {
        assert_eq!(number as usize, place);
        let value: u32 = result.unwrap().decode().unwrap();
        assert_eq!(value, if number < 500 { number + 1 } else { number + 2 });
    }
}

#[async_std::test]
async fn errors_are_those_of_calls() {
    let (server, muxer) = client().await;
    muxer.execute::<()>("SET", ("text", "x")).await.unwrap();
    let mut collector = muxer.collector().unwrap();
    collector.issue(7, "INCR", &"text", None, None).unwrap();
    let [refused] = take(&mut collector, 1).await.try_into().unwrap();
    server.pause();
    collector.issue(8, "ECHO", &"slow", None, Some(Duration::from_millis(20))).unwrap();
    let [late] = take(&mut collector, 1).await.try_into().unwrap();
    server.resume();
    let refused = refused.result.unwrap_err();
    assert_eq!((refused.kind(), refused.command_name()), (ErrorKind::Server, Some("INCR")));
    assert_eq!(refused.delivery(), Delivery::Answered);
    assert!(refused.endpoint().is_some());
    let late = late.result.unwrap_err();
    assert!(matches!(late.kind(), ErrorKind::Timeout(_)), "{late}");
    assert_eq!((late.delivery(), late.command_name()), (Delivery::MaybeExecuted, Some("ECHO")));
    // The late reply goes to nobody.
    collector.issue(8, "PING", &(), None, None).unwrap();
    let [pong] = take(&mut collector, 1).await.try_into().unwrap();
    assert_eq!(pong.result.unwrap().decode::<String>().unwrap(), "PONG");
}

#[async_std::test]
async fn what_would_be_refused_or_wants_more_than_sending_is_left_to_a_call() {
    let (server, muxer) = client().await;
    let mut collector = muxer.collector().unwrap();
    assert!(collector.issue(0, "BLPOP", &("list", 0), None, None).is_none());
    assert!(collector.issue(0, "CLIENT", &("REPLY", "OFF"), None, None).is_none());
    assert!(collector.issue(0, "CLIENT", &"ID", None, None).is_some());
    assert_eq!(take(&mut collector, 1).await.len(), 1);
    muxer.close().await;
    assert!(collector.issue(0, "PING", &(), None, None).is_none());
    let closed = muxer.execute::<Frame>("PING", ()).await.unwrap_err();
    assert_eq!((closed.kind(), closed.command_name()), (ErrorKind::Closed, Some("PING")));

    // Its keys are others on the server.
    let options = Options::new(server.addr().to_string()).key_prefix("a:");
    let prefixed = ConnectionMultiplexer::connect(options).await.unwrap();
    assert!(prefixed.collector().unwrap().issue(0, "GET", &"key", None, None).is_none());
}

#[async_std::test]
async fn without_room_commands_wait_as_calls_and_nobody_overtakes_them() {
    let server = RedisServer::builder().start().unwrap();
    let options = Options::new(server.addr().to_string()).send_queue_bytes(64);
    let muxer = ConnectionMultiplexer::connect(options).await.unwrap();
    let mut collector = muxer.collector().unwrap();
    let (mut issued, mut waiting) = (0, Vec::new());
    for number in 0..100 {
        match collector.issue(number, "RPUSH", &("list", number), None, None) {
            // Also after a call: the driver may have made room before that call was polled, and
            // then the call is queued and nobody waits. The list shows the order.
            Some(_) => issued += 1,
            None => {
                let mut call = Box::pin(muxer.execute::<Frame>("RPUSH", ("list", number)));
                // It takes its place in the line when it is looked at first.
                assert!(futures::poll!(call.as_mut()).is_pending());
                waiting.push(call);
            }
        }
    }
    assert!(issued > 0 && !waiting.is_empty(), "{issued} issued, {} waiting", waiting.len());
    for result in futures::future::join_all(waiting).await {
        result.unwrap();
    }
    assert_eq!(take(&mut collector, issued).await.len(), issued);
    let list: Vec<u32> = muxer.execute("LRANGE", ("list", 0, -1)).await.unwrap();
    assert_eq!(list, (0..100).collect::<Vec<_>>());
}

#[async_std::test]
async fn what_is_given_up_has_no_outcome() {
    let (_server, muxer) = client().await;
    let mut collector = muxer.collector().unwrap();
    let first = collector.issue(0, "ECHO", &"first", None, None).unwrap();
    collector.give_up(first);
    let second = collector.issue(0, "ECHO", &"second", None, None).unwrap();
    // Answered before this one, so its outcome is there.
    muxer.execute::<()>("PING", ()).await.unwrap();
    collector.give_up(second);
    collector.issue(0, "ECHO", &"third", None, None).unwrap();
    let [third] = take(&mut collector, 1).await.try_into().unwrap();
    assert_eq!(third.result.unwrap().decode::<String>().unwrap(), "third");
    // It may be given up again, which does nothing.
    collector.give_up(third.issued);
    assert_eq!(muxer.status().connections[0].diagnostics.in_flight, 0);
}

#[async_std::test]
async fn a_lost_connection_says_what_may_have_run() {
    let (server, muxer) = client().await;
    let mut collector = muxer.collector().unwrap();
    server.pause();
    collector.issue(0, "INCR", &"n", None, None).unwrap();
    async_std::task::sleep(Duration::from_millis(100)).await;
    server.kill();
    let [lost] = take(&mut collector, 1).await.try_into().unwrap();
    let error = lost.result.unwrap_err();
    assert_eq!(
        (error.kind(), error.delivery()),
        (ErrorKind::ConnectionLost, Delivery::MaybeExecuted)
    );
    assert_eq!(error.command_name(), Some("INCR"));
}

#[async_std::test]
async fn there_is_one_at_a_time_and_its_end_gives_up_what_is_open() {
    let (_server, muxer) = client().await;
    let mut collector = muxer.collector().unwrap();
    assert!(muxer.collector().is_none());
    for number in 0..10 {
        collector.issue(number, "INCR", &"n", None, None).unwrap();
    }
    drop(collector);
    let mut next = muxer.collector().unwrap();
    next.issue(3, "ECHO", &"mine", None, None).unwrap();
    let [mine] = take(&mut next, 1).await.try_into().unwrap();
    assert_eq!((mine.number, mine.result.unwrap().decode::<String>().unwrap()), (3, "mine".into()));
}
