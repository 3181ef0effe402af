//! The move to another endpoint: topics are subscribed to on the new stream before it takes the place of the old one.
//!
//! What the old stream brings is noted from a moment before the new server is asked until the answer to the last command
//! on the old stream. Topics of which nothing came go over as they are. For the others one command more goes out on the
//! new stream: its answer comes behind all that the old one has brought, which is then left out.

use std::{sync::Arc, task::Waker};

use super::{
    super::push::read_message,
    Names, Registry, SessionId, Topic, Topics, address,
    carry::{Carry, Stage},
    session_of,
};
use crate::{
    clock::NEVER,
    connection::{Ask, Core, Link, Owner, Push},
    resp::Protocol,
};

/// Listens to the stream that is to take the place of the one in use
pub(crate) struct Heir(pub(crate) Arc<Registry>);

impl Owner for Heir {
    fn pushed(&self, _link: &Link, push: Push) {
        self.0.collect(push);
    }
}

impl Registry {
    /// The new stream, that of `heir`, is ready. Takes the next step before the old one, that of `link`, is left; for each
    /// of two steps there is `time`. `None`: the old stream may be left. Otherwise there is more to do at this moment, or
    /// when one of the servers has answered.
    pub(crate) fn before_move(&self, link: &Link, heir: &Link, time: u64) -> Option<u64> {
        let mut wakers = Vec::new();
        let next = self.lock().before_move(link, heir, time, &mut wakers);
        wakers.into_iter().for_each(Waker::wake);
        next
    }

    /// Nothing becomes of the move for now. `heir` stays ready for the next attempt, without subscriptions.
    pub(crate) fn stay(&self, heir: Option<&Link>) {
        let mut wakers = Vec::new();
        {
            let mut topics = self.lock();
            let carry = topics.carry.take_if(|carry| !carry.is_aligning());
            if let (Some(carry), Some(heir)) = (carry, heir) {
                let asked = carry.topics.into_iter().filter(|(_, carried)| carried.ticket > 0);
                end(asked.map(|(topic, _)| topic), heir, &mut wakers);
            }
        }
        wakers.into_iter().for_each(Waker::wake);
    }

    /// Has `change` put the new stream in the place of the old one, which is at its end if the move is `whole`. Under the
    /// registry's lock: what is asked for from then on is asked on the new one.
    pub(crate) fn go_over(
        &self,
        link: &Link,
        whole: bool,
        change: &mut dyn FnMut(&mut Vec<Waker>) -> bool,
    ) -> bool {
        let mut wakers = Vec::new();
        let changed = {
            let mut topics = self.lock();
            let changed = change(&mut wakers);
            let carry = topics.carry.take_if(|carry| !carry.is_aligning());
            if let Some(carry) = carry.filter(|_| changed) {
                topics.hand_over(carry, link, whole, &mut wakers);
            }
            changed
        };
        wakers.into_iter().for_each(Waker::wake);
        changed
    }

    /// The new stream has brought this while the old one is in use.
    fn collect(&self, push: Push) {
        let mut topics = self.lock();
        let Some(carry) = topics.carry.as_mut().filter(|carry| !carry.is_aligning()) else {
            return;
        };
        match push {
            Push::Message { verb, frame } => {
                if let Some((topic, message)) = read_message(verb, &frame) {
                    carry.take_news(&topic, &message);
                }
            }
            Push::Confirmed { ticket, verb, name } => {
                let carried = carry.topics.get_mut(&Topic { verb, name });
                if let Some(carried) = carried.filter(|carried| carried.ticket == ticket) {
                    carried.confirmed = true;
                }
            }
            // They are asked for again when the new stream is in use, and their listeners learn of it then.
            Push::Refused { verb, names, .. } => {
                for name in names {
                    carry.topics.remove(&Topic { verb, name });
                }
            }
            Push::Ended { verb, name } => {
                carry.topics.remove(&Topic { verb, name });
            }
            Push::Notice(_) => {}
        }
    }
}

impl Topics {
    fn before_move(
        &mut self,
        link: &Link,
        heir: &Link,
        time: u64,
        wakers: &mut Vec<Waker>,
    ) -> Option<u64> {
        let now = link.clock.now();
        let session = session_of(link);
        self.carry.take_if(|carry| carry.session != session);
        if self.carry.is_none() {
            let protocol = heir.quietly(wakers, |core| core.wire.protocol);
            if !self.is_home(link) || protocol == Protocol::Resp2 {
                return None;
            }
            self.begin_carry(session, now.saturating_add(time));
        }
        let mut carry = self.carry.take()?;
        let (stage, next) = match carry.stage {
            Stage::Listening(until) if now < until => (carry.stage, Some(until)),
            Stage::Listening(_) => {
                let asks = self.asks_of(&mut carry);
                heir.quietly(wakers, |core| asks.into_iter().for_each(|ask| core.ask(ask)));
                (Stage::Asking, Some(NEVER))
            }
            Stage::Asking if !heir.quietly(wakers, |core| core.is_idle()) => {
                (carry.stage, Some(NEVER))
            }
            Stage::Asking => {
                let mark = link.quietly(wakers, Core::mark_output);
                (
                    Stage::Passing { mark, passed: false, until: now.saturating_add(time) },
                    Some(NEVER),
                )
            }
            Stage::Passing { mark, passed, until } => {
                let has_passed = passed || link.quietly(wakers, |core| core.has_answered(mark));
                if has_passed && !passed {
                    carry.note_passed();
                    heir.quietly(wakers, Core::mark_output);
                }
                let is_level = has_passed && heir.quietly(wakers, |core| core.is_idle());
                if !is_level || now < until {
                    let next = if is_level { until } else { NEVER };
                    (Stage::Passing { mark, passed: has_passed, until }, Some(next))
                } else {
                    carry.note_counts();
                    let mark = link.quietly(wakers, Core::mark_output);
                    (Stage::Leaving { mark }, Some(NEVER))
                }
            }
            Stage::Leaving { mark } if !link.quietly(wakers, |core| core.has_sent(mark)) => {
                (carry.stage, Some(NEVER))
            }
            Stage::Leaving { .. } | Stage::Left => (Stage::Left, None),
            // The last move is not over.
            Stage::Aligning { .. } => (carry.stage, Some(NEVER)),
        };
        carry.stage = stage;
        self.carry = Some(carry);
        next
    }

