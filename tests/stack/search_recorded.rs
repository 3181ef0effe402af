//! Every recorded reply to a command for indexes is read, as the same value over both protocols.

use std::collections::HashMap;

use redmux::{
    resp::{Reply, Value},
    stack::search::{IndexInfo, Misspelling, SugHit},
};

use crate::recordings::{Recorded, both, read, replay};

const STACK_74: &str = include_str!("recorded/search.jsonl");
const STACK_72: &str = include_str!("recorded/search.stack72.jsonl");

const RECORDINGS: [(&str, &str); 5] = [
    ("Redis Stack 7.4", STACK_74),
    ("Redis Stack 7.2", STACK_72),
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
        "FT.CONFIG" if words[1] == "GET" => both::<Vec<(String, Option<String>)>>(of, recorded),
        "FT.CONFIG" if words[1] == "SET" => both::<()>(of, recorded),
        _ => return false,
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
    assert!(typed > 250, "{typed} of {}", typed + others);
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
