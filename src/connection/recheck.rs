//! Something says that the servers have changed: the client looks whether the connection still leads to the
//! server that it was made to.

use super::{core::Phase, handshake::Handshake, link::Link};
use crate::{
    commands::Mapped,
    resp::{Arg, Protocol},
};

/// How the server calls itself that takes writes.
const PRIMARY: &str = "master";

impl Link {
    /// Looks whether the server is there and is what it was. Returns whether it is a replica and not to be: it
    /// was a primary when it was dialled, or the last look says so (`demoted`).
    ///
    /// Such a server is left as one that answers `READONLY`, so that no command is lost. One that does not answer is
    /// found out: while a reply is due, silence is probed. Without a connection, the server is dialled as soon as the
    /// pace allows.
    pub(crate) async fn look_again(&self, demoted: bool) -> bool {
        let (phase, session, protocol, role) = self.with(|core| {
            if core.phase == Phase::Disconnected {
                core.ask_for_another_stream();
            }
            let role = core.wire.server.as_ref().and_then(|server| server.role.clone());
            (core.phase, core.wire.number, core.wire.protocol, role)
        });
        if phase != Phase::Ready {
            return demoted && !matches!(phase, Phase::Closing | Phase::Closed);
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
        let Some(reply) = self.say(&words).await else { return false };
        // Lost with its connection, it says nothing of the next one.
        let Ok(reply) = reply else { return demoted };
        let found = Handshake::read(&reply).role;
        let Some(found) = found.filter(|_| asks) else { return false };
        let was_primary = demoted || role.as_deref() == Some(PRIMARY);
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
