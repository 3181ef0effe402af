//! What passes, what is refused, and how it ends.

use std::{io::Write, time::Duration};

use crate::common::{Bench, closed, command, receive, send, until};
use async_std::task;
use async_tungstenite::tungstenite::Message;

#[async_std::test]
async fn commands_and_replies_pass() {
    let bench = Bench::new(|_| {}).await;
    let mut socket = bench.open().await;
    let both = [command(&["SET", "k", "a\r\n\0b"]), command(&["GET", "k"])].concat();
    send(&mut socket, both).await;
    assert_eq!(receive(&mut socket, 15).await, b"+OK\r\n$5\r\na\r\n\0b\r\n");
    // Split at every byte over messages.
    let ping = command(&["ECHO", "split"]);
    for byte in &ping {
        send(&mut socket, vec![*byte]).await;
    }
    assert_eq!(receive(&mut socket, 11).await, b"$5\r\nsplit\r\n");
    // A thousand in one message.
    send(&mut socket, command(&["INCR", "n"]).repeat(1000)).await;
    let replies =
        receive(&mut socket, (1..=1000).map(|n: i32| n.to_string().len() + 3).sum()).await;
    assert!(replies.ends_with(b":1000\r\n"));
    // Pushes pass too.
    send(&mut socket, [command(&["HELLO", "3"]), command(&["SUBSCRIBE", "c"])].concat()).await;
    until("it is subscribed", || bench.server.command(&["PUBSUB", "NUMSUB", "c"]).ends_with('1'))
        .await;
    bench.server.command(&["PUBLISH", "c", "pushed"]);
    let mut seen = Vec::new();
    while !seen.windows(6).any(|window| window == b"pushed") {
        seen.extend(receive(&mut socket, 1).await);
    }
    // Each client has a connection of its own, which goes with it.
    assert_eq!(bench.handle.clients(), 1);
    drop(socket);
    for _ in 0..1000 {
        if bench.handle.clients() == 0
            && !bench.server.command(&["CLIENT", "LIST"]).contains("sub=1")
        {
            return;
        }
        task::sleep(Duration::from_millis(5)).await;
    }
    panic!("the client's connection to the server outlived it");
}

#[async_std::test]
async fn origins_and_hosts_are_checked_before_the_upgrade() {
    let bench = Bench::new(|_| {}).await;
    assert_eq!(bench.status_from(Some(&bench.own_origin())).await, 101);
    for origin in
        [Some("http://evil.example"), Some("null"), Some("http://127.0.0.1:1"), Some(""), None]
    {
        assert_eq!(bench.status_from(origin).await, 403, "{origin:?}");
    }
    let bench = Bench::new(|config| {
        config.origins = vec!["https://app.example".parse().unwrap()];
        config.allow_no_origin = true;
    })
    .await;
    assert_eq!(bench.status_from(Some("https://app.example")).await, 101);
    assert_eq!(bench.status_from(None).await, 101);
    assert_eq!(bench.status_from(Some(&bench.own_origin())).await, 403);
    // DNS rebinding: the page's own host name points here.
    let upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\
                   Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n";
    let rebound = format!(
        "GET /redis HTTP/1.1\r\nHost: evil.example\r\nOrigin: http://evil.example\r\n{upgrade}\r\n"
    );
    assert!(bench.raw(rebound).await.starts_with("HTTP/1.1 421 "));
    // Only a known subprotocol is echoed, never a secret beside it.
    let offer = format!(
        "GET /redis HTTP/1.1\r\nHost: localhost\r\nOrigin: https://app.example\r\n{upgrade}Sec-WebSocket-Protocol: secret.c2VjcmV0, redis.v1\r\n\r\n"
    );
    let mut stream = std::net::TcpStream::connect(bench.addr).unwrap();
    stream.write_all(offer.as_bytes()).unwrap();
    let mut answer = [0; 512];
    let n = std::io::Read::read(&mut stream, &mut answer).unwrap();
    let answer = String::from_utf8_lossy(&answer[..n]).into_owned();
    assert!(answer.contains("Sec-WebSocket-Protocol: redis.v1\r\n"), "{answer}");
    assert!(!answer.contains("c2VjcmV0"), "{answer}");
}

