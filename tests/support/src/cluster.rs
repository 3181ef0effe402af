//! Starts a Redis or Valkey cluster for one test.

use std::{
    io,
    path::PathBuf,
    sync::{Mutex, MutexGuard, PoisonError},
    thread,
    time::{Duration, Instant},
};

use crate::{
    port::{PortLease, lease_port},
    redis::RedisServer,
};

/// How many slots a cluster has.
const SLOTS: u32 = 16_384;

/// A replica of Redis 7.0 that gets the order to take over again before it forgets the votes of its last election, which it does
/// after 4 s, takes over without an election, loses at once, and what it acknowledged meanwhile is gone.
const VOTES: Duration = Duration::from_millis(4500);

/// A loaded machine may take long until all nodes know each other.
const READY_LIMIT: Duration = Duration::from_secs(60);

/// Primaries and their replicas, each a server of its own on the loopback interface.
///
/// The first nodes are the primaries, in the order of their slots; the replicas follow, those of the first primary
/// first. Failovers and migrations change that: ask [`owner`](Self::owner).
#[derive(Debug)]
pub struct RedisCluster {
    nodes: Vec<RedisServer>,
    ids: Vec<String>,
    /// Held while slots get another owner: nodes that claim new slots at the same time may undo each other's claims.
    moving: Mutex<()>,
    /// When each node was last elected.
    elected: Mutex<Vec<Option<Instant>>>,
    // Held until the servers have ended.
    _buses: Vec<PortLease>,
}

/// Options of a [`RedisCluster`].
#[derive(Clone, Debug)]
pub struct RedisClusterBuilder {
    primaries: usize,
    replicas: usize,
    args: Vec<String>,
    program: Option<PathBuf>,
    tls: Vec<[String; 2]>,
}

impl RedisClusterBuilder {
    /// Replicas of each primary. Default: 1.
    #[must_use]
    pub fn replicas(mut self, replicas: usize) -> Self {
        self.replicas = replicas;
        self
    }

    /// Primaries. Default: 3.
    #[must_use]
    pub fn primaries(mut self, primaries: usize) -> Self {
        self.primaries = primaries;
        self
    }

    /// Adds server arguments for all nodes.
    #[must_use]
    pub fn args<A: Into<String>>(mut self, args: impl IntoIterator<Item = A>) -> Self {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }

    /// Runs this program. Default: as [`RedisServer`].
    #[must_use]
    pub fn program(mut self, program: impl Into<PathBuf>) -> Self {
        self.program = Some(program.into());
        self
    }

    /// The nodes speak TLS too, by these settings, and use it among themselves. Default: no.
    #[must_use]
    pub fn tls(mut self, settings: Vec<[String; 2]>) -> Self {
        self.tls = settings;
        self
    }

    /// Starts the servers and waits until each of them knows all slots and replicas, 60 s at most.
    ///
    /// # Errors
    /// Those of [`RedisServer`]; when the nodes do not agree in time.
    pub fn start(self) -> io::Result<RedisCluster> {
        let count = self.primaries * (1 + self.replicas);
        let (mut nodes, mut buses) = (Vec::new(), Vec::new());
        for _ in 0..count {
            let bus = lease_port(None)?;
            let mut builder = RedisServer::builder()
                .args(["--cluster-enabled", "yes", "--cluster-config-file", "nodes.conf"])
                .args(["--cluster-node-timeout", "1000", "--repl-diskless-sync-delay", "0"])
                // Replicas are named once something was replicated, if only a PING, which comes every 10 s by
                // default; and one that waits for a primary that was stopped waits 60 s.
                .args(["--repl-ping-replica-period", "1", "--repl-timeout", "5"])
                // A node that is killed comes back empty, not with what it once got from its primary: keys of slots
                // that have left it since would make it import them again.
                .args(["--rdb-del-sync-files", "yes"])
                .args(["--cluster-port", &bus.port().to_string()])
                .args(&self.args);
            if let Some(program) = &self.program {
                builder = builder.program(program);
            }
            if !self.tls.is_empty() {
                builder = builder.tls(self.tls.clone());
                builder = builder.args(["--tls-cluster", "yes", "--tls-replication", "yes"]);
            }
            nodes.push(builder.start()?);
            buses.push(bus);
        }
        let ids = nodes.iter().map(|node| node.command(&["CLUSTER", "MYID"]).trim().to_owned());
        let (ids, moving) = (ids.collect(), Mutex::new(()));
        let elected = Mutex::new(vec![None; count]);
        let cluster = RedisCluster { ids, nodes, moving, elected, _buses: buses };
        cluster.join(self.primaries)?;
        Ok(cluster)
    }
}

impl RedisCluster {
    /// Starts three primaries with a replica each.
    ///
    /// # Panics
    /// When they do not start, or do not agree.
    pub fn start() -> Self {
        Self::builder().start().unwrap_or_else(|e| panic!("{e}"))
    }

