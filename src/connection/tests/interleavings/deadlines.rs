//! Time passes while replies arrive.

use std::{future::poll_fn, pin::Pin, sync::Arc, task::Poll, time::Duration};

use shuttle::future::spawn;

use super::{super::model::MS, world::Count, *};
use crate::connection::LinkConfig;

const TIMEOUT: u64 = 50 * MS;

fn world(mute: bool) -> World {
    let setup = Setup { mute, ..Setup::default() };
    let config = LinkConfig { command_timeout: TIMEOUT, ..setup.config };
    World::new(Setup { config, ..setup })
}

/// Whatever is late belongs to nobody else.
///
/// The call has time enough: it is counted from when the driver last looked at the clock,
/// if that is about to run.
async fn afterwards(world: &World, number: u32) -> Outcome {
    let result = echo(&world.link, number).timeout(Duration::from_secs(5)).await;
    Outcome { number, result }
}

#[test]
fn a_deadline_may_pass_while_the_reply_arrives() {
    explore(INTERLEAVINGS, || async {
        let world = world(false);
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
        let late = afterwards(&world, 6).await;
        let record = world.close().await;
        late.is_answered(&record);
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
        let world = world(true);
        world.link.ready().await.unwrap();
        let submitted = Arc::new(Count::default());
        let callers: Vec<_> = (1..=2)
            .map(|number| {
                let (link, submitted) = (world.link.clone(), submitted.clone());
                spawn(async move {
                    let mut call = echo(&link, number);
                    let early = poll_fn(|cx| Poll::Ready(Pin::new(&mut call).poll(cx))).await;
                    assert!(early.is_pending());
                    submitted.add();
                    Outcome { number, result: call.await }
                })
            })
            .collect();
        submitted.reaches(2).await;
        // Just once: were the driver not woken by it, the callers would wait for ever.
        world.clock.advance(TIMEOUT);
        let mut outcomes = Vec::new();
        for caller in callers {
            outcomes.push(caller.await.unwrap());
        }
        world.unmute();
        let late = afterwards(&world, 3).await;
        let record = world.close().await;
        late.is_answered(&record);
        for outcome in &outcomes {
            let error = outcome.is_true(&record).expect("nobody was answered");
            assert!(error.is_timeout(), "{error:?}");
        }
    });
}
