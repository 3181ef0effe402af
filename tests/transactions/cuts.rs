//! All kinds of transactions while connections break.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use futures::future::join_all;
use redmux::{Delivery, database::Condition};
use redmux_test_support::RedisServer;

use crate::both;

/// Connections are killed again and again: what is reported agrees with what was executed.
#[async_std::test]
async fn cut_connections_leave_nothing_half_done() {
    let server = RedisServer::start();
    both(&server, |server, muxer| async move {
        let done = Arc::new(AtomicBool::new(false));
        let tasks = (0..30_usize).map(|task| {
            let (muxer, done) = (muxer.clone(), done.clone());
            async_std::task::spawn(async move {
                let db = muxer.database();
                let (mut committed, mut perhaps) = (0, 0);
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
                        Err(error) if error.delivery() == Delivery::MaybeExecuted => perhaps += 1,
                        Err(error) => {
                            assert!(error.is_connection() || error.is_retryable(), "{error}")
                        }
                    }
                }
                (committed, perhaps)
            })
        });
        let tasks = tasks.collect::<Vec<_>>();
        for _ in 0..30 {
            async_std::task::sleep(Duration::from_millis(20)).await;
            server.command(&["CLIENT", "KILL", "TYPE", "normal"]);
        }
        done.store(true, Ordering::SeqCst);
        let counts = join_all(tasks).await;
        let committed: i64 = counts.iter().map(|(committed, _)| committed).sum();
        let perhaps: i64 = counts.iter().map(|(_, perhaps)| perhaps).sum();
        assert!(perhaps > 0, "no connection was cut in the middle");
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
