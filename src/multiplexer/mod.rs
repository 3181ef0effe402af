//! The multiplexer: the handle a program shares, and what it owns.

#[cfg(feature = "full")]
mod announcements;
#[cfg(not(target_family = "wasm"))]
mod blocking;
mod collector;
mod ears;
#[cfg_attr(not(feature = "full"), allow(dead_code, reason = "only `full` leases connections"))]
mod gate;
#[cfg(feature = "topology")]
mod group;
mod hash_slot;
#[cfg_attr(not(feature = "full"), allow(dead_code, reason = "only `full` leases connections"))]
mod lease;
#[cfg_attr(not(feature = "full"), allow(dead_code, reason = "only `full` leases connections"))]
mod leased;
#[cfg_attr(not(feature = "full"), allow(dead_code, reason = "only `full` leases connections"))]
mod lending;
#[cfg(feature = "full")]
mod looks;
#[cfg(feature = "topology")]
mod many;
#[cfg(feature = "full")]
mod monitor;
mod node;
mod places;
#[cfg_attr(not(feature = "full"), allow(dead_code, reason = "only `full` leases connections"))]
mod pool;
#[cfg(feature = "topology")]
mod reader;
#[cfg(feature = "metrics")]
mod report;
#[cfg(feature = "topology")]
mod sentinels;
#[cfg(feature = "full")]
mod servers;
mod site;
mod status;

#[cfg(feature = "topology")]
use std::sync::Weak;
use std::{borrow::Cow, fmt, future::Future, sync::Arc, time::Duration};

use redmux_transport::{
    BoxFuture, ByteStream, Capabilities, DialError, Endpoint, Environment, Runtime, Transport,
};

#[cfg(not(target_family = "wasm"))]
pub use blocking::{Blocking, Run};
pub use collector::{Collected, Collector, Issued};
pub(crate) use ears::Ears;
#[cfg(feature = "topology")]
pub use group::{Group, GroupMember, GroupOptions, HealthPolicy, MemberState, MemberStatus, Probe};
pub(crate) use leased::{Leased, Watching};
pub use lending::LeaseUse;
#[cfg(feature = "topology")]
use many::{Kind, Many};
#[cfg(feature = "topology")]
pub use many::{MapStatus, NodeRole, NodeStatus};
#[cfg(feature = "full")]
pub use monitor::{Monitor, MonitoredCommand};
use node::Node;
pub(crate) use places::Places;
pub use pool::LeaseStatus;
use site::Site;
pub use status::{LeasedConnection, LinkStatus, Status};

#[cfg(feature = "full")]
use crate::connection::Home;
use crate::{
    Call, Delivery, Error, ErrorKind, Events, Full, Options, Result,
    caching::CacheStats,
    clock::Clock,
    command::{Handling, check_shared},
    connection::{Link, Phase},
    error::TimeoutStage,
    events::Hub,
    resp::{FromReply, ToArgs},
};
#[cfg(feature = "topology")]
use crate::{
    connection::{ReadFrom, Router},
    events::ConnectionType,
    options::Mode,
};

/// One shared, pipelined connection to Redis
///
/// Make one per server and keep it: it is cheap to clone, all clones share the same
/// connection, and it reconnects by itself. When the last clone (and everything made from
/// it) is dropped, the connection is dropped too; [`close`](Self::close) lets what is in
/// flight finish first.
///
/// ```no_run
/// # #[cfg(feature = "async-std")]
/// # async fn f() -> redmux::Result<()> {
/// use redmux::ConnectionMultiplexer;
///
/// let muxer = ConnectionMultiplexer::connect("localhost:6379").await?;
/// let db = muxer.database();
/// db.set("greeting", "hello").await?;
/// let greeting: Option<String> = db.get("greeting").await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct ConnectionMultiplexer {
    inner: Arc<Inner>,
}

/// What a multiplexer has together with others of its group
#[cfg(feature = "topology")]
#[derive(Clone)]
pub(crate) struct Base {
    pub(crate) clock: Arc<Clock>,
    pub(crate) hub: Arc<Hub>,
}

