//! What programs do: each task has keys that no other one has, in several slots.

use std::{future::Future, sync::Arc, time::Duration};

use redmux::{
    ConnectionMultiplexer, Database, Error, Result, options::ReadFrom, pipeline,
    resp::ServerErrorKind,
};
use redmux_test_support::model::{Random, slot_of};

use crate::{
    claims::{Claims, Fate, Write},
    world::World,
};

/// How late a call may end: timers have milliseconds.
const LATE: u64 = 3_000;

/// How much earlier a call may end that servers refuse: the next time would be too late.
const EARLY: u64 = 70_000;

/// After this time a call may end because servers point at each other.
const AROUND: u64 = 300_000;

pub(crate) struct Task {
    world: Arc<World>,
    muxer: ConnectionMultiplexer,
    db: Database,
    name: String,
    random: Random,
    next: u64,
    limit: Duration,
    is_calm: bool,
    /// Replicas are read from.
    is_lax: bool,
    claims: Claims,
}

/// A call must be able to be sent if all has been well for this time: one dial that hangs, and another one.
const QUIET: u64 = 1_500_000;

/// The name of a task in its keys.
pub(crate) fn name(task: u64) -> String {
    format!("t{task}")
}

impl Task {
    pub(crate) fn new(
        world: &Arc<World>,
        muxer: &ConnectionMultiplexer,
        number: u64,
        seed: u64,
        limit: Duration,
        (is_calm, is_lax): (bool, bool),
    ) -> Self {
        Self {
            world: world.clone(),
            muxer: muxer.clone(),
            db: muxer.database(),
            name: name(number),
            random: Random::new(seed.wrapping_mul(31) + number),
            next: 0,
            limit,
            is_calm,
            is_lax,
            claims: Claims::default(),
        }
    }

    /// Works through this number of steps.
    pub(crate) async fn work(mut self, steps: u64) -> Claims {
        for _ in 0..steps {
            match self.random.below(8) {
                0 => self.count().await,
                1 | 2 => self.append(1).await,
                3 | 4 => self.append(6).await,
                5 => self.set_and_get().await,
                6 => self.pair().await,
                _ => self.wide().await,
            }
            let pause = self.random.pick(&[0, 5_000, 60_000, 250_000]);
            let pause = self.random.below(pause + 1);
            self.world.pause(pause).await;
        }
        self.claims
    }

    fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    /// Waits for a call, which must be over in its time; returns when that was.
    async fn within<T>(&mut self, what: &str, call: impl Future<Output = T>) -> (T, (u64, u64)) {
        let begun = self.world.now();
        let done = call.await;
        let ended = self.world.now();
        let limit = self.limit.as_micros() as u64 + LATE;
        if ended - begun > limit {
            let name = &self.name;
            self.claims.faults.push(format!("{what} of {name} took {} µs", ended - begun));
        }
        (done, (begun, ended))
    }

    /// A refusal that passes is not what a caller hears of while there is time.
    fn judge(&mut self, error: &Error, time: (u64, u64)) {
        use ServerErrorKind::{Ask, ClusterDown, Loading, MasterDown, Moved, ReadOnly, TryAgain};
        let limit = (self.limit.as_micros() as u64).saturating_sub(EARLY);
        let least = match error.server().map(|error| error.kind()) {
            Some(TryAgain | ClusterDown | Loading | MasterDown) => limit,
            Some(Moved | Ask | ReadOnly) => limit.min(AROUND),
            _ => return,
        };
        if time.1 - time.0 < least {
            self.claims.faults.push(format!("too early, within {time:?}: {error}"));
        }
    }

    fn note(
        &mut self,
        name: &'static str,
        key: &str,
        value: &str,
        result: &Result<i64>,
        time: (u64, u64),
    ) -> usize {
        let (fate, reply) = (Fate::of(result), result.as_ref().ok().copied());
        self.claims.count(fate);
        if let Err(error) = result {
            self.judge(error, time);
        }
        let (key, value) = (key.to_owned(), value.to_owned());
        let quiet = self.world.with(|state| {
            let troubled = state.troubled_at.max(state.model.disturbed_at(slot_of(key.as_bytes())));
            time.1.saturating_sub(troubled.max(time.0))
        });
        if fate == Fate::Not && quiet > QUIET {
            self.claims.faults.push(format!("{name} {key} fails though all was well: {result:?}"));
        }
        self.world.note(|| {
            let error = result.as_ref().err().map(ToString::to_string).unwrap_or_default();
            format!("{name} {key} {value}: {fate:?} {reply:?} since {} {error}", time.0)
        });
        self.claims.writes.push(Write { name, key, value, fate, reply, time });
        self.claims.writes.len() - 1
    }

    async fn count(&mut self) {
        let key = format!("count:{}", self.name);
        let call = self.db.incr(key.as_str()).owned();
        let (result, time) = self.within("INCR", call).await;
        self.note("INCR", &key, "", &result, time);
    }

