//! Several servers: what they say of each other, and which of them serves a slot.

mod address;
mod map;
mod pace;
#[allow(dead_code, unused_imports, reason = "reading from replicas is under construction")]
pub(crate) mod sentinel;
mod slots;
mod table;
#[cfg(test)]
mod tests;
mod view;

pub(crate) use address::Announced;
pub(crate) use map::{Changes, Disbelief, Map, NOBODY, NodeId, Role};
pub(crate) use pace::Pace;
pub(crate) use slots::Slots;
pub(crate) use table::Table;
pub(crate) use view::View;
