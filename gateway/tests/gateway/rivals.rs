//! Mistakes of other gateways, each as a test that it is not made here.

use std::time::Duration;

use async_std::{net::TcpStream, task};
use async_tungstenite::{client_async, tungstenite::Message};
use futures::StreamExt;
use redmux_gateway::new_token;

use crate::{
    access::with_token,
    common::{Bench, ask, closed, command, receive, request, send, site::Site, status, until},
};

fn allowing(token: &str, commands: &str) -> String {
    let listed = with_token(token);
    let (before, rest) = listed.split_once("commands = [").unwrap();
    let (_, after) = rest.split_once(']').unwrap();
    format!("{before}commands = [{commands}]{after}")
}

/// webdis compares names in the length that the client gives.
#[async_std::test]
async fn webdis_allowed_set_where_setnx_was_allowed() {
    let (site, token) = (Site::new(), new_token().unwrap());
    let text = allowing(&token, "\"SETNX\", \"GETSET\", \"CLIENT TRACKINGINFO\"");
    let bench = Bench::of(&site, &text.replace("denied = 3", "denied = 100")).await;
    let mut socket = bench.open_as(&token).await.unwrap();
    for line in [
        "SET a:1 v",
        "SETN a:1 v",
        "S a:1 v",
        "GET a:1",
        "GETSE a:1 v",
        "CLIENT TRACKING on",
        "CLIENT",
    ] {
        let answer = ask(&mut socket, line, 40).await;
        assert!(
            answer.starts_with("-ERR") && answer.contains("GATEWAY.DENIED"),
            "{line}: {answer}"
        );
    }
    assert_eq!(ask(&mut socket, "SETNX a:1 v", 4).await, ":1\r\n");
    assert_eq!(ask(&mut socket, "GETSET a:1 w", 7).await, "$1\r\nv\r\n");
}

/// webdis reads a reply that is not there when a frame holds half a command.
#[async_std::test]
async fn webdis_crashed_on_half_a_command() {
    let bench = Bench::new(|_| {}).await;
    for half in [&b"*"[..], b"*1\r\n", b"*2\r\n$3\r\nGET", b"*1\r\n$4\r\nPI"] {
        let mut socket = bench.open().await;
        send(&mut socket, half).await;
        socket.close(None).await.unwrap();
    }
    let mut socket = bench.open().await;
    assert_eq!(ask(&mut socket, "PING", 7).await, "+PONG\r\n");
}

/// webdis runs only the first command of a frame.
#[async_std::test]
async fn webdis_lost_the_second_command_of_a_message() {
    let bench = Bench::new(|_| {}).await;
    let mut socket = bench.open().await;
    send(
        &mut socket,
        [command(&["INCR", "n"]), command(&["INCR", "n"]), command(&["INCR", "n"])].concat(),
    )
    .await;
    assert_eq!(receive(&mut socket, 12).await, b":1\r\n:2\r\n:3\r\n");
}

/// webdis drops nulls and nested arrays and keeps their count.
#[async_std::test]
async fn webdis_left_nulls_and_nested_arrays_out() {
    let bench = Bench::new(|_| {}).await;
    let mut socket = bench.open().await;
    let script = "return {1,{2,{false,'x'}},false}";
    send(
        &mut socket,
        [command(&["EVAL", script, "0"]), command(&["MGET", "none", "none"])].concat(),
    )
    .await;
    let expected = b"*3\r\n:1\r\n*2\r\n:2\r\n*2\r\n$-1\r\n$1\r\nx\r\n$-1\r\n*2\r\n$-1\r\n$-1\r\n";
    assert_eq!(receive(&mut socket, expected.len()).await, expected);
}

