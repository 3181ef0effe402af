//! Transactions, `WATCH` and conditions, whose keys are in one slot.

use std::time::Duration;

use async_std::task::sleep;
use redmux::{Delivery, database::transactions::Condition};

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
