//! Where keys are among the words of a command.

use smallvec::SmallVec;

use crate::Arg;

/// The keys of a command, in the order of the table
pub type Keys = SmallVec<[KeyAt; 4]>;

/// A key among the words of a command
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct KeyAt {
    /// Which word it is; the command's name is word 0.
    pub index: usize,
    /// What is done with it.
    pub access: KeyAccess,
}

/// What a command does with a key
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KeyAccess {
    /// It is read.
    Read,
    /// It is written, and nothing of it is given back.
    Write,
    /// It is read and written.
    ReadWrite,
    /// It is no key, but decides the slot in a cluster: a shard channel.
    Slot,
}

impl KeyAccess {
    /// Whether something of it is read.
    pub fn reads(self) -> bool {
        matches!(self, Self::Read | Self::ReadWrite)
    }

    /// Whether it may be changed.
    pub fn writes(self) -> bool {
        matches!(self, Self::Write | Self::ReadWrite)
    }

    fn parse(text: &str) -> Option<Self> {
        match text {
            "r" => Some(Self::Read),
            "w" => Some(Self::Write),
            "rw" => Some(Self::ReadWrite),
            "s" => Some(Self::Slot),
            _ => None,
        }
    }
}

/// The keys as the column of the table says; `None` if that cannot be told.
pub(super) fn keys(name: &str, column: &str, words: &[Arg<'_>]) -> Option<Keys> {
    let mut keys = Keys::new();
    if column == "-" {
        return Some(keys);
    }
    for part in column.split(", ") {
        let (place, access) = part.split_once(' ')?;
        let access = vary(name, KeyAccess::parse(access)?, words);
        let mut add = |index| keys.push(KeyAt { index, access });
        match place.split_once('@') {
            None => counted(place, words, add)?,
            Some((keyword, rest)) => {
                let (from, rest) = number(rest);
                // The group may come behind other options.
                let mut at = if name == "XREADGROUP" { 1 } else { from? };
                let options = options(name)?;
                loop {
                    let first = match look_for(&[keyword], options, words, at) {
                        Look::At(found) => found + 1,
                        Look::Nowhere => break,
                        // It may take a value that reads like the keyword.
                        Look::Unknown(_) => return None,
                    };
                    match rest {
                        // If the keyword occurs twice, the last one counts: both are keys.
                        "" => {
                            words.get(first)?;
                            add(first);
                            at = first + 1;
                            continue;
                        }
                        ".." => (first..words.len()).for_each(&mut add),
                        "..half" if (words.len() - first).is_multiple_of(2) => {
                            (first..(first + words.len()) / 2).for_each(&mut add);
                        }
                        _ => return None,
                    }
                    break;
                }
                // What has no keys without its keyword is incomplete.
                if rest == "..half" && keys.is_empty() {
                    return None;
                }
            }
        }
    }
    // An empty first key means that the keys are those behind `KEYS`.
    if name == "MIGRATE" && words.get(3).is_some_and(Arg::is_empty) {
        keys.remove(0);
    }
    Some(keys)
}

/// Keys whose places are given by numbers.
fn counted(place: &str, words: &[Arg<'_>], mut add: impl FnMut(usize)) -> Option<()> {
    let (first, rest) = number(place);
    let first = first?;
    if let Some(rest) = rest.strip_prefix('#') {
        let step = rest.strip_prefix('/').map_or(Some(1), |step| number(step).0)?;
        let count = count_at(words, first)?;
        let end = count.checked_mul(step)?.checked_add(first + 1)?;
        if end > words.len() {
            return None;
        }
        (first + 1..end).step_by(step).for_each(add);
    } else if let Some(rest) = rest.strip_prefix("..") {
        let step = rest.strip_prefix('/').map_or(Some(1), |step| number(step).0)?;
        let without = rest.strip_prefix('-').map_or(Some(0), |without| number(without).0)?;
        let end = words.len().checked_sub(without)?;
        (first..end).step_by(step).for_each(add);
    } else {
        words.get(first)?;
        add(first);
    }
    Some(())
}

/// The number that this word is, written as servers take it: no sign, no zeros before it.
pub(super) fn count_at(words: &[Arg<'_>], index: usize) -> Option<usize> {
    let digits = words.get(index)?.as_bytes();
    let plain = digits == b"0" || matches!(digits, [b'1'..=b'9', ..]);
    std::str::from_utf8(digits).ok().filter(|_| plain)?.parse().ok()
}

/// The number at the beginning of a text, and what is behind it.
fn number(text: &str) -> (Option<usize>, &str) {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    (text[..end].parse().ok(), &text[end..])
}

/// Options of a command, and how many values each has
pub type Options = &'static [(&'static str, usize)];

/// The options of `XREAD` and `XREADGROUP`; the streams are the last.
pub const READING: Options = &[
    ("STREAMS", 0),
    ("GROUP", 2),
    ("COUNT", 1),
    ("BLOCK", 1),
    ("CLAIM", 1),
    ("MAXCOUNT", 1),
    ("MAXSIZE", 1),
    ("NOACK", 0),
];

/// All options of the commands whose keys or patterns are behind some of them.
pub fn options(name: &str) -> Option<Options> {
    Some(match name {
        "XREAD" | "XREADGROUP" => READING,
        "SORT" | "SORT_RO" => &[
            ("BY", 1),
            ("GET", 1),
            ("STORE", 1),
            ("LIMIT", 2),
            ("ASC", 0),
            ("DESC", 0),
            ("ALPHA", 0),
        ],
        "GEORADIUS" | "GEORADIUSBYMEMBER" => &[
            ("STORE", 1),
            ("STOREDIST", 1),
            ("COUNT", 1),
            ("ANY", 0),
            ("ASC", 0),
            ("DESC", 0),
            ("WITHCOORD", 0),
            ("WITHDIST", 0),
            ("WITHHASH", 0),
        ],
        "MIGRATE" => &[("KEYS", 0), ("COPY", 0), ("REPLACE", 0), ("AUTH", 1), ("AUTH2", 2)],
        "SCAN" | "CLUSTERSCAN" => &[("MATCH", 1), ("COUNT", 1), ("TYPE", 1), ("SLOT", 1)],
        _ => return None,
    })
}

/// What came of looking for keywords
pub enum Look {
    /// One of them is at this word.
    At(usize),
    /// None of them is there.
    Nowhere,
    /// There is a word before them that is no option.
    Unknown(usize),
}

/// Where one of these keywords is, from this word on; not among the values of other options.
pub fn look_for(
    keywords: &[&str],
    options: &[(&str, usize)],
    words: &[Arg<'_>],
    from: usize,
) -> Look {
    let mut at = from;
    while let Some(word) = words.get(at) {
        if keywords.iter().any(|keyword| is(word, keyword)) {
            return Look::At(at);
        }
        match options.iter().find(|(option, _)| is(word, option)) {
            Some((_, values)) => at += 1 + values,
            None => return Look::Unknown(at),
        }
    }
    Look::Nowhere
}

/// Where one of these keywords is, from this word on; words that are no options are passed over.
pub(super) fn position_of(
    name: &str,
    words: &[Arg<'_>],
    from: usize,
    keywords: &[&str],
) -> Option<usize> {
    let options = options(name).unwrap_or_default();
    let mut at = from;
    loop {
        match look_for(keywords, options, words, at) {
            Look::At(found) => return Some(found),
            Look::Nowhere => return None,
            Look::Unknown(word) => at = word + 1,
        }
    }
}

pub(super) fn is(word: &Arg<'_>, keyword: &str) -> bool {
    word.as_bytes().eq_ignore_ascii_case(keyword.as_bytes())
}

/// What is done with the key depends on the options of these.
fn vary(name: &str, access: KeyAccess, words: &[Arg<'_>]) -> KeyAccess {
    let says = |from, keywords: &[&str]| position_of(name, words, from, keywords).is_some();
    match name {
        // A condition on the value tells what it is to a caller that guesses.
        "SET" if !says(3, &["GET", "IFEQ", "IFNE", "IFDEQ", "IFDNE"]) => KeyAccess::Write,
        "DELEX" if !says(2, &["IFEQ", "IFNE", "IFDEQ", "IFDNE"]) => KeyAccess::Write,
        "BITFIELD" if only_gets(words) => KeyAccess::Read,
        // It gives the new score back.
        "ZADD" if adds_to_a_score(words) => KeyAccess::ReadWrite,
        _ => access,
    }
}

/// Whether all operations of `BITFIELD` are `GET`s, as servers see it: a word too few makes a write.
fn only_gets(words: &[Arg<'_>]) -> bool {
    let mut at = 2;
    while let Some(word) = words.get(at) {
        at += match () {
            () if is(word, "GET") => 3,
            () if is(word, "OVERFLOW") => 2,
            () => return false,
        };
    }
    at == words.len()
}

/// Whether `INCR` is among the options of `ZADD`, which end at the first score.
pub(super) fn adds_to_a_score(words: &[Arg<'_>]) -> bool {
    let options = [("NX", 0), ("XX", 0), ("GT", 0), ("LT", 0), ("CH", 0)];
    matches!(look_for(&["INCR"], &options, words, 2), Look::At(_))
}
