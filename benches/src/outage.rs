//! Writes at a steady pace, while something happens to a server: how long writes stop, and who notices.
//!
//! Each key has a write begun for it every few milliseconds, whatever became of those before: a client that holds calls
//! back until it has found the new server is not measured by fewer calls. The process prints `ready` once every key was
//! written, waits for a line on its standard input, which says that it happens now, and prints its figures a while later.

use std::{
    io::{BufRead, Write},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use futures::future::join_all;

use crate::{
    clients::Client,
    load::Load,
    meter::{Figures, KeyFigures},
};

/// Between two writes of a key, in milliseconds.
const PACE: u64 = 2;

/// Until connections are there and caches are warm, in microseconds.
const WARM: u64 = 500_000;

/// A server that is stopped holds calls for as long as the client has patience: no more than this many of a key.
const MOST_OPEN: usize = 4000;

/// A write that succeeded: when it was begun and when it ended, in microseconds since the start
type Done = (u64, u64);

struct Key {
    name: String,
    done: Mutex<Vec<Done>>,
    failed: AtomicU64,
    open: AtomicU64,
}

pub async fn run<C: Client>(load: &Load) -> Figures {
    let client = C::connect(&load.address).await;
    let value = "x".repeat(load.size);
    for key in &load.keys {
        client.set(key, &value).await;
    }
    let start = Instant::now();
    let now = move || start.elapsed().as_micros() as u64;
    let keys: Vec<Arc<Key>> = load
        .keys
        .iter()
        .map(|name| {
            Arc::new(Key {
                name: name.clone(),
                done: Mutex::default(),
                failed: AtomicU64::new(0),
                open: AtomicU64::new(0),
            })
        })
        .collect();
    let pace = Duration::from_millis(PACE.max(keys.len() as u64 / 2));
    let over = Arc::new(AtomicBool::new(false));
    let writers = keys.iter().map(|key| {
        let (client, key, value, over) = (client.clone(), key.clone(), value.clone(), over.clone());
        C::spawn(async move {
            let mut due = Instant::now();
            while !over.load(Ordering::Relaxed) {
                if key.open.load(Ordering::Relaxed) < MOST_OPEN as u64 {
                    key.open.fetch_add(1, Ordering::Relaxed);
                    let (client, key, value) = (client.clone(), key.clone(), value.clone());
                    // Nobody waits for it: a pending write holds no other up.
                    drop(C::spawn(async move {
                        let begun = now();
                        if client.try_set(&key.name, &value).await {
                            key.done.lock().expect("no panic").push((begun, now()));
                        } else {
                            key.failed.fetch_add(1, Ordering::Relaxed);
                        }
                        key.open.fetch_sub(1, Ordering::Relaxed);
                    }));
                }
                due += pace;
                tokio::time::sleep_until(due.into()).await;
            }
        })
    });
    let writers: Vec<_> = writers.collect();
    println!("ready");
    std::io::stdout().flush().expect("somebody listens");
    let event = Arc::new(AtomicU64::new(0));
    let noted = event.clone();
    std::thread::spawn(move || {
        let mut line = String::new();
        std::io::stdin().lock().read_line(&mut line).expect("somebody says when");
        noted.store(now(), Ordering::SeqCst);
    });
    while event.load(Ordering::SeqCst) == 0 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let event = event.load(Ordering::SeqCst);
    tokio::time::sleep(Duration::from_millis(load.after)).await;
    let end = now();
    over.store(true, Ordering::Relaxed);
    join_all(writers).await;
    let figures = keys.iter().map(|key| judge(key, event, end));
    Figures { keys: figures.collect(), ..Figures::default() }
}

fn judge(key: &Key, event: u64, end: u64) -> KeyFigures {
    let mut done = key.done.lock().expect("no panic").clone();
    done.sort_unstable_by_key(|(_, ended)| *ended);
    // From the last success before to the first one behind, and so on to the end.
    let times = done.iter().map(|(_, ended)| *ended).filter(|ended| *ended >= event);
    let mut last =
        done.iter().map(|(_, ended)| *ended).rfind(|ended| *ended < event).unwrap_or(event);
    let mut gap = 0;
    for time in times.chain([end]) {
        gap = gap.max(time.saturating_sub(last));
        last = time.max(last);
    }
    // Of writes that were begun since: what was on its way proves nothing.
    let first = done.iter().filter(|(begun, _)| *begun > event).map(|(_, ended)| *ended).min();
    let quantile = |since: u64, until: u64| {
        let begun = done.iter().filter(|(begun, _)| (since..until).contains(begun));
        let mut times: Vec<u64> = begun.map(|(begun, ended)| ended - begun).collect();
        times.sort_unstable();
        let place = (times.len() * 99 / 100).min(times.len().saturating_sub(1));
        times.get(place).map(|time| *time as f64)
    };
    KeyFigures {
        key: key.name.clone(),
        written: done.len() as u64,
        failed: key.failed.load(Ordering::Relaxed),
        gap_ms: gap as f64 / 1e3,
        first_ms: first.map(|first| first.saturating_sub(event) as f64 / 1e3),
        p99_before_us: quantile(WARM, event),
        p99_after_us: quantile(event, end),
    }
}
