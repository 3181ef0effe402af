//! The whole client on simulated time, against a scripted server in the same process.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

#[path = "simulated/announced.rs"]
mod announced;
#[cfg(feature = "topology")]
#[path = "simulated/clusters.rs"]
mod clusters;
#[path = "simulated/delivery.rs"]
mod delivery;
#[path = "simulated/demoted.rs"]
mod demoted;
#[path = "simulated/redial.rs"]
mod redial;
#[cfg(feature = "topology")]
#[path = "simulated/shards.rs"]
mod shards;

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use futures::{AsyncWriteExt, StreamExt, future::join_all};
use redmux::{
    ConnectionMultiplexer, Delivery, ErrorKind, Event, Options,
    error::{ConnectStage, TimeoutStage},
    events::FailureType,
    transport::{Capabilities, Environment, Runtime},
};
use redmux_memory::{Duplex, MemoryListener, MemoryTransport, SimRuntime};
use redmux_test_support::Commands;

const SECOND: Duration = Duration::from_secs(1);

/// What a scripted server does with a command
enum Answer {
    Reply(Vec<u8>),
    Silence,
    HangUp,
}

/// Answers like Redis, as far as these tests go.
fn polite(words: &[Vec<u8>]) -> Answer {
    Answer::Reply(match (&words[0][..], words.get(1)) {
        (b"HELLO", _) => b"%1\r\n$5\r\nproto\r\n:3\r\n".to_vec(),
        (b"ECHO", Some(text)) => {
            [format!("${}\r\n", text.len()).as_bytes(), text, b"\r\n"].concat()
        }
        (b"PING", _) => b"+PONG\r\n".to_vec(),
        _ => b"+OK\r\n".to_vec(),
    })
}

/// Serves one connection until it ends.
async fn serve(stream: Duplex, mut answer: impl FnMut(&[Vec<u8>]) -> Answer) {
    let mut commands = Commands::of(stream);
    while let Some(words) = commands.next().await {
        match answer(&words) {
            Answer::Reply(bytes) => {
                if commands.stream.write_all(&bytes).await.is_err() {
                    return;
                }
            }
            Answer::Silence => {}
            Answer::HangUp => return,
        }
    }
}

/// Accepts any number of connections and serves each with a fresh script.
fn listen<F>(
    runtime: &SimRuntime,
    listener: MemoryListener,
    script: impl Fn() -> F + Send + 'static,
) where
    F: FnMut(&[Vec<u8>]) -> Answer + Send + 'static,
{
    let spawner = runtime.clone();
    runtime.spawn(Box::pin(async move {
        loop {
            let (stream, _) = listener.accept().await;
            let answer = script();
            spawner.spawn(Box::pin(serve(stream, answer)));
        }
    }));
}

fn environment(runtime: &SimRuntime, transport: MemoryTransport) -> Environment {
    Environment::new(transport, runtime.clone())
}

fn options() -> Options {
    Options::new("simulated:1")
}

/// A client, and a server that is polite until told to be silent.
fn client_with_mutable_server(
    options: Options,
) -> (SimRuntime, ConnectionMultiplexer, Arc<AtomicUsize>) {
    let runtime = SimRuntime::new();
    let (transport, listener) = MemoryTransport::new();
    let silent = Arc::new(AtomicUsize::new(0));
    let seen = silent.clone();
    listen(&runtime, listener, move || {
        let seen = seen.clone();
        move |words: &[Vec<u8>]| match seen.load(Ordering::SeqCst) {
            0 => polite(words),
            _ => Answer::Silence,
        }
    });
    let connect = ConnectionMultiplexer::connect_with(options, environment(&runtime, transport));
    let muxer = runtime.block_on(connect).expect("the polite server accepts");
    (runtime, muxer, silent)
}

fn near(actual: Duration, expected: Duration) -> bool {
    actual >= expected && actual <= expected + Duration::from_millis(2)
}

#[test]
fn commands_time_out_on_the_millisecond() {
    let (runtime, muxer, silent) = client_with_mutable_server(options());
    silent.store(1, Ordering::SeqCst);
    for (timeout, expected) in [
        (None, 5 * SECOND),
        (Some(50), Duration::from_millis(50)),
        (Some(7), Duration::from_millis(7)),
    ] {
        let start = runtime.elapsed();
        let call = muxer.execute::<String>("ECHO", ["x"]);
        let error = runtime
            .block_on(async {
                match timeout {
                    Some(ms) => call.timeout(Duration::from_millis(ms)).await,
                    None => call.await,
                }
            })
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Timeout(TimeoutStage::Response));
        let took = runtime.elapsed() - start;
        assert!(near(took, expected), "{took:?} instead of {expected:?}");
        assert!(near(error.diagnostics().unwrap().elapsed, expected));
    }
}

