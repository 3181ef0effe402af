//! Several servers: what they say of each other, and which of them serves a slot.

mod address;
mod election;
mod fuse;
mod group;
mod lag;
mod map;
mod pace;
pub(crate) mod sentinel;
mod slots;
mod table;
#[cfg(test)]
mod tests;
mod view;

pub(crate) use address::Announced;
pub(crate) use election::{Elected, elect};
pub(crate) use fuse::{Blow, BlowRate, Ended, Fuse, LOOKS};
pub(crate) use group::{Because, Candidate, Fit, Rules, Verdict, Wish, choose};
pub(crate) use lag::{Marks, Standing};
pub(crate) use map::{Changes, Disbelief, Map, NOBODY, NodeId, Role};
pub(crate) use pace::{Pace, Rate};
pub(crate) use slots::Slots;
pub(crate) use table::Table;
pub(crate) use view::{Seen, View};
