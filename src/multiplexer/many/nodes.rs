//! The servers of a cluster, and the way to them.

use std::{
    fmt,
    sync::{
        Arc, OnceLock, PoisonError, Weak,
        atomic::{AtomicBool, AtomicU16, AtomicU64, Ordering},
    },
};

use futures::future::join_all;
use redmux_transport::{Endpoint, Environment};

use super::{
    super::{
        Ears,
        announcements::{Announcements, Servers},
        node::Node,
    },
    doubts::Doubts,
    first::First,
    readers::Readers,
    wake::Wake,
};
use crate::{
    Options, Result,
    caching::Together,
    clock::Clock,
    connection::{Berth, Link, Phase, ReadFrom, Reading, Router},
    events::{Hub, SlotMigration},
    options::AnnouncedNode,
    resp::Redirect,
    subscriptions::Moving,
    sync::{Mutex, MutexGuard},
    topology::{Announced, Map, NOBODY, NodeId, Slots, Table},
};

/// What several servers are to each other
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::multiplexer) enum Kind {
    /// Nodes of a cluster, which share the slots.
    Cluster,
    /// A primary and its replicas, which are asked for their roles.
    Replicas,
    /// The same, watched by sentinels, which are asked instead: nobody is dialled but those that they lead to.
    Watched,
}

impl Kind {
    /// Whether there is one primary, and slots mean nothing.
    pub(super) fn is_undivided(self) -> bool {
        self != Self::Cluster
    }
}

/// The servers of a cluster
pub(crate) struct Many {
    /// Dialled when they are first used.
    pub(super) nodes: Table<Node>,
    pub(super) slots: Slots,
    pub(super) map: Mutex<Map>,
    /// Where commands without a key go, so that those of one caller stay in order.
    pub(super) anywhere: AtomicU16,
    /// The endpoints of the options, which stay what they are whatever the cluster says.
    pub(super) seeds: Vec<Endpoint>,
    pub(super) wake: Wake,
    /// The server of topics that any will do for.
    pub(super) post: AtomicU16,
    /// There are subscriptions, or were.
    pub(super) listened: AtomicBool,
    /// Held while topics are added, removed or moved; before the locks of registries.
    pub(super) moving: Mutex<()>,
    /// Topics of all primaries, as long as these are not known.
    pub(super) unplaced: Mutex<Vec<Moving>>,
    pub(super) doubts: Doubts,
    pub(super) first: First,
    /// What the client itself listens to; topics of it are at the first node at first.
    announcements: OnceLock<Arc<Announcements>>,
    /// Answers to questions about the cluster, and when the last one came.
    pub(super) refreshes: AtomicU64,
    pub(super) refreshed_at: AtomicU64,
    pub(super) redirects: AtomicU64,
    pub(super) readers: Readers,
    pub(in crate::multiplexer) caches: Option<Arc<Together>>,
    pub(in crate::multiplexer) kind: Kind,
    /// When names were last resolved because there was no primary.
    pub(super) resolved_at: AtomicU64,
    pub(super) me: Weak<Self>,
    pub(super) closed: AtomicBool,
    pub(super) options: Arc<Options>,
    pub(super) environment: Environment,
    pub(super) clock: Arc<Clock>,
    pub(super) hub: Arc<Hub>,
}

impl Many {
    pub(in crate::multiplexer) fn new(
        options: &Arc<Options>,
        environment: &Environment,
        clock: &Arc<Clock>,
        hub: &Arc<Hub>,
        kind: Kind,
    ) -> Arc<Self> {
        Arc::new_cyclic(|me| Self {
            nodes: Table::new(),
            slots: Slots::new(),
            map: Mutex::new(Map::new()),
            anywhere: AtomicU16::new(NOBODY),
            seeds: options.endpoints.clone(),
            wake: Wake::default(),
            post: AtomicU16::new(NOBODY),
            listened: AtomicBool::new(false),
            moving: Mutex::new(()),
            unplaced: Mutex::default(),
            doubts: Doubts::default(),
            first: First::default(),
            announcements: OnceLock::new(),
            refreshes: AtomicU64::new(0),
            refreshed_at: AtomicU64::new(0),
            redirects: AtomicU64::new(0),
            readers: Readers::new(clock.runtime.entropy()),
            caches: options.caches(),
            kind,
            resolved_at: AtomicU64::new(0),
            me: me.clone(),
            closed: AtomicBool::new(false),
            options: options.clone(),
            environment: environment.clone(),
            clock: clock.clone(),
            hub: hub.clone(),
        })
    }

