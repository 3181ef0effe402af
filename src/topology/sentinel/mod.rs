//! Sentinels: who is the primary by their word, and what servers say themselves.
//!
//! [`Answer`], [`RoleSaid`] and [`Event`] read what comes in; [`Sentinels`] decides what to ask and which primary to use.
//! None of them does any I/O.

mod beliefs;
mod events;
mod machine;
mod plan;
mod said;
#[cfg(test)]
mod tests;

pub(crate) use events::{CHANNELS, Event};
pub(crate) use machine::Sentinels;
pub(crate) use plan::{Learned, Step, Trouble};
pub(crate) use said::{Answer, Reach, RoleSaid};
