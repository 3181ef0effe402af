//! The API for threads that wait: `ConnectionMultiplexer::blocking`.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::{
    sync::{Arc, Mutex, OnceLock, mpsc},
    time::Duration,
};

use futures::StreamExt;
use redmux::{
    ConnectionMultiplexer, Delivery, ErrorKind, Options, database::BlockFor, error::TimeoutStage,
    options::ReconnectPolicy,
};
use redmux_test_support::RedisServer;

fn connect(server: &RedisServer) -> ConnectionMultiplexer {
    let options = Options::new(server.addr().to_string()).sync_timeout(Duration::from_millis(400));
    async_std::task::block_on(ConnectionMultiplexer::connect(options)).unwrap()
}

#[test]
fn many_threads_share_the_connection() {
    let server = RedisServer::start();
    let muxer = connect(&server);
    let threads: Vec<_> = (0..8)
        .map(|thread| {
            let muxer = muxer.clone();
            std::thread::spawn(move || {
                let (db, blocking) = (muxer.database(), muxer.blocking());
                for round in 0..200 {
                    blocking.run(db.set(thread, round)).unwrap();
                    assert_eq!(blocking.run(db.get::<i32>(thread)).unwrap(), Some(round));
                }
            })
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    assert_eq!(muxer.status().connections[0].diagnostics.in_flight, 0);
}

#[test]
fn anything_of_the_client_can_be_waited_for() {
    let server = RedisServer::start();
    let muxer = connect(&server);
    let (db, blocking) = (muxer.database(), muxer.blocking());
    let piped = redmux::pipeline((db.incr("n"), db.incr("n")));
    assert_eq!(blocking.run(|| piped.all()).unwrap(), (1, 2));
    let results = blocking.run(|| db.transaction((db.incr("n"), db.lpush("n", "x")))).unwrap();
    assert!(results.0.is_ok() && results.1.is_err());
    let mut news = blocking.run(async || muxer.subscriber().subscribe("news").await).unwrap();
    blocking.run(db.publish("news", "hello")).unwrap();
    let item = blocking.run(async || Ok(news.next().await)).unwrap();
    assert_eq!(item.unwrap().message().unwrap().text(), "hello");
    // The time is up: what was waited for is dropped, and with it the server's side.
    let job = db.blpop::<String, String>("jobs", BlockFor::Forever);
    let error = blocking.run(|| job).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout(TimeoutStage::Response));
    assert_eq!(error.delivery(), Delivery::MaybeExecuted);
    // Until the server has seen the end of that connection, it may hand a job to it.
    let none_is_blocked = || server.command(&["INFO", "clients"]).contains("blocked_clients:0\r\n");
    while !none_is_blocked() {
        std::thread::sleep(Duration::from_millis(1));
    }
    blocking.run(db.rpush("jobs", "one")).unwrap();
    let job = db.blpop::<String, String>("jobs", BlockFor::AtMost(Duration::from_secs(2)));
    let got = blocking.run_within(Duration::from_secs(5), || job).unwrap();
    assert_eq!(got, Some(("jobs".to_owned(), "one".to_owned())));
}

/// Uses the multiplexer that it belongs to, from the connection's own task.
#[derive(Debug, Clone)]
struct Recursive {
    muxer: Arc<OnceLock<ConnectionMultiplexer>>,
    outcome: Arc<Mutex<mpsc::Sender<redmux::Result<()>>>>,
}

impl ReconnectPolicy for Recursive {
    fn delay(&self, _attempt: u32, _outage: Duration, _random: u64) -> Duration {
        if let Some(muxer) = self.muxer.get() {
            let outcome = muxer.blocking().run(muxer.execute::<()>("PING", ()));
            let _ = self.outcome.lock().unwrap().send(outcome);
        }
        Duration::from_millis(10)
    }
}

#[test]
fn the_connections_own_task_is_refused_instead_of_waiting_for_itself() {
    let server = RedisServer::start();
    let (sender, outcomes) = mpsc::channel();
    let policy = Recursive { muxer: Arc::default(), outcome: Arc::new(Mutex::new(sender)) };
    let options = Options::new(server.addr().to_string()).reconnect_policy(policy.clone());
    let connect = ConnectionMultiplexer::connect(options.abort_on_connect_fail(false));
    let muxer = async_std::task::block_on(connect).unwrap();
    policy.muxer.set(muxer.clone()).unwrap();
    server.kill();
    let error = outcomes.recv_timeout(Duration::from_secs(10)).unwrap().unwrap_err();
    assert_eq!((error.kind(), error.delivery()), (ErrorKind::Command, Delivery::NotSent));
    assert!(error.to_string().contains("another thread"), "{error}");
    server.restart();
    let patient = muxer.execute::<()>("PING", ()).timeout(Duration::from_secs(10));
    muxer.blocking().run(patient).unwrap();
}

#[test]
fn a_command_that_the_stuck_task_never_took_is_not_sent() {
    let server = RedisServer::start();
    // A runtime of one thread, which is kept busy.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let muxer = runtime.block_on(async {
        let options =
            Options::new(server.addr().to_string()).sync_timeout(Duration::from_millis(50));
        let environment = redmux::tcp::tokio::environment();
        ConnectionMultiplexer::connect_with(options, environment).await.unwrap()
    });
    // Nobody runs the connection's task now.
    let db = muxer.database();
    let error = muxer.blocking().run(db.incr("n")).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout(TimeoutStage::Queue), "{error}");
    assert_eq!(error.delivery(), Delivery::NotSent, "{error}");
    runtime.block_on(async { assert_eq!(db.incr("n").await.unwrap(), 1) });
}

#[test]
fn a_program_without_a_runtime_connects() {
    let server = RedisServer::start();
    let redis = redmux::blocking::connect(server.addr().to_string()).unwrap();
    let db = redis.database();
    redis.run(db.set("k", "v")).unwrap();
    assert_eq!(redis.run(db.get::<String>("k")).unwrap().as_deref(), Some("v"));
    let close = async {
        redis.multiplexer().close().await;
        Ok(())
    };
    redis.run(|| close).unwrap();
    let nobody = Options::new("no-such-host.invalid:1").connect_retry(1);
    assert!(redmux::blocking::connect(nobody).unwrap_err().is_connection());
}
