//! Pages of a search: what servers get wrong, and all of them behind each other.

use futures::{FutureExt, StreamExt, TryStreamExt, stream::FusedStream};
use redmux::{
    Database, Result,
    stack::search::{
        Doc, Filter, Id, Numeric, NumericField, Schema, SearchOptions, SearchPage, SearchStream,
        Sorted,
    },
};

use crate::{everywhere, scripted::scripted};

/// Which rows a cluster of Redis 8.4 returns over RESP3 for this limit: those before it, too.
fn odd_page(words: &[String], total: u64) -> String {
    let limit = words.iter().position(|word| word == "LIMIT").unwrap_or(usize::MAX - 2);
    let number = |at: usize, usual: u64| words.get(at).map_or(usual, |word| word.parse().unwrap());
    let (first, most) = (number(limit + 1, 0), number(limit + 2, 10));
    let rows = if most == 0 { 0 } else { total.min(first.saturating_add(most)) };
    page(total, 0..rows, &[])
}

fn page(total: u64, rows: std::ops::Range<u64>, warnings: &[&str]) -> String {
    let mut text =
        format!("%3\r\n+total_results\r\n:{total}\r\n+results\r\n*{}\r\n", rows.clone().count());
    rows.for_each(|row| text += &format!("%1\r\n+id\r\n+{row}\r\n"));
    text += &format!("+warning\r\n*{}\r\n", warnings.len());
    warnings.iter().for_each(|warning| text += &format!("+{warning}\r\n"));
    text
}

async fn ids(db: &Database, options: SearchOptions) -> Vec<u64> {
    let page: SearchPage<Id> = db.search().search("i", Filter::all(), options).await.unwrap();
    numbers(page.rows)
}

fn numbers(rows: Vec<Id>) -> Vec<u64> {
    rows.into_iter().map(|row| row.id.parse().unwrap()).collect()
}

#[test]
fn a_page_that_is_too_long_is_cut_to_its_limit() {
    for (total, first, most, expected) in [
        (30, 10, 5, 10..15),
        (30, 0, 5, 0..5),
        (12, 5, 10, 5..12),
        (8, 5, 10, 5..8),
        (8, 8, 10, 8..8),
        (5, 8, 10, 0..0),
        (30, 10, 0, 0..0),
        (3, u64::MAX, 10, 0..0),
        (3, 1, u64::MAX - 1, 1..3),
    ] {
        let answer = move |words: &[String]| odd_page(words, total);
        scripted(answer, async |muxer| {
            let db = muxer.database();
            let options = || SearchOptions::new().limit(first, most);
            let expected: Vec<u64> = expected.collect();
            let of = format!("{total} {first} {most}");
            assert_eq!(ids(&db, options()).await, expected, "{of}");
            // Whichever way the call takes.
            let search = || db.search().search::<Id, _, _>("i", Filter::all(), options());
            assert_eq!(numbers(search().owned().await.unwrap().rows), expected, "{of}");
            let erased: SearchPage<Id> = search().erased().await.unwrap().decode().unwrap();
            assert_eq!(numbers(erased.rows), expected, "{of}");
            let piped = redmux::pipeline((search(), search().boxed())).all().await.unwrap();
            assert_eq!(
                (numbers(piped.0.rows), numbers(piped.1.rows)),
                (expected.clone(), expected),
                "{of}"
            );
        });
    }
}

#[test]
fn a_handle_with_a_prefix_cuts_and_counts_too() {
    let answer = |words: &[String]| odd_page(words, 9);
    scripted(answer, async |muxer| {
        let db = muxer.database().with_key_prefix("3");
        let options = SearchOptions::new().limit(3, 2);
        let page: SearchPage<Id> = db.search().search("i", Filter::all(), options).await.unwrap();
        let ids: Vec<&str> = page.rows.iter().map(|row| &*row.id).collect();
        assert_eq!((ids, page.total), (vec!["", "4"], 9));
        assert_eq!(db.search().count("i", Filter::all()).await.unwrap(), 9);
    });
}

