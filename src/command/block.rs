//! The words of a command in one piece of memory.

use std::ops::Range;

use bytes::Bytes;

use crate::resp::Arg;

/// The words of a command that has many, copied; its parts share them, so that a word costs no allocation
pub(super) struct Block {
    bytes: Bytes,
    /// Where each word ends.
    ends: Vec<usize>,
}

impl Block {
    pub(super) fn of(words: &[Arg<'_>]) -> Self {
        let mut bytes = Vec::with_capacity(words.iter().map(Arg::len).sum());
        let mut ends = Vec::with_capacity(words.len());
        for word in words {
            bytes.extend_from_slice(word.as_bytes());
            ends.push(bytes.len());
        }
        Self { bytes: bytes.into(), ends }
    }

    /// How many words there are.
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// The word at this place.
    #[inline]
    pub(super) fn word(&self, place: usize) -> &[u8] {
        &self.bytes[self.range(place)]
    }

    /// The same word, to be kept.
    pub(super) fn shared(&self, place: usize) -> Bytes {
        self.bytes.slice(self.range(place))
    }

    #[inline]
    fn range(&self, place: usize) -> Range<usize> {
        let begin = if place == 0 { 0 } else { self.ends[place - 1] };
        begin..self.ends[place]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_is_what_it_was() {
        let words = ["MGET", "", "a", "", "long key", ""];
        let block = Block::of(&words.map(|word| Arg::Bytes(word.as_bytes())));
        assert_eq!(block.len(), words.len());
        for (place, word) in words.iter().enumerate() {
            assert_eq!(block.word(place), word.as_bytes());
            assert_eq!(block.shared(place), word.as_bytes());
        }
        assert_eq!(Block::of(&[]).len(), 0);
    }
}
