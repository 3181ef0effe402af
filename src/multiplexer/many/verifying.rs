//! Servers that serve shard channels and may be no primaries.
//!
//! A replica serves shard channels like its primary, and passes them on late. To a client that only listens it never says that
//! there is another primary. So a server is asked who has the slots where nothing else would tell.

use super::{super::node::Node, asking::Answer, nodes::Many};
use crate::{Error, Result, connection::Link, subscriptions::Unwatched, topology::NodeId};

/// What a server was asked about, and what it said
pub(super) struct Asked {
    pub(super) number: NodeId,
    pub(super) about: Unwatched,
    /// The slots of its shard channels.
    pub(super) slots: Vec<u16>,
    pub(super) answer: Result<Answer, Option<Error>>,
}

impl Many {
    /// Has the steward ask the server of this link.
    pub(super) fn doubt(&self, link: &Link) {
        let has = |node: &Node| node.links().any(|known| std::ptr::eq(&**known, link));
        if let Some((number, _)) = self.numbered().find(|(_, node)| has(node)) {
            self.doubts.add(number);
            self.wake.rouse();
        }
    }

    /// Asks a server who has its slots.
    pub(super) async fn ask_doubted(&self, number: NodeId) -> Option<Asked> {
        let node = self.made(number)?;
        let about = node.registry.unwatched(&node.link)?;
        let answer = self.ask(vec![number]).await;
        Some(Asked { number, about, slots: node.registry.slots(), answer })
    }

    /// A server has said who has the slots of its shard channels. If it has them itself, it will say when that ends; if it does
    /// not, its word counts like a redirect.
    pub(super) fn settle_doubt(&self, answer: &Answer, about: Unwatched, slots: &[u16]) {
        let Some(node) = self.made(answer.by) else { return };
        let now = self.clock.now();
        let (mut has_them, mut is_believed, mut successors) = (true, true, Vec::new());
        let mut map = self.lock();
        for slot in slots {
            let Some(said) = answer.view.owner(*slot) else { continue };
            let owner = self.slots.owner(*slot);
            let is = |number: NodeId| map.get(number).is_some_and(|node| node.id == said.id);
            has_them &= is(answer.by);
            if !is(owner) {
                // What came meanwhile may be newer.
                is_believed = false;
            } else if owner != answer.by && !successors.contains(&owner) {
                successors.push(owner);
            }
        }
        // Others may not know it yet.
        successors.into_iter().for_each(|owner| map.vouch(owner, now));
        drop(map);
        match (has_them, is_believed) {
            (true, true) => node.registry.watch(about, true, &node.link),
            (_, false) => self.doubts.add(answer.by),
            (false, true) => {}
        }
    }

    /// A server has said nothing. It is asked again while it is there, unless it refuses to say it.
    pub(super) fn doubt_on(&self, number: NodeId, about: Unwatched, error: Option<&Error>) {
        let Some(node) = self.made(number) else { return };
        if error.is_some_and(Error::is_server) {
            node.registry.watch(about, false, &node.link);
        } else if node.is_ready() {
            self.doubts.add(number);
        }
    }
}
