use std::collections::{BTreeMap, HashMap};

use proptest::prelude::*;

use super::model::{MS, Model, config};
use crate::{
    Delivery, ErrorKind, Full,
    connection::{Ask, BacklogPolicy, LinkConfig, Verb, core::Phase, slots::SlotId},
    error::TimeoutStage,
};

/// One step of a random history
#[derive(Debug, Clone)]
enum Act {
    /// A caller issues a command, with the link's timeout or one of its own.
    Submit { database: u32, timeout: Option<u64> },
    /// A caller issues three commands in one piece.
    SubmitGroup { timeout: Option<u64> },
    /// A caller issues a command and forgets it.
    Forget { database: u32, timeout: Option<u64> },
    /// A command is issued for the collector.
    Collect { database: u32, timeout: Option<u64> },
    /// A caller gives up on one of its commands.
    Cancel { which: usize },
    /// The collector gives up on one.
    GiveUp { which: usize },
    /// The registry asks for a channel.
    Ask,
    /// Nobody listens to one any more.
    Withdraw { which: usize },
    /// The transport takes some bytes.
    Write { bytes: usize },
    /// Some replies arrive.
    Read { replies: usize },
    /// Time passes.
    Wait { millis: u64 },
    /// The connection breaks, if there is one.
    Lose,
    /// A connection is made, if there is none.
    Connect,
    /// The server refuses `SELECT`, or no more.
    Forbid { select: bool },
}

/// The server has this many; commands are for one more as well.
const DATABASES: u32 = 3;

/// Acts for one database, or for several.
fn act(databases: u32) -> impl Strategy<Value = Act> {
    let database = move || prop_oneof![2 => Just(0), 1 => 0..databases];
    let timeout = || prop_oneof![Just(None), (1..400u64).prop_map(|ms| Some(ms * MS))];
    prop_oneof![
        5 => (database(), timeout()).prop_map(|(database, timeout)| Act::Submit { database, timeout }),
        2 => timeout().prop_map(|timeout| Act::SubmitGroup { timeout }),
        1 => (database(), timeout()).prop_map(|(database, timeout)| Act::Forget { database, timeout }),
        4 => (database(), timeout()).prop_map(|(database, timeout)| Act::Collect { database, timeout }),
        2 => any::<usize>().prop_map(|which| Act::Cancel { which }),
        1 => any::<usize>().prop_map(|which| Act::GiveUp { which }),
        2 => Just(Act::Ask),
        1 => any::<usize>().prop_map(|which| Act::Withdraw { which }),
        4 => prop_oneof![1..40usize, Just(usize::MAX)].prop_map(|bytes| Act::Write { bytes }),
        4 => (1..5usize).prop_map(|replies| Act::Read { replies }),
        3 => (1..200u64).prop_map(|millis| Act::Wait { millis }),
        1 => Just(Act::Lose),
        2 => Just(Act::Connect),
        1 => any::<bool>().prop_map(move |select| Act::Forbid { select: select && databases > 1 }),
    ]
}

/// What the test knows of a command
struct Issued {
    database: u32,
    id: String,
    slot: SlotId,
}

/// Takes every outcome that is there and checks it against what the server saw.
fn collect(model: &mut Model, waiting: &mut Vec<Issued>, not_sent: &mut Vec<String>) {
    let mut rest = Vec::new();
    for issued in waiting.drain(..) {
        // A caller in the line for room tries again when it is polled.
        if model.core.is_waiting_for_room(issued.slot) {
            match model.resubmit(issued.database, &issued.id, issued.slot) {
                Ok(slot) => rest.push(Issued { slot, ..issued }),
                Err(error) => {
                    assert_eq!(error.delivery(), Delivery::NotSent);
                    not_sent.push(issued.id);
                }
            }
            continue;
        }
        match model.result(issued.slot) {
            None => rest.push(issued),
            Some(Ok(text)) => assert_eq!(text, issued.id, "a reply was swapped"),
            Some(Err(error)) => match error.delivery() {
                Delivery::NotSent => not_sent.push(issued.id),
                Delivery::MaybeExecuted => {}
                // `SELECT` was refused, and with it the command.
                Delivery::Answered if error.is_server() => not_sent.push(issued.id),
                other => panic!("{other:?}: {error}"),
            },
        }
    }
    *waiting = rest;
}