#[test]
fn all_rows_come_once_from_servers_whose_pages_are_too_long() {
    let answer = |words: &[String]| odd_page(words, 25);
    scripted(answer, async |muxer| {
        let db = muxer.database();
        for page in [1, 3, 5, 10, 25, 1000] {
            let all = db.search().search_all::<Id>("i", Filter::all(), SearchOptions::new());
            let rows: Vec<Id> = all.page(page).try_collect().await.unwrap();
            assert_eq!(numbers(rows), (0..25).collect::<Vec<_>>(), "{page}");
        }
        assert_eq!(ids(&db, SearchOptions::new()).await, (0..10).collect::<Vec<_>>());
        assert_eq!(db.search().count("i", Filter::all()).await.unwrap(), 25);
    });
}

#[test]
fn a_page_from_which_rows_are_left_out_is_not_the_end() {
    // Of 6 documents, 2 of the first page are gone, and not counted on it.
    let answer = |words: &[String]| match words
        .windows(3)
        .find(|words| words[0] == "LIMIT")
        .map(|words| &*words[1])
    {
        Some("0") => page(4, 0..1, &[]),
        _ => page(6, 3..6, &[]),
    };
    scripted(answer, async |muxer| {
        let db = muxer.database();
        let all = db.search().search_all::<Id>("i", Filter::all(), SearchOptions::new());
        let rows: Vec<Id> = all.page(3).try_collect().await.unwrap();
        assert_eq!(numbers(rows), [0, 3, 4, 5]);
    });
}

#[test]
fn a_page_for_which_the_time_was_up_ends_the_stream_with_an_error() {
    let answer = |words: &[String]| {
        let warnings: &[&str] = match words.windows(2).any(|pair| pair == ["LIMIT", "2"]) {
            true => &["Timeout limit was reached"],
            false => &[],
        };
        page(9, 0..2, warnings)
    };
    scripted(answer, async |muxer| {
        let db = muxer.database();
        let mut all =
            db.search().search_all::<Id>("i", Filter::all(), SearchOptions::new()).page(2);
        let rows: Vec<Result<Id>> = all.by_ref().collect().await;
        assert_eq!(rows.len(), 3);
        let error = rows[2].as_ref().unwrap_err();
        assert!(error.server().unwrap().is_query_timeout(), "{error}");
        assert!(all.is_terminated());
    });
}

#[test]
fn a_filter_that_cannot_be_sent_is_the_error_of_the_stream() {
    scripted(
        |words| panic!("{words:?}"),
        async |muxer| {
            let db = muxer.database();
            let search = db.search();
            let mut all = search.search_all::<Id>("i", !Filter::all(), SearchOptions::new());
            assert!(!all.is_terminated());
            let error = all.next().now_or_never().unwrap().unwrap().unwrap_err();
            assert!(error.is_rejected(), "{error}");
            assert!(all.is_terminated() && all.next().await.is_none());
            let marked = SearchOptions::new().return_field("t");
            assert!(
                search.search_all::<Id>("i", Filter::all(), marked).next().await.unwrap().is_err()
            );
            let none = SearchOptions::new().limit(5, 0);
            assert!(search.search_all::<Id>("i", Filter::all(), none).next().await.is_none());
            let error = search.count("i", !Filter::all()).await.unwrap_err();
            assert!(error.is_rejected(), "{error}");
        },
    );
}

const NUMBER: NumericField = NumericField::new("n");

