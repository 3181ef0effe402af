//! Random histories: tasks write and read over one multiplexer while the servers are tormented, and what each of
//! them was told is held against what the servers have in the end.
//!
//! `cargo xtask cluster` is the long form: `REDMUX_CLUSTER=10` goes on for ten minutes, a seed after the other;
//! `REDMUX_SEED` says the first of them, and `REDMUX_CLUSTER_SERVER` the program of the servers.

mod checks;
mod claims;
mod tasks;

use std::{
    env,
    panic::{AssertUnwindSafe, catch_unwind},
    path::PathBuf,
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering::Relaxed},
    },
    thread,
    time::{Duration, Instant},
};

use async_std::task::{sleep, spawn, spawn_blocking};
use futures::future::join_all;
use redmux::{ConnectionMultiplexer, Options, resp::Protocol};

pub(crate) use claims::Claims;

pub(crate) const TASKS: u64 = 10;

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
pub(crate) struct History {
    pub(crate) seed: u64,
    pub(crate) protocol: Protocol,
    /// Primaries are killed and stopped: what they alone knew may be lost.
    pub(crate) violent: bool,
    /// Without it, the torment goes through each of its ways once.
    pub(crate) time: Option<Duration>,
    over: AtomicBool,
    commands: AtomicU64,
    begun: Instant,
    /// What happened, and when.
    log: Mutex<Vec<String>>,
}

impl History {
    pub(crate) fn new(
        seed: u64,
        protocol: Protocol,
        violent: bool,
        time: Option<Duration>,
    ) -> Arc<Self> {
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
    pub(crate) fn name(&self, task: u64) -> String {
        format!("{}:{task}", self.seed)
    }

    fn is_over(&self) -> bool {
        self.over.load(Relaxed)
    }

    pub(crate) fn note(&self, text: impl AsRef<str>) {
        let line = format!("{:7.3} {}", self.begun.elapsed().as_secs_f64(), text.as_ref());
        self.log.lock().unwrap_or_else(PoisonError::into_inner).push(line);
    }

    /// The options of the multiplexer.
    pub(crate) fn options(&self, options: Options) -> Options {
        options.protocol(self.protocol).command_timeout(TIME)
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
        if thread::panicking() {
            println!("{}", self.0.tell());
        }
    }
}

/// What came of a history
pub(crate) struct Lived {
    pub(crate) claims: Claims,
    /// A panic of what tormented the servers.
    pub(crate) tormented: thread::Result<()>,
}

/// Has tasks work while `torment` goes on.
pub(crate) async fn live(
    history: &Arc<History>,
    muxer: &ConnectionMultiplexer,
    torment: impl FnOnce() + Send + 'static,
) -> Lived {
    let _teller = Teller(history.clone());
    let tasks = (0..TASKS).map(|task| {
        let (history, muxer) = (history.clone(), muxer.clone());
        spawn(async move { tasks::work(&history, &muxer, task).await })
    });
    let tasks: Vec<_> = tasks.collect();
    let tormented = spawn_blocking(|| catch_unwind(AssertUnwindSafe(torment))).await;
    sleep(Duration::from_millis(200)).await;
    history.over.store(true, Relaxed);
    let claims: Vec<Claims> = join_all(tasks).await;
    history.note("over");
    Lived { claims: claims.into_iter().fold(Claims::default(), Claims::join), tormented }
}

/// Holds what callers were told against what the servers have; `ask` is the reply of the server of a key to a command,
/// the key and further words.
pub(crate) async fn check(
    history: &Arc<History>,
    muxer: &ConnectionMultiplexer,
    claims: Claims,
    ask: impl Fn(&str, &str, &[&str]) -> String + Send + 'static,
) {
    let _teller = Teller(history.clone());
    checks::works_again(muxer, &claims).await;
    let (fates, errors) = (claims.fates(), claims.errors());
    let commands = history.commands.load(Relaxed);
    println!(
        "seed {} {:?} violent: {}: {commands} commands, {fates}, {:.1?}\n{errors}",
        history.seed,
        history.protocol,
        history.violent,
        history.begun.elapsed()
    );
    let violent = history.violent;
    let held = spawn_blocking(move || checks::hold(&claims, violent, &ask)).await;
    assert!(held.is_empty(), "{}", held.join("\n"));
}

/// The program of the servers, if the long form says one.
pub(crate) fn program() -> Option<PathBuf> {
    env::var_os("REDMUX_CLUSTER_SERVER").map(PathBuf::from)
}

/// The histories to live through: these, or one after the other for as long as the long form says.
pub(crate) fn histories(
    violent: bool,
    seeds: &[(u64, Protocol)],
) -> Box<dyn Iterator<Item = Arc<History>> + Send + '_> {
    let Some(minutes) = number("REDMUX_CLUSTER") else {
        let seeds = seeds.iter().copied();
        return Box::new(
            seeds.map(move |(seed, protocol)| History::new(seed, protocol, violent, None)),
        );
    };
    let end = Instant::now() + Duration::from_secs(minutes * 60);
    let seeds = (number("REDMUX_SEED").unwrap_or(1000)..).take_while(move |_| Instant::now() < end);
    Box::new(seeds.map(move |seed| {
        let protocol = if seed.is_multiple_of(2) { Protocol::Resp3 } else { Protocol::Resp2 };
        History::new(seed, protocol, violent, Some(Duration::from_secs(8)))
    }))
}

fn number(variable: &str) -> Option<u64> {
    env::var(variable).ok()?.parse().ok()
}
