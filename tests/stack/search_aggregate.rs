//! Aggregations and their cursors on Redis Stack 7.4 and 7.2, in both protocols.

use std::{
    collections::{BTreeMap, HashMap},
    time::Duration,
};

use futures::{StreamExt, TryStreamExt};
use redmux::{
    ConnectionMultiplexer, Database, Endpoint, Options,
    options::Mode,
    resp::{FromReply, Value},
    stack::search::{
        Aggregate, AggregatePage, CursorOptions, Expression, Filter, Numeric, NumericField, Reduce,
        Schema, Tag, TagField, Text,
    },
};
use redmux_test_support::RedisCluster;

use crate::{everywhere, programs, recordings::replay};

const KIND: TagField = TagField::new("kind");
const PRICE: NumericField = NumericField::new("price");

/// This many goods of three kinds; the last has no kind.
async fn goods(db: &Database, count: u32) {
    let schema = Schema::hash()
        .prefix("good:")
        .field(Text::new("name").sortable())
        .field(Tag::new("kind").sortable())
        .field(Numeric::new("price").sortable());
    db.search().create("goods", &schema).await.unwrap();
    let all = (0..count).map(|at| {
        let mut fields = vec![("name", format!("No {at}")), ("price", at.to_string())];
        if at + 1 < count {
            fields.push(("kind", ["lamp", "chair", "table"][at as usize % 3].to_owned()));
        }
        db.hset(format!("good:{at}"), fields)
    });
    futures::future::try_join_all(all).await.unwrap();
    // What the server looks at again when it looks at all keys may be missing from a cursor, or in it twice.
    while db.search().info("goods").await.unwrap().indexing != Some(false) {
        async_std::task::sleep(Duration::from_millis(5)).await;
    }
}

#[derive(Debug, PartialEq, FromReply)]
struct Kind {
    kind: Option<String>,
    n: u64,
    mean: f64,
    names: Vec<String>,
}

#[async_std::test]
async fn documents_become_groups() {
    everywhere(async |db, version| {
        goods(&db, 10).await;
        let kinds = Aggregate::new(PRICE.at_least(1.0))
            .group_by(
                KIND,
                [
                    Reduce::count().named("n"),
                    Reduce::avg(PRICE).named("mean"),
                    Reduce::to_list("name").named("names"),
                ],
            )
            .sort_by_descending("n")
            .then_by("mean");
        let page: AggregatePage<Kind> = db.search().aggregate("goods", kinds).await.unwrap();
        let kinds: Vec<_> = page.rows.iter().map(|row| (row.kind.as_deref(), row.n)).collect();
        let lamps = (Some("lamp"), 2);
        assert_eq!(kinds, [(Some("chair"), 3), (Some("table"), 3), lamps, (None, 1)], "{version}");
        assert_eq!((page.rows[0].mean, page.rows[2].mean), (4.0, 4.5));
        let mut names = page.rows.into_iter().nth(2).unwrap().names;
        names.sort();
        assert_eq!(names, ["no 3", "no 6"]);
        let sums = [
            Reduce::sum(PRICE).named("sum"),
            Reduce::min(PRICE).named("min"),
            Reduce::max(PRICE).named("max"),
            Reduce::stddev(PRICE).named("stddev"),
            Reduce::quantile(PRICE, 0.5).named("median"),
            Reduce::count_distinct(KIND).named("kinds"),
            Reduce::count_distinctish(KIND).named("about"),
            Reduce::first_value_by_descending("name", PRICE).named("dearest"),
            Reduce::first_value_by("name", PRICE).named("cheapest"),
            Reduce::raw("RANDOM_SAMPLE", ["@price", "2"]).named("some"),
            Reduce::random_sample(PRICE, 20).named("all"),
        ];
        let one = Aggregate::default().group_by((), sums).limit(0, 5);
        let page: AggregatePage<HashMap<String, Value>> =
            db.search().aggregate("goods", one).await.unwrap();
        let [row] = &page.rows[..] else { panic!("{page:?}") };
        let text = |name: &str| row[name].as_str().unwrap().to_owned();
        let said = ["sum", "min", "max", "kinds", "cheapest", "dearest"].map(text);
        assert_eq!(said, ["45", "0", "9", "3", "no 0", "no 9"]);
        assert!(text("stddev").starts_with("3.02"));
        assert!(matches!(&row["all"], Value::Array(all) if all.len() == 10));
        assert!(matches!(&row["some"], Value::Array(some) if some.len() == 2));
    })
    .await;
}

