//! Maintenance that a server pushes to its connections (`CLIENT MAINT_NOTIFICATIONS`).

use std::{ops::RangeInclusive, time::Duration};

use redmux_transport::Endpoint;

use super::kinds::{LONGEST_NOTICE, NotificationType, truncate};
use crate::resp::{Frame, Items, Reply};

/// Moves, ranges of slots and names of shards that are read of one notice; a cluster has 16,384 slots.
const MOST_PARTS: usize = 16_384;

/// Names of shards that are kept, and the bytes of each.
const MOST_SHARDS: usize = 64;
const LONGEST_SHARD: usize = 64;

/// How deep a notice may be nested; those of servers have one level of lists in a list.
const DEEPEST: usize = 3;

const SLOTS: u16 = 16_384;

/// Slots of a cluster that have moved from one node to another
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SlotMigration {
    /// The node that served them, if the notice names it.
    pub from: Option<Endpoint>,
    /// The node that serves them now, if the notice names it.
    pub to: Option<Endpoint>,
    /// The slots, 0 to 16383, as ranges in the order of the notice.
    pub slots: Vec<RangeInclusive<u16>>,
}

/// A notice that a server pushed
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Notice {
    pub(crate) kind: NotificationType,
    pub(crate) sequence: Option<u64>,
    /// The time until the server does what it announces, or within which it does.
    pub(crate) time: Option<Duration>,
    /// Where connections are to go.
    pub(crate) target: Option<Endpoint>,
    /// It says that connections are to go where the name leads; without this and a target it is malformed.
    pub(crate) by_name: bool,
    pub(crate) slots: Vec<SlotMigration>,
    pub(crate) shards: Vec<String>,
    pub(crate) raw: String,
}

const PUSHED: [(&str, NotificationType); 7] = [
    ("MOVING", NotificationType::Moving),
    ("MIGRATING", NotificationType::Migrating),
    ("MIGRATED", NotificationType::Migrated),
    ("FAILING_OVER", NotificationType::FailingOver),
    ("FAILED_OVER", NotificationType::FailedOver),
    ("SMIGRATING", NotificationType::SlotsMigrating),
    ("SMIGRATED", NotificationType::SlotsMigrated),
];

impl NotificationType {
    /// The notice that this is the first word of.
    fn of_push(word: &[u8]) -> Option<Self> {
        let known = PUSHED.iter().find(|(name, _)| name.as_bytes().eq_ignore_ascii_case(word))?;
        Some(known.1)
    }

    /// The word by which servers push it.
    pub(crate) fn word(self) -> Option<&'static str> {
        Some(PUSHED.iter().find(|(_, kind)| *kind == self)?.0)
    }

    /// Whether it begins a time in which the server is slow or away.
    pub(crate) fn opens(self) -> bool {
        use NotificationType::{FailingOver, Migrating, Moving, SlotsMigrating};
        matches!(self, Moving | Migrating | FailingOver | SlotsMigrating)
    }

    /// The notice that begins what this one ends.
    pub(crate) fn begun_by(self) -> Option<Self> {
        match self {
            Self::Migrated => Some(Self::Migrating),
            Self::FailedOver => Some(Self::FailingOver),
            Self::SlotsMigrated => Some(Self::SlotsMigrating),
            _ => None,
        }
    }
}

impl Notice {
    /// Reads a push; `None` if it is about something else.
    ///
    /// Servers leave parts out or write them in other ways: what is missing or malformed is left out here, too.
    pub(crate) fn read(frame: &Frame) -> Option<Self> {
        let mut items = frame.reply().items()?;
        let kind = NotificationType::of_push(&items.next()?.as_bytes()?)?;
        let mut notice = Self {
            kind,
            sequence: None,
            time: None,
            target: None,
            by_name: false,
            slots: Vec::new(),
            shards: Vec::new(),
            raw: kind.word().unwrap_or_default().to_owned(),
        };
        write_items(&mut notice.raw, items.clone(), 0);
        truncate(&mut notice.raw, LONGEST_NOTICE);
        let mut items = items.peekable();
        let mut number = |wanted: bool| {
            let found = items.peek().filter(|_| wanted).and_then(whole);
            if found.is_some() {
                items.next();
            }
            found
        };
        notice.sequence = number(true);
        notice.time = number(kind.opens() && kind != NotificationType::SlotsMigrating)
            .map(|seconds| Duration::from_secs(seconds.min(u64::from(u32::MAX))));
        let rest: Vec<Reply<'_>> = items.take(MOST_PARTS).collect();
        match kind {
            NotificationType::Moving => {
                notice.by_name = rest.first().is_some_and(Reply::is_null);
                notice.target = rest.first().and_then(text).and_then(|text| address(&text));
            }
            NotificationType::SlotsMigrating => {
                let slots: Vec<_> = texts(&rest).iter().flat_map(|text| ranges(text)).collect();
                if !slots.is_empty() {
                    notice.slots = vec![SlotMigration { from: None, to: None, slots }];
                }
            }
            NotificationType::SlotsMigrated => notice.slots = migrations(&rest),
            _ => {
                notice.shards = texts(&rest);
                notice.shards.truncate(MOST_SHARDS);
                notice.shards.iter_mut().for_each(|name| truncate(name, LONGEST_SHARD));
            }
        }
        Some(notice)
    }
}

