//! The task that leads the connections to the primary.

use std::{
    future::poll_fn,
    sync::Arc,
    task::{Context, Poll},
};

use futures::stream::{FuturesUnordered, StreamExt};
use redmux_transport::{BoxFuture, Endpoint, Environment, Timer};

use super::{
    super::{node::Node, pool::Pool},
    hopes::Hopes,
    probe::Probes,
    watcher::{Heard, Watcher},
};
use crate::{
    Error, Full, Options,
    clock::Clock,
    connection::{Link, Phase},
    topology::sentinel::{Learned, Sentinels, Step},
};

/// Why connections to a primary end that is none any more.
const REPLACED: &str = "another server is the primary by now";

pub(super) struct Director {
    machine: Sentinels,
    pub(super) service: Arc<str>,
    pub(super) options: Arc<Options>,
    environment: Environment,
    clock: Arc<Clock>,
    /// The connection that all share, and that for subscriptions.
    links: [Arc<Link>; 2],
    pool: Full<Arc<Pool>>,
    watchers: Vec<Watcher>,
    probes: Probes,
    questions: FuturesUnordered<BoxFuture<'static, Heard>>,
    /// Where the connections are led to.
    goal: Option<Endpoint>,
    /// What was last seen of the connections.
    seen: [(Phase, bool); 2],
    hopes: Hopes,
    timer: Box<dyn Timer>,
}

impl Director {
    pub(super) fn new(
        node: &Node,
        options: &Arc<Options>,
        environment: &Environment,
        clock: &Arc<Clock>,
    ) -> Self {
        let links = [node.link.clone(), node.subscriptions.clone()];
        links.iter().for_each(|link| link.with(|core| core.lead()));
        let (now, random) = (clock.now(), clock.runtime.entropy());
        Self {
            machine: Sentinels::new(options.endpoints.iter().cloned(), random, now),
            service: options.wanted_service().cloned().unwrap_or_else(|| "".into()),
            options: options.clone(),
            environment: environment.clone(),
            clock: clock.clone(),
            links,
            pool: node.pool.clone(),
            watchers: Vec::new(),
            probes: Probes::default(),
            questions: FuturesUnordered::new(),
            goal: None,
            seen: [(Phase::Dormant, false); 2],
            hopes: Hopes::new(options, now),
            timer: clock.runtime.timer(clock.runtime.now()),
        }
    }

    /// Runs until the connection that all share is closed.
    pub(super) async fn run(mut self) {
        while self.turn() {
            poll_fn(|cx| self.poll_news(cx)).await;
        }
    }

    /// Waits until there is news, and takes it in.
    fn poll_news(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let now = self.clock.now();
        let mut learned = Vec::new();
        while let Poll::Ready(Some(heard)) = self.questions.poll_next_unpin(cx) {
            self.note(&heard);
            learned.push(heard.learned);
        }
        for watcher in &mut self.watchers {
            watcher.poll(cx, &self.options, &self.service, &mut learned);
        }
        let mut is_news = !learned.is_empty();
        learned.into_iter().for_each(|learned| self.machine.learn(learned, now));
        for (link, seen) in self.links.iter().zip(&mut self.seen) {
            let state = link.with(|core| {
                core.wake_at_change(cx.waker());
                (core.phase, core.is_held())
            });
            is_news |= std::mem::replace(seen, state) != state;
        }
        match is_news || self.timer.poll_expired(cx).is_ready() {
            true => Poll::Ready(()),
            false => Poll::Pending,
        }
    }

    /// Remembers what the errors of those say who were asked.
    fn note(&mut self, heard: &Heard) {
        let (by, knows) = match &heard.learned {
            Learned::Answer { by, answer } => (by, Some(answer.primary.is_some())),
            Learned::NoAnswer { by } => (by, None),
            Learned::Role { .. } | Learned::NoRole { .. } => {
                return self.hopes.server = heard.fault.clone();
            }
            _ => return,
        };
        if let Some(watcher) = self.watchers.iter_mut().find(|watcher| watcher.endpoint == *by) {
            (watcher.knows, watcher.fault) = (knows, heard.fault.clone());
        }
    }

