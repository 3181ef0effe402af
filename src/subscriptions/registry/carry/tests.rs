use std::collections::{HashSet, VecDeque};

use bytes::Bytes;

use super::*;
use crate::connection::Verb;

/// What a server has sent on one of two connections
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sent {
    /// The message with this place in the log.
    Message(usize),
    Answer(usize),
}

/// A server, two connections to it on which everything takes time, and a client that goes from one to the other
struct World {
    random: u64,
    topics: usize,
    /// How many different messages are published; 0 if each is another one.
    kinds: usize,
    /// Each message: its topic and its text.
    log: Vec<(usize, usize)>,
    old: VecDeque<Sent>,
    new: VecDeque<Sent>,
    /// Topics that the server sends on the new connection.
    subscribed: HashSet<usize>,
    carry: Option<Carry>,
    /// The new connection is in use.
    gone_over: bool,
    /// What a listener gets; `Err` is a gap in a topic.
    heard: Vec<Result<(usize, usize), usize>>,
}

fn topic(number: usize) -> Topic {
    Topic { verb: Verb::Subscribe, name: Bytes::from(number.to_string()) }
}

fn message(topic: usize, text: usize) -> Message {
    let channel = Bytes::from(topic.to_string());
    Message { channel, pattern: None, payload: Bytes::from(text.to_string()) }
}

fn read(message: &Message) -> (usize, usize) {
    let text = message.text().parse().unwrap();
    (message.channel_text().parse().unwrap(), text)
}

fn session(number: u64) -> SessionId {
    SessionId { dedicated: false, number }
}

impl World {
    fn new(seed: u64, topics: usize, kinds: usize) -> Self {
        Self {
            random: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1,
            topics,
            kinds,
            log: Vec::new(),
            old: VecDeque::new(),
            new: VecDeque::new(),
            subscribed: HashSet::new(),
            carry: None,
            gone_over: false,
            heard: Vec::new(),
        }
    }

    fn below(&mut self, bound: usize) -> usize {
        self.random ^= self.random << 13;
        self.random ^= self.random >> 7;
        self.random ^= self.random << 17;
        (self.random >> 8) as usize % bound
    }

    fn publish(&mut self) {
        let topic = self.below(self.topics);
        let text = match self.kinds {
            0 => self.log.len(),
            kinds => self.below(kinds),
        };
        self.log.push((topic, text));
        let place = Sent::Message(self.log.len() - 1);
        self.old.push_back(place);
        if self.subscribed.contains(&topic) {
            self.new.push_back(place);
        }
    }

    /// The client reads from one of the connections; the number of the answer that it finds.
    fn read(&mut self, from_old: bool) -> Option<usize> {
        let stream = if from_old { &mut self.old } else { &mut self.new };
        let place = match stream.pop_front()? {
            Sent::Answer(number) => return Some(number),
            Sent::Message(place) => place,
        };
        let (of, text) = self.log[place];
        let (topic, message) = (topic(of), message(of, text));
        let listened = if from_old == self.gone_over {
            self.carry.as_mut().unwrap().take_news(&topic, &message);
            false
        } else {
            self.carry.as_mut().is_none_or(|carry| carry.passes(&topic, &message))
        };
        if listened {
            self.heard.push(Ok((of, text)));
        }
        None
    }

    /// Things happen, in no order.
    fn live(&mut self) {
        for _ in 0..self.below(6) {
            match self.below(3) {
                0 => self.publish(),
                1 if self.gone_over => {}
                1 if matches!(self.old.front(), Some(Sent::Message(_))) => {
                    assert_eq!(self.read(true), None);
                }
                2 if matches!(self.new.front(), Some(Sent::Message(_))) => {
                    assert_eq!(self.read(false), None);
                }
                _ => {}
            }
        }
    }

    /// Reads until this answer has come.
    fn await_answer(&mut self, on_old: bool, number: usize) {
        loop {
            self.live();
            if self.read(on_old) == Some(number) {
                return;
            }
        }
    }

    fn confirm(&mut self, number: usize) {
        self.carry.as_mut().unwrap().topics.get_mut(&topic(number)).unwrap().confirmed = true;
    }

    fn run(&mut self) {
        self.live();
        let topics: Vec<Topic> = (0..self.topics).map(topic).collect();
        self.carry = Some(Carry::new(session(1), 0, topics.into_iter()));
        self.live();
        for number in 0..self.topics {
            self.live();
            self.subscribed.insert(number);
            self.new.push_back(Sent::Answer(number));
        }
        for number in 0..self.topics {
            self.await_answer(false, number);
            self.confirm(number);
        }
        self.live();
        self.old.push_back(Sent::Answer(100));
        self.await_answer(true, 100);
        self.live();
        self.carry.as_mut().unwrap().note_passed();
        self.live();
        self.new.push_back(Sent::Answer(103));
        self.await_answer(false, 103);
        self.live();
        self.carry.as_mut().unwrap().note_counts();
        self.live();
        self.old.push_back(Sent::Answer(101));
        self.await_answer(true, 101);
        self.live();
        self.gone_over = true;
        let mut carry = self.carry.take().unwrap();
        if carry.is_busy() {
            carry.stage = Stage::Aligning { ticket: 1 };
            self.carry = Some(carry);
            self.live();
            self.new.push_back(Sent::Answer(102));
            self.await_answer(false, 102);
            carry = self.carry.take().unwrap();
        }
        let (news, gaps) = carry.align();
        for topic in gaps {
            self.heard.push(Err(String::from_utf8_lossy(&topic.name).parse().unwrap()));
        }
        self.heard.extend(news.iter().map(|(_, message)| Ok(read(message))));
        self.live();
        while !self.new.is_empty() {
            self.read(false);
        }
    }

