//! Profiles and checks of spelling, on Redis Stack 7.4 and 7.2, in both protocols, and as Redis 8 answers.

use std::collections::HashMap;

use redmux::{
    Database, Result,
    resp::Value,
    stack::search::{
        Aggregate, AggregatePage, Distance, Doc, Filter, FlatVector, Id, Misspelling, Numeric,
        NumericField, ProfileStep, Profiled, Query, Reduce, Schema, SearchOptions, SearchPage,
        SpellCheckOptions, Tag, TagField, Text, TextField, VectorField, VectorType,
    },
};

use crate::{everywhere, recordings::read};

const TEXT: TextField = TextField::new("t");
const TAG: TagField = TagField::new("g");
const NUMBER: NumericField = NumericField::new("n");

async fn lamps(db: &Database) {
    let schema = Schema::hash()
        .prefix("lamp:")
        .field(Text::new("t"))
        .field(Tag::new("g"))
        .field(Numeric::new("n"))
        .field(FlatVector::new("v", VectorType::Float32, 1, Distance::L2));
    db.search().create("lamps", &schema).await.unwrap();
    for (at, text) in ["a red lamp", "a green lamp", "lampions"].into_iter().enumerate() {
        let vector = (at as f32).to_le_bytes().to_vec();
        let fields = [
            ("t", text.into()),
            ("g", b"hall".to_vec()),
            ("n", at.to_string().into()),
            ("v", vector),
        ];
        db.hset(format!("lamp:{at}"), fields).await.unwrap();
    }
}

type Pairs = Doc<Vec<(String, Value)>>;

/// What a step and those within it are, without figures.
fn tree(step: &ProfileStep) -> String {
    let term = step.term.as_ref().map(|term| format!("={term}")).unwrap_or_default();
    let children: Vec<String> = step.children.iter().map(tree).collect();
    match children.is_empty() {
        true => format!("{}{term}", step.kind),
        false => format!("{}{term}({})", step.kind, children.join(" ")),
    }
}

async fn profile(db: &Database, query: impl Into<Query>) -> (u64, String) {
    let found: Profiled<SearchPage<Id>> =
        db.search().profile("lamps", query, SearchOptions::new()).await.unwrap();
    let [shard] = &found.profile.shards[..] else { panic!("{found:?}") };
    assert_eq!(found.results.total as usize, found.results.rows.len());
    assert!(shard.total_time().is_some_and(|time| time >= 0.0), "{shard:?}");
    assert!(shard.extra.is_empty() && shard.warnings.is_empty(), "{shard:?}");
    assert!(found.profile.coordinator.is_empty());
    let processors: Vec<&str> = shard.processors.iter().map(|step| &*step.kind).collect();
    assert!(
        processors.starts_with(&["Index"]) && processors.ends_with(&["Sorter"]),
        "{processors:?}"
    );
    assert!(shard.processors.iter().all(|step| step.count.is_some() && step.time.is_some()));
    (found.results.total, tree(shard.iterators.as_ref().unwrap()))
}

