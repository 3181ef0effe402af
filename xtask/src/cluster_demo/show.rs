//! The parts of the demo together: servers, client, director and page.

use std::io::{self, BufRead, BufReader, Read};
use std::panic;
use std::process::ChildStdout;
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use redmux_test_support::{Daemon, DaemonCommand, PortLease, RedisCluster, RedisServer, TempDir};

use super::director::Director;
use super::feed::Feed;
use super::site;
use super::stage::{Order, Server, Stage};
use crate::exec::{self, Failure, Result};
use crate::{stack, tools};

const BUILD_LIMIT: Duration = Duration::from_secs(900);
/// The page hears of servers this often while the client says nothing.
const SILENCE: Duration = Duration::from_millis(500);
/// How long the director may need to end.
const END_LIMIT: Duration = Duration::from_secs(5);
/// Far more than a line of the client has.
const MAX_LINE: usize = 1 << 20;
const DIRECTOR: &str = "director";

/// The page, the cluster and the client; all of it ends when this is dropped.
pub(crate) struct Show {
    port: PortLease,
    stage: Arc<Stage>,
    feed: Arc<Feed>,
    orders: Option<Receiver<Order>>,
    director: Option<JoinHandle<()>>,
    client: Option<Client>,
    cluster: Arc<Mutex<Option<Arc<RedisCluster>>>>,
    /// What is served.
    _page: TempDir,
}

/// The program that makes the load and watches
struct Client {
    daemon: Daemon,
    _dir: TempDir,
}

impl Show {
    /// Compiles the client and serves the page on the first of these ports that is free.
    pub(crate) fn open(ports: &[Option<u16>], is_automatic: bool) -> Result<Self> {
        exec::say("compiling the client: examples/cluster");
        let mut cargo = exec::cargo();
        cargo.args(["build", "--locked", "--package", "redmux", "--example", "cluster"]);
        exec::output(&mut cargo, BUILD_LIMIT)?;
        let port = stack::lease_first(ports)?;
        let (stage, feed) = (Arc::new(Stage::default()), Arc::new(Feed::default()));
        stage.lock().is_automatic = is_automatic;
        let (sender, orders) = sync_channel(2);
        let page = TempDir::new()?;
        stack::stage_pages(page.path())?;
        site::start(&port, page.path().into(), feed.clone(), sender)?;
        let (director, client, cluster) = (None, None, Arc::default());
        let orders = Some(orders);
        let show = Self { port, stage, feed, orders, director, client, cluster, _page: page };
        show.feed.push(show.stage.line(None));
        Ok(show)
    }

    /// Starts the cluster, the client and the director.
    pub(crate) fn start(&mut self) -> Result<()> {
        exec::say("starting six servers");
        let cluster = RedisCluster::builder()
            .program(tools::redis()?)
            // While a shard has no primary, the others go on.
            .args(["--cluster-require-full-coverage", "no"])
            .start()?;
        exec::check_interrupted()?;
        let cluster = Arc::new(cluster);
        *lock(&self.cluster) = Some(cluster.clone());
        self.look_at(&cluster);
        self.stage.say("good", "six servers are a cluster".to_owned());

        let (client, output) = Client::start(&cluster)?;
        self.client = Some(client);
        let lines = read_lines(output);
        let (stage, feed, held) = (self.stage.clone(), self.feed.clone(), self.cluster.clone());
        thread::spawn(move || tell(&lines, &stage, &feed, &held));

        let director = Director::new(self.stage.clone());
        let orders = self.orders.take().ok_or("the demo was started twice")?;
        let cluster = Arc::downgrade(&cluster);
        silence_director();
        let thread = thread::Builder::new().name(DIRECTOR.to_owned());
        self.director = Some(thread.spawn(move || director.run(&cluster, &orders))?);
        Ok(())
    }

