//! Callers, the driver and the server on threads whose interleavings a model checker chooses.
//!
//! Everything is the product's own code; only its locks and flags (`crate::sync`) are the
//! checker's, which may let another thread run at each of them. Nothing here depends on the
//! machine's time: a wake-up that gets lost is a deadlock, and the checker says so. A failed
//! run prints its schedule, for `shuttle::replay`.
//!
//! The checker treats every atomic operation as sequentially consistent.

mod answers;
mod clock;
mod deadlines;
mod endings;
mod signals;
mod wire;
mod world;

use std::future::Future;

use shuttle::{
    Config, Runner,
    future::block_on,
    scheduler::{PctScheduler, RandomScheduler},
};

use self::world::{Life, Outcome, Setup, World, echo};

/// The same interleavings in every run, unless `SHUTTLE_RANDOM_SEED` gives another seed.
const SEED: u64 = 0x5eed;

/// Of each scenario; together they take less than a minute in a debug build.
const INTERLEAVINGS: usize = 2000;

/// Preemptions in which the second half of the runs specialises: most races need no more.
const DEPTH: usize = 3;

/// Runs a scenario under so many interleavings, times `REDMUX_INTERLEAVINGS` where it is set.
fn explore<F: Future<Output = ()>>(
    interleavings: usize,
    scenario: impl Fn() -> F + Clone + Send + Sync + 'static,
) {
    let times = std::env::var("REDMUX_INTERLEAVINGS").map_or(1, |times| {
        times.parse().expect("REDMUX_INTERLEAVINGS is how many times as many to try")
    });
    let half = interleavings * times / 2;
    let again = scenario.clone();
    let random = RandomScheduler::new_from_seed(SEED, half);
    Runner::new(random, checker()).run(move || block_on(scenario()));
    let few_preemptions = PctScheduler::new_from_seed(SEED, DEPTH, half);
    Runner::new(few_preemptions, checker()).run(move || block_on(again()));
}

fn checker() -> Config {
    let mut config = Config::new();
    config.stack_size = 512 << 10;
    config.silence_warnings = true;
    config
}
