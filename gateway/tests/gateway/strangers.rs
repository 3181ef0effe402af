//! Those who have shown no credential: how many there may be, and what they may take.

use std::{
    io::{Read, Write},
    net::{IpAddr, Ipv4Addr, TcpStream},
    time::{Duration, Instant},
};

use async_std::task;
use redmux_gateway::new_token;
use redmux_test_support::RedisServer;

use crate::{
    access::with_token,
    common::{
        Bench, ask,
        frames::frame,
        program::Program,
        raw::{Raw, connect_from},
        site::Site,
        status, until,
    },
};

fn loopback(last: u8) -> IpAddr {
    Ipv4Addr::new(127, 0, 0, last).into()
}

#[async_std::test]
async fn strangers_of_one_address_leave_room_for_others() {
    let (site, token) = (Site::new(), new_token().unwrap());
    let limits = "[limits]\nconnections = 5\nunauthenticated = 40\nunauthenticated_per_address = 30\n\
                  [timeouts]\nhandshake = \"60s\"\n";
    let bench = Bench::of(&site, &(with_token(&token) + limits)).await;
    let addr = bench.addr;
    // They ask for something and never end.
    let open = move || {
        let mut stream = connect_from(loopback(1), addr);
        let _ = stream.write_all(b"G");
        stream
    };
    let held: Vec<TcpStream> =
        task::spawn_blocking(move || (0..50).map(|_| open()).collect()).await;
    let dropped = "redmux_gateway_dropped_sockets_total{limit=\"unauthenticated_per_address\"}";
    until("those that are too many are dropped", || bench.metric(dropped) >= 20.0).await;
    assert_eq!(bench.metric("redmux_gateway_unauthenticated_sockets"), 30.0);
    // A client from elsewhere is let in.
    let secret = token.clone();
    let client = task::spawn_blocking(move || {
        Raw::open_from(loopback(2), addr, Some(&secret)).map_err(|answer| format!("{answer:?}"))
    });
    let _client = client.await.unwrap();
    // Together they are bounded too, whatever their addresses are.
    let more = move || (10..30).map(|last| connect_from(loopback(last), addr)).collect();
    let _more: Vec<TcpStream> = task::spawn_blocking(more).await;
    let dropped = "redmux_gateway_dropped_sockets_total{limit=\"unauthenticated\"}";
    until("those that are too many are dropped", || bench.metric(dropped) >= 10.0).await;
    drop(held);
    until("room is given back", || bench.metric("redmux_gateway_unauthenticated_sockets") <= 10.0)
        .await;
}

#[async_std::test]
async fn silent_websockets_take_no_place_of_clients() {
    let (site, token) = (Site::new(), new_token().unwrap());
    let limits = "[limits]\nconnections = 2\n[access]\nfirst_message = \"60s\"\n";
    let bench = Bench::of(&site, &(with_token(&token) + limits)).await;
    let mut silent = Vec::new();
    for _ in 0..10 {
        silent.push(bench.open().await);
    }
    assert_eq!(bench.handle.clients(), 0);
    let mut socket = bench.open_as(&token).await.unwrap();
    assert_eq!(ask(&mut socket, "SET a:1 v", 5).await, "+OK\r\n");
    let _second = bench.open_as(&token).await.unwrap();
    assert_eq!(status(bench.open_as(&token).await), 503);
}

#[async_std::test]
async fn newcomers_of_one_address_take_their_turn() {
    let (site, token) = (Site::new(), new_token().unwrap());
    let limits = "[limits]\narrivals_per_address = 10\n";
    let bench = Bench::of(&site, &(with_token(&token) + limits)).await;
    let before = Instant::now();
    for _ in 0..15 {
        let _ = bench.open_as(&token).await.unwrap();
    }
    assert!(before.elapsed() > Duration::from_millis(450), "{:?}", before.elapsed());
}

