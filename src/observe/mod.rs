//! Watching commands: profiles, `tracing` spans, metrics, and observers of one's own.
//!
//! There is one mechanism. A [`CommandObserver`] is told when a call begins; what it returns is
//! told how the call ended. It sees the calls of all handles
//! ([`Options::observer`](crate::Options::observer)) or of one
//! ([`Database::with_observer`](crate::Database::with_observer)), and costs other calls nothing.
//! A [profile](ProfilingSession), `SpanObserver` (feature `tracing`) and `MetricsObserver` (feature
//! `metrics`) are such observers.
//!
//! Observers see names of commands, servers, times and kinds of errors, never arguments,
//! replies or the texts of errors.
//!
//! Not observed are calls that are refused before they begin (a command that the shared
//! connection does not allow), replies from the client-side cache, subscriptions, and commands
//! of the client's own such as the handshake.

#[cfg(feature = "metrics")]
mod metrics;
mod profile;
mod record;
#[cfg(feature = "tracing")]
mod spans;
mod wire;

use redmux_transport::{MaybeSend, MaybeSync};

#[cfg(feature = "metrics")]
pub use self::metrics::{MetricsObserver, count_events, report_status};
pub(crate) use profile::Profiler;
pub use profile::{Profile, ProfilingSession};
pub use record::{CommandFailure, CommandOutcome, CommandRecord, ObservedCommand, Timings};
#[cfg(feature = "tracing")]
pub use spans::SpanObserver;
pub use wire::{WireDirection, WireLine, WireLog};

/// Is told of calls as they begin
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
    /// A call begins: it was polled for the first time.
    ///
    /// It runs in the caller's task, before the command is queued: what is local to the task (the
    /// current span, a task-local session) is that of the caller. `None`: this call is of no
    /// interest. It should not take long, and must not panic.
    fn started(&self, command: &ObservedCommand) -> Option<Box<dyn CommandObservation>>;

    /// Whether calls are of interest at all at this moment; asked before anything is prepared
    /// for [`started`](Self::started). Default true.
    fn is_enabled(&self) -> bool {
        true
    }
}

/// Is told how one call ended
pub trait CommandObservation: MaybeSend + MaybeSync + 'static {
    /// The call is over, with all its attempts.
    ///
    /// It runs in the caller's task, or wherever the call is dropped. It should not take long, and
    /// must not panic.
    fn ended(self: Box<Self>, record: &CommandRecord);
}
