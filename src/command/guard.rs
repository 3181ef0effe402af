#[cfg(feature = "full")]
use crate::commands::harm;
use crate::commands::{Look, READING, look_for};
use crate::{Error, resp::Arg};

/// What to use instead: by its name in Rust, or in words where the caller may write JavaScript.
const fn instead(rust: &'static str, words: &'static str) -> &'static str {
    if cfg!(all(target_family = "wasm", target_os = "unknown")) { words } else { rust }
}

/// Commands that would harm every user of a shared connection: when, and why.
const HARMFUL: &[(&str, When, &str)] = &[
    (
        "SUBSCRIBE PSUBSCRIBE SSUBSCRIBE UNSUBSCRIBE PUNSUBSCRIBE SUNSUBSCRIBE",
        When::Always,
        instead("use ConnectionMultiplexer::subscriber", "use a subscription of the client"),
    ),
    ("HELLO AUTH", When::Always, "set protocol, user name and password in the options"),
    ("SELECT", When::Always, "set the database in the options"),
    ("QUIT RESET", When::Always, instead("use ConnectionMultiplexer::close", "close the client")),
    (
        "MULTI EXEC DISCARD WATCH UNWATCH",
        When::Always,
        instead(
            "other callers' commands would fall in: use Database::transaction or Database::watch",
            "other callers' commands would fall in: use a transaction of the client",
        ),
    ),
    (
        "MONITOR",
        When::Always,
        instead(
            "use ConnectionMultiplexer::monitor",
            "it takes the connection over, which is shared",
        ),
    ),
    ("SYNC PSYNC REPLCONF", When::Always, "it takes the connection over, which is shared"),
    (
        "BLPOP BRPOP BRPOPLPUSH BLMOVE BLMOVEM BLMPOP BZPOPMIN BZPOPMAX BZMPOP WAIT WAITAOF",
        When::Always,
        "it would block every caller of the shared connection",
    ),
    (
        "XREAD XREADGROUP",
        When::Blocks,
        "with BLOCK it would block every caller of the shared connection",
    ),
    (
        "HIMPORT",
        When::Always,
        instead(
            "its field sets belong to one connection: use ConnectionMultiplexer::lease",
            "its field sets belong to one connection, which is shared",
        ),
    ),
    ("CLIENT", When::Then("REPLY"), "replies could no longer be matched with commands"),
    ("CLIENT", When::Then("TRACKING CACHING"), "it changes the connection for every caller"),
    ("SCRIPT", When::Then("DEBUG"), "it takes the connection over, which is shared"),
];

