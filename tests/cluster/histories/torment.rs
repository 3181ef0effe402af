//! What happens to the cluster meanwhile.

use std::{
    collections::BTreeSet,
    thread::sleep,
    time::{Duration, Instant},
};

use redmux_test_support::RedisCluster;

use crate::history::{History, Random, TASKS};

/// A loaded machine may take long until all nodes agree.
const AGREE: Duration = Duration::from_secs(60);

fn pause(millis: u64) {
    sleep(Duration::from_millis(millis));
}

/// Torments the cluster until its time is over, or each way had its turn; then the cluster is whole.
pub(crate) fn run(cluster: &RedisCluster, history: &History) {
    let mut random = Random::new(history.seed ^ 0x7070);
    let begun = Instant::now();
    let ways = if history.violent { 8 } else { 4 };
    let offset = random.below(ways);
    let mut turn = 0;
    loop {
        let way = match history.time {
            Some(time) if begun.elapsed() >= time => break,
            Some(_) => random.below(ways),
            None if turn == ways => break,
            None => (offset + turn) % ways,
        };
        turn += 1;
        let is_lossy = way > 3;
        match way {
            0 => fail_over(cluster, history, &mut random),
            1 => move_slot(cluster, history, &mut random),
            2 => kill_clients(cluster, history, &mut random),
            3 => stop_replica(cluster, history, &mut random),
            4 => kill(cluster, history, &mut random, true),
            5 => kill(cluster, history, &mut random, false),
            6 => stop_primary(cluster, history, &mut random, 400),
            _ => stop_primary(cluster, history, &mut random, 3000),
        }
        debug_assert!(history.violent || !is_lossy);
        agree(cluster, history);
        pause(random.below(300));
    }
}

/// A primary, and the other nodes of its shard.
struct Shard {
    primary: usize,
    replicas: Vec<usize>,
}

fn shards(cluster: &RedisCluster) -> Vec<Shard> {
    let place = |id: &str| (0..cluster.nodes().len()).find(|node| cluster.id(*node) == id);
    let text = cluster.nodes()[0].command(&["CLUSTER", "NODES"]);
    let rows: Vec<Vec<&str>> = text.lines().map(|line| line.split(' ').collect()).collect();
    let primaries = rows.iter().filter(|row| row[2].contains("master") && row.len() > 8);
    let shard = |row: &Vec<&str>| Shard {
        primary: place(row[0]).unwrap(),
        replicas: rows
            .iter()
            .filter(|other| other[3] == row[0])
            .filter_map(|r| place(r[0]))
            .collect(),
    };
    primaries.map(shard).collect()
}

fn any_shard(cluster: &RedisCluster, random: &mut Random) -> Shard {
    let mut shards = shards(cluster);
    let at = random.below(shards.len() as u64) as usize;
    shards.swap_remove(at)
}

fn fail_over(cluster: &RedisCluster, history: &History, random: &mut Random) {
    let shard = any_shard(cluster, random);
    let Some(replica) = shard.replicas.first() else { return };
    history.note(format!("failover of {} to {replica}", shard.primary));
    cluster.fail_over(*replica);
}

/// The slot of a key of a task, in parts.
fn move_slot(cluster: &RedisCluster, history: &History, random: &mut Random) {
    let task = history.name(random.below(TASKS));
    let kinds = ["list", "many", "pop", "count", "pair", "watch"];
    let kind = kinds[random.below(kinds.len() as u64) as usize];
    let key = format!("{kind}:{task}");
    let slot = cluster.nodes()[0].command(&["CLUSTER", "KEYSLOT", &key]).parse().unwrap();
    let from = cluster.owner(slot, 0).unwrap();
    let shards = shards(cluster);
    let others: Vec<usize> =
        shards.iter().map(|shard| shard.primary).filter(|primary| *primary != from).collect();
    let to = others[random.below(others.len() as u64) as usize];
    history.note(format!("slot {slot} of {key} from {from} to {to}"));
    cluster.begin_move(slot, from, to);
    pause(random.below(150));
    loop {
        let keys =
            cluster.nodes()[from].command(&["CLUSTER", "GETKEYSINSLOT", &slot.to_string(), "1"]);
        let keys: Vec<&str> = keys.lines().filter(|key| !key.is_empty()).collect();
        if keys.is_empty() {
            break;
        }
        cluster.migrate(&keys, from, to);
        // A transaction finds one of its keys here and one there.
        pause(random.below(150));
    }
    pause(random.below(100));
    history.note("its keys are there");
    cluster.end_move(slot, to);
}

