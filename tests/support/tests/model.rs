//! The model of a cluster: what real servers do at times that a test cannot choose.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use redmux_test_support::model::{Answer, Model, Settings, slot_of};

const SECOND: u64 = 1_000_000;

fn ask(model: &mut Model, node: usize, command: &str) -> String {
    let words: Vec<Vec<u8>> = command.split(' ').map(|word| word.as_bytes().to_vec()).collect();
    let mut session = model.session(node);
    match model.command(&mut session, &words) {
        Answer::Reply(bytes) => String::from_utf8(bytes).unwrap(),
        Answer::Later => "later".to_owned(),
    }
}

/// The primary of `foo` in a cluster of three primaries, and its replicas.
fn shard(model: &Model) -> (usize, Vec<usize>) {
    let primary = model.owner(slot_of(b"foo")).unwrap();
    (primary, model.replicas_of(primary))
}

#[test]
fn the_replica_that_has_most_takes_the_place_of_a_primary_that_dies() {
    for (late, seed) in [(0, 1), (1, 2), (0, 3), (1, 4)] {
        let mut model = Model::new(3, 2, Settings::default(), seed);
        let (primary, replicas) = shard(&model);
        model.stall_replication(replicas[late], 60 * SECOND);
        assert_eq!(ask(&mut model, primary, "SET foo 1"), "+OK\r\n");
        model.advance(SECOND);
        model.kill(primary);
        model.advance(2 * SECOND);
        assert_eq!(shard(&model).0, replicas[1 - late]);
        assert_eq!(model.value(b"foo"), Some(b"1".to_vec()));
        // The old one follows when it is back.
        model.restart(primary);
        model.advance(4 * SECOND);
        assert!(
            !model.is_primary(primary)
                && model.owner_by(primary, slot_of(b"foo")) == Some(replicas[1 - late])
        );
    }
}

#[test]
fn what_was_not_replicated_is_lost_and_is_known_to_have_run() {
    let mut model = Model::new(3, 1, Settings::default(), 1);
    let (primary, replicas) = shard(&model);
    model.stall_replication(replicas[0], 60 * SECOND);
    assert_eq!(ask(&mut model, primary, "SET foo 1"), "+OK\r\n");
    model.kill(primary);
    model.advance(2 * SECOND);
    assert_eq!((shard(&model).0, model.value(b"foo")), (replicas[0], None));
    assert_eq!(model.executed().len(), 1);
}

#[test]
fn nodes_without_most_primaries_elect_nobody_and_serve_nothing() {
    let mut model = Model::new(3, 1, Settings::default(), 1);
    let (primary, replicas) = shard(&model);
    model.kill(primary);
    model.kill((primary + 1) % 3);
    model.advance(10 * SECOND);
    assert!(!model.is_primary(replicas[0]));
    let last = (primary + 2) % 3;
    assert_eq!(ask(&mut model, last, "GET foo"), "-CLUSTERDOWN The cluster is down\r\n");
    model.restart((primary + 1) % 3);
    model.advance(20 * SECOND);
    assert_eq!(shard(&model).0, replicas[0]);
}

#[test]
fn a_primary_that_is_alone_serves_until_it_notices() {
    let mut model = Model::new(3, 1, Settings::default(), 1);
    let (primary, replicas) = shard(&model);
    model.isolate(primary, true);
    assert_eq!(ask(&mut model, primary, "SET foo 1"), "+OK\r\n");
    model.advance(2 * SECOND);
    assert_eq!(ask(&mut model, primary, "SET foo 2"), "-CLUSTERDOWN The cluster is down\r\n");
    model.isolate(primary, false);
    model.advance(4 * SECOND);
    assert!(ask(&mut model, primary, "SET foo 3").starts_with("-MOVED"));
    assert_eq!((shard(&model).0, model.value(b"foo")), (replicas[0], None));
}

#[test]
fn writes_wait_while_a_replica_takes_over_and_nothing_is_lost() {
    let mut model = Model::new(3, 1, Settings::default(), 1);
    let (primary, replicas) = shard(&model);
    assert_eq!(ask(&mut model, primary, "SET foo 1"), "+OK\r\n");
    assert_eq!(ask(&mut model, replicas[0], "CLUSTER FAILOVER"), "+OK\r\n");
    assert_eq!(ask(&mut model, primary, "SET foo 2"), "later");
    assert_eq!(ask(&mut model, primary, "GET foo"), "$1\r\n1\r\n");
    model.advance(SECOND);
    assert!(ask(&mut model, primary, "SET foo 3").starts_with("-MOVED"));
    assert_eq!((shard(&model).0, model.value(b"foo")), (replicas[0], Some(b"1".to_vec())));
    assert!(model.is_whole(), "{}", model.report());
}