#[async_std::test]
async fn a_profile_has_the_parts_of_the_query_as_a_tree() {
    everywhere(async |db, version| {
        lamps(&db).await;
        for (query, total, expected) in [
            (Query::from(Filter::all()), 3, "WILDCARD"),
            (TAG.is("hall").into(), 3, "TAG=hall"),
            (TAG.is("attic").into(), 0, "EMPTY"),
            ((!TAG.is("hall")).into(), 0, "NOT(TAG=hall)"),
            ((TEXT.starts_with("lam") & NUMBER.below(2.0)).into(), 2, ""),
            ((TAG.is("hall") & NUMBER.below(2.0)).into(), 2, "INTERSECT(TAG=hall NUMERIC="),
            (
                (TAG.is("hall") & TAG.is("red").optional()).into(),
                3,
                "INTERSECT(TAG=hall OPTIONAL(EMPTY))",
            ),
            (VectorField::new("v").nearest(2, &[0.0_f32]).into(), 2, "VECTOR"),
            // The bytes of a vector are no text, whatever they are.
            (VectorField::new("v").nearest_bytes(1, *b"\r\n\r\n").into(), 1, "VECTOR"),
        ] {
            let shown = format!("{version}: {query:?}");
            let (found, tree) = profile(&db, query).await;
            assert_eq!(found, total, "{shown}");
            assert!(tree.starts_with(expected), "{shown}: {tree}");
        }
        let (_, tree) = profile(&db, TEXT.starts_with("lam")).await;
        assert!(tree.contains("UNION(") && tree.contains("TEXT=lamp"), "{version}: {tree}");
        let limited =
            db.search().profile_limited("lamps", TEXT.starts_with("lam"), SearchOptions::new());
        let limited: Profiled<SearchPage<Pairs>> = limited.await.unwrap();
        assert_eq!((limited.results.total, limited.results.rows[0].value.is_some()), (3, true));
        let step = limited.profile.shards[0].iterators.as_ref().unwrap();
        assert!(step.children.is_empty(), "{version}: {step:?}");
        assert!(
            step.extra.iter().any(|(name, _)| name == "Child iterators"),
            "{version}: {step:?}"
        );
    })
    .await;
}

#[async_std::test]
async fn an_aggregation_has_a_profile_too() {
    everywhere(async |db, version| {
        lamps(&db).await;
        let tags = Aggregate::new(TAG.is("hall"))
            .group_by(TAG, [Reduce::count().named("lamps")])
            .sort_by("lamps");
        let found: Profiled<AggregatePage<HashMap<String, String>>> =
            db.search().profile_aggregate("lamps", tags).await.unwrap();
        assert_eq!(found.results.rows[0]["lamps"], "3", "{version}");
        let [shard] = &found.profile.shards[..] else { panic!("{found:?}") };
        assert_eq!(tree(shard.iterators.as_ref().unwrap()), "TAG=hall", "{version}");
        assert!(shard.processors.iter().any(|step| step.kind == "Grouper"), "{version}: {shard:?}");
        let odd = Aggregate::new(TAG.is("secret\nx"));
        let found: Result<Profiled<AggregatePage<Value>>> =
            db.search().profile_aggregate("lamps", odd).await;
        let error = found.unwrap_err();
        assert!(error.is_rejected() && !error.to_string().contains("secret"), "{version}: {error}");
    })
    .await;
}

#[async_std::test]
async fn a_profile_keeps_to_the_prefix_of_keys() {
    everywhere(async |db, version| {
        let tenant = db.with_key_prefix("one:");
        lamps(&tenant).await;
        let options = SearchOptions::new().in_keys(["lamp:0", "lamp:9"]);
        let found: Profiled<SearchPage<Id>> =
            tenant.search().profile_limited("lamps", Filter::all(), options).await.unwrap();
        assert_eq!(
            (found.results.rows.len(), &*found.results.rows[0].id),
            (1, "lamp:0"),
            "{version}"
        );
    })
    .await;
}

#[async_std::test]
async fn a_line_end_that_a_server_would_write_into_its_reply_is_refused() {
    everywhere(async |db, version| {
        lamps(&db).await;
        for filter in [
            TAG.is("secret\r\n+OK"),
            TAG.starts_with("secret\n"),
            TAG.is("a") | Filter::raw("@g:{secret\\\r\\\n}"),
        ] {
            let found: Result<Profiled<SearchPage<Id>>> =
                db.search().profile("lamps", filter.clone(), SearchOptions::new()).await;
            let error = found.unwrap_err();
            assert!(
                error.is_rejected() && !error.to_string().contains("secret"),
                "{version}: {error}"
            );
            // Searches have no such replies.
            let page: Result<SearchPage<Id>> =
                db.search().search("lamps", filter, SearchOptions::new()).await;
            page.unwrap();
        }
        assert_eq!(db.search().count("lamps", Filter::all()).await.unwrap(), 3, "{version}");
    })
    .await;
}