#[test]
fn a_connect_that_hangs_is_given_up_in_time() {
    for hang_at_dial in [true, false] {
        let runtime = SimRuntime::new();
        let (transport, listener) = MemoryTransport::new();
        if hang_at_dial {
            listener.hang_next();
        } else {
            listen(&runtime, listener, || |_: &[Vec<u8>]| Answer::Silence);
        }
        let options = options().connect_retry(1).connect_timeout(SECOND);
        let connect =
            ConnectionMultiplexer::connect_with(options, environment(&runtime, transport));
        let error = runtime.block_on(connect).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Timeout(TimeoutStage::Connect), "{error}");
        assert_eq!(error.delivery(), Delivery::NotSent);
        assert!(near(runtime.elapsed(), SECOND), "{:?}", runtime.elapsed());
    }
}

#[test]
fn a_half_open_connection_is_noticed_and_replaced() {
    let (runtime, muxer, silent) = client_with_mutable_server(options());
    let mut events = muxer.events();
    silent.store(1, Ordering::SeqCst);
    let start = runtime.elapsed();
    let Some(Event::ConnectionFailed(failed)) = runtime.block_on(events.next()) else {
        panic!("the silence is noticed")
    };
    assert_eq!(failed.failure, FailureType::Unresponsive);
    // Ten seconds idle, five for the probe.
    let took = runtime.elapsed() - start;
    assert!(near(took, 15 * SECOND), "{took:?}");
    silent.store(0, Ordering::SeqCst);
    let Some(Event::ConnectionRestored(_)) = runtime.block_on(events.next()) else {
        panic!("it is replaced")
    };
    // With a command in flight it takes two seconds instead of ten.
    silent.store(1, Ordering::SeqCst);
    let start = runtime.elapsed();
    let call = muxer.execute::<String>("ECHO", ["x"]).timeout(Duration::MAX);
    let error = runtime.block_on(call).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionLost);
    let took = runtime.elapsed() - start;
    assert!(near(took, 7 * SECOND), "{took:?}");
}

#[test]
fn redials_begin_at_once_and_then_back_off() {
    let runtime = SimRuntime::new();
    let (transport, listener) = MemoryTransport::new();
    let times = Arc::new(Mutex::new(Vec::new()));
    let (log, clock) = (times.clone(), runtime.clone());
    listener.decide(move |_| {
        log.lock().unwrap().push(clock.elapsed());
        redmux_memory::DialAnswer::Refuse(redmux::transport::DialError::new(
            redmux::transport::DialStage::Dial,
            std::io::Error::from(std::io::ErrorKind::ConnectionRefused),
        ))
    });
    let options = options().abort_on_connect_fail(false);
    let connect = ConnectionMultiplexer::connect_with(options, environment(&runtime, transport));
    let muxer = runtime.block_on(connect).unwrap();
    runtime.advance(120 * SECOND);
    let times = times.lock().unwrap().clone();
    let waits: Vec<Duration> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert_eq!(waits[0], Duration::ZERO);
    for (n, wait) in waits.iter().enumerate().skip(1) {
        let bound =
            Duration::from_millis(100).saturating_mul(1 << (n - 1).min(20)).min(10 * SECOND);
        assert!(*wait <= bound + Duration::from_millis(2), "wait {n}: {wait:?} over {bound:?}");
    }
    // Full jitter: the mean is half the bound, so about 24 more attempts fit in two minutes.
    assert!((15..60).contains(&times.len()), "{} attempts", times.len());
    let error = runtime.block_on(muxer.execute::<String>("ECHO", ["x"])).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout(TimeoutStage::Queue));
    assert!(error.to_string().contains("connection refused"), "{error}");
}

