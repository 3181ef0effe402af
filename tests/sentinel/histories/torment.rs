//! What happens to the servers and their sentinels meanwhile.

use std::{
    thread::sleep,
    time::{Duration, Instant},
};

use redmux_test_support::{RedisSentinels, RedisServer};

use crate::history::{History, Random};

/// A loaded machine may take long until all agree.
const AGREE: Duration = Duration::from_secs(60);

/// The ways of the short form, one after the other: what takes sentinels longer is for the long one.
const SHORT: [u64; 5] = [0, 1, 2, 3, 4];

const WAYS: u64 = 7;

fn pause(millis: u64) {
    sleep(Duration::from_millis(millis));
}

/// Torments them until the time is over, or each way of the short form had its turn; then all agree.
pub(super) fn run(all: &RedisSentinels, history: &History) {
    let mut random = Random::new(history.seed ^ 0x7070);
    let begun = Instant::now();
    let mut short = SHORT.into_iter();
    loop {
        let way = match history.time {
            Some(time) if begun.elapsed() >= time => break,
            Some(_) => random.below(WAYS),
            None => match short.next() {
                Some(way) => way,
                None => break,
            },
        };
        match way {
            0 => kill_clients(all, history, &mut random),
            1 => stop_primary(all, history, 400),
            2 => stop_sentinel(all, history, &mut random),
            3 => fail_over(all, history, &mut random),
            4 => kill(all, history, true),
            5 => stop_primary(all, history, 3000),
            _ => kill(all, history, false),
        }
        agree(all, history);
        pause(random.below(300));
    }
}

fn primary(all: &RedisSentinels) -> usize {
    all.primary(0).unwrap_or_else(|| panic!("no primary is known"))
}

fn kill_clients(all: &RedisSentinels, history: &History, random: &mut Random) {
    for _ in 0..=random.below(4) {
        history.note("clients of the primary");
        all.servers()[primary(all)].command(&["CLIENT", "KILL", "TYPE", "normal"]);
        pause(random.below(100));
    }
}

fn stop_primary(all: &RedisSentinels, history: &History, time: u64) {
    let primary = primary(all);
    history.note(format!("primary {primary} stops for {time} ms"));
    all.servers()[primary].pause();
    pause(time);
    all.servers()[primary].resume();
}

fn stop_sentinel(all: &RedisSentinels, history: &History, random: &mut Random) {
    let sentinel = random.below(all.sentinels().len() as u64) as usize;
    history.note(format!("sentinel {sentinel} is killed"));
    all.sentinels()[sentinel].kill();
    pause(random.below(500));
    all.sentinels()[sentinel].restart();
}

fn fail_over(all: &RedisSentinels, history: &History, random: &mut Random) {
    let (old, sentinel) = (primary(all), random.below(all.sentinels().len() as u64) as usize);
    history.note(format!("failover of {old}"));
    let end = Instant::now() + AGREE;
    // Sentinels refuse while the last one is not long ago.
    while all.try_fail_over(sentinel).is_err() {
        assert!(Instant::now() < end, "no failover is begun");
        pause(100);
    }
    replaced(all, old, end);
}

fn kill(all: &RedisSentinels, history: &History, patient: bool) {
    let old = primary(all);
    history.note(format!("primary {old} is killed"));
    all.servers()[old].kill();
    if patient {
        replaced(all, old, Instant::now() + AGREE);
        history.note(format!("{} has its place", primary(all)));
    }
    all.servers()[old].restart();
    history.note("it is back");
}

fn replaced(all: &RedisSentinels, old: usize, end: Instant) {
    while (0..all.sentinels().len()).any(|sentinel| all.primary(sentinel) == Some(old)) {
        assert!(Instant::now() < end, "no other primary\n{}", all.report());
        pause(20);
    }
}

/// Waits until all sentinels name the same primary, and every other server follows it.
fn agree(all: &RedisSentinels, history: &History) {
    let end = Instant::now() + AGREE;
    while !do_agree(all) {
        assert!(Instant::now() < end, "they do not agree\n{}", all.report());
        pause(30);
    }
    history.note("all agree");
}

fn do_agree(all: &RedisSentinels) -> bool {
    let Some(primary) = all.primary(0) else { return false };
    let says =
        |server: &RedisServer| server.try_command(&["INFO", "replication"]).unwrap_or_default();
    let port = format!("master_port:{}", all.servers()[primary].port());
    let follows = |server: &RedisServer| {
        let text = says(server);
        text.contains(&port) && text.contains("master_link_status:up")
    };
    let others = all.servers().iter().enumerate().filter(|(place, _)| *place != primary);
    (1..all.sentinels().len()).all(|sentinel| all.primary(sentinel) == Some(primary))
        && says(&all.servers()[primary]).contains("role:master")
        && others.into_iter().all(|(_, server)| follows(server))
}
