//! The members of a group, and the way to the one in use.

use std::{
    fmt,
    future::poll_fn,
    sync::{
        Arc, PoisonError, Weak,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    task::{Poll, Waker},
};

use futures::future::join_all;
use redmux_transport::{Endpoint, Environment};

use super::{
    super::{
        Ears,
        many::{First, MapStatus, NodeStatus, Wake},
        node::Node,
    },
    deployment::{Deployment, Maker, Plan},
    member::Member,
    settings::Settings,
};
use crate::{
    Error, Options, Result,
    caching::CacheStats,
    clock::Clock,
    connection::{Berth, Link, ReadFrom, Reading, Router},
    events::{Hub, SlotMigration},
    resp::Redirect,
    sync::{Mutex, MutexGuard},
    topology::{Table, Wish},
};

/// No member is in use yet.
pub(super) const NONE: usize = usize::MAX;

/// A group of deployments
pub(crate) struct Roster {
    /// Members are only added: one that has left stays as a name.
    members: Table<Member>,
    /// The number of the member in use.
    active: AtomicUsize,
    /// Where commands, subscriptions and leases wait before there is one.
    pub(super) lobby: Node,
    pub(super) settings: Settings,
    maker: Box<dyn Maker>,
    wishes: Mutex<Wishes>,
    /// Held while topics are added, removed or moved; before the locks of registries.
    pub(super) moving: Mutex<()>,
    pub(super) first: First,
    pub(super) wake: Wake,
    /// Something may be wrong with the member in use.
    pub(super) doubted: AtomicBool,
    closed: AtomicBool,
    pub(super) clock: Arc<Clock>,
    pub(super) hub: Arc<Hub>,
    pub(super) me: Weak<Self>,
}

/// What the program wants, and how far the keeper has come with it
#[derive(Default)]
pub(super) struct Wishes {
    pub(super) wish: Option<Wish>,
    /// Members so far, those included that have left.
    pub(super) count: usize,
    /// How often something was asked for, and how much of that is done.
    asked: u64,
    done: u64,
    /// How often the keeper has looked at everything.
    turns: u64,
    waiting: Vec<Waker>,
}

impl Roster {
    pub(super) fn new(
        options: &Arc<Options>,
        environment: &Environment,
        settings: Settings,
        maker: Box<dyn Maker>,
        clock: &Arc<Clock>,
        hub: &Arc<Hub>,
    ) -> Arc<Self> {
        Arc::new_cyclic(|me: &Weak<Self>| {
            let router: Weak<dyn Router> = me.clone();
            let ears = Ears { router: Some(router), ..Ears::default() };
            let endpoint = Arc::new(options.endpoints[0].clone());
            let lobby = Node::new(options, environment, clock, endpoint, ears, None);
            // It never dials.
            lobby.lead();
            lobby.start_one_of_many(options, environment);
            Self {
                members: Table::new(),
                active: AtomicUsize::new(NONE),
                lobby,
                settings,
                maker,
                wishes: Mutex::default(),
                moving: Mutex::new(()),
                first: First::default(),
                wake: Wake::default(),
                doubted: AtomicBool::new(false),
                closed: AtomicBool::new(false),
                clock: clock.clone(),
                hub: hub.clone(),
                me: me.clone(),
            }
        })
    }

    /// Adds a member.
    ///
    /// # Errors
    /// If there is one of this name, or no room, or it cannot be a member.
    pub(super) fn admit(&self, name: Arc<str>, weight: f64, plan: Plan) -> Result<()> {
        let mut wishes = self.wishes();
        if self.find(&name).is_some() {
            return Err(Error::config(format!("group: there are two members named {name}")));
        }
        let group: Weak<dyn Router> = self.me.clone();
        let deployment = self.maker.make(plan, group)?;
        let now = self.clock.now();
        let make = || Member::new(name, weight, deployment, now);
        if self.members.get_or_make(wishes.count, make).is_none() {
            return Err(Error::config("group: it has had too many members"));
        }
        wishes.count += 1;
        Ok(())
    }

    pub(super) fn member(&self, number: usize) -> Option<&Member> {
        self.members.get(number)
    }

    /// All of them with their numbers, those included that have left.
    pub(super) fn numbered(&self) -> impl Iterator<Item = (usize, &Member)> {
        self.members.iter()
    }

    /// Those whose connections are open.
    pub(super) fn present(&self) -> impl Iterator<Item = (usize, &Member)> {
        self.numbered().filter(|(_, member)| !member.condition().left)
    }

    /// The member with this name that does not leave.
    pub(super) fn find(&self, name: &str) -> Option<(usize, &Member)> {
        self.numbered().find(|(_, member)| *member.name == *name && !member.is_leaving())
    }

    pub(super) fn wishes(&self) -> MutexGuard<'_, Wishes> {
        self.wishes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn active_number(&self) -> Option<usize> {
        Some(self.active.load(Ordering::Relaxed)).filter(|number| *number != NONE)
    }

    pub(super) fn active(&self) -> Option<&Member> {
        self.members.get(self.active.load(Ordering::Relaxed))
    }

    pub(super) fn set_active(&self, number: usize) {
        self.active.store(number, Ordering::SeqCst);
    }

    /// The link that calls for the member in use are made for.
    #[inline]
    fn front(&self) -> Option<&Arc<Link>> {
        self.active()?.front()
    }

    pub(super) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::SeqCst)
    }

    pub(in crate::multiplexer) async fn connected(&self) -> Result<()> {
        self.first.known().await
    }

    pub(in crate::multiplexer) fn node(&self) -> &Node {
        self.active().map_or(&self.lobby, |member| member.deployment.node())
    }

    pub(in crate::multiplexer) fn node_at(&self, berth: Berth<'_>) -> &Node {
        let goal = berth.goal.and_then(|goal| {
            let owner = self.present().find(|(_, member)| has(&*member.deployment, goal));
            owner.map(|(_, member)| member.deployment.node_at(berth))
        });
        let active = || self.active().map(|member| member.deployment.node_at(berth));
        goal.or_else(active).unwrap_or(&self.lobby)
    }

    pub(in crate::multiplexer) fn nodes(&self) -> Vec<&Node> {
        self.present().flat_map(|(_, member)| member.deployment.nodes()).collect()
    }

    pub(in crate::multiplexer) fn shows(&self, node: &Node) -> bool {
        self.present().any(|(_, member)| {
            let nodes = member.deployment.nodes();
            nodes.iter().any(|own| std::ptr::eq(*own, node)) && member.deployment.shows(node)
        })
    }

    pub(in crate::multiplexer) fn report(&self) -> Vec<NodeStatus> {
        self.active().map_or_else(Vec::new, |member| member.deployment.report())
    }

    pub(in crate::multiplexer) fn map_status(&self) -> MapStatus {
        self.active().map_or_else(MapStatus::default, |member| member.deployment.map_status())
    }

    pub(in crate::multiplexer) fn cache_stats(&self) -> Option<CacheStats> {
        self.active()?.deployment.cache_stats()
    }

    pub(in crate::multiplexer) fn link_at(&self, endpoint: &Endpoint) -> Option<Arc<Link>> {
        self.present().find_map(|(_, member)| member.deployment.link_at(endpoint))
    }

    pub(in crate::multiplexer) fn reconnect(&self) {
        self.present().for_each(|(_, member)| member.deployment.reconnect());
    }

    pub(in crate::multiplexer) async fn close(&self) {
        self.end();
        let all = self.present().map(|(_, member)| member.deployment.close());
        join_all(all).await;
        self.lobby.close().await;
    }

    pub(in crate::multiplexer) fn abort(&self) {
        self.end();
        self.numbered().for_each(|(_, member)| member.deployment.abort());
        self.lobby.abort();
    }

    fn end(&self) {
        self.closed.store(true, Ordering::SeqCst);
        self.wake.hint();
    }

    /// Why there will be no connection, if that is so.
    pub(in crate::multiplexer) fn over(&self) -> Option<Error> {
        self.is_closed().then(Error::closed)
    }

    /// Changes what the program wants, and waits until the keeper has taken that in.
    ///
    /// # Errors
    /// Those of the change; that the group is closed.
    pub(super) async fn ask<T>(&self, change: impl FnOnce(&mut Wishes) -> Result<T>) -> Result<T> {
        let (changed, ticket) = {
            let mut wishes = self.wishes();
            let changed = change(&mut wishes)?;
            wishes.asked += 1;
            (changed, wishes.asked)
        };
        self.wake.hint();
        self.wait_for(|wishes| wishes.done >= ticket).await?;
        Ok(changed)
    }

    /// Waits while the first probes of a member of interest are under way.
    ///
    /// # Errors
    /// That the group is closed.
    pub(super) async fn probed(&self, is_open: impl Fn() -> bool) -> Result<()> {
        loop {
            let seen = self.wishes().turns;
            if !is_open() {
                return Ok(());
            }
            self.wait_for(|wishes| wishes.turns != seen).await?;
        }
    }

    async fn wait_for(&self, holds: impl Fn(&Wishes) -> bool) -> Result<()> {
        poll_fn(|cx| {
            if self.is_closed() {
                return Poll::Ready(Err(Error::closed()));
            }
            let mut wishes = self.wishes();
            if holds(&wishes) {
                return Poll::Ready(Ok(()));
            }
            wishes.waiting.retain(|waker| !waker.will_wake(cx.waker()));
            wishes.waiting.push(cx.waker().clone());
            Poll::Pending
        })
        .await
    }

    /// What the program wants by now; the number is for [`done`](Self::done).
    pub(super) fn asked(&self) -> (Option<Wish>, u64) {
        let wishes = self.wishes();
        (wishes.wish, wishes.asked)
    }

    /// All that was asked for up to this number is taken in.
    pub(super) fn done(&self, asked: u64) {
        let waiting = {
            let mut wishes = self.wishes();
            wishes.done = wishes.done.max(asked);
            wishes.turns += 1;
            std::mem::take(&mut wishes.waiting)
        };
        waiting.into_iter().for_each(Waker::wake);
    }
}

