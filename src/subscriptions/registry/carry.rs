//! What two streams bring of the same topics while one of them takes the place of the other: which messages came by both.
//!
//! The server confirms the topics on the new stream while messages come by the old one. What a topic has on the new
//! stream begins somewhere in what the old one brings, and goes on behind it. So the first messages that the new one
//! brings are the last ones of the old one. How many that are follows from what is equal, within bounds that the order
//! of replies and messages on both streams gives. Where more than one number fits, or none, there may be a gap.

use std::collections::HashMap;

use super::super::{items::Message, queue::SessionId, topic::Topic};

/// Messages that are kept at most, of both streams together; a topic that does not fit in has a gap.
const MOST: usize = 32 << 10;
const MOST_BYTES: usize = 8 << 20;

/// Topics on their way from one stream to another one of the same link
pub(super) struct Carry {
    pub(super) stage: Stage,
    /// The stream on which the entries of the topics are confirmed.
    pub(super) session: SessionId,
    pub(super) topics: HashMap<Topic, Carried>,
    /// What the new stream has brought, in its order.
    news: Vec<(Topic, Message)>,
    /// Messages that are kept, and their bytes.
    kept: (usize, usize),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// Notes what the old stream brings. The new server is asked at this moment.
    Listening(u64),
    /// Waits until the new server has confirmed the topics.
    Asking,
    /// Waits for the answer to a command that was sent behind `mark` since then, after that for one on the new stream, and
    /// for this moment.
    Passing { mark: u64, passed: bool, until: u64 },
    /// Waits until the last command is on its way.
    Leaving { mark: u64 },
    /// The answer to that command is the end of the old stream.
    Left,
    /// The new stream is in use. The answer to this command comes behind all that the old one brought.
    Aligning { ticket: u64 },
}

/// One topic on its way
#[derive(Default)]
pub(super) struct Carried {
    /// Of the command that asks the new server for it; 0 before that.
    pub(super) ticket: u64,
    pub(super) confirmed: bool,
    /// What the old stream has brought since before the new server was asked.
    heard: Vec<Message>,
    /// Messages from this one on also come by the new stream.
    shared_from: usize,
    /// How many messages the new stream has brought.
    news: usize,
    /// This many of them also came by the old one.
    counted: usize,
    /// Not all could be kept.
    over: bool,
}

impl Carry {
    pub(super) fn new(
        session: SessionId,
        asks_at: u64,
        topics: impl Iterator<Item = Topic>,
    ) -> Self {
        Self {
            stage: Stage::Listening(asks_at),
            session,
            topics: topics.map(|topic| (topic, Carried::default())).collect(),
            news: Vec::new(),
            kept: (0, 0),
        }
    }

    /// The new stream is in use already.
    pub(super) fn is_aligning(&self) -> bool {
        matches!(self.stage, Stage::Aligning { .. })
    }

    /// A message has come by the stream in use; whether listeners get it now.
    #[cold]
    pub(super) fn passes(&mut self, topic: &Topic, message: &Message) -> bool {
        if self.is_aligning() {
            let carried = self.topics.contains_key(topic);
            if carried {
                self.take_news(topic, message);
            }
            return !carried;
        }
        let has_room = self.has_room(message);
        let Some(carried) = self.topics.get_mut(topic) else { return true };
        if has_room && !carried.over {
            carried.heard.push(message.clone());
            self.keep(message);
        } else {
            self.overflow(topic);
        }
        true
    }

    /// A message has come by the new stream.
    pub(super) fn take_news(&mut self, topic: &Topic, message: &Message) {
        let has_room = self.has_room(message);
        let Some(carried) = self.topics.get_mut(topic).filter(|known| known.confirmed) else {
            return;
        };
        if has_room && !carried.over {
            carried.news += 1;
            self.news.push((topic.clone(), message.clone()));
            self.keep(message);
        } else {
            self.overflow(topic);
        }
    }

    fn has_room(&self, message: &Message) -> bool {
        self.kept.0 < MOST && self.kept.1.saturating_add(message.size()) <= MOST_BYTES
    }

