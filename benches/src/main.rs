//! One client, one connection, a number of tasks: throughput, CPU and allocations per op.
//!
//! `redmux-benches CLIENT ADDRESS TASKS OPS [get|set|mixed] [VALUE_BYTES]` prints one line. Rounds, order and
//! ratios are the caller's business (`compare.sh` interleaves the clients).

use std::{alloc::System, time::Instant};

use futures::future::join_all;
use nix::sys::resource::{UsageWho, getrusage};
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

#[derive(Clone)]
struct Load {
    address: String,
    tasks: usize,
    ops: usize,
    kind: String,
    value: String,
}

impl Load {
    fn ops_per_task(&self) -> usize {
        self.ops / self.tasks
    }

    /// Whether the `n`th command writes.
    fn writes(&self, n: usize) -> bool {
        match self.kind.as_str() {
            "get" => false,
            "set" => true,
            _ => n % 2 == 0,
        }
    }
}

struct Meter<'a> {
    start: Instant,
    user: f64,
    system: f64,
    region: Region<'a, System>,
}

fn cpu() -> (f64, f64) {
    let usage = getrusage(UsageWho::RUSAGE_SELF).expect("the kernel knows its own process");
    let micros = |t: nix::sys::time::TimeVal| t.tv_sec() as f64 * 1e6 + t.tv_usec() as f64;
    (micros(usage.user_time()), micros(usage.system_time()))
}

impl Meter<'_> {
    fn start() -> Self {
        let (user, system) = cpu();
        Self { start: Instant::now(), user, system, region: Region::new(ALLOCATOR) }
    }

    fn print(self, client: &str, load: &Load) {
        let seconds = self.start.elapsed().as_secs_f64();
        let (user, system) = cpu();
        let ops = (load.ops_per_task() * load.tasks) as f64;
        let heap = self.region.change();
        println!(
            "{client} tasks={} kind={} ops_s={:.0} user_us={:.3} sys_us={:.3} cpu_us={:.3} allocs={:.3} alloc_bytes={:.1}",
            load.tasks,
            load.kind,
            ops / seconds,
            (user - self.user) / ops,
            (system - self.system) / ops,
            (user - self.user + system - self.system) / ops,
            (heap.allocations + heap.reallocations) as f64 / ops,
            heap.bytes_allocated as f64 / ops,
        );
    }
}

async fn redmux(load: Load) {
    let muxer =
        redmux::ConnectionMultiplexer::connect(load.address.as_str()).await.expect("connect");
    let work = async |tasks: usize, ops: usize| {
        let handles: Vec<_> = (0..tasks)
            .map(|task| {
                let (muxer, load) = (muxer.clone(), load.clone());
                async_std::task::spawn(async move {
                    let db = muxer.database();
                    let key = format!("key:{task}");
                    for n in 0..ops {
                        if load.writes(n) {
                            db.set(&key, &load.value).await.expect("set");
                        } else {
                            let value: Option<Vec<u8>> = db.get(&key).await.expect("get");
                            std::hint::black_box(value);
                        }
                    }
                })
            })
            .collect();
        join_all(handles).await;
    };
    work(load.tasks, 100).await;
    let meter = Meter::start();
    work(load.tasks, load.ops_per_task()).await;
    meter.print("redmux", &load);
}

async fn redis_rs(load: Load) {
    use redis::AsyncCommands;
    let client = redis::Client::open(format!("redis://{}", load.address)).expect("address");
    let connection = client.get_multiplexed_async_connection().await.expect("connect");
    let work = async |tasks: usize, ops: usize| {
        let handles: Vec<_> = (0..tasks)
            .map(|task| {
                let (mut connection, load) = (connection.clone(), load.clone());
                tokio::spawn(async move {
                    let key = format!("key:{task}");
                    for n in 0..ops {
                        if load.writes(n) {
                            let () = connection.set(&key, &load.value).await.expect("set");
                        } else {
                            let value: Option<Vec<u8>> = connection.get(&key).await.expect("get");
                            std::hint::black_box(value);
                        }
                    }
                })
            })
            .collect();
        join_all(handles).await;
    };
    work(load.tasks, 100).await;
    let meter = Meter::start();
    work(load.tasks, load.ops_per_task()).await;
    meter.print("redis-rs", &load);
}

async fn rustis(load: Load) {
    use rustis::commands::StringCommands;
    let client = rustis::client::Client::connect(load.address.as_str()).await.expect("connect");
    let work = async |tasks: usize, ops: usize| {
        let handles: Vec<_> = (0..tasks)
            .map(|task| {
                let (client, load) = (client.clone(), load.clone());
                tokio::spawn(async move {
                    let key = format!("key:{task}");
                    for n in 0..ops {
                        if load.writes(n) {
                            client.set(&key, &load.value).await.expect("set");
                        } else {
                            let value: Option<String> = client.get(&key).await.expect("get");
                            std::hint::black_box(value);
                        }
                    }
                })
            })
            .collect();
        join_all(handles).await;
    };
    work(load.tasks, 100).await;
    let meter = Meter::start();
    work(load.tasks, load.ops_per_task()).await;
    meter.print("rustis", &load);
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [client, address, tasks, ops, rest @ ..] = &args[..] else {
        eprintln!(
            "usage: redmux-benches redmux|redis-rs|rustis HOST:PORT TASKS OPS [get|set|mixed] [VALUE_BYTES]"
        );
        std::process::exit(2);
    };
    let load = Load {
        address: address.clone(),
        tasks: tasks.parse().expect("TASKS is a number"),
        ops: ops.parse().expect("OPS is a number"),
        kind: rest.first().cloned().unwrap_or_else(|| "mixed".to_owned()),
        value: "x".repeat(
            rest.get(1).map_or(64, |bytes| bytes.parse().expect("VALUE_BYTES is a number")),
        ),
    };
    let tokio =
        || tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    match client.as_str() {
        "redmux" => async_std::task::block_on(redmux(load)),
        "redis-rs" => tokio().block_on(redis_rs(load)),
        "rustis" => tokio().block_on(rustis(load)),
        other => panic!("unknown client {other}"),
    }
}