    /// Waits until a server has said which servers there are.
    pub(in crate::multiplexer) async fn connected(&self) -> Result<()> {
        self.first.known().await
    }

    /// The nodes that there are connections to, or were.
    pub(in crate::multiplexer) fn nodes(&self) -> impl Iterator<Item = &Node> {
        self.numbered().map(|(_, node)| node)
    }

    /// The same, with their numbers.
    pub(super) fn numbered(&self) -> impl Iterator<Item = (NodeId, &Node)> {
        // Each was put in under a number of the map.
        self.nodes.iter().map(|(number, node)| (number as NodeId, node))
    }

    /// The node with this number, if there are connections to it, or were.
    pub(super) fn made(&self, number: NodeId) -> Option<&Node> {
        self.nodes.get(usize::from(number))
    }

    /// A node for what names no key.
    pub(in crate::multiplexer) fn any(&self) -> &Node {
        if self.kind.is_undivided()
            && let Some(node) = self.node(self.slots.owner(0))
        {
            // Nobody but the primary, as with a single server.
            return node;
        }
        let known = self.anywhere.load(Ordering::Relaxed);
        if let Some(node) = self.made(known)
            && node.is_ready()
        {
            return node;
        }
        self.choose_any()
    }

    /// The node at which a connection is leased.
    pub(in crate::multiplexer) fn node_at(&self, berth: Berth<'_>) -> &Node {
        let goal = berth.goal.and_then(|goal| self.nodes().find(|node| node.has(goal)));
        let owner = || self.node(self.slots.owner(berth.slot?));
        goal.or_else(owner).unwrap_or_else(|| self.any())
    }

    /// Chooses the node for what names no key: a primary that is ready, if there is one.
    #[cold]
    fn choose_any(&self) -> &Node {
        let number = {
            let mut map = self.lock();
            let primaries = map.primaries();
            let ready = |number: &NodeId| self.made(*number).is_some_and(Node::is_ready);
            let ready = primaries.iter().find(|number| ready(number)).copied();
            match ready.or_else(|| primaries.first().copied()) {
                Some(number) => number,
                // Nothing is known: a seed says more.
                None => map.node_at(&self.seeds[0]),
            }
        };
        self.anywhere.store(number, Ordering::Relaxed);
        // The table has room for every number of the map.
        self.node(number).unwrap_or_else(|| self.nodes.first_or_make(|| self.make(&self.seeds[0])))
    }

    /// The node with this number, which is made if need be.
    pub(super) fn node(&self, number: NodeId) -> Option<&Node> {
        match self.made(number) {
            Some(node) => Some(node),
            None => self.make_node(number),
        }
    }

    #[cold]
    fn make_node(&self, number: NodeId) -> Option<&Node> {
        let endpoint = self.lock().endpoint(number)?.clone();
        let node = self.nodes.get_or_make(usize::from(number), || self.make(&endpoint))?;
        if self.is_closed() {
            node.abort();
        }
        Some(node)
    }

    fn make(&self, endpoint: &Endpoint) -> Node {
        let endpoint = Arc::new(endpoint.clone());
        let mut ears = Ears::default();
        let announcements = self.announcements.get_or_init(|| {
            ears = Ears::new(&self.options);
            let me: Weak<dyn Servers> = self.me.clone();
            ears.announcements.set_servers(me);
            ears.announcements.clone()
        });
        ears.announcements = announcements.clone();
        ears.hub = self.hub.clone();
        let router: Weak<dyn Router> = self.me.clone();
        ears.router = Some(router);
        let cache = self.caches.as_ref().and_then(|all| self.options.cache_among(all));
        let Self { options, environment, clock, .. } = self;
        let node = Node::new(options, environment, clock, endpoint, ears, cache);
        if node.registry.len() > 0 {
            self.listened.store(true, Ordering::Relaxed);
        }
        if self.is_led() {
            node.lead();
        }
        if !self.kind.is_undivided() {
            node.registry.watch_shards();
        }
        node.start_one_of_many(&self.options, &self.environment);
        node
    }

    /// Where a server is really reached that is announced like this.
    pub(super) fn reached_at(
        &self,
        id: Option<&str>,
        endpoint: &Endpoint,
        zone: Option<&str>,
    ) -> Endpoint {
        match endpoint {
            Endpoint::Tcp { host, port } => {
                self.options.endpoint_of(&AnnouncedNode { id, host, port: *port, zone })
            }
            other => other.clone(),
        }
    }

