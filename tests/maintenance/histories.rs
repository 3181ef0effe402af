//! Random histories in simulated time: notices of all kinds, moves, endpoints that come late and go early, under load.
//!
//! `REDMUX_MAINTENANCE` says how many histories there are and `REDMUX_MAINTENANCE_SEED` the first of them: with
//! `REDMUX_MAINTENANCE=1` it is the only one, and all that happens is printed.

mod mover;
mod tasks;
mod wire;
mod world;

use std::{
    env,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, atomic::Ordering::Relaxed},
    time::{Duration, Instant},
};

use futures::future::{join, join_all};
use redmux::{
    ConnectionMultiplexer, Options,
    options::Maintenance,
    transport::{BoxFuture, Runtime},
};
use redmux_test_support::model::Random;

use self::{
    mover::Mover,
    tasks::{Claims, LAST, Worker, hold, in_time},
    world::{NAME, PORT, World},
};

/// How many histories there are if nothing is said.
const HISTORIES: u64 = 60;

const COUNTERS: u64 = 3;
const SECOND: u64 = 1_000_000;

/// What came of a history
#[derive(Debug, Default)]
struct Lived {
    faults: Vec<String>,
    trace: u64,
    moves: u64,
    commands: u64,
    failed: u64,
    heard: u64,
    popped: u64,
    simulated: u64,
}

fn live(seed: u64, prints: bool) -> Lived {
    let mut random = Random::new(seed);
    let (world, environment) = World::start(seed, prints);
    let is_graceful = !random.one_in(3);
    let limit = Duration::from_millis(random.pick(&[2_500, 5_000, 12_000]));
    let relaxed = Duration::from_secs(10);
    let options = Options::new(format!("{NAME}:{PORT}"))
        .maintenance(Maintenance::Required)
        .command_timeout(limit)
        .relaxed_timeout(relaxed)
        .connect_timeout(Duration::from_secs(1));
    let connect = ConnectionMultiplexer::connect_with(options, environment);
    let muxer = world.runtime.block_on(connect).unwrap();
    let claims = Arc::new(Claims::default());
    let worker = Worker {
        world: world.clone(),
        muxer: muxer.clone(),
        claims: claims.clone(),
        limit: limit.max(relaxed).as_micros() as u64,
        is_graceful,
    };
    let news = world.runtime.block_on(muxer.subscriber().subscribe("news")).unwrap();
    let mut tasks: Vec<BoxFuture<'static, ()>> = Vec::new();
    for task in 0..COUNTERS {
        tasks.push(Box::pin(worker.clone().count(task, seed * 10 + task)));
    }
    tasks.push(Box::pin(worker.clone().publish(seed * 10 + 5)));
    tasks.push(Box::pin(worker.clone().pop(seed * 10 + 6)));
    tasks.push(Box::pin(worker.clone().pop(seed * 10 + 7)));
    tasks.push(Box::pin(worker.clone().push(seed * 10 + 8)));
    let (listening, ended) = futures::channel::oneshot::channel();
    let listener = worker.clone().listen(news);
    world.runtime.spawn(Box::pin(async move {
        listener.await;
        // The history may have been given up.
        let _ = listening.send(());
    }));
    let moves = 1 + random.below(3);
    let mut mover = Mover::new(worker.clone(), random.below(u64::MAX));
    let over = claims.clone();
    let moving = async {
        for _ in 0..moves {
            mover.run().await;
        }
        mover.worker.world.pause(2 * SECOND).await;
        over.over.store(true, Relaxed);
    };
    let all = in_time(&world, 600 * SECOND, join(moving, join_all(tasks)));
    let is_over = world.runtime.block_on(all).is_some();
    let mut faults = Vec::new();
    if is_over {
        let calm = async {
            // All is well now.
            for _ in 0..3 {
                worker.world.pause(SECOND).await;
                if let Err(error) = muxer.execute::<u64>("INCRBY", ("calm", 1)).await {
                    worker.fault(format!("all is well, and yet: {error}"));
                }
            }
            let told = muxer.execute::<u64>("PUBLISH", ("news", LAST)).await;
            (told, in_time(&world, 5 * SECOND, ended).await)
        };
        let (told, heard) = world.runtime.block_on(calm);
        if told.is_err() || heard.is_none() {
            faults.push(format!("the last message is not heard: {told:?}"));
        }
    } else {
        faults.push(format!("tasks hang: {}", muxer.status()));
    }
    let place = mover.place();
    world.with(|state| state.executed.retain(|done| done.key != "calm"));
    let (shared, leased, all) = world.with(|state| {
        let (shared, leased) = state.guests(place);
        (shared, leased, state.wires.len())
    });
    if shared != 1 || all != shared + leased || leased > 2 {
        faults.push(format!("{all} connections, of which {shared} and {leased} are at {place}"));
    }
    faults.extend(hold(&world, &claims));
    let dials = world.with(|state| state.dials);
    let simulated = world.now() / SECOND;
    if dials > 60 * moves + 3 * simulated {
        faults.push(format!("{dials} dials in {simulated} s"));
    }
    world.runtime.block_on(async {
        if in_time(&world, 30 * SECOND, muxer.close()).await.is_none() {
            faults.push("it does not close".to_owned());
        }
        world.pause(SECOND).await;
    });
    let left = world.with(|state| state.wires.len());
    if left > 0 {
        faults.push(format!("{left} connections are left"));
    }
    let issues = claims.issues.lock().unwrap();
    Lived {
        faults,
        trace: world.with(|state| state.trace),
        moves,
        commands: issues.len() as u64,
        failed: issues.iter().filter(|issue| issue.outcome.is_err()).count() as u64,
        heard: claims.heard.lock().unwrap().len() as u64,
        popped: claims.popped.lock().unwrap().len() as u64,
        simulated,
    }
}

fn number(variable: &str) -> Option<u64> {
    env::var(variable).ok()?.parse().ok()
}

#[test]
fn what_callers_are_told_is_so_whatever_servers_announce() {
    let count = number("REDMUX_MAINTENANCE").unwrap_or(HISTORIES);
    let first = number("REDMUX_MAINTENANCE_SEED").unwrap_or(1);
    let mut sum = Lived::default();
    let begun = Instant::now();
    for seed in first..first + count {
        let lived = catch_unwind(AssertUnwindSafe(|| live(seed, count == 1)));
        let lived = lived.unwrap_or_else(|_| panic!("seed {seed} panicked"));
        assert!(
            lived.faults.is_empty(),
            "REDMUX_MAINTENANCE=1 REDMUX_MAINTENANCE_SEED={seed}: {:#?}",
            lived.faults
        );
        sum.moves += lived.moves;
        sum.commands += lived.commands;
        sum.failed += lived.failed;
        sum.heard += lived.heard;
        sum.popped += lived.popped;
        sum.simulated += lived.simulated;
    }
    let Lived { moves, commands, failed, heard, popped, simulated, .. } = sum;
    println!(
        "{count} histories, {moves} moves, {commands} commands ({failed} failed), {heard} messages, \
         {popped} elements, {simulated} s simulated in {:.1?}",
        begun.elapsed()
    );
}

#[test]
fn a_history_is_the_same_each_time() {
    for seed in 1..5 {
        assert_eq!(live(seed, false).trace, live(seed, false).trace, "seed {seed}");
    }
}