enum When {
    Always,
    Blocks,
    /// With one of these as the second word.
    Then(&'static str),
}

/// For each first letter, the lengths that such a name may have, as bits.
const SHAPES: [u16; 26] = {
    let mut shapes = [0; 26];
    let mut rule = 0;
    while rule < HARMFUL.len() {
        shapes = shaped(shapes, HARMFUL[rule].0);
        rule += 1;
    }
    #[cfg(feature = "full")]
    {
        shapes = shaped(shapes, harm::NAMES);
    }
    shapes
};

const fn shaped(mut shapes: [u16; 26], names: &str) -> [u16; 26] {
    let names = names.as_bytes();
    let (mut start, mut end) = (0, 0);
    while end <= names.len() {
        if end == names.len() || names[end] == b' ' {
            shapes[(names[start] - b'A') as usize] |= 1 << (end - start);
            start = end + 1;
        }
        end += 1;
    }
    shapes
}

/// Whether a command passes whatever its arguments are; most do, and each comes through here.
pub(crate) fn is_harmless(name: &[u8]) -> bool {
    let Some(first) = name.first() else { return false };
    let letter = first.to_ascii_uppercase().wrapping_sub(b'A');
    let shapes = SHAPES.get(usize::from(letter)).copied().unwrap_or_default();
    let may_be_harmful = name.len() < 16 && shapes >> name.len() & 1 == 1;
    !may_be_harmful && name.iter().all(u8::is_ascii_graphic)
}

/// Rejects commands that would harm every user of a shared connection.
///
/// `args[0]` is the command's name.
pub(crate) fn check_shared(args: &[Arg<'_>]) -> Result<(), Error> {
    let Some(name) = args.first() else {
        return Err(Error::rejected("", "a command needs a name"));
    };
    if is_harmless(name.as_bytes()) {
        return Ok(());
    }
    let Ok(name) = std::str::from_utf8(name.as_bytes()) else {
        return Err(Error::rejected("?", "a command's name is text"));
    };
    if name.is_empty()
        || name.bytes().any(|byte| byte.is_ascii_whitespace() || byte.is_ascii_control())
    {
        let first = name.split_ascii_whitespace().next().unwrap_or_default();
        let hint = "the name is one word; pass a subcommand as the first argument";
        return Err(Error::rejected(first, hint));
    }
    let is_among = |words: &str, arg: Option<&Arg<'_>>| {
        let arg = arg.map_or(&[][..], Arg::as_bytes);
        words.as_bytes().split(|byte| *byte == b' ').any(|word| arg.eq_ignore_ascii_case(word))
    };
    for (names, when, why) in HARMFUL {
        let harms = match when {
            When::Always => true,
            When::Blocks => blocks(args),
            When::Then(words) => is_among(words, args.get(1)),
        };
        if harms && is_among(names, args.first()) {
            return Err(Error::rejected(&name.to_ascii_uppercase(), *why));
        }
    }
    #[cfg(feature = "full")]
    if let Some(harm) = harm::harm(args) {
        let why = format!("{}: {}", harm.what, harm.then);
        return Err(Error::rejected(&name.to_ascii_uppercase(), why));
    }
    Ok(())
}

/// Whether `BLOCK` is among the options, which end at `STREAMS`.
///
/// A group may have the name of an option. The number of values of an unknown option is unknown
/// too: then `BLOCK` counts wherever it is.
fn blocks(args: &[Arg<'_>]) -> bool {
    block_of(args).is_some()
}

/// Where `BLOCK` is.
pub(super) fn block_of(args: &[Arg<'_>]) -> Option<usize> {
    let is_block = |place: &usize| {
        args.get(*place).is_some_and(|arg| arg.as_bytes().eq_ignore_ascii_case(b"BLOCK"))
    };
    match look_for(&["BLOCK", "STREAMS"], READING, args, 1) {
        Look::At(found) => Some(found).filter(is_block),
        Look::Nowhere => None,
        Look::Unknown(word) => (word..args.len()).find(is_block),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(words: &[&str]) -> Result<(), Error> {
        let args: Vec<Arg<'_>> = words.iter().map(|word| Arg::Bytes(word.as_bytes())).collect();
        check_shared(&args)
    }

    #[test]
    fn ordinary_commands_pass() {
        for words in [
            &["GET", "k"][..],
            &["get", "subscribe"],
            &["CLIENT", "ID"],
            &["XREAD", "COUNT", "1", "STREAMS", "block", "0"],
            &["XREADGROUP", "GROUP", "block", "streams", "STREAMS", "block", "0"],
            &["XREADGROUP", "CLAIM", "9", "NOACK", "GROUP", "g", "block", "STREAMS", "s", ">"],
            &["SCRIPT", "LOAD", "return 1"],
            &["UNKNOWN"],
            &["DEBUG", "OBJECT", "k"],
            &["TOPK.INCRBY", "k", "a", "0", "-1", "100000"],
            &["TOPK.INCRBY", "k"],
            &["FT.SPELLCHECK", "$i", r"lamp\$ \\\$x", "TERMS", "INCLUDE", "$d"],
            &["\u{e9}"],
        ] {
            assert!(check(words).is_ok(), "{words:?}");
        }
    }

    #[test]
    fn only_what_no_rule_names_is_harmless_whatever_follows() {
        for (names, ..) in HARMFUL {
            for name in names.split(' ') {
                assert!(!is_harmless(name.as_bytes()), "{name}");
                assert!(!is_harmless(name.to_ascii_lowercase().as_bytes()), "{name}");
            }
        }
        #[cfg(feature = "full")]
        for name in harm::NAMES.split(' ') {
            assert!(!is_harmless(name.to_ascii_lowercase().as_bytes()), "{name}");
        }
        for name in ["GET", "set", "EXPIRE", "ts.add", "_own", "X", &"SELECT".repeat(11)] {
            assert!(is_harmless(name.as_bytes()), "{name}");
        }
        for name in ["", "GET k", "GET\n", "\u{e9}"] {
            assert!(!is_harmless(name.as_bytes()), "{name:?}");
        }
    }

    #[test]
    fn harmful_commands_are_named_and_their_arguments_are_not() {
        for words in [
            &["subscribe", "secret"][..],
            &["HELLO", "3"],
            &["AUTH", "secret"],
            &["select", "1"],
            &["Multi"],
            &["MONITOR"],
            &["BLPOP", "secret", "0"],
            &["BLMOVEM", "secret", "to", "LEFT", "RIGHT", "0"],
            &["himport", "PREPARE", "secret", "f"],
            &["HIMPORT", "SET", "secret", "fields", "v"],
            &["HIMPORT"],
            &["XREAD", "block", "0", "STREAMS", "secret", "$"],
            &["XREADGROUP", "GROUP", "streams", "c", "BLOCK", "0", "STREAMS", "secret", ">"],
            &["XREADGROUP", "COUNT", "streams", "block", "0", "GROUP", "g", "c", "STREAMS", "s"],
            &["XREAD", "NEWER", "streams", "STREAMS", "BLOCK", "0", "STREAMS", "secret", "$"],
            &["CLIENT", "reply", "OFF"],
            &["client", "caching", "YES"],
            &["SCRIPT", "DEBUG", "secret"],
            #[cfg(feature = "full")]
            &["topk.incrby", "secret", "a", "1", "b", "100001"],
            #[cfg(feature = "full")]
            &["JSON.RESP", "k", ".secret[*]"],
            #[cfg(feature = "full")]
            &["json.get", "secret", "$[9223372036854775808]"],
            #[cfg(feature = "full")]
            &["Ts.IncrBy", "secret", "1", "TIMESTAMP"],
            #[cfg(feature = "full")]
            &["ft.spellcheck", "i", "secret$x", "DIALECT", "2"],
            &["GET secret"],
            &[""],
            &[],
        ] {
            let error = check(words).expect_err(&format!("{words:?}"));
            assert!(error.is_rejected(), "{error}");
            assert_eq!(error.delivery(), crate::Delivery::NotSent);
            assert!(!error.to_string().contains("secret"), "{error}");
        }
    }
}
