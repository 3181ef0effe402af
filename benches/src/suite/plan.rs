//! Which workloads are run, and how long.

use serde::Serialize;

use super::{Extent, OURS, RIVALS};

/// One workload of the suite
#[derive(Debug, Clone, Serialize)]
pub struct Row {
    /// What the report calls it.
    pub name: String,
    /// Where the report puts it.
    pub section: &'static str,
    /// The program's argument for the workload.
    pub workload: &'static str,
    pub tasks: usize,
    pub connections: usize,
    pub size: usize,
    /// Operations of a timed run.
    pub ops: usize,
    pub rounds: usize,
    /// Operations of the two runs whose difference is counted.
    pub counted: Option<(usize, usize)>,
    /// Only allocations of these.
    pub heap_only: bool,
    /// Count system calls too.
    pub system_calls: bool,
    pub latencies: bool,
    pub clients: Vec<&'static str>,
    /// Instead of the suite's own server: a node of a cluster.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub address: Option<String>,
    /// Instead of the workload's own.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub keys: Vec<String>,
}

pub const SHARED: &str = "One connection, many tasks";
pub const PIPELINES: &str = "Explicit pipelines";
pub const LARGE: &str = "Large and structured replies";
pub const MEMORY: &str = "In flight";
pub const GROWTH: &str = "Growth";
pub const GATEWAYS: &str = "Gateways";

impl Row {
    pub fn new(section: &'static str, name: impl Into<String>, workload: &'static str) -> Self {
        Self {
            name: name.into(),
            section,
            workload,
            tasks: 1,
            connections: 1,
            size: 64,
            ops: 0,
            rounds: 3,
            counted: None,
            heap_only: false,
            system_calls: false,
            latencies: true,
            clients: OURS.into_iter().chain(RIVALS).collect(),
            address: None,
            keys: Vec::new(),
        }
    }

    pub fn tasks(mut self, tasks: usize) -> Self {
        self.tasks = tasks;
        self
    }

    pub fn size(mut self, size: usize) -> Self {
        self.size = size;
        self
    }

    pub fn ops(mut self, ops: usize) -> Self {
        self.ops = ops;
        self
    }

    /// Counts instructions and allocations too.
    pub fn counted(mut self, few: usize, many: usize) -> Self {
        self.counted = Some((few, many));
        self
    }
}

