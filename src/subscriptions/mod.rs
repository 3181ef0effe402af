//! What the program is subscribed to: topics, their listeners' bounded queues, and what the server
//! has confirmed.

mod items;
mod push;
mod queue;
mod registry;
mod topic;

pub use items::{EndCause, Item, Message, Missed, MissedCause, Overflow, SubscriptionCounts};
pub(crate) use queue::{Bounds, Queue};
#[cfg(any(feature = "full", feature = "topology"))]
pub(crate) use registry::Taken;
#[cfg(feature = "full")]
pub(crate) use registry::{Heir, Own};
#[cfg(feature = "topology")]
pub(crate) use registry::{Moving, Unwatched};
pub(crate) use registry::{Registry, distinct};
pub(crate) use topic::Topic;
