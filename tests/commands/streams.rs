//! Streams.

use std::{collections::HashMap, time::Duration};

use redmux::{
    Database,
    database::streams::{
        GroupStart, StreamId, StreamTrim, XaddOptions, XclaimOptions, XpendingFilter,
        XreadGroupOptions, XreadOptions,
    },
    resp::Value,
};

use crate::both;

const fn id(millis: u64, sequence: u64) -> StreamId {
    StreamId::new(millis, sequence)
}

/// Makes a stream with the entries 1-0, 2-0 and so on, whose field `n` says their number.
async fn make(db: &Database, key: &str, count: u64) {
    for n in 1..=count {
        let options = XaddOptions::new().id(id(n, 0));
        assert_eq!(db.xadd_with(key, [("n", n)], options).await.unwrap(), Some(id(n, 0)));
    }
}

#[async_std::test]
async fn writing() {
    both(|_, db| async move {
        let first = db.xadd("s", [("a", 1), ("b", 2)]).await.unwrap();
        assert!(first.millis > 1_700_000_000_000);
        let second = db.xadd("s", HashMap::from([("a", "x")])).await.unwrap();
        assert!(second > first);
        let none = XaddOptions::new().if_exists();
        assert_eq!(db.xadd_with("none", [("a", 1)], none).await.unwrap(), None);
        let low = XaddOptions::new().id(id(1, 1));
        assert!(db.xadd_with("s", [("a", 1)], low).await.unwrap_err().is_server());
        let next = XaddOptions::new().id(format!("{}-*", second.millis));
        assert_eq!(db.xadd_with("s", [("a", 1)], next).await.unwrap(), second.next());
        assert_eq!(db.xlen("s").await.unwrap(), 3);
        let short = XaddOptions::new().trim(StreamTrim::maxlen(2));
        db.xadd_with("s", [("a", 1)], short).await.unwrap();
        assert_eq!(db.xlen("s").await.unwrap(), 2);
        let none: [(&str, &str); 0] = [];
        assert!(db.xadd("s", none).await.unwrap_err().is_command());
        assert!(db.xadd("s", ["odd"]).await.unwrap_err().to_string().contains("XADD"));

        make(&db, "t", 9).await;
        assert_eq!(db.xtrim("t", StreamTrim::minid(id(3, 0))).await.unwrap(), 2);
        assert_eq!(db.xtrim("t", StreamTrim::maxlen_about(1).limit(1)).await.unwrap(), 0);
        assert_eq!(db.xtrim("t", StreamTrim::minid_about(id(5, 0))).await.unwrap(), 0);
        assert_eq!(db.xdel("t", [id(3, 0), id(99, 0)]).await.unwrap(), 1);
        assert!(db.xdel("t", ()).await.unwrap_err().is_command());
        db.xsetid("t", id(100, 5)).await.unwrap();
        assert_eq!(db.xinfo_stream("t").await.unwrap().last_id, id(100, 5));
    })
    .await;
}

