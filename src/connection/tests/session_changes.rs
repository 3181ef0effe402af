use super::model::{Given, MS, Model, config, with_credentials};
use crate::{
    Delivery, ErrorKind,
    connection::{LinkConfig, core::Phase},
    error::ConnectStage,
    resp::Protocol,
};

fn names(model: &Model) -> Vec<&str> {
    model.executed.iter().map(|(name, _)| name.as_str()).collect()
}

#[test]
fn the_first_commands_travel_with_the_handshake() {
    let mut model = Model::new(config());
    let slot = model.submit("first").unwrap();
    model.connect();
    model.write(usize::MAX);
    model.write(usize::MAX);
    // Nothing has been read yet.
    assert_eq!(names(&model), ["HELLO", "CLIENT", "CLIENT", "ECHO"]);
    model.settle();
    assert_eq!(model.core.wire.protocol, Protocol::Resp3);
    assert_eq!(model.core.wire.server.as_ref().unwrap().product.as_deref(), Some("model"));
    assert_eq!(model.result(slot).unwrap().unwrap(), "first");
}

#[test]
fn a_server_without_hello_is_spoken_to_in_resp2() {
    let mut model = Model::new(config());
    model.resp3 = false;
    let slot = model.submit("first").unwrap();
    model.connect();
    model.settle();
    assert_eq!((model.core.phase, model.core.wire.protocol), (Phase::Ready, Protocol::Resp2));
    assert_eq!(model.result(slot).unwrap().unwrap(), "first");
}

#[test]
fn with_credentials_or_a_database_commands_wait_for_the_handshake() {
    for given in [with_credentials(), LinkConfig { database: 3, ..config() }.into()] {
        let mut model = Model::new(given);
        let slot = model.submit("first").unwrap();
        model.connect();
        model.write(usize::MAX);
        model.write(usize::MAX);
        assert!(!names(&model).contains(&"ECHO"));
        model.settle();
        assert_eq!(model.result(slot).unwrap().unwrap(), "first");
    }
}

#[test]
fn after_a_failure_the_backlog_waits_for_an_answer() {
    let mut model = Model::ready(config());
    model.lose();
    model.core.redial.failed_attempts = 1;
    let slot = model.submit("patient").unwrap();
    // A gateway that accepts and hangs up, again and again.
    for _ in 0..3 {
        model.connect();
        model.write(usize::MAX);
        model.write(usize::MAX);
        assert_eq!(model.lose(), 0);
    }
    assert!(model.result(slot).is_none() && model.echoed().is_empty());
    model.connect();
    model.settle();
    assert_eq!(model.result(slot).unwrap().unwrap(), "patient");
    assert_eq!(model.core.redial.failed_attempts, 0);
}

#[test]
fn a_refused_handshake_names_its_stage_and_runs_nothing() {
    for (config, refuse, stage) in [
        (with_credentials(), ("AUTH", "WRONGPASS invalid pair"), ConnectStage::Auth),
        (config().into(), ("HELLO", "NOAUTH HELLO must be called with"), ConnectStage::Auth),
        (config().into(), ("HELLO", "ERR max number of clients reached"), ConnectStage::Handshake),
        (
            LinkConfig { database: 99, ..config() }.into(),
            ("SELECT", "ERR DB index is out of range"),
            ConnectStage::Handshake,
        ),
    ] {
        let mut model = Model::new(config);
        model.refuse = Some(refuse);
        let slot = model.submit("first").unwrap();
        model.connect();
        model.write(usize::MAX);
        let error = model.read(usize::MAX).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Connect(stage), "{error}");
        assert_eq!(error.server().unwrap().message(), refuse.1);
        assert!(!model.echoed().contains(&"first"));
        // It was not sent, so it waits for a better connection.
        model.lose();
        assert!(model.result(slot).is_none());
    }
}

#[test]
fn names_that_are_refused_do_no_harm() {
    let mut model = Model::new(LinkConfig { client_name: Some("app".into()), ..config() });
    model.refuse = Some(("CLIENT", "NOPERM this user has no permissions"));
    model.connect();
    model.settle();
    assert_eq!(model.core.phase, Phase::Ready);
}

#[test]
fn what_was_sent_fails_and_what_was_not_is_sent_again() {
    let mut model = Model::ready(config());
    let sent = model.submit("sent").unwrap();
    model.write(usize::MAX);
    let half = model.submit("half").unwrap();
    model.write(10);
    let unsent = model.submit("unsent").unwrap();
    assert_eq!(model.lose(), 1);
    let error = model.result(sent).unwrap().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionLost);
    assert_eq!(error.delivery(), Delivery::MaybeExecuted);
    assert!(model.result(half).is_none());
    let backlogged = model.submit("backlogged").unwrap();
    model.connect();
    model.settle();
    for (slot, id) in [(half, "half"), (unsent, "unsent"), (backlogged, "backlogged")] {
        assert_eq!(model.result(slot).unwrap().unwrap(), id);
    }
    assert_eq!(model.echoed(), ["sent", "half", "unsent", "backlogged"]);
}

