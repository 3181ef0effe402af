//! Nobody listens to a topic any more: the client tells the server, or takes back what it has not sent.

use std::{sync::Arc, task::Waker};

use bytes::Bytes;

use super::{Names, Queue, Registry, Topic, Topics, entry::Entry};
use crate::{
    FULL,
    connection::{Ask, Link, Phase, Verb},
};

impl Registry {
    /// Removes a listener; with the last one of a topic, takes back what the server was to be asked,
    /// or tells it. Whether the server may have been asked for one of the topics.
    pub(crate) fn remove(
        &self,
        listened: &[Topic],
        queue: &Arc<Queue>,
        interactive: &Link,
    ) -> bool {
        let mut wakers = Vec::new();
        let asked = {
            let dedicated = self.dedicated();
            let mut topics = self.lock();
            let (mut unused, mut asked) = (Vec::new(), false);
            let topics = &mut *topics;
            let home = if topics.on_dedicated { dedicated.as_deref() } else { Some(interactive) };
            for topic in listened {
                let Some(entry) = topics.entries.get_mut(topic) else { continue };
                if entry.remove(queue) {
                    unused.extend(topics.entries.remove_entry(topic));
                } else if let (Some(home), false) = (home, asked) {
                    let unsent =
                        |ticket| home.quietly(&mut wakers, |core| core.withdraw(ticket, &[]));
                    asked = entry.has_reached_the_server(unsent);
                }
            }
            topics.unsubscribe(unused, home, &mut wakers) || asked
        };
        wakers.into_iter().for_each(Waker::wake);
        asked
    }

    /// Ends every subscription and tells the server; the client's own stay.
    pub(crate) fn remove_all(&self, interactive: &Link) {
        let mut wakers = Vec::new();
        {
            let dedicated = self.dedicated();
            let mut topics = self.lock();
            let mut unused: Vec<_> = topics.entries.drain().collect();
            wakers.extend(unused.iter().flat_map(|(_, entry)| entry.close()));
            if FULL {
                let own = unused.extract_if(.., |(_, entry)| entry.is_own());
                topics.entries.extend(own.map(|(topic, mut entry)| {
                    entry.clear();
                    (topic, entry)
                }));
            }
            let home = if topics.on_dedicated { dedicated.as_deref() } else { Some(interactive) };
            topics.unsubscribe(unused, home, &mut wakers);
        }
        wakers.into_iter().for_each(Waker::wake);
    }
}

impl Topics {
    /// Has the server send no more of these; whether it may have been asked for one of them.
    pub(super) fn unsubscribe(
        &mut self,
        unused: Vec<(Topic, Entry)>,
        home: Option<&Link>,
        wakers: &mut Vec<Waker>,
    ) -> bool {
        let Some(home) = home else { return false };
        home.quietly(wakers, |core| {
            let mut asked = false;
            let mut names = Names::default();
            // Topics that were asked for together are next to each other.
            let mut open: Vec<(u64, Verb, Vec<Bytes>)> = Vec::new();
            for (Topic { verb, name }, entry) in unused {
                match (entry.ticket().filter(|_| FULL), open.last_mut()) {
                    (Some(ticket), Some((of, _, together))) if *of == ticket => together.push(name),
                    (Some(ticket), _) => open.push((ticket, verb, vec![name])),
                    (None, _) => {
                        asked |= entry.has_reached_the_server(|_| false);
                        if entry.is_on_the_server() {
                            names.of(verb.inverse()).push(name);
                        }
                    }
                }
            }
            for (ticket, verb, together) in open {
                if !core.withdraw(ticket, &together) {
                    asked = true;
                    names.of(verb.inverse()).extend(together);
                }
            }
            // Without a connection, there is nothing to tidy up.
            if core.phase == Phase::Ready {
                for (verb, names) in names.commands() {
                    core.ask(Ask { ticket: 0, verb, names });
                }
            }
            asked
        })
    }

    /// Tells the server again what it refused to end.
    pub(super) fn unsubscribe_again(&mut self, now: u64, home: &Link, wakers: &mut Vec<Waker>) {
        if self.unwanted.is_empty() || now < self.unwanted_at {
            return;
        }
        let unwanted = std::mem::take(&mut self.unwanted).into_iter();
        let unwanted = unwanted.filter(|topic| !self.entries.contains_key(topic));
        let asks = unwanted.map(|Topic { verb, name }| Ask {
            ticket: 0,
            verb: verb.inverse(),
            names: vec![name],
        });
        self.send(asks.collect(), home, wakers);
    }
}
