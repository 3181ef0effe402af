use super::*;

fn words(text: &str) -> Vec<Arg<'_>> {
    text.split(' ').map(|word| Arg::Bytes(word.trim_matches('"').as_bytes())).collect()
}

fn spec(text: &str) -> &'static CommandSpec {
    CommandSpec::of(&words(text)).unwrap_or_else(|| panic!("{text}"))
}

/// The places of the keys and what is done with them, as text.
fn keys(text: &str) -> Option<String> {
    let keys = spec(text).keys(&words(text))?;
    let show = |key: &KeyAt| {
        let access = match key.access {
            KeyAccess::Read => "r",
            KeyAccess::Write => "w",
            KeyAccess::ReadWrite => "rw",
            KeyAccess::Slot => "s",
        };
        format!("{}{access}", key.index)
    };
    Some(keys.iter().map(show).collect::<Vec<_>>().join(" "))
}

#[test]
fn the_tables_are_sorted_for_the_search() {
    for table in [data::SPECS, server::SPECS, modules::SPECS] {
        assert!(table.is_sorted_by(|one, other| one.name < other.name));
    }
    assert!(modules::SPECS.iter().all(|spec| spec.name.contains('.')));
    for spec in CommandSpec::all() {
        let (first, second) =
            spec.name.split_once(' ').map_or((spec.name, None), |(a, b)| (a, Some(b)));
        let found = CommandSpec::find(&first.to_lowercase(), second).unwrap();
        assert_eq!(found.name, spec.name);
        assert_ne!(spec.docs().since, "-", "{}", spec.name);
    }
}

#[test]
fn every_row_is_well_formed() {
    for spec in CommandSpec::all() {
        let CommandSpec { name, flags, keys, effects, .. } = spec;
        assert!(*flags == "-" || flags.bytes().all(|flag| b"WRBAPD".contains(&flag)), "{name}");
        assert!(!(spec.is_write() && spec.is_read_only()), "{name}");
        if spec.is_read_only() {
            let harmless = *effects <= SideEffects::ReadOnly || *effects == SideEffects::Never;
            assert!(harmless, "{name} reads, but {effects:?}");
        }
        if spec.is_write() && *effects <= SideEffects::ReadOnly {
            assert_eq!((*name, *flags), ("TOPK.COUNT", "R"), "{name} writes, but {effects:?}");
        }
        // Enough words for all forms: numbers that fit, and each keyword.
        let line = match *name {
            "SORT" | "SORT_RO" => format!("{name} 2"),
            "GEORADIUS" | "GEORADIUSBYMEMBER" => {
                format!("{name} 2 2 2 2 2 ASC").replace("MEMBER 2", "MEMBER")
            }
            "MIGRATE" => format!("{name} 2 2 2 2 2"),
            _ if keys.starts_with("STREAMS") => format!("{name} STREAMS 2 2"),
            _ => format!("{name} 2 2 2 2 2 2 2 2"),
        };
        let cannot_be_told = keys.contains('?');
        assert_eq!(spec.keys(&words(&line)).is_none(), cannot_be_told, "{name}: {keys}");
        if *keys != "-" && !cannot_be_told {
            let found = spec.keys(&words(&line)).unwrap();
            assert!(!found.is_empty(), "{name}: {keys}");
        }
    }
}

#[test]
fn routes_fit_keys_and_policies() {
    for spec in CommandSpec::all() {
        let (name, route, responses) = (spec.name, spec.route(), spec.response_policy());
        let decides = !matches!(spec.key_hint(), KeyHint::None | KeyHint::Unknown);
        // A cursor of it has the slot.
        let routed = matches!(route, Route::Slot | Route::Split) || name == "CLUSTERSCAN";
        assert_eq!(decides, routed, "{name}: {route:?}");
        let several = matches!(route, Route::Split | Route::Primaries | Route::Nodes);
        assert_eq!(several, responses != ResponsePolicy::Single, "{name}: {responses:?}");
        if route == Route::Split {
            // What is split is put together again by places of words.
            assert!(
                ["1..", "1..-1", "1../2", "1#/2"].contains(&spec.keys.split(' ').next().unwrap()),
                "{name}"
            );
        }
    }
}

