//! Subscriptions on a real server, over RESP3 (shared) and RESP2 (a connection of their own).

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::time::Duration;

use futures::StreamExt;
use redmux::{
    ConnectionMultiplexer, Options,
    options::ConstantDelay,
    pubsub::{EndCause, Item, MissedCause, Overflow, Subscription},
    resp::Protocol,
};
use redmux_test_support::RedisServer;

async fn connect(server: &RedisServer, protocol: Protocol) -> ConnectionMultiplexer {
    let options = Options::new(server.addr().to_string())
        .protocol(protocol)
        .reconnect_policy(ConstantDelay(Duration::from_millis(20)));
    ConnectionMultiplexer::connect(options).await.unwrap()
}

async fn next(subscription: &mut Subscription) -> Item {
    async_std::future::timeout(Duration::from_secs(20), subscription.next())
        .await
        .expect("an item comes")
        .expect("the subscription is open")
}

async fn text(subscription: &mut Subscription) -> String {
    next(subscription).await.message().expect("no gap").text().into_owned()
}

async fn publish(muxer: &ConnectionMultiplexer, channel: &str, text: &str) -> i64 {
    muxer.execute("PUBLISH", (channel, text)).await.unwrap()
}

#[async_std::test]
async fn channels_patterns_and_shard_channels() {
    let server = RedisServer::start();
    for (protocol, connections) in [(Protocol::Resp3, 1), (Protocol::Resp2, 2)] {
        let muxer = connect(&server, protocol).await;
        let subscriber = muxer.subscriber();
        let mut news = subscriber.subscribe("news").await.unwrap();
        let mut pattern = subscriber.psubscribe("ne*").await.unwrap();
        let mut shard = subscriber.ssubscribe("news").await.unwrap();
        assert_eq!(publish(&muxer, "news", "one").await, 2);
        assert_eq!(muxer.execute::<i64>("SPUBLISH", ("news", "two")).await.unwrap(), 1);
        assert_eq!(text(&mut news).await, "one");
        assert_eq!(text(&mut shard).await, "two");
        let message = next(&mut pattern).await.message().unwrap();
        assert_eq!(message.pattern.as_deref(), Some(&b"ne*"[..]));
        assert_eq!((&message.channel[..], &message.payload[..]), (&b"news"[..], &b"one"[..]));
        let status = muxer.status();
        assert_eq!((status.connections.len(), status.subscriptions), (connections, 3));
        drop((news, pattern, shard));
        muxer.close().await;
    }
}

#[async_std::test]
async fn binary_channels_and_payloads() {
    let server = RedisServer::start();
    for protocol in [Protocol::Resp3, Protocol::Resp2] {
        let muxer = connect(&server, protocol).await;
        let channel: Vec<u8> = (0..=255).collect();
        let mut subscription = muxer.subscriber().subscribe(&channel).await.unwrap();
        muxer.execute::<i64>("PUBLISH", (&channel, &channel)).await.unwrap();
        let message = next(&mut subscription).await.message().unwrap();
        assert_eq!((&message.channel[..], &message.payload[..]), (&channel[..], &channel[..]));
    }
}

#[async_std::test]
async fn listeners_of_one_channel_are_independent_and_the_last_one_unsubscribes() {
    let server = RedisServer::start();
    for protocol in [Protocol::Resp3, Protocol::Resp2] {
        let muxer = connect(&server, protocol).await;
        let subscriber = muxer.subscriber();
        let mut first = subscriber.subscribe("c").await.unwrap();
        let mut second = subscriber.subscribe("c").await.unwrap();
        assert_eq!(publish(&muxer, "c", "both").await, 1);
        assert_eq!(
            (text(&mut first).await, text(&mut second).await),
            ("both".into(), "both".into())
        );
        drop(first);
        assert_eq!(publish(&muxer, "c", "one").await, 1);
        assert_eq!(text(&mut second).await, "one");
        drop(second);
        while publish(&muxer, "c", "none").await != 0 {
            async_std::task::sleep(Duration::from_millis(5)).await;
        }
        // And it can be subscribed to again.
        let mut third = subscriber.subscribe("c").await.unwrap();
        publish(&muxer, "c", "again").await;
        assert_eq!(text(&mut third).await, "again");
    }
}

