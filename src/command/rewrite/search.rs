//! Key prefixes in commands of search: what indexes, aliases and dictionaries are called, and which documents are meant.
//!
//! Names of indexes are global. So they get the prefix too: two tenants that name their indexes alike do not meet.

use super::names::put_one;
use crate::{
    Error, Result,
    commands::{
        CommandSpec,
        search::{CREATING, SEARCHING, is, walk},
    },
    resp::{Arg, ArgList},
};

/// Puts the prefix where it belongs; returns false if this is no command of search, or one whose keys are in the table.
pub(super) fn put(prefix: &[u8], spec: &CommandSpec, words: &mut ArgList<'_>) -> Result<bool> {
    let mut name = |index| put_one(prefix, words, index);
    match spec.name() {
        "FT._LIST" => {}
        "FT.CURSOR READ" | "FT.CURSOR DEL" => name(2),
        "FT.ALIASADD" | "FT.ALIASUPDATE" | "FT._ALIASADDIFNX" => {
            name(1);
            name(2);
        }
        "FT.CREATE" | "FT._CREATEIFNX" => {
            name(1);
            put_prefixes(prefix, spec, words)?;
        }
        "FT.SEARCH" => {
            name(1);
            put_keys(prefix, spec, words, 3)?;
        }
        "FT.PROFILE" => {
            name(1);
            if is(words.get(2), "SEARCH") {
                let limited = usize::from(is(words.get(3), "LIMITED"));
                put_keys(prefix, spec, words, 5 + limited)?;
            }
        }
        "FT.SPELLCHECK" => {
            name(1);
            put_dictionaries(prefix, words);
        }
        "FT.AGGREGATE" | "FT.ALIASDEL" | "FT.ALIASLIST" | "FT.ALTER" | "FT.DICTADD"
        | "FT.DICTDEL" | "FT.DICTDUMP" | "FT.DROPINDEX" | "FT.EXPLAIN" | "FT.EXPLAINCLI"
        | "FT.HYBRID" | "FT.INFO" | "FT.SYNDUMP" | "FT.SYNUPDATE" | "FT.TAGVALS"
        | "FT._ALIASDELIFX" | "FT._ALTERIFNX" | "FT._DROPINDEXIFX" => name(1),
        _ => return Ok(false),
    }
    Ok(true)
}

fn unknown(spec: &CommandSpec) -> Error {
    let hint = "one of its options is not known here, and keys have a prefix";
    Error::rejected(spec.name(), hint)
}

/// An index is about keys with the prefix only.
fn put_prefixes(prefix: &[u8], spec: &CommandSpec, words: &mut ArgList<'_>) -> Result<()> {
    let (mut ranges, mut filters) = (Vec::new(), Vec::new());
    let end = walk(CREATING, words, 2, Some("SCHEMA"), |at, size| {
        if is(words.get(at), "PREFIX") {
            ranges.push(at + 2..at + size);
        } else if is(words.get(at), "FILTER") {
            filters.push(at + 1);
        }
    })
    .map_err(|_| unknown(spec))?;
    let names_keys = |at: &usize| {
        let filter = words.get(*at).map_or(&b""[..], Arg::as_bytes);
        filter.windows(5).any(|part| part.eq_ignore_ascii_case(b"__key"))
    };
    if filters.iter().any(names_keys) {
        let hint = "its filter compares keys, which have a prefix here";
        return Err(Error::rejected(spec.name(), hint));
    }
    // Of no prefix at all the server makes one that all keys have.
    let mut limited = false;
    for at in ranges.into_iter().flatten() {
        limited |= at < words.len();
        put_one(prefix, words, at);
    }
    if !limited {
        let words_of_it = [Arg::Bytes(b"PREFIX"), Arg::Bytes(b"1"), Arg::Owned(prefix.to_vec())];
        words.insert_many(end.min(words.len()), words_of_it);
    }
    Ok(())
}

/// A search among keys that the caller names.
fn put_keys(prefix: &[u8], spec: &CommandSpec, words: &mut ArgList<'_>, from: usize) -> Result<()> {
    let mut keys = Vec::new();
    walk(SEARCHING, words, from, None, |at, size| {
        if is(words.get(at), "INKEYS") {
            keys.push(at + 2..at + size);
        }
    })
    .map_err(|_| unknown(spec))?;
    for at in keys.into_iter().flatten() {
        put_one(prefix, words, at);
    }
    Ok(())
}