#[async_std::test]
async fn rows_are_computed_filtered_and_sorted() {
    type Row = BTreeMap<String, String>;
    everywhere(async |db, _| {
        goods(&db, 25).await;
        let rows = async |aggregate: Aggregate| -> Vec<Row> {
            db.search().aggregate("goods", aggregate).await.unwrap().rows
        };
        let some = Aggregate::new(Filter::all())
            .load((PRICE, "__key"))
            .load_as("name", "title")
            .apply(Expression::new("@price - ?").bind(-0.5), "more")
            .filter(
                Expression::new("@more > ? && (!exists(@kind) || @kind != ?)")
                    .bind(19)
                    .bind("lamp"),
            )
            .sort_by_descending("more")
            .max(2);
        let first = &rows(some).await[0];
        assert_eq!(
            ["__key", "title", "more"].map(|name| &*first[name]),
            ["good:24", "No 24", "24.5"]
        );
        let with = |limit: Option<u64>| {
            let sorted = Aggregate::default().sort_by(PRICE);
            match limit {
                None => sorted,
                Some(most) => sorted.limit(0, most),
            }
        };
        // As the documentation of the method says.
        assert_eq!(rows(with(None)).await.len(), 10);
        assert_eq!(rows(with(Some(100))).await.len(), 25);
        assert_eq!(rows(Aggregate::default().load_all().limit(3, 4)).await.len(), 4);
        assert_eq!(rows(Aggregate::default().load_all()).await.len(), 25);
    })
    .await;
}

#[async_std::test]
async fn a_value_in_an_expression_is_that_text_whatever_is_in_it() {
    let marks = (1..=127_u8).filter(|mark| !b"\\\n".contains(mark));
    let marks = marks.map(|mark| format!("a{0}b{0}", char::from(mark)));
    let others = ["", "\"", "'", "\"'\"'", "' || 1 || '", "%s", "größe 日本 🚂", "@price", "$p0"];
    let texts: Vec<String> = marks.chain(others.map(str::to_owned)).collect();
    everywhere(async |db, version| {
        goods(&db, 1).await;
        for text in &texts {
            let said = Aggregate::default()
                .apply(Expression::new("?").bind(text), "said")
                .apply(Expression::new("@said == ?").bind(text), "same")
                .limit(0, 1);
            let page: AggregatePage<HashMap<String, String>> =
                db.search().aggregate("goods", said).await.unwrap();
            assert_eq!((&page.rows[0]["said"], &*page.rows[0]["same"]), (text, "1"), "{version}");
        }
        for number in [0.0, -0.5, 1e-7, 123_456_789.125, 1e15, -1e300] {
            let same = Aggregate::default()
                .apply(Expression::new("? == ?").bind(number).bind(number), "same")
                .apply(Expression::new("1 - ? - 1").bind(number), "less");
            let page: AggregatePage<HashMap<String, f64>> =
                db.search().aggregate("goods", same).await.unwrap();
            assert_eq!(page.rows[0]["same"], 1.0, "{number}");
            assert!((page.rows[0]["less"] + number).abs() <= number.abs() * 1e-5 + 1e-7);
        }
    })
    .await;
}

/// How many cursors the server has.
async fn cursors(db: &Database) -> u64 {
    db.search().info("goods").await.unwrap().cursors["global_total"]
}

async fn no_cursors(db: &Database, of: &str) {
    for _ in 0..500 {
        if cursors(db).await == 0 {
            return;
        }
        async_std::task::sleep(Duration::from_millis(10)).await;
    }
    panic!("{of}: {} cursors are left", cursors(db).await);
}

