//! What one run does, as its command line says it.

use std::{error::Error, fmt, str::FromStr};

/// One workload of one client
#[derive(Debug, Clone)]
pub struct Load {
    pub client: String,
    pub workload: Workload,
    pub address: String,
    /// Where data is prepared, if `address` is not the server's own.
    pub server: String,
    /// Tasks that work at the same time.
    pub tasks: usize,
    /// Connections they share.
    pub connections: usize,
    /// Operations of all tasks together.
    pub ops: usize,
    /// Bytes of a value; keys of an MGET, elements of a list, commands of a pipeline.
    pub size: usize,
    /// Take the latency of each operation, in a stretch of its own.
    pub latencies: bool,
    /// The process whose CPU time is reported too.
    pub peer: Option<u32>,
    /// Of `outage`, which works on a key of each server, or on keys that move; of `pipeline`, instead of its own.
    pub keys: Vec<String>,
    /// How long `outage` goes on after the event, in milliseconds.
    pub after: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Workload {
    /// GET and SET in turn.
    Mixed,
    Get,
    Set,
    Pipeline,
    Mget,
    Lrange,
    Hgetall,
    Profile,
    /// 1,000 hashes that a search finds, as structs.
    Search,
    /// Messages of one channel.
    PubSub,
    /// As many commands in flight as there are tasks, while the server answers none.
    InFlight,
    /// SETs at a steady pace, while something happens to a server.
    Outage,
}

const WORKLOADS: [(&str, Workload); 12] = [
    ("mixed", Workload::Mixed),
    ("get", Workload::Get),
    ("set", Workload::Set),
    ("pipeline", Workload::Pipeline),
    ("mget", Workload::Mget),
    ("lrange", Workload::Lrange),
    ("hgetall", Workload::Hgetall),
    ("profile", Workload::Profile),
    ("search", Workload::Search),
    ("pubsub", Workload::PubSub),
    ("in-flight", Workload::InFlight),
    ("outage", Workload::Outage),
];

impl FromStr for Workload {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = WORKLOADS.iter().find(|(name, _)| *name == text);
        known.map(|(_, workload)| *workload).ok_or_else(|| format!("there is no workload `{text}`"))
    }
}

impl fmt::Display for Workload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = WORKLOADS.iter().find(|(_, workload)| workload == self);
        f.write_str(known.map_or("", |(name, _)| name))
    }
}

pub const USAGE: &str = "\
usage: run CLIENT WORKLOAD --address ADDRESS [--tasks N] [--connections N] [--ops N] [--size N]
           [--latencies] [--peer PID] [--server ADDRESS] [--keys KEY,KEY…] [--after MS]

CLIENT    redmux-async-std, redmux-smol, redmux-tokio, redmux-websocket, redis-rs, fred, rustis
WORKLOAD  mixed, get, set, pipeline, mget, lrange, hgetall, profile, search, pubsub, in-flight, outage
ADDRESS   host:port, or cluster:host:port of a node";

impl Load {
    /// Whether the address is that of a node of a cluster, which is used as a whole.
    pub fn is_for_cluster(&self) -> bool {
        self.address.starts_with("cluster:")
    }

    pub fn from_args() -> Result<Self, Box<dyn Error>> {
        let mut args = pico_args::Arguments::from_env();
        let address: String = args.value_from_str("--address")?;
        let load = Self {
            server: args.opt_value_from_str("--server")?.unwrap_or_else(|| address.clone()),
            address,
            tasks: args.opt_value_from_str("--tasks")?.unwrap_or(1),
            connections: args.opt_value_from_str("--connections")?.unwrap_or(1),
            ops: args.opt_value_from_str("--ops")?.unwrap_or(10_000),
            size: args.opt_value_from_str("--size")?.unwrap_or(64),
            latencies: args.contains("--latencies"),
            peer: args.opt_value_from_str("--peer")?,
            keys: list(args.opt_value_from_str("--keys")?),
            after: args.opt_value_from_str("--after")?.unwrap_or(5000),
            client: args.free_from_str()?,
            workload: args.free_from_str()?,
        };
        let rest = args.finish();
        if !rest.is_empty() {
            return Err(format!("unknown arguments {rest:?}").into());
        }
        if load.tasks == 0 || load.connections == 0 || load.ops < load.tasks {
            return Err("there must be a task, a connection and an operation for each task".into());
        }
        Ok(load)
    }
}

fn list(text: Option<String>) -> Vec<String> {
    text.map(|text| text.split(',').map(str::to_owned).collect()).unwrap_or_default()
}
