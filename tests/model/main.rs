//! Random histories on a model of a cluster, in simulated time: thousands of them in a minute.
//!
//! The model is in `tests/support`; `tests/cluster/oracle.rs` holds it against real servers.
//!
//! `REDMUX_MODEL` says how many histories there are and `REDMUX_MODEL_SEED` the first of them: with
//! `REDMUX_MODEL=1` it is the only one, and all that happens is printed.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod claims;
mod counted;
mod history;
mod tasks;
mod torment;
mod wire;
mod world;

use std::{
    env,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{
        Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    thread,
    time::Instant,
};

use history::{Lived, live};

/// How many histories there are if nothing is said.
const HISTORIES: u64 = 3000;

fn number(variable: &str) -> Option<u64> {
    env::var(variable).ok()?.parse().ok()
}

#[test]
fn what_callers_are_told_is_so_in_thousands_of_histories() {
    let count = number("REDMUX_MODEL").unwrap_or(HISTORIES);
    let first = number("REDMUX_MODEL_SEED").unwrap_or(1);
    let (next, failed) = (AtomicU64::new(first), AtomicBool::new(false));
    let total = Mutex::new(Lived::default());
    let begun = Instant::now();
    thread::scope(|scope| {
        let threads = thread::available_parallelism().map_or(1, usize::from).min(count as usize);
        for _ in 0..threads {
            scope.spawn(|| {
                loop {
                    let seed = next.fetch_add(1, Relaxed);
                    if seed >= first + count || failed.load(Relaxed) {
                        return;
                    }
                    match catch_unwind(AssertUnwindSafe(|| live(seed, count == 1))) {
                        Ok(lived) if lived.faults.is_empty() => total.lock().unwrap().add(lived),
                        Ok(lived) => {
                            failed.store(true, Relaxed);
                            println!("seed {seed} ({}):", lived.kind);
                            lived.faults.iter().for_each(|fault| println!("  {fault}"));
                        }
                        Err(_) => {
                            failed.store(true, Relaxed);
                            println!("seed {seed} panicked");
                        }
                    }
                }
            });
        }
    });
    println!("{} in {:.1?}", total.lock().unwrap(), begun.elapsed());
    assert!(!failed.load(Relaxed), "see above; REDMUX_MODEL=1 REDMUX_MODEL_SEED=… runs one alone");
}

#[test]
fn a_history_is_the_same_each_time() {
    for seed in 1..30 {
        assert_eq!(live(seed, false).trace, live(seed, false).trace, "seed {seed}");
    }
}
