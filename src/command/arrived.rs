//! Commands for the server that a slot is on its way to, while the former one still has a part of its keys.

use std::fmt;

use super::{CommandSpec, Effect};
use crate::{
    Delivery, Error, Result,
    resp::{Arg, Frame, Framer, Limits, Scan, ServerError},
};

/// The keys of a slot on its way that are no longer at its former server, as that one has said
///
/// The next server takes commands about them behind `ASKING`. For a key that is still at the former one it would answer as if
/// there were none, and would make a second one: what is about another key is refused, and is to be tried again once
/// the slot has arrived.
#[derive(Clone)]
pub(crate) struct Arrived {
    keys: Vec<Vec<u8>>,
}

impl Arrived {
    /// These keys, as they are sent.
    pub(crate) fn new(keys: &[Arg<'_>]) -> Self {
        Self { keys: keys.iter().map(|key| key.as_bytes().to_vec()).collect() }
    }

    /// Refuses a command that is about another key, or may be.
    pub(super) fn check(&self, words: &[Arg<'_>]) -> Result<()> {
        let keys =
            CommandSpec::of(words).and_then(|spec| spec.keys(words)).ok_or_else(too_early)?;
        let is_here = |key: &[u8]| self.keys.iter().any(|here| here == key);
        let all = keys.iter().all(|key| is_here(words[key.index].as_bytes()));
        if all { Ok(()) } else { Err(too_early()) }
    }

    /// The same for several commands, encoded.
    pub(super) fn check_encoded(&self, mut commands: &[u8]) -> Result<()> {
        let mut framer = Framer::new(Limits::default());
        while !commands.is_empty() {
            let Ok(Scan::Complete(length)) = framer.scan(commands) else { return Err(too_early()) };
            let (command, rest) = commands.split_at(length);
            let frame = Frame::copy_from_slice(command);
            let items = frame.reply().items().ok_or_else(too_early)?;
            let word = |item: crate::resp::Reply<'_>| {
                let bytes = item.as_bytes().map(|bytes| bytes.into_owned());
                Arg::Owned(bytes.unwrap_or_default())
            };
            self.check(&items.map(word).collect::<Vec<_>>())?;
            commands = rest;
        }
        Ok(())
    }

    /// Refuses a `MULTI` that is not the client's own: every command has an `ASKING` before it, and within `MULTI` that
    /// would be one of its commands.
    pub(crate) fn check_effect(effect: Effect) -> Result<()> {
        if effect == Effect::Takes { Err(too_early()) } else { Ok(()) }
    }
}

/// What servers say of a command some of whose keys are there and some are not.
fn too_early() -> Error {
    let text = "TRYAGAIN the slot is on its way, and this is about a key that may not have arrived";
    Error::from_server(ServerError::new(text)).deliver(Delivery::NotSent)
}

impl fmt::Debug for Arrived {
    /// Shows how many there are, and none of them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Arrived").field("keys", &self.keys.len()).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resp::{ServerErrorKind, encode_command};

    fn words(text: &str) -> Vec<Arg<'_>> {
        text.split(' ').map(|word| Arg::Bytes(word.as_bytes())).collect()
    }

    #[test]
    fn what_is_about_another_key_or_may_be_is_refused() {
        let arrived = Arrived::new(&words("a b"));
        for allowed in ["GET a", "MGET a b a", "PING", "MULTI", "EVAL x 1 a", "set b v"] {
            assert!(arrived.check(&words(allowed)).is_ok(), "{allowed}");
        }
        for refused in ["GET c", "MGET a c", "NOSUCH a", "EVAL x many a", "SUNIONSTORE a c"] {
            let error = arrived.check(&words(refused)).unwrap_err();
            assert_eq!(error.delivery(), Delivery::NotSent);
            let kind = error.server().map(ServerError::kind);
            assert_eq!(kind, Some(ServerErrorKind::TryAgain), "{refused}");
        }
    }

    #[test]
    fn a_transaction_is_not_begun_by_hand() {
        assert!(Arrived::check_effect(Effect::Takes).is_err());
        assert!(Arrived::check_effect(Effect::Changes).is_ok());
    }

    #[test]
    fn each_command_of_a_transaction_is_looked_at() {
        let arrived = Arrived::new(&words("a b"));
        let encoded = |commands: &[&str]| {
            let mut bytes = Vec::new();
            commands.iter().for_each(|command| encode_command(&mut bytes, &words(command)));
            arrived.check_encoded(&bytes)
        };
        assert!(encoded(&["MULTI", "INCR a", "MSET a 1 b 2"]).is_ok());
        assert!(encoded(&["MULTI", "INCR a", "INCR c"]).is_err());
        assert!(encoded(&["MULTI", "NOSUCH"]).is_err());
        assert!(arrived.check_encoded(b"*1\r\n$4\r\nPI").is_err(), "half a command");
        assert!(!format!("{arrived:?}").contains("97"), "keys are secrets");
    }
}
