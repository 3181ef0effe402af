#[cfg(feature = "full")]
use super::leasing::Leasing;
#[cfg(feature = "topology")]
use super::routing::Routing;
use super::{observed::Observed, retry::Retrying};
use crate::{Full, connection::Prelude, resp::Frame};

/// The parts of a command, on their way to one reply
#[cfg(feature = "topology")]
pub(super) type Parts<'a> = crate::sync::SyncFuture<'a, crate::Result<Frame>>;

/// What only few calls have, boxed so that other calls stay small
#[derive(Default)]
pub(super) struct Extras<'a> {
    /// This call is the circuit breaker's probe.
    pub(super) probe: bool,
    /// Nobody will ask for the outcome.
    pub(super) forgotten: bool,
    /// Sent in one piece with the command, before it.
    pub(super) prelude: Option<Prelude>,
    /// Once answered: the errors among the replies to the prelude, each with its command's place.
    pub(super) refused: Vec<(u32, Frame)>,
    pub(super) retrying: Full<Retrying>,
    pub(super) observed: Full<Observed<'a>>,
    /// The command runs on a connection that is leased for it.
    #[cfg(feature = "full")]
    pub(super) leasing: Option<Box<Leasing<'a>>>,
    #[cfg(feature = "topology")]
    pub(super) routing: Routing<'a>,
    #[cfg(feature = "topology")]
    pub(super) parts: Option<Parts<'a>>,
}

impl Extras<'_> {
    /// Whether a connection is leased for the command.
    pub(super) fn leases(&self) -> bool {
        #[cfg(feature = "full")]
        let leases = self.leasing.is_some();
        #[cfg(not(feature = "full"))]
        let leases = false;
        leases
    }

    pub(super) fn is_observed(&self) -> bool {
        self.observed.get().is_some()
    }
}
