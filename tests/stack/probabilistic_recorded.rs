//! Every recorded reply of RedisBloom and valkey-bloom is read, as the same value over both protocols.

use bytes::Bytes;
use redmux::{
    resp::{Framer, Limits, Scan, ServerError},
    stack::{
        bloom::{BloomAdded, BloomInfo, BloomInfoValue, FilterChunk},
        count_min::CountMinInfo,
        cuckoo::{CuckooInfo, CuckooInserted},
        t_digest::{TDigestInfo, TDigestRank},
        top_k::TopKInfo,
    },
};

use crate::recordings::{Recorded, both, outcome, read, replay};

const BLOOM: [(&str, &str); 3] = [
    ("Redis Stack 7.4", include_str!("recorded/bloom.jsonl")),
    ("Redis 8", include_str!("recorded/bloom.redis8.jsonl")),
    ("Valkey 9", include_str!("recorded/bloom.valkey.jsonl")),
];

const OTHERS: [(&str, &str); 5] = [
    ("Redis Stack 7.4", include_str!("recorded/cuckoo.jsonl")),
    ("Redis 8", include_str!("recorded/cuckoo.redis8.jsonl")),
    ("Redis Stack 7.4", include_str!("recorded/cms.jsonl")),
    ("Redis Stack 7.4", include_str!("recorded/topk.jsonl")),
    ("Redis Stack 7.4", include_str!("recorded/tdigest.jsonl")),
];

/// Reads the replies as what the method for the command returns; returns whether there is one.
fn typed(of: &str, recorded: &Recorded) -> bool {
    match recorded.words[0].as_str() {
        "BF.RESERVE" | "BF.LOADCHUNK" | "CF.RESERVE" | "CF.ADD" | "CF.LOADCHUNK" | "CF.COMPACT"
        | "CMS.INITBYDIM" | "CMS.INITBYPROB" | "CMS.MERGE" | "TOPK.RESERVE" | "TDIGEST.CREATE"
        | "TDIGEST.ADD" | "TDIGEST.RESET" | "TDIGEST.MERGE" => both::<()>(of, recorded),
        "BF.ADD" | "BF.EXISTS" | "CF.ADDNX" | "CF.EXISTS" | "CF.DEL" => both::<bool>(of, recorded),
        "BF.MADD" | "BF.INSERT" => both::<BloomAdded>(of, recorded),
        "BF.MEXISTS" | "CF.MEXISTS" | "TOPK.QUERY" => both::<Vec<bool>>(of, recorded),
        "BF.CARD" | "CF.COUNT" => both::<u64>(of, recorded),
        "BF.INFO" if recorded.words.len() == 3 => both::<BloomInfoValue>(of, recorded),
        "BF.INFO" => both::<BloomInfo>(of, recorded),
        "BF.SCANDUMP" | "CF.SCANDUMP" => both::<Option<FilterChunk>>(of, recorded),
        "CF.INSERT" | "CF.INSERTNX" => both::<Vec<CuckooInserted>>(of, recorded),
        "CF.INFO" => both::<CuckooInfo>(of, recorded),
        "CMS.INCRBY" => both::<Vec<Result<u64, ServerError>>>(of, recorded),
        "CMS.QUERY" | "TOPK.COUNT" => both::<Vec<u64>>(of, recorded),
        "CMS.INFO" => both::<CountMinInfo>(of, recorded),
        "TOPK.ADD" | "TOPK.INCRBY" => both::<Vec<Option<Bytes>>>(of, recorded),
        "TOPK.LIST" if recorded.words.len() == 3 => both::<Vec<(String, u64)>>(of, recorded),
        "TOPK.LIST" => both::<Vec<String>>(of, recorded),
        "TOPK.INFO" => both::<TopKInfo>(of, recorded),
        "TDIGEST.MIN" | "TDIGEST.MAX" | "TDIGEST.TRIMMED_MEAN" => both::<f64>(of, recorded),
        "TDIGEST.QUANTILE" | "TDIGEST.CDF" | "TDIGEST.BYRANK" | "TDIGEST.BYREVRANK" => {
            both::<Vec<f64>>(of, recorded);
        }
        "TDIGEST.RANK" | "TDIGEST.REVRANK" => both::<Vec<TDigestRank>>(of, recorded),
        "TDIGEST.INFO" => both::<TDigestInfo>(of, recorded),
        _ => return false,
    }
    true
}

#[test]
fn replies_become_the_same_values_over_both_protocols() {
    let all = BLOOM.into_iter().chain(OTHERS);
    let (as_types, others) = replay(all, |of, _, recorded| typed(of, recorded));
    assert!(as_types > 550, "{as_types} of {}", as_types + others);
}

#[test]
fn servers_say_the_same_of_the_same_items() {
    let [redis7, redis8, valkey] = BLOOM.map(|(_, text)| read(text));
    let mut compared = 0;
    for ((of7, of8), of_valkey) in redis7.iter().zip(&redis8).zip(&valkey) {
        let words = &of7.words;
        assert!(*words == of8.words && *words == of_valkey.words, "{words:?}");
        // Of a key of another type, and where a filter could not be loaded, Valkey says something else.
        let is_other = words.get(1).is_some_and(|key| ["str", "d2"].contains(&key.as_str()));
        if is_other || of7.is_queued() {
            continue;
        }
        let outcomes = [of7, of8, of_valkey].map(|recorded| match words[0].as_str() {
            "BF.ADD" | "BF.EXISTS" => outcome::<bool>(&recorded.resp3, words),
            "BF.MEXISTS" => outcome::<Vec<bool>>(&recorded.resp3, words),
            "BF.MADD" => outcome::<BloomAdded>(&recorded.resp3, words),
            "BF.CARD" => outcome::<u64>(&recorded.resp3, words),
            _ => String::new(),
        });
        assert!(
            outcomes[0] == outcomes[1] && outcomes[0] == outcomes[2],
            "{words:?}: {outcomes:?}"
        );
        compared += usize::from(!outcomes[0].is_empty());
    }
    assert!(compared > 20, "{compared}");
}

/// A command whose reply breaks the framing, and that reply over both protocols
pub(crate) struct Broken {
    pub(crate) words: Vec<String>,
    is_framed: bool,
    wires: [String; 2],
}

pub(crate) fn broken() -> Vec<Broken> {
    let text = include_str!("recorded/broken.jsonl");
    let lines = text.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    let broken = |line: serde_json::Value| Broken {
        words: line["command"].as_array().unwrap().iter().map(text).collect(),
        is_framed: line["framed"].as_bool().unwrap(),
        wires: ["wire2", "wire3"].map(|wire| text(&line[wire])),
    };
    lines.map(broken).collect()
}

impl Broken {
    pub(crate) fn is_framed(&self) -> bool {
        self.is_framed
    }
}

#[test]
fn a_reply_that_breaks_the_framing_cannot_be_told_from_one_that_goes_on() {
    let all = broken();
    assert!(all.iter().filter(|broken| !broken.is_framed).count() >= 10);
    for Broken { words, is_framed, wires } in all {
        for wire in wires {
            let whole = Framer::new(Limits::default()).scan(wire.as_bytes()).unwrap();
            assert_eq!(whole == Scan::Complete(wire.len()), is_framed, "{words:?}");
        }
    }
}
