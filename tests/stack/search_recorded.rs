//! Every recorded reply to a command for indexes is read, as the same value over both protocols.

use std::collections::{BTreeMap, HashMap};

use bytes::Bytes;
use redmux::{
    resp::{Reply, Value},
    stack::search::{
        AggregatePage, Doc, Explained, HybridPage, Id, IndexInfo, JsonDoc, Misspelling, Profiled,
        Scored, SearchPage, SortKey, Sorted, SugHit, WithPayload,
    },
};

use crate::recordings::{Recorded, both, read, replay};

const STACK_74: &str = include_str!("recorded/search.jsonl");
const STACK_72: &str = include_str!("recorded/search.stack72.jsonl");

const RECORDINGS: [(&str, &str); 6] = [
    ("Redis Stack 7.4", STACK_74),
    ("Redis Stack 7.2", STACK_72),
    ("Redis Stack 7.4, marks", include_str!("recorded/search-escaping.jsonl")),
    ("Redis Stack 7.4, parameters", include_str!("recorded/search-params.jsonl")),
    ("Redis Stack 7.2, parameters", include_str!("recorded/search-params.stack72.jsonl")),
    ("Redis 8, what is new", include_str!("recorded/search-new.derived.jsonl")),
];

fn check(of: &str, words: &[&str], recorded: &Recorded) -> bool {
    match words[0] {
        "FT.CREATE" | "FT.ALTER" | "FT.DROPINDEX" | "FT.SYNUPDATE" | "FT.ALIASADD"
        | "FT.ALIASUPDATE" | "FT.ALIASDEL" => both::<()>(of, recorded),
        "FT._LIST" | "FT.ALIASLIST" | "FT.DICTDUMP" | "FT.TAGVALS" => {
            both::<Vec<String>>(of, recorded);
        }
        "FT.INFO" => both::<IndexInfo>(of, recorded),
        "FT.DICTADD" | "FT.DICTDEL" | "FT.SUGADD" | "FT.SUGLEN" => both::<u64>(of, recorded),
        "FT.SUGDEL" => both::<bool>(of, recorded),
        "FT.SUGGET" if words.contains(&"WITHSCORES") && words.contains(&"WITHPAYLOADS") => {
            both::<Option<Vec<SugHit>>>(of, recorded);
        }
        "FT.SUGGET" if !words.iter().any(|word| word.starts_with("WITH")) => {
            both::<Option<Vec<String>>>(of, recorded);
        }
        // Over RESP2, RediSearch 2.8 divides scores otherwise.
        "FT.SPELLCHECK" if of == "Redis Stack 7.2" => {
            recorded.resp2.decode::<Vec<Misspelling>>().ok();
            return false;
        }
        "FT.SPELLCHECK" => both::<Vec<Misspelling>>(of, recorded),
        "FT.SYNDUMP" => both_maps(of, recorded),
        "FT.PROFILE" if words[2] == "SEARCH" && words.contains(&"NOCONTENT") => {
            both::<Profiled<SearchPage<Id>>>(of, recorded);
        }
        "FT.PROFILE" if words[2] == "SEARCH" => {
            both::<Profiled<SearchPage<Doc<BTreeMap<String, Bytes>>>>>(of, recorded);
        }
        "FT.PROFILE" if words[2] == "AGGREGATE" => {
            both::<Profiled<AggregatePage<BTreeMap<String, Bytes>>>>(of, recorded);
        }
        "FT.HYBRID" if words.contains(&"EXPLAINSCORE") => {
            both::<HybridPage<BTreeMap<String, Value>>>(of, recorded);
        }
        "FT.HYBRID" => both::<HybridPage<BTreeMap<String, Bytes>>>(of, recorded),
        "FT.SEARCH" => return check_search(of, words, recorded),
        "FT.CONFIG" if words[1] == "GET" => both::<Vec<(String, Option<String>)>>(of, recorded),
        "FT.CONFIG" if words[1] == "SET" => both::<()>(of, recorded),
        _ => return false,
    }
    true
}

/// The type of the rows is the one that sends these words.
fn check_search(of: &str, words: &[&str], recorded: &Recorded) -> bool {
    let has = |word| words.contains(&word);
    // Structures in place of texts, over RESP3 only.
    if has("FORMAT") {
        return false;
    }
    let nothing = has("NOCONTENT") || words.windows(2).any(|pair| pair == ["RETURN", "0"]);
    type Hash = Doc<BTreeMap<String, Bytes>>;
    type All<R> = Scored<WithPayload<Sorted<R>>>;
    match (
        nothing,
        has("WITHSCORES"),
        has("EXPLAINSCORE"),
        has("WITHPAYLOADS"),
        has("WITHSORTKEYS"),
    ) {
        (true, false, false, false, false) => both::<SearchPage<Id>>(of, recorded),
        (true, true, false, false, false) => both::<SearchPage<Scored<Id>>>(of, recorded),
        (true, true, true, false, false) => both::<SearchPage<Explained<Id>>>(of, recorded),
        (true, false, false, true, false) => both::<SearchPage<WithPayload<Id>>>(of, recorded),
        (true, false, false, false, true) => both::<SearchPage<Sorted<Id>>>(of, recorded),
        (false, false, false, false, false) if has("$") => {
            both::<SearchPage<JsonDoc<serde_json::Value>>>(of, recorded);
        }
        (false, false, _, false, false) => both::<SearchPage<Hash>>(of, recorded),
        (false, true, false, false, false) => both::<SearchPage<Scored<Hash>>>(of, recorded),
        (false, true, true, false, false) => both::<SearchPage<Explained<Hash>>>(of, recorded),
        (false, false, false, true, false) => both::<SearchPage<WithPayload<Hash>>>(of, recorded),
        (false, false, false, false, true) => both::<SearchPage<Sorted<Hash>>>(of, recorded),
        (false, true, false, true, true) => both::<SearchPage<All<Hash>>>(of, recorded),
        _ => panic!("{words:?}"),
    }
    true
}

