use super::model::{MS, Model, config};
use crate::connection::{LinkConfig, Passage, TraceId};

fn passage(sent: u64, answered: u64) -> Passage {
    Passage { sent: Some(sent * MS), answered: Some(answered * MS) }
}

/// Submits a command and traces it, under one lock in the product.
fn traced(model: &mut Model, text: &'static str) -> TraceId {
    let slot = model.submit(text).unwrap();
    model.core.trace(slot)
}

#[test]
fn each_command_has_its_own_moments() {
    let mut model = Model::ready(config());
    let traces = ["a", "b", "c"].map(|text| traced(&mut model, text));
    model.tick(MS);
    let length = "*2\r\n$4\r\nECHO\r\n$1\r\na\r\n".len();
    model.write(length + 1);
    model.tick(MS);
    model.write(usize::MAX);
    model.tick(MS);
    model.read(2).unwrap();
    model.tick(MS);
    model.read(1).unwrap();
    assert_eq!(model.core.end_trace(traces[1]), passage(2, 3));
    assert_eq!(model.core.end_trace(traces[0]), passage(1, 3));
    assert_eq!(model.core.end_trace(traces[2]), passage(2, 4));
    assert!(model.core.traces.is_empty());
    // Of an ended one nothing is known.
    assert_eq!(model.core.end_trace(traces[2]), Passage::default());
}

#[test]
fn commands_that_nobody_traces_are_in_nobody_s_way() {
    let mut model = Model::ready(config());
    model.submit("before").unwrap();
    let first = traced(&mut model, "first");
    model.submit("between").unwrap();
    model.tick(MS);
    model.write(usize::MAX);
    let later = traced(&mut model, "later");
    model.tick(MS);
    model.settle();
    assert_eq!(model.core.end_trace(first), passage(1, 2));
    assert_eq!(model.core.end_trace(later), passage(2, 2));
    assert!(model.core.traces.is_empty());
}

#[test]
fn what_never_came_so_far_has_no_moment() {
    let mut model = Model::ready(LinkConfig { command_timeout: 50 * MS, ..config() });
    let first = traced(&mut model, "first");
    let given_up = model.submit("given up").unwrap();
    let abandoned = model.core.trace(given_up);
    let unanswered = traced(&mut model, "unanswered");
    model.core.abandon(given_up);
    model.tick(MS);
    model.write(usize::MAX);
    model.read(1).unwrap();
    model.tick(50 * MS);
    // Timed out after it was sent; and one that was not.
    let unsent = traced(&mut model, "unsent");
    model.tick(50 * MS);
    assert_eq!(model.core.end_trace(first), passage(1, 1));
    assert_eq!(model.core.end_trace(abandoned), Passage::default());
    let sent = Passage { sent: Some(MS), answered: None };
    assert_eq!(model.core.end_trace(unanswered), sent);
    assert_eq!(model.core.end_trace(unsent), Passage::default());
    assert!(model.core.traces.is_empty());
    // And those behind them are found again.
    let after = traced(&mut model, "after");
    model.settle();
    assert_eq!(model.core.end_trace(after), passage(101, 101));
}

#[test]
fn what_is_sent_on_the_next_connection_counts_from_there() {
    let mut model = Model::ready(config());
    let lost = traced(&mut model, "lost");
    model.write(usize::MAX);
    let kept = traced(&mut model, "kept");
    model.lose();
    model.tick(5 * MS);
    model.connect();
    model.settle();
    assert_eq!(model.core.end_trace(lost), Passage { sent: Some(0), answered: None });
    assert_eq!(model.core.end_trace(kept), passage(5, 5));
}
