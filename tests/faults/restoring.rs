//! Subscriptions and settings that the server refuses to make again after a reconnect.

use std::time::Duration;

use futures::StreamExt;
use redmux::{
    ConnectionMultiplexer, Event, Options,
    events::SubscriptionRefused,
    pubsub::{Item, MissedCause, Subscription},
};
use redmux_test_support::{Accept, Cut, RedisServer, lease_port};

use crate::{PROTOCOLS, Rig, within};

async fn gap(subscription: &mut Subscription) -> MissedCause {
    match within(subscription.next()).await {
        Some(Item::Missed(missed)) => missed.cause,
        other => panic!("no gap is reported: {other:?}"),
    }
}

async fn text(subscription: &mut Subscription) -> String {
    within(subscription.next()).await.unwrap().message().expect("a message").text().into_owned()
}

/// The user `two` with these channels; whose connections are killed if they lose some.
fn allow(server: &RedisServer, channels: &[&str]) {
    let user = ["ACL", "SETUSER", "two", "on", ">pw", "+@all", "~*", "resetchannels"];
    server.command(&[&user[..], channels].concat());
}

async fn refused(events: &mut redmux::Events) -> SubscriptionRefused {
    loop {
        if let Event::SubscriptionRefused(refused) = within(events.next()).await.unwrap() {
            return refused;
        }
    }
}

#[async_std::test]
async fn a_channel_that_is_forbidden_silences_no_other_and_comes_back_with_the_right() {
    for protocol in PROTOCOLS {
        let rig = Rig::start();
        allow(&rig.server, &["&ok*", "&no*"]);
        let options = rig.options().username("two").password("pw").protocol(protocol);
        let muxer = ConnectionMultiplexer::connect(options).await.unwrap();
        let subscriber = muxer.subscriber();
        let mut allowed = Vec::new();
        for n in 0..5 {
            allowed.push(subscriber.subscribe(format!("ok{n}")).await.unwrap());
        }
        let mut forbidden = subscriber.subscribe("no1").await.unwrap();
        let mut mixed = subscriber.subscribe_many(["ok0", "no2"]).await.unwrap();
        let mut events = muxer.events();
        allow(&rig.server, &["&ok*"]);
        // The others: what is reported as restored was confirmed by the server.
        for (n, allowed) in allowed.iter_mut().enumerate() {
            assert_eq!(gap(allowed).await, MissedCause::ConnectionLost);
            let text_of = format!("for {n}");
            rig.server.command(&["PUBLISH", &format!("ok{n}"), &text_of]);
            assert_eq!(text(allowed).await, text_of);
        }
        assert_eq!(gap(&mut forbidden).await, MissedCause::NotRestored);
        let mut named = Vec::new();
        for _ in 0..2 {
            let refused = refused(&mut events).await;
            assert_eq!((refused.command, refused.channels.len()), ("SUBSCRIBE", 1));
            assert_eq!(refused.error.server().unwrap().code(), "NOPERM");
            let line = Event::SubscriptionRefused(refused.clone()).to_string();
            assert!(line.contains("SUBSCRIBE") && line.contains("no"), "{line}");
            named.extend(refused.channels);
        }
        named.sort();
        assert_eq!(named, ["no1", "no2"]);
        // One of its channels is heard, whatever became of the other.
        while mixed.next().await.unwrap().message().is_none_or(|m| m.text() != "for 0") {}
        // A subscription made now fails, and disturbs none of the others.
        let error = subscriber.subscribe("no1").await.unwrap_err();
        assert_eq!(error.server().unwrap().code(), "NOPERM", "{error}");
        assert_eq!(error.command_name(), Some("SUBSCRIBE"));
        allow(&rig.server, &["&ok*", "&no*"]);
        assert_eq!(gap(&mut forbidden).await, MissedCause::ConnectionLost);
        rig.server.command(&["PUBLISH", "no1", "again"]);
        assert_eq!(text(&mut forbidden).await, "again");
        muxer.close().await;
    }
}