#[async_std::test]
async fn a_stream_has_each_row_once_and_leaves_no_cursor() {
    everywhere(async |db, version| {
        goods(&db, 2_500).await;
        for count in [1_000, 7, 2_500, 10_000] {
            let all = Aggregate::default().load(PRICE);
            let options = CursorOptions::new().count(count).max_idle(Duration::from_secs(60));
            let rows = db.search().aggregate_stream::<HashMap<String, u32>>("goods", all, options);
            let rows: Vec<_> = rows.try_collect().await.unwrap();
            let mut prices: Vec<u32> = rows.iter().map(|row| row["price"]).collect();
            prices.sort_unstable();
            assert!(prices.into_iter().eq(0..2_500), "{version}: {count}");
        }
        assert_eq!(cursors(&db).await, 0);
        let none = Aggregate::new(PRICE.below(0.0));
        let none = db.search().aggregate_stream::<Value>("goods", none, CursorOptions::new());
        assert_eq!(none.count().await, 0);
    })
    .await;
}

#[async_std::test]
async fn a_stream_that_is_dropped_deletes_its_cursor() {
    everywhere(async |db, version| {
        goods(&db, 300).await;
        let stream = || {
            let all = Aggregate::default().load(PRICE);
            let options = CursorOptions::new().count(10);
            db.search().aggregate_stream::<HashMap<String, u32>>("goods", all, options)
        };
        // Not polled; while the first page is on its way; in the middle of a page; at its end.
        drop(stream());
        drop(futures::poll!(stream().next()));
        for taken in [1, 4, 5, 6, 10, 11, 25, 299, 300] {
            let mut rows = stream();
            for _ in 0..taken {
                rows.next().await.unwrap().unwrap();
            }
            drop(rows);
        }
        no_cursors(&db, version).await;
        // Many at a time.
        let some = (0..200_usize).map(|at| {
            let mut rows = stream();
            async move {
                for _ in 0..at % 23 {
                    rows.next().await.unwrap().unwrap();
                }
                drop(futures::poll!(rows.next()));
            }
        });
        // Servers have a bound of 128 cursors for an index.
        futures::stream::iter(some).buffer_unordered(16).collect::<Vec<()>>().await;
        no_cursors(&db, version).await;
    })
    .await;
}

#[async_std::test]
async fn a_stream_ends_with_its_error_and_its_cursor() {
    everywhere(async |db, version| {
        goods(&db, 300).await;
        let all = || Aggregate::default().load("name");
        let options = || CursorOptions::new().count(10);
        // Names are no numbers.
        let mut rows =
            db.search().aggregate_stream::<HashMap<String, u32>>("goods", all(), options());
        let error = rows.next().await.unwrap().unwrap_err();
        assert!(error.to_string().contains("FT.AGGREGATE"), "{error}");
        assert!(rows.next().await.is_none());
        no_cursors(&db, version).await;
        // Somebody has deleted the index, or the cursor was idle for too long.
        let mut rows = db.search().aggregate_stream::<Value>("goods", all(), options());
        rows.next().await.unwrap().unwrap();
        db.search().drop_index("goods").await.unwrap();
        let rest: Vec<_> = rows.collect().await;
        assert!(rest.last().unwrap().is_err() && rest.len() < 30, "{version}: {}", rest.len());
        let mut rows = db.search().aggregate_stream::<Value>("goods", all(), options());
        let error = rows.next().await.unwrap().unwrap_err();
        assert!(error.server().unwrap().is_index_missing(), "{error}");
        assert!(rows.next().await.is_none());
        let faulty = all().filter("?");
        let mut rows = db.search().aggregate_stream::<Value>("goods", faulty, options());
        let error = rows.next().await.unwrap().unwrap_err();
        assert!(error.is_rejected(), "{error}");
    })
    .await;
}

#[async_std::test]
async fn two_prefixes_have_cursors_of_their_own() {
    everywhere(async |db, _| {
        let (one, other) = (db.with_key_prefix("one:"), db.with_key_prefix("other:"));
        goods(&one, 40).await;
        goods(&other, 50).await;
        for (db, count) in [(&one, 40), (&other, 50)] {
            let all = Aggregate::default().load("__key");
            let options = CursorOptions::new().count(7);
            let rows =
                db.search().aggregate_stream::<HashMap<String, String>>("goods", all, options);
            let rows: Vec<_> = rows.try_collect().await.unwrap();
            assert_eq!(rows.len(), count);
            assert!(rows.iter().all(|row| row["__key"].starts_with("good:")), "{rows:?}");
        }
    })
    .await;
}

