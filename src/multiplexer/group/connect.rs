//! How a group and its members come about.

use std::{
    fmt,
    sync::{Arc, OnceLock, Weak},
    task::Waker,
    time::Duration,
};

use redmux_transport::{BoxFuture, Endpoint, Environment};

use super::{
    super::{
        Base, ConnectionMultiplexer, Inner,
        many::{MapStatus, NodeStatus},
        node::Node,
        site::Site,
    },
    deployment::{Deployment, Maker, Plan},
    handle::Group,
    keeper,
    options::{Asks, Checked, GroupMember, GroupOptions, Probe},
    roster::Roster,
};
use crate::{
    Call, Error, Options, Result,
    caching::CacheStats,
    clock::Clock,
    connection::{Berth, Link, Router},
    events::Hub,
    options::Mode,
    resp::ServerErrorKind,
    subscriptions::{Moving, Queue, Topic},
};

impl ConnectionMultiplexer {
    /// Connects to several independent deployments over TCP, on the async-std runtime, and uses one of them at a time
    ///
    /// Each member may be what [`connect`](Self::connect) takes: one server, a cluster, sentinels, a primary and its replicas. Of
    /// those that are healthy, the one with the most weight is used. What is made from the multiplexer follows: commands,
    /// pipelines, transactions, subscriptions, leases.
    ///
    /// ```no_run
    /// # #[cfg(feature = "async-std")]
    /// # async fn f() -> redmux::Result<()> {
    /// use redmux::{ConnectionMultiplexer, group::GroupMember};
    ///
    /// let muxer = ConnectionMultiplexer::connect_group([
    ///     GroupMember::new("frankfurt", "fra:6379").weight(2.0),
    ///     GroupMember::new("dublin", "dub:6379"),
    /// ])
    /// .await?;
    /// muxer.database().set("greeting", "hello").await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) for malformed options; [`ErrorKind::Connect`](crate::ErrorKind::Connect) if no member is healthy.
    #[cfg(all(feature = "async-std", not(all(target_family = "wasm", target_os = "unknown"))))]
    pub async fn connect_group(members: impl IntoIterator<Item = GroupMember>) -> Result<Self> {
        let environment = redmux_tcp::environment();
        Self::connect_group_with(members, GroupOptions::default(), environment).await
    }

    /// The same with these options, over the given transport and runtime.
    ///
    /// # Errors
    /// As for `connect_group`.
    pub async fn connect_group_with(
        members: impl IntoIterator<Item = GroupMember>,
        options: GroupOptions,
        environment: Environment,
    ) -> Result<Self> {
        let muxer = Self::begin_group_with(members, options, environment)?;
        muxer.connected().await?;
        Ok(muxer)
    }

    /// Begins to connect and returns at once; [`connected`](Self::connected) returns the outcome.
    ///
    /// # Errors
    /// [`ErrorKind::Config`](crate::ErrorKind::Config) for malformed options.
    pub fn begin_group_with(
        members: impl IntoIterator<Item = GroupMember>,
        options: GroupOptions,
        environment: Environment,
    ) -> Result<Self> {
        options.settings.validate()?;
        let members = members.into_iter().map(GroupMember::checked).collect::<Result<Vec<_>>>()?;
        let Some(Checked { plan: Plan { options: first, .. }, .. }) = members.first() else {
            return Err(Error::config("group: it has no member (expected at least one)"));
        };
        let common = Arc::new(first.clone());
        let Base { clock, hub } = Base::new(&environment);
        let maker = Box::new(Making {
            environment: environment.clone(),
            probe: options.probe,
            common: common.clone(),
            clock: clock.clone(),
            hub: hub.clone(),
        });
        let roster = Roster::new(&common, &environment, options.settings, maker, &clock, &hub);
        for Checked { name, weight, plan } in members {
            if let Err(error) = roster.admit(name, weight, plan) {
                roster.abort();
                return Err(error);
            }
        }
        let front = Self::front_to(roster.clone(), &common, &clock, &hub);
        let muxer = Self::around(Site::Group(roster.clone()), front, hub, common, clock);
        environment.runtime.spawn(Box::pin(keeper::run(roster)));
        Ok(muxer)
    }

    /// The group that this multiplexer was made for; `None` for one of a single deployment.
    pub fn group(&self) -> Option<Group> {
        let Site::Group(roster) = &self.inner().site else { return None };
        Some(Group::new(self.clone(), roster.clone()))
    }
}

/// How members come about
struct Making {
    environment: Environment,
    probe: Probe,
    /// The options of the first member, which hold for what concerns calls and not connections.
    common: Arc<Options>,
    clock: Arc<Clock>,
    hub: Arc<Hub>,
}

impl Maker for Making {
    fn make(&self, plan: Plan, group: Weak<dyn Router>) -> Result<Box<dyn Deployment>> {
        let Plan { options, probe } = plan;
        if options.database != self.common.database {
            let why = "group: all members have the same database (db)";
            return Err(Error::config(why));
        }
        if options.commands() != self.common.commands() {
            let why = "group: all members have the same renamed and disabled commands (commandMap)";
            return Err(Error::config(why));
        }
        // It goes on trying, whatever happens at first.
        let options = options.abort_on_connect_fail(false);
        let base = Base { clock: self.clock.clone(), hub: Arc::new(Hub::below(&self.hub)) };
        let environment = self.environment.clone();
        let seed = ConnectionMultiplexer::start_member(options, &environment, base.clone(), group);
        let own = probe.and_then(|probe| probe.downcast::<Probe>().ok());
        let probe = own.map_or_else(|| self.probe.clone(), |probe| *probe);
        Ok(Box::new(Origin { seed, whole: OnceLock::new(), base, environment, probe }))
    }
}

