//! Transactions, `WATCH` and conditions, whose keys are in one slot.

use std::{future::Future, path::Path, time::Duration};

use async_std::{future::timeout, task::sleep};
use redmux::{
    Delivery,
    database::transactions::{Condition, TransactionOutcome},
    pipeline,
};
use redmux_test_support::{Programs, RedisCluster};

use crate::{connect, from_to, movable, shared};

#[async_std::test]
async fn a_transaction_runs_at_the_server_of_its_keys() {
    let cluster = shared();
    let muxer = connect(cluster, 1).await;
    let db = muxer.database();
    for key in ["t1", "t2", "t3", "t4", "t5"] {
        let calls = (db.set(format!("{{{key}}}a"), 1), db.incr(format!("{{{key}}}a")));
        assert_eq!(db.transaction(calls).all().await.unwrap(), ((), 2));
    }
    muxer.close().await;
}

#[async_std::test]
async fn keys_of_two_slots_are_refused_before_anything_is_sent() {
    let cluster = shared();
    let muxer = connect(cluster, 2).await;
    let db = muxer.database();
    let error = db.transaction((db.set("foo", 1), db.set("bar", 1))).await.unwrap_err();
    assert!(error.is_rejected() && error.to_string().contains("CROSSSLOT"), "{error}");
    let calls = (db.set("foo", 1),);
    let error = db.transaction(calls).when(Condition::key_exists("bar")).await.unwrap_err();
    assert!(error.is_rejected() && error.to_string().contains("CROSSSLOT"), "{error}");
    let error = db.watch(["foo", "bar"]).run(async |_| Ok(())).await.unwrap_err();
    assert!(error.is_rejected() && error.to_string().contains("CROSSSLOT"), "{error}");
    assert_eq!(error.delivery(), Delivery::NotSent);
    muxer.close().await;
}

#[async_std::test]
async fn optimistic_loops_and_conditions_find_their_server() {
    let cluster = shared();
    let muxer = connect(cluster, 0).await;
    let db = muxer.database();
    for key in ["w1", "w2", "w3", "w4"] {
        let next = db.watch(key).run(async |db| {
            let next = db.get::<i64>(key).await?.unwrap_or(0) + 1;
            db.transaction((db.set(key, next),)).all().await?;
            Ok(next)
        });
        assert_eq!(next.await.unwrap(), 1);
        let held = db.transaction((db.incr(key),)).when(Condition::string_equal(key, "1"));
        assert_eq!(held.all().await.unwrap().committed(), Some((2,)));
    }
    muxer.close().await;
}

/// Each way to change several keys at once, while their slot goes from server to server.
#[async_std::test]
async fn what_is_one_unit_follows_a_slot_as_one_unit() {
    let cluster = movable();
    let muxer = connect(cluster, 0).await;
    let db = muxer.database();
    let slot = cluster.slot("unit");
    let (from, to) = from_to(cluster, slot);
    let both = async |expected: i64| {
        let calls = (db.incr("{unit}a"), db.incr("{unit}b"));
        assert_eq!(db.transaction(calls).all().await.unwrap(), (expected, expected));
    };
    both(1).await;
    cluster.begin_move(slot, from, to);
    // What is new is made at the server that the slot goes to.
    assert_eq!(db.transaction((db.incr("{unit}c"),)).all().await.unwrap(), (1,));
    both(2).await;
    cluster.migrate(&["{unit}a"], from, to);
    // No server executes this until both keys are at one.
    let rest = async {
        sleep(Duration::from_millis(100)).await;
        cluster.migrate(&["{unit}b"], from, to);
    };
    futures::join!(both(3), rest);
    cluster.end_move(slot, to);
    both(4).await;
    // The map is true again, and a lease has the right server at once.
    cluster.move_slot(slot, to, from);
    let looped = db.watch("{unit}a").run(async |db| {
        let next = db.get::<i64>("{unit}a").await?.unwrap_or(0) + 1;
        db.transaction((db.set("{unit}a", next), db.set("{unit}b", next))).all().await
    });
    looped.await.unwrap();
    both(6).await;
    cluster.move_slot(slot, from, to);
    let held = db.transaction((db.incr("{unit}a"), db.incr("{unit}b")));
    let held = held.when(Condition::key_exists("{unit}a")).all().await.unwrap();
    assert_eq!(held.committed(), Some((7, 7)));
    muxer.close().await;
}

