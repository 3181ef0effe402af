//! The connection or the link ends under its callers.

use shuttle::future::spawn;

use super::*;
use crate::{Delivery, ErrorKind, connection::BacklogPolicy, connection::LinkConfig};

fn callers(world: &World) -> Vec<shuttle::future::JoinHandle<Vec<Outcome>>> {
    vec![world.caller([1, 2]), world.deserter(3, [4]), world.caller([5])]
}

async fn outcomes(callers: Vec<shuttle::future::JoinHandle<Vec<Outcome>>>) -> Vec<Outcome> {
    let mut outcomes = Vec::new();
    for caller in callers {
        outcomes.extend(caller.await.unwrap());
    }
    outcomes
}

#[test]
fn a_link_that_ends_with_its_stream_leaves_nobody_waiting() {
    explore(INTERLEAVINGS, || async {
        let lives = vec![Life::random()];
        let world = World::new(Setup { single: true, lives, ..Setup::default() });
        let outcomes = outcomes(callers(&world)).await;
        // So short a life may never have ended by itself.
        let record = world.close().await;
        for outcome in &outcomes {
            let error = outcome.is_true(&record);
            let expected = [ErrorKind::ConnectionLost, ErrorKind::Closed];
            assert!(error.is_none_or(|error| expected.contains(&error.kind())), "{error:?}");
        }
    });
}

#[test]
fn what_was_not_sent_survives_lost_connections() {
    explore(INTERLEAVINGS, || async {
        let lives = vec![Life::random(), Life::random()];
        let world = World::new(Setup { lives, ..Setup::default() });
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
        let setup = Setup { lives: vec![Life::random(), Life::random()], ..Setup::default() };
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
        let world = World::new(Setup::default());
        if world::toss() {
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
        let record = world.over().await;
        for outcome in &outcomes {
            if let Some(error) = outcome.is_true(&record) {
                assert_eq!(error.kind(), ErrorKind::Closed, "{error:?}");
                assert_eq!(error.delivery(), Delivery::NotSent, "{error:?}");
            }
        }
    });
}

#[test]
fn an_aborted_link_leaves_nobody_waiting() {
    explore(INTERLEAVINGS, || async {
        let lives = if world::toss() { vec![Life::random()] } else { Vec::new() };
        let world = World::new(Setup { lives, ..Setup::default() });
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
                let expected = [ErrorKind::ConnectionLost, ErrorKind::Closed];
                assert!(expected.contains(&error.kind()), "{error:?}");
            }
        }
    });
}

#[test]
fn a_link_whose_driver_is_dropped_leaves_nobody_waiting() {
    explore(INTERLEAVINGS, || async {
        let world = World::new(Setup::default());
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
