//! Random histories: tasks write and read over one multiplexer while the cluster is tormented, and what each of
//! them was told is held against what the servers have in the end.
//!
//! `cargo xtask cluster` is the long form: `REDMUX_CLUSTER=10` goes on for ten minutes, a seed after the other;
//! `REDMUX_SEED` says the first of them, and `REDMUX_CLUSTER_SERVER` the program of the servers.

mod checks;
mod claims;
mod tasks;
mod torment;

use std::{
    env,
    path::PathBuf,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    time::{Duration, Instant},
};

use async_std::task::{sleep, spawn, spawn_blocking};
use futures::future::join_all;
use redmux::{ConnectionMultiplexer, Endpoint, Options, options::Mode, resp::Protocol};
use redmux_test_support::RedisCluster;

use claims::Claims;

const TASKS: u64 = 10;

/// The time of a command; a server that is stopped for longer than its cluster waits makes commands run out of it.
const TIME: Duration = Duration::from_secs(3);

/// What is not over this long after its time hangs: machines may be loaded.
const MARGIN: Duration = Duration::from_secs(20);

/// xorshift64*
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % limit
    }
}

/// One history
struct History {
    seed: u64,
    protocol: Protocol,
    /// Primaries are killed and stopped: what they alone knew may be lost.
    violent: bool,
    /// Without it, the torment goes through each of its ways once.
    time: Option<Duration>,
    over: AtomicBool,
    commands: AtomicU64,
    begun: Instant,
    /// What happened, and when.
    log: Mutex<Vec<String>>,
}

impl History {
    fn new(seed: u64, protocol: Protocol, violent: bool, time: Option<Duration>) -> Arc<Self> {
        Arc::new(Self {
            seed,
            protocol,
            violent,
            time,
            over: AtomicBool::new(false),
            commands: AtomicU64::new(0),
            begun: Instant::now(),
            log: Mutex::default(),
        })
    }

    /// What names the keys of a task.
    fn name(&self, task: u64) -> String {
        format!("{}:{task}", self.seed)
    }

    fn is_over(&self) -> bool {
        self.over.load(Relaxed)
    }

    fn note(&self, text: impl AsRef<str>) {
        let line = format!("{:7.3} {}", self.begun.elapsed().as_secs_f64(), text.as_ref());
        self.log.lock().unwrap_or_else(PoisonError::into_inner).push(line);
    }

    fn tell(&self) -> String {
        let log = self.log.lock().unwrap_or_else(PoisonError::into_inner);
        let (seed, protocol, violent) = (self.seed, self.protocol, self.violent);
        format!("seed {seed}, {protocol:?}, violent: {violent}\n{}", log.join("\n"))
    }
}

/// Says what happened when a check fails.
struct Teller(Arc<History>);

impl Drop for Teller {
    fn drop(&mut self) {
        if std::thread::panicking() {
            println!("{}", self.0.tell());
        }
    }
}

/// Lives through one history; the cluster is whole before and after.
async fn live(cluster: &Arc<RedisCluster>, history: &Arc<History>) {
    let _teller = Teller(history.clone());
    for node in cluster.nodes() {
        node.command(&["FLUSHALL"]);
    }
    let mut random = Random::new(history.seed);
    let first = random.below(cluster.nodes().len() as u64) as usize;
    let options = Options::from(Endpoint::tcp("127.0.0.1", cluster.nodes()[first].port()))
        .mode(Mode::Cluster)
        .protocol(history.protocol)
        .command_timeout(TIME);
    let muxer = ConnectionMultiplexer::connect(options).await.unwrap();
    let tasks = (0..TASKS).map(|task| {
        let (history, muxer) = (history.clone(), muxer.clone());
        spawn(async move { tasks::work(&history, &muxer, task).await })
    });
    let tasks: Vec<_> = tasks.collect();
    let tormented = {
        let (cluster, history) = (cluster.clone(), history.clone());
        spawn_blocking(move || torment::run(&cluster, &history))
    };
    tormented.await;
    sleep(Duration::from_millis(200)).await;
    history.over.store(true, Relaxed);
    let claims: Vec<Claims> = join_all(tasks).await;
    history.note("over");
    let claims = claims.into_iter().fold(Claims::default(), Claims::join);
    checks::works_again(&muxer, &claims).await;
    let (fates, errors) = (claims.fates(), claims.errors());
    let commands = history.commands.load(Relaxed);
    println!(
        "seed {} {:?} violent: {}: {commands} commands, {fates}, {:.1?}\n{errors}",
        history.seed,
        history.protocol,
        history.violent,
        history.begun.elapsed()
    );
    let held = {
        let (cluster, history) = (cluster.clone(), history.clone());
        spawn_blocking(move || checks::hold(&cluster, &claims, history.violent)).await
    };
    assert!(held.is_empty(), "{}\n{}", held.join("\n"), history.tell());
    muxer.close().await;
}

fn number(variable: &str) -> Option<u64> {
    env::var(variable).ok()?.parse().ok()
}

/// Histories on one cluster: one or two, or as many as there is time for.
async fn many(violent: bool, seeds: &[(u64, Protocol)]) {
    let program = env::var_os("REDMUX_CLUSTER_SERVER").map(PathBuf::from);
    let start = || {
        let mut builder = RedisCluster::builder();
        if let Some(program) = &program {
            builder = builder.program(program);
        }
        Arc::new(builder.start().unwrap())
    };
    let cluster = start();
    let Some(minutes) = number("REDMUX_CLUSTER") else {
        for (seed, protocol) in seeds {
            live(&cluster, &History::new(*seed, *protocol, violent, None)).await;
        }
        return;
    };
    let end = Instant::now() + Duration::from_secs(minutes * 60);
    let mut seed = number("REDMUX_SEED").unwrap_or(1000);
    while Instant::now() < end {
        let protocol = if seed.is_multiple_of(2) { Protocol::Resp3 } else { Protocol::Resp2 };
        let time = Some(Duration::from_secs(8));
        live(&cluster, &History::new(seed, protocol, violent, time)).await;
        seed += 1;
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
