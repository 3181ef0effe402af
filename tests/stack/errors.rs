//! What is printed of the errors of modules holds nothing of what callers have sent.

use crate::recordings::read;

const RECORDINGS: [&str; 21] = [
    include_str!("recorded/bloom.jsonl"),
    include_str!("recorded/bloom.redis8.jsonl"),
    include_str!("recorded/bloom.valkey.jsonl"),
    include_str!("recorded/cms.jsonl"),
    include_str!("recorded/cuckoo.jsonl"),
    include_str!("recorded/cuckoo.redis8.jsonl"),
    include_str!("recorded/json.jsonl"),
    include_str!("recorded/json.redis8.jsonl"),
    include_str!("recorded/json-new.redis8.jsonl"),
    include_str!("recorded/json.valkey.jsonl"),
    include_str!("recorded/search.jsonl"),
    include_str!("recorded/search.stack72.jsonl"),
    include_str!("recorded/search-new.derived.jsonl"),
    include_str!("recorded/search-params.jsonl"),
    include_str!("recorded/search-params.stack72.jsonl"),
    include_str!("recorded/search-escaping.jsonl"),
    include_str!("recorded/tdigest.jsonl"),
    include_str!("recorded/timeseries.jsonl"),
    include_str!("recorded/timeseries.redis8.jsonl"),
    include_str!("recorded/timeseries-new.redis8.jsonl"),
    include_str!("recorded/topk.jsonl"),
];

/// Arguments of recorded commands that are words of the server's own texts as well.
const WORDS: [&str; 2] = ["full", "start"];

#[test]
fn no_argument_is_printed() {
    let (mut seen, mut printed) = (0, Vec::new());
    for recorded in RECORDINGS.into_iter().flat_map(read) {
        for error in
            [&recorded.resp2, &recorded.resp3].into_iter().filter_map(|f| f.reply().error())
        {
            seen += 1;
            // The digest of a script is no argument.
            let text = error.to_string();
            let text = text.split(" script: ").next().unwrap();
            let of_caller = |word: &&String| {
                word.len() > 3 && word.contains(|letter: char| letter.is_lowercase())
            };
            let shown =
                recorded.words[1..].iter().filter(of_caller).find(|word| text.contains(&***word));
            if let Some(shown) = shown.filter(|word| !WORDS.contains(&&***word)) {
                printed.push(format!("{shown:?} in {text:?}"));
            }
        }
    }
    assert!(seen > 300, "{seen}");
    assert!(printed.is_empty(), "{printed:#?}");
}

#[test]
fn errors_of_all_versions_are_told_apart_by_what_they_mean() {
    let mut counts = [0; 10];
    for recorded in RECORDINGS.into_iter().flat_map(read) {
        let words: Vec<&str> = recorded.words.iter().map(String::as_str).collect();
        for error in
            [&recorded.resp2, &recorded.resp3].into_iter().filter_map(|f| f.reply().error())
        {
            let meanings = [
                error.is_wrong_type(),
                error.is_key_missing(),
                error.key_exists(),
                error.is_path_missing(),
                error.is_index_missing(),
                error.index_exists(),
                error.is_query_syntax(),
                error.is_cursor_missing(),
                error.is_query_timeout(),
                error.missing_module().is_some(),
            ];
            let found = meanings.iter().filter(|holds| **holds).count();
            assert!(found <= 1, "{:?} means {found} things", error.message());
            for (count, holds) in counts.iter_mut().zip(meanings) {
                *count += usize::from(holds);
            }
            // Names that nothing has in these recordings.
            let of_search = words[0].starts_with("FT.")
                && !["FT.SUG", "FT.DICT"].iter().any(|other| words[0].starts_with(other));
            let names_nothing = ["nope", "none"].contains(words.get(1).unwrap_or(&""));
            if of_search && names_nothing && error.code().is_empty() {
                assert!(error.is_index_missing(), "{words:?}: {:?}", error.message());
            }
            if words.get(1) == Some(&"str") && !of_search && error.message().contains("type") {
                assert!(error.is_wrong_type(), "{words:?}: {:?}", error.message());
            }
        }
    }
    assert!(counts.iter().all(|count| *count > 1), "{counts:?}");
    println!("{counts:?}");
}
