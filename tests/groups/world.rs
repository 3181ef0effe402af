//! Deployments of one scripted server each, in simulated time.

use std::{
    collections::{BTreeMap, VecDeque},
    future::{Future, poll_fn},
    io,
    pin::pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Poll, Waker},
    time::Duration,
};

use futures::{AsyncWrite, AsyncWriteExt};
use redmux::{
    ConnectionMultiplexer,
    group::{GroupMember, GroupOptions},
    transport::{DialError, DialStage, Environment, Runtime},
};
use redmux_memory::{DialAnswer, Duplex, MemoryTransport, SimRuntime};
use redmux_test_support::Commands;

pub(crate) const SECOND: Duration = Duration::from_secs(1);

/// How a server is
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Life {
    Up,
    /// Its connections end, and dials are refused.
    Dead,
    /// Its connections stay open, and nothing comes.
    Stopped,
}

#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) life: Life,
    /// How long it takes to answer.
    pub(crate) lag: Duration,
    /// What it was told to add: the number in the command.
    pub(crate) added: Vec<u64>,
    pub(crate) pings: u64,
    /// When, and over which connection, if that is to be noted.
    pub(crate) pinged: Option<Vec<(Duration, u64)>>,
    /// Commands of callers take a second and a half, and `PING` does not.
    pub(crate) hangs: bool,
    /// Connections.
    pub(crate) open: usize,
    /// It answers this to all that callers ask.
    pub(crate) refuses: Option<&'static str>,
    /// Channels that connections listen to, by the number of the connection.
    pub(crate) listening: BTreeMap<u64, Vec<String>>,
    messages: BTreeMap<u64, Vec<u8>>,
}

impl Default for Server {
    fn default() -> Self {
        Self {
            life: Life::Up,
            lag: Duration::ZERO,
            added: Vec::new(),
            pings: 0,
            pinged: None,
            hangs: false,
            open: 0,
            refuses: None,
            listening: BTreeMap::new(),
            messages: BTreeMap::new(),
        }
    }
}

#[derive(Debug, Default)]
struct State {
    servers: BTreeMap<String, Server>,
    wakers: Vec<Waker>,
    connections: u64,
    random: u64,
}

#[derive(Clone)]
pub(crate) struct World {
    pub(crate) runtime: SimRuntime,
    pub(crate) environment: Environment,
    state: Arc<Mutex<State>>,
}