/// A key that does not depend on words is where the words have the first one.
#[test]
fn hints_agree_with_the_keys_of_words() {
    for spec in CommandSpec::all() {
        let line = match spec.name {
            "SORT" | "SORT_RO" => format!("{} k", spec.name),
            "GEORADIUS" => "GEORADIUS k 2 2 2 m ASC".to_owned(),
            "GEORADIUSBYMEMBER" => "GEORADIUSBYMEMBER k m 2 m ASC".to_owned(),
            name => format!("{name} 2 2 2 2 2 2 2 2"),
        };
        let words = words(&line);
        let found = spec.keys(&words);
        let hint = spec.key_hint();
        match hint {
            KeyHint::None => assert_eq!(found.map(|keys| keys.len()), Some(0), "{line}"),
            KeyHint::Sought | KeyHint::Unknown => assert_eq!(hint.index(&words), None, "{line}"),
            KeyHint::Only(_) | KeyHint::First(_) | KeyHint::Counted(_) => {
                let found = found.unwrap_or_else(|| panic!("{line}: no keys"));
                assert_eq!(hint.index(&words), Some(found[0].index), "{line}");
                assert!(found.len() == 1 || !matches!(hint, KeyHint::Only(_)), "{line}");
                assert_eq!(hint.index(&words[..1]), None, "{line}: words are too few");
            }
        }
    }
}

#[test]
fn a_count_of_none_is_no_hint() {
    for (text, expected) in [
        ("EVAL script 0 argument", None),
        ("EVAL script 1 k", Some(3)),
        ("EVAL script -1 k", None),
        ("EVAL script 1", None),
        ("EVAL", None),
        ("LMPOP 2 a b LEFT", Some(2)),
    ] {
        assert_eq!(spec(text).key_hint().index(&words(text)), expected, "{text}");
    }
}

#[test]
fn commands_are_found_in_any_case() {
    let name = |first, second| CommandSpec::find(first, second).map(CommandSpec::name);
    assert_eq!(name("get", Some("config")), Some("GET"));
    assert_eq!(name("Config", Some("get")), Some("CONFIG GET"));
    assert_eq!(name("CONFIG", None), None);
    assert_eq!(name("CONFIG", Some("NOSUCH")), None);
    assert_eq!(name("command", None), Some("COMMAND"));
    assert_eq!(name("command", Some("docs")), Some("COMMAND DOCS"));
    assert_eq!(name("json.get", Some("k")), Some("JSON.GET"));
    assert_eq!(name("FT.CONFIG", Some("set")), Some("FT.CONFIG SET"));
    assert_eq!(name("NO.SUCH", None), None);
    assert_eq!(name("", None), None);
    assert_eq!(name("CONFIG GET", None), Some("CONFIG GET"));
}

