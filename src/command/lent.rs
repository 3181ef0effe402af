//! What a borrower's command does to the connection it leased.

use super::{CommandSpec, check_shared};
use crate::{Error, resp::Arg};

/// What a command does to the connection it runs on
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    /// The connection is afterwards as it was before.
    None,
    /// The next borrower would notice: another database, a name, watched keys.
    Changes,
    /// The connection may be in `MULTI`, or belong to another user, from now on: the client itself
    /// sends nothing more on it.
    Takes,
}

/// Rejects commands that would break the matching of replies even on a leased connection; otherwise
/// returns what the command does to the connection.
pub(crate) fn check_leased(words: &[Arg<'_>]) -> Result<Effect, Error> {
    let upper = |place: usize| words.get(place).map(|word| word.as_bytes().to_ascii_uppercase());
    let (name, second) = (upper(0), upper(1));
    let effect = match (name.as_deref().unwrap_or_default(), second.as_deref()) {
        (b"MULTI" | b"AUTH", _) => Effect::Takes,
        (b"SELECT" | b"EXEC" | b"DISCARD" | b"WATCH" | b"UNWATCH", _) => Effect::Changes,
        (b"READONLY" | b"READWRITE" | b"ASKING", _) => Effect::Changes,
        // Field sets stay until the connection ends.
        (b"HIMPORT", _) => Effect::Changes,
        (b"CLIENT", Some(b"CACHING")) => Effect::Changes,
        (
            b"BLPOP" | b"BRPOP" | b"BRPOPLPUSH" | b"BLMOVE" | b"BLMOVEM" | b"BLMPOP" | b"BZPOPMIN"
            | b"BZPOPMAX" | b"BZMPOP" | b"WAIT" | b"WAITAOF" | b"XREAD" | b"XREADGROUP",
            _,
        ) => Effect::None,
        (name, second) => {
            check_shared(words)?;
            match (name, second.unwrap_or_default()) {
                (
                    b"CLIENT",
                    b"ID" | b"GETNAME" | b"INFO" | b"LIST" | b"KILL" | b"UNBLOCK" | b"PAUSE"
                    | b"UNPAUSE" | b"GETREDIR" | b"TRACKINGINFO" | b"HELP",
                ) => Effect::None,
                (b"CLIENT", _) => Effect::Changes,
                // What is not known may do anything.
                _ if CommandSpec::of(words).is_none() => Effect::Takes,
                _ => Effect::None,
            }
        }
    };
    Ok(effect)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(line: &str) -> Result<Effect, Error> {
        let words: Vec<_> = line.split(' ').map(|word| Arg::Bytes(word.as_bytes())).collect();
        check_leased(&words)
    }

    #[test]
    fn what_a_command_does_to_its_connection() {
        for (line, effect) in [
            ("GET k", Effect::None),
            ("blpop k 0", Effect::None),
            ("blmovem a b LEFT RIGHT 0", Effect::None),
            ("XREAD BLOCK 0 STREAMS s $", Effect::None),
            ("CLIENT INFO", Effect::None),
            ("client list", Effect::None),
            ("JSON.GET k", Effect::None),
            ("select 1", Effect::Changes),
            ("WATCH k", Effect::Changes),
            ("Client SetName x", Effect::Changes),
            ("CLIENT SETINFO lib-name x", Effect::Changes),
            ("CLIENT NO-EVICT ON", Effect::Changes),
            ("CLIENT NO-TOUCH ON", Effect::Changes),
            ("CLIENT CACHING YES", Effect::Changes),
            ("CLIENT", Effect::Changes),
            ("CLIENT NEW-ONE", Effect::Changes),
            ("READONLY", Effect::Changes),
            ("himport prepare set f", Effect::Changes),
            ("HIMPORT SET k set v", Effect::Changes),
            ("asking", Effect::Changes),
            ("multi", Effect::Takes),
            ("AUTH user secret", Effect::Takes),
            ("NO.SUCH k", Effect::Takes),
            ("NOSUCH", Effect::Takes),
        ] {
            assert_eq!(check(line).unwrap(), effect, "{line}");
        }
    }

    #[test]
    fn what_breaks_the_matching_of_replies_is_refused() {
        for line in [
            "SUBSCRIBE c",
            "monitor",
            "HELLO 3",
            "RESET",
            "QUIT",
            "CLIENT REPLY OFF",
            "CLIENT TRACKING ON",
            "SYNC",
            "GET\tk",
        ] {
            let error = check(line).unwrap_err();
            assert!(error.is_rejected(), "{line}: {error}");
        }
    }
}
