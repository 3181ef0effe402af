//! Servers that keep a state for each connection, and a client of them.

use std::{
    collections::HashSet,
    io,
    sync::{Arc, Mutex},
    time::Duration,
};

use futures::{
    AsyncReadExt, AsyncWriteExt,
    channel::mpsc,
    future::{Either, select},
    stream::StreamExt,
};
use redmux::{
    ConnectionMultiplexer, Options,
    resp::{Frame, Framer, Limits, Scan},
    transport::{DialError, DialStage, Environment, Runtime},
};
use redmux_memory::{DialAnswer, Duplex, MemoryTransport, SimRuntime};

pub(crate) const SECOND: Duration = Duration::from_secs(1);

/// A client and its servers
pub(crate) struct Fleet {
    pub(crate) runtime: SimRuntime,
    pub(crate) muxer: ConnectionMultiplexer,
    world: Arc<Mutex<World>>,
}

#[derive(Default)]
struct World {
    /// Servers that refuse new connections.
    away: HashSet<String>,
    /// When there were dials.
    dials: Vec<Duration>,
    connections: Vec<Connection>,
    /// The shared connection: what is accepted while there is none.
    main: Option<usize>,
    /// What came, by connection, in order.
    seen: Vec<(usize, String)>,
    /// Ends each new connection as soon as it is asked for more than its handshake.
    deadly: bool,
    /// Answers each handshake with this error.
    refusal: Option<&'static str>,
}

/// What a server keeps for a connection
struct Connection {
    server: String,
    events: mpsc::UnboundedSender<Event>,
    user: String,
    database: String,
    name: String,
    flags: Vec<String>,
    multi: Option<usize>,
    watches: bool,
    open: bool,
}

enum Event {
    Kill,
    /// Somebody pushed.
    Value,
}

/// What a connection looks like that nobody has changed
pub(crate) fn fresh(server: &str) -> String {
    format!("{server} user=default db=0 name= flags= multi=false watch=false")
}

impl Fleet {
    /// One server, `one:1`; more are to be found under the options' other endpoints.
    pub(crate) fn new(options: Options) -> Self {
        let runtime = SimRuntime::new();
        let (transport, listener) = MemoryTransport::new();
        let world = Arc::new(Mutex::new(World::default()));
        let (of, clock) = (world.clone(), runtime.clone());
        listener.decide(move |endpoint| {
            let mut world = of.lock().unwrap();
            world.dials.push(clock.elapsed());
            if world.away.contains(&endpoint.to_string()) {
                let refused = io::Error::from(io::ErrorKind::ConnectionRefused);
                return DialAnswer::Refuse(DialError::new(DialStage::Dial, refused));
            }
            DialAnswer::Accept
        });
        let (of, spawner) = (world.clone(), runtime.clone());
        runtime.spawn(Box::pin(async move {
            loop {
                let (stream, endpoint) = listener.accept().await;
                let (events, incoming) = mpsc::unbounded();
                let id = {
                    let mut world = of.lock().unwrap();
                    world.connections.push(Connection::new(endpoint.to_string(), events));
                    let id = world.connections.len() - 1;
                    world.main.get_or_insert(id);
                    id
                };
                spawner.spawn(Box::pin(serve(stream, id, incoming, of.clone())));
            }
        }));
        let environment = Environment::new(transport, runtime.clone());
        let connect = ConnectionMultiplexer::connect_with(options, environment);
        let muxer = runtime.block_on(connect).unwrap();
        Self { runtime, muxer, world }
    }

