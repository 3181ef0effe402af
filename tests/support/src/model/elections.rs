//! Nodes that are gone, and who takes their place.

use super::{
    node::{Life, Role},
    state::Model,
    timetable::Event,
};

impl Model {
    /// Ends a node as a power cut does; its data are on its disk, what it had sent is lost.
    pub fn kill(&mut self, node: usize) {
        self.lose_what_is_on_the_way(node);
        let own = &mut self.nodes[node];
        own.life = Life::Dead;
        own.incoming.clear();
        own.mail.clear();
        self.is_gone(node);
    }

    /// Starts a node that was killed, with its data and what it knew.
    pub fn restart(&mut self, node: usize) {
        let loading = self.between(self.settings.loading);
        let own = &mut self.nodes[node];
        if own.life != Life::Dead {
            return;
        }
        own.life = Life::Up;
        own.loading_until = self.now + loading;
        own.unsure_until = self.now + self.settings.writable_delay;
        own.paused_until = 0;
        own.view.known.iter_mut().for_each(|known| known.failed = false);
        for at in [own.loading_until, own.unsure_until] {
            self.timetable.add(at, Event::Stirs { node });
        }
        self.returns(node);
        self.begin_syncs(node);
    }

    /// Stops a node as `SIGSTOP` does.
    pub fn stop(&mut self, node: usize) {
        self.catch_up(node);
        if self.nodes[node].life == Life::Up {
            self.nodes[node].life = Life::Stopped;
            self.is_gone(node);
        }
    }

    /// Lets a node go on that was stopped.
    pub fn wake(&mut self, node: usize) {
        let own = &mut self.nodes[node];
        if own.life != Life::Stopped {
            return;
        }
        own.life = Life::Up;
        for header in std::mem::take(&mut own.mail) {
            self.later((0, self.settings.gossip.0), Event::Heard { by: node, header });
        }
        self.returns(node);
    }

    /// Parts a node from all other nodes, not from clients; or ends that.
    pub fn isolate(&mut self, node: usize, is_isolated: bool) {
        if self.nodes[node].is_isolated == is_isolated {
            return;
        }
        self.lose_what_is_on_the_way(node);
        self.catch_up(node);
        let now = self.now;
        let own = &mut self.nodes[node];
        own.incoming.clear();
        (own.is_isolated, own.isolated_since) = (is_isolated, now);
        if is_isolated {
            self.is_gone(node);
        } else {
            self.returns(node);
            self.begin_syncs(node);
        }
    }

    /// The links between a node and its replicas, or its primary, begin anew.
    fn begin_syncs(&mut self, node: usize) {
        for replica in self.replicas_of(node) {
            self.link(replica, node);
        }
        if let Role::Replica { of } = self.nodes[node].role() {
            self.link(node, of);
        }
    }

    fn is_gone(&mut self, node: usize) {
        self.disturb(None);
        self.stir(node);
        self.nodes[node].outage += 1;
        let (outage, wait) = (self.nodes[node].outage, self.settings.node_timeout);
        self.later((wait, wait + wait / 2), Event::Missed { node, outage });
    }

    fn returns(&mut self, node: usize) {
        self.disturb(None);
        self.nodes[node].outage += 1;
        self.stir(node);
        for other in 0..self.size() {
            self.say(other, node, other);
            let away = &self.nodes[other];
            if other != node && !away.is_heard() {
                let (outage, wait) = (away.outage, self.settings.node_timeout);
                self.later((wait, 2 * wait), Event::Missed { node: other, outage });
            }
        }
        self.say_to_all(node);
    }

    /// The others have not heard of a node for too long.
    pub(super) fn miss(&mut self, node: usize, outage: u64) {
        if self.nodes[node].outage != outage || self.nodes[node].is_heard() {
            return;
        }
        self.disturb(None);
        for other in 0..self.size() {
            if self.nodes[other].is_heard() {
                self.nodes[other].view.known[node].failed = true;
                self.stir(other);
            }
        }
        self.stir(node);
        let mut replicas = self.replicas_of(node);
        replicas.iter().for_each(|replica| self.catch_up(*replica));
        replicas.sort_by_key(|replica| std::cmp::Reverse(self.nodes[*replica].offset));
        let (from, to) = self.settings.election;
        for (rank, replica) in replicas.into_iter().enumerate() {
            let behind = rank as u64 * to;
            let event = Event::Candidacy { node: replica, of: node, outage };
            self.later((behind + from, behind + to), event);
        }
    }

