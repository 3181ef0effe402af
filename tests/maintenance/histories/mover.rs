//! What the server says, and what becomes of its endpoints.

use std::sync::atomic::Ordering::Relaxed;

use redmux_test_support::{model::Random, push_of};

use super::{
    tasks::Worker,
    world::{Open, Place},
};

const SECOND: u64 = 1_000_000;

/// Moves the server from one endpoint to the next
pub(super) struct Mover {
    pub(super) worker: Worker,
    pub(super) random: Random,
    sequence: u64,
    /// The last one that was open.
    place: usize,
}

/// A notice that may come at any time, and changes nothing but the patience of the client
fn noise(random: &mut Random, sequence: u64) -> String {
    let number = if random.one_in(3) { 1 + random.below(sequence.max(1)) } else { sequence };
    let time = random.pick(&[0_u64, 1, 5, 30, 3600, 4_000_000_000]);
    match random.below(18) {
        14 => "MOVING".to_owned(),
        15 => format!("MOVING :{number} :{} nowhere", time.min(10)),
        16 => format!("MOVING :{number} shard [10.0.0.1:6379]"),
        0 => format!("MIGRATING :{number} :{time} shard-1"),
        1 => format!("MIGRATED :{number} shard-1"),
        2 => format!("FAILING_OVER :{number} :{time} [shard-1 shard-2]"),
        3 => format!("FAILED_OVER :{number} shard-1"),
        4 => format!("SMIGRATING :{number} 1,2-30,x"),
        5 => format!("SMIGRATED :{number} [a:1 b:2 1,2-3|b:2 c:3 7]"),
        6 => format!("SMIGRATED :{number} a:1 b:2 1,2-3 b:2 c:3 7"),
        7 => "MIGRATED null null null".to_owned(),
        8 => "FAILING_OVER shard :x null".to_owned(),
        9 => format!("SMIGRATED :{number} [x y|z]"),
        10 => "NEWS :1 :2".to_owned(),
        11 => format!("MIGRATING :-{number} :-{time}"),
        12 => format!("FAILED_OVER {number} {}", "x".repeat(3_000)),
        _ => format!("MIGRATING :{number}"),
    }
}

impl Mover {
    pub(super) fn new(worker: Worker, seed: u64) -> Self {
        Self { worker, random: Random::new(seed), sequence: 0, place: 0 }
    }

    fn say(&self, place: usize, words: &str) {
        self.worker.world.note(|| format!("place {place} says {words}"));
        self.worker.world.push(place, &push_of(words));
    }

    /// Says something now and then, for this time.
    async fn chat(&mut self, place: usize, time: u64) {
        let end = self.worker.world.now() + time;
        loop {
            if self.random.one_in(2) {
                self.sequence += 1;
                let count = if self.random.one_in(20) { 300 } else { 1 };
                for _ in 0..count {
                    let words = noise(&mut self.random, self.sequence);
                    self.say(place, &words);
                }
            }
            let left = end.saturating_sub(self.worker.world.now());
            if left == 0 {
                return;
            }
            let pause = self.random.below(2 * SECOND).min(left);
            self.worker.world.pause(pause).await;
        }
    }

    /// The server is away for longer than commands have, as it has announced.
    async fn fall_silent(&mut self) {
        self.sequence += 1;
        let words = format!("FAILING_OVER :{} :10 shard-1", self.sequence);
        self.say(self.place, &words);
        let place = self.place;
        let world = self.worker.world.clone();
        // It has been heard by then.
        world.pause(50_000).await;
        let time = self.random.below(8 * SECOND);
        self.worker.claims.silent.store(true, Relaxed);
        world.note(|| format!("place {place} is silent for {time} µs"));
        world.with(|state| state.places[place].frozen_until = world.now() + time);
        world.pause(time).await;
    }

    /// One move.
    pub(super) async fn run(&mut self) {
        let world = self.worker.world.clone();
        let time = self.random.below(3 * SECOND);
        self.chat(self.place, time).await;
        if self.random.one_in(4) {
            self.fall_silent().await;
        }
        let seconds = self.random.pick(&[1, 3, 5, 5, 15, 20, 60]);
        let window = seconds * SECOND;
        let delays = self.random.pick(&[(0, 0), (100, 300), (2_000, 1_000), (20_000, 20_000)]);
        let old = self.place;
        let new = world.with(|state| {
            state.places.push(Place::new(delays));
            state.places.len() - 1
        });
        // Nobody is there for a while.
        let away = self.random.pick(&[0, 0, window / 10, window * 7 / 10]);
        if away > 0 {
            let open = if self.random.one_in(2) { Open::Refuses } else { Open::Hangs };
            world.with(|state| state.places[new].open = open);
        }
        self.sequence += 1;
        let number = self.sequence;
        let target = match self.random.below(6) {
            0 => format!("10.0.0.{new}:6379"),
            1 => format!("[fd00::{new}]:6379"),
            2 => format!("fd00::{new}:6379"),
            3 => format!("node-{new}.example:6379"),
            _ => "null".to_owned(),
        };
        let moving = format!("MOVING :{number} :{seconds} {target}");
        // Servers repeat the last notice, that of the move too.
        world.with(|state| {
            state.places[old].retained = push_of(&moving);
            let retained = match self.random.below(4) {
                0 => push_of(&moving),
                1 => {
                    push_of(&format!("MOVING :{} :15 10.0.0.{old}:6379", number.saturating_sub(1)))
                }
                2 => push_of(&noise(&mut self.random, number)),
                _ => Vec::new(),
            };
            state.places[new].retained = retained;
        });
        self.say(old, &moving);
        if self.random.one_in(3) {
            self.say(old, &moving);
        }
        if self.random.one_in(5) {
            // The same with another number.
            self.sequence += 1;
            self.say(old, &format!("MOVING :{} :{seconds} {target}", self.sequence));
        }
        let begun = world.now();
        let opens = begun + away;
        // A name leads nowhere but to a server.
        let names = opens.max(begun + window * (2 + self.random.below(5)) / 10);
        let hangs_up = match self.worker.is_graceful {
            true => u64::MAX,
            false => begun + self.random.below(window * 3 / 2),
        };
        // One that says nothing of its time counts for 30 s.
        let end = begun + window + 60 * SECOND;
        loop {
            let now = world.now();
            if now >= opens {
                world.with(|state| state.places[new].open = Open::Yes);
            }
            if now >= names || now >= hangs_up {
                world.with(|state| state.name_at = new);
            }
            let (shared, leased) = world.with(|state| state.guests(old));
            if now >= hangs_up || now >= end {
                break;
            }
            if shared == 0 && leased == 0 && now >= names && now >= opens {
                break;
            }
            if self.random.one_in(40) {
                self.sequence += 1;
                let words = noise(&mut self.random, self.sequence);
                self.say(old, &words);
            }
            world.pause(20_000).await;
        }
        let (shared, leased) = world.with(|state| state.guests(old));
        if self.worker.is_graceful && shared + leased > 0 {
            self.worker
                .fault(format!("{shared} and {leased} connections are still at {old}: {moving}"));
        }
        world.note(|| format!("place {old} closes with {shared} and {leased} connections"));
        world.with(|state| (state.places[new].open, state.name_at) = (Open::Yes, new));
        world.shut(old, self.random.one_in(2));
        self.place = new;
    }

    pub(super) fn place(&self) -> usize {
        self.place
    }
}
