use std::sync::atomic::AtomicBool;

use redmux::{
    Endpoint,
    options::{Credentials, CredentialsProvider, ReconnectPolicy},
    resp::Protocol,
    transport::{BoxFuture, DialError, DialStage},
};
use redmux_memory::DialAnswer;

use super::*;

/// A server that hangs up on `BREAK`, and is away while the flag is set.
fn server_that_goes_away() -> (SimRuntime, MemoryTransport, Arc<AtomicBool>) {
    let runtime = SimRuntime::new();
    let (transport, listener) = MemoryTransport::new();
    let away = Arc::new(AtomicBool::new(false));
    let seen = away.clone();
    listener.decide(move |_| match seen.load(Ordering::SeqCst) {
        true => DialAnswer::Refuse(DialError::new(
            DialStage::Dial,
            std::io::Error::from(std::io::ErrorKind::ConnectionRefused),
        )),
        false => DialAnswer::Accept,
    });
    listen(&runtime, listener, || {
        |words: &[Vec<u8>]| match &words[0][..] {
            b"BREAK" => Answer::HangUp,
            _ => polite(words),
        }
    });
    (runtime, transport, away)
}

#[test]
fn a_command_that_waits_or_a_program_that_asks_cuts_a_back_off_short() {
    let (runtime, transport, away) = server_that_goes_away();
    let environment = environment(&runtime, transport);
    let connect = ConnectionMultiplexer::connect_with(options(), environment);
    let muxer = runtime.block_on(connect).unwrap();
    for round in 0..20 {
        away.store(true, Ordering::SeqCst);
        runtime.block_on(muxer.execute::<()>("BREAK", ())).unwrap_err();
        runtime.advance(60 * SECOND);
        let brief = muxer.execute::<()>("ECHO", ["x"]).timeout(Duration::from_millis(1));
        let error = runtime.block_on(brief).unwrap_err().to_string();
        let told =
            error.contains("next attempt in") || error.contains("1 failed connection attempt");
        assert!(told && !error.contains(" 1 failed connection attempts"), "{error}");
        away.store(false, Ordering::SeqCst);
        let start = runtime.elapsed();
        if round % 2 == 0 {
            runtime.block_on(muxer.execute::<()>("ECHO", ["x"])).unwrap();
        } else {
            muxer.reconnect();
            while !muxer.is_connected() {
                runtime.advance(Duration::from_millis(10));
            }
        }
        let took = runtime.elapsed() - start;
        assert!(took <= Duration::from_millis(1600), "round {round}: {took:?}");
        assert!(!muxer.status().to_string().contains("may have been executed"));
    }
}

#[test]
fn connections_that_carry_traffic_and_die_young_are_replaced_soon_and_not_at_once() {
    let (runtime, transport, _) = server_that_goes_away();
    let environment = environment(&runtime, transport);
    let connect = ConnectionMultiplexer::connect_with(options(), environment);
    let muxer = runtime.block_on(connect).unwrap();
    let start = runtime.elapsed();
    for round in 0..40 {
        let before = runtime.elapsed();
        runtime.block_on(muxer.execute::<()>("ECHO", ["x"])).unwrap();
        let took = runtime.elapsed() - before;
        assert!(took <= Duration::from_millis(400), "round {round}: {took:?}");
        runtime.block_on(muxer.execute::<()>("BREAK", ())).unwrap_err();
    }
    let all = runtime.elapsed() - start;
    assert!(all >= Duration::from_millis(39 * 240), "40 connections in {all:?}");
}

#[derive(Debug)]
struct Panics;

impl ReconnectPolicy for Panics {
    fn delay(&self, _attempt: u32, _outage: Duration, _random: u64) -> Duration {
        panic!("this test wants it")
    }
}

impl CredentialsProvider for Panics {
    fn credentials<'a>(
        &'a self,
        _server: &'a Endpoint,
    ) -> BoxFuture<'a, Result<Credentials, Box<dyn std::error::Error + Send + Sync>>> {
        panic!("this test wants it")
    }
}

#[test]
fn a_policy_that_panics_is_reported_and_the_connection_comes_back() {
    let (runtime, transport, _) = server_that_goes_away();
    let environment = environment(&runtime, transport);
    let options = options().reconnect_policy(Panics);
    let connect = ConnectionMultiplexer::connect_with(options, environment);
    let muxer = runtime.block_on(connect).unwrap();
    let mut events = muxer.events();
    runtime.block_on(muxer.execute::<()>("BREAK", ())).unwrap_err();
    runtime.block_on(muxer.execute::<()>("ECHO", ["x"])).unwrap();
    let told = runtime.block_on(async {
        loop {
            if let Some(Event::InternalError(error)) = events.next().await {
                return error.origin;
            }
        }
    });
    assert_eq!(told, "reconnect policy");
}

#[test]
fn a_provider_that_panics_is_a_failure_to_connect() {
    let (runtime, transport, _) = server_that_goes_away();
    let environment = environment(&runtime, transport);
    let options = options().credentials_provider(Panics);
    let error =
        runtime.block_on(ConnectionMultiplexer::connect_with(options, environment)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connect(ConnectStage::Credentials), "{error}");
    assert!(error.to_string().contains("panicked"), "{error}");
}

#[test]
fn behind_a_proxy_that_hangs_up_on_hello_the_plain_way_in_is_tried_once() {
    let runtime = SimRuntime::new();
    let (transport, listener) = MemoryTransport::new();
    listen(&runtime, listener, || {
        |words: &[Vec<u8>]| match &words[0][..] {
            b"HELLO" | b"CLIENT" | b"BREAK" => Answer::HangUp,
            _ => polite(words),
        }
    });
    let environment = environment(&runtime, transport);
    let options = options().connect_retry(1).client_name("me");
    let connect = ConnectionMultiplexer::connect_with(options, environment);
    let muxer = runtime.block_on(connect).unwrap();
    assert_eq!(muxer.status().connections[0].protocol, Protocol::Resp2);
    let echo = || runtime.block_on(muxer.execute::<String>("ECHO", ["x"])).unwrap();
    assert_eq!(echo(), "x");
    // And on the next connection.
    runtime.block_on(muxer.execute::<()>("BREAK", ())).unwrap_err();
    assert_eq!(echo(), "x");
}

#[test]
fn a_peer_that_hangs_up_without_a_word_gets_the_likely_reasons_named() {
    let runtime = SimRuntime::new();
    let (transport, listener) = MemoryTransport::new();
    listen(&runtime, listener, || |_: &[Vec<u8>]| Answer::HangUp);
    let environment = environment(&runtime, transport);
    let connect = ConnectionMultiplexer::connect_with(options().connect_retry(1), environment);
    let error = runtime.block_on(connect).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connect(ConnectStage::Handshake));
    let text = error.to_string();
    for hint in ["rediss://", "protocol=resp2", "commandMap=twemproxy"] {
        assert!(text.contains(hint), "{text}");
    }
    assert!(!text.contains("may have been executed"), "{text}");
}

#[test]
fn a_peer_that_speaks_tls_is_recognised() {
    let runtime = SimRuntime::new();
    let (transport, listener) = MemoryTransport::new();
    listen(&runtime, listener, || {
        |_: &[Vec<u8>]| Answer::Reply(b"\x15\x03\x03\x00\x02\x02\x46".to_vec())
    });
    let environment = environment(&runtime, transport);
    let connect = ConnectionMultiplexer::connect_with(options().connect_retry(1), environment);
    let error = runtime.block_on(connect).unwrap_err();
    assert!(error.to_string().contains("speaks TLS"), "{error}");
}
