//! What is known of a cluster: nodes, shards, and which shard has each slot.
//!
//! Knowledge only grows newer. A redirect is the word of a node about one slot, and fresh; a view is the word of
//! a node about all slots, and may be old. So a redirect counts at once, and a view does not undo it unless
//! the node that the redirect named says so itself, or another one says the same, or the redirect is old.

use std::{collections::HashMap, ops::RangeInclusive, sync::Arc};

use redmux_transport::Endpoint;

use super::view::{SLOTS, Seen, View};

/// A node of the map; it keeps its number for good
pub(crate) type NodeId = u16;

/// No node has this slot.
pub(crate) const NOBODY: NodeId = NodeId::MAX;

/// How long a redirect outweighs views that say otherwise, in microseconds: longer than nodes take to tell
/// each other.
const FRESH: u64 = 15_000_000;

/// What is known of a cluster
#[derive(Debug)]
pub(crate) struct Map {
    pub(crate) nodes: Vec<Known>,
    by_id: HashMap<Arc<str>, NodeId>,
    /// The primary that has each slot.
    owners: Box<[NodeId]>,
    /// Redirects that no view has confirmed, by slot.
    patches: HashMap<u16, Patch>,
    /// Former primaries that are replicas by no view, but because a redirect said that another node took over.
    replaced: Vec<NodeId>,
    /// The next view may be of another cluster.
    abandoned: bool,
}

/// A node of the cluster, or a former one
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Known {
    pub(crate) id: Arc<str>,
    pub(crate) endpoint: Endpoint,
    pub(crate) zone: Option<Arc<str>>,
    /// In which way it takes part.
    pub(crate) role: Role,
    /// It left, and its number is not used again.
    forgotten: bool,
}

/// How a node takes part in its cluster
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Role {
    Primary,
    Replica {
        of: NodeId,
    },
    /// The last accepted view does not name it.
    Gone,
}

impl Known {
    /// Whether it left, for good.
    pub(crate) fn is_forgotten(&self) -> bool {
        self.forgotten
    }
}

/// A redirect that is not confirmed
#[derive(Debug, Clone, Copy)]
struct Patch {
    to: NodeId,
    at: u64,
    /// A node that denied it.
    denied_by: Option<NodeId>,
}

/// What a view changed
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Changes {
    /// Runs of slots that went to this node, [`NOBODY`] included: first, last, to.
    pub(crate) moved: Vec<(u16, u16, NodeId)>,
    /// Nodes that are new, or have another role, address or zone.
    pub(crate) nodes: Vec<NodeId>,
    /// Slots on which this view and redirects disagree: another node ought to be asked.
    pub(crate) doubtful: usize,
}

/// Why a view is not believed
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Disbelief {
    /// It has no slots, and the known map has.
    Empty,
    /// It names none of the known nodes: what answered belongs to another cluster.
    Foreign,
}

impl Map {
    pub(crate) fn new() -> Self {
        Self {
            nodes: Vec::new(),
            by_id: HashMap::new(),
            owners: vec![NOBODY; usize::from(SLOTS)].into(),
            patches: HashMap::new(),
            replaced: Vec::new(),
            abandoned: false,
        }
    }

    pub(crate) fn owner(&self, slot: u16) -> NodeId {
        self.owners.get(usize::from(slot)).copied().unwrap_or(NOBODY)
    }

    /// Takes in a redirect: `slot` is at `endpoint`, where a node may be known by now or not. Returns it, and
    /// whether that changed the map.
    ///
    /// If the target is a replica of the slot's shard, the whole shard has failed over, and all of its
    /// slots follow. Not so if it is that only because such a redirect named the other one before: then the former primary
    /// has kept a slot, or has it back, and the shard would go back and forth with each command.
    pub(crate) fn redirect(
        &mut self,
        slot: u16,
        endpoint: &Endpoint,
        now: u64,
    ) -> (NodeId, Changes) {
        let to = self.node_at(endpoint);
        let mut changes = Changes::default();
        let from = self.owner(slot);
        if to == NOBODY || from == to || slot >= SLOTS {
            return (to, changes);
        }
        let was_replaced = self.replaced.contains(&to);
        self.replaced.retain(|number| *number != to);
        let took_over = !was_replaced
            && matches!(self.nodes.get(usize::from(to)).map(|node| node.role),
                Some(Role::Replica { of }) if of == from && from != NOBODY);
        let slots: Vec<u16> = match took_over {
            true => (0..SLOTS).filter(|slot| self.owner(*slot) == from).collect(),
            false => vec![slot],
        };
        if took_over {
            self.set_role(to, Role::Primary, &mut changes);
            self.set_role(from, Role::Replica { of: to }, &mut changes);
            self.replaced.push(from);
        } else if was_replaced || self.nodes[usize::from(to)].role == Role::Gone {
            self.set_role(to, Role::Primary, &mut changes);
        }
        for slot in slots {
            self.owners[usize::from(slot)] = to;
            self.patches.insert(slot, Patch { to, at: now, denied_by: None });
            changes.note_moved(slot, to);
        }
        (to, changes)
    }