    pub(in crate::multiplexer) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::SeqCst)
    }

    pub(in crate::multiplexer) fn reconnect(&self) {
        self.nodes().for_each(Node::reconnect);
    }

    pub(in crate::multiplexer) async fn close(&self) {
        self.closed.store(true, Ordering::SeqCst);
        self.wake.hint();
        self.readers.end();
        self.end_unplaced();
        // Side by side: each ends as soon as what it was sent is answered.
        join_all(self.nodes().map(Node::close)).await;
    }

    pub(in crate::multiplexer) fn abort(&self) {
        self.closed.store(true, Ordering::SeqCst);
        self.wake.hint();
        self.readers.end();
        self.end_unplaced();
        self.nodes().for_each(Node::abort);
    }

    /// Only for as long as it takes to look something up: callers that are redirected wait for it.
    pub(super) fn lock(&self) -> MutexGuard<'_, Map> {
        self.map.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Servers for Many {
    fn will_change(&self) {}

    fn look_again(&self) {
        self.wake.hint();
    }
}

impl Router for Many {
    #[inline]
    fn link_to(&self, slot: Option<u16>) -> Option<&Link> {
        let owner = slot.map_or(NOBODY, |slot| self.slots.owner(slot));
        let node = match owner {
            NOBODY if self.is_closed() => return None,
            NOBODY => self.any(),
            owner => self.node(owner)?,
        };
        Some(&node.link)
    }

    fn server_of(&self, slot: u16) -> Option<&Link> {
        Some(&self.node(self.slots.owner(slot))?.link)
    }

    fn links(&self, replicas: bool) -> Vec<&Link> {
        let numbers = {
            let map = self.lock();
            if replicas { map.members() } else { map.primaries() }
        };
        let links = numbers.into_iter().filter_map(|number| Some(&*self.node(number)?.link));
        let links: Vec<&Link> = links.collect();
        if links.is_empty() { vec![&self.any().link] } else { links }
    }

    fn redirected(&self, from: &Link, redirect: &Redirect<'_>, for_good: bool) -> Option<&Link> {
        self.redirects.fetch_add(1, Ordering::Relaxed);
        let announced = Announced { host: Some(redirect.host), port: redirect.port, ip: None };
        let endpoint = announced.endpoint(&from.endpoint())?;
        let endpoint = self.reached_at(None, &endpoint, None);
        let number = match redirect.slot {
            Some(slot) if for_good => self.moved(slot, &endpoint, &from.endpoint()),
            _ => self.lock().node_at(&endpoint),
        };
        let node = self.node(number)?;
        if node.has(from) {
            // Behind its name there is another server by now, or it does not know its own address.
            from.with(|core| core.ask_for_another_stream());
            return None;
        }
        Some(&node.link)
    }

    fn reader(&self, slot: u16, from: ReadFrom) -> Reading<'_> {
        self.read_at(slot, from)
    }

    fn unfit(&self, link: &Link) {
        self.not_readable(link);
    }

    fn is_undivided(&self) -> bool {
        self.kind.is_undivided()
    }

    fn troubled(&self) {
        self.wake.hint();
    }

    fn doubted(&self, link: &Link) {
        self.doubt(link);
    }

    fn migrated(&self, by: &Link, moves: &[SlotMigration]) {
        self.slots_migrated(moves, &by.endpoint());
    }

    fn renewed(&self, link: &Link) {
        self.renew_reader(link);
    }
}

impl Node {
    pub(in crate::multiplexer) fn is_ready(&self) -> bool {
        self.link.with(|core| core.phase == Phase::Ready)
    }

    /// Whether there is no connection, but was one, or was one dialled in vain.
    pub(super) fn is_lost(&self) -> bool {
        self.link.with(|core| {
            let tried = core.wire.number > 0 || core.redial.failed_attempts > 0;
            tried && matches!(core.phase, Phase::Disconnected | Phase::Handshake)
        })
    }

    /// Whether replies are due and nothing comes: it may have stopped.
    pub(super) fn is_silent(&self, now: u64) -> bool {
        self.link.with(|core| core.is_silent(now))
    }

    /// Whether this is the link that its commands share.
    fn has(&self, link: &Link) -> bool {
        std::ptr::eq(&*self.link, link)
    }
}

impl fmt::Debug for Many {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Many").finish_non_exhaustive()
    }
}
