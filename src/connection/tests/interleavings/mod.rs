//! Callers, the driver and the server on threads whose interleavings a model checker chooses.
//!
//! Everything is the product's own code; only its locks and flags (`crate::sync`) are the
//! checker's, which may let another thread run at each of them. Nothing here depends on the
//! machine's time: a wake-up that gets lost is a deadlock, and the checker says so. A failed
//! run prints its schedule, for `shuttle::replay`.
//!
//! The checker treats every atomic operation as sequentially consistent.

mod answers;
mod cached;
mod clock;
mod deadlines;
mod endings;
mod leases;
mod observed;
mod server;
mod signals;
mod subscriptions;
mod wire;
mod world;

use std::{
    future::Future,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use shuttle::{
    Config, Runner,
    future::{JoinHandle, block_on},
    scheduler::{PctScheduler, RandomScheduler, Scheduler},
};

use self::{
    server::{Life, Record},
    world::{Outcome, Setup, World, echo},
};

/// The same interleavings in every run, unless `SHUTTLE_RANDOM_SEED` gives another seed.
const SEED: u64 = 0x5eed;

/// Of each scenario; together they take less than a minute in a debug build.
const INTERLEAVINGS: usize = 3000;

/// Preemptions in which the second half of the runs specialises: most races need no more.
const DEPTH: usize = 3;

/// Runs a scenario under `interleavings` interleavings, times `REDMUX_INTERLEAVINGS` where it is
/// set.
fn explore<F: Future<Output = ()>>(
    interleavings: usize,
    scenario: impl Fn() -> F + Clone + Send + Sync + 'static,
) {
    let times = std::env::var("REDMUX_INTERLEAVINGS").map_or(1, |times| {
        times.parse().expect("REDMUX_INTERLEAVINGS is how many times as many to try")
    });
    let half = interleavings * times / 2;
    run("random", RandomScheduler::new_from_seed(SEED, half), scenario.clone());
    run("few preemptions", PctScheduler::new_from_seed(SEED, DEPTH, half), scenario);
}

/// Gives the number of interleavings there were.
fn run<F: Future<Output = ()>>(
    how: &'static str,
    scheduler: impl Scheduler + 'static,
    scenario: impl Fn() -> F + Send + Sync + 'static,
) -> usize {
    let progress = Progress { how, runs: Arc::default() };
    let runs = progress.runs.clone();
    Runner::new(scheduler, checker()).run(move || {
        runs.fetch_add(1, Ordering::Relaxed);
        block_on(scenario());
    })
}

/// Says how far a failed exploration came
struct Progress {
    how: &'static str,
    runs: Arc<AtomicUsize>,
}

impl Drop for Progress {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let (how, runs) = (self.how, self.runs.load(Ordering::Relaxed));
            let thread = std::thread::current();
            let test = thread.name().unwrap_or_default();
            eprintln!("{test} failed in interleaving {runs} ({how})");
        }
    }
}

/// Waits for callers.
async fn outcomes(callers: impl IntoIterator<Item = JoinHandle<Vec<Outcome>>>) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    for caller in callers {
        outcomes.extend(caller.await.unwrap());
    }
    outcomes
}

fn checker() -> Config {
    let mut config = Config::new();
    config.stack_size = 512 << 10;
    config.silence_warnings = true;
    config
}
