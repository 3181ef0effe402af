//! Indexes on Redis Stack 7.4 and 7.2, in both protocols.

use std::time::Duration;

use redmux::{
    Database, ErrorKind,
    stack::search::{
        Compression, Coordinates, Difference, Distance, Documents, Ensured, FlatVector, Geo,
        GeoShape, HnswVector, Language, Numeric, Phonetic, Schema, SpellCheckOptions,
        SugAddOptions, SugGetOptions, Tag, Text, VamanaVector, VectorType,
    },
};
use redmux_test_support::both;
use serde_json::json;

use crate::{redis_stack, redis_stack_7_2};

/// Runs `check` on both servers in both protocols, on an empty server without indexes.
async fn everywhere<F: Future<Output = ()>>(check: impl Fn(Database, &'static str) -> F) {
    for (server, version) in [(redis_stack(), "7.4"), (redis_stack_7_2(), "7.2")] {
        both(&server, async |_, muxer| {
            let db = muxer.database();
            for index in db.search().list().await.unwrap() {
                db.search().drop_index(index).await.unwrap();
            }
            check(db, version).await;
        })
        .await;
    }
}

fn part(field: Option<&str>, part: &'static str) -> (Option<String>, &'static str) {
    (field.map(str::to_owned), part)
}

fn parts(ensured: Ensured) -> Vec<(Option<String>, &'static str)> {
    match ensured {
        Ensured::Differs(all) => {
            all.into_iter().map(|Difference { field, part, .. }| (field, part)).collect()
        }
        other => panic!("{other:?}"),
    }
}

/// A schema with all that Redis Stack 7.2 knows.
fn full(documents: Documents) -> Schema {
    let schema = Schema::of(documents)
        .prefix("f:")
        .prefix("g:")
        .filter("@a>5")
        .language(Language::German)
        .language_field("lang")
        .score(0.3)
        .score_field("s")
        .max_text_fields()
        .temporary(Duration::from_secs(1000))
        .no_offsets()
        .no_highlights()
        .no_fields()
        .no_frequencies()
        .stop_words(["der", "die"])
        .field(Numeric::new("a").sortable().no_index())
        .field(Text::new("t").weight(0.7).no_stem().phonetic(Phonetic::English).suffixes())
        .field(Text::new("größe").sortable_as_is())
        .field(Tag::new("g").separator(';').case_sensitive().suffixes().sortable())
        .field(Tag::new("plain").at("other").sortable_as_is())
        .field(Geo::new("geo").sortable())
        .field(GeoShape::new("flat").flat())
        .field(GeoShape::new("round").coordinates(Coordinates::Spherical))
        .field(FlatVector::new("v", VectorType::Float32, 2, Distance::L2).block_size(100))
        .field(
            HnswVector::new("h", VectorType::Float64, 3, Distance::InnerProduct)
                .m(10)
                .ef_construction(100)
                .ef_runtime(20)
                .epsilon(0.1),
        );
    match documents {
        Documents::Hash => schema.payload_field("p"),
        _ => schema,
    }
}

#[async_std::test]
async fn what_the_builder_writes_is_taken_and_told_again() {
    everywhere(async |db, version| {
        let search = db.search();
        for documents in [Documents::Hash, Documents::Json] {
            let schema = full(documents);
            search.create("full", &schema).await.unwrap();
            let info = search.info("full").await.unwrap();
            assert_eq!(info.name.as_deref(), Some("full"));
            assert_eq!(info.attributes.len(), schema.fields().len());
            assert_eq!(info.definition.prefixes, ["f:", "g:"]);
            assert_eq!(info.definition.language.as_deref(), Some("german"));
            assert_eq!(info.stop_words.as_deref().unwrap().len(), 2);
            assert!(info.extra.is_empty(), "{version}: {:?}", info.extra);
            assert_eq!(info.attribute("h").unwrap().detail("dim"), Some("3"));
            assert_eq!(info.attribute("flat").unwrap().detail("coord_system"), Some("FLAT"));
            assert!(info.attribute("t").unwrap().has("NOSTEM"));
            assert_eq!(search.ensure("full", &schema).await.unwrap(), Ensured::Same, "{version}");
            search.drop_index("full").await.unwrap();
        }
        let new = Schema::hash()
            .field(Text::new("t").empty().missing())
            .field(Tag::new("g").missing().empty().sortable())
            .field(Numeric::new("n").missing().sortable())
            .field(FlatVector::new("v", VectorType::Float16, 2, Distance::Cosine).missing())
            .no_stop_words();
        if version == "7.4" {
            assert_eq!(search.ensure("new", &new).await.unwrap(), Ensured::Created);
            assert_eq!(search.ensure("new", &new).await.unwrap(), Ensured::Same);
        } else {
            let error = search.ensure("new", &new).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Server, "{error}");
            assert!(search.list().await.unwrap().is_empty());
        }
        let vamana = VamanaVector::new("v", VectorType::Float32, 2, Distance::L2);
        let vamana = Schema::hash().field(vamana.compression(Compression::Lvq8));
        assert!(search.create("svs", &vamana).await.unwrap_err().is_server(), "Redis 8.2 has it");
    })
    .await;
}