    fn world(&self) -> std::sync::MutexGuard<'_, World> {
        self.world.lock().unwrap()
    }

    /// The server refuses new connections; those that are open stay.
    pub(crate) fn refuse(&self, server: &str) {
        self.world().away.insert(server.to_owned());
    }

    /// The server takes connections again.
    pub(crate) fn accept(&self, server: &str) {
        self.world().away.remove(server);
    }

    /// The server is gone, and its connections with it.
    pub(crate) fn stop(&self, server: &str) {
        self.refuse(server);
        self.kill(|connection| connection.server == server);
    }

    /// The shared connection is gone.
    pub(crate) fn kill_main(&self) {
        self.kill_if_main(true);
    }

    /// All but the shared connection are gone.
    pub(crate) fn kill_leases(&self) {
        self.kill_if_main(false);
    }

    fn kill_if_main(&self, is_main: bool) {
        let main = self.world().main;
        let mut place = 0;
        self.kill(|_| {
            place += 1;
            (Some(place - 1) == main) == is_main
        });
    }

    fn kill(&self, mut which: impl FnMut(&Connection) -> bool) {
        for connection in &self.world().connections {
            if which(connection) {
                drop(connection.events.unbounded_send(Event::Kill));
            }
        }
        self.runtime.run_until_stalled();
    }

    /// Every blocked connection of this server gets a value.
    pub(crate) fn push(&self, server: &str) {
        self.push_quietly(server);
        self.runtime.run_until_stalled();
    }

    /// The same from within the runtime.
    pub(crate) fn push_quietly(&self, server: &str) {
        for connection in self.world().connections.iter().filter(|one| one.server == server) {
            drop(connection.events.unbounded_send(Event::Value));
        }
    }

    /// New connections live until they are asked for something.
    pub(crate) fn be_deadly(&self) {
        self.world().deadly = true;
    }

    /// What every handshake is answered with.
    pub(crate) fn refuse_handshakes(&self, error: Option<&'static str>) {
        self.world().refusal = error;
    }

    /// How many dials there were.
    pub(crate) fn dials(&self) -> usize {
        self.world().dials.len()
    }

    /// How many connections are open to this server.
    pub(crate) fn open(&self, server: &str) -> usize {
        self.runtime.run_until_stalled();
        self.world().connections.iter().filter(|one| one.open && one.server == server).count()
    }

    /// Commands that came on all connections but the shared one, handshakes left out.
    pub(crate) fn seen_on_leases(&self) -> Vec<String> {
        let world = self.world();
        let seen = world.seen.iter().filter(|(id, _)| world.main != Some(*id));
        seen.map(|(_, line)| line.clone()).collect()
    }

    pub(crate) fn run<T>(&self, future: impl Future<Output = T>) -> T {
        self.runtime.block_on(future)
    }

    pub(crate) fn sleep(&self, time: Duration) {
        self.runtime.block_on(self.runtime.sleep(time));
    }

    /// Idle and leased connections.
    pub(crate) fn leases(&self) -> (usize, usize) {
        self.runtime.run_until_stalled();
        let leases = self.muxer.status().leases;
        (leases.idle, leases.leased)
    }

    /// What the next borrower gets.
    pub(crate) fn next_lease(&self) -> String {
        self.run(async {
            let lease = self.muxer.lease().await.unwrap();
            lease.execute::<String>("CLIENT", ["INFO"]).await.unwrap()
        })
    }
}

impl Connection {
    fn new(server: String, events: mpsc::UnboundedSender<Event>) -> Self {
        Self {
            server,
            events,
            user: "default".to_owned(),
            database: "0".to_owned(),
            name: String::new(),
            flags: Vec::new(),
            multi: None,
            watches: false,
            open: true,
        }
    }

