//! A node: what it has, and what it knows of the others.

use std::collections::{BTreeMap, VecDeque};

use super::{random::Random, slots::Owners};

/// Whether a node runs
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Life {
    /// It serves.
    Up,
    /// It has its connections, and does nothing (`SIGSTOP`).
    Stopped,
    /// It has lost its connections, and accepts none.
    Dead,
}

/// Whether a node serves writes
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    Primary,
    Replica { of: usize },
}

/// What a node knows of another one, or of itself
#[derive(Debug, Clone)]
pub(super) struct Known {
    pub(super) role: Role,
    /// How new its claim to its slots is.
    pub(super) epoch: u64,
    /// It is not heard of.
    pub(super) failed: bool,
}

/// What a node knows of its cluster
#[derive(Debug, Clone)]
pub(super) struct View {
    /// The newest epoch that it has heard of.
    pub(super) current: u64,
    pub(super) known: Vec<Known>,
    pub(super) owners: Owners,
    /// Slots that come from another node.
    pub(super) importing: BTreeMap<u16, usize>,
    /// Slots that go to another node.
    pub(super) migrating: BTreeMap<u16, usize>,
}

/// What one node says of itself, or of another one that has a newer claim
#[derive(Debug, Clone)]
pub(super) struct Header {
    pub(super) from: usize,
    pub(super) about: usize,
    /// The newest epoch that the sender has heard of.
    pub(super) current: u64,
    pub(super) epoch: u64,
    pub(super) role: Role,
    pub(super) slots: Vec<(u16, u16)>,
}

/// A write, by what it did
#[derive(Debug, Clone)]
pub(super) enum Effect {
    Set(Vec<u8>, Vec<u8>),
    Remove(Vec<u8>),
}

/// A server of the cluster
#[derive(Debug)]
pub(super) struct Node {
    pub(super) place: usize,
    pub(super) id: String,
    pub(super) port: u16,
    pub(super) life: Life,
    /// How often it was gone, for the others.
    pub(super) outage: u64,
    /// The others do not hear it, and it does not hear them.
    pub(super) is_isolated: bool,
    /// Since when.
    pub(super) isolated_since: u64,
    pub(super) loading_until: u64,
    /// It was started anew and serves nobody yet.
    pub(super) unsure_until: u64,
    /// Writes wait until then, or until it is no primary any more.
    pub(super) paused_until: u64,
    pub(super) view: View,
    pub(super) data: BTreeMap<Vec<u8>, Vec<u8>>,
    /// How much it has written, or got from its primary.
    pub(super) offset: u64,
    /// It gets what its primary writes.
    pub(super) is_linked: bool,
    /// What its primary has sent: when it arrives, and the offset that it makes.
    pub(super) incoming: VecDeque<(u64, u64, Effect)>,
    /// Nothing arrives from its primary before that.
    pub(super) stalled_until: u64,
    /// The node that has last taken a slot of its own, or of its primary.
    pub(super) heir: Option<usize>,
    /// What it was told while it was stopped.
    pub(super) mail: Vec<Header>,
}

impl Node {
    pub(super) fn new(place: usize, roles: &[Role], owners: &Owners, random: &mut Random) -> Self {
        let known = roles.iter().enumerate().map(|(place, role)| Known {
            role: *role,
            epoch: place as u64 + 1,
            failed: false,
        });
        let view = View {
            current: roles.len() as u64,
            known: known.collect(),
            owners: owners.clone(),
            importing: BTreeMap::new(),
            migrating: BTreeMap::new(),
        };
        let id = (0..5).map(|_| format!("{:08x}", random.below(1 << 32))).collect();
        Self {
            place,
            id,
            port: 7000 + place as u16,
            life: Life::Up,
            outage: 0,
            is_isolated: false,
            isolated_since: 0,
            loading_until: 0,
            unsure_until: 0,
            paused_until: 0,
            view,
            data: BTreeMap::new(),
            offset: 0,
            is_linked: matches!(roles[place], Role::Replica { .. }),
            incoming: VecDeque::new(),
            stalled_until: 0,
            heir: None,
            mail: Vec::new(),
        }
    }

    pub(super) fn host(&self) -> String {
        format!("10.0.0.{}", self.place + 1)
    }

    pub(super) fn role(&self) -> Role {
        self.view.known[self.place].role
    }

    /// How new its claim to its slots is.
    pub(super) fn epoch(&self) -> u64 {
        self.view.known[self.place].epoch
    }

    /// Whether it is a replica of this node.
    pub(super) fn follows(&self, node: usize) -> bool {
        self.role() == Role::Replica { of: node }
    }

    /// The other nodes hear from it.
    pub(super) fn is_heard(&self) -> bool {
        self.life == Life::Up && !self.is_isolated
    }

    /// Does what a write did.
    pub(super) fn apply(&mut self, effect: Effect) {
        match effect {
            Effect::Set(key, value) => drop(self.data.insert(key, value)),
            Effect::Remove(key) => drop(self.data.remove(&key)),
        }
    }
}
