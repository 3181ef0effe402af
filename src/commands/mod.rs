//! What is known of commands, whether they are sent or not: the table, what servers call them, and
//! what proxies serve.

mod map;
mod proxies;

pub use map::CommandMap;
pub(crate) use map::Mapped;
#[doc(inline)]
pub use redmux_resp::commands::{
    CommandDocs, CommandSpec, KeyAccess, KeyAt, KeyHint, Keys, ResponsePolicy, Route, SideEffects,
};
#[cfg(any(feature = "full", feature = "search"))]
pub(crate) use redmux_resp::internal::harm;
pub(crate) use redmux_resp::internal::{Look, READING, look_for, options, search, slot_of};
