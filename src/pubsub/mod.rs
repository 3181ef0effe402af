//! Publish/subscribe: channels, patterns and shard channels as bounded streams.

mod keyspace;
mod subscriber;

pub use crate::subscriptions::{
    EndCause, Item, Message, Missed, MissedCause, Overflow, SubscriptionCounts,
};
pub use keyspace::{KeyEvent, KeyNotification, KeyspaceDatabase, missing_notifications};
pub use subscriber::{Subscriber, Subscription};
