//! Observers know when each command was sent and answered, whichever task was quicker.

use super::{world::toss, *};
use crate::{
    command::Handling,
    connection::LinkConfig,
    observe::{CommandOutcome, ProfilingSession},
};

#[test]
fn each_answered_command_has_all_its_moments() {
    explore(INTERLEAVINGS / 2, || async {
        let mut setup = Setup::default();
        if toss() {
            setup.config = LinkConfig { high_water: 1, ..setup.config };
        }
        let world = World::new(setup);
        let session = Arc::new(ProfilingSession::new(None));
        let mut handling = Handling::default();
        handling.observers.add(session.observer().expect("it is of this handle"));
        let handling = Arc::new(handling);
        let callers: Vec<_> = [[1, 2], [3, 4], [5, 6]]
            .into_iter()
            .map(|numbers| {
                let (link, handling) = (world.link.clone(), handling.clone());
                let deserts = toss();
                shuttle::future::spawn(async move {
                    for number in numbers {
                        let mut call = echo(&link, number).handled(Some(&handling));
                        if deserts && world::poll_elsewhere(&mut call).is_pending() {
                            continue;
                        }
                        if !deserts {
                            call.await.expect("the server is well");
                        }
                    }
                })
            })
            .collect();
        for caller in callers {
            caller.await.unwrap();
        }
        world.close().await;
        let profile = session.take();
        assert_eq!(profile.records.len(), 6);
        for record in &profile.records {
            let times = &record.timings;
            let answered = times.sent.is_some() && times.answered.is_some();
            match record.outcome {
                CommandOutcome::Succeeded => assert!(answered, "{record}"),
                CommandOutcome::Abandoned => {
                    assert!(times.answered <= times.sent.and(times.answered))
                }
                _ => panic!("{record}"),
            }
        }
    });
}
