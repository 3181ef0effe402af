//! Starts a primary with replicas, and sentinels that watch them, for one test.

use std::{
    io,
    path::PathBuf,
    thread,
    time::{Duration, Instant},
};

use crate::redis::RedisServer;

/// A loaded machine may take long until all know each other.
const READY_LIMIT: Duration = Duration::from_secs(60);

/// How many sentinels there are, and how many have to agree.
const SENTINELS: usize = 3;
const QUORUM: usize = 2;

/// A primary, its replicas and three sentinels, each a server of its own on the loopback interface
///
/// The sentinels notice after a second that the primary is down.
#[derive(Debug)]
pub struct RedisSentinels {
    // They end first, so that they do not begin a failover.
    sentinels: Vec<RedisServer>,
    servers: Vec<RedisServer>,
}

/// Options of [`RedisSentinels`].
#[derive(Clone, Debug)]
pub struct RedisSentinelsBuilder {
    replicas: usize,
    args: Vec<String>,
    lines: String,
    program: Option<PathBuf>,
    tls: Vec<[String; 2]>,
}

impl RedisSentinelsBuilder {
    /// Replicas of the primary. Default: 1.
    #[must_use]
    pub fn replicas(mut self, replicas: usize) -> Self {
        self.replicas = replicas;
        self
    }

    /// Adds arguments of the primary and the replicas.
    #[must_use]
    pub fn args<A: Into<String>>(mut self, args: impl IntoIterator<Item = A>) -> Self {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }

    /// Adds a line to the configuration of the sentinels, for example `requirepass secret`.
    #[must_use]
    pub fn sentinel_line(mut self, line: &str) -> Self {
        self.lines += line;
        self.lines.push('\n');
        self
    }

    /// Runs this program, as servers and as sentinels. Default: as [`RedisServer`].
    #[must_use]
    pub fn program(mut self, program: impl Into<PathBuf>) -> Self {
        self.program = Some(program.into());
        self
    }

    /// All speak TLS too, by these settings, and use it among themselves. Default: no.
    #[must_use]
    pub fn tls(mut self, settings: Vec<[String; 2]>) -> Self {
        self.tls = settings;
        if !self.tls.is_empty() {
            self.tls.push(["tls-replication".to_owned(), "yes".to_owned()]);
        }
        self
    }

    /// Starts the servers and waits until all sentinels know all of them and each other, 60 s at most.
    ///
    /// # Errors
    /// Those of [`RedisServer`]; when the sentinels do not agree in time.
    pub fn start(self) -> io::Result<RedisSentinels> {
        let builder = || match &self.program {
            Some(program) => RedisServer::builder().tls(self.tls.clone()).program(program),
            None => RedisServer::builder().tls(self.tls.clone()),
        };
        let server = || {
            // One that waits for a primary that was stopped waits 60 s by default.
            let quick = ["--repl-diskless-sync-delay", "0", "--repl-timeout", "5"];
            let quick = builder().args(quick).args(["--repl-ping-replica-period", "1"]);
            // One that is killed comes back empty.
            let quick = quick.args(["--rdb-del-sync-files", "yes"]);
            quick.args(&self.args)
        };
        let primary = server().start()?;
        let port = port(&primary).to_string();
        let mut servers = vec![primary];
        for _ in 0..self.replicas {
            // No argument: a server that is killed after it became the primary must not come back as a replica.
            let replica = server().start()?;
            replica.command(&["REPLICAOF", "127.0.0.1", &port]);
            servers.push(replica);
        }
        let name = RedisSentinels::NAME;
        let lines = format!(
            "sentinel monitor {name} 127.0.0.1 {port} {QUORUM}\n\
             sentinel down-after-milliseconds {name} 1000\n\
             sentinel failover-timeout {name} 2000\nsentinel parallel-syncs {name} 1\n{}",
            self.lines
        );
        let sentinels = (0..SENTINELS).map(|_| builder().sentinel(&lines).start());
        let sentinels = sentinels.collect::<io::Result<Vec<_>>>()?;
        let all = RedisSentinels { sentinels, servers };
        all.wait(self.replicas)?;
        Ok(all)
    }
}

