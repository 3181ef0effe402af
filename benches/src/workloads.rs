//! The workloads, each run the same way for every client.

use std::{
    hint::black_box,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use futures::future::join_all;
use hdrhistogram::Histogram;
use nix::{sys::signal::Signal, unistd::Pid};
use stats_alloc::Stats;

use crate::{
    clients::Client,
    load::{Load, Workload},
    meter::{Figures, Meter},
    outage,
    server::{self, key},
};

/// Runs the load; `heap` reads the counting allocator, where there is one.
pub fn run<C: Client>(load: &Load, heap: Option<fn() -> Stats>) -> Figures {
    if !load.is_for_cluster() && load.keys.is_empty() {
        server::prepare(load).expect("the server takes the data");
    }
    match load.workload {
        Workload::Outage => C::block_on(outage::run::<C>(load)),
        Workload::PubSub => C::block_on(pubsub::<C>(load, heap)),
        Workload::InFlight => C::block_on(in_flight::<C>(load, heap)),
        _ => C::block_on(calls::<C>(load, heap)),
    }
}

/// One operation of the workload.
async fn call<C: Client>(client: &C, load: &Load, data: &Data, key: &str, n: usize) {
    match load.workload {
        Workload::Mixed if n.is_multiple_of(2) => client.set(key, &data.value).await,
        Workload::Set => client.set(key, &data.value).await,
        Workload::Mixed | Workload::Get => {
            let value = client.get(key).await;
            assert_eq!(value.map(|value| value.len()), Some(load.size));
        }
        Workload::Pipeline => {
            let values = client.pipeline(&data.keys).await;
            assert!(
                values.len() == data.keys.len() && black_box(values).iter().all(Option::is_some)
            );
        }
        Workload::Mget => {
            let values = client.mget(&data.keys).await;
            assert!(values.len() == load.size && black_box(values).iter().all(Option::is_some));
        }
        Workload::Lrange => assert_eq!(black_box(client.lrange("list").await).len(), load.size),
        Workload::Hgetall => assert_eq!(black_box(client.hgetall("hash").await).len(), load.size),
        Workload::Profile => {
            assert_eq!(black_box(client.profile("profile").await).country, "GB");
        }
        Workload::Search => {
            let books = black_box(client.search(load.size).await);
            assert!(books.len() == load.size && books.iter().all(|book| book.year >= 1900));
        }
        Workload::PubSub | Workload::InFlight | Workload::Outage => {
            unreachable!("not made of calls")
        }
    }
}

struct Data {
    value: String,
    keys: Vec<String>,
}

async fn calls<C: Client>(load: &Load, heap: Option<fn() -> Stats>) -> Figures {
    let clients = join_all((0..load.connections).map(|_| C::connect(&load.address))).await;
    let keys = match load.workload {
        Workload::Pipeline if !load.keys.is_empty() => load.keys.clone(),
        Workload::Pipeline | Workload::Mget => (0..load.size).map(key).collect(),
        _ => Vec::new(),
    };
    let data = Arc::new(Data { value: "x".repeat(load.size), keys });
    let each = load.ops / load.tasks;
    if load.is_for_cluster() {
        // Not over a plain socket: only the client knows where each key goes.
        for key in &data.keys {
            clients[0].set(key, &"x".repeat(64)).await;
        }
    }

    let stretch = async |each: usize, latencies: Option<&Arc<Mutex<Histogram<u64>>>>| {
        let tasks: Vec<_> = (0..load.tasks)
            .map(|task| {
                let client = clients[task % clients.len()].clone();
                let (load, data, latencies) = (load.clone(), data.clone(), latencies.cloned());
                C::spawn(async move {
                    let key = key(task);
                    let Some(latencies) = latencies else {
                        for n in 0..each {
                            call(&client, &load, &data, &key, n).await;
                        }
                        return;
                    };
                    for n in 0..each {
                        let start = Instant::now();
                        call(&client, &load, &data, &key, n).await;
                        let nanos = start.elapsed().as_nanos() as u64;
                        // One thread: never waited for. One for each task would be hundreds
                        // of kilobytes to clear while others are timed.
                        latencies.lock().expect("no panic").saturating_record(nanos);
                    }
                })
            })
            .collect();
        join_all(tasks).await;
    };

    stretch((each / 20).clamp(1, 100), None).await;
    let before = heap.map(|heap| heap());
    let meter = Meter::start(load.peer);
    stretch(each, None).await;
    let mut figures = meter.stop(each * load.tasks);
    note_heap(&mut figures, before, heap, each * load.tasks);
    if load.latencies {
        let latencies = Arc::new(Mutex::new(histogram()));
        stretch((each / 4).max(1), Some(&latencies)).await;
        let latencies = latencies.lock().expect("no panic");
        let quantile = |q| Some(latencies.value_at_quantile(q) as f64 / 1e3);
        figures.p50_us = quantile(0.5);
        figures.p99_us = quantile(0.99);
        figures.p999_us = quantile(0.999);
    }
    figures
}

fn histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(100, 60_000_000_000, 3).expect("bounds")
}

