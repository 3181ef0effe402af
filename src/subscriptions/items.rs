//! The items of subscriptions, and the policies of their queues.

use std::{fmt, time::Duration};

use bytes::Bytes;

/// A published message
///
/// It keeps at most four times its own size alive: a small one is copied out of the block that
/// it was read into, a large one shares that block.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Message {
    /// The channel it was published to.
    pub channel: Bytes,
    /// The pattern through which it was received, for pattern subscriptions.
    pub pattern: Option<Bytes>,
    /// What was published.
    pub payload: Bytes,
}

impl Message {
    /// What it counts in its queue: the bytes of its channel, its pattern and its payload.
    pub(super) fn size(&self) -> usize {
        self.channel.len() + self.pattern.as_ref().map_or(0, Bytes::len) + self.payload.len()
    }

    /// The channel as text; invalid UTF-8 is replaced.
    pub fn channel_text(&self) -> std::borrow::Cow<'_, str> {
        String::from_utf8_lossy(&self.channel)
    }

    /// The payload as text; invalid UTF-8 is replaced.
    pub fn text(&self) -> std::borrow::Cow<'_, str> {
        String::from_utf8_lossy(&self.payload)
    }
}

impl fmt::Debug for Message {
    /// Shows the channel and the size: payloads do not belong in logs.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message")
            .field("channel", &self.channel_text())
            .field("payload_len", &self.payload.len())
            .finish()
    }
}

/// What a subscription yields
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Item {
    /// A message, in the order in which the server sent them.
    Message(Message),
    /// Messages before the next one were lost, or may have been.
    Missed(Missed),
    /// The last item: the subscription ends here, and not because it was given up.
    Ended(EndCause),
}

impl Item {
    /// The message, unless it is a gap or the end.
    pub fn message(self) -> Option<Message> {
        match self {
            Self::Message(message) => Some(message),
            Self::Missed(_) | Self::Ended(_) => None,
        }
    }
}

/// A gap in a subscription
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Missed {
    /// Why.
    pub cause: MissedCause,
    /// How many messages, where the client can know it.
    pub count: Option<u64>,
}

/// One line for a log, such as `missed 3 messages: QueueFull`.
impl fmt::Display for Missed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.count {
            Some(count) => write!(f, "missed {count} messages: {:?}", self.cause),
            None => write!(f, "may have missed messages: {:?}", self.cause),
        }
    }
}

/// Why messages were missed
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MissedCause {
    /// The connection was lost, or the server ended the subscription by itself, and the server has
    /// just confirmed it again: messages published in between are lost.
    ConnectionLost,
    /// The connection was lost, and the server refuses to make the subscription again: it has
    /// taken the right away, for example, or executes a slow script. No messages come until
    /// [`ConnectionLost`](Self::ConnectionLost) says that it is restored. The client asks again
    /// after 0.1 s, and then less and less often: every 5 s if the server is busy or loading,
    /// every minute for other reasons. An event names the error and the channel
    /// ([`SubscriptionRefused`](crate::events::SubscriptionRefused)).
    NotRestored,
    /// The reader was too slow: messages were dropped, as the [`Overflow`] policy says.
    QueueFull,
}

/// Why a subscription ended by itself
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EndCause {
    /// The reader was too slow, and the policy is [`Overflow::End`].
    QueueFull,
}

/// What happens to a message that finds the queue of its subscription full
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Overflow {
    /// The oldest message in the queue is dropped; [`Missed`] says how many were.
    #[default]
    DropOldest,
    /// The new message is dropped; [`Missed`] says how many were, where they are missing.
    DropNewest,
    /// The subscription ends: queued messages can be read, then comes [`Item::Ended`].
    End,
    /// The message is still queued, and **the connection is not read** until the reader has
    /// taken half of what its queue holds, or for so long at most. Then the oldest are dropped,
    /// as with [`DropOldest`](Self::DropOldest), until the reader has caught up.
    ///
    /// For readers that are quick, yet are not polled while a burst comes in. With RESP3, replies
    /// to commands come through the same connection and wait too: choose a time well below
    /// `command_timeout`, for example a second. Pauses that ended by their time take up to a tenth
    /// of the time at most, all subscriptions together: after one, full queues drop for nine
    /// times as long.
    Wait {
        /// How long the connection waits for the reader.
        at_most: Duration,
    },
}

/// How many messages went through subscriptions
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct SubscriptionCounts {
    /// Messages that wait to be read.
    pub queued: usize,
    /// Bytes of these: channels, patterns and payloads.
    pub queued_bytes: usize,
    /// Messages that were read.
    pub delivered: u64,
    /// Messages that were dropped because the queue was full or had ended.
    pub dropped: u64,
}

impl std::ops::AddAssign for SubscriptionCounts {
    fn add_assign(&mut self, other: Self) {
        self.queued += other.queued;
        self.queued_bytes += other.queued_bytes;
        self.delivered += other.delivered;
        self.dropped += other.dropped;
    }
}

#[cfg(test)]
mod tests {
    use super::{Missed, MissedCause};

    #[test]
    fn a_gap_is_a_line() {
        let counted = Missed { cause: MissedCause::QueueFull, count: Some(3) };
        assert_eq!(counted.to_string(), "missed 3 messages: QueueFull");
        let unknown = Missed { cause: MissedCause::ConnectionLost, count: None };
        assert_eq!(unknown.to_string(), "may have missed messages: ConnectionLost");
    }
}
