//! Options of searches and kinds of rows, on Redis Stack 7.4 and 7.2, in both protocols.

use std::{collections::HashMap, time::Duration};

use redmux::{
    Database, Result,
    resp::FromReply,
    stack::search::{
        Doc, Explained, Filter, Highlight, Id, JsonDoc, Language, Numeric, NumericField, Schema,
        Scored, SearchOptions, SearchPage, SearchRow, SortKey, Sorted, Summarize, Tag, Text,
        TextField, WithPayload,
    },
};

use crate::everywhere;

const TITLE: TextField = TextField::new("title");
const PRICE: NumericField = NumericField::new("price");

type Map = HashMap<String, String>;

async fn books(db: &Database) {
    let schema = Schema::hash()
        .prefix("book:")
        .payload_field("note")
        .field(Text::new("title").sortable())
        .field(Text::new("body"))
        .field(Tag::new("genre"))
        .field(Numeric::new("price").sortable());
    db.search().create("books", &schema).await.unwrap();
    let war = [
        ("title", "War and Peace"),
        ("body", "a long story about a war and about the peace that follows it, in many words"),
        ("genre", "novel"),
        ("price", "12.5"),
        ("note", "n1"),
    ];
    db.hset("book:1", war).await.unwrap();
    db.hset("book:2", [("title", "The Peace"), ("body", "peace"), ("price", "3")]).await.unwrap();
}

async fn find<R: SearchRow>(db: &Database, options: SearchOptions) -> Vec<R> {
    let page = db.search().search("books", TITLE.words("peace"), options.sort_by(PRICE)).await;
    let page: SearchPage<R> = page.unwrap();
    assert_eq!((page.total, page.rows.len()), (2, 2));
    page.rows
}

fn map<const N: usize>(entries: [(&str, &str); N]) -> Map {
    entries.map(|(name, value)| (name.to_owned(), value.to_owned())).into()
}

#[derive(Debug, Clone, PartialEq, FromReply)]
struct Cheap {
    title: String,
    cost: f64,
    genre: Option<String>,
}

#[async_std::test]
async fn the_fields_that_are_chosen_are_returned() {
    everywhere(async |db, version| {
        books(&db).await;
        let options = SearchOptions::new()
            .return_field(TITLE)
            .return_field_as(PRICE, "cost")
            .return_field("genre");
        let rows = find::<Doc<Cheap>>(&db, options).await;
        let cheap = |title: &str, cost, genre: Option<&str>| {
            Some(Cheap { title: title.into(), cost, genre: genre.map(str::to_owned) })
        };
        assert_eq!(rows[0].value, cheap("The Peace", 3.0, None), "{version}");
        assert_eq!(rows[1].value, cheap("War and Peace", 12.5, Some("novel")), "{version}");
        // What a document does not have is left out; of nothing there is no value.
        let rows = find::<Doc<Map>>(&db, SearchOptions::new().return_field("genre")).await;
        assert_eq!(rows[0].value, None, "{version}");
        assert_eq!(rows[1].value, Some(map([("genre", "novel")])), "{version}");

        let schema = Schema::json().prefix("doc:").field(Text::new("t"));
        db.search().create("docs", &schema).await.unwrap();
        let doc = serde_json::json!({ "t": "a lamp", "more": [{ "x": 1 }, { "x": 2 }] });
        db.json().set("doc:1", &doc).await.unwrap();
        let options = SearchOptions::new().return_field("t").return_field_as("$.more[*].x", "x");
        let page: SearchPage<Doc<Map>> =
            db.search().search("docs", Filter::all(), options).await.unwrap();
        assert_eq!(page.rows[0].value, Some(map([("t", "a lamp"), ("x", "1")])), "{version}");
    })
    .await;
}

#[async_std::test]
async fn names_of_any_marks_are_returned_as_they_are() {
    let marks = (1..=127_u8).map(|mark| format!("a{}b", char::from(mark)));
    let others =
        ["größe", "RETURN", "LIMIT", "1", "as x", "$", "@", "-", " ", "%s"].map(str::to_owned);
    let names: Vec<String> = marks.chain(others).collect();
    everywhere(async |db, version| {
        let schema = Schema::hash().prefix("f:").field(Numeric::new("n"));
        db.search().create("f", &schema).await.unwrap();
        db.hset("f:1", names.iter().map(|name| (name, "v")).collect::<Vec<_>>()).await.unwrap();
        db.hset("f:1", ("n", 1)).await.unwrap();
        for name in &names {
            let options = SearchOptions::new()
                .return_field(&**name)
                .return_field_as("n", &format!("{name}2"));
            let page: SearchPage<Doc<Map>> =
                db.search().search("f", Filter::all(), options).await.unwrap();
            let expected = HashMap::from([
                (name.clone(), "v".to_owned()),
                (format!("{name}2"), "1".to_owned()),
            ]);
            assert_eq!(page.rows[0].value, Some(expected), "{version} {name:?}");
        }
    })
    .await;
}