#[test]
fn a_server_that_hangs_up_after_the_handshake_is_not_hammered() {
    let runtime = SimRuntime::new();
    let (transport, listener) = MemoryTransport::new();
    let dials = Arc::new(AtomicUsize::new(0));
    let count = dials.clone();
    listen(&runtime, listener, move || {
        count.fetch_add(1, Ordering::SeqCst);
        let mut commands = 0;
        move |words: &[Vec<u8>]| {
            commands += 1;
            // HELLO and two CLIENT SETINFO make the client ready.
            if commands > 2 { Answer::HangUp } else { polite(words) }
        }
    });
    let options = options().abort_on_connect_fail(false).library_info(true);
    let connect = ConnectionMultiplexer::connect_with(options, environment(&runtime, transport));
    let _muxer = runtime.block_on(connect).unwrap();
    runtime.advance(60 * SECOND);
    let dials = dials.load(Ordering::SeqCst);
    assert!((5..60).contains(&dials), "{dials} dials in a minute");
}

#[test]
fn big_requests_and_big_replies_pass_each_other_in_a_narrow_pipe() {
    for capabilities in [Capabilities::stream(), Capabilities::vectored(), Capabilities::messages()]
    {
        let runtime = SimRuntime::new();
        let (transport, listener) = MemoryTransport::new();
        let transport = transport.with_capacity(61, 67).with_capabilities(capabilities);
        // This server does not read while it cannot write, as Redis may not.
        listen(&runtime, listener, || polite);
        let connect =
            ConnectionMultiplexer::connect_with(options(), environment(&runtime, transport));
        let muxer = runtime.block_on(connect).unwrap();
        let texts: Vec<String> = (0..20).map(|n| n.to_string().repeat(5000)).collect();
        let calls = texts.iter().map(|text| {
            // Shared arguments go out vectored, borrowed ones are copied.
            let shared = bytes::Bytes::from(text.clone());
            muxer.execute::<String>("ECHO", [shared]).timeout(Duration::MAX)
        });
        let echoes = runtime.block_on(join_all(calls));
        for (text, echo) in texts.iter().zip(echoes) {
            assert!(echo.unwrap() == *text);
        }
    }
}

#[test]
fn bytes_that_come_one_by_one_make_the_same_replies() {
    let runtime = SimRuntime::new();
    let (transport, listener) = MemoryTransport::new();
    let spawner = runtime.clone();
    runtime.spawn(Box::pin(async move {
        loop {
            let (stream, _) = listener.accept().await;
            stream.set_peer_max_read(1);
            spawner.spawn(Box::pin(serve(stream, polite)));
        }
    }));
    let connect = ConnectionMultiplexer::connect_with(options(), environment(&runtime, transport));
    let muxer = runtime.block_on(connect).unwrap();
    for n in 0..200usize {
        let text = "y".repeat(n);
        let echo = runtime.block_on(muxer.execute::<String>("ECHO", [&text])).unwrap();
        assert_eq!(echo, text);
    }
}

#[test]
fn bytes_that_are_not_resp_end_the_connection_and_only_that() {
    let runtime = SimRuntime::new();
    let (transport, listener) = MemoryTransport::new();
    listen(&runtime, listener, || {
        |words: &[Vec<u8>]| match &words[0][..] {
            b"BREAK" => Answer::Reply(b"?what\r\n".to_vec()),
            _ => polite(words),
        }
    });
    let connect = ConnectionMultiplexer::connect_with(options(), environment(&runtime, transport));
    let muxer = runtime.block_on(connect).unwrap();
    let mut events = muxer.events();
    let error = runtime.block_on(muxer.execute::<String>("BREAK", ())).unwrap_err();
    assert_eq!(
        (error.kind(), error.delivery()),
        (ErrorKind::ConnectionLost, Delivery::MaybeExecuted)
    );
    assert!(error.to_string().contains("protocol error"), "{error}");
    let Some(Event::ConnectionFailed(failed)) = runtime.block_on(events.next()) else {
        panic!("told")
    };
    assert_eq!(failed.failure, FailureType::ProtocolFailure);
    assert_eq!(runtime.block_on(muxer.execute::<String>("ECHO", ["on"])).unwrap(), "on");
    // A reply of another type than asked for fails one command and nothing else.
    let error = runtime.block_on(muxer.execute::<i64>("ECHO", ["text"])).unwrap_err();
    assert_eq!((error.kind(), error.delivery()), (ErrorKind::Decode, Delivery::Answered));
    assert!(!error.to_string().contains("text\""), "{error}");
    assert_eq!(runtime.block_on(muxer.execute::<String>("ECHO", ["on"])).unwrap(), "on");
}