/// The same for the collector, whose numbers are used again at once.
fn take(model: &mut Model, open: &mut BTreeMap<u32, Issued>, not_sent: &mut Vec<String>) {
    for (number, slot, result) in model.collected() {
        let issued = open.remove(&number).expect("a command that was issued and not given up");
        assert_eq!(issued.slot, slot);
        match result {
            Ok(text) => assert_eq!(text, issued.id, "a reply was swapped"),
            Err(error) => match error.delivery() {
                Delivery::NotSent => not_sent.push(issued.id),
                Delivery::MaybeExecuted => {}
                // `SELECT` was refused, and with it the command.
                Delivery::Answered if error.is_server() => not_sent.push(issued.id),
                other => panic!("{other:?}: {error}"),
            },
        }
    }
}

fn run(acts: Vec<Act>, config: LinkConfig) {
    let mut model = Model::ready(config);
    model.databases = DATABASES;
    let home = model.core.config.database;
    let mut waiting = Vec::new();
    let mut open = BTreeMap::new();
    let mut not_sent = Vec::new();
    let mut order = HashMap::new();
    let mut asked = Vec::new();
    for (number, act) in acts.into_iter().enumerate() {
        match act {
            Act::Submit { .. } | Act::SubmitGroup { .. } | Act::Forget { .. } => {
                let (database, timeout) = match act {
                    Act::Submit { database, timeout } | Act::Forget { database, timeout } => {
                        (database, timeout)
                    }
                    Act::SubmitGroup { timeout } => (home, timeout),
                    _ => continue,
                };
                let id = format!("command-{number}@{database}");
                order.insert(id.clone(), number);
                let submitted = match act {
                    Act::SubmitGroup { .. } => model.submit_group(&id, timeout),
                    _ => model.submit_in(database, &id, timeout),
                };
                match submitted {
                    Ok(slot) if matches!(act, Act::Forget { .. }) => {
                        if model.core.is_waiting_for_room(slot) {
                            model.core.abandon(slot);
                        } else {
                            model.core.detach(slot);
                        }
                    }
                    Ok(slot) => waiting.push(Issued { database, id, slot }),
                    Err(error) => {
                        assert_eq!(error.delivery(), Delivery::NotSent);
                        not_sent.push(id);
                    }
                }
            }
            Act::Collect { database, timeout } => {
                let id = format!("command-{number}@{database}");
                order.insert(id.clone(), number);
                let free = (0..).find(|number| !open.contains_key(number)).unwrap_or_default();
                let submitted = match model.submit_collected(&id, free, database, timeout) {
                    Ok(Some(slot)) => Ok((slot, true)),
                    // A call like any other then.
                    Ok(None) => model.submit_in(database, &id, timeout).map(|slot| (slot, false)),
                    Err(error) => Err(error),
                };
                match submitted {
                    Ok((slot, true)) => drop(open.insert(free, Issued { database, id, slot })),
                    Ok((slot, false)) => waiting.push(Issued { database, id, slot }),
                    Err(error) => {
                        assert_eq!(error.delivery(), Delivery::NotSent);
                        not_sent.push(id);
                    }
                }
            }
            Act::GiveUp { which } if !open.is_empty() => {
                let number = open.keys().nth(which % open.len()).copied();
                let issued = number.and_then(|number| open.remove(&number));
                issued.into_iter().for_each(|issued| model.core.give_up_collected(issued.slot));
            }
            Act::Cancel { which } if !waiting.is_empty() => {
                let issued = waiting.swap_remove(which % waiting.len());
                model.core.abandon(issued.slot);
            }
            Act::Ask => {
                let id = format!("channel-{number}");
                order.insert(id.clone(), number);
                let names = vec![id.clone().into()];
                model.core.ask(Ask { ticket: number as u64 + 1, verb: Verb::Subscribe, names });
                asked.push((number as u64 + 1, id));
            }
            Act::Withdraw { which } if !asked.is_empty() => {
                let (ticket, id) = asked.swap_remove(which % asked.len());
                if model.core.withdraw(ticket, &[id.clone().into()]) {
                    not_sent.push(id);
                }
            }
            Act::Write { bytes } if model.core.is_connected() => model.write(bytes),
            Act::Read { replies } if model.core.is_connected() => {
                model.read(replies).expect("every reply is due");
            }
            Act::Wait { millis } => model.tick(millis * MS),
            Act::Lose if model.core.is_connected() => {
                model.lose();
            }
            // Not between `MULTI` and `EXEC`, and not where the handshake needs it.
            Act::Forbid { select } if home == 0 && !model.is_in_transaction() => {
                model.refuse = select.then_some(("SELECT", "NOPERM no permission"));
            }
            Act::Connect if model.core.phase == Phase::Disconnected => model.connect(),
            _ => {}
        }
        collect(&mut model, &mut waiting, &mut not_sent);
        // Not always: outcomes may lie there when one is given up.
        if number % 3 == 0 {
            take(&mut model, &mut open, &mut not_sent);
        }
    }
    if !model.is_in_transaction() {
        model.refuse = None;
    }
    if model.core.phase == Phase::Disconnected {
        model.connect();
    }
    // Callers in the line for room need a round each.
    for _ in 0..order.len() + 2 {
        model.settle();
        collect(&mut model, &mut waiting, &mut not_sent);
        take(&mut model, &mut open, &mut not_sent);
    }
    assert!(open.is_empty(), "{} commands of the collector were never settled", open.len());
    assert!(waiting.is_empty(), "{} commands were never settled", waiting.len());
    let executed = model.executed.iter();
    let echoed = executed.filter(|(name, _)| name == "ECHO" || name == "SUBSCRIBE");
    let echoed: Vec<&str> = echoed.map(|(_, argument)| argument.as_str()).collect();
    assert_groups_whole(&model);
    for id in &not_sent {
        assert!(!echoed.contains(&id.as_str()), "{id} was reported as not sent, and was executed");
    }
    let mut last = None;
    for id in echoed {
        assert!(last < Some(order[id]), "commands were executed twice or out of order");
        last = Some(order[id]);
    }
    for (database, id) in &model.echoed_in {
        assert!(id.ends_with(&format!("@{database}")), "{id} was executed in {database}");
    }
    assert!(model.core.is_drained());
    assert_counted(&model);
}

