//! Keys of all types, each with marks of its own in its value.

use std::collections::BTreeSet;

use crate::{
    Rights,
    link::{Link, Words},
    random::Random,
};

pub(crate) struct World {
    keys: Vec<Key>,
}

struct Key {
    name: String,
    kind: &'static str,
}

/// Names that arguments are made of, with their types
pub(crate) struct Names<'w> {
    own: Vec<(&'static str, &'w str)>,
    foreign: Vec<(&'static str, &'w str)>,
}

impl<'w> Names<'w> {
    /// Mostly one of this type, mostly one that something may be done with.
    pub(crate) fn pick(&self, random: &mut Random, kind: &str) -> &'w str {
        let own = self.foreign.is_empty() || random.percent(70);
        let among = if own { &self.own } else { &self.foreign };
        let fitting = |(of, _): &&(&str, &str)| match kind {
            // Counters are texts too.
            "string" => matches!(*of, "string" | "number"),
            kind => *of == kind,
        };
        let fitting: Vec<&str> = match random.percent(75) {
            true => among.iter().filter(fitting).map(|(_, name)| *name).collect(),
            false => Vec::new(),
        };
        match fitting.is_empty() {
            true => among[random.below(among.len())].1,
            false => random.pick(&fitting),
        }
    }
}

/// What makes a key `K` of each type; `M` is a mark that is a text, `N` one that is a number.
const KINDS: &[(&str, &[&str])] = &[
    ("string", &["SET K M"]),
    ("number", &["SET K N"]),
    ("list", &["RPUSH K M N x"]),
    ("hash", &["HSET K f M m N x 1"]),
    ("set", &["SADD K M x 1"]),
    ("zset", &["ZADD K N m 1 M 2 x"]),
    (
        "stream",
        &[
            "XADD K 1-1 f M",
            "XADD K 1-2 f N",
            "XGROUP CREATE K g 0",
            "XGROUP CREATE K streams 0",
            "XGROUP CREATE K group 0",
            "XGROUP CREATE K gx 0",
            "XREADGROUP GROUP g x COUNT 1 STREAMS K >",
        ],
    ),
    ("geo", &["GEOADD K 13 38 M 13.1 38 m"]),
    ("hll", &["PFADD K a b c"]),
    // Those of modules are where these are.
    ("json", &["JSON.SET K $ {\"f\":\"M\",\"x\":[1,N]}"]),
    ("series", &["TS.CREATE K LABELS f x", "TS.ADD K 1 N"]),
    ("bloom", &["BF.ADD K m"]),
    ("cuckoo", &["CF.ADD K m"]),
    ("sketch", &["CMS.INITBYDIM K 10 2", "CMS.INCRBY K m N"]),
    ("top", &["TOPK.RESERVE K 3", "TOPK.ADD K M"]),
    ("digest", &["TDIGEST.CREATE K", "TDIGEST.ADD K N"]),
    ("vectors", &["VADD K VALUES 2 1 N M"]),
];

/// Keys that are called like keywords.
const KEYWORDS: &[&str] = &[
    "streams", "STREAMS", "store", "STORE", "group", "count", "by", "get", "keys", "match",
    "limit", "1", "0", ">",
];

/// Names that are never given: who sees one was shown it.
const HIDDEN: &str = "zhidden";

impl World {
    pub(crate) fn new(rights: &Rights) -> Self {
        let own = rights.read.iter().chain(rights.write).filter(|prefix| **prefix != "*");
        let prefixes: BTreeSet<&str> = own.copied().chain(["z:"]).collect();
        let mut keys = Vec::new();
        for prefix in prefixes {
            keys.extend(
                KINDS.iter().map(|(kind, _)| Key { name: format!("{prefix}{kind}"), kind }),
            );
        }
        // The first types are those with most commands.
        let kinds = KINDS.iter().map(|(kind, _)| *kind).take(7).cycle();
        let keywords = KEYWORDS.iter().zip(kinds.clone().skip(3));
        keys.extend(keywords.map(|(name, kind)| Key { name: (*name).to_owned(), kind }));
        keys.extend(
            (0..7).zip(kinds).map(|(at, kind)| Key { name: format!("{HIDDEN}{at}"), kind }),
        );
        Self { keys }
    }