#[async_std::test]
async fn words_that_were_found_are_marked_and_texts_shortened() {
    everywhere(async |db, version| {
        books(&db).await;
        let peace = |options: SearchOptions| async {
            let page = db.search().search("books", Filter::raw("peace"), options.sort_by(PRICE));
            let page: SearchPage<Doc<Map>> = page.await.unwrap();
            page.rows.into_iter().map(|row| row.value.unwrap()).collect::<Vec<_>>()
        };
        let rows = peace(SearchOptions::new().highlight(Highlight::new())).await;
        assert_eq!(rows[0]["title"], "The <b>Peace</b>", "{version}");
        assert_eq!(rows[0]["body"], "<b>peace</b>", "{version}");
        for (before, behind) in [
            ("", ""),
            ("FIELDS", "TAGS"),
            ("\u{e000}", "\u{e001}"),
            ("%s", "\r\n"),
            ("\"", "'"),
            ("1", "LIMIT"),
        ] {
            let how = Highlight::new().field(TITLE).tags(before, behind);
            let rows = peace(SearchOptions::new().highlight(how)).await;
            assert_eq!(rows[0]["title"], format!("The {before}Peace{behind}"), "{version}");
            assert_eq!(rows[0]["body"], "peace", "{version}");
        }
        for separator in ["", "…", "\r\n", "FRAGS", "%s"] {
            let how = Summarize::new().field("body").fragments(1).words(2).separator(separator);
            let rows = peace(SearchOptions::new().summarize(how)).await;
            assert_eq!(rows[1]["title"], "War and Peace", "{version}");
            let body = &rows[1]["body"];
            assert!(
                body.contains("peace") && body.ends_with(separator) && body.len() < 40,
                "{version}: {body}"
            );
        }
        let both = SearchOptions::new()
            .return_field("body")
            .summarize(Summarize::new().words(3))
            .highlight(Highlight::new().tags("[", "]"));
        let rows = peace(both).await;
        assert!(rows[1]["body"].contains("[peace]") && rows[1].len() == 1, "{version}: {rows:?}");
        for count in [0, u32::MAX] {
            let how = Summarize::new().fragments(count).words(count);
            peace(SearchOptions::new().summarize(how)).await;
        }
        // What the index does not have is an error of the server's.
        let odd = SearchOptions::new().highlight(Highlight::new().field("nothing"));
        let page: Result<SearchPage<Doc<Map>>> =
            db.search().search("books", Filter::all(), odd).await;
        assert!(page.unwrap_err().server().is_some(), "{version}");
    })
    .await;
}

#[async_std::test]
async fn each_kind_of_row_has_what_it_says() {
    everywhere(async |db, version| {
        books(&db).await;
        let new = SearchOptions::new;
        let rows = find::<Sorted<Id>>(&db, new()).await;
        assert_eq!(rows[0].key, Some(SortKey::Number(3.0)), "{version}");
        let rows = find::<WithPayload<Scored<Id>>>(&db, new()).await;
        assert_eq!(
            (rows[0].payload.as_deref(), rows[1].payload.as_deref()),
            (None, Some(&b"n1"[..]))
        );
        assert!(rows[0].row.score > 0.0, "{version}");
        let rows = find::<Explained<Scored<Sorted<WithPayload<Doc<Map>>>>>>(&db, new()).await;
        let row = &rows[1];
        assert_eq!(row.score, row.row.score, "{version}");
        assert!(!row.explanation.text.is_empty() && !row.explanation.parts.is_empty(), "{version}");
        assert_eq!(row.row.row.row.row.value.as_ref().unwrap()["genre"], "novel", "{version}");
        let text = db.search().search("books", Filter::all(), new().sort_by(TITLE)).await;
        let text: SearchPage<Sorted<Id>> = text.unwrap();
        assert_eq!(text.rows[0].key, Some(SortKey::Text("the peace".into())), "{version}");
        // By the score nothing is sorted.
        let page = db.search().search("books", Filter::all(), new()).await;
        let page: SearchPage<Sorted<Doc<Map>>> = page.unwrap();
        assert!(page.rows.iter().all(|row| row.key.is_none()), "{version}");
    })
    .await;
}

