//! Subscriptions across a cut: they report the gap and go on.

use futures::StreamExt;
use redmux::{
    ConnectionMultiplexer,
    pubsub::{Item, MissedCause, Subscription},
    resp::Protocol,
};
use redmux_test_support::{Accept, Cut, Direction, Fault};

use crate::{PROTOCOLS, Rig, within};

/// Reads numbers up to `last`; a gap must be told where numbers are missing. Returns the gaps.
async fn read_up_to(subscription: &mut Subscription, mut expected: i64, last: i64) -> usize {
    let (mut gaps, mut gap) = (0, false);
    while expected <= last {
        match within(subscription.next()).await.expect("it is open") {
            Item::Message(message) => {
                let number: i64 = message.text().parse().unwrap();
                assert!(number >= expected, "{number} came again, or late: {expected}");
                assert!(number == expected || gap, "{expected} is missing without a word");
                (expected, gap) = (number + 1, false);
            }
            Item::Missed(missed) => {
                assert_eq!(missed.cause, MissedCause::ConnectionLost);
                (gaps, gap) = (gaps + 1, true);
            }
            other => panic!("{other:?}"),
        }
    }
    gaps
}

#[async_std::test]
async fn at_every_byte_of_the_messages() {
    let rig = Rig::start();
    let publisher = rig.connect_directly().await;
    let publish =
        async |number: i64| publisher.execute::<i64>("PUBLISH", ("numbers", number)).await.unwrap();
    for protocol in PROTOCOLS {
        let options = rig.options().protocol(protocol);
        let muxer = ConnectionMultiplexer::connect(options).await.unwrap();
        let mut numbers = muxer.subscriber().subscribe("numbers").await.unwrap();
        let mut number = 1000;
        // From the first byte on: at none, any of the connections may be the one that is cut.
        for at in 1..=110 {
            let (first, before) = (number, rig.proxy.accepted());
            rig.proxy.fault(Direction::Replies, at, Fault::Cut(Cut::Rst));
            for _ in 0..3 {
                publish(number).await;
                number += 1;
            }
            // By then the server has let go of the old connection.
            crate::until("it connects anew", || rig.proxy.accepted() > before).await;
            // Until it is subscribed again, and then one more.
            while publish(number).await == 0 {
                number += 1;
                crate::sleep(1).await;
            }
            let gaps = read_up_to(&mut numbers, first, number).await;
            number += 1;
            assert_eq!(gaps, 1, "cut at {at}");
        }
        muxer.close().await;
    }
}

#[async_std::test]
async fn no_gap_is_told_twice_however_often_it_fails() {
    let rig = Rig::start();
    let publisher = rig.connect_directly().await;
    for protocol in [Protocol::Resp3, Protocol::Resp2] {
        let options = rig.options().protocol(protocol);
        let muxer = ConnectionMultiplexer::connect(options).await.unwrap();
        let mut channel = muxer.subscriber().subscribe("c").await.unwrap();
        rig.proxy.accept(Accept::End(Cut::Rst));
        rig.proxy.cut(Cut::Fin);
        crate::sleep(100).await;
        rig.proxy.accept(Accept::ForwardTwice);
        while publisher.execute::<i64>("PUBLISH", ("c", 1)).await.unwrap() == 0 {
            crate::sleep(2).await;
        }
        assert_eq!(read_up_to(&mut channel, 1, 1).await, 1);
        muxer.close().await;
    }
}

#[async_std::test]
async fn a_subscription_begun_while_it_breaks_is_made_or_refused_but_not_lost() {
    let rig = Rig::start();
    let publisher = rig.connect_directly().await;
    for protocol in PROTOCOLS {
        let options = rig.options().protocol(protocol);
        let muxer = ConnectionMultiplexer::connect(options).await.unwrap();
        for way in [Direction::Requests, Direction::Replies] {
            for at in (0..60).step_by(3) {
                let channel = format!("{way:?}-{at}");
                rig.proxy.fault(way, at, Fault::Cut(Cut::Rst));
                let made = within(muxer.subscriber().subscribe(&channel)).await;
                rig.proxy.forgive();
                match made {
                    Ok(mut made) => {
                        while publisher.execute::<i64>("PUBLISH", (&*channel, 1)).await.unwrap()
                            == 0
                        {
                            crate::sleep(2).await;
                        }
                        read_up_to(&mut made, 1, 1).await;
                    }
                    Err(error) => assert!(error.is_connection(), "{error}"),
                }
            }
        }
        crate::comes_back(&muxer).await;
        assert_eq!(muxer.status().subscriptions, 0);
        muxer.close().await;
    }
}

#[async_std::test]
async fn a_subscriber_that_the_server_drops_for_being_slow_is_told_of_the_gap() {
    let rig = Rig::start();
    let publisher = rig.connect_directly().await;
    let limit = ("SET", "client-output-buffer-limit", "pubsub 1mb 0 0");
    publisher.execute::<()>("CONFIG", limit).await.unwrap();
    for protocol in PROTOCOLS {
        let options = rig.options().protocol(protocol);
        let muxer = ConnectionMultiplexer::connect(options).await.unwrap();
        let mut channel = muxer.subscriber().subscribe("c").await.unwrap();
        rig.proxy.stall(Direction::Replies);
        // More than the sockets and the buffer hold.
        let large = "x".repeat(1 << 20);
        let mut receivers = 1;
        while receivers > 0 {
            receivers = publisher.execute::<i64>("PUBLISH", ("c", &*large)).await.unwrap();
        }
        rig.proxy.resume(Direction::Replies);
        while !matches!(within(channel.next()).await, Some(Item::Missed(_))) {}
        while publisher.execute::<i64>("PUBLISH", ("c", 7)).await.unwrap() == 0 {
            crate::sleep(2).await;
        }
        read_up_to(&mut channel, 7, 7).await;
        muxer.close().await;
    }
}
