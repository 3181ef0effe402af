use super::model::{MS, Model, config};
use crate::{
    Delivery, ErrorKind,
    connection::{BacklogPolicy, LinkConfig},
    error::TimeoutStage,
};

fn failure_of(model: &mut Model, slot: crate::connection::SlotId) -> crate::Error {
    model.result(slot).expect("it has ended").expect_err("it has failed")
}

#[test]
fn each_command_times_out_at_its_own_deadline() {
    let mut model = Model::ready(config());
    let ordinary = model.submit("a").unwrap();
    let short = model.submit_with("b", Some(50 * MS)).unwrap();
    let long = model.submit_with("c", Some(9000 * MS)).unwrap();
    let never = model.submit_with("d", Some(u64::MAX)).unwrap();
    model.write(usize::MAX);
    assert_eq!(model.core.next_deadline(), 50 * MS);
    model.tick(50 * MS - 1);
    assert!(model.result(short).is_none());
    model.tick(1);
    assert_eq!(failure_of(&mut model, short).delivery(), Delivery::MaybeExecuted);
    model.tick(4950 * MS);
    failure_of(&mut model, ordinary);
    assert!(model.result(long).is_none());
    model.tick(4000 * MS);
    failure_of(&mut model, long);
    model.tick(1_000_000 * MS);
    assert!(model.result(never).is_none());
    model.read(4).unwrap();
    assert_eq!(model.result(never).unwrap().unwrap(), "d");
}

#[test]
fn time_nobody_looked_at_the_clock_is_not_counted() {
    let mut model = Model::ready(LinkConfig { high_water: 60, ..config() });
    let before = model.submit_with("before", Some(5050 * MS)).unwrap();
    model.write(usize::MAX);
    model.tick(MS);
    // Issued some time while another task holds the thread for five seconds.
    let ordinary = model.submit("ordinary").unwrap();
    let short = model.submit_with("short", Some(50 * MS)).unwrap();
    let never = model.submit_with("never", Some(u64::MAX)).unwrap();
    let in_line = model.submit_with("in line", Some(70 * MS)).unwrap();
    model.starve(5000 * MS);
    for slot in [before, ordinary, short, never, in_line] {
        assert!(model.result(slot).is_none());
    }
    assert!(model.core.next_deadline() <= 5050 * MS);
    model.tick(49 * MS);
    failure_of(&mut model, before);
    assert!(model.result(short).is_none());
    model.tick(MS);
    let error = failure_of(&mut model, short);
    assert_eq!(error.diagnostics().unwrap().elapsed.as_millis(), 50);
    model.tick(19 * MS);
    assert!(model.result(in_line).is_none());
    model.tick(MS);
    failure_of(&mut model, in_line);
    model.tick(4929 * MS);
    assert!(model.result(ordinary).is_none());
    model.tick(MS);
    failure_of(&mut model, ordinary);
    model.tick(1_000_000 * MS);
    assert!(model.result(never).is_none());
}

#[test]
fn the_error_tells_an_operator_where_the_command_was() {
    let mut model = Model::ready(LinkConfig { high_water: 60, ..config() });
    let sent = model.submit("sent").unwrap();
    model.write(usize::MAX);
    let half = model.submit("half written").unwrap();
    model.write(9);
    let queued = model.submit("queued").unwrap();
    let more = model.submit("queued too").unwrap();
    let last = model.submit("and one more").unwrap();
    let no_room = model.submit("no room").unwrap();
    model.tick(5000 * MS);
    let expected = [
        (sent, TimeoutStage::Response, Delivery::MaybeExecuted),
        (half, TimeoutStage::Write, Delivery::MaybeExecuted),
        (queued, TimeoutStage::Queue, Delivery::NotSent),
        (more, TimeoutStage::Queue, Delivery::NotSent),
        (last, TimeoutStage::Queue, Delivery::NotSent),
        (no_room, TimeoutStage::Queue, Delivery::NotSent),
    ];
    for (slot, stage, delivery) in expected {
        let error = failure_of(&mut model, slot);
        assert_eq!((error.kind(), error.delivery()), (ErrorKind::Timeout(stage), delivery));
        let state = error.diagnostics().unwrap();
        assert_eq!(state.elapsed.as_millis(), 5000);
        assert_eq!(state.timeout.as_millis(), 5000);
        assert_eq!(state.connection, "ready");
        assert_eq!(state.last_read.unwrap().as_millis(), 5000);
        assert!(state.in_flight + state.queued >= 5, "{state:?}");
        assert!(state.bytes_in_flight > 0 && state.bytes_unsent > 0);
        assert!(!error.to_string().contains("queued too"));
    }
    // What was withdrawn is never sent, what was begun is finished.
    model.settle();
    assert_eq!(model.echoed(), ["sent", "half written"]);
}