    pub(crate) fn names<'w>(&'w self, rights: &Rights) -> Names<'w> {
        let shown = self.keys.iter().filter(|key| !key.name.starts_with(HIDDEN));
        let all: Vec<_> = shown.map(|key| (key.kind, key.name.as_str())).collect();
        let is_own = |(_, name): &(&str, &str)| {
            rights.may_read(name.as_bytes()) || rights.may_write(name.as_bytes())
        };
        let (own, foreign) = all.into_iter().partition(is_own);
        Names { own, foreign }
    }

    pub(crate) fn build(&self, link: &mut Link) {
        let mut commands = vec![words("FLUSHALL"), words("SELECT 0")];
        for (number, key) in self.keys.iter().enumerate() {
            let (_, lines) = KINDS.iter().find(|(kind, _)| *kind == key.kind).unwrap();
            for line in *lines {
                let filled = line.split(' ').map(|word| match word {
                    "K" => key.name.clone(),
                    "M" => text_mark(number),
                    "N" => number_mark(number),
                    // Inside of a JSON text.
                    other => other
                        .replace("\"M\"", &format!("\"{}\"", text_mark(number)))
                        .replace(",N]", &format!(",{}]", number_mark(number))),
                });
                commands.push(filled.map(String::into_bytes).collect());
            }
        }
        link.ask_all(&commands);
    }

    /// All keys as they are, as far as servers tell.
    pub(crate) fn fingerprint(&self, link: &mut Link) -> Vec<Vec<u8>> {
        let mut commands = Vec::new();
        for key in &self.keys {
            let name = &key.name;
            commands.push(vec![
                b"DEBUG".to_vec(),
                b"DIGEST-VALUE".to_vec(),
                name.clone().into_bytes(),
            ]);
            commands.push(vec![b"PTTL".to_vec(), name.clone().into_bytes()]);
            commands.push(match key.kind {
                "stream" => vec![b"XINFO".to_vec(), b"GROUPS".to_vec(), name.clone().into_bytes()],
                // A digest is something that modules may leave out.
                "json" | "series" | "bloom" | "cuckoo" | "sketch" | "top" | "digest"
                | "vectors" => {
                    vec![b"DUMP".to_vec(), name.clone().into_bytes()]
                }
                _ => words("PING"),
            });
        }
        link.ask_all(&commands)
    }

    /// What has changed that may not be written.
    pub(crate) fn changes(
        &self,
        link: &mut Link,
        rights: &Rights,
        before: &[Vec<u8>],
    ) -> Option<String> {
        let after = self.fingerprint(link);
        let looks = before.chunks(3).zip(after.chunks(3));
        for (key, (before, after)) in self.keys.iter().zip(looks) {
            if !rights.may_write(key.name.as_bytes()) && before != after {
                return Some(format!("changes {:?}", key.name));
            }
        }
        for database in ["0", "1", "2", "3"] {
            link.ask_line(&format!("SELECT {database}"));
            let found = link.ask_line("KEYS *");
            for name in found.as_slice().unwrap().iter().filter_map(|name| name.as_bytes()) {
                let known =
                    database == "0" && self.keys.iter().any(|key| key.name.as_bytes() == name);
                let allowed = rights.may_write(name) && matches!(database, "0" | "3");
                if !known && !allowed {
                    let name = name.escape_ascii().to_string();
                    link.ask_line("SELECT 0");
                    return Some(format!("makes {name:?} in database {database}"));
                }
            }
        }
        link.ask_line("SELECT 0");
        None
    }

    /// What a reply shows that may not be read.
    pub(crate) fn leak(&self, rights: &Rights, reply: &[u8]) -> Option<String> {
        let digits = |bytes: &[u8]| std::str::from_utf8(bytes).ok()?.parse::<usize>().ok();
        for at in 0..reply.len() {
            let rest = &reply[at..];
            let number = match rest {
                [b'M', b'A', b'R', b'K', number @ ..] if number.len() >= 5 => digits(&number[..5]),
                [b'7', b'7', number @ ..] if number.len() >= 7 && &number[5..7] == b"77" => {
                    let found = digits(&number[..5]);
                    (0..self.keys.len()).find(|key| found == Some(scattered(*key)))
                }
                _ => None,
            };
            if let Some(key) = number.and_then(|number| self.keys.get(number))
                && !rights.may_read(key.name.as_bytes())
            {
                return Some(format!("the value of {:?}", key.name));
            }
            if rest.starts_with(HIDDEN.as_bytes()) && !rights.may_read(HIDDEN.as_bytes()) {
                return Some("the name of a key".to_owned());
            }
        }
        None
    }
}

fn text_mark(number: usize) -> String {
    format!("MARK{number:05}")
}

fn number_mark(number: usize) -> String {
    format!("77{:05}77", scattered(number))
}

/// Sums of marks, weighted or not, are no marks.
fn scattered(number: usize) -> usize {
    (number * number * 7919 + number * 131 + 31_415) % 100_000
}

fn words(line: &str) -> Words {
    line.split(' ').map(|word| word.as_bytes().to_vec()).collect()
}
