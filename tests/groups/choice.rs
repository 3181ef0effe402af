//! Which member is used, and when another one is.

use std::{collections::BTreeMap, time::Duration};

use futures::{FutureExt, StreamExt, future::join_all};
use redmux::{
    ConnectionMultiplexer, Delivery, ErrorKind, Event, Events, Options,
    events::SwitchReason,
    group::{GroupMember, GroupOptions, HealthPolicy, MemberState, Probe},
    options::{BacklogPolicy, CircuitBreaker},
};

use crate::world::{Life, SECOND, World, active, member};

fn default() -> GroupOptions {
    GroupOptions::new()
}

/// What has happened to the group since the last time.
fn changes(events: &mut Events) -> Vec<String> {
    let mut changes = Vec::new();
    while let Some(Some(event)) = events.next().now_or_never() {
        match event {
            Event::ActiveMemberChanged(change) => {
                changes.push(format!("{} {:?}", change.to, change.reason));
            }
            Event::MemberHealthChanged(change) => {
                changes.push(format!("{} {}", change.member, change.healthy));
            }
            _ => {}
        }
    }
    changes
}

fn get(world: &World, muxer: &ConnectionMultiplexer) -> redmux::Result<String> {
    world.runtime.block_on(muxer.execute::<String>("GET", "key"))
}

/// A command that waits until this member is back, ten seconds later; the member that answers it.
fn get_once_it_is_back(world: &World, muxer: &ConnectionMultiplexer, name: &str) -> String {
    let waiting = muxer.execute::<String>("GET", "key").timeout(60 * SECOND);
    let revive = async {
        world.runtime.sleep(10 * SECOND).await;
        world.set(name, Life::Up);
    };
    world.runtime.block_on(futures::future::join(waiting, revive)).0.unwrap()
}

#[test]
fn the_member_with_the_most_weight_is_used() {
    let world = World::start(&["a", "b", "c"]);
    let members = [member("a", 1.0), member("b", 3.0), member("c", 2.0)];
    let muxer = world.connect(members, default());
    assert_eq!(get(&world, &muxer).unwrap(), "b");
    let group = muxer.group().unwrap();
    world.pass(SECOND);
    let states: Vec<_> = group.members().into_iter().map(|one| (one.active, one.state)).collect();
    let healthy = MemberState::Healthy;
    assert_eq!(states, [(false, healthy), (true, healthy), (false, healthy)]);
    let text = muxer.status().to_string();
    assert!(text.contains("member b: active, healthy for"), "{text}");
}

#[test]
fn a_member_that_dies_is_left_within_a_second_and_taken_again() {
    let world = World::start(&["a", "b"]);
    let muxer = world.connect([member("a", 2.0), member("b", 1.0)], default());
    let mut events = muxer.events();
    world.pass(10 * SECOND);
    assert_eq!(active(&muxer), "a");
    world.set("a", Life::Dead);
    let begun = world.runtime.elapsed();
    // Issued while nobody serves it, it goes to the next one.
    assert_eq!(get(&world, &muxer).unwrap(), "b");
    let took = world.runtime.elapsed() - begun;
    assert!(took <= Duration::from_millis(1050), "{took:?}");
    assert_eq!(changes(&mut events), ["a false", "b Unhealthy"]);
    world.pass(20 * SECOND);
    assert_eq!(changes(&mut events), Vec::<String>::new());
    world.set("a", Life::Up);
    world.pass(20 * SECOND);
    assert_eq!(changes(&mut events), ["a true", "a Weight"]);
    assert_eq!(get(&world, &muxer).unwrap(), "a");
}

