//! Servers that somebody leads to: those of sentinels.
//!
//! Before a server has proven to be the primary, none is dialled. What is issued meanwhile waits in a link without a
//! server, or in that of the last primary, and goes to the next one from there.

use std::{sync::Arc, task::Context};

use redmux_transport::{Endpoint, Environment};

use super::{
    super::node::Node,
    asking::Answer,
    nodes::{Kind, Many},
};
use crate::{
    Error, Options,
    clock::Clock,
    connection::{Link, Phase},
    topology::{NOBODY, NodeId, View},
};

/// Why connections to a primary end that is none any more.
const REPLACED: &str = "another server is the primary by now";

impl Many {
    /// What is around it: options, transport and clock.
    pub(in crate::multiplexer) fn surroundings(&self) -> (Arc<Options>, Environment, Arc<Clock>) {
        (self.options.clone(), self.environment.clone(), self.clock.clone())
    }

    /// The link in which commands are now: to the primary, or without a server.
    pub(in crate::multiplexer) fn first_link(&self) -> &Link {
        &self.any().link
    }

    /// What these servers are: a primary and its replicas.
    pub(in crate::multiplexer) fn view_of_shard<'a>(
        &self,
        primary: &'a Endpoint,
        replicas: impl Iterator<Item = &'a Endpoint>,
    ) -> View {
        let mut map = self.lock();
        let all = std::iter::once(primary).chain(replicas);
        let numbers: Vec<NodeId> = all.map(|endpoint| map.node_at(endpoint)).collect();
        View::of_one_shard(numbers.iter().filter_map(|number| self.seen(&map, *number)).collect())
    }

    /// Believes what sentinels say. Returns the nodes that left.
    pub(in crate::multiplexer) fn lead(&self, view: View) -> Vec<NodeId> {
        let now = self.clock.now();
        let Some(primary) = view.nodes.first() else { return Vec::new() };
        let by = self.lock().node_at(&primary.endpoint);
        let (_, mut gone) = self.take_in(&Answer { by, asked: now, view }, now);
        gone.retain(|number| {
            // Where commands waited for the first primary, nothing was ever sent.
            let waits_only = self.made(*number).is_some_and(|node| !node.was_connected());
            if waits_only {
                self.part_with(*number);
            }
            !waits_only
        });
        gone
    }

    /// Connects to this server, which has proven to be the primary: at once if it was not that before.
    pub(in crate::multiplexer) fn go_to(&self, primary: &Endpoint, another: bool) {
        let number = self.lock().node_at(primary);
        if let Some(node) = self.node(number) {
            node.go(another);
        }
    }

    /// Ends the connections to a server that is the primary no more: should it wake, it would take writes that are lost.
    pub(in crate::multiplexer) fn leave(&self, former: &Endpoint) {
        let number = self.lock().find(former);
        if let Some(node) = number.and_then(|number| self.made(number)) {
            node.hold(REPLACED);
        }
    }

    /// Gives what waits in links to other servers than the primary back to its callers, who find that one.
    pub(in crate::multiplexer) fn give_back(&self) {
        let primary = self.slots.owner(0);
        let others = self.numbered().filter(|(number, _)| primary != NOBODY && *number != primary);
        for (_, node) in others {
            if node.link.with(|core| core.is_held()) {
                node.link.surrender(true);
            }
        }
    }

    /// What has become of the links that are led; wakes the task when that changes.
    pub(in crate::multiplexer) fn poll_links(&self, cx: &Context<'_>) -> Vec<(Phase, bool)> {
        let links = self.nodes().flat_map(|node| [&node.link, &node.subscriptions]);
        let seen = links.map(|link| {
            link.with(|core| {
                core.wake_at_change(cx.waker());
                (core.phase, core.is_held())
            })
        });
        seen.collect()
    }

    /// Whether something may have gone wrong since the last time; wakes the task when it does.
    pub(in crate::multiplexer) fn poll_doubt(&self, cx: &mut Context<'_>) -> bool {
        self.wake.poll(cx).is_ready()
    }

    /// The first attempt to connect has ended.
    pub(in crate::multiplexer) fn settle_first(&self, outcome: Result<(), Error>) {
        self.first.settle(outcome);
    }

    pub(super) fn is_led(&self) -> bool {
        self.kind == Kind::Watched
    }
}

impl Node {
    fn was_connected(&self) -> bool {
        self.link.with(|core| core.wire.number > 0)
    }
}
