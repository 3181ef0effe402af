//! The whole of the model: its nodes, its time and what it has done so far.

use std::collections::BTreeMap;

use super::{
    node::{Life, Node, Role},
    random::Random,
    slots::{Owners, SLOTS, slot_of},
    timetable::{Event, Timetable},
};

/// How fast the nodes of a model are; in microseconds, from and to
#[derive(Debug, Clone)]
pub struct Settings {
    /// From when a node says something until another one has heard it.
    pub gossip: (u64, u64),
    /// From a write until a replica has it.
    pub replication: (u64, u64),
    /// A node that is not heard of for this time is given up.
    pub node_timeout: u64,
    /// From then on until a replica asks for votes; one that is behind waits this long once more.
    pub election: (u64, u64),
    /// How long a primary that was started anew serves nobody.
    pub writable_delay: u64,
    /// How long a node loads its data.
    pub loading: (u64, u64),
    /// How long a replica takes to get all data of its primary.
    pub sync: (u64, u64),
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            gossip: (200, 20_000),
            replication: (100, 2_000),
            node_timeout: 200_000,
            election: (40_000, 100_000),
            writable_delay: 200_000,
            loading: (0, 60_000),
            sync: (2_000, 60_000),
        }
    }
}

/// A write that a node executed
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Executed {
    /// When.
    pub at: u64,
    /// Where.
    pub node: usize,
    /// The connection that it came over.
    pub session: u64,
    /// The command.
    pub words: Vec<Vec<u8>>,
    /// The number that was its reply, if that was one.
    pub result: Option<i64>,
}

/// How often something was answered
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Commands of all kinds.
    pub commands: u64,
    /// `CLUSTER SLOTS`.
    pub maps: u64,
    /// `ROLE`.
    pub roles: u64,
    /// Redirects for good.
    pub moved: u64,
    /// Redirects for once.
    pub asks: u64,
    /// `TRYAGAIN`.
    pub try_again: u64,
    /// `CLUSTERDOWN`.
    pub down: u64,
    /// `LOADING`.
    pub loading: u64,
    /// Elections that were won.
    pub elections: u64,
    /// Ordered failovers.
    pub failovers: u64,
}

/// Nodes that make up a cluster
#[derive(Debug)]
pub struct Model {
    pub(super) nodes: Vec<Node>,
    pub(super) settings: Settings,
    pub(super) now: u64,
    pub(super) timetable: Timetable,
    pub(super) random: Random,
    /// When the primaries voted for a successor of a primary.
    pub(super) votes: BTreeMap<usize, u64>,
    /// When the last thing that one node said to another is heard.
    pub(super) said: BTreeMap<(usize, usize), u64>,
    pub(super) executed: Vec<Executed>,
    pub(super) counts: Counts,
    pub(super) sessions: u64,
    /// Nodes whose connections ought to be looked at again.
    pub(super) stirred: Vec<bool>,
    /// The last moment at which something happened to each slot, or `None` to all.
    pub(super) disturbed: BTreeMap<Option<u16>, u64>,
}

impl Model {
    /// A cluster of `primaries`, which come first and share the slots, and for each of them `replicas`.
    pub fn new(primaries: usize, replicas: usize, settings: Settings, seed: u64) -> Self {
        let count = primaries * (1 + replicas);
        let mut random = Random::new(seed);
        let mut owners = Owners::new();
        for place in 0..primaries {
            let first = |place: usize| (place * usize::from(SLOTS) / primaries) as u16;
            owners.assign(first(place), first(place + 1).wrapping_sub(1), Some(place));
        }
        let role = |place: usize| match place < primaries {
            true => Role::Primary,
            false => Role::Replica { of: (place - primaries) / replicas.max(1) },
        };
        let roles: Vec<Role> = (0..count).map(role).collect();
        let nodes = (0..count).map(|place| Node::new(place, &roles, &owners, &mut random));
        Self {
            nodes: nodes.collect(),
            settings,
            now: 0,
            timetable: Timetable::default(),
            random,
            votes: BTreeMap::new(),
            said: BTreeMap::new(),
            executed: Vec::new(),
            counts: Counts::default(),
            sessions: 0,
            stirred: vec![false; count],
            disturbed: BTreeMap::new(),
        }
    }

