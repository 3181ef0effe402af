//! Words at which a server crashes, or answers with another number of replies than it announces.
//!
//! All were found at servers that are in use: Redis Stack 7.2 and 7.4, and Valkey with valkey-json.

use super::{
    keys,
    search::{AGGREGATING, SEARCHING, is, number, walk},
};
use crate::Arg;

/// What is wrong with a command, and what a server would do
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Harm {
    /// What of its words, in short.
    pub what: &'static str,
    /// What becomes of it.
    pub then: &'static str,
}

/// Names of the commands that may harm, with a space between two.
pub const NAMES: &str = "CF.RESERVE CMS.MERGE FT.AGGREGATE FT.ALTER FT.CREATE FT.EXPLAIN FT.EXPLAINCLI FT.HYBRID FT.PROFILE FT.SEARCH FT.SPELLCHECK FT._ALTERIFNX FT._CREATEIFNX JSON.ARRAPPEND JSON.ARRINDEX \
    JSON.ARRINSERT JSON.ARRLEN JSON.ARRPOP JSON.ARRTRIM JSON.CLEAR JSON.DEBUG JSON.DEL JSON.FORGET JSON.GET JSON.MERGE JSON.MGET \
    JSON.MSET JSON.NUMINCRBY JSON.NUMMULTBY JSON.OBJKEYS JSON.OBJLEN JSON.RESP JSON.SET JSON.STRAPPEND JSON.STRLEN \
    JSON.TOGGLE JSON.TYPE TOPK.INCRBY TOPK.RESERVE TS.CREATERULE TS.DECRBY TS.INCRBY TS.MRANGE TS.MREVRANGE";

const SHIFTS: &str = "the reply would not have as many parts as it says, and later replies would go to the wrong callers";
const CRASHES: &str = "Redis Stack would crash";

const INCREMENT: Harm = Harm { what: "an increment is no number from 0 to 100000", then: SHIFTS };
const OLD_PATH: Harm = Harm {
    what: "the path may find several values and has no `$`",
    then: "Valkey answers each with a reply of its own, and later replies would go to the wrong callers",
};
const PARAMETER: Harm = Harm {
    what: "the query whose words are checked has a `$` without a backslash before it",
    then: CRASHES,
};
const INDEX: Harm =
    Harm { what: "a path has an index that is no number of 64 bits", then: CRASHES };
const STARS: Harm = Harm { what: "a pattern has more than 256 `*`", then: CRASHES };
const NO_TEXT: Harm = Harm { what: "a field or a path is no UTF-8", then: CRASHES };
const NO_VALUE: Harm = Harm { what: "its last option has no value", then: CRASHES };
const NO_KEYS: Harm = Harm { what: "it has fewer keys than it says", then: CRASHES };
const NO_AGGREGATION: Harm =
    Harm { what: "AGGREGATION has to come behind the two keys", then: CRASHES };
const TOO_MANY: Harm = Harm { what: "it keeps more than 4294967295 items", then: CRASHES };

