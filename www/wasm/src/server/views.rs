//! Databases under numbers.

use std::{cell::RefCell, collections::HashMap, rc::Rc};

use redmux::{
    ConnectionMultiplexer, Database, Error, RetryPolicy, command::SideEffects, database::Lease,
    options::ReadFrom,
};

use crate::{batch::DATABASES, options::duration};

/// By number, which JavaScript chooses above [`DATABASES`]
#[derive(Clone, Default)]
pub(crate) struct Views(Rc<RefCell<State>>);

#[derive(Default)]
struct State {
    made: HashMap<u32, View>,
    /// Wanted before there is anything to make them of.
    wanted: Vec<Wanted>,
}

/// How a view is made
pub(super) struct Wanted {
    pub(super) number: u32,
    /// What it is made of.
    pub(super) place: u32,
    /// What is different, and how.
    pub(super) steps: Vec<String>,
}

pub(super) struct View {
    database: Database,
    /// What its last command failed with, where that is of interest.
    pub(super) failed: Option<Error>,
    /// Keeps the connection.
    _lease: Option<Lease>,
}

impl Views {
    pub(super) fn add(&self, number: u32, database: Database, lease: Option<Lease>) {
        let view = View { database, failed: None, _lease: lease };
        let former = self.0.borrow_mut().made.insert(number, view);
        // A connection that is given back may wake somebody.
        drop(former);
    }

    pub(super) fn get(&self, number: u32) -> Option<Database> {
        self.with(number, |view| view.database.clone())
    }

    pub(super) fn with<T>(&self, number: u32, act: impl FnOnce(&mut View) -> T) -> Option<T> {
        self.0.borrow_mut().made.get_mut(&number).map(act)
    }

    pub(super) fn remove(&self, number: u32) {
        let removed = self.0.borrow_mut().made.remove(&number);
        drop(removed);
    }

    pub(super) fn clear(&self) {
        let all = self.0.take();
        drop(all);
    }

    /// Makes those that were wanted before.
    pub(super) fn make_all(&self, muxer: &ConnectionMultiplexer) {
        let wanted = std::mem::take(&mut self.0.borrow_mut().wanted);
        for one in wanted {
            self.make(muxer, &one);
        }
    }

    /// Makes one, or notes that it is wanted; whether that is possible.
    pub(super) fn want(&self, muxer: Option<&ConnectionMultiplexer>, wanted: Wanted) -> bool {
        match muxer {
            Some(muxer) => self.make(muxer, &wanted),
            None => {
                self.0.borrow_mut().wanted.push(wanted);
                true
            }
        }
    }

    fn make(&self, muxer: &ConnectionMultiplexer, wanted: &Wanted) -> bool {
        let Wanted { number, place, steps } = wanted;
        let base = database(muxer, self, *place);
        let steps = steps.chunks_exact(2);
        let made = steps.fold(base, |made, step| changed(muxer, made?, &step[0], &step[1]));
        let is_made = made.is_some();
        if let Some(database) = made {
            self.add(*number, database, None);
        }
        is_made
    }
}

/// A database, by the number in a batch.
pub(super) fn database(
    muxer: &ConnectionMultiplexer,
    views: &Views,
    place: u32,
) -> Option<Database> {
    match place {
        0 => Some(muxer.database()),
        _ if place <= DATABASES => Some(muxer.database_at(place - 1)),
        _ => views.get(place),
    }
}

/// A database with one difference; `None` if there is no such node. JavaScript has checked the values.
fn changed(
    muxer: &ConnectionMultiplexer,
    from: Database,
    what: &str,
    value: &str,
) -> Option<Database> {
    Some(match what {
        "node" => muxer.node(&value.parse().ok()?)?,
        "readFrom" => from.with_read_from(read_from(value)),
        "retry" => from.with_retry(retry(value)),
        _ => from.with_key_prefix(value),
    })
}

fn read_from(word: &str) -> ReadFrom {
    match word {
        "preferReplica" => ReadFrom::PreferReplica,
        "replica" => ReadFrom::Replica,
        "nearest" => ReadFrom::Nearest,
        _ => ReadFrom::Primary,
    }
}

/// Attempts, the longest waits in milliseconds, the time for all in milliseconds, and the worst side effects.
fn retry(text: &str) -> RetryPolicy {
    let mut parts = text.split(' ');
    let mut number = || parts.next().and_then(|part| part.parse::<f64>().ok()).unwrap_or(0.0);
    let (attempts, base, cap, within) = (number(), number(), number(), number());
    let policy =
        RetryPolicy::new().attempts(attempts as u32).backoff(duration(base), duration(cap));
    let policy = if within > 0.0 { policy.within(duration(within)) } else { policy };
    policy.up_to(match parts.next().unwrap_or_default() {
        "writeChecked" => SideEffects::WriteChecked,
        "writeLastWins" => SideEffects::WriteLastWins,
        "writeAccumulating" => SideEffects::WriteAccumulating,
        _ => SideEffects::ReadOnly,
    })
}
