//! Several databases on one connection.

use super::model::{MS, Model, config};
use crate::{
    Delivery, ErrorKind,
    connection::{LinkConfig, slots::SlotId},
};

/// Names of the commands that the server has got since `place`.
fn got(model: &Model, place: usize) -> Vec<&str> {
    let queued = model.executed[place..].iter().filter(|(name, _)| name == "QUEUED");
    let queued = queued.map(|(_, name)| name.as_str()).collect::<Vec<_>>();
    if queued.is_empty() {
        return model.executed[place..].iter().map(|(name, _)| name.as_str()).collect();
    }
    queued
}

fn answered(model: &mut Model, slot: SlotId) -> String {
    model.result(slot).expect("an outcome").expect("a reply")
}

/// A connection that is in database 1.
fn in_database_1() -> Model {
    let mut model = Model::ready(config());
    for id in ["first", "second"] {
        let slot = model.submit_in(1, id, None).unwrap();
        model.settle();
        assert_eq!(answered(&mut model, slot), id);
    }
    assert_eq!(model.database, 1);
    model
}

#[test]
fn a_command_for_another_database_is_executed_there() {
    let mut model = Model::ready(config());
    let slot = model.submit_in(1, "one", None).unwrap();
    model.settle();
    assert_eq!(answered(&mut model, slot), "one");
    assert_eq!(model.echoed_in, [(1, "one".to_owned())]);
}

#[test]
fn a_scout_goes_once_per_stream_and_index() {
    let mut model = Model::ready(config());
    let first = model.submit_in(3, "first", None).unwrap();
    model.write(usize::MAX);
    assert_eq!(model.echoed(), Vec::<&str>::new(), "the command waits for the scout");
    model.settle();
    assert_eq!(answered(&mut model, first), "first");
    let place = model.executed.len();
    let lower = model.submit_in(2, "lower", None).unwrap();
    model.settle();
    assert_eq!(answered(&mut model, lower), "lower");
    assert_eq!(got(&model, place).iter().filter(|name| **name == "MULTI").count(), 1);
}

#[test]
fn while_one_database_is_used_nothing_is_added() {
    let mut model = in_database_1();
    let place = model.executed.len();
    let slots: Vec<_> = (0..3).map(|_| model.submit_in(1, "plain", None).unwrap()).collect();
    model.settle();
    assert_eq!(got(&model, place), ["ECHO"; 3]);
    assert!(slots.into_iter().all(|slot| answered(&mut model, slot) == "plain"));
}

#[test]
fn commands_of_the_other_database_do_not_delay_those_of_the_first() {
    let mut model = Model::ready(config());
    let scouted = model.submit_in(1, "scouted", None).unwrap();
    model.settle();
    assert_eq!(answered(&mut model, scouted), "scouted");
    assert_eq!(model.database, 0, "a scout was before it: it came back");
    let place = model.executed.len();
    let home = model.submit("home").unwrap();
    let away = model.submit_in(1, "away", None).unwrap();
    let behind = model.submit("behind").unwrap();
    model.write(usize::MAX);
    assert_eq!(
        got(&model, place),
        ["MULTI", "SELECT", "ECHO", "SELECT"],
        "one visit, and nothing else is in a transaction"
    );
    model.settle();
    for (slot, id) in [(home, "home"), (away, "away"), (behind, "behind")] {
        assert_eq!(answered(&mut model, slot), id);
    }
}

#[test]
fn many_visits_one_after_the_other_move_the_connection() {
    let mut model = Model::ready(config());
    let slots: Vec<_> = (0..100).map(|_| model.submit_in(1, "busy", None).unwrap()).collect();
    model.settle();
    assert!(slots.into_iter().all(|slot| answered(&mut model, slot) == "busy"));
    assert_eq!(model.database, 1);
}

#[test]
fn commands_that_need_no_database_need_no_select() {
    let mut model = in_database_1();
    let place = model.executed.len();
    model.submit_words(0, &["SCRIPT", "KILL"]);
    model.settle();
    assert_eq!(got(&model, place), ["SCRIPT"]);
}

#[test]
fn a_database_that_is_not_there_gets_nothing() {
    let mut model = Model::ready(config());
    model.databases = 4;
    let missing = model.submit_in(4, "missing", None).unwrap();
    let there = model.submit_in(3, "there", None).unwrap();
    let home = model.submit("home").unwrap();
    model.settle();
    let error = model.result(missing).unwrap().unwrap_err();
    assert_eq!(error.delivery(), Delivery::NotSent, "{error}");
    assert!(error.to_string().contains("out of range"), "{error}");
    assert_eq!(answered(&mut model, there), "there");
    assert_eq!(answered(&mut model, home), "home");
    let executed = [(3, "there".to_owned()), (0, "home".to_owned())];
    assert_eq!(model.echoed_in, executed);
}