/// webdis never ends a message whose last fragment is not its first.
#[async_std::test]
async fn webdis_did_not_put_fragments_together() {
    use async_tungstenite::tungstenite::protocol::frame::{
        Frame,
        coding::{Data, OpCode},
    };
    let bench = Bench::new(|_| {}).await;
    let mut socket = bench.open().await;
    let ping = command(&["PING"]);
    let parts = [
        (OpCode::Data(Data::Binary), false),
        (OpCode::Data(Data::Continue), false),
        (OpCode::Data(Data::Continue), true),
    ];
    for (part, (kind, last)) in ping.chunks(ping.len().div_ceil(3)).zip(parts) {
        let frame = Frame::message(part.to_vec(), kind, last);
        socket.send(Message::Frame(frame)).await.unwrap();
    }
    assert_eq!(receive(&mut socket, 7).await, b"+PONG\r\n");
}

/// webdis had no rules for WebSockets at all, and allows what is not forbidden.
#[async_std::test]
async fn webdis_allowed_whatever_was_not_forbidden() {
    let (site, token) = (Site::new(), new_token().unwrap());
    let bench = Bench::of(&site, &allowing(&token, "").replace("denied = 3", "denied = 100")).await;
    let mut socket = bench.open_as(&token).await.unwrap();
    for line in
        ["GET a:1", "DEBUG SLEEP 0", "CONFIG GET dir", "ACL LIST", "FLUSHALL", "NEWCOMMAND a:1"]
    {
        assert!(ask(&mut socket, line, 40).await.contains("GATEWAY.DENIED"), "{line}");
    }
    assert_eq!(ask(&mut socket, "PING", 7).await, "+PONG\r\n");
}

/// websockify and wsproxy take pages of any origin.
#[async_std::test]
async fn websockify_and_wsproxy_let_any_page_in() {
    let bench = Bench::new(|_| {}).await;
    for origin in [Some("https://evil.example"), Some("null"), None] {
        assert_eq!(bench.status_from(origin).await, 403, "{origin:?}");
    }
}

/// websockify reads the server into a queue without end while the client reads nothing.
#[async_std::test]
async fn websockify_buffered_for_clients_that_do_not_read() {
    let bench = Bench::new(|config| config.slow_client_timeout = Duration::from_millis(300)).await;
    bench.server.command(&["SETRANGE", "big", "1048575", "x"]);
    let mut socket = bench.open().await;
    send(&mut socket, command(&["GET", "big"]).repeat(200)).await;
    until("it is closed", || bench.handle.clients() == 0).await;
    // Of 200 MiB, what sockets hold at most has passed.
    let passed = bench.metric("redmux_gateway_sent_bytes_total");
    assert!(passed < 64e6, "{passed}");
    assert_eq!(
        bench.metric("redmux_gateway_closes_total{reason=\"slow-client\",code=\"1008\"}"),
        1.0
    );
}

/// websockify pings, but waits for no answer: see `hostile` for one that never answers. Here, one
/// that answers stays for as long as it likes.
#[async_std::test]
async fn websockify_never_asked_whether_anybody_is_left() {
    let bench = Bench::new(|config| {
        config.ping_interval = Duration::from_millis(50);
        config.pong_timeout = Duration::from_millis(5000);
    })
    .await;
    let mut socket = bench.open().await;
    let mut pings = 0;
    while pings < 3 {
        match socket.next().await.unwrap().unwrap() {
            Message::Ping(_) => pings += 1,
            other => panic!("{other:?}"),
        }
    }
    until("the answers are measured", || {
        bench.metric("redmux_gateway_ping_duration_seconds_count") >= 2.0
    })
    .await;
    drop(socket);
}

/// wsproxy connects to the address that the client gives, wherever that is.
#[async_std::test]
async fn wsproxy_connected_to_the_address_the_client_gave() {
    let bench = Bench::new(|config| config.allow_no_origin = true).await;
    let inner = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    inner.set_nonblocking(true).unwrap();
    let target = inner.local_addr().unwrap();
    let (host, upgrade) = (
        format!("Host: {}\r\n", bench.addr),
        "Connection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n",
    );
    for (request, expected) in [
        (format!("GET /redis?address={target} HTTP/1.1\r\n{host}{upgrade}\r\n"), "400"),
        (format!("GET /redis/{target} HTTP/1.1\r\n{host}{upgrade}\r\n"), "404"),
        (format!("GET http://{target}/redis HTTP/1.1\r\n{host}{upgrade}\r\n"), "404"),
        (format!("CONNECT {target} HTTP/1.1\r\n{host}\r\n"), "405"),
        (
            format!("GET /redis HTTP/1.1\r\nHost: example.com:{}\r\n{upgrade}\r\n", target.port()),
            "421",
        ),
    ] {
        let answer = bench.raw(request.clone()).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {expected} ")), "{request}{answer}");
    }
    assert!(inner.accept().is_err(), "somebody connected");
}