/// Whether this is a link to one of its servers.
fn has(deployment: &dyn Deployment, link: &Link) -> bool {
    let nodes = deployment.nodes();
    nodes.iter().any(|node| node.links().any(|own| std::ptr::eq(&**own, link)))
}

impl Router for Roster {
    #[inline]
    fn link_to(&self, slot: Option<u16>) -> Option<&Link> {
        match self.front() {
            None => Some(&self.lobby.link),
            Some(front) => match front.router() {
                None => Some(front),
                Some(router) => router.link_to(slot),
            },
        }
    }

    fn server_of(&self, slot: u16) -> Option<&Link> {
        match self.front() {
            None => Some(&self.lobby.link),
            Some(front) => match front.router() {
                None => Some(front),
                Some(router) => router.server_of(slot),
            },
        }
    }

    fn links(&self, replicas: bool) -> Vec<&Link> {
        match self.front() {
            None => vec![&*self.lobby.link],
            Some(front) => match front.router() {
                None => vec![&**front],
                Some(router) => router.links(replicas),
            },
        }
    }

    fn redirected(&self, from: &Link, redirect: &Redirect<'_>, for_good: bool) -> Option<&Link> {
        let (_, owner) = self.present().find(|(_, member)| has(&*member.deployment, from))?;
        owner.front()?.router()?.redirected(from, redirect, for_good)
    }

