//! Members whose servers announce maintenance: they stay in use, and the group hears of it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering::SeqCst},
    },
    time::{Duration, Instant},
};

use async_std::task;
use futures::{FutureExt, StreamExt};
use redmux::{
    ConnectionMultiplexer, Event, Events, Options,
    events::NotificationType,
    group::{GroupMember, GroupOptions},
    options::{ConstantDelay, Maintenance},
};
use redmux_test_support::{Door, Heralds, RedisServer};

use crate::world::active;

const MILLIS: Duration = Duration::from_millis(1);

fn announced(options: Options) -> Options {
    options
        .maintenance(Maintenance::Required)
        .relaxed_timeout(5_000 * MILLIS)
        .reconnect_policy(ConstantDelay(10 * MILLIS))
}

/// `near`, through doors, and `far`.
async fn connect(near: Options, far: &RedisServer, weight: f64) -> ConnectionMultiplexer {
    let members = [
        GroupMember::new("near", announced(near)).weight(weight),
        GroupMember::new("far", far.addr().to_string()),
    ];
    let options = GroupOptions::new().probes(1).probe_interval(60 * MILLIS).probe_gap(20 * MILLIS);
    let options = options.probe_timeout(200 * MILLIS);
    let environment = redmux::tcp::environment();
    let muxer = ConnectionMultiplexer::connect_group_with(members, options, environment);
    let muxer = muxer.await.unwrap();
    assert_eq!(active(&muxer), "near");
    muxer
}

fn at(door: &Door) -> Options {
    Options::new(door.addr().to_string())
}

async fn eventually(mut holds: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < Duration::from_secs(20), "it does not happen in 20 s");
        task::sleep(2 * MILLIS).await;
    }
}

/// What has happened since the last time: notices by kind, and all else by its text.
fn heard(events: &mut Events) -> (Vec<(NotificationType, String)>, Vec<String>) {
    let (mut notices, mut others) = (Vec::new(), Vec::new());
    while let Some(Some(event)) = events.next().now_or_never() {
        match event {
            Event::ServerMaintenance(notice) => {
                notices.push((notice.notification_type, notice.endpoint.to_string()));
            }
            other => others.push(other.to_string()),
        }
    }
    (notices, others)
}