    /// Takes in what the node `by` said; the question was sent at `asked`.
    pub(crate) fn view(
        &mut self,
        view: &View,
        by: NodeId,
        asked: u64,
        now: u64,
    ) -> Result<Changes, Disbelief> {
        let known = self.owners.iter().any(|owner| *owner != NOBODY);
        if known && view.shards.is_empty() {
            return Err(Disbelief::Empty);
        }
        let names_member = || view.nodes.iter().any(|seen| self.is_member(&seen.id));
        if known && !self.abandoned && !names_member() {
            return Err(Disbelief::Foreign);
        }
        self.abandoned = false;
        self.replaced.clear();
        let mut changes = Changes::default();
        let numbers: Vec<NodeId> =
            view.nodes.iter().map(|seen| self.meet(seen, &mut changes)).collect();
        let mut owners = vec![NOBODY; usize::from(SLOTS)];
        let mut roles = HashMap::new();
        for shard in &view.shards {
            let primary = numbers[shard.primary];
            roles.insert(primary, Role::Primary);
            for replica in &shard.replicas {
                roles.entry(numbers[*replica]).or_insert(Role::Replica { of: primary });
            }
            for (first, last) in &shard.slots {
                owners[usize::from(*first)..=usize::from(*last)].fill(primary);
            }
        }
        for slot in 0..SLOTS {
            let said = owners[usize::from(slot)];
            // Mostly there are none, and to look for one of each slot takes longer than all else here.
            let patched = !self.patches.is_empty();
            if patched && self.outweighs(slot, said, by, asked, now) {
                changes.doubtful += 1;
            } else {
                if patched {
                    self.patches.remove(&slot);
                }
                if std::mem::replace(&mut self.owners[usize::from(slot)], said) != said {
                    changes.note_moved(slot, said);
                }
            }
        }
        // A node that a redirect named stays a primary, whatever this view says of it.
        let patched: Vec<NodeId> = self.patches.values().map(|patch| patch.to).collect();
        for number in 0..self.nodes.len() as NodeId {
            let role = match roles.get(&number) {
                _ if patched.contains(&number) => Role::Primary,
                Some(role) => *role,
                None => Role::Gone,
            };
            self.set_role(number, role, &mut changes);
        }
        Ok(changes)
    }

    /// Whether a redirect is to be believed against a view by which the slot is at `said`.
    fn outweighs(&mut self, slot: u16, said: NodeId, by: NodeId, asked: u64, now: u64) -> bool {
        let Some(patch) = self.patches.get_mut(&slot) else { return false };
        if said == patch.to || now.saturating_sub(patch.at) >= FRESH {
            return false;
        }
        if asked <= patch.at {
            // The answer may be from before.
            return true;
        }
        match patch.denied_by {
            _ if by == patch.to => false,
            Some(other) if other != by => false,
            _ => {
                patch.denied_by = Some(by);
                true
            }
        }
    }

    /// The node is lost: any view knows better than redirects that named it.
    pub(crate) fn forget_redirects_to(&mut self, lost: NodeId) {
        self.patches.retain(|_, patch| patch.to != lost);
    }

    pub(crate) fn get(&self, number: NodeId) -> Option<&Known> {
        self.nodes.get(usize::from(number))
    }

    pub(crate) fn endpoint(&self, number: NodeId) -> Option<&Endpoint> {
        self.get(number).map(|node| &node.endpoint)
    }

    /// How many nodes were ever known.
    pub(crate) fn known(&self) -> usize {
        self.nodes.len()
    }