#[async_std::test]
async fn options_change_what_is_found() {
    everywhere(async |db, version| {
        books(&db).await;
        let found = |filter: Filter, options: SearchOptions| async {
            let page: SearchPage<Id> = db.search().search("books", filter, options).await.unwrap();
            page.total
        };
        let new = SearchOptions::new;
        let words = || Filter::raw("peaces");
        assert_eq!(found(words(), new()).await, 2, "{version}");
        assert_eq!(found(words(), new().verbatim()).await, 0, "{version}");
        let story = || Filter::raw("story long");
        assert_eq!(found(story(), new().slop(5)).await, 1, "{version}");
        assert_eq!(found(story(), new().slop(5).in_order()).await, 0, "{version}");
        assert_eq!(found(Filter::raw("story"), new().in_fields(["title"])).await, 0, "{version}");
        assert_eq!(found(Filter::all(), new().in_keys(())).await, 0, "{version}");
        assert_eq!(found(words(), new().language(Language::Russian)).await, 0, "{version}");
        let all = new().scorer("BM25").expander("SBSTEM").payload(b"\0").with_stop_words();
        assert_eq!(found(words(), all.timeout(Duration::MAX)).await, 2, "{version}");
        assert_eq!(
            found(words(), new().timeout(Duration::from_millis(u64::from(u32::MAX)))).await,
            2
        );
    })
    .await;
}

#[async_std::test]
async fn what_rows_cannot_have_is_not_sent() {
    everywhere(async |db, _| {
        let search = db.search();
        let refused = async |options: SearchOptions| {
            let ids: Result<SearchPage<Id>> =
                search.search("none", Filter::all(), options.clone()).await;
            let json: Result<SearchPage<JsonDoc<Map>>> =
                search.search("none", Filter::all(), options).await;
            [ids.unwrap_err(), json.unwrap_err()]
        };
        for options in [
            SearchOptions::new().return_field("secret"),
            SearchOptions::new().highlight(Highlight::new().tags("secret", "")),
            SearchOptions::new().summarize(Summarize::new()),
        ] {
            for error in refused(options).await {
                assert!(error.is_rejected() && !error.to_string().contains("secret"), "{error}");
            }
        }
        let twice = SearchOptions::new().return_field("secret").return_field_as("n", "secret");
        let error: Result<SearchPage<Doc<Map>>> = search.search("none", Filter::all(), twice).await;
        let error = error.unwrap_err();
        assert!(error.is_rejected() && !error.to_string().contains("secret"), "{error}");
    })
    .await;
}

/// Texts that servers, or this client, could take for something else.
const HOSTILE: [&str; 14] = [
    "title", "body", "price", "AS", "LIMIT", "FIELDS", "", "\r\n+OK", "a\0b", "*", "$p0", "@title",
    "RETURN", "größe",
];

/// The next of numbers that look random, and are the same in each run.
fn next(seed: &mut u64, below: usize) -> usize {
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*seed >> 33) as usize % below
}

fn any_options(seed: &mut u64) -> SearchOptions {
    let mut options = SearchOptions::new();
    for _ in 0..next(seed, 6) {
        let (one, other) = (HOSTILE[next(seed, 14)], HOSTILE[next(seed, 14)]);
        let number = [0, 1, 3, u32::MAX][next(seed, 4)];
        options = match next(seed, 15) {
            0 => options.return_field(one),
            1 => options.return_field_as(one, other),
            2 => options.highlight(Highlight::new().tags(one, other)),
            3 => options.highlight(Highlight::new().field(one)),
            4 => options.summarize(Summarize::new().fragments(number).words(number).separator(one)),
            5 => options.summarize(Summarize::new().field(one).field(other)),
            6 => options.in_fields([one, other]),
            7 => options.in_keys([one, "book:1"]),
            8 => options.sort_by(one),
            9 => options.limit(number.into(), u64::MAX >> next(seed, 64)),
            10 => options.expander(one).verbatim(),
            11 => options.scorer(one),
            12 => options.payload(other).slop(number),
            13 => options.timeout(Duration::from_millis(u64::from(number) << next(seed, 32))),
            _ => options.in_order().with_stop_words().sort_by_descending("price"),
        };
    }
    options
}

#[async_std::test]
async fn no_options_put_replies_out_of_order() {
    everywhere(async |db, version| {
        books(&db).await;
        let (mut found, mut refused, mut seed) = (0, 0, 7);
        for round in 0..600 {
            let options = any_options(&mut seed);
            let words = Filter::raw("peace | story");
            let shown = format!("{version} {round}: {options:?}");
            let outcome: Result<u64> = match next(&mut seed, 3) {
                0 => db
                    .search()
                    .search::<Id, _, _>("books", words, options)
                    .await
                    .map(|page| page.total),
                1 => {
                    let page = db.search().search("books", words, options).await;
                    page.map(|page: SearchPage<Explained<Sorted<WithPayload<Doc<Map>>>>>| {
                        page.total
                    })
                }
                _ => {
                    let page = db.search().search("books", words, options).await;
                    page.map(|page: SearchPage<Scored<Doc<Map>>>| page.total)
                }
            };
            match outcome {
                Ok(_) => found += 1,
                Err(error) => {
                    assert!(error.is_rejected() || error.server().is_some(), "{shown}: {error}");
                    refused += 1;
                }
            }
            assert_eq!(db.echo::<u32>(round).await.unwrap(), round, "{shown}");
        }
        assert!(found > 100 && refused > 100, "{version}: {found} {refused}");
    })
    .await;
}