#[test]
fn a_member_that_stops_is_left_after_a_round_of_probes() {
    for is_busy in [true, false] {
        let world = World::start(&["a", "b"]);
        let muxer = world.connect([member("a", 2.0), member("b", 1.0)], default());
        world.pass(11 * SECOND);
        world.set("a", Life::Stopped);
        let begun = world.runtime.elapsed();
        // What is on its way to it may have been executed.
        if is_busy {
            let lost = get(&world, &muxer).unwrap_err();
            assert_eq!(lost.delivery(), Delivery::MaybeExecuted, "{lost}");
        }
        while active(&muxer) == "a" {
            world.pass(Duration::from_millis(10));
        }
        let took = world.runtime.elapsed() - begun;
        // Noticed half a second after a command, or else with the next round; three seconds for each of three probes.
        let limit = Duration::from_millis(if is_busy { 5_010 } else { 9_050 });
        assert!(took <= limit, "{took:?}");
        assert_eq!(get(&world, &muxer).unwrap(), "b");
    }
}

#[test]
fn what_waits_in_a_member_goes_to_the_next_in_order() {
    let world = World::start(&["a", "b"]);
    let muxer = world.connect([member("a", 2.0), member("b", 1.0)], default());
    world.set("a", Life::Dead);
    world.pass(Duration::from_millis(1));
    let calls = (1..=200_u64).map(|number| muxer.execute::<u64>("INCRBY", ("n", number)));
    let numbers: Vec<u64> =
        world.runtime.block_on(join_all(calls)).into_iter().map(Result::unwrap).collect();
    assert_eq!(numbers, (1..=200).collect::<Vec<_>>());
    assert_eq!(world.with("b", |server| server.added.clone()), numbers);
    assert!(world.with("a", |server| server.added.is_empty()));
}

#[test]
fn nobody_is_healthy_and_commands_wait_or_fail_in_their_time() {
    let world = World::start(&["a", "b"]);
    let muxer = world.connect([member("a", 2.0), member("b", 1.0)], default());
    world.set("b", Life::Dead);
    world.set("a", Life::Dead);
    world.pass(30 * SECOND);
    let begun = world.runtime.elapsed();
    let error = get(&world, &muxer).unwrap_err();
    assert_eq!(error.delivery(), Delivery::NotSent);
    assert_eq!(world.runtime.elapsed() - begun, 5 * SECOND, "{error}");
    assert_eq!(get_once_it_is_back(&world, &muxer, "b"), "b");
}

#[test]
fn connecting_fails_if_nobody_is_healthy_or_waits_if_that_is_wanted() {
    let world = World::start(&["a", "b"]);
    world.set("a", Life::Dead);
    world.set("b", Life::Dead);
    let members = || [member("a", 2.0), member("b", 1.0)];
    let environment = world.environment.clone();
    let connect = ConnectionMultiplexer::connect_group_with(members(), default(), environment);
    let error = world.runtime.block_on(connect).unwrap_err();
    assert!(matches!(error.kind(), ErrorKind::Connect(_)), "{error}");
    assert!(error.to_string().contains("no member of the group is healthy"), "{error}");

    let muxer = world.connect(members(), default().abort_on_connect_fail(false));
    assert_eq!(active(&muxer), "");
    assert_eq!(get_once_it_is_back(&world, &muxer, "b"), "b");
}

#[test]
fn the_program_may_choose_and_take_that_back() {
    let world = World::start(&["a", "b", "c"]);
    let members = [member("a", 3.0), member("b", 1.0), member("c", 2.0)];
    let muxer = world.connect(members, default());
    world.pass(SECOND);
    let mut events = muxer.events();
    let group = muxer.group().unwrap();
    assert!(world.runtime.block_on(group.fail_over_to("b")).unwrap());
    assert_eq!(get(&world, &muxer).unwrap(), "b");
    world.set("b", Life::Dead);
    assert_eq!(get(&world, &muxer).unwrap(), "a");
    assert!(!world.runtime.block_on(group.fail_over_to("b")).unwrap());
    world.set("b", Life::Up);
    world.pass(10 * SECOND);
    assert_eq!(active(&muxer), "b");
    world.runtime.block_on(group.release()).unwrap();
    assert_eq!(get(&world, &muxer).unwrap(), "a");
    let expected = ["b Forced", "b false", "a Unhealthy", "b true", "b Forced", "a Weight"];
    assert_eq!(changes(&mut events), expected);
    let unknown = world.runtime.block_on(group.fail_over_to("x")).unwrap_err();
    assert!(unknown.to_string().contains("no member of this name"), "{unknown}");
}