#[cfg(feature = "topology")]
impl Base {
    /// One for a multiplexer on its own.
    pub(crate) fn new(environment: &Environment) -> Self {
        let clock = Arc::new(Clock::new(environment.runtime.clone()));
        Self { clock, hub: Arc::default() }
    }
}

pub(crate) struct Inner {
    site: Site,
    /// The link that calls are made for: that of the one server, or one that knows the way to several.
    front: Arc<Link>,
    hub: Arc<Hub>,
    pub(crate) options: Arc<Options>,
    pub(crate) clock: Arc<Clock>,
    /// What is done with every call.
    pub(crate) handling: Full<Arc<Handling>>,
    #[cfg(feature = "full")]
    looks: Arc<looks::Looks>,
}

impl ConnectionMultiplexer {
    /// Connects over TCP (or a Unix socket) on the async-std runtime.
    ///
    /// Takes a connection string, an [`Endpoint`] or [`Options`]. Returns when the server
    /// has answered the handshake.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] for malformed options; [`ErrorKind::Connect`] with the stage,
    /// or a connect timeout, when no server could be reached in `connect_retry` attempts.
    #[cfg(all(feature = "async-std", not(all(target_family = "wasm", target_os = "unknown"))))]
    pub async fn connect(options: impl TryInto<Options, Error: Into<Error>>) -> Result<Self> {
        Self::connect_with(options, redmux_tcp::environment()).await
    }

    /// Connects over the given transport and runtime.
    ///
    /// # Errors
    /// As for [`connect`](Self::connect).
    pub async fn connect_with(
        options: impl TryInto<Options, Error: Into<Error>>,
        environment: Environment,
    ) -> Result<Self> {
        #[cfg(feature = "topology")]
        let same = environment.clone();
        let muxer = Self::begin_with(options, environment)?;
        muxer.connected().await?;
        #[cfg(feature = "topology")]
        let muxer = muxer.into_what_it_is(&same).await?;
        Ok(muxer)
    }

    /// The same for the whole cluster, if the server is a node of one and the options leave that to it; for a primary
    /// and its replicas, if it is none and replicas are to be read from.
    #[cfg(feature = "topology")]
    async fn into_what_it_is(self, environment: &Environment) -> Result<Self> {
        match self.what_it_is(environment, Base::new) {
            None => Ok(self),
            Some(muxer) => {
                muxer.connected().await?;
                Ok(muxer)
            }
        }
    }

    /// A multiplexer for all servers that there are, if they are more than the one that has answered.
    #[cfg(feature = "topology")]
    fn what_it_is(
        &self,
        environment: &Environment,
        base: impl FnOnce(&Environment) -> Base,
    ) -> Option<Self> {
        let (inner, auto) = (&self.inner, self.inner.options.wanted_mode() == Mode::Auto);
        let server = inner.link().with(|core| core.wire.server.clone());
        let mode = server.and_then(|server| server.mode);
        if !auto || matches!(inner.site, Site::Many(_)) {
            return None;
        }
        let undivided = mode.as_deref() != Some("cluster");
        if undivided && inner.options.wanted_reads() == ReadFrom::Primary {
            return None;
        }
        let kind = if undivided { Kind::Replicas } else { Kind::Cluster };
        Some(Self::start_many(inner.options.clone(), environment, kind, base(environment)))
    }

    /// Begins to connect and returns at once.
    ///
    /// Commands wait for the connection, as they do after one was lost; so do subscriptions.
    /// [`connected`](Self::connected) returns the outcome.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] for malformed options.
    pub fn begin_with(
        options: impl TryInto<Options, Error: Into<Error>>,
        environment: Environment,
    ) -> Result<Self> {
        let options = options.try_into().map_err(Into::into)?;
        options.validate()?;
        Ok(Self::start(options, environment))
    }

    /// Waits for the first connection, or where the options have `abortConnect=false` for the end
    /// of the first attempt.
    ///
    /// # Errors
    /// As for [`connect`](Self::connect).
    pub async fn connected(&self) -> Result<()> {
        #[cfg(feature = "topology")]
        match &self.inner.site {
            Site::One(_) => {}
            Site::Many(many) => return many.connected().await,
            Site::Group(group) => return group.connected().await,
        }
        let link = self.inner.link();
        if self.inner.options.aborts_on_connect_fail() {
            return link.ready().await;
        }
        // The first attempt decides nothing, but usually it succeeds.
        link.watch(|core| {
            (core.redial.failed_attempts > 0
                || !matches!(core.phase, Phase::Disconnected | Phase::Handshake))
            .then_some(())
        })
        .await;
        Ok(())
    }

