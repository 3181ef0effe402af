//! Which server each topic is subscribed to at, and what happens when that changes.
//!
//! A shard channel has its place at the server of its slot; a channel of keyspace notifications at every primary,
//! since servers do not pass them on; all others at any server.

use std::{
    sync::{Arc, PoisonError, atomic::Ordering},
    task::Waker,
};

use super::{super::node::Node, nodes::Many};
use crate::{
    Error, Result,
    commands::slot_of,
    connection::Verb,
    subscriptions::{Moving, Queue, Topic},
    topology::{NOBODY, NodeId, Role},
};

/// Where a topic belongs
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// At the server of this slot.
    Slot(u16),
    /// At every primary.
    Primaries,
    /// At any server.
    Any,
}

impl Many {
    fn place_of(&self, topic: &Topic) -> Place {
        match topic.verb {
            // Like all that the primary serves.
            _ if self.kind.is_undivided() => Place::Slot(0),
            Verb::SSubscribe => Place::Slot(slot_of(&topic.name)),
            _ if topic.is_of_keys() => Place::Primaries,
            _ => Place::Any,
        }
    }

    /// Adds a listener to each of the topics, where these belong.
    pub(in crate::multiplexer) fn listen(
        &self,
        topics: &[Topic],
        queue: &Arc<Queue>,
    ) -> Result<()> {
        let _moving = self.moving.lock().unwrap_or_else(PoisonError::into_inner);
        self.listened.store(true, Ordering::Relaxed);
        let mut rest: Vec<Topic> = Vec::new();
        for topic in topics {
            match self.place_of(topic) {
                Place::Slot(slot) => {
                    let node = self.node(self.slots.owner(slot)).unwrap_or_else(|| self.any());
                    node.registry.listen(std::slice::from_ref(topic), queue, &node.link)?;
                }
                Place::Primaries => {
                    let primaries = self.known_primaries();
                    if primaries.is_empty() {
                        self.keep(Moving::new(topic.clone(), queue))?;
                    }
                    queue.expect_more(primaries.len().saturating_sub(1));
                    for node in primaries {
                        node.registry.listen(std::slice::from_ref(topic), queue, &node.link)?;
                    }
                }
                Place::Any => rest.push(topic.clone()),
            }
        }
        if rest.is_empty() {
            return Ok(());
        }
        let node = self.post();
        node.registry.listen(&rest, queue, &node.link)
    }

    fn known_primaries(&self) -> Vec<&Node> {
        let numbers = self.lock().primaries();
        numbers.into_iter().filter_map(|number| self.node(number)).collect()
    }

    /// Keeps a topic for the primaries until they are known.
    fn keep(&self, topic: Moving) -> Result<()> {
        let mut unplaced = self.unplaced.lock().unwrap_or_else(PoisonError::into_inner);
        if self.is_closed() {
            return Err(Error::closed());
        }
        unplaced.push(topic);
        Ok(())
    }