/// The multiplexer of a member
struct Origin {
    /// The one that was made at first.
    seed: ConnectionMultiplexer,
    /// The one that is used, once it is known what the server is: the same, or one for all servers that there are.
    whole: OnceLock<ConnectionMultiplexer>,
    base: Base,
    environment: Environment,
    probe: Probe,
}

impl Origin {
    fn muxer(&self) -> &ConnectionMultiplexer {
        self.whole.get().unwrap_or(&self.seed)
    }

    fn inner(&self) -> &Inner {
        self.muxer().inner()
    }

    fn site(&self) -> &Site {
        &self.inner().site
    }

    fn grown(&self) -> Option<&ConnectionMultiplexer> {
        if let Some(whole) = self.whole.get() {
            return Some(whole);
        }
        let is_known = self.seed.inner().options.wanted_mode() != Mode::Auto
            || self.seed.inner().link().with(|core| core.wire.server.is_some());
        if !is_known {
            return None;
        }
        Some(self.whole.get_or_init(|| {
            match self.seed.what_it_is(&self.environment, |_| self.base.clone()) {
                Some(whole) => {
                    self.seed.inner().site.abort();
                    whole
                }
                None => self.seed.clone(),
            }
        }))
    }
}

impl Deployment for Origin {
    fn front(&self) -> Option<Arc<Link>> {
        Some(self.grown()?.inner().link().clone())
    }

    fn node(&self) -> &Node {
        self.site().node()
    }

    fn node_at(&self, berth: Berth<'_>) -> &Node {
        self.site().node_at(berth)
    }

    fn nodes(&self) -> Vec<&Node> {
        self.site().nodes()
    }

    fn shows(&self, node: &Node) -> bool {
        self.site().shows(node)
    }

    fn report(&self) -> Vec<NodeStatus> {
        self.site().report()
    }

    fn map_status(&self) -> MapStatus {
        self.site().map_status()
    }

    fn cache_stats(&self) -> Option<CacheStats> {
        self.site().cache_stats()
    }

    fn link_at(&self, endpoint: &Endpoint) -> Option<Arc<Link>> {
        match self.inner().link_at(endpoint)? {
            None => Some(self.inner().link().clone()),
            link => link,
        }
    }

    fn ask(&self, limit: Duration) -> BoxFuture<'static, Result<()>> {
        let muxer = self.muxer().clone();
        match &self.probe.0 {
            Asks::Ping => Box::pin(async move {
                // Before a cluster is known, one node of it could answer for all.
                muxer.connected().await?;
                ping(&muxer, limit).await
            }),
            Asks::Set(key) => {
                let key = key.clone();
                Box::pin(async move {
                    muxer.connected().await?;
                    let link = muxer.inner().link();
                    let name = muxer.inner().options.commands().name_of("SET").to_owned();
                    let words = (&*key, "1", "PX", "600000");
                    Call::<(), _>::new(link, name, words).timeout(limit).await
                })
            }
            Asks::Custom(ask) => ask(muxer),
        }
    }

    fn listen(&self, topics: &[Topic], queue: &Arc<Queue>) -> Result<()> {
        self.inner().places().listen(topics, queue)
    }

    fn remove(&self, topics: &[Topic], queue: &Arc<Queue>) -> bool {
        self.inner().places().remove(topics, queue)
    }

    fn remove_all(&self) {
        self.inner().places().remove_all();
    }

    fn resume(&self, queue: &Arc<Queue>) {
        self.inner().places().resume(queue);
    }

    fn take_listeners(&self, wakers: &mut Vec<Waker>) -> Vec<Moving> {
        match self.site() {
            Site::One(node) => node.registry.take_listeners(&node.link, wakers),
            Site::Many(many) => many.take_listeners(wakers),
            // No member is a group.
            Site::Group(_) => Vec::new(),
        }
    }

    fn adopt(&self, moving: Vec<Moving>, wakers: &mut Vec<Waker>) {
        match self.site() {
            Site::One(node) => node.registry.adopt(moving, &node.link, wakers),
            Site::Many(many) => many.adopt(moving, wakers),
            Site::Group(_) => {}
        }
    }

    fn reconnect(&self) {
        self.site().reconnect();
    }

    fn close(&self) -> BoxFuture<'_, ()> {
        Box::pin(self.site().close())
    }

    fn abort(&self) {
        self.seed.inner().site.abort();
        self.site().abort();
    }
}

async fn ping(muxer: &ConnectionMultiplexer, limit: Duration) -> Result<()> {
    let name = muxer.inner().options.commands().name_of("PING").to_owned();
    match Call::<(), _>::new(muxer.inner().link(), name, ()).timeout(limit).await {
        // A user who may not ask has an answer all the same.
        Err(error)
            if error.server().is_some_and(|error| error.kind() == ServerErrorKind::NoPerm) =>
        {
            Ok(())
        }
        outcome => outcome,
    }
}

impl fmt::Debug for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Origin").finish_non_exhaustive()
    }
}
