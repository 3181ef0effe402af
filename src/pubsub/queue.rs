use std::{
    collections::VecDeque,
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
    task::{Context, Poll, Waker},
};

use bytes::Bytes;

/// A published message
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
pub enum SubscriptionItem {
    /// A message, in the order in which the server sent them.
    Message(Message),
    /// Messages before the next one were lost, or may have been.
    Missed(Missed),
}

impl SubscriptionItem {
    /// The message, unless it is a gap.
    pub fn message(self) -> Option<Message> {
        match self {
            Self::Message(message) => Some(message),
            Self::Missed(_) => None,
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

/// Why messages were missed
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MissedCause {
    /// The connection was lost and the subscription has just been restored: whatever was
    /// published in between is gone.
    ConnectionLost,
    /// The reader was too slow: the oldest messages were dropped to make room.
    QueueFull,
}

/// One stream of one of the multiplexer's links
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct SessionId {
    pub(super) dedicated: bool,
    pub(super) number: u64,
}

/// The bounded queue between the driver and one subscription
pub(super) struct Queue {
    state: Mutex<State>,
    capacity: usize,
}

#[derive(Default)]
struct State {
    items: VecDeque<SubscriptionItem>,
    dropped: u64,
    /// The connection on which the server last confirmed the subscription.
    confirmed_on: Option<SessionId>,
    closed: bool,
    waker: Option<Waker>,
}

impl Queue {
    pub(super) fn new(capacity: usize) -> Self {
        Self { state: Mutex::default(), capacity: capacity.max(1) }
    }

    /// Queues a message, dropping the oldest one if there is no room.
    pub(super) fn push(&self, message: Message) -> Option<Waker> {
        let mut state = self.lock();
        if state.items.len() >= self.capacity
            && let Some(SubscriptionItem::Message(_)) = state.items.pop_front()
        {
            state.dropped += 1;
        }
        state.items.push_back(SubscriptionItem::Message(message));
        state.waker.take()
    }

    pub(super) fn confirm(&self, session: SessionId) {
        self.lock().confirmed_on = Some(session);
    }

    /// The subscription is made again; on another connection, that leaves a gap.
    pub(super) fn restore(&self, session: SessionId) -> Option<Waker> {
        let mut state = self.lock();
        match state.confirmed_on {
            Some(before) if before != session => state.confirmed_on = Some(session),
            _ => return None,
        }
        let gap = Missed { cause: MissedCause::ConnectionLost, count: None };
        // One gap says as much as two in a row.
        if state.items.back() != Some(&SubscriptionItem::Missed(gap)) {
            state.items.push_back(SubscriptionItem::Missed(gap));
        }
        state.waker.take()
    }

    pub(super) fn close(&self) -> Option<Waker> {
        let mut state = self.lock();
        state.closed = true;
        state.waker.take()
    }

    pub(super) fn len(&self) -> usize {
        self.lock().items.len()
    }

    pub(super) fn poll(&self, cx: &Context<'_>) -> Poll<Option<SubscriptionItem>> {
        let mut state = self.lock();
        if state.dropped > 0 {
            let count = Some(std::mem::take(&mut state.dropped));
            let missed = Missed { cause: MissedCause::QueueFull, count };
            return Poll::Ready(Some(SubscriptionItem::Missed(missed)));
        }
        if let Some(item) = state.items.pop_front() {
            return Poll::Ready(Some(item));
        }
        if state.closed {
            return Poll::Ready(None);
        }
        state.waker = Some(cx.waker().clone());
        Poll::Pending
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(n: u8) -> Message {
        Message { channel: Bytes::from_static(b"c"), pattern: None, payload: vec![n].into() }
    }

    fn drain(queue: &Queue) -> Vec<SubscriptionItem> {
        let cx = Context::from_waker(Waker::noop());
        std::iter::from_fn(|| match queue.poll(&cx) {
            Poll::Ready(item) => item,
            Poll::Pending => None,
        })
        .collect()
    }

    #[test]
    fn a_slow_reader_loses_the_oldest_and_is_told_how_many() {
        let queue = Queue::new(2);
        for n in 0..5 {
            queue.push(message(n));
        }
        let missed = Missed { cause: MissedCause::QueueFull, count: Some(3) };
        assert_eq!(
            drain(&queue),
            [
                SubscriptionItem::Missed(missed),
                SubscriptionItem::Message(message(3)),
                SubscriptionItem::Message(message(4)),
            ]
        );
    }

    #[test]
    fn a_gap_stands_where_the_connection_was_lost() {
        let queue = Queue::new(8);
        let session = |number| SessionId { dedicated: false, number };
        queue.restore(session(1));
        assert_eq!(drain(&queue), []);
        queue.confirm(session(1));
        queue.restore(session(1));
        queue.push(message(1));
        queue.restore(session(2));
        queue.restore(session(3));
        queue.push(message(2));
        queue.close();
        let gap = Missed { cause: MissedCause::ConnectionLost, count: None };
        assert_eq!(
            drain(&queue),
            [
                SubscriptionItem::Message(message(1)),
                SubscriptionItem::Missed(gap),
                SubscriptionItem::Message(message(2)),
            ]
        );
        assert_eq!(queue.poll(&Context::from_waker(Waker::noop())), Poll::Ready(None));
    }
}
