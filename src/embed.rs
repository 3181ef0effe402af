//! For programs that keep their own table of callers, as a binding to another language does
//!
//! A [`Collector`] takes commands by number and gives their outcomes in one list, without a future
//! for each of them.

pub use crate::multiplexer::{Collected, Collector, Issued};

/// Whether a command waits on the server, and so has to be sent with
/// [`execute_blocking`](crate::Database::execute_blocking)
///
/// ```
/// assert!(redmux::embed::waits("BLPOP", &("jobs", 5)));
/// assert!(!redmux::embed::waits("XREAD", &("STREAMS", "s", "0")));
/// ```
#[cfg(feature = "full")]
pub fn waits(name: &str, args: &impl crate::resp::ToArgs) -> bool {
    crate::command::is_waiting(name, args)
}
