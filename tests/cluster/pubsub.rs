//! Subscriptions follow slots and servers.

use std::time::Duration;

use async_std::future::timeout;
use futures::StreamExt;
use redmux::{
    ConnectionMultiplexer, Endpoint, Options,
    events::Event,
    options::Mode,
    pubsub::{Item, Subscription},
};
use redmux_test_support::RedisCluster;

use crate::{connect, ends, from_to, movable, shared};

const LONG: Duration = Duration::from_secs(20);

async fn next(subscription: &mut Subscription) -> Item {
    let item = timeout(LONG, subscription.next()).await;
    item.unwrap_or_else(|_| panic!("nothing came")).unwrap_or_else(|| panic!("it has ended"))
}

/// The text of the next message, whatever gaps come before; how many these are.
async fn text(subscription: &mut Subscription) -> (String, usize) {
    let mut gaps = 0;
    loop {
        match next(subscription).await {
            Item::Message(message) => return (message.text().into_owned(), gaps),
            _ => gaps += 1,
        }
    }
}

/// Publishes to a shard channel until somebody hears it.
async fn reach(muxer: &ConnectionMultiplexer, channel: &str, message: &str) {
    for _ in 0..400 {
        let heard = muxer.execute::<i64>("SPUBLISH", (channel, message)).await;
        if heard.is_ok_and(|heard| heard > 0) {
            return;
        }
        async_std::task::sleep(Duration::from_millis(20)).await;
    }
    panic!("nobody hears {channel}");
}

#[async_std::test]
async fn ordinary_and_shard_channels_are_heard_wherever_they_are_published() {
    let cluster = shared();
    let muxer = connect(cluster, 4).await;
    let subscriber = muxer.subscriber();
    let mut news = subscriber.subscribe("news").await.unwrap();
    let mut all = subscriber.psubscribe("new*").await.unwrap();
    let mut shards = subscriber.ssubscribe_many(["foo", "bar", "baz", "{foo}2"]).await.unwrap();
    for node in 0..6 {
        cluster.nodes()[node].command(&["PUBLISH", "news", &node.to_string()]);
        assert_eq!(text(&mut news).await, (node.to_string(), 0));
        assert_eq!(text(&mut all).await, (node.to_string(), 0));
    }
    for channel in ["foo", "bar", "baz", "{foo}2"] {
        muxer.execute::<()>("SPUBLISH", (channel, channel)).await.unwrap();
        assert_eq!(text(&mut shards).await, (channel.to_owned(), 0));
    }
    muxer.close().await;
}

#[async_std::test]
async fn a_shard_channel_follows_its_slot_and_tells_of_a_gap() {
    let cluster = movable();
    let muxer = connect(cluster, 0).await;
    let mut shard = muxer.subscriber().ssubscribe("channel").await.unwrap();
    let slot = cluster.slot("channel");
    let (from, to) = from_to(cluster, slot);
    for (from, to) in [(from, to), (to, from), (from, to)] {
        cluster.move_slot(slot, from, to);
        assert!(matches!(next(&mut shard).await, Item::Missed(_)), "a gap");
        reach(&muxer, "channel", "moved").await;
        assert_eq!(text(&mut shard).await.0, "moved");
    }
    muxer.close().await;
}

#[async_std::test]
async fn a_subscription_leaves_a_server_that_dies() {
    let cluster = RedisCluster::start();
    let muxer = connect(&cluster, 1).await;
    let subscriber = muxer.subscriber();
    let mut news = subscriber.subscribe("news").await.unwrap();
    let mut foo = subscriber.ssubscribe("foo").await.unwrap();
    // Those that carry them.
    let carries = |node: &usize| {
        let node = &cluster.nodes()[*node];
        node.command(&["PUBSUB", "NUMSUB", "news"]).contains('1')
    };
    let carrier = (0..6).find(carries).unwrap();
    let owner = ends(&cluster).0;
    cluster.nodes()[carrier].kill();
    if owner == carrier {
        // Its shard channel has another server only after an election.
        println!("one server has both");
    }
    assert!(matches!(next(&mut news).await, Item::Missed(_)), "a gap");
    reach(&muxer, "foo", "after").await;
    assert_eq!(text(&mut foo).await, ("after".to_owned(), usize::from(owner == carrier)));
    let alive = (0..6).find(|node| cluster.nodes()[*node].is_running()).unwrap();
    cluster.nodes()[alive].command(&["PUBLISH", "news", "after"]);
    assert_eq!(text(&mut news).await.0, "after");
    muxer.close().await;
}

#[async_std::test]
async fn notifications_come_from_every_primary() {
    let cluster =
        RedisCluster::builder().args(["--notify-keyspace-events", "KEA"]).start().unwrap();
    let muxer = connect(&cluster, 0).await;
    let db = muxer.database();
    let mut keys = muxer.subscriber().keyspace(0, "*").await.unwrap();
    for round in 0..2 {
        for key in ["foo", "bar", "baz"] {
            // One that a dead server was sent may have been executed: it is sent again.
            while db.set(key, round).await.is_err() {}
            loop {
                if let Item::Message(message) = next(&mut keys).await
                    && message.channel_text() == format!("__keyspace@0__:{key}")
                {
                    break;
                }
            }
        }
        if round == 0 {
            // The next primary of these slots sends notifications, too.
            cluster.nodes()[ends(&cluster).0].kill();
        }
    }
    muxer.close().await;
}

#[async_std::test]
async fn what_programs_of_stack_exchange_announce_is_an_event() {
    let cluster = shared();
    let endpoint = Endpoint::tcp("127.0.0.1", cluster.nodes()[2].port());
    let options = Options::from(endpoint).mode(Mode::Cluster);
    let options = options.config_channel("__Booksleeve_MasterChanged");
    let muxer = ConnectionMultiplexer::connect(options).await.unwrap();
    let mut events = muxer.events();
    let announced = async {
        loop {
            if let Some(Event::ConfigurationChangedBroadcast(event)) = events.next().await {
                return event.announced;
            }
        }
    };
    let publish = async {
        loop {
            cluster.nodes()[0].command(&["PUBLISH", "__Booksleeve_MasterChanged", "10.0.0.1:7000"]);
            async_std::task::sleep(Duration::from_millis(50)).await;
        }
    };
    let first = futures::future::select(Box::pin(announced), Box::pin(publish));
    let Ok(futures::future::Either::Left((announced, _))) = timeout(LONG, first).await else {
        panic!("nothing was heard")
    };
    assert_eq!(announced, Some(Endpoint::tcp("10.0.0.1", 7000)));
    muxer.close().await;
}

#[async_std::test]
async fn notifications_that_are_wanted_before_the_cluster_is_known_come_from_each_primary() {
    let cluster =
        RedisCluster::builder().args(["--notify-keyspace-events", "KEA"]).start().unwrap();
    // A primary and a replica: one of them keeps the topic at first.
    for node in [0, 4] {
        let endpoint = Endpoint::tcp("127.0.0.1", cluster.nodes()[node].port());
        let options = Options::from(endpoint).mode(Mode::Cluster);
        let muxer = ConnectionMultiplexer::begin_with(options, redmux::tcp::environment()).unwrap();
        let mut keys = muxer.subscriber().keyspace(0, "*").await.unwrap();
        for key in ["foo", "bar", "baz"] {
            muxer.database().set(key, node).await.unwrap();
            let channel = format!("__keyspace@0__:{key}");
            loop {
                if let Item::Message(message) = next(&mut keys).await
                    && message.channel_text() == channel
                {
                    break;
                }
            }
        }
        muxer.close().await;
    }
}
