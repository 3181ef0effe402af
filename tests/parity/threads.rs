//! Threads without a runtime of their own, all on one multiplexer.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    thread,
    time::Duration,
};

use futures::{StreamExt, TryStreamExt};
use redmux::{
    database::{
        scans::ScanOptions,
        scripting::Script,
        transactions::{Condition, TransactionOutcome},
    },
    pipeline,
};
use redmux_test_support::RedisServer;

use crate::connect;

#[test]
fn many_threads_share_one_multiplexer() {
    const THREADS: u64 = 16;
    const ROUNDS: u64 = 50;
    let server = RedisServer::start();
    let muxer = async_std::task::block_on(connect(&server));
    let script = Script::new("return redis.call('INCRBY', KEYS[1], ARGV[1])");
    let committed = AtomicU64::new(0);
    thread::scope(|scope| {
        for worker in 0..THREADS {
            let (muxer, script, committed) = (muxer.clone(), &script, &committed);
            scope.spawn(move || {
                let (db, blocking) = (muxer.database(), muxer.blocking());
                let own = format!("own:{worker}");
                for round in 0..ROUNDS {
                    blocking.run(db.set(&own, round)).unwrap();
                    assert_eq!(blocking.run(db.get::<u64>(&own)).unwrap(), Some(round));
                    blocking.run(db.incr("all")).unwrap();
                    let run = db.script(script).key("scripted").arg(2).run::<u64>();
                    blocking.run(|| run).unwrap();
                    let free = Condition::string_equal("turn", worker % 2);
                    let turn = (db.set("turn", (worker + 1) % 2), db.incr("turns"));
                    let outcome = blocking.run(|| db.transaction(turn).when(free).all()).unwrap();
                    if matches!(outcome, TransactionOutcome::Committed(_)) {
                        committed.fetch_add(1, Ordering::Relaxed);
                    }
                    if round == 0 && worker == 0 {
                        blocking.run(db.set("turn", 0)).unwrap();
                    }
                }
            });
        }
    });
    let read = |key: &str| server.command(&["GET", key]).parse::<u64>().unwrap_or(0);
    assert_eq!(read("all"), THREADS * ROUNDS);
    assert_eq!(read("scripted"), 2 * THREADS * ROUNDS);
    // Each turn was taken once: every reported commit took place.
    assert_eq!(read("turns"), committed.load(Ordering::Relaxed));
    let status = muxer.status();
    let state = &status.connections[0].diagnostics;
    assert_eq!((state.in_flight, state.queued), (0, 0), "{status}");
}

#[test]
fn everything_can_be_waited_for_by_a_thread() {
    let server = RedisServer::start();
    let connecting = redmux::ConnectionMultiplexer::connect(server.addr().to_string());
    let muxer = async_std::task::block_on(connecting).unwrap();
    let (db, blocking) = (muxer.database(), muxer.blocking());
    let numbers = pipeline((db.incr("n"), db.incr("n")));
    assert_eq!(blocking.run(|| numbers.all()).unwrap(), (1, 2));
    let mut news = blocking.run(async || muxer.subscriber().subscribe("news").await).unwrap();
    assert_eq!(blocking.run(db.publish("news", "hello")).unwrap(), 1);
    let message = blocking.run(async || Ok(news.next().await)).unwrap().unwrap().message().unwrap();
    assert_eq!(message.text(), "hello");
    let guard = blocking
        .run(async || db.lock("lock", Duration::from_secs(60)).try_acquire().await)
        .unwrap();
    assert!(blocking.run(|| guard.unwrap().release()).unwrap());
    blocking.run(db.sadd("s", [1, 2, 3])).unwrap();
    let members = db.sscan_stream::<u32>("s", ScanOptions::new());
    let sum: u32 = blocking.run(|| members.try_fold(0, async |sum, one| Ok(sum + one))).unwrap();
    assert_eq!(sum, 6);
    let popped = db.blpop::<String, String>("empty", Duration::from_millis(20));
    assert_eq!(blocking.run(|| popped).unwrap(), None);
    let closing = async {
        muxer.close().await;
        Ok(())
    };
    blocking.run(|| closing).unwrap();
    assert!(blocking.run(db.incr("n")).unwrap_err().is_closed());
}
