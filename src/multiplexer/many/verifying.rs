//! Servers that serve shard channels and may be no primaries.
//!
//! A replica serves shard channels like its primary, and passes them on late. To a client that only listens it never says that
//! there is another primary. So a server is asked who has the slots where nothing else would tell.

use super::{super::node::Node, asking::Answer, nodes::Many};
use crate::{Error, Result, connection::Link, subscriptions::Unwatched, topology::NodeId};

/// What a server was asked about, and what it said
pub(super) struct Asked {
    number: NodeId,
    /// How often it has said nothing before that can be believed.
    vain: u32,
    about: Unwatched,
    /// The slots of its shard channels.
    slots: Vec<u16>,
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

    /// Asks a server who has its slots, for the first time or once more.
    pub(super) async fn ask_doubted(&self, number: NodeId, vain: u32) -> Option<Asked> {
        let node = self.made(number)?;
        let about = node.registry.unwatched(&node.link)?;
        let answer = self.ask(vec![number]).await;
        Some(Asked { number, vain, about, slots: node.registry.slots(), answer })
    }

    /// A server has said who has the slots of its shard channels, and is believed or not. If it has them itself, it will say when
    /// that ends; if it does not, its word counts like a redirect. If it has not answered, it is asked again while it is there.
    pub(super) fn settle_doubt(&self, asked: &Asked) {
        let Asked { number, vain, about, slots, answer } = asked;
        let Some(node) = self.made(*number) else { return };
        let now = self.clock.now();
        let view = match answer {
            Ok(answer) => &answer.view,
            // It refuses to say it.
            Err(Some(error)) if error.is_server() => {
                return node.registry.watch(*about, false, &node.link);
            }
            Err(_) if node.is_ready() => return self.doubts.add_again(*number, *vain, now),
            Err(_) => return,
        };
        let (mut has_them, mut is_believed, mut successors) = (true, true, Vec::new());
        let mut map = self.lock();
        for slot in slots {
            let Some(said) = view.owner(*slot) else { continue };
            let owner = self.slots.owner(*slot);
            let is = |number: NodeId| map.get(number).is_some_and(|node| node.id == said.id);
            has_them &= is(*number);
            if !is(owner) {
                // What came meanwhile may be newer.
                is_believed = false;
            } else if owner != *number && !successors.contains(&owner) {
                successors.push(owner);
            }
        }
        // Others may not know it yet.
        successors.into_iter().for_each(|owner| map.vouch(owner, now));
        drop(map);
        match (has_them, is_believed) {
            (true, true) => node.registry.watch(*about, true, &node.link),
            (_, false) => self.doubts.add_again(*number, *vain, now),
            (false, true) => {}
        }
    }
}
