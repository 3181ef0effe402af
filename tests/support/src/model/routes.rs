//! Whether a node serves a command, or where it sends it.

use super::{reply::Reply, session::Session, slots::slot_of, state::Model};

impl Model {
    /// The refusal of a command with these keys, if the node does not serve it.
    pub(super) fn refusal(
        &mut self,
        session: &Session,
        keys: &[&[u8]],
        writes: bool,
        asking: bool,
    ) -> Option<Reply> {
        let slot = slot_of(keys.first()?);
        let node = session.node;
        let own = &self.nodes[node];
        let owner = own.view.owners.of(slot);
        if keys.iter().any(|key| slot_of(key) != slot) {
            return Some(match owner {
                None => Reply::error("CLUSTERDOWN Hash slot not served"),
                Some(_) => Reply::error("CROSSSLOT Keys in request don't hash to the same slot"),
            });
        }
        let Some(owner) = owner else {
            self.counts.down += 1;
            self.disturb(Some(slot));
            return Some(Reply::error("CLUSTERDOWN Hash slot not served"));
        };
        if self.is_down(node) {
            self.counts.down += 1;
            self.disturb(Some(slot));
            return Some(Reply::error("CLUSTERDOWN The cluster is down"));
        }
        let to = own.view.migrating.get(&slot).copied().filter(|_| owner == node);
        let imports = own.view.importing.contains_key(&slot);
        let is_there = |key: &&&[u8]| own.data.contains_key(**key);
        let there = keys.iter().filter(is_there).count();
        let several = keys.len() > 1 && keys.iter().any(|key| key != &keys[0]);
        if let Some(to) = to.filter(|_| there < keys.len()) {
            if there > 0 {
                return Some(self.try_again());
            }
            self.counts.asks += 1;
            return Some(self.redirect("ASK", slot, to));
        }
        if imports && asking {
            return (several && there < keys.len()).then(|| self.try_again());
        }
        let reads_here = session.readonly && !writes && own.follows(owner);
        if owner != node && !reads_here {
            self.counts.moved += 1;
            if self.owner(slot) != Some(owner) {
                // It will be sent on from there.
                self.disturb(Some(slot));
            }
            return Some(self.redirect("MOVED", slot, owner));
        }
        None
    }

    fn try_again(&mut self) -> Reply {
        self.counts.try_again += 1;
        Reply::error("TRYAGAIN Multiple keys request during rehashing of slot")
    }

    fn redirect(&self, kind: &str, slot: u16, to: usize) -> Reply {
        let (host, port) = self.address(to);
        Reply::Error(format!("{kind} {slot} {host}:{port}"))
    }
}
