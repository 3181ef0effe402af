//! The server is well: everyone gets an answer, and it is their own.

use super::*;
use crate::{clock::NEVER, connection::LinkConfig};

async fn answered(world: World, callers: Vec<JoinHandle<Vec<Outcome>>>) {
    let outcomes = outcomes(callers).await;
    let record = world.close().await;
    outcomes.iter().for_each(|outcome| outcome.is_answered(&record));
}

/// No time is near for which a driver would wake by itself.
fn timeless(config: LinkConfig) -> LinkConfig {
    LinkConfig { command_timeout: NEVER, keep_alive: NEVER, probe_after: NEVER, ..config }
}

#[test]
fn every_caller_gets_its_own_reply() {
    explore(INTERLEAVINGS, || async {
        let world = World::new(Setup::default());
        let callers = vec![world.caller([1, 2]), world.caller([3, 4]), world.caller([5])];
        answered(world, callers).await;
    });
}

#[test]
fn a_driver_that_sleeps_is_woken() {
    explore(INTERLEAVINGS, || async {
        let setup = Setup { room: 1000, ..Setup::default() };
        let config = timeless(setup.config);
        let world = World::new(Setup { config, ..setup });
        world.link.ready().await.unwrap();
        let callers = vec![world.caller([1]), world.caller([2, 3])];
        answered(world, callers).await;
    });
}

#[test]
fn a_collector_is_woken_for_all_it_waits_for() {
    explore(INTERLEAVINGS, || async {
        let setup = Setup { room: 1000, ..Setup::default() };
        let high_water = if world::toss() { 1 } else { setup.config.high_water };
        let config = LinkConfig { high_water, ..timeless(setup.config) };
        let world = World::new(Setup { config, ..setup });
        let callers = vec![world.caller([1, 2]), world.collector([3, 4, 5]), world.caller([6])];
        answered(world, callers).await;
    });
}

#[test]
fn callers_in_line_for_room_get_their_turn() {
    explore(INTERLEAVINGS, || async {
        let setup = Setup::default();
        let config = LinkConfig { high_water: 1, ..setup.config };
        let world = World::new(Setup { config, ..setup });
        world.link.ready().await.unwrap();
        let callers = vec![
            world.caller([1, 2]),
            world.deserter(3, [4]),
            world.deserter(5, [6]),
            world.caller([7]),
        ];
        answered(world, callers).await;
    });
}

#[test]
fn dropped_calls_disturb_nobody() {
    explore(INTERLEAVINGS, || async {
        let world = World::new(Setup::default());
        if world::toss() {
            world.link.ready().await.unwrap();
        }
        let callers = vec![world.deserter(1, [2]), world.caller([3, 4]), world.deserter(5, [6])];
        answered(world, callers).await;
    });
}