#[test]
fn time_in_the_backlog_counts_and_the_cause_is_told() {
    let mut model = Model::ready(config());
    model.lose();
    model.core.redial.last_error =
        Some(crate::Error::new(ErrorKind::ConnectionLost, Delivery::MaybeExecuted).detail("gone"));
    let slot = model.submit("a").unwrap();
    model.tick(5000 * MS);
    let error = failure_of(&mut model, slot);
    assert_eq!(error.kind(), ErrorKind::Timeout(TimeoutStage::Queue));
    assert!(error.is_retryable());
    assert!(error.to_string().contains("gone"), "{error}");
    model.connect();
    model.settle();
    assert!(model.echoed().is_empty());
}

#[test]
fn the_backlog_is_bounded_in_commands_and_bytes() {
    let backlog = BacklogPolicy::Queue { max_commands: 2, max_bytes: 1000 };
    let mut model = Model::ready(LinkConfig { backlog, ..config() });
    model.lose();
    let first = model.submit("a").unwrap();
    let big = "x".repeat(1000);
    assert_eq!(model.submit(&big).unwrap_err().kind(), ErrorKind::QueueFull);
    model.submit("b").unwrap();
    assert_eq!(model.submit("c").unwrap_err().kind(), ErrorKind::QueueFull);
    // Who gives up makes room.
    model.core.abandon(first);
    model.submit("d").unwrap();
    model.connect();
    model.settle();
    assert_eq!(model.echoed(), ["b", "d"]);
}

#[test]
fn failing_fast_refuses_at_once() {
    let mut model = Model::ready(LinkConfig { backlog: BacklogPolicy::FailFast, ..config() });
    let unsent = model.submit("unsent").unwrap();
    model.lose();
    let late = model.submit("a").unwrap_err();
    for error in [late, failure_of(&mut model, unsent)] {
        assert_eq!(error.kind(), ErrorKind::ConnectionLost);
        assert_eq!(error.delivery(), Delivery::NotSent);
    }
    model.connect();
    model.settle();
    assert!(model.echoed().is_empty() && model.core.is_drained());
}

#[test]
fn callers_wait_for_room_and_are_served_in_order() {
    let mut model = Model::ready(LinkConfig { high_water: 40, ..config() });
    let names = ["one", "two", "three", "four", "five", "six"];
    let mut slots: Vec<_> = names.iter().map(|id| model.submit(id).unwrap()).collect();
    assert!(!model.core.is_waiting_for_room(slots[0]));
    assert!(model.core.is_waiting_for_room(slots[5]));
    // The one that gives up does not hold up those behind it.
    model.core.abandon(slots[3]);
    for _ in 0..8 {
        model.settle();
        for (id, slot) in names.iter().zip(&mut slots) {
            if model.core.is_waiting_for_room(*slot) {
                *slot = model.resubmit(0, id, *slot).unwrap();
            }
        }
    }
    assert_eq!(model.echoed(), ["one", "two", "three", "five", "six"]);
    assert_eq!(model.result(slots[5]).unwrap().unwrap(), "six");
}

