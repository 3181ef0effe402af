//! Publish/subscribe: channels, patterns and shard channels as bounded streams.

mod items;
mod keyspace;
mod push;
mod queue;
mod registry;
mod subscriber;

pub use items::{
    EndCause, Message, Missed, MissedCause, Overflow, SubscriptionCounts, SubscriptionItem,
};
pub use keyspace::{KeyEvent, KeyNotification, missing_notifications};
pub(crate) use registry::Registry;
pub use subscriber::{Subscriber, Subscription};
