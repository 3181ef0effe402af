//! One history: what it is made of, and what must be so in the end.

use std::{
    fmt,
    sync::{Arc, atomic::Ordering::Relaxed},
    time::Duration,
};

use futures::future::{join, join_all};
use redmux::{
    ConnectionMultiplexer, Endpoint, Options,
    options::{Maintenance, Mode},
    resp::Protocol,
    transport::Environment,
};
use redmux_memory::{MemoryTransport, SimRuntime};
use redmux_test_support::model::{Counts, Model, Random, Settings};

use crate::{
    claims::{self, Claims},
    counted::Counted,
    tasks::Task,
    torment::{Tormentor, mend},
    world::{Path, World},
};

const TASKS: u64 = 4;

/// How many calls each task makes.
const STEPS: u64 = 8;

/// A dial that hangs is given up after this time.
const DIAL: Duration = Duration::from_secs(1);

/// Each key must work this long after the cluster is whole, in microseconds: servers that were gone for a second are dialled
/// about once in two.
const AGAIN: u64 = 4_000_000;

/// What came of one history, or of many
#[derive(Debug, Default)]
pub(crate) struct Lived {
    pub(crate) kind: String,
    pub(crate) faults: Vec<String>,
    pub(crate) trace: u64,
    histories: u64,
    claims: [u64; 3],
    runs: u64,
    counts: Counts,
    simulated: u64,
    polls: u64,
    dials: u64,
}

impl Lived {
    pub(crate) fn add(&mut self, other: Self) {
        self.histories += 1;
        for (own, other) in self.claims.iter_mut().zip(other.claims) {
            *own += other;
        }
        self.runs += other.runs;
        self.simulated += other.simulated;
        self.polls += other.polls;
        self.dials += other.dials;
        let (own, other) = (&mut self.counts, other.counts);
        own.commands += other.commands;
        own.maps += other.maps;
        own.roles += other.roles;
        own.moved += other.moved;
        own.asks += other.asks;
        own.try_again += other.try_again;
        own.down += other.down;
        own.loading += other.loading;
        own.elections += other.elections;
        own.failovers += other.failovers;
    }
}

impl Lived {
    /// Where the client was busier than it ought to be.
    fn haste(&self, reads_replicas: bool) -> Vec<String> {
        let (counts, seconds) = (self.counts, self.simulated / 1_000_000 + 1);
        // Two at once and then one in 15 s, one of each new primary; a node that is slow to answer is asked beside another one. While a
        // primary without known replicas is gone, one a second.
        let maps = 4 + seconds + counts.elections + counts.failovers;
        // Of each of 24 calls that are refused, and of each replica that may be a primary.
        let commands = 500 + 1_000 * seconds;
        let polls = 4 * counts.commands + 300 * seconds;
        // A replica that is read from has two connections.
        let dials = (30 + 20 * seconds) * if reads_replicas { 2 } else { 1 };
        let limits = [
            ("CLUSTER SLOTS", counts.maps, maps),
            ("commands", counts.commands, commands),
            ("polls", self.polls, polls),
            ("dials", self.dials, dials),
        ];
        let over = limits.into_iter().filter(|(_, count, limit)| count > limit);
        over.map(|(what, count, limit)| format!("{count} {what} in {seconds} s, {limit} is much"))
            .collect()
    }
}

impl fmt::Display for Lived {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [done, not, maybe] = self.claims;
        write!(f, "{} histories: {done} writes done, {not} not, {maybe} maybe, ", self.histories)?;
        write!(f, "{} pipelines in order; {:?}; ", self.runs, self.counts)?;
        let seconds = self.simulated / 1_000_000;
        write!(f, "{seconds} s simulated, {} polls, {} dials", self.polls, self.dials)
    }
}

/// The servers of a history.
fn settings(random: &mut Random) -> Settings {
    let gossip = [(100, 2_000), (1_000, 30_000), (1_000, 700_000)];
    let replication = [(50, 500), (100, 10_000), (1_000, 100_000)];
    let loading = [(0, 0), (0, 60_000), (100_000, 1_500_000)];
    Settings {
        loading: random.pick(&loading),
        gossip: random.pick(&gossip),
        replication: random.pick(&replication),
        ..Settings::default()
    }
}