/// wsproxy keeps a client whose server is gone, and one that is half gone.
#[async_std::test]
async fn wsproxy_leaked_clients_that_were_half_gone() {
    let bench = Bench::new(|_| {}).await;
    // The client ends what it sends, and would go on reading.
    let stream = TcpStream::connect(bench.addr).await.unwrap();
    let half = stream.clone();
    let (mut socket, _) = client_async(request(bench.addr, &[]), stream).await.unwrap();
    assert_eq!(ask(&mut socket, "PING", 7).await, "+PONG\r\n");
    half.shutdown(std::net::Shutdown::Write).unwrap();
    until("it is let go", || bench.handle.clients() == 0).await;
    // The server ends, and the client neither reads nor answers.
    let socket = bench.open().await;
    bench.server.kill();
    until("it is let go", || bench.handle.clients() == 0).await;
    drop(socket);
}

/// wsproxy sets no limits on messages, nor on clients.
#[async_std::test]
async fn wsproxy_had_no_limits() {
    let bench = Bench::new(|config| {
        config.limits.connections = Some(1);
        config.change_policies(|policy| policy.client.message = 1000);
    })
    .await;
    let mut socket = bench.open().await;
    assert_eq!(status(bench.open_with(&[]).await), 503);
    send(&mut socket, vec![b'*'; 2000]).await;
    assert_eq!(closed(&mut socket).await.0, 1009);
}

/// serverless-redis-http may hand a connection to another in the middle of a transaction.
#[async_std::test]
async fn serverless_redis_http_shared_a_connection_within_a_transaction() {
    let bench = Bench::new(|_| {}).await;
    let mut clients = Vec::new();
    for _ in 0..10 {
        clients.push(bench.open().await);
    }
    // All are in a transaction at the same time, each of its own.
    for (n, socket) in clients.iter_mut().enumerate() {
        let n = n.to_string();
        let lines = [vec!["WATCH", "k"], vec!["MULTI"], vec!["RPUSH", &n, "x"]];
        send(socket, lines.map(|words| command(&words)).concat()).await;
        assert_eq!(receive(socket, 19).await, b"+OK\r\n+OK\r\n+QUEUED\r\n");
    }
    let mut other = bench.open().await;
    assert_eq!(ask(&mut other, "GET k", 5).await, "$-1\r\n");
    for socket in &mut clients {
        assert_eq!(ask(socket, "EXEC", 8).await, "*1\r\n:1\r\n");
    }
    let ids = bench.server.command(&["CLIENT", "LIST"]);
    assert!(ids.lines().count() >= 11, "{ids}");
    task::yield_now().await;
}

/// serverless-redis-http, and Redis proxies like it, take one token for everything.
#[async_std::test]
async fn serverless_redis_http_gave_every_token_everything() {
    let (site, token, other) = (Site::new(), new_token().unwrap(), new_token().unwrap());
    let second = redmux_gateway::TokenHash::of(&other).unwrap();
    let text = with_token(&token)
        + &format!(
            "[policies.q]\ncommands = [\"GET\"]\nread = [\"q:\"]\n[principals.two]\npolicy = \"q\"\ntokens = [\"{second}\"]\n"
        );
    let bench = Bench::of(&site, &text).await;
    let mut socket = bench.open_as(&other).await.unwrap();
    assert_eq!(ask(&mut socket, "GET q:1", 5).await, "$-1\r\n");
    assert!(ask(&mut socket, "GET a:1", 40).await.contains("may not be read"));
    assert!(ask(&mut socket, "SET q:1 v", 40).await.contains("GATEWAY.DENIED"));
}