#[async_std::test]
async fn documents_come_into_the_index_and_go_with_it() {
    everywhere(async |db, _| {
        let search = db.search();
        db.hset("d:1", [("title", "Emma"), ("n", "7")]).await.unwrap();
        db.json().set("j:1", &json!({"a b": "x", "deep": {"er": [1, 2]}})).await.unwrap();
        let hashes = Schema::hash().prefix("d:").field(Text::new("title"));
        search.create("hashes", &hashes).await.unwrap();
        let documents = Schema::json()
            .prefix("j:")
            .field(Tag::new("odd").at(r#"$["a b"]"#))
            .field(Tag::new("a b"))
            .field(Numeric::new("n").at("deep.er[*]"));
        search.create("documents", &documents).await.unwrap();
        indexed(&db, "hashes").await;
        indexed(&db, "documents").await;
        assert_eq!(search.info("documents").await.unwrap().num_docs, Some(1));
        assert_eq!(search.tag_vals("documents", "odd").await.unwrap(), ["x"]);
        assert_eq!(search.tag_vals("documents", "a b").await.unwrap(), ["x"]);

        let added = Schema::hash().field(Numeric::new("n").sortable()).field(Tag::new("tag"));
        search.alter("hashes", &added).await.unwrap();
        let error = search.alter("hashes", &added).await.unwrap_err();
        assert!(error.is_server() && !error.to_string().contains("- n"), "{error}");
        assert_eq!(search.info("hashes").await.unwrap().attributes.len(), 3);

        let mut names = search.list().await.unwrap();
        names.sort();
        assert_eq!(names, ["documents", "hashes"]);
        search.drop_index("documents").await.unwrap();
        assert!(db.exists("j:1").await.unwrap() > 0);
        search.drop_index_and_documents("hashes").await.unwrap();
        assert_eq!(db.exists("d:1").await.unwrap(), 0);
        assert!(search.drop_index("hashes").await.unwrap_err().is_server());
    })
    .await;
}

async fn indexed(db: &Database, index: &str) {
    while !db.search().info(index).await.unwrap().is_indexed() {
        async_std::task::sleep(Duration::from_millis(2)).await;
    }
}

#[async_std::test]
async fn aliases_move() {
    everywhere(async |db, _| {
        let search = db.search();
        let schema = Schema::hash().field(Text::new("t"));
        search.create("one", &schema).await.unwrap();
        search.create("two", &schema).await.unwrap();
        search.alias_add("al", "one").await.unwrap();
        assert!(search.alias_add("al", "two").await.unwrap_err().is_server());
        let name = async || search.info("al").await.unwrap().name.unwrap();
        assert_eq!(name().await, "one");
        search.alias_update("al", "two").await.unwrap();
        assert_eq!(name().await, "two");
        search.alias_del("al").await.unwrap();
        assert!(search.alias_del("al").await.unwrap_err().is_server());
        assert_eq!(search.alias_add("", "one").await.unwrap_err().kind(), ErrorKind::Command);
        // Redis 8.10 has it.
        assert!(search.alias_list("one").await.unwrap_err().is_server());
    })
    .await;
}

#[async_std::test]
async fn words_are_looked_after() {
    everywhere(async |db, version| {
        let search = db.search();
        search.create("i", &Schema::hash().field(Text::new("t"))).await.unwrap();
        db.hset("d", [("t", "green apple")]).await.unwrap();
        assert_eq!(search.dict_add("fruits", ["pear", "plum", "grüße"]).await.unwrap(), 3);
        assert_eq!(search.dict_add("fruits", "pear").await.unwrap(), 0);
        assert_eq!(search.dict_del("fruits", ["grüße", "none"]).await.unwrap(), 1);
        assert_eq!(search.dict_dump("fruits").await.unwrap(), ["pear", "plum"]);
        let none: [&str; 0] = [];
        assert!(search.dict_add("fruits", none).await.unwrap_err().is_rejected());

        let plain = SpellCheckOptions::new();
        let found = search.spell_check("i", "aple grean", plain.clone()).await.unwrap();
        let words: Vec<(&str, &str)> =
            found.iter().map(|word| (&*word.term, &*word.suggestions[0].term)).collect();
        assert_eq!(words, [("aple", "apple"), ("grean", "green")], "{version}");
        let found =
            search.spell_check("i", "pears", plain.clone().include("fruits")).await.unwrap();
        assert_eq!(found[0].suggestions[0].term, "pear");
        let excluded = plain.clone().exclude("fruits").distance(2).dialect(2);
        assert!(search.spell_check("i", "pear", excluded).await.unwrap().is_empty());
        let both = plain.include("fruits").exclude("fruits");
        assert!(search.spell_check("i", "plum", both).await.unwrap().is_empty());

        search.syn_update("i", "fruit", ["apple", "pear"]).await.unwrap();
        search.syn_update_from_now_on("i", "colour", ["green", "apple"]).await.unwrap();
        let synonyms = search.syn_dump("i").await.unwrap();
        let mut groups = synonyms["apple"].clone();
        groups.sort();
        assert_eq!((synonyms.len(), &*groups), (3, &["colour".to_owned(), "fruit".into()][..]));

        search.config_set("TIMEOUT", 400).await.unwrap();
        let all = search.config_get("TIMEOUT").await.unwrap();
        assert_eq!(all, [("TIMEOUT".to_owned(), Some("400".to_owned()))]);
        assert!(search.config_get("*").await.unwrap().len() > 20);
    })
    .await;
}

#[async_std::test]
async fn suggestions_come_back_as_they_were_asked_for() {
    everywhere(async |db, _| {
        let search = db.search();
        let usual = SugGetOptions::new();
        assert_eq!(search.sug_get("s", "he", usual.clone()).await.unwrap(), None);
        assert_eq!(search.sug_add("s", "hello world", 1.0).await.unwrap(), 1);
        let with = SugAddOptions::new().payload(&b"\xff\0"[..]).incr();
        assert_eq!(search.sug_add_with("s", "help", 9.0, with).await.unwrap(), 2);
        assert_eq!(search.sug_len("s").await.unwrap(), 2);
        let texts = search.sug_get("s", "hel", usual.clone()).await.unwrap().unwrap();
        assert_eq!(texts, ["help", "hello world"]);
        let hits = search.sug_get_hits("s", "hel", usual.clone()).await.unwrap().unwrap();
        assert_eq!((&*hits[0].text, hits[0].payload.is_some()), ("help", true));
        assert!(hits[0].score > hits[1].score && hits[1].payload.is_none());
        let one = search.sug_get("s", "hxl", usual.clone().fuzzy().max(1)).await.unwrap().unwrap();
        assert_eq!(one.len(), 1);
        assert_eq!(search.sug_get("s", "x", usual).await.unwrap(), Some(vec![]));
        assert!(search.sug_del("s", "help").await.unwrap());
        assert!(!search.sug_del("s", "help").await.unwrap());
        let prefixed = db.with_key_prefix("t:");
        assert_eq!(prefixed.search().sug_len("s").await.unwrap(), 0);
        assert!(search.sug_add("s", "", 1.0).await.unwrap_err().is_rejected());
        assert!(search.sug_add("s", "x", f64::NAN).await.unwrap_err().is_rejected());
        db.set("text", "x").await.unwrap();
        assert!(search.sug_len("text").await.unwrap_err().is_server());
    })
    .await;
}

#[async_std::test]
async fn an_index_is_made_once_and_gets_what_it_lacks() {
    everywhere(async |db, _| {
        let search = db.search();
        let one = Schema::hash().prefix("b:").field(Text::new("title").sortable());
        assert_eq!(search.ensure("b", &one).await.unwrap(), Ensured::Created);
        assert_eq!(search.ensure("b", &one).await.unwrap(), Ensured::Same);
        let two = one.clone().field(Tag::new("genre")).field(Numeric::new("price"));
        assert_eq!(search.ensure("b", &two).await.unwrap(), Ensured::Altered);
        assert_eq!(search.ensure("b", &two).await.unwrap(), Ensured::Same);
        assert_eq!(search.ensure("b", &one).await.unwrap(), Ensured::Same, "an older program");
        search.alias_add("books", "b").await.unwrap();
        assert_eq!(search.ensure("books", &two).await.unwrap(), Ensured::Same, "by an alias");

        let other = Schema::json()
            .prefix("c:")
            .score(0.5)
            .language(Language::French)
            .no_offsets()
            .stop_words(["x"])
            .filter("@a>1")
            .field(Text::new("title").at("name"))
            .field(Numeric::new("new"));
        let differences = parts(search.ensure("b", &other).await.unwrap());
        let expected = [
            part(None, "type of documents"),
            part(None, "prefixes"),
            part(None, "filter"),
            part(None, "language"),
            part(None, "score"),
            part(None, "NOOFFSETS"),
            part(None, "stop words"),
            part(Some("title"), "place"),
        ];
        assert_eq!(differences, expected);
        let fields = Schema::hash()
            .prefix("b:")
            .field(Text::new("title").weight(2.0).no_stem().suffixes())
            .field(Tag::new("genre").separator(';').case_sensitive())
            .field(Tag::new("price"));
        let differences = parts(search.ensure("b", &fields).await.unwrap());
        let expected = [
            part(Some("title"), "sorting"),
            part(Some("title"), "weight"),
            part(Some("title"), "stemming"),
            part(Some("title"), "suffixes"),
            part(Some("genre"), "separator"),
            part(Some("genre"), "case"),
            part(Some("price"), "type"),
        ];
        assert_eq!(differences, expected);
        assert_eq!(search.info("b").await.unwrap().attributes.len(), 3, "it was left as it was");
        let vector = |dim| {
            Schema::hash().field(HnswVector::new("v", VectorType::Float32, dim, Distance::L2))
        };
        search.create("v", &vector(2)).await.unwrap();
        assert_eq!(search.ensure("v", &vector(2)).await.unwrap(), Ensured::Same);
        let differences = parts(search.ensure("v", &vector(3)).await.unwrap());
        assert_eq!(differences, [part(Some("v"), "dimensions")]);
    })
    .await;
}

#[async_std::test]
async fn programs_that_start_at_once_all_get_their_index() {
    everywhere(async |db, _| {
        for round in 0..10 {
            let index = format!("i{round}");
            let schema = |more: usize| {
                let start = Schema::hash().field(Text::new("title"));
                (0..more).fold(start, |schema, n| schema.field(Tag::new(format!("t{n}"))))
            };
            let starts = (0..8).map(|n| {
                let (db, index) = (db.clone(), index.clone());
                async_std::task::spawn(
                    async move { db.search().ensure(&index, &schema(n % 4)).await },
                )
            });
            let starts: Vec<_> = starts.collect();
            let mut created = 0;
            for start in starts {
                created += usize::from(start.await.unwrap() == Ensured::Created);
            }
            assert_eq!(created, 1);
            assert_eq!(db.search().info(&*index).await.unwrap().attributes.len(), 4);
        }
    })
    .await;
}

#[async_std::test]
async fn no_search_is_lost_while_an_index_is_rebuilt() {
    everywhere(async |db, version| {
        let search = db.search();
        let documents = 3000;
        let fill = "for i = 1, tonumber(ARGV[1]) do redis.call('HSET', 'b:' .. i, 't', 'word' .. (i % 7), 'n', i) end";
        let _: () = db.eval(fill, (), documents).await.unwrap();
        let plain = || Schema::hash().prefix("b:").field(Text::new("t"));
        let first = search.rebuild("books", &plain(), Duration::from_secs(60)).await.unwrap();
        assert_eq!((&*first.index, first.replaced), ("books:v1", None));

        let searching = async_std::task::spawn({
            let db = db.clone();
            async move {
                let (mut searches, mut stop) = (0, false);
                while !stop {
                    // One more after the end.
                    stop = db.exists("done").await.unwrap() > 0;
                    let found: Vec<redmux::resp::Value> =
                        search_total(&db, "books").await.unwrap_or_else(|error| panic!("{version}: {error}"));
                    assert_eq!(found[0].as_i64(), Some(documents), "{version}");
                    searches += 1;
                }
                searches
            }
        });
        for round in 2..6 {
            let schema = plain().field(Numeric::new("n").sortable());
            let rebuilt = search.rebuild("books", &schema, Duration::from_secs(60)).await.unwrap();
            assert_eq!(rebuilt.index, format!("books:v{round}"));
            assert_eq!(rebuilt.replaced, Some(format!("books:v{}", round - 1)));
        }
        db.set("done", 1).await.unwrap();
        let searches = searching.await;
        assert!(searches > 5, "{searches}");
        assert_eq!(search.list().await.unwrap(), ["books:v5"]);
        assert_eq!(search.info("books").await.unwrap().attributes.len(), 2);
    })
    .await;
}

/// The total of a search for all, without documents, over RESP2 and RESP3.
async fn search_total(db: &Database, index: &str) -> redmux::Result<Vec<redmux::resp::Value>> {
    let reply: redmux::resp::Value = db.execute("FT.SEARCH", (index, "*", "LIMIT", 0, 0)).await?;
    let total = match &reply {
        redmux::resp::Value::Map(entries) => {
            let total = entries.iter().find(|(name, _)| name.as_str() == Some("total_results"));
            total.map(|(_, total)| total.clone())
        }
        list => list.as_slice().and_then(|list| list.first().cloned()),
    };
    Ok(total.into_iter().collect())
}

#[async_std::test]
async fn a_rebuild_that_fails_leaves_all_as_it_was() {
    everywhere(async |db, _| {
        let search = db.search();
        let schema = Schema::hash().prefix("b:").field(Text::new("t"));
        search.create("taken", &schema).await.unwrap();
        let minute = Duration::from_secs(60);
        let error = search.rebuild("taken", &schema, minute).await.unwrap_err();
        assert!(error.is_rejected(), "{error}");
        let skipping = schema.clone().skip_initial_scan();
        assert!(search.rebuild("a", &skipping, minute).await.unwrap_err().is_rejected());
        assert!(search.rebuild("a", &Schema::hash(), minute).await.unwrap_err().is_rejected());
        search.rebuild("a", &schema, minute).await.unwrap();
        let fill = "for i = 1, 20000 do redis.call('HSET', 'b:' .. i, 't', 'word' .. i) end";
        let _: () = db.eval(fill, (), ()).await.unwrap();
        let error = search.rebuild("a", &schema, Duration::ZERO).await.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Timeout(_)), "{error}");
        assert!(error.to_string().contains("not whole"), "{error}");
        let mut names = search.list().await.unwrap();
        names.sort();
        assert_eq!(names, ["a:v1", "taken"]);
    })
    .await;
}