    /// Uses a stream that is already open, for embedders.
    ///
    /// Nothing is dialled or spawned: the returned future drives the connection and must
    /// be polled (spawned) by the caller. It ends with the stream. `options` gives
    /// timeouts, credentials and the like; its first endpoint names the peer in errors.
    /// Servers that speak RESP2 only cannot serve subscriptions here.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] for malformed options.
    pub fn over_stream(
        stream: impl ByteStream,
        capabilities: Capabilities,
        options: impl TryInto<Options, Error: Into<Error>>,
        runtime: Arc<dyn Runtime>,
    ) -> Result<(Self, BoxFuture<'static, ()>)> {
        let options = options.try_into().map_err(Into::into)?;
        options.validate()?;
        let environment = Environment { transport: Arc::new(NoTransport(capabilities)), runtime };
        let muxer = Self::assemble(options, &environment);
        let driver = muxer.inner.node().drive(stream, &muxer.inner.options, environment);
        Ok((muxer, driver))
    }

    fn start(options: Options, environment: Environment) -> Self {
        #[cfg(feature = "topology")]
        if let Some(kind) = Self::kind_of_many(&options) {
            let base = Base::new(&environment);
            return Self::start_many(Arc::new(options), &environment, kind, base);
        }
        let muxer = Self::assemble(options, &environment);
        let inner = &muxer.inner;
        inner.node().start(&inner.options, &environment);
        muxer
    }

    /// What several servers are to each other, if the options say that they are several.
    #[cfg(feature = "topology")]
    fn kind_of_many(options: &Options) -> Option<Kind> {
        match options.wanted_mode() {
            Mode::Cluster => Some(Kind::Cluster),
            Mode::Replicas => Some(Kind::Replicas),
            Mode::Sentinel => Some(Kind::Watched),
            Mode::Auto | Mode::Single | Mode::Proxy => None,
        }
    }

    /// One for a member of a group, which hears of its troubles.
    #[cfg(feature = "topology")]
    fn start_member(
        options: Options,
        environment: &Environment,
        base: Base,
        group: Weak<dyn Router>,
    ) -> Self {
        if let Some(kind) = Self::kind_of_many(&options) {
            return Self::start_many(Arc::new(options), environment, kind, base);
        }
        let ears = Ears::of_member(&options, &base.hub, group);
        let muxer = Self::assemble_of(options, environment, base.clock, ears);
        let inner = &muxer.inner;
        inner.node().start(&inner.options, environment);
        muxer
    }

    #[cfg(feature = "topology")]
    fn start_many(
        options: Arc<Options>,
        environment: &Environment,
        kind: Kind,
        base: Base,
    ) -> Self {
        let Base { clock, hub } = base;
        let many = Many::new(&options, environment, &clock, &hub, kind);
        let front = Self::front_to(many.clone(), &options, &clock, &hub);
        let muxer = Self::around(Site::Many(many.clone()), front, hub, options, clock);
        match kind {
            Kind::Watched => sentinels::start(&many),
            Kind::Cluster | Kind::Replicas => many::start(&many),
        }
        muxer
    }

    /// A link without a connection, whose calls go where this router says.
    #[cfg(feature = "topology")]
    fn front_to(
        router: Arc<dyn Router>,
        options: &Options,
        clock: &Arc<Clock>,
        hub: &Arc<Hub>,
    ) -> Arc<Link> {
        let ears = Arc::new(Ears { hub: hub.clone(), ..Ears::default() });
        let front = Link::new(
            options.link_config(false),
            options.credentials(),
            Phase::Dormant,
            clock.clone(),
            ConnectionType::Interactive,
            ears,
            Arc::new(options.endpoints[0].clone()),
        );
        Arc::new(front.routed(router))
    }

    fn assemble(options: Options, environment: &Environment) -> Self {
        let clock = Arc::new(Clock::new(environment.runtime.clone()));
        let ears = Ears::new(&options);
        Self::assemble_of(options, environment, clock, ears)
    }

