//! The same with each kind of server, in both protocols and over TLS.

use std::{path::Path, time::Instant};

use async_std::{future::timeout, task};
use futures::StreamExt;
use redmux::{
    ConnectionMultiplexer, Endpoint, Options, database::BlockFor, options::TlsOptions,
    pubsub::Item, resp::Protocol,
};
use redmux_test_support::{Certificates, Programs, RedisSentinels, RedisSentinelsBuilder};

use crate::{
    failover::{LONG, all_are_there, write_through},
    options,
};

/// Commands, subscriptions and blocking commands, before a failover and after it; `port` is that of a server as clients
/// know it.
async fn tour(all: &RedisSentinels, options: Options, port: impl Fn(usize) -> u16) {
    let muxer = ConnectionMultiplexer::connect(options).await.unwrap();
    let db = muxer.database();
    db.mset([("foo", 1), ("bar", 2)]).await.unwrap();
    assert_eq!(db.mget::<i64>(["foo", "bar"]).await.unwrap(), [Some(1), Some(2)]);
    assert_eq!(db.transaction((db.incr("foo"), db.incr("bar"))).all().await.unwrap(), (2, 3));
    let mut news = muxer.subscriber().subscribe("news").await.unwrap();
    let hears = async |news: &mut redmux::pubsub::Subscription, place: usize| {
        let begun = Instant::now();
        loop {
            all.servers()[place].command(&["PUBLISH", "news", "x"]);
            let next = timeout(std::time::Duration::from_millis(200), news.next()).await;
            if let Ok(Some(Item::Message(_))) = next {
                return;
            }
            assert!(begun.elapsed() < LONG, "nothing is heard");
        }
    };
    hears(&mut news, 0).await;
    let begun = Instant::now();
    all.fail_over(1);
    let (numbers, _) = write_through(&muxer, port(0), begun).await;
    let links = muxer.status().connections;
    let mut used = links.iter().filter(|link| link.diagnostics.connection != "disconnected");
    let new = Endpoint::tcp("127.0.0.1", port(1));
    assert!(used.all(|link| *link.endpoint == new), "{}", muxer.status());
    all_are_there(all, 1, &numbers);
    hears(&mut news, 1).await;
    let pop = task::spawn(db.blpop::<String, String>("list", BlockFor::Forever).owned());
    db.rpush("list", "item").await.unwrap();
    let popped = timeout(LONG, pop).await.unwrap_or_else(|_| panic!("nothing came")).unwrap();
    assert_eq!(popped.map(|(_, item)| item).as_deref(), Some("item"));
    muxer.close().await;
}

async fn plain(builder: RedisSentinelsBuilder, protocol: Protocol) {
    let all = builder.start().unwrap();
    let port = |place: usize| all.servers()[place].port();
    tour(&all, options(&all, 0).protocol(protocol), port).await;
}

#[async_std::test]
async fn resp2() {
    plain(RedisSentinels::builder(), Protocol::Resp2).await;
}

#[async_std::test]
async fn valkey_9() {
    let programs = Programs::in_dir(Path::new(env!("CARGO_TARGET_TMPDIR")).join("servers"));
    plain(RedisSentinels::builder().program(programs.valkey_9()), Protocol::Resp3).await;
}

#[async_std::test]
async fn over_tls() {
    let certificates = Certificates::get();
    let all = RedisSentinels::builder().tls(certificates.settings()).start().unwrap();
    let port = |place: usize| all.servers()[place].tls_port().unwrap();
    let sentinel = Endpoint::tcp("127.0.0.1", all.sentinels()[0].tls_port().unwrap());
    let tls = TlsOptions::default().ca(certificates.path("ca.pem"));
    let options = Options::from(sentinel).service_name(RedisSentinels::NAME).tls(tls);
    tour(&all, options, port).await;
}
