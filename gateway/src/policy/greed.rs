//! Words that are right as such, and that a stranger should not be able to send.

use redmux_resp::{
    Arg,
    internal::search::{is, number},
};

use super::queries::places_behind;

/// Servers reserve room for all rows before they look for the first one.
const ROWS: usize = 1_000_000;
/// Servers reserve about 100 bytes for each at once.
const COMPRESSION: usize = 100_000;
/// What a filter or a sketch reserves at its beginning.
const SIZE: usize = 10_000_000;
/// By how much the next part of a filter is larger.
const EXPANSION: usize = 32_768;
/// The time of a query grows with the square of its parts, and its depth with their number.
const TEXT: usize = 32 << 10;

/// Commands whose words are read as the language of queries, or as expressions.
const QUERIES: [&str; 7] = [
    "FT.AGGREGATE",
    "FT.EXPLAIN",
    "FT.EXPLAINCLI",
    "FT.HYBRID",
    "FT.PROFILE",
    "FT.SEARCH",
    "FT.SPELLCHECK",
];

/// Commands that name indexes and fields.
const DEFINITIONS: [&str; 6] =
    ["FT.ALIASADD", "FT.ALIASUPDATE", "FT.ALTER", "FT.CREATE", "FT._ALTERIFNX", "FT._CREATEIFNX"];

const LINE_END: &str = "it has a line end, which would break replies";