    fn is_one_of_several(&self, link: &Link) -> bool {
        let owner = self.present().find(|(_, member)| has(&*member.deployment, link));
        owner
            .is_some_and(|(_, member)| member.front().is_some_and(|front| front.router().is_some()))
    }

    fn reader(&self, slot: u16, from: ReadFrom) -> Reading<'_> {
        match self.front().map(|front| front.router()) {
            Some(Some(router)) => router.reader(slot, from),
            Some(None) if from == ReadFrom::Replica => {
                Reading::Nowhere("one server is known, and no replica of it")
            }
            None | Some(None) => Reading::Primary,
        }
    }

    fn unfit(&self, link: &Link) {
        for (_, member) in self.present() {
            if let Some(router) = member.front().and_then(|front| front.router()) {
                router.unfit(link);
            }
        }
    }

    fn is_undivided(&self) -> bool {
        let router = self.front().and_then(|front| front.router());
        router.is_none_or(|router| router.is_undivided())
    }

    fn troubled(&self) {
        self.doubted.store(true, Ordering::Release);
        self.wake.hint();
        if let Some(router) = self.front().and_then(|front| front.router()) {
            router.troubled();
        }
    }

    /// A member that is a cluster hears of its slots by itself.
    fn migrated(&self, _: &Link, _: &[SlotMigration]) {}

    fn renewed(&self, _: &Link) {}
}

impl fmt::Debug for Roster {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Roster").finish_non_exhaustive()
    }
}
