//! Commands that came with Redis 8.4 to 8.10.

use std::time::Duration;

use redmux::database::{
    BlockFor,
    arrays::{ArrayOp, ArrayPredicates},
    keys::Ttl,
    lists::{ListEnd, MoveCount, MoveOrder},
    server::HotkeysOptions,
    streams::{
        GroupStart, NackMode, StreamId, XaddOptions, XcfgsetOptions, XnackOptions, XpendingFilter,
        XreadGroupOptions, XreadOptions,
    },
    strings::{IncrexOptions, ValueCondition},
};

use crate::{
    both_on, on_redis_8_10,
    programs::redis_8_10,
    streams::{id, make},
};

const MINUTE: Duration = Duration::from_secs(60);

#[async_std::test]
async fn values_are_replaced_and_deleted_on_conditions() {
    on_redis_8_10(|_, db| async move {
        db.set("k", "old").await.unwrap();
        let digest = db.digest("k").await.unwrap().unwrap();
        assert_eq!((digest.len(), db.digest("none").await.unwrap()), (16, None));
        for (condition, done) in [
            (ValueCondition::equal("other"), false),
            (ValueCondition::differs("old"), false),
            (ValueCondition::digest_differs(&digest), false),
            (ValueCondition::digest(&digest), true),
            (ValueCondition::digest(&digest), false),
            (ValueCondition::differs("old"), true),
        ] {
            let said = format!("{condition:?}");
            assert_eq!(db.set_if("k", "new", condition, MINUTE).await.unwrap(), done, "{said}");
        }
        assert!(matches!(db.pttl("k").await.unwrap(), Ttl::In(_)));
        assert!(!db.delex("k", ValueCondition::equal("old")).await.unwrap());
        assert!(db.delex("k", ValueCondition::differs("old")).await.unwrap());
        assert!(!db.delex("k", ValueCondition::differs("old")).await.unwrap());
    })
    .await;
}

#[async_std::test]
async fn numbers_grow_within_bounds_and_for_a_time() {
    on_redis_8_10(|_, db| async move {
        let limit = || IncrexOptions::new().at_most(2).expires_in(MINUTE).unless_expiring();
        for (value, added) in [(1, 1), (2, 1), (2, 0)] {
            let done = db.increx("n", 1, limit()).await.unwrap();
            assert_eq!((done.value, done.added), (value, added));
        }
        assert!(matches!(db.pttl("n").await.unwrap(), Ttl::In(left) if left <= MINUTE));
        let all = IncrexOptions::new().at_least(-3).saturate().persist();
        let done = db.increx("n", -9, all).await.unwrap();
        assert_eq!((done.value, done.added), (-3, -5));
        assert_eq!(db.pttl("n").await.unwrap(), Ttl::Forever);
        let done = db.increx_float("f", 1.5, IncrexOptions::new().at_most(1.75)).await.unwrap();
        assert_eq!((done.value, done.added), (1.5, 1.5));
    })
    .await;
}

#[async_std::test]
async fn several_values_move_from_list_to_list() {
    on_redis_8_10(|_, db| async move {
        db.rpush("l", ["a", "b", "c", "d", "e"]).await.unwrap();
        let (left, many) = (ListEnd::Left, MoveCount::at_most(2, MoveOrder::OneByOne));
        let moved = db.lmovem::<String>("l", "m", left, left, many).await.unwrap();
        assert_eq!(moved.unwrap(), ["b", "a"]);
        let kept = MoveCount::exactly(2, MoveOrder::Kept);
        let moved = db.lmovem::<String>("l", "m", left, left, kept).await.unwrap();
        assert_eq!(moved.unwrap(), ["c", "d"]);
        assert_eq!(db.lmovem::<String>("l", "m", left, left, kept).await.unwrap(), None);
        let moment = BlockFor::AtMost(Duration::from_millis(5));
        assert_eq!(db.blmovem::<String>("l", "m", left, left, kept, moment).await.unwrap(), None);
        let moved = db.blmovem::<String>("l", "m", left, left, many, moment).await.unwrap();
        assert_eq!(moved.unwrap(), ["e"]);
    })
    .await;
}

