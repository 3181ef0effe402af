//! All kinds of transactions while connections break.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicI64, Ordering},
    },
    time::{Duration, Instant},
};

use futures::future::join_all;
use redmux::{Delivery, database::transactions::Condition};
use redmux_test_support::RedisServer;

use crate::both;

/// Connections are killed again and again: what is reported agrees with what was executed.
#[async_std::test]
async fn cut_connections_leave_nothing_half_done() {
    let server = RedisServer::start();
    both(&server, |server, muxer| async move {
        let done = Arc::new(AtomicBool::new(false));
        let perhaps = Arc::new(AtomicI64::new(0));
        let tasks = (0..30_usize).map(|task| {
            let (muxer, done, perhaps) = (muxer.clone(), done.clone(), perhaps.clone());
            async_std::task::spawn(async move {
                let db = muxer.database();
                let mut committed = 0;
                while !done.load(Ordering::SeqCst) {
                    let both = (db.incr("one"), db.incr("two"));
                    let result = match task % 3 {
                        0 => db.transaction(both).all().await.map(|_| true),
                        1 => {
                            let free = !Condition::key_exists("none");
                            let outcome = db.transaction(both).when(free).all().await;
                            outcome.map(|outcome| outcome.committed().is_some())
                        }
                        _ => {
                            let attempt = db.watch("one").attempts(50).run(async |db| {
                                let n: i64 = db.get::<i64>("one").await?.unwrap_or(0);
                                let both = (db.set("one", n + 1), db.incr("two"));
                                db.transaction(both).all().await?;
                                Ok(true)
                            });
                            attempt.await
                        }
                    };
                    match result {
                        Ok(true) => committed += 1,
                        Ok(false) => {}
                        // Also of a read in a loop, which is then counted for nothing.
                        Err(error) if error.delivery() == Delivery::MaybeExecuted => {
                            perhaps.fetch_add(1, Ordering::SeqCst);
                        }
                        Err(error) => {
                            assert!(error.is_connection() || error.is_retryable(), "{error}")
                        }
                    }
                }
                committed
            })
        });
        let tasks = tasks.collect::<Vec<_>>();
        // Whether a connection has something in the middle when it is cut is chance: until some had.
        let start = Instant::now();
        for cut in 0.. {
            if cut >= 30 && perhaps.load(Ordering::SeqCst) >= 3 {
                break;
            }
            assert!(start.elapsed() < Duration::from_secs(60), "{cut} cuts, none in the middle");
            async_std::task::sleep(Duration::from_millis(20)).await;
            server.command(&["CLIENT", "KILL", "TYPE", "normal"]);
        }
        done.store(true, Ordering::SeqCst);
        let committed: i64 = join_all(tasks).await.into_iter().sum();
        let perhaps = perhaps.load(Ordering::SeqCst);
        let db = muxer.database();
        // What was cut may still be executed until its connection is gone.
        let values = db.mget::<i64>(["one", "two"]).await.unwrap();
        let values: Vec<i64> = values.into_iter().map(Option::unwrap).collect();
        assert_eq!(values[0], values[1]);
        assert!(
            (committed..=committed + perhaps).contains(&values[0]),
            "{} executed, {committed} committed, {perhaps} perhaps",
            values[0]
        );
    })
    .await;
}
