//! Proxies cut what is silent for long: a connection that waits on the server is not silent.

use redmux::{Options, database::BlockFor, transport::Runtime};

use crate::fleet::{Fleet, SECOND};

/// Probes that came on leased connections.
fn pings(fleet: &Fleet) -> usize {
    fleet.seen_on_leases().iter().filter(|line| *line == "PING").count()
}

#[test]
fn while_a_command_waits_there_is_a_probe_now_and_then() {
    let fleet = Fleet::new(Options::new("one:1").keep_alive(3 * SECOND));
    let db = fleet.muxer.database();
    let (sender, mut results) = futures::channel::mpsc::unbounded();
    fleet.runtime.spawn(Box::pin(async move {
        let popped = db.blpop::<String, String>("k", BlockFor::Forever).await;
        drop(sender.unbounded_send(popped));
    }));
    fleet.sleep(62 * SECOND);
    assert_eq!(pings(&fleet), 0, "the server looks at them when it is done");
    fleet.push("one:1");
    let popped = fleet.run(futures::StreamExt::next(&mut results)).unwrap();
    assert_eq!(popped.unwrap(), Some(("k".to_owned(), "v".to_owned())));
    let pings = pings(&fleet);
    assert!((18..=21).contains(&pings), "{pings} in 60 s");
    // Their answers, which come behind, do not spoil it.
    assert_eq!(fleet.leases(), (1, 0));
    assert_eq!(fleet.next_lease(), crate::fleet::fresh("one:1"));
    assert_eq!(fleet.muxer.status().leases.opened, 1);
}

#[test]
fn they_are_bounded() {
    let fleet = Fleet::new(Options::new("one:1").keep_alive(SECOND));
    let db = fleet.muxer.database();
    fleet.runtime.spawn(Box::pin(async move {
        drop(db.blpop::<String, String>("k", BlockFor::Forever).await);
    }));
    fleet.sleep(10_000 * SECOND);
    fleet.push("one:1");
    fleet.sleep(SECOND / 2);
    assert_eq!(pings(&fleet), 4096);
}
