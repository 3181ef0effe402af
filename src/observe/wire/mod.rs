//! A layer between a multiplexer and its transport that tells what goes over the wire.

mod stream;
mod text;

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use redmux_transport::{
    ByteStream, Capabilities, DialError, DialOptions, DynTransport, Endpoint, Environment,
    MaybeSend, MaybeSync, Transport,
};

use stream::LoggedStream;

/// Tells of each command and each reply that goes over a connection, on one line each
///
/// It is put [around](Self::around) the transport of an [`Environment`]. A line has the command's
/// name, and how many bytes each argument has; of a reply its kind and its size. What
/// arguments and replies hold is left out, unless
/// [`dangerously_show_payloads`](Self::dangerously_show_payloads) says otherwise, and credentials
/// are left out even then.
///
/// It is for finding faults: it reads and copies every byte a second time. Lines are bounded in
/// length. A reply or a command is held in memory until it is complete; beyond 64 MiB, that
/// direction of the connection is given up and logged no further.
///
/// ```no_run
/// # #[cfg(feature = "async-std")]
/// # async fn f() -> redmux::Result<()> {
/// use redmux::{ConnectionMultiplexer, observe::WireLog};
///
/// let log = WireLog::new(|line| eprintln!("{line}"));
/// let environment = log.around(redmux::tcp::environment());
/// let muxer = ConnectionMultiplexer::connect_with("localhost:6379", environment).await?;
/// muxer.database().set("greeting", "hello").await?;
/// // #1 > SET <8 B> <5 B>
/// // #1 < simple string <2 B>
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
#[must_use = "it is to be put around an environment"]
pub struct WireLog {
    sink: Arc<dyn Sink>,
    shown: Shown,
}

/// A command, a reply, or what happened to the connection
///
/// `Display` is the whole line.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct WireLine<'a> {
    /// Number of the connection, from 1, in the order in which they were opened.
    pub connection: u64,
    /// The server.
    pub endpoint: &'a Endpoint,
    /// Which way it went.
    pub direction: WireDirection,
    /// What it was; never more than one line.
    pub text: &'a str,
}

/// Which way something went
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum WireDirection {
    /// A command, to the server.
    Sent,
    /// A reply or a push message, from the server.
    Received,
    /// Neither: the connection was opened, has ended, or is logged no further.
    Note,
}

/// How much of what goes over the wire is told
#[derive(Debug, Clone, Default)]
struct Shown {
    /// Bytes of each argument and reply; `None` for none at all.
    payload: Option<usize>,
    /// Commands whose arguments are secret, besides the known ones.
    secret: Vec<String>,
}

trait Sink: MaybeSend + MaybeSync {
    fn tell(&self, line: &WireLine<'_>);
}

impl<F: Fn(&WireLine<'_>) + MaybeSend + MaybeSync> Sink for F {
    fn tell(&self, line: &WireLine<'_>) {
        self(line);
    }
}

impl WireLog {
    /// Gives each line to `sink`, which runs in the task that drives the connection: it should
    /// not take long, and must not panic.
    pub fn new(sink: impl Fn(&WireLine<'_>) + MaybeSend + MaybeSync + 'static) -> Self {
        Self { sink: Arc::new(sink), shown: Shown::default() }
    }

    /// Logs each line through `tracing`, at level `DEBUG` with the target `redmux::wire`.
    #[cfg(feature = "tracing")]
    pub fn tracing() -> Self {
        Self::new(|line| tracing::debug!(target: "redmux::wire", "{line}"))
    }

    /// Shows what arguments and replies hold, so many bytes of each: keys, values, all that
    /// users entrusted to the database. For tests.
    ///
    /// Never shown are the arguments of `AUTH` and `HELLO`, of `ACL`, `CONFIG`, `MIGRATE` and
    /// `SENTINEL`, which may hold passwords, and of all that is sent before the first reply.
    /// Replies to these are shown. Where the [command map](crate::CommandMap) renames one of
    /// them, [`never_show`](Self::never_show) has to be told its new name.
    pub fn dangerously_show_payloads(mut self, bytes: usize) -> Self {
        self.shown.payload = Some(bytes);
        self
    }

    /// Never shows the arguments of this command.
    pub fn never_show(mut self, command: impl Into<String>) -> Self {
        self.shown.secret.push(command.into());
        self
    }

    /// The environment with this log between the multiplexer and its connections.
    ///
    /// It is above TLS and tunnels: what it sees is RESP.
    pub fn around(self, environment: Environment) -> Environment {
        let transport = Logged {
            inner: environment.transport.clone(),
            log: self,
            connections: AtomicU64::new(0),
        };
        Environment { transport: Arc::new(transport), ..environment }
    }
}

impl fmt::Debug for WireLog {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WireLog").field("shown", &self.shown).finish_non_exhaustive()
    }
}

impl fmt::Display for WireLine<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = match self.direction {
            WireDirection::Sent => '>',
            WireDirection::Received => '<',
            WireDirection::Note => '-',
        };
        write!(f, "#{} {sign} {}", self.connection, self.text)
    }
}

/// A transport whose streams tell what goes over them
struct Logged {
    inner: Arc<dyn DynTransport>,
    log: WireLog,
    connections: AtomicU64,
}

impl Logged {
    async fn open(
        &self,
        endpoint: &Endpoint,
        options: &DialOptions,
    ) -> Result<LoggedStream, DialError> {
        let stream = self.inner.dial(endpoint, options).await?;
        let number = self.connections.fetch_add(1, Ordering::Relaxed) + 1;
        Ok(LoggedStream::new(stream, self.log.clone(), number, endpoint.clone()))
    }
}

impl Transport for Logged {
    type Stream = LoggedStream;

    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }

    async fn connect(&self, endpoint: &Endpoint) -> Result<LoggedStream, DialError> {
        self.open(endpoint, &DialOptions::default()).await
    }

    async fn connect_with(
        &self,
        endpoint: &Endpoint,
        options: &DialOptions,
    ) -> Result<Box<dyn ByteStream>, DialError> {
        Ok(Box::new(self.open(endpoint, options).await?))
    }
}
