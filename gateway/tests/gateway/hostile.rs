//! Clients that break the WebSocket protocol, or RESP, or try to take more than their part.

use std::{
    io::{Read, Write},
    net::TcpStream,
    time::{Duration, Instant},
};

use async_std::task;
use redmux_gateway::new_token;

use crate::{
    access::with_token,
    common::{Bench, ask, closed, command, frames::frame, raw::Raw, send, site::Site, until},
};

#[async_std::test]
async fn broken_frames_end_the_connection_with_a_reason() {
    let bench = Bench::new(|_| {}).await;
    let ping = command(&["PING"]);
    let unmasked = [&[0x82, ping.len() as u8], ping.as_slice()].concat();
    for (what, bytes, code) in [
        ("unmasked", unmasked, 1002),
        ("reserved bits", frame(0xf2, &ping), 1002),
        ("an unknown kind", frame(0x83, &ping), 1002),
        ("a continuation of nothing", frame(0x80, &ping), 1002),
        ("a message within a message", [frame(0x02, b"*"), frame(0x82, b"*")].concat(), 1002),
        ("a fragmented ping", frame(0x09, b""), 1002),
        ("a long ping", frame(0x89, &[b'x'; 126]), 1002),
        ("text", frame(0x81, b"PING"), 1003),
        ("text that is not UTF-8", frame(0x81, &[0xff, 0xfe, 0xc0]), 1007),
        ("2^63 bytes announced", [vec![0x82, 0xff], vec![0x7f; 8]].concat(), 1009),
        ("2^64 bytes announced", [vec![0x82, 0xff], vec![0xff; 8]].concat(), 1009),
        ("4 GiB announced", vec![0x82, 0xff, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0], 1009),
        ("an HTTP request", b"POST / HTTP/1.1\r\nHost: x\r\n\r\n".repeat(8), 1002),
    ] {
        let mut client = Raw::open(bench.addr, None);
        let found = task::spawn_blocking(move || client.send(&bytes).closed()).await;
        assert_eq!(found, Some(code), "{what}");
    }
    until("all are gone", || bench.handle.clients() == 0).await;
}

#[async_std::test]
async fn a_million_fragments_cost_nothing() {
    let bench = Bench::new(|_| {}).await;
    for (filler, content) in [(0x00, &b""[..]), (0x00, b"x"), (0x89, b"")] {
        let mut client = Raw::open(bench.addr, None);
        let flood = [frame(0x02, b""), frame(filler, content).repeat(1_000_000)].concat();
        let found = task::spawn_blocking(move || client.send(&flood).closed()).await;
        // The gateway may be gone before the flood is over, and its close frame with it.
        assert!(matches!(found, Some(1009) | None), "{found:?}");
        until("it is gone", || bench.handle.clients() == 0).await;
    }
    let fragments = "redmux_gateway_closes_total{reason=\"too-many-fragments\",code=\"1009\"}";
    assert!(bench.metric(fragments) >= 3.0, "{}", bench.handle.metrics());
    // What is within the limits is put together.
    let mut client = Raw::open(bench.addr, None);
    let ping = command(&["PING"]);
    let mut parts = frame(0x02, &ping[..1]);
    for byte in &ping[1..ping.len() - 1] {
        parts.extend([frame(0x89, b"between"), frame(0x00, &[*byte])].concat());
    }
    parts.extend(frame(0x80, &ping[ping.len() - 1..]));
    let answer = task::spawn_blocking(move || {
        client.send(&parts);
        let mut bytes = Vec::new();
        while !bytes.ends_with(b"+PONG\r\n") {
            let mut byte = [0];
            assert_eq!(client.0.read(&mut byte).unwrap(), 1);
            bytes.push(byte[0]);
        }
    });
    answer.await;
}

#[async_std::test]
async fn slow_heads_are_cut_off_and_do_not_hold_up_others() {
    let bench = Bench::new(|config| {
        config.handshake_timeout = Duration::from_millis(500);
        config.limits.connections = Some(4);
    })
    .await;
    // One byte at a time, without end: the limit is on the whole head.
    let addr = bench.addr;
    let dripping: Vec<_> = (0..20)
        .map(|_| {
            task::spawn_blocking(move || {
                let mut stream = TcpStream::connect(addr).unwrap();
                let begun = Instant::now();
                for byte in b"GET /redis HTTP/1.1\r\nA: ".iter().chain([b'x'; 10_000].iter()) {
                    if stream.write_all(&[*byte]).is_err() {
                        break;
                    }
                    std::thread::sleep(Duration::from_millis(20));
                }
                begun.elapsed()
            })
        })
        .collect();
    let mut socket = bench.open().await;
    assert_eq!(ask(&mut socket, "PING", 7).await, "+PONG\r\n");
    for dripping in dripping {
        assert!(dripping.await < Duration::from_secs(20));
    }
}

