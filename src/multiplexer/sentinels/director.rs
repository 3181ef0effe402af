//! The task that leads the connections to the primary.

use std::{
    future::poll_fn,
    sync::Arc,
    task::{Context, Poll},
};

use futures::stream::{FuturesUnordered, StreamExt};
use redmux_transport::{BoxFuture, Endpoint, Environment, Timer};

use super::{
    super::many::{Leaving, Many},
    hopes::Hopes,
    probe::Probes,
    watcher::{Heard, Watcher},
};
use crate::{
    Error, Options,
    clock::Clock,
    connection::Phase,
    topology::{
        View,
        sentinel::{Learned, Sentinels, Step},
    },
};

/// After a change of the primary, callers that were on their way to the old one are looked for this long, and this often,
/// in microseconds.
const STRAYS: u64 = 1_000_000;
const STRAYS_EVERY: u64 = 20_000;

pub(super) struct Director {
    many: Arc<Many>,
    machine: Sentinels,
    service: Arc<str>,
    options: Arc<Options>,
    environment: Environment,
    clock: Arc<Clock>,
    watchers: Vec<Watcher>,
    probes: Probes,
    questions: FuturesUnordered<BoxFuture<'static, Heard>>,
    /// Where the connections are led to.
    goal: Option<Endpoint>,
    /// What callers go by.
    shown: Option<View>,
    leaving: Leaving,
    /// Until then strays are looked for.
    strays_until: u64,
    /// What was last seen of the connections.
    seen: Vec<(Phase, bool)>,
    hopes: Hopes,
    timer: Box<dyn Timer>,
}

impl Director {
    pub(super) fn new(many: Arc<Many>) -> Self {
        let (options, environment, clock) = many.surroundings();
        let (now, random) = (clock.now(), clock.runtime.entropy());
        Self {
            many,
            machine: Sentinels::new(options.endpoints.iter().cloned(), random, now),
            service: options.wanted_service().cloned().unwrap_or_else(|| "".into()),
            watchers: Vec::new(),
            probes: Probes::default(),
            questions: FuturesUnordered::new(),
            goal: None,
            shown: None,
            leaving: Leaving::default(),
            strays_until: 0,
            seen: Vec::new(),
            hopes: Hopes::new(&options, now),
            timer: clock.runtime.timer(clock.runtime.now()),
            options,
            environment,
            clock,
        }
    }

    /// Runs until the servers are closed.
    pub(super) async fn run(mut self) {
        while self.turn() {
            poll_fn(|cx| self.poll_news(cx)).await;
        }
        self.many.settle_first(Err(Error::closed()));
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
        if self.many.poll_doubt(cx) {
            learned.push(Learned::Doubted);
        }
        let mut is_news = !learned.is_empty();
        learned.into_iter().for_each(|learned| self.machine.learn(learned, now));
        let seen = self.many.poll_links(cx);
        is_news |= std::mem::replace(&mut self.seen, seen) != self.seen;
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
        if self.many.is_closed() {
            return false;
        }
        let now = self.clock.now();
        let leads = self.goal.is_some() && self.machine.primary() == self.goal.as_ref();
        let (phase, is_held) = self.many.first_link().with(|core| (core.phase, core.is_held()));
        if leads && is_held {
            let primary = self.goal.clone().into_iter();
            primary.for_each(|primary| self.machine.learn(Learned::Lost { primary }, now));
        } else if leads && phase == Phase::Ready {
            self.goal.iter().for_each(|primary| self.many.go_to(primary, false));
        }
        let plan = self.machine.decide(now);
        for step in plan.steps {
            self.take(step);
        }
        self.watch();
        self.show();
        self.leaving.part(&self.many);
        let mut until = plan.until.min(self.leaving.due());
        if now < self.strays_until {
            self.many.give_back();
            until = until.min(now.saturating_add(STRAYS_EVERY));
        }
        let is_ready =
            self.goal.is_some() && self.many.first_link().with(|core| core.phase == Phase::Ready);
        if is_ready {
            self.hopes.fulfilled();
            self.many.settle_first(Ok(()));
            if self.machine.primary().is_some() && self.questions.is_empty() {
                self.probes.end();
            }
        }
        if !self.hope(now) {
            return false;
        }
        self.timer.reset(self.clock.instant(until.min(self.hopes.until())));
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
        if is_another {
            self.leave();
            self.strays_until = self.clock.now().saturating_add(STRAYS);
        }
        self.goal = Some(endpoint.clone());
        self.show();
        self.many.go_to(&endpoint, is_another);
    }

    /// The server that the connections are led to is the primary no more.
    fn leave(&mut self) {
        if let Some(former) = self.goal.take() {
            self.many.leave(&former);
        }
    }

    /// Has callers find the primary and its replicas.
    fn show(&mut self) {
        let Some(primary) = &self.goal else { return };
        // In an order that does not depend on who was asked last.
        let mut replicas: Vec<&Endpoint> =
            self.machine.replicas().filter(|replica| *replica != primary).collect();
        replicas.sort_by_key(|replica| replica.to_string());
        let view = self.many.view_of_shard(primary, replicas.into_iter());
        if self.shown.as_ref() != Some(&view) {
            self.shown = Some(view.clone());
            let gone = self.many.lead(view);
            self.leaving.note(gone, self.clock.now());
        }
    }

    /// While there was no connection yet: whether to go on.
    fn hope(&mut self, now: u64) -> bool {
        let trouble = self.machine.trouble();
        let last = || self.many.first_link().with(|core| core.redial.last_error.clone());
        let hopeless = self.hopes.lost(trouble, &self.watchers, &self.service, last, now);
        let Some(error) = hopeless else { return true };
        self.hopes.fulfilled();
        self.many.first_link().with(|core| core.note_trouble(error.clone()));
        if !self.options.aborts_on_connect_fail() {
            self.many.settle_first(Ok(()));
            return true;
        }
        self.many.settle_first(Err(error));
        self.many.abort();
        false
    }
}
