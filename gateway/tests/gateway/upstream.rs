//! Servers that are away for a moment, hang, or refuse.

use std::{
    io::Write,
    net::TcpListener,
    time::{Duration, Instant},
};

use async_std::task;
use redmux_gateway::new_token;
use redmux_test_support::RedisServer;

use crate::{
    access::with_token,
    common::{
        Bench, Elsewhere, ask, closed, command, get_from, program::Program, receive, send,
        site::Site, until,
    },
};

#[async_std::test]
async fn a_server_that_restarts_is_waited_for() {
    let (site, token) = (Site::new(), new_token().unwrap());
    // As long as a loaded machine may take to start a server.
    let text = with_token(&token)
        .replace("address = \"{redis}\"", "address = \"{redis}\"\nconnect_timeout = \"60s\"");
    let bench = Bench::of(&site, &text).await;
    bench.server.kill();
    let mut socket = bench.open_as(&token).await.unwrap();
    send(&mut socket, command(&["SET", "a:1", "v"])).await;
    task::sleep(Duration::from_millis(300)).await;
    bench.server.restart();
    assert_eq!(receive(&mut socket, 5).await, b"+OK\r\n");
}

#[async_std::test]
async fn a_server_that_hangs_is_told_of() {
    let (site, token) = (Site::new(), new_token().unwrap());
    let times = "address = \"{redis}\"\nconnect_timeout = \"2s\"\nreply_timeout = \"500ms\"";
    let text = with_token(&token).replace("address = \"{redis}\"", times)
        + "[admin]\naddress = \"127.0.0.1:0\"\n";
    let bench = Bench::of(&site, &text).await;
    let admin = bench.admin.unwrap();
    // A client that blocks on a live server is left alone.
    let mut blocked = bench.open_as(&token).await.unwrap();
    send(&mut blocked, command(&["BLPOP", "a:list", "0"])).await;
    let mut idle = bench.open_as(&token).await.unwrap();
    assert_eq!(ask(&mut idle, "SET a:1 v", 5).await, "+OK\r\n");
    task::sleep(Duration::from_millis(1500)).await;
    assert_eq!(bench.handle.clients(), 2);
    assert!(get_from(admin, "/readyz").await.starts_with("HTTP/1.1 200 "));
    bench.server.pause();
    let (code, reason) = closed(&mut blocked).await;
    assert_eq!((code, reason.as_str()), (1011, "the server does not answer"));
    let silent = "redmux_gateway_closes_total{reason=\"upstream-silent\",code=\"1011\"}";
    assert_eq!(bench.metric(silent), 1.0);
    let since = Instant::now();
    while !get_from(admin, "/readyz").await.starts_with("HTTP/1.1 503 ") {
        assert!(since.elapsed() < Duration::from_secs(20), "it says that it is ready");
        task::sleep(Duration::from_millis(100)).await;
    }
    // Numbers do not wait for servers.
    let down = "redmux_gateway_upstream_up{upstream=\"main\"} 0";
    assert!(get_from(admin, "/metrics").await.contains(down));
    bench.server.resume();
    // A client that waits for no reply is still connected.
    assert_eq!(ask(&mut idle, "SET a:1 v", 5).await, "+OK\r\n");
}

#[async_std::test]
async fn readiness_is_that_all_principals_are_let_in() {
    let (site, token) = (Site::new(), new_token().unwrap());
    let text = with_token(&token).replace(
        "policy = \"p\"",
        "policy = \"p\"\nuser = \"shop\"\npassword_file = \"secrets/shop-password\"",
    ) + "[admin]\naddress = \"127.0.0.1:0\"\n";
    for (rules, ready) in [
        (&["ACL", "SETUSER", "shop", "on", ">other", "+@all"][..], "503"),
        (&["ACL", "SETUSER", "shop", "on", ">shop-secret", "+@all"], "200"),
        // Without a right to PING it is known all the same.
        (&["ACL", "SETUSER", "shop", "on", ">shop-secret", "+get"], "200"),
    ] {
        let bench = Bench::of(&site, &text).await;
        bench.server.command(rules);
        let answer = get_from(bench.admin.unwrap(), "/readyz").await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {ready} ")), "{rules:?}: {answer}");
    }
    // Whatever listens and is no Redis server is not ready.
    let bench = Bench::of(&site, &text).await;
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = other.local_addr().unwrap().to_string();
    bench.reload(&site, &text.replace("{redis}", &address));
    let talk = task::spawn_blocking(move || {
        let (mut stream, _) = other.accept().unwrap();
        let _ = stream.write_all(b"-DENIED there is nobody here\r\n");
    });
    assert!(get_from(bench.admin.unwrap(), "/readyz").await.starts_with("HTTP/1.1 503 "));
    talk.await;
}