#[test]
fn for_a_second_a_database_that_was_refused_is_not_asked_for_again() {
    let mut model = Model::ready(config());
    model.databases = 4;
    model.submit_in(4, "missing", None).unwrap();
    model.settle();
    let commands = model.commands;
    let error = model.submit_in(9, "missing", None).unwrap_err();
    assert_eq!(error.delivery(), Delivery::NotSent);
    model.settle();
    assert_eq!(model.commands, commands);
    model.tick(1000 * MS);
    model.databases = 16;
    let slot = model.submit_in(4, "there", None).unwrap();
    model.settle();
    assert_eq!(answered(&mut model, slot), "there");
}

#[test]
fn where_select_is_refused_later_nothing_runs_elsewhere() {
    let mut model = in_database_1();
    model.refuse = Some(("SELECT", "NOPERM no permission"));
    let slots: Vec<_> = (0..5).map(|number| model.submit(&number.to_string()).unwrap()).collect();
    let plain = model.submit_in(1, "plain", None).unwrap();
    model.settle();
    for slot in slots {
        let error = model.result(slot).unwrap();
        assert!(error.is_err(), "{error:?}");
    }
    // It was behind commands that could have moved the connection.
    assert!(model.result(plain).unwrap().is_err());
    let again = model.submit_in(1, "again", None).unwrap();
    model.settle();
    assert_eq!(answered(&mut model, again), "again");
    assert!(model.echoed_in.iter().all(|(database, _)| *database == 1), "{:?}", model.echoed_in);
}

#[test]
fn what_was_not_sent_goes_to_its_database_on_the_next_connection() {
    let mut model = in_database_1();
    let plain = model.submit_in(1, "plain", None).unwrap();
    let home = model.submit("home").unwrap();
    let third = model.submit_in(2, "third", None).unwrap();
    model.lose();
    model.connect();
    model.settle();
    for (slot, id) in [(plain, "plain"), (home, "home"), (third, "third")] {
        assert_eq!(answered(&mut model, slot), id);
    }
    let executed: Vec<_> = model.echoed_in.drain(2..).collect();
    let expected = [(1, "plain"), (0, "home"), (2, "third")];
    assert_eq!(executed, expected.map(|(database, id)| (database, id.to_owned())));
}

#[test]
fn on_a_server_with_fewer_databases_what_was_not_sent_fails() {
    let mut model = in_database_1();
    let plain = model.submit_in(1, "plain", None).unwrap();
    model.lose();
    model.databases = 1;
    model.connect();
    let home = model.submit("home").unwrap();
    model.settle();
    let error = model.result(plain).unwrap().unwrap_err();
    assert_eq!(error.delivery(), Delivery::NotSent, "{error}");
    assert_eq!(answered(&mut model, home), "home");
}

#[test]
fn a_command_that_waited_for_a_refused_database_does_not_run_at_home() {
    for (databases, refuse) in [(1, None), (16, Some(("SELECT", "NOPERM no permission")))] {
        let mut model = in_database_1();
        let plain = model.submit_in(1, "plain", None).unwrap();
        model.lose();
        (model.databases, model.refuse) = (databases, refuse);
        model.connect();
        model.settle();
        let error = model.result(plain).unwrap().unwrap_err();
        assert_eq!(error.delivery(), Delivery::NotSent, "{error}");
        assert!(model.echoed_in.iter().all(|(_, id)| id != "plain"), "{:?}", model.echoed_in);
        model.refuse = None;
        let home = model.submit("home").unwrap();
        model.settle();
        assert_eq!(answered(&mut model, home), "home");
    }
}

#[test]
fn a_stream_that_ends_over_a_scout_leaves_what_waits_to_its_database() {
    let mut model = in_database_1();
    let plain = model.submit_in(1, "plain", None).unwrap();
    model.lose();
    model.refuse = Some(("MULTI", "ERR unknown command 'MULTI'"));
    model.connect();
    let torn = loop {
        model.write(usize::MAX);
        if let Err(error) = model.read(usize::MAX) {
            break error;
        }
    };
    assert!(torn.to_string().contains("refused MULTI or SELECT"), "{torn}");
    model.lose();
    model.refuse = None;
    model.connect();
    model.settle();
    assert_eq!(answered(&mut model, plain), "plain");
    assert!(model.echoed_in.iter().all(|(database, _)| *database == 1), "{:?}", model.echoed_in);
}

#[test]
fn a_transaction_has_select_in_it() {
    let mut model = Model::ready(config());
    let slot = model.submit_transaction(1, "one").unwrap();
    model.settle();
    let reply = model.outcome(slot).unwrap().into_reply().unwrap();
    assert_eq!(reply.decode::<Vec<String>>().unwrap(), ["one", "second"]);
    assert_eq!(model.echoed_in, [(1, "one".to_owned()), (1, "second".to_owned())]);
}

