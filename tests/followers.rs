//! Calls that wait for a reply that another call fetches for the cache, on simulated time.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use futures::{AsyncReadExt, AsyncWriteExt, future::join_all};
use redmux::{
    ConnectionMultiplexer, Delivery, ErrorKind, Options, RetryPolicy,
    cache::CacheOptions,
    resp::{Frame, Framer, Limits, Scan},
    transport::{Environment, Runtime},
};
use redmux_memory::{MemoryTransport, SimRuntime};

const SECOND: Duration = Duration::from_secs(1);

/// A client whose server answers each GET with this text, or not at all
struct Scene {
    runtime: SimRuntime,
    muxer: ConnectionMultiplexer,
    gets: Arc<AtomicUsize>,
    answer: Arc<Mutex<Option<&'static str>>>,
}

impl Scene {
    fn new(answer: Option<&'static str>) -> Self {
        let runtime = SimRuntime::new();
        let (transport, listener) = MemoryTransport::new();
        let (gets, answer) = (Arc::new(AtomicUsize::new(0)), Arc::new(Mutex::new(answer)));
        let (count, words_of) = (gets.clone(), answer.clone());
        runtime.spawn(Box::pin(async move {
            let (mut stream, _) = listener.accept().await;
            let (mut buffer, mut framer) = (Vec::new(), Framer::new(Limits::default()));
            let mut chunk = [0; 4096];
            while let Ok(n @ 1..) = stream.read(&mut chunk).await {
                buffer.extend_from_slice(&chunk[..n]);
                while let Scan::Complete(len) = framer.scan(&buffer).unwrap() {
                    let frame: Vec<u8> = buffer.drain(..len).collect();
                    let words: Vec<String> = Frame::copy_from_slice(&frame).decode().unwrap();
                    let answer = match &*words[0] {
                        "HELLO" => Some("%1\r\n$5\r\nproto\r\n:3\r\n"),
                        "GET" => {
                            count.fetch_add(1, Ordering::SeqCst);
                            *words_of.lock().unwrap()
                        }
                        "PING" => None,
                        _ => Some("+OK\r\n"),
                    };
                    if let Some(answer) = answer {
                        stream.write_all(answer.as_bytes()).await.unwrap();
                    }
                }
            }
        }));
        let options = Options::new("simulated:1").client_cache(CacheOptions::default());
        let environment = Environment::new(transport, runtime.clone());
        let muxer =
            runtime.block_on(ConnectionMultiplexer::connect_with(options, environment)).unwrap();
        assert!(muxer.cache_stats().unwrap().tracking);
        Self { runtime, muxer, gets, answer }
    }

    fn gets(&self) -> usize {
        self.gets.swap(0, Ordering::SeqCst)
    }
}

#[test]
fn a_followers_time_begins_once_however_many_leaders_fail() {
    let scene = Scene::new(None);
    let db = scene.muxer.database();
    let start = scene.runtime.elapsed();
    let calls = (0..20).map(|_| async {
        let error = db.get::<String>("hot").cached().await.unwrap_err();
        (error, scene.runtime.elapsed() - start)
    });
    let mut first = true;
    for (error, took) in scene.runtime.block_on(join_all(calls)) {
        assert!(error.is_timeout(), "{error}");
        // Only the one that asked has sent anything.
        assert_eq!(error.delivery() == Delivery::NotSent, !first, "{error}");
        first = false;
        assert!(took >= 5 * SECOND && took < 6 * SECOND, "{took:?}");
    }

    // Leaders with less time than those who wait for them.
    let start = scene.runtime.elapsed();
    let calls = (1..=8).map(|n: u32| {
        let (db, runtime) = (&db, &scene.runtime);
        async move {
            let given = Duration::from_millis(100) * n;
            let error = db.get::<String>("hot").timeout(given).cached().await.unwrap_err();
            let took = runtime.elapsed() - start;
            assert!(error.is_timeout(), "{error}");
            assert!(
                took >= given && took < given + Duration::from_millis(3),
                "{took:?}, {given:?}"
            );
        }
    });
    scene.runtime.block_on(join_all(calls));
}

#[test]
fn the_servers_error_is_shared_and_not_kept() {
    let scene = Scene::new(Some("-WRONGTYPE no text\r\n"));
    let db = scene.muxer.database();
    for _ in 0..2 {
        let calls = (0..50).map(|_| db.get::<String>("hot").cached());
        for result in scene.runtime.block_on(join_all(calls)) {
            let error = result.unwrap_err();
            assert_eq!((error.kind(), error.command_name()), (ErrorKind::Server, Some("GET")));
            assert_eq!(error.server().unwrap().code(), "WRONGTYPE");
        }
        assert_eq!(scene.gets(), 1);
    }
    *scene.answer.lock().unwrap() = Some("$2\r\nhi\r\n");
    let calls = (0..50).map(|_| db.get::<String>("hot").cached());
    for result in scene.runtime.block_on(join_all(calls)) {
        assert_eq!(result.unwrap().as_deref(), Some("hi"));
    }
    assert_eq!(scene.gets(), 1);
}

#[test]
fn a_passing_error_is_shared_unless_the_call_retries() {
    let scene = Scene::new(Some("-LOADING wait\r\n"));
    let db = scene.muxer.database();
    let patient = RetryPolicy::new().attempts(2);
    let calls = (0..10).map(|n| {
        let call = db.get::<String>("hot");
        if n == 9 { call.retry(&patient).cached() } else { call.cached() }
    });
    let results = scene.runtime.block_on(join_all(calls));
    assert!(results.iter().all(|result| result.as_ref().unwrap_err().is_retryable()));
    assert_eq!(scene.gets(), 3, "one for those who do not retry, two of the one that does");
}
