//! What happens to the cluster, and to the ways that lead there.

use std::sync::Arc;

use redmux_test_support::model::{Answer, Life, Model, Random, slot_of};

use crate::{tasks, world::World};

/// How long a cluster has to become whole again, in microseconds.
const MEND: u64 = 60_000_000;

/// How long a calm history waits until all nodes agree, before something else happens.
const SETTLE: u64 = 10_000_000;

/// Something that torments
pub(crate) struct Tormentor {
    world: Arc<World>,
    random: Random,
    tasks: u64,
    is_calm: bool,
}

/// The reply of a node that runs to an order; its first character says of which kind it is.
fn order(model: &mut Model, node: usize, words: &[&str]) -> Option<String> {
    if model.life(node) != Life::Up {
        return None;
    }
    let words: Vec<Vec<u8>> = words.iter().map(|word| word.as_bytes().to_vec()).collect();
    let mut session = model.session(node);
    match model.command(&mut session, &words) {
        Answer::Reply(bytes) => Some(String::from_utf8_lossy(&bytes).into_owned()),
        Answer::Later => None,
    }
}

fn set_slot(model: &mut Model, node: usize, slot: u16, action: &str, to: Option<usize>) -> bool {
    let (slot, id) = (slot.to_string(), to.map(|to| model.id(to).to_owned()));
    let mut words = vec!["CLUSTER", "SETSLOT", &slot, action];
    words.extend(id.as_deref());
    order(model, node, &words).is_some_and(|reply| reply.starts_with('+'))
}

/// Moves keys of a slot; whether there are none left.
fn migrate(model: &mut Model, slot: u16, from: usize, to: usize, count: usize) -> bool {
    let keys: Vec<String> = model
        .keys_in(from, slot)
        .into_iter()
        .map(|key| String::from_utf8_lossy(&key).into_owned())
        .collect();
    let port = model.address(to).1.to_string();
    let mut words = vec!["MIGRATE", "host", &port, "", "0", "1000", "KEYS"];
    words.extend(keys.iter().take(count).map(String::as_str));
    let moved =
        keys.is_empty() || order(model, from, &words).is_some_and(|reply| reply.starts_with('+'));
    moved && keys.len() <= count
}

impl Tormentor {
    pub(crate) fn new(world: &Arc<World>, seed: u64, tasks: u64, is_calm: bool) -> Self {
        Self { world: world.clone(), random: Random::new(seed), tasks, is_calm }
    }

    /// Torments this number of times.
    pub(crate) async fn run(mut self, times: u64) {
        for _ in 0..times {
            self.pause(100_000).await;
            let ways = if self.is_calm { 8 } else { 16 };
            match self.random.below(ways) {
                0 | 1 => self.reshard().await,
                2 => self.fail_over().await,
                3 => self.cut().await,
                4 => self.slow().await,
                5 => self.hold(80_000).await,
                6 => self.stop(false, 120_000).await,
                7 => self.stop(true, 40_000).await,
                8 | 9 => self.kill().await,
                10 => self.stop(true, 1_500_000).await,
                11 => self.isolate().await,
                12 => self.stall().await,
                13 => self.keep_a_slot().await,
                14 => self.power_cut().await,
                _ => self.hold(1_500_000).await,
            }
            let end = self.world.now() + SETTLE;
            while self.is_calm
                && self.world.now() < end
                && !self.world.with(|state| state.model.is_whole())
            {
                self.world.pause(10_000).await;
            }
        }
    }

    async fn pause(&mut self, most: u64) {
        let pause = self.random.below(most);
        self.world.pause(pause).await;
    }

    fn any(&mut self) -> usize {
        let size = self.world.with(|state| state.model.size());
        self.random.below(size as u64) as usize
    }

    fn any_primary(&mut self) -> usize {
        let primaries = self.world.with(|state| {
            let model = &state.model;
            (0..model.size()).filter(|node| model.is_primary(*node)).collect::<Vec<_>>()
        });
        self.random.pick(&primaries)
    }

    /// Slots of a task's keys, or some slots next to each other.
    async fn reshard(&mut self) {
        let task = tasks::name(self.random.below(self.tasks));
        let kinds = ["count:", "one:", "two:", "{pair:", "wide:", "set:"];
        let kind = self.random.pick(&kinds);
        let end = match kind {
            "{pair:" => "}",
            "wide:" | "set:" => ":1",
            _ => "",
        };
        let slot = slot_of(format!("{kind}{task}{end}").as_bytes());
        let slot =
            if kind == "{pair:" { slot_of(format!("{{pair:{task}}}").as_bytes()) } else { slot };
        let count = if self.random.one_in(4) { 1 + self.random.below(20) as u16 } else { 1 };
        let to = self.any_primary();
        let slots = slot..(slot + count).min(16_384);
        self.world
            .announce(|number| format!("SMIGRATING :{number} {}-{}", slots.start, slots.end - 1));
        for slot in slots {
            let Some(from) = self.world.with(|state| state.model.owner(slot)) else { return };
            if from == to {
                return;
            }
            self.world.note(|| format!("slot {slot} from {from} to {to}"));
            if self.move_slot(slot, from, to, count == 1).await {
                self.tell_of(slot, from, to).await;
            } else {
                self.world.note(|| format!("slot {slot} stays in between"));
            }
        }
    }

