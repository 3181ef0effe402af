//! What callers were told, held against what nodes executed.

use std::collections::BTreeMap;

use redmux::{Delivery, Result};
use redmux_test_support::model::{Executed, Model};

/// What became of a write, as its caller knows it
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    Done,
    /// It has not run, or a server refused it.
    Not,
    Maybe,
}

impl Fate {
    pub(crate) fn of<T>(result: &Result<T>) -> Self {
        match result {
            Ok(_) => Self::Done,
            Err(error) => match error.delivery() {
                Delivery::NotSent | Delivery::Answered => Self::Not,
                _ => Self::Maybe,
            },
        }
    }
}

/// A write that nobody else made: its key, and what it wrote (nothing for `INCR`)
#[derive(Debug)]
pub(crate) struct Write {
    pub(crate) name: &'static str,
    pub(crate) key: String,
    pub(crate) value: String,
    pub(crate) fate: Fate,
    pub(crate) reply: Option<i64>,
    /// When it was issued, and when it was over.
    pub(crate) time: (u64, u64),
}

/// What the caller of a transaction was told
pub(crate) type Outcome = (Fate, Option<i64>);

/// All that the callers of a task were told
#[derive(Debug, Default)]
pub(crate) struct Claims {
    pub(crate) writes: Vec<Write>,
    /// Pairs of keys that grow in transactions, and what their callers were told.
    pub(crate) pairs: BTreeMap<(String, String), Vec<Outcome>>,
    /// Values that were read, by key.
    pub(crate) reads: Vec<(String, String)>,
    /// Runs of writes to one key that were issued together while its slot stayed where it was, by their places in `writes`.
    pub(crate) runs: Vec<Vec<usize>>,
    pub(crate) faults: Vec<String>,
    pub(crate) done: u64,
    pub(crate) not: u64,
    pub(crate) maybe: u64,
}

impl Claims {
    pub(crate) fn count(&mut self, fate: Fate) {
        match fate {
            Fate::Done => self.done += 1,
            Fate::Not => self.not += 1,
            Fate::Maybe => self.maybe += 1,
        }
    }
}

/// One key that was written once by an executed command
struct Effect<'a> {
    place: usize,
    executed: &'a Executed,
    value: &'a [u8],
}

/// Executed writes by name and key; an `MSET` is several.
type Log<'a> = BTreeMap<(&'static str, &'a [u8]), Vec<Effect<'a>>>;

fn log(executed: &[Executed]) -> Log<'_> {
    let mut log = Log::new();
    for (place, executed) in executed.iter().enumerate() {
        let words = &executed.words;
        match &words[0][..] {
            b"INCR" => {
                let effects = log.entry(("INCR", &words[1][..])).or_default();
                effects.push(Effect { place, executed, value: b"" });
            }
            b"APPEND" => {
                let effects = log.entry(("APPEND", &words[1][..])).or_default();
                effects.push(Effect { place, executed, value: &words[2] });
            }
            b"SET" | b"MSET" => {
                for pair in words[1..].chunks(2) {
                    let effects = log.entry(("SET", &pair[0][..])).or_default();
                    effects.push(Effect { place, executed, value: &pair[1] });
                }
            }
            _ => {}
        }
    }
    log
}

/// What is not as callers were told.
pub(crate) fn hold(claims: &[Claims], model: &mut Model, is_calm: bool) -> Vec<String> {
    let mut faults: Vec<String> =
        claims.iter().flat_map(|claims| claims.faults.iter().cloned()).collect();
    let executed = model.executed().to_vec();
    let log = log(&executed);
    let nothing = Vec::new();
    for claims in claims {
        let mut places = vec![None; claims.writes.len()];
        let mut counters: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (number, write) in claims.writes.iter().enumerate() {
            let effects = log.get(&(write.name, write.key.as_bytes())).unwrap_or(&nothing);
            if write.name == "INCR" {
                counters.entry(&write.key).or_default().push(number);
                continue;
            }
            let own = effects.iter().filter(|effect| effect.value == write.value.as_bytes());
            let own: Vec<&Effect<'_>> = own.collect();
            places[number] = own.first().map(|effect| effect.place);
            faults.extend(written(write, &own));
        }
        for (key, numbers) in counters {
            let effects = log.get(&("INCR", key.as_bytes())).unwrap_or(&nothing);
            let writes: Vec<&Write> = numbers.iter().map(|at| &claims.writes[*at]).collect();
            let found = counted(key, &writes, effects, &mut faults);
            numbers.iter().zip(found).for_each(|(number, place)| places[*number] = place);
        }
        for run in &claims.runs {
            let places: Vec<usize> = run.iter().filter_map(|number| places[*number]).collect();
            if places.windows(2).any(|two| two[0] >= two[1]) {
                let first = &claims.writes[run[0]];
                faults.push(format!(
                    "{} {}: run in another order: {places:?}",
                    first.name, first.key
                ));
            }
        }
        for (key, value) in &claims.reads {
            let written = log.get(&("SET", key.as_bytes())).unwrap_or(&nothing);
            if !written.iter().any(|effect| effect.value == value.as_bytes()) {
                faults.push(format!("{key} is read as {value}, which was never written"));
            }
        }
        for ((one, other), fates) in &claims.pairs {
            pairs(one, other, fates, &log, &mut faults);
        }
    }
    if is_calm {
        lost(&log, model, &mut faults);
    }
    faults
}

