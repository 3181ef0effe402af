//! Subscriptions: registry, queues, reconnects and drops.

use std::time::Duration;

use futures::StreamExt;
use shuttle::future::spawn;

use super::{
    world::{Ends, toss},
    *,
};
use crate::{
    command::Call,
    connection::{Link, LinkConfig},
    pubsub::Subscription,
    resp::Protocol,
    subscriptions::{Item, MissedCause, Overflow},
};

/// The number that is published until it is heard.
const LAST: u32 = 9;

fn setup() -> Setup {
    let setup = Setup { room: 200, ..Setup::default() };
    let config = LinkConfig { protocol: Some(Protocol::Resp3), ..setup.config };
    Setup { config, aging: true, ..setup }
}

/// One that gets over the handshake: after a server that hangs up on it, `HELLO` is not said again,
/// and without it subscriptions need another connection, which there is not here.
fn life() -> Life {
    let life = Life::random();
    Life { commands: life.commands.max(1), ..life }
}

/// Publishes numbers one after the other, and the last one until it is heard.
async fn publish(link: Arc<Link>, numbers: u32) {
    for number in 1..=numbers {
        let sent: Call<'_, i64, (&str, u32)> = Call::new(&link, "PUBLISH", ("c", number));
        // Lost with its connection, perhaps.
        let _ = sent.await;
    }
    loop {
        let sent: Call<'_, i64, (&str, u32)> = Call::new(&link, "PUBLISH", ("c", LAST));
        if sent.await.is_ok_and(|heard| heard == 1) {
            return;
        }
    }
}

/// Reads up to the last number: none comes twice, and `Missed` comes where some are missing.
async fn read(mut subscription: Subscription) {
    let (mut before, mut gap) = (0, false);
    while before != LAST {
        match subscription.next().await.expect("it is open") {
            Item::Message(message) => {
                let number: u32 = message.text().parse().unwrap();
                assert!(number > before, "{number} came after {before}");
                assert!(gap || number == before + 1 || number == LAST, "{before}, then {number}");
                (before, gap) = (number, false);
            }
            Item::Missed(missed) => {
                assert_eq!(missed.cause, MissedCause::ConnectionLost);
                gap = true;
            }
            Item::Ended(cause) => panic!("{cause:?}"),
        }
    }
}

#[test]
fn what_is_missed_is_told_and_nothing_comes_twice() {
    explore(INTERLEAVINGS / 3, || async {
        let world = World::new(Setup { lives: vec![life(), life()], ..setup() });
        let subscription = Subscription::on(&world.ends(), "c", Overflow::default()).await.unwrap();
        let publisher = spawn(publish(world.link.clone(), 3));
        read(subscription).await;
        publisher.await.unwrap();
        world.close().await;
    });
}

#[test]
fn a_subscription_that_comes_while_another_goes_is_made() {
    explore(INTERLEAVINGS / 3, || async {
        let lives = if toss() { vec![life()] } else { Vec::new() };
        let world = World::new(Setup { lives, ..setup() });
        let comes_and_goes = |ends: Ends| async move {
            for _ in 0..2 {
                let mut made = Box::pin(Subscription::on(&ends, "c", Overflow::default()));
                // Dropped when it is made, or while it is.
                if toss() {
                    drop(made.await.unwrap());
                } else {
                    let _ = futures::poll!(&mut made);
                }
            }
        };
        let others = [spawn(comes_and_goes(world.ends())), spawn(comes_and_goes(world.ends()))];
        let subscription = Subscription::on(&world.ends(), "c", Overflow::default()).await.unwrap();
        let publisher = spawn(publish(world.link.clone(), 0));
        read(subscription).await;
        publisher.await.unwrap();
        for other in others {
            other.await.unwrap();
        }
        assert_eq!(world.registry.len(), 0);
        world.close().await;
    });
}

#[test]
fn a_connection_that_waits_for_a_reader_goes_on_and_loses_nothing() {
    explore(INTERLEAVINGS / 3, || async {
        let world = World::new(setup());
        let wait = Overflow::Wait { at_most: Duration::from_secs(3600) };
        let mut subscription = Subscription::on(&world.ends(), "c", wait).await.unwrap();
        let link = world.link.clone();
        let publisher = spawn(async move {
            for number in 1..=4u32 {
                let sent: Call<'_, i64, (&str, u32)> = Call::new(&link, "PUBLISH", ("c", number));
                assert_eq!(sent.await.unwrap(), 1);
            }
        });
        for number in 1..=4u32 {
            let message = subscription.next().await.unwrap().message().expect("none is missed");
            assert_eq!(message.text(), number.to_string());
        }
        publisher.await.unwrap();
        drop(subscription);
        world.close().await;
    });
}

#[test]
fn closing_ends_subscriptions_and_those_that_are_being_made() {
    explore(INTERLEAVINGS / 3, || async {
        let world = World::new(setup());
        let ends = world.ends();
        let reader = spawn(async move {
            match Subscription::on(&ends, "c", Overflow::default()).await {
                Ok(mut made) => while made.next().await.is_some() {},
                Err(error) => assert!(error.is_closed(), "{error}"),
            }
        });
        world.close().await;
        reader.await.unwrap();
    });
}
