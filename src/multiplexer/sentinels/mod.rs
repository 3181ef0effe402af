//! Sentinels: a task asks them, and the servers themselves, who the primary is, and leads the connections there.
//!
//! There is one node, which moves: its links are [led](crate::connection::Core::lead), so that they dial only the server that
//! has proven to be the primary. Commands, subscriptions and leases find it as they find a single server. What was not
//! sent when a primary is replaced waits in the link, and goes to the next one.

mod director;
mod hopes;
mod probe;
mod watcher;

use std::sync::Arc;

use redmux_transport::Environment;

use super::node::Node;
use crate::{Options, clock::Clock};

/// Begins to look for the primary, and leads this node to it until that is closed.
pub(super) fn start(
    node: &Node,
    options: &Arc<Options>,
    environment: &Environment,
    clock: &Arc<Clock>,
) {
    let director = director::Director::new(node, options, environment, clock);
    environment.runtime.spawn(Box::pin(director.run()));
}
