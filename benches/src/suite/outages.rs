//! What clients make of servers that die, stop, hand over or give slots away.
//!
//! All clients write to the same cluster when it happens, so that all meet the same election.

use std::{
    collections::BTreeMap,
    fmt::Write as _,
    io::{BufRead, BufReader, Read, Write},
    path::Path,
    process::{Child, ChildStdout, Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use redmux_test_support::RedisCluster;
use serde::Serialize;

use super::{
    Result,
    shards::{SHARDS, address, clients, shard_of},
};
use crate::meter::{Figures, KeyFigures};

const ROUNDS: usize = 5;

/// How long clients are watched behind an event.
const AFTER: Duration = Duration::from_millis(6000);

/// How long they write undisturbed before it.
const BEFORE: Duration = Duration::from_millis(2500);

/// Something that happens to a shard
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub enum Event {
    /// `CLUSTER FAILOVER`, to the replica of shard 1.
    Failover,
    /// The primary of shard 2 is stopped, for as long as clients are watched.
    Stop,
    /// The primary of shard 0 is killed.
    Kill,
}

impl Event {
    const ALL: [Self; 3] = [Self::Failover, Self::Stop, Self::Kill];

    fn shard(self) -> usize {
        match self {
            Self::Kill => 0,
            Self::Failover => 1,
            Self::Stop => 2,
        }
    }

    fn title(self) -> &'static str {
        match self {
            Self::Failover => "`CLUSTER FAILOVER` of one shard",
            Self::Stop => "A primary is stopped (SIGSTOP)",
            Self::Kill => "A primary is killed (SIGKILL)",
        }
    }
}

/// One client at one event: the median of the rounds
#[derive(Debug, Default, Serialize)]
pub struct Met {
    /// Milliseconds until the shard concerned took a write that was begun after the event; none is infinite.
    pub first: Vec<f64>,
    /// The longest time without a success there, in milliseconds.
    pub gap: Vec<f64>,
    /// The same of the other shards, the worse of them.
    pub gap_of_others: Vec<f64>,
    /// The p99 of the other shards behind the event, as a share of that before it; the worse of them.
    pub p99_of_others: Vec<f64>,
    pub failed: Vec<f64>,
}

#[derive(Debug, Serialize)]
pub struct Outages {
    pub clients: BTreeMap<Event, BTreeMap<&'static str, Met>>,
    /// When the replica of the shard took a write, asked directly, in milliseconds.
    pub servers: BTreeMap<Event, Vec<f64>>,
}

/// A client that writes, in a process of its own
pub(super) struct Writer {
    client: &'static str,
    process: Child,
    output: BufReader<ChildStdout>,
}

impl Writer {
    pub(super) fn start(
        program: &Path,
        client: &'static str,
        address: &str,
        keys: &[String],
        after: Duration,
    ) -> Result<Self> {
        let mut process = Command::new(program)
            .args([client, "outage", "--address", address, "--keys", &keys.join(",")])
            .args(["--after", &after.as_millis().to_string()])
            .env("RUST_BACKTRACE", "0")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let output = BufReader::new(process.stdout.take().ok_or("no output")?);
        Ok(Self { client, process, output })
    }

    pub(super) fn ready(&mut self) -> Result<()> {
        let mut line = String::new();
        self.output.read_line(&mut line)?;
        if line.trim() == "ready" {
            Ok(())
        } else {
            Err(format!("{}: {line:?}", self.client).into())
        }
    }

    /// It happens now.
    pub(super) fn note(&mut self) -> Result<()> {
        Ok(self.process.stdin.take().ok_or("no input")?.write_all(b"now\n")?)
    }

    pub(super) fn figures(mut self) -> Result<Vec<KeyFigures>> {
        let mut text = String::new();
        self.output.read_to_string(&mut text)?;
        self.process.wait()?;
        let line = text.lines().last().unwrap_or_default();
        let figures: Figures = serde_json::from_str(line)
            .map_err(|error| format!("{}: {error} in {text:?}", self.client))?;
        Ok(figures.keys)
    }
}

pub fn run(program: &Path) -> Result<Outages> {
    let mut outages = Outages { clients: BTreeMap::new(), servers: BTreeMap::new() };
    for round in 0..ROUNDS {
        let cluster = RedisCluster::start();
        let keys = key_of_each(&cluster)?;
        for event in Event::ALL {
            settle(&cluster)?;
            let mut order = clients();
            let turns = round % order.len();
            order.rotate_left(turns);
            let own = one(program, &cluster, event, &keys, &order, &mut outages)?;
            println!("{event:?}, round {}: the servers took {own:.0} ms", round + 1);
            outages.servers.entry(event).or_default().push(own);
        }
    }
    Ok(outages)
}

/// A key of each shard, in their order.
pub(super) fn key_of_each(cluster: &RedisCluster) -> Result<Vec<String>> {
    let mut keys = vec![String::new(); SHARDS.len()];
    let mut number = 0;
    while keys.iter().any(String::is_empty) {
        let key = format!("outage:{number}");
        let shard = shard_of(cluster, &key)?;
        keys[shard] = key;
        number += 1;
    }
    Ok(keys)
}

/// Waits until no node doubts another one, and every replica has its primary: some clients do not connect before.
pub(super) fn settle(cluster: &RedisCluster) -> Result<()> {
    let start = Instant::now();
    let settled = || {
        cluster.nodes().iter().all(|node| {
            let nodes = node.command(&["CLUSTER", "NODES"]);
            let state = node.command(&["CLUSTER", "INFO"]);
            let link = node.command(&["INFO", "replication"]);
            let linked = link.contains("role:master") || link.contains("master_link_status:up");
            !nodes.contains("fail") && state.contains("cluster_state:ok") && linked
        })
    };
    while !settled() {
        if start.elapsed() > Duration::from_secs(60) {
            return Err("the cluster does not come to rest".into());
        }
        thread::sleep(Duration::from_millis(50));
    }
    Ok(())
}

fn one(
    program: &Path,
    cluster: &RedisCluster,
    event: Event,
    keys: &[String],
    order: &[&'static str],
    outages: &mut Outages,
) -> Result<f64> {
    let shard = event.shard();
    let (primary, replica) = SHARDS[shard];
    // The node that clients are given is one that lives.
    let seed = address(cluster, SHARDS[(shard + 1) % SHARDS.len()].1);
    let mut writers = Vec::new();
    for client in order {
        writers.push(Writer::start(program, client, &seed, keys, AFTER)?);
    }
    // A client that does not even connect has no figures.
    writers.retain_mut(|writer| writer.ready().inspect_err(|error| println!("{error}")).is_ok());
    thread::sleep(BEFORE);
    for writer in &mut writers {
        writer.note()?;
    }
    let start = Instant::now();
    match event {
        Event::Kill => cluster.nodes()[primary].kill(),
        Event::Stop => cluster.nodes()[primary].pause(),
        Event::Failover => {
            cluster.nodes()[replica].command(&["CLUSTER", "FAILOVER"]);
        }
    }
    while cluster.nodes()[replica].command(&["SET", &keys[shard], "probe"]).trim() != "OK" {
        if start.elapsed() > AFTER {
            return Err(format!("{event:?}: no replica took over").into());
        }
        thread::sleep(Duration::from_micros(500));
    }
    let own = start.elapsed().as_secs_f64() * 1e3;
    let mut figures = Vec::new();
    for writer in writers {
        figures.push((writer.client, writer.figures()?));
    }
    if event == Event::Stop {
        cluster.nodes()[primary].resume();
    }
    let all = outages.clients.entry(event).or_default();
    for (client, figures) in figures {
        note(all.entry(client).or_default(), shard, &figures);
    }
    Ok(own)
}

fn note(met: &mut Met, shard: usize, figures: &[KeyFigures]) {
    let others = || figures.iter().enumerate().filter(|(place, _)| *place != shard);
    let worst = |figure: &dyn Fn(&KeyFigures) -> Option<f64>| {
        others().map(|(_, key)| figure(key).unwrap_or(f64::INFINITY)).fold(0.0, f64::max)
    };
    met.first.push(figures[shard].first_ms.unwrap_or(f64::INFINITY));
    met.gap.push(figures[shard].gap_ms);
    met.gap_of_others.push(worst(&|key| Some(key.gap_ms)));
    met.p99_of_others.push(worst(&|key| Some(key.p99_after_us? / key.p99_before_us?)));
    met.failed.push(figures.iter().map(|key| key.failed as f64).sum());
}

fn median(values: &[f64]) -> f64 {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

pub(super) fn spread(values: &[f64], digits: usize) -> String {
    let least = values.iter().copied().fold(f64::INFINITY, f64::min);
    let most = values.iter().copied().fold(0.0, f64::max);
    format!("{:.digits$} ({least:.digits$}–{most:.digits$})", median(values))
}

pub fn report(outages: &Outages) -> String {
    let mut text = format!(
        "\n## Outages\n\nAll clients write at the same time to the same cluster, one SET every 2 ms to a key of each shard, \
         and nothing retries but the client. Median of {ROUNDS} clusters (least–most). `first`: from the event to the end \
         of the first write begun after it, on the shard concerned. inf: none in {} s.\n",
        AFTER.as_secs()
    );
    for (event, clients) in &outages.clients {
        let servers = outages.servers.get(event).map(|own| spread(own, 0)).unwrap_or_default();
        let _ = write!(
            text,
            "\n### {}\n\nThe replica took writes after {servers} ms.\n\n| | first, ms | longest gap, ms | of other shards, ms \
             | p99 of other shards, after / before | failed |\n|---|---:|---:|---:|---:|---:|\n",
            event.title()
        );
        for (client, met) in clients {
            let _ = writeln!(
                text,
                "| {client} | {} | {} | {} | {} | {:.0} |",
                spread(&met.first, 0),
                spread(&met.gap, 0),
                spread(&met.gap_of_others, 0),
                spread(&met.p99_of_others, 2),
                median(&met.failed)
            );
        }
    }
    println!("{text}");
    text
}

/// Redirects that servers gave a client while slots moved, by round
#[derive(Debug, Default, Serialize)]
pub struct Moves {
    pub moved: Vec<f64>,
    pub ask: Vec<f64>,
    pub other: Vec<f64>,
    pub failed: Vec<f64>,
    pub gap: Vec<f64>,
}

const SLOTS: usize = 100;

/// Moves slots under each client, one client at a time: servers count redirects for all.
pub fn reshard(program: &Path) -> Result<BTreeMap<&'static str, Moves>> {
    let cluster = RedisCluster::start();
    let (mut keys, mut slots) = (Vec::new(), Vec::new());
    for number in 0.. {
        let key = format!("moves:{number}");
        let slot: u32 = cluster.nodes()[0].command(&["CLUSTER", "KEYSLOT", &key]).trim().parse()?;
        if slot < 5000 && !slots.contains(&slot) {
            keys.push(key);
            slots.push(slot);
        }
        if slots.len() == SLOTS {
            break;
        }
    }
    let mut all: BTreeMap<&'static str, Moves> = BTreeMap::new();
    let (mut from, mut to) = (0, 1);
    for round in 0..3 {
        let mut order = clients();
        let turns = round % order.len();
        order.rotate_left(turns);
        for client in order {
            let seed = address(&cluster, 2);
            let mut writer =
                Writer::start(program, client, &seed, &keys, Duration::from_millis(5000))?;
            writer.ready()?;
            thread::sleep(Duration::from_millis(1000));
            cluster.nodes().iter().for_each(|node| drop(node.command(&["CONFIG", "RESETSTAT"])));
            writer.note()?;
            slots.iter().for_each(|slot| cluster.move_slot(*slot, from, to));
            let figures = writer.figures()?;
            let mut counts = [0.0; 3];
            for node in cluster.nodes() {
                count(&node.command(&["INFO", "errorstats"]), &mut counts);
            }
            let moves = all.entry(client).or_default();
            moves.moved.push(counts[0]);
            moves.ask.push(counts[1]);
            moves.other.push(counts[2]);
            moves.failed.push(figures.iter().map(|key| key.failed as f64).sum());
            moves.gap.push(figures.iter().map(|key| key.gap_ms).fold(0.0, f64::max));
            println!("{client}: MOVED {}, ASK {}, others {}", counts[0], counts[1], counts[2]);
            (from, to) = (to, from);
        }
    }
    Ok(all)
}

/// Adds the errors that a server has counted: `errorstat_MOVED:count=3`.
fn count(text: &str, counts: &mut [f64; 3]) {
    for line in text.lines() {
        let Some((name, count)) = line.trim().split_once(":count=") else { continue };
        let count = count.parse().unwrap_or(0.0);
        match name {
            "errorstat_MOVED" => counts[0] += count,
            "errorstat_ASK" => counts[1] += count,
            _ => counts[2] += count,
        }
    }
}

pub fn report_moves(all: &BTreeMap<&'static str, Moves>) -> String {
    let mut text = format!(
        "\n## {SLOTS} slots move from one primary to another\n\nThe client writes to a key of each slot, 2000 SETs per second \
         in all; redirects as the servers count them. Median of {} rounds (least–most).\n\n| | MOVED | ASK | other errors | \
         failed | longest gap of a key, ms |\n|---|---:|---:|---:|---:|---:|\n",
        all.values().map(|moves| moves.moved.len()).max().unwrap_or(0)
    );
    for (client, moves) in all {
        let _ = writeln!(
            text,
            "| {client} | {} | {} | {} | {} | {} |",
            spread(&moves.moved, 0),
            spread(&moves.ask, 0),
            spread(&moves.other, 0),
            spread(&moves.failed, 0),
            spread(&moves.gap, 0)
        );
    }
    println!("{text}");
    text
}
