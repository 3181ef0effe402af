//! Commands that came after Redis 7.0, on newer servers.

use std::{collections::HashMap, time::Duration};

use redmux::{
    ConnectionMultiplexer, Database,
    database::{
        bitmaps::BitOp,
        hashes::{FieldExpiry, FieldPersisted, HashSetOptions},
        keys::{ExpireIf, ExpireTime, Ttl},
        scans::ScanOptions,
        server::CommandLog,
        streams::{
            DeletedEntry, GroupStart, StreamId, StreamRefs, StreamTrim, XaddOptions,
            XreadGroupOptions,
        },
        strings::SetOptions,
        vectors::{VaddOptions, VectorQuery, VsimOptions},
    },
};

use crate::{
    both_on,
    programs::{redis_8, valkey_9},
    texts,
};

#[async_std::test]
async fn fields_that_expire() {
    for server in [redis_8(), valkey_9()] {
        both_on(&server, expiring_fields).await;
    }
}

async fn expiring_fields(_: ConnectionMultiplexer, db: Database) {
    let (minute, hour) = (Duration::from_secs(60), Duration::from_secs(3600));
    db.hset("h", [("a", 1), ("b", 2), ("c", 3), ("d", 4)]).await.unwrap();
    let done = db.hexpire("h", minute, ["a", "none"]).await.unwrap();
    assert_eq!(done, [FieldExpiry::Set, FieldExpiry::Missing]);
    let done = db.hexpire_if("h", hour, ExpireIf::Missing, ["a", "b"]).await.unwrap();
    assert_eq!(done, [FieldExpiry::Unmet, FieldExpiry::Set]);
    let ttl = db.hpttl("h", ["a", "c", "none"]).await.unwrap();
    assert!(matches!(ttl[0], Ttl::In(left) if left <= minute && left > minute / 2));
    assert_eq!(ttl[1..], [Ttl::Forever, Ttl::Missing]);
    let far = 4_000_000_000_123;
    assert_eq!(db.hexpireat("h", far, "c").await.unwrap(), [FieldExpiry::Set]);
    let unmet = db.hexpireat_if("h", far, ExpireIf::Longer, "c").await.unwrap();
    assert_eq!(unmet, [FieldExpiry::Unmet]);
    assert_eq!(db.hpttl("none", "a").await.unwrap(), [Ttl::Missing]);
    let times = db.hexpiretime("h", ["c", "d", "none"]).await.unwrap();
    assert_eq!(times, [ExpireTime::At(far), ExpireTime::Never, ExpireTime::Missing]);
    let done = db.hpersist("h", ["c", "d", "none"]).await.unwrap();
    assert_eq!(done, [FieldPersisted::Done, FieldPersisted::Already, FieldPersisted::Missing]);
    assert_eq!(db.hexpire("h", Duration::ZERO, "d").await.unwrap(), [FieldExpiry::Deleted]);

    let values: Vec<Option<i64>> = db.hgetex("h", None, ["a", "none"]).await.unwrap();
    assert_eq!(values, [Some(1), None]);
    assert_eq!(db.hpttl("h", "a").await.unwrap(), [Ttl::Forever]);
    let none = HashSetOptions::new().if_missing();
    assert!(!db.hsetex("h", [("a", 9), ("n", 9)], minute, none.clone()).await.unwrap());
    assert!(db.hsetex("h", [("n", 9)], minute, none).await.unwrap());
    let all = HashSetOptions::new().if_exists();
    assert!(
        db.hsetex("h", [("n", 8)], redmux::database::keys::Expiry::Unchanged, all).await.unwrap()
    );
    assert!(matches!(db.hpttl("h", "n").await.unwrap()[..], [Ttl::In(_)]));
    let gone: Vec<Option<i64>> = db.hgetdel("h", ["n", "none"]).await.unwrap();
    assert_eq!((gone, db.hexists("h", "n").await.unwrap()), (vec![Some(8), None], false));
    let mut page = db.hscan_fields::<String>("h", 0, ScanOptions::new()).await.unwrap();
    page.items.sort();
    assert_eq!(page.items, texts(&["a", "b", "c"]));

    for error in [
        db.hexpire("h", minute, ()).await.unwrap_err(),
        db.hsetex("h", ["odd"], None, HashSetOptions::new()).await.unwrap_err(),
        db.hgetex::<i64>("h", Duration::ZERO, "a").await.unwrap_err(),
    ] {
        assert!(error.is_command(), "{error}");
    }
}

