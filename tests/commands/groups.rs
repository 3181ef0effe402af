//! Groups of consumers of streams.

use std::{collections::HashMap, time::Duration};

use redmux::{
    Database,
    database::streams::{GroupStart, StreamId, XclaimOptions, XpendingFilter, XreadGroupOptions},
    resp::Value,
};

use crate::{
    both,
    streams::{id, make},
};

const NOW: Duration = Duration::ZERO;

/// Makes a stream with this many entries and a group that has read none of them.
async fn make_group(db: &Database, entries: u64) {
    make(db, "s", entries).await;
    db.xgroup_create("s", "g", GroupStart::beginning()).await.unwrap();
}

/// Has a consumer read up to `count` new entries; returns how many there were.
async fn read(db: &Database, consumer: &str, count: u64) -> usize {
    let options = XreadGroupOptions::new().count(count);
    let new = db.xreadgroup::<String>("g", consumer, [("s", ">")], options).await.unwrap();
    new.unwrap()[0].1.len()
}

#[async_std::test]
async fn a_group_is_made_once_and_on_a_stream() {
    both(|_, db| async move {
        let start = GroupStart::beginning();
        assert!(db.xgroup_create("s", "g", start.clone()).await.unwrap_err().is_server());
        db.xgroup_create("s", "g", start.clone().make_stream()).await.unwrap();
        let again = db.xgroup_create("s", "g", start).await.unwrap_err();
        assert_eq!(again.server().unwrap().code(), "BUSYGROUP");
    })
    .await;
}

#[async_std::test]
async fn a_consumer_is_made_and_removed_with_what_it_has() {
    both(|_, db| async move {
        make_group(&db, 1).await;
        assert!(db.xgroup_createconsumer("s", "g", "me").await.unwrap());
        assert!(!db.xgroup_createconsumer("s", "g", "me").await.unwrap());
        assert_eq!(read(&db, "me", 1).await, 1);
        assert_eq!(db.xgroup_delconsumer("s", "g", "me").await.unwrap(), 1);
    })
    .await;
}

#[async_std::test]
async fn a_group_is_removed_once() {
    both(|_, db| async move {
        make_group(&db, 1).await;
        assert!(db.xgroup_destroy("s", "g").await.unwrap());
        assert!(!db.xgroup_destroy("s", "g").await.unwrap());
    })
    .await;
}

#[async_std::test]
async fn entries_are_read_once_and_acknowledged() {
    both(|_, db| async move {
        make_group(&db, 3).await;
        assert_eq!(read(&db, "me", 2).await, 2);
        assert_eq!(db.xack("s", "g", [id(1, 0), id(9, 0)]).await.unwrap(), 1);
        assert!(db.xack("s", "g", ()).await.unwrap_err().is_rejected());
    })
    .await;
}

#[async_std::test]
async fn an_entry_that_was_deleted_is_read_again_without_fields() {
    both(|_, db| async move {
        make_group(&db, 1).await;
        assert_eq!(read(&db, "me", 1).await, 1);
        db.xdel("s", id(1, 0)).await.unwrap();
        let mine = db
            .xreadgroup::<String>("g", "me", [("s", StreamId::MIN)], XreadGroupOptions::new())
            .await
            .unwrap()
            .unwrap();
        assert!(mine[0].1[0].is_deleted());
        assert_eq!(mine[0].1[0].get::<i64>("n").unwrap(), None);
        assert!(mine[0].1[0].fields::<HashMap<String, i64>>().unwrap().is_empty());
    })
    .await;
}

#[async_std::test]
async fn entries_read_without_acknowledgement_are_not_pending() {
    both(|_, db| async move {
        make_group(&db, 1).await;
        let noack = XreadGroupOptions::new().noack();
        let got = db.xreadgroup::<String>("g", "me", [("s", ">")], noack.clone()).await.unwrap();
        assert_eq!(got.unwrap()[0].1.len(), 1);
        assert_eq!(db.xreadgroup::<String>("g", "me", [("s", ">")], noack).await.unwrap(), None);
        assert_eq!(db.xpending("s", "g").await.unwrap().count, 0);
    })
    .await;
}

/// A group with two consumers: `me` has read two of three entries, acknowledged 1-0, and 2-0 is
/// deleted.
async fn make_busy(db: &Database) {
    make_group(db, 3).await;
    db.xgroup_createconsumer("s", "g", "idle").await.unwrap();
    assert_eq!(read(db, "me", 2).await, 2);
    assert_eq!(db.xack("s", "g", id(1, 0)).await.unwrap(), 1);
    db.xdel("s", id(2, 0)).await.unwrap();
}

#[async_std::test]
async fn the_server_tells_of_groups_and_consumers() {
    both(|_, db| async move {
        make_busy(&db).await;
        let groups = db.xinfo_groups("s").await.unwrap();
        let group = &groups[0];
        assert_eq!((group.name.as_str(), group.consumers, group.pending), ("g", 2, 1));
        assert_eq!((group.last_delivered_id, group.entries_read), (id(2, 0), Some(2)));
        let consumers = db.xinfo_consumers("s", "g").await.unwrap();
        let me = consumers.iter().find(|consumer| consumer.name == "me").unwrap();
        assert!(me.pending == 1 && me.idle_millis < 60_000);
    })
    .await;
}

