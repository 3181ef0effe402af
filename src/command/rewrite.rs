//! Prefixed keys and renamed commands: what becomes of words on their way, and of replies back.

mod names;
mod replies;
mod search;

use std::{borrow::Cow, fmt, sync::Arc};

pub(super) use names::strip_each;
use names::{elements, put_one, strip_first, strip_one};

use crate::{
    Error, Result,
    commands::{CommandMap, CommandSpec, KeyAccess, Look, Mapped, look_for, options},
    resp::{Arg, ArgList, Frame, Protocol, Value},
};

/// The prefix of every key
///
/// It works through pointers: the table of commands is linked only into a program that makes one.
#[derive(Clone)]
pub(crate) struct KeyPrefix {
    text: Arc<[u8]>,
    put: fn(&[u8], &mut ArgList<'_>) -> Result<()>,
    strip: fn(&[u8], &str, Words<'_, '_>, &Frame) -> Option<Frame>,
}

/// Makes the words of a command, as its caller gave them.
pub(super) type Words<'w, 'a> = &'w dyn Fn() -> ArgList<'a>;

impl KeyPrefix {
    pub(crate) fn new(text: &[u8]) -> Self {
        Self { text: text.into(), put, strip }
    }

    /// This one, and behind it another.
    pub(crate) fn then(&self, inner: &[u8]) -> Self {
        Self { text: [&*self.text, inner].concat().into(), ..*self }
    }

    /// Puts it before the keys among the words of a command.
    pub(crate) fn put(&self, words: &mut ArgList<'_>) -> Result<()> {
        (self.put)(&self.text, words)
    }

    /// The reply without it, if it is one that names keys.
    pub(super) fn strip(
        &self,
        command: &str,
        words: Words<'_, '_>,
        reply: &Frame,
    ) -> Option<Frame> {
        (self.strip)(&self.text, command, words, reply)
    }

    pub(crate) fn to_text(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(&self.text)
    }
}

impl fmt::Debug for KeyPrefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("KeyPrefix").field(&self.to_text()).finish()
    }
}

/// Sends a command under the name that the server knows it by.
pub(super) fn rename<'a>(map: &'a CommandMap, words: &mut ArgList<'a>) -> Result<()> {
    let Some(first) = words.first_mut() else { return Ok(()) };
    let name = String::from_utf8_lossy(first.as_bytes());
    match map.get(&name) {
        Mapped::Renamed(to) => {
            *first = Arg::Bytes(to.as_bytes());
            return Ok(());
        }
        Mapped::AsIs | Mapped::Disabled => {}
    }
    match map.refusal(words) {
        None => Ok(()),
        Some(why) => {
            let name = String::from_utf8_lossy(words.first().map_or(b"", |name| name.as_bytes()));
            Err(Error::rejected(&name, why))
        }
    }
}

fn put(prefix: &[u8], words: &mut ArgList<'_>) -> Result<()> {
    let name = || String::from_utf8_lossy(words.first().map_or(b"", |name| name.as_bytes()));
    let Some(spec) = CommandSpec::of(words) else {
        let hint = "which of its words are keys is not known, and keys have a prefix here";
        return Err(Error::rejected(&name(), hint));
    };
    match spec.name() {
        "KEYS" => put_one(&escape(prefix), words, 1),
        "CLUSTER KEYSLOT" => put_one(prefix, words, 2),
        "SCAN" | "CLUSTERSCAN" => put_scan(prefix, spec, words)?,
        "DEBUG" => {
            let hint = "what it does with keys is not known, and keys have a prefix here";
            return Err(Error::rejected(spec.name(), hint));
        }
        _ => {}
    }
    if spec.name().starts_with("FT.") && search::put(prefix, spec, words)? {
        return Ok(());
    }
    let Some(keys) = spec.keys(words) else {
        let hint = "its keys cannot be told from its words, and they have a prefix here";
        return Err(Error::rejected(spec.name(), hint));
    };
    if matches!(spec.name(), "SORT" | "SORT_RO") {
        put_sort(prefix, spec, words)?;
    }
    for key in keys.iter().filter(|key| key.access != KeyAccess::Slot) {
        put_one(prefix, words, key.index);
    }
    Ok(())
}

