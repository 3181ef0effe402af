//! What nodes tell each other: roles, epochs and claims to slots.

use super::{
    node::{Header, Life, Role},
    state::Model,
    timetable::Event,
};

impl Model {
    /// A node says to another one what it knows of `about`.
    pub(super) fn say(&mut self, from: usize, to: usize, about: usize) {
        if !self.nodes[from].is_heard() || self.nodes[to].is_isolated || from == to {
            return;
        }
        let view = &self.nodes[from].view;
        let header = Header {
            from,
            about,
            current: view.current,
            epoch: view.known[about].epoch,
            role: view.known[about].role,
            slots: view.owners.runs_of(about),
        };
        // What a node says to another one arrives in order.
        let at = self.now + self.between(self.settings.gossip);
        let last = self.said.entry((from, to)).or_default();
        *last = at.max(*last);
        self.timetable.add(*last, Event::Heard { by: to, header });
    }

    /// A node says to all others what it is.
    pub(super) fn say_to_all(&mut self, from: usize) {
        for to in 0..self.size() {
            self.say(from, to, from);
        }
    }

    pub(super) fn hear(&mut self, by: usize, header: &Header) {
        let node = &mut self.nodes[by];
        match node.life {
            Life::Dead => return,
            Life::Stopped => return node.mail.push(header.clone()),
            Life::Up if node.is_isolated || header.about == by => return,
            Life::Up => {}
        }
        let view = &mut node.view;
        view.current = view.current.max(header.current).max(header.epoch);
        let is_direct = header.from == header.about;
        let known = &mut view.known[header.about];
        if is_direct {
            known.role = header.role;
        }
        if header.role == Role::Primary {
            known.epoch = known.epoch.max(header.epoch);
        }
        if is_direct && known.failed {
            self.is_back(by, header);
        }
        if header.role == Role::Primary {
            self.take_claim(by, header);
            if is_direct {
                self.part_epochs(by, header);
            }
        }
        self.follow(by);
    }

    /// A node that had failed is heard of again.
    fn is_back(&mut self, by: usize, header: &Header) {
        let view = &mut self.nodes[by].view;
        let has_slots = header.role == Role::Primary && view.owners.has_any(header.about);
        // Its replicas may be about to replace it: it is believed to have failed until that has had its time.
        let wait = 2 * self.settings.node_timeout;
        let was_voted = self.votes.get(&header.about).is_some_and(|at| at + wait > self.now);
        if has_slots && was_voted {
            let event = Event::Heard { by, header: header.clone() };
            self.timetable.add(self.now + wait, event);
        } else {
            view.known[header.about].failed = false;
            self.stir(by);
        }
    }

    /// Believes a claim to slots, unless there is a newer one.
    fn take_claim(&mut self, by: usize, header: &Header) {
        let view = &self.nodes[by].view;
        let (mut taken, mut newer) = (Vec::new(), None);
        for (first, last) in &header.slots {
            for (start, end, owner) in view.owners.runs() {
                let (start, end) = (start.max(*first), end.min(*last));
                if start > end || owner == Some(header.about) {
                    continue;
                }
                match owner {
                    Some(owner) if view.known[owner].epoch >= header.epoch => newer = Some(owner),
                    _ => taken.push((start, end)),
                }
            }
        }
        for (start, end) in &taken {
            // Who imports a slot gives it to nobody.
            let kept: Vec<u16> =
                self.nodes[by].view.importing.range(start..=end).map(|(slot, _)| *slot).collect();
            let mut start = *start;
            for slot in kept.into_iter().chain([end + 1]) {
                if start < slot {
                    self.lose(by, start, slot - 1, header.about);
                }
                start = slot + 1;
            }
        }
        if let Some(newer) = newer.filter(|_| header.from == header.about) {
            self.say(by, header.from, newer);
        }
    }

    /// Slots go to another node, for all that this one knows.
    fn lose(&mut self, by: usize, first: u16, last: u16, to: usize) {
        match first == last {
            true => self.disturb(Some(first)),
            false => self.disturb(None),
        }
        let node = &mut self.nodes[by];
        let shard = match node.role() {
            Role::Primary => by,
            Role::Replica { of } => of,
        };
        if node.view.owners.runs_of(shard).iter().any(|run| run.0 <= last && run.1 >= first) {
            node.heir = Some(to);
        }
        node.view.owners.assign(first, last, Some(to));
        node.view.migrating.retain(|slot, _| !(first..=last).contains(slot));
        if node.role() == Role::Primary {
            self.drop_keys(by, first, last);
        }
        self.stir(by);
    }

    /// Two primaries with the same epoch: the one with the lesser id takes a new one.
    fn part_epochs(&mut self, by: usize, header: &Header) {
        let is_less = self.nodes[by].id < self.nodes[header.from].id;
        let node = &mut self.nodes[by];
        if node.role() == Role::Primary && node.epoch() == header.epoch && is_less {
            self.take_new_epoch(by);
            self.say_to_all(by);
        }
    }

    pub(super) fn take_new_epoch(&mut self, node: usize) {
        let view = &mut self.nodes[node].view;
        view.current += 1;
        view.known[node].epoch = view.current;
    }

    /// A primary that has lost all slots becomes a replica of the one that has them, and so do its replicas.
    fn follow(&mut self, by: usize) {
        let view = &self.nodes[by].view;
        let mut primary = match view.known[by].role {
            Role::Primary => by,
            Role::Replica { of } => of,
        };
        if let Role::Replica { of } = view.known[primary].role
            && primary != by
            && of != by
        {
            primary = of;
        } else if let Some(heir) = self.nodes[by].heir {
            // The one that has taken the last slot.
            if !view.owners.has_any(primary) && view.owners.has_any(heir) {
                primary = heir;
            }
        }
        let is_new = match view.known[by].role {
            Role::Primary => primary != by,
            Role::Replica { of } => primary != of && primary != by,
        };
        if is_new {
            self.become_replica(by, primary);
        }
    }

    /// Follows another primary from now on.
    pub(super) fn become_replica(&mut self, node: usize, of: usize) {
        self.disturb(None);
        let own = &mut self.nodes[node];
        own.view.known[node].role = Role::Replica { of };
        own.view.importing.clear();
        own.view.migrating.clear();
        own.paused_until = 0;
        self.link(node, of);
        self.stir(node);
        self.say_to_all(node);
    }
}