#[async_std::test]
async fn all_documents_come_in_their_order() {
    everywhere(async |db, version| {
        let search = db.search();
        let schema = Schema::hash().prefix("d:").field(Numeric::new("n").sortable());
        search.create("i", &schema).await.unwrap();
        for number in 0..57_u32 {
            db.hset(format!("d:{number}"), [("n", number)]).await.unwrap();
        }
        let all = |options: SearchOptions| -> SearchStream<'_, Sorted<Id>> {
            search.search_all("i", Filter::all(), options.sort_by(NUMBER))
        };
        let numbers = |rows: Vec<Sorted<Id>>| -> Vec<u32> {
            rows.iter().map(|row| row.row.id[2..].parse().unwrap()).collect()
        };
        for page in [1, 7, 19, 57, 1_000_000] {
            let rows: Vec<_> = all(SearchOptions::new()).page(page).try_collect().await.unwrap();
            assert_eq!(numbers(rows), (0..57).collect::<Vec<_>>(), "{version} {page}");
        }
        let rows: Vec<_> =
            all(SearchOptions::new().limit(10, 25)).page(7).try_collect().await.unwrap();
        assert_eq!(numbers(rows), (10..35).collect::<Vec<_>>(), "{version}");
        let rows: Vec<_> =
            all(SearchOptions::new().limit(50, 100)).page(5).try_collect().await.unwrap();
        assert_eq!(numbers(rows), (50..57).collect::<Vec<_>>(), "{version}");
        let none = search.search_all::<Id>("i", NUMBER.above(99.0), SearchOptions::new());
        assert_eq!(none.try_collect::<Vec<_>>().await.unwrap(), [], "{version}");
        // What a server refuses is an error of the stream, not its end.
        let far =
            search.search_all::<Id>("i", Filter::all(), SearchOptions::new().limit(1_000_001, 9));
        assert!(far.try_collect::<Vec<_>>().await.is_err(), "{version}");
        let wide = search.search_all::<Id>("i", Filter::all(), SearchOptions::new()).page(u32::MAX);
        assert!(wide.try_collect::<Vec<_>>().await.is_err(), "{version}");
        let missing = search.search_all::<Id>("none", Filter::all(), SearchOptions::new());
        assert!(
            missing.try_collect::<Vec<_>>().await.unwrap_err().server().unwrap().is_index_missing()
        );

        assert_eq!(search.count("i", Filter::all()).await.unwrap(), 57, "{version}");
        assert_eq!(search.count("i", NUMBER.below(10.0)).await.unwrap(), 10, "{version}");
        assert_eq!(search.count("i", NUMBER.above(99.0)).await.unwrap(), 0, "{version}");
        let (one, two) = (search.count("i", Filter::all()), search.count("i", NUMBER.is(7.0)));
        let counts = db.transaction((one, two)).all().await.unwrap();
        assert_eq!(counts, (57, 1), "{version}");
        let error = search.count("none", Filter::all()).await.unwrap_err();
        assert!(error.server().unwrap().is_index_missing(), "{error}");
        // Short pages are no end.
        db.del(["d:3"]).await.unwrap();
        let rows: Vec<Doc<Vec<(String, u32)>>> = search
            .search_all("i", Filter::all(), SearchOptions::new())
            .page(2)
            .try_collect()
            .await
            .unwrap();
        assert_eq!(rows.len(), 56, "{version}");
    })
    .await;
}

#[async_std::test]
async fn a_prefix_of_keys_holds_for_all_pages_and_for_counts() {
    everywhere(async |db, version| {
        let tenants = [db.clone().with_key_prefix("one:"), db.clone().with_key_prefix("two:")];
        for (tenant, count) in tenants.iter().zip([5_u64, 7]) {
            let schema = Schema::hash().field(Numeric::new("n").sortable());
            tenant.search().create("i", &schema).await.unwrap();
            for number in 0..count {
                tenant.hset(format!("d:{number}"), [("n", number)]).await.unwrap();
            }
        }
        for (tenant, count) in tenants.iter().zip([5_u64, 7]) {
            let search = tenant.search();
            assert_eq!(search.count("i", Filter::all()).await.unwrap(), count, "{version}");
            let options = SearchOptions::new().sort_by(NUMBER).in_keys(["d:1", "d:2", "d:6"]);
            let rows: Vec<Sorted<Id>> =
                search.search_all("i", Filter::all(), options).page(1).try_collect().await.unwrap();
            let ids: Vec<&str> = rows.iter().map(|row| &*row.row.id).collect();
            assert_eq!(ids, &["d:1", "d:2", "d:6"][..count as usize / 2], "{version}");
        }
    })
    .await;
}
