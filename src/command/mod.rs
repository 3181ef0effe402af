//! A command on its way, and [what is known](CommandSpec) of each command.

mod breaker;
mod call;
mod channels;
mod collector;
mod guard;
mod handling;
mod lent;
mod observed;
pub mod pipeline;
mod retry;
mod rewrite;
mod table;
pub(crate) mod transaction;

pub(crate) use breaker::Breaker;
pub use breaker::CircuitBreaker;
pub(crate) use call::OwnCall;
pub use call::{AnyCall, Call};
pub(crate) use channels::ChannelPrefix;
pub use collector::{Collected, Collector, Issued};
pub(crate) use guard::check_shared;
pub(crate) use handling::Handling;
pub(crate) use lent::{Effect, check_leased};
pub(crate) use observed::Observers;
pub use pipeline::pipeline;
pub(crate) use pipeline::{Calls, Pending};
pub use retry::RetryPolicy;
pub(crate) use retry::Retrying;
pub(crate) use rewrite::KeyPrefix;
pub use table::{CommandDocs, CommandSpec, KeyAccess, KeyAt, Keys, SideEffects};
