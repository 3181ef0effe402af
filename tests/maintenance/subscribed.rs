//! Subscriptions during the move to another endpoint: each message comes once and in its place, or there is a gap.

use std::{
    collections::HashMap,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
};

use redmux::{
    events::SubscriptionRefused,
    pubsub::{Item, KeyspaceDatabase, Missed, MissedCause, Subscription},
};

use super::*;

/// A door at which all connections to `old` have gone over.
async fn go(old: &Door, server: &RedisServer, number: u64) -> Door {
    let new = Door::open(server.addr());
    old.push(&format!("MOVING :{number} :15 {}", new.addr()));
    eventually(|| new.guests() == 1 && old.guests() == 0).await;
    new
}

async fn item(heard: &mut Subscription) -> Item {
    async_std::future::timeout(Duration::from_secs(10), heard.next())
        .await
        .expect("an item comes")
        .expect("the subscription is open")
}

async fn text(heard: &mut Subscription) -> String {
    match item(heard).await {
        Item::Message(message) => message.text().into_owned(),
        other => panic!("{other:?}"),
    }
}

async fn cause(heard: &mut Subscription) -> MissedCause {
    match item(heard).await {
        Item::Missed(missed) => missed.cause,
        other => panic!("{other:?}"),
    }
}

/// How often `SUBSCRIBE` and the like were executed.
fn subscribed(server: &RedisServer) -> u64 {
    let stats = server.command(&["INFO", "commandstats"]);
    let calls = stats.lines().filter_map(|line| {
        let (name, rest) = line.split_once(":calls=")?;
        name.ends_with("subscribe").then(|| rest.split(',').next().unwrap().parse::<u64>().unwrap())
    });
    calls.sum()
}

#[async_std::test]
async fn without_a_message_there_is_no_gap_and_each_topic_is_asked_for_once() {
    let server = RedisServer::builder().args(["--notify-keyspace-events", "KEA"]).start().unwrap();
    let mut door = Door::open(server.addr());
    let (muxer, _events) = connect(&door).await;
    let subscriber = muxer.subscriber();
    let mut channel = subscriber.subscribe("news").await.unwrap();
    let mut pattern = subscriber.psubscribe("n?ws").await.unwrap();
    let mut shard = subscriber.ssubscribe("shard").await.unwrap();
    let mut keys = subscriber.keyspace(KeyspaceDatabase::All, "user:*").await.unwrap();
    let mut many = subscriber.subscribe_many(["a", "b", "c"]).await.unwrap();
    let before = subscribed(&server);
    for number in 1..=5 {
        door = go(&door, &server, number).await;
        let number = &number.to_string();
        server.command(&["PUBLISH", "news", number]);
        server.command(&["SPUBLISH", "shard", number]);
        server.command(&["SET", "user:1", number]);
        for name in ["c", "a", "b"] {
            server.command(&["PUBLISH", name, &format!("{name}{number}")]);
        }
        for heard in [&mut channel, &mut pattern, &mut shard] {
            assert_eq!(text(heard).await, *number);
        }
        assert_eq!(text(&mut keys).await, "set");
        for name in ["c", "a", "b"] {
            assert_eq!(text(&mut many).await, format!("{name}{number}"));
        }
    }
    // Channels, patterns, the shard channel.
    assert_eq!(subscribed(&server) - before, 3 * 5);
    assert_eq!(server.command(&["PUBSUB", "NUMSUB", "news", "a"]), "news\n1\na\n1");
    muxer.close().await;
}

/// Numbers of each channel, from 1 on; holes only where there is a gap. Returns how many gaps there were.
async fn check(mut heard: Subscription, last: u64) -> u64 {
    let (mut numbers, mut gaps) = (HashMap::<Vec<u8>, u64>::new(), 0);
    let mut is_gap = HashMap::<Vec<u8>, bool>::new();
    let names: Vec<Vec<u8>> = heard.channels().map(<[u8]>::to_vec).collect();
    let mut open = 0;
    loop {
        let message = match item(&mut heard).await {
            Item::Message(message) => message,
            Item::Missed(Missed { cause: MissedCause::ConnectionLost, .. }) => {
                gaps += 1;
                is_gap.iter_mut().for_each(|(_, gap)| *gap = true);
                continue;
            }
            other => panic!("{other:?}"),
        };
        let channel = message.channel.to_vec();
        let number: u64 = message.text().parse().unwrap();
        let gap = std::mem::take(is_gap.entry(channel.clone()).or_default());
        let known = numbers.entry(channel).or_default();
        assert!(number == *known + 1 || gap && number > *known, "{known} {number} {names:?}");
        *known = number;
        if number == last {
            open += 1;
            // A pattern hears all channels.
            let all = if names[0].contains(&b'*') { CHANNELS } else { names.len() };
            if open == all {
                return gaps;
            }
        }
    }
}