/// Some of the keys are here and some there, for far longer than a few tries take.
#[async_std::test]
async fn loops_and_conditions_wait_until_a_slot_has_arrived() {
    let cluster = movable();
    let muxer = connect(cluster, 0).await;
    let db = muxer.database();
    let slot = cluster.slot("halves");
    let (from, to) = from_to(cluster, slot);
    db.mset([("{halves}a", 1), ("{halves}b", 1)]).await.unwrap();
    cluster.begin_move(slot, from, to);
    cluster.migrate(&["{halves}a"], from, to);
    let held = async {
        let calls = db.transaction((db.incr("{halves}a"), db.incr("{halves}b")));
        let calls = calls.when(Condition::key_exists("{halves}a"));
        calls.when(Condition::key_exists("{halves}b")).all().await.unwrap().committed()
    };
    let looped = async {
        let run = db.watch(["{halves}a", "{halves}b"]).run(async |db| {
            db.transaction((db.incr("{halves}a"), db.incr("{halves}b"))).all().await
        });
        run.await.unwrap()
    };
    let rest = async {
        sleep(Duration::from_millis(1500)).await;
        cluster.migrate(&["{halves}b"], from, to);
        cluster.end_move(slot, to);
    };
    let (held, looped, ()) = futures::join!(held, looped, rest);
    // The loop may have come between the conditions and what they are for.
    let grown = 1 + i64::from(held.is_some());
    assert!(looped.0 >= 2 && looped.0 == looped.1, "{looped:?}");
    assert_eq!(db.get::<i64>("{halves}a").await.unwrap(), Some(1 + grown));
    assert_eq!(db.get::<i64>("{halves}b").await.unwrap(), Some(1 + grown));
    muxer.close().await;
}

/// The keys are at the server that their slot is on its way to, and the slot stays on its way.
async fn keys_that_have_gone_ahead_are_followed(cluster: &RedisCluster) {
    let muxer = connect(cluster, 0).await;
    let db = muxer.database();
    let slot = cluster.slot("ahead");
    let (from, to) = from_to(cluster, slot);
    db.mset([("{ahead}a", 1), ("{ahead}b", 1), ("{ahead}left", 7)]).await.unwrap();
    cluster.begin_move(slot, from, to);
    cluster.migrate(&["{ahead}a", "{ahead}b"], from, to);
    let looped = db.watch(["{ahead}a", "{ahead}b"]).run(async |db| {
        let (a, b) = pipeline((db.get::<i64>("{ahead}a"), db.get::<i64>("{ahead}b"))).all().await?;
        let next = a.unwrap_or(0) + b.unwrap_or(0);
        db.transaction((db.set("{ahead}a", next), db.incr("{ahead}b"))).all().await
    });
    assert_eq!(within(looped).await.unwrap(), ((), 2));
    // A key that is nowhere is made at the next server; and so it is with a prefix.
    let prefixed = db.with_key_prefix("{ahead}");
    let looped = prefixed.watch("new").run(async |db| {
        assert_eq!(db.get::<i64>("new").await?, None);
        db.transaction((db.set("new", 5),)).all().await
    });
    within(looped).await.unwrap();
    let held = prefixed.transaction((prefixed.incr("new"), prefixed.get::<i64>("a")));
    let held = held.when(Condition::string_equal("new", "5")).when(Condition::key_exists("a"));
    assert_eq!(within(held.all()).await.unwrap().committed(), Some((6, Some(2))));
    let failed =
        db.transaction((db.incr("{ahead}a"),)).when(Condition::string_equal("{ahead}a", 1));
    let failed = within(failed.all()).await.unwrap();
    assert_eq!(failed, TransactionOutcome::ConditionsFailed(vec![0]));
    // Somebody else is faster, by the way of `ASK`, and the loop begins again.
    let mut attempts = 0;
    let looped = db.watch("{ahead}a").run(|guarded| {
        attempts += 1;
        let (first, db) = (attempts == 1, db.clone());
        async move {
            let seen = guarded.get::<i64>("{ahead}a").await?;
            if first {
                db.incr("{ahead}a").await?;
            }
            guarded.transaction((guarded.incr("{ahead}a"),)).all().await.map(|(now,)| (seen, now))
        }
    });
    assert_eq!(within(looped).await.unwrap(), (Some(3), 4));
    assert_eq!(attempts, 2);
    cluster.migrate(&["{ahead}left"], from, to);
    cluster.end_move(slot, to);
    let values: Vec<Option<i64>> =
        db.mget(["{ahead}a", "{ahead}b", "{ahead}new", "{ahead}left"]).await.unwrap();
    assert_eq!(values, [Some(4), Some(2), Some(6), Some(7)]);
    muxer.close().await;
}

