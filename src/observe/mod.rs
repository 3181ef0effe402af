//! Observation of commands: profiles, `tracing` spans, metrics, and your own observers.
//!
//! There is one mechanism. A [`CommandObserver`] is called when a call begins and returns a
//! [`CommandObservation`], which is called when the call has ended. An observer sees the calls of
//! all handles ([`Options::observer`](crate::Options::observer)) or of one
//! ([`Database::with_observer`](crate::Database::with_observer)), and costs other calls nothing. A
//! [profile](ProfilingSession), `SpanObserver` (feature `tracing`) and `MetricsObserver` (feature
//! `metrics`) are such observers.
//!
//! Observers see names of commands, servers, times and kinds of errors, never arguments,
//! replies or the texts of errors.
//!
//! Not observed are calls that are refused before they begin (a command that the shared connection
//! does not allow), replies from the client-side cache, subscriptions, and the client's own
//! commands such as the handshake.

#[cfg(feature = "metrics")]
mod metrics;
#[cfg_attr(not(feature = "full"), allow(dead_code, reason = "only `full` makes profiles"))]
mod profile;
mod record;
#[cfg(feature = "tracing")]
mod spans;
mod wire;

use redmux_transport::{MaybeSend, MaybeSync};

#[cfg(feature = "metrics")]
pub use self::metrics::{MetricsObserver, count_events};
pub(crate) use profile::Profiler;
pub use profile::{Profile, ProfilingSession};
pub use record::{CommandFailure, CommandOutcome, CommandRecord, ObservedCommand, Timings};
#[cfg(feature = "tracing")]
pub use spans::SpanObserver;
pub use wire::{WireDirection, WireLine, WireLog};

/// Observes calls
///
/// ```
/// use std::time::Duration;
/// use redmux::{
///     Options,
///     observe::{CommandObservation, CommandObserver, CommandRecord, ObservedCommand},
/// };
///
/// /// Prints what takes long.
/// struct Slow;
///
/// impl CommandObserver for Slow {
///     fn started(&self, _: &ObservedCommand) -> Option<Box<dyn CommandObservation>> {
///         Some(Box::new(Self))
///     }
/// }
///
/// impl CommandObservation for Slow {
///     fn ended(self: Box<Self>, record: &CommandRecord) {
///         if record.timings.ended > Duration::from_millis(100) {
///             println!("{record}");
///         }
///     }
/// }
///
/// let options = Options::new("localhost:6379").observer(Slow);
/// ```
pub trait CommandObserver: MaybeSend + MaybeSync + 'static {
    /// Called when a call begins, with its first poll.
    ///
    /// Runs in the caller's task, before the command is queued: task-local state (the current span,
    /// a session) is that of the caller. Return `None` to skip this call. The method should not
    /// take long, and must not panic.
    fn started(&self, command: &ObservedCommand) -> Option<Box<dyn CommandObservation>>;

    /// Whether the observer wants calls at this moment; asked before anything is prepared for
    /// [`started`](Self::started). Default true.
    fn is_enabled(&self) -> bool {
        true
    }
}

/// Observes the end of one call
pub trait CommandObservation: MaybeSend + MaybeSync + 'static {
    /// Called when the call is over, with all its attempts.
    ///
    /// Runs in the caller's task, or where the call is dropped. The method should not take long,
    /// and must not panic.
    fn ended(self: Box<Self>, record: &CommandRecord);
}