    /// All nodes announce that a slot has moved, in one of the forms that servers have, and some say more than that.
    async fn tell_of(&mut self, slot: u16, from: usize, to: usize) {
        let [from, to] = [from, to].map(|node| {
            let (host, port) = self.world.with(|state| state.model.address(node));
            format!("{host}:{port}")
        });
        let pause = self.random.pick(&[1, 5_000, 100_000]);
        self.pause(pause).await;
        let form = self.random.below(4);
        self.world.announce(|number| match form {
            0 => format!("SMIGRATED :{number} [{from} {to} {slot}]"),
            1 => format!("SMIGRATED :{number} {from} {to} {slot}"),
            // Of slots and nodes that nobody knows of, too.
            2 => format!("SMIGRATED :{number} [{from} {to} {slot}|x:1 y:2 0-16383|z 5]"),
            _ => format!("SMIGRATED :{number} [{from} {to} {slot}|{from} {to} {slot},16384,x,9-3]"),
        });
    }

    /// Moves a slot, its keys one by one; false if a node did not do as ordered.
    async fn move_slot(&mut self, slot: u16, from: usize, to: usize, slowly: bool) -> bool {
        let pause = if slowly { self.random.pick(&[1, 10_000, 200_000]) } else { 1 };
        let world = self.world.clone();
        let begun = world.with(|state| {
            set_slot(&mut state.model, to, slot, "IMPORTING", Some(from))
                && set_slot(&mut state.model, from, slot, "MIGRATING", Some(to))
        });
        if !begun {
            return false;
        }
        self.pause(pause).await;
        for tries in 0.. {
            if world.with(|state| migrate(&mut state.model, slot, from, to, 1)) {
                break;
            }
            if tries > 20 {
                return false;
            }
            self.pause(pause).await;
        }
        self.pause(pause).await;
        if !world.with(|state| set_slot(&mut state.model, to, slot, "NODE", Some(to))) {
            return false;
        }
        self.pause(pause).await;
        let told = world.with(|state| set_slot(&mut state.model, from, slot, "NODE", Some(to)));
        // The others may be left to hear of it.
        if self.random.one_in(2) {
            world.with(|state| {
                for node in (0..state.model.size()).filter(|node| *node != from && *node != to) {
                    set_slot(&mut state.model, node, slot, "NODE", Some(to));
                }
            });
        }
        told
    }

    async fn fail_over(&mut self) {
        let primary = self.any_primary();
        self.world.announce(|number| format!("FAILING_OVER :{number} :1 shard-{primary}"));
        let done = self.world.with(|state| {
            let replica = state.model.replicas_of(primary).first().copied()?;
            Some((replica, order(&mut state.model, replica, &["CLUSTER", "FAILOVER"])?))
        });
        self.world.note(|| format!("failover of {primary}: {done:?}"));
        self.pause(100_000).await;
        self.world.announce(|number| format!("FAILED_OVER :{number} shard-{primary}"));
    }

    /// A primary gets a slot while its replica takes the others.
    async fn keep_a_slot(&mut self) {
        let (primary, task) = (self.any_primary(), self.random.below(self.tasks));
        let slot = slot_of(format!("one:{}", tasks::name(task)).as_bytes());
        let Some(from) = self.world.with(|state| state.model.owner(slot)) else { return };
        if from == primary {
            return;
        }
        self.world.note(|| format!("slot {slot} goes from {from} to {primary}, which is alone"));
        self.world.with(|state| {
            let model = &mut state.model;
            set_slot(model, primary, slot, "IMPORTING", Some(from));
            set_slot(model, from, slot, "MIGRATING", Some(primary));
            migrate(model, slot, from, primary, usize::MAX);
            model.isolate(primary, true);
        });
        // Clients hear of the slot from the other one, and of the replica later.
        self.pause(300_000).await;
        self.world.with(|state| {
            set_slot(&mut state.model, primary, slot, "NODE", Some(primary));
            set_slot(&mut state.model, from, slot, "NODE", Some(primary));
        });
        self.pause(1_000_000).await;
        self.world.with(|state| state.model.isolate(primary, false));
        self.world.note(|| format!("{primary} is not alone any more"));
        self.pause(100_000).await;
    }

    async fn cut(&mut self) {
        let node = if self.random.one_in(4) { self.any() } else { self.any_primary() };
        // What is under way at that moment has run, or not.
        let holds = self.random.pick(&[(true, false), (false, true), (false, true)]);
        self.world.path(node, |path| (path.holds, path.refuses) = (holds, true));
        self.pause(60_000).await;
        let arrives = self.random.one_in(2);
        self.world.note(|| format!("connections to {node} break, held: {holds:?}"));
        self.world.path(node, |path| path.holds = (false, false));
        self.world.cut(node, arrives);
    }