/// Only keys with the prefix are gone through.
fn put_scan(prefix: &[u8], spec: &CommandSpec, words: &mut ArgList<'_>) -> Result<()> {
    let prefix = escape(prefix);
    let (mut from, mut limited) = (2, false);
    while let Some(at) = option_at(spec, words, from, &["MATCH"])? {
        put_one(&prefix, words, at + 1);
        (from, limited) = (at + 2, true);
    }
    if !limited {
        words.extend([Arg::Bytes(b"MATCH"), Arg::Owned([&*prefix, b"*"].concat())]);
    }
    Ok(())
}

/// The patterns of `BY` and `GET` name keys.
fn put_sort(prefix: &[u8], spec: &CommandSpec, words: &mut ArgList<'_>) -> Result<()> {
    let mut from = 2;
    while let Some(at) = option_at(spec, words, from, &["BY", "GET"])? {
        from = at + 2;
        let Some(pattern) = words.get_mut(at + 1) else { break };
        // Without a star it is no key: `GET #` is the element, `BY nosort` no order.
        if pattern.as_bytes().contains(&b'*') {
            if prefix.contains(&b'*') {
                let hint = "the star in the key prefix would stand for the element in BY and GET";
                return Err(Error::rejected(spec.name(), hint));
            }
            *pattern = Arg::Owned([prefix, pattern.as_bytes()].concat());
        }
    }
    Ok(())
}

/// Where one of these options is, from this word on.
fn option_at(
    spec: &CommandSpec,
    words: &ArgList<'_>,
    from: usize,
    keywords: &[&str],
) -> Result<Option<usize>> {
    match look_for(keywords, options(spec.name()).unwrap_or_default(), words, from) {
        Look::At(found) => Ok(Some(found)),
        Look::Nowhere => Ok(None),
        Look::Unknown(_) => {
            let hint = "one of its options is not known here, and keys have a prefix";
            Err(Error::rejected(spec.name(), hint))
        }
    }
}

/// A text as a pattern that matches it alone.
pub(super) fn escape(text: &[u8]) -> Vec<u8> {
    let special = |byte: &u8| matches!(byte, b'*' | b'?' | b'[' | b']' | b'\\');
    let escaped = text.iter().flat_map(|byte| {
        let backslash = special(byte).then_some(b'\\');
        backslash.into_iter().chain([*byte])
    });
    escaped.collect()
}

fn strip(prefix: &[u8], command: &str, words: Words<'_, '_>, reply: &Frame) -> Option<Frame> {
    let command = command.to_ascii_uppercase();
    if command.starts_with("FT.") {
        return transcribe(reply, |value| replies::strip(prefix, &words(), value));
    }
    let change: fn(&[u8], &mut Value) = match command.as_str() {
        "RANDOMKEY" => strip_one,
        "KEYS" => strip_each,
        "SCAN" | "CLUSTERSCAN" => |prefix, reply| {
            if let Some(keys) = elements(reply).and_then(|elements| elements.get_mut(1)) {
                strip_each(prefix, keys);
            }
        },
        "TS.INFO" => replies::strip_series,
        "BLPOP" | "BRPOP" | "BLMPOP" | "LMPOP" | "BZPOPMIN" | "BZPOPMAX" | "BZMPOP" | "ZMPOP" => {
            strip_first
        }
        "XREAD" | "XREADGROUP" => |prefix, reply| match reply {
            Value::Map(streams) => {
                streams.iter_mut().for_each(|(key, _)| strip_one(prefix, key));
            }
            _ => {
                elements(reply).into_iter().flatten().for_each(|stream| strip_first(prefix, stream))
            }
        },
        _ => return None,
    };
    transcribe(reply, |value| change(prefix, value))
}

