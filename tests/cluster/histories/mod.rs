//! Random histories on a cluster: see `tests/histories`.

mod torment;

use std::{panic::resume_unwind, sync::Arc};

use redmux::{ConnectionMultiplexer, Endpoint, Options, options::Mode, resp::Protocol};
use redmux_test_support::RedisCluster;

use crate::history::{History, Random, check, histories, live, program};

/// How often a history that came to nothing is tried.
const TRIES: usize = 3;

fn start() -> Arc<RedisCluster> {
    let builder = RedisCluster::builder();
    let builder = match program() {
        Some(program) => builder.program(program),
        None => builder,
    };
    Arc::new(builder.start().unwrap())
}

/// Lives through one history; the cluster is whole before and after. False if it came to nothing.
async fn lives(cluster: &Arc<RedisCluster>, history: &Arc<History>) -> bool {
    for node in cluster.nodes() {
        node.command(&["FLUSHALL"]);
    }
    let first = Random::new(history.seed).below(cluster.nodes().len() as u64) as usize;
    let endpoint = Endpoint::tcp("127.0.0.1", cluster.nodes()[first].port());
    let options = history.options(Options::from(endpoint).mode(Mode::Cluster));
    let muxer = ConnectionMultiplexer::connect(options).await.unwrap();
    let lived = {
        let (cluster, tormented) = (cluster.clone(), history.clone());
        live(history, &muxer, move || torment::run(&cluster, &tormented)).await
    };
    if !history.violent && replaced_a_primary(cluster) {
        println!("seed {}: the cluster itself has replaced a primary", history.seed);
        return false;
    }
    if let Err(panic) = lived.tormented {
        resume_unwind(panic);
    }
    let asked = cluster.clone();
    let ask = move |command: &str, key: &str, rest: &[&str]| {
        let owner = asked.owner(asked.slot(key), 0).unwrap();
        let words: Vec<&str> = [command, key].into_iter().chain(rest.iter().copied()).collect();
        asked.nodes()[owner].command(&words)
    };
    check(history, &muxer, lived.claims, ask).await;
    muxer.close().await;
    true
}

/// Whether a replica was elected unasked: on a loaded machine, a primary that is not heard of for a second is given up,
/// and with it what it alone knew.
fn replaced_a_primary(cluster: &RedisCluster) -> bool {
    cluster.nodes().iter().any(|node| {
        let log = node.log_tail(usize::MAX);
        let count = |text: &str| log.matches(text).count();
        count("Failover election won") > count("Manual failover user request accepted")
    })
}

async fn many(violent: bool, seeds: &[(u64, Protocol)]) {
    let mut cluster = start();
    for history in histories(violent, seeds) {
        let mut history = history;
        for tries in 1.. {
            if lives(&cluster, &history).await {
                break;
            }
            assert!(tries < TRIES, "the machine is too busy");
            cluster = start();
            history = History::new(history.seed, history.protocol, violent, history.time);
        }
    }
}

#[async_std::test]
async fn what_callers_are_told_is_so_while_slots_and_roles_move() {
    many(false, &[(1, Protocol::Resp3), (2, Protocol::Resp2)]).await;
}

#[async_std::test]
async fn what_callers_are_told_is_so_while_primaries_die_and_stop() {
    many(true, &[(3, Protocol::Resp3)]).await;
}
