//! Publish/subscribe: channels, patterns and shard channels as bounded streams.

mod keyspace;
mod queue;
mod registry;
mod subscriber;

pub use keyspace::{KeyEvent, KeyNotification, missing_notifications};
pub use queue::{
    EndCause, Message, Missed, MissedCause, Overflow, SubscriptionCounts, SubscriptionItem,
};
pub(crate) use registry::Registry;
pub use subscriber::{Subscriber, Subscription};