    /// How many nodes there are.
    pub fn size(&self) -> usize {
        self.nodes.len()
    }

    /// The host and the port of a node.
    pub fn address(&self, node: usize) -> (String, u16) {
        (self.nodes[node].host(), self.nodes[node].port)
    }

    /// The id of a node.
    pub fn id(&self, node: usize) -> &str {
        &self.nodes[node].id
    }

    /// Whether a node runs.
    pub fn life(&self, node: usize) -> Life {
        self.nodes[node].life
    }

    /// Whether a node serves writes, by its own word.
    pub fn is_primary(&self, node: usize) -> bool {
        self.nodes[node].role() == Role::Primary
    }

    /// The nodes that say that they are replicas of this one.
    pub fn replicas_of(&self, node: usize) -> Vec<usize> {
        let of = |other: &usize| self.nodes[*other].role() == Role::Replica { of: node };
        (0..self.size()).filter(of).collect()
    }

    /// The node that has the slot: of those that say that they have it, the one with the newest claim.
    pub fn owner(&self, slot: u16) -> Option<usize> {
        let claims = (0..self.size()).filter(|node| {
            let own = &self.nodes[*node];
            own.role() == Role::Primary && own.view.owners.of(slot) == Some(*node)
        });
        claims.max_by_key(|node| self.nodes[*node].epoch())
    }

    /// The node that has the slot by the word of this one.
    pub fn owner_by(&self, node: usize, slot: u16) -> Option<usize> {
        self.nodes[node].view.owners.of(slot)
    }

    /// What was executed so far.
    pub fn executed(&self) -> &[Executed] {
        &self.executed
    }

    /// How often something was answered so far.
    pub fn counts(&self) -> Counts {
        self.counts
    }

    /// The value of a key at the node that has its slot.
    pub fn value(&mut self, key: &[u8]) -> Option<Vec<u8>> {
        let owner = self.owner(slot_of(key))?;
        self.catch_up(owner);
        self.nodes[owner].data.get(key).cloned()
    }

    /// The last moment at which the slot, or all of them, had another server, was on its way or was not served.
    pub fn disturbed_at(&self, slot: u16) -> u64 {
        let at = |of| self.disturbed.get(&of).copied().unwrap_or(0);
        at(None).max(at(Some(slot)))
    }

    /// Notes that nothing is certain about the server of this slot, or of any, at the moment.
    pub(super) fn disturb(&mut self, slot: Option<u16>) {
        self.disturbed.insert(slot, self.now);
    }

    /// Whether all nodes run, have heard the same and replicate, and no slot is on its way.
    pub fn is_whole(&self) -> bool {
        let first = &self.nodes[0].view;
        let all_is_heard = self.said.values().all(|at| *at <= self.now);
        all_is_heard
            && self.nodes.iter().all(|node| {
                node.life == Life::Up
                    && !node.is_isolated
                    && node.view.owners == first.owners
                    && node.view.importing.is_empty()
                    && node.view.migrating.is_empty()
                    && node.view.known.iter().all(|known| !known.failed)
                    && node.loading_until.max(node.paused_until) <= self.now
                    && !self.is_down(node.place)
                    && (node.role() == Role::Primary || node.is_linked)
            })
    }