    /// The number of the node at this address, if there is one.
    pub(crate) fn find(&self, endpoint: &Endpoint) -> Option<NodeId> {
        let at = |node: &Known| node.endpoint == *endpoint && !node.forgotten;
        let members = |node: &&Known| at(node) && node.role != Role::Gone;
        let place = self.nodes.iter().position(|node| members(&node));
        let place = place.or_else(|| self.nodes.iter().position(at))?;
        NodeId::try_from(place).ok()
    }

    /// The slots of this node, as ranges in ascending order.
    pub(crate) fn slots_of(&self, number: NodeId) -> Vec<RangeInclusive<u16>> {
        let mut ranges: Vec<RangeInclusive<u16>> = Vec::new();
        for slot in (0..SLOTS).filter(|slot| self.owner(*slot) == number) {
            match ranges.last_mut() {
                Some(last) if *last.end() + 1 == slot => *last = *last.start()..=slot,
                _ => ranges.push(slot..=slot),
            }
        }
        ranges
    }

    /// How many nodes take part.
    pub(crate) fn size(&self) -> usize {
        self.nodes.iter().filter(|node| node.role != Role::Gone).count()
    }

    /// The nodes that take part.
    pub(crate) fn members(&self) -> Vec<NodeId> {
        self.numbers(|role| role != Role::Gone)
    }

    pub(crate) fn primaries(&self) -> Vec<NodeId> {
        self.numbers(|role| role == Role::Primary)
    }

    /// The replicas of these nodes.
    pub(crate) fn replicas_of(&self, primaries: &[NodeId]) -> Vec<NodeId> {
        self.numbers(|role| matches!(role, Role::Replica { of } if primaries.contains(&of)))
    }

    fn numbers(&self, has: impl Fn(Role) -> bool) -> Vec<NodeId> {
        let numbered = self.nodes.iter().zip(0..);
        numbered.filter(|(node, _)| has(node.role)).map(|(_, number)| number).collect()
    }

    /// The node has said itself that it is the primary of its slots: others may not know it yet.
    pub(crate) fn vouch(&mut self, to: NodeId, now: u64) {
        for slot in (0..SLOTS).filter(|slot| self.owners[usize::from(*slot)] == to) {
            self.patches.insert(slot, Patch { to, at: now, denied_by: None });
        }
    }

    /// Gives up a node that has left; false if it takes part.
    ///
    /// If it comes back, it has another number.
    pub(crate) fn forget(&mut self, number: NodeId) -> bool {
        let Some(node) = self.nodes.get_mut(usize::from(number)) else { return false };
        if node.role != Role::Gone || node.forgotten {
            return false;
        }
        node.forgotten = true;
        self.by_id.remove(&node.id);
        true
    }

    /// The cluster is gone as a whole: the next view is believed whatever nodes it names.
    pub(crate) fn abandon(&mut self) {
        self.abandoned = true;
        self.patches.clear();
    }

    /// Whether a node of this id takes part.
    fn is_member(&self, id: &str) -> bool {
        let node = self.by_id.get(id).and_then(|number| self.nodes.get(usize::from(*number)));
        node.is_some_and(|node| node.role != Role::Gone)
    }

    /// The number of a node that a view names.
    fn meet(&mut self, seen: &Seen, changes: &mut Changes) -> NodeId {
        let known = self.by_id.get(&seen.id).copied();
        // A redirect or the options named it by its address alone; from now on it is found by its id.
        let known = known.or_else(|| self.by_id.remove(&nameless_id(&seen.endpoint)));
        let Some(number) = known else { return self.add(seen.clone(), changes) };
        let node = &mut self.nodes[usize::from(number)];
        let same = node.id == seen.id && node.endpoint == seen.endpoint && node.zone == seen.zone;
        if !same {
            node.id = seen.id.clone();
            node.endpoint = seen.endpoint.clone();
            node.zone = seen.zone.clone();
            self.by_id.insert(seen.id.clone(), number);
            changes.note_node(number);
        }
        number
    }

    fn add(&mut self, seen: Seen, changes: &mut Changes) -> NodeId {
        let Seen { id, endpoint, zone } = seen;
        let number = self.nodes.len() as NodeId;
        if number == NOBODY {
            return NOBODY;
        }
        self.by_id.insert(id.clone(), number);
        self.nodes.push(Known { id, endpoint, zone, role: Role::Gone, forgotten: false });
        changes.note_node(number);
        number
    }