#[async_std::test]
async fn ranks_and_connections() {
    for server in [redis_8(), valkey_9()] {
        both_on(&server, |_, db| async move {
            db.zadd("z", [(1.5, "a"), (2.5, "b")]).await.unwrap();
            assert_eq!(db.zrank_with_score("z", "b").await.unwrap(), Some((1, 2.5)));
            assert_eq!(db.zrevrank_with_score("z", "b").await.unwrap(), Some((0, 2.5)));
            assert_eq!(db.zrank_with_score("z", "none").await.unwrap(), None);
            db.client_no_touch(true).await.unwrap();
            assert_eq!(db.client_info().await.unwrap().get("lib-name"), Some("redmux"));
            assert!(db.latency_latest().await.unwrap().is_empty());
            assert!(!db.command_info("get").await.unwrap()[0].as_ref().unwrap().name.is_empty());
        })
        .await;
    }
}

#[async_std::test]
async fn bit_operations() {
    both_on(&redis_8(), |_, db| async move {
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
async fn conditions_of_valkey() {
    both_on(&valkey_9(), |_, db| async move {
        db.set("k", "old").await.unwrap();
        let minute = Duration::from_secs(60);
        assert!(!db.set_if_equal("k", "other", "new", None).await.unwrap());
        assert!(db.set_if_equal("k", "old", "new", minute).await.unwrap());
        assert!(matches!(db.pttl("k").await.unwrap(), Ttl::In(_)));
        assert!(
            db.set_if_equal("k", "new", "newer", redmux::database::keys::Expiry::Unchanged)
                .await
                .unwrap()
        );
        assert!(matches!(db.pttl("k").await.unwrap(), Ttl::In(_)));
        assert!(!db.delifeq("k", "old").await.unwrap() && db.delifeq("k", "newer").await.unwrap());
        assert!(!db.delifeq("k", "newer").await.unwrap());

        let options = SetOptions::new().if_missing().expires_in(minute);
        assert!(db.msetex([("a", 1), ("b", 2)], options).await.unwrap());
        assert!(!db.msetex(HashMap::from([("b", 3), ("c", 4)]), options).await.unwrap());
        assert!(matches!(db.pttl("a").await.unwrap(), Ttl::In(left) if left <= minute));
        assert_eq!(db.mget::<i64>(["a", "b", "c"]).await.unwrap(), [Some(1), Some(2), None]);
        assert!(db.msetex(["a"], options).await.unwrap_err().is_command());
        assert!(db.info(()).await.unwrap().valkey_version().unwrap().starts_with("9."));
    })
    .await;
}

#[async_std::test]
async fn scripts_of_valkey() {
    both_on(&valkey_9(), |_, db| async move {
        let digest = db.script_load("return 1").await.unwrap();
        assert_eq!(db.script_show(digest).await.unwrap(), "return 1");
        let none = db.script_show("0".repeat(40)).await.unwrap_err();
        assert_eq!(none.server().unwrap().code(), "NOSCRIPT");
    })
    .await;
}

#[async_std::test]
async fn logs_of_valkey() {
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

#[async_std::test]
async fn deleting_from_streams() {
    both_on(&redis_8(), |_, db| async move {
        let id = |millis| StreamId::new(millis, 0);
        for n in 1..=4 {
            db.xadd_with("s", [("n", n)], XaddOptions::new().id(id(n))).await.unwrap();
        }
        db.xgroup_create("s", "g", GroupStart::beginning()).await.unwrap();
        let three = XreadGroupOptions::new().count(3);
        db.xreadgroup::<String>("g", "me", [("s", ">")], three).await.unwrap();
        assert_eq!(db.xdelex("s", StreamRefs::Acked, id(1)).await.unwrap(), [DeletedEntry::Kept]);
        let done = db.xdelex("s", StreamRefs::Keep, [id(1), id(9)]).await.unwrap();
        assert_eq!(done, [DeletedEntry::Deleted, DeletedEntry::Missing]);
        assert_eq!(db.xpending("s", "g").await.unwrap().count, 3);
        db.xdelex("s", StreamRefs::Delete, id(2)).await.unwrap();
        assert_eq!(db.xpending("s", "g").await.unwrap().count, 2);
        let done = db.xackdel("s", "g", StreamRefs::Acked, [id(3), id(9)]).await.unwrap();
        assert_eq!(done, [DeletedEntry::Deleted, DeletedEntry::Missing]);
        assert_eq!(
            (db.xlen("s").await.unwrap(), db.xpending("s", "g").await.unwrap().count),
            (1, 1)
        );
        assert!(db.xdelex("s", StreamRefs::Keep, ()).await.unwrap_err().is_command());

        // Of 4-0 and 5-0, both pending, the first is trimmed and the second forgotten too.
        let all = XreadGroupOptions::new;
        db.xreadgroup::<String>("g", "me", [("s", ">")], all()).await.unwrap();
        let keep = XaddOptions::new().trim(StreamTrim::maxlen(1).references(StreamRefs::Keep));
        db.xadd_with("s", [("n", 5)], keep).await.unwrap();
        db.xreadgroup::<String>("g", "me", [("s", ">")], all()).await.unwrap();
        let pending = db.xpending("s", "g").await.unwrap().count;
        let delete = StreamTrim::maxlen(0).references(StreamRefs::Delete);
        assert_eq!(db.xtrim("s", delete).await.unwrap(), 1);
        assert_eq!(db.xpending("s", "g").await.unwrap().count, pending - 1);
        assert!(db.xackdel("s", "g", StreamRefs::Keep, ()).await.unwrap_err().is_command());
    })
    .await;
}

#[async_std::test]
async fn vector_sets() {
    both_on(&redis_8(), |_, db| async move {
        let exact = || VaddOptions::new().exact();
        let old = exact().attributes(r#"{"year":1950}"#);
        assert!(db.vadd_with("v", &[1.0, 0.0, 0.0], "a", old).await.unwrap());
        assert!(db.vadd_with("v", &[0.9, 0.1, 0.0], "b", exact().cas().effort(50)).await.unwrap());
        assert!(db.vadd_with("v", &[0.0, 0.0, 1.0], "c", exact()).await.unwrap());
        assert!(!db.vadd_with("v", &[0.0, 0.1, 0.9], "c", exact()).await.unwrap());
        assert!(db.vadd("plain", &[1.0, 2.0], "a").await.unwrap());
        assert!(db.vadd_with("bits", &[1.0; 8], "a", VaddOptions::new().binary()).await.unwrap());
        let links = VaddOptions::new().quantised().links(8);
        assert!(db.vadd_reduced("short", 2, &[1.0; 8], "a", links).await.unwrap());
        assert_eq!((db.vcard("v").await.unwrap(), db.vdim("v").await.unwrap()), (3, 3));
        assert_eq!(db.vdim("short").await.unwrap(), 2);
        assert!(db.vdim("none").await.unwrap_err().is_server());
        assert!(db.vismember("v", "a").await.unwrap() && !db.vismember("v", "z").await.unwrap());
        assert_eq!(db.vemb("v", "a").await.unwrap(), Some(vec![1.0, 0.0, 0.0]));
        assert_eq!(db.vemb("v", "none").await.unwrap(), None);
        let raw = db.vemb_raw("v", "a").await.unwrap().unwrap();
        assert_eq!((raw.quantisation.as_str(), raw.norm, raw.range), ("f32", 1.0, None));
        let unit = [1.0_f32, 0.0, 0.0].map(f32::to_le_bytes).concat();
        assert_eq!(raw.data, unit);
        assert_eq!(db.vemb_raw("v", "none").await.unwrap(), None);
        let quantised = VaddOptions::new().quantised();
        db.vadd_with("q", &[0.0, 2.0], "a", quantised).await.unwrap();
        let raw = db.vemb_raw("q", "a").await.unwrap().unwrap();
        assert_eq!(
            (raw.quantisation.as_str(), &raw.data[..], raw.norm),
            ("int8", &[0, 127][..], 2.0)
        );
        assert_eq!(raw.range, Some(1.0));

        assert!(db.vsetattr("v", "b", r#"{"year":2000}"#).await.unwrap());
        assert!(!db.vsetattr("v", "none", "{}").await.unwrap());
        let attributes: Option<String> = db.vgetattr("v", "b").await.unwrap();
        assert_eq!(attributes.as_deref(), Some(r#"{"year":2000}"#));
        assert_eq!(db.vgetattr::<String>("v", "c").await.unwrap(), None);

        let near = || VectorQuery::vector(&[1.0, 0.0, 0.0]);
        let options = VsimOptions::new;
        assert_eq!(
            db.vsim::<String>("v", near(), options().count(2).effort(99)).await.unwrap(),
            texts(&["a", "b"])
        );
        let like_c = VectorQuery::member("c");
        let scored: Vec<(String, f64)> =
            db.vsim_with_scores("v", like_c, options().exact().on_main_thread()).await.unwrap();
        assert_eq!((scored.len(), scored[0].0.as_str()), (3, "c"));
        assert!((scored[0].1 - 1.0).abs() < 1e-5 && scored[2].1 < scored[1].1);
        let late = options().filter(".year > 1990").filter_effort(100);
        assert_eq!(db.vsim::<String>("v", near(), late).await.unwrap(), texts(&["b"]));
        let close = options().epsilon(0.1);
        let matches = db.vsim_with_attributes::<String>("v", near(), close).await.unwrap();
        assert_eq!((matches.len(), matches[0].member.as_str()), (2, "a"));
        assert_eq!(matches[0].attributes.as_deref(), Some(r#"{"year":1950}"#));
        let all = db.vsim_with_attributes::<String>("v", near(), options()).await.unwrap();
        assert!(all[2].attributes.is_none() && all[2].score < all[1].score);
        for error in [
            db.vadd("v", &[], "a").await.unwrap_err(),
            db.vsim::<String>("v", VectorQuery::vector(&[]), options()).await.unwrap_err(),
        ] {
            assert!(error.is_command() && error.to_string().contains("vector"), "{error}");
        }

        let info = db.vinfo("v").await.unwrap().unwrap();
        assert_eq!((info.quantisation.as_str(), info.dimension, info.members), ("f32", 3, 3));
        assert_eq!((info.links, info.attributes), (Some(16), Some(2)));
        assert_eq!(db.vinfo("none").await.unwrap(), None);
        let links = db.vlinks::<String>("v", "a").await.unwrap().unwrap();
        assert_eq!(links.last().unwrap().len(), 2);
        let links = db.vlinks_with_scores::<String>("v", "a").await.unwrap().unwrap();
        assert!(links.last().unwrap().iter().any(|(member, score)| member == "b" && *score > 0.9));
        assert_eq!(db.vlinks::<String>("v", "none").await.unwrap(), None);
        assert!(db.vrandmember::<String>("v").await.unwrap().is_some());
        assert_eq!(db.vrandmember::<String>("none").await.unwrap(), None);
        assert_eq!(db.vrandmember_count::<String>("v", -7).await.unwrap().len(), 7);
        assert!(db.vrem("v", "a").await.unwrap() && !db.vrem("v", "a").await.unwrap());
    })
    .await;
}
