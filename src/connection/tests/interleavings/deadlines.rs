//! Time passes while replies arrive.

use std::{future::poll_fn, pin::Pin, task::Poll, time::Duration};

use shuttle::future::spawn;

use super::{super::model::MS, world::Count, *};
use crate::{ErrorKind, connection::LinkConfig};

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

/// A caller that counts its submission.
fn submit(world: &World, number: u32, submitted: &Arc<Count>) -> JoinHandle<Vec<Outcome>> {
    let (link, submitted) = (world.link.clone(), submitted.clone());
    spawn(async move {
        let mut call = echo(&link, number);
        let early = poll_fn(|cx| Poll::Ready(Pin::new(&mut call).poll(cx))).await;
        assert!(early.is_pending());
        submitted.add();
        vec![Outcome { number, result: call.await }]
    })
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
        let outcomes = outcomes(callers.into_iter().chain([impatient])).await;
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
        let callers = [1, 2].map(|number| submit(&world, number, &submitted));
        submitted.reaches(2).await;
        // Just once: were the driver not woken by it, the callers would wait for ever.
        world.clock.advance(TIMEOUT);
        let outcomes = outcomes(callers).await;
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

#[test]
fn a_closing_link_does_not_wait_for_ever() {
    explore(INTERLEAVINGS, || async {
        let setup = Setup { mute: true, ..Setup::default() };
        let config = LinkConfig { close_timeout: TIMEOUT, ..setup.config };
        let world = World::new(Setup { config, ..setup });
        world.link.ready().await.unwrap();
        let submitted = Arc::new(Count::default());
        let callers = [1, 2].map(|number| submit(&world, number, &submitted));
        submitted.reaches(2).await;
        world.link.close();
        world.clock.advance(TIMEOUT);
        world.link.closed().await;
        let outcomes = outcomes(callers).await;
        world.unmute();
        let record = world.over().await;
        for outcome in &outcomes {
            let error = outcome.is_true(&record).expect("nobody was answered");
            assert_eq!(error.kind(), ErrorKind::Closed, "{error:?}");
        }
    });
}