/// The counters agree with what the server saw.
fn assert_counted(model: &Model) {
    let counters = model.core.counters();
    assert_eq!((counters.bytes_written, counters.bytes_read), model.bytes);
    assert_eq!(counters.commands_sent, model.commands, "{counters}");
    assert_eq!(counters.commands_sent, counters.replies + counters.lost, "{counters}");
}

/// Whatever came between its commands, a group was executed as a whole or not to its end.
fn assert_groups_whole(model: &Model) {
    for pair in model.executed.windows(2) {
        if pair[0].0 == "BEFORE" && pair[1].0 != "HELLO" {
            assert_eq!(pair[1], ("ECHO".to_owned(), pair[0].1.clone()));
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_happens_each_caller_gets_its_own_reply(acts in prop::collection::vec(act(1), 1..120)) {
        run(acts, LinkConfig { command_timeout: 300 * MS, ..config() });
    }

    #[test]
    fn also_when_commands_are_for_several_databases(
        acts in prop::collection::vec(act(DATABASES + 1), 1..120),
    ) {
        run(acts, LinkConfig { command_timeout: 300 * MS, ..config() });
    }

    #[test]
    fn also_when_callers_have_to_wait_for_room(acts in prop::collection::vec(act(DATABASES + 1), 1..120)) {
        run(acts, LinkConfig { command_timeout: 300 * MS, high_water: 64, database: 1, ..config() });
    }

    #[test]
    fn also_when_nothing_waits_for_a_connection(acts in prop::collection::vec(act(DATABASES + 1), 1..120)) {
        let backlog = BacklogPolicy::FailFast;
        run(acts, LinkConfig { command_timeout: 300 * MS, backlog, ..config() });
    }
}

#[test]
fn with_high_integrity_nobody_gets_a_wrong_reply_when_one_is_lost_or_doubled() {
    for (at, doubled) in [(0, false), (1, false), (2, false), (0, true), (1, true), (3, true)] {
        let mut model = Model::ready(LinkConfig { high_integrity: Full::new(7), ..config() });
        let slots: Vec<_> =
            ["one", "two", "three"].iter().map(|id| (*id, model.submit(id).unwrap())).collect();
        model.write(usize::MAX);
        assert_eq!(model.replies.len(), 6, "a check for each");
        let reply = model.replies.remove(at).unwrap();
        if doubled {
            model.replies.insert(at, reply.clone());
            model.replies.insert(at, reply);
        }
        let error = model.read(usize::MAX).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Protocol, "{error}");
        assert!(error.to_string().contains("integrity"), "{error}");
        model.lose();
        let mut right = 0;
        for (id, slot) in slots {
            match model.result(slot).expect("each has an outcome") {
                Ok(text) => {
                    assert_eq!(text, id);
                    right += 1;
                }
                Err(error) => assert_eq!(error.delivery(), Delivery::MaybeExecuted),
            }
        }
        assert!(right < 3);
    }
}

#[test]
fn with_high_integrity_a_check_is_no_reply_of_a_group() {
    // Each is a check and three commands; the replies of the first one are lost one at a time.
    for at in 1..4 {
        let mut model = Model::ready(LinkConfig { high_integrity: Full::new(7), ..config() });
        let one = model.submit_group("one", None).unwrap();
        let two = model.submit_group("two", None).unwrap();
        model.write(usize::MAX);
        assert_eq!(model.replies.len(), 8);
        model.replies.remove(at).unwrap();
        model.read(usize::MAX).unwrap_err();
        model.lose();
        let error = model.result(one).expect("told").unwrap_err();
        let told = (error.kind(), error.delivery());
        assert_eq!(told, (ErrorKind::Protocol, Delivery::MaybeExecuted), "{error}");
        let error = model.result(two).expect("told").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ConnectionLost, "{error}");
    }
}

#[test]
fn high_integrity_changes_nothing_else() {
    let mut model = Model::ready(LinkConfig { high_integrity: Full::new(7), ..config() });
    for round in 0..100 {
        let id = format!("round {round}");
        let slot = model.submit(&id).unwrap();
        let given_up = model.submit("given up").unwrap();
        model.core.abandon(given_up);
        model.settle();
        assert_eq!(model.result(slot).unwrap().unwrap(), id);
        if round % 10 == 9 {
            model.lose();
            model.connect();
        }
    }
}

#[test]
fn a_late_reply_is_eaten_and_the_next_one_matches() {
    let mut model = Model::ready(config());
    let first = model.submit("first").unwrap();
    model.write(usize::MAX);
    model.tick(5000 * MS);
    let error = model.result(first).unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout(TimeoutStage::Response));
    let second = model.submit("second").unwrap();
    model.settle();
    assert_eq!(model.result(second).unwrap().unwrap(), "second");
    assert_eq!(model.echoed(), ["first", "second"]);
}