    /// Starts one with options.
    pub fn builder() -> RedisClusterBuilder {
        RedisClusterBuilder {
            primaries: 3,
            replicas: 1,
            args: Vec::new(),
            program: None,
            tls: Vec::new(),
        }
    }

    /// All nodes, primaries first.
    pub fn nodes(&self) -> &[RedisServer] {
        &self.nodes
    }

    /// The port by which the nodes know the one at this place.
    fn port(&self, node: usize) -> u16 {
        let node = &self.nodes[node];
        node.tls_port().unwrap_or_else(|| node.port())
    }

    /// The slot of a key.
    pub fn slot(&self, key: &str) -> u32 {
        let answer = self.nodes[0].command(&["CLUSTER", "KEYSLOT", key]);
        answer.trim().parse().unwrap_or_else(|_| panic!("the slot of {key}: {answer}"))
    }

    /// The node id of the node at this place of [`nodes`](Self::nodes).
    pub fn id(&self, node: usize) -> &str {
        &self.ids[node]
    }

    /// The place of the primary that has this slot, by the word of the node `asked`; `None` if nobody has it.
    pub fn owner(&self, slot: u32, asked: usize) -> Option<usize> {
        let text = self.nodes[asked].command(&["CLUSTER", "NODES"]);
        let line = text.lines().find(|line| {
            let ranges = line.split(' ').skip(8);
            ranges.filter_map(range).any(|(first, last)| (first..=last).contains(&slot))
        })?;
        let id = line.split(' ').next()?;
        self.ids.iter().position(|known| known == id)
    }

    /// Moves a slot with its keys from one primary to another, and tells all nodes.
    ///
    /// # Panics
    /// When a node refuses.
    pub fn move_slot(&self, slot: u32, from: usize, to: usize) {
        self.begin_move(slot, from, to);
        loop {
            let keys =
                self.nodes[from].command(&["CLUSTER", "GETKEYSINSLOT", &slot.to_string(), "100"]);
            let keys: Vec<&str> = keys.lines().filter(|key| !key.is_empty()).collect();
            if keys.is_empty() {
                break;
            }
            self.migrate(&keys, from, to);
        }
        self.end_move(slot, to);
    }

    /// Makes a slot migrate: each key is asked for at `from`, and then at `to`.
    ///
    /// # Panics
    /// When a node refuses.
    pub fn begin_move(&self, slot: u32, from: usize, to: usize) {
        self.set_slot(to, slot, &["IMPORTING", &self.ids[from]]);
        self.set_slot(from, slot, &["MIGRATING", &self.ids[to]]);
    }

    /// Has `from` hand over a slot with all its keys as a whole (Valkey 9); that goes on when this returns.
    ///
    /// # Panics
    /// When the node refuses.
    pub fn begin_move_at_once(&self, slot: u32, from: usize, to: usize) {
        let slot = slot.to_string();
        let words = ["CLUSTER", "MIGRATESLOTS", "SLOTSRANGE", &slot, &slot, "NODE", &self.ids[to]];
        let answer = self.nodes[from].command(&words);
        assert_eq!(answer.trim(), "OK", "CLUSTER MIGRATESLOTS of {slot}");
    }

    /// Moves keys of a migrating slot.
    ///
    /// # Panics
    /// When the node refuses.
    pub fn migrate(&self, keys: &[&str], from: usize, to: usize) {
        let port = self.port(to).to_string();
        let words = ["MIGRATE", "127.0.0.1", &port, "", "0", "5000", "KEYS"];
        let words: Vec<&str> = words.into_iter().chain(keys.iter().copied()).collect();
        let end = Instant::now() + READY_LIMIT;
        let mut answer = self.nodes[from].command(&words);
        // A node that has just become a primary may wait until it serves anybody.
        while answer.contains("CLUSTERDOWN") && Instant::now() < end {
            thread::sleep(Duration::from_millis(20));
            answer = self.nodes[from].command(&words);
        }
        assert!(matches!(answer.trim(), "OK" | "NOKEY"), "{answer}\n{}", self.report());
    }

    /// Ends a migration: the slot is at `to`.
    ///
    /// # Panics
    /// When a primary refuses.
    pub fn end_move(&self, slot: u32, to: usize) {
        let _moving = self.moving.lock().unwrap_or_else(PoisonError::into_inner);
        self.set_slot(to, slot, &["NODE", &self.ids[to]]);
        for node in (0..self.nodes.len()).filter(|node| *node != to) {
            if self.nodes[node].command(&["ROLE"]).starts_with("master") {
                self.set_slot(node, slot, &["NODE", &self.ids[to]]);
            }
        }
    }

    /// The node has just become a primary by itself.
    pub fn note_elected(&self, node: usize) {
        self.elected()[node] = Some(Instant::now());
    }

