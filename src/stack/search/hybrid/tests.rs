use super::*;
use crate::stack::search::{NumericField, TagField, TextField};

const TITLE: TextField = TextField::new("title");
const GENRE: TagField = TagField::new("genre");
const MOOD: VectorField = VectorField::new("mood");

fn sent(hybrid: &Hybrid) -> String {
    let words = hybrid.words().unwrap();
    let words = words.iter().map(|word| String::from_utf8_lossy(word.as_bytes()));
    words.collect::<Vec<_>>().join(" ")
}

fn nearest() -> Nearest {
    MOOD.nearest_bytes(5, *b"v")
}

#[test]
fn words_are_those_that_servers_take() {
    let lamp = || TITLE.words("lamp");
    for (hybrid, expected) in [
        (
            Hybrid::new(lamp(), nearest()),
            "SEARCH @title:(lamp) VSIM @mood $p0 KNN 2 K 5 PARAMS 2 p0 v",
        ),
        (
            Hybrid::new(Filter::all(), nearest().ef_runtime(80).distance_as("near"))
                .scorer("BM25STD")
                .words_score_as("text")
                .shard_ratio(0.5),
            "SEARCH * SCORER BM25STD YIELD_SCORE_AS text VSIM @mood $p0 \
             KNN 6 K 5 EF_RUNTIME 80 SHARD_K_RATIO 0.5 YIELD_SCORE_AS near PARAMS 2 p0 v",
        ),
        (
            Hybrid::within(lamp(), MOOD, 0.25, b"v".as_slice()).epsilon(0.125),
            "SEARCH @title:(lamp) VSIM @mood $p0 RANGE 4 RADIUS 0.25 EPSILON 0.125 PARAMS 2 p0 v",
        ),
        (
            Hybrid::new(GENRE.any(["a", "b"]) & lamp(), nearest().among(GENRE.is("c"))),
            "SEARCH @genre:{$p0 | $p1} @title:(lamp) VSIM @mood $p3 KNN 2 K 5 FILTER @genre:{$p2} \
             PARAMS 8 p0 a p1 b p2 c p3 v",
        ),
        (
            // A text that is a number would be the count of what follows.
            Hybrid::new(lamp(), nearest()).among(Filter::raw("5")).batches(50),
            "SEARCH @title:(lamp) VSIM @mood $p0 KNN 2 K 5 FILTER 5 (5) POLICY BATCHES BATCH_SIZE 50 \
             PARAMS 2 p0 v",
        ),
        (
            Hybrid::new(lamp(), nearest()).ad_hoc().by_ranks(30.0).window(50).score_as("s"),
            "SEARCH @title:(lamp) VSIM @mood $p0 KNN 2 K 5 FILTER 3 * POLICY ADHOC \
             COMBINE RRF 6 CONSTANT 30 WINDOW 50 YIELD_SCORE_AS s PARAMS 2 p0 v",
        ),
        (
            Hybrid::new(lamp(), nearest())
                .by_scores(0.7, 0.3)
                .timeout(Duration::from_nanos(1))
                .explain_score(),
            "SEARCH @title:(lamp) VSIM @mood $p0 KNN 2 K 5 COMBINE LINEAR 4 ALPHA 0.7 BETA 0.3 \
             TIMEOUT 1 EXPLAINSCORE PARAMS 2 p0 v",
        ),
        (
            Hybrid::new(lamp(), nearest())
                .load((TITLE, "__key"))
                .apply(Expression::new("@price * ?").bind(2), "double")
                .group_by(GENRE, [Reduce::count().named("n")])
                .filter("@n > 1")
                .sort_by_descending("n")
                .limit(1, 2),
            "SEARCH @title:(lamp) VSIM @mood $p0 KNN 2 K 5 LOAD 2 @title @__key APPLY @price * (2) AS double \
             GROUPBY 1 @genre REDUCE COUNT 0 AS n FILTER @n > 1 SORTBY 2 @n DESC LIMIT 1 2 PARAMS 2 p0 v",
        ),
        (
            // Not a query: no mark has a backslash.
            Hybrid::new(lamp(), VectorField::named("a-b").nearest_bytes(1, *b"v")).load_all(),
            "SEARCH @title:(lamp) VSIM @a-b $p0 KNN 2 K 1 LOAD * PARAMS 2 p0 v",
        ),
    ] {
        assert_eq!(sent(&hybrid), expected);
    }
}

#[test]
fn what_no_server_could_read_is_refused() {
    let new = || Hybrid::new(TITLE.words("lamp"), nearest());
    let within = |radius| Hybrid::within(Filter::all(), MOOD, radius, &[0.5_f32]);
    let none: [&str; 0] = [];
    for hybrid in [
        Hybrid::new(!Filter::all(), nearest()),
        Hybrid::new(TITLE.words(""), nearest()),
        Hybrid::new(Filter::all(), MOOD.nearest_bytes(0, *b"v")),
        Hybrid::new(Filter::all(), VectorField::new("").nearest_bytes(1, *b"v")),
        Hybrid::new(Filter::all(), nearest().distance_as("a\0")),
        new().among(GENRE.any(none)),
        new().epsilon(0.5),
        new().shard_ratio(0.0),
        new().shard_ratio(f64::NAN),
        new().batches(0),
        new().window(0),
        new().by_ranks(-1.0),
        new().by_ranks(f64::INFINITY),
        new().by_scores(f64::NAN, 1.0),
        new().score_as(""),
        new().words_score_as("a\0b"),
        new().vectors_score_as(""),
        new().scorer("\0"),
        new().load(none),
        new().filter(Expression::new("?")),
        within(-1.0),
        within(f64::NAN),
        within(1.0).epsilon(0.0),
        within(1.0).shard_ratio(0.5),
    ] {
        assert!(hybrid.words().is_err(), "{}", sent(&hybrid));
    }
    assert!(within(0.0).words().is_ok());
    assert!(new().sort_by(NumericField::new("n")).words().is_ok());
}

#[test]
fn what_is_shown_has_no_values() {
    let hybrid = Hybrid::new(GENRE.is("secret"), nearest()).score_as("secret");
    assert!(!format!("{hybrid:?}").contains("secret"));
}