#[test]
fn a_refused_dial_names_its_stage() {
    let runtime = SimRuntime::new();
    let (transport, listener) = MemoryTransport::new();
    let stage = redmux::transport::DialStage::Upgrade;
    listener.refuse_next(redmux::transport::DialError::new(stage, std::io::Error::other("403")));
    let connect = ConnectionMultiplexer::connect_with(
        options().connect_retry(1),
        environment(&runtime, transport),
    );
    let error = runtime.block_on(connect).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connect(ConnectStage::Upgrade));
}

#[test]
fn closing_waits_for_replies_but_not_for_ever() {
    let (runtime, muxer, silent) = client_with_mutable_server(options().command_timeout(SECOND));
    silent.store(1, Ordering::SeqCst);
    let start = runtime.elapsed();
    let call = muxer.execute::<String>("ECHO", ["x"]).timeout(Duration::MAX);
    let (reply, ()) = runtime.block_on(futures::future::join(call, muxer.close()));
    let error = reply.unwrap_err();
    assert!(error.is_closed(), "{error}");
    assert_eq!(error.delivery(), Delivery::MaybeExecuted);
    let took = runtime.elapsed() - start;
    assert!(took <= 3 * SECOND, "{took:?}");
}

#[test]
fn leased_connections_that_lie_idle_are_closed_in_their_time() {
    let (runtime, muxer, _) = client_with_mutable_server(options().lease_idle(10 * SECOND));
    let leases = || (muxer.status().leases.leased, muxer.status().leases.idle);
    let (one, two) = runtime.block_on(async { (muxer.lease().await, muxer.lease().await) });
    assert_eq!(leases(), (2, 0));
    runtime.advance(100 * SECOND);
    assert_eq!(leases(), (2, 0), "in use is not idle");
    drop(one.unwrap());
    runtime.advance(7 * SECOND);
    drop(two.unwrap());
    assert_eq!(leases(), (0, 2));
    runtime.advance(4 * SECOND);
    assert_eq!(leases(), (0, 1));
    runtime.advance(5 * SECOND);
    assert_eq!(leases(), (0, 1));
    runtime.advance(2 * SECOND);
    assert_eq!(leases(), (0, 0));
    // The sweep begins again with the next one.
    drop(runtime.block_on(muxer.lease()).unwrap());
    assert_eq!(leases(), (0, 1));
    runtime.advance(11 * SECOND);
    assert_eq!(leases(), (0, 0));

    let (runtime, muxer, _) = client_with_mutable_server(options().lease_idle(Duration::MAX));
    drop(runtime.block_on(muxer.lease()).unwrap());
    runtime.advance(3600 * SECOND);
    assert_eq!(muxer.status().leases.idle, 1);
}

#[test]
fn so_many_leases_as_the_options_say() {
    let (runtime, muxer, _) = client_with_mutable_server(options().max_leased(1));
    let lease = runtime.block_on(muxer.lease()).unwrap();
    let error = runtime.block_on(muxer.lease()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout(TimeoutStage::Queue));
    drop(lease);
    assert!(runtime.block_on(muxer.lease()).is_ok());

    for (wrong, name) in [
        (options().max_leased(0), "maxLeased"),
        (options().lease_idle(Duration::ZERO), "leaseIdle"),
    ] {
        let (transport, _listener) = MemoryTransport::new();
        let runtime = SimRuntime::new();
        let connect = ConnectionMultiplexer::connect_with(wrong, environment(&runtime, transport));
        let error = runtime.block_on(connect).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.to_string().contains(name), "{error}");
    }
}