    /// Does what is to be done now; whether there is anything left to do.
    fn turn(&mut self) -> bool {
        let now = self.clock.now();
        let [main, subscriptions] = &self.links;
        let (phase, is_held) = main.with(|core| (core.phase, core.is_held()));
        if matches!(phase, Phase::Closing | Phase::Closed) {
            return false;
        }
        let leads = self.goal.is_some() && self.machine.primary() == self.goal.as_ref();
        if leads && is_held {
            let primary = self.goal.clone().into_iter();
            primary.for_each(|primary| self.machine.learn(Learned::Lost { primary }, now));
        } else if leads && phase == Phase::Ready {
            subscriptions.with(|core| {
                if core.is_held() {
                    core.go(false);
                }
            });
        }
        let plan = self.machine.decide(now);
        for step in plan.steps {
            self.take(step);
        }
        self.watch();
        if phase == Phase::Ready && self.machine.primary().is_some() && self.questions.is_empty() {
            self.probes.end();
        }
        let until = match self.hope(phase, now) {
            Ok(until) => plan.until.min(until),
            Err(()) => return false,
        };
        self.timer.reset(self.clock.instant(until));
        true
    }

    fn take(&mut self, step: Step) {
        match step {
            Step::AskSentinel(endpoint) => {
                self.watch();
                let known = self.watchers.iter().find(|watcher| watcher.endpoint == endpoint);
                match known {
                    Some(watcher) => {
                        let question = watcher.ask(&self.options, &self.service);
                        self.questions.push(Box::pin(question));
                    }
                    None => {
                        let now = self.clock.now();
                        self.machine.learn(Learned::NoAnswer { by: endpoint }, now);
                    }
                }
            }
            Step::AskRole(endpoint) => {
                let Self { options, environment, clock, .. } = self;
                let question = self.probes.ask(&endpoint, options, environment, clock);
                self.questions.push(Box::pin(question));
            }
            Step::Use(endpoint) => self.lead_to(endpoint),
            Step::Drop(endpoint) => {
                if self.goal.as_ref() == Some(&endpoint) {
                    self.leave();
                }
            }
        }
    }

    /// Keeps a connection to each of the sentinels that are watched, and to no other.
    fn watch(&mut self) {
        let machine = &self.machine;
        self.watchers
            .retain(|watcher| machine.watched().any(|endpoint| *endpoint == watcher.endpoint));
        for endpoint in self.machine.watched() {
            if !self.watchers.iter().any(|watcher| watcher.endpoint == *endpoint) {
                let Self { options, environment, clock, .. } = self;
                self.watchers.push(Watcher::new(endpoint, options, environment, clock));
            }
        }
    }

    /// This server has proven to be the primary.
    fn lead_to(&mut self, endpoint: Endpoint) {
        let is_another = self.goal.as_ref() != Some(&endpoint);
        if is_another && self.goal.is_some() {
            self.leave();
        }
        let address = is_another.then(|| Arc::new(endpoint.clone()));
        for link in &self.links {
            if let Some(address) = &address {
                link.set_endpoint(address.clone());
            }
            link.with(|core| {
                if is_another || core.is_held() {
                    core.go(is_another);
                }
            });
        }
        self.goal = Some(endpoint);
    }

    /// Ends the connections to a server that is the primary no more: should it wake, it would take writes that are lost.
    fn leave(&mut self) {
        self.goal = None;
        self.links.iter().for_each(|link| link.with(|core| core.hold(REPLACED)));
        if let Some(pool) = self.pool.get() {
            pool.leave(REPLACED);
        }
    }

    /// While there was no connection yet: whether one is still to be hoped for, and until when.
    fn hope(&mut self, phase: Phase, now: u64) -> Result<u64, ()> {
        let [main, subscriptions] = &self.links;
        if phase == Phase::Ready {
            self.hopes.fulfilled();
        }
        let trouble = self.machine.trouble();
        let last = || main.with(|core| core.redial.last_error.clone());
        let hopeless = self.hopes.lost(trouble, &self.watchers, &self.service, last, now);
        let Some(error) = hopeless else { return Ok(self.hopes.until()) };
        let error: Error = error;
        main.with(|core| core.note_trouble(error));
        self.hopes.fulfilled();
        if !self.options.aborts_on_connect_fail() {
            return Ok(u64::MAX);
        }
        main.abort();
        subscriptions.abort();
        Err(())
    }
}
