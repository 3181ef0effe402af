//! Every recorded reply of RedisJSON and valkey-json is read, as the same value over both protocols.

use redmux::{
    resp::Value,
    stack::json::{Json, JsonTypes, Matches, Number},
};

use crate::recordings::{Recorded, both, outcome, replay};

const RECORDINGS: [(&str, &str); 4] = [
    ("Redis Stack 7.4", include_str!("recorded/json.jsonl")),
    ("Redis 8", include_str!("recorded/json.redis8.jsonl")),
    ("Redis 8, what is new", include_str!("recorded/json-new.redis8.jsonl")),
    ("Valkey 9", include_str!("recorded/json.valkey.jsonl")),
];

/// Whether the client would send these words: with a path that begins with `$`, or with none.
fn is_ours(words: &[&str]) -> bool {
    let path = words.get(2).is_none_or(|path| path.starts_with('$'));
    match words[0] {
        // The root without a list around it.
        "JSON.MGET" => words.last().is_some_and(|path| path.starts_with('$') || *path == "."),
        "JSON.GET" => path || words[2] == "INDENT" || words[2] == "NEWLINE" || words[2] == "SPACE",
        "JSON.DEBUG" => words.get(3).is_some_and(|path| path.starts_with('$')),
        "JSON.MSET" | "JSON.MERGE" | "JSON.SET" => true,
        _ => path && words.len() > 2,
    }
}

fn check(of: &str, words: &[&str], recorded: &Recorded) -> bool {
    if words.contains(&"FORMAT") || !words[0].starts_with("JSON.") || !is_ours(words) {
        return false;
    }
    match words[0] {
        "JSON.GET" => both::<Option<Json<serde_json::Value>>>(of, recorded),
        "JSON.MGET" => both::<Vec<Option<Json<serde_json::Value>>>>(of, recorded),
        "JSON.SET" => both::<bool>(of, recorded),
        "JSON.MSET" | "JSON.MERGE" => both::<()>(of, recorded),
        "JSON.DEL" | "JSON.FORGET" | "JSON.CLEAR" => both::<u64>(of, recorded),
        "JSON.TYPE" => both::<Option<JsonTypes>>(of, recorded),
        "JSON.TOGGLE" => both::<Matches<bool>>(of, recorded),
        "JSON.ARRINDEX" => both::<Option<Matches<i64>>>(of, recorded),
        "JSON.OBJKEYS" => both::<Option<Matches<Vec<String>>>>(of, recorded),
        "JSON.ARRPOP" => both::<Matches<Json<serde_json::Value>>>(of, recorded),
        "JSON.NUMINCRBY" | "JSON.NUMMULTBY" | "JSON.NUMPOWBY" => {
            both::<Matches<Number>>(of, recorded);
        }
        // Floats are texts over RESP2.
        "JSON.RESP" => {
            outcome::<Option<Vec<Value>>>(&recorded.resp2, &recorded.words);
            outcome::<Option<Vec<Value>>>(&recorded.resp3, &recorded.words);
        }
        "JSON.STRLEN" | "JSON.ARRLEN" | "JSON.OBJLEN" | "JSON.DEBUG" => {
            both::<Option<Matches<u64>>>(of, recorded);
        }
        "JSON.STRAPPEND" | "JSON.ARRAPPEND" | "JSON.ARRINSERT" | "JSON.ARRTRIM" => {
            both::<Matches<u64>>(of, recorded);
        }
        other => panic!("no type for the replies of {other}"),
    }
    true
}

#[test]
fn replies_become_the_same_values_over_both_protocols() {
    let (typed, others) = replay(RECORDINGS, check);
    assert!(typed > 600, "{typed} of {}", typed + others);
}
