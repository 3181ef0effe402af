//! What becomes known of the cluster, and what follows from that.

use std::{
    ops::RangeInclusive,
    sync::{Arc, atomic::Ordering},
};

use redmux_transport::Endpoint;

use super::{
    super::node::Node,
    asking::Answer,
    nodes::{Kind, Many},
};
use crate::{
    Error,
    clock::NEVER,
    events::{ConfigurationChanged, Event, HashSlotsMoved, SlotMigration},
    topology::{Changes, Disbelief, Map, NOBODY, NodeId, Role},
};

/// How many nodes an event names.
const NAMED: usize = 8;

/// How long a node that left may finish what it was sent, in microseconds.
const LEAVE: u64 = 5_000_000;

/// Nodes that left, and when their connections are closed
#[derive(Default)]
pub(in crate::multiplexer) struct Leaving(Vec<(u64, NodeId)>);

impl Leaving {
    pub(in crate::multiplexer) fn note(&mut self, gone: Vec<NodeId>, now: u64) {
        for number in gone {
            if !self.0.iter().any(|(_, known)| *known == number) {
                self.0.push((now.saturating_add(LEAVE), number));
            }
        }
    }

    /// When there is something to do; [`NEVER`] if nothing is left.
    pub(in crate::multiplexer) fn due(&self) -> u64 {
        self.0.iter().map(|(at, _)| *at).fold(NEVER, u64::min)
    }

    /// Closes the connections to those that left a while ago.
    pub(in crate::multiplexer) fn part(&mut self, many: &Many) {
        let now = many.clock.now();
        self.0.retain(|(at, number)| {
            let due = *at <= now;
            if due {
                many.part_with(*number);
            }
            !due
        });
    }
}

/// Slots that have moved together
struct Move {
    from: NodeId,
    to: NodeId,
    ranges: Vec<RangeInclusive<u16>>,
}

/// Slots of one notice that are looked at: a cluster has 16,384, of which each moves once.
const MOST_MOVED: usize = 4 * 16_384;

impl Many {
    /// A node has said that a slot is at `to`; returns the number of that one.
    pub(super) fn moved(&self, slot: u16, to: &Endpoint, by: &Arc<Endpoint>) -> NodeId {
        let now = self.clock.now();
        let (number, moves, nodes) = {
            let mut map = self.lock();
            let (number, changes) = map.redirect(slot, to, now);
            (number, self.assign(&changes), changes.nodes)
        };
        self.follow(&moves, &nodes, by);
        number
    }

    /// Does what follows from a change that one node has told of, and has others asked.
    fn follow(&self, moves: &[Move], nodes: &[NodeId], by: &Arc<Endpoint>) {
        if !nodes.is_empty() {
            self.settle_readers();
        }
        self.tell(moves, nodes, by);
        self.wake.hint();
    }

    /// A node has announced that slots are elsewhere, before any command was refused there.
    pub(super) fn slots_migrated(&self, migrations: &[SlotMigration], by: &Arc<Endpoint>) {
        if self.kind.is_undivided() || migrations.is_empty() {
            return;
        }
        let now = self.clock.now();
        let (moves, nodes) = {
            let mut map = self.lock();
            let mut all = Changes::default();
            let mut left = MOST_MOVED;
            for migration in migrations {
                let Some(to) = &migration.to else { continue };
                let to = self.reached_at(None, to, None);
                let from = migration.from.as_ref().map(|from| self.reached_at(None, from, None));
                // One that is unknown has no slots, and need not be remembered.
                let from = from.map(|from| map.known_at(&from));
                if from == Some(None) {
                    continue;
                }
                for slot in migration.slots.iter().cloned().flatten() {
                    let Some(fewer) = left.checked_sub(1) else { break };
                    left = fewer;
                    // Servers repeat old notices.
                    if from.is_some_and(|from| from != Some(map.owner(slot))) {
                        continue;
                    }
                    let (_, mut changes) = map.redirect(slot, &to, now);
                    all.moved.append(&mut changes.moved);
                    all.nodes.append(&mut changes.nodes);
                }
            }
            (self.assign(&all), all.nodes)
        };
        self.follow(&moves, &nodes, by);
    }