#[async_std::test]
async fn refusals_say_nothing_of_how_fast_the_server_is() {
    let (site, token) = (Site::new(), new_token().unwrap());
    let bench = Bench::of(&site, &with_token(&token)).await;
    let mut socket = bench.open_as(&token).await.unwrap();
    assert!(ask(&mut socket, "SET b:1 v", 40).await.contains("GATEWAY.DENIED"));
    assert_eq!(ask(&mut socket, "SET a:1 v", 5).await, "+OK\r\n");
    let count = "redmux_gateway_upstream_duration_seconds_count";
    until("it is counted", || bench.metric(count) >= 1.0).await;
    assert_eq!(bench.metric(count), 1.0);
    until("nothing is left", || bench.handle.in_flight() == 0).await;
}

/// Redis 7.0 writes the message into the reply of the transaction, newer ones behind it.
#[async_std::test]
async fn a_message_within_a_transaction_is_no_part_of_its_reply() {
    let bench = Bench::new(|_| {}).await;
    let mut socket = bench.open().await;
    let first: [&[&str]; 2] = [&["HELLO", "3"], &["SUBSCRIBE", "c"]];
    send(&mut socket, first.map(command).concat()).await;
    until("it is subscribed", || bench.server.command(&["PUBSUB", "NUMSUB", "c"]).ends_with('1'))
        .await;
    let lines: [&[&str]; 5] =
        [&["MULTI"], &["PUBLISH", "c", "hi"], &["GET", "none"], &["EXEC"], &["BLPOP", "list", "0"]];
    send(&mut socket, lines.map(command).concat()).await;
    let mut seen = String::new();
    while !seen.contains(":1\r\n_\r\n") {
        seen += &String::from_utf8_lossy(&receive(&mut socket, 1).await);
    }
    until("all but the last are answered", || bench.handle.in_flight() <= 1).await;
    task::sleep(Duration::from_millis(50)).await;
    assert_eq!(bench.handle.in_flight(), 1, "{seen}");
    bench.server.command(&["LPUSH", "list", "x"]);
    receive(&mut socket, 1).await;
    until("nothing is left", || bench.handle.in_flight() == 0).await;
}

#[async_std::test]
async fn subscriptions_may_not_be_in_a_transaction() {
    let (site, token) = (Site::new(), new_token().unwrap());
    let bench = Bench::of(&site, &with_token(&token)).await;
    let mut socket = bench.open_as(&token).await.unwrap();
    assert_eq!(ask(&mut socket, "MULTI", 5).await, "+OK\r\n");
    let refused = ask(&mut socket, "SUBSCRIBE news.a news.b", 60).await;
    assert!(
        refused.contains("GATEWAY.DENIED SUBSCRIBE: it may not be in a transaction"),
        "{refused}"
    );
    assert!(ask(&mut socket, "EXEC", 20).await.starts_with("-EXECABORT"));
    assert!(ask(&mut socket, "SUBSCRIBE news.a", 30).await.starts_with("*3\r\n$9\r\nsubscribe"));
    until("nothing is left", || bench.handle.in_flight() == 0).await;
}

#[async_std::test]
async fn a_second_signal_ends_a_drain_at_once() {
    let (site, token, server) = (Site::new(), new_token().unwrap(), RedisServer::start());
    let text = with_token(&token).replace("{redis}", &server.addr().to_string())
        + "[timeouts]\ndrain = \"10m\"\n";
    site.write("gateway.toml", &text);
    let file = site.path("gateway.toml");
    let mut program = Program::start(&["--config", file.to_str().unwrap()], 1);
    let bench = Elsewhere { addr: program.addr() };
    let mut socket = bench.open_as(&token).await.unwrap();
    send(&mut socket, command(&["BLPOP", "a:list", "0"])).await;
    while !server.command(&["CLIENT", "LIST"]).contains("cmd=blpop") {
        task::sleep(Duration::from_millis(5)).await;
    }
    program.signal("-TERM");
    // The listener is closed: it drains.
    let addr = bench.addr;
    until("it drains", || std::net::TcpStream::connect(addr).is_err()).await;
    assert!(program.is_running());
    program.signal("-TERM");
    let ended = task::spawn_blocking(move || (program.wait(), program.log()));
    let (status, log) = async_std::future::timeout(Duration::from_secs(60), ended).await.unwrap();
    assert!(status.success() && log.contains("event=stopped left=1"), "{log}");
}