/// Blocks the server with a script that only `SCRIPT KILL` ends.
fn block(server: &RedisServer) -> std::thread::JoinHandle<()> {
    server.command(&["CONFIG", "SET", "lua-time-limit", "10"]);
    let addr = server.addr();
    let script = std::thread::spawn(move || {
        use std::io::{Read, Write};
        let mut stream = std::net::TcpStream::connect(addr).unwrap();
        stream.write_all(b"EVAL \"while true do end\" 0\r\n").unwrap();
        // Answered when it is killed.
        let _ = stream.read(&mut [0; 256]).unwrap();
    });
    while !server.command(&["GET", "x"]).contains("BUSY") {
        std::thread::sleep(Duration::from_millis(5));
    }
    script
}

#[async_std::test]
async fn a_reconnect_while_the_server_is_busy_restores_everything_later() {
    let rig = Rig::start();
    // RESP3: its handshake succeeds on a busy server.
    let options =
        rig.options().client_name("app").client_cache(redmux::cache::CacheOptions::default());
    let muxer = ConnectionMultiplexer::connect(options).await.unwrap();
    let mut news = muxer.subscriber().subscribe("news").await.unwrap();
    let mut all = muxer.subscriber().psubscribe("n*").await.unwrap();
    let mut events = muxer.events();
    let script = block(&rig.server);
    rig.proxy.cut(Cut::Rst);
    for subscription in [&mut news, &mut all] {
        assert_eq!(gap(subscription).await, MissedCause::NotRestored);
    }
    assert_eq!(refused(&mut events).await.error.server().unwrap().code(), "BUSY");
    rig.server.command(&["SCRIPT", "KILL"]);
    script.join().unwrap();
    for subscription in [&mut news, &mut all] {
        assert_eq!(gap(subscription).await, MissedCause::ConnectionLost);
    }
    rig.server.command(&["PUBLISH", "news", "heard"]);
    assert_eq!((text(&mut news).await, text(&mut all).await), ("heard".into(), "heard".into()));
    let named = || rig.server.command(&["CLIENT", "LIST"]).contains("name=app");
    crate::until("the name is set", named).await;
    crate::until("it tracks", || muxer.cache_stats().unwrap().tracking).await;
    muxer.close().await;
}

#[async_std::test]
async fn what_was_published_while_there_was_no_connection_comes_to_ones_own_subscription() {
    let rig = Rig::start();
    let muxer = rig.connect().await;
    let mut own = muxer.subscriber().subscribe("own").await.unwrap();
    for round in 0..20 {
        rig.proxy.accept(Accept::End(Cut::Rst));
        rig.proxy.cut(Cut::Rst);
        while muxer.is_connected() {
            crate::sleep(1).await;
        }
        let publish = async { muxer.execute::<i64>("PUBLISH", ("own", round)).await.unwrap() };
        let accept = async {
            crate::sleep(10).await;
            rig.proxy.accept(Accept::ForwardTwice);
        };
        let (heard, ()) = within(futures::future::join(publish, accept)).await;
        assert_eq!(heard, 1);
        assert_eq!(gap(&mut own).await, MissedCause::ConnectionLost);
        assert_eq!(text(&mut own).await, round.to_string());
    }
    muxer.close().await;
}

#[async_std::test]
async fn tracking_that_is_refused_is_told_and_comes_with_the_right() {
    let server = RedisServer::start();
    server.command(&["ACL", "SETUSER", "two", "on", ">pw", "+@all", "~*", "-client|tracking"]);
    let options = Options::new(server.addr().to_string())
        .username("two")
        .password("pw")
        .client_cache(redmux::cache::CacheOptions::default());
    let rig = Rig::of(server);
    let muxer = ConnectionMultiplexer::connect(options.clone()).await.unwrap();
    let mut events = muxer.events();
    muxer.reconnect();
    loop {
        if let Event::ErrorMessage(message) = within(events.next()).await.unwrap() {
            assert_eq!(message.command.as_deref(), Some("CLIENT TRACKING"));
            assert_eq!(message.code, "NOPERM");
            break;
        }
    }
    assert!(!muxer.cache_stats().unwrap().tracking);
    rig.server.command(&["ACL", "SETUSER", "two", "+@all"]);
    crate::until("it tracks", || muxer.cache_stats().unwrap().tracking).await;
    muxer.close().await;
}