#[async_std::test]
async fn sets_are_counted_without_being_combined() {
    on_redis_8_10(|_, db| async move {
        db.sadd("a", [1, 2, 3]).await.unwrap();
        db.sadd("b", [3, 4]).await.unwrap();
        assert_eq!(db.sdiffcard(["a", "b"], 0).await.unwrap(), 2);
        assert_eq!(db.sunioncard(["a", "b"], 0).await.unwrap(), 4);
        assert_eq!(db.sunioncard(["a", "b"], 3).await.unwrap(), 3);
        assert_eq!(db.sunioncard_approx(["a", "b"]).await.unwrap(), 4);
        assert!(db.sdiffcard((), 0).await.unwrap_err().is_rejected());
    })
    .await;
}

#[async_std::test]
async fn members_of_vector_sets_are_listed_by_name() {
    on_redis_8_10(|_, db| async move {
        for member in ["b", "a", "c"] {
            db.vadd("v", &[1.0, 0.5], member).await.unwrap();
        }
        assert_eq!(db.vrange::<String>("v", "-", "+", 2).await.unwrap(), ["a", "b"]);
        assert_eq!(db.vrange::<String>("v", "(a", "+", -1).await.unwrap(), ["b", "c"]);
    })
    .await;
}

#[async_std::test]
async fn an_entry_that_is_sent_twice_is_added_once() {
    on_redis_8_10(|_, db| async move {
        let once = || XaddOptions::new().idempotent("producer", 7);
        let first = db.xadd_with("s", [("f", "v")], once()).await.unwrap();
        assert_eq!(db.xadd_with("s", [("f", "v")], once()).await.unwrap(), first);
        let same = || XaddOptions::new().idempotent_by_content("other");
        let second = db.xadd_with("s", [("f", "v")], same()).await.unwrap();
        assert_eq!(db.xadd_with("s", [("f", "v")], same()).await.unwrap(), second);
        assert_eq!(db.xlen("s").await.unwrap(), 2);
        db.xcfgset("s", XcfgsetOptions::new().seconds(10).max_size(5)).await.unwrap();
        assert!(db.xcfgset("s", XcfgsetOptions::new().seconds(0)).await.is_err());
    })
    .await;
}

#[async_std::test]
async fn entries_are_given_back_and_claimed_by_a_read() {
    on_redis_8_10(|_, db| async move {
        make(&db, "s", 3).await;
        db.xgroup_create("s", "g", GroupStart::beginning()).await.unwrap();
        let all = XreadGroupOptions::new().max_count(3).max_size(100_000);
        db.xreadgroup::<String>("g", "me", [("s", ">")], all).await.unwrap();
        let none = XnackOptions::new;
        assert_eq!(db.xnack("s", "g", NackMode::Silent, id(1, 0), none()).await.unwrap(), 1);
        assert_eq!(
            db.xnack("s", "g", NackMode::Fail, [id(2, 0), id(9, 0)], none()).await.unwrap(),
            1
        );
        let times = XnackOptions::new().deliveries(5);
        db.xnack("s", "g", NackMode::Fatal, id(3, 0), times).await.unwrap();
        let pending = db.xpending_entries("s", "g", XpendingFilter::new(9)).await.unwrap();
        let of = |place: usize| {
            (&*pending[place].consumer, pending[place].idle, pending[place].deliveries)
        };
        assert_eq!(of(0), ("", Duration::MAX, 0));
        assert_eq!(of(1), ("", Duration::MAX, 1));
        assert_eq!(of(2), ("", Duration::MAX, 5));
        assert!(db.xnack("s", "g", NackMode::Fail, (), none()).await.unwrap_err().is_rejected());

        let claiming = XreadGroupOptions::new().claim(MINUTE);
        let read = db.xreadgroup::<String>("g", "you", [("s", ">")], claiming).await.unwrap();
        let (_, entries) = read.unwrap().remove(0);
        assert_eq!(entries.len(), 3);
        assert!(
            entries.iter().all(|entry| entry.redelivery().is_some_and(|(idle, _)| idle > MINUTE))
        );
        let plain = db.xread::<String>([("s", StreamId::MIN)], XreadOptions::new().max_count(2));
        let (_, entries) = plain.await.unwrap().unwrap().remove(0);
        assert_eq!((entries.len(), entries[0].redelivery()), (2, None));
    })
    .await;
}