/// Why these words are not sent.
pub(super) fn greed(words: &[Arg<'_>]) -> Option<&'static str> {
    let has_name = |name: &&str| is(words.first(), name);
    let beyond = |option, most| is_beyond(words, option, most);
    let has_line_end =
        |word: &Arg<'_>| word.as_bytes().iter().any(|byte| matches!(byte, b'\r' | b'\n'));
    match () {
        () if QUERIES.iter().any(has_name) => {
            let is_long = |word: &Arg<'_>| word.as_bytes().len() > TEXT;
            match () {
                () if words.iter().any(is_long) => Some("one of its words has more than 32 KiB"),
                () if beyond("MAX", ROWS) => Some("its MAX is above 1000000"),
                // RediSearch 2.8 answers with values of the query in lines of their own.
                () if has_name(&"FT.PROFILE") && words.iter().any(has_line_end) => Some(LINE_END),
                () => None,
            }
        }
        // Servers tell of names of indexes and fields in lines of their own.
        () if DEFINITIONS.iter().any(has_name) && words.iter().any(has_line_end) => Some(LINE_END),
        () if has_name(&"FT.SUGGET") && beyond("MAX", ROWS) => Some("its MAX is above 1000000"),
        () if ["TDIGEST.CREATE", "TDIGEST.MERGE"].iter().any(has_name)
            && beyond("COMPRESSION", COMPRESSION) =>
        {
            Some("its COMPRESSION is above 100000")
        }
        () if is_large(words) => Some("its size is above 10000000"),
        () => None,
    }
}

/// Whether the number behind an option is above this.
fn is_beyond(words: &[Arg<'_>], option: &'static str, most: usize) -> bool {
    places_behind(words, 2, option).any(|at| number(words.get(at)).is_some_and(|n| n > most))
}

/// Whether a filter or a sketch is larger at its beginning than there may be memory: RedisBloom 2.6 then ends the server.
fn is_large(words: &[Arg<'_>]) -> bool {
    let has_name = |name: &&str| is(words.first(), name);
    let size = |at: usize| number(words.get(at)).unwrap_or_default();
    let beyond = |option, most| is_beyond(words, option, most);
    match () {
        () if has_name(&"CMS.INITBYDIM") => size(2).saturating_mul(size(3)) > SIZE,
        () if has_name(&"CMS.INITBYPROB") => {
            let error = words.get(2).and_then(|word| std::str::from_utf8(word.as_bytes()).ok());
            error.and_then(|error| error.parse::<f64>().ok()).is_some_and(|error| error < 1e-6)
        }
        () if has_name(&"TOPK.RESERVE") => size(2) > SIZE || size(3).saturating_mul(size(4)) > SIZE,
        () if has_name(&"BF.RESERVE") => size(3) > SIZE || beyond("EXPANSION", EXPANSION),
        () if has_name(&"CF.RESERVE") => size(2) > SIZE || beyond("EXPANSION", EXPANSION),
        () if ["BF.INSERT", "CF.INSERT", "CF.INSERTNX"].iter().any(has_name) => {
            beyond("CAPACITY", SIZE) || beyond("EXPANSION", EXPANSION)
        }
        () => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(line: &str) -> Option<&'static str> {
        let words: Vec<Arg<'_>> = line.split(' ').map(|word| Arg::Bytes(word.as_bytes())).collect();
        greed(&words)
    }

    #[test]
    fn what_takes_too_much_is_found() {
        let long = "a".repeat(TEXT + 1);
        for (line, part) in [
            (format!("ft.search i {long}"), "32 KiB"),
            (format!("FT.AGGREGATE i * APPLY {long} AS x"), "32 KiB"),
            ("FT.AGGREGATE i * SORTBY 2 @t ASC MAX 4294967295".into(), "MAX"),
            ("FT.PROFILE i AGGREGATE QUERY * SORTBY 1 @t max 1000001".into(), "MAX"),
            ("Ft.SugGet s x max 2147483648".into(), "MAX"),
            ("TDIGEST.CREATE k compression 2147483647".into(), "COMPRESSION"),
            ("tdigest.merge k 1 l COMPRESSION 100001".into(), "COMPRESSION"),
            ("CMS.INITBYDIM k 4294967296 5".into(), "size"),
            ("cms.initbydim k 10000 1001".into(), "size"),
            ("CMS.INITBYPROB k 1e-12 0.1".into(), "size"),
            ("TOPK.RESERVE k 2147483648".into(), "size"),
            ("TOPK.RESERVE k 3 2147483648 4 0.9".into(), "size"),
            ("bf.reserve k 0.01 4294967296".into(), "size"),
            ("BF.RESERVE k 0.01 100 EXPANSION 32769".into(), "size"),
            ("CF.RESERVE k 1000000000000000000".into(), "size"),
            ("BF.INSERT k CAPACITY 10000001 ITEMS a".into(), "size"),
            ("cf.insertnx k capacity 9223372036854775807 ITEMS a".into(), "size"),
            ("FT.PROFILE i SEARCH QUERY @t:{a\rb}".into(), "line end"),
            ("ft.create i\r\n+x SCHEMA a TEXT".into(), "line end"),
            ("ft.profile i SEARCH QUERY @t:{$p} PARAMS 2 p a\nb DIALECT 2".into(), "line end"),
        ] {
            assert!(
                of(&line).is_some_and(|what| what.contains(part)),
                "{line:.60}: {:?}",
                of(&line)
            );
        }
    }

    #[test]
    fn what_takes_little_passes() {
        for line in [
            format!("FT.SEARCH i {}", "a".repeat(TEXT)),
            format!("SET k {}", "a".repeat(TEXT + 1)),
            "FT.SEARCH i a\nb".into(),
            "FT.AGGREGATE i * SORTBY 2 @t ASC MAX 1000000".into(),
            "FT.AGGREGATE i MAX LOAD 1 MAX".into(),
            "FT.SUGGET s x MAX 10".into(),
            "TDIGEST.CREATE k COMPRESSION 100000".into(),
            "TDIGEST.CREATE k".into(),
            "SET MAX 99999999".into(),
            "CMS.INITBYDIM k 2000000 5".into(),
            "CMS.INITBYPROB k 0.001 0.01".into(),
            "TOPK.RESERVE k 50 2000 7 0.925".into(),
            "BF.RESERVE k 0.01 10000000 EXPANSION 2".into(),
            "CF.INSERT k CAPACITY 1000 ITEMS 99999999999".into(),
        ] {
            assert_eq!(of(&line), None, "{line:.60}");
        }
    }
}
