//! Publish/subscribe: channels, patterns and shard channels as bounded streams.

mod queue;
mod registry;
mod subscriber;

pub use queue::{Message, Missed, MissedCause, SubscriptionItem};
pub(crate) use registry::Registry;
pub use subscriber::{Subscriber, Subscription};
