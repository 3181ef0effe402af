//! Threads without a runtime of their own, all on one multiplexer.

use std::{
    sync::atomic::{AtomicU64, Ordering},
    thread,
};

use redmux::database::{Condition, Script, TransactionOutcome};
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
                    // A script, and a transaction on a condition, from a thread that may block.
                    async_std::task::block_on(async {
                        db.script(script).key("scripted").arg(2).run::<u64>().await.unwrap();
                        let free = Condition::string_equal("turn", worker % 2);
                        let turn = (db.set("turn", (worker + 1) % 2), db.incr("turns"));
                        let outcome = db.transaction(turn).when(free).all().await.unwrap();
                        if matches!(outcome, TransactionOutcome::Committed(_)) {
                            committed.fetch_add(1, Ordering::Relaxed);
                        }
                        if round == 0 && worker == 0 {
                            db.set("turn", 0).await.unwrap();
                        }
                    });
                }
            });
        }
    });
    let read = |key: &str| server.command(&["GET", key]).parse::<u64>().unwrap_or(0);
    assert_eq!(read("all"), THREADS * ROUNDS);
    assert_eq!(read("scripted"), 2 * THREADS * ROUNDS);
    // Each turn was taken once: whoever was told that it committed did.
    assert_eq!(read("turns"), committed.load(Ordering::Relaxed));
    let status = muxer.status();
    let state = &status.connections[0].diagnostics;
    assert_eq!((state.in_flight, state.queued), (0, 0), "{status}");
}