impl World {
    /// One server for each name; a server is dialled by its name.
    pub(crate) fn start(names: &[&str]) -> Self {
        let runtime = SimRuntime::new();
        let (transport, listener) = MemoryTransport::new();
        let servers = names.iter().map(|name| ((*name).to_owned(), Server::default()));
        let state = State { servers: servers.collect(), random: 1, ..State::default() };
        let state = Arc::new(Mutex::new(state));
        let deciding = state.clone();
        listener.decide(move |endpoint| {
            let name = host(&endpoint.to_string());
            let state = deciding.lock().unwrap_or_else(PoisonError::into_inner);
            match state.servers.get(&name).map(|server| server.life) {
                Some(Life::Up) => DialAnswer::Accept,
                Some(Life::Stopped) => DialAnswer::Hang,
                Some(Life::Dead) | None => {
                    let error = io::Error::from(io::ErrorKind::ConnectionRefused);
                    DialAnswer::Refuse(DialError::new(DialStage::Dial, error))
                }
            }
        });
        let environment = Environment::new(transport, runtime.clone());
        let world = Self { runtime: runtime.clone(), environment, state };
        let accepting = world.clone();
        runtime.spawn(Box::pin(async move {
            loop {
                let (stream, endpoint) = listener.accept().await;
                let serving = accepting.clone().serve(host(&endpoint.to_string()), stream);
                accepting.runtime.spawn(Box::pin(serving));
            }
        }));
        world
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Changes a server.
    pub(crate) fn with<T>(&self, name: &str, change: impl FnOnce(&mut Server) -> T) -> T {
        let (result, wakers) = {
            let mut state = self.lock();
            let result = change(state.servers.entry(name.to_owned()).or_default());
            (result, std::mem::take(&mut state.wakers))
        };
        wakers.into_iter().for_each(Waker::wake);
        result
    }

    pub(crate) fn set(&self, name: &str, life: Life) {
        self.with(name, |server| server.life = life);
    }

    /// Sends a message to all that listen to a channel there.
    pub(crate) fn publish(&self, name: &str, channel: &str, text: &str) {
        let push = format!(
            ">3\r\n$7\r\nmessage\r\n${}\r\n{channel}\r\n${}\r\n{text}\r\n",
            channel.len(),
            text.len()
        );
        self.with(name, |server| {
            for (connection, channels) in &server.listening {
                if channels.iter().any(|known| known == channel) {
                    let messages = server.messages.entry(*connection).or_default();
                    messages.extend_from_slice(push.as_bytes());
                }
            }
        });
    }

    pub(crate) fn connect(
        &self,
        members: impl IntoIterator<Item = GroupMember>,
        options: GroupOptions,
    ) -> ConnectionMultiplexer {
        let environment = self.environment.clone();
        let connect = ConnectionMultiplexer::connect_group_with(members, options, environment);
        self.runtime.block_on(connect).unwrap()
    }

    /// Lets this much time pass.
    pub(crate) fn pass(&self, time: Duration) {
        self.runtime.block_on(self.runtime.sleep(time));
    }

    pub(crate) fn random(&self, below: u64) -> u64 {
        let mut state = self.lock();
        state.random = state.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (state.random >> 33) % below
    }

    async fn serve(self, name: String, stream: Duplex) {
        let number = {
            let mut state = self.lock();
            state.connections += 1;
            state.connections
        };
        self.with(&name, |server| server.open += 1);
        let mut commands = Commands::of(stream);
        // When each reply is due.
        let mut replies: VecDeque<(Duration, Vec<u8>)> = VecDeque::new();
        loop {
            enum News {
                Command(Option<Vec<Vec<u8>>>),
                Reply(Vec<u8>),
                End,
            }
            let news = {
                let mut next = pin!(commands.next());
                let due = replies.front().map(|(due, _)| *due);
                let mut timer = due.map(|due| {
                    Box::pin(self.runtime.sleep(due.saturating_sub(self.runtime.elapsed())))
                });
                poll_fn(|cx| {
                    let life = {
                        let mut state = self.lock();
                        state.wakers.push(cx.waker().clone());
                        let Some(server) = state.servers.get_mut(&name) else {
                            return Poll::Ready(News::End);
                        };
                        match server.life {
                            Life::Up => {
                                if let Some(messages) = server.messages.remove(&number) {
                                    return Poll::Ready(News::Reply(messages));
                                }
                            }
                            Life::Dead => return Poll::Ready(News::End),
                            Life::Stopped => {}
                        }
                        server.life
                    };
                    if life == Life::Stopped {
                        return Poll::Pending;
                    }
                    if let Some(timer) = &mut timer
                        && timer.as_mut().poll(cx).is_ready()
                    {
                        return Poll::Ready(News::Reply(Vec::new()));
                    }
                    next.as_mut().poll(cx).map(News::Command)
                })
                .await
            };
            match news {
                News::End | News::Command(None) => break,
                News::Reply(messages) => {
                    let bytes = match messages.is_empty() {
                        true => replies.pop_front().map(|(_, reply)| reply).unwrap_or_default(),
                        false => messages,
                    };
                    if !write(&mut commands.stream, &bytes).await {
                        break;
                    }
                }
                News::Command(Some(words)) => {
                    let reply = self.answer(&name, number, &words);
                    let is_own = matches!(&words[0][..], b"PING" | b"HELLO" | b"CLIENT");
                    let lag = self.with(&name, |server| match server.hangs && !is_own {
                        true => SECOND * 3 / 2,
                        false => server.lag,
                    });
                    replies.push_back((self.runtime.elapsed() + lag, reply));
                }
            }
        }
        self.with(&name, |server| {
            server.open -= 1;
            server.listening.remove(&number);
            server.messages.remove(&number);
        });
    }

    fn answer(&self, name: &str, connection: u64, words: &[Vec<u8>]) -> Vec<u8> {
        let text: Vec<String> =
            words.iter().map(|word| String::from_utf8_lossy(word).into_owned()).collect();
        let bulk = |text: &str| format!("${}\r\n{text}\r\n", text.len());
        let now = self.runtime.elapsed();
        let reply = self.with(name, |server| {
            let word = |place: usize| text.get(place).map_or("", String::as_str);
            match word(0) {
                "HELLO" => "%1\r\n$5\r\nproto\r\n:3\r\n".to_owned(),
                "PING" => {
                    server.pings += 1;
                    server.pinged.iter_mut().for_each(|noted| noted.push((now, connection)));
                    "+PONG\r\n".to_owned()
                }
                "SUBSCRIBE" | "UNSUBSCRIBE" => {
                    let verb = text[0].to_lowercase();
                    let channels = server.listening.entry(connection).or_default();
                    let mut pushes = String::new();
                    for channel in &text[1..] {
                        channels.retain(|known| known != channel);
                        if verb == "subscribe" {
                            channels.push(channel.clone());
                        }
                        let (verb, channel) = (bulk(&verb), bulk(channel));
                        pushes += &format!(">3\r\n{verb}{channel}:{}\r\n", channels.len());
                    }
                    pushes
                }
                "CLIENT" | "SELECT" => "+OK\r\n".to_owned(),
                _ if server.refuses.is_some() => {
                    format!("-{}\r\n", server.refuses.unwrap_or_default())
                }
                // Adds a number, and answers with it.
                "INCRBY" => {
                    let number: u64 = word(2).parse().unwrap();
                    server.added.push(number);
                    format!(":{number}\r\n")
                }
                "GET" => bulk(name),
                "ECHO" => bulk(word(1)),
                _ => "+OK\r\n".to_owned(),
            }
        });
        reply.into_bytes()
    }
}

async fn write(stream: &mut (impl AsyncWrite + Unpin), bytes: &[u8]) -> bool {
    stream.write_all(bytes).await.is_ok()
}

fn host(endpoint: &str) -> String {
    endpoint.split(':').next().unwrap_or_default().to_owned()
}

/// A member at the server of its name.
pub(crate) fn member(name: &str, weight: f64) -> GroupMember {
    GroupMember::new(name, format!("{name}:6379")).weight(weight)
}

/// The member in use.
pub(crate) fn active(muxer: &ConnectionMultiplexer) -> String {
    muxer.group().and_then(|group| group.active()).map(|name| name.to_string()).unwrap_or_default()
}