    /// The node at this address, if there is one: the one that takes part, if two had it.
    pub(crate) fn known_at(&self, endpoint: &Endpoint) -> Option<NodeId> {
        let at = |node: &&Known| node.endpoint == *endpoint && !node.forgotten;
        let member = self.nodes.iter().position(|node| at(&node) && node.role != Role::Gone);
        let any = member.or_else(|| self.nodes.iter().position(|node| at(&node)));
        Some(any? as NodeId)
    }

    /// The same; a new one if there was none.
    pub(crate) fn node_at(&mut self, endpoint: &Endpoint) -> NodeId {
        match self.known_at(endpoint) {
            Some(number) => number,
            None => {
                let id = nameless_id(endpoint);
                let seen = Seen { id, endpoint: endpoint.clone(), zone: None };
                self.add(seen, &mut Changes::default())
            }
        }
    }

    fn set_role(&mut self, number: NodeId, role: Role, changes: &mut Changes) {
        if let Some(node) = self.nodes.get_mut(usize::from(number))
            && node.role != role
        {
            node.role = role;
            changes.note_node(number);
        }
    }
}

/// In place of an id, for a node of which only the address is known.
fn nameless_id(endpoint: &Endpoint) -> Arc<str> {
    format!("@{endpoint}").into()
}

impl Changes {
    #[cfg(test)]
    pub(crate) fn are_none(&self) -> bool {
        self.moved.is_empty() && self.nodes.is_empty()
    }

    fn note_moved(&mut self, slot: u16, to: NodeId) {
        match self.moved.last_mut() {
            Some((_, last, node)) if *node == to && *last + 1 == slot => *last = slot,
            _ => self.moved.push((slot, slot, to)),
        }
    }

