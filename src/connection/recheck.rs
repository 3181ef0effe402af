//! Something says that the servers have changed: the client looks whether the connection still leads to the
//! server that it was made to.

use std::pin::pin;

use futures::future::{Either, select};

use super::{core::Phase, handshake::Handshake, link::Link};
use crate::{
    commands::Mapped,
    resp::{Arg, Protocol},
};

/// How the server calls itself that takes writes.
const PRIMARY: &str = "master";

impl Link {
    /// Whether the server was a primary when it was last asked.
    pub(crate) fn leads_to_a_primary(&self) -> bool {
        self.with(|core| {
            core.wire.server.as_ref().is_some_and(|server| server.role.as_deref() == Some(PRIMARY))
        })
    }

    /// Looks whether the server is there and is what it was. Returns whether to look once more: there was a primary
    /// when the server was dialled, or at the last look (`was_primary`), and there is none, or that is not known.
    ///
    /// A server that has become a replica is left as one that answers `READONLY`, so that no command is lost. One that does
    /// not answer is found out: while a reply is due, silence is probed. Without a connection, the server is dialled as
    /// soon as the pace allows.
    pub(crate) async fn look_again(&self, was_primary: bool) -> bool {
        let (phase, session, protocol, role) = self.with(|core| {
            if core.phase == Phase::Disconnected {
                core.ask_for_another_stream();
            }
            let role = core.wire.server.as_ref().and_then(|server| server.role.clone());
            (core.phase, core.wire.number, core.wire.protocol, role)
        });
        let was_primary = was_primary || role.as_deref() == Some(PRIMARY);
        if phase != Phase::Ready {
            return was_primary && !matches!(phase, Phase::Closing | Phase::Closed);
        }
        let commands = &self.config.commands;
        // A server that said no role has nothing to compare with: that it answers is all there is to learn.
        let asks = protocol == Protocol::Resp3
            && role.is_some()
            && commands.get("HELLO") != Mapped::Disabled;
        let words: &[&str] = if asks { &["HELLO", "3"] } else { &["PING"] };
        let name = commands.name_of(words[0]);
        let words: Vec<Arg<'_>> = std::iter::once(&name)
            .chain(&words[1..])
            .map(|word| Arg::Bytes(word.as_bytes()))
            .collect();
        // It is for this stream only: the next one may speak RESP2, and begins with a `HELLO` of its own.
        let ended =
            self.watch(|core| (core.wire.number != session || !core.is_connected()).then_some(()));
        let reply = match select(pin!(ended), pin!(self.say(&words))).await {
            Either::Left(_) => return was_primary,
            Either::Right((None, _)) => return false,
            Either::Right((Some(Err(_)), _)) => return was_primary,
            Either::Right((Some(Ok(reply)), _)) => reply,
        };
        let found = Handshake::read(&reply).role;
        let Some(found) = found.filter(|_| asks) else { return false };
        if was_primary && found != PRIMARY && self.config.redial_on_readonly {
            self.found_demoted(session);
            return true;
        }
        self.with(|core| {
            if core.wire.number == session
                && let Some(known) = &mut core.wire.server
            {
                known.role = Some(found);
            }
        });
        false
    }
}