#[async_std::test]
async fn other_requests_get_honest_answers() {
    let bench = Bench::new(|_| {}).await;
    let host = format!("Host: {}\r\n", bench.addr);
    for (request, status) in [
        (format!("GET /redis HTTP/1.1\r\n{host}\r\n"), 426),
        (format!("GET /nothing HTTP/1.1\r\n{host}\r\n"), 404),
        (format!("POST /nothing HTTP/1.1\r\n{host}\r\n"), 405),
        (format!("POST /redis HTTP/1.1\r\n{host}\r\n"), 405),
        (
            format!(
                "GET /redis HTTP/1.1\r\n{host}Connection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 8\r\n\r\n"
            ),
            426,
        ),
        (
            format!(
                "GET /redis HTTP/1.1\r\n{host}Connection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n\r\n"
            ),
            400,
        ),
        ("GET / HTTP/1.1\r\n\r\n".to_owned(), 421),
        ("*1\r\n$4\r\nPING\r\n\r\n".to_owned(), 400),
        (format!("GET / HTTP/1.1\r\n{host}A: {}\r\n\r\n", "x".repeat(20_000)), 431),
    ] {
        let answer = bench.raw(request.clone()).await;
        let expected = format!("HTTP/1.1 {status} ");
        // A large request may be cut off before its answer is read: then nothing came.
        assert!(
            answer.starts_with(&expected) || (status == 431 && answer.is_empty()),
            "{request:.60}: {answer:.100}"
        );
    }
    assert!(bench.get("/healthz").await.ends_with("\r\n\r\nok\n"));
    bench.handle.shutdown();
}

#[async_std::test]
async fn a_request_that_dawdles_is_cut_off() {
    let bench = Bench::new(|config| config.handshake_timeout = Duration::from_millis(100)).await;
    let answer = bench.raw("GET /redis HTTP/1.1\r\nHost: loc").await;
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
}