#[async_std::test]
async fn words_of_a_filter_are_checked() {
    everywhere(async |db, version| {
        lamps(&db).await;
        let check = async |filter: Filter| {
            let words = db.search().spell_check("lamps", filter, SpellCheckOptions::new()).await;
            let words: Vec<Misspelling> = words.unwrap();
            words.into_iter().map(|word| (word.term, word.suggestions.len())).collect::<Vec<_>>()
        };
        let lemp = || vec![("lemp".to_owned(), 1)];
        assert_eq!(check(TEXT.words("red lemp")).await, lemp(), "{version}");
        assert_eq!(check(TEXT.phrase("red lemp") & NUMBER.below(5.0)).await, lemp(), "{version}");
        assert_eq!(check(TEXT.words("lemp \" } ) | @t:{$x} => $")).await.len(), 3, "{version}");
        assert_eq!(check(Filter::all()).await, [], "{version}");
        let escaped =
            db.search().spell_check("lamps", r"lemp\$", SpellCheckOptions::new().dialect(2));
        assert_eq!(escaped.await.unwrap().len(), 1, "{version}");
    })
    .await;
}

#[async_std::test]
async fn what_would_crash_a_server_is_refused() {
    everywhere(async |db, version| {
        lamps(&db).await;
        let options = SpellCheckOptions::new;
        for filter in [
            TAG.is("secret"),
            TEXT.words("lemp") & TAG.is("secret"),
            Filter::raw("secret $x"),
            Filter::raw_with("secret ?", ["x"]),
            VectorField::new("v").within(1.0, &[1.0_f32]),
        ] {
            let error = db.search().spell_check("lamps", filter, options()).await.unwrap_err();
            assert!(
                error.is_rejected() && !error.to_string().contains("secret"),
                "{version}: {error}"
            );
        }
        for text in ["$secret", r"secret\\$x", "@t:$secret"] {
            for dialect in [1, 2] {
                let call = db.search().spell_check("lamps", text, options().dialect(dialect));
                assert!(call.await.unwrap_err().is_rejected(), "{version}: {text}");
            }
        }
        // A price in a text is enough.
        let reply: Result<Value> =
            db.execute("ft.spellcheck", ("lamps", "lemp$5", "DIALECT", 2)).await;
        assert!(reply.unwrap_err().is_rejected(), "{version}");
        let reply = db.execute("ft.spellcheck", ("lamps", r"lemp\$5", "DIALECT", 2)).await;
        reply.map(|_: Value| ()).unwrap();
        assert_eq!(db.search().count("lamps", Filter::all()).await.unwrap(), 3, "{version}");
    })
    .await;
}

#[test]
fn a_profile_of_redis_8_has_shards_and_a_coordinator() {
    let recorded = read(include_str!("recorded/search-new.derived.jsonl"));
    let line = recorded.iter().find(|line| line.words[0] == "FT.PROFILE").unwrap();
    for frame in [&line.resp2, &line.resp3] {
        let found: Profiled<SearchPage<Pairs>> = frame.decode().unwrap();
        assert_eq!(found.results.rows[0].value, Some(vec![("f1".to_owned(), Value::from("3"))]));
        let [shard] = &found.profile.shards[..] else { panic!("{found:?}") };
        assert_eq!((shard.total_time(), shard.time("Workers queue time")), (Some(0.1), Some(0.0)));
        let iterator = shard.iterators.as_ref().unwrap();
        assert_eq!(
            (&*iterator.kind, iterator.count, iterator.time),
            ("WILDCARD", Some(1), Some(0.1))
        );
        let processors: Vec<_> =
            shard.processors.iter().map(|step| (&*step.kind, step.count)).collect();
        assert_eq!(processors, [("Index", Some(1)), ("Loader", Some(1))]);
        assert!(shard.warnings.is_empty() && shard.extra.is_empty(), "{shard:?}");
    }
}