    /// Believes what a node said, or not. Returns whether another one ought to be asked, and the nodes that left.
    pub(super) fn take_in(&self, answer: &Answer, now: u64) -> (bool, Vec<NodeId>) {
        // Redirects to a server that is gone say nothing of who has its slots now.
        let gone = self.lost_primaries().into_iter().filter(|number| self.is_gone(*number));
        let gone: Vec<NodeId> = gone.collect();
        let taken = {
            let mut map = self.lock();
            gone.into_iter().for_each(|number| map.forget_redirects_to(number));
            let mut taken = map.view(&answer.view, answer.by, answer.asked, now);
            if taken == Err(Disbelief::Foreign) && self.is_replaced(&map, answer.by) {
                map.abandon();
                taken = map.view(&answer.view, answer.by, answer.asked, now);
            }
            taken.map(|changes| (self.assign(&changes), changes))
        };
        let Ok((moves, changes)) = taken else { return (true, Vec::new()) };
        self.refreshed_at.store(now, Ordering::Relaxed);
        self.refreshes.fetch_add(1, Ordering::Relaxed);
        if !changes.nodes.is_empty() {
            self.settle_readers();
        }
        let by = self.node(answer.by).map(|node| node.link.endpoint());
        if let Some(by) = by {
            self.tell(&moves, &changes.nodes, &by);
        }
        let mut gone = Vec::new();
        for (number, node) in self.numbered() {
            let known = self.lock().get(number).map(|node| (node.role, node.endpoint.clone()));
            match known {
                // It may be one of which only an address was known.
                Some((Role::Gone, _)) => gone.push(number),
                Some((_, endpoint)) => node.move_to(&endpoint),
                None => {}
            }
        }
        (changes.doubtful > 0, gone)
    }

    /// Whether another cluster, of which this node is one, is in the place of the known one: no node of that is reached any
    /// more, and the options name this one. Addresses of nodes change hands.
    fn is_replaced(&self, map: &Map, by: NodeId) -> bool {
        if self.is_led() {
            // Sentinels say where their servers are.
            return true;
        }
        let works = |number: &NodeId| self.made(*number).is_some_and(Node::is_ready);
        let named = map.endpoint(by).is_some_and(|endpoint| self.seeds.contains(endpoint));
        named && !map.members().iter().any(works)
    }

    /// Has callers find what changed.
    fn assign(&self, changes: &Changes) -> Vec<Move> {
        let mut moves: Vec<Move> = Vec::new();
        for (first, last, to) in &changes.moved {
            let mut start = *first;
            while start <= *last {
                let from = self.slots.owner(start);
                let same = |slot: &u16| self.slots.owner(*slot) == from;
                let end = (start..=*last).take_while(same).last().unwrap_or(start);
                match moves.iter_mut().find(|known| (known.from, known.to) == (from, *to)) {
                    Some(known) => known.ranges.push(start..=end),
                    None => moves.push(Move { from, to: *to, ranges: vec![start..=end] }),
                }
                start = end + 1;
            }
            self.slots.assign(*first, *last, *to);
        }
        moves
    }

    /// Publishes what changed, and sends what waits for a server that has lost its slots to the one that has them.
    fn tell(&self, moves: &[Move], nodes: &[NodeId], by: &Arc<Endpoint>) {
        if moves.is_empty() && nodes.is_empty() {
            return;
        }
        let endpoint = |number: NodeId| self.lock().endpoint(number).cloned().map(Arc::new);
        if self.hub.has_listeners() {
            let moves = if self.kind.is_undivided() { &[] } else { moves };
            for Move { from, to, ranges } in moves {
                // The first map moves nothing.
                let (Some(old), Some(new)) = (endpoint(*from), endpoint(*to)) else { continue };
                self.hub.publish(Event::HashSlotsMoved(HashSlotsMoved {
                    ranges: ranges.clone(),
                    old_endpoint: Some(old),
                    new_endpoint: new,
                }));
            }
            if !nodes.is_empty() {
                let event =
                    ConfigurationChanged { endpoint: by.clone(), detail: self.detail(nodes) };
                self.hub.publish(Event::ConfigurationChanged(event));
            }
        }
        self.settle_topics();
        for number in moves.iter().map(|moved| moved.from).filter(|from| *from != NOBODY) {
            if let Some(node) = self.made(number) {
                if let Some(cache) = &node.link.config.cache {
                    // It may be the one that has these keys again one day.
                    cache.clear();
                }
                // What is for slots that it still has goes back to it.
                let has_none = self.lock().slots_of(number).is_empty();
                node.link.surrender(has_none);
            }
        }
    }

