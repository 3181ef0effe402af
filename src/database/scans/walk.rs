//! A scan over several servers, one after the other.

use std::{fmt::Write as _, ops::RangeInclusive};

use crate::connection::{Link, Router};

/// How many slots a cluster has.
const SLOTS: u16 = 16_384;

/// Which slots were scanned, at whichever server they were
///
/// A slot counts once the server that has it was scanned from beginning to end and had it all the time. One
/// that moves meanwhile is scanned where it is then, so that none is missed; its keys may come twice.
#[derive(Clone)]
pub(super) struct Walk<'a> {
    router: &'a dyn Router,
    done: Set,
    /// The server that is scanned, and the slots that it had when that began.
    present: Option<(&'a Link, Set)>,
    over: bool,
}

/// A set of slots
#[derive(Clone, PartialEq, Eq)]
struct Set(Box<[u64]>);

impl<'a> Walk<'a> {
    /// One that begins at the first slot, or where another one was.
    pub(super) fn new(router: &'a dyn Router, done: &[RangeInclusive<u16>]) -> Self {
        let mut set = Set::empty();
        done.iter().cloned().flatten().for_each(|slot| set.insert(slot));
        Self { router, done: set, present: None, over: false }
    }

    /// The server to be scanned; `None` once all have been.
    pub(super) fn link(&mut self) -> Option<&'a Link> {
        if self.present.is_none() {
            self.present = self.next();
            self.over = self.present.is_none();
        }
        self.present.as_ref().map(|(link, _)| *link)
    }

    /// All servers are scanned.
    pub(super) fn is_over(&self) -> bool {
        self.over
    }

    /// The present server is scanned to its end.
    pub(super) fn turn(&mut self) {
        let Some((link, had)) = self.present.take() else { return };
        let router = self.router;
        let has = |slot: &u16| router.server_of(*slot).is_some_and(|of| std::ptr::eq(of, link));
        let done = (0..SLOTS).filter(|slot| had.contains(*slot) && has(slot));
        done.for_each(|slot| self.done.insert(slot));
    }

    /// This walk, gone on to the next server.
    pub(super) fn turned(&self) -> Self {
        let mut turned = self.clone();
        turned.turn();
        turned.link();
        turned
    }

    fn next(&self) -> Option<(&'a Link, Set)> {
        let router = self.router;
        let mut open = (0..SLOTS).filter(|slot| !self.done.contains(*slot));
        // What nobody has holds no keys.
        let link = open.find_map(|slot| router.server_of(slot))?;
        let mut had = Set::empty();
        for slot in 0..SLOTS {
            if router.server_of(slot).is_some_and(|of| std::ptr::eq(of, link)) {
                had.insert(slot);
            }
        }
        Some((link, had))
    }

    /// What was scanned, and the server that is scanned now, as a text without spaces.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        if let Some((link, _)) = &self.present {
            let _ = write!(text, "{}", link.endpoint());
        }
        for range in self.done.ranges() {
            let _ = write!(text, ";{}-{}", range.start(), range.end());
        }
        text
    }

    /// Goes on where another walk was, of which this is the text. Whether the server at which that one was is
    /// the one to be scanned next: only then its position there is of use.
    pub(super) fn resume(&mut self, text: &str) -> bool {
        let mut parts = text.split(';');
        let server = parts.next().unwrap_or_default();
        let range = |part: &str| {
            let (first, last) = part.split_once('-')?;
            Some(first.parse().ok()?..=last.parse().ok()?)
        };
        let done: Vec<RangeInclusive<u16>> = parts.filter_map(range).collect();
        *self = Self::new(self.router, &done);
        self.link().is_some_and(|link| link.endpoint().to_string() == server)
    }
}

/// Whether this may be the text of a walk.
pub(super) fn is_text(text: &str) -> bool {
    let is_range = |part: &str| {
        let slot = |text: &str| text.parse::<u16>().is_ok_and(|slot| slot < SLOTS);
        part.split_once('-').is_some_and(|(first, last)| slot(first) && slot(last))
    };
    text.len() < 1 << 18 && text.split(';').skip(1).all(is_range)
}

impl Set {
    fn empty() -> Self {
        Self(vec![0; usize::from(SLOTS / 64)].into())
    }

    fn insert(&mut self, slot: u16) {
        if let Some(word) = self.0.get_mut(usize::from(slot / 64)) {
            *word |= 1 << (slot % 64);
        }
    }

    fn contains(&self, slot: u16) -> bool {
        self.0.get(usize::from(slot / 64)).is_some_and(|word| word >> (slot % 64) & 1 == 1)
    }

    fn ranges(&self) -> Vec<RangeInclusive<u16>> {
        let mut ranges: Vec<RangeInclusive<u16>> = Vec::new();
        for slot in (0..SLOTS).filter(|slot| self.contains(*slot)) {
            match ranges.last_mut() {
                Some(last) if *last.end() + 1 == slot => *last = *last.start()..=slot,
                _ => ranges.push(slot..=slot),
            }
        }
        ranges
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_written_as_ranges() {
        let mut set = Set::empty();
        [0, 1, 2, 63, 64, 65, SLOTS - 1, SLOTS].into_iter().for_each(|slot| set.insert(slot));
        assert_eq!(set.ranges(), [0..=2, 63..=65, SLOTS - 1..=SLOTS - 1]);
        assert!(set.contains(64) && !set.contains(66) && !set.contains(SLOTS));
    }

    #[test]
    fn what_is_no_text_of_a_walk_is_seen() {
        for text in ["", "h:1", "h:1;0-5;7-16383", ";0-0"] {
            assert!(is_text(text), "{text}");
        }
        for text in ["h:1;", "h:1;5", "h:1;0-16384", "h:1;-1-5", "h:1;a-b"] {
            assert!(!is_text(text), "{text}");
        }
    }
}
