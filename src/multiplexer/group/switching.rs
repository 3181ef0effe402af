//! What happens when another member is used.

use std::{
    sync::{Arc, PoisonError},
    task::Waker,
};

use super::{member::Member, roster::Roster};
use crate::{
    Result,
    events::{ActiveMemberChanged, Event, SwitchReason},
    subscriptions::{Queue, Topic},
    topology::Because,
};

/// Why leased connections end that wait at a member.
const REPLACED: &str = "another member of the group is used by now";

impl Roster {
    /// Uses this member from now on.
    ///
    /// Only the keeper calls it, so that there is one change at a time.
    pub(super) fn switch(&self, to: usize, because: Because) {
        let from = self.active();
        let Some(next) = self.member(to) else { return };
        // What a member had before others were used is old.
        from.into_iter().chain([next]).for_each(forget_replies);
        self.set_active(to);
        let mut wakers = Vec::new();
        {
            let _moving = self.moving.lock().unwrap_or_else(PoisonError::into_inner);
            let listeners = match from {
                Some(member) => member.deployment.take_listeners(&mut wakers),
                None => self.lobby.registry.take_listeners(&self.lobby.link, &mut wakers),
            };
            next.deployment.adopt(listeners, &mut wakers);
        }
        wakers.into_iter().for_each(Waker::wake);
        let is_lost = because == Because::Ill;
        match from {
            Some(member) => self.leave(member, is_lost),
            None => {
                self.lobby.link.relinquish();
                self.leave_pool(&self.lobby, true);
            }
        }
        self.hub.publish(Event::ActiveMemberChanged(ActiveMemberChanged {
            from: from.map(|member| member.name.clone()),
            to: next.name.clone(),
            reason: reason(because),
        }));
    }

    /// Gives what was not sent there back to its callers, who find the member in use.
    fn leave(&self, member: &Member, is_lost: bool) {
        for node in member.deployment.nodes() {
            node.links().for_each(|link| link.relinquish());
            self.leave_pool(node, is_lost);
        }
    }

    fn leave_pool(&self, node: &super::super::node::Node, all: bool) {
        if let Some(pool) = node.pool.get() {
            pool.part(REPLACED, all);
        }
    }

    /// The same for what has come to members without a connection since then: callers that were on their way there.
    pub(super) fn collect_strays(&self) {
        let active = self.active_number();
        if active.is_some() {
            self.lobby.link.surrender(true);
        }
        for (_, member) in self.present().filter(|(number, _)| Some(*number) != active) {
            for node in member.deployment.nodes() {
                node.links().for_each(|link| link.surrender(true));
            }
        }
    }

    /// Adds a listener to each of the topics, at the member in use.
    pub(in crate::multiplexer) fn listen(
        &self,
        topics: &[Topic],
        queue: &Arc<Queue>,
    ) -> Result<()> {
        let _moving = self.moving.lock().unwrap_or_else(PoisonError::into_inner);
        match self.active() {
            Some(member) => member.deployment.listen(topics, queue),
            None => self.lobby.registry.listen(topics, queue, &self.lobby.link),
        }
    }

    /// Removes a listener, wherever it is; whether a server may have been asked for one of the topics.
    pub(in crate::multiplexer) fn remove(&self, topics: &[Topic], queue: &Arc<Queue>) -> bool {
        let _moving = self.moving.lock().unwrap_or_else(PoisonError::into_inner);
        let mut asked = self.lobby.registry.remove(topics, queue, &self.lobby.link);
        for (_, member) in self.present() {
            asked |= member.deployment.remove(topics, queue);
        }
        asked
    }

    pub(in crate::multiplexer) fn remove_all(&self) {
        let _moving = self.moving.lock().unwrap_or_else(PoisonError::into_inner);
        self.lobby.registry.remove_all(&self.lobby.link);
        self.present().for_each(|(_, member)| member.deployment.remove_all());
    }

    /// The reader of a queue has caught up.
    pub(in crate::multiplexer) fn resume(&self, queue: &Arc<Queue>) {
        self.present().for_each(|(_, member)| member.deployment.resume(queue));
    }
}

/// Drops the replies that are kept of it.
fn forget_replies(member: &Member) {
    for node in member.deployment.nodes() {
        if let Some(cache) = &node.link.config.cache {
            cache.clear();
        }
    }
}

fn reason(because: Because) -> SwitchReason {
    match because {
        Because::First => SwitchReason::First,
        Because::Ill => SwitchReason::Unhealthy,
        Because::Gone => SwitchReason::Removed,
        Because::Wished => SwitchReason::Forced,
        Because::Weight => SwitchReason::Weight,
        Because::Latency => SwitchReason::Latency,
    }
}
