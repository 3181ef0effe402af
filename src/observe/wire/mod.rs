//! A layer between a multiplexer and its transport that logs what goes over the wire.

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

/// Logs each command and each reply on a connection, on one line each
///
/// It wraps [around](Self::around) the transport of an [`Environment`]. A line holds the command's
/// name and the number of bytes of each argument; for a reply its kind and its size. The content of
/// arguments and replies is left out, unless
/// [`dangerously_show_payloads`](Self::dangerously_show_payloads) is set; credentials are left out
/// even then.
///
/// Use it to find faults: it reads and copies every byte a second time. Lines are bounded in
/// length. A command or reply is held in memory until it is complete; if one exceeds 64 MiB, that
/// direction of the connection is logged no further.
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

/// A command, a reply, or an event of the connection
///
/// `Display` prints the whole line.
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct WireLine<'a> {
    /// Number of the connection, from 1, in the order in which they were opened.
    pub connection: u64,
    /// The server.
    pub endpoint: &'a Endpoint,
    /// The direction.
    pub direction: WireDirection,
    /// The text; never more than one line.
    pub text: &'a str,
}

/// A direction on the wire
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

/// How much of the payload is logged
#[derive(Debug, Clone, Default)]
struct Shown {
    /// Bytes of each argument and reply; `None` for none at all.
    payload: Option<usize>,
    /// Commands whose arguments are secret, besides the built-in ones.
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
    /// Passes each line to `sink`. It runs in the task that drives the connection: it should not
    /// take long, and must not panic.
    pub fn new(sink: impl Fn(&WireLine<'_>) + MaybeSend + MaybeSync + 'static) -> Self {
        Self { sink: Arc::new(sink), shown: Shown::default() }
    }

    /// Logs each line through `tracing`, at level `DEBUG` with the target `redmux::wire`.
    #[cfg(feature = "tracing")]
    pub fn tracing() -> Self {
        Self::new(|line| tracing::debug!(target: "redmux::wire", "{line}"))
    }

    /// Logs up to `bytes` bytes of each argument and reply: keys, values, all data that users
    /// entrusted to the database. For tests.
    ///
    /// Never logged are the arguments of `AUTH` and `HELLO`, of `ACL`, `CONFIG`, `MIGRATE` and
    /// `SENTINEL`, which may hold passwords, and of all commands before the first reply. Replies to
    /// these are logged. If the [command map](crate::options::CommandMap) renames one of them, pass its new
    /// name to [`never_show`](Self::never_show).
    pub fn dangerously_show_payloads(mut self, bytes: usize) -> Self {
        self.shown.payload = Some(bytes);
        self
    }

    /// Never logs the arguments of this command.
    pub fn never_show(mut self, command: impl Into<String>) -> Self {
        self.shown.secret.push(command.into());
        self
    }

    /// Returns the environment with this log between the multiplexer and its connections.
    ///
    /// The log is above TLS and tunnels: it sees RESP.
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

/// A transport whose streams are logged
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
