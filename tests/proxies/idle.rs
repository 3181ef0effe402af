//! What a proxy does to a connection that is idle, and what keeps it.

use std::time::Duration;

use futures::StreamExt;
use redmux::{ConnectionMultiplexer, Options, pubsub::Item};
use redmux_test_support::RedisServer;

use crate::{comes_back, connects, haproxy, nginx, options, pass, stunnel, within};

/// The proxies give an idle client this long.
const IDLE: Duration = Duration::from_secs(3);

/// Cut after `IDLE`, told, back at once; and never cut where `keepAlive` is below it.
async fn idle(server: &RedisServer, channel: &str, through: Options) {
    let idle = through.clone().keep_alive(Duration::from_secs(600));
    let cut = ConnectionMultiplexer::connect(idle).await.unwrap();
    let kept = through.keep_alive(IDLE / 10);
    let kept = ConnectionMultiplexer::connect(kept).await.unwrap();
    let mut cut_news = cut.subscriber().subscribe(channel).await.unwrap();
    let mut kept_news = kept.subscriber().subscribe(channel).await.unwrap();
    cut.execute::<()>("SET", (channel, "1")).await.unwrap();
    pass(IDLE + IDLE / 2).await;
    // First the one that was not cut: what is published for the other is read by both.
    assert_eq!(connects(&kept), 1, "keepAlive does not keep it");
    comes_back(&mut cut_news, server, channel).await;
    assert!(connects(&cut) >= 2);
    let value: String = within(cut.execute("GET", [channel])).await.unwrap();
    assert_eq!(value, "1");
    let item = within(kept_news.next()).await.unwrap();
    assert!(matches!(item, Item::Message(_)), "{item:?}");
}

#[async_std::test]
async fn an_idle_connection_is_cut_and_keep_alive_keeps_it() {
    let server = RedisServer::start();
    let haproxy = haproxy::start(&[&server], "3s");
    let nginx = nginx::start(&[&server], "3s");
    let stunnel = stunnel::start(&server, 3);
    futures::join!(
        idle(&server, "haproxy", options(haproxy.addr().to_string()).connect_retry(20)),
        idle(&server, "nginx", options(nginx.addr().to_string())),
        idle(&server, "stunnel", stunnel::through(&stunnel)),
    );
}
