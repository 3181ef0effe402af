//! Random histories: members die, stop, come back and lag, and the program forces, adds, removes and weighs them.
//!
//! `REDMUX_GROUPS` says how many histories there are, and `REDMUX_GROUPS_SEED` the first of them.

use std::{
    collections::BTreeMap,
    env,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use futures::{FutureExt, StreamExt, future::join_all};
use redmux::{
    ConnectionMultiplexer, Delivery, Event,
    group::{Group, GroupOptions, HealthPolicy, Probe},
    options::CircuitBreaker,
    pubsub::{Item, Subscription},
    transport::Runtime,
};
use redmux_test_support::model::Random;

use crate::world::{Life, SECOND, World, member};

const NAMES: [&str; 4] = ["a", "b", "c", "d"];
const HISTORIES: u64 = 60;
const CALLERS: u64 = 3;
const ACTIONS: u64 = 30;

/// How late an outcome may be: timers are exact, and messages take no time.
const LATE: Duration = Duration::from_millis(2);

fn number(variable: &str) -> Option<u64> {
    env::var(variable).ok()?.parse().ok()
}

/// What callers were told
#[derive(Default)]
struct Told {
    outcomes: Mutex<BTreeMap<u64, redmux::Result<u64>>>,
    faults: Mutex<Vec<String>>,
    issued: AtomicU64,
    over: AtomicBool,
    /// All calls from this number on were issued when all was well.
    calm: AtomicU64,
    switches: AtomicU64,
    healths: AtomicU64,
}

impl Told {
    fn fault(&self, text: String) {
        self.faults.lock().unwrap().push(text);
    }
}

/// Issues calls until the history is over.
async fn call(world: World, muxer: ConnectionMultiplexer, told: Arc<Told>, seed: u64) {
    let mut random = Random::new(seed);
    while !told.over.load(Relaxed) {
        world.runtime.sleep(Duration::from_millis(random.below(900))).await;
        let limit = Duration::from_millis(200 + random.below(8_000));
        let count = if random.below(4) == 0 { 1 + random.below(20) } else { 1 };
        let begun = world.runtime.elapsed();
        let calls = (0..count).map(|_| {
            let number = told.issued.fetch_add(1, Relaxed);
            let call = muxer.execute::<u64>("INCRBY", ("n", number)).timeout(limit);
            async move { (number, call.await) }
        });
        for (number, outcome) in join_all(calls).await {
            told.outcomes.lock().unwrap().insert(number, outcome);
        }
        let took = world.runtime.elapsed() - begun;
        if took > limit + LATE {
            told.fault(format!("calls with {limit:?} took {took:?}"));
        }
    }
}

/// Something happens; whether that may be a reason to use another member.
async fn act(world: &World, group: &Group, random: &mut Random) -> bool {
    let any = NAMES[random.below(4) as usize];
    let active = group.active().and_then(|name| NAMES.into_iter().find(|known| **known == *name));
    let name = active.filter(|_| random.below(3) == 0).unwrap_or(any);
    match random.below(14) {
        13 => world.with(name, |server| server.hangs = !server.hangs),
        0 => world.set(name, Life::Dead),
        1 => world.set(active.unwrap_or(any), Life::Dead),
        2 => world.set(name, Life::Stopped),
        12 => world.set(any, Life::Up),
        3..=5 => world.set(name, Life::Up),
        6 => {
            let lag = [0, 2, 60, 400][random.below(4) as usize];
            world.with(name, |server| server.lag = Duration::from_millis(lag));
        }
        7 => return group.fail_over_to(name).await.is_ok(),
        8 => return group.release().await.is_ok(),
        9 => return group.add(member(name, 1.0 + random.below(3) as f64)).await.is_ok(),
        10 => return group.remove(name).await.is_ok(),
        _ => return group.set_weight(name, random.below(4) as f64).await.is_ok(),
    }
    false
}

/// The messages that came since the last time.
fn heard(news: &mut Subscription) -> Vec<String> {
    let mut heard = Vec::new();
    while let Some(Some(item)) = news.next().now_or_never() {
        if let Item::Message(message) = item {
            heard.push(message.text().into_owned());
        }
    }
    heard
}

/// One history; how many calls there were, how many switches, and what is wrong.
fn live(seed: u64) -> (u64, u64, Vec<String>) {
    let mut random = Random::new(seed);
    let world = World::start(&NAMES);
    world.runtime.set_seed(seed);
    let failback = Duration::from_secs([0, 0, 10][random.below(3) as usize]);
    let policy = [HealthPolicy::Any, HealthPolicy::Majority][random.below(2) as usize];
    let breaker = CircuitBreaker::new().failures(10).pause(Duration::from_secs(2));
    let breaker = breaker.failure_rate(0.1, 100, Duration::from_secs(2));
    let options = GroupOptions::new().failback_delay(failback).policy(policy);
    let options = options.circuit_breaker(breaker);
    let options = match random.below(4) {
        0 => options.probe(Probe::set("probe")),
        _ => options,
    };
    let members = NAMES[..2 + random.below(2) as usize].iter();
    let members: Vec<_> = members.map(|name| member(name, 1.0 + random.below(3) as f64)).collect();
    let muxer = world.connect(members, options);
    let group = muxer.group().unwrap();
    let told = Arc::new(Told::default());
    let mut events = muxer.events();
    let counting = told.clone();
    world.runtime.spawn(Box::pin(async move {
        while let Some(event) = events.next().await {
            match event {
                Event::ActiveMemberChanged(_) => counting.switches.fetch_add(1, Relaxed),
                Event::MemberHealthChanged(_) => counting.healths.fetch_add(1, Relaxed),
                Event::Missed(count) => panic!("{count} events were missed"),
                _ => 0,
            };
        }
    }));
    let subscriber = muxer.subscriber();
    let mut news = world.runtime.block_on(subscriber.subscribe("news")).unwrap();
    for caller in 0..CALLERS {
        let calls = call(world.clone(), muxer.clone(), told.clone(), seed * 10 + caller);
        world.runtime.spawn(Box::pin(calls));
    }
    let mut asked = 0;
    for _ in 0..ACTIONS {
        world.pass(Duration::from_millis(random.below(5_000)));
        asked += u64::from(world.runtime.block_on(act(&world, &group, &mut random)));
        let members = group.members();
        let active = members.iter().filter(|one| one.active).count();
        if active != 1 {
            told.fault(format!("{active} members are active: {members:?}"));
        }
    }
    // All are well, and nobody wants anything: the best one is used, and stays in use.
    for name in NAMES {
        world.with(name, |server| (server.life, server.lag) = (Life::Up, Duration::ZERO));
        world.with(name, |server| server.hangs = false);
    }
    world.runtime.block_on(group.release()).unwrap();
    world.pass(60 * SECOND);
    let members = group.members();
    let most = members.iter().map(|one| one.weight).fold(0.0, f64::max);
    let active =
        members.iter().find(|one| one.active).map(|one| (one.name.to_string(), one.weight));
    let name = active.clone().map(|(name, _)| name).unwrap_or_default();
    if active.is_none_or(|(_, weight)| weight < most) {
        told.fault(format!("{name} is in use of {members:?}"));
    }
    told.calm.store(told.issued.load(Relaxed), Relaxed);
    let settled = told.switches.load(Relaxed);
    heard(&mut news);
    NAMES.iter().for_each(|name| world.publish(name, "news", name));
    world.pass(60 * SECOND);
    if heard(&mut news) != [name.clone()] {
        told.fault(format!("another one than {name} is heard, or nobody is"));
    }
    if told.switches.load(Relaxed) != settled {
        told.fault("it goes to and fro".to_owned());
    }
    let (switches, healths) = (told.switches.load(Relaxed), told.healths.load(Relaxed));
    // Each change has a reason of its own; a wish or a latency that ends may be another.
    if switches > healths + 2 * asked + ACTIONS {
        told.fault(format!("{switches} changes for {healths} of health and {asked} wishes"));
    }
    told.over.store(true, Relaxed);
    world.pass(20 * SECOND);
    world.runtime.block_on(muxer.close());
    compare(&world, &told);
    let faults = std::mem::take(&mut *told.faults.lock().unwrap());
    (told.issued.load(Relaxed), switches, faults)
}

/// Holds what callers were told against what servers have done.
fn compare(world: &World, told: &Told) {
    let mut done: BTreeMap<u64, u64> = BTreeMap::new();
    for name in NAMES {
        for number in world.with(name, |server| server.added.clone()) {
            *done.entry(number).or_default() += 1;
        }
    }
    let outcomes = told.outcomes.lock().unwrap();
    for number in 0..told.issued.load(Relaxed) {
        let times = done.get(&number).copied().unwrap_or(0);
        let is_right = match outcomes.get(&number) {
            None => false,
            Some(Ok(reply)) => *reply == number && times == 1,
            Some(Err(_)) if number >= told.calm.load(Relaxed) => false,
            Some(Err(error)) => match error.delivery() {
                Delivery::NotSent => times == 0,
                _ => times <= 1,
            },
        };
        if !is_right {
            let outcome = outcomes.get(&number);
            told.fault(format!("{number}: executed {times} times, and its caller has {outcome:?}"));
        }
    }
}

#[test]
fn one_member_is_in_use_and_each_call_has_its_own_outcome() {
    let count = number("REDMUX_GROUPS").unwrap_or(HISTORIES);
    let first = number("REDMUX_GROUPS_SEED").unwrap_or(1);
    let (mut calls, mut switches) = (0, 0);
    for seed in first..first + count {
        let (issued, changed, faults) = live(seed);
        (calls, switches) = (calls + issued, switches + changed);
        assert!(faults.is_empty(), "seed {seed}: {faults:#?}");
    }
    println!("{count} histories, {calls} calls, {switches} changes");
    assert!(switches > count && calls > 100 * count);
}
