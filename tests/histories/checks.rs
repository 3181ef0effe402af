//! What the servers have in the end, and whether it is what callers were told.

use std::{collections::HashSet, time::Duration};

use async_std::task::sleep;
use redmux::ConnectionMultiplexer;

use super::claims::{Claims, Counter, Fate, List, Register};

/// How often a key may fail once the cluster is whole.
const TRIES: usize = 100;

/// Waits until each key can be read again.
pub(super) async fn works_again(muxer: &ConnectionMultiplexer, claims: &Claims) {
    let keys = claims.lists.keys().chain(claims.counters.keys()).chain(claims.registers.keys());
    for key in keys {
        let mut tries = 0;
        while let Err(error) = muxer.execute::<String>("TYPE", key.as_str()).await {
            tries += 1;
            assert!(tries < TRIES, "{key} does not work again: {error}\n{}", muxer.status());
            sleep(Duration::from_millis(50)).await;
        }
    }
}

/// What is not as callers were told.
pub(super) fn hold(
    claims: &Claims,
    violent: bool,
    ask: &dyn Fn(&str, &str, &[&str]) -> String,
) -> Vec<String> {
    let mut faults = claims.faults.clone();
    let number = |key: &str| ask("GET", key, &[]).parse::<i64>().unwrap_or(0);
    for (key, list) in &claims.lists {
        let there = ask("LRANGE", key, &["0", "-1"]);
        let there = there.lines().filter(|line| !line.is_empty());
        let marks: Vec<String> =
            list.taken.iter().cloned().chain(there.map(str::to_owned)).collect();
        list_holds(key, list, &marks, violent, &mut faults);
    }
    for (key, counter) in &claims.counters {
        counter_holds(key, counter, number(key), violent, &mut faults);
    }
    for (tag, pair) in &claims.pairs {
        let (one, other) = (number(&format!("{tag}a")), number(&format!("{tag}b")));
        if one != other {
            faults.push(format!("half of a transaction: {tag} has {one} and {other}"));
        }
        counter_holds(tag, pair, one, violent, &mut faults);
    }
    for (key, register) in &claims.registers {
        register_holds(key, register, &ask("GET", key, &[]), violent, &mut faults);
    }
    faults
}

fn list_holds(key: &str, list: &List, there: &[String], violent: bool, faults: &mut Vec<String>) {
    let place = |mark: &String| list.marks.iter().position(|(known, _)| known == mark);
    let mut seen = HashSet::new();
    let mut last = 0;
    for mark in there {
        let Some(place) = place(mark) else {
            faults.push(format!("{key} has {mark}, which nobody pushed"));
            continue;
        };
        let fate = list.marks[place].1;
        // A server that dies may not have passed on that something was taken.
        let comes_back = violent && !list.taken.is_empty();
        if !seen.insert(mark) && !comes_back {
            faults.push(format!("{key} has {mark} twice ({fate:?})"));
        }
        if matches!(fate, Fate::NotSent | Fate::Refused) {
            faults.push(format!("{key} has {mark}, of which the caller was told {fate:?}"));
        }
        // What the caller does not know of may run later than what followed it.
        if fate == Fate::Done {
            if place < last && list.in_turn && !comes_back {
                faults.push(format!("{key} has {mark} behind {}", list.marks[last].0));
            }
            last = place;
        }
    }
    if violent {
        return;
    }
    let done = list.marks.iter().filter(|(_, fate)| *fate == Fate::Done);
    let lost: Vec<&String> =
        done.map(|(mark, _)| mark).filter(|mark| !seen.contains(mark)).collect();
    if lost.len() > list.lost {
        faults.push(format!("{key} lacks {lost:?}; {} may have been taken", list.lost));
    }
}

fn counter_holds(
    key: &str,
    counter: &Counter,
    value: i64,
    violent: bool,
    faults: &mut Vec<String>,
) {
    let count = |fate| counter.fates.iter().filter(|known| **known == fate).count() as i64;
    let (done, maybe) = (count(Fate::Done), count(Fate::Maybe));
    if value > done + maybe {
        faults.push(format!("{key} is {value}, with {done} done and {maybe} perhaps"));
    }
    if violent {
        return;
    }
    if value < done {
        faults.push(format!("{key} is {value}, with {done} done"));
    }
    if let Some(pair) = counter.replies.windows(2).find(|pair| pair[0] >= pair[1]) {
        faults.push(format!("{key} went from {} to {}", pair[0], pair[1]));
    }
}

fn register_holds(
    key: &str,
    register: &Register,
    value: &str,
    violent: bool,
    faults: &mut Vec<String>,
) {
    let is = |known: &String| known == value;
    if register.never.iter().any(is) {
        faults.push(format!("{key} is {value}, which was not set"));
    }
    let possible = register.set.iter().chain(&register.maybe).any(is);
    if !violent && !possible && register.set.is_some() {
        faults.push(format!("{key} is {value}, and was {:?}", register.set));
    }
}