#[test]
fn a_member_of_which_nothing_is_known_yet_is_waited_for() {
    let start = |life| {
        let world = World::start(&["a", "b"]);
        world.with("b", |server| server.lag = SECOND / 2);
        let muxer = world.connect([member("a", 2.0), member("b", 1.0)], default());
        let group = muxer.group().unwrap();
        assert_eq!(group.members()[1].state, MemberState::Unknown);
        world.set("b", life);
        (world, muxer, group)
    };
    for (life, is_well) in [(Life::Up, true), (Life::Dead, false), (Life::Stopped, false)] {
        let (world, muxer, group) = start(life);
        let begun = world.runtime.elapsed();
        assert_eq!(world.runtime.block_on(group.fail_over_to("b")).unwrap(), is_well, "{life:?}");
        assert_eq!(active(&muxer), if is_well { "b" } else { "a" });
        let took = world.runtime.elapsed() - begun;
        assert!(took <= 10 * SECOND, "{life:?}: {took:?}");

        let (world, muxer, group) = start(life);
        assert_eq!(world.runtime.block_on(group.remove("a")).is_ok(), is_well, "{life:?}");
        assert_eq!(active(&muxer), if is_well { "b" } else { "a" });
    }
    // It ends when the group does.
    let (world, muxer, group) = start(Life::Stopped);
    let close = async {
        world.runtime.sleep(SECOND).await;
        muxer.close().await;
    };
    let (outcome, ()) =
        world.runtime.block_on(futures::future::join(group.fail_over_to("b"), close));
    assert_eq!(outcome.unwrap_err().kind(), ErrorKind::Closed);
}

#[test]
fn failback_waits_or_is_by_hand() {
    for delay in [Duration::from_secs(60), Duration::MAX] {
        let world = World::start(&["a", "b"]);
        let options = default().failback_delay(delay);
        let muxer = world.connect([member("a", 2.0), member("b", 1.0)], options);
        world.set("a", Life::Dead);
        assert_eq!(get(&world, &muxer).unwrap(), "b");
        world.set("a", Life::Up);
        world.pass(50 * SECOND);
        assert_eq!(active(&muxer), "b");
        world.pass(20 * SECOND);
        let is_back = active(&muxer) == "a";
        assert_eq!(is_back, delay != Duration::MAX);
    }
}

#[test]
fn one_probe_in_a_hundred_that_is_lost_changes_nothing() {
    let world = World::start(&["a", "b"]);
    let random = world.clone();
    let probe = Probe::custom(move |muxer: ConnectionMultiplexer| {
        let lost = random.random(100) == 0;
        async move {
            muxer.execute::<()>("PING", ()).await?;
            if lost { muxer.execute::<()>("SUBSCRIBE", "x").await } else { Ok(()) }
        }
    });
    let muxer = world.connect([member("a", 2.0), member("b", 1.0)], default().probe(probe));
    let mut events = muxer.events();
    // Half a day, in which a hundred probes fail one by one.
    for _ in 0..12 {
        world.pass(3600 * SECOND);
    }
    assert!(world.with("a", |server| server.pings) > 8_000);
    assert_eq!(changes(&mut events), Vec::<String>::new());
}

