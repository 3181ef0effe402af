//! The connection or the link ends under its callers.

use shuttle::future::spawn;

use super::*;
use crate::{
    Delivery, ErrorKind,
    connection::{BacklogPolicy, LinkConfig},
};

/// The stream or the link has ended.
const ENDED: [ErrorKind; 2] = [ErrorKind::ConnectionLost, ErrorKind::Closed];

fn setup() -> Setup {
    Setup::default().with_or_without_a_line()
}

fn callers(world: &World) -> [JoinHandle<Vec<Outcome>>; 3] {
    [world.caller([1, 2]), world.deserter(3, [4]), world.caller([5])]
}

#[test]
fn a_link_that_ends_with_its_stream_leaves_nobody_waiting() {
    explore(INTERLEAVINGS, || async {
        let lives = vec![Life::random()];
        let world = World::new(Setup { single: true, lives, ..setup() });
        let outcomes = outcomes(callers(&world)).await;
        // So short a life may never have ended by itself.
        let record = world.close().await;
        for outcome in &outcomes {
            let error = outcome.is_true(&record);
            assert!(error.is_none_or(|error| ENDED.contains(&error.kind())), "{error:?}");
        }
    });
}

#[test]
fn what_was_not_sent_survives_lost_connections() {
    explore(INTERLEAVINGS, || async {
        let lives = vec![Life::random(), Life::random()];
        let world = World::new(Setup { lives, ..setup() });
        let outcomes = outcomes(callers(&world)).await;
        let record = world.close().await;
        for outcome in &outcomes {
            if let Some(error) = outcome.is_true(&record) {
                assert_eq!(error.kind(), ErrorKind::ConnectionLost, "{error:?}");
                assert_eq!(error.delivery(), Delivery::MaybeExecuted, "{error:?}");
            }
        }
    });
}

#[test]
fn what_may_not_wait_fails_with_the_connection() {
    explore(INTERLEAVINGS, || async {
        let setup = Setup { lives: vec![Life::random(), Life::random()], ..setup() };
        let config = LinkConfig { backlog: BacklogPolicy::FailFast, ..setup.config };
        let world = World::new(Setup { config, ..setup });
        let outcomes = outcomes(callers(&world)).await;
        let record = world.close().await;
        for outcome in &outcomes {
            if let Some(error) = outcome.is_true(&record) {
                assert_eq!(error.kind(), ErrorKind::ConnectionLost, "{error:?}");
            }
        }
    });
}

#[test]
fn a_closing_link_answers_what_it_has_accepted() {
    explore(INTERLEAVINGS, || async {
        let world = World::new(setup());
        let (outcomes, record) = closed_meanwhile(world).await;
        for outcome in &outcomes {
            if let Some(error) = outcome.is_true(&record) {
                assert_eq!(error.kind(), ErrorKind::Closed, "{error:?}");
                assert_eq!(error.delivery(), Delivery::NotSent, "{error:?}");
            }
        }
    });
}

#[test]
fn a_closing_link_may_lose_its_stream() {
    explore(INTERLEAVINGS, || async {
        let lives = vec![Life::random(), Life::random()];
        let (outcomes, record) = closed_meanwhile(World::new(Setup { lives, ..setup() })).await;
        for outcome in &outcomes {
            let error = outcome.is_true(&record);
            assert!(error.is_none_or(|error| ENDED.contains(&error.kind())), "{error:?}");
        }
    });
}

async fn closed_meanwhile(world: World) -> (Vec<Outcome>, Arc<Record>) {
    if world::toss() {
        // A stream that breaks early is made again.
        world.link.ready().await.unwrap();
    }
    let callers = callers(&world);
    let link = world.link.clone();
    let closer = spawn(async move {
        link.close();
        link.closed().await;
    });
    let outcomes = outcomes(callers).await;
    closer.await.unwrap();
    (outcomes, world.over().await)
}

#[test]
fn an_aborted_link_leaves_nobody_waiting() {
    explore(INTERLEAVINGS, || async {
        let lives = if world::toss() { vec![Life::random()] } else { Vec::new() };
        let world = World::new(Setup { lives, ..setup() });
        if world::toss() {
            world.link.ready().await.unwrap();
        }
        let callers = callers(&world);
        let link = world.link.clone();
        let aborter = spawn(async move { link.abort() });
        let outcomes = outcomes(callers).await;
        aborter.await.unwrap();
        let record = world.over().await;
        for outcome in &outcomes {
            if let Some(error) = outcome.is_true(&record) {
                assert!(ENDED.contains(&error.kind()), "{error:?}");
            }
        }
    });
}

#[test]
fn a_link_whose_driver_is_dropped_leaves_nobody_waiting() {
    explore(INTERLEAVINGS, || async {
        let world = World::new(setup());
        if world::toss() {
            world.link.ready().await.unwrap();
        }
        let callers = callers(&world);
        let dropped = world.drop_driver();
        let outcomes = outcomes(callers).await;
        let record = dropped.await;
        for outcome in &outcomes {
            if let Some(error) = outcome.is_true(&record) {
                assert_eq!(error.kind(), ErrorKind::Closed, "{error:?}");
            }
        }
    });
}
