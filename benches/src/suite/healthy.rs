//! What clients' commands to other servers take while one server is stopped.
//!
//! Servers that insist on all slots refuse every command while one of them is missing. Here they do not, and nothing takes the place
//! of the server that is stopped, so that what the others' commands take longer is the client's doing. Every stretch with a
//! stopped server has one beside it in which nothing happens: on a machine that is not quiet two halves of it differ, too.

use std::{collections::BTreeMap, fmt::Write as _, path::Path, thread, time::Duration};

use redmux_test_support::RedisCluster;
use serde::Serialize;

use super::{
    Result,
    outages::{Writer, key_of_each, settle, spread},
    shards::{OURS, address},
};
use crate::meter::KeyFigures;

const ROUNDS: usize = 7;

/// How long clients write before the event, and how long they are watched behind it.
const STRETCH: Duration = Duration::from_secs(8);

/// The server that is stopped, which is no node that clients are given.
const STOPPED: usize = 2;

/// The p99 of writes to the other shards behind the event, as a share of that before it, by round
#[derive(Debug, Default, Serialize)]
pub struct Healthy {
    pub stopped: Vec<f64>,
    /// Nothing happened.
    pub control: Vec<f64>,
    /// Writes to the other shards that failed.
    pub failed: Vec<f64>,
    /// The same p99 while the server was stopped, in microseconds.
    pub p99_us: Vec<f64>,
}

pub fn run(program: &Path) -> Result<BTreeMap<&'static str, Healthy>> {
    let cluster =
        RedisCluster::builder().replicas(0).args(["--cluster-require-full-coverage", "no"]);
    let cluster = cluster.start()?;
    let keys = key_of_each(&cluster)?;
    let mut healthy = Healthy::default();
    for round in 0..ROUNDS {
        for turn in 0..2 {
            settle(&cluster)?;
            let stops = (round + turn) % 2 == 0;
            let figures = stretch(program, &cluster, &keys, stops)?;
            let others: Vec<&KeyFigures> = figures.iter().take(STOPPED).collect();
            let p99 = |figure: fn(&KeyFigures) -> Option<f64>| -> f64 {
                others.iter().filter_map(|key| figure(key)).fold(0.0, f64::max)
            };
            let (before, after) = (p99(|key| key.p99_before_us), p99(|key| key.p99_after_us));
            println!("stopped: {stops}, p99 of the others {before:.0} and {after:.0} µs");
            match stops {
                true => {
                    healthy.stopped.push(after / before);
                    healthy.p99_us.push(after);
                    healthy.failed.push(others.iter().map(|key| key.failed as f64).sum());
                }
                false => healthy.control.push(after / before),
            }
        }
    }
    Ok(BTreeMap::from([(OURS, healthy)]))
}

/// Lets the client write for two stretches; at the begin of the second one the server stops.
fn stretch(
    program: &Path,
    cluster: &RedisCluster,
    keys: &[String],
    stops: bool,
) -> Result<Vec<KeyFigures>> {
    let mut writer = Writer::start(program, OURS, &address(cluster, 0), keys, STRETCH)?;
    writer.ready()?;
    thread::sleep(STRETCH);
    if stops {
        cluster.nodes()[STOPPED].pause();
    }
    writer.note()?;
    let figures = writer.figures();
    if stops {
        cluster.nodes()[STOPPED].resume();
    }
    figures
}

pub fn report(all: &BTreeMap<&'static str, Healthy>) -> String {
    let mut text = format!(
        "\n## The other shards while a server is stopped\n\nThree primaries without replicas and \
         `cluster-require-full-coverage no`; one SET every 2 ms to a key of each. p99 of the other two in the {} s behind the \
         event, as a share of that in the {} s before; median of {ROUNDS} rounds (least–most).\n\n| | one is stopped | nothing \
         happens | p99 while stopped, µs | failed |\n|---|---:|---:|---:|---:|\n",
        STRETCH.as_secs(),
        STRETCH.as_secs()
    );
    for (client, healthy) in all {
        let _ = writeln!(
            text,
            "| {client} | {} | {} | {} | {} |",
            spread(&healthy.stopped, 2),
            spread(&healthy.control, 2),
            spread(&healthy.p99_us, 0),
            spread(&healthy.failed, 0)
        );
    }
    println!("{text}");
    text
}