#[async_std::test]
async fn arrays_have_values_at_places() {
    on_redis_8_10(|_, db| async move {
        assert_eq!(db.arset("a", 5, ["x", "y"]).await.unwrap(), 2);
        assert_eq!(db.armset("a", [(0, "10"), (5, "z")]).await.unwrap(), 1);
        assert_eq!(db.arget::<String>("a", 5).await.unwrap().as_deref(), Some("z"));
        assert_eq!(db.arget::<String>("a", 1).await.unwrap(), None);
        let some = |texts: [&str; 3]| texts.map(|text| (!text.is_empty()).then(|| text.to_owned()));
        assert_eq!(db.armget::<String>("a", [0, 1, 6]).await.unwrap(), some(["10", "", "y"]));
        assert_eq!(db.argetrange::<String>("a", 6, 4).await.unwrap(), some(["y", "z", ""]));
        assert_eq!((db.arlen("a").await.unwrap(), db.arcount("a").await.unwrap()), (7, 3));
        let info = db.arinfo("a").await.unwrap();
        assert_eq!((info.count, info.len, info.next), (3, 7, 0));
        assert_eq!(db.ardel("a", [0, 1]).await.unwrap(), 1);
        assert_eq!(db.ardelrange("a", [(5, 5), (6, 9)]).await.unwrap(), 2);
        assert!(db.ardelrange("a", [5]).await.unwrap_err().is_rejected());
    })
    .await;
}

#[async_std::test]
async fn the_highest_place_of_an_array_is_counted_too() {
    on_redis_8_10(|_, db| async move {
        db.arset("a", u64::MAX - 1, "x").await.unwrap();
        assert_eq!(db.arlen("a").await.unwrap(), u64::MAX);
        assert_eq!(
            db.arscan::<String>("a", u64::MAX - 1, 0, 9).await.unwrap(),
            [(u64::MAX - 1, "x".into())]
        );
        assert_eq!(db.arnext("a").await.unwrap(), Some(0));
        assert!(db.arseek("a", u64::MAX).await.unwrap());
        assert_eq!(db.arnext("a").await.unwrap(), None);
    })
    .await;
}

#[async_std::test]
async fn arrays_are_filled_one_after_the_other_and_as_rings() {
    on_redis_8_10(|_, db| async move {
        assert_eq!(db.arinsert("a", ["x", "y"]).await.unwrap(), 1);
        assert_eq!(db.arnext("a").await.unwrap(), Some(2));
        assert!(db.arseek("a", 3).await.unwrap() && !db.arseek("none", 3).await.unwrap());
        assert_eq!(db.arinsert("a", "z").await.unwrap(), 3);
        assert_eq!(db.arring("r", 3, ["1", "2", "3", "4"]).await.unwrap(), 0);
        assert_eq!(db.arlastitems::<i64>("r", 2).await.unwrap(), [Some(3), Some(4)]);
        assert_eq!(db.arlastitems_rev::<i64>("r", 2).await.unwrap(), [Some(4), Some(3)]);
    })
    .await;
}

