//! Indexes on Redis Stack 7.4 and 7.2, in both protocols.

use std::time::Duration;

use redmux::{
    ConnectionMultiplexer, Database, ErrorKind, Options,
    resp::Protocol,
    stack::search::{
        Compression, Coordinates, Distance, Documents, Ensured, FlatVector, Geo, GeoShape,
        HnswVector, Language, Numeric, Phonetic, Schema, SpellCheckOptions, SugAddOptions,
        SugGetOptions, Tag, Text, VamanaVector, VectorType,
    },
};
use serde_json::json;

use crate::{everywhere, redis_stack_7_2};

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
async fn names_that_servers_cannot_tell_apart_or_tell_again_are_refused() {
    everywhere(async |db, version| {
        let search = db.search();
        let plain = || Schema::hash().prefix("q:").field(Text::new("first"));
        for name in
            ["größe", "a b", "a.b", "日本", "x\"y", "x\\y", "weight", "SORTABLE", "schema", "'"]
        {
            for schema in [plain(), Schema::json().prefix("q:").field(Text::new("first"))] {
                let schema = schema.field(Tag::new(name).sortable());
                let made = search.ensure(name, &schema).await.unwrap();
                assert_eq!(made, Ensured::Created, "{version} {name}");
                let again = search.ensure(name, &schema).await.unwrap();
                assert_eq!(again, Ensured::Same, "{version} {name}");
                search.drop_index(name).await.unwrap();
            }
        }
        for name in ["", "a\0b", "a\nb", "a\r\n+b"] {
            let error = search.create(name, &plain()).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Command, "{name:?}");
            let error = search.alter("i", &Schema::hash().field(Tag::new(name))).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Command, "{name:?}");
        }
        // The server knows 1024 fields, and takes MAXTEXTFIELDS by itself where texts are many.
        let tags = |from: Schema| {
            (0..980).fold(from, |schema, n| schema.field(Tag::new(format!("f{n}")).sortable()))
        };
        let texts = (0..40).fold(plain(), |schema, n| schema.field(Text::new(format!("t{n}"))));
        let many = tags(texts);
        assert_eq!(search.ensure("many", &many).await.unwrap(), Ensured::Created);
        assert_eq!(search.ensure("many", &many).await.unwrap(), Ensured::Same);
        assert_eq!(search.info("many").await.unwrap().attributes.len(), 1021);
        let more = (0..9).fold(many, |schema, n| schema.field(Tag::new(format!("more{n}"))));
        assert!(search.ensure("many", &more).await.unwrap_err().is_server());
        // Names of RediSearch 2.8 that are spelt otherwise.
        let nepali = plain().language(Language::Nepali);
        assert_eq!(search.ensure("n", &nepali).await.unwrap(), Ensured::Created);
        assert_eq!(search.ensure("n", &nepali).await.unwrap(), Ensured::Same);
    })
    .await;
}

/// RediSearch 2.8 writes the value of a document into a simple string.
#[async_std::test]
async fn what_a_document_breaks_is_no_reply_of_another_caller() {
    let server = redis_stack_7_2();
    for protocol in [Protocol::Resp3, Protocol::Resp2] {
        let options = Options::new(server.addr().to_string()).protocol(protocol);
        let options = options.high_integrity(true);
        let muxer = ConnectionMultiplexer::connect(options).await.unwrap();
        let db = muxer.database();
        db.flushall().await.unwrap();
        db.set("k", "right").await.unwrap();
        let schema = Schema::hash().prefix("d:").field(Numeric::new("n"));
        db.search().ensure("i", &schema).await.unwrap();
        db.hset("d:1", [("n", "x\r\n+wrong\r\n+wrong\r\n+wrong")]).await.unwrap();
        for _ in 0..3 {
            let info = db.search().info("i");
            let got = db.get::<String>("k");
            let (_, got) = futures::join!(info, got);
            if let Ok(got) = got {
                assert_eq!(got.as_deref(), Some("right"), "{protocol:?}");
            }
        }
        muxer.close().await;
        // Its index is in the way of the next protocol's.
        server.command(&["FT.DROPINDEX", "i"]);
    }
}
