//! Commands that are answered by pushes: subscribing and unsubscribing.

use bytes::Bytes;

use crate::{
    Delivery, Error, ErrorKind,
    clock::NEVER,
    connection::{
        confirm::{Ask, Confirming},
        core::{Core, Inbox},
        entry::{Claim, Entry, Kind, Verb},
        outbox::Outbox,
        push::Push,
    },
    resp::{Arg, Frame},
};

impl Core {
    /// Queues a command that is answered by pushes, for which there is room.
    pub(in crate::connection) fn queue_ask(&mut self, ask: Ask) {
        let mut out = std::mem::take(&mut self.backlog.out);
        self.encode_ask(&mut out, &ask);
        self.backlog.out = out;
        self.asks.confirming.push_back(Confirming { ask, confirmed: 0, refused: false });
        self.push_entry(Claim::none(), NEVER, false, Kind::Confirm);
    }

    /// Queues the commands that make subscriptions again, before all that waits for the connection:
    /// the subscriptions of this program also get what a queued `PUBLISH` publishes.
    pub(crate) fn restore(&mut self, asks: Vec<Ask>) {
        self.asks.never_asked = Vec::new();
        if !self.wire.hold {
            // Other commands have gone out already.
            asks.into_iter().for_each(|ask| self.ask(ask));
            return;
        }
        let waiting = std::mem::take(&mut self.backlog.out);
        let mut out = Outbox::default();
        let mut entries = Vec::with_capacity(asks.len());
        let mut confirming = Vec::with_capacity(asks.len());
        for ask in asks {
            self.encode_ask(&mut out, &ask);
            entries.push(Entry::own(Kind::Confirm, self.wire.taken + out.len() as u64));
            confirming.push(Confirming { ask, confirmed: 0, refused: false });
        }
        if self.wire.fifo.is_empty() {
            self.liveness.busy_since = self.now;
        }
        self.tally.begin(entries.len());
        // The handshake is answered: all that is in the FIFO waits in `out`.
        self.wire.put_first(out.len() as u64, entries);
        confirming.into_iter().rev().for_each(|ask| self.asks.confirming.push_front(ask));
        out.append(waiting);
        self.backlog.out = out;
    }

    /// Subscriptions are on their way: what waited for the connection may follow.
    pub(crate) fn release_backlog(&mut self) {
        // Unless the server was found to be demoted meanwhile.
        self.wire.hold = self.leaving.is_under_way();
        self.rouse_driver();
    }

    fn encode_ask(&self, out: &mut Outbox, ask: &Ask) {
        let name = self.config.commands.name_of(ask.verb.command());
        let words = std::iter::once(Arg::Bytes(name.as_bytes()));
        let words: Vec<Arg<'_>> =
            words.chain(ask.names.iter().map(|name| Arg::Bytes(name))).collect();
        out.push_command(&words);
        if ask.verb == Verb::SUnsubscribe {
            // A server of a cluster may have ended the subscription by itself meanwhile: its push
            // looks like the answer, and then an error comes as well. All before PONG belongs to
            // this command.
            out.push_command(&[Arg::Bytes(self.config.commands.name_of("PING").as_bytes())]);
        }
    }

    /// Takes in a confirmation of the subscription command at the head of the FIFO; whether it
    /// was one.
    pub(in crate::connection) fn confirm(
        &mut self,
        verb: Verb,
        name: &Bytes,
        inbox: &mut Inbox,
    ) -> bool {
        let asked = self.wire.fifo.front().is_some_and(|entry| matches!(entry.kind, Kind::Confirm))
            && self.wire.may_be_answered();
        let Some(confirming) = self.asks.confirming.front_mut().filter(|_| asked) else {
            return false;
        };
        let Confirming { ask, confirmed, .. } = confirming;
        // The server sends some unasked: those of the same name alone are meant. They come in the
        // order of the names, unless a proxy changes it.
        let open = &mut ask.names[*confirmed..];
        let Some(place) = open.iter().position(|open| open == name).filter(|_| ask.verb == verb)
        else {
            return false;
        };
        open.swap(0, place);
        *confirmed += 1;
        let (ticket, done) = (ask.ticket, *confirmed == ask.names.len());
        if verb.subscribes() {
            inbox.pushes.push(Push::Confirmed { ticket, verb, name: name.clone() });
        }
        if done && verb != Verb::SUnsubscribe {
            self.asks.confirming.pop_front();
            self.wire.pop_answered();
        }
        true
    }

    /// Takes in a reply that is no push, and answers the subscription command at the head of the
    /// FIFO.
    pub(in crate::connection) fn answer_ask(
        &mut self,
        frame: &Frame,
        inbox: &mut Inbox,
    ) -> Result<(), Error> {
        if self.confirm_by_reply(frame, inbox) {
            return Ok(());
        }
        let Some(confirming) = self.asks.confirming.front_mut() else { return Ok(()) };
        let error = frame.reply().error();
        let confirmed = confirming.confirmed == confirming.ask.names.len();
        if confirming.ask.verb == Verb::SUnsubscribe
            && !confirming.refused
            && let Some(error) = &error
        {
            if confirmed && error.code() == "BUSY" {
                // Whose it is cannot be known: the subscription may have been ended unasked.
                return Err(Error::new(ErrorKind::Protocol, Delivery::MaybeExecuted)
                    .detail("a reply that may be to SUNSUBSCRIBE or to the PING behind it"));
            }
            // `PING` has no keys: nothing redirects it.
            let redirects = ["MOVED", "ASK", "CLUSTERDOWN", "TRYAGAIN", "CROSSSLOT"];
            if !confirmed || redirects.contains(&error.code()) {
                confirming.refused = true;
                return Ok(());
            }
        }
        let Some(Confirming { ask, confirmed, .. }) = self.asks.confirming.pop_front() else {
            return Ok(());
        };
        self.wire.pop_answered();
        let Ask { ticket, verb, mut names } = ask;
        let names = names.split_off(confirmed);
        match error {
            _ if verb == Verb::SUnsubscribe => {}
            Some(error) => inbox.pushes.push(Push::Refused { ticket, verb, names, error }),
            None if verb.subscribes() => {
                let confirmed =
                    names.into_iter().map(|name| Push::Confirmed { ticket, verb, name });
                inbox.pushes.extend(confirmed);
            }
            None => {}
        }
        Ok(())
    }
}
