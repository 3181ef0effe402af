//! What is known of commands, whether they are sent or not: the table, what servers call them, and
//! what proxies serve.

mod map;
mod proxies;
mod table;

pub use map::CommandMap;
pub(crate) use map::Mapped;
pub use table::{CommandDocs, CommandSpec, KeyAccess, KeyAt, Keys, SideEffects};
pub(crate) use table::{Look, READING, look_for, options};
