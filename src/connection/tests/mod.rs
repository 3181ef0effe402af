//! The state machine on its own: simulated time, a model server, no I/O.

mod confirmations;
mod counters;
mod databases;
mod deadlines;
mod inside;
#[cfg(shuttle)]
mod interleavings;
mod leaving;
mod model;
mod never_swapped;
mod pauses;
mod room;
mod session_changes;
mod traces;
