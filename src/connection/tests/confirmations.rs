//! Confirmations of subscriptions: none is counted for another command, none shifts a reply.

use bytes::Bytes;

use super::model::{MS, Model, config};
use crate::{
    ErrorKind,
    clock::NEVER,
    connection::{Ask, LinkConfig, Push, Verb, core::Phase},
    resp::Frame,
};

fn ask(verb: Verb, names: &[&'static str]) -> Ask {
    let names = names.iter().map(|name| Bytes::from_static(name.as_bytes())).collect();
    Ask { ticket: 7, verb, names }
}

fn push(kind: &str, name: &str) -> String {
    let (kind_len, name_len) = (kind.len(), name.len());
    format!(">3\r\n${kind_len}\r\n{kind}\r\n${name_len}\r\n{name}\r\n:0\r\n")
}

/// A command, an `ECHO` behind it, and what the server sends to both before the echo; gives what
/// the `ECHO` was answered with, or the fault of the connection.
fn play(asked: Ask, script: &[String], cut: usize) -> (Model, Result<(), ErrorKind>) {
    let mut model = Model::ready(config());
    model.core.ask(asked);
    let echo = model.submit("mine").unwrap();
    model.write(usize::MAX);
    model.replies.clear();
    let mut replies: Vec<Vec<u8>> = script.iter().map(|reply| reply.clone().into_bytes()).collect();
    replies.push(b"$4\r\nmine\r\n".to_vec());
    let later = replies.split_off(cut.min(replies.len()));
    for part in [replies, later] {
        model.replies.extend(part);
        if let Err(error) = model.read(usize::MAX) {
            assert!(model.result(echo).is_none(), "somebody else's reply");
            return (model, Err(error.kind()));
        }
    }
    assert_eq!(model.result(echo).unwrap().unwrap(), "mine", "{script:?}");
    assert!(model.core.is_drained());
    (model, Ok(()))
}

#[test]
fn a_shard_subscription_that_the_server_ends_by_itself_shifts_no_reply() {
    let error = |text: &str| format!("-{text}\r\n");
    let (ended, pong) = (|name| push("sunsubscribe", name), "+PONG\r\n".to_owned());
    let moved = error("MOVED 7 host:1");
    // How many pushes are not the answer to the command.
    for (script, unasked) in [
        (vec![ended("a"), pong.clone()], 0),
        // The slot has left: a push unasked, and an error to the command.
        (vec![ended("a"), moved.clone(), pong.clone()], 0),
        (vec![ended("b"), ended("a"), ended("c"), moved.clone(), pong.clone()], 2),
        (vec![ended("b"), moved.clone(), ended("c"), pong.clone()], 2),
        (vec![moved.clone(), pong.clone()], 0),
        (vec![moved, error("NOPERM no ping")], 0),
        (vec![error("NOPERM no sunsubscribe"), pong], 0),
        (vec![error("BUSY script"), error("BUSY script")], 0),
        (vec![ended("a"), error("NOPERM no ping")], 0),
        (vec![ended("a"), error("MASTERDOWN link is down")], 0),
    ] {
        for cut in 0..=script.len() {
            let (mut model, result) = play(ask(Verb::SUnsubscribe, &["a"]), &script, cut);
            assert_eq!(result, Ok(()), "{script:?}");
            let pushes = std::mem::take(&mut model.inbox.pushes);
            assert_eq!(pushes.len(), unasked, "{script:?}");
            assert!(
                pushes
                    .iter()
                    .all(|push| matches!(push, Push::Ended { verb: Verb::SSubscribe, .. }))
            );
        }
    }
    // Whose error it is cannot be known: better no connection than another's reply.
    let script = [ended("a"), error("BUSY script")];
    assert_eq!(play(ask(Verb::SUnsubscribe, &["a"]), &script, 9).1, Err(ErrorKind::Protocol));
}

#[test]
fn confirmations_are_matched_by_their_names() {
    let (first, second) = (push("subscribe", "a"), push("subscribe", "b"));
    let strange = [push("subscribe", "z"), push("psubscribe", "b"), push("unsubscribe", "a")];
    for at in 0..=2 {
        let mut script = vec![first.clone(), second.clone()];
        script.splice(at..at, strange.iter().cloned());
        let (mut model, result) = play(ask(Verb::Subscribe, &["a", "b"]), &script, at);
        assert_eq!(result, Ok(()));
        let mut confirmed = Vec::new();
        for push in std::mem::take(&mut model.inbox.pushes) {
            if let Push::Confirmed { ticket: 7, verb: Verb::Subscribe, name } = push {
                confirmed.push(name);
            }
        }
        assert_eq!(confirmed, ["a", "b"]);
    }
    for (verb, kind) in [(Verb::Unsubscribe, "unsubscribe"), (Verb::PUnsubscribe, "punsubscribe")] {
        let script = [push(kind, "z"), push(kind, "b"), push(kind, "a"), push(kind, "a")];
        let (model, result) = play(ask(verb, &["a", "b"]), &script, 2);
        assert_eq!((result, model.inbox.pushes.len()), (Ok(()), 2));
    }
}

#[test]
fn a_refusal_names_what_was_refused() {
    for (verb, subscribes) in [(Verb::PSubscribe, true), (Verb::Unsubscribe, false)] {
        let script = ["-NOPERM no access\r\n".to_owned()];
        let (mut model, result) = play(ask(verb, &["a", "b"]), &script, 1);
        assert_eq!(result, Ok(()));
        let Some(Push::Refused { ticket: 7, verb: refused, names, error }) =
            model.inbox.pushes.pop()
        else {
            panic!("no refusal is reported")
        };
        assert_eq!((refused, names.len(), error.code()), (verb, 2, "NOPERM"));
        assert_eq!(refused.subscribes(), subscribes);
    }
}

#[test]
fn nothing_is_confirmed_before_it_was_asked_for() {
    let mut model = Model::ready(config());
    let echo = model.submit("mine").unwrap();
    model.write(usize::MAX);
    model.core.ask(ask(Verb::Unsubscribe, &["a"]));
    let echoed = model.replies.pop_front().unwrap();
    model.replies.push_back(push("unsubscribe", "a").into_bytes());
    model.replies.push_back(echoed);
    model.read(usize::MAX).unwrap();
    assert_eq!(model.result(echo).unwrap().unwrap(), "mine");
    assert_eq!(model.inbox.pushes.len(), 1);
    assert!(!model.core.is_drained(), "it has not even been sent");
}

#[test]
fn subscriptions_are_made_again_before_what_waits() {
    for large in [false, true] {
        let mut model = Model::ready(config());
        model.lose();
        model.core.redial.failed_attempts = 1;
        let text = if large { "x".repeat(10_000) } else { "one".to_owned() };
        let first = model.submit(&text).unwrap();
        let second = model.submit("two").unwrap();
        model.connect();
        model.on_ready = vec![ask(Verb::Subscribe, &["a"]), ask(Verb::PSubscribe, &["p"])];
        model.settle();
        let names: Vec<&str> = model.executed.iter().map(|(name, _)| name.as_str()).collect();
        let last = names.len() - 4;
        assert_eq!(names[last..], ["SUBSCRIBE", "PSUBSCRIBE", "ECHO", "ECHO"]);
        assert_eq!(model.result(first).unwrap().unwrap(), text);
        assert_eq!(model.result(second).unwrap().unwrap(), "two");
        assert_eq!(model.inbox.pushes.len(), 2);
        assert!(model.core.is_drained());
    }
}

#[test]
fn a_command_issued_between_is_sent_behind_them_and_matched() {
    let mut model = Model::ready(config());
    model.lose();
    model.core.redial.failed_attempts = 1;
    model.connect();
    model.manual_release = true;
    model.settle();
    assert_eq!(model.core.phase, Phase::Ready);
    model.core.ask(ask(Verb::SSubscribe, &["s"]));
    let echo = model.submit("between").unwrap();
    model.settle();
    assert!(model.echoed().is_empty(), "it waits");
    model.core.restore(vec![ask(Verb::Subscribe, &["a", "b"])]);
    model.core.release_backlog();
    model.settle();
    assert_eq!(model.result(echo).unwrap().unwrap(), "between");
    let confirmed = model.inbox.pushes.iter().filter_map(|push| match push {
        Push::Confirmed { name, .. } => Some(name.clone()),
        _ => None,
    });
    assert_eq!(confirmed.collect::<Vec<_>>(), ["a", "b", "s"]);
    assert!(model.core.is_drained());
}

#[test]
fn commands_that_subscribe_do_not_outlive_their_connection() {
    for written in [0, 10, usize::MAX] {
        let mut model = Model::ready(config());
        model.core.ask(ask(Verb::Subscribe, &["a"]));
        let echo = model.submit("mine");
        model.write(written);
        model.lose();
        model.connect();
        model.settle();
        assert!(
            !model.executed.iter().skip(4).any(|(name, _)| name == "SUBSCRIBE")
                || written == usize::MAX
        );
        let answered = model.result(echo.unwrap()).unwrap();
        assert!(answered.is_ok() || written == usize::MAX);
        assert!(model.core.is_drained());
        // And the next one is matched.
        model.core.ask(ask(Verb::Subscribe, &["b"]));
        model.settle();
        assert!(model.core.is_drained());
    }
}

fn named() -> LinkConfig {
    LinkConfig { client_name: Some("app".into()), library_info: false, ..config() }
}

fn set_names(model: &Model) -> usize {
    model.executed.iter().filter(|(name, _)| name == "CLIENT").count()
}

#[test]
fn a_name_that_a_busy_server_refuses_is_set_later() {
    for (error, pause) in [("BUSY script", 100), ("LOADING data", 100), ("NOPERM no", 1200)] {
        let mut model = Model::new(named());
        model.refuse = Some(("CLIENT", error));
        model.connect();
        model.settle();
        assert_eq!((model.core.phase, set_names(&model)), (Phase::Ready, 1));
        let code = error.split(' ').next().unwrap().to_owned();
        assert_eq!(model.inbox.refused_settings, [("CLIENT SETNAME", code)]);
        let due = model.core.next_deadline();
        assert!((pause * MS..pause * MS * 3 / 2).contains(&due), "{due}");
        model.tick(due);
        assert!(!model.core.retry());
        model.settle();
        assert_eq!(set_names(&model), 2);
        // Told once; and less often.
        assert_eq!(model.inbox.refused_settings.len(), 1);
        model.refuse = None;
        let next = model.core.next_deadline() - due;
        assert!(next >= 2 * pause * MS, "{next}");
        model.tick(next);
        assert!(!model.core.retry());
        model.settle();
        assert_eq!(set_names(&model), 3);
        model.tick(60_000 * MS);
        model.core.retry();
        model.settle();
        assert_eq!(set_names(&model), 3, "it is set");
        assert_eq!(model.core.settings.due, NEVER);
    }
}

#[test]
fn what_a_server_does_not_know_is_not_asked_for_again() {
    let mut model = Model::new(named());
    model.refuse = Some(("CLIENT", "ERR unknown subcommand"));
    model.connect();
    model.settle();
    assert_eq!(model.core.settings.due, NEVER);
    // Nor is anything on a connection that somebody has leased.
    let mut model = Model::new(LinkConfig { leased: true, ..named() });
    model.refuse = Some(("CLIENT", "BUSY script"));
    model.connect();
    model.settle();
    assert_eq!(model.core.settings.due, NEVER);
    assert!(model.inbox.refused_settings.is_empty());
}

#[test]
fn an_array_that_confirms_is_a_confirmation() {
    let script = [push("subscribe", "a").replacen('>', "*", 1)];
    let (mut model, result) = play(ask(Verb::Subscribe, &["a"]), &script, 0);
    assert_eq!(result, Ok(()));
    assert!(matches!(model.inbox.pushes.pop(), Some(Push::Confirmed { ticket: 7, .. })));
    assert!(!Frame::copy_from_slice(script[0].as_bytes()).is_push());
}