/// Pings of strangers are counted, and what they are answered with is not kept for them.
#[async_std::test]
async fn a_stranger_may_not_ping_for_ever() {
    let (site, token) = (Site::new(), new_token().unwrap());
    let text = with_token(&token) + "[access]\nfirst_message = \"60s\"\n";
    let bench = Bench::of(&site, &text).await;
    let addr = bench.addr;
    for flood in [frame(0x89, &[b'x'; 125]), frame(0x8a, b""), frame(0x82, b"")] {
        let code =
            task::spawn_blocking(move || Raw::open(addr, None).send(&flood.repeat(1000)).closed());
        assert!(matches!(code.await, Some(4401) | None));
    }
    let turned_away = "redmux_gateway_closes_total{reason=\"unauthenticated\",code=\"4401\"}";
    assert_eq!(bench.metric(turned_away), 3.0);
}

/// A log that nobody reads holds nobody up: neither pipe nor disk is waited for.
#[async_std::test]
async fn strangers_cannot_stop_the_gateway_by_filling_its_log() {
    let (site, token, server) = (Site::new(), new_token().unwrap(), RedisServer::start());
    let text = with_token(&token).replace("{redis}", &server.addr().to_string())
        + "[audit]\nfile = \"stderr\"\ncommands = \"all\"\n\
           [limits]\narrivals_per_address = \"off\"\n";
    site.write("gateway.toml", &text);
    let file = site.path("gateway.toml");
    // Its standard error is a pipe of 64 KiB that nobody reads.
    let mut program = Program::start(&["--config", file.to_str().unwrap()], 1);
    let addr = program.addr();
    let wrong = new_token().unwrap();
    let refused = task::spawn_blocking(move || {
        for _ in 0..1000 {
            let refused = Raw::open_from(loopback(3), addr, Some(&wrong)).err().unwrap();
            assert!(refused.starts_with("HTTP/1.1 401 "), "{refused}");
        }
    });
    refused.await;
    let bench = crate::common::Elsewhere { addr };
    let mut socket = bench.open_as(&token).await.unwrap();
    for _ in 0..1000 {
        assert_eq!(ask(&mut socket, "SET a:1 v", 5).await, "+OK\r\n");
    }
    drop(socket);
    // Once it is read, it tells of what was held back or lost.
    let log = task::spawn_blocking(move || {
        let mut stderr = program.stderr();
        let (mut log, mut buffer) = (String::new(), vec![0; 64 << 10]);
        while !log.contains("event=client-gone") {
            let n = stderr.read(&mut buffer).unwrap();
            assert!(n > 0, "{log}");
            log.push_str(&String::from_utf8_lossy(&buffer[..n]));
        }
        program.signal("-TERM");
        log
    });
    let log = log.await;
    assert!(log.contains("\"event\":\"denied\"") && !log.contains(&token));
    assert!(log.matches("event=denied").count() < 1000);
}

#[async_std::test]
async fn the_address_of_metrics_is_for_those_who_name_it() {
    let (site, token) = (Site::new(), new_token().unwrap());
    let text =
        with_token(&token) + "[admin]\naddress = \"127.0.0.1:0\"\nhosts = [\"gateway.internal\"]\n";
    let bench = Bench::of(&site, &text).await;
    let admin = bench.admin.unwrap();
    let ask = move |host: &str| {
        let request = format!("GET /metrics HTTP/1.1\r\nHost: {host}\r\n\r\n");
        task::spawn_blocking(move || {
            let mut stream = TcpStream::connect(admin).unwrap();
            stream.write_all(request.as_bytes()).unwrap();
            let mut answer = String::new();
            let _ = stream.read_to_string(&mut answer);
            answer
        })
    };
    for (host, code) in [
        ("rebound.example", "421"),
        ("127.0.0.1:9100", "200"),
        ("localhost", "200"),
        ("gateway.internal:9100", "200"),
    ] {
        let answer = ask(host).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {code} ")), "{host}: {answer}");
    }
    // Sockets that ask nothing are bounded; those that are too many are closed.
    let open = move || (0..40).map(|_| TcpStream::connect(admin).unwrap()).collect();
    let held: Vec<TcpStream> = task::spawn_blocking(open).await;
    let dropped = "redmux_gateway_dropped_sockets_total{limit=\"admin\"}";
    until("those that are too many are dropped", || bench.metric(dropped) >= 8.0).await;
    drop(held);
}
