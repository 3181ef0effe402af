//! Indexes that are made, altered and rebuilt as programs need them, on Redis Stack 7.4 and 7.2 in both protocols.

use std::time::Duration;

use redmux::{
    Database, ErrorKind,
    resp::ServerErrorKind,
    stack::search::{
        Difference, Distance, Ensured, HnswVector, Language, Numeric, Schema, Tag, Text, VectorType,
    },
};
use redmux_test_support::{RedisServer, both};

use crate::everywhere;

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

#[async_std::test]
async fn programs_that_rebuild_at_once_lose_no_search() {
    everywhere(async |db, version| {
        let minute = Duration::from_secs(60);
        let schema = Schema::hash().prefix("b:").field(Text::new("t"));
        let fill = "for i = 1, 500 do redis.call('HSET', 'b:' .. i, 't', 'word' .. i) end";
        let _: () = db.eval(fill, (), ()).await.unwrap();
        db.search().rebuild("books", &schema, minute).await.unwrap();
        for _ in 0..5 {
            let rebuilds: Vec<_> = (0..4)
                .map(|_| {
                    let (db, schema) = (db.clone(), schema.clone());
                    async_std::task::spawn(async move {
                        db.search().rebuild("books", &schema, minute).await
                    })
                })
                .collect();
            for rebuild in rebuilds {
                let found = search_total(&db, "books").await.unwrap();
                assert_eq!(found[0].as_i64(), Some(500), "{version}");
                rebuild.await.unwrap();
            }
            let found = search_total(&db, "books").await.unwrap();
            assert_eq!(found[0].as_i64(), Some(500), "{version}");
        }
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

#[async_std::test]
async fn an_index_that_goes_meanwhile_is_made_again() {
    everywhere(async |db, version| {
        let dropping = async_std::task::spawn({
            let db = db.clone();
            async move {
                while db.exists("done").await.unwrap() == 0 {
                    let _ = db.search().drop_index("flap").await;
                }
            }
        });
        for round in 0..100 {
            let schema = Schema::hash().prefix("q:").field(Text::new("t"));
            let schema = if round % 2 == 0 { schema } else { schema.field(Tag::new("g")) };
            let done = db.search().ensure("flap", &schema).await;
            assert!(done.is_ok(), "{version}: {done:?}");
        }
        db.set("done", 1).await.unwrap();
        dropping.await;
    })
    .await;
}

#[async_std::test]
async fn a_server_without_search_says_so() {
    both(&RedisServer::start(), async |_, muxer| {
        let db = muxer.database();
        let schema = Schema::hash().field(Text::new("t"));
        for error in [
            db.search().ensure("i", &schema).await.unwrap_err(),
            db.search().rebuild("i", &schema, Duration::ZERO).await.unwrap_err(),
            db.search().sug_len("s").await.unwrap_err(),
        ] {
            let kind = error.server().unwrap().kind();
            assert_eq!(kind, ServerErrorKind::UnknownCommand, "{error}");
        }
    })
    .await;
}

#[async_std::test]
async fn tenants_with_prefixes_have_indexes_of_their_own() {
    everywhere(async |db, version| {
        let minute = Duration::from_secs(60);
        let one = Schema::hash().prefix("b:").field(Text::new("t"));
        let all = Schema::hash().field(Tag::new("t"));
        for (tenant, schema) in [("x:", &one), ("y:", &all), ("", &one)] {
            let db = db.with_key_prefix(tenant);
            db.hset("b:1", [("t", tenant)]).await.unwrap();
            let search = db.search();
            assert_eq!(search.ensure("i", schema).await.unwrap(), Ensured::Created, "{version}");
            assert_eq!(search.ensure("i", schema).await.unwrap(), Ensured::Same, "{version}");
            let rebuilt = search.rebuild("al", schema, minute).await.unwrap();
            assert_eq!((&*rebuilt.index, rebuilt.replaced), ("al:v1", None));
            let rebuilt = search.rebuild("al", schema, minute).await.unwrap();
            assert_eq!((&*rebuilt.index, rebuilt.replaced.as_deref()), ("al:v2", Some("al:v1")));
            assert_eq!(search.info("al").await.unwrap().num_docs, Some(1), "{version} {tenant}");
        }
        assert_eq!(db.search().list().await.unwrap().len(), 6);
    })
    .await;
}
