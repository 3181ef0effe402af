//! Publish and subscribe: order, names, and coming and going.

use std::{
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use futures::{StreamExt, future::join_all};
use redmux::{
    ConnectionMultiplexer, Options,
    options::ConstantDelay,
    pubsub::{Item, Message, MissedCause, Subscription},
    resp::Protocol,
};
use redmux_test_support::{Direction, FaultProxy, RedisServer};

use crate::both;

async fn next(subscription: &mut Subscription) -> Message {
    async_std::future::timeout(Duration::from_secs(20), subscription.next())
        .await
        .expect("a message comes")
        .expect("the subscription is open")
        .message()
        .expect("no gap")
}

#[async_std::test]
async fn every_publisher_is_heard_in_its_order() {
    const PUBLISHERS: usize = 4;
    const MESSAGES: usize = 500;
    both(|muxer, db| async move {
        let subscriber = muxer.subscriber().capacity(PUBLISHERS * MESSAGES);
        let mut channel = subscriber.subscribe("c").await.unwrap();
        let mut pattern = subscriber.psubscribe("?").await.unwrap();
        let publish = async |publisher: usize| {
            for n in 0..MESSAGES {
                assert_eq!(db.publish("c", format!("{publisher} {n}")).await.unwrap(), 2);
            }
        };
        join_all((0..PUBLISHERS).map(publish)).await;
        let (mut first, mut second) = (Vec::new(), Vec::new());
        for _ in 0..PUBLISHERS * MESSAGES {
            first.push(next(&mut channel).await.text().into_owned());
            second.push(next(&mut pattern).await.text().into_owned());
        }
        assert_eq!(first, second);
        for publisher in 0..PUBLISHERS {
            let own = first.iter().filter_map(|text| text.strip_prefix(&format!("{publisher} ")));
            assert!(own.map(|n| n.parse::<usize>().unwrap()).eq(0..MESSAGES), "{publisher}");
        }
    })
    .await;
}

#[async_std::test]
async fn a_channel_is_no_pattern() {
    both(|muxer, db| async move {
        let subscriber = muxer.subscriber();
        let mut literal = subscriber.subscribe("a[bc]*").await.unwrap();
        let mut pattern = subscriber.psubscribe("a[bc]*").await.unwrap();
        let mut escaped = subscriber.psubscribe(r"a\[bc\]\*").await.unwrap();
        assert_eq!(db.publish("ab!", "to the pattern").await.unwrap(), 1);
        assert_eq!(db.publish("a[bc]*", "").await.unwrap(), 2);
        let message = next(&mut pattern).await;
        assert_eq!(
            (message.channel_text(), message.text()),
            ("ab!".into(), "to the pattern".into())
        );
        let message = next(&mut literal).await;
        assert_eq!((&*message.channel_text(), &*message.text()), ("a[bc]*", ""));
        assert_eq!(message.pattern, None);
        assert_eq!(next(&mut escaped).await.channel_text(), "a[bc]*");
        assert_eq!(db.publish("nobody", "hears").await.unwrap(), 0);
    })
    .await;
}

#[async_std::test]
async fn a_reader_may_use_its_multiplexer() {
    both(|muxer, db| async move {
        let mut jobs = muxer.subscriber().subscribe("jobs").await.unwrap();
        let mut done = muxer.subscriber().subscribe("done").await.unwrap();
        let worker = async {
            for n in 1..=50 {
                let job = next(&mut jobs).await;
                assert_eq!(db.incr("jobs").await.unwrap(), n);
                db.publish("done", &job.payload).await.unwrap();
            }
        };
        let boss = async {
            for n in 0..50 {
                db.publish("jobs", n).await.unwrap();
                assert_eq!(next(&mut done).await.text(), n.to_string());
            }
        };
        futures::join!(worker, boss);
    })
    .await;
}

/// Subscribes and leaves again and again, sometimes before it is answered.
async fn come_and_go(muxer: &ConnectionMultiplexer, stop: &AtomicBool) -> u32 {
    let mut rounds = 0;
    while !stop.load(Ordering::Relaxed) {
        let subscriber = muxer.subscriber();
        let mut subscribing = std::pin::pin!(subscriber.subscribe("c"));
        if rounds % 3 != 0 || futures::poll!(subscribing.as_mut()).is_pending() && rounds % 2 == 0 {
            let mut subscription = subscribing.await.unwrap();
            if rounds % 5 == 0 {
                next(&mut subscription).await;
            }
        }
        rounds += 1;
    }
    rounds
}

#[async_std::test]
async fn who_stays_hears_all_while_others_come_and_go() {
    const MESSAGES: usize = 1000;
    both(|muxer, db| async move {
        let mut steady = muxer.subscriber().capacity(MESSAGES).subscribe("c").await.unwrap();
        let stop = AtomicBool::new(false);
        let others = join_all((0..4).map(|_| come_and_go(&muxer, &stop)));
        let publish = async {
            for n in 0..MESSAGES {
                // All listeners of this multiplexer are one for the server.
                assert_eq!(db.publish("c", n).await.unwrap(), 1, "{n}");
            }
            for n in 0..MESSAGES {
                assert_eq!(next(&mut steady).await.text(), n.to_string());
            }
            stop.store(true, Ordering::Relaxed);
            // Who waits for a message gets one.
            for _ in 0..10 {
                db.publish("c", "last").await.unwrap();
                async_std::task::sleep(Duration::from_millis(1)).await;
            }
        };
        let (rounds, ()) = futures::join!(others, publish);
        assert!(rounds.iter().all(|rounds| *rounds > 1), "{rounds:?}");
        drop(steady);
        while db.publish("c", "nobody").await.unwrap() != 0 {
            async_std::task::sleep(Duration::from_millis(5)).await;
        }
        assert_eq!(muxer.status().subscriptions, 0);
    })
    .await;
}

#[async_std::test]
async fn a_quiet_subscription_on_a_dead_connection_is_replaced() {
    let server = RedisServer::start();
    let proxy = FaultProxy::start(server.addr());
    let publisher = crate::connect(&server).await;
    for protocol in [Protocol::Resp3, Protocol::Resp2] {
        let options = Options::new(proxy.addr().to_string())
            .protocol(protocol)
            .reconnect_policy(ConstantDelay(Duration::from_millis(20)))
            .keep_alive(Duration::from_millis(100))
            .probe_timeout(Duration::from_millis(300));
        let muxer = ConnectionMultiplexer::connect(options).await.unwrap();
        let mut news = muxer.subscriber().subscribe("news").await.unwrap();
        // Nobody sends anything; a live but quiet connection is left alone.
        let before = proxy.accepted();
        async_std::task::sleep(Duration::from_millis(800)).await;
        assert_eq!(proxy.accepted(), before, "{protocol}");
        // The connections fall silent, and nothing closes them.
        proxy.stall(Direction::Replies);
        let item = async_std::future::timeout(Duration::from_secs(20), news.next()).await;
        let Some(Item::Missed(missed)) = item.unwrap() else { panic!("a gap") };
        assert_eq!(missed.cause, MissedCause::ConnectionLost);
        // The server may hold the old connection for subscribed for a while.
        let again = async {
            loop {
                publisher.database().publish("news", "again").await.unwrap();
                async_std::task::sleep(Duration::from_millis(5)).await;
            }
        };
        let heard = futures::future::select(Box::pin(next(&mut news)), Box::pin(again)).await;
        let futures::future::Either::Left((message, _)) = heard;
        assert_eq!(message.text(), "again");
        muxer.close().await;
    }
}