#[test]
fn many_clients_that_began_together_do_not_ask_together_for_long() {
    const CLIENTS: usize = 50;
    let world = World::start(&["a"]);
    let clients: Vec<_> =
        (0..CLIENTS).map(|_| world.connect([member("a", 1.0)], default())).collect();
    // All of them lose their connections at once, and begin anew together.
    world.set("a", Life::Dead);
    world.pass(SECOND / 10);
    world.set("a", Life::Up);
    world.pass(300 * SECOND);
    world.with("a", |server| server.pinged = Some(Vec::new()));
    world.pass(50 * SECOND);
    let pinged = world.with("a", |server| server.pinged.take().unwrap());
    assert!((10 * CLIENTS..=12 * CLIENTS).contains(&pinged.len()), "{}", pinged.len());
    let mut of_clients: BTreeMap<u64, Vec<Duration>> = BTreeMap::new();
    pinged.iter().for_each(|(at, client)| of_clients.entry(*client).or_default().push(*at));
    assert_eq!(of_clients.len(), CLIENTS);
    for times in of_clients.values() {
        let is_right = |two: &[Duration]| {
            (Duration::from_millis(4_500)..=5 * SECOND).contains(&(two[1] - two[0]))
        };
        assert!(times.windows(2).all(is_right), "{times:?}");
    }
    // In lockstep fifty would come together.
    let busiest = (0..500).map(|tenth| {
        let of = |at: &Duration| at.as_millis() / 100 % 500;
        let first = pinged[0].0.as_millis() / 100 % 500;
        pinged.iter().filter(|(at, _)| (of(at) + 500 - first) % 500 == tenth).count()
    });
    let busiest = busiest.max().unwrap_or_default();
    assert!(busiest <= 10, "{busiest} in a tenth of a second");
    drop(clients);
}

#[test]
fn a_member_that_answers_much_later_is_left_if_another_has_its_weight() {
    let world = World::start(&["a", "b"]);
    world.with("b", |server| server.lag = Duration::from_millis(20));
    let muxer = world.connect([member("a", 1.0), member("b", 1.0)], default());
    let mut events = muxer.events();
    world.pass(60 * SECOND);
    assert_eq!(active(&muxer), "a");
    world.with("a", |server| server.lag = Duration::from_millis(25));
    world.pass(600 * SECOND);
    assert_eq!(active(&muxer), "a");
    world.with("a", |server| server.lag = Duration::from_millis(100));
    world.pass(600 * SECOND);
    assert_eq!(changes(&mut events), [format!("b {:?}", SwitchReason::Latency)]);
}

#[test]
fn members_come_and_go_while_the_program_runs() {
    let world = World::start(&["a", "b"]);
    let muxer = world.connect([member("a", 1.0)], default());
    let group = muxer.group().unwrap();
    let last = world.runtime.block_on(group.remove("a")).unwrap_err();
    assert!(last.to_string().contains("no other member is healthy"), "{last}");
    world.runtime.block_on(group.add(member("b", 2.0))).unwrap();
    let twice = world.runtime.block_on(group.add(member("b", 2.0))).unwrap_err();
    assert!(twice.to_string().contains("two members named b"), "{twice}");
    world.pass(SECOND);
    assert_eq!(get(&world, &muxer).unwrap(), "b");
    world.runtime.block_on(group.set_weight("a", 5.0)).unwrap();
    assert_eq!(get(&world, &muxer).unwrap(), "a");
    world.runtime.block_on(group.remove("a")).unwrap();
    assert_eq!(get(&world, &muxer).unwrap(), "b");
    let names: Vec<_> = group.members().iter().map(|one| one.name.to_string()).collect();
    assert_eq!(names, ["b"]);
    world.runtime.block_on(group.add(member("a", 5.0))).unwrap();
    world.pass(SECOND);
    assert_eq!(get(&world, &muxer).unwrap(), "a");
    world.runtime.block_on(muxer.close());
    let closed = world.runtime.block_on(group.release()).unwrap_err();
    assert_eq!(closed.kind(), ErrorKind::Closed);
    assert_eq!(get(&world, &muxer).unwrap_err().kind(), ErrorKind::Closed);
}

#[test]
fn members_that_cannot_be_are_refused() {
    let world = World::start(&["a"]);
    let refused = |members: Vec<GroupMember>, options| {
        let environment = world.environment.clone();
        let begun = ConnectionMultiplexer::begin_group_with(members, options, environment);
        let error = begun.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        error.to_string()
    };
    assert!(refused(Vec::new(), default()).contains("no member"));
    let twice = refused(vec![member("a", 1.0), member("a", 1.0)], default());
    assert!(twice.contains("two members named a"), "{twice}");
    let heavy = refused(vec![member("a", f64::NAN)], default());
    assert!(heavy.contains("weight"), "{heavy}");
    let nameless = refused(vec![GroupMember::new("", "a")], default());
    assert!(nameless.contains("name"), "{nameless}");
    let other = GroupMember::new("b", "b,db=3");
    let database = refused(vec![member("a", 1.0), other], default());
    assert!(database.contains("same database"), "{database}");
    let none = refused(vec![member("a", 1.0)], default().probes(0));
    assert!(none.contains("probes"), "{none}");
    let bad = GroupMember::new("b", "b,what=3");
    refused(vec![bad], default().policy(HealthPolicy::All));
}

