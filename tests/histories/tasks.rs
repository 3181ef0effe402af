//! What programs do: each task has keys that no other one has, in several slots.

use std::{future::Future, sync::atomic::Ordering::Relaxed, time::Duration};

use async_std::{future::timeout, task::sleep};
use redmux::{ConnectionMultiplexer, Database, Result, database::BlockFor, pipeline};

use super::{
    History, MARGIN, Random, TIME,
    claims::{Claims, Fate},
};

/// How many keys an `MSET` has.
const WIDE: usize = 6;

struct Task<'a> {
    history: &'a History,
    muxer: &'a ConnectionMultiplexer,
    db: Database,
    /// Of this task in this history: a server that comes back may have what an earlier one left.
    name: String,
    random: Random,
    next: u64,
    claims: Claims,
}

/// Works until the history is over.
pub(crate) async fn work(history: &History, muxer: &ConnectionMultiplexer, task: u64) -> Claims {
    let random = Random::new(history.seed * 1000 + task);
    let name = history.name(task);
    let (db, claims) = (muxer.database(), Claims::default());
    let mut task = Task { history, muxer, db, name, random, next: 0, claims };
    while !history.is_over() {
        task.act().await;
        sleep(Duration::from_millis(task.random.below(6))).await;
    }
    task.claims
}

