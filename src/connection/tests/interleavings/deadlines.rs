//! Time passes while replies arrive.

use std::time::Duration;

use shuttle::future::spawn;

use super::{super::model::MS, *};
use crate::connection::LinkConfig;

const TIMEOUT: u64 = 50 * MS;

fn world() -> World {
    let setup = Setup::default();
    let config = LinkConfig { command_timeout: TIMEOUT, ..setup.config };
    World::new(Setup { config, ..setup })
}

#[test]
fn a_deadline_may_pass_while_the_reply_arrives() {
    explore(INTERLEAVINGS, || async {
        let world = world();
        if world::toss() {
            world.link.ready().await.unwrap();
        }
        let callers = [world.caller([1, 2]), world.deserter(3, [4])];
        let impatient = {
            let link = world.link.clone();
            spawn(async move {
                let result = echo(&link, 5).timeout(Duration::from_millis(10)).await;
                vec![Outcome { number: 5, result }]
            })
        };
        let clock = world.clock.clone();
        let time = spawn(async move {
            clock.advance(10 * MS);
            clock.advance(TIMEOUT);
        });
        let mut outcomes = Vec::new();
        for caller in callers.into_iter().chain([impatient]) {
            outcomes.extend(caller.await.unwrap());
        }
        time.await.unwrap();
        // Time stands still again: whatever was late belongs to nobody else.
        let late = world.caller([6]).await.unwrap();
        let record = world.close().await;
        late.iter().for_each(|outcome| outcome.is_answered(&record));
        for outcome in &outcomes {
            if let Some(error) = outcome.is_true(&record) {
                assert!(error.is_timeout(), "{error:?}");
            }
        }
    });
}

#[test]
fn a_server_that_does_not_answer_holds_nobody() {
    explore(INTERLEAVINGS, || async {
        let world = world();
        world.link.ready().await.unwrap();
        world.mute(true);
        let callers = [world.caller([1]), world.deserter(2, [])];
        let clock = world.clock.clone();
        // Were the driver not woken in time, the caller would wait for ever.
        let time = spawn(async move {
            clock.advance(TIMEOUT);
            clock.advance(TIMEOUT);
        });
        time.await.unwrap();
        let mut outcomes = Vec::new();
        for caller in callers {
            outcomes.extend(caller.await.unwrap());
        }
        world.mute(false);
        let late = world.caller([3]).await.unwrap();
        let record = world.close().await;
        late.iter().for_each(|outcome| outcome.is_answered(&record));
        for outcome in &outcomes {
            let error = outcome.is_true(&record).expect("nobody was answered");
            assert!(error.is_timeout(), "{error:?}");
        }
    });
}