/// What these words would do to a server and those who share it; the name is the first of them.
///
/// Most commands do no harm: `NAMES` has the others.
pub fn harm(words: &[Arg<'_>]) -> Option<Harm> {
    let name = words.first()?.as_bytes();
    let has_name = |known: &str| name.eq_ignore_ascii_case(known.as_bytes());
    let begins = |with: &[u8]| name.get(..with.len()).is_some_and(|n| n.eq_ignore_ascii_case(with));
    let found = |harm: Harm, is_there: bool| is_there.then_some(harm);
    match () {
        () if has_name("TOPK.INCRBY") => {
            found(INCREMENT, words.iter().skip(3).step_by(2).any(is_no_increment))
        }
        () if has_name("TOPK.RESERVE") => found(TOO_MANY, words.get(2).is_some_and(is_too_many)),
        () if has_name("CF.RESERVE") => {
            let options = ["BUCKETSIZE", "EXPANSION", "MAXITERATIONS"];
            let has_no_value = |option: &&str| is(words.get(3..).and_then(<[_]>::last), option);
            found(NO_VALUE, options.iter().any(has_no_value))
        }
        () if has_name("CMS.MERGE") => {
            let fits = |count| count <= words.len().saturating_sub(3);
            found(NO_KEYS, words.len() > 3 && !number(words.get(2)).is_some_and(fits))
        }
        () if has_name("TS.CREATERULE") => {
            found(NO_AGGREGATION, words.len() > 4 && !is(words.get(3), "AGGREGATION"))
        }
        () if has_name("TS.INCRBY") || has_name("TS.DECRBY") => {
            found(NO_VALUE, first_is_last(words, "TIMESTAMP"))
        }
        () if has_name("TS.MRANGE") || has_name("TS.MREVRANGE") => {
            found(NO_VALUE, first_is_last(words, "REDUCE"))
        }
        () if has_name("FT.SPELLCHECK") => {
            found(PARAMETER, words.get(2).is_some_and(|query| has_parameter(query.as_bytes())))
                .or_else(|| found(STARS, words.get(2).is_some_and(has_many_stars)))
        }
        () if begins(b"FT.") => {
            let defines = ["FT.CREATE", "FT.ALTER", "FT._CREATEIFNX", "FT._ALTERIFNX"]
                .into_iter()
                .any(has_name);
            let all = words;
            let words = words.get(2..).unwrap_or_default();
            found(INDEX, words.iter().any(has_large_index))
                .or_else(|| found(STARS, !defines && words.iter().any(has_many_stars)))
                .or_else(|| {
                    found(NO_TEXT, if defines { has_odd_field(words) } else { has_odd_path(all) })
                })
        }
        () if has_name("JSON.RESP") && words.get(2).is_some_and(may_find_several) => Some(OLD_PATH),
        () if begins(b"JSON.") => found(INDEX, paths(words).any(has_large_index)),
        () => None,
    }
}

/// The words of a command of JSON that are paths: what it stores is none.
fn paths<'w, 'a>(words: &'w [Arg<'a>]) -> impl Iterator<Item = &'w Arg<'a>> {
    let name = words.first();
    let (from, step, count) = match () {
        () if is(name, "JSON.GET") => (2, 1, usize::MAX),
        () if is(name, "JSON.MGET") => (words.len().saturating_sub(1).max(2), 1, 1),
        () if is(name, "JSON.MSET") => (2, 3, usize::MAX),
        () if is(name, "JSON.DEBUG") => (3, 1, 1),
        () => (2, 1, 1),
    };
    words.iter().skip(from).step_by(step).take(count)
}

/// Whether an index in brackets is no number of 64 bits, which RedisJSON 2.8 and earlier take it for.
///
/// A bracket behind a colon begins a range of a query.
fn has_large_index(path: &Arg<'_>) -> bool {
    let (mut before, mut is_index, mut index) = (b' ', false, 0_u64);
    for byte in path.as_bytes() {
        match byte {
            b'[' => is_index = before != b':',
            // Numbers of a filter may have any size.
            b'?' | b']' | b'"' | b'\'' => is_index = false,
            _ => {}
        }
        index = match byte.is_ascii_digit() {
            true => index.saturating_mul(10).saturating_add(u64::from(byte - b'0')),
            false => 0,
        };
        if is_index && i64::try_from(index).is_err() {
            return true;
        }
        if !byte.is_ascii_whitespace() {
            before = *byte;
        }
    }
    false
}

/// Whether a pattern has more stars than the stack of a search may hold.
fn has_many_stars(word: &Arg<'_>) -> bool {
    word.as_bytes().iter().filter(|byte| **byte == b'*').count() > 256
}