    fn elected(&self) -> MutexGuard<'_, Vec<Option<Instant>>> {
        self.elected.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has a replica take the place of its primary, and waits until it says that it has.
    ///
    /// If the replica was elected less than 4.5 s ago, this waits until then.
    ///
    /// # Panics
    /// When it does not within a minute.
    pub fn fail_over(&self, replica: usize) {
        let last = self.elected()[replica];
        thread::sleep(last.map_or(Duration::ZERO, |last| VOTES.saturating_sub(last.elapsed())));
        let node = &self.nodes[replica];
        let end = Instant::now() + READY_LIMIT;
        while !node.command(&["ROLE"]).starts_with("master") {
            // A server gives up after 5 s, and refuses while it is not in sync.
            node.command(&["CLUSTER", "FAILOVER"]);
            let again = Instant::now() + Duration::from_secs(6);
            while Instant::now() < again && !node.command(&["ROLE"]).starts_with("master") {
                assert!(Instant::now() < end, "node {replica} does not take over in time");
                thread::sleep(Duration::from_millis(10));
            }
        }
        self.note_elected(replica);
    }

    /// What each node says of the cluster, and the end of its log: for the message of a failed test.
    pub fn report(&self) -> String {
        let of = |(place, node): (usize, &RedisServer)| {
            let nodes = node.try_command(&["CLUSTER", "NODES"]).unwrap_or_else(|e| e.to_string());
            format!("== node {place}, {}\n{nodes}\n{}", node.addr(), node.log_tail(40))
        };
        self.nodes.iter().enumerate().map(of).collect::<Vec<_>>().join("\n")
    }

    fn set_slot(&self, node: usize, slot: u32, what: &[&str]) {
        let slot = slot.to_string();
        let words = ["CLUSTER", "SETSLOT", &slot];
        let words: Vec<&str> = words.into_iter().chain(what.iter().copied()).collect();
        let answer = self.nodes[node].command(&words);
        let report =
            || format!("CLUSTER SETSLOT {slot} {what:?} at node {node}\n{}", self.report());
        assert_eq!(answer.trim(), "OK", "{}", report());
    }

    fn join(&self, primaries: usize) -> io::Result<()> {
        let share = |place: usize| place as u32 * SLOTS / primaries as u32;
        for (place, node) in self.nodes.iter().enumerate() {
            node.command(&["CLUSTER", "SET-CONFIG-EPOCH", &(place + 1).to_string()]);
            if place < primaries {
                let (first, last) = (share(place), share(place + 1) - 1);
                node.command(&["CLUSTER", "ADDSLOTSRANGE", &first.to_string(), &last.to_string()]);
            }
        }
        for (place, bus) in self._buses.iter().enumerate().skip(1) {
            let (port, bus) = (self.port(place).to_string(), bus.port().to_string());
            self.nodes[0].command(&["CLUSTER", "MEET", "127.0.0.1", &port, &bus]);
        }
        self.until("know each other", |text| text.lines().count() == self.nodes.len())?;
        let replicas = (self.nodes.len() - primaries) / primaries;
        for (place, node) in self.nodes.iter().enumerate().skip(primaries) {
            let primary = &self.ids[(place - primaries) / replicas];
            node.command(&["CLUSTER", "REPLICATE", primary]);
        }
        self.until("know all slots and replicas", |text| {
            let slaves = text.lines().filter(|line| line.contains("slave ")).count();
            let slots = text.lines().flat_map(|line| line.split(' ').skip(8)).filter_map(range);
            let slots: u32 = slots.map(|(first, last)| last - first + 1).sum();
            slaves == self.nodes.len() - primaries && slots == SLOTS
        })?;
        self.until_each("is ready", &["CLUSTER", "INFO"], |text| {
            text.contains("cluster_state:ok")
        })?;
        self.until_each("has its primary", &["INFO", "replication"], |text| {
            text.contains("role:master") || text.contains("master_link_status:up")
        })?;
        // A replica is named only once it has told its offset.
        self.until_each("name all nodes", &["CLUSTER", "SLOTS"], |text| {
            self.ids.iter().all(|id| text.contains(id))
        })
    }

    fn until(&self, what: &str, done: impl Fn(&str) -> bool) -> io::Result<()> {
        self.until_each(what, &["CLUSTER", "NODES"], done)
    }

    /// Waits until `done` says so of the answer of each node.
    fn until_each(
        &self,
        what: &str,
        words: &[&str],
        done: impl Fn(&str) -> bool,
    ) -> io::Result<()> {
        let end = Instant::now() + READY_LIMIT;
        for node in &self.nodes {
            loop {
                let answer = node.command(words);
                if done(&answer) {
                    break;
                }
                if Instant::now() > end {
                    let text = format!("the nodes of a cluster do not {what} in time:\n{answer}");
                    return Err(io::Error::new(io::ErrorKind::TimedOut, text));
                }
                thread::sleep(Duration::from_millis(20));
            }
        }
        Ok(())
    }
}

/// The slots of a word of `CLUSTER NODES`; `None` for slots that migrate.
fn range(word: &str) -> Option<(u32, u32)> {
    let (first, last) = word.split_once('-').unwrap_or((word, word));
    Some((first.parse().ok()?, last.trim().parse().ok()?))
}
