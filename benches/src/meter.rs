//! What a measured stretch cost this process, and the processes it talks to.

use std::{fs, time::Instant};

use nix::sys::resource::{UsageWho, getrusage};
use serde::{Deserialize, Serialize};

/// The figures of one run
///
/// A figure that was not taken is absent.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct Figures {
    /// Operations per second of wall time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ops_s: Option<f64>,
    /// User CPU time of this process per operation, in microseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user_us: Option<f64>,
    /// System CPU time of this process per operation, in microseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub system_us: Option<f64>,
    /// Both.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cpu_us: Option<f64>,
    /// Latencies in microseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p50_us: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p99_us: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub p999_us: Option<f64>,
    /// Allocations (and reallocations) per operation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allocations: Option<f64>,
    /// Bytes allocated per operation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub allocated_bytes: Option<f64>,
    /// Heap held by one command in flight, its task included, in bytes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub held_bytes: Option<f64>,
    /// Instructions of user code per operation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub instructions: Option<f64>,
    /// System calls that read or write, per operation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub io_calls: Option<f64>,
    /// All system calls per operation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub system_calls: Option<f64>,
    /// Share of one core that the peer (server or gateway) used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub peer_busy: Option<f64>,
    /// CPU time of the peer per operation, in microseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub peer_us: Option<f64>,
    /// What became of the writes of each key.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keys: Vec<KeyFigures>,
}

/// The writes of one key, while something happened to a server
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct KeyFigures {
    pub key: String,
    pub written: u64,
    pub failed: u64,
    /// The longest time without a success, from the event on.
    pub gap_ms: f64,
    /// From the event to the first success of a write that was begun after it.
    pub first_ms: Option<f64>,
    pub p99_before_us: Option<f64>,
    pub p99_after_us: Option<f64>,
}

/// Running since [`start`](Self::start)
pub struct Meter {
    start: Instant,
    user: f64,
    system: f64,
    peer: Option<(u32, f64)>,
}

impl Meter {
    /// Starts; `peer` is a process whose CPU time is reported too.
    pub fn start(peer: Option<u32>) -> Self {
        let peer = peer.map(|id| (id, process_cpu(id)));
        let (user, system) = own_cpu();
        Self { start: Instant::now(), user, system, peer }
    }

    pub fn stop(self, ops: usize) -> Figures {
        let wall = self.start.elapsed().as_secs_f64() * 1e6;
        let (user, system) = own_cpu();
        let ops = ops as f64;
        let peer = self.peer.map(|(id, before)| process_cpu(id) - before);
        Figures {
            ops_s: Some(ops / wall * 1e6),
            user_us: Some((user - self.user) / ops),
            system_us: Some((system - self.system) / ops),
            cpu_us: Some((user - self.user + system - self.system) / ops),
            peer_busy: peer.map(|cpu| cpu / wall),
            peer_us: peer.map(|cpu| cpu / ops),
            ..Figures::default()
        }
    }
}

/// User and system time of this process, in microseconds.
fn own_cpu() -> (f64, f64) {
    let usage = getrusage(UsageWho::RUSAGE_SELF).expect("the kernel knows its own process");
    let micros = |t: nix::sys::time::TimeVal| t.tv_sec() as f64 * 1e6 + t.tv_usec() as f64;
    (micros(usage.user_time()), micros(usage.system_time()))
}

/// CPU time of a process and of its children, in microseconds: a gateway may fork.
fn process_cpu(id: u32) -> f64 {
    let mut sum = 0.0;
    let mut processes = vec![id];
    while let Some(id) = processes.pop() {
        let tasks = fs::read_dir(format!("/proc/{id}/task")).into_iter().flatten().flatten();
        for task in tasks {
            // First field: nanoseconds on a CPU.
            let times = fs::read_to_string(task.path().join("schedstat")).unwrap_or_default();
            let nanos: f64 = times.split(' ').next().and_then(|n| n.parse().ok()).unwrap_or(0.0);
            sum += nanos / 1e3;
            let children = fs::read_to_string(task.path().join("children")).unwrap_or_default();
            processes.extend(children.split_whitespace().filter_map(|id| id.parse::<u32>().ok()));
        }
    }
    sum
}
