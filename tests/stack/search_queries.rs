//! Queries on Redis Stack 7.4 and 7.2, in both protocols.

use redmux::{
    Database,
    resp::FromReply,
    stack::search::{
        Distance, Doc, Filter, FlatVector, Id, JsonDoc, Numeric, NumericField, Query, Schema,
        Scored, SearchOptions, SearchPage, Tag, TagField, Text, TextField, VectorField, VectorType,
    },
};

use crate::everywhere;

#[async_std::test]
async fn a_field_of_any_name_is_found_in_a_query() {
    let marks = (b' '..=b'~').map(|mark| format!("a{}b", char::from(mark)));
    let others = ["größe", "日本", "x y", "1st", "-x", "x-", "_"].map(str::to_owned);
    let names: Vec<String> = marks.chain(others).collect();
    everywhere(async |db, version| {
        for name in &names {
            let schema = Schema::hash().prefix("f:").field(Numeric::new(name.clone()));
            db.search().create("f", &schema).await.unwrap();
            db.hset("f:1", [(name, 5)]).await.unwrap();
            let query = format!("{}:[5 5]", NumericField::named(name.clone()).in_query());
            let words = ("f", query, "LIMIT", 0, 0, "DIALECT", 2);
            let reply: redmux::resp::Value = db.execute("FT.SEARCH", words).await.unwrap();
            let text = format!("{reply:?}");
            assert!(
                text.starts_with("Array([Integer(1)")
                    || text.contains("total_results\"), Integer(1)"),
                "{version} {name:?}: {text}"
            );
            db.search().drop_index_and_documents("f").await.unwrap();
        }
    })
    .await;
}

const TEXT: TextField = TextField::new("t");
const TAG: TagField = TagField::new("g");
const NUMBER: NumericField = NumericField::new("n");

#[derive(Debug, Clone, PartialEq, FromReply)]
struct Lamp {
    t: String,
    n: f64,
}

async fn lamps(db: &Database) {
    let schema = Schema::hash()
        .prefix("lamp:")
        .field(Text::new("t").sortable())
        .field(Tag::new("g").separator(';'))
        .field(Numeric::new("n").sortable())
        .field(FlatVector::new("v", VectorType::Float32, 2, Distance::L2));
    db.search().create("lamps", &schema).await.unwrap();
    for (at, (text, tag)) in [
        ("a red lamp", "hall;red"),
        ("a green lamp on the shelf", "hall"),
        ("a big red candle", "garden, red"),
    ]
    .into_iter()
    .enumerate()
    {
        let vector: Vec<u8> = [at as f32, 0.0].iter().flat_map(|x| x.to_le_bytes()).collect();
        let key = format!("lamp:{at}");
        let number = at.to_string().into_bytes();
        let texts = [("t", text.into()), ("g", tag.into()), ("n", number), ("v", vector)];
        db.hset(&*key, texts).await.unwrap();
    }
}

/// The numbers of the documents that a filter finds.
async fn found(db: &Database, query: impl Into<Query>) -> Vec<String> {
    let options = SearchOptions::new().sort_by(NUMBER).limit(0, 100);
    let page: SearchPage<Id> = db.search().search("lamps", query, options).await.unwrap();
    assert_eq!(page.total as usize, page.rows.len());
    page.rows.into_iter().map(|row| row.id.trim_start_matches("lamp:").to_owned()).collect()
}

#[async_std::test]
async fn each_filter_finds_what_it_means() {
    everywhere(async |db, version| {
        lamps(&db).await;
        for (filter, expected) in [
            (Filter::all(), "0 1 2"),
            (TAG.is("hall"), "0 1"),
            (TAG.is("garden, red"), "2"),
            (TAG.any(["red", "garden, red"]), "0 2"),
            (TAG.starts_with("ga"), "2"),
            (TAG.ends_with("ed"), "0 2"),
            (TAG.contains("al"), "0 1"),
            (NUMBER.between(0.5..2.0), "1"),
            (NUMBER.at_least(1.0), "1 2"),
            (NUMBER.above(1.0), "2"),
            (NUMBER.is(-0.0), "0"),
            (TEXT.words("the red lamp"), "0"),
            (TEXT.phrase("red candle"), "2"),
            (TEXT.phrase("red big"), ""),
            (TEXT.words("big candle").slop(1).in_order(), "2"),
            (TEXT.words("big candle").slop(0), ""),
            (TEXT.starts_with("can"), "2"),
            (TEXT.ends_with("elf"), "1"),
            (TEXT.contains("ree"), "1"),
            (TEXT.like("lemp", 1), "0 1"),
            (TEXT.words("lamp") & !TAG.is("red"), "1"),
            (TEXT.words("candle") | (TAG.is("hall") & NUMBER.below(1.0)), "0 2"),
            (!(TEXT.words("lamp") | NUMBER.is(9.0)), "2"),
            (TEXT.words("lamp") & TAG.is("red").optional(), "0 1"),
            (TEXT.words("red").weight(5.0), "0 2"),
            (VectorField::new("v").within(1.5, &[0.0_f32, 0.0]), "0 1"),
            (Filter::raw("@n:[0 1]") & TAG.is("red"), "0"),
            (Filter::raw_with("@g:{?}", ["garden, red"]), "2"),
        ] {
            let seen = found(&db, filter.clone()).await.join(" ");
            assert_eq!(seen, expected, "{version}: {filter}");
        }
        let nearest = VectorField::new("v").nearest(2, &[1.9_f32, 0.0]);
        assert_eq!(found(&db, nearest.clone()).await.join(" "), "1 2");
        assert_eq!(found(&db, nearest.among(TAG.is("hall"))).await.join(" "), "0 1");
    })
    .await;
}

