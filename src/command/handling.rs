//! What a handle does with its calls besides sending them.

use std::sync::{Arc, OnceLock};

#[cfg(all(feature = "full", feature = "topology"))]
use super::Arrived;
use super::{
    channels::ChannelPrefix,
    circuit,
    observed::Observers,
    retry::RetryPolicy,
    rewrite::{KeyPrefix, Words, rename},
};
#[cfg(feature = "topology")]
use crate::connection::ReadFrom;
use crate::{
    Error, Result,
    commands::CommandMap,
    connection::Link,
    observe::Profiler,
    resp::{ArgList, Frame},
};

/// The special treatment of a handle's calls, if there is any
#[derive(Debug, Clone, Default)]
pub(crate) struct Handling {
    pub(crate) commands: CommandMap,
    pub(crate) prefix: Option<KeyPrefix>,
    pub(crate) channels: Option<ChannelPrefix>,
    pub(crate) retry: Option<RetryPolicy>,
    /// Which servers commands that only read go to.
    #[cfg(feature = "topology")]
    pub(crate) read_from: ReadFrom,
    /// Servers have circuit breakers, which belong to their links.
    pub(crate) guarded: bool,
    pub(crate) observers: Observers,
    /// One of the observers; sessions of the multiplexer ask it.
    pub(crate) profiler: Option<Arc<Profiler>>,
    /// A slot is on its way, and these of its keys have arrived at the server of this handle.
    #[cfg(all(feature = "full", feature = "topology"))]
    pub(crate) arrived: Option<Arrived>,
    /// What is done with the parts of a command.
    #[cfg_attr(not(feature = "topology"), allow(dead_code, reason = "there is one server"))]
    pub(crate) of_parts: OnceLock<Arc<Self>>,
}

impl Handling {
    /// This, unless all is as usual.
    pub(crate) fn unless_usual(self) -> Option<Arc<Self>> {
        let Self { commands, prefix, channels, retry, guarded, observers, profiler, .. } = &self;
        #[cfg(feature = "topology")]
        let reads_elsewhere = self.read_from != ReadFrom::Primary;
        #[cfg(not(feature = "topology"))]
        let reads_elsewhere = false;
        let usual = commands.is_empty()
            && !reads_elsewhere
            && (prefix.is_none() && channels.is_none())
            && (retry.is_none() && !guarded)
            && (observers.is_empty() && profiler.is_none());
        #[cfg(all(feature = "full", feature = "topology"))]
        let usual = usual && self.arrived.is_none();
        (!usual).then(|| Arc::new(self))
    }

    /// What is done with the parts of a command, whose words are rewritten and which nobody observes.
    #[cfg(feature = "topology")]
    pub(super) fn of_parts(&self) -> Option<&Arc<Self>> {
        let guarded = || Arc::new(Self { guarded: true, ..Self::default() });
        self.guarded.then(|| self.of_parts.get_or_init(guarded))
    }

    /// Admits a command, or refuses it; returns whether the command is the circuit breaker's probe.
    #[inline(never)]
    pub(super) fn admit(&self, link: &Link) -> Result<bool> {
        if self.guarded { circuit::admit(link) } else { Ok(false) }
    }

    /// The same for a call whose outcome will not be known.
    #[inline(never)]
    pub(super) fn admit_unheard(&self, link: &Link) -> Result<()> {
        if self.guarded { circuit::admit_unheard(link) } else { Ok(()) }
    }

    #[cfg(feature = "full")]
    /// Refuses to look for a connection while the circuit breaker would refuse every command.
    pub(crate) fn check_circuit(&self, link: &Link) -> Result<()> {
        self.admit_unheard(link)
    }

    /// Settles a call, or an attempt of it: made for the link `home`, and sent over `link`.
    #[inline(never)]
    pub(crate) fn settle(&self, home: &Link, link: &Link, probe: bool, error: Option<&Error>) {
        if self.guarded {
            circuit::settle(home, link, probe, error);
        }
    }

    /// Rewrites the words of a command into those for the server.
    #[inline(never)]
    pub(crate) fn rewrite<'a>(&'a self, words: &mut ArgList<'a>) -> Result<()> {
        if let Some(prefix) = &self.prefix {
            prefix.put(words)?;
        }
        if let Some(channels) = &self.channels {
            channels.put(words);
        }
        #[cfg(all(feature = "full", feature = "topology"))]
        if let Some(arrived) = &self.arrived {
            arrived.check(words)?;
        }
        if self.commands.is_empty() { Ok(()) } else { rename(&self.commands, words) }
    }

    /// The reply for the caller, if it differs from the server's.
    #[inline(never)]
    pub(super) fn reread(
        &self,
        command: &str,
        words: Words<'_, '_>,
        reply: &Frame,
    ) -> Option<Frame> {
        let keys = self.prefix.as_ref().and_then(|prefix| prefix.strip(command, words, reply));
        keys.or_else(|| self.channels.as_ref()?.strip(command, reply))
    }
}