/// `TERMS INCLUDE dictionary`, any number of times.
fn put_dictionaries(prefix: &[u8], words: &mut ArgList<'_>) {
    let mut at = 3;
    while at < words.len() {
        let is_list = is(words.get(at), "TERMS")
            && ["INCLUDE", "EXCLUDE"].iter().any(|mode| is(words.get(at + 1), mode));
        if is_list {
            put_one(prefix, words, at + 2);
        }
        at += if is_list { 3 } else { 1 };
    }
}

#[cfg(test)]
mod tests {
    use super::super::{KeyPrefix, tests::words};

    fn prefixed(line: &str) -> String {
        let mut words = words(line);
        KeyPrefix::new(b"a:").put(&mut words).unwrap();
        let words: Vec<_> =
            words.iter().map(|word| String::from_utf8_lossy(word.as_bytes())).collect();
        words.join(" ")
    }

    #[test]
    fn names_and_keys_of_search_are_prefixed() {
        for (line, expected) in [
            ("FT._LIST", "FT._LIST"),
            ("FT.INFO i", "FT.INFO a:i"),
            ("ft.dropindex i DD", "ft.dropindex a:i DD"),
            ("FT.ALTER i SCHEMA ADD i TEXT", "FT.ALTER a:i SCHEMA ADD i TEXT"),
            ("FT.ALIASADD x i", "FT.ALIASADD a:x a:i"),
            ("FT.ALIASDEL x", "FT.ALIASDEL a:x"),
            ("FT.CURSOR READ i 7 COUNT 1", "FT.CURSOR READ a:i 7 COUNT 1"),
            ("FT.DICTADD d i", "FT.DICTADD a:d i"),
            (
                "FT.SPELLCHECK i d TERMS INCLUDE d e TERMS EXCLUDE e",
                "FT.SPELLCHECK a:i d TERMS INCLUDE a:d e TERMS EXCLUDE a:e",
            ),
            ("FT.SUGADD s INKEYS 1", "FT.SUGADD a:s INKEYS 1"),
            ("FT.AGGREGATE i INKEYS LOAD 1 @__key", "FT.AGGREGATE a:i INKEYS LOAD 1 @__key"),
            ("FT.SEARCH i INKEYS", "FT.SEARCH a:i INKEYS"),
            (
                "FT.SEARCH i q RETURN 2 INKEYS x inkeys 2 x y LIMIT 0 1",
                "FT.SEARCH a:i q RETURN 2 INKEYS x inkeys 2 a:x a:y LIMIT 0 1",
            ),
            ("FT.SEARCH i q INKEYS 1 x INKEYS 1 y", "FT.SEARCH a:i q INKEYS 1 a:x INKEYS 1 a:y"),
            (
                "FT.PROFILE i SEARCH LIMITED QUERY q INKEYS 1 x",
                "FT.PROFILE a:i SEARCH LIMITED QUERY q INKEYS 1 a:x",
            ),
            (
                "FT.PROFILE i AGGREGATE QUERY q INKEYS 1 x",
                "FT.PROFILE a:i AGGREGATE QUERY q INKEYS 1 x",
            ),
            ("FT.CREATE i SCHEMA PREFIX TEXT", "FT.CREATE a:i PREFIX 1 a: SCHEMA PREFIX TEXT"),
            (
                "FT.CREATE i ON JSON PREFIX 2 x y STOPWORDS 1 SCHEMA SCHEMA t TEXT",
                "FT.CREATE a:i ON JSON PREFIX 2 a:x a:y STOPWORDS 1 SCHEMA SCHEMA t TEXT",
            ),
            (
                "FT.CREATE i PREFIX 0 FILTER @t==1 SCHEMA t TEXT",
                "FT.CREATE a:i PREFIX 0 FILTER @t==1 PREFIX 1 a: SCHEMA t TEXT",
            ),
        ] {
            assert_eq!(prefixed(line), expected);
        }
    }

    #[test]
    fn an_empty_word_hides_no_keys() {
        let mut words = words("FT.SEARCH i q  INKEYS 1 secret");
        assert!(KeyPrefix::new(b"a:").put(&mut words).unwrap_err().is_rejected());
    }
}
