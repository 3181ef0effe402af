//! What a client can make the gateway hold: the rows of docs/gateway-reference.md, attacked.

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::Duration,
};

use async_std::task;
use redmux_gateway::new_token;

use crate::{
    access::with_token,
    common::{
        Bench, ask, command, frames::frame, program::Program, raw::Raw, send, site::Site, until,
    },
};

const SLOW: &str = "redmux_gateway_closes_total{reason=\"slow-client\",code=\"1008\"}";

/// Pongs that a client does not take are not kept for it, and it is not kept either.
#[async_std::test]
async fn pings_of_a_client_that_reads_nothing_fill_no_memory() {
    let server = redmux_test_support::RedisServer::start();
    let upstream = server.addr().to_string();
    let args = ["--upstream", &upstream, "--listen", "127.0.0.1:0", "--slow-client-timeout", "1s"];
    let program = Program::start(&args, 1);
    let addr = program.addr();
    let grown = task::spawn_blocking(move || {
        let mut client = Raw::open(addr, None);
        client.send(&frame(0x89, b"one"));
        let before = program.memory("VmRSS");
        let flood = frame(0x89, &[b'x'; 125]).repeat(1000);
        // Until it is closed; 1,048,000 pings at most.
        for _ in 0..1048 {
            if client.0.write_all(&flood).is_err() {
                break;
            }
        }
        program.memory("VmHWM").saturating_sub(before)
    });
    let grown = grown.await;
    assert!(grown < 16 << 20, "{} MiB for one client", grown >> 20);

    let bench = Bench::new(|config| config.slow_client_timeout = Duration::from_millis(300)).await;
    let addr = bench.addr;
    let pinging = task::spawn_blocking(move || {
        let mut client = Raw::open(addr, None);
        let flood = frame(0x89, &[b'x'; 125]).repeat(100);
        while client.0.write_all(&flood).is_ok() {}
    });
    pinging.await;
    until("it is closed", || bench.metric(SLOW) >= 1.0).await;
}

/// A command that begins and does not end is waited for, but only for a limited time.
#[async_std::test]
async fn what_is_begun_must_end_in_time() {
    let (site, token) = (Site::new(), new_token().unwrap());
    let text = with_token(&token) + "[timeouts]\ncommand = \"400ms\"\n";
    let bench = Bench::of(&site, &text).await;
    let addr = bench.addr;
    // A command in whole messages, a message in fragments, a frame that drips.
    let part = b"*3\r\n$3\r\nSET\r\n$3\r\na:1\r\n$100\r\n";
    for (begin, drip) in [
        (frame(0x82, part), frame(0x82, b"x")),
        (frame(0x02, part), frame(0x00, b"x")),
        (vec![0x82, 0xfe, 0x10, 0, 0, 0, 0, 0], b"x".to_vec()),
    ] {
        let secret = token.clone();
        let code = task::spawn_blocking(move || {
            let mut client = Raw::open(addr, Some(&secret));
            client.send(&begin);
            for _ in 0..80 {
                if client.0.write_all(&drip).is_err() {
                    break;
                }
                std::thread::sleep(Duration::from_millis(20));
            }
            client.closed()
        });
        assert!(matches!(code.await, Some(4408) | None));
    }
    let slow = "redmux_gateway_closes_total{reason=\"too-slow\",code=\"4408\"}";
    assert_eq!(bench.metric(slow), 3.0);
    // A client that must wait is not slow: commands that block delay the ones behind them.
    let text = text.replace("denied = 3", "client_in_flight = 1");
    let bench = Bench::of(&site, &text).await;
    let mut socket = bench.open_as(&token).await.unwrap();
    let block = command(&["BLPOP", "a:list", "0"]);
    let part = command(&["SET", "a:1", "v"]);
    send(&mut socket, [block.clone(), block, part[..10].to_vec()].concat()).await;
    task::sleep(Duration::from_millis(1200)).await;
    bench.server.command(&["LPUSH", "a:list", "1", "2"]);
    send(&mut socket, &part[10..]).await;
    let mut all = Vec::new();
    while !all.ends_with(b"+OK\r\n") {
        all.extend(crate::common::receive(&mut socket, 1).await);
    }
}

