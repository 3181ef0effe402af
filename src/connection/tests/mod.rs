//! The state machine on its own: simulated time, a model server, no I/O.

mod counters;
mod deadlines;
#[cfg(shuttle)]
mod interleavings;
mod leaving;
mod model;
mod never_swapped;
mod pauses;
mod session_changes;
mod watches;
