//! haproxy, which checks who is primary and moves clients there.

use std::{sync::Arc, time::Duration};

use redmux::{ConnectionMultiplexer, Delivery};
use redmux_test_support::{DaemonCommand, RedisServer};

use crate::{
    a_while, comes_back, connects,
    load::Load,
    options, pass,
    programs::{Proxy, program},
    until, within,
};

/// In front of servers of which one is primary; `client` is the time-out of idle clients.
pub(crate) fn start(servers: &[&RedisServer], client: &str) -> Proxy {
    let servers: String = servers
        .iter()
        .enumerate()
        .map(|(n, server)| format!("  server s{n} {} check\n", server.addr()))
        .collect();
    let client = client.to_owned();
    let program = program("HAPROXY", &["haproxy"], "haproxy");
    Proxy::start(
        |proxy| {
            let config = format!(
                "global\n  hard-stop-after 20s\n\
                 defaults\n  mode tcp\n  option redispatch\n  retries 3\n  timeout connect 500ms\n  \
                 timeout client {client}\n  timeout server {client}\n  timeout check 2s\n\
                 listen redis\n  bind {}\n  option tcp-check\n  tcp-check connect\n  \
                 tcp-check send \"info replication\\r\\n\"\n  tcp-check expect string role:master\n  \
                 tcp-check send \"QUIT\\r\\n\"\n  tcp-check expect string +OK\n  \
                 default-server inter 200ms fall 2 rise 1 on-marked-down shutdown-sessions\n{servers}",
                proxy.addr()
            );
            proxy.write("haproxy.cfg", &config);
        },
        move |proxy| {
            DaemonCommand::new(&program, proxy.log()).args([
                "-db",
                "-f",
                &proxy.file("haproxy.cfg"),
            ])
        },
    )
}

/// Waits until the proxy leads to primaries alone: before its first checks it takes each server for
/// one, and goes through them in turn.
async fn ready(proxy: &Proxy) {
    let endpoint = proxy.addr().to_string();
    let connecting = async {
        let mut in_a_row = 0;
        while in_a_row < 4 {
            let options = options(&endpoint).connect_retry(1);
            let role = async {
                let muxer = ConnectionMultiplexer::connect(options).await?;
                muxer.execute::<String>("INFO", ["replication"]).await
            };
            match role.await {
                Ok(text) if text.contains("role:master") => in_a_row += 1,
                _ => {
                    in_a_row = 0;
                    pass(Duration::from_millis(20)).await;
                }
            }
        }
    };
    within(connecting).await;
}

/// A primary, and a replica that has caught up with it.
fn pair() -> (RedisServer, RedisServer) {
    let (primary, replica) = (RedisServer::start(), RedisServer::start());
    let port = primary.port().to_string();
    replica.command(&["REPLICAOF", "127.0.0.1", &port]);
    let end = std::time::Instant::now() + Duration::from_secs(60);
    while !replica.command(&["INFO", "replication"]).contains("master_link_status:up") {
        assert!(std::time::Instant::now() < end, "the replica does not catch up");
        std::thread::sleep(Duration::from_millis(20));
    }
    (primary, replica)
}

#[async_std::test]
async fn a_graceful_reload_under_load_is_noticed_by_nobody() {
    let server = RedisServer::start();
    let mut proxy = start(&[&server], "50s");
    ready(&proxy).await;
    let muxer = ConnectionMultiplexer::connect(options(proxy.addr().to_string())).await.unwrap();
    let load = Load::start(&muxer);
    pass(a_while()).await;
    let old = proxy.id().to_string();
    proxy.succeed(&["-sf".to_owned(), old]);
    pass(a_while()).await;
    let tally = load.finish().await;
    assert_eq!(tally.errors(), 0, "{tally:?}");
    assert_eq!(connects(&muxer), 1);
    tally.hold_against(&[&server]);
}

#[async_std::test]
async fn a_failover_under_load_leads_to_the_new_primary() {
    let (old, new) = pair();
    let proxy = start(&[&old, &new], "50s");
    ready(&proxy).await;
    let muxer = ConnectionMultiplexer::connect(options(proxy.addr().to_string())).await.unwrap();
    let mut news = muxer.subscriber().subscribe("news").await.unwrap();
    let load = Load::start(&muxer);
    pass(a_while()).await;

    new.command(&["REPLICAOF", "NO", "ONE"]);
    old.command(&["REPLICAOF", "127.0.0.1", &new.port().to_string()]);
    // The proxy notices, cuts the sessions, and what is dialled then leads to the new primary.
    comes_back(&mut news, &new, "news").await;
    let written = || new.command(&["GET", "after"]) == "failover";
    while !written() {
        let _ = within(muxer.execute::<()>("SET", ("after", "failover"))).await;
        pass(Duration::from_millis(10)).await;
    }
    pass(a_while()).await;
    let tally = load.finish().await;
    // Until it was cut, the old primary answered what it could not do.
    let known = |text: &String| text.starts_with("READONLY") || text.starts_with("UNBLOCKED");
    assert!(tally.answered.keys().all(known), "{tally:?}");
    assert!(connects(&muxer) >= 2, "{tally:?}");
    tally.never_twice(&[&old, &new]);
}

#[async_std::test]
async fn a_primary_that_is_killed_is_replaced() {
    let (primary, replica) = pair();
    let proxy = start(&[&primary, &replica], "50s");
    ready(&proxy).await;
    let muxer = ConnectionMultiplexer::connect(options(proxy.addr().to_string())).await.unwrap();
    let mut news = muxer.subscriber().subscribe("news").await.unwrap();
    let load = Load::start(&muxer);
    pass(a_while()).await;
    primary.kill();
    replica.command(&["REPLICAOF", "NO", "ONE"]);
    comes_back(&mut news, &replica, "news").await;
    pass(a_while()).await;
    let tally = load.finish().await;
    assert!(tally.answered.is_empty(), "{tally:?}");
    tally.never_twice(&[&replica]);
    // What was issued after the failover is there.
    within(muxer.execute::<()>("SET", ("after", "kill"))).await.unwrap();
    assert_eq!(replica.command(&["GET", "after"]), "kill");
}

#[async_std::test]
async fn a_proxy_that_is_killed_comes_back() {
    let server = Arc::new(RedisServer::start());
    let mut proxy = start(&[&server], "50s");
    ready(&proxy).await;
    let muxer = ConnectionMultiplexer::connect(options(proxy.addr().to_string())).await.unwrap();
    let mut news = muxer.subscriber().subscribe("news").await.unwrap();
    let load = Load::start(&muxer);
    pass(a_while()).await;
    proxy.kill();
    until("the loss", || !muxer.is_connected()).await;
    // A caller that gives up before there is a connection gets `NotSent`.
    let impatient = muxer.execute::<i64>("RPUSH", ("impatient", "x"));
    let error = impatient.timeout(Duration::from_millis(50)).await.unwrap_err();
    assert_eq!(error.delivery(), Delivery::NotSent, "{error}");
    proxy.restart();
    comes_back(&mut news, &server, "news").await;
    pass(a_while()).await;
    let tally = load.finish().await;
    assert!(tally.answered.is_empty() && tally.maybe <= 32, "{tally:?}");
    tally.hold_against(&[&server]);
    assert_eq!(server.command(&["EXISTS", "impatient"]), "0");
}