    fn assemble_of(
        options: Options,
        environment: &Environment,
        clock: Arc<Clock>,
        ears: Ears,
    ) -> Self {
        let options = Arc::new(options);
        let hub = ears.hub.clone();
        #[cfg(feature = "full")]
        let announcements = ears.announcements.clone();
        let endpoint = Arc::new(options.endpoints[0].clone());
        let node = Node::new(&options, environment, &clock, endpoint, ears, options.cache());
        let front = node.link.clone();
        let muxer = Self::around(Site::One(node), front, hub, options, clock);
        #[cfg(feature = "full")]
        announcements.set_servers({
            let servers: Arc<dyn announcements::Servers> = muxer.inner.clone();
            Arc::downgrade(&servers)
        });
        muxer
    }

    fn around(
        site: Site,
        front: Arc<Link>,
        hub: Arc<Hub>,
        options: Arc<Options>,
        clock: Arc<Clock>,
    ) -> Self {
        let handling = Full::of(|| options.handling());
        let inner = Arc::new(Inner {
            site,
            front,
            hub,
            options,
            clock,
            handling,
            #[cfg(feature = "full")]
            looks: Arc::default(),
        });
        #[cfg(feature = "full")]
        inner.link().set_home({
            let home: Arc<dyn Home> = inner.clone();
            Arc::downgrade(&home)
        });
        Self { inner }
    }

    /// Any command: its name, its arguments, and the type of its reply.
    ///
    /// ```no_run
    /// # async fn f(muxer: redmux::ConnectionMultiplexer) -> redmux::Result<()> {
    /// let kept: i64 = muxer.execute("OBJECT", ("REFCOUNT", "key")).await?;
    /// let config: std::collections::HashMap<String, String> =
    ///     muxer.execute("CONFIG", ("GET", "max*")).await?;
    /// muxer.execute::<()>("MSET", ["a", "1", "b", "2"]).await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Command`], without anything being sent, for commands that would harm
    /// every user of the shared connection: subscriptions (use
    /// [`subscriber`](Self::subscriber)), transactions, blocking commands, `SELECT`,
    /// `AUTH`, `HELLO`, `MONITOR`, `CLIENT REPLY` and the like.
    pub fn execute<T: FromReply>(
        &self,
        name: impl Into<Cow<'static, str>>,
        args: impl ToArgs,
    ) -> Call<'_, T, impl ToArgs> {
        Call::new(self.inner.link(), name, args)
            .handled(self.inner.handling.get())
            .checked(check_shared)
    }

    /// The servers that are known, where there are several: primaries, replicas and their slots
    ///
    /// It asks no server: it is what the client goes by at this moment. With one server the list is empty.
    ///
    /// ```no_run
    /// # fn f(muxer: redmux::ConnectionMultiplexer) {
    /// for node in muxer.nodes() {
    ///     println!("{node}");
    /// }
    /// # }
    /// ```
    #[cfg(feature = "topology")]
    pub fn nodes(&self) -> Vec<NodeStatus> {
        self.inner.site.report()
    }

    /// Returns a stream of what happens to connections and servers, from now on.
    pub fn events(&self) -> Events {
        self.inner.hub.listen()
    }

    /// Whether the connection is ready for use at this moment.
    pub fn is_connected(&self) -> bool {
        self.inner.node().link.with(|core| core.phase == Phase::Ready)
    }

    /// The options it was made with; what they print holds no secrets.
    pub fn options(&self) -> &Options {
        &self.inner.options
    }

    /// Measures how long the server takes to answer: the round trip, and the commands queued
    /// before.
    ///
    /// # Errors
    /// Those of any command: while there is no connection, the call waits for one.
    pub async fn ping(&self) -> Result<Duration> {
        let start = self.inner.clock.runtime.now();
        self.execute::<()>("PING", ()).await?;
        Ok(self.inner.clock.runtime.now().saturating_duration_since(start))
    }

    /// Returns the counters of the client-side cache; `None` if the options have no cache.
    pub fn cache_stats(&self) -> Option<CacheStats> {
        self.inner.site.cache_stats()
    }

    /// Begins to keep a record of each command: see
    /// [`ProfilingSession`](crate::observe::ProfilingSession).
    #[cfg(feature = "full")]
    pub fn profile(&self) -> crate::observe::ProfilingSession {
        let handling = self.inner.handling.as_deref();
        let profiler = handling.and_then(|handling| handling.profiler.clone());
        crate::observe::ProfilingSession::new(profiler)
    }

    /// Ends the connections in use and opens others, at once
    ///
    /// Call it when something outside says that the server has moved: a new address behind a name,
    /// a failover. The effect is that of a lost connection: commands in flight fail as [maybe
    /// executed](crate::Delivery::MaybeExecuted), unsent ones go to the next connection,
    /// subscriptions are restored and yield `Missed`, and there are events. Without a connection
    /// nothing happens: one is being opened.
    ///
    /// Idle leased connections are closed, and those on which a command of
    /// [`Database`](crate::Database) blocks (`blpop`) or `MONITOR` runs are lost. A
    /// [`Lease`](crate::database::Lease) stays as it is until it is dropped; its connection is not used again.
    pub fn reconnect(&self) {
        self.inner.site.reconnect();
    }

    /// Waits for the commands that were issued, accepts no new ones, and closes the connections.
    ///
    /// Waits at most `command_timeout` for replies. Without a connection, commands that wait for
    /// one fail at once. Closing twice is harmless.
    pub async fn close(&self) {
        self.inner.site.close().await;
        self.inner.hub.close();
    }

    /// Closes the connections at once; commands without an answer fail.
    ///
    /// Dropping the last handle does the same; use this while other handles exist. The commands
    /// fail with [`ErrorKind::Closed`], and the [delivery](Error::delivery) of each says whether it
    /// may have been executed.
    pub fn abort(&self) {
        self.inner.abort();
    }

    pub(crate) fn inner(&self) -> &Inner {
        &self.inner
    }
}