    fn keep(&mut self, message: &Message) {
        self.kept = (self.kept.0 + 1, self.kept.1 + message.size());
    }

    /// There may be a gap in this topic. What was kept of it makes room for others.
    fn overflow(&mut self, topic: &Topic) {
        let Some(carried) = self.topics.get_mut(topic) else { return };
        if std::mem::replace(&mut carried.over, true) {
            return;
        }
        carried.shared_from = 0;
        let heard = std::mem::take(&mut carried.heard);
        let news = self.news.extract_if(.., |(of, _)| of == topic).map(|(_, message)| message);
        for message in heard.into_iter().chain(news) {
            self.kept = (self.kept.0 - 1, self.kept.1 - message.size());
        }
    }

    /// What the old stream brings from now on was published after the new server had confirmed the topics.
    pub(super) fn note_passed(&mut self) {
        self.topics.values_mut().for_each(|carried| carried.shared_from = carried.heard.len());
    }

    /// What the new stream has brought up to now comes by the old one, too, before its end. It is not called before the new
    /// stream has brought what the old one had when [`note_passed`](Self::note_passed) was called.
    pub(super) fn note_counts(&mut self) {
        self.topics.values_mut().for_each(|carried| carried.counted = carried.news);
    }

    /// Whether a message has come by the old stream that may come by the new one, too.
    pub(super) fn is_busy(&self) -> bool {
        self.topics.values().any(|carried| carried.over || !carried.heard.is_empty())
    }

    /// Once the new stream has brought all that the old one has: what only the new one has brought, in its order, and the
    /// topics in which there may be a gap.
    pub(super) fn align(self) -> (Vec<(Topic, Message)>, Vec<Topic>) {
        let mut news: HashMap<&Topic, Vec<&Message>> = HashMap::new();
        for (topic, message) in &self.news {
            news.entry(topic).or_default().push(message);
        }
        let mut shared = HashMap::new();
        let mut gaps = Vec::new();
        for (topic, carried) in &self.topics {
            let news = news.get(topic).map_or(&[][..], Vec::as_slice);
            let least = carried.counted.max(carried.heard.len() - carried.shared_from);
            match overlap(&carried.heard, news, least).filter(|_| !carried.over) {
                Some(number) => {
                    shared.insert(topic.clone(), number);
                }
                None => gaps.push(topic.clone()),
            }
        }
        let mut rest = self.news;
        rest.retain(|(topic, _)| match shared.get_mut(topic) {
            Some(0) => true,
            Some(number) => {
                *number -= 1;
                false
            }
            None => false,
        });
        (rest, gaps)
    }
}

/// How many of the last messages of `heard` are the first ones of `news`: `least` or more. `None` if more than one number
/// fits, or none.
fn overlap(heard: &[Message], news: &[&Message], least: usize) -> Option<usize> {
    let shorter = borders(news);
    let mut fits = 0;
    for message in heard {
        fits = extend(news, &shorter, fits, message);
    }
    let mut found = None;
    while fits >= least {
        if found.replace(fits).is_some() {
            return None;
        }
        match fits {
            0 => break,
            _ => fits = shorter[fits - 1],
        }
    }
    found
}

/// For each beginning of `news`: how many of its first messages are its last ones, too, at most and not all.
fn borders(news: &[&Message]) -> Vec<usize> {
    let mut borders = vec![0; news.len()];
    for at in 1..news.len() {
        borders[at] = extend(news, &borders, borders[at - 1], news[at]);
    }
    borders
}

/// The first `fits` messages of `news` were the last ones. How many are once `message` has come.
fn extend(news: &[&Message], borders: &[usize], mut fits: usize, message: &Message) -> usize {
    loop {
        match news.get(fits) {
            Some(next) if *next == message => return fits + 1,
            _ if fits == 0 => return 0,
            _ => fits = borders[fits - 1],
        }
    }
}

#[cfg(test)]
mod tests;