#[async_std::test]
async fn reading() {
    both(|_, db| async move {
        make(&db, "s", 5).await;
        let ids = |entries: Vec<redmux::database::streams::StreamEntry>| -> Vec<u64> {
            entries.iter().map(|entry| entry.id.millis).collect()
        };
        assert_eq!(ids(db.xrange("s", "-", "+").await.unwrap()), [1, 2, 3, 4, 5]);
        assert_eq!(ids(db.xrange("s", id(2, 0), "(4-0").await.unwrap()), [2, 3]);
        assert_eq!(ids(db.xrange_count("s", "-", "+", 2).await.unwrap()), [1, 2]);
        assert_eq!(ids(db.xrevrange("s", id(3, 0), "-").await.unwrap()), [3, 2, 1]);
        assert_eq!(ids(db.xrevrange_count("s", "+", "-", 1).await.unwrap()), [5]);
        let entries = db.xrange("s", id(2, 0), id(2, 0)).await.unwrap();
        assert_eq!(entries[0].get::<i64>("n").unwrap(), Some(2));
        assert_eq!(entries[0].get::<i64>("none").unwrap(), None);
        assert_eq!(entries[0].fields::<HashMap<String, i64>>().unwrap()["n"], 2);
        assert!(entries[0].get::<Vec<String>>("n").is_err() && !entries[0].is_deleted());
        assert_eq!(entries, db.xrange("s", "2-0", "2-0").await.unwrap());

        make(&db, "t", 1).await;
        let after = [("s", id(4, 0)), ("t", StreamId::MIN), ("none", StreamId::MIN)];
        let read = db.xread::<String>(after, XreadOptions::new()).await.unwrap().unwrap();
        let read: HashMap<String, Vec<u64>> =
            read.into_iter().map(|(key, entries)| (key, ids(entries))).collect();
        assert_eq!(read, HashMap::from([("s".to_owned(), vec![5]), ("t".to_owned(), vec![1])]));
        let one = XreadOptions::new().count(1);
        let read = db.xread::<String>([("s", "0")], one).await.unwrap().unwrap();
        assert_eq!(read[0].1.len(), 1);
        assert_eq!(db.xread::<String>([("s", "5")], XreadOptions::new()).await.unwrap(), None);
        let odd = db.xread::<String>(["s"], XreadOptions::new()).await.unwrap_err();
        assert!(odd.is_command() && odd.to_string().contains("XREAD"), "{odd}");
        let other = db
            .xrange("s", "1", "1")
            .reply_as::<Vec<(StreamId, HashMap<String, i64>)>>()
            .await
            .unwrap();
        assert_eq!(other, [(id(1, 0), HashMap::from([("n".to_owned(), 1)]))]);
    })
    .await;
}

#[async_std::test]
async fn groups() {
    both(|_, db| async move {
        let start = GroupStart::beginning();
        assert!(db.xgroup_create("s", "g", start.clone()).await.unwrap_err().is_server());
        db.xgroup_create("s", "g", start.clone().make_stream()).await.unwrap();
        let again = db.xgroup_create("s", "g", start.clone()).await.unwrap_err();
        assert_eq!(again.server().unwrap().code(), "BUSYGROUP");
        make(&db, "s", 3).await;
        assert!(db.xgroup_createconsumer("s", "g", "idle").await.unwrap());
        assert!(!db.xgroup_createconsumer("s", "g", "idle").await.unwrap());
        let two = XreadGroupOptions::new().count(2);
        let new = db.xreadgroup::<String>("g", "me", [("s", ">")], two).await.unwrap().unwrap();
        assert_eq!(new[0].1.len(), 2);
        assert_eq!(db.xack("s", "g", [id(1, 0), id(9, 0)]).await.unwrap(), 1);
        assert!(db.xack("s", "g", ()).await.unwrap_err().is_command());
        db.xdel("s", id(2, 0)).await.unwrap();
        let mine = db
            .xreadgroup::<String>("g", "me", [("s", StreamId::MIN)], XreadGroupOptions::new())
            .await
            .unwrap()
            .unwrap();
        assert!(mine[0].1[0].is_deleted());
        assert_eq!(mine[0].1[0].get::<i64>("n").unwrap(), None);
        assert!(mine[0].1[0].fields::<HashMap<String, i64>>().unwrap().is_empty());

        let groups = db.xinfo_groups("s").await.unwrap();
        let group = &groups[0];
        assert_eq!((group.name.as_str(), group.consumers, group.pending), ("g", 2, 1));
        assert_eq!((group.last_delivered_id, group.entries_read), (id(2, 0), Some(2)));
        let consumers = db.xinfo_consumers("s", "g").await.unwrap();
        let me = consumers.iter().find(|consumer| consumer.name == "me").unwrap();
        assert!(me.pending == 1 && me.idle_millis < 60_000);
        let info = db.xinfo_stream("s").await.unwrap();
        assert_eq!((info.length, info.groups, info.last_id), (2, 1, id(3, 0)));
        assert_eq!((info.max_deleted_id, info.entries_added), (Some(id(2, 0)), Some(3)));
        assert_eq!(info.first.unwrap().get::<i64>("n").unwrap(), Some(1));
        assert_eq!(info.last.unwrap().id, id(3, 0));

        let full: HashMap<String, Value> = db.xinfo_stream_full("s", 1).await.unwrap();
        assert!(full.contains_key("entries") && full.contains_key("groups"));

        let noack = XreadGroupOptions::new().noack();
        let got = db.xreadgroup::<String>("g", "me", [("s", ">")], noack.clone()).await.unwrap();
        assert_eq!(got.unwrap()[0].1.len(), 1);
        assert_eq!(db.xreadgroup::<String>("g", "me", [("s", ">")], noack).await.unwrap(), None);
        db.xgroup_setid("s", "g", GroupStart::after(id(1, 0)).entries_read(1)).await.unwrap();
        assert_eq!(db.xinfo_groups("s").await.unwrap()[0].entries_read, Some(1));
        db.xgroup_setid("s", "g", GroupStart::end()).await.unwrap();
        assert_eq!(db.xgroup_delconsumer("s", "g", "me").await.unwrap(), 1);
        assert!(db.xgroup_destroy("s", "g").await.unwrap());
        assert!(!db.xgroup_destroy("s", "g").await.unwrap());
        assert!(db.xinfo_stream("none").await.unwrap_err().is_server());
    })
    .await;
}