    /// What these nodes are by now, for a log.
    fn detail(&self, nodes: &[NodeId]) -> String {
        let map = self.lock();
        let described = nodes.iter().take(NAMED).filter_map(|number| {
            let node = map.get(*number)?;
            Some(match node.role {
                Role::Primary => format!("{} is a primary", node.endpoint),
                Role::Replica { of } => match map.endpoint(of) {
                    Some(primary) => format!("{} is a replica of {primary}", node.endpoint),
                    None => format!("{} is a replica", node.endpoint),
                },
                Role::Gone => format!("{} has left", node.endpoint),
            })
        });
        let mut described: Vec<String> = described.collect();
        if nodes.len() > NAMED {
            described.push(format!("and {} more", nodes.len() - NAMED));
        }
        described.join(", ")
    }

    /// The nodes to be asked for their view, the best first: at random, those that there is a connection to first; the
    /// endpoints of the options last.
    pub(super) fn candidates(&self) -> Vec<NodeId> {
        let random = self.clock.runtime.entropy() as usize;
        let mut map = self.lock();
        let mut members = map.members();
        if !members.is_empty() {
            let turn = random % members.len();
            members.rotate_left(turn);
        }
        let ready = |number: &NodeId| self.made(*number).is_some_and(Node::is_ready);
        members.sort_by_key(|number| !ready(number));
        if !members.first().is_some_and(ready) {
            self.add_seeds(&mut map, &mut members);
        }
        members
    }

    /// Adds the endpoints of the options that are not among these nodes.
    pub(super) fn add_seeds(&self, map: &mut Map, numbers: &mut Vec<NodeId>) {
        for seed in &self.seeds {
            let seed = map.node_at(seed);
            if !numbers.contains(&seed) {
                numbers.push(seed);
            }
        }
    }

    /// Primaries that there was a connection to, or should be, and is none; and those that do not answer.
    pub(super) fn lost_primaries(&self) -> Vec<NodeId> {
        let primaries = self.lock().primaries();
        let now = self.clock.now();
        let is_lost = |node: &Node| node.is_lost() || node.is_silent(now);
        let lost = |number: &NodeId| self.made(*number).is_some_and(is_lost);
        primaries.into_iter().filter(lost).collect()
    }

    /// Whether this server cannot be reached, or does not answer. One that is dialled for the first time is neither.
    fn is_gone(&self, number: NodeId) -> bool {
        let now = self.clock.now();
        let has_failed = |node: &Node| node.link.with(|core| core.redial.failed_attempts > 0);
        self.made(number).is_some_and(|node| node.is_silent(now) || has_failed(node))
    }

    /// Whether each endpoint of the options was dialled in vain this often; then the last error.
    pub(super) fn hopeless(&self, attempts: u32) -> Option<Option<Error>> {
        let mut last = None;
        for number in self.candidates() {
            let (failed, error) = self.made(number).map(|node| {
                node.link.with(|core| (core.redial.failed_attempts, core.redial.last_error.clone()))
            })?;
            if failed < attempts && !error.as_ref().is_some_and(Error::is_auth) {
                return None;
            }
            last = error.or(last);
        }
        Some(last)
    }

    /// Closes the connections to a node that has left, unless it came back.
    pub(super) fn part_with(&self, number: NodeId) {
        // An endpoint of the options is asked again and again.
        let stays = self.kind == Kind::Replicas
            && self.lock().endpoint(number).is_some_and(|at| self.seeds.contains(at));
        if !stays
            && self.lock().forget(number)
            && let Some(node) = self.made(number)
        {
            node.begin_close();
        }
    }
}
