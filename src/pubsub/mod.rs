//! Publish/subscribe: channels, patterns and shard channels as bounded streams.

mod keyspace;
mod subscriber;

pub use keyspace::{KeyEvent, KeyNotification, missing_notifications};
pub use subscriber::{Subscriber, Subscription};
