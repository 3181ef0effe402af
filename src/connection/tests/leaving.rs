use super::model::{MS, Model, config};
use crate::{
    clock::NEVER,
    connection::{LinkConfig, core::Phase, redial::Wait},
};

const READONLY: (&str, &str) = ("ECHO", "READONLY You can't write against a read only replica.");

fn demoted(config: LinkConfig) -> Model {
    let mut model = Model::ready(config);
    model.refuse = Some(READONLY);
    model.submit("write").unwrap();
    model.write(usize::MAX);
    model
}

#[test]
fn a_demoted_server_is_left_once_what_was_sent_is_answered() {
    let mut model = demoted(config());
    model.submit("another").unwrap();
    model.write(usize::MAX);
    model.read(1).unwrap();
    // One more reply is due, and nothing new goes out.
    let kept = model.submit("kept").unwrap();
    model.write(usize::MAX);
    model.core.check_given_up().unwrap();
    assert_eq!(model.echoed(), ["write", "another"]);
    model.read(1).unwrap();
    let error = model.core.check_given_up().unwrap_err();
    assert!(error.to_string().contains("READONLY"), "{error}");
    assert_eq!(model.lose(), 0, "nothing is lost");
    model.refuse = None;
    model.connect();
    model.settle();
    assert_eq!(model.result(kept).unwrap().unwrap(), "kept");
    model.core.check_given_up().unwrap();
}

#[test]
fn a_demoted_server_that_does_not_answer_the_rest_is_left_after_a_second() {
    let mut model = demoted(config());
    model.submit("unanswered").unwrap();
    model.write(usize::MAX);
    model.replies.truncate(1);
    model.read(1).unwrap();
    assert_eq!(model.core.next_deadline(), 1000 * MS);
    model.core.check_given_up().unwrap();
    model.tick(1000 * MS);
    model.core.check_given_up().unwrap_err();
    assert_eq!(model.lose(), 1);
}

#[test]
fn a_replica_that_the_name_goes_on_leading_to_is_left_ever_more_seldom() {
    let mut model = Model::ready(config());
    model.refuse = Some(READONLY);
    let mut left = Vec::new();
    for second in 0..200u64 {
        model.submit("write").unwrap();
        model.settle();
        if model.core.check_given_up().is_err() {
            left.push(second);
            model.lose();
            model.connect();
            model.settle();
        }
        model.tick(1000 * MS);
    }
    assert_eq!(left, [0, 1, 3, 7, 15, 31, 63, 123, 183]);
}

#[test]
fn neither_scripts_nor_leases_nor_who_does_not_want_it_leave() {
    let script = (
        "ECHO",
        "READONLY You can't write against a read only replica. script: 1a, on @user_script:1.",
    );
    let unwanted = LinkConfig { redial_on_readonly: false, ..config() };
    for (refuse, config) in [(script, config()), (READONLY, unwanted)] {
        let mut model = Model::ready(config);
        model.refuse = Some(refuse);
        model.submit("write").unwrap();
        model.settle();
        model.core.check_given_up().unwrap();
        model.refuse = None;
        let slot = model.submit("on").unwrap();
        model.settle();
        assert_eq!(model.result(slot).unwrap().unwrap(), "on");
    }
}

#[test]
fn a_closing_link_finishes_what_was_issued_on_the_demoted_server() {
    let mut model = demoted(config());
    model.read(1).unwrap();
    let last = model.submit("last").unwrap();
    model.core.phase = Phase::Closing;
    model.core.check_given_up().unwrap();
    model.refuse = None;
    model.settle();
    assert_eq!(model.result(last).unwrap().unwrap(), "last");
}

#[test]
fn who_waits_or_asks_cuts_a_back_off_short() {
    let wait = Wait { until: 9000 * MS, eager: 1200 * MS, asked: 1000 * MS };
    let mut model = Model::ready(config());
    model.lose();
    assert_eq!(model.core.plan_redial(&wait), 9000 * MS);
    assert_eq!(model.core.diagnose(0, 0).next_attempt.unwrap().as_millis(), 9000);
    model.core.ask_for_another_stream();
    assert_eq!(model.core.plan_redial(&wait), 1000 * MS);
    model.core.begin_attempt();
    let slot = model.submit("waits").unwrap();
    assert_eq!(model.core.plan_redial(&wait), 1200 * MS);
    let strict = Wait { eager: NEVER, ..wait };
    assert_eq!(model.core.plan_redial(&strict), 9000 * MS);
    // Nobody waits any more.
    model.core.abandon(slot);
    assert_eq!(model.core.plan_redial(&wait), 9000 * MS);
    model.core.begin_attempt();
    assert_eq!(model.core.diagnose(0, 0).next_attempt, None);
}

/// Commands that nobody waits for any more are counted until they are gone, however that happens.
#[cfg(feature = "topology")]
#[test]
fn what_was_given_back_with_commands_that_were_given_up_leaves_no_count_of_them() {
    let mut model = Model::ready(config());
    model.lose();
    for name in ["given up", "given up too", "waits"] {
        let id = model.submit(name).unwrap();
        if name != "waits" {
            model.core.abandon(id);
        }
    }
    model.core.surrender(true);
    let next = model.submit("next").unwrap();
    model.connect();
    model.settle();
    assert_eq!(model.result(next).unwrap().unwrap(), "next");
}