#[cfg(feature = "topology")]
#[test]
fn asking_is_before_the_transaction_that_a_visit_is() {
    for transaction in [false, true] {
        let mut model = Model::ready(config());
        let first = model.submit_in(1, "scout", None).unwrap();
        model.settle();
        assert_eq!(answered(&mut model, first), "scout");
        let place = model.executed.len();
        let slot = model.submit_asking(1, transaction).unwrap();
        model.settle();
        let reply = model.outcome(slot).unwrap().into_reply().unwrap();
        let texts = match transaction {
            true => reply.decode::<Vec<String>>().unwrap(),
            false => vec![reply.decode::<String>().unwrap()],
        };
        assert_eq!(texts, ["asked"]);
        assert_eq!(model.executed[place].0, "ASKING", "it is not queued");
        let queued = got(&model, place);
        assert!(queued.starts_with(&["MULTI", "SELECT", "ECHO"]), "{queued:?}");
        assert_eq!(queued.iter().filter(|name| **name == "MULTI").count(), 1, "{queued:?}");
    }
}

#[test]
fn a_call_that_the_server_refuses_in_a_transaction_is_named_by_its_place() {
    let mut model = Model::ready(config());
    let first = model.submit_in(1, "scout", None).unwrap();
    model.settle();
    assert_eq!(answered(&mut model, first), "scout");
    model.refuse = Some(("ECHO", "OOM no memory"));
    let slot = model.submit_transaction(1, "one").unwrap();
    model.settle();
    let crate::connection::Outcome::Group(group) = model.outcome(slot).unwrap() else {
        panic!("there were errors")
    };
    let places: Vec<u32> = group.0.iter().map(|(place, _)| *place).collect();
    assert_eq!(places, [1], "MULTI is place 0, and SELECT has none");
}

#[test]
fn a_server_without_transactions_serves_one_database() {
    let mut model = Model::ready(config());
    model.refuse = Some(("MULTI", "ERR unknown command 'MULTI'"));
    let away = model.submit_in(1, "away", None).unwrap();
    let home = model.submit("home").unwrap();
    model.settle();
    let error = model.result(away).unwrap().unwrap_err();
    assert_eq!(error.delivery(), Delivery::NotSent, "{error}");
    assert_eq!(answered(&mut model, home), "home");
    assert_eq!(model.echoed_in, [(0, "home".to_owned())]);
}

#[test]
fn a_proxy_that_hangs_up_on_a_scout_does_so_twice_at_most() {
    let mut model = Model::ready(config());
    let away = model.submit_in(1, "away", None).unwrap();
    model.write(usize::MAX);
    model.lose();
    assert!(model.result(away).is_none(), "it waits for the next connection");
    model.connect();
    model.write(usize::MAX);
    model.read(usize::MAX).unwrap();
    model.write(usize::MAX);
    model.lose();
    let error = model.result(away).unwrap().unwrap_err();
    assert_eq!(error.delivery(), Delivery::NotSent, "{error}");
    model.connect();
    let home = model.submit("home").unwrap();
    model.settle();
    assert_eq!(answered(&mut model, home), "home");
    assert_eq!(model.echoed_in, [(0, "home".to_owned())]);
    // It may work later.
    let again = model.submit_in(1, "again", None).unwrap();
    model.settle();
    assert_eq!(answered(&mut model, again), "again");
}

#[test]
fn where_the_command_map_disables_what_it_takes_nothing_is_sent() {
    let commands = crate::commands::CommandMap::default().disable("SELECT");
    let mut model = Model::ready(LinkConfig { commands, ..config() });
    let error = model.submit_in(1, "away", None).unwrap_err();
    assert_eq!((error.kind(), error.delivery()), (ErrorKind::Command, Delivery::NotSent));
    assert!(
        error.to_string().contains("another database needs SELECT, and the command map"),
        "{error}"
    );
}

#[test]
fn the_database_of_the_options_needs_no_scout() {
    let mut model = Model::ready(LinkConfig { database: 5, ..config() });
    let place = model.executed.len();
    let slots = [5, 2, 5].map(|database| model.submit_in(database, "x", None).unwrap());
    model.settle();
    for slot in slots {
        assert_eq!(answered(&mut model, slot), "x");
    }
    let databases: Vec<u32> = model.echoed_in.iter().map(|(database, _)| *database).collect();
    assert_eq!(databases, [5, 2, 5]);
    assert_eq!(got(&model, place), ["MULTI", "SELECT", "ECHO", "SELECT"]);
}
