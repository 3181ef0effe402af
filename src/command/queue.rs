//! The commands of a transaction, on their way into one piece.

use std::{sync::Arc, time::Duration};

#[cfg(all(feature = "full", feature = "topology"))]
use super::Arrived;
use super::{Call, Handling, OwnCall};
use crate::{
    connection::{Link, Prelude, Selected},
    resp::{AnyArgs, Arg, encode_command},
};

/// The commands of a transaction, encoded
pub struct Queue<'a> {
    /// Whose calls are taken: those of the shared connection, and of the one at hand.
    pub(super) places: [(&'a Link, Selected); 2],
    pub(super) handling: Option<&'a Arc<Handling>>,
    pub(super) prelude: Prelude,
    /// The slot of its keys, where there are several servers.
    #[cfg(feature = "topology")]
    pub(super) slot: Option<u16>,
}

/// A transaction on its way: the call of `EXEC`
pub(crate) type Exec<'a> = OwnCall<'a>;

impl<'a> Queue<'a> {
    /// There are no calls in it.
    pub(crate) fn is_empty(&self) -> bool {
        self.prelude.commands == 1
    }

    pub(crate) fn exec(self, link: &'a Link, timeout: Option<Duration>) -> Exec<'a> {
        let none = AnyArgs::new(());
        let exec = Call::new(link, "EXEC", none).handled(self.handling).after(self.prelude);
        #[cfg(feature = "topology")]
        let exec = exec.in_slot(self.slot);
        match timeout {
            Some(timeout) => exec.timeout(timeout),
            None => exec,
        }
    }

    /// The slot of its keys, if it has keys and there are several servers.
    #[cfg(feature = "full")]
    pub(crate) fn slot(&self) -> Option<u16> {
        #[cfg(feature = "topology")]
        let slot = self.slot;
        #[cfg(not(feature = "topology"))]
        let slot = None;
        slot
    }

    /// Refuses commands about other keys than these.
    #[cfg(all(feature = "full", feature = "topology"))]
    pub(crate) fn check(&self, arrived: &Arrived) -> crate::Result<()> {
        arrived.check_encoded(&self.prelude.bytes)
    }

    pub(super) fn push(&mut self, args: &[Arg<'_>]) {
        encode_command(&mut self.prelude.bytes, args);
        self.prelude.commands += 1;
    }
}