#[test]
fn an_idle_connection_is_probed_and_a_silent_one_given_up() {
    let mut model = Model::ready(config());
    assert_eq!(model.core.next_deadline(), 10_000 * MS);
    model.tick(10_000 * MS);
    model.core.check_liveness().unwrap();
    model.write(usize::MAX);
    assert_eq!(model.executed.last().unwrap().0, "PING");
    model.tick(4999 * MS);
    model.core.check_liveness().unwrap();
    model.tick(MS);
    let error = model.core.check_liveness().unwrap_err();
    assert!(error.to_string().contains("probe"), "{error}");
}

#[test]
fn any_byte_read_answers_a_probe() {
    let mut model = Model::ready(config());
    let slot = model.submit("slow").unwrap();
    model.write(usize::MAX);
    model.tick(2000 * MS);
    model.core.check_liveness().unwrap();
    model.tick(1000 * MS);
    model.read(1).unwrap();
    assert!(model.result(slot).unwrap().is_ok());
    model.tick(4500 * MS);
    model.core.check_liveness().unwrap();
}

#[test]
fn a_command_that_was_given_more_time_is_waited_for() {
    let mut model = Model::ready(config());
    let slow = model.submit_with("slow script", Some(60_000 * MS)).unwrap();
    model.write(usize::MAX);
    for _ in 0..59 {
        model.tick(1000 * MS);
        model.core.check_liveness().unwrap();
    }
    model.settle();
    assert!(model.result(slow).unwrap().is_ok());
}

#[test]
fn silence_is_no_news_while_a_command_waits_for_ever_on_a_leased_connection() {
    let mut model = Model::ready(LinkConfig { leased: true, ..config() });
    let patient = model.submit_with("unlimited", Some(u64::MAX)).unwrap();
    model.write(usize::MAX);
    for _ in 0..1000 {
        model.tick(60_000 * MS);
        model.core.check_liveness().unwrap();
    }
    model.settle();
    assert!(model.result(patient).unwrap().is_ok());
}

#[test]
fn a_deadline_is_not_lost_when_the_queue_is_compacted() {
    let mut model = Model::ready(config());
    let own_time = model.submit_with("own time", Some(60_000 * MS)).unwrap();
    let given_up = model.submit("given up").unwrap();
    let waiting = model.submit("waiting").unwrap();
    model.core.abandon(given_up);
    // The cursor over ordinary deadlines is now at the last one, and the one before
    // it goes.
    model.core.next_deadline();
    model.write(usize::MAX);
    model.tick(5000 * MS);
    assert!(failure_of(&mut model, waiting).is_timeout());
    assert!(model.result(own_time).is_none());
}

#[test]
fn silence_counts_from_when_a_reply_fell_due() {
    let mut model = Model::ready(config());
    model.tick(9000 * MS);
    model.submit("after a long idle time").unwrap();
    assert_eq!(model.core.next_deadline(), 11_000 * MS);
    model.core.check_liveness().unwrap();
    model.write(usize::MAX);
    assert!(model.executed.iter().all(|(name, _)| name != "PING"));
}

#[test]
fn a_patient_command_postpones_the_end_only_while_it_waits() {
    for given_up in [false, true] {
        let mut model = Model::ready(config());
        let patient = model.submit_with("patient", Some(60_000 * MS)).unwrap();
        model.write(usize::MAX);
        if given_up {
            model.core.abandon(patient);
        }
        // Two seconds until the probe, five for it, and five until it is looked at again.
        let ends = (0..13).any(|_| {
            model.tick(1000 * MS);
            model.core.check_liveness().is_err()
        });
        assert_eq!(ends, given_up);
    }
}

#[test]
fn a_command_that_waits_for_ever_does_not_keep_a_dead_shared_connection() {
    let mut model = Model::ready(config());
    model.submit_with("unlimited", Some(u64::MAX)).unwrap();
    model.write(usize::MAX);
    model.tick(2000 * MS);
    model.core.check_liveness().unwrap();
    model.tick(5000 * MS);
    model.core.check_liveness().unwrap_err();
}

