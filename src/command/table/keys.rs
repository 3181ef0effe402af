//! Where keys are among the words of a command.

use smallvec::SmallVec;

use crate::resp::Arg;

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
                let mut at = from?;
                while let Some(found) = position_of(name, words, at, &[keyword]) {
                    let first = found + 1;
                    match rest {
                        // Given twice, the last one counts: both are told.
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
    // An empty first key stands for those behind `KEYS`.
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

/// The number that this word is.
pub(super) fn count_at(words: &[Arg<'_>], index: usize) -> Option<usize> {
    std::str::from_utf8(words.get(index)?.as_bytes()).ok()?.parse().ok()
}

/// The number at the beginning of a text, and what is behind it.
fn number(text: &str) -> (Option<usize>, &str) {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    (text[..end].parse().ok(), &text[end..])
}

/// Where one of these keywords is, from this word on; it is not looked for among the values of
/// other options.
pub(in crate::command) fn position_of(
    name: &str,
    words: &[Arg<'_>],
    from: usize,
    keywords: &[&str],
) -> Option<usize> {
    let is =
        |word: &Arg<'_>, keyword: &str| word.as_bytes().eq_ignore_ascii_case(keyword.as_bytes());
    let values: &[(&str, usize)] = match name {
        "SORT" | "SORT_RO" => &[("LIMIT", 2), ("BY", 1), ("GET", 1), ("STORE", 1)],
        "MIGRATE" => &[("AUTH", 1), ("AUTH2", 2)],
        "SCAN" | "CLUSTERSCAN" => &[("MATCH", 1), ("COUNT", 1), ("TYPE", 1), ("SLOT", 1)],
        _ => &[],
    };
    let mut at = from;
    loop {
        let word = words.get(at)?;
        if keywords.iter().any(|keyword| is(word, keyword)) {
            return Some(at);
        }
        let skipped = values.iter().find(|(option, _)| is(word, option));
        at += 1 + skipped.map_or(0, |(_, values)| *values);
    }
}

/// What is done with the key depends on the options of these.
fn vary(name: &str, access: KeyAccess, words: &[Arg<'_>]) -> KeyAccess {
    let says = |from, keywords: &[&str]| position_of(name, words, from, keywords).is_some();
    match name {
        "SET" if !says(3, &["GET"]) => KeyAccess::Write,
        "BITFIELD" if !says(2, &["SET", "INCRBY"]) => KeyAccess::Read,
        _ => access,
    }
}
