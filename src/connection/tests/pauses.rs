use super::model::{MS, Model, config};
use crate::clock::NEVER;

const SECOND: u64 = 1000 * MS;

#[test]
fn reading_goes_on_when_the_reader_has_caught_up() {
    let mut model = Model::ready(config());
    assert!(!model.core.is_paused());
    assert!(model.core.pause(1, SECOND) && model.core.pause(2, SECOND));
    assert!(model.core.is_paused());
    model.core.resume(1);
    assert!(model.core.is_paused());
    model.core.resume(2);
    assert!(!model.core.is_paused());
    // It was not in vain: the next one begins at once.
    assert!(model.core.pause(1, SECOND));
}

#[test]
fn a_reader_that_does_not_catch_up_is_not_waited_for_again() {
    let mut model = Model::ready(config());
    assert!(model.core.pause(1, SECOND));
    model.tick(SECOND / 2);
    assert!(model.core.pause(1, SECOND), "the same pause");
    assert_eq!(model.core.next_deadline(), SECOND);
    model.tick(SECOND / 2);
    assert!(!model.core.is_paused() && !model.core.pause(1, SECOND));
    // Nor are others, for a while: replies are not held up by one after the other.
    assert!(!model.core.pause(2, SECOND));
    model.core.resume(1);
    assert!(!model.core.pause(1, SECOND));
    model.tick(9 * SECOND);
    assert!(model.core.pause(2, SECOND) && model.core.pause(1, SECOND));
    // Gone with the connection.
    model.lose();
    assert!(!model.core.is_paused() && !model.core.pause(3, SECOND));
}

#[test]
fn a_pause_is_no_silence_of_the_peer() {
    let mut model = Model::ready(config());
    model.submit("waits").unwrap();
    model.write(usize::MAX);
    model.tick(3000 * MS);
    model.core.check_liveness().unwrap();
    assert_eq!(model.core.next_deadline(), 5000 * MS, "the command's");
    model.tick(4000 * MS);
    assert!(model.core.pause(1, 10 * SECOND));
    model.tick(5000 * MS);
    // The probe has gone unanswered for longer than is allowed; nothing was read, either.
    model.core.check_liveness().unwrap();
    assert_eq!(model.core.next_deadline(), 17_000 * MS);
    model.tick(5000 * MS);
    assert!(model.core.check_liveness().is_err());
}

#[test]
fn never_is_no_time_to_wait() {
    let mut model = Model::ready(config());
    assert!(model.core.pause(1, NEVER));
    assert_eq!(model.core.pause_end(), NEVER - 1);
    model.core.resume(1);
    assert!(!model.core.pause(1, 0), "no time at all");
}
