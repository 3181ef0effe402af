//! A probe of the program that asks an HTTP endpoint, as the document shows it.

use std::{
    error::Error,
    io::{Read, Write},
    net::{SocketAddr, TcpListener},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::SeqCst},
    },
    thread,
    time::{Duration, Instant},
};

use async_std::{
    io::{ReadExt, WriteExt},
    net::TcpStream,
    task,
};
use futures::StreamExt;
use redmux::{
    ConnectionMultiplexer, ErrorKind, Event,
    group::{GroupMember, GroupOptions, Probe},
};
use redmux_test_support::RedisServer;

use crate::world::active;

type Outcome = Result<(), Box<dyn Error + Send + Sync>>;

/// Answers as the REST API of Redis Software does about a database whose data is late by `lag` milliseconds.
fn rest_api(lag: Arc<AtomicU64>) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    // It ends with the process.
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut request = Vec::new();
            let mut chunk = [0; 1024];
            while !request.windows(4).any(|end| end == b"\r\n\r\n") {
                match stream.read(&mut chunk).unwrap() {
                    0 => break,
                    read => request.extend_from_slice(&chunk[..read]),
                }
            }
            let request = String::from_utf8(request).unwrap();
            let target = request.split(' ').nth(1).unwrap();
            let tolerance = target
                .strip_prefix(
                    "/v1/bdbs/7/availability?extend_check=lag&availability_lag_tolerance_ms=",
                )
                .and_then(|number| number.parse::<u64>().ok());
            let status = match tolerance {
                None => "404 Not Found",
                Some(tolerance) if lag.load(SeqCst) > tolerance => "503 Service Unavailable",
                Some(_) => "200 OK",
            };
            let reply =
                format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            stream.write_all(reply.as_bytes()).unwrap();
        }
    });
    address
}

async fn is_current(server: SocketAddr, database: u32) -> Outcome {
    let what = "availability?extend_check=lag&availability_lag_tolerance_ms=100";
    let mut stream = TcpStream::connect(server).await?;
    let request = format!(
        "GET /v1/bdbs/{database}/{what} HTTP/1.1\r\nHost: {server}\r\nConnection: close\r\n\r\n"
    );
    stream.write_all(request.as_bytes()).await?;
    let mut reply = String::new();
    stream.read_to_string(&mut reply).await?;
    match reply.split(' ').nth(1) {
        Some("200") => Ok(()),
        other => Err(format!("its cluster answers {other:?} for the database").into()),
    }
}

#[async_std::test]
async fn a_member_whose_data_is_late_is_left_and_taken_again() {
    let servers = [RedisServer::start(), RedisServer::start()];
    let lag = Arc::new(AtomicU64::new(20));
    let api = rest_api(lag.clone());
    let member =
        |name: &str, place: usize| GroupMember::new(name, servers[place].addr().to_string());
    let probe = Probe::custom(move |member: ConnectionMultiplexer| async move {
        member.database().ping().await?;
        is_current(api, 7).await
    });
    let members = [member("near", 0).weight(2.0).probe(probe), member("far", 1)];
    let options = GroupOptions::new().probes(1).probe_interval(Duration::from_millis(50));
    let options = options.probe_gap(Duration::from_millis(10));
    let environment = redmux::tcp::environment();
    let connect = ConnectionMultiplexer::connect_group_with(members, options, environment);
    let muxer = connect.await.unwrap();
    let mut events = muxer.events();
    assert_eq!(active(&muxer), "near");
    for (late, expected) in [(101, "far"), (100, "near")] {
        lag.store(late, SeqCst);
        let begun = Instant::now();
        while active(&muxer) != expected {
            assert!(begun.elapsed() < Duration::from_secs(20), "{}", muxer.status());
            task::sleep(Duration::from_millis(5)).await;
        }
        muxer.database().set("key", expected).await.unwrap();
    }
    let error = loop {
        if let Some(Event::MemberHealthChanged(change)) = events.next().await {
            assert_eq!((&*change.member, change.healthy), ("near", false));
            break change.error.unwrap();
        }
    };
    assert_eq!(error.kind(), ErrorKind::Unhealthy);
    assert_eq!(
        error.to_string(),
        "not healthy: its cluster answers Some(\"503\") for the database"
    );
    muxer.close().await;
}