fn note_heap(
    figures: &mut Figures,
    before: Option<Stats>,
    heap: Option<fn() -> Stats>,
    ops: usize,
) {
    if let (Some(before), Some(heap)) = (before, heap) {
        let change = heap() - before;
        figures.allocations = Some((change.allocations + change.reallocations) as f64 / ops as f64);
        figures.allocated_bytes = Some(change.bytes_allocated as f64 / ops as f64);
    }
}

async fn pubsub<C: Client>(load: &Load, heap: Option<fn() -> Stats>) -> Figures {
    let bursts = load.ops.div_ceil(server::BURST);
    let count = bursts * server::BURST;
    let mut started = None;
    let mut publisher = None;
    let result = Arc::new(Mutex::new(None));
    let (load, into) = (load.clone(), result.clone());
    // In a task, as all workloads: on async-std and smol the main thread is another one.
    C::spawn(async move {
        let bytes = C::receive(&load.address, "channel", count, || {
            started = Some((heap.map(|heap| heap()), Meter::start(load.peer)));
            let (server, size) = (load.server.clone(), load.size);
            publisher =
                Some(std::thread::spawn(move || server::publish(&server, "channel", count, size)));
        })
        .await;
        let (before, meter) = started.expect("it subscribed");
        let mut figures = meter.stop(count);
        note_heap(&mut figures, before, heap, count);
        let published = publisher.map(|thread| thread.join().expect("no panic"));
        published.expect("it subscribed").expect("the server publishes");
        assert_eq!(bytes, count * load.size, "every message came");
        *into.lock().expect("no panic") = Some(figures);
    })
    .await;
    let figures = result.lock().expect("no panic").take();
    figures.expect("the task ended")
}

async fn in_flight<C: Client>(load: &Load, heap: Option<fn() -> Stats>) -> Figures {
    let heap = heap.expect("in-flight needs the counting allocator");
    let peer = load.peer.expect("in-flight stops the server: --peer PID");
    let signal = |signal| {
        nix::sys::signal::kill(Pid::from_raw(peer as i32), signal).expect("our own process");
    };
    let client = C::connect(&load.address).await;
    assert!(client.get(&key(0)).await.is_some());
    let live = || {
        let stats = heap();
        stats.bytes_allocated as f64 - stats.bytes_deallocated as f64
    };
    let before = live();
    signal(Signal::SIGSTOP);
    let tasks: Vec<_> = (0..load.tasks)
        .map(|task| {
            let client = client.clone();
            C::spawn(async move { assert!(client.get(&key(task)).await.is_some()) })
        })
        .collect();
    let mut peak = 0.0_f64;
    let settle = Instant::now();
    while settle.elapsed() < Duration::from_millis(1500) {
        C::spawn(async { std::thread::sleep(Duration::from_millis(1)) }).await;
        peak = peak.max(live());
    }
    signal(Signal::SIGCONT);
    join_all(tasks).await;
    Figures { held_bytes: Some((peak - before) / load.tasks as f64), ..Figures::default() }
}