const CHANNELS: usize = 6;

/// `REDMUX_MOVES` of them: 1000 in the long form.
#[async_std::test]
async fn a_publisher_of_numbers_is_heard_without_holes_and_doubles() {
    let moves: u64 = std::env::var("REDMUX_MOVES").map_or(10, |text| text.parse().unwrap());
    let server = RedisServer::start();
    let mut door = Door::open(server.addr());
    let (muxer, _events) = connect(&door).await;
    let subscriber = muxer.subscriber().capacity(10_000_000).capacity_bytes(1 << 30);
    let mut listeners = Vec::new();
    for number in 0..CHANNELS {
        listeners.push(subscriber.subscribe(format!("c{number}")).await.unwrap());
    }
    listeners.push(subscriber.subscribe_many(["c0", "c1", "c2", "c3"]).await.unwrap());
    listeners.push(subscriber.psubscribe("c*").await.unwrap());
    let stop = Arc::new(AtomicBool::new(false));
    let publisher = ConnectionMultiplexer::connect(server.addr().to_string()).await.unwrap();
    let (ended, speaks) = (stop.clone(), publisher.clone());
    // From one in a millisecond to a few in a second.
    let publishing = async_std::task::spawn(async move {
        let (db, mut numbers, mut round) = (speaks.database(), [0_u64; CHANNELS], 0_u64);
        while !ended.load(SeqCst) {
            round += 1;
            for (channel, number) in numbers.iter_mut().enumerate() {
                if round.is_multiple_of(4_u64.pow(channel as u32)) {
                    *number += 1;
                    db.publish(format!("c{channel}"), number.to_string()).await.unwrap();
                }
            }
            async_std::task::sleep(Duration::from_micros(500)).await;
        }
        numbers
    });
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    for number in 0..moves {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        let new = Door::open(server.addr());
        // The two endpoints are not equally fast. A message takes that long, too: more would never be caught up with.
        new.delay(Duration::from_millis(u64::from(random.is_multiple_of(3))));
        old_and_new(&door, &new, number).await;
        new.delay(Duration::ZERO);
        door = new;
        async_std::task::sleep(Duration::from_millis(random % 20)).await;
    }
    stop.store(true, SeqCst);
    let numbers = publishing.await;
    let last = numbers.iter().max().unwrap() + 1;
    // Of each channel the last one is the same, behind a gap that the test makes itself.
    for (channel, number) in numbers.iter().enumerate() {
        for number in number + 1..=last {
            publisher.database().publish(format!("c{channel}"), number.to_string()).await.unwrap();
        }
    }
    let mut gaps = Vec::new();
    for heard in listeners {
        gaps.push(check(heard, last).await);
    }
    println!("{moves} moves, messages {numbers:?}, gaps of each listener {gaps:?}");
    let most = moves / 5 + 1;
    assert!(gaps[..CHANNELS].iter().all(|gaps| *gaps <= most), "{gaps:?}");
    assert_eq!(muxer.status().connections[0].counters.failures, 0);
    muxer.close().await;
    publisher.close().await;
}

async fn old_and_new(old: &Door, new: &Door, number: u64) {
    old.push(&format!("MOVING :{number} :15 {}", new.addr()));
    eventually(|| new.guests() == 1 && old.guests() == 0).await;
}

