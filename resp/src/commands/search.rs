//! Options of search commands, whose places depend on each other.

use super::keys;
use crate::Arg;

/// How many words belong to an option
#[derive(Clone, Copy)]
#[non_exhaustive]
pub enum Takes {
    /// These behind it.
    Words(usize),
    /// One that is a number, and as many as that says.
    Counted,
    /// A name, and behind it the same.
    NamedCounted,
}

use Takes::{Counted, NamedCounted, Words};

/// Options, and how many words each takes
pub type Options = &'static [(&'static str, Takes)];

/// Options between the name of a new index and its `SCHEMA`.
pub const CREATING: Options = &[
    ("ON", Words(1)),
    ("PREFIX", Counted),
    ("FILTER", Words(1)),
    ("LANGUAGE", Words(1)),
    ("LANGUAGE_FIELD", Words(1)),
    ("SCORE", Words(1)),
    ("SCORE_FIELD", Words(1)),
    ("PAYLOAD_FIELD", Words(1)),
    ("MAXTEXTFIELDS", Words(0)),
    ("TEMPORARY", Words(1)),
    ("NOOFFSETS", Words(0)),
    ("NOHL", Words(0)),
    ("NOFIELDS", Words(0)),
    ("NOFREQS", Words(0)),
    ("STOPWORDS", Counted),
    ("SKIPINITIALSCAN", Words(0)),
    ("INDEXALL", Words(1)),
];

/// Options behind the query of `FT.SEARCH`; those of `SUMMARIZE` and `HIGHLIGHT` count as its own.
pub const SEARCHING: Options = &[
    ("NOCONTENT", Words(0)),
    ("VERBATIM", Words(0)),
    ("NOSTOPWORDS", Words(0)),
    ("WITHSCORES", Words(0)),
    ("WITHPAYLOADS", Words(0)),
    ("WITHSORTKEYS", Words(0)),
    ("FILTER", Words(3)),
    ("GEOFILTER", Words(5)),
    ("INKEYS", Counted),
    ("INFIELDS", Counted),
    ("RETURN", Counted),
    ("SUMMARIZE", Words(0)),
    ("HIGHLIGHT", Words(0)),
    ("FIELDS", Counted),
    ("FRAGS", Words(1)),
    ("LEN", Words(1)),
    ("SEPARATOR", Words(1)),
    ("TAGS", Words(2)),
    ("SLOP", Words(1)),
    ("TIMEOUT", Words(1)),
    ("INORDER", Words(0)),
    ("LANGUAGE", Words(1)),
    ("EXPANDER", Words(1)),
    ("SCORER", Words(1)),
    ("EXPLAINSCORE", Words(0)),
    ("PAYLOAD", Words(1)),
    ("SORTBY", Words(1)),
    ("ASC", Words(0)),
    ("DESC", Words(0)),
    ("WITHCOUNT", Words(0)),
    ("WITHOUTCOUNT", Words(0)),
    ("LIMIT", Words(2)),
    ("PARAMS", Counted),
    ("FORMAT", Words(1)),
    ("DIALECT", Words(1)),
    // Of valkey-search.
    ("ALLSHARDS", Words(0)),
    ("SOMESHARDS", Words(0)),
    ("CONSISTENT", Words(0)),
    ("INCONSISTENT", Words(0)),
];

/// Options and steps behind the query of `FT.AGGREGATE`.
pub const AGGREGATING: Options = &[
    ("VERBATIM", Words(0)),
    ("ADDSCORES", Words(0)),
    ("SCORER", Words(1)),
    ("LOAD", Counted),
    ("GROUPBY", Counted),
    ("REDUCE", NamedCounted),
    ("AS", Words(1)),
    ("SORTBY", Counted),
    ("MAX", Words(1)),
    ("APPLY", Words(1)),
    ("FILTER", Words(1)),
    ("LIMIT", Words(2)),
    ("WITHCURSOR", Words(0)),
    ("COUNT", Words(1)),
    ("MAXIDLE", Words(1)),
    ("WITHCOUNT", Words(0)),
    ("WITHOUTCOUNT", Words(0)),
    ("TIMEOUT", Words(1)),
    ("PARAMS", Counted),
    ("FORMAT", Words(1)),
    ("DIALECT", Words(1)),
    ("ALLSHARDS", Words(0)),
    ("SOMESHARDS", Words(0)),
    ("CONSISTENT", Words(0)),
    ("INCONSISTENT", Words(0)),
];

