//! Time passes while replies arrive.

use std::time::Duration;

use shuttle::future::spawn;

use super::{
    super::model::MS,
    world::{Count, Echo, poll_elsewhere},
    *,
};
use crate::{
    Error, ErrorKind,
    connection::{Link, LinkConfig},
};

/// Shorter than what counts as time in which a driver did not come to run: a call issued
/// then would be given more, and the clock moves just once here.
const TIMEOUT: u64 = 4 * MS;

/// Less than [`TIMEOUT`].
const SHORT: u64 = 2 * MS;

fn impatient(link: &Link, number: u32) -> Echo<'_> {
    echo(link, number).timeout(Duration::from_micros(SHORT))
}

/// Whatever is late belongs to nobody else, and the time before a call does not count for it.
async fn afterwards(world: &World, number: u32) -> Outcome {
    let result =
        echo(&world.link, number).timeout(Duration::from_micros(2 * (SHORT + TIMEOUT))).await;
    Outcome { number, result }
}

/// A caller that counts its submission and then moves to another thread.
fn submit(
    world: &World,
    number: u32,
    call: fn(&Link, u32) -> Echo<'_>,
    submitted: &Arc<Count>,
) -> JoinHandle<Vec<Outcome>> {
    let (link, submitted) = (world.link.clone(), submitted.clone());
    spawn(async move {
        let mut call = call(&link, number);
        assert!(poll_elsewhere(&mut call).is_pending());
        submitted.add();
        vec![Outcome { number, result: call.await }]
    })
}

/// Not before its time.
fn assert_timed_out(error: &Error) {
    assert!(error.is_timeout(), "{error:?}");
    let diagnostics = error.diagnostics().unwrap();
    assert!(diagnostics.elapsed >= diagnostics.timeout, "{error:?}");
}

#[test]
fn a_deadline_may_pass_while_the_reply_arrives() {
    explore(INTERLEAVINGS, || async {
        let setup = Setup::default().with_or_without_a_line();
        let config = LinkConfig { command_timeout: TIMEOUT, ..setup.config };
        let world = World::new(Setup { config, ..setup });
        if world::toss() {
            world.link.ready().await.unwrap();
        }
        let link = world.link.clone();
        let hasty = spawn(async move {
            let result = impatient(&link, 1).await;
            let next = echo(&link, 2).await;
            vec![Outcome { number: 1, result }, Outcome { number: 2, result: next }]
        });
        let callers = [hasty, world.caller([3]), world.deserter(4, [5])];
        let clock = world.clock.clone();
        let time = spawn(async move {
            clock.advance(SHORT);
            clock.advance(TIMEOUT);
        });
        let outcomes = outcomes(callers).await;
        time.await.unwrap();
        let late = afterwards(&world, 6).await;
        let record = world.close().await;
        late.is_answered(&record);
        outcomes.iter().filter_map(|outcome| outcome.is_true(&record)).for_each(assert_timed_out);
    });
}

#[test]
fn a_server_that_does_not_answer_holds_nobody() {
    explore(INTERLEAVINGS, || async {
        // The stream is soon full, and the driver waits for nothing but time.
        let setup = Setup { mute: true, room: 8, ..Setup::default() };
        let config = LinkConfig { command_timeout: TIMEOUT, ..setup.config };
        let world = World::new(Setup { config, ..setup });
        world.link.ready().await.unwrap();
        let submitted = Arc::new(Count::default());
        let callers = [1, 2].map(|number| submit(&world, number, echo, &submitted));
        submitted.reaches(2).await;
        let hasty = submit(&world, 3, impatient, &submitted);
        submitted.reaches(3).await;
        // Just once for each deadline: were the driver not woken then, or armed for a later
        // one, a caller would wait without end.
        world.clock.advance(SHORT);
        let mut outcomes_of_all = outcomes([hasty]).await;
        world.clock.advance(TIMEOUT);
        outcomes_of_all.extend(outcomes(callers).await);
        world.unmute();
        let late = afterwards(&world, 4).await;
        let record = world.close().await;
        late.is_answered(&record);
        for outcome in &outcomes_of_all {
            assert_timed_out(outcome.is_true(&record).expect("nobody was answered"));
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
        let callers = [1, 2].map(|number| submit(&world, number, echo, &submitted));
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