/// Calls that time out one after the other, each after this time.
fn fail(world: &World, muxer: &ConnectionMultiplexer, count: u64, each: Duration) {
    for _ in 0..count {
        let call = muxer.execute::<u64>("INCRBY", ("n", 1)).timeout(each);
        assert!(world.runtime.block_on(call).is_err());
    }
}

#[test]
fn a_member_whose_commands_fail_is_left_though_it_answers_probes() {
    let world = World::start(&["a", "b"]);
    let muxer = world.connect([member("a", 2.0), member("b", 1.0)], default());
    world.pass(SECOND);
    let mut events = muxer.events();
    world.with("a", |server| server.hangs = true);
    // A quiet client: one command in half a minute.
    let mut failed = 0;
    while active(&muxer) == "a" {
        fail(&world, &muxer, 1, Duration::from_millis(900));
        world.pass(Duration::from_secs(30));
        failed += 1;
        assert!(failed < 20, "{}", muxer.status());
    }
    assert_eq!(failed, 10);
    assert_eq!(changes(&mut events), ["a false", "b Unhealthy"]);
    let state = |place: usize| muxer.group().unwrap().members()[place].state;
    assert_eq!(state(0), MemberState::CircuitOpen);
    assert_eq!(get(&world, &muxer).unwrap(), "b");
    world.with("a", |server| server.hangs = false);
    world.pass(20 * SECOND);
    assert_eq!(active(&muxer), "b");
    world.pass(20 * SECOND);
    assert_eq!(active(&muxer), "a");
}

#[test]
fn a_busy_client_leaves_a_member_where_a_tenth_of_its_commands_fail() {
    for (share, leaves) in [(20, true), (5, false)] {
        let world = World::start(&["a", "b"]);
        let muxer = world.connect([member("a", 2.0), member("b", 1.0)], default());
        world.pass(SECOND);
        for _ in 0..30 {
            let call = |number: u64| {
                // Over before the server can answer, as it has to be with no time at all.
                let limit = if number < share { 1 } else { 5_000_000 };
                muxer.execute::<u64>("INCRBY", ("n", number)).timeout(Duration::from_micros(limit))
            };
            world.with("a", |server| server.lag = Duration::from_millis(2));
            let calls = join_all((0..100).map(call));
            world.runtime.block_on(calls);
            world.pass(Duration::from_millis(50));
        }
        assert_eq!(active(&muxer) == "b", leaves, "{share}: {}", muxer.status());
    }
}

#[test]
fn without_a_breaker_only_probes_count() {
    let world = World::start(&["a", "b"]);
    let options = default().without_circuit_breaker();
    let muxer = world.connect([member("a", 2.0), member("b", 1.0)], options);
    world.with("a", |server| server.hangs = true);
    fail(&world, &muxer, 50, Duration::from_millis(50));
    assert_eq!(active(&muxer), "a");
}

#[test]
fn what_the_one_server_of_a_member_refuses_is_the_callers() {
    let world = World::start(&["a", "b"]);
    let muxer = world.connect([member("a", 2.0), member("b", 1.0)], default());
    for refusal in ["READONLY no", "MOVED 1 b:6379", "TRYAGAIN later", "ERR no"] {
        world.with("a", |server| server.refuses = Some(refusal));
        let begun = world.runtime.elapsed();
        let error = get(&world, &muxer).unwrap_err();
        assert!(error.is_server(), "{error}");
        assert_eq!(world.runtime.elapsed(), begun, "{refusal}");
        // After `READONLY` its name is dialled again.
        world.pass(5 * SECOND);
    }
    world.with("a", |server| server.refuses = Some("LOADING soon"));
    world.runtime.block_on(async {
        let (found, ()) = futures::future::join(muxer.execute::<String>("GET", "key"), async {
            world.runtime.sleep(SECOND).await;
            world.with("a", |server| server.refuses = None);
        })
        .await;
        assert_eq!(found.unwrap(), "a");
    });
}