/// Calls `each` with the place of each option and how many words it has with its name, from this word on, until the word `end`
/// is there; returns where that is, or how many words there are.
///
/// # Errors
/// A word is no option, or what counts its words is no number: where the word is.
pub fn walk(
    options: Options,
    words: &[Arg<'_>],
    from: usize,
    end: Option<&str>,
    mut each: impl FnMut(usize, usize),
) -> Result<usize, usize> {
    let mut at = from;
    while let Some(word) = words.get(at) {
        if end.is_some_and(|end| is(Some(word), end)) {
            return Ok(at);
        }
        let counted = |count: usize| {
            // `LOAD *` has all fields.
            let all = words.get(count).filter(|word| word.as_bytes() == b"*").map(|_| 0);
            all.or_else(|| number(words.get(count)))?.checked_add(count - at)
        };
        let option = options.iter().find(|(option, _)| is(Some(word), option));
        let behind = option.and_then(|(_, takes)| match takes {
            Words(count) => Some(*count),
            Counted => counted(at + 1),
            NamedCounted => counted(at + 2),
        });
        let size = behind.and_then(|behind| behind.checked_add(1)).ok_or(at)?;
        each(at, size);
        at = at.saturating_add(size);
    }
    Ok(words.len())
}

/// Whether the word is this keyword, in any case.
pub fn is(word: Option<&Arg<'_>>, keyword: &str) -> bool {
    word.is_some_and(|word| keys::is(word, keyword))
}

/// The number that the word is.
pub fn number(word: Option<&Arg<'_>>) -> Option<usize> {
    std::str::from_utf8(word?.as_bytes()).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(options: Options, line: &str) -> Result<String, usize> {
        let words: Vec<Arg<'_>> = line.split(' ').map(|word| Arg::Bytes(word.as_bytes())).collect();
        let mut found = Vec::new();
        walk(options, &words, 0, None, |at, size| found.push(format!("{at}+{size}")))?;
        Ok(found.join(" "))
    }

    #[test]
    fn options_are_found_behind_each_other() {
        for (line, found) in [
            ("LIMIT 0 5 NOCONTENT", "0+3 3+1"),
            ("RETURN 3 LIMIT AS x inkeys 2 LIMIT y", "0+5 5+4"),
            ("SUMMARIZE FIELDS 1 a LEN 4 HIGHLIGHT TAGS x y", "0+1 1+3 4+2 6+1 7+3"),
        ] {
            assert_eq!(places(SEARCHING, line).as_deref(), Ok(found), "{line}");
        }
        let line =
            "LOAD * GROUPBY 1 @a REDUCE QUANTILE 2 @b 0.5 AS q SORTBY 2 @q DESC MAX 3 LIMIT 0 9";
        assert_eq!(places(AGGREGATING, line).unwrap(), "0+2 2+3 5+5 10+2 12+4 16+2 18+3");
    }

    #[test]
    fn what_is_no_option_is_said() {
        assert_eq!(places(SEARCHING, "NOCONTENT WHAT"), Err(1));
        assert_eq!(places(SEARCHING, "NOCONTENT  LIMIT 0 1"), Err(1));
        assert_eq!(places(SEARCHING, "RETURN x a"), Err(0));
        assert_eq!(places(SEARCHING, "RETURN 18446744073709551615 a"), Err(0));
        assert_eq!(places(SEARCHING, "PARAMS"), Err(0));
    }
}