#[async_std::test]
async fn the_server_tells_of_a_stream_in_short_and_in_full() {
    both(|_, db| async move {
        make_busy(&db).await;
        let info = db.xinfo_stream("s").await.unwrap();
        assert_eq!((info.length, info.groups, info.last_id), (2, 1, id(3, 0)));
        assert_eq!((info.max_deleted_id, info.entries_added), (Some(id(2, 0)), Some(3)));
        assert_eq!(info.first.unwrap().get::<i64>("n").unwrap(), Some(1));
        assert_eq!(info.last.unwrap().id, id(3, 0));
        let full: HashMap<String, Value> = db.xinfo_stream_full("s", 1).await.unwrap();
        assert!(full.contains_key("entries") && full.contains_key("groups"));
    })
    .await;
}

#[async_std::test]
async fn the_place_of_a_group_can_be_set() {
    both(|_, db| async move {
        make_group(&db, 3).await;
        db.xgroup_setid("s", "g", GroupStart::after(id(1, 0)).entries_read(1)).await.unwrap();
        assert_eq!(db.xinfo_groups("s").await.unwrap()[0].entries_read, Some(1));
        db.xgroup_setid("s", "g", GroupStart::end()).await.unwrap();
        assert_eq!(db.xinfo_groups("s").await.unwrap()[0].last_delivered_id, id(3, 0));
    })
    .await;
}

#[async_std::test]
async fn pending_entries_are_summed_up() {
    both(|_, db| async move {
        make_group(&db, 4).await;
        let none = db.xpending("s", "g").await.unwrap();
        assert_eq!((none.count, none.lowest, none.consumers.len()), (0, None, 0));
        assert_eq!(read(&db, "one", 9).await, 4);
        let summary = db.xpending("s", "g").await.unwrap();
        assert_eq!((summary.count, summary.lowest), (4, Some(id(1, 0))));
        assert_eq!(summary.highest, Some(id(4, 0)));
        assert_eq!((summary.consumers[0].name.as_str(), summary.consumers[0].count), ("one", 4));
    })
    .await;
}

#[async_std::test]
async fn pending_entries_are_listed_by_id_consumer_and_idle_time() {
    both(|_, db| async move {
        make_group(&db, 4).await;
        assert_eq!(read(&db, "one", 9).await, 4);
        let some = XpendingFilter::new(9).range(id(2, 0), "+").consumer("one");
        let entries = db.xpending_entries("s", "g", some.clone()).await.unwrap();
        assert_eq!((entries.len(), entries[0].id, entries[0].deliveries), (3, id(2, 0), 1));
        assert!(entries[0].consumer == "one" && entries[0].idle < Duration::from_secs(60));
        let old = some.min_idle(Duration::from_secs(600));
        assert!(db.xpending_entries("s", "g", old).await.unwrap().is_empty());
    })
    .await;
}

#[async_std::test]
async fn a_claim_gives_entries_to_another_consumer() {
    both(|_, db| async move {
        make_group(&db, 4).await;
        assert_eq!(read(&db, "one", 9).await, 4);
        let options = XclaimOptions::new().idle(Duration::from_secs(900)).deliveries(7);
        let claimed = db.xclaim("s", "g", "two", NOW, [id(1, 0)], options).await.unwrap();
        assert_eq!(claimed[0].get::<i64>("n").unwrap(), Some(1));
        let two = XpendingFilter::new(9).consumer("two").min_idle(Duration::from_secs(600));
        assert_eq!(db.xpending_entries("s", "g", two).await.unwrap()[0].deliveries, 7);
        let at = XclaimOptions::new().delivered_at(1).force();
        let ids = db.xclaim_ids("s", "g", "two", NOW, [id(2, 0)], at).await.unwrap();
        assert_eq!(ids, [id(2, 0)]);
    })
    .await;
}

#[async_std::test]
async fn a_claim_without_ids_is_refused() {
    both(|_, db| async move {
        let empty = db.xclaim("s", "g", "two", NOW, (), XclaimOptions::new()).await.unwrap_err();
        assert!(empty.is_rejected() && empty.to_string().contains("ids"), "{empty}");
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

#[async_std::test]
async fn an_automatic_claim_goes_on_from_page_to_page() {
    both(|_, db| async move {
        make_group(&db, 4).await;
        assert_eq!(read(&db, "one", 9).await, 4);
        db.xdel("s", id(3, 0)).await.unwrap();
        let claimed = db.xautoclaim("s", "g", "three", NOW, StreamId::MIN, 3).await.unwrap();
        assert_eq!((claimed.next, claimed.entries.len()), (id(4, 0), 2));
        assert_eq!(claimed.deleted, [id(3, 0)]);
        let rest = db.xautoclaim_ids("s", "g", "three", NOW, claimed.next, 9).await.unwrap();
        assert_eq!((rest.next, rest.entries), (StreamId::MIN, vec![id(4, 0)]));
    })
    .await;
}
