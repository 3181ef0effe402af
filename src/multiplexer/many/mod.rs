//! Several servers: the nodes of a cluster, and which of them each command goes to.
//!
//! Callers find the node of their slot by two loads and no lock. One task, the steward, asks nodes for their view of
//! the cluster and changes what callers find. It is never on a command's way.

mod applying;
mod asking;
mod doubts;
mod first;
mod led;
mod nodes;
mod readers;
mod report;
mod roles;
mod steward;
mod subscriptions;
mod tending;
mod verifying;
mod wake;

use std::sync::Arc;

pub(super) use applying::Leaving;
pub(super) use first::First;
pub(super) use nodes::{Kind, Many};
pub use report::{MapStatus, NodeRole, NodeStatus};
pub(super) use wake::Wake;

/// Begins to look for the servers.
pub(super) fn start(many: &Arc<Many>) {
    many.environment.runtime.spawn(Box::pin(steward::run(many.clone())));
}