/// Lives through one history.
pub(crate) fn live(seed: u64, prints: bool) -> Lived {
    let mut random = Random::new(seed);
    // In a calm one no primary is replaced but by order, so that nothing is lost.
    let is_calm = random.one_in(2);
    let (primaries, replicas) = random.pick(&[(3, 1), (3, 1), (2, 1), (3, 2), (4, 0)]);
    let settings = settings(&mut random);
    let runtime = SimRuntime::new();
    runtime.set_seed(seed);
    let counted = Counted { runtime: runtime.clone(), polls: Arc::default() };
    let polls = counted.polls.clone();
    let (transport, listener) = MemoryTransport::new();
    let model = Model::new(primaries, replicas, settings.clone(), seed);
    let size = model.size();
    let delays = random.pick(&[(0, 0), (100, 100), (1_000, 300)]);
    let path = Path { delays, ..Path::default() };
    let first = random.below(size as u64) as usize;
    let (host, port) = model.address(first);
    let world = World::start(&runtime, model, vec![path; size], listener, prints);
    let protocol = if random.one_in(4) { Protocol::Resp2 } else { Protocol::Resp3 };
    let limit = Duration::from_millis(random.pick(&[300, 1_000, 3_000]));
    let is_lax = random.one_in(6);
    let announces = protocol == Protocol::Resp3 && random.one_in(2);
    if announces {
        world.with(|state| state.notices = Some(0));
    }
    let maintenance = if announces { Maintenance::Required } else { Maintenance::Off };
    let options = Options::from(Endpoint::tcp(host, port)).mode(Mode::Cluster);
    // No more time than else: what is too slow is found.
    let options = options.maintenance(maintenance).relaxed_timeout(limit);
    let options =
        options.protocol(protocol).command_timeout(limit).library_info(false).connect_timeout(DIAL);
    let kind = format!(
        "calm: {is_calm}, announces: {announces}, reads replicas: {is_lax}, {primaries}+{replicas}, {protocol:?}, time {limit:?}, ways {delays:?}, {settings:?}"
    );
    if prints {
        println!("{kind}");
    }
    let connect =
        ConnectionMultiplexer::connect_with(options, Environment::new(transport.clone(), counted));
    let muxer = runtime.block_on(connect).unwrap_or_else(|error| panic!("{error}"));
    let tasks = (0..TASKS).map(|number| {
        Task::new(&world, &muxer, number, seed, limit, (is_calm, is_lax)).work(STEPS)
    });
    let tormentors = if is_calm { 1 } else { 1 + random.below(2) };
    let tormentors = (0..tormentors).map(|number| {
        let seed = random.below(u64::MAX) + number;
        Tormentor::new(&world, seed, TASKS, is_calm).run(1 + random.below(3))
    });
    let both = join(join_all(tasks), join_all(tormentors));
    let (claims, _) = runtime.block_on(both);
    let mut faults = Vec::new();
    if runtime.block_on(mend(&world)) {
        let again = works_again(&world, &muxer, &claims);
        faults.extend(runtime.block_on(again));
    } else {
        faults
            .push(format!("the model does not become whole: {}", world.with(|s| s.model.report())));
    }
    let mut lived = world.with(|state| {
        faults.append(&mut state.faults);
        faults.extend(claims::hold(&claims, &mut state.model, is_calm));
        let sum = |of: fn(&Claims) -> u64| claims.iter().map(of).sum();
        let counts = state.model.counts();
        Lived {
            kind,
            histories: 1,
            claims: [sum(|c| c.done), sum(|c| c.not), sum(|c| c.maybe)],
            runs: sum(|claims| claims.runs.len() as u64),
            counts,
            simulated: state.model.now(),
            polls: polls.load(Relaxed),
            dials: state.dials,
            trace: state.trace,
            faults,
        }
    });
    lived.faults.extend(lived.haste(is_lax));
    runtime.block_on(async {
        muxer.close().await;
        world.close(&transport).await;
    });
    lived
}

/// Once the cluster is whole, each key can be read; the second time without detours.
async fn works_again(
    world: &World,
    muxer: &ConnectionMultiplexer,
    claims: &[Claims],
) -> Vec<String> {
    let mut faults = Vec::new();
    let mut keys: Vec<&str> =
        claims.iter().flat_map(|claims| claims.writes.iter().map(|write| &*write.key)).collect();
    keys.sort_unstable();
    keys.dedup();
    let begun = world.now();
    for key in keys.iter().chain(&keys) {
        let mut errors = Vec::new();
        while let Err(error) = muxer.execute::<Option<String>>("GET", *key).await {
            errors.push(format!("{} ms: {error}", (world.now() - begun) / 1000));
            if world.now() > begun + AGAIN {
                let status = muxer.status();
                let errors = errors.join("; ");
                faults.push(format!("{key} does not work again: {errors}\n{status}"));
                return faults;
            }
        }
    }
    faults
}
