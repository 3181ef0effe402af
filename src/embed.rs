//! For programs that keep their own table of callers, as a binding to another language does
//!
//! A [`Collector`] takes commands by number and gives their outcomes in one list, without a future
//! for each of them.

pub use crate::multiplexer::{Collected, Collector, Issued};
