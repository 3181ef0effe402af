//! stunnel, which speaks TLS in front of a server that does not.

use redmux::{ConnectionMultiplexer, Options, options::TlsOptions};
use redmux_test_support::{DaemonCommand, RedisServer};

use crate::{
    a_while, comes_back,
    load::{Load, reload_unnoticed},
    options, pass,
    programs::{Proxy, program},
};

/// In front of a server; `idle` in seconds.
pub(crate) fn start(server: &RedisServer, idle: u32) -> Proxy {
    let stunnel = program("STUNNEL", &["stunnel4", "stunnel"], "stunnel4");
    let upstream = server.addr();
    Proxy::start(
        move |proxy| {
            let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
            let made = rcgen::generate_simple_self_signed(names).unwrap();
            proxy.write("cert.pem", &made.cert.pem());
            proxy.write("key.pem", &made.signing_key.serialize_pem());
            let config = format!(
                "foreground = yes\npid =\nsyslog = no\ncert = {}\nkey = {}\n[redis]\naccept = {}\n\
                 connect = {upstream}\nTIMEOUTidle = {idle}\n",
                proxy.file("cert.pem"),
                proxy.file("key.pem"),
                proxy.addr()
            );
            proxy.write("stunnel.conf", &config);
        },
        move |proxy| DaemonCommand::new(&stunnel, proxy.log()).arg(proxy.file("stunnel.conf")),
    )
}

pub(crate) fn through(proxy: &Proxy) -> Options {
    let tls = TlsOptions::default().ca(proxy.file("cert.pem"));
    options(format!("rediss://{}", proxy.addr())).tls(tls)
}

#[async_std::test]
async fn a_reload_under_load_is_noticed_by_nobody_and_kills_are_survived() {
    let server = RedisServer::start();
    let mut proxy = start(&server, 43_200);
    let muxer = ConnectionMultiplexer::connect(through(&proxy)).await.unwrap();
    let mut news = muxer.subscriber().subscribe("news").await.unwrap();
    reload_unnoticed(&proxy, &muxer, &server).await;
    server.command(&["FLUSHALL"]);

    let load = Load::start(&muxer);
    pass(a_while()).await;
    proxy.restart();
    comes_back(&mut news, &server, "news").await;
    let tally = load.finish().await;
    assert!(tally.answered.is_empty() && tally.maybe <= 32, "{tally:?}");
    tally.hold_against(&[&server]);

    let load = Load::start(&muxer);
    pass(a_while()).await;
    server.kill();
    server.restart();
    comes_back(&mut news, &server, "news").await;
    pass(a_while()).await;
    let tally = load.finish().await;
    assert!(tally.answered.is_empty(), "{tally:?}");
    tally.never_twice(&[&server]);
}
