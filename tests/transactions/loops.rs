//! Optimistic loops.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use futures::future::join_all;
use redmux::ErrorKind;
use redmux_test_support::RedisServer;

use crate::both;

#[async_std::test]
async fn money_moves_between_accounts_and_none_is_made_or_lost() {
    let server = RedisServer::start();
    both(&server, |_, muxer| async move {
        let db = muxer.database();
        let accounts = ["a", "b", "c", "d"];
        for account in accounts {
            db.set(account, 100).await.unwrap();
        }
        let tasks = (0..40_usize).map(|task| {
            let muxer = muxer.clone();
            async_std::task::spawn(async move {
                let db = muxer.database();
                let (from, to) = (accounts[task % 4], accounts[(task / 4 + task + 1) % 4]);
                let amount = 30 + task as i64;
                db.watch([from, to])
                    .attempts(1000)
                    .run(async |db| {
                        let balance: i64 = db.get::<i64>(from).await?.unwrap_or(0);
                        if balance < amount {
                            return Ok(false);
                        }
                        db.transaction((db.decrby(from, amount), db.incrby(to, amount)))
                            .all()
                            .await?;
                        Ok(true)
                    })
                    .await
                    .unwrap()
            })
        });
        let moved = join_all(tasks).await;
        assert!(moved.contains(&true) && moved.contains(&false));
        let mut sum = 0;
        for account in accounts {
            let balance = db.get::<i64>(account).await.unwrap().unwrap();
            assert!(balance >= 0, "{account} has {balance}");
            sum += balance;
        }
        assert_eq!(sum, 400);
    })
    .await;
}

#[async_std::test]
async fn a_counter_that_many_loops_increment_ends_exact() {
    let server = RedisServer::start();
    both(&server, |_, muxer| async move {
        let attempts = Arc::new(AtomicUsize::new(0));
        let met = Arc::new(AtomicUsize::new(0));
        let tasks = (0..50).map(|task| {
            let (muxer, attempts, met) = (muxer.clone(), attempts.clone(), met.clone());
            async_std::task::spawn(async move {
                let db = muxer.database();
                for _ in 0..4 {
                    db.watch("n")
                        .attempts(10_000)
                        .run(async |db| {
                            attempts.fetch_add(1, Ordering::SeqCst);
                            let n = db.get::<i64>("n").await?.unwrap_or(0);
                            // Two go on when both have read: one of them conflicts.
                            if task < 2 && met.fetch_add(1, Ordering::SeqCst) < 2 {
                                while met.load(Ordering::SeqCst) < 2 {
                                    async_std::task::yield_now().await;
                                }
                            }
                            db.transaction((db.set("n", n + 1),)).all().await
                        })
                        .await
                        .unwrap();
                }
            })
        });
        join_all(tasks).await;
        assert_eq!(muxer.database().get::<i64>("n").await.unwrap(), Some(200));
        assert!(attempts.load(Ordering::SeqCst) > 200, "two read the same, and both wrote");
        let leases = muxer.status().leases;
        assert!(leases.leased == 0 && leases.idle > 0, "{leases:?}");
    })
    .await;
}

#[async_std::test]
async fn a_list_is_rotated_past_what_is_not_wanted() {
    let server = RedisServer::start();
    both(&server, |_, muxer| async move {
        let db = muxer.database();
        db.rpush("jobs", ["held", "held2", "ready", "held3"]).await.unwrap();
        // Moves what is held behind the first that is not; any number of calls.
        let first = async || {
            db.watch("jobs")
                .run(async |db| {
                    let jobs: Vec<String> = db.lrange("jobs", 0, -1).await?;
                    let Some(place) = jobs.iter().position(|job| !job.starts_with("held")) else {
                        return Ok(None);
                    };
                    let moves = jobs[..place].iter().map(|_| {
                        use redmux::database::lists::ListEnd::{Left, Right};
                        db.lmove::<String>("jobs", "jobs", Left, Right)
                    });
                    db.transaction(moves.collect::<Vec<_>>()).all().await?;
                    Ok(Some(jobs[place].clone()))
                })
                .await
                .unwrap()
        };
        assert_eq!(first().await.as_deref(), Some("ready"));
        let jobs: Vec<String> = db.lrange("jobs", 0, -1).await.unwrap();
        assert_eq!(jobs, ["ready", "held3", "held", "held2"]);
        db.lpop::<String>("jobs").await.unwrap();
        assert_eq!(first().await, None);
        assert_eq!((muxer.status().leases.leased, muxer.status().leases.idle), (0, 1));
    })
    .await;
}