    fn note_node(&mut self, number: NodeId) {
        if !self.nodes.contains(&number) {
            self.nodes.push(number);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::topology::view::Shard;

    const SECOND: u64 = 1_000_000;

    fn at(port: u16) -> Endpoint {
        Endpoint::tcp("h", port)
    }

    fn seen(id: &str, port: u16) -> Seen {
        Seen { id: id.into(), endpoint: at(port), zone: None }
    }

    /// Primaries a and b, of which a has a replica; the slots up to `border` are of a.
    fn two_shards(border: u16) -> View {
        View {
            nodes: vec![seen("a", 1), seen("b", 2), seen("c", 3)],
            shards: vec![
                Shard { primary: 0, replicas: vec![2], slots: vec![(0, border)] },
                Shard { primary: 1, replicas: vec![], slots: vec![(border + 1, SLOTS - 1)] },
            ],
        }
    }

    const A: NodeId = 0;
    const B: NodeId = 1;
    const C: NodeId = 2;

    fn known() -> Map {
        let mut map = Map::new();
        let changes = map.view(&two_shards(99), A, 0, 0).unwrap();
        assert_eq!(changes.moved, [(0, 99, A), (100, SLOTS - 1, B)]);
        assert_eq!(changes.nodes, [A, B, C]);
        map
    }

    #[test]
    fn a_view_that_says_nothing_new_changes_nothing() {
        let mut map = known();
        assert!(map.view(&two_shards(99), B, SECOND, SECOND).unwrap().are_none());
        let roles: Vec<Role> = map.nodes.iter().map(|node| node.role).collect();
        assert_eq!(roles, [Role::Primary, Role::Primary, Role::Replica { of: A }]);
    }

    #[test]
    fn a_view_moves_slots_in_runs() {
        let mut map = known();
        let changes = map.view(&two_shards(109), A, SECOND, SECOND).unwrap();
        assert_eq!(changes.moved, [(100, 109, A)]);
        assert_eq!((map.owner(109), map.owner(110)), (A, B));
    }

    #[test]
    fn a_redirect_counts_at_once_and_a_view_from_before_does_not_undo_it() {
        let mut map = known();
        let (to, changes) = map.redirect(5, &at(2), 2 * SECOND);
        assert_eq!((to, changes.moved), (B, vec![(5, 5, B)]));
        let changes = map.view(&two_shards(99), A, SECOND, 3 * SECOND).unwrap();
        assert_eq!((changes.moved, changes.doubtful, map.owner(5)), (vec![], 1, B));
    }

    #[test]
    fn two_other_nodes_outvote_a_redirect_and_one_does_not() {
        let mut map = known();
        map.redirect(5, &at(2), 2 * SECOND);
        for _ in 0..2 {
            let changes = map.view(&two_shards(99), A, 3 * SECOND, 3 * SECOND).unwrap();
            assert_eq!((changes.doubtful, map.owner(5)), (1, B), "the same node again");
        }
        let changes = map.view(&two_shards(99), C, 3 * SECOND, 3 * SECOND).unwrap();
        assert_eq!((changes.moved, map.owner(5)), (vec![(5, 5, A)], A));
    }

    #[test]
    fn the_node_that_a_redirect_named_may_deny_it() {
        let mut map = known();
        map.redirect(5, &at(2), 2 * SECOND);
        map.view(&two_shards(99), B, 3 * SECOND, 3 * SECOND).unwrap();
        assert_eq!(map.owner(5), A);
    }

    #[test]
    fn an_old_redirect_outweighs_nothing() {
        let mut map = known();
        map.redirect(5, &at(2), 0);
        map.view(&two_shards(99), A, FRESH, FRESH).unwrap();
        assert_eq!(map.owner(5), A);
    }

    #[test]
    fn a_view_that_agrees_confirms_a_redirect() {
        let mut map = known();
        map.redirect(100, &at(1), SECOND);
        map.view(&two_shards(100), B, 2 * SECOND, 2 * SECOND).unwrap();
        assert!(map.patches.is_empty());
        map.view(&two_shards(99), B, 3 * SECOND, 3 * SECOND).unwrap();
        assert_eq!(map.owner(100), B, "it was confirmed, and moved back since");
    }

    #[test]
    fn a_redirect_to_a_replica_is_a_failover_of_its_shard() {
        let mut map = known();
        let (to, changes) = map.redirect(7, &at(3), SECOND);
        assert_eq!((to, changes.moved), (C, vec![(0, 99, C)]));
        assert_eq!(map.nodes[usize::from(C)].role, Role::Primary);
        assert_eq!(map.nodes[usize::from(A)].role, Role::Replica { of: C });
        // A node that has not heard of it changes neither slots nor roles.
        let changes = map.view(&two_shards(99), B, 0, 2 * SECOND).unwrap();
        assert_eq!((changes.moved, map.owner(7)), (vec![], C));
        assert_eq!(map.nodes[usize::from(C)].role, Role::Primary);
    }

    #[test]
    fn a_former_primary_that_has_kept_a_slot_does_not_take_the_others_back() {
        let mut map = known();
        map.redirect(7, &at(3), SECOND);
        for _ in 0..3 {
            map.redirect(5, &at(1), 2 * SECOND);
            map.redirect(7, &at(3), 2 * SECOND);
            assert_eq!((map.owner(5), map.owner(7), map.owner(8)), (A, C, C));
        }
        assert_eq!(map.nodes[usize::from(A)].role, Role::Primary);
        // Once a view says that it is a replica, it may take over.
        let mut view = two_shards(99);
        (view.shards[0].primary, view.shards[0].replicas) = (2, vec![0]);
        map.view(&view, C, 30 * SECOND, 30 * SECOND).unwrap();
        map.redirect(9, &at(1), 31 * SECOND);
        assert_eq!((map.owner(5), map.owner(7), map.owner(9)), (A, A, A));
    }

    #[test]
    fn a_redirect_to_an_unknown_address_makes_a_node_that_a_view_names_later() {
        let mut map = known();
        let (to, changes) = map.redirect(5, &at(9), SECOND);
        assert_eq!((to, map.owner(5), changes.moved), (3, 3, vec![(5, 5, 3)]));
        let mut view = two_shards(99);
        view.nodes.push(seen("d", 9));
        view.shards.push(Shard { primary: 3, replicas: vec![], slots: vec![(5, 5)] });
        map.view(&view, A, 2 * SECOND, 2 * SECOND).unwrap();
        assert_eq!((&*map.nodes[3].id, map.nodes.len(), map.owner(5)), ("d", 4, 3));
    }

    #[test]
    fn a_redirect_to_the_known_owner_and_one_out_of_range_change_nothing() {
        let mut map = known();
        assert!(map.redirect(5, &at(1), SECOND).1.are_none());
        assert!(map.redirect(SLOTS, &at(1), SECOND).1.are_none());
    }

    #[test]
    fn views_of_nothing_and_of_other_clusters_are_not_believed() {
        let mut map = known();
        let nothing = View { nodes: vec![], shards: vec![] };
        assert_eq!(map.view(&nothing, A, 1, 1), Err(Disbelief::Empty));
        let mut foreign = two_shards(99);
        for node in &mut foreign.nodes {
            node.id = format!("other {}", node.id).into();
        }
        assert_eq!(map.view(&foreign, A, 1, 1), Err(Disbelief::Foreign));
        assert_eq!(
            Map::new().view(&nothing, A, 1, 1),
            Ok(Changes::default()),
            "nothing is known yet"
        );
    }

    #[test]
    fn a_cluster_that_is_gone_makes_room_for_another_once() {
        let mut map = known();
        map.redirect(5, &at(2), SECOND);
        let mut other = two_shards(199);
        for (node, port) in other.nodes.iter_mut().zip(11..) {
            *node = seen(&format!("other {}", node.id), port);
        }
        map.abandon();
        let changes = map.view(&other, A, 2 * SECOND, 2 * SECOND).unwrap();
        assert_eq!(changes.moved, [(0, 199, 3), (200, SLOTS - 1, 4)]);
        assert!((A..=C).all(|old| map.nodes[usize::from(old)].role == Role::Gone));
        assert_eq!(map.view(&two_shards(99), A, 3 * SECOND, 3 * SECOND), Err(Disbelief::Foreign));
    }

    #[test]
    fn a_node_is_its_id_whatever_its_address() {
        let mut map = known();
        let mut view = two_shards(99);
        view.nodes[0].endpoint = at(8);
        let changes = map.view(&view, B, 1, 1).unwrap();
        assert_eq!((changes.nodes, changes.moved), (vec![A], vec![]));
        assert_eq!(map.nodes[usize::from(A)].endpoint, at(8));
    }

    #[test]
    fn a_node_that_no_view_names_is_gone_and_may_come_back() {
        let mut map = known();
        let mut view = two_shards(99);
        view.nodes.pop();
        view.shards[0].replicas.clear();
        let changes = map.view(&view, A, 1, 1).unwrap();
        assert_eq!((changes.nodes, map.nodes[usize::from(C)].role), (vec![C], Role::Gone));
        map.view(&two_shards(99), A, 2, 2).unwrap();
        assert_eq!(map.nodes[usize::from(C)].role, Role::Replica { of: A });
    }

    #[test]
    fn a_node_of_the_options_that_left_for_good_comes_back_as_a_new_one() {
        let mut map = Map::new();
        let seed = map.node_at(&at(3));
        map.view(&two_shards(99), seed, 0, 0).unwrap();
        assert_eq!((map.by_id["c"], map.find(&at(3))), (seed, Some(seed)));
        let mut without = two_shards(99);
        without.shards[0].replicas.clear();
        without.nodes.pop();
        map.view(&without, A, SECOND, SECOND).unwrap();
        assert!(map.forget(seed), "its connections are closed");
        for _ in 0..2 {
            map.view(&two_shards(99), A, 2 * SECOND, 2 * SECOND).unwrap();
            let back = map.find(&at(3)).unwrap();
            assert!(back != seed && map.by_id["c"] == back);
            assert!(map.members().contains(&back) && !map.members().contains(&seed));
        }
    }

    #[test]
    fn a_redirect_to_a_node_that_is_lost_does_not_outweigh_a_view() {
        let mut map = known();
        map.redirect(100, &at(1), SECOND);
        let mut after = two_shards(100);
        after.shards[0] = Shard { primary: 2, replicas: vec![], slots: vec![(0, 100)] };
        map.view(&after, C, 2 * SECOND, 2 * SECOND).unwrap();
        assert_eq!((map.owner(99), map.owner(100)), (C, A), "one that knows no loss");
        map.forget_redirects_to(A);
        map.view(&after, C, 2 * SECOND, 2 * SECOND).unwrap();
        assert_eq!((map.owner(100), map.nodes[0].role), (C, Role::Gone));
    }

    #[test]
    fn slots_that_nobody_has_are_nobodys() {
        let mut map = known();
        let mut view = two_shards(99);
        view.shards[1].slots = vec![(200, SLOTS - 1)];
        let changes = map.view(&view, A, 1, 1).unwrap();
        assert_eq!(changes.moved, [(100, 199, NOBODY)]);
    }
}