#[async_std::test]
async fn a_member_moves_under_load_and_stays_in_use() {
    let servers = [RedisServer::start(), RedisServer::start()];
    let (old, new) = (Door::open(servers[0].addr()), Door::open(servers[0].addr()));
    let muxer = connect(at(&old), &servers[1], 2.0).await;
    let mut events = muxer.events();
    let stop = Arc::new(AtomicBool::new(false));
    let work = |number: u64| {
        let (db, stop) = (muxer.database(), stop.clone());
        task::spawn(async move {
            let mut count = 0;
            while !stop.load(SeqCst) {
                count += 1;
                assert_eq!(db.incr(format!("k{number}")).await.unwrap(), count);
            }
            count
        })
    };
    let workers: Vec<_> = (0..4).map(work).collect();
    task::sleep(50 * MILLIS).await;
    old.push(&format!("MOVING :1 :15 {}", new.addr()));
    eventually(|| new.guests() == 1 && old.guests() == 0).await;
    old.shut();
    let before = new.commands();
    eventually(|| new.commands() > before + 200).await;
    stop.store(true, SeqCst);
    for (number, worker) in workers.into_iter().enumerate() {
        let count = worker.await.to_string();
        assert_eq!(servers[0].command(&["GET", &format!("k{number}")]), count);
    }
    let (notices, others) = heard(&mut events);
    assert_eq!(notices, [(NotificationType::Moving, old.addr().to_string())]);
    let moved = format!("{}: endpoint {} -> {}", new.addr(), old.addr(), new.addr());
    assert_eq!(others, [format!("configuration changed: {moved}")]);
    assert_eq!(active(&muxer), "near");
    muxer.close().await;
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Trouble {
    /// It does not answer for a while.
    Stops,
    /// It hangs up, and nobody is there for a while.
    Leaves,
    /// What was under way is lost.
    HangsUp,
    /// It takes long to answer.
    Lags,
}

/// Each of these would be a reason to use another member.
#[async_std::test]
async fn what_was_announced_is_no_reason_to_use_another_member() {
    use Trouble::{HangsUp, Lags, Leaves, Stops};
    for trouble in [Stops, Leaves, HangsUp, Lags] {
        for is_announced in [false, true] {
            let servers = [RedisServer::start(), RedisServer::start()];
            let door = Door::open(servers[0].addr());
            let weight = if trouble == Lags { 1.0 } else { 2.0 };
            if weight == 1.0 {
                // The first choice is for the one that answers first.
                servers[1].pause();
            }
            let options = at(&door).command_timeout(300 * MILLIS);
            let muxer = connect(options, &servers[1], weight).await;
            servers[1].resume();
            let mut events = muxer.events();
            if is_announced {
                assert_eq!(door.push("FAILING_OVER :1 :10 shard-1"), 1);
                task::sleep(20 * MILLIS).await;
            }
            let db = muxer.database();
            let door = match trouble {
                Stops => {
                    servers[0].pause();
                    let waiting = task::spawn(db.incr("n").owned().into_future());
                    task::sleep(900 * MILLIS).await;
                    servers[0].resume();
                    let outcome = waiting.await;
                    assert_eq!(outcome.is_ok(), is_announced, "{outcome:?}");
                    door
                }
                Leaves => {
                    let address = door.addr();
                    door.shut();
                    task::sleep(20 * MILLIS).await;
                    let waiting = task::spawn(db.incr("n").owned().into_future());
                    task::sleep(900 * MILLIS).await;
                    let door = Door::open_at(address, servers[0].addr());
                    assert_eq!(waiting.await.unwrap(), 1);
                    door
                }
                HangsUp => {
                    door.delay(100 * MILLIS);
                    let lost = (0..20).map(|_| task::spawn(db.incr("n").owned().into_future()));
                    let lost: Vec<_> = lost.collect();
                    task::sleep(50 * MILLIS).await;
                    door.hang_up();
                    door.delay(Duration::ZERO);
                    for lost in lost {
                        let error = lost.await.unwrap_err();
                        assert_eq!(error.maintenance().is_some(), is_announced, "{error}");
                    }
                    door
                }
                Lags => {
                    door.delay(30 * MILLIS);
                    task::sleep(1_200 * MILLIS).await;
                    door
                }
            };
            // The calls may know of the trouble before the group has changed its member.
            let (mut others, mut has_changed) = (Vec::new(), false);
            for _ in 0..500 {
                others.extend(heard(&mut events).1);
                has_changed = others.iter().any(|text: &String| text.contains("member"));
                if has_changed || is_announced {
                    break;
                }
                task::sleep(10 * MILLIS).await;
            }
            let text = format!("{trouble:?}, announced: {is_announced}, {others:?}");
            assert_eq!(has_changed, !is_announced, "{text}");
            drop((muxer, door));
        }
    }
}

#[async_std::test]
async fn a_member_that_does_not_come_back_is_left_after_the_longer_time() {
    let servers = [RedisServer::start(), RedisServer::start()];
    let door = Door::open(servers[0].addr());
    let options = at(&door).command_timeout(300 * MILLIS);
    let muxer = connect(options, &servers[1], 2.0).await;
    door.push("MIGRATING :1 :30 shard-1");
    task::sleep(20 * MILLIS).await;
    let begun = Instant::now();
    door.shut();
    task::sleep(20 * MILLIS).await;
    // It waits for the one member, and then for the other one.
    muxer.database().set("k", "v").timeout(Duration::from_secs(20)).await.unwrap();
    assert_eq!(active(&muxer), "far");
    let took = begun.elapsed();
    assert!((4_900 * MILLIS..15_000 * MILLIS).contains(&took), "{took:?}");
    muxer.close().await;
}

#[async_std::test]
async fn a_cluster_that_is_a_member_hears_which_slots_have_moved() {
    let all = Heralds::start();
    let far = RedisServer::start();
    let muxer = connect(all.options(), &far, 2.0).await;
    let mut events = muxer.events();
    let db = muxer.database();
    for key in ["{a}1", "{b}1", "{c}1"] {
        db.set(key, "1").await.unwrap();
    }
    let before = muxer.status().map.redirects;
    let (pushed, from, to) = all.move_slot_of("{a}1");
    let asked = all.doors[to].commands();
    assert_eq!(all.doors[from].push(&pushed), 1);
    let mut others = Vec::new();
    let mut notices = Vec::new();
    let begun = Instant::now();
    while !others.iter().any(|text: &String| text.starts_with("slots ")) {
        let (said, other) = heard(&mut events);
        notices.extend(said);
        others.extend(other);
        assert!(begun.elapsed() < Duration::from_secs(20), "{others:?}");
        task::sleep(2 * MILLIS).await;
    }
    assert_eq!(notices, [(NotificationType::SlotsMigrated, all.doors[from].addr().to_string())]);
    assert_eq!(db.get::<String>("{a}1").await.unwrap().as_deref(), Some("1"));
    assert!(all.doors[to].commands() > asked);
    assert_eq!(muxer.status().map.redirects, before);
    assert_eq!(active(&muxer), "near");
    muxer.close().await;
}