    fn look_at(&self, cluster: &RedisCluster) {
        self.stage.lock().servers = servers(cluster);
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}/cluster/", self.port.addr())
    }

    pub(crate) fn endpoints(&self) -> String {
        let stage = self.stage.lock();
        let endpoints: Vec<&str> = stage.servers.iter().map(|one| &*one.endpoint).collect();
        endpoints.join(" ")
    }

    /// Waits for Ctrl-C.
    ///
    /// # Errors
    /// The client ends by itself.
    pub(crate) fn wait_for_interrupt(&mut self) -> Result<()> {
        loop {
            match exec::check_interrupted() {
                Ok(()) => {}
                // Ctrl-C is the ordinary end, and no failure.
                Err(Failure::Interrupted) => return Ok(()),
                Err(other) => return Err(other),
            }
            self.check_client()?;
            thread::sleep(Duration::from_millis(100));
        }
    }

    /// Fails if the client has ended.
    pub(crate) fn check_client(&mut self) -> Result<()> {
        let Some(client) = &mut self.client else { return Ok(()) };
        match client.daemon.exit_status()? {
            None => Ok(()),
            Some(status) => {
                let log = client.daemon.log_tail(20);
                Err(format!("the client ended ({status}); its errors:\n{log}").into())
            }
        }
    }

    /// The ids of the processes that were started.
    pub(crate) fn processes(&self) -> Vec<u32> {
        let cluster = lock(&self.cluster).clone();
        let servers = cluster.iter().flat_map(|cluster| cluster.nodes()).filter_map(|one| one.id());
        servers.chain(self.client.as_ref().map(|client| client.daemon.id())).collect()
    }
}

impl Drop for Show {
    fn drop(&mut self) {
        self.stage.lock().is_over = true;
        self.client = None;
        lock(&self.cluster).take();
        // It may hold the cluster while it does something.
        let end = Instant::now() + END_LIMIT;
        let Some(director) = self.director.take() else { return };
        while !director.is_finished() && Instant::now() < end {
            thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Client {
    fn start(cluster: &RedisCluster) -> Result<(Self, ChildStdout)> {
        let dir = TempDir::new()?;
        let program = crate::target_dir().join("debug/examples/cluster");
        let endpoints: Vec<String> =
            cluster.nodes().iter().map(|node| node.addr().to_string()).collect();
        let command = DaemonCommand::new(program, dir.path().join("client.log"));
        let (daemon, output) = command.arg(endpoints.join(",")).spawn_piped()?;
        Ok((Self { daemon, _dir: dir }, output))
    }
}

/// The director catches its own panics and says on the page what has happened.
fn silence_director() {
    let usual = panic::take_hook();
    panic::set_hook(Box::new(move |info| {
        if thread::current().name() != Some(DIRECTOR) {
            usual(info);
        }
    }));
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn servers(cluster: &RedisCluster) -> Vec<Server> {
    let server = |node: &RedisServer| Server {
        endpoint: node.addr().to_string(),
        is_running: node.is_running(),
    };
    cluster.nodes().iter().map(server).collect()
}

/// The lines of the client, as they come.
fn read_lines(output: ChildStdout) -> Receiver<String> {
    let (sender, lines) = sync_channel(4);
    thread::spawn(move || {
        let mut output = BufReader::new(output);
        while let Ok(Some(line)) = read_line(&mut output) {
            if sender.send(line).is_err() {
                break;
            }
        }
    });
    lines
}

fn read_line(output: &mut impl BufRead) -> io::Result<Option<String>> {
    let mut line = String::new();
    output.take(MAX_LINE as u64).read_line(&mut line)?;
    Ok(line.strip_suffix('\n').map(str::to_owned))
}

/// Puts together what the client sees and what the task knows, until the cluster is gone.
fn tell(
    lines: &Receiver<String>,
    stage: &Stage,
    feed: &Feed,
    cluster: &Mutex<Option<Arc<RedisCluster>>>,
) {
    loop {
        let line = match lines.recv_timeout(SILENCE) {
            Ok(line) => Some(line),
            Err(RecvTimeoutError::Timeout) => None,
            Err(RecvTimeoutError::Disconnected) => return,
        };
        {
            // Not for longer, so that the cluster ends with the demo.
            let cluster = lock(cluster);
            let Some(cluster) = &*cluster else { return };
            stage.lock().servers = servers(cluster);
        }
        feed.push(stage.line(line.as_deref()));
    }
}