pub fn rows(extent: Extent) -> Vec<Row> {
    let full = extent == Extent::Full;
    let mut rows = Vec::new();

    let shared = |bytes: usize, tasks: usize| {
        let name = format!("GET+SET {}, {}", human(bytes), workers(tasks));
        let ops = match (tasks, bytes) {
            (1, _) => 15_000,
            (8, _) => 80_000,
            (_, 16_384) => 60_000.max(tasks * 20),
            _ => 300_000.max(tasks * 60),
        };
        Row::new(SHARED, name, "mixed").size(bytes).tasks(tasks).ops(ops)
    };
    if full {
        for bytes in [16, 64, 1024, 16_384] {
            for tasks in [1, 8, 64, 512, 4096] {
                let row = shared(bytes, tasks);
                rows.push(match (tasks, bytes) {
                    (64 | 512, 64) => Row {
                        system_calls: true,
                        ..row.counted(10_000.max(tasks * 20), 40_000.max(tasks * 60))
                    },
                    _ => row,
                });
            }
        }
    } else {
        // The repeatable figures first.
        rows.push(Row { system_calls: true, ..shared(64, 64).counted(10_000, 30_000) });
        rows.push(shared(64, 1));
        rows.push(shared(64, 512));
    }
    for workload in ["get", "set"] {
        let name = format!("{} 64 B, 64 tasks", workload.to_uppercase());
        let row = Row::new(SHARED, name, workload).tasks(64).ops(300_000);
        rows.push(Row { rounds: 0, heap_only: !full, ..row }.counted(10_000, 30_000));
    }

    let lengths: &[usize] = if full { &[10, 100, 1000] } else { &[100] };
    for &length in lengths {
        let name = format!("{length} GETs of 64 B, 4 tasks");
        let row = Row::new(PIPELINES, name, "pipeline").size(length).tasks(4);
        rows.push(row.ops(300_000 / length).counted(5000 / length, 15_000 / length));
    }

    let large = |name: &str, workload| Row::new(LARGE, name, workload);
    rows.push(large("GET 1 MiB", "get").size(1 << 20).ops(600).counted(30, 90));
    // Beyond what is read into blocks that are used again.
    rows.push(large("GET 16 MiB", "get").size(16 << 20).ops(60).counted(4, 10));
    if full {
        rows.push(large("GET 256 MiB", "get").size(256 << 20).ops(6));
    }
    rows.push(large("LRANGE of 10,000", "lrange").size(10_000).ops(300).counted(10, 30));
    rows.push(large("MGET of 1000", "mget").size(1000).ops(1500).counted(30, 90));
    rows.push(
        large("HGETALL of 100 to a map, 8 tasks", "hgetall")
            .size(100)
            .tasks(8)
            .ops(10_000)
            .counted(200, 600),
    );
    rows.push(
        large("HGETALL of 8 to a struct, 8 tasks", "profile")
            .tasks(8)
            .ops(60_000)
            .counted(2000, 6000),
    );
    rows.push(Row {
        latencies: false,
        ..large("Messages of one channel, 64 B", "pubsub").ops(300_000).counted(10_000, 40_000)
    });

    rows.push(Row {
        rounds: 0,
        ..Row::new(MEMORY, "100,000 GETs of 64 B", "in-flight").tasks(100_000).ops(100_000)
    });

    if full {
        for tasks in [16, 256, 1024, 16_384, 100_000] {
            let mut row = shared(64, tasks);
            row.section = GROWTH;
            row.ops = row.ops.max(tasks * 20);
            rows.push(row);
        }
        for connections in [1, 2, 4, 8, 16] {
            let name = format!("GET+SET 64 B, {connections} connections of 64 tasks");
            let row = Row::new(GROWTH, name, "mixed").tasks(64 * connections).ops(400_000);
            rows.push(Row { connections, ..row });
        }
        for row in &mut rows {
            row.rounds = match row.rounds {
                0 | 1 => row.rounds,
                _ if row.size == 64 || row.section == LARGE => 5,
                _ => 3,
            };
        }
    }
    if !full {
        // smol differs from async-std by its executor only.
        rows.iter_mut().for_each(|row| row.clients.retain(|client| *client != "redmux-smol"));
        for row in rows.iter_mut().filter(|row| row.section == LARGE) {
            row.rounds = 2;
            row.latencies = false;
            row.ops /= 2;
        }
    }
    rows
}

/// On a server that has the modules.
pub fn stack_rows() -> Vec<Row> {
    let row = Row::new(LARGE, "FT.SEARCH of 1000 to structs", "search").size(1000).ops(600);
    vec![Row { rounds: 5, latencies: false, ..row.counted(10, 30) }]
}

pub fn gateway_rows(extent: Extent) -> Vec<Row> {
    let tasks: &[usize] = if extent == Extent::Full { &[1, 64, 512] } else { &[64] };
    let row = |&tasks: &usize| {
        let name = format!("GET+SET 64 B through a gateway, {}", workers(tasks));
        let ops = if tasks == 1 { 5000 } else { 60_000 };
        let rounds = if extent == Extent::Full { 5 } else { 2 };
        Row {
            clients: vec!["direct", "tcp-relay", "redmux-gateway", "websockify"],
            rounds,
            ..Row::new(GATEWAYS, name, "mixed").tasks(tasks).ops(ops)
        }
    };
    tasks.iter().map(row).collect()
}

pub fn workers(tasks: usize) -> String {
    if tasks == 1 { "1 task".to_owned() } else { format!("{tasks} tasks") }
}

/// A size as people say it.
fn human(bytes: usize) -> String {
    if bytes >= 1024 { format!("{} KiB", bytes / 1024) } else { format!("{bytes} B") }
}