#[test]
fn a_connection_lost_in_the_handshake_keeps_the_backlog() {
    let mut model = Model::new(with_credentials());
    let slot = model.submit("patient").unwrap();
    for cut in [0, 1, 20, 60] {
        model.connect();
        model.write(cut);
        assert_eq!(model.lose(), 0);
    }
    model.connect();
    model.settle();
    assert_eq!(model.result(slot).unwrap().unwrap(), "patient");
}

#[test]
fn abandoned_backlog_gives_its_memory_back() {
    let mut model = Model::ready(config());
    model.lose();
    for n in 0..10_000 {
        let slot = model.submit(&format!("command {n}")).unwrap();
        model.core.abandon(slot);
    }
    assert!(model.core.diagnose(0, 0).bytes_unsent < 100 * 200);
    model.connect();
    model.settle();
    assert!(model.echoed().is_empty());
}

#[test]
fn a_reply_to_nothing_ends_the_connection() {
    let mut model = Model::ready(config());
    model.replies.push_back(b"+SURPRISE\r\n".to_vec());
    assert_eq!(model.read(1).unwrap_err().kind(), ErrorKind::Protocol);
    // Also when a command waits that was not sent in full.
    let mut model = Model::ready(config());
    model.submit("half").unwrap();
    model.write(12);
    model.replies.push_back(b"+SURPRISE\r\n".to_vec());
    assert_eq!(model.read(1).unwrap_err().kind(), ErrorKind::Protocol);
}

#[test]
fn a_closing_link_finishes_and_accepts_nothing() {
    let mut model = Model::ready(config());
    let slot = model.submit("last").unwrap();
    model.core.phase = Phase::Closing;
    assert_eq!(model.submit("late").unwrap_err().kind(), ErrorKind::Closed);
    assert!(!model.core.is_drained());
    model.tick(MS);
    model.settle();
    assert!(model.core.is_drained());
    assert_eq!(model.result(slot).unwrap().unwrap(), "last");
    model.core.shut();
    assert_eq!(model.submit("later").unwrap_err().kind(), ErrorKind::Closed);
}

#[test]
fn a_refusal_of_hello_in_other_words_means_resp2_too() {
    for refusal in [
        "ERR unsupported command 'hello'",
        "ERR command 'HELLO' is not allowed",
        "NOPERM this user has no permissions to run the 'hello' command",
        "ERR syntax error",
        "ERR wrong number of arguments for 'hello' command",
        "ERR unknown command 'HELLO'",
        "NOPROTO unsupported protocol version",
    ] {
        let mut model = Model::new(config());
        model.refuse = Some(("HELLO", refusal));
        let slot = model.submit("first").unwrap();
        model.connect();
        model.settle();
        assert_eq!((model.core.phase, model.core.wire.protocol), (Phase::Ready, Protocol::Resp2));
        assert_eq!(model.result(slot).unwrap().unwrap(), "first");
    }
    for refusal in
        ["ERR max number of clients reached", "LOADING Redis is loading", "ERR upstream failure"]
    {
        let mut model = Model::new(config());
        model.refuse = Some(("HELLO", refusal));
        model.connect();
        model.write(usize::MAX);
        model.read(usize::MAX).unwrap_err();
    }
}

#[cfg(feature = "topology")]
#[test]
fn a_proxy_is_sent_nothing_but_a_password_and_a_ping() {
    let text = "proxy,mode=proxy,name=me,libraryName=own";
    for (given, expected) in [("", &["PING"][..]), (",user=u,password=x", &["AUTH", "PING"])] {
        let options: crate::Options = format!("{text}{given}").parse().unwrap();
        let config = options.link_config(false);
        let mut model = Model::new(Given { config, credentials: options.credentials() });
        model.connect();
        model.settle();
        assert_eq!(names(&model), expected);
        assert_eq!((model.core.phase, model.core.wire.protocol), (Phase::Ready, Protocol::Resp2));
        assert!(!crate::connection::handshake::may_say_hello(&model.core.config));
    }
}

/// As with `HELLO`, which servers answer at such a time.
#[test]
fn a_connection_without_hello_is_ready_while_its_server_loads() {
    let resp2 = || LinkConfig { protocol: Some(Protocol::Resp2), ..config() };
    for refusal in ["LOADING Redis is loading", "MASTERDOWN Link is down", "BUSY running a script"]
    {
        let mut model = Model::new(resp2());
        model.refuse = Some(("PING", refusal));
        let slot = model.submit("first").unwrap();
        model.connect();
        model.settle();
        assert_eq!(model.core.phase, Phase::Ready, "{refusal}");
        assert_eq!(model.result(slot).unwrap().unwrap(), "first");
    }
    let mut model = Model::new(resp2());
    model.refuse = Some(("PING", "NOAUTH Authentication required."));
    model.connect();
    model.write(usize::MAX);
    model.read(usize::MAX).unwrap_err();
}

#[test]
fn a_bare_handshake_authenticates_and_says_nothing_else() {
    let config = LinkConfig { database: 3, client_name: Some("me".into()), ..config() };
    let config = Given { config, ..with_credentials() };
    let mut model = Model::new(config);
    model.batch = model.core.begin_session(true);
    model.settle();
    assert_eq!(names(&model), ["AUTH", "SELECT", "PING"]);
    assert_eq!((model.core.phase, model.core.wire.protocol), (Phase::Ready, Protocol::Resp2));
}
