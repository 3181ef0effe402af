//! Locks between programs.

use std::{cell::Cell, time::Duration};

use async_std::task;
use futures::future::{join_all, pending};
use redmux::{ConnectionMultiplexer, Database, RetryPolicy, database::keys::Ttl};
use redmux_test_support::RedisServer;

use crate::{both, both_on, on_redis_8_10, on_valkey_9};

/// Longer than any test takes.
const LONG: Duration = Duration::from_secs(600);

#[async_std::test]
async fn one_at_a_time() {
    both(|_, db| async move {
        let lock = db.lock("lock", LONG);
        assert_eq!(lock.holder().await.unwrap(), None);
        let mut guard = lock.try_acquire().await.unwrap().unwrap();
        assert_eq!((guard.fence(), guard.token().len()), (None, 32));
        assert!(guard.remaining() <= LONG && guard.remaining() > LONG / 2);
        assert!(guard.is_held().await.unwrap());
        let holder = lock.holder().await.unwrap().unwrap();
        assert_eq!(holder.token, guard.token());
        assert!(holder.expires_in.is_some_and(|left| left <= LONG && left > LONG / 2));

        assert!(db.lock("lock", LONG).try_acquire().await.unwrap().is_none());
        let patience = Duration::from_millis(30);
        let hasty = lock.clone().retry_every(Duration::from_millis(5));
        assert!(hasty.acquire(patience).await.unwrap().is_none());
        assert!(lock.acquire(Duration::ZERO).await.unwrap().is_none());

        assert!(guard.extend(2 * LONG).await.unwrap());
        assert!(guard.remaining() > LONG);
        assert!(matches!(db.pttl("lock").await.unwrap(), Ttl::In(left) if left > LONG));
        assert!(guard.extend(LONG / 2).await.unwrap());
        assert!(guard.remaining() <= LONG / 2);
        assert!(guard.release().await.unwrap());
        assert_eq!(db.exists("lock").await.unwrap(), 0);
        assert!(lock.try_acquire().await.unwrap().is_some());
    })
    .await;
}

#[async_std::test]
async fn a_lock_that_is_lost_is_not_taken_from_its_next_holder() {
    both(|_, db| async move {
        let lock = db.lock("lock", LONG).fenced();
        let mut first = lock.try_acquire().await.unwrap().unwrap();
        db.del("lock").await.unwrap();
        let second = lock.try_acquire().await.unwrap().unwrap();
        assert_eq!((first.fence(), second.fence()), (Some(1), Some(2)));
        assert!(!first.is_held().await.unwrap());
        assert!(!first.extend(LONG).await.unwrap());
        assert_eq!(first.remaining(), Duration::ZERO);
        assert!(!first.release().await.unwrap());
        assert!(second.is_held().await.unwrap());

        // A refused attempt draws no token.
        assert!(lock.try_acquire().await.unwrap().is_none());
        assert_eq!(db.get::<u64>("{lock}:fence").await.unwrap(), Some(2));
        assert_eq!(db.pttl("{lock}:fence").await.unwrap(), Ttl::Forever);
    })
    .await;
}

#[async_std::test]
async fn locks_expire_and_errors_are_told() {
    both(|_, db| async move {
        let guard = db.lock("lock", Duration::from_millis(20)).try_acquire().await.unwrap();
        // Nothing is sent by dropping it.
        drop(guard);
        let next = db.lock("lock", LONG).retry_every(Duration::from_millis(5));
        let next = next.acquire(LONG).await.unwrap().unwrap();
        assert!(next.is_held().await.unwrap());

        let zero = db.lock("zero", Duration::ZERO);
        assert!(zero.try_acquire().await.unwrap_err().is_rejected());
        let mut guard = db.lock("other", LONG).try_acquire().await.unwrap().unwrap();
        assert!(guard.extend(Duration::ZERO).await.unwrap_err().is_rejected());
        assert!(guard.remaining() > LONG / 2);
        db.rpush("list", 1).await.unwrap();
        let error = db.lock("list", LONG).holder().await.unwrap_err();
        assert_eq!(error.server().unwrap().code(), "WRONGTYPE");
        assert!(db.lock("list", LONG).try_acquire().await.unwrap().is_none());
        assert!(!format!("{guard:?} {next:?}").contains(guard.token()));
    })
    .await;
}

#[async_std::test]
async fn what_is_locked_is_never_done_twice_at_once() {
    both(|_, db| async move {
        let workers = (0..8).map(|_| {
            let db = db.clone();
            task::spawn(async move {
                let lock = db.lock("lock", LONG).fenced().retry_every(Duration::from_millis(3));
                let mut fences = Vec::new();
                for _ in 0..10 {
                    let guard = lock.acquire(LONG).await.unwrap().unwrap();
                    // Read, wait, write: wrong if somebody else does the same meanwhile.
                    let n: i64 = db.get("n").await.unwrap().unwrap_or(0);
                    task::yield_now().await;
                    db.set("n", n + 1).await.unwrap();
                    fences.push(guard.fence().unwrap());
                    assert!(guard.release().await.unwrap());
                }
                fences
            })
        });
        let fences: Vec<_> = join_all(workers).await;
        assert!(fences.iter().all(|fences| fences.is_sorted()));
        let mut all = fences.concat();
        all.sort_unstable();
        assert_eq!(all, (1..=80).collect::<Vec<_>>());
        assert_eq!(db.get::<i64>("n").await.unwrap(), Some(80));
    })
    .await;
}