    async fn slow(&mut self) {
        let node = self.any();
        let delays = [(0, 0), (200, 100), (5_000, 100), (100, 20_000), (50_000, 50_000)];
        let delays = self.random.pick(&delays);
        self.world.note(|| format!("the way to {node} takes {delays:?} µs"));
        self.world.path(node, |path| path.delays = delays);
    }

    /// Nothing gets through, in one direction or in both.
    async fn hold(&mut self, most: u64) {
        let node = self.any();
        let holds = self.random.pick(&[(true, true), (true, false), (false, true)]);
        let refuses = self.random.one_in(2);
        self.world.note(|| format!("the ways to and from {node} are held: {holds:?}"));
        self.world.path(node, |path| (path.holds, path.refuses) = (holds, refuses));
        self.pause(most).await;
        if self.random.one_in(2) {
            self.world.cut(node, false);
        }
        self.world.note(|| format!("the ways to {node} are free"));
        self.world.path(node, |path| path.holds = (false, false));
    }

    async fn stop(&mut self, is_primary: bool, most: u64) {
        let node = if is_primary { self.any_primary() } else { self.any() };
        let is_replica = self.world.with(|state| !state.model.is_primary(node));
        let most = if is_replica { most } else { most.min(1_500_000) };
        if !is_primary && !is_replica {
            return;
        }
        self.world.note(|| format!("{node} stops"));
        self.world.with(|state| state.model.stop(node));
        self.pause(most).await;
        self.world.note(|| format!("{node} goes on"));
        self.world.with(|state| state.model.wake(node));
    }

    async fn kill(&mut self) {
        let node = if self.random.one_in(4) { self.any() } else { self.any_primary() };
        self.world.note(|| format!("{node} is killed"));
        self.world.with(|state| state.model.kill(node));
        self.world.cut(node, false);
        self.pause(1_000_000).await;
        self.world.note(|| format!("{node} starts"));
        self.world.with(|state| state.model.restart(node));
    }

    /// A shard dies as a whole, or all of them; each node comes back at its time.
    async fn power_cut(&mut self) {
        let (primary, all) = (self.any_primary(), self.random.one_in(2));
        let nodes: Vec<usize> = self.world.with(|state| {
            let model = &state.model;
            let of_shard =
                |node: &usize| *node == primary || model.replicas_of(primary).contains(node);
            (0..model.size()).filter(|node| all || of_shard(node)).collect()
        });
        self.world.note(|| format!("{nodes:?} are killed"));
        for node in &nodes {
            self.world.with(|state| state.model.kill(*node));
            self.world.cut(*node, false);
        }
        self.pause(500_000).await;
        for node in &nodes {
            self.pause(100_000).await;
            self.world.note(|| format!("{node} starts"));
            self.world.with(|state| state.model.restart(*node));
        }
    }

    async fn isolate(&mut self) {
        let node = self.any_primary();
        self.world.note(|| format!("{node} is alone"));
        self.world.with(|state| state.model.isolate(node, true));
        self.pause(1_000_000).await;
        self.world.note(|| format!("{node} is not alone any more"));
        self.world.with(|state| state.model.isolate(node, false));
    }

    async fn stall(&mut self) {
        let (node, most) = (self.any(), self.random.below(1_000_000));
        self.world.note(|| format!("nothing is replicated to {node} for {most} µs"));
        self.world.with(|state| {
            let until = state.model.now() + most;
            state.model.stall_replication(node, until);
        });
    }
}

/// Makes everything whole again; false if that does not come true in time.
pub(crate) async fn mend(world: &Arc<World>) -> bool {
    let size = world.with(|state| state.model.size());
    for node in 0..size {
        world.path(node, |path| path.holds = (false, false));
        world.with(|state| {
            state.model.restart(node);
            state.model.wake(node);
            state.model.isolate(node, false);
        });
    }
    let end = world.now() + MEND;
    while world.now() < end {
        // Longer than nodes take to tell each other.
        world.pause(world.with(|state| state.model.settings().gossip.1) + 50_000).await;
        if world.with(|state| state.model.is_whole()) {
            return true;
        }
        world.with(|state| {
            for (slot, importing) in state.model.half_states() {
                settle(&mut state.model, slot, importing);
            }
        });
    }
    false
}

/// Ends the move of a slot that was left in between.
fn settle(model: &mut Model, slot: u16, importing: Option<usize>) {
    let Some(owner) = model.owner(slot) else { return model.adopt(slot) };
    let to = importing.filter(|to| model.is_primary(*to)).unwrap_or(owner);
    if to != owner {
        let moved = set_slot(model, to, slot, "IMPORTING", Some(owner))
            && set_slot(model, owner, slot, "MIGRATING", Some(to))
            && migrate(model, slot, owner, to, usize::MAX);
        if !moved {
            return;
        }
        set_slot(model, to, slot, "NODE", Some(to));
    } else if importing.is_none() {
        // Claims crossed: the newest one counts.
        order(model, owner, &["CLUSTER", "BUMPEPOCH"]);
    }
    for node in 0..model.size() {
        if node != to {
            set_slot(model, node, slot, "NODE", Some(to));
        }
        set_slot(model, node, slot, "STABLE", None);
    }
}