#[test]
fn a_call_with_much_time_keeps_a_dead_shared_connection_for_a_minute_at_most() {
    for (leased, lives) in [(false, 60), (true, 120)] {
        let mut model = Model::ready(LinkConfig { leased, ..config() });
        model.submit_with("an hour", Some(3_600_000 * MS)).unwrap();
        model.write(usize::MAX);
        let lived = (0..120).take_while(|_| {
            model.tick(1000 * MS);
            model.core.check_liveness().is_ok()
        });
        let lived = lived.count();
        assert!(lived.abs_diff(lives) <= 6, "{lived} s");
    }
}

#[test]
fn what_waits_in_the_queue_excuses_no_silence() {
    let mut model = Model::ready(config());
    model.submit("sent").unwrap();
    model.write(usize::MAX);
    model.submit_with("not sent", Some(60_000 * MS)).unwrap();
    model.tick(2000 * MS);
    model.core.check_liveness().unwrap();
    model.tick(5000 * MS);
    model.core.check_liveness().unwrap_err();
}

#[test]
fn a_lost_reply_does_not_poison_the_connection() {
    let mut model = Model::ready(config());
    model.submit("lost").unwrap();
    model.write(usize::MAX);
    model.replies.clear();
    model.tick(5000 * MS);
    let mut rounds = 0;
    let error = loop {
        rounds += 1;
        let slot = model.submit("next").unwrap();
        model.write(usize::MAX);
        model.tick(MS);
        model.read(usize::MAX).unwrap();
        model.tick(4999 * MS);
        failure_of(&mut model, slot);
        match model.core.check_liveness() {
            Ok(()) => assert!(rounds < 10, "it goes on and on"),
            Err(error) => break error,
        }
    };
    assert_eq!((rounds, error.kind()), (3, ErrorKind::ConnectionLost), "{error}");
    model.lose();
    model.connect();
    model.settle();
    let slot = model.submit("after").unwrap();
    model.settle();
    assert_eq!(model.result(slot).unwrap().unwrap(), "after");
}

#[test]
fn a_busy_server_is_not_given_up_for_time_outs() {
    let mut model = Model::ready(config());
    for _ in 0..5 {
        // Nothing comes while it is busy: all that wait time out together.
        let slots: Vec<_> = (0..20).map(|_| model.submit("slow").unwrap()).collect();
        model.write(usize::MAX);
        model.tick(5000 * MS);
        slots.into_iter().for_each(|slot| drop(failure_of(&mut model, slot)));
        model.settle();
        let slot = model.submit("quick").unwrap();
        model.settle();
        assert_eq!(model.result(slot).unwrap().unwrap(), "quick");
        model.core.check_liveness().unwrap();
    }
}

#[test]
fn a_burst_gives_its_memory_back_while_one_command_stays_open() {
    let mut model = Model::ready(config());
    let open = model.submit("open").unwrap();
    model.write(usize::MAX);
    let first = model.replies.clone();
    model.replies.clear();
    let burst: Vec<_> =
        (0..50_000).map(|_| model.submit_with("burst", Some(1000 * MS)).unwrap()).collect();
    model.write(usize::MAX);
    model.replies.clear();
    assert!(model.core.wire.fifo.capacity() >= 50_000);
    burst.into_iter().for_each(|slot| model.core.abandon(slot));
    // The connection breaks; what is open then goes on on the next one.
    model.lose();
    assert!(model.result(open).unwrap().is_err() && !first.is_empty());
    let open = model.submit("open").unwrap();
    model.connect();
    model.tick(2000 * MS);
    model.core.driver_parks(std::task::Waker::noop(), false, u64::MAX);
    assert!(
        model.core.wire.fifo.capacity() <= 4096
            && model.core.deadlines.overrides.capacity() <= 4096
    );
    model.settle();
    assert_eq!(model.result(open).unwrap().unwrap(), "open");
}