/// Redis Stack takes names of indexes for keys: each index, and each cursor, is on the server of its slot.
#[async_std::test]
async fn a_cursor_is_read_at_the_server_of_a_cluster_that_has_it() {
    let cluster = RedisCluster::builder().replicas(0).program(programs().redis_stack());
    let cluster = cluster.start().unwrap();
    let endpoint = Endpoint::tcp("127.0.0.1", cluster.nodes()[0].port());
    let options = Options::from(endpoint).mode(Mode::Cluster);
    let muxer = ConnectionMultiplexer::connect(options).await.unwrap();
    let db = muxer.database();
    let mut servers = std::collections::BTreeSet::new();
    for tag in ["a", "b", "c", "d"] {
        let index = format!("{{{tag}}}goods");
        servers.insert(cluster.owner(muxer.hash_slot(tag).into(), 0));
        let schema = Schema::hash().prefix(format!("{{{tag}}}:")).field(Numeric::new("price"));
        db.search().create(&index, &schema).await.unwrap();
        // Until it has looked for documents that are there already, it takes new ones in twice, and a cursor may miss one.
        while db.search().info(&index).await.unwrap().indexing == Some(true) {
            async_std::task::sleep(Duration::from_millis(10)).await;
        }
        for at in 0..40 {
            db.hset(format!("{{{tag}}}:{at}"), ("price", at)).await.unwrap();
        }
        let stream = || {
            let all = Aggregate::default().load(PRICE);
            let options = CursorOptions::new().count(7);
            db.search().aggregate_stream::<HashMap<String, u32>>(&index, all, options)
        };
        let rows: Vec<_> = stream().try_collect().await.unwrap();
        assert_eq!(rows.len(), 40, "{tag}");
        // The reply to this means what the arguments say, also where it is one of several servers'.
        assert_eq!(db.search().count(&index, PRICE.below(10.0)).await.unwrap(), 10);
        let mut some = stream();
        some.next().await.unwrap().unwrap();
        drop(some);
        for tries in 0.. {
            let info = db.search().info(&index).await.unwrap();
            if info.cursors["global_total"] == 0 {
                break;
            }
            assert!(tries < 500, "{tag}: {:?}", info.cursors);
            async_std::task::sleep(Duration::from_millis(10)).await;
        }
    }
    assert!(servers.len() > 1, "{servers:?}");
}

const RECORDINGS: [(&str, &str); 5] = [
    ("Redis Stack 7.4", include_str!("recorded/search.jsonl")),
    ("Redis Stack 7.2", include_str!("recorded/search.stack72.jsonl")),
    ("Redis Stack 7.4, parameters", include_str!("recorded/search-params.jsonl")),
    ("Redis Stack 7.2, parameters", include_str!("recorded/search-params.stack72.jsonl")),
    ("Redis 8, what is new", include_str!("recorded/search-new.derived.jsonl")),
];

#[test]
fn recorded_rows_are_the_same_over_both_protocols() {
    // Properties come in no order, and maps over RESP3 are lists over RESP2.
    type Page = AggregatePage<BTreeMap<String, Value>>;
    let (typed, _) = replay(RECORDINGS, |of, words, recorded| {
        if words[0] != "FT.AGGREGATE" || words.contains(&"WITHCURSOR") {
            return false;
        }
        let two = recorded.resp2.decode::<Page>();
        let three = recorded.resp3.decode::<Page>();
        match (two, three) {
            (Ok(two), Ok(three)) if !recorded.varies => {
                assert_eq!(
                    (two.total, two.gone, &two.rows),
                    (three.total, three.gone, &three.rows),
                    "{of}: {words:?}"
                );
            }
            (Ok(_), Ok(_)) => {}
            (Err(two), Err(three)) => {
                assert_eq!(two.to_string(), three.to_string(), "{of}: {words:?}");
            }
            (two, three) => panic!("{of}: {words:?}\n{two:?}\n{three:?}"),
        }
        true
    });
    assert!(typed > 80, "{typed}");
}
