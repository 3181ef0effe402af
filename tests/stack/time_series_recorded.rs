//! Every recorded reply of RedisTimeSeries is read, as the same value over both protocols.

use redmux::{
    resp::ServerError,
    stack::time_series::{Row, Sample, Series, SeriesInfo},
};

use crate::recordings::{Recorded, both, replay};

const RECORDINGS: [(&str, &str); 3] = [
    ("Redis Stack 7.4", include_str!("recorded/timeseries.jsonl")),
    ("Redis 8", include_str!("recorded/timeseries.redis8.jsonl")),
    ("Redis 8, what is new", include_str!("recorded/timeseries-new.redis8.jsonl")),
];

/// Whether a row has several values.
fn has_rows(words: &[&str]) -> bool {
    let aggregation = words.iter().position(|word| *word == "AGGREGATION");
    aggregation.is_some_and(|at| words.get(at + 1).is_some_and(|names| names.contains(',')))
}

/// Whether a group was asked for without labels: over RESP2 nothing says of what it was made.
fn hides_sources(words: &[&str]) -> bool {
    words.contains(&"GROUPBY") && !words.contains(&"WITHLABELS")
}

fn check(of: &str, words: &[&str], recorded: &Recorded) -> bool {
    match words[0] {
        "TS.CREATE" | "TS.ALTER" | "TS.CREATERULE" | "TS.DELETERULE" => both::<()>(of, recorded),
        "TS.ADD" | "TS.INCRBY" | "TS.DECRBY" | "TS.DEL" => both::<u64>(of, recorded),
        "TS.MADD" => both::<Vec<Result<u64, ServerError>>>(of, recorded),
        "TS.GET" => both::<Option<Sample>>(of, recorded),
        "TS.RANGE" | "TS.REVRANGE" if has_rows(words) => both::<Vec<Row>>(of, recorded),
        "TS.RANGE" | "TS.REVRANGE" | "TS.READ" => both::<Vec<Sample>>(of, recorded),
        "TS.NRANGE" | "TS.NREVRANGE" => both::<Vec<Row>>(of, recorded),
        "TS.MGET" => both::<Vec<Series>>(of, recorded),
        "TS.MRANGE" | "TS.MREVRANGE" if hides_sources(words) => return false,
        "TS.MRANGE" | "TS.MREVRANGE" if has_rows(words) => both::<Vec<Series<Row>>>(of, recorded),
        "TS.MRANGE" | "TS.MREVRANGE" => both::<Vec<Series>>(of, recorded),
        "TS.QUERYINDEX" | "TS.QUERYLABELS" => both::<Vec<String>>(of, recorded),
        // What DEBUG adds is not read.
        "TS.INFO" => both::<SeriesInfo>(of, recorded),
        _ => return false,
    }
    true
}

#[test]
fn replies_become_the_same_values_over_both_protocols() {
    let (typed, others) = replay(RECORDINGS, check);
    assert!(typed > 500, "{typed} of {}", typed + others);
}