#[async_std::test]
async fn the_type_of_the_rows_decides_what_is_returned() {
    everywhere(async |db, _| {
        lamps(&db).await;
        let search = db.search();
        let sorted = || SearchOptions::new().sort_by_descending(NUMBER);
        let page: SearchPage<Doc<Lamp>> =
            search.search("lamps", TEXT.words("lamp"), sorted()).await.unwrap();
        assert_eq!((page.total, page.rows.len(), page.is_partial()), (2, 2, false));
        let first = page.rows.first().unwrap();
        let lamp = Lamp { t: "a green lamp on the shelf".into(), n: 1.0 };
        assert_eq!((&*first.id, first.value.as_ref()), ("lamp:1", Some(&lamp)));
        let page: SearchPage<Scored<Doc<Lamp>>> =
            search.search("lamps", TEXT.words("red"), SearchOptions::new()).await.unwrap();
        assert!(page.rows.len() == 2 && page.rows.iter().all(|row| row.score > 0.0), "{page:?}");
        assert!(page.rows.iter().all(|row| row.row.value.is_some()), "{page:?}");
        let page: SearchPage<Scored<Id>> =
            search.search("lamps", TEXT.words("red"), sorted().limit(0, 1)).await.unwrap();
        assert_eq!((page.total, &*page.rows[0].row.id, page.rows.len()), (2, "lamp:2", 1));
        let page: SearchPage<Id> =
            search.search("lamps", Filter::all(), SearchOptions::new().limit(0, 0)).await.unwrap();
        assert_eq!((page.total, page.rows.len()), (3, 0));
        let only = SearchOptions::new().in_keys(["lamp:0", "lamp:9"]);
        let page: SearchPage<Id> = search.search("lamps", Filter::all(), only).await.unwrap();
        assert_eq!((&*page.rows[0].id, page.rows.len()), ("lamp:0", 1));

        let schema = Schema::json().prefix("doc:").field(Text::new("t"));
        search.create("docs", &schema).await.unwrap();
        db.json().set("doc:1", &serde_json::json!({ "t": "a lamp", "more": [1] })).await.unwrap();
        let page: SearchPage<Scored<JsonDoc<serde_json::Value>>> =
            search.search("docs", TEXT.words("lamp"), SearchOptions::new()).await.unwrap();
        let row = &page.rows[0].row;
        assert_eq!(row.value, Some(serde_json::json!({ "t": "a lamp", "more": [1] })));
    })
    .await;
}

#[async_std::test]
async fn no_value_is_read_as_the_language() {
    everywhere(async |db, version| {
        lamps(&db).await;
        let marks = (0..=127_u8).map(|mark| format!("x{}y", char::from(mark)));
        let tricks = [
            "} | @n:[0 9]",
            "*",
            "hall}",
            "$p0",
            "-hall",
            "\\",
            "\"",
            "x=>[KNN 1 @v $p0]",
            "a\\]b",
            "\\\\",
            "a\\\\b",
            "\\ \\`{",
            "_",
            "a _ b",
        ];
        for value in marks.chain(tricks.map(str::to_owned)) {
            let key = "lamp:value";
            db.hset(key, [("g", &*value), ("n", "7"), ("t", &*value)]).await.unwrap();
            // What the index has of a tag: without spaces at its ends, and cut where the separator is.
            let kept = value.split(';').next().unwrap_or_default().trim();
            let seen = found(&db, TAG.is(kept)).await;
            // A server of 7.2 leaves out what follows a NUL.
            if !value.contains('\0') {
                assert_eq!(seen, ["value"], "{version}: {value:?}");
            }
            let spaced = found(&db, TAG.is(format!(" {kept}\t")) & NUMBER.is(7.0)).await;
            assert_eq!(spaced, seen, "{version}: {value:?}");
            let others = found(&db, TAG.is(&*value) & NUMBER.below(5.0)).await;
            assert!(others.is_empty(), "{version}: {value:?} found {others:?}");
            // In the index a control character is a part of a word, and a backslash makes the next mark one.
            let filter = TEXT.words(&value);
            if !filter.to_string().is_empty()
                && !value.contains(|c: char| c.is_control() || c == '\\')
            {
                assert_eq!(found(&db, filter).await, ["value"], "{version}: words of {value:?}");
            }
            let tree = db.search().explain("lamps", TAG.is(&*value)).await.unwrap();
            assert!(tree.starts_with("TAG:@g {"), "{version}: {value:?}: {tree}");
        }
    })
    .await;
}

#[async_std::test]
async fn what_no_server_could_read_is_not_sent() {
    let server = crate::redis_stack();
    let options = redmux::Options::new(server.addr().to_string());
    let muxer = redmux::ConnectionMultiplexer::connect(options).await.unwrap();
    let db = muxer.database();
    let search = |filter: Filter| async {
        let page = db.search().search("none", filter, SearchOptions::new());
        let page: redmux::Result<SearchPage<Id>> = page.await;
        page.unwrap_err()
    };
    let error = search(TAG.is("secret") & !Filter::all()).await;
    assert!(error.is_rejected() && !error.to_string().contains("secret"), "{error}");
    let error = search(TAG.is("secret")).await;
    assert!(error.server().unwrap().is_index_missing(), "{error}");
}