#[async_std::test]
async fn files_are_served_from_the_folder_and_from_nowhere_else() {
    let folder = std::env::temp_dir().join(format!("redmux-gateway-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("index.html"), "<p>hello").unwrap();
    std::fs::write(folder.join("app.wasm"), "wasm").unwrap();
    let root = folder.clone();
    let bench = Bench::new(move |config| config.serve = Some(root)).await;
    let page = bench.get("/?query").await;
    assert!(page.contains("Content-Type: text/html") && page.ends_with("<p>hello"), "{page}");
    let wasm = bench.get("/app.wasm").await;
    assert!(wasm.contains("Content-Type: application/wasm") && wasm.contains("nosniff"), "{wasm}");
    let head = bench.raw("HEAD / HTTP/1.1\r\nHost: localhost\r\n\r\n").await;
    assert!(head.contains("Content-Length: 8") && head.ends_with("\r\n\r\n"), "{head}");
    for path in ["/../Cargo.toml", "/%2e%2e/Cargo.toml", "/none"] {
        assert!(bench.get(path).await.starts_with("HTTP/1.1 404 "), "{path}");
    }
    std::fs::remove_dir_all(folder).unwrap();
}

#[async_std::test]
async fn what_is_no_command_closes_with_a_reason_and_reaches_nobody() {
    let bench = Bench::new(|config| {
        config.change_policies(|policy| {
            policy.client.message = 4096;
            policy.client.command = 1024;
        });
    })
    .await;
    let huge = format!("*2\r\n$4\r\nECHO\r\n$2000\r\n{}", "x".repeat(100));
    for (bytes, code) in [
        (&b"SET k inline\r\n"[..], 4400),
        (b"*1\r\n*1\r\n$4\r\nPING\r\n", 4400),
        (b"*-1\r\n", 4400),
        (b"*3\r\n$3\r\nSET\r\n$1\r\nk\r\n:1\r\n", 4400),
        (huge.as_bytes(), 4400),
        (&command(&["monitor"]), 4403),
        (&command(&["PSYNC", "?", "-1"]), 4403),
        (&vec![b'x'; 5000], 1009),
    ] {
        let mut socket = bench.open().await;
        send(&mut socket, bytes).await;
        let (closed_with, reason) = closed(&mut socket).await;
        assert_eq!(
            closed_with,
            code,
            "{}: {reason}",
            String::from_utf8_lossy(&bytes[..20.min(bytes.len())])
        );
        assert!(!reason.is_empty());
    }
    let mut socket = bench.open().await;
    socket.send(Message::Text("PING".into())).await.unwrap();
    assert_eq!(closed(&mut socket).await.0, 1003);
    assert_eq!(bench.server.command(&["EXISTS", "k"]), "0");
    // What stood before the fault was a command, and is answered.
    let mut socket = bench.open().await;
    send(&mut socket, [command(&["ECHO", "good"]), b"bad".to_vec()].concat()).await;
    let (code, _) = closed(&mut socket).await;
    assert_eq!(code, 4400);
}

#[async_std::test]
async fn clients_are_counted() {
    let bench = Bench::new(|config| config.limits.connections = Some(2)).await;
    let (first, _second) = (bench.open().await, bench.open().await);
    assert_eq!(bench.status_from(Some(&bench.own_origin())).await, 503);
    drop(first);
    for _ in 0..1000 {
        if bench.status_from(Some(&bench.own_origin())).await == 101 {
            return;
        }
        task::sleep(Duration::from_millis(5)).await;
    }
    panic!("a place was not given back");
}

#[async_std::test]
async fn a_server_that_is_away_or_goes_away_is_told() {
    let bench = Bench::new(|_| {}).await;
    let mut socket = bench.open().await;
    send(&mut socket, command(&["PING"])).await;
    receive(&mut socket, 7).await;
    bench.server.kill();
    assert_eq!(closed(&mut socket).await.0, 1011);
    let mut socket = bench.open().await;
    let (code, reason) = closed(&mut socket).await;
    assert_eq!((code, reason.as_str()), (1011, "the server cannot be reached"));
    bench.server.restart();
    let mut socket = bench.open().await;
    send(&mut socket, command(&["PING"])).await;
    assert_eq!(receive(&mut socket, 7).await, b"+PONG\r\n");
}

#[async_std::test]
async fn a_shutdown_lets_replies_arrive_and_says_restart() {
    let bench = Bench::new(|_| {}).await;
    let mut socket = bench.open().await;
    send(&mut socket, command(&["INCR", "n"]).repeat(100)).await;
    receive(&mut socket, 4).await;
    bench.handle.shutdown();
    assert_eq!(closed(&mut socket).await.0, 1012);
    drop(socket);
    bench.running.await;
    assert!(async_std::net::TcpStream::connect(bench.addr).await.is_err());
}

#[async_std::test]
async fn silent_clients_are_pinged_and_dead_ones_dropped() {
    let bench = Bench::new(|config| {
        config.ping_interval = Duration::from_millis(50);
        // A client that lives may need a while to say so on a busy machine.
        config.pong_timeout = Duration::from_secs(3);
    })
    .await;
    // A client that answers pings (by reading) stays.
    let mut alive = bench.open().await;
    let pings = async {
        let mut pings = 0;
        while pings < 4 {
            use futures::StreamExt;
            if let Message::Ping(_) = alive.next().await.unwrap().unwrap() {
                pings += 1;
            }
        }
    };
    async_std::future::timeout(Duration::from_secs(20), pings).await.unwrap();
    // One that does not read does not answer.
    let _dead = bench.open().await;
    drop(alive);
    until("a dead client is dropped", || bench.handle.clients() == 0).await;
}

#[async_std::test]
async fn an_idle_client_is_closed_when_asked_for() {
    let bench = Bench::new(|config| {
        config.ping_interval = Duration::from_millis(30);
        config.change_policies(|policy| policy.client.idle = Some(Duration::from_millis(100)));
    })
    .await;
    let mut socket = bench.open().await;
    assert_eq!(closed(&mut socket).await.0, 4408);
}

#[async_std::test]
async fn a_client_that_takes_no_replies_is_closed_and_costs_bounded_memory() {
    let bench = Bench::new(|config| config.slow_client_timeout = Duration::from_millis(300)).await;
    bench.server.command(&["SETRANGE", "big", "1048575", "x"]);
    let mut socket = bench.open().await;
    // 256 MiB of replies are asked for and none is read.
    send(&mut socket, command(&["GET", "big"]).repeat(256)).await;
    for _ in 0..2000 {
        if bench.handle.clients() == 0 {
            // What the gateway did not take is still on the server's side.
            return;
        }
        task::sleep(Duration::from_millis(5)).await;
    }
    panic!("a client that reads nothing was kept");
}

#[async_std::test]
async fn big_requests_and_big_replies_pass_each_other() {
    let bench = Bench::new(|_| {}).await;
    let socket = bench.open().await;
    let big = "y".repeat(1 << 20);
    let (mut sender, mut receiver) = socket.split();
    // More than all buffers on the way hold together.
    let count = 32;
    let writer = async {
        for _ in 0..count {
            let bytes = command(&["ECHO", &big]);
            sender.send(Message::Binary(bytes.into())).await.unwrap();
        }
    };
    let reader = async {
        use futures::StreamExt;
        let mut left = count * (big.len() + 12);
        while left > 0 {
            match receiver.next().await.unwrap().unwrap() {
                Message::Binary(bytes) => left -= bytes.len(),
                Message::Ping(_) => {}
                other => panic!("{other:?}"),
            }
        }
    };
    let both = futures::future::join(writer, reader);
    // A deadlock does not end; a debug build on a busy machine may need a minute.
    async_std::future::timeout(Duration::from_secs(300), both).await.expect("no deadlock");
}
