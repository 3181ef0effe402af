//! Streams: what is written and read. Groups are in `groups.rs`.

use std::collections::HashMap;

use redmux::{
    Database,
    database::streams::{StreamEntry, StreamId, StreamTrim, XaddOptions, XreadOptions},
};

use crate::both;

pub(crate) const fn id(millis: u64, sequence: u64) -> StreamId {
    StreamId::new(millis, sequence)
}

/// Makes a stream with the entries 1-0, 2-0 and so on, whose field `n` says their number.
pub(crate) async fn make(db: &Database, key: &str, count: u64) {
    for n in 1..=count {
        let options = XaddOptions::new().id(id(n, 0));
        assert_eq!(db.xadd_with(key, [("n", n)], options).await.unwrap(), Some(id(n, 0)));
    }
}

fn millis(entries: Vec<StreamEntry>) -> Vec<u64> {
    entries.iter().map(|entry| entry.id.millis).collect()
}

#[async_std::test]
async fn entries_get_ids_that_grow() {
    both(|_, db| async move {
        let first = db.xadd("s", [("a", 1), ("b", 2)]).await.unwrap();
        assert!(first.millis > 1_700_000_000_000);
        let second = db.xadd("s", HashMap::from([("a", "x")])).await.unwrap();
        assert!(second > first);
        let next = XaddOptions::new().id(format!("{}-*", second.millis));
        assert_eq!(db.xadd_with("s", [("a", 1)], next).await.unwrap(), second.next());
        assert_eq!(db.xlen("s").await.unwrap(), 3);
        let low = XaddOptions::new().id(id(1, 1));
        assert!(db.xadd_with("s", [("a", 1)], low).await.unwrap_err().is_server());
    })
    .await;
}

#[async_std::test]
async fn no_stream_is_made_where_it_must_exist() {
    both(|_, db| async move {
        let existing = XaddOptions::new().if_exists();
        assert_eq!(db.xadd_with("none", [("a", 1)], existing).await.unwrap(), None);
    })
    .await;
}

#[async_std::test]
async fn a_new_entry_trims_the_stream() {
    both(|_, db| async move {
        make(&db, "s", 3).await;
        let short = XaddOptions::new().trim(StreamTrim::maxlen(2));
        db.xadd_with("s", [("a", 1)], short).await.unwrap();
        assert_eq!(db.xlen("s").await.unwrap(), 2);
    })
    .await;
}

#[async_std::test]
async fn an_entry_without_fields_or_with_half_a_field_is_refused() {
    both(|_, db| async move {
        let none: [(&str, &str); 0] = [];
        assert!(db.xadd("s", none).await.unwrap_err().is_rejected());
        assert!(db.xadd("s", ["odd"]).await.unwrap_err().to_string().contains("XADD"));
    })
    .await;
}

#[async_std::test]
async fn a_stream_is_trimmed_by_length_or_id_exactly_or_about() {
    both(|_, db| async move {
        make(&db, "t", 9).await;
        assert_eq!(db.xtrim("t", StreamTrim::minid(id(3, 0))).await.unwrap(), 2);
        assert_eq!(db.xtrim("t", StreamTrim::maxlen_about(1).limit(1)).await.unwrap(), 0);
        assert_eq!(db.xtrim("t", StreamTrim::minid_about(id(5, 0))).await.unwrap(), 0);
    })
    .await;
}

#[async_std::test]
async fn xdel_returns_how_many_entries_there_were() {
    both(|_, db| async move {
        make(&db, "t", 3).await;
        assert_eq!(db.xdel("t", [id(3, 0), id(99, 0)]).await.unwrap(), 1);
        assert!(db.xdel("t", ()).await.unwrap_err().is_rejected());
    })
    .await;
}

#[async_std::test]
async fn the_last_id_of_a_stream_can_be_set() {
    both(|_, db| async move {
        make(&db, "t", 3).await;
        db.xsetid("t", id(100, 5)).await.unwrap();
        assert_eq!(db.xinfo_stream("t").await.unwrap().last_id, id(100, 5));
    })
    .await;
}

#[async_std::test]
async fn ranges_of_entries_go_either_way_and_have_bounds() {
    both(|_, db| async move {
        make(&db, "s", 5).await;
        assert_eq!(millis(db.xrange("s", "-", "+").await.unwrap()), [1, 2, 3, 4, 5]);
        assert_eq!(millis(db.xrange("s", id(2, 0), "(4-0").await.unwrap()), [2, 3]);
        assert_eq!(millis(db.xrange_count("s", "-", "+", 2).await.unwrap()), [1, 2]);
        assert_eq!(millis(db.xrevrange("s", id(3, 0), "-").await.unwrap()), [3, 2, 1]);
        assert_eq!(millis(db.xrevrange_count("s", "+", "-", 1).await.unwrap()), [5]);
    })
    .await;
}

#[async_std::test]
async fn fields_of_an_entry_are_decoded() {
    both(|_, db| async move {
        make(&db, "s", 2).await;
        let entries = db.xrange("s", id(2, 0), id(2, 0)).await.unwrap();
        assert_eq!(entries[0].get::<i64>("n").unwrap(), Some(2));
        assert_eq!(entries[0].get::<i64>("none").unwrap(), None);
        assert_eq!(entries[0].fields::<HashMap<String, i64>>().unwrap()["n"], 2);
        assert!(entries[0].get::<Vec<String>>("n").is_err() && !entries[0].is_deleted());
        assert_eq!(entries, db.xrange("s", "2-0", "2-0").await.unwrap());
    })
    .await;
}

#[async_std::test]
async fn entries_may_be_decoded_as_another_type() {
    both(|_, db| async move {
        make(&db, "s", 1).await;
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
async fn several_streams_are_read_each_from_its_place() {
    both(|_, db| async move {
        make(&db, "s", 5).await;
        make(&db, "t", 1).await;
        let after = [("s", id(4, 0)), ("t", StreamId::MIN), ("none", StreamId::MIN)];
        let read = db.xread::<String>(after, XreadOptions::new()).await.unwrap().unwrap();
        let read: HashMap<String, Vec<u64>> =
            read.into_iter().map(|(key, entries)| (key, millis(entries))).collect();
        assert_eq!(read, HashMap::from([("s".to_owned(), vec![5]), ("t".to_owned(), vec![1])]));
    })
    .await;
}

#[async_std::test]
async fn a_read_has_a_count_and_none_if_nothing_is_new() {
    both(|_, db| async move {
        make(&db, "s", 5).await;
        let one = XreadOptions::new().count(1);
        let read = db.xread::<String>([("s", "0")], one).await.unwrap().unwrap();
        assert_eq!(read[0].1.len(), 1);
        assert_eq!(db.xread::<String>([("s", "5")], XreadOptions::new()).await.unwrap(), None);
    })
    .await;
}

#[async_std::test]
async fn a_stream_without_a_place_is_refused() {
    both(|_, db| async move {
        let odd = db.xread::<String>(["s"], XreadOptions::new()).await.unwrap_err();
        assert!(odd.is_rejected() && odd.to_string().contains("XREAD"), "{odd}");
    })
    .await;
}

#[async_std::test]
async fn a_stream_that_is_missing_has_no_information() {
    both(|_, db| async move {
        assert!(db.xinfo_stream("none").await.unwrap_err().is_server());
    })
    .await;
}
