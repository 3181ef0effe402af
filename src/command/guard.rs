use crate::{Error, resp::Arg};

/// Rejects commands that would harm everybody on a shared connection.
///
/// `args[0]` is the command's name.
pub(crate) fn check_shared(args: &[Arg<'_>]) -> Result<(), Error> {
    let Some(name) = args.first() else {
        return Err(Error::rejected("", "a command needs a name"));
    };
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
    let is = |index: usize, word: &str| {
        args.get(index)
            .is_some_and(|arg: &Arg<'_>| arg.as_bytes().eq_ignore_ascii_case(word.as_bytes()))
    };
    // On the stack: most commands pass, and each of them comes through here.
    let mut upper = [0; 16];
    let Some(upper) = upper.get_mut(..name.len()) else { return Ok(()) };
    upper.copy_from_slice(name.as_bytes());
    upper.make_ascii_uppercase();
    let upper = std::str::from_utf8(upper).unwrap_or_default();
    let reason = match upper {
        "SUBSCRIBE" | "PSUBSCRIBE" | "SSUBSCRIBE" | "UNSUBSCRIBE" | "PUNSUBSCRIBE"
        | "SUNSUBSCRIBE" => "use ConnectionMultiplexer::subscriber",
        "HELLO" | "AUTH" => "set protocol, user name and password in the options",
        "SELECT" => "set the database in the options",
        "QUIT" | "RESET" => "use ConnectionMultiplexer::close",
        "MULTI" | "EXEC" | "DISCARD" | "WATCH" | "UNWATCH" => {
            "other callers' commands would fall in: use Database::transaction or Database::watch"
        }
        "MONITOR" => "use ConnectionMultiplexer::monitor",
        "SYNC" | "PSYNC" | "REPLCONF" => "it takes the connection over, which is shared",
        "BLPOP" | "BRPOP" | "BRPOPLPUSH" | "BLMOVE" | "BLMPOP" | "BZPOPMIN" | "BZPOPMAX"
        | "BZMPOP" | "WAIT" | "WAITAOF" => "it would block every caller of the shared connection",
        "XREAD" | "XREADGROUP" if blocks(args) => {
            "with BLOCK it would block every caller of the shared connection"
        }
        "CLIENT" if is(1, "REPLY") => "replies could no longer be matched with commands",
        "CLIENT" if is(1, "TRACKING") || is(1, "CACHING") => {
            "it changes the connection for every caller"
        }
        "SCRIPT" | "DEBUG" if is(1, "DEBUG") => "it takes the connection over, which is shared",
        _ => return Ok(()),
    };
    Err(Error::rejected(upper, reason))
}

/// Rejects what would break the matching of replies even on a connection of one's own; otherwise
/// says whether the connection is changed for good, or until a later command.
pub(crate) fn check_leased(args: &[Arg<'_>]) -> Result<bool, Error> {
    let Err(error) = check_shared(args) else { return Ok(false) };
    let second = args.get(1).map(|arg| arg.as_bytes().to_ascii_uppercase());
    match (error.command_name(), second.as_deref()) {
        (Some("SELECT" | "MULTI" | "EXEC" | "DISCARD" | "WATCH" | "UNWATCH" | "AUTH"), _)
        | (Some("CLIENT"), Some(b"CACHING")) => Ok(true),
        (
            Some(
                "BLPOP" | "BRPOP" | "BRPOPLPUSH" | "BLMOVE" | "BLMPOP" | "BZPOPMIN" | "BZPOPMAX"
                | "BZMPOP" | "WAIT" | "WAITAOF" | "XREAD" | "XREADGROUP",
            ),
            _,
        ) => Ok(false),
        _ => Err(error),
    }
}

/// Whether `BLOCK` stands among the options, which end at `STREAMS`.
fn blocks(args: &[Arg<'_>]) -> bool {
    args.iter()
        .skip(1)
        .map(Arg::as_bytes)
        .take_while(|arg| !arg.eq_ignore_ascii_case(b"STREAMS"))
        .any(|arg| arg.eq_ignore_ascii_case(b"BLOCK"))
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
            &["SCRIPT", "LOAD", "return 1"],
            &["UNKNOWN"],
        ] {
            assert!(check(words).is_ok(), "{words:?}");
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
            &["XREAD", "block", "0", "STREAMS", "secret", "$"],
            &["CLIENT", "reply", "OFF"],
            &["GET secret"],
            &[""],
            &[],
        ] {
            let error = check(words).expect_err(&format!("{words:?}"));
            assert!(error.is_command(), "{error}");
            assert_eq!(error.delivery(), crate::Delivery::NotSent);
            assert!(!error.to_string().contains("secret"), "{error}");
        }
    }
}
