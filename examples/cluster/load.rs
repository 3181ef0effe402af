//! The load: tasks with two keys each.

use std::{
    future::IntoFuture,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use async_std::task;
use redmux::{Database, Delivery, Error, Result, database::strings::SetOptions, options::ReadFrom};

use crate::{
    checks::{Known, Verdict},
    json::Line,
};

/// How long keys outlive the program.
const LIFE: Duration = Duration::from_secs(3600);
/// Rounds after which a counter, which INCR does not keep alive, gets its time anew.
const ROUNDS: u32 = 32;

/// What all tasks have seen together
#[derive(Default)]
pub(crate) struct Tally {
    commands: AtomicU64,
    waiting: AtomicUsize,
    /// The longest call since the last line, in microseconds.
    slowest: AtomicU64,
    not_sent: AtomicU64,
    maybe_executed: AtomicU64,
    answered: AtomicU64,
    wrong: AtomicU64,
    lost: AtomicU64,
    last_error: Mutex<Option<Error>>,
}

/// Starts the tasks; they end with the program.
pub(crate) fn start(db: &Database, tasks: u32, pause: Duration, tally: &Arc<Tally>) {
    // Two programs at a time have different keys.
    let run = std::process::id();
    for number in 0..tasks {
        let (db, tally) = (db.clone(), tally.clone());
        let key = format!("watch:{run}:{{{number}}}");
        task::spawn(async move {
            // Spread evenly, so that the load has no waves.
            task::sleep(pause * number / tasks).await;
            work(&db, &key, number, pause, &tally).await;
        });
    }
}

async fn work(db: &Database, key: &str, number: u32, pause: Duration, tally: &Tally) {
    let replicas = db.with_read_from(ReadFrom::PreferReplica);
    let (counter, text) = (format!("{key}:n"), format!("{key}:text"));
    let mut known = Known::new(number);
    let life = || SetOptions::new().expires_in(LIFE);
    while tally.call(db.set_with(&counter, known.base(), life())).await.is_err() {
        task::sleep(pause).await;
    }
    for round in 1_u32.. {
        match tally.call(db.incr(&counter)).await {
            Ok(value) => tally.judge(known.counted(value)),
            Err(delivery) => known.not_counted(delivery),
        }
        let next = known.next_text();
        if tally.call(db.set_with(&text, next, life())).await.is_ok() {
            known.written();
        }
        if let Ok(found) = tally.call(db.get::<String>(&text)).await {
            tally.judge(known.read(found.as_deref()));
        }
        if let Ok(found) = tally.call(replicas.get::<String>(&text)).await {
            tally.judge(known.read_from_replica(found.as_deref()));
        }
        if round % ROUNDS == 0 {
            let _ = tally.call(db.expire(&counter, LIFE)).await;
        }
        // Not the same each time: after an outage, tasks that waited together part again.
        let dice = number.wrapping_mul(2_654_435_761).wrapping_add(round.wrapping_mul(40_503));
        task::sleep(pause / 2 + pause * (dice >> 8 & 0x3ff) / 0x400).await;
    }
}

impl Tally {
    /// Makes a call and counts its outcome.
    async fn call<T>(&self, call: impl IntoFuture<Output = Result<T>>) -> Result<T, Delivery> {
        let started = Instant::now();
        self.waiting.fetch_add(1, Relaxed);
        let result = call.await;
        self.waiting.fetch_sub(1, Relaxed);
        self.slowest.fetch_max(started.elapsed().as_micros() as u64, Relaxed);
        self.commands.fetch_add(1, Relaxed);
        result.map_err(|error| {
            let delivery = error.delivery();
            let count = match delivery {
                Delivery::NotSent => &self.not_sent,
                Delivery::MaybeExecuted => &self.maybe_executed,
                _ => &self.answered,
            };
            count.fetch_add(1, Relaxed);
            *self.last_error.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
            delivery
        })
    }

    fn judge(&self, verdict: Verdict) {
        match verdict {
            Verdict::Right => {}
            Verdict::Lost => drop(self.lost.fetch_add(1, Relaxed)),
            Verdict::Wrong => drop(self.wrong.fetch_add(1, Relaxed)),
        }
    }

    /// The numbers, and the last error since they were last written.
    pub(crate) fn write(&self, line: &mut Line) {
        let count = |number: &AtomicU64| number.load(Relaxed) as f64;
        line.name("commands").number(count(&self.commands));
        line.name("waiting").number(self.waiting.load(Relaxed) as f64);
        line.name("slowest_ms").number(self.slowest.swap(0, Relaxed) as f64 / 1000.0);
        line.name("errors").object(|errors| {
            errors.name("not_sent").number(count(&self.not_sent));
            errors.name("maybe_executed").number(count(&self.maybe_executed));
            errors.name("answered").number(count(&self.answered));
        });
        line.name("wrong").number(count(&self.wrong));
        line.name("lost").number(count(&self.lost));
        let error = self.last_error.lock().unwrap_or_else(PoisonError::into_inner).take();
        line.name("last_error").maybe(error, |error, line| line.text(error));
    }
}