#[async_std::test]
async fn a_lock_is_extended_while_work_is_done() {
    both(|_, db| async move {
        let ttl = Duration::from_millis(1500);
        let lock = db.lock("lock", ttl);
        let mut guard = lock.try_acquire().await.unwrap().unwrap();
        let work = async {
            task::sleep(2 * ttl).await;
            lock.holder().await.unwrap().map(|holder| holder.token)
        };
        let holder = guard.hold_during(work).await.unwrap().unwrap();
        assert_eq!(holder, guard.token());
        assert!(guard.release().await.unwrap());

        // Lost while the work goes on.
        let mut guard = lock.try_acquire().await.unwrap().unwrap();
        db.set("lock", "somebody else").await.unwrap();
        assert_eq!(guard.hold_during(pending::<()>()).await, None);
        assert!(!guard.release().await.unwrap());
    })
    .await;
}

#[async_std::test]
async fn dropping_the_guard_frees_the_lock_unless_it_is_kept_or_lost() {
    both(|_, db| async move {
        let lock = db.lock("lock", LONG);
        drop(lock.try_acquire().await.unwrap().unwrap());
        // The release is queued before whatever comes next.
        let guard = lock.try_acquire().await.unwrap().unwrap();
        db.set("lock", "another").await.unwrap();
        drop(guard);
        assert_eq!(db.get::<String>("lock").await.unwrap().as_deref(), Some("another"));
        db.del("lock").await.unwrap();
        let fails = async {
            let _guard = lock.try_acquire().await?.unwrap();
            db.lpush("lock", "x").await.map(drop)
        };
        assert!(fails.await.unwrap_err().is_server(), "left by `?`");
        lock.try_acquire().await.unwrap().unwrap().keep();
        assert!(lock.try_acquire().await.unwrap().is_none());
    })
    .await;
}

#[async_std::test]
async fn a_lock_of_a_demoted_server_is_in_doubt() {
    let server = RedisServer::start();
    both_on(&server, |_, db| async {
        let db = db;
        let mut guard = db.lock("lock", LONG).try_acquire().await.unwrap().unwrap();
        server.command(&["REPLICAOF", "127.0.0.1", "1"]);
        let error = guard.extend(2 * LONG).await.unwrap_err();
        assert_eq!(error.server().unwrap().code(), "READONLY", "{error}");
        assert_eq!(guard.remaining(), Duration::ZERO);
        assert_eq!(guard.hold_during(pending::<()>()).await, None);
        // This one comes back, with all that it had.
        server.command(&["REPLICAOF", "NO", "ONE"]);
        assert!(guard.extend(LONG).await.unwrap());
        assert!(guard.remaining() > LONG / 2);
        assert!(guard.release().await.unwrap());
    })
    .await;
}

/// Redis 8.4 and Valkey 9.0 compare and set by commands of their own.
#[async_std::test]
async fn servers_that_compare_by_themselves_run_no_script() {
    async fn check(muxer: ConnectionMultiplexer, db: Database) -> bool {
        db.execute::<()>("CONFIG", "RESETSTAT").await.unwrap();
        let lock = db.lock("lock", LONG);
        let mut guard = lock.try_acquire().await.unwrap().unwrap();
        assert!(guard.extend(2 * LONG).await.unwrap());
        assert!(matches!(db.pttl("lock").await.unwrap(), Ttl::In(left) if left > LONG));
        assert!(guard.release().await.unwrap());
        assert_eq!(db.exists("lock").await.unwrap(), 0);
        let mut lost = lock.try_acquire().await.unwrap().unwrap();
        db.set("lock", "another's").await.unwrap();
        assert!(!lost.extend(LONG).await.unwrap());
        assert!(!lost.release().await.unwrap());
        assert_eq!(db.get::<String>("lock").await.unwrap().unwrap(), "another's");
        db.del("lock").await.unwrap();
        drop(lock.try_acquire().await.unwrap().unwrap());
        assert_eq!(db.exists("lock").await.unwrap(), 0);
        let stats: String = db.execute("INFO", "commandstats").await.unwrap();
        // Without HELLO nobody says which server it is.
        let status = muxer.status();
        let server = status.connections[0].server.as_ref();
        let is_known = server.is_some_and(|server| server.version.is_some());
        assert_eq!(stats.contains("cmdstat_eval"), !is_known, "{stats}");
        is_known
    }
    let known = &Cell::new(0);
    let count =
        |muxer, db| async move { known.set(known.get() + u32::from(check(muxer, db).await)) };
    on_redis_8_10(count).await;
    on_valkey_9(count).await;
    // Over RESP3.
    assert_eq!(known.get(), 2);
    // By scripts where a policy might send a command again.
    on_valkey_9(|_, db| async move {
        db.execute::<()>("CONFIG", "RESETSTAT").await.unwrap();
        let guard = db.with_retry(RetryPolicy::new()).lock("lock", LONG).try_acquire().await;
        assert!(guard.unwrap().unwrap().release().await.unwrap());
        let stats: String = db.execute("INFO", "commandstats").await.unwrap();
        assert!(stats.contains("cmdstat_eval"), "{stats}");
    })
    .await;
}