/// A number as such, or as text.
fn whole(reply: &Reply<'_>) -> Option<u64> {
    match reply.as_i64() {
        Some(number) => u64::try_from(number).ok(),
        None => text(reply)?.parse().ok(),
    }
}

fn text(reply: &Reply<'_>) -> Option<String> {
    let bytes = reply.as_bytes()?;
    Some(String::from_utf8_lossy(&bytes[..bytes.len().min(LONGEST_NOTICE * 64)]).into_owned())
}

/// All texts and numbers, those of lists too, in their order.
fn texts(replies: &[Reply<'_>]) -> Vec<String> {
    fn add(all: &mut Vec<String>, reply: &Reply<'_>, depth: usize) {
        if all.len() >= MOST_PARTS {
            return;
        }
        if let Some(text) = text(reply) {
            all.push(text);
        } else if let Some(number) = reply.as_i64() {
            all.push(number.to_string());
        } else if let Some(items) = reply.items()
            && depth < DEEPEST
        {
            items.for_each(|item| add(all, &item, depth + 1));
        }
    }
    let mut all = Vec::new();
    replies.iter().for_each(|reply| add(&mut all, reply, 0));
    all
}

/// `source`, `destination` and `slots` of each move; servers have sent them in lists, and one behind the other.
fn migrations(replies: &[Reply<'_>]) -> Vec<SlotMigration> {
    let words = texts(replies);
    let mut moves = Vec::new();
    let mut addresses: Vec<&str> = Vec::new();
    for word in &words {
        let slots = ranges(word);
        if slots.is_empty() {
            addresses.push(word);
            continue;
        }
        let mut known = addresses.drain(..).rev();
        let to = known.next().and_then(address);
        let from = known.next().and_then(address);
        drop(known);
        moves.push(SlotMigration { from, to, slots });
    }
    moves
}

/// `123,456,789-1000`; what is no slot is left out.
fn ranges(text: &str) -> Vec<RangeInclusive<u16>> {
    let range = |part: &str| {
        let part = part.trim();
        let (start, end) = part.split_once('-').unwrap_or((part, part));
        let (start, end) = (start.trim().parse::<u16>().ok()?, end.trim().parse::<u16>().ok()?);
        (start <= end && end < SLOTS).then_some(start..=end)
    };
    text.split([',', ' ']).filter_map(range).take(MOST_PARTS).collect()
}

/// `host:port`, where the host may be an IPv6 address with or without brackets.
fn address(text: &str) -> Option<Endpoint> {
    let text = text.trim();
    if text.len() > LONGEST_NOTICE || text.contains("://") || text.starts_with("unix:") {
        return None;
    }
    let (host, port) = text.rsplit_once(':')?;
    let port: u16 = port.parse().ok().filter(|port| *port != 0)?;
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    if let Some(host) = bare.or(Some(host)).filter(|host| host.contains(':')) {
        host.parse::<std::net::Ipv6Addr>().ok()?;
        return Some(Endpoint::tcp(host, port));
    }
    // The rules of an endpoint are those of a connection string.
    format!("{host}:{port}").parse().ok()
}

/// The words in one line, a list in brackets.
fn write_items(line: &mut String, items: Items<'_>, depth: usize) {
    for (place, item) in items.enumerate() {
        if line.len() > LONGEST_NOTICE {
            return;
        }
        if depth == 0 || place > 0 {
            line.push(' ');
        }
        if item.is_null() {
            line.push_str("null");
        } else if let Some(text) = text(&item) {
            line.push_str(&text);
        } else if let Some(number) = item.as_i64() {
            line.push_str(&number.to_string());
        } else if let Some(items) = item.items()
            && depth < DEEPEST
        {
            line.push('[');
            write_items(line, items, depth + 1);
            line.push(']');
        } else {
            line.push('?');
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Writes a push as the servers do; `null` and lists as RESP3 has them, `:1` a number.
    fn push(words: &str) -> Frame {
        let mut bytes = Vec::new();
        let words: Vec<&str> = words.split_whitespace().collect();
        bytes.extend_from_slice(format!(">{}\r\n", words.len()).as_bytes());
        for word in words {
            bytes.extend_from_slice(&value(word));
        }
        Frame::copy_from_slice(&bytes)
    }

    fn value(word: &str) -> Vec<u8> {
        if word == "null" {
            return b"_\r\n".to_vec();
        }
        if let Some(inner) = word.strip_prefix('(').and_then(|word| word.strip_suffix(')')) {
            let lists: Vec<&str> = inner.split(';').collect();
            let mut bytes = format!("*{}\r\n", lists.len()).into_bytes();
            for list in lists {
                let parts: Vec<&str> = list.split('|').collect();
                bytes.extend_from_slice(format!("*{}\r\n", parts.len()).as_bytes());
                parts.iter().for_each(|part| bytes.extend_from_slice(&value(part)));
            }
            return bytes;
        }
        match word.strip_prefix(':') {
            Some(number) if number.parse::<i64>().is_ok() => format!(":{number}\r\n").into_bytes(),
            _ => format!("${}\r\n{word}\r\n", word.len()).into_bytes(),
        }
    }

    fn read(words: &str) -> Notice {
        Notice::read(&push(words)).unwrap_or_else(|| panic!("{words} is no notice"))
    }

    #[test]
    fn a_move_has_its_number_its_time_and_its_address() {
        use NotificationType::Moving;
        let tcp = Endpoint::tcp;
        for (words, sequence, time, target) in [
            ("MOVING :15 :30 10.0.0.1:12000", Some(15), Some(30), Some(tcp("10.0.0.1", 12000))),
            (
                "MOVING 15 30 node-2.example:12000",
                Some(15),
                Some(30),
                Some(tcp("node-2.example", 12000)),
            ),
            ("moving :15 :30 null", Some(15), Some(30), None),
            ("MOVING :15 :30", Some(15), Some(30), None),
            ("MOVING :15 :30 [::1]:12000", Some(15), Some(30), Some(tcp("::1", 12000))),
            ("MOVING :15 :30 fe80::2:12000", Some(15), Some(30), Some(tcp("fe80::2", 12000))),
            ("MOVING :15 null 10.0.0.1:12000", Some(15), None, None),
            ("MOVING :15 10.0.0.1:12000", Some(15), None, Some(tcp("10.0.0.1", 12000))),
            ("MOVING 10.0.0.1:12000", None, None, Some(tcp("10.0.0.1", 12000))),
            ("MOVING", None, None, None),
            ("MOVING :-1 :-2 :-3", None, None, None),
            ("MOVING :15 :30 10.0.0.1:0", Some(15), Some(30), None),
            ("MOVING :15 :30 10.0.0.1:99999", Some(15), Some(30), None),
            ("MOVING :15 :30 unix:/tmp/s:1", Some(15), Some(30), None),
            ("MOVING :15 :30 ws://evil.example:1", Some(15), Some(30), None),
            ("MOVING :15 :30 (a|b)", Some(15), Some(30), None),
        ] {
            let notice = read(words);
            let time = time.map(Duration::from_secs);
            assert_eq!(
                (notice.kind, notice.sequence, notice.time, notice.target),
                (Moving, sequence, time, target),
                "{words}"
            );
        }
    }

    #[test]
    fn a_move_without_an_address_says_so_or_is_malformed() {
        assert!(read("MOVING :15 :30 null").by_name);
        for words in ["MOVING", "MOVING :15 :30", "MOVING :15 :30 nowhere", "MOVING :1 :2 a:1"] {
            assert!(!read(words).by_name, "{words}");
        }
    }

    #[test]
    fn what_opens_and_what_ends_a_migration_or_a_failover() {
        use NotificationType::*;
        for (words, kind, time, shards) in [
            ("MIGRATING :1 :10 (1|2)", Migrating, Some(10), &["1", "2"][..]),
            ("MIGRATING :1 :10 shard-1", Migrating, Some(10), &["shard-1"]),
            ("MIGRATED :2 (1)", Migrated, None, &["1"]),
            ("FAILING_OVER :3 :5 1", FailingOver, Some(5), &["1"]),
            ("FAILED_OVER :4 shard-1", FailedOver, None, &["shard-1"]),
            ("FAILED_OVER", FailedOver, None, &[]),
        ] {
            let notice = read(words);
            let time = time.map(Duration::from_secs);
            assert_eq!((notice.kind, notice.time), (kind, time), "{words}");
            assert_eq!(notice.shards, shards, "{words}");
            assert_eq!(kind.opens(), matches!(kind, Migrating | FailingOver));
        }
        assert_eq!(FailedOver.begun_by(), Some(FailingOver));
        assert_eq!(Moving.begun_by(), None);
    }

    #[test]
    fn moved_slots_are_read_from_lists_and_from_one_line() {
        let a = Some(Endpoint::tcp("10.0.0.1", 7000));
        let b = Some(Endpoint::tcp("10.0.0.2", 7001));
        for words in [
            "SMIGRATED :7 (10.0.0.1:7000|10.0.0.2:7001|123,456,789-1000)",
            "SMIGRATED :7 10.0.0.1:7000 10.0.0.2:7001 123,456,789-1000",
            "SMIGRATED 7 (10.0.0.1:7000|10.0.0.2:7001|123,456,789-1000)",
        ] {
            let notice = read(words);
            assert_eq!(notice.sequence, Some(7), "{words}");
            let slots = vec![123..=123, 456..=456, 789..=1000];
            let from = a.clone();
            assert_eq!(notice.slots, [SlotMigration { from, to: b.clone(), slots }], "{words}");
        }
        let two =
            read("SMIGRATED :8 (10.0.0.1:7000|10.0.0.2:7001|1;10.0.0.2:7001|10.0.0.1:7000|2-3)");
        assert_eq!(two.slots.len(), 2);
        assert_eq!((two.slots[1].from.clone(), two.slots[1].to.clone()), (b.clone(), a));
        // A source that is missing, and triplets that are none.
        let notice = read("SMIGRATED :9 (10.0.0.2:7001|5;x|y;z|20000|9-3;nowhere|6)");
        let known: Vec<_> = notice.slots.iter().map(|moved| (&moved.to, &moved.slots)).collect();
        assert_eq!(known, [(&b, &vec![5..=5]), (&None, &vec![6..=6])]);
        let moving = read("SMIGRATING :6 123,456,789-1000");
        assert_eq!(moving.slots[0].slots, [123..=123, 456..=456, 789..=1000]);
        assert_eq!((moving.sequence, moving.time), (Some(6), None));
    }

    #[test]
    fn other_pushes_are_no_notices_and_the_raw_text_is_one_line() {
        for other in ["message c p", "invalidate null", "MOVED :1 a:1", "x"] {
            assert_eq!(Notice::read(&push(other)), None, "{other}");
        }
        assert_eq!(read("MOVING :15 :30 null").raw, "MOVING 15 30 null");
        let raw = read("SMIGRATED :7 (a:1|b:2|1-2)").raw;
        assert_eq!(raw, "SMIGRATED 7 [[a:1 b:2 1-2]]");
        let long = read(&format!("MIGRATED :1 {}", "x".repeat(5000)));
        assert_eq!((long.raw.len(), long.shards[0].len()), (LONGEST_NOTICE, LONGEST_SHARD));
    }

    proptest! {
        #[test]
        fn any_push_is_read_without_a_panic_and_within_its_bounds(
            words in proptest::collection::vec("(:-?[0-9]{1,22}|[0-9,.:\\[\\]-]{1,30}|null|\\([a-z0-9:|;,-]{1,40}\\)|é{1,3})", 0..8),
            kind in 0..PUSHED.len(),
        ) {
            let line = format!("{} {}", PUSHED[kind].0, words.join(" "));
            let notice = Notice::read(&push(&line)).unwrap();
            prop_assert!(notice.raw.len() <= LONGEST_NOTICE && notice.shards.len() <= MOST_SHARDS);
            for moved in &notice.slots {
                prop_assert!(moved.slots.iter().all(|range| range.start() <= range.end() && *range.end() < SLOTS));
            }
        }
    }
}