#[test]
fn commands_fail_at_once_if_that_is_wanted_and_nobody_is_healthy() {
    let world = World::start(&["a", "b"]);
    let fast = |name: &str| {
        let options = Options::new(format!("{name}:6379")).backlog(BacklogPolicy::FailFast);
        GroupMember::new(name, options)
    };
    let muxer = world.connect([fast("a"), fast("b")], default());
    for name in ["a", "b"] {
        world.set(name, Life::Dead);
    }
    world.pass(5 * SECOND);
    let begun = world.runtime.elapsed();
    let error = get(&world, &muxer).unwrap_err();
    assert_eq!((error.kind(), error.delivery()), (ErrorKind::ConnectionLost, Delivery::NotSent));
    assert_eq!(world.runtime.elapsed(), begun);
}

#[test]
fn a_member_may_be_probed_only_when_something_happens_to_it() {
    let world = World::start(&["a"]);
    let muxer = world.connect([member("a", 1.0)], default().probe_interval(Duration::MAX));
    world.pass(3600 * SECOND);
    // The connection itself is looked at every ten seconds.
    let pings = world.with("a", |server| server.pings);
    assert!(active(&muxer) == "a" && pings <= 360 + 3, "{pings}");
}

#[test]
fn with_the_last_handle_all_connections_end() {
    let world = World::start(&["a", "b", "c"]);
    let muxer = world.connect([member("a", 2.0), member("b", 1.0), member("c", 0.0)], default());
    let group = muxer.group().unwrap();
    world.pass(SECOND);
    let open = || ["a", "b", "c"].map(|name| world.with(name, |server| server.open));
    assert_eq!(open(), [1, 1, 1]);
    world.runtime.block_on(group.remove("c")).unwrap();
    world.pass(SECOND);
    assert_eq!(open(), [1, 1, 0]);
    drop(muxer);
    world.pass(SECOND);
    assert_eq!(open(), [1, 1, 0]);
    drop(group);
    world.pass(SECOND);
    assert_eq!(open(), [0, 0, 0]);
    let pings = world.with("a", |server| server.pings);
    world.pass(60 * SECOND);
    assert_eq!(world.with("a", |server| server.pings), pings);
}

#[test]
fn what_happens_to_connections_of_members_are_events_of_the_group() {
    let world = World::start(&["a", "b"]);
    let muxer = world.connect([member("a", 2.0), member("b", 1.0)], default());
    let mut events = muxer.events();
    world.set("b", Life::Dead);
    world.pass(SECOND);
    world.set("b", Life::Up);
    world.pass(10 * SECOND);
    let mut seen = Vec::new();
    while let Some(Some(event)) = events.next().now_or_never() {
        seen.push(event.to_string());
    }
    let has = |begin: &str| seen.iter().any(|text| text.starts_with(begin));
    assert!(has("connection failed: interactive b:6379"), "{seen:?}");
    assert!(has("connection restored: interactive b:6379"), "{seen:?}");
    assert_eq!(active(&muxer), "a");
}

#[test]
fn a_member_whose_own_breaker_opens_is_left() {
    let world = World::start(&["a", "b"]);
    let breaker = CircuitBreaker::new().failures(3).pause(Duration::from_secs(5));
    let guarded = |name: &str| {
        let options = Options::new(format!("{name}:6379")).circuit_breaker(breaker.clone());
        GroupMember::new(name, options)
    };
    let muxer = world.connect([guarded("a").weight(2.0), guarded("b")], default());
    world.pass(SECOND);
    world.with("a", |server| server.hangs = true);
    fail(&world, &muxer, 3, Duration::from_millis(50));
    world.pass(Duration::from_millis(250));
    assert_eq!(get(&world, &muxer).unwrap(), "b");
    assert_eq!(muxer.group().unwrap().members()[0].state, MemberState::CircuitOpen);
}
