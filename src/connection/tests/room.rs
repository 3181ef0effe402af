//! The line for room: what the program asked for in an order goes out in that order.

use bytes::Bytes;

use super::model::{Model, config};
use crate::connection::{Ask, LinkConfig, Verb, core::Phase};

/// The line begins once this many bytes are unsent.
const HIGH_WATER: usize = 60;

fn ask(verb: Verb, ticket: u64, names: &[&'static str]) -> Ask {
    let names = names.iter().map(|name| Bytes::from_static(name.as_bytes())).collect();
    Ask { ticket, verb, names }
}

fn full() -> Model {
    let mut model = Model::ready(LinkConfig { high_water: HIGH_WATER, ..config() });
    model.executed.clear();
    for text in ["one", "two", "three"] {
        let slot = model.submit(text).unwrap();
        assert!(!model.core.is_waiting_for_room(slot));
    }
    model
}

/// What the server has executed, in its order.
fn order(model: &Model) -> Vec<&str> {
    model.executed.iter().map(|(_, argument)| argument.as_str()).collect()
}

#[test]
fn a_subscription_does_not_overtake_commands_in_line() {
    let mut model = full();
    let before = model.submit("before").unwrap();
    assert!(model.core.is_waiting_for_room(before));
    model.core.ask(ask(Verb::Subscribe, 1, &["c"]));
    let after = model.submit("after").unwrap();
    assert!(model.core.is_waiting_for_room(after));
    model.settle();
    model.resubmit(0, "before", before).unwrap();
    model.settle();
    model.resubmit(0, "after", after).unwrap();
    model.settle();
    assert_eq!(order(&model), ["one", "two", "three", "before", "c", "after"]);
    assert_eq!(model.result(before).unwrap().unwrap(), "before");
    assert_eq!(model.result(after).unwrap().unwrap(), "after");
    assert_eq!(model.inbox.pushes.len(), 1);
    assert!(model.core.is_drained());
}

#[cfg(feature = "full")]
#[test]
fn what_nobody_wants_any_more_is_not_asked_for() {
    let c = [Bytes::from_static(b"c")];
    // In line, queued, and on its way.
    for (before, written) in [(3, false), (1, false), (1, true)] {
        let mut model = Model::ready(LinkConfig { high_water: HIGH_WATER, ..config() });
        model.executed.clear();
        let slots: Vec<_> = (0..before).map(|n| model.submit(&format!("{n}")).unwrap()).collect();
        model.core.ask(ask(Verb::Subscribe, 1, &["c"]));
        let last = model.submit("last").unwrap();
        if written {
            model.core.take_output(&mut model.batch);
        }
        assert_eq!(model.core.withdraw(1, &[]), !written, "it is only looked");
        assert_eq!(model.core.withdraw(1, &c), !written);
        assert!(!model.core.withdraw(1, &c));
        for _ in 0..2 {
            model.settle();
            if model.core.is_waiting_for_room(last) {
                model.resubmit(0, "last", last).unwrap();
            }
        }
        assert_eq!(order(&model).contains(&"c"), written);
        for (n, slot) in slots.into_iter().enumerate() {
            assert_eq!(model.result(slot).unwrap().unwrap(), n.to_string());
        }
        assert_eq!(model.result(last).unwrap().unwrap(), "last");
        assert!(model.core.is_drained());
    }
}

#[cfg(feature = "full")]
#[test]
fn of_several_channels_those_that_are_wanted_are_asked_for() {
    let mut model = full();
    model.core.ask(ask(Verb::Subscribe, 1, &["a", "b"]));
    assert!(model.core.withdraw(1, &[Bytes::from_static(b"a")]));
    model.settle();
    assert_eq!(order(&model), ["one", "two", "three", "b"]);
    // Its bytes are made.
    model.core.ask(ask(Verb::Subscribe, 2, &["a", "c"]));
    assert!(!model.core.withdraw(2, &[Bytes::from_static(b"a")]));
    model.settle();
    assert_eq!(model.inbox.pushes.len(), 3);
    assert!(model.core.is_drained());
}

#[cfg(feature = "full")]
#[test]
fn what_was_never_sent_is_known_until_the_next_connection() {
    let c = [Bytes::from_static(b"c")];
    for (before, written) in [(3, 0), (1, 0), (1, usize::MAX)] {
        let mut model = Model::ready(LinkConfig { high_water: HIGH_WATER, ..config() });
        for n in 0..before {
            model.submit(&format!("{n}")).unwrap();
        }
        model.core.ask(ask(Verb::Subscribe, 1, &["c"]));
        if written > 0 {
            model.write(written);
        }
        model.lose();
        assert_eq!(model.core.withdraw(1, &c), written == 0);
        model.connect();
        model.settle();
        assert!(!model.core.withdraw(1, &c), "the registry asks anew");
        assert_eq!(model.executed.iter().any(|(_, argument)| argument == "c"), written > 0);
        assert!(model.core.is_drained());
    }
}

#[test]
fn a_caller_that_gives_up_holds_up_nobody() {
    let mut model = full();
    let caller = model.submit("caller").unwrap();
    model.core.ask(ask(Verb::Subscribe, 1, &["c"]));
    model.settle();
    assert_eq!(order(&model), ["one", "two", "three"], "it is the caller's turn");
    model.core.abandon(caller);
    model.settle();
    assert_eq!(order(&model), ["one", "two", "three", "c"]);
    assert!(model.core.is_drained());
}

#[test]
fn a_closing_link_asks_for_what_is_in_line() {
    let mut model = full();
    model.core.ask(ask(Verb::Unsubscribe, 0, &["c"]));
    model.core.phase = Phase::Closing;
    assert!(!model.core.is_drained());
    model.settle();
    assert_eq!(order(&model), ["one", "two", "three", "c"]);
    assert!(model.core.is_drained());
}