impl Inner {
    pub(crate) fn node(&self) -> &Node {
        self.site.node()
    }

    /// The connection that all callers share.
    pub(crate) fn link(&self) -> &Arc<Link> {
        &self.front
    }

    /// Limits an operation of several steps to the time of one command.
    ///
    /// `take_back` gives the operation up when the time is over; it returns whether nothing was
    /// sent.
    pub(crate) async fn within_command_timeout<T>(
        &self,
        name: &str,
        operation: impl Future<Output = Result<T>>,
        take_back: impl FnOnce() -> bool,
    ) -> Result<T> {
        let limit = self.options.command_timeout;
        let mut timer = self.clock.runtime.timer(self.clock.runtime.after(limit));
        let mut operation = std::pin::pin!(operation);
        let result = std::future::poll_fn(|cx| match operation.as_mut().poll(cx) {
            std::task::Poll::Ready(result) => std::task::Poll::Ready(Some(result)),
            std::task::Poll::Pending => timer.poll_expired(cx).map(|()| None),
        })
        .await;
        result.unwrap_or_else(|| {
            let state = self.link().with(|core| {
                let micros = u64::try_from(limit.as_micros()).unwrap_or(u64::MAX);
                core.diagnose(micros, micros)
            });
            let (stage, delivery) = match take_back() {
                true => (TimeoutStage::Queue, Delivery::NotSent),
                false => (TimeoutStage::Response, Delivery::MaybeExecuted),
            };
            let error = Error::new(ErrorKind::Timeout(stage), delivery).command(name);
            Err(error.endpoint_at(&self.link().endpoint()).diagnose(state))
        })
    }
}

impl Inner {
    fn abort(&self) {
        self.site.abort();
        self.hub.close();
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        self.abort();
    }
}

impl fmt::Debug for ConnectionMultiplexer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConnectionMultiplexer").field("options", &self.inner.options).finish()
    }
}

/// Dials nothing: the one stream there is came from outside.
struct NoTransport(Capabilities);

impl Transport for NoTransport {
    type Stream = futures::io::Cursor<Vec<u8>>;

    fn capabilities(&self) -> Capabilities {
        self.0
    }

    async fn connect(&self, endpoint: &Endpoint) -> Result<Self::Stream, DialError> {
        Err(DialError::unsupported(endpoint, "nothing"))
    }
}
