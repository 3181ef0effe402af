//! How much each may take.

use std::time::{Duration, Instant};

use async_tungstenite::tungstenite::{Bytes, Message};
use futures::StreamExt;
use redmux_gateway::new_token;

use crate::{
    access::with_token,
    common::{Bench, ask, closed, command, receive, send, site::Site, status, until},
};

async fn bench_with(token: &str, limits: &str, more: &str) -> Bench {
    let text = with_token(token).replace("denied = 3", limits) + more;
    Bench::of(&Site::new(), &text).await
}

#[async_std::test]
async fn clients_are_counted_by_principal_and_by_address() {
    let token = new_token().unwrap();
    let bench = bench_with(&token, "connections = 2", "").await;
    let (first, _second) =
        (bench.open_as(&token).await.unwrap(), bench.open_as(&token).await.unwrap());
    assert_eq!(status(bench.open_as(&token).await), 429);
    // Also when it is known only by its first message.
    let mut late = bench.open().await;
    send(&mut late, command(&["AUTH", &token])).await;
    assert_eq!(closed(&mut late).await.0, 4429);
    drop(first);
    until("a place is given back", || bench.handle.clients() < 2).await;
    let _third = bench.open_as(&token).await.unwrap();
    assert!(bench.metric("redmux_gateway_handshakes_total{result=\"too-many\"}") >= 1.0);

    let config = "[limits]\nconnections_per_address = 1\n";
    let bench = bench_with(&token, "", config).await;
    let _one = bench.open_as(&token).await.unwrap();
    assert_eq!(status(bench.open_as(&token).await), 429);
}

#[async_std::test]
async fn too_many_commands_wait_and_are_not_lost() {
    let token = new_token().unwrap();
    let bench = bench_with(&token, "client_commands_per_second = 100", "").await;
    let mut socket = bench.open_as(&token).await.unwrap();
    let before = Instant::now();
    send(&mut socket, command(&["INCR", "a:n"]).repeat(200)).await;
    let replies: usize = (1..=200).map(|n: i32| n.to_string().len() + 3).sum();
    assert!(receive(&mut socket, replies).await.ends_with(b":200\r\n"));
    // A hundred at once, a hundred more in a second; less would be no limit.
    assert!(before.elapsed() > Duration::from_millis(900), "{:?}", before.elapsed());
    assert!(bench.metric("redmux_gateway_throttled_total") >= 1.0);

    // Pings of a client are no way around it.
    let mut socket = bench.open_as(&token).await.unwrap();
    let before = Instant::now();
    for _ in 0..200 {
        socket.send(Message::Ping(Bytes::new())).await.unwrap();
    }
    assert_eq!(ask(&mut socket, "SET a:1 v", 5).await, "+OK\r\n");
    assert!(before.elapsed() > Duration::from_millis(900), "{:?}", before.elapsed());

    let bench = bench_with(&token, "bytes_per_second = 20000", "").await;
    let mut socket = bench.open_as(&token).await.unwrap();
    let before = Instant::now();
    for _ in 0..4 {
        let line = format!("SET a:1 {}", "x".repeat(10_000));
        assert_eq!(ask(&mut socket, &line, 5).await, "+OK\r\n");
    }
    assert!(before.elapsed() > Duration::from_millis(900), "{:?}", before.elapsed());
}