    /// A replica asks the primaries for their votes.
    pub(super) fn stand(&mut self, node: usize, of: usize, outage: u64) {
        let own = &self.nodes[node];
        let is_over = self.nodes[of].outage != outage || own.role() != (Role::Replica { of });
        if is_over || own.life == Life::Dead {
            return;
        }
        let wait = self.settings.node_timeout;
        let has_voted = self.votes.get(&of).is_some_and(|at| at + 2 * wait > self.now);
        let can_stand = own.is_heard() && own.is_linked && own.view.known[of].failed;
        if has_voted || !can_stand || !self.has_majority(node) {
            let event = Event::Candidacy { node, of, outage };
            return self.later((wait, 2 * wait), event);
        }
        self.votes.insert(of, self.now);
        self.later((500, 3_000), Event::Elected { node, of });
    }

    /// Whether most primaries with slots can vote, as this node knows them.
    fn has_majority(&self, node: usize) -> bool {
        let (all, heard) = self.voters(node);
        heard > all / 2
    }

    /// The primaries with slots that this node knows, and how many of them are heard of.
    fn voters(&self, node: usize) -> (usize, usize) {
        let own = &self.nodes[node];
        let voters = |other: &usize| own.view.owners.has_any(*other);
        let voters: Vec<usize> = (0..self.size()).filter(voters).collect();
        let alone = own.is_isolated && own.isolated_since + self.settings.node_timeout <= self.now;
        let is_heard =
            |other: &&usize| **other == node || !alone && !own.view.known[**other].failed;
        (voters.len(), voters.iter().filter(is_heard).count())
    }

    pub(super) fn elected(&mut self, node: usize, of: usize) {
        let own = &self.nodes[node];
        if own.is_heard() && own.role() == (Role::Replica { of }) {
            self.counts.elections += 1;
            self.promote(node, of);
        }
    }

    fn promote(&mut self, node: usize, of: usize) {
        self.catch_up(node);
        self.disturb(None);
        self.take_new_epoch(node);
        let own = &mut self.nodes[node];
        own.incoming.clear();
        own.view.known[node].role = Role::Primary;
        for (first, last) in own.view.owners.runs_of(of) {
            own.view.owners.assign(first, last, Some(node));
        }
        own.unsure_until = 0;
        self.stir(node);
        self.say_to_all(node);
    }

    /// An ordered failover begins: the primary stops writing, and the replica catches up.
    pub(super) fn begin_failover(&mut self, node: usize, of: usize) {
        self.disturb(None);
        self.nodes[of].paused_until = self.now + 5_000_000;
        self.timetable.add(self.nodes[of].paused_until, Event::Stirs { node: of });
        self.later((1_000, 8_000), Event::TakesOver { node, of });
    }

    pub(super) fn takes_over(&mut self, node: usize, of: usize) {
        let (own, primary) = (&self.nodes[node], &self.nodes[of]);
        let is_ready = own.is_heard()
            && own.is_linked
            && own.role() == (Role::Replica { of })
            && primary.is_heard()
            && primary.role() == Role::Primary;
        if is_ready && self.has_majority(node) {
            self.counts.failovers += 1;
            self.catch_up_fully(node);
            self.promote(node, of);
        } else {
            self.nodes[of].paused_until = 0;
            self.stir(of);
        }
    }

    /// Whether the cluster is down, for all that this node knows.
    pub(super) fn is_down(&self, node: usize) -> bool {
        let own = &self.nodes[node];
        let is_unsure = own.unsure_until > self.now && own.role() == Role::Primary;
        let is_lost = |owner: Option<usize>| owner.is_none_or(|of| own.view.known[of].failed);
        is_unsure
            || own.view.owners.runs().any(|(_, _, owner)| is_lost(owner))
            || !self.has_majority(node)
    }
}