#[async_std::test]
async fn commands_and_messages_share_the_connection() {
    let server = RedisServer::start();
    let muxer = connect(&server, Protocol::Resp3).await;
    let mut subscription = muxer.subscriber().subscribe("c").await.unwrap();
    for n in 0..500 {
        let text = n.to_string();
        let publish = muxer.execute::<i64>("PUBLISH", ("c", n));
        let echo = muxer.execute::<String>("ECHO", [text.clone()]);
        let (published, echoed) = futures::future::join(publish, echo).await;
        assert_eq!((published.unwrap(), echoed.unwrap()), (1, text));
    }
    for n in 0..500 {
        assert_eq!(text(&mut subscription).await, n.to_string());
    }
}

#[async_std::test]
async fn subscriptions_survive_a_restart_and_are_told_of_the_gap() {
    let server = RedisServer::start();
    for protocol in [Protocol::Resp3, Protocol::Resp2] {
        let muxer = connect(&server, protocol).await;
        let subscriber = muxer.subscriber();
        let mut channel = subscriber.subscribe("c").await.unwrap();
        let mut pattern = subscriber.psubscribe("*").await.unwrap();
        let mut shard = subscriber.ssubscribe("s").await.unwrap();
        publish(&muxer, "c", "before").await;
        assert_eq!(text(&mut channel).await, "before");
        assert_eq!(text(&mut pattern).await, "before");
        server.restart();
        for subscription in [&mut channel, &mut pattern, &mut shard] {
            let Item::Missed(missed) = next(subscription).await else {
                panic!("no gap is reported")
            };
            assert_eq!((missed.cause, missed.count), (MissedCause::ConnectionLost, None));
        }
        // `Missed` comes while the subscription is on its way; publish until it is there.
        while publish(&muxer, "c", "after").await < 2 {
            async_std::task::sleep(Duration::from_millis(5)).await;
        }
        while text(&mut channel).await != "after" {}
        while text(&mut pattern).await != "after" {}
        while muxer.execute::<i64>("SPUBLISH", ("s", "shard")).await.unwrap() < 1 {
            async_std::task::sleep(Duration::from_millis(5)).await;
        }
        assert_eq!(text(&mut shard).await, "shard");
    }
}

#[async_std::test]
async fn a_slow_reader_is_told_how_many_it_missed() {
    let server = RedisServer::start();
    let options = Options::new(server.addr().to_string()).subscription_capacity(10);
    let muxer = ConnectionMultiplexer::connect(options).await.unwrap();
    let mut subscription = muxer.subscriber().subscribe("c").await.unwrap();
    for n in 0..25 {
        publish(&muxer, "c", &n.to_string()).await;
    }
    // A message published by its own receiver comes behind the reply to PUBLISH.
    muxer.execute::<String>("ECHO", ["all here"]).await.unwrap();
    let Item::Missed(missed) = next(&mut subscription).await else { panic!("no loss is reported") };
    assert_eq!((missed.cause, missed.count), (MissedCause::QueueFull, Some(15)));
    for n in 15..25 {
        assert_eq!(text(&mut subscription).await, n.to_string());
    }
}

#[async_std::test]
async fn a_subscription_that_is_not_allowed_is_a_server_error() {
    let server = RedisServer::start();
    server.command(&[
        "ACL",
        "SETUSER",
        "app",
        "on",
        ">pw",
        "~*",
        "+@all",
        "resetchannels",
        "&mine",
    ]);
    for protocol in [Protocol::Resp3, Protocol::Resp2] {
        let options = Options::new(server.addr().to_string())
            .username("app")
            .password("pw")
            .protocol(protocol);
        let muxer = ConnectionMultiplexer::connect(options).await.unwrap();
        let subscriber = muxer.subscriber();
        let error = subscriber.subscribe("theirs").await.unwrap_err();
        assert_eq!(error.server().unwrap().code(), "NOPERM", "{error}");
        assert_eq!(error.command_name(), Some("SUBSCRIBE"));
        // Replies still match.
        assert_eq!(muxer.execute::<String>("ECHO", ["hello"]).await.unwrap(), "hello");
        let mut mine = subscriber.subscribe("mine").await.unwrap();
        server.command(&["PUBLISH", "mine", "yes"]);
        assert_eq!(text(&mut mine).await, "yes");
        assert_eq!(muxer.status().subscriptions, 1);
    }
}