/// What clients have begun, or what waits for room, is bounded for all of them together.
#[async_std::test]
async fn unfinished_requests_share_a_budget() {
    let (site, token) = (Site::new(), new_token().unwrap());
    let limits = "[limits]\nbuffered = \"1MiB\"\n";
    let bench = Bench::of(&site, &(with_token(&token) + limits)).await;
    let addr = bench.addr;
    let begin = |announced: usize, sent: usize| {
        let mut bytes = b"*3\r\n$3\r\nSET\r\n$3\r\na:1\r\n".to_vec();
        bytes.extend(format!("${announced}\r\n").bytes());
        bytes.extend(vec![b'x'; sent]);
        bytes
    };
    let overload = "redmux_gateway_closes_total{reason=\"overload\",code=\"1013\"}";
    let mut held = Vec::new();
    for bytes in [
        // A part of a command.
        frame(0x82, &begin(600_000, 60_000)).repeat(1),
        // A part of a message.
        [&[0x82, 0xff, 0, 0, 0, 0, 0, 0x08, 0, 0, 0, 0, 0, 0][..], &begin(500_000, 100)].concat(),
    ] {
        let secret = token.clone();
        let client = task::spawn_blocking(move || {
            let mut client = Raw::open(addr, Some(&secret));
            client.send(&bytes);
            client
        });
        held.push(client.await);
    }
    until("it is held", || bench.metric("redmux_gateway_buffered_bytes") > 520_000.0).await;
    let secret = token.clone();
    let closed = task::spawn_blocking(move || {
        let mut client = Raw::open(addr, Some(&secret));
        client.send(&[0x82, 0xff, 0, 0, 0, 0, 0, 0x0a, 0, 0, 0, 0, 0, 0]);
        client.closed()
    });
    assert_eq!(closed.await, Some(1013));
    assert_eq!(bench.metric(overload), 1.0);
    // Others go on: what is small is not counted.
    let mut socket = bench.open_as(&token).await.unwrap();
    assert_eq!(ask(&mut socket, "SET a:1 v", 5).await, "+OK\r\n");
    drop(held);
    until("all is given back", || bench.metric("redmux_gateway_buffered_bytes") == 0.0).await;
}

/// A client that reads nothing fills the server with no more than what was under way.
#[async_std::test]
async fn replies_that_are_not_taken_are_not_asked_for() {
    let bench = Bench::new(|config| config.slow_client_timeout = Duration::from_secs(3)).await;
    bench.server.command(&["SETRANGE", "big", "39999", "x"]);
    let addr = bench.addr;
    let asking = task::spawn_blocking(move || {
        let mut client = Raw::open(addr, None);
        let asks = frame(0x82, &command(&["GET", "big"]).repeat(1000));
        for _ in 0..30 {
            if client.0.write_all(&asks).is_err() {
                break;
            }
        }
        client
    });
    let stuck = "redmux_gateway_throttled_total";
    until("it must wait", || bench.metric(stuck) >= 1.0).await;
    until("it is closed", || bench.metric(SLOW) >= 1.0).await;
    drop(asking.await);
    // 30,000 replies were asked for: 1.2 GB. Besides what sockets held, 256 were under way.
    let forwarded = bench.metric("redmux_gateway_upstream_duration_seconds_count");
    let text = bench.server.command(&["INFO", "commandstats"]);
    let calls = text.lines().find_map(|line| line.strip_prefix("cmdstat_get:calls=")).unwrap();
    let calls: f64 = calls.split(',').next().unwrap().parse().unwrap();
    assert!(calls - forwarded <= 257.0, "{calls} were run, {forwarded} taken");
}

/// More commands than may be in flight are paced, not refused.
#[async_std::test]
async fn many_more_commands_than_fit_are_all_answered() {
    let (site, token) = (Site::new(), new_token().unwrap());
    let bench = Bench::of(&site, &with_token(&token)).await;
    let mut socket = bench.open_as(&token).await.unwrap();
    send(&mut socket, command(&["INCR", "a:n"]).repeat(20_000)).await;
    let expected: usize = (1..=20_000).map(|n: i32| n.to_string().len() + 3).sum();
    assert!(crate::common::receive(&mut socket, expected).await.ends_with(b":20000\r\n"));
    until("all is given back", || bench.handle.in_flight() == 0).await;
}

/// Files are read as they are taken.
#[async_std::test]
async fn files_that_are_not_taken_are_not_in_memory() {
    let (site, server) = (Site::new(), redmux_test_support::RedisServer::start());
    let file = std::fs::File::create(site.path("site/big.bin")).unwrap();
    file.set_len(20 << 20).unwrap();
    let folder = site.path("site");
    let upstream = server.addr().to_string();
    let serve = folder.to_str().unwrap();
    let args = ["--upstream", &upstream, "--listen", "127.0.0.1:0", "--serve", serve];
    let program = Program::start(&args, 1);
    let addr = program.addr();
    task::spawn_blocking(move || {
        let ask = || {
            let mut stream = TcpStream::connect(addr).unwrap();
            write!(stream, "GET /big.bin HTTP/1.1\r\nHost: {addr}\r\n\r\n").unwrap();
            stream
        };
        let mut first = ask();
        let mut head = [0; 15];
        first.read_exact(&mut head).unwrap();
        assert_eq!(&head, b"HTTP/1.1 200 OK");
        let mut unread: Vec<TcpStream> = (0..60).map(|_| ask()).collect();
        for stream in &mut unread {
            stream.read_exact(&mut head).unwrap();
        }
        let used = program.memory("VmHWM");
        assert!(used < 100 << 20, "{} MiB for 61 files of 20 MiB", used >> 20);
        // A client that reads gets the whole reply.
        let mut rest = Vec::new();
        first.read_to_end(&mut rest).unwrap();
        let body = rest.windows(4).position(|end| end == b"\r\n\r\n").unwrap() + 4;
        assert_eq!(rest.len() - body, 20 << 20);
    })
    .await;
}
