//! The primary is replaced, and the program goes on.

use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

use async_std::{future::timeout, task};
use futures::StreamExt;
use redmux::{
    ConnectionMultiplexer, Delivery, database::BlockFor, events::Event, pubsub::Item,
    status::NodeRole,
};
use redmux_test_support::RedisSentinels;

use crate::connect;

pub(crate) const LONG: Duration = Duration::from_secs(30);

/// Writes number after number until some were acknowledged by another server than `old`; returns the numbers that
/// were acknowledged by that one, and how long it took from the first failure.
pub(crate) async fn write_through(
    muxer: &ConnectionMultiplexer,
    old: u16,
    begun: Instant,
) -> (BTreeSet<u32>, Duration) {
    let db = muxer.database();
    let (mut acknowledged, mut first) = (BTreeSet::new(), None);
    let mut number = 0;
    while acknowledged.len() < 100 {
        assert!(begun.elapsed() < LONG, "no other server takes writes");
        number += 1;
        let before = port(muxer);
        match db.set(format!("n:{number}"), number).timeout(LONG).await {
            Ok(_) if before == port(muxer) && before != old => {
                first.get_or_insert_with(|| begun.elapsed());
                acknowledged.insert(number);
            }
            Ok(_) => {}
            Err(error) => assert_eq!(error.delivery(), Delivery::MaybeExecuted, "{error}"),
        }
    }
    (acknowledged, first.unwrap_or_default())
}

fn port(muxer: &ConnectionMultiplexer) -> u16 {
    let nodes = muxer.nodes();
    let primary = nodes.iter().find(|node| node.role == NodeRole::Primary);
    let text = primary.map(|node| node.endpoint.to_string()).unwrap_or_default();
    text.rsplit(':').next().and_then(|port| port.parse().ok()).unwrap_or(0)
}

pub(crate) fn all_are_there(all: &RedisSentinels, server: usize, numbers: &BTreeSet<u32>) {
    let keys: Vec<String> = numbers.iter().map(|number| format!("n:{number}")).collect();
    let mut words = vec!["EXISTS"];
    words.extend(keys.iter().map(String::as_str));
    let count = all.servers()[server].command(&words);
    assert_eq!(count.trim(), keys.len().to_string());
}

#[async_std::test]
async fn a_primary_that_is_killed_is_replaced() {
    let all = RedisSentinels::start();
    let muxer = connect(&all, 1).await;
    let old = all.servers()[0].port();
    muxer.database().set("before", 1).await.unwrap();
    let mut events = muxer.events();
    let begun = Instant::now();
    all.servers()[0].kill();
    let (numbers, first) = write_through(&muxer, old, begun).await;
    println!("the first write after {first:?}");
    all_are_there(&all, 1, &numbers);
    let mut seen = Vec::new();
    while let Ok(Some(event)) = timeout(Duration::from_secs(1), events.next()).await {
        seen.push(format!("{event:?}"));
    }
    let has = |word: &str| seen.iter().any(|event| event.contains(word));
    let new = format!(":{} is a primary", all.servers()[1].port());
    assert!(has("ConnectionFailed") && has("ConfigurationChanged") && has(&new), "{seen:?}");
    muxer.close().await;
}

#[async_std::test]
async fn an_ordered_failover_takes_subscriptions_and_waiting_commands_along() {
    let all = RedisSentinels::start();
    let muxer = connect(&all, 0).await;
    let old = all.servers()[0].port();
    let mut news = muxer.subscriber().subscribe("news").await.unwrap();
    let pop = muxer.database().blpop::<String, String>("list", BlockFor::Forever).owned();
    let pop = task::spawn(pop);
    task::sleep(Duration::from_millis(50)).await;
    let begun = Instant::now();
    all.fail_over(2);
    let (numbers, first) = write_through(&muxer, old, begun).await;
    println!("the first write after {first:?}");
    all_are_there(&all, 1, &numbers);
    // What waited at the old primary may have taken something there: its caller decides.
    let lost = timeout(LONG, pop).await.unwrap_or_else(|_| panic!("it waits for nothing"));
    let error = lost.err().unwrap_or_else(|| panic!("nothing was pushed"));
    assert_eq!(error.delivery(), Delivery::MaybeExecuted, "{error}");
    let pop = muxer.database().blpop::<String, String>("list", BlockFor::Forever).owned();
    let pop = task::spawn(pop);
    all.servers()[1].command(&["RPUSH", "list", "item"]);
    let popped = timeout(LONG, pop).await.unwrap_or_else(|_| panic!("nothing came")).unwrap();
    assert_eq!(popped.map(|(_, item)| item).as_deref(), Some("item"));
    let (mut gaps, mut heard) = (0, false);
    while !heard {
        all.servers()[1].command(&["PUBLISH", "news", "x"]);
        let next = timeout(Duration::from_millis(200), news.next()).await;
        match next {
            Ok(Some(Item::Message(_))) => heard = true,
            Ok(Some(_)) => gaps += 1,
            Ok(None) => panic!("it has ended"),
            Err(_) => assert!(begun.elapsed() < LONG, "nothing is heard"),
        }
    }
    assert!(gaps > 0, "the gap is an item");
    muxer.close().await;
}

#[async_std::test]
async fn sentinels_that_were_restarted_are_listened_to_again() {
    let all = RedisSentinels::start();
    let muxer = connect(&all, 0).await;
    let old = all.servers()[0].port();
    for sentinel in all.sentinels() {
        sentinel.kill();
    }
    // Without sentinels the primary is used as before.
    muxer.database().set("alone", 1).await.unwrap();
    for sentinel in all.sentinels() {
        sentinel.restart();
    }
    let mut events = muxer.events();
    let begun = Instant::now();
    all.servers()[0].kill();
    let (numbers, _) = write_through(&muxer, old, begun).await;
    all_are_there(&all, 1, &numbers);
    let changed = async {
        while !matches!(events.next().await, Some(Event::ConfigurationChanged(_)) | None) {}
    };
    timeout(LONG, changed).await.unwrap_or_else(|_| panic!("nothing has changed"));
    muxer.close().await;
}