#[async_std::test]
async fn a_message_that_is_like_all_others_is_heard_as_often_as_it_was_sent_or_there_is_a_gap() {
    let server = RedisServer::start();
    let mut door = Door::open(server.addr());
    let (muxer, _events) = connect(&door).await;
    let mut heard = muxer.subscriber().capacity(1 << 20).subscribe("tick").await.unwrap();
    let mut gaps = 0;
    for number in 0..10 {
        let new = Door::open(server.addr());
        door.push(&format!("MOVING :{number} :15 {}", new.addr()));
        let (mut sent, mut received) = (0, 0);
        let publisher = ConnectionMultiplexer::connect(server.addr().to_string()).await.unwrap();
        while new.guests() != 1 || door.guests() != 0 {
            publisher.database().publish("tick", "tick").await.unwrap();
            sent += 1;
            async_std::task::sleep(Duration::from_millis(3 * number)).await;
        }
        // Its answer comes when all is known.
        muxer.ping().await.unwrap();
        publisher.database().publish("tick", "end").await.unwrap();
        let mut is_gap = false;
        loop {
            match item(&mut heard).await {
                Item::Message(message) if message.text() == "end" => break,
                Item::Message(_) => received += 1,
                Item::Missed(_) => is_gap = true,
                other => panic!("{other:?}"),
            }
        }
        assert!(if is_gap { received <= sent } else { received == sent }, "{received} of {sent}");
        gaps += u64::from(is_gap);
        publisher.close().await;
        door = new;
    }
    println!("{gaps} gaps in 10 moves");
    muxer.close().await;
}

#[async_std::test]
async fn what_is_subscribed_and_unsubscribed_meanwhile_ends_as_the_program_wants_it() {
    let server = RedisServer::start();
    let mut door = Door::open(server.addr());
    let (muxer, _events) = connect(&door).await;
    let stop = Arc::new(AtomicBool::new(false));
    let workers: Vec<_> = (0..4)
        .map(|worker| {
            let (muxer, stop) = (muxer.clone(), stop.clone());
            async_std::task::spawn(async move {
                let (subscriber, db) = (muxer.subscriber(), muxer.database());
                let (mut kept, mut round) = (Vec::new(), 0_u64);
                while !stop.load(SeqCst) {
                    round += 1;
                    let name = format!("w{worker}:{}", round % 7);
                    let mut heard = subscriber.subscribe(name.clone()).await.unwrap();
                    db.publish(name.clone(), round.to_string()).await.unwrap();
                    // What is published after the confirmation comes, if there is no gap.
                    match item(&mut heard).await {
                        Item::Message(message) => assert_eq!(message.text(), round.to_string()),
                        Item::Missed(_) => {}
                        other => panic!("{other:?}"),
                    }
                    if round.is_multiple_of(50) {
                        let name = format!("k{worker}:{round}");
                        let heard = subscriber.subscribe(name.clone()).await.unwrap();
                        kept.push((name, heard));
                    }
                    async_std::task::sleep(Duration::from_millis(round % 3)).await;
                }
                kept
            })
        })
        .collect();
    for number in 0..8 {
        door = go(&door, &server, number).await;
        async_std::task::sleep(Duration::from_millis(20)).await;
    }
    stop.store(true, SeqCst);
    let mut wanted = Vec::new();
    for worker in workers {
        wanted.extend(worker.await);
    }
    let mut names: Vec<String> = wanted.iter().map(|(name, _)| name.clone()).collect();
    names.sort();
    assert!(!names.is_empty());
    eventually(|| {
        let reply = server.command(&["PUBSUB", "CHANNELS"]);
        let mut there: Vec<&str> = reply.lines().filter(|line| !line.is_empty()).collect();
        there.sort_unstable();
        there == names
    })
    .await;
    for (name, heard) in &mut wanted {
        assert_eq!(server.command(&["PUBLISH", name, "last"]), "1");
        while item(heard).await.message().is_none_or(|message| message.text() != "last") {}
    }
    muxer.close().await;
}

#[async_std::test]
async fn a_topic_that_the_new_server_refuses_is_told_as_after_an_outage() {
    let (here, there) = (RedisServer::start(), RedisServer::start());
    there.command(&["ACL", "SETUSER", "default", "resetchannels", "&free*"]);
    let (old, new) = (Door::open(here.addr()), Door::open(there.addr()));
    let (muxer, mut events) = connect(&old).await;
    let mut free = muxer.subscriber().psubscribe("free*").await.unwrap();
    let mut closed = muxer.subscriber().subscribe("closed").await.unwrap();
    old_and_new(&old, &new, 1).await;
    assert_eq!(cause(&mut closed).await, MissedCause::NotRestored);
    loop {
        if let Event::SubscriptionRefused(SubscriptionRefused { channels, .. }) =
            next(&mut events).await
        {
            assert_eq!(channels, ["closed"]);
            break;
        }
    }
    there.command(&["PUBLISH", "free", "message"]);
    assert_eq!(text(&mut free).await, "message");
    there.command(&["ACL", "SETUSER", "default", "allchannels"]);
    assert_eq!(cause(&mut closed).await, MissedCause::ConnectionLost);
    muxer.close().await;
}

