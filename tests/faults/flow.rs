//! Slow peers and slow readers hold up nobody but themselves.

use std::time::Duration;

use futures::future::{join, join_all};
use redmux::{ConnectionMultiplexer, pubsub::Item, resp::Protocol};
use redmux_test_support::{Direction, Pace};

use crate::{PROTOCOLS, Rig, comes_back, hold_against_in_order, push_all, within};

const ONE_BYTE: Pace = Pace { delay: Duration::ZERO, piece: 1, pause: Duration::ZERO };

#[async_std::test]
async fn one_byte_at_a_time() {
    let rig = Rig::start();
    rig.proxy.pace(Direction::Requests, ONE_BYTE);
    rig.proxy.pace(Direction::Replies, ONE_BYTE);
    for protocol in PROTOCOLS {
        let options = rig.options().protocol(protocol);
        let muxer = ConnectionMultiplexer::connect(options).await.unwrap();
        let list = format!("{protocol:?}");
        let told = push_all(&muxer, &list, 50).await;
        assert_eq!(hold_against_in_order(&rig.marks(&list), &told).done, 50);
        let value = "\r\n$-1\r\n".repeat(100);
        let echo = within(muxer.execute::<String>("ECHO", [&*value])).await;
        assert_eq!(echo.unwrap(), value);
    }
}

#[async_std::test]
async fn large_values_both_ways_at_once_do_not_block_each_other() {
    let rig = Rig::start();
    let muxer = rig.connect().await;
    let large = "x".repeat(8 << 20);
    muxer.execute::<()>("SET", ("there", &*large)).await.unwrap();
    let slow = Pace { piece: 16 << 10, pause: Duration::from_micros(200), ..Pace::default() };
    rig.proxy.pace(Direction::Requests, slow);
    rig.proxy.pace(Direction::Replies, slow);
    let sets = join_all((0..2).map(|n| muxer.execute::<()>("SET", (format!("new-{n}"), &*large))));
    let gets = join_all((0..2).map(|_| muxer.execute::<String>("GET", ["there"])));
    let (sets, gets) = within(join(sets, gets)).await;
    sets.into_iter().for_each(Result::unwrap);
    gets.into_iter().for_each(|value| assert!(value.unwrap() == large));
    comes_back(&muxer).await;
}

#[async_std::test]
async fn a_server_that_does_not_read_until_its_replies_are_read() {
    let rig = Rig::start();
    let muxer = rig.connect().await;
    // Many replies fill the way back while the requests fill the way there.
    let value = "x".repeat(64 << 10);
    let calls: Vec<_> = (0..400).map(|_| muxer.execute::<String>("ECHO", [&*value])).collect();
    for echo in within(redmux::pipeline(calls)).await {
        assert!(echo.unwrap() == value);
    }
}

#[async_std::test]
async fn a_reader_that_does_not_read_holds_up_nobody() {
    let rig = Rig::start();
    let publisher = rig.connect_directly().await;
    for protocol in [Protocol::Resp3, Protocol::Resp2] {
        let options = rig.options().protocol(protocol).subscription_capacity(10);
        let muxer = ConnectionMultiplexer::connect(options).await.unwrap();
        let mut slow = muxer.subscriber().subscribe("c").await.unwrap();
        let mut quick = muxer.subscriber().subscribe("last").await.unwrap();
        let large = "x".repeat(100 << 10);
        for n in 0..200 {
            publisher.execute::<i64>("PUBLISH", ("c", &*large)).await.unwrap();
            let echo = within(muxer.execute::<i64>("ECHO", [n])).await;
            assert_eq!(echo.unwrap(), n);
        }
        publisher.execute::<i64>("PUBLISH", ("last", "x")).await.unwrap();
        let item = within(futures::StreamExt::next(&mut quick)).await.unwrap();
        assert_eq!(item.message().unwrap().text(), "x");
        let item = within(futures::StreamExt::next(&mut slow)).await.unwrap();
        let Item::Missed(missed) = item else { panic!("no loss is reported") };
        assert_eq!(missed.count, Some(190));
    }
}

#[async_std::test]
async fn a_large_reply_that_nobody_wants_any_more_is_eaten() {
    let rig = Rig::start();
    let muxer = rig.connect().await;
    let large = "x".repeat(4 << 20);
    muxer.execute::<()>("SET", ("large", &*large)).await.unwrap();
    let slow = Pace { piece: 64 << 10, pause: Duration::from_millis(2), ..Pace::default() };
    rig.proxy.pace(Direction::Replies, slow);
    for _ in 0..3 {
        let get = muxer.execute::<String>("GET", ["large"]);
        assert!(async_std::future::timeout(Duration::from_millis(20), get).await.is_err());
        comes_back(&muxer).await;
    }
    assert_eq!(rig.proxy.accepted(), 1);
}