/// What is wrong with a write that names itself, by all its effects.
fn written(write: &Write, effects: &[&Effect<'_>]) -> Option<String> {
    let Write { name, key, value, fate, reply, time } = write;
    let what = match (fate, effects) {
        (_, [_, _, ..]) => "ran more than once",
        (Fate::Not, [_]) => "ran, though its caller was told that it has not",
        (Fate::Done, []) => "did not run, though its caller was told that it has",
        (Fate::Done, [effect]) => {
            let at = effect.executed.at;
            match () {
                () if at < time.0 || at > time.1 => "ran before it was issued, or after its reply",
                () if *name == "APPEND" && *reply != effect.executed.result => "got another reply",
                () => return None,
            }
        }
        _ => return None,
    };
    let results: Vec<_> = effects.iter().map(|effect| effect.executed).collect();
    Some(format!("{name} {key} {value} {what}: {fate:?} {reply:?} {time:?}, {results:?}"))
}

/// Finds the run of each `INCR` that is done, and what is wrong with their number.
fn counted(
    key: &str,
    writes: &[&Write],
    effects: &[Effect<'_>],
    faults: &mut Vec<String>,
) -> Vec<Option<usize>> {
    let count = |fate| writes.iter().filter(|write| write.fate == fate).count();
    let (done, maybe) = (count(Fate::Done), count(Fate::Maybe));
    if effects.len() < done || effects.len() > done + maybe {
        let runs = effects.len();
        faults.push(format!("INCR {key} ran {runs} times, with {done} done and {maybe} perhaps"));
    }
    let mut used = vec![false; effects.len()];
    let mut find = |write: &&Write| {
        let place = effects.iter().enumerate().position(|(number, effect)| {
            let in_time = (write.time.0..=write.time.1).contains(&effect.executed.at);
            !used[number] && in_time && effect.executed.result == write.reply
        });
        match place {
            Some(place) => {
                used[place] = true;
                Some(effects[place].place)
            }
            None => {
                let (reply, time) = (write.reply, write.time);
                faults.push(format!("INCR {key} got {reply:?} in {time:?}, which no run made"));
                None
            }
        }
    };
    writes.iter().map(|write| (write.fate == Fate::Done).then(|| find(write)).flatten()).collect()
}

fn pairs(one: &str, other: &str, fates: &[Outcome], log: &Log<'_>, faults: &mut Vec<String>) {
    let runs = |key: &str| {
        let effects = log.get(&("INCR", key.as_bytes())).map_or(&[][..], |effects| effects);
        effects
            .iter()
            .map(|effect| (effect.executed.at, effect.executed.result))
            .collect::<Vec<_>>()
    };
    let (first, second) = (runs(one), runs(other));
    if first.iter().map(|run| run.0).ne(second.iter().map(|run| run.0)) {
        faults.push(format!("half of a transaction: {one} {first:?}, {other} {second:?}"));
    }
    let count = |fate| fates.iter().filter(|(known, _)| *known == fate).count();
    let (done, maybe) = (count(Fate::Done), count(Fate::Maybe));
    if first.len() < done || first.len() > done + maybe {
        let runs = first.len();
        faults.push(format!(
            "{one} was in {runs} transactions, with {done} done and {maybe} perhaps"
        ));
    }
    for (_, reply) in fates.iter().filter(|(fate, _)| *fate == Fate::Done) {
        if !first.iter().any(|(_, result)| result == reply) {
            faults.push(format!("a transaction made {one} {reply:?}, which no run made"));
        }
    }
}

/// Without a primary that dies, nothing that was executed is lost: a check of the model itself.
fn lost(log: &Log<'_>, model: &mut Model, faults: &mut Vec<String>) {
    for ((name, key), effects) in log {
        let value = model.value(key).unwrap_or_default();
        let wanted = match *name {
            "INCR" => effects.len().to_string().into_bytes(),
            "APPEND" => effects.iter().flat_map(|effect| effect.value.iter().copied()).collect(),
            _ => effects.last().map(|effect| effect.value.to_vec()).unwrap_or_default(),
        };
        if value != wanted {
            let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            let (key, value, wanted) = (text(key), text(&value), text(&wanted));
            faults.push(format!("the model lost something of {key}: {value} instead of {wanted}"));
        }
    }
}
