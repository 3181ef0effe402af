//! Scans as streams of items.

use std::{collections::BTreeSet, time::Duration};

use futures::{StreamExt, TryStreamExt, stream::FusedStream};
use redmux::{
    Database,
    database::{
        keys::DataType,
        scans::{ScanCursor, ScanOptions},
        streams::{StreamId, XaddOptions},
    },
};

use crate::{both, on_redis_8, texts};

const KEYS: i64 = 500;

/// How often the server has run a command since its statistics were reset.
async fn calls(db: &Database, command: &str) -> u64 {
    let info = db.info(["commandstats"]).await.unwrap();
    let line = info.get(&format!("cmdstat_{command}")).unwrap_or("calls=0,");
    line.strip_prefix("calls=").unwrap().split(',').next().unwrap().parse().unwrap()
}

fn numbers() -> Vec<i64> {
    (0..KEYS).collect()
}

/// A name for each number.
fn pairs() -> Vec<(String, i64)> {
    numbers().into_iter().map(|n| (format!("k{n}"), n)).collect()
}

/// Pages that are far smaller than what is scanned.
fn few() -> ScanOptions {
    ScanOptions::new().count(20)
}

#[async_std::test]
async fn every_key_comes() {
    both(|_, db| async move {
        db.mset(pairs()).await.unwrap();
        let found = db.scan_stream::<String>(ScanOptions::new()).try_collect::<BTreeSet<_>>();
        let names: BTreeSet<String> = pairs().into_iter().map(|(name, _)| name).collect();
        assert_eq!(found.await.unwrap(), names);
    })
    .await;
}

#[async_std::test]
async fn keys_come_by_type_and_pattern() {
    both(|_, db| async move {
        db.mset(pairs()).await.unwrap();
        db.sadd("s", numbers()).await.unwrap();
        db.zadd("z", [(1, 1)]).await.unwrap();
        let sets = ScanOptions::new().data_type(DataType::Set).pattern("?");
        let found: Vec<String> = db.scan_stream::<String>(sets).try_collect().await.unwrap();
        assert_eq!(found, texts(&["s"]));
    })
    .await;
}

#[async_std::test]
async fn every_field_comes_with_its_value() {
    both(|_, db| async move {
        db.hset("h", pairs()).await.unwrap();
        let fields: BTreeSet<_> =
            db.hscan_stream::<String, i64>("h", few()).try_collect().await.unwrap();
        assert_eq!(fields, pairs().into_iter().collect());
    })
    .await;
}

#[async_std::test]
async fn every_member_of_a_set_comes() {
    both(|_, db| async move {
        db.sadd("s", numbers()).await.unwrap();
        let members: BTreeSet<i64> =
            db.sscan_stream::<i64>("s", few()).try_collect().await.unwrap();
        assert_eq!(members, numbers().into_iter().collect());
        let none: Vec<i64> = db.sscan_stream::<i64>("none", few()).try_collect().await.unwrap();
        assert!(none.is_empty());
    })
    .await;
}

#[async_std::test]
async fn every_member_of_a_sorted_set_comes_with_its_score() {
    both(|_, db| async move {
        db.zadd("z", numbers().into_iter().map(|n| (n, n)).collect::<Vec<_>>()).await.unwrap();
        let scored: Vec<(i64, f64)> =
            db.zscan_stream::<i64>("z", few()).try_collect().await.unwrap();
        assert!(scored.iter().all(|(member, score)| *member as f64 == *score));
        let members: BTreeSet<i64> = scored.into_iter().map(|(member, _)| member).collect();
        assert_eq!(members, numbers().into_iter().collect());
    })
    .await;
}

#[async_std::test]
async fn fields_without_values() {
    on_redis_8(|_, db| async move {
        let pairs: Vec<_> = (0..KEYS).map(|n| (n, "value")).collect();
        db.hset("h", &pairs).await.unwrap();
        let fields = db.hscan_fields_stream::<i64>("h", ScanOptions::new().count(30));
        let fields: BTreeSet<i64> = fields.try_collect().await.unwrap();
        assert_eq!(fields, (0..KEYS).collect());
    })
    .await;
}

#[async_std::test]
async fn at_most_one_page_is_ahead() {
    both(|_, db| async move {
        db.sadd("s", (0..10_000).map(|n| format!("member {n}")).collect::<Vec<_>>()).await.unwrap();
        for ahead in [true, false] {
            db.config_resetstat().await.unwrap();
            let options = ScanOptions::new().count(100);
            let mut members = db.sscan_stream::<String>("s", options).read_ahead(ahead);
            assert_eq!(calls(&db, "sscan").await, 0);
            members.next().await.unwrap().unwrap();
            assert_eq!(calls(&db, "sscan").await, 1);
            // A page has about 100: half of it is taken, and the other half, but not that of
            // the next one.
            for _ in 0..80 {
                members.next().await.unwrap().unwrap();
            }
            assert_eq!(calls(&db, "sscan").await, if ahead { 2 } else { 1 });
        }
    })
    .await;
}