    /// Slots that are on their way, for at least one node, and the node that imports each of them; and the first of slots that
    /// nobody says to have, or of which nodes say different things.
    pub fn half_states(&self) -> BTreeMap<u16, Option<usize>> {
        let views = || self.nodes.iter().map(|node| &node.view);
        let firsts = views().flat_map(|view| view.owners.runs().map(|(first, ..)| first));
        let doubtful = firsts.filter(|slot| {
            let owner = self.owner(*slot);
            owner.is_none() || views().any(|view| view.owners.of(*slot) != owner)
        });
        let mut slots: BTreeMap<u16, Option<usize>> = doubtful.map(|slot| (slot, None)).collect();
        for view in views() {
            slots.extend(view.migrating.keys().map(|slot| (*slot, None)));
        }
        for node in &self.nodes {
            slots.extend(node.view.importing.keys().map(|slot| (*slot, Some(node.place))));
        }
        slots
    }

    /// Whether the slot is on its way, for at least one node.
    pub fn is_moving(&self, slot: u16) -> bool {
        let mut views = self.nodes.iter().map(|node| &node.view);
        views.any(|view| view.migrating.contains_key(&slot) || view.importing.contains_key(&slot))
    }

    /// Gives a slot that nobody says to have, and those beside it, to some primary.
    pub fn adopt(&mut self, slot: u16) {
        let Some(to) = (0..self.size()).find(|node| self.is_primary(*node)) else { return };
        let mut runs = self.nodes[to].view.owners.runs();
        let Some((_, last, _)) = runs.find(|(first, last, _)| (*first..=*last).contains(&slot))
        else {
            return;
        };
        drop(runs);
        let last = (slot..=last).take_while(|slot| self.owner(*slot).is_none()).last();
        self.disturb(None);
        self.nodes[to].view.owners.assign(slot, last.unwrap_or(slot), Some(to));
        self.take_new_epoch(to);
        self.say_to_all(to);
    }

    /// What each node is and knows, for the message of a failed test.
    pub fn report(&self) -> String {
        let of = |node: &Node| {
            let (life, role, view) = (node.life, node.role(), &node.view);
            let failed: Vec<usize> =
                (0..self.size()).filter(|other| view.known[*other].failed).collect();
            let runs: Vec<_> = view.owners.runs().collect();
            format!(
                "{}: {life:?} {role:?} epoch {} linked {} failed {failed:?} {runs:?} importing {:?} migrating {:?}",
                node.place,
                node.epoch(),
                node.is_linked,
                view.importing,
                view.migrating
            )
        };
        self.nodes.iter().map(of).collect::<Vec<_>>().join("\n")
    }

    /// The time.
    pub fn now(&self) -> u64 {
        self.now
    }

    /// Lets everything happen that happens until `now`.
    pub fn advance(&mut self, now: u64) {
        while let Some((at, event)) = self.timetable.next_until(now) {
            self.now = self.now.max(at);
            self.happens(event);
        }
        self.now = self.now.max(now);
    }

    /// When the next thing happens by itself.
    pub fn next_event(&self) -> Option<u64> {
        self.timetable.next()
    }

    /// The nodes that do now what they did not do before: connections to them may go on.
    pub fn take_stirred(&mut self) -> Vec<usize> {
        let stirred = (0..self.size()).filter(|node| std::mem::take(&mut self.stirred[*node]));
        stirred.collect()
    }

    pub(super) fn stir(&mut self, node: usize) {
        self.stirred[node] = true;
    }

    pub(super) fn between(&mut self, (from, to): (u64, u64)) -> u64 {
        from + self.random.below(to - from + 1)
    }

    pub(super) fn later(&mut self, after: (u64, u64), event: Event) {
        let at = self.now + self.between(after);
        self.timetable.add(at, event);
    }

    fn happens(&mut self, event: Event) {
        match event {
            Event::Heard { by, header } => self.hear(by, &header),
            Event::Missed { node, outage } => self.miss(node, outage),
            Event::Candidacy { node, of, outage } => self.stand(node, of, outage),
            Event::Elected { node, of } => self.elected(node, of),
            Event::Synced { node, of } => self.synced(node, of),
            Event::TakesOver { node, of } => self.takes_over(node, of),
            Event::Stirs { node } => self.stir(node),
        }
    }
}
