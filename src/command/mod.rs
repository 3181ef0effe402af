//! A command on its way, and [what is known](CommandSpec) of each command.

#[cfg(all(feature = "full", feature = "topology"))]
mod arrived;
mod attempts;
#[cfg(feature = "full")]
mod away;
#[cfg(feature = "topology")]
mod batch;
#[cfg(feature = "topology")]
mod block;
pub(crate) mod cached;
mod call;
mod channels;
mod circuit;
mod extras;
mod guard;
mod handling;
#[cfg(feature = "topology")]
#[cfg_attr(not(feature = "topology"), allow(dead_code, reason = "there is one server"))]
mod join;
mod known;
#[cfg(feature = "full")]
mod leasing;
mod lent;
mod observed;
#[cfg(feature = "full")]
mod owned;
pub mod pipeline;
mod queue;
mod retry;
#[cfg_attr(not(feature = "full"), allow(dead_code, reason = "only `full` sets a prefix"))]
mod rewrite;
#[cfg_attr(not(feature = "topology"), allow(dead_code, reason = "there is one server"))]
mod route;
#[cfg(feature = "topology")]
mod routed;
#[cfg(feature = "topology")]
mod routing;
#[cfg(feature = "topology")]
mod scatter;
pub(crate) mod transaction;
#[cfg(feature = "full")]
mod waiting;

pub use crate::commands::{
    CommandDocs, CommandSpec, KeyAccess, KeyAt, KeyHint, Keys, ResponsePolicy, Route, SideEffects,
};
#[cfg(all(feature = "full", feature = "topology"))]
pub(crate) use arrived::Arrived;
pub use call::{AnyCall, BoxCall, Call};
pub(crate) use call::{OwnCall, discard};
pub(crate) use channels::ChannelPrefix;
pub(crate) use guard::{check_shared, is_harmless};
pub(crate) use handling::Handling;
pub(crate) use known::{Named, named};
#[cfg(feature = "full")]
pub(crate) use leasing::Source;
pub(crate) use lent::{Effect, check_leased};
pub(crate) use observed::Observers;
#[cfg(feature = "full")]
pub use owned::OwnedCall;
pub use pipeline::pipeline;
pub(crate) use pipeline::{Calls, Pending};
pub use retry::RetryPolicy;
#[cfg(feature = "full")]
pub(crate) use retry::Retrying;
pub(crate) use rewrite::KeyPrefix;
#[cfg(feature = "full")]
pub(crate) use waiting::{is_waiting, wait_of};