    /// Appends to one list of marks, or to two, at once.
    async fn append(&mut self, most: u64) {
        let keys = [format!("one:{}", self.name), format!("two:{}", self.name)];
        let count = 1 + self.random.below(most);
        let marks: Vec<(usize, String)> = (0..count)
            .map(|_| {
                let number = self.number();
                (self.random.below(2) as usize, format!("{}:{number},", self.name))
            })
            .collect();
        let muxer = self.muxer.clone();
        let calls = async {
            let calls = marks.iter().map(|(key, mark)| {
                muxer.execute::<i64>("APPEND", (keys[*key].as_str(), mark.as_str()))
            });
            pipeline(calls.collect::<Vec<_>>()).await
        };
        let (results, time) = self.within("APPEND", calls).await;
        let mut runs = [Vec::new(), Vec::new()];
        for ((key, mark), result) in marks.iter().zip(&results) {
            let number = self.note("APPEND", &keys[*key], mark, result, time);
            if result.is_ok() {
                runs[*key].push(number);
            }
        }
        for (key, run) in keys.iter().zip(runs) {
            let stayed =
                self.world.with(|state| state.model.disturbed_at(slot_of(key.as_bytes())) < time.0);
            if stayed && run.len() > 1 {
                self.claims.runs.push(run);
            }
        }
    }

    async fn set_and_get(&mut self) {
        let key = format!("set:{}:{}", self.name, self.random.below(3));
        let value = format!("{key}={}", self.number());
        let call = self.db.set(key.as_str(), value.as_str()).owned();
        let (result, time) = self.within("SET", call).await;
        self.note("SET", &key, &value, &result.map(|_| 0), time);
        let from = if self.is_lax { ReadFrom::PreferReplica } else { ReadFrom::Primary };
        let call = self.db.get::<String>(key.as_str()).read_from(from).owned();
        let (got, time) = self.within("GET", call).await;
        match got {
            Ok(value) => self.compare(&key, value),
            Err(error) => self.judge(&error, time),
        }
        let number = self.number();
        let text = format!("{}?{number}", self.name);
        let call = self.muxer.execute::<String>("ECHO", text.as_str()).owned();
        let (echo, _) = self.within("ECHO", call).await;
        if let Ok(echo) = echo
            && echo != text
        {
            self.claims.faults.push(format!("ECHO {text} got {echo}"));
        }
    }

    /// A value that was read now.
    fn compare(&mut self, key: &str, value: Option<String>) {
        let of = |value: &String| value.split_once('=').is_some_and(|(of, _)| of == key);
        if value.as_ref().is_some_and(|value| !of(value)) {
            return self.claims.faults.push(format!("{key} is read as {value:?}"));
        }
        let own = self.claims.writes.iter().filter(|write| write.name == "SET" && write.key == key);
        let own: Vec<&Write> = own.collect();
        let set = own.iter().rposition(|write| write.fate == Fate::Done);
        // What is not known may run later than what followed it.
        let possible = |value: &String| {
            own.iter().enumerate().any(|(place, write)| {
                write.value == *value && (write.fate == Fate::Maybe || Some(place) == set)
            })
        };
        let is_old = match &value {
            Some(value) => !possible(value),
            None => set.is_some(),
        };
        if self.is_calm && !self.is_lax && is_old {
            self.claims.faults.push(format!("{key} is read as {value:?}, after {own:?}"));
        }
        self.claims.reads.extend(value.map(|value| (key.to_owned(), value)));
    }

    async fn pair(&mut self) {
        let tag = format!("{{pair:{}}}", self.name);
        let (one, other) = (format!("{tag}a"), format!("{tag}b"));
        let db = self.db.clone();
        let both = async {
            let calls = (db.incr(one.as_str()), db.incr(other.as_str()));
            db.transaction(calls).all().await
        };
        let (result, time) = self.within("a transaction", both).await;
        if let Err(error) = &result {
            self.judge(error, time);
        }
        let fate = Fate::of(&result);
        self.claims.count(fate);
        self.world.note(|| format!("transaction on {tag}: {fate:?} {result:?}"));
        let reply = match result {
            Ok((one, other)) if one != other && self.is_calm => {
                self.claims.faults.push(format!("a transaction on {tag} made {one} and {other}"));
                Some(one)
            }
            Ok((one, _)) => Some(one),
            Err(_) => None,
        };
        self.claims.pairs.entry((one, other)).or_default().push((fate, reply));
    }

    /// Keys of several slots.
    async fn wide(&mut self) {
        let number = self.number();
        let keys: Vec<String> = (0..3).map(|at| format!("wide:{}:{at}", self.name)).collect();
        let pairs: Vec<(String, String)> =
            keys.iter().map(|key| (key.clone(), format!("{key}={number}"))).collect();
        let db = self.db.clone();
        let (result, time) = self.within("MSET", async { db.mset(&pairs).await }).await;
        let result = result.map(|_| 0);
        for (key, value) in &pairs {
            self.note("SET", key, value, &result, time);
        }
        let (got, _) = self.within("MGET", async { db.mget::<String>(&keys).await }).await;
        for (key, value) in keys.iter().zip(got.into_iter().flatten()) {
            self.compare(key, value);
        }
    }
}