#[async_std::test]
async fn a_loop_that_never_comes_through_says_so() {
    let server = RedisServer::start();
    both(&server, |_, muxer| async move {
        let db = muxer.database();
        let attempts = std::cell::Cell::new(0);
        let error = db
            .watch("n")
            .attempts(3)
            .run(async |watched| {
                attempts.set(attempts.get() + 1);
                db.incr("n").await?;
                // What the closure makes of the conflict does not matter.
                let _ = watched.transaction((watched.set("n", "mine"),)).all().await;
                Ok(())
            })
            .await
            .unwrap_err();
        assert_eq!(attempts.get(), 3);
        assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Conflict, true));
        assert!(error.to_string().contains("3 attempts"), "{error}");
        assert_eq!(db.get::<i64>("n").await.unwrap(), Some(3));
    })
    .await;
}

#[async_std::test]
async fn a_loop_that_gives_up_or_fails_executes_nothing_and_leaves_its_connection_clean() {
    let server = RedisServer::start();
    both(&server, |_, muxer| async move {
        let db = muxer.database();
        db.set("text", "no number").await.unwrap();
        let error = db
            .watch("text")
            .run(async |db| {
                let n: i64 = db.get::<i64>("text").await?.unwrap_or(0);
                db.transaction((db.set("text", n + 1),)).all().await
            })
            .await
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Decode);
        // One attempt, one transaction.
        let error = db
            .watch("text")
            .run(async |db| {
                db.transaction((db.incr("first"),)).all().await?;
                db.transaction((db.incr("second"),)).all().await
            })
            .await
            .unwrap_err();
        assert!(error.is_rejected() && error.to_string().contains("one transaction"), "{error}");
        assert_eq!(db.get::<i64>("second").await.unwrap(), None);
        // Neither a loop within, nor conditions.
        let error =
            db.watch("text").run(async |db| db.watch("x").run(async |_| Ok(())).await).await;
        assert!(error.unwrap_err().is_rejected());
        let none: [&str; 0] = [];
        assert!(db.watch(none).run(async |_| Ok(())).await.unwrap_err().is_rejected());
        assert_eq!((muxer.status().leases.leased, muxer.status().leases.idle), (0, 1));

        // Dropped in the middle: what it watches goes with its connection.
        let watch = db.watch("text").run(async |_| {
            std::future::pending::<()>().await;
            Ok(())
        });
        let short = async_std::future::timeout(Duration::from_millis(100), watch);
        assert!(short.await.is_err());
        assert_eq!((muxer.status().leases.leased, muxer.status().leases.idle), (0, 0));
    })
    .await;
}

#[async_std::test]
async fn a_lease_that_watches_by_hand_is_told_of_the_conflict() {
    let server = RedisServer::start();
    both(&server, |_, muxer| async move {
        let db = muxer.database();
        let lease = muxer.lease().await.unwrap();
        lease.execute::<()>("WATCH", ["k"]).await.unwrap();
        db.set("k", "changed").await.unwrap();
        let on_lease = lease.database();
        let error = on_lease.transaction((on_lease.set("k", "mine"),)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Conflict, "{error}");
        assert_eq!(db.get::<String>("k").await.unwrap().as_deref(), Some("changed"));
    })
    .await;
}
