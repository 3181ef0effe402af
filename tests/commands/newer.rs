//! Commands that came after Redis 7.0, on newer servers.

use std::{collections::HashMap, time::Duration};

use redmux::{
    Database,
    database::{
        bitmaps::BitOp,
        keys::{Expiry, Ttl},
        server::CommandLog,
        streams::{
            DeletedEntry, GroupStart, StreamRefs, StreamTrim, XaddOptions, XreadGroupOptions,
        },
        strings::SetOptions,
    },
};

use crate::{
    both_on, on_newer, on_redis_8, on_valkey_9,
    programs::valkey_9,
    streams::{id, make},
};

const MINUTE: Duration = Duration::from_secs(60);

#[async_std::test]
async fn a_rank_comes_with_the_score() {
    on_newer(|_, db| async move {
        db.zadd("z", [(1.5, "a"), (2.5, "b")]).await.unwrap();
        assert_eq!(db.zrank_with_score("z", "b").await.unwrap(), Some((1, 2.5)));
        assert_eq!(db.zrevrank_with_score("z", "b").await.unwrap(), Some((0, 2.5)));
        assert_eq!(db.zrank_with_score("z", "none").await.unwrap(), None);
    })
    .await;
}

#[async_std::test]
async fn the_server_knows_which_library_a_connection_uses() {
    on_newer(|_, db| async move {
        assert_eq!(db.client_info().await.unwrap().get("lib-name"), Some("redmux"));
    })
    .await;
}

#[async_std::test]
async fn a_connection_may_leave_idle_times_as_they_are() {
    on_newer(|_, db| async move {
        db.client_no_touch(true).await.unwrap();
    })
    .await;
}

#[async_std::test]
async fn newer_servers_describe_events_and_commands_as_before() {
    on_newer(|_, db| async move {
        assert!(db.latency_latest().await.unwrap().is_empty());
        assert!(!db.command_info("get").await.unwrap()[0].as_ref().unwrap().name.is_empty());
    })
    .await;
}

#[async_std::test]
async fn strings_are_combined_by_the_newer_operations() {
    on_redis_8(|_, db| async move {
        db.mset([("x", [0b1100_u8].as_slice()), ("y", &[0b1010])]).await.unwrap();
        for (operation, expected) in [
            (BitOp::Diff, 0b0100),
            (BitOp::Diff1, 0b0010),
            (BitOp::AndOr, 0b1000),
            (BitOp::One, 0b0110),
        ] {
            db.bitop(operation, "to", ["x", "y"]).await.unwrap();
            assert_eq!(db.get::<Vec<u8>>("to").await.unwrap(), Some(vec![expected]));
        }
    })
    .await;
}

#[async_std::test]
async fn a_value_is_replaced_if_it_is_the_one_expected() {
    on_valkey_9(|_, db| async move {
        db.set("k", "old").await.unwrap();
        assert!(!db.set_if_equal("k", "other", "new", None).await.unwrap());
        assert!(db.set_if_equal("k", "old", "new", MINUTE).await.unwrap());
        assert!(matches!(db.pttl("k").await.unwrap(), Ttl::In(_)));
        assert!(db.set_if_equal("k", "new", "newer", Expiry::Unchanged).await.unwrap());
        assert!(matches!(db.pttl("k").await.unwrap(), Ttl::In(_)));
    })
    .await;
}

#[async_std::test]
async fn a_key_is_deleted_if_its_value_is_the_one_expected() {
    on_valkey_9(|_, db| async move {
        db.set("k", "newer").await.unwrap();
        assert!(!db.delifeq("k", "old").await.unwrap() && db.delifeq("k", "newer").await.unwrap());
        assert!(!db.delifeq("k", "newer").await.unwrap());
    })
    .await;
}

#[async_std::test]
async fn msetex_writes_all_keys_or_none_and_for_a_time() {
    on_valkey_9(|_, db| async move {
        let options = SetOptions::new().if_missing().expires_in(MINUTE);
        assert!(db.msetex([("a", 1), ("b", 2)], options).await.unwrap());
        assert!(!db.msetex(HashMap::from([("b", 3), ("c", 4)]), options).await.unwrap());
        assert!(matches!(db.pttl("a").await.unwrap(), Ttl::In(left) if left <= MINUTE));
        assert_eq!(db.mget::<i64>(["a", "b", "c"]).await.unwrap(), [Some(1), Some(2), None]);
        assert!(db.msetex(["a"], options).await.unwrap_err().is_rejected());
    })
    .await;
}

#[async_std::test]
async fn info_has_the_version_of_valkey() {
    on_valkey_9(|_, db| async move {
        assert!(db.info(()).await.unwrap().valkey_version().unwrap().starts_with("9."));
    })
    .await;
}