impl Task<'_> {
    async fn act(&mut self) {
        match self.random.below(9) {
            0 => self.count().await,
            1 | 2 => self.push().await,
            3 => self.push_many().await,
            4 => self.pop().await,
            5 => self.set_and_get().await,
            6 => self.pair().await,
            7 => self.watched().await,
            _ => self.wide().await,
        }
    }

    fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }

    /// Waits for a command, which must be over soon after its time.
    async fn within<T>(&mut self, what: &str, limit: Duration, call: impl Future<Output = T>) -> T {
        self.history.commands.fetch_add(1, Relaxed);
        let done = timeout(limit + MARGIN, call).await;
        done.unwrap_or_else(|_| {
            panic!("{what} of task {} hangs\n{}", self.name, self.muxer.status())
        })
    }

    async fn count(&mut self) {
        let key = format!("count:{}", self.name);
        let call = self.db.incr(key.as_str()).owned();
        let result: Result<i64> = self.within("INCR", TIME, call).await;
        let fate = self.claims.fate(&result);
        let counter = self.claims.counters.entry(key).or_default();
        counter.fates.push(fate);
        counter.replies.extend(result);
    }

    async fn push(&mut self) {
        let key = format!("list:{}", self.name);
        let mark = format!("{key}={}", self.number());
        let call = self.db.rpush(key.as_str(), mark.as_str()).owned();
        let result = self.within("RPUSH", TIME, call).await;
        let fate = self.claims.fate(&result);
        let list = self.claims.lists.entry(key).or_default();
        list.in_turn = true;
        list.marks.push((mark, fate));
    }

    async fn push_many(&mut self) {
        let key = format!("many:{}", self.name);
        let count = 2 + self.random.below(6);
        let marks: Vec<String> = (0..count).map(|_| format!("{key}={}", self.number())).collect();
        let muxer = self.muxer.clone();
        let calls = async {
            let calls = marks.iter().map(|mark| muxer.execute::<i64>("RPUSH", (&*key, &**mark)));
            pipeline(calls.collect::<Vec<_>>()).await
        };
        let results = self.within("a pipeline", TIME, calls).await;
        for (mark, result) in marks.into_iter().zip(results) {
            let fate = self.claims.fate(&result);
            self.claims.lists.entry(key.clone()).or_default().marks.push((mark, fate));
        }
    }

    /// Pushes, and takes from the other end, what waits a while for something to come.
    async fn pop(&mut self) {
        let key = format!("pop:{}", self.name);
        let push_later = self.random.below(2) == 0;
        let mark = format!("{key}={}", self.number());
        let (pause, wait) = (self.random.below(30), Duration::from_secs(1));
        let db = self.db.clone();
        let push = async {
            if push_later {
                sleep(Duration::from_millis(pause)).await;
            }
            db.rpush(key.as_str(), mark.as_str()).await
        };
        let pop = async { db.blpop::<String, String>(key.as_str(), BlockFor::from(wait)).await };
        // While no server has the slot, a command that waits goes on waiting, for as long as it might have there.
        let both = self.within("BLPOP", 3 * TIME + wait, futures::future::join(push, pop));
        let (pushed, popped) = both.await;
        let fate = self.claims.fate(&pushed);
        let taken = self.claims.fate(&popped);
        let list = self.claims.lists.entry(key.clone()).or_default();
        list.in_turn = true;
        list.marks.push((mark, fate));
        list.lost += usize::from(taken == Fate::Maybe);
        if let Ok(Some((from, item))) = popped {
            if from != key {
                self.claims.faults.push(format!("BLPOP {key} got an item of {from}"));
            }
            list.taken.push(item);
        }
    }

    async fn set_and_get(&mut self) {
        let key = format!("set:{}:{}", self.name, self.random.below(4));
        let value = format!("{key}={}", self.number());
        let call = self.db.set(key.as_str(), value.as_str()).owned();
        let result = self.within("SET", TIME, call).await;
        let fate = self.claims.fate(&result);
        self.claims.register(&key, value, fate);
        let call = self.db.get::<String>(key.as_str()).owned();
        let got = self.within("GET", TIME, call).await;
        self.claims.fate(&got);
        if let Ok(value) = got {
            self.compare(&key, value);
        }
    }

    /// A value that was read now.
    fn compare(&mut self, key: &str, value: Option<String>) {
        let Some(register) = self.claims.registers.get(key) else { return };
        let own = value
            .as_deref()
            .is_none_or(|value| value.split_once('=').is_some_and(|(of, _)| of == key));
        let possible = self.history.violent
            || value == register.set
            || value.as_ref().is_some_and(|value| register.maybe.contains(value));
        let never = value.as_ref().is_some_and(|value| register.never.contains(value));
        if !own || !possible || never {
            let fault = format!("{key} is read as {value:?}, after {:?}", register.set);
            self.claims.faults.push(fault);
        }
    }

    async fn pair(&mut self) {
        let tag = format!("{{pair:{}}}", self.name);
        let (one, other) = (format!("{tag}a"), format!("{tag}b"));
        let db = self.db.clone();
        let both = async {
            let calls = (db.incr(one.as_str()), db.incr(other.as_str()));
            db.transaction(calls).all().await
        };
        let result = self.within("a transaction", TIME, both).await;
        self.note_pair(tag, result);
    }

    async fn watched(&mut self) {
        let tag = format!("{{watch:{}}}", self.name);
        let (one, other) = (format!("{tag}a"), format!("{tag}b"));
        let db = self.db.clone();
        let run = async {
            let run = db.watch(one.as_str()).run(async |db| {
                let next = db.get::<i64>(one.as_str()).await?.unwrap_or(0) + 1;
                let calls = (db.set(one.as_str(), next), db.set(other.as_str(), next));
                db.transaction(calls).all().await?;
                Ok((next, next))
            });
            run.await
        };
        // Each command of it has its time, and the loop begins anew after conflicts.
        let result = self.within("WATCH", 5 * TIME, run).await;
        self.note_pair(tag, result);
    }

    fn note_pair(&mut self, tag: String, result: Result<(i64, i64)>) {
        let fate = self.claims.fate(&result);
        let pair = self.claims.pairs.entry(tag.clone()).or_default();
        pair.fates.push(fate);
        match result {
            Ok((one, other)) if one == other => pair.replies.push(one),
            Ok((one, other)) => {
                self.claims.faults.push(format!("a transaction on {tag} made {one} and {other}"));
            }
            Err(_) => {}
        }
    }

    /// Keys of several slots.
    async fn wide(&mut self) {
        let number = self.number();
        let keys: Vec<String> = (0..WIDE).map(|at| format!("wide:{}:{at}", self.name)).collect();
        let pairs: Vec<(String, String)> =
            keys.iter().map(|key| (key.clone(), format!("{key}={number}"))).collect();
        let db = self.db.clone();
        let result = self.within("MSET", TIME, async { db.mset(&pairs).await }).await;
        let fate = self.claims.fate(&result);
        for (key, value) in pairs {
            self.claims.register(&key, value, fate);
        }
        let got = async { db.mget::<String>(&keys).await };
        let got = self.within("MGET", TIME, got).await;
        self.claims.fate(&got);
        for (key, value) in keys.iter().zip(got.into_iter().flatten()) {
            self.compare(key, value);
        }
    }
}
