//! Asking the server for topics: on a new connection, for a new listener, and again after a refusal.

use std::task::Waker;

use super::{
    Names, Topic, Topics,
    entry::{Entry, Standing},
    session_of,
};
use crate::{
    FULL,
    clock::NEVER,
    connection::{Ask, Link},
};

impl Topics {
    /// Another connection: everything is asked for anew.
    pub(super) fn restore(&mut self, link: &Link, wakers: &mut Vec<Waker>) {
        self.unwanted.clear();
        let wanted: Vec<Topic> = self.entries.keys().cloned().collect();
        let asks = self.asks_for(wanted, link);
        link.quietly(wakers, |core| core.restore(asks));
    }

    /// The commands that ask for topics, apart from those that are confirmed on this connection
    /// or asked for already.
    pub(super) fn asks_for(&mut self, mut wanted: Vec<Topic>, link: &Link) -> Vec<Ask> {
        let mut asks = Vec::new();
        if FULL {
            // Were one refused, the program's would be with it.
            let is_own = |topic: &mut Topic| self.entries.get(topic).is_some_and(Entry::is_own);
            let own: Vec<Topic> = wanted.extract_if(.., is_own).collect();
            for topic in own {
                self.ask_together(vec![topic], link, &mut asks);
            }
        }
        self.ask_together(wanted, link, &mut asks);
        asks
    }

    fn ask_together(&mut self, wanted: Vec<Topic>, link: &Link, asks: &mut Vec<Ask>) {
        let (session, now) = (session_of(link), link.clock.now());
        let mut names = Names::default();
        for topic in wanted {
            let Some(entry) = self.entries.get_mut(&topic) else { continue };
            if entry.wants(session, now) {
                names.of(topic.verb).push(topic.name);
            }
        }
        for (verb, names) in names.commands() {
            self.ticket += 1;
            let ticket = self.ticket;
            for name in &names {
                let topic = Topic { verb, name: name.clone() };
                if let Some(entry) = self.entries.get_mut(&topic) {
                    entry.standing = Standing::Asked { ticket, session };
                }
            }
            asks.push(Ask { ticket, verb, names });
        }
    }

    /// The same with a command for each.
    pub(super) fn asks_for_each(&mut self, wanted: Vec<Topic>, link: &Link) -> Vec<Ask> {
        wanted.into_iter().flat_map(|topic| self.asks_for(vec![topic], link)).collect()
    }

    /// Sends commands; under the registry's lock, so that they go out in the order in which the
    /// registry has changed.
    pub(super) fn send(&self, asks: Vec<Ask>, link: &Link, wakers: &mut Vec<Waker>) {
        if !asks.is_empty() {
            link.quietly(wakers, |core| asks.into_iter().for_each(|ask| core.ask(ask)));
        }
    }

    /// Has the link come back when the next of the refused topics is to be asked for.
    pub(super) fn arm(&self, link: &Link, wakers: &mut Vec<Waker>) {
        let next = self.entries.values().map(Entry::retry_at).min().unwrap_or(NEVER);
        let next = if self.unwanted.is_empty() { next } else { next.min(self.unwanted_at) };
        link.quietly(wakers, |core| core.retry_subscriptions_at(next));
    }
}