#[async_std::test]
async fn valkey_shows_the_text_of_a_script() {
    on_valkey_9(|_, db| async move {
        let digest = db.script_load("return 1").await.unwrap();
        assert_eq!(db.script_show(digest).await.unwrap(), "return 1");
        let none = db.script_show("0".repeat(40)).await.unwrap_err();
        assert_eq!(none.server().unwrap().code(), "NOSCRIPT");
    })
    .await;
}

#[async_std::test]
async fn valkey_logs_large_requests_and_replies() {
    both_on(&valkey_9(), |_, db| async move {
        let all =
            [("commandlog-request-larger-than", 2000), ("commandlog-reply-larger-than", 2000)];
        db.config_set_all(all).await.unwrap();
        db.set("k", "x".repeat(3000)).await.unwrap();
        db.get::<String>("k").await.unwrap();
        for (log, name) in [(CommandLog::LargeRequest, "SET"), (CommandLog::LargeReply, "GET")] {
            assert!(db.commandlog_len(log).await.unwrap() >= 1);
            let entries = db.commandlog_get(10, log).await.unwrap();
            assert!(entries[0].amount >= 3000 && entries[0].args[0] == name);
            db.commandlog_reset(log).await.unwrap();
            assert_eq!(db.commandlog_len(log).await.unwrap(), 0);
        }
        assert!(db.commandlog_get(1, CommandLog::Slow).await.unwrap().len() <= 1);
    })
    .await;
}

/// Makes a stream with this many entries, of which a group has read, and not acknowledged, `pending`.
async fn make_pending(db: &Database, entries: u64, pending: u64) {
    make(db, "s", entries).await;
    db.xgroup_create("s", "g", GroupStart::beginning()).await.unwrap();
    let some = XreadGroupOptions::new().count(pending);
    db.xreadgroup::<String>("g", "me", [("s", ">")], some).await.unwrap();
}

#[async_std::test]
async fn entries_are_deleted_with_or_without_what_groups_note_of_them() {
    on_redis_8(|_, db| async move {
        make_pending(&db, 4, 3).await;
        assert_eq!(
            db.xdelex("s", StreamRefs::Acked, id(1, 0)).await.unwrap(),
            [DeletedEntry::Kept]
        );
        let done = db.xdelex("s", StreamRefs::Keep, [id(1, 0), id(9, 0)]).await.unwrap();
        assert_eq!(done, [DeletedEntry::Deleted, DeletedEntry::Missing]);
        assert_eq!(db.xpending("s", "g").await.unwrap().count, 3);
        db.xdelex("s", StreamRefs::Delete, id(2, 0)).await.unwrap();
        assert_eq!(db.xpending("s", "g").await.unwrap().count, 2);
        assert!(db.xdelex("s", StreamRefs::Keep, ()).await.unwrap_err().is_rejected());
    })
    .await;
}

#[async_std::test]
async fn entries_are_acknowledged_and_deleted_in_one_step() {
    on_redis_8(|_, db| async move {
        make_pending(&db, 2, 2).await;
        let done = db.xackdel("s", "g", StreamRefs::Acked, [id(1, 0), id(9, 0)]).await.unwrap();
        assert_eq!(done, [DeletedEntry::Deleted, DeletedEntry::Missing]);
        let left = (db.xlen("s").await.unwrap(), db.xpending("s", "g").await.unwrap().count);
        assert_eq!(left, (1, 1));
        assert!(db.xackdel("s", "g", StreamRefs::Keep, ()).await.unwrap_err().is_rejected());
    })
    .await;
}

#[async_std::test]
async fn trimming_keeps_or_deletes_what_groups_note_of_entries() {
    on_redis_8(|_, db| async move {
        // Of 4-0 and the next, both pending, the first is trimmed and the second forgotten too.
        make_pending(&db, 4, 4).await;
        let keep = XaddOptions::new().trim(StreamTrim::maxlen(1).references(StreamRefs::Keep));
        db.xadd_with("s", [("n", 5)], keep).await.unwrap();
        let all = XreadGroupOptions::new();
        db.xreadgroup::<String>("g", "me", [("s", ">")], all).await.unwrap();
        let pending = db.xpending("s", "g").await.unwrap().count;
        assert_eq!(pending, 5);
        let delete = StreamTrim::maxlen(0).references(StreamRefs::Delete);
        assert_eq!(db.xtrim("s", delete).await.unwrap(), 1);
        assert_eq!(db.xpending("s", "g").await.unwrap().count, pending - 1);
    })
    .await;
}