/// The port by which the sentinels know this server.
fn port(server: &RedisServer) -> u16 {
    server.tls_port().unwrap_or_else(|| server.port())
}

impl RedisSentinels {
    /// The name by which the sentinels know the primary.
    pub const NAME: &'static str = "mymaster";

    /// Starts a primary with one replica, and sentinels.
    ///
    /// # Panics
    /// When they do not start, or do not agree.
    pub fn start() -> Self {
        Self::builder().start().unwrap_or_else(|e| panic!("{e}"))
    }

    /// Starts them with options.
    pub fn builder() -> RedisSentinelsBuilder {
        RedisSentinelsBuilder {
            replicas: 1,
            args: Vec::new(),
            lines: String::new(),
            program: None,
            tls: Vec::new(),
        }
    }

    /// The primary and its replicas; the first of them is the primary until there is a failover.
    pub fn servers(&self) -> &[RedisServer] {
        &self.servers
    }

    /// The sentinels.
    pub fn sentinels(&self) -> &[RedisServer] {
        &self.sentinels
    }

    /// The place of the primary among the [servers](Self::servers), by the word of this sentinel.
    pub fn primary(&self, sentinel: usize) -> Option<usize> {
        let words = ["SENTINEL", "GET-MASTER-ADDR-BY-NAME", Self::NAME];
        let answer = self.sentinels[sentinel].command(&words);
        let port = answer.lines().nth(1)?.trim().parse::<u16>().ok()?;
        self.servers.iter().position(|server| self::port(server) == port)
    }

    /// Begins a failover although the primary is well.
    ///
    /// # Panics
    /// When the sentinel refuses: twice the time of a failover, 4 s, have to pass since the last one.
    pub fn fail_over(&self, sentinel: usize) {
        self.try_fail_over(sentinel).unwrap_or_else(|answer| panic!("{answer}"));
    }

    /// Like [`fail_over`](Self::fail_over), with the sentinel's refusal as an error.
    ///
    /// # Errors
    /// The reply of the sentinel.
    pub fn try_fail_over(&self, sentinel: usize) -> Result<(), String> {
        let answer = self.sentinels[sentinel].command(&["SENTINEL", "FAILOVER", Self::NAME]);
        if answer.trim() == "OK" { Ok(()) } else { Err(answer) }
    }

    /// What the servers say of their replication and sentinels of the primary, and the ends of their logs: for the
    /// message of a failed test.
    pub fn report(&self) -> String {
        let of = |server: &RedisServer, words: &[&str]| {
            let says = server.try_command(words).unwrap_or_else(|e| e.to_string());
            format!("== {}\n{says}\n{}", server.addr(), server.log_tail(40))
        };
        let servers = self.servers.iter().map(|server| of(server, &["INFO", "replication"]));
        let master = ["SENTINEL", "MASTER", Self::NAME];
        let sentinels = self.sentinels.iter().map(|sentinel| of(sentinel, &master));
        servers.chain(sentinels).collect::<Vec<_>>().join("\n")
    }

    fn wait(&self, replicas: usize) -> io::Result<()> {
        let end = Instant::now() + READY_LIMIT;
        let known = [("num-slaves", replicas), ("num-other-sentinels", SENTINELS - 1)];
        for sentinel in &self.sentinels {
            loop {
                let master = sentinel.command(&["SENTINEL", "MASTER", Self::NAME]);
                let replicas = sentinel.command(&["SENTINEL", "REPLICAS", Self::NAME]);
                let count = |name: &str| {
                    let mut lines = master.lines().skip_while(|line| line.trim() != name);
                    lines.nth(1)?.trim().parse::<usize>().ok()
                };
                let down = replicas.contains("s_down") || replicas.contains("disconnected");
                let linked = !replicas.lines().any(|line| line.trim() == "err");
                let all_known = known.iter().all(|(name, number)| count(name) == Some(*number));
                if all_known && linked && !down {
                    break;
                }
                if Instant::now() > end {
                    let text = format!("the sentinels do not know all in time:\n{master}");
                    return Err(io::Error::new(io::ErrorKind::TimedOut, text));
                }
                thread::sleep(Duration::from_millis(20));
            }
        }
        Ok(())
    }
}
