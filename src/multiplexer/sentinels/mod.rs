//! Sentinels: a task asks them, and the servers themselves, who the primary is, and leads the connections there.
//!
//! Servers are nodes that are [led](crate::connection::Core::lead): their links dial only the server that has proven to be
//! the primary. Commands, subscriptions and leases find it as they find the node of a slot. What was not sent when a primary
//! is replaced waits in its link, and goes to the next one.

mod director;
mod hopes;
mod probe;
mod watcher;

use std::sync::Arc;

use super::many::Many;

/// Begins to look for the primary, and leads the servers until they are closed.
pub(super) fn start(many: &Arc<Many>) {
    let director = director::Director::new(many.clone());
    let (_, environment, _) = many.surroundings();
    environment.runtime.spawn(Box::pin(director.run()));
}
