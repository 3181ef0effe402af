//! A command on its way, and [what is known](CommandSpec) of each command.

mod call;
mod guard;
pub mod pipeline;
mod table;

pub use call::Call;
pub(crate) use guard::{check_leased, check_shared};
pub use pipeline::pipeline;
pub(crate) use table::position_of;
pub use table::{CommandDocs, CommandSpec, KeyAccess, KeyAt, Keys, SideEffects};