#[async_std::test]
async fn a_shard_channel_whose_slot_leaves_comes_back_with_it_and_shifts_no_reply() {
    let bus = lease_port(None).unwrap();
    let server = RedisServer::builder()
        .args(["--cluster-enabled", "yes", "--cluster-require-full-coverage", "no"])
        .args(["--cluster-port", &bus.port().to_string()])
        .start()
        .unwrap();
    server.command(&["CLUSTER", "ADDSLOTSRANGE", "0", "16383"]);
    let slot = server.command(&["CLUSTER", "KEYSLOT", "c"]);
    let slot = slot.trim();
    let rig = Rig::of(server);
    let muxer = rig.connect_directly().await;
    crate::until("the cluster is up", || {
        rig.server.command(&["CLUSTER", "INFO"]).contains("cluster_state:ok")
    })
    .await;
    for _ in 0..5 {
        let mut shard = within(muxer.subscriber().ssubscribe("c")).await.unwrap();
        // The server ends the subscription, and refuses another one.
        rig.server.command(&["CLUSTER", "DELSLOTS", slot]);
        assert_eq!(gap(&mut shard).await, MissedCause::NotRestored);
        rig.server.command(&["CLUSTER", "ADDSLOTS", slot]);
        assert_eq!(gap(&mut shard).await, MissedCause::ConnectionLost);
        rig.server.command(&["SPUBLISH", "c", "heard"]);
        assert_eq!(text(&mut shard).await, "heard");
        // While the slot leaves, it is given up; replies are those of their commands.
        let echoes: Vec<_> =
            (0..100).map(|n| muxer.execute::<String>("ECHO", [n.to_string()])).collect();
        let delete = async_std::task::spawn_blocking({
            let (addr, slot) = (rig.server.addr(), slot.to_owned());
            move || {
                use std::io::{Read, Write};
                let mut stream = std::net::TcpStream::connect(addr).unwrap();
                stream.write_all(format!("CLUSTER DELSLOTS {slot}\r\n").as_bytes()).unwrap();
                let _ = stream.read(&mut [0; 64]).unwrap();
            }
        });
        drop(shard);
        for (n, echo) in within(redmux::pipeline(echoes)).await.into_iter().enumerate() {
            assert_eq!(echo.unwrap(), n.to_string());
        }
        delete.await;
        assert_eq!(muxer.execute::<String>("ECHO", ["mine"]).await.unwrap(), "mine");
        rig.server.command(&["CLUSTER", "ADDSLOTS", slot]);
    }
    assert_eq!(muxer.status().connections[0].counters.connects, 1);
}

#[async_std::test]
async fn a_subscription_that_is_given_up_before_it_is_sent_is_never_sent() {
    for protocol in PROTOCOLS {
        let rig = Rig::start();
        let muxer = ConnectionMultiplexer::connect(rig.options().protocol(protocol)).await.unwrap();
        let kept = within(muxer.subscriber().subscribe("kept")).await.unwrap();
        rig.proxy.accept(Accept::End(Cut::Rst));
        rig.proxy.cut(Cut::Rst);
        while muxer.is_connected() {
            crate::sleep(1).await;
        }
        let subscriber = muxer.subscriber();
        let mut given_up = Box::pin(subscriber.subscribe("given up"));
        assert!(futures::poll!(&mut given_up).is_pending());
        drop(given_up);
        rig.proxy.accept(Accept::Forward);
        crate::until("it is restored", || {
            rig.server.command(&["PUBSUB", "CHANNELS"]).contains("kept")
        })
        .await;
        assert!(!rig.server.command(&["PUBSUB", "CHANNELS"]).contains("given up"));
        drop(kept);
        muxer.close().await;
    }
}