/// Whether a field of an index is no text, which RedisJSON looks for at the next document.
fn has_odd_field(words: &[Arg<'_>]) -> bool {
    let fields = words.iter().position(|word| keys::is(word, "SCHEMA")).unwrap_or(words.len());
    words.iter().skip(fields).any(|word| std::str::from_utf8(word.as_bytes()).is_err())
}

/// Whether a path that is returned or loaded is no text; a value of a parameter may be anything.
fn has_odd_path(words: &[Arg<'_>]) -> bool {
    let is_odd = |word: &Arg<'_>| {
        let word = word.as_bytes();
        let is_path = word.starts_with(b"$") || word.starts_with(b"@$");
        is_path && std::str::from_utf8(word).is_err()
    };
    if !words.iter().any(is_odd) {
        return false;
    }
    let is_profile = is(words.first(), "FT.PROFILE");
    let aggregates = is(words.get(if is_profile { 2 } else { 0 }), "AGGREGATE")
        || is(words.first(), "FT.AGGREGATE");
    let from = if is_profile { 5 + usize::from(is(words.get(3), "LIMITED")) } else { 3 };
    let options = if aggregates { AGGREGATING } else { SEARCHING };
    let mut values = 0..0;
    let known = walk(options, words, from, None, |at, size| {
        if is(words.get(at), "PARAMS") {
            values = at..at.saturating_add(size);
        }
    });
    let is_left = |at: usize| known.is_err() || !values.contains(&at);
    words.iter().enumerate().any(|(at, word)| is_odd(word) && is_left(at))
}

/// Whether this option is the last word and was not given before: servers read what is behind it.
fn first_is_last(words: &[Arg<'_>], option: &str) -> bool {
    let first = words.iter().skip(2).position(|word| keys::is(word, option));
    first.is_some_and(|first| first + 3 == words.len())
}

/// Whether RedisBloom would refuse this increment.
fn is_no_increment(word: &Arg<'_>) -> bool {
    let digits = word.as_bytes();
    let is_number = !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    // It reads no zero before another digit.
    let is_padded = digits.len() > 1 && digits.first() == Some(&b'0');
    !is_number || is_padded || number(Some(word)).is_none_or(|number| number > 100_000)
}

/// Whether RedisBloom would cut this number to 32 bits, of which none may be left.
fn is_too_many(word: &Arg<'_>) -> bool {
    number(Some(word)).is_some_and(|number| u32::try_from(number).is_err())
}

/// Whether this is a path of RedisJSON 1 that may mean several values.
fn may_find_several(path: &Arg<'_>) -> bool {
    let path = path.as_bytes();
    let is_old = !path.starts_with(b"$");
    is_old
        && (path.iter().any(|byte| b"*?:,".contains(byte))
            || path.windows(2).any(|two| two == b".."))
}

/// Whether a query of search has a `$` without a backslash before it, which begins a parameter or an attribute
///
/// Within quotes too, where only some versions read it.
pub fn has_parameter(query: &[u8]) -> bool {
    let mut is_escaped = false;
    query.iter().any(|byte| {
        let is_open = *byte == b'$' && !is_escaped;
        is_escaped = *byte == b'\\' && !is_escaped;
        is_open
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::commands::CommandSpec;

    fn what(words: &[&[u8]]) -> Option<&'static str> {
        let words: Vec<Arg<'_>> = words.iter().map(|word| Arg::Bytes(word)).collect();
        harm(&words).map(|harm| harm.what)
    }

    fn of(line: &str) -> Option<&'static str> {
        what(&line.split(' ').map(str::as_bytes).collect::<Vec<_>>())
    }

    #[test]
    fn what_harms_a_server_is_found_in_any_letters() {
        for (lines, harm) in [
            (
                &["k a 1 b 100001", "k a -1 b 1", "k a +1", "k a  b 1", "k a 01", "k a x"]
                    .map(|words| format!("topk.incrby {words}"))[..],
                INCREMENT,
            ),
            (
                &["TOPK.RESERVE k 4294967296".into(), "topk.reserve k 8589934592 8 7 0.9".into()],
                TOO_MANY,
            ),
            (&["JSON.RESP k .a[*]".into(), "Json.Resp k ..a".into()], OLD_PATH),
            (
                &["i a$b DIALECT 2", r"i a\\$x", "i $"]
                    .map(|words| format!("Ft.SpellCheck {words}")),
                PARAMETER,
            ),
            (
                &["TS.CREATERULE s d x AGGREGATION avg 10".into(), "ts.createrule s d x a".into()],
                NO_AGGREGATION,
            ),
            (
                &[
                    "ts.incrby k 1 timestamp".into(),
                    "TS.DECRBY k 1 LABELS a TIMESTAMP".into(),
                    "TS.MRANGE - + FILTER a=b GROUPBY a REDUCE".into(),
                    "Ts.MRevRange - + FILTER a=b GROUPBY a x reduce".into(),
                    "CF.RESERVE k 10 x EXPANSION".into(),
                    "cf.reserve k 10 bucketsize".into(),
                ],
                NO_VALUE,
            ),
            (
                &[
                    "json.get k $.a[9223372036854775808]".into(),
                    "JSON.GET k INDENT x .a a[0,18446744073709551615]".into(),
                    "JSON.SET k $[?(@.a[-9223372036854775809]>1)] 1".into(),
                    "JSON.MGET k l $[:99999999999999999999]".into(),
                    "JSON.MSET k $ 1 l $['a'][99999999999999999999] 1".into(),
                    "JSON.DEBUG MEMORY k [99999999999999999999]".into(),
                    "JSON.RESP k $.a[99999999999999999999]".into(),
                    "FT.CREATE i ON JSON SCHEMA $.a[99999999999999999999] AS a TEXT".into(),
                    "ft.search i * RETURN 1 $.a[99999999999999999999]".into(),
                ],
                INDEX,
            ),
            (
                &[
                    format!("FT.SEARCH i w'{}' DIALECT 2", "*?".repeat(257)),
                    format!("FT.AGGREGATE i w'$p' PARAMS 2 p {}", "*".repeat(257)),
                    format!("ft.spellcheck i w'{}'", "*".repeat(257)),
                ],
                STARS,
            ),
        ] {
            for line in lines {
                assert_eq!(of(line), Some(harm.what), "{line}");
            }
        }
        for line in ["CMS.MERGE k 4294967296 a b", "cms.merge k -1 a", "CMS.MERGE k 3 a b"] {
            assert_eq!(of(line), Some(NO_KEYS.what), "{line}");
        }
        assert_eq!(what(&[b"FT.CREATE", b"i", b"SCHEMA", b"\xff", b"TEXT"]), Some(NO_TEXT.what));
        assert_eq!(
            what(&[b"ft.alter", b"i", b"schema", b"ADD", b"\xff", b"TEXT"]),
            Some(NO_TEXT.what)
        );
    }

    #[test]
    fn values_of_parameters_may_be_anything_and_paths_are_text() {
        let odd: &[u8] = b"$\xff";
        let query: [&[u8]; 5] = [b"FT.SEARCH", b"i", b"*", b"PARAMS", b"2"];
        let profile: [&[u8]; 7] =
            [b"ft.profile", b"i", b"AGGREGATE", b"LIMITED", b"QUERY", b"*", b"LOAD"];
        let aggregate: [&[u8]; 4] = [b"FT.AGGREGATE", b"i", b"*", b"LOAD"];
        for (words, harm) in [
            ([&query[..], &[b"v", odd]].concat(), None),
            ([&query[..], &[b"v", odd, b"RETURN", b"1", b"$.a"]].concat(), None),
            ([&query[..], &[b"v", odd, b"RETURN", b"1", odd]].concat(), Some(NO_TEXT)),
            ([&query[..], &[b"v", odd, b"NEWER"]].concat(), Some(NO_TEXT)),
            ([&query[..3], &[b"RETURN", b"3", b"PARAMS", b"2", odd]].concat(), Some(NO_TEXT)),
            ([&aggregate[..], &[b"1", b"@$\xff"]].concat(), Some(NO_TEXT)),
            ([&aggregate[..], &[b"1", b"\xff"]].concat(), None),
            ([&profile[..], &[b"1", odd]].concat(), Some(NO_TEXT)),
            ([&profile[..6], &[b"PARAMS", b"2", b"v", odd]].concat(), None),
        ] {
            assert_eq!(what(&words), harm.map(|harm: Harm| harm.what), "{words:?}");
        }
    }

    #[test]
    fn what_harms_nobody_passes() {
        for line in [
            "TOPK.INCRBY k a 0 b 100000",
            "TOPK.INCRBY k",
            "TOPK.ADD k x -1",
            "TOPK.RESERVE k 4294967295",
            "TOPK.RESERVE k x",
            "JSON.RESP k",
            "JSON.RESP * .a",
            "JSON.RESP k $..*",
            "JSON.GET k .*",
            "JSON.GET k $[9223372036854775807]",
            "JSON.GET k $[0000000000000000000000001:9223372036854775807]",
            "JSON.GET k $[?(@.a>99999999999999999999)]",
            "JSON.GET k $[\"99999999999999999999\"]",
            "JSON.SET k $ [99999999999999999999]",
            "JSON.MSET k $ [99999999999999999999]",
            "JSON.ARRAPPEND k $ [99999999999999999999]",
            "FT.SPELLCHECK $i lamp\\$ TERMS INCLUDE $d",
            "FT.SPELLCHECK i",
            "FT.SEARCH i @n:[0 99999999999999999999]",
            "FT.SEARCH i *=>[KNN 5 @v $b]",
            "TS.CREATERULE s d aggregation avg 10",
            "TS.CREATERULE s d",
            "CMS.MERGE k 2 a b",
            "CMS.MERGE k 2 a b WEIGHTS 1 2",
            "CMS.MERGE k 2",
            "TS.INCRBY TIMESTAMP 1",
            "TS.INCRBY k 1 TIMESTAMP 5 LABELS a TIMESTAMP",
            "TS.MRANGE - + FILTER a=b GROUPBY a REDUCE max",
            "CF.RESERVE EXPANSION 10",
            "CF.RESERVE k 10 EXPANSION 2",
            "SET k $.a[99999999999999999999]",
            "",
        ] {
            assert_eq!(of(line), None, "{line}");
        }
        assert_eq!(of(&format!("FT.SEARCH i {}", "*".repeat(256))), None);
        assert_eq!(
            what(&[b"FT.CREATE", b"\xff", b"PREFIX", b"1", b"\xff", b"SCHEMA", b"a", b"TEXT"]),
            None
        );
        assert_eq!(what(&[]), None);
    }

    #[test]
    fn the_names_are_those_of_commands() {
        for name in NAMES.split_ascii_whitespace() {
            let known = CommandSpec::all().any(|spec| spec.name().split(' ').next() == Some(name));
            assert!(known, "{name}");
        }
        let begins = |name: &str, with: &str| name.starts_with(with);
        for spec in CommandSpec::all().map(CommandSpec::name).filter(|name| begins(name, "JSON.")) {
            let name = spec.split(' ').next().unwrap();
            assert!(NAMES.split(' ').any(|known| known == name), "{name}");
        }
    }
}
