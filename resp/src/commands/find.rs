//! Finds a command by its words: a hash table, made when the program is compiled.

use super::{CommandSpec, data, modules, server};

/// Twice as many places as commands, so that a search looks at one or two of them.
const PLACES: usize = 1024;

const NONE: u16 = u16::MAX;

/// Where the rows of the tables are: data, server, modules, counted on.
static INDEX: [u16; PLACES] = {
    let mut index = [NONE; PLACES];
    let mut number = 0;
    while let Some(spec) = row(number) {
        let mut place = place(hash(START, spec.name.as_bytes()));
        while index[place] != NONE {
            place = (place + 1) % PLACES;
        }
        index[place] = number;
        number += 1;
    }
    assert!((number as usize) < PLACES * 3 / 4, "the table of places is too small");
    index
};

/// No command has a longer name.
const LONGEST: usize = {
    let (mut longest, mut number) = (0, 0);
    while let Some(spec) = row(number) {
        if spec.name.len() > longest {
            longest = spec.name.len();
        }
        number += 1;
    }
    longest
};

/// The command that these words name together, in any case. What is behind them is not looked at.
pub(super) const fn find(name: &[u8], second: Option<&[u8]>) -> Option<&'static CommandSpec> {
    let mut length = name.len();
    if let Some(second) = second {
        length = length.saturating_add(1).saturating_add(second.len());
    }
    // The words are a stranger's: they may be as long as a value.
    if length > LONGEST {
        return None;
    }
    let mut sum = hash(START, name);
    if let Some(second) = second {
        sum = hash(hash(sum, b" "), second);
    }
    let mut place = place(sum);
    while let Some(spec) = row(INDEX[place]) {
        if is(spec.name.as_bytes(), name, second) {
            return Some(spec);
        }
        place = (place + 1) % PLACES;
    }
    None
}

const fn row(number: u16) -> Option<&'static CommandSpec> {
    let mut row = number as usize;
    let tables = [data::SPECS, server::SPECS, modules::SPECS];
    let mut table = 0;
    while table < tables.len() {
        if row < tables[table].len() {
            return Some(&tables[table][row]);
        }
        row -= tables[table].len();
        table += 1;
    }
    None
}

/// What the hash of a name begins with: the offset of FNV-1a.
const START: u32 = 0x811C_9DC5;

/// FNV-1a, going on from the bytes before; the same in any case.
const fn hash(mut hash: u32, bytes: &[u8]) -> u32 {
    let mut at = 0;
    while at < bytes.len() {
        hash = (hash ^ bytes[at].to_ascii_uppercase() as u32).wrapping_mul(0x0100_0193);
        at += 1;
    }
    hash
}

const fn place(hash: u32) -> usize {
    (hash ^ (hash >> 16)) as usize % PLACES
}

/// Whether `known` is these words with a space between them.
const fn is(known: &[u8], name: &[u8], second: Option<&[u8]>) -> bool {
    let Some((begin, rest)) = known.split_at_checked(name.len()) else { return false };
    if !same(begin, name) {
        return false;
    }
    match (second, rest) {
        (None, []) => true,
        (Some(second), [b' ', rest @ ..]) => same(rest, second),
        _ => false,
    }
}

/// Whether these are the same in any case; `known` is in upper case.
const fn same(known: &[u8], word: &[u8]) -> bool {
    if known.len() != word.len() {
        return false;
    }
    let mut at = 0;
    while at < known.len() {
        if known[at] != word[at].to_ascii_uppercase() {
            return false;
        }
        at += 1;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_is_found_and_nothing_near_it() {
        for spec in CommandSpec::all() {
            let name = spec.name.to_lowercase();
            let found = |name: &str| find(name.as_bytes(), None).map(|spec| spec.name);
            assert_eq!(found(&name), Some(spec.name));
            let (first, second) =
                name.split_once(' ').map_or((&*name, None), |(a, b)| (a, Some(b.as_bytes())));
            assert_eq!(find(first.as_bytes(), second).map(|spec| spec.name), Some(spec.name));
            for near in [format!("{name}!"), name.replacen(' ', "  ", 1) + " ", format!(" {name}")]
            {
                assert_eq!(found(&near), None, "{near:?}");
            }
        }
    }

    #[test]
    fn few_places_are_looked_at() {
        let longest = INDEX.split(|row| *row == NONE).map(<[u16]>::len).max();
        assert!(longest.is_some_and(|longest| longest < 24), "{longest:?} in a row");
    }

    #[test]
    fn words_of_any_length_are_refused_without_reading_them() {
        let long = vec![b'A'; 1 << 20];
        assert!(find(&long, None).is_none() && find(b"CONFIG", Some(&long)).is_none());
        assert!(find(b"", None).is_none() && find(b"", Some(b"GET")).is_none());
    }
}
