//! What is printed of the errors of modules holds nothing of what callers have sent.

use crate::recordings::read;

const RECORDINGS: [&str; 12] = [
    include_str!("recorded/json.jsonl"),
    include_str!("recorded/json.redis8.jsonl"),
    include_str!("recorded/json-new.redis8.jsonl"),
    include_str!("recorded/json.valkey.jsonl"),
    include_str!("recorded/search.jsonl"),
    include_str!("recorded/search.stack72.jsonl"),
    include_str!("recorded/search-params.jsonl"),
    include_str!("recorded/search-escaping.jsonl"),
    include_str!("recorded/search-new.derived.jsonl"),
    include_str!("recorded/timeseries.jsonl"),
    include_str!("recorded/timeseries.redis8.jsonl"),
    include_str!("recorded/timeseries-new.redis8.jsonl"),
];

/// Arguments of recorded commands that are words of the server's own texts as well.
const WORDS: [&str; 1] = ["start"];

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