#[async_std::test]
async fn a_scan_goes_on_where_another_was() {
    both(|_, db| async move {
        db.sadd("s", (0..2000).map(|n| format!("m{n}")).collect::<Vec<_>>()).await.unwrap();
        let few = || ScanOptions::new().count(50);
        let mut first = db.sscan_stream::<String>("s", few());
        assert_eq!(first.cursor(), Some(ScanCursor::default()));
        let mut found = BTreeSet::new();
        for _ in 0..777 {
            found.insert(first.next().await.unwrap().unwrap());
        }
        // As a program would keep it.
        let stored = first.cursor().unwrap().to_string();
        let cursor: ScanCursor = stored.parse().unwrap();
        assert_ne!(cursor, ScanCursor::default());
        drop(first);
        let mut second = db.sscan_stream::<String>("s", few()).resume_at(cursor);
        while let Some(member) = second.try_next().await.unwrap() {
            found.insert(member);
        }
        assert_eq!(found.len(), 2000);
        assert_eq!(second.cursor(), None);
        assert!(second.is_terminated() && second.next().await.is_none());
    })
    .await;
}

#[async_std::test]
async fn an_error_ends_the_stream() {
    both(|muxer, db| async move {
        db.set("k", "text").await.unwrap();
        let mut members = db.sscan_stream::<String>("k", ScanOptions::new());
        let error = members.next().await.unwrap().unwrap_err();
        assert_eq!(error.server().unwrap().code(), "WRONGTYPE");
        assert!(members.next().await.is_none() && members.is_terminated());
        assert_eq!(members.cursor(), Some(ScanCursor::default()));

        // What arrived before the connection was closed still comes.
        db.sadd("s", (0..1000).map(|n| format!("m{n}")).collect::<Vec<_>>()).await.unwrap();
        let mut members = db.sscan_stream::<String>("s", ScanOptions::new().count(100));
        members.next().await.unwrap().unwrap();
        muxer.close().await;
        let (mut came, mut failed) = (1, None);
        while let Some(member) = members.next().await {
            match member {
                Ok(_) => came += 1,
                Err(error) => failed = Some(error),
            }
        }
        assert!(failed.unwrap().is_closed() && (50..1000).contains(&came), "{came}");
        assert!(members.cursor().is_some_and(|cursor| cursor != ScanCursor::default()));
    })
    .await;
}

#[async_std::test]
async fn entries_of_a_stream() {
    both(|_, db| async move {
        for n in 1..=25 {
            let options = XaddOptions::new().id(StreamId::new(n, 0));
            db.xadd_with("log", [("n", n)], options).await.unwrap();
        }
        let ids = |from, to, page| {
            let entries =
                db.xrange_stream("log", StreamId::new(from, 0), StreamId::new(to, 0), page);
            entries.map_ok(|entry| entry.id.millis).try_collect::<Vec<_>>()
        };
        for page in [0, 1, 2, 7, 24, 25, 26, 1000] {
            assert_eq!(ids(0, 1000, page).await.unwrap(), (1..=25).collect::<Vec<_>>(), "{page}");
            assert_eq!(ids(5, 11, page).await.unwrap(), (5..=11).collect::<Vec<_>>(), "{page}");
        }
        assert!(ids(7, 6, 10).await.unwrap().is_empty());
        let none = db.xrange_stream("none", StreamId::MIN, StreamId::MAX, 10).read_ahead(false);
        assert!(none.try_collect::<Vec<_>>().await.unwrap().is_empty());

        db.config_resetstat().await.unwrap();
        let mut entries = db.xrange_stream("log", StreamId::MIN, StreamId::MAX, 10);
        let first = entries.next().await.unwrap().unwrap();
        assert_eq!(first.get::<u64>("n").unwrap(), Some(1));
        assert_eq!(calls(&db, "xrange").await, 1);
    })
    .await;
}

#[test]
fn what_is_built_from_commands_crosses_threads() {
    use redmux::database::{
        locks::{Lock, LockGuard},
        scans::{EntryStream, ScanStream},
        scripting::{Script, ScriptRun},
    };
    fn shared<T: Send + Sync + Unpin>() {}
    fn sent<T: Send>(_: impl FnOnce(&'static mut LockGuard, &'static Database) -> T) {}
    shared::<ScanStream<'_, String>>();
    shared::<EntryStream<'_>>();
    shared::<(Script, ScriptRun<'_>, Lock, LockGuard)>();
    sent(|guard, _| guard.hold_during(async {}));
    sent(|guard, _| guard.extend(Duration::MAX));
    sent(|_, db| async move { db.lock("lock", Duration::MAX).acquire(Duration::ZERO).await });
}