#[async_std::test]
async fn closing_ends_the_stream() {
    let server = RedisServer::start();
    let muxer = connect(&server, Protocol::Resp3).await;
    let mut subscription = muxer.subscriber().subscribe("c").await.unwrap();
    muxer.close().await;
    assert!(subscription.next().await.is_none());
    let error = muxer.subscriber().subscribe("c").await.unwrap_err();
    assert!(error.is_closed(), "{error}");
}

#[async_std::test]
async fn overflow_policies_and_counts() {
    let server = RedisServer::start();
    for protocol in [Protocol::Resp3, Protocol::Resp2] {
        let muxer = connect(&server, protocol).await;
        let subscriber = muxer.subscriber().capacity(3);
        let newest = subscriber.clone().overflow(Overflow::DropNewest);
        let mut newest = newest.subscribe("c").await.unwrap();
        let mut ending = subscriber.overflow(Overflow::End).psubscribe("c*").await.unwrap();
        for n in 0..5 {
            publish(&muxer, "c", &n.to_string()).await;
        }
        while ending.counts().dropped < 2 || newest.counts().dropped < 2 {
            async_std::task::sleep(Duration::from_millis(5)).await;
        }
        let status = muxer.status();
        assert_eq!((status.listeners, status.messages.queued, status.messages.dropped), (2, 6, 4));
        for n in 0..3 {
            assert_eq!(text(&mut newest).await, n.to_string());
            assert_eq!(text(&mut ending).await, n.to_string());
        }
        let Item::Missed(missed) = next(&mut newest).await else { panic!("no loss is reported") };
        assert_eq!((missed.cause, missed.count), (MissedCause::QueueFull, Some(2)));
        assert_eq!(next(&mut ending).await, Item::Ended(EndCause::QueueFull));
        assert!(ending.next().await.is_none());
    }
}

#[async_std::test]
async fn unsubscribing_from_all_ends_the_streams_and_tells_the_server() {
    let server = RedisServer::start();
    for protocol in [Protocol::Resp3, Protocol::Resp2] {
        let muxer = connect(&server, protocol).await;
        let subscriber = muxer.subscriber();
        let mut channel = subscriber.subscribe("c").await.unwrap();
        let mut pattern = subscriber.psubscribe("c*").await.unwrap();
        let mut shard = subscriber.ssubscribe("c").await.unwrap();
        subscriber.unsubscribe_all();
        for subscription in [&mut channel, &mut pattern, &mut shard] {
            assert!(subscription.next().await.is_none());
        }
        while publish(&muxer, "c", "none").await != 0
            || muxer.execute::<i64>("SPUBLISH", ("c", "none")).await.unwrap() != 0
        {
            async_std::task::sleep(Duration::from_millis(5)).await;
        }
        assert_eq!(muxer.status().subscriptions, 0);
        let mut again = subscriber.subscribe("c").await.unwrap();
        publish(&muxer, "c", "again").await;
        assert_eq!(text(&mut again).await, "again");
    }
}

#[async_std::test]
async fn a_burst_larger_than_the_queue_loses_nothing_where_the_connection_waits() {
    const MESSAGES: usize = 20_000;
    let server = RedisServer::start();
    let publisher = connect(&server, Protocol::Resp3).await;
    for protocol in [Protocol::Resp3, Protocol::Resp2] {
        let muxer = connect(&server, protocol).await;
        let subscriber = muxer.subscriber().capacity(16);
        let wait = Overflow::Wait { at_most: Duration::from_secs(60) };
        let mut waiting = subscriber.clone().overflow(wait).subscribe("c").await.unwrap();
        let dropping = subscriber.psubscribe("c*").await.unwrap();
        let publish = |n: usize| publisher.execute::<i64>("PUBLISH", ("c", n));
        redmux::pipeline((0..MESSAGES).map(publish).collect::<Vec<_>>()).await;
        for n in 0..MESSAGES {
            assert_eq!(text(&mut waiting).await, n.to_string());
        }
        assert_eq!((waiting.counts().dropped, waiting.counts().queued_bytes), (0, 0));
        assert_eq!(dropping.counts().queued, 16);
        muxer.execute::<String>("ECHO", ["replies come"]).await.unwrap();
    }
}

