//! How long a link without a connection waits before it dials again, and what cuts that short.

use crate::{Error, clock::NEVER};

/// After a failure, a command that waits or a program that asks has the link dial no earlier than
/// this, in microseconds.
pub(super) const ASKED: u64 = 1_000_000;

/// A connection that carried traffic and was lost young is followed by the next one no earlier than
/// this after it began, in microseconds. In the tests of interleavings time does not pass.
pub(super) const BRISK: u64 = if cfg!(all(test, shuttle)) { 0 } else { 250_000 };

/// What is known of the last failure, and of the wait before the next attempt
#[derive(Debug)]
pub(crate) struct Redial {
    /// The program asked for a connection.
    pub(super) asked: bool,
    /// From this moment on a command that waits has the link dial; [`NEVER`] outside a wait.
    pub(super) eager: u64,
    /// When the next attempt begins; [`NEVER`] outside a wait.
    pub(super) at: u64,
    /// Somebody wants to lease a connection beside this one, and waits for it.
    pub(super) wanted: bool,
    /// Why the last connection attempt or connection failed.
    pub(crate) last_error: Option<Error>,
    /// Another server has the place of this one: nothing waits for it.
    #[cfg(feature = "topology")]
    pub(super) surrendered: bool,
    /// Somebody says when and where to dial.
    #[cfg(feature = "topology")]
    pub(super) led: bool,
    /// It waits for that.
    #[cfg(feature = "topology")]
    pub(super) held: bool,
    /// It is to dial another server than before, which does not wait.
    #[cfg(feature = "topology")]
    pub(super) fresh: bool,
    /// The dial in progress is of no use any more.
    #[cfg(feature = "topology")]
    pub(super) revoked: bool,
    /// Attempts and connections that failed since the link was last ready.
    pub(crate) failed_attempts: u32,
}

impl Default for Redial {
    fn default() -> Self {
        Self {
            asked: false,
            eager: NEVER,
            at: NEVER,
            wanted: false,
            last_error: None,
            #[cfg(feature = "topology")]
            surrendered: false,
            #[cfg(feature = "topology")]
            led: false,
            #[cfg(feature = "topology")]
            held: false,
            #[cfg(feature = "topology")]
            fresh: false,
            #[cfg(feature = "topology")]
            revoked: false,
            failed_attempts: 0,
        }
    }
}

/// A wait of the driver, in microseconds of the link's clock
#[derive(Debug, Clone, Copy)]
pub(super) struct Wait {
    /// As the policy has it.
    pub(super) until: u64,
    /// Where a command waits.
    pub(super) eager: u64,
    /// Where the program asked.
    pub(super) asked: u64,
}

impl Wait {
    pub(super) const NONE: Self = Self { until: 0, eager: NEVER, asked: NEVER };
}