#[async_std::test]
async fn pending_entries() {
    both(|_, db| async move {
        make(&db, "s", 4).await;
        db.xgroup_create("s", "g", GroupStart::beginning()).await.unwrap();
        let none = db.xpending("s", "g").await.unwrap();
        assert_eq!((none.count, none.lowest, none.consumers.len()), (0, None, 0));
        let all = XreadGroupOptions::new();
        db.xreadgroup::<String>("g", "one", [("s", ">")], all).await.unwrap().unwrap();
        let summary = db.xpending("s", "g").await.unwrap();
        assert_eq!((summary.count, summary.lowest), (4, Some(id(1, 0))));
        assert_eq!(summary.highest, Some(id(4, 0)));
        assert_eq!((summary.consumers[0].name.as_str(), summary.consumers[0].count), ("one", 4));
        let some = XpendingFilter::new(9).range(id(2, 0), "+").consumer("one");
        let entries = db.xpending_entries("s", "g", some.clone()).await.unwrap();
        assert_eq!((entries.len(), entries[0].id, entries[0].deliveries), (3, id(2, 0), 1));
        assert!(entries[0].consumer == "one" && entries[0].idle < Duration::from_secs(60));
        let old = some.min_idle(Duration::from_secs(600));
        assert!(db.xpending_entries("s", "g", old).await.unwrap().is_empty());

        let now = Duration::ZERO;
        let options = XclaimOptions::new().idle(Duration::from_secs(900)).deliveries(7);
        let claimed = db.xclaim("s", "g", "two", now, [id(1, 0)], options).await.unwrap();
        assert_eq!(claimed[0].get::<i64>("n").unwrap(), Some(1));
        let two = XpendingFilter::new(9).consumer("two").min_idle(Duration::from_secs(600));
        assert_eq!(db.xpending_entries("s", "g", two).await.unwrap()[0].deliveries, 7);
        let at = XclaimOptions::new().delivered_at(1).force();
        let ids = db.xclaim_ids("s", "g", "two", now, [id(2, 0)], at).await.unwrap();
        assert_eq!(ids, [id(2, 0)]);
        let empty = db.xclaim("s", "g", "two", now, (), XclaimOptions::new()).await.unwrap_err();
        assert!(empty.is_command() && empty.to_string().contains("ids"), "{empty}");

        db.xdel("s", id(3, 0)).await.unwrap();
        let claimed = db.xautoclaim("s", "g", "three", now, StreamId::MIN, 3).await.unwrap();
        assert_eq!((claimed.next, claimed.entries.len()), (id(4, 0), 2));
        assert_eq!(claimed.deleted, [id(3, 0)]);
        let rest = db.xautoclaim_ids("s", "g", "three", now, claimed.next, 9).await.unwrap();
        assert_eq!((rest.next, rest.entries), (StreamId::MIN, vec![id(4, 0)]));
    })
    .await;
}

#[async_std::test]
async fn a_claim_moves_the_last_id_of_its_group() {
    both(|_, db| async move {
        let id = db.xadd("s", [("n", 1)]).await.unwrap();
        db.xgroup_create("s", "g", GroupStart::beginning()).await.unwrap();
        let options = XclaimOptions::new().force().last_id(id);
        db.xclaim("s", "g", "me", Duration::ZERO, id, options).await.unwrap();
        assert_eq!(db.xinfo_groups("s").await.unwrap()[0].last_delivered_id, id);
    })
    .await;
}
