//! Subscriptions follow the member in use.

use std::time::Duration;

use futures::{FutureExt, StreamExt};
use redmux::{
    ConnectionMultiplexer, Options,
    group::{GroupMember, GroupOptions},
    pubsub::{Item, Subscription},
};

use crate::world::{Life, SECOND, World, active, member};

/// What has come since the last time.
fn heard(subscription: &mut Subscription) -> Vec<String> {
    let mut heard = Vec::new();
    while let Some(Some(item)) = subscription.next().now_or_never() {
        heard.push(match item {
            Item::Message(message) => message.text().into_owned(),
            Item::Missed(_) => "missed".to_owned(),
            _ => "ended".to_owned(),
        });
    }
    heard
}

fn listening(world: &World, name: &str) -> usize {
    world.with(name, |server| server.listening.values().map(Vec::len).sum())
}

fn subscribe(world: &World, muxer: &ConnectionMultiplexer) -> Subscription {
    world.runtime.block_on(muxer.subscriber().subscribe("news")).unwrap()
}

#[test]
fn the_member_in_use_and_no_other_is_listened_to() {
    let world = World::start(&["a", "b"]);
    let members = [member("a", 2.0), member("b", 1.0)];
    let muxer = world.connect(members, GroupOptions::new());
    world.pass(SECOND);
    let mut news = subscribe(&world, &muxer);
    for name in ["a", "b"] {
        world.publish(name, "news", name);
    }
    world.pass(SECOND);
    assert_eq!(heard(&mut news), ["a"]);
    world.set("a", Life::Dead);
    world.pass(5 * SECOND);
    assert_eq!(heard(&mut news), ["missed"]);
    world.set("a", Life::Up);
    for name in ["a", "b"] {
        world.publish(name, "news", name);
    }
    world.pass(Duration::from_millis(10));
    assert_eq!(heard(&mut news), ["b"]);
    world.pass(10 * SECOND);
    assert_eq!((active(&muxer).as_str(), listening(&world, "b")), ("a", 0));
    world.publish("b", "news", "b");
    world.publish("a", "news", "a");
    world.pass(SECOND);
    assert_eq!(heard(&mut news), ["missed", "a"]);
    drop(news);
    world.pass(SECOND);
    assert_eq!((listening(&world, "a"), listening(&world, "b")), (0, 0));
}

#[test]
fn a_subscription_that_is_made_while_nobody_is_well_is_made_later() {
    let world = World::start(&["a", "b"]);
    world.set("a", Life::Dead);
    world.set("b", Life::Dead);
    // When it is dialled again is left to chance.
    let patient = |name: &str| {
        let options = Options::new(format!("{name}:6379"));
        GroupMember::new(name, options.command_timeout(20 * SECOND))
    };
    let members = [patient("a").weight(2.0), patient("b")];
    let muxer = world.connect(members, GroupOptions::new().abort_on_connect_fail(false));
    let revive = async {
        world.runtime.sleep(Duration::from_millis(3_500)).await;
        world.set("b", Life::Up);
    };
    let subscriber = muxer.subscriber();
    let subscribed = futures::future::join(subscriber.subscribe("news"), revive);
    let mut news = world.runtime.block_on(subscribed).0.unwrap();
    world.publish("b", "news", "b");
    world.pass(SECOND);
    assert_eq!(heard(&mut news), ["b"]);
    muxer.subscriber().unsubscribe_all();
    world.pass(SECOND);
    assert_eq!(listening(&world, "b"), 0);
}

#[test]
fn the_program_goes_and_subscriptions_go_with_it() {
    let world = World::start(&["a", "b"]);
    let muxer = world.connect([member("a", 2.0), member("b", 1.0)], GroupOptions::new());
    world.pass(SECOND);
    let mut news = subscribe(&world, &muxer);
    let group = muxer.group().unwrap();
    world.runtime.block_on(group.fail_over_to("b")).unwrap();
    world.pass(SECOND);
    assert_eq!(heard(&mut news), ["missed"]);
    assert_eq!((listening(&world, "a"), listening(&world, "b")), (0, 1));
    world.runtime.block_on(muxer.close());
    assert!(matches!(news.next().now_or_never(), Some(None)));
}