#[async_std::test]
async fn a_message_that_drips_is_idle() {
    let bench = Bench::new(|config| {
        config.change_policies(|policy| policy.client.idle = Some(Duration::from_millis(500)));
    })
    .await;
    let mut client = Raw::open(bench.addr, None);
    let code = task::spawn_blocking(move || {
        client.send(&[0x82, 0xfe, 0x10, 0, 0, 0, 0, 0]);
        for _ in 0..100 {
            if client.0.write_all(b"*").is_err() {
                break;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        client.closed()
    });
    assert!(matches!(code.await, Some(4408) | None));
    until("it is gone", || bench.handle.clients() == 0).await;
    let idle = "redmux_gateway_closes_total{reason=\"idle\",code=\"4408\"}";
    assert_eq!(bench.metric(idle), 1.0);
}

#[async_std::test]
async fn a_client_that_vanishes_without_a_word_is_let_go() {
    // Half-open: it neither answers nor resets, as behind a router that forgot it.
    let bench = Bench::new(|config| {
        config.ping_interval = Duration::from_millis(100);
        config.pong_timeout = Duration::from_millis(200);
    })
    .await;
    let client = Raw::open(bench.addr, None);
    until("it is noticed", || bench.handle.clients() == 0).await;
    let gone = "redmux_gateway_closes_total{reason=\"no-pong\",code=\"0\"}";
    assert_eq!(bench.metric(gone), 1.0);
    drop(client);
}

/// What a parser could read in two ways reaches nobody.
#[async_std::test]
async fn nothing_is_smuggled_past_the_policy() {
    let (site, token) = (Site::new(), new_token().unwrap());
    let bench = Bench::of(&site, &with_token(&token)).await;
    let good = "*3\r\n$3\r\nSET\r\n$3\r\na:1\r\n";
    for bytes in [
        // A command in a value is a value.
        format!("{good}$28\r\n\r\n*1\r\n$8\r\nFLUSHALL\r\n\r\nFLUSH\r\n"),
        // Lengths that lie, in either direction.
        format!("{good}$1\r\nvFLUSHALL\r\n"),
        format!("{good}$1\r\nv\r\nFLUSHALL\r\n"),
        format!("{good}$-1\r\n*1\r\n$8\r\nFLUSHALL\r\n"),
        format!("{good}$+1\r\nv\r\n*1\r\n$8\r\nFLUSHALL\r\n"),
        // Lines ended otherwise, numbers written otherwise.
        "*1\n$8\nFLUSHALL\n".to_owned(),
        "*1\r$8\rFLUSHALL\r".to_owned(),
        "* 1\r\n$8\r\nFLUSHALL\r\n".to_owned(),
        "*1 \r\n$8\r\nFLUSHALL\r\n".to_owned(),
        "*0x1\r\n$8\r\nFLUSHALL\r\n".to_owned(),
        // Inline commands, and what precedes one.
        "FLUSHALL\r\n".to_owned(),
        "\r\nFLUSHALL\r\n".to_owned(),
        "*0\r\nFLUSHALL\r\n".to_owned(),
        "*-1\r\nFLUSHALL\r\n".to_owned(),
        // One word for two, in whatever case.
        "*1\r\n$13\r\nflushall sync\r\n".to_owned(),
        "*1\r\n$9\r\nFLUSHALL\0\r\n".to_owned(),
        "*1\r\n$8\r\nfLuShAlL\r\n".to_owned(),
        "*2\r\n$6\r\nCONFIG\r\n$12\r\nSET dir /tmp\r\n".to_owned(),
    ] {
        bench.server.command(&["SET", "b:keep", "v"]);
        let mut socket = bench.open_as(&token).await.unwrap();
        send(&mut socket, bytes.clone()).await;
        // Four denials at the latest end it.
        send(&mut socket, command(&["KEYS", "*"]).repeat(5)).await;
        let (code, _) = closed(&mut socket).await;
        assert!(matches!(code, 4400 | 4403 | 1006), "{bytes:?}: {code}");
        assert_eq!(bench.server.command(&["GET", "b:keep"]), "v", "{bytes:?}");
    }
    assert_eq!(bench.server.command(&["CONFIG", "GET", "dir"]).matches("/tmp\n").count(), 0);
}

#[async_std::test]
async fn what_is_announced_is_not_allocated() {
    let bench = Bench::new(|_| {}).await;
    let before = memory();
    let mut sockets = Vec::new();
    for _ in 0..50 {
        let mut socket = bench.open().await;
        // A million words, or 60 MiB, of which nothing comes.
        send(&mut socket, b"*1000000\r\n".to_vec()).await;
        sockets.push(socket);
        let mut socket = bench.open().await;
        send(&mut socket, b"*2\r\n$3\r\nGET\r\n$62914560\r\n".to_vec()).await;
        sockets.push(socket);
    }
    until("all have come", || bench.metric("redmux_gateway_received_bytes_total") >= 1650.0).await;
    let grown = memory().saturating_sub(before);
    assert!(grown < 256 << 20, "{} KiB for 100 clients", grown >> 10);
}

/// Resident bytes of this process.
fn memory() -> usize {
    let text = std::fs::read_to_string("/proc/self/statm").unwrap();
    let pages: usize = text.split_whitespace().nth(1).unwrap().parse().unwrap();
    pages * 4096
}