/// Maps have no order.
fn both_maps(of: &str, recorded: &Recorded) {
    let groups = |reply: Reply<'_>| reply.decode::<HashMap<String, Vec<String>>>();
    let (two, three) = (groups(recorded.resp2.reply()), groups(recorded.resp3.reply()));
    assert_eq!(two, three, "{of}");
}

#[test]
fn replies_become_the_same_values_over_both_protocols() {
    let (typed, others) = replay(RECORDINGS, check);
    assert!(typed > 700, "{typed} of {}", typed + others);
}

#[test]
fn what_is_said_about_an_index_is_read_by_name() {
    for (of, text) in [("7.4", STACK_74), ("7.2", STACK_72)] {
        let recorded = read(text);
        let mut seen = 0;
        for line in recorded.iter().filter(|line| line.words[0] == "FT.INFO" && !line.is_queued()) {
            for frame in [&line.resp2, &line.resp3].into_iter().filter(|f| !f.reply().is_error()) {
                let info: IndexInfo = frame.decode().unwrap();
                seen += 1;
                assert_eq!(info.name.as_deref(), Some(&*line.words[1]));
                let unknown: Vec<&(String, Value)> =
                    info.extra.iter().chain(&info.definition.extra).collect();
                assert!(unknown.is_empty(), "{of}: {unknown:?}");
                assert!(
                    info.indexing.is_some() && info.num_docs.is_some() && info.failures.is_some()
                );
                assert!(info.attributes.iter().all(|field| !field.kind.is_empty()), "{info:?}");
                if info.name.as_deref() == Some("idx") {
                    let title = info.attribute("title").unwrap();
                    assert_eq!(
                        (title.weight, &*title.flags),
                        (Some(5.0), &["SORTABLE".into()][..])
                    );
                    let kind = info.attribute("k").unwrap();
                    assert_eq!((&*kind.identifier, kind.separator.as_deref()), ("kind", Some(",")));
                    assert_eq!(kind.flags, ["CASESENSITIVE", "SORTABLE", "UNF"]);
                    assert_eq!(info.definition.prefixes, ["d:"]);
                    assert_eq!(info.definition.score, Some(0.5));
                }
            }
        }
        assert!(seen >= 4, "{of}: {seen}");
    }
}

#[test]
fn suggestions_and_spellings_are_what_the_server_said() {
    let recorded = read(STACK_74);
    let of = |words: &[&str]| recorded.iter().find(|line| line.words == words).unwrap();
    let hits = of(&["FT.SUGGET", "sug", "hel", "WITHSCORES", "WITHPAYLOADS", "MAX", "2"]);
    let hits: Vec<SugHit> = hits.resp2.decode().unwrap();
    assert_eq!((&*hits[1].text, hits[1].payload.as_deref()), ("hello there", Some(&b"p1"[..])));
    assert!(hits[0].payload.is_none() && hits[0].score > 1.7);
    let words = of(&["FT.SPELLCHECK", "idx", "aple grean"]);
    let words: Vec<Misspelling> = words.resp3.decode().unwrap();
    assert_eq!((&*words[1].term, &*words[1].suggestions[0].term), ("grean", "green"));
    assert_eq!(words[1].suggestions[0].score, 0.25);
    let unlike = of(&["FT.SPELLCHECK", "idx", "qqqqqqqq"]).resp2.decode::<Vec<Misspelling>>();
    assert!(unlike.unwrap()[0].suggestions.is_empty());
}

#[test]
fn rows_are_what_the_server_said() {
    let recorded = read(STACK_74);
    let of = |words: &[&str]| recorded.iter().find(|line| line.words == words).unwrap();
    let all =
        ["WITHSCORES", "WITHPAYLOADS", "WITHSORTKEYS", "SORTBY", "price", "RETURN", "1", "title"];
    let line = of(&[&["FT.SEARCH", "idx", "apple"], &all[..]].concat());
    type Row = Scored<WithPayload<Sorted<Doc<HashMap<String, String>>>>>;
    let page: SearchPage<Row> = line.resp2.decode().unwrap();
    let (first, second) = (&page.rows[0], &page.rows[1]);
    assert_eq!((first.score, first.row.payload.as_deref()), (1.0, Some(&b"p1"[..])));
    assert_eq!(first.row.row.key, Some(SortKey::Number(10.0)));
    assert_eq!((&*first.row.row.row.id, second.row.payload.as_ref()), ("d:1", None));
    let title = second.row.row.row.value.as_ref().unwrap().get("title");
    assert_eq!(title.map(String::as_str), Some("Green apple"));

    let line = of(&["FT.SEARCH", "idx", "apple", "WITHSCORES", "EXPLAINSCORE"]);
    let page: SearchPage<Explained<Id>> = line.resp3.decode().unwrap();
    let explanation = &page.rows[0].explanation;
    assert!(explanation.text.starts_with("Final TFIDF : words TFIDF 6.00"), "{explanation:?}");
    assert_eq!(explanation.parts[0].parts.len(), 2);

    let line = of(&["FT.SEARCH", "idx", "apple", "NOCONTENT", "WITHSORTKEYS", "SORTBY", "title"]);
    let page: SearchPage<Sorted<Id>> = line.resp3.decode().unwrap();
    assert_eq!(page.rows[0].key, Some(SortKey::Text("green apple".into())));
}
