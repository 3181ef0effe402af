use super::model::{MS, Model, config};
use crate::connection::{LinkConfig, Passage};

fn passage(sent: u64, answered: u64) -> Passage {
    Passage { sent: Some(sent * MS), answered: Some(answered * MS) }
}

#[test]
fn each_command_has_its_own_moments() {
    let mut model = Model::ready(config());
    let slots: Vec<_> = ["a", "b", "c"].map(|id| model.submit(id).unwrap()).into();
    assert!(slots.iter().all(|slot| model.core.watch_command(*slot)));
    model.tick(MS);
    let length = "*2\r\n$4\r\nECHO\r\n$1\r\na\r\n".len();
    model.write(length + 1);
    model.tick(MS);
    model.write(usize::MAX);
    model.tick(MS);
    model.read(2).unwrap();
    model.tick(MS);
    model.read(1).unwrap();
    assert_eq!(model.core.unwatch_command(slots[1]), passage(2, 3));
    assert_eq!(model.core.unwatch_command(slots[0]), passage(1, 3));
    assert_eq!(model.core.unwatch_command(slots[2]), passage(2, 4));
    assert!(model.core.watches.is_empty());
}

#[test]
fn a_driver_that_was_quicker_than_the_observer_loses_nothing() {
    let mut model = Model::ready(config());
    let sent = model.submit("sent").unwrap();
    let also_sent = model.submit("also sent").unwrap();
    model.tick(MS);
    model.write(usize::MAX);
    let later = model.submit("later").unwrap();
    // Another thread was quicker with the later one.
    assert!(model.core.watch_command(later));
    assert!(model.core.watch_command(also_sent));
    assert!(model.core.watch_command(sent));
    model.tick(MS);
    model.settle();
    assert_eq!(model.core.unwatch_command(sent), passage(1, 2));
    assert_eq!(model.core.unwatch_command(also_sent), passage(1, 2));
    assert_eq!(model.core.unwatch_command(later), passage(2, 2));
    let answered = model.submit("answered").unwrap();
    model.settle();
    assert!(model.core.watch_command(answered));
    assert_eq!(model.core.unwatch_command(answered), passage(2, 2));
}

#[test]
fn what_timed_out_in_the_line_for_room_was_not_queued() {
    let mut model = Model::ready(LinkConfig { high_water: 10, ..config() });
    let queued = model.submit("queued").unwrap();
    let in_line = model.submit_with("in line", Some(MS)).unwrap();
    model.tick(2 * MS);
    assert_eq!(model.resubmit("in line", in_line).unwrap(), in_line);
    assert!(!model.core.watch_command(in_line));
    assert!(model.core.watch_command(queued));
    assert_eq!(model.core.unwatch_command(in_line), Passage::default());
}

#[test]
fn what_never_came_so_far_has_no_moment() {
    let mut model = Model::ready(LinkConfig { command_timeout: 50 * MS, ..config() });
    let first = model.submit("first").unwrap();
    let given_up = model.submit("given up").unwrap();
    let unanswered = model.submit("unanswered").unwrap();
    let slots = [first, given_up, unanswered];
    assert!(slots.iter().all(|slot| model.core.watch_command(*slot)));
    model.core.abandon(given_up);
    model.tick(MS);
    model.write(usize::MAX);
    model.read(1).unwrap();
    model.tick(50 * MS);
    // Timed out after it was sent; and one that was not.
    let unsent = model.submit("unsent").unwrap();
    assert!(model.core.watch_command(unsent));
    model.tick(50 * MS);
    assert_eq!(model.core.unwatch_command(first), passage(1, 1));
    assert_eq!(model.core.unwatch_command(given_up), Passage::default());
    let sent = Passage { sent: Some(MS), answered: None };
    assert_eq!(model.core.unwatch_command(unanswered), sent);
    assert_eq!(model.core.unwatch_command(unsent), Passage::default());
    assert!(model.core.watches.is_empty());
    // And those behind them are found again.
    let after = model.submit("after").unwrap();
    assert!(model.core.watch_command(after));
    model.settle();
    assert_eq!(model.core.unwatch_command(after), passage(101, 101));
}

#[test]
fn what_is_sent_on_the_next_connection_counts_from_there() {
    let mut model = Model::ready(config());
    let lost = model.submit("lost").unwrap();
    assert!(model.core.watch_command(lost));
    model.write(usize::MAX);
    let kept = model.submit("kept").unwrap();
    assert!(model.core.watch_command(kept));
    model.lose();
    model.tick(5 * MS);
    model.connect();
    model.settle();
    assert_eq!(model.core.unwatch_command(lost), Passage { sent: Some(0), answered: None });
    assert_eq!(model.core.unwatch_command(kept), passage(5, 5));
}