    /// What the server does with a command; `None`: it waits.
    fn answer(&mut self, words: &[&str]) -> Option<String> {
        let name = words[0].to_ascii_uppercase();
        if let Some(queued) = &mut self.multi
            && !matches!(&*name, "EXEC" | "DISCARD")
        {
            *queued += 1;
            return Some("+QUEUED\r\n".to_owned());
        }
        let ok = || Some("+OK\r\n".to_owned());
        match (&*name, words.get(1).map(|word| word.to_ascii_uppercase()).as_deref()) {
            ("HELLO", _) => return Some("%1\r\n$5\r\nproto\r\n:3\r\n".to_owned()),
            ("PING", _) => return Some("+PONG\r\n".to_owned()),
            ("AUTH", _) => {
                self.user = if words.len() > 2 { words[1] } else { "default" }.to_owned();
            }
            ("SELECT", _) => self.database = words[1].to_owned(),
            ("CLIENT", Some("SETNAME")) => self.name = words[2].to_owned(),
            ("CLIENT", Some("NO-EVICT" | "NO-TOUCH")) => self.flags.push(words[1].to_owned()),
            ("CLIENT", Some("INFO")) => {
                let text = format!(
                    "{} user={} db={} name={} flags={} multi={} watch={}",
                    self.server,
                    self.user,
                    self.database,
                    self.name,
                    self.flags.concat(),
                    self.multi.is_some(),
                    self.watches
                );
                return Some(format!("${}\r\n{text}\r\n", text.len()));
            }
            ("READONLY" | "STRANGE", _) => self.flags.push(name),
            ("MULTI", _) => self.multi = Some(0),
            ("EXEC", _) => {
                self.watches = false;
                let queued = self.multi.take().unwrap_or_default();
                return Some(format!("*{queued}\r\n{}", "+OK\r\n".repeat(queued)));
            }
            ("DISCARD", _) => (self.multi, self.watches) = (None, false),
            ("WATCH", _) => self.watches = true,
            ("UNWATCH", _) => self.watches = false,
            ("EXISTS", _) => return Some(":0\r\n".to_owned()),
            ("BLPOP" | "XREADGROUP", _) => return None,
            _ => {}
        }
        ok()
    }
}

/// Serves one connection until it ends.
async fn serve(
    mut stream: Duplex,
    id: usize,
    mut events: mpsc::UnboundedReceiver<Event>,
    world: Arc<Mutex<World>>,
) {
    let (mut buffer, mut framer) = (Vec::new(), Framer::new(Limits::default()));
    let mut chunk = [0; 4096];
    let mut blocked: Option<String> = None;
    'life: loop {
        // What waits holds back what came behind it.
        while blocked.is_none() {
            let Scan::Complete(len) = framer.scan(&buffer).unwrap() else { break };
            let frame: Vec<u8> = buffer.drain(..len).collect();
            let words: Vec<String> = Frame::copy_from_slice(&frame).decode().unwrap();
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            let answer = {
                let mut world = world.lock().unwrap();
                let greets = matches!(words[..], ["HELLO", ..] | ["CLIENT", "SETINFO", ..]);
                let leased = world.main != Some(id);
                let deadly = world.deadly && leased;
                let refusal = world.refusal;
                if !greets {
                    world.seen.push((id, words.join(" ")));
                }
                match refusal {
                    _ if deadly && !greets => break 'life,
                    Some(error) if words[0] == "HELLO" && leased => Some(format!("-{error}\r\n")),
                    _ => world.connections[id].answer(&words),
                }
            };
            match answer {
                Some(answer) => {
                    if stream.write_all(answer.as_bytes()).await.is_err() {
                        break 'life;
                    }
                }
                None => {
                    blocked = Some(match words[0] {
                        "BLPOP" => "*2\r\n$1\r\nk\r\n$1\r\nv\r\n".to_owned(),
                        _ => "_\r\n".to_owned(),
                    });
                }
            }
        }
        match select(stream.read(&mut chunk), events.next()).await {
            Either::Left((Ok(n @ 1..), _)) => buffer.extend_from_slice(&chunk[..n]),
            Either::Right((Some(Event::Value), _)) => {
                if let Some(answer) = blocked.take()
                    && stream.write_all(answer.as_bytes()).await.is_err()
                {
                    break;
                }
            }
            _ => break,
        }
    }
    let mut world = world.lock().unwrap();
    world.connections[id].open = false;
    world.main = world.main.filter(|main| *main != id);
}
