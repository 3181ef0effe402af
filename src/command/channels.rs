//! Prefixed channels: what becomes of words on their way, and of replies back.

use std::sync::Arc;

use super::rewrite::{escape, strip_each, transcribe};
use crate::resp::{Arg, ArgList, Frame};

/// The prefix of every channel
#[derive(Debug, Clone)]
pub(crate) struct ChannelPrefix(Arc<str>);

impl ChannelPrefix {
    pub(crate) fn new(text: Arc<str>) -> Self {
        Self(text)
    }

    /// A channel of this client as the server knows it; a pattern, if `pattern`.
    pub(crate) fn before(&self, channel: &[u8], pattern: bool) -> Vec<u8> {
        let prefix = self.0.as_bytes();
        let prefix = if pattern { escape(prefix) } else { prefix.to_vec() };
        [&prefix, channel].concat()
    }

    /// How long it is before a channel.
    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    /// Puts it before the channels among the words of a command.
    pub(super) fn put(&self, words: &mut ArgList<'_>) {
        let is = |at: usize, names: &[&str]| {
            let word = words.get(at).map(Arg::as_bytes);
            word.is_some_and(|word| {
                names.iter().any(|name| word.eq_ignore_ascii_case(name.as_bytes()))
            })
        };
        let (from, count, pattern) = if is(0, &["PUBLISH", "SPUBLISH"]) {
            (1, 1, false)
        } else if !is(0, &["PUBSUB"]) {
            return;
        } else if is(1, &["CHANNELS", "SHARDCHANNELS"]) {
            if words.len() == 2 {
                words.push(Arg::Bytes(b"*"));
            }
            (2, 1, true)
        } else if is(1, &["NUMSUB", "SHARDNUMSUB"]) {
            (2, usize::MAX, false)
        } else {
            return;
        };
        for word in words.iter_mut().skip(from).take(count) {
            *word = Arg::Owned(self.before(word.as_bytes(), pattern));
        }
    }

    /// The reply without it, if it is one that names channels.
    pub(super) fn strip(&self, command: &str, reply: &Frame) -> Option<Frame> {
        if !command.eq_ignore_ascii_case("PUBSUB") {
            return None;
        }
        transcribe(reply, |value| strip_each(self.0.as_bytes(), value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prefixed(line: &str) -> String {
        let mut words: ArgList<'_> =
            line.split(' ').map(|word| Arg::Bytes(word.as_bytes())).collect();
        ChannelPrefix::new("a*:".into()).put(&mut words);
        let words: Vec<_> =
            words.iter().map(|word| String::from_utf8_lossy(word.as_bytes())).collect();
        words.join(" ")
    }

    #[test]
    fn channels_and_nothing_else_are_prefixed() {
        for (line, expected) in [
            ("PUBLISH news hello", "PUBLISH a*:news hello"),
            ("spublish news hello", "spublish a*:news hello"),
            ("PUBSUB CHANNELS", r"PUBSUB CHANNELS a\*:*"),
            ("pubsub shardchannels n?", r"pubsub shardchannels a\*:n?"),
            ("PUBSUB NUMSUB x y", "PUBSUB NUMSUB a*:x a*:y"),
            ("PUBSUB SHARDNUMSUB", "PUBSUB SHARDNUMSUB"),
            ("PUBSUB NUMPAT", "PUBSUB NUMPAT"),
            ("PUBLISH", "PUBLISH"),
            ("GET k", "GET k"),
        ] {
            assert_eq!(prefixed(line), expected);
        }
    }

    #[test]
    fn channels_in_replies_lose_the_prefix() {
        let prefix = ChannelPrefix::new("a:".into());
        let reply = Frame::copy_from_slice(b"*4\r\n$3\r\na:x\r\n:1\r\n$3\r\nb:y\r\n:0\r\n");
        let stripped = prefix.strip("pubsub", &reply).unwrap();
        assert_eq!(stripped.as_bytes(), b"*4\r\n$1\r\nx\r\n:1\r\n$3\r\nb:y\r\n:0\r\n");
        assert!(prefix.strip("GET", &reply).is_none());
    }
}