    /// The topics that no server has yet.
    fn take_unplaced(&self) -> Vec<Moving> {
        std::mem::take(&mut *self.unplaced.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Ends the subscriptions that no server has yet.
    pub(in crate::multiplexer) fn end_unplaced(&self) {
        let unplaced = self.take_unplaced();
        unplaced.iter().flat_map(Moving::end).for_each(Waker::wake);
    }

    /// The primaries are known by now.
    fn place(&self, wakers: &mut Vec<Waker>) {
        let primaries = self.known_primaries();
        if primaries.is_empty() {
            return;
        }
        for topic in self.take_unplaced() {
            spread(&topic, &primaries, wakers);
        }
    }

    /// Takes over topics from other servers, which are not among these.
    pub(in crate::multiplexer) fn adopt(&self, moving: Vec<Moving>, wakers: &mut Vec<Waker>) {
        let _moving = self.moving.lock().unwrap_or_else(PoisonError::into_inner);
        self.listened.store(true, Ordering::Relaxed);
        for topic in moving {
            let nodes: Vec<&Node> = match self.place_of(topic.topic()) {
                Place::Slot(slot) => {
                    vec![self.node(self.slots.owner(slot)).unwrap_or_else(|| self.any())]
                }
                Place::Primaries => self.known_primaries(),
                Place::Any => vec![self.post()],
            };
            if nodes.is_empty() {
                // All is closed otherwise.
                drop(self.keep(topic));
                continue;
            }
            spread(&topic, &nodes, wakers);
        }
    }

    /// Takes out all who listen.
    pub(in crate::multiplexer) fn take_listeners(&self, wakers: &mut Vec<Waker>) -> Vec<Moving> {
        let _moving = self.moving.lock().unwrap_or_else(PoisonError::into_inner);
        let mut all: Vec<Moving> = Vec::new();
        for node in self.nodes() {
            for topic in node.registry.take_listeners(&node.link, wakers) {
                // Notifications of keys come from each primary; one copy has all listeners.
                match all.iter().any(|known| known.topic() == topic.topic()) {
                    true => topic.waive(wakers),
                    false => all.push(topic),
                }
            }
        }
        all.append(&mut self.take_unplaced());
        all
    }

    /// Removes a listener, wherever it is; whether a server may have been asked for one of the topics.
    pub(in crate::multiplexer) fn remove(&self, topics: &[Topic], queue: &Arc<Queue>) -> bool {
        let _moving = self.moving.lock().unwrap_or_else(PoisonError::into_inner);
        let mut unplaced = self.unplaced.lock().unwrap_or_else(PoisonError::into_inner);
        unplaced.retain_mut(|kept| !topics.contains(kept.topic()) || kept.remove(queue));
        drop(unplaced);
        let mut asked = false;
        for node in self.nodes() {
            asked |= node.registry.remove(topics, queue, &node.link);
        }
        asked
    }

    /// The server for topics that any will do for: the one that has some, unless it is gone.
    fn post(&self) -> &Node {
        let known = self.post.load(Ordering::Relaxed);
        if let Some(node) = self.made(known)
            && !node.is_lost()
            && self.takes_part(known)
        {
            return node;
        }
        let node = self.any();
        let number = self.numbered().find(|(_, known)| std::ptr::eq(*known, node));
        self.post.store(number.map_or(NOBODY, |(number, _)| number), Ordering::Relaxed);
        node
    }

    fn takes_part(&self, number: NodeId) -> bool {
        self.lock().get(number).is_some_and(|node| node.role != Role::Gone)
    }

    /// Moves topics to where they belong by now.
    pub(super) fn settle_topics(&self) {
        if !self.listened.load(Ordering::Relaxed) {
            return;
        }
        let mut wakers = Vec::new();
        {
            let _moving = self.moving.lock().unwrap_or_else(PoisonError::into_inner);
            self.place(&mut wakers);
            self.move_topics(&mut wakers);
            self.copy_topics_of_keys(&mut wakers);
        }
        wakers.into_iter().for_each(Waker::wake);
    }

    fn move_topics(&self, wakers: &mut Vec<Waker>) {
        for (number, node) in self.numbered() {
            if node.registry.len() == 0 {
                continue;
            }
            let post = self.post();
            let leaves = |topic: &Topic| match self.place_of(topic) {
                Place::Slot(slot) => {
                    let owner = self.slots.owner(slot);
                    owner != NOBODY && owner != number
                }
                Place::Primaries => false,
                Place::Any => !std::ptr::eq(post, node) && post.is_ready(),
            };
            let mut moving = node.registry.take(&node.link, leaves, wakers);
            while let Some(first) = moving.first() {
                let place = self.place_of(first.topic());
                let same = |moved: &Moving| self.place_of(moved.topic()) == place;
                let (mut together, rest): (Vec<Moving>, _) = moving.into_iter().partition(same);
                let to = match place {
                    Place::Slot(slot) => self.node(self.slots.owner(slot)).unwrap_or(post),
                    _ => post,
                };
                if !self.passes_on(number, place) {
                    together.iter_mut().for_each(Moving::hear_at_once);
                }
                to.registry.adopt(together, &to.link, wakers);
                moving = rest;
            }
        }
    }

    /// Whether this server passes messages on to the server of this place.
    fn passes_on(&self, from: NodeId, to: Place) -> bool {
        match to {
            // Replicas get all that their primary has sent before one of them takes over.
            _ if self.kind.is_undivided() => false,
            // Those of shard channels stay in the shard: a primary that still is one is of another one.
            Place::Slot(_) => self.lock().get(from).is_some_and(|node| node.role != Role::Primary),
            Place::Primaries | Place::Any => true,
        }
    }

    /// Has every primary, and no other server, send notifications of its keys.
    fn copy_topics_of_keys(&self, wakers: &mut Vec<Waker>) {
        let of_keys = |topic: &Topic| self.place_of(topic) == Place::Primaries;
        // One copy of each is enough: it has all listeners.
        let mut all: Vec<Moving> = Vec::new();
        for copy in self.nodes().flat_map(|node| node.registry.copies(of_keys)) {
            if !all.iter().any(|known| known.topic() == copy.topic()) {
                all.push(copy);
            }
        }
        if all.is_empty() {
            return;
        }
        let primaries = self.lock().primaries();
        for node in primaries.iter().filter_map(|number| self.node(*number)) {
            let lacking = all.iter().filter(|copy| !node.registry.wants(copy.topic()));
            let lacking: Vec<Moving> = lacking.map(Moving::copy).collect();
            // Who waits for the topic waits for this server, too.
            lacking.iter().for_each(|topic| topic.expect(2));
            if !lacking.is_empty() {
                node.registry.adopt(lacking, &node.link, wakers);
            }
        }
        for (number, node) in self.numbered() {
            if !primaries.contains(&number) && !primaries.is_empty() {
                // Those who wait for its confirmation do not get it any more.
                let gone = node.registry.take(&node.link, of_keys, wakers);
                gone.into_iter().for_each(|topic| topic.waive(wakers));
            }
        }
    }

    /// Why there will be no connection, if that is so.
    pub(in crate::multiplexer) fn over(&self) -> Option<Error> {
        self.is_closed().then(Error::closed)
    }
}

/// Asks each of these nodes for a topic; who waits for it waits for all of them.
fn spread(topic: &Moving, nodes: &[&Node], wakers: &mut Vec<Waker>) {
    topic.expect(nodes.len());
    for node in nodes {
        node.registry.adopt(vec![topic.copy()], &node.link, wakers);
    }
}