/// The next server says of a key that it has not got that there is none. Nothing is read or made there that may still be
/// at the former one.
async fn a_key_that_stayed_behind_is_waited_for(cluster: &RedisCluster) {
    let muxer = connect(cluster, 0).await;
    let db = muxer.database();
    let slot = cluster.slot("behind");
    let (from, to) = from_to(cluster, slot);
    db.mset([("{behind}a", 1), ("{behind}b", 10), ("{behind}c", 100)]).await.unwrap();
    cluster.begin_move(slot, from, to);
    cluster.migrate(&["{behind}a"], from, to);
    let reads = db.watch("{behind}a").run(async |db| {
        let b = db.get::<i64>("{behind}b").await?;
        db.transaction((db.incr("{behind}a"),)).all().await.map(|(a,)| (a, b))
    });
    let writes = db.watch("{behind}a").run(async |guarded| {
        // A call of the other handle is taken, and looked at, too.
        guarded.transaction((db.incrby("{behind}b", 1),)).all().await
    });
    let held = db.transaction((db.incr("{behind}c"),)).when(Condition::key_exists("{behind}a"));
    let rest = async {
        sleep(Duration::from_millis(700)).await;
        cluster.migrate(&["{behind}b", "{behind}c"], from, to);
        cluster.end_move(slot, to);
    };
    let (read, written, held, ()) =
        futures::join!(reads, writes, async { held.all().await.unwrap() }, rest);
    let (a, b) = read.unwrap();
    assert!(a == 2 && matches!(b, Some(10 | 11)), "{a}, {b:?}");
    assert_eq!(written.unwrap(), (11,));
    let c = held.committed().map_or(100, |(c,)| c);
    let values: Vec<Option<i64>> = db.mget(["{behind}a", "{behind}b", "{behind}c"]).await.unwrap();
    assert_eq!(values, [Some(2), Some(11), Some(c)]);
    assert!(c == 100 || c == 101, "{c}");
    muxer.close().await;
}

/// Far less than a command has, and than the slot would stay on its way.
async fn within<T>(future: impl Future<Output = T>) -> T {
    timeout(Duration::from_secs(3), future).await.expect("it waits for the slot")
}

#[async_std::test]
async fn half_a_slot_on_redis_7() {
    keys_that_have_gone_ahead_are_followed(movable()).await;
    a_key_that_stayed_behind_is_waited_for(movable()).await;
}

#[async_std::test]
async fn half_a_slot_on_redis_8_and_valkey_9() {
    let programs = Programs::in_dir(Path::new(env!("CARGO_TARGET_TMPDIR")).join("servers"));
    for program in [programs.redis_8_10(), programs.valkey_9()] {
        let cluster = RedisCluster::builder().replicas(0).program(program).start().unwrap();
        keys_that_have_gone_ahead_are_followed(&cluster).await;
        a_key_that_stayed_behind_is_waited_for(&cluster).await;
    }
}