#[async_std::test]
async fn where_the_server_hangs_up_before_all_is_answered_there_is_a_gap() {
    let server = RedisServer::start();
    let (old, new) = (Door::open(server.addr()), Door::open(server.addr()));
    let (muxer, _events) = connect(&old).await;
    let mut heard = muxer.subscriber().subscribe("news").await.unwrap();
    let unwanted = muxer.subscriber().subscribe("old news").await.unwrap();
    old.delay(Duration::from_secs(3));
    let slow = async_std::task::spawn(muxer.database().incr("slow").owned().into_future());
    async_std::task::sleep(Duration::from_millis(50)).await;
    old.push(&format!("MOVING :1 :15 {}", new.addr()));
    eventually(|| server.command(&["PUBSUB", "NUMSUB", "news"]) == "news\n2").await;
    drop(unwanted);
    async_std::task::sleep(Duration::from_millis(150)).await;
    old.shut();
    assert!(slow.await.unwrap_err().is_connection());
    eventually(|| {
        server.command(&["PUBSUB", "NUMSUB", "news", "old news"]) == "news\n1\nold news\n0"
    })
    .await;
    server.command(&["PUBLISH", "news", "after"]);
    assert!(matches!(item(&mut heard).await, Item::Missed(_)));
    assert_eq!(text(&mut heard).await, "after");
    assert_eq!(new.accepted(), 1);
    muxer.close().await;
}

#[async_std::test]
async fn an_attempt_that_takes_too_long_leaves_nothing_at_the_new_server_and_the_next_one_no_gap() {
    let server = RedisServer::start();
    let (old, new) = (Door::open(server.addr()), Door::open(server.addr()));
    let (muxer, _events) = connect(&old).await;
    let mut heard = muxer.subscriber().subscribe("news").await.unwrap();
    // The last reply takes longer than the client waits with new commands.
    old.delay(Duration::from_millis(1200));
    old.push(&format!("MOVING :1 :15 {}", new.addr()));
    let subscribers = || server.command(&["PUBSUB", "NUMSUB", "news"]);
    eventually(|| subscribers() == "news\n2").await;
    server.command(&["PUBLISH", "news", "first"]);
    eventually(|| subscribers() == "news\n1").await;
    assert_eq!((old.guests(), new.guests()), (1, 1));
    old.delay(Duration::ZERO);
    server.command(&["PUBLISH", "news", "second"]);
    eventually(|| old.guests() == 0).await;
    server.command(&["PUBLISH", "news", "third"]);
    for expected in ["first", "second", "third"] {
        assert_eq!(text(&mut heard).await, expected);
    }
    assert_eq!(new.accepted(), 1);
    muxer.close().await;
}

#[async_std::test]
async fn a_topic_with_too_much_to_keep_has_a_gap_and_the_others_have_none() {
    // The server would close a connection whose reader is 32 MB behind, and that gap is another one.
    let limit = ["--client-output-buffer-limit", "pubsub 0 0 0"];
    let server = RedisServer::builder().args(limit).start().unwrap();
    let (old, new) = (Door::open(server.addr()), Door::open(server.addr()));
    let (muxer, _events) = connect(&old).await;
    let subscriber = muxer.subscriber();
    let roomy = muxer.subscriber().capacity_bytes(1 << 30);
    let mut large = roomy.subscribe("large").await.unwrap();
    let mut small = subscriber.subscribe("small").await.unwrap();
    let publisher = ConnectionMultiplexer::connect(server.addr().to_string()).await.unwrap();
    let (db, text_of_one, mut last) = (publisher.database(), "x".repeat(1 << 20), 0);
    old.push(&format!("MOVING :1 :15 {}", new.addr()));
    while new.guests() != 1 || old.guests() != 0 {
        let several = (0..12).map(|_| db.publish("large", text_of_one.as_str()).into_future());
        futures::future::try_join_all(several).await.unwrap();
        last += 1;
        db.publish("small", last.to_string()).await.unwrap();
    }
    // Its answer comes when all is known.
    muxer.ping().await.unwrap();
    db.publish("large", "end").await.unwrap();
    let mut gaps = 0;
    loop {
        match item(&mut large).await {
            Item::Message(message) if message.text() == "end" => break,
            Item::Message(_) => {}
            _ => gaps += 1,
        }
    }
    assert_eq!(gaps, 1);
    for number in 1..=last {
        assert_eq!(text(&mut small).await, number.to_string());
    }
    muxer.close().await;
    publisher.close().await;
}