#[test]
fn keys_are_found() {
    for (text, expected) in [
        ("GET k", "1r"),
        ("set k v", "1w"),
        ("SET k v EX 10 get", "1rw"),
        ("DEL a b c", "1w 2w 3w"),
        ("BLPOP a b 0", "1rw 2rw"),
        ("MSET a 1 b 2", "1w 3w"),
        ("MSETEX 2 a 1 b 2 NX", "2w 4w"),
        ("BITOP AND d a b", "2w 3r 4r"),
        ("BITFIELD k GET u8 0", "1r"),
        ("BITFIELD k INCRBY u8 0 1", "1rw"),
        ("BITFIELD k OVERFLOW FAIL GET u8 0", "1r"),
        ("BITFIELD k GET u8", "1rw"),
        ("BITFIELD k NEWER", "1rw"),
        ("EVAL script 2 a b c", "3rw 4rw"),
        ("EVAL script 0 a", ""),
        ("EVALSHA_RO s 1 a", "3r"),
        ("ZUNIONSTORE d 2 a b WEIGHTS 1 2", "1w 3r 4r"),
        ("XREAD COUNT 1 STREAMS a b 0 0", "4r 5r"),
        ("XREADGROUP GROUP streams c STREAMS a >", "5rw"),
        ("XREADGROUP COUNT 1 GROUP streams x STREAMS secret >", "7rw"),
        ("XREADGROUP COUNT 1 GROUP streams gx group g gc NOACK STREAMS k >", "11rw"),
        ("XREADGROUP CLAIM streams MAXCOUNT streams MAXSIZE streams STREAMS k >", "8rw"),
        ("XREAD BLOCK streams COUNT streams STREAMS streams 0", "6r"),
        ("XCLAIM k g c 0 1-1", "1rw"),
        ("XAUTOCLAIM k g c 0 0", "1rw"),
        ("ZADD k 1 incr", "1w"),
        ("ZADD k XX CH incr 1 m", "1rw"),
        ("SET k v IFEQ old", "1rw"),
        ("DELIFEQ k old", "1rw"),
        ("DELEX k", "1w"),
        ("DELEX k ifdne 0123456789abcdef", "1rw"),
        ("INCREX k BYINT 2", "1rw"),
        ("LMOVEM a b LEFT RIGHT COUNT 2 BULK", "1rw 2w"),
        ("SUNIONCARD 2 a b LIMIT 1", "2r 3r"),
        ("HIMPORT SET k fields v", "2w"),
        ("TS.CREATERULE a b AGGREGATION avg 1", "1rw 2w"),
        ("TS.DELETERULE a b", "1rw 2w"),
        ("XGROUP CREATE k g $", "2w"),
        ("OBJECT ENCODING k", "2r"),
        ("MEMORY USAGE k", "2r"),
        ("SORT k BY store GET store STORE d", "1r 7w"),
        ("SORT k STORE a STORE b", "1r 3w 5w"),
        ("GEORADIUS k 1 2 3 m STORE d", "1r 7w"),
        ("GEORADIUSBYMEMBER k STORE 3 m STOREDIST d", "1r 6w"),
        ("MIGRATE h 1 k 0 10", "3rw"),
        ("MIGRATE h 1 \"\" 0 10 AUTH KEYS KEYS a KEYS", "9rw 10rw"),
        ("PING", ""),
        ("KEYS a*", ""),
        ("SPUBLISH c m", "1s"),
        ("JSON.MGET a b $", "1r 2r"),
        ("CMS.MERGE d 2 a b WEIGHTS 1 2", "1rw 3r 4r"),
        ("TDIGEST.MERGE d 2 a b OVERRIDE", "1rw 3r 4r"),
        ("TS.MADD a 1 1 b 1 1", "1w 4w"),
    ] {
        assert_eq!(keys(text).as_deref(), Some(expected), "{text}");
    }
}

#[test]
fn keys_that_cannot_be_told_are_not_guessed() {
    for text in [
        "GET",
        "EVAL script",
        "EVAL script many a",
        "EVAL script -1 a",
        "EVAL script 3 a b",
        "EVAL script 18446744073709551615 a",
        "MSETEX 9223372036854775808 a",
        "XREAD STREAMS a b 0",
        "XREAD COUNT 1",
        "BITOP AND",
        "SORT k STORE",
        "SORT k NEWER STORE STORE d",
        "GEORADIUS k 1 2 3 m NEWER STORE STORE d",
        "XREADGROUP GROUP g c NEWER STREAMS STREAMS k >",
        "XREAD STREAM STREAMS k 0",
        "EVAL script +1 a",
        "EVAL script 01 a",
        "EVAL script 1.0 a",
        "MIGRATE h 1",
        "MIGRATE h 1 k 0 10 NEWER KEYS KEYS a",
        "FT.SEARCH i *",
        "TS.MRANGE - + FILTER a=b",
    ] {
        assert_eq!(keys(text), None, "{text}");
    }
}