#[async_std::test]
async fn a_reader_that_has_gone_to_sleep_does_not_hold_up_replies_for_long() {
    let server = RedisServer::start();
    let muxer = connect(&server, Protocol::Resp3).await;
    let wait = Overflow::Wait { at_most: Duration::from_millis(200) };
    let mut asleep = muxer.subscriber().capacity(1).overflow(wait).subscribe("c").await.unwrap();
    for n in 0..50 {
        publish(&muxer, "c", &n.to_string()).await;
    }
    muxer.execute::<String>("ECHO", ["all here"]).await.unwrap();
    let counts = asleep.counts();
    assert_eq!(counts.queued as u64 + counts.dropped, 50);
    let Item::Missed(missed) = next(&mut asleep).await else { panic!("no loss is reported") };
    assert_eq!((missed.cause, missed.count), (MissedCause::QueueFull, Some(counts.dropped)));
    assert_eq!(text(&mut asleep).await, "49");
}

#[async_std::test]
async fn one_stream_over_several_channels() {
    let server = RedisServer::start();
    for protocol in [Protocol::Resp3, Protocol::Resp2] {
        let muxer = connect(&server, protocol).await;
        let subscriber = muxer.subscriber();
        let mut both = subscriber.subscribe_many(["a", "b", "a"]).await.unwrap();
        let mut channels: Vec<&[u8]> = both.channels().collect();
        channels.sort();
        assert_eq!(channels, [b"a", b"b"]);
        let mut patterns = subscriber.psubscribe_many(["a*", "*"]).await.unwrap();
        let shards = subscriber.ssubscribe_many(["s", "t"]).await.unwrap();
        let status = muxer.status();
        assert_eq!((status.subscriptions, status.listeners), (6, 3));
        for (channel, receivers) in [("a", 3), ("b", 2)] {
            assert_eq!(publish(&muxer, channel, channel).await, receivers);
            let message = next(&mut both).await.message().unwrap();
            assert_eq!((message.channel_text(), message.text()), (channel.into(), channel.into()));
        }
        for _ in 0..3 {
            assert!(next(&mut patterns).await.message().unwrap().pattern.is_some());
        }
        // A channel that another one listens to stays subscribed.
        let mut only = subscriber.subscribe("b").await.unwrap();
        drop((both, patterns, shards));
        while publish(&muxer, "a", "nobody").await != 0 {
            async_std::task::sleep(Duration::from_millis(5)).await;
        }
        assert_eq!(publish(&muxer, "b", "only").await, 1);
        assert_eq!(text(&mut only).await, "only");
        let error = subscriber.subscribe_many::<&str>([]).await.unwrap_err();
        assert!(error.is_rejected(), "{error}");
    }
}

#[async_std::test]
async fn a_gap_of_many_channels_is_told_once() {
    let server = RedisServer::start();
    for protocol in [Protocol::Resp3, Protocol::Resp2] {
        let muxer = connect(&server, protocol).await;
        let names: Vec<String> = (0..2000).map(|n| format!("channel {n}")).collect();
        let mut many = muxer.subscriber().subscribe_many(&names).await.unwrap();
        server.restart();
        let Item::Missed(missed) = next(&mut many).await else { panic!("no gap is reported") };
        assert_eq!((missed.cause, missed.count), (MissedCause::ConnectionLost, None));
        while publish(&muxer, "channel 1999", "x").await == 0 {
            async_std::task::sleep(Duration::from_millis(5)).await;
        }
        while next(&mut many).await.message().is_none() {}
        assert_eq!(many.queued(), 0);
    }
}

#[async_std::test]
async fn a_message_of_ones_own_transaction_is_no_element_of_its_reply() {
    // Redis 7.0 writes the push into the reply of EXEC (redis/redis#12326).
    let server = RedisServer::start();
    for protocol in [Protocol::Resp3, Protocol::Resp2] {
        let muxer = connect(&server, protocol).await;
        let mut own = muxer.subscriber().subscribe("pm").await.unwrap();
        let database = muxer.database();
        for round in 0..3 {
            let (first, heard, second) = database
                .transaction((
                    database.incr("n"),
                    muxer.execute::<i64>("PUBLISH", ("pm", round)),
                    database.incr("n"),
                ))
                .all()
                .await
                .unwrap();
            assert_eq!((heard, second - first), (1, 1));
            assert_eq!(text(&mut own).await, round.to_string());
        }
        assert_eq!(muxer.execute::<String>("ECHO", ["mine"]).await.unwrap(), "mine");
        assert_eq!(muxer.status().connections[0].counters.connects, 1);
    }
}