#[async_std::test]
async fn no_more_is_forwarded_than_may_be_in_flight() {
    let token = new_token().unwrap();
    for limits in ["client_in_flight = 5", "in_flight = 5"] {
        let bench = bench_with(&token, limits, "").await;
        let mut socket = bench.open_as(&token).await.unwrap();
        // The first blocks, and with it all that are behind it.
        let block = command(&["BLPOP", "a:list", "0"]);
        send(&mut socket, [block, command(&["INCR", "a:n"]).repeat(100)].concat()).await;
        until("the limit is reached", || bench.handle.in_flight() == 5).await;
        async_std::task::sleep(Duration::from_millis(50)).await;
        assert_eq!(bench.handle.in_flight(), 5);
        bench.server.command(&["LPUSH", "a:list", "x"]);
        let mut all = Vec::new();
        while !all.ends_with(b":100\r\n") {
            all.extend(receive(&mut socket, 1).await);
        }
        until("nothing is left", || bench.handle.in_flight() == 0).await;
    }
    // What a client leaves behind is given back, also while it waits for room.
    let bench = bench_with(&token, "in_flight = 2", "").await;
    let mut socket = bench.open_as(&token).await.unwrap();
    send(&mut socket, command(&["BLPOP", "a:list", "0"]).repeat(10)).await;
    until("the limit is reached", || bench.handle.in_flight() == 2).await;
    let mut other = bench.open_as(&token).await.unwrap();
    drop(socket);
    // Its server may still wait; the gateway notices that the client is gone by its pongs.
    bench.server.command(&["LPUSH", "a:list", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10"]);
    assert_eq!(ask(&mut other, "SET a:1 v", 5).await, "+OK\r\n");
    until("nothing is left", || bench.handle.in_flight() == 0).await;
}

/// A client that must wait is not read; its end is noticed all the same.
#[async_std::test]
async fn who_leaves_while_it_must_wait_is_let_go() {
    let token = new_token().unwrap();
    let timeouts = "[timeouts]\nping = \"100ms\"\npong = \"200ms\"\n";
    let bench = bench_with(&token, "client_in_flight = 1", timeouts).await;
    let mut waiting = bench.open_as(&token).await.unwrap();
    send(&mut waiting, command(&["BLPOP", "a:list", "0"]).repeat(3)).await;
    until("it waits", || bench.metric("redmux_gateway_throttled_total") >= 1.0).await;
    // As long as it is there, it may wait.
    async_std::task::sleep(Duration::from_millis(800)).await;
    assert_eq!(bench.handle.clients(), 1);
    drop(waiting);
    until("it is let go", || bench.handle.clients() == 0).await;
    assert_eq!(bench.handle.in_flight(), 0);
}

#[async_std::test]
async fn subscriptions_are_answered_and_leave_nothing_in_flight() {
    let token = new_token().unwrap();
    for hello in ["HELLO 2", "HELLO 3"] {
        let bench = bench_with(&token, "client_in_flight = 3", "").await;
        let mut socket = bench.open_as(&token).await.unwrap();
        send(&mut socket, command(&hello.split(' ').collect::<Vec<_>>())).await;
        for n in 0..20 {
            let channels = [format!("news.{n}"), format!("news.x{n}")];
            send(&mut socket, command(&["SUBSCRIBE", &channels[0], &channels[1]])).await;
            send(&mut socket, command(&["PING"])).await;
        }
        let mut all = Vec::new();
        while !all.windows(8).any(|window| window == b"news.x19") {
            all.extend(receive(&mut socket, 1).await);
        }
        until("nothing is left", || bench.handle.in_flight() == 0).await;
        bench.server.command(&["PUBLISH", "news.1", "hello"]);
        assert_eq!(bench.handle.in_flight(), 0);
    }
}

#[async_std::test]
async fn sessions_end_when_they_are_too_long_or_too_idle() {
    let token = new_token().unwrap();
    let bench = bench_with(&token, "session = \"300ms\"", "").await;
    let mut socket = bench.open_as(&token).await.unwrap();
    assert_eq!(closed(&mut socket).await.0, 4440);
    // Idle is neither who sends nor who receives.
    let bench = bench_with(&token, "idle = \"2s\"", "").await;
    let mut socket = bench.open_as(&token).await.unwrap();
    for _ in 0..4 {
        async_std::task::sleep(Duration::from_millis(700)).await;
        assert_eq!(ask(&mut socket, "INCR a:n", 4).await.len(), 4);
    }
    assert_eq!(closed(&mut socket).await.0, 4408);
}

#[async_std::test]
async fn messages_and_commands_are_bounded_by_the_policy() {
    let token = new_token().unwrap();
    let limits = "message = 5000, command = 1000, arguments = 4, fragments = 3";
    let bench = bench_with(&token, limits, "").await;
    let big = "x".repeat(6000);
    for (bytes, code) in [
        (command(&["SET", "a:1", &big]), 1009),
        (command(&["SET", "a:1", &big[..2000]]), 4400),
        (command(&["SET", "a:1", "v", "PX", "1"]), 4400),
    ] {
        let mut socket = bench.open_as(&token).await.unwrap();
        send(&mut socket, bytes).await;
        assert_eq!(closed(&mut socket).await.0, code);
    }
    let mut socket = bench.open_as(&token).await.unwrap();
    assert_eq!(ask(&mut socket, "SET a:1 v", 5).await, "+OK\r\n");
    drop(socket.next());
}