/// How a connection breaks at one command, and the outcome that the caller must get.
#[test]
fn a_cut_transaction_says_what_is_known() {
    use redmux::database::transactions::Condition;

    // At which command the server hangs up, and what that means for each kind of transaction.
    let (not_sent, maybe) = (Delivery::NotSent, Delivery::MaybeExecuted);
    for (cut, plain, guarded) in [
        (&b"WATCH"[..], None, Some(not_sent)),
        (b"EXISTS", None, Some(not_sent)),
        (b"MULTI", Some(maybe), Some(maybe)),
        (b"SET", Some(maybe), Some(maybe)),
        (b"EXEC", Some(maybe), Some(maybe)),
        (b"none", None, None),
    ] {
        let runtime = SimRuntime::new();
        let (transport, listener) = MemoryTransport::new();
        listen(&runtime, listener, move || {
            move |words: &[Vec<u8>]| match &words[0][..] {
                name if name == cut => Answer::HangUp,
                b"EXISTS" => Answer::Reply(b":0\r\n".to_vec()),
                b"EXEC" => Answer::Reply(b"*1\r\n+OK\r\n".to_vec()),
                _ => polite(words),
            }
        });
        let connect =
            ConnectionMultiplexer::connect_with(options(), environment(&runtime, transport));
        let muxer = runtime.block_on(connect).unwrap();
        let db = muxer.database();
        let told = |result: redmux::Result<()>| result.err().map(|error| error.delivery());
        let name = String::from_utf8_lossy(cut);

        let all = async { db.transaction((db.set("k", 1),)).all().await.map(drop) };
        assert_eq!(told(runtime.block_on(all)), plain, "plain, cut at {name}");
        let when = async {
            let free = !Condition::key_exists("k");
            db.transaction((db.set("k", 1),)).when(free).all().await.map(drop)
        };
        assert_eq!(told(runtime.block_on(when)), guarded, "with a condition, cut at {name}");
        let watch = db.watch("k").run(async |db| {
            db.exists("k").await?;
            db.transaction((db.set("k", 1),)).all().await.map(drop)
        });
        // A read of the closure's own is as any read.
        let guarded = if cut == b"EXISTS" { Some(maybe) } else { guarded };
        assert_eq!(told(runtime.block_on(watch)), guarded, "a loop, cut at {name}");
        let idle = usize::from(guarded.is_none());
        assert_eq!((muxer.status().leases.leased, muxer.status().leases.idle), (0, idle));
    }
}

#[test]
fn a_server_that_learns_resp3_carries_subscriptions_once() {
    let runtime = SimRuntime::new();
    let (transport, listener) = MemoryTransport::new();
    let (resp3, dials) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    // The connections that were subscribed, and those of them that have ended.
    let (made, ended) = (Arc::new(Mutex::new(Vec::new())), Arc::new(Mutex::new(Vec::new())));
    struct Ends(usize, Arc<Mutex<Vec<usize>>>);
    impl Drop for Ends {
        fn drop(&mut self) {
            self.1.lock().unwrap().push(self.0);
        }
    }
    let (seen, subscribed, over) = (resp3.clone(), made.clone(), ended.clone());
    listen(&runtime, listener, move || {
        let number = dials.fetch_add(1, Ordering::SeqCst);
        let (seen, subscribed) = (seen.clone(), subscribed.clone());
        let ends = Ends(number, over.clone());
        let resp3 = seen.load(Ordering::SeqCst) == 1;
        move |words: &[Vec<u8>]| {
            let _ = &ends;
            match &words[0][..] {
                b"HELLO" if !resp3 => Answer::Reply(b"-ERR unknown command 'HELLO'\r\n".to_vec()),
                b"DIE" => Answer::HangUp,
                b"SUBSCRIBE" => {
                    subscribed.lock().unwrap().push(number);
                    let kind = if resp3 { '>' } else { '*' };
                    let push = format!("{kind}3\r\n$9\r\nsubscribe\r\n$1\r\nc\r\n:1\r\n");
                    Answer::Reply(push.into_bytes())
                }
                _ => polite(words),
            }
        }
    });
    let connect = ConnectionMultiplexer::connect_with(options(), environment(&runtime, transport));
    let muxer = runtime.block_on(connect).unwrap();
    let sleeper = runtime.clone();
    runtime.block_on(async {
        let mut subscription = muxer.subscriber().subscribe("c").await.unwrap();
        assert_eq!(*made.lock().unwrap(), [1]);
        resp3.store(1, Ordering::SeqCst);
        // The shared connection alone is lost; the one for subscriptions lives.
        muxer.execute::<()>("DIE", ()).await.unwrap_err();
        let item = subscription.next().await.unwrap();
        assert!(item.message().is_none(), "a gap is reported");
        sleeper.sleep(SECOND).await;
        let subscribed = made.lock().unwrap().clone();
        let ended = ended.lock().unwrap().clone();
        let open = subscribed.iter().filter(|number| !ended.contains(number)).count();
        assert_eq!(open, 1, "{subscribed:?}, ended {ended:?}");
    });
}
