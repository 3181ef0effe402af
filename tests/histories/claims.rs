//! What callers were told.

use std::collections::BTreeMap;

use redmux::{Delivery, Result};

/// What became of a write, as its caller knows it
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Fate {
    Done,
    /// It has not run.
    NotSent,
    /// A server refused it.
    Refused,
    Maybe,
}

/// Marks that were pushed to one list, in their order
#[derive(Debug, Default)]
pub(crate) struct List {
    pub(crate) marks: Vec<(String, Fate)>,
    /// What was taken from it again, and how many times it is not known whether something was.
    pub(crate) taken: Vec<String>,
    pub(crate) lost: usize,
    /// One push after the other; otherwise some at the same time.
    pub(crate) in_turn: bool,
}

/// One number that grows by one each time
#[derive(Debug, Default)]
pub(crate) struct Counter {
    pub(crate) replies: Vec<i64>,
    pub(crate) fates: Vec<Fate>,
}

/// One value, and what it may be now
#[derive(Debug, Default)]
pub(crate) struct Register {
    /// The last value that was set for sure.
    pub(crate) set: Option<String>,
    /// Values that may have been set, or may be yet.
    pub(crate) maybe: Vec<String>,
    pub(crate) never: Vec<String>,
}

/// All that the callers of some tasks were told, by key
#[derive(Debug, Default)]
pub(crate) struct Claims {
    pub(crate) lists: BTreeMap<String, List>,
    pub(crate) counters: BTreeMap<String, Counter>,
    /// Two counters that grow in one transaction, under the name of their slot.
    pub(crate) pairs: BTreeMap<String, Counter>,
    pub(crate) registers: BTreeMap<String, Register>,
    /// What is wrong whatever the servers say in the end.
    pub(crate) faults: Vec<String>,
    counts: BTreeMap<Fate, usize>,
    errors: BTreeMap<String, usize>,
}

impl Claims {
    /// Notes the outcome of a write.
    pub(crate) fn fate<T>(&mut self, result: &Result<T>) -> Fate {
        let fate = match result {
            Ok(_) => Fate::Done,
            Err(error) => match error.delivery() {
                Delivery::NotSent => Fate::NotSent,
                Delivery::Answered => Fate::Refused,
                _ => Fate::Maybe,
            },
        };
        if let Err(error) = result {
            // Without what differs from time to time.
            let text = error.to_string();
            let text: String = text.chars().filter(|c| !c.is_ascii_digit()).take(160).collect();
            *self.errors.entry(format!("{fate:?}: {text}")).or_default() += 1;
        }
        *self.counts.entry(fate).or_default() += 1;
        fate
    }

    pub(crate) fn register(&mut self, key: &str, value: String, fate: Fate) {
        let register = self.registers.entry(key.to_owned()).or_default();
        match fate {
            Fate::Done => register.set = Some(value),
            Fate::Maybe => register.maybe.push(value),
            Fate::NotSent | Fate::Refused => register.never.push(value),
        }
    }

    pub(crate) fn join(mut self, other: Self) -> Self {
        self.lists.extend(other.lists);
        self.counters.extend(other.counters);
        self.pairs.extend(other.pairs);
        self.registers.extend(other.registers);
        self.faults.extend(other.faults);
        for (fate, count) in other.counts {
            *self.counts.entry(fate).or_default() += count;
        }
        for (error, count) in other.errors {
            *self.errors.entry(error).or_default() += count;
        }
        self
    }

    pub(crate) fn fates(&self) -> String {
        format!("{:?}", self.counts)
    }

    pub(crate) fn errors(&self) -> String {
        let lines = self.errors.iter().map(|(error, count)| format!("  {count} × {error}"));
        lines.collect::<Vec<_>>().join("\n")
    }
}
