//! What replicas have of what their primaries wrote.

use super::{
    node::{Effect, Life, Role},
    slots::slot_of,
    state::Model,
    timetable::Event,
};

impl Model {
    /// A node writes, and passes it on to its replicas.
    pub(super) fn write(&mut self, node: usize, effect: Effect) {
        let own = &mut self.nodes[node];
        own.offset += 1;
        let (offset, sends) = (own.offset, !own.is_isolated);
        for replica in self.replicas_of(node) {
            let delay = self.between(self.settings.replication);
            let replica = &mut self.nodes[replica];
            if sends && replica.is_linked && !replica.is_isolated && replica.life != Life::Dead {
                let last = replica.incoming.back().map_or(0, |(at, ..)| *at);
                let at = (self.now + delay).max(last).max(replica.stalled_until);
                replica.incoming.push_back((at, offset, effect.clone()));
            }
        }
        self.nodes[node].apply(effect);
    }

    /// Applies what has arrived from the primary so far.
    pub(super) fn catch_up(&mut self, node: usize) {
        self.apply_until(node, self.now);
    }

    /// Applies all that the primary has sent, even if it has not arrived.
    pub(super) fn catch_up_fully(&mut self, node: usize) {
        self.apply_until(node, u64::MAX);
    }

    fn apply_until(&mut self, node: usize, until: u64) {
        let node = &mut self.nodes[node];
        if node.life != Life::Up {
            return;
        }
        while node.incoming.front().is_some_and(|next| next.0 <= until) {
            let Some((_, offset, effect)) = node.incoming.pop_front() else { return };
            node.offset = offset;
            node.apply(effect);
        }
    }

    /// What has not arrived at the replicas of a node never will.
    pub(super) fn lose_what_is_on_the_way(&mut self, from: usize) {
        let now = self.now;
        for replica in self.replicas_of(from) {
            self.nodes[replica].incoming.retain(|(at, ..)| *at <= now);
        }
    }

    /// A replica begins to fetch all data of its primary.
    pub(super) fn link(&mut self, node: usize, of: usize) {
        let own = &mut self.nodes[node];
        own.is_linked = false;
        own.incoming.clear();
        self.later(self.settings.sync, Event::Synced { node, of });
    }

    pub(super) fn synced(&mut self, node: usize, of: usize) {
        let own = &self.nodes[node];
        if own.role() != (Role::Replica { of }) || own.life == Life::Dead || own.is_linked {
            return;
        }
        let primary = &self.nodes[of];
        let is_served = primary.is_heard()
            && primary.role() == Role::Primary
            && primary.loading_until <= self.now;
        if !is_served || !own.is_heard() {
            return self.later((100_000, 200_000), Event::Synced { node, of });
        }
        let (data, offset) = (primary.data.clone(), primary.offset);
        let own = &mut self.nodes[node];
        (own.data, own.offset, own.is_linked) = (data, offset, true);
    }

    /// Removes the keys of slots that belong to another node by now.
    pub(super) fn drop_keys(&mut self, node: usize, first: u16, last: u16) {
        let gone = self.nodes[node].data.keys();
        let gone = gone.filter(|key| (first..=last).contains(&slot_of(key)));
        for key in gone.cloned().collect::<Vec<_>>() {
            self.write(node, Effect::Remove(key));
        }
    }

    /// Nothing arrives at this replica from its primary until then.
    pub fn stall_replication(&mut self, replica: usize, until: u64) {
        self.catch_up(replica);
        let node = &mut self.nodes[replica];
        node.stalled_until = until;
        node.incoming.iter_mut().for_each(|(at, ..)| *at = (*at).max(until));
    }
}
