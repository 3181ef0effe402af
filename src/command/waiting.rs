//! How long commands wait on the server.

use super::guard::{block_of, is_harmless};
use crate::{
    clock::{NEVER, micros},
    resp::{Arg, ArgList, ToArgs},
};
use std::time::Duration;

/// Commands that wait, and the word that says for how long, in seconds.
const WAITING: [(&str, Place); 4] = [
    ("BLPOP BRPOP BRPOPLPUSH BLMOVE BZPOPMIN BZPOPMAX", Place::Last),
    ("BLMPOP BZMPOP", Place::At(1)),
    ("BLMOVEM", Place::At(5)),
    ("XREAD XREADGROUP", Place::Block),
];

enum Place {
    At(usize),
    Last,
    /// Behind `BLOCK`, in milliseconds.
    Block,
}

/// Whether a command waits on the server, even if it does not say for how long.
pub(crate) fn is_waiting(name: &str, args: &impl ToArgs) -> bool {
    match place_of(name) {
        None => false,
        Some(Place::Block) => block_of(&words_of(name, args)).is_some(),
        Some(_) => true,
    }
}

/// How long a command waits on the server, in microseconds; `None` if it does not wait, or does not say so.
pub(crate) fn wait_of(name: &str, args: &impl ToArgs) -> Option<u64> {
    let place = place_of(name)?;
    let words = words_of(name, args);
    let (word, unit) = match place {
        Place::At(index) => (words.get(*index)?, 1.0),
        Place::Last => (words.get(1..)?.last()?, 1.0),
        Place::Block => (words.get(block_of(&words)? + 1)?, 1000.0),
    };
    let number: f64 = std::str::from_utf8(word.as_bytes()).ok()?.parse().ok()?;
    match number {
        0.0 => Some(NEVER),
        // The server refuses what is no time.
        _ => Some(Duration::try_from_secs_f64(number / unit).map_or(0, |time| micros(Some(time)))),
    }
}

/// Where the time is, if it is a command that waits.
fn place_of(name: &str) -> Option<&'static Place> {
    if is_harmless(name.as_bytes()) {
        return None;
    }
    let is_name = |known: &str| known.eq_ignore_ascii_case(name);
    let row = WAITING.iter().find(|(names, _)| names.split(' ').any(is_name))?;
    Some(&row.1)
}

fn words_of<'a>(name: &'a str, args: &'a impl ToArgs) -> ArgList<'a> {
    let mut words = ArgList::new();
    words.push(Arg::Bytes(name.as_bytes()));
    args.append_to(&mut words);
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_waits_though_it_does_not_say_for_how_long() {
        for (name, args, waits) in [
            ("BLPOP", &["a", "x"][..], true),
            ("blpop", &[], true),
            ("XREAD", &["BLOCK", "x", "STREAMS", "s", "0"], true),
            ("XREAD", &["STREAMS", "BLOCK", "0"], false),
            ("WAIT", &["1", "0"], false),
            ("GET", &["BLOCK"], false),
        ] {
            assert_eq!(is_waiting(name, &args), waits, "{name} {args:?}");
        }
    }

    #[test]
    fn the_time_is_where_each_command_has_it() {
        let of = |text: &str| {
            let mut words = text.split(' ');
            let name = words.next().unwrap();
            wait_of(name, &words.collect::<Vec<_>>())
        };
        for (text, expected) in [
            ("BLPOP a b 1.5", Some(1_500_000)),
            ("blpop a 0", Some(NEVER)),
            ("BLMOVE a b LEFT RIGHT 2", Some(2_000_000)),
            ("BLMOVEM a b LEFT RIGHT 2 COUNT 7", Some(2_000_000)),
            ("BZMPOP 3 1 z MIN COUNT 9", Some(3_000_000)),
            ("XREAD COUNT 5 BLOCK 250 STREAMS block 0", Some(250_000)),
            ("XREADGROUP GROUP BLOCK c BLOCK 0 STREAMS s >", Some(NEVER)),
            ("XREAD COUNT 5 STREAMS block 250", None),
            ("BLPOP a -1", Some(0)),
            ("BLPOP a x", None),
            ("BLPOP", None),
            ("GET 1", None),
        ] {
            assert_eq!(of(text), expected, "{text}");
        }
    }
}