    /// Each topic was heard in full and once, but for what is missing at the place of a gap; the topics with one.
    fn check(&self) -> usize {
        let mut gaps = 0;
        for topic in 0..self.topics {
            let sent: Vec<usize> =
                self.log.iter().filter(|(of, _)| *of == topic).map(|(_, text)| *text).collect();
            let of_topic = |item: &&Result<(usize, usize), usize>| match item {
                Ok((of, _)) | Err(of) => *of == topic,
            };
            let items: Vec<_> = self.heard.iter().filter(of_topic).collect();
            let mut parts = items.split(|item| item.is_err());
            let text = |item: &&Result<(usize, usize), usize>| item.unwrap().1;
            let before: Vec<usize> = parts.next().unwrap().iter().map(text).collect();
            let Some(after) = parts.next() else {
                assert_eq!(before, sent);
                continue;
            };
            gaps += 1;
            let after: Vec<usize> = after.iter().map(text).collect();
            assert!(parts.next().is_none(), "one gap");
            assert!(before.len() + after.len() <= sent.len(), "nothing is doubled");
            assert!(sent.starts_with(&before) && sent.ends_with(&after));
        }
        if gaps == 0 {
            let heard: Vec<_> = self.heard.iter().map(|item| item.unwrap()).collect();
            assert_eq!(heard, self.log, "in the order of the server, over all topics");
        }
        gaps
    }
}

#[test]
fn whatever_happens_when_each_message_is_heard_once_or_there_is_a_gap() {
    let mut gaps = [0; 4];
    for seed in 0..8000 {
        for (kinds, gaps) in gaps.iter_mut().enumerate() {
            let topics = 1 + seed as usize % 3;
            let mut world = World::new(4 * seed + kinds as u64, topics, kinds);
            world.run();
            *gaps += world.check();
        }
    }
    let [all_different, all_equal, two, three] = gaps;
    // Of 16000 topics.
    assert_eq!(all_different, 0);
    assert!(0 < three && three < two && two < all_equal && all_equal < 14000, "{gaps:?}");
}

#[test]
fn a_topic_that_does_not_fit_in_has_a_gap_and_others_have_room() {
    for large in [false, true] {
        let names = [topic(0), topic(1)];
        let mut carry = Carry::new(session(1), 0, names.iter().cloned());
        carry.topics.values_mut().for_each(|carried| carried.confirmed = true);
        let text = if large { "x".repeat(100_000) } else { String::new() };
        let flood = Message { payload: Bytes::from(text), ..message(0, 0) };
        let (before, after) = (message(1, 1), message(1, 2));
        carry.passes(&names[1], &before);
        carry.note_passed();
        for _ in 0..=MOST {
            carry.passes(&names[0], &flood);
            carry.take_news(&names[0], &flood);
            assert!(carry.kept.0 <= MOST && carry.kept.1 <= MOST_BYTES);
        }
        assert_eq!(carry.kept, (1, before.size()));
        carry.passes(&names[1], &after);
        carry.take_news(&names[1], &after);
        carry.take_news(&names[1], &message(1, 3));
        let (news, gaps) = carry.align();
        assert_eq!(news.iter().map(|(_, message)| read(message)).collect::<Vec<_>>(), [(1, 3)]);
        assert_eq!(gaps, [topic(0)]);
    }
}

#[test]
fn an_overlap_is_known_if_only_one_fits() {
    let messages = |text: &str| -> Vec<Message> {
        text.bytes().map(|letter| message(0, usize::from(letter))).collect()
    };
    for (heard, news, least, expected) in [
        ("", "", 0, Some(0)),
        ("", "abc", 0, Some(0)),
        ("abc", "", 0, Some(0)),
        ("abc", "def", 0, Some(0)),
        ("abc", "bcd", 1, Some(2)),
        // "bc" may have been published twice.
        ("abc", "bcd", 0, None),
        ("abc", "bcd", 2, Some(2)),
        ("abc", "bcd", 3, None),
        ("abc", "xbc", 1, None),
        ("aaa", "aaab", 3, Some(3)),
        ("aaa", "aaab", 2, None),
        ("abab", "ababx", 3, Some(4)),
        ("abab", "ababx", 1, None),
        ("xabcabc", "abcd", 1, Some(3)),
        ("abcx", "abc", 0, Some(0)),
        ("ab", "b", 1, Some(1)),
        ("b", "ba", 1, Some(1)),
    ] {
        let (heard, news) = (messages(heard), messages(news));
        let news: Vec<&Message> = news.iter().collect();
        assert_eq!(overlap(&heard, &news, least), expected);
    }
}
