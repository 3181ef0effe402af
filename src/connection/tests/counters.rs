use super::model::{MS, Model, config};

/// What `HELLO` and two `CLIENT SETINFO` add.
const HANDSHAKE: u64 = 3;

#[test]
fn each_thing_is_counted_once() {
    let mut model = Model::ready(config());
    let answered = model.submit("answered").unwrap();
    let group = model.submit_group("group", None).unwrap();
    let given_up = model.submit("given up").unwrap();
    let slow = model.submit_with("slow", Some(50 * MS)).unwrap();
    let unsent = model.core.counters();
    assert_eq!((unsent.commands_sent, unsent.replies), (HANDSHAKE, HANDSHAKE));
    model.write(usize::MAX);
    let sent = model.core.counters();
    assert_eq!((sent.commands_sent, sent.replies), (HANDSHAKE + 4, HANDSHAKE));
    assert_eq!(sent.peak_in_flight, 4);
    let handshake_bytes = unsent.bytes_written;
    assert_eq!(sent.peak_batch_bytes as u64, sent.bytes_written - handshake_bytes);
    model.core.abandon(given_up);
    model.read(4).unwrap();
    model.tick(50 * MS);
    model.result(answered).unwrap().unwrap();
    model.result(group).unwrap().unwrap();
    model.result(slow).unwrap().unwrap_err();
    let counters = model.core.counters();
    // The last two of the six replies are still to come.
    assert_eq!((counters.commands_sent, counters.replies), (HANDSHAKE + 4, HANDSHAKE + 2));
    assert_eq!((counters.timeouts, counters.abandoned, counters.lost), (1, 1, 0));
    model.settle();
    assert_eq!(model.core.counters().replies, HANDSHAKE + 4);
    assert_eq!(counters.connects, 1);
}

#[test]
fn what_a_lost_connection_took_along_is_counted_apart() {
    let mut model = Model::ready(config());
    for id in ["a", "b"] {
        model.submit(id).unwrap();
    }
    model.write(usize::MAX);
    model.submit("kept").unwrap();
    assert_eq!(model.lose(), 2);
    let counters = model.core.counters();
    assert_eq!((counters.commands_sent, counters.lost), (HANDSHAKE + 2, 2));
    model.connect();
    model.settle();
    let counters = model.core.counters();
    assert_eq!((counters.commands_sent, counters.lost), (2 * HANDSHAKE + 3, 2));
    assert_eq!((counters.connects, counters.reconnects()), (2, 1));
    assert_eq!((counters.bytes_written, counters.bytes_read), model.bytes);
}

#[test]
fn what_ends_with_the_link_is_no_reply() {
    let mut model = Model::ready(config());
    model.submit("sent").unwrap();
    model.write(usize::MAX);
    model.submit("queued").unwrap();
    let before = model.core.counters();
    model.core.shut();
    let counters = model.core.counters();
    assert_eq!(counters.commands_sent, before.commands_sent);
    assert_eq!((counters.replies, counters.lost), (HANDSHAKE, 1));
    assert_eq!(counters.bytes_written, before.bytes_written);
}

#[test]
fn errors_of_the_server_that_nobody_waits_for_count_too() {
    let mut model = Model::ready(config());
    model.refuse = Some(("ECHO", "ERR no"));
    let given_up = model.submit("given up").unwrap();
    model.write(usize::MAX);
    model.core.abandon(given_up);
    model.settle();
    assert_eq!(model.core.counters().server_errors, 1);
}