/// The reply after a change; none of an error.
pub(super) fn transcribe(reply: &Frame, change: impl FnOnce(&mut Value)) -> Option<Frame> {
    let mut value: Value = reply.decode().ok()?;
    change(&mut value);
    let mut bytes = Vec::with_capacity(reply.len());
    value.encode(&mut bytes, Protocol::Resp3);
    Some(Frame::from_bytes(bytes.into()))
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(super) fn words(text: &str) -> ArgList<'_> {
        text.split(' ').map(|word| Arg::Bytes(word.as_bytes())).collect()
    }

    fn text(words: &ArgList<'_>) -> String {
        let words: Vec<_> =
            words.iter().map(|word| String::from_utf8_lossy(word.as_bytes())).collect();
        words.join(" ")
    }

    fn prefixed(prefix: &str, line: &str) -> Result<String> {
        let mut words = words(line);
        KeyPrefix::new(prefix.as_bytes()).put(&mut words).map(|()| text(&words))
    }

    #[test]
    fn keys_and_nothing_else_are_prefixed() {
        for (line, expected) in [
            ("get k", "get a:k"),
            ("MSET x 1 y 2", "MSET a:x 1 a:y 2"),
            ("EVAL return 2 x y z", "EVAL return 2 a:x a:y z"),
            ("XREAD STREAMS x y 0 0", "XREAD STREAMS a:x a:y 0 0"),
            (
                "XREADGROUP COUNT 1 GROUP streams streams STREAMS x >",
                "XREADGROUP COUNT 1 GROUP streams streams STREAMS a:x >",
            ),
            ("BLPOP x y 0", "BLPOP a:x a:y 0"),
            ("OBJECT ENCODING x", "OBJECT ENCODING a:x"),
            (
                "SORT x BY w_* GET # GET o_*->f STORE d",
                "SORT a:x BY a:w_* GET # GET a:o_*->f STORE a:d",
            ),
            ("SORT_RO x BY nosort", "SORT_RO a:x BY nosort"),
            ("SORT x STORE d STORE e", "SORT a:x STORE a:d STORE a:e"),
            ("KEYS *", "KEYS a:*"),
            ("SCAN 0", "SCAN 0 MATCH a:*"),
            ("SCAN 0 match u* COUNT 5", "SCAN 0 match a:u* COUNT 5"),
            ("SCAN 0 MATCH x MATCH y", "SCAN 0 MATCH a:x MATCH a:y"),
            ("SCAN 0 TYPE match", "SCAN 0 TYPE match MATCH a:*"),
            ("MIGRATE h 1 k 0 9", "MIGRATE h 1 a:k 0 9"),
            ("CLUSTER KEYSLOT k", "CLUSTER KEYSLOT a:k"),
            ("PING", "PING"),
            ("CONFIG GET k", "CONFIG GET k"),
            ("PUBLISH channel message", "PUBLISH channel message"),
            ("SPUBLISH channel message", "SPUBLISH channel message"),
        ] {
            assert_eq!(prefixed("a:", line).unwrap(), expected);
        }
        let mut migrate = words("MIGRATE h 1  0 9 KEYS x y");
        KeyPrefix::new(b"a:").put(&mut migrate).unwrap();
        assert_eq!(text(&migrate), "MIGRATE h 1  0 9 KEYS a:x a:y");
    }

    #[test]
    fn a_prefix_is_no_pattern() {
        assert_eq!(prefixed("a[*]?\\:", "KEYS k*").unwrap(), r"KEYS a\[\*\]\?\\:k*");
        assert_eq!(prefixed("*", "SCAN 0").unwrap(), r"SCAN 0 MATCH \**");
        assert_eq!(prefixed("*", "GET k").unwrap(), "GET *k");
        assert!(prefixed("*", "SORT k BY w_*").is_err());
        assert_eq!(prefixed("*", "SORT k BY nosort").unwrap(), "SORT *k BY nosort");
    }

    #[test]
    fn what_cannot_be_prefixed_is_refused() {
        for line in [
            "NO.SUCH secret",
            "GET",
            "EVAL secret 9 k",
            "FT.NOSUCH secret",
            "FT.SEARCH i * SECRET 1",
            "FT.SEARCH i * INKEYS secret",
            "FT.SEARCH i * INKEYS 99999999999999999999 secret",
            "FT.CREATE i SECRET SCHEMA t TEXT",
            "FT.CREATE i FILTER @__key==\"secret\" SCHEMA t TEXT",
            "DEBUG OBJECT secret",
            "TS.MGET FILTER secret",
            "SCAN 0 SECRET MATCH *",
            "SORT k SECRET BY w_*",
            "SORT_RO k SECRET GET w_*",
            "XREAD SECRET STREAMS STREAMS k 0",
            "EVAL script +1 secret",
        ] {
            let error = prefixed("a:", line).unwrap_err();
            assert!(error.is_rejected(), "{error}");
            assert!(!error.to_string().contains("secret"), "{error}");
        }
    }

    #[test]
    fn prefixes_add_up() {
        let mut words = words("GET k");
        KeyPrefix::new(b"a:").then(b"b:").put(&mut words).unwrap();
        assert_eq!(text(&words), "GET a:b:k");
    }

    #[test]
    fn key_names_in_replies_lose_the_prefix() {
        let prefix = KeyPrefix::new(b"a:");
        for (command, reply, expected) in [
            ("keys", "*2\r\n$3\r\na:x\r\n$3\r\nb:x\r\n", "*2\r\n$1\r\nx\r\n$3\r\nb:x\r\n"),
            ("SCAN", "*2\r\n$1\r\n0\r\n*1\r\n$3\r\na:x\r\n", "*2\r\n$1\r\n0\r\n*1\r\n$1\r\nx\r\n"),
            ("RANDOMKEY", "$3\r\na:x\r\n", "$1\r\nx\r\n"),
            ("RANDOMKEY", "$-1\r\n", "_\r\n"),
            ("BLPOP", "*2\r\n$3\r\na:x\r\n$3\r\na:v\r\n", "*2\r\n$1\r\nx\r\n$3\r\na:v\r\n"),
            ("BLPOP", "*-1\r\n", "_\r\n"),
            ("XREAD", "%1\r\n$3\r\na:x\r\n*0\r\n", "%1\r\n$1\r\nx\r\n*0\r\n"),
            ("XREAD", "*1\r\n*2\r\n$3\r\na:x\r\n*0\r\n", "*1\r\n*2\r\n$1\r\nx\r\n*0\r\n"),
        ] {
            let stripped = prefix
                .strip(command, &ArgList::new, &Frame::copy_from_slice(reply.as_bytes()))
                .unwrap();
            assert_eq!(stripped.as_bytes(), expected.as_bytes(), "{command}");
        }
        assert!(
            prefix.strip("GET", &ArgList::new, &Frame::copy_from_slice(b"$3\r\na:x\r\n")).is_none()
        );
        let error = Frame::copy_from_slice(b"-ERR no\r\n");
        let stripped = prefix.strip("KEYS", &ArgList::new, &error);
        assert!(stripped.is_none_or(|stripped| stripped.as_bytes() == error.as_bytes()));
    }

    #[test]
    fn commands_are_renamed_and_disabled() {
        let map = CommandMap::default().rename("get", "fetch").disable("DEL");
        let mut get = words("Get k");
        rename(&map, &mut get).unwrap();
        assert_eq!(text(&get), "fetch k");
        let error = rename(&map, &mut words("del secret")).unwrap_err();
        assert!(error.is_rejected() && !error.to_string().contains("secret"), "{error}");
        let mut other = words("SET k v");
        rename(&map, &mut other).unwrap();
        assert_eq!(text(&other), "SET k v");
    }
}