#[async_std::test]
async fn arrays_are_searched_and_added_up() {
    on_redis_8_10(|_, db| async move {
        db.arset("a", 3, ["10", "20", "Error: x", "error: y"]).await.unwrap();
        let errors = || ArrayPredicates::new().contains("error");
        assert_eq!(db.argrep("a", "-", "+", errors()).await.unwrap(), [6]);
        assert_eq!(db.argrep("a", "-", "+", errors().ignore_case()).await.unwrap(), [5, 6]);
        let both = ArrayPredicates::new().glob("*rror*").regex("x$").all().limit(2);
        let found = db.argrep_with_values::<String>("a", 0, 9, both).await.unwrap();
        assert_eq!(found, [(5, "Error: x".to_owned())]);
        assert_eq!(db.argrep("a", 0, 9, ArrayPredicates::new().exact("10")).await.unwrap(), [3]);
        assert!(db.argrep("a", 0, 9, ArrayPredicates::new()).await.unwrap_err().is_rejected());
        let pairs = db.arscan::<String>("a", 0, 9, 2).await.unwrap();
        assert_eq!(pairs, [(3, "10".to_owned()), (4, "20".to_owned())]);
        for (operation, expected) in [
            (ArrayOp::Sum, 30),
            (ArrayOp::Min, 10),
            (ArrayOp::Max, 20),
            (ArrayOp::And, 0),
            (ArrayOp::Or, 30),
            (ArrayOp::Xor, 30),
            (ArrayOp::Used, 2),
        ] {
            let number = db.arop::<u64>("a", 0, 4, operation).await.unwrap();
            assert_eq!(number, Some(expected), "{operation:?}");
        }
        assert_eq!(db.arop::<f64>("a", 0, 2, ArrayOp::Sum).await.unwrap(), None);
        assert_eq!(db.arop_match("a", 0, 9, "20").await.unwrap(), 1);
    })
    .await;
}

#[async_std::test]
async fn the_server_finds_the_keys_that_are_used_most() {
    both_on(&redis_8_10(), |_, db| async move {
        db.hotkeys_reset().await.unwrap();
        assert_eq!(db.hotkeys_get().await.unwrap(), None);
        db.hotkeys_start(HotkeysOptions::new().count(3).seconds(60).sample(1)).await.unwrap();
        db.set("hot", "v").await.unwrap();
        let found = db.hotkeys_get().await.unwrap().unwrap();
        assert!(found.active && found.sample == 1);
        assert_eq!((&*found.by_cpu[0].0, &*found.by_net[0].0), (&b"hot"[..], &b"hot"[..]));
        assert!(db.hotkeys_stop().await.unwrap() && !db.hotkeys_stop().await.unwrap());
    })
    .await;
}

#[async_std::test]
async fn a_backup_is_started_and_given_up() {
    both_on(&redis_8_10(), |_, db| async move {
        assert_eq!(db.backup_status().await.unwrap().state, "idle");
        db.backup_start().await.unwrap();
        assert_ne!(db.backup_status().await.unwrap().state, "idle");
        db.backup_abort().await.unwrap();
        db.backup_list().await.unwrap();
        assert!(db.backup_seal().await.is_err());
        db.backup_cleanup().await.unwrap();
    })
    .await;
}

#[async_std::test]
async fn slow_commands_are_listed_as_before() {
    both_on(&redis_8_10(), |_, db| async move {
        db.config_set("slowlog-log-slower-than", 0).await.unwrap();
        db.set("k", "v").await.unwrap();
        assert!(!db.slowlog_get(3).await.unwrap().is_empty());
    })
    .await;
}

#[async_std::test]
async fn sets_of_fields_belong_to_a_lease() {
    both_on(&redis_8_10(), |muxer, db| async move {
        let refused = db.execute::<()>("HIMPORT", ("PREPARE", "set", "a", "b")).await.unwrap_err();
        assert!(refused.is_rejected(), "{refused}");
        let lease = muxer.lease().await.unwrap();
        lease.execute::<()>("HIMPORT", ("PREPARE", "set", "b", "a")).await.unwrap();
        lease.execute::<()>("HIMPORT", ("SET", "h", "set", "1", "2")).await.unwrap();
        drop(lease);
        assert_eq!(db.hget::<i64>("h", "b").await.unwrap(), Some(1));
        let next = muxer.lease().await.unwrap();
        let gone = next.execute::<()>("HIMPORT", ("SET", "h", "set", "1", "2")).await.unwrap_err();
        assert!(gone.server().is_some(), "{gone}");
    })
    .await;
}