#[test]
fn side_effects_depend_on_arguments() {
    use SideEffects::*;
    for (text, expected) in [
        ("PING", Connection),
        ("GET k", ReadOnly),
        ("SET k v", WriteLastWins),
        ("SET k NX", WriteLastWins),
        ("SET k v EX 9 nx", WriteChecked),
        ("SET k v IFEQ old", WriteChecked),
        ("SET k v IFDEQ 0123456789abcdef", WriteChecked),
        ("SET k v IFNE other", WriteLastWins),
        ("SET k v IFDNE 0123456789abcdef", WriteLastWins),
        ("SET k v NX GET", WriteAccumulating),
        ("DELEX k", WriteLastWins),
        ("DELEX k ifeq v", WriteChecked),
        ("DELEX k IFDEQ 0123456789abcdef", WriteChecked),
        ("DELEX k IFNE v", WriteLastWins),
        ("MSETEX 1 NX v", WriteLastWins),
        ("MSETEX 1 k v NX", WriteChecked),
        ("MSETEX 18446744073709551615 k v NX", WriteLastWins),
        ("HSETEX k FIELDS 1 FNX v", WriteLastWins),
        ("HSETEX k FNX FIELDS 1 f v", WriteChecked),
        ("COPY a b", WriteChecked),
        ("COPY a REPLACE", WriteChecked),
        ("COPY a b REPLACE", WriteLastWins),
        ("RESTORE k 0 REPLACE", WriteChecked),
        ("RESTORE k 0 data REPLACE", WriteLastWins),
        ("FUNCTION LOAD code", WriteChecked),
        ("FUNCTION LOAD REPLACE code", WriteLastWins),
        ("GETEX k", ReadOnly),
        ("GETEX k PERSIST", WriteLastWins),
        ("HGETEX k FIELDS 1 f", ReadOnly),
        ("HGETEX k EX 9 FIELDS 1 f", WriteLastWins),
        ("SORT k BY STORE", ReadOnly),
        ("SORT k STORE d", WriteLastWins),
        ("GEORADIUS k 1 2 3 m", ReadOnly),
        ("GEORADIUS k 1 2 3 m STOREDIST d", WriteLastWins),
        ("BITFIELD k GET u8 0", ReadOnly),
        ("BITFIELD k SET u8 0 1", WriteLastWins),
        ("BITFIELD k SET u8 0 1 INCRBY u8 0 1", WriteAccumulating),
        ("ZADD k 1 NX", WriteLastWins),
        ("ZADD k NX CH 1 m", WriteChecked),
        ("ZADD k XX INCR 1 m", WriteAccumulating),
        ("XADD k * f v", WriteAccumulating),
        ("XADD k MAXLEN ~ 10 LIMIT 5 5-* f v", WriteAccumulating),
        ("XADD k NOMKSTREAM MAXLEN = 10 5-1 f v", WriteChecked),
        ("XADD k MINID 1-1", WriteAccumulating),
        ("XADD k IDMP producer 7 * f v", WriteChecked),
        ("XADD k NOMKSTREAM idmpauto producer MAXLEN 9 * f v", WriteChecked),
        ("XADD k MAXLEN 9 * IDMP v", WriteAccumulating),
        ("CLUSTER MIGRATION STATUS ALL", ReadOnly),
        ("CLUSTER MIGRATION CANCEL ALL", ServerAdmin),
        ("HIMPORT SET k fields v", Never),
        ("LREM k 0 v", WriteLastWins),
        ("LREM k 1 v", WriteAccumulating),
        ("JSON.SET k $ NX", WriteLastWins),
        ("JSON.SET k $ 1 NX", WriteChecked),
        ("CMS.MERGE d 1 s WEIGHTS d", WriteLastWins),
        ("CMS.MERGE d 2 s d", WriteAccumulating),
        ("TDIGEST.MERGE d 1 OVERRIDE", WriteAccumulating),
        ("TDIGEST.MERGE d 1 s OVERRIDE", WriteLastWins),
        ("ACL LOG", ReadOnly),
        ("ACL LOG RESET", ServerAdmin),
        ("CONFIG SET a b", ServerAdmin),
        ("FLUSHALL", ServerAdmin),
        ("EXEC", Never),
        ("SWAPDB 0 1", Never),
        ("NOSUCH", Never),
        ("FT.AGGREGATE i * LOAD 1 @a", ReadOnly),
        ("FT.AGGREGATE i * LOAD 1 @a WITHCURSOR COUNT 10", Never),
        ("FT.PROFILE i AGGREGATE QUERY * withcursor", Never),
        ("FT.SEARCH WITHCURSOR WITHCURSOR", ReadOnly),
    ] {
        assert_eq!(SideEffects::of(&words(text)), expected, "{text}");
    }
    assert_eq!(SideEffects::of(&[]), Never);
}

#[test]
fn pages_of_manuals() {
    assert_eq!(
        spec("CONFIG GET *").docs_url(),
        "https://redis.io/docs/latest/commands/config-get/"
    );
    assert_eq!(spec("DELIFEQ k v").docs_url(), "https://valkey.io/commands/delifeq/");
    let docs = CommandDocs { since: "1.0.0", complexity: "O(1)", variables: "" };
    assert_eq!(spec("GET k").docs(), docs);
}