    /// Those that the client itself wants, and those that are not confirmed, are asked for on the new stream when it is in
    /// use.
    fn begin_carry(&mut self, session: SessionId, asks_at: u64) {
        let entries = self.entries.iter_mut();
        let carried =
            entries.filter_map(|(topic, entry)| entry.begin_move(session).then_some(topic));
        let mut carried = carried.cloned().peekable();
        if carried.peek().is_some() {
            self.carry = Some(Box::new(Carry::new(session, asks_at, carried)));
        }
    }

    fn asks_of(&mut self, carry: &mut Carry) -> Vec<Ask> {
        let mut names = Names::default();
        for topic in carry.topics.keys() {
            names.of(topic.verb).push(topic.name.clone());
        }
        let mut asks = Vec::new();
        for (verb, names) in names.commands() {
            self.ticket += 1;
            for name in &names {
                if let Some(carried) = carry.topics.get_mut(&Topic { verb, name: name.clone() }) {
                    carried.ticket = self.ticket;
                }
            }
            asks.push(Ask { ticket: self.ticket, verb, names });
        }
        asks
    }

    /// The new stream is in use.
    fn hand_over(
        &mut self,
        mut carry: Box<Carry>,
        link: &Link,
        whole: bool,
        wakers: &mut Vec<Waker>,
    ) {
        let (old, new) = (carry.session, session_of(link));
        let is_left = whole && carry.stage == Stage::Left;
        let mut unused = Vec::new();
        carry.topics.retain(|topic, carried| {
            let entry = self.entries.get_mut(topic);
            if entry.is_none() && carried.ticket > 0 {
                unused.push(topic.clone());
            }
            entry.is_some_and(|entry| is_left && carried.confirmed && entry.go_over(old, new))
        });
        end(unused, link, wakers);
        carry.session = new;
        if !carry.is_busy() {
            self.finish_move(*carry, link, wakers);
            return;
        }
        let Some(Topic { verb, name }) = carry.topics.keys().next().cloned() else { return };
        self.ticket += 1;
        let ticket = self.ticket;
        // It is subscribed to already: all that matters is when the answer comes.
        let ask = Ask { ticket, verb, names: vec![name] };
        link.quietly(wakers, |core| core.restore(vec![ask]));
        carry.stage = Stage::Aligning { ticket };
        self.carry = Some(carry);
    }

    /// The command with this ticket is answered. If it is the one behind a move, that is over.
    pub(super) fn align(&mut self, ticket: u64, link: &Link, wakers: &mut Vec<Waker>) {
        if let Some(carry) = self.carry.take_if(|carry| carry.stage == Stage::Aligning { ticket }) {
            self.finish_move(*carry, link, wakers);
        }
    }

    /// Listeners get what only the new stream has brought, or learn that there may be a gap.
    fn finish_move(&mut self, carry: Carry, link: &Link, wakers: &mut Vec<Waker>) {
        let (session, now) = (carry.session, link.clock.now());
        let (news, gaps) = carry.align();
        for topic in gaps {
            let entry = self.entries.get_mut(&topic);
            if let Some(entry) = entry.filter(|entry| entry.has_gone_over(session)) {
                entry.miss(now, wakers);
            }
        }
        for (topic, message) in news {
            let entry = self.entries.get(&topic);
            let Some(entry) = entry.filter(|entry| entry.has_gone_over(session)) else { continue };
            for queue in entry.hearing() {
                let pause =
                    |length| link.quietly(wakers, |core| core.pause(address(queue), length));
                let waker = queue.push(message.clone(), pause);
                wakers.extend(waker);
            }
        }
    }
}

/// Nobody listens to these any more: the server is to send no more of them.
fn end(topics: impl IntoIterator<Item = Topic>, link: &Link, wakers: &mut Vec<Waker>) {
    let mut names = Names::default();
    for Topic { verb, name } in topics {
        names.of(verb.inverse()).push(name);
    }
    link.quietly(wakers, |core| {
        for (verb, names) in names.commands() {
            core.ask(Ask { ticket: 0, verb, names });
        }
    });
}