fn kill_clients(cluster: &RedisCluster, history: &History, random: &mut Random) {
    for _ in 0..=random.below(4) {
        let node = random.below(cluster.nodes().len() as u64) as usize;
        history.note(format!("clients of {node}"));
        cluster.nodes()[node].command(&["CLIENT", "KILL", "TYPE", "normal"]);
        pause(random.below(100));
    }
}

fn stop_replica(cluster: &RedisCluster, history: &History, random: &mut Random) {
    let shard = any_shard(cluster, random);
    let Some(replica) = shard.replicas.first() else { return };
    let time = if random.below(2) == 0 { 300 } else { 2500 };
    history.note(format!("replica {replica} stops for {time} ms"));
    cluster.nodes()[*replica].pause();
    pause(time);
    cluster.nodes()[*replica].resume();
}

fn stop_primary(cluster: &RedisCluster, history: &History, random: &mut Random, time: u64) {
    let shard = any_shard(cluster, random);
    history.note(format!("primary {} stops for {time} ms", shard.primary));
    cluster.nodes()[shard.primary].pause();
    pause(time);
    cluster.nodes()[shard.primary].resume();
}

fn kill(cluster: &RedisCluster, history: &History, random: &mut Random, patient: bool) {
    let shard = any_shard(cluster, random);
    history.note(format!("primary {} is killed", shard.primary));
    cluster.nodes()[shard.primary].kill();
    if patient && let Some(replica) = shard.replicas.first() {
        let end = Instant::now() + AGREE;
        while cluster.nodes()[*replica].command(&["ROLE"]).starts_with("slave") {
            assert!(Instant::now() < end, "no election");
            pause(20);
        }
        cluster.note_elected(*replica);
        history.note(format!("{replica} has its place"));
    }
    pause(random.below(200));
    cluster.nodes()[shard.primary].restart();
    history.note("it is back");
}

/// Waits until all nodes say the same, and each replica is up to date.
pub(crate) fn agree(cluster: &RedisCluster, history: &History) {
    let end = Instant::now() + AGREE;
    loop {
        let words: Vec<Result<BTreeSet<String>, String>> =
            (0..cluster.nodes().len()).map(|node| word(cluster, node)).collect();
        if words[0].is_ok() && words.iter().all(|word| *word == words[0]) {
            return history.note("all agree");
        }
        let late = Instant::now() >= end;
        assert!(!late, "the nodes do not agree: {words:#?}\n{}", cluster.report());
        pause(30);
    }
}

/// What a node knows of each shard, or what is not as it should be.
fn word(cluster: &RedisCluster, node: usize) -> Result<BTreeSet<String>, String> {
    let node = &cluster.nodes()[node];
    let ask = |words: &[&str]| node.try_command(words).map_err(|error| error.to_string());
    let text = ask(&["CLUSTER", "NODES"])?;
    let state = ask(&["CLUSTER", "INFO"])?;
    let replication = ask(&["INFO", "replication"])?;
    let is_synced =
        replication.contains("role:master") || replication.contains("master_link_status:up");
    let mut known = BTreeSet::new();
    let mut is_whole = state.contains("cluster_state:ok") && is_synced && !text.contains('[');
    for line in text.lines() {
        let row: Vec<&str> = line.split(' ').collect();
        is_whole &= row.len() >= 8 && !row[2].contains("fail") && !row[2].contains("handshake");
        if is_whole {
            known.insert(format!("{} {} {}", row[0], row[3], row[8..].join(" ").trim()));
        }
    }
    if is_whole { Ok(known) } else { Err(format!("{text}\n{state}\n{replication}")) }
}
