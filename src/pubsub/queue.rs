use std::{
    collections::VecDeque,
    fmt,
    sync::PoisonError,
    task::{Context, Poll, Waker},
};

use bytes::Bytes;

use crate::sync::{Mutex, MutexGuard};

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
    /// The last item: the subscription ends here, and not because it was given up.
    Ended(EndCause),
}

impl SubscriptionItem {
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

/// Why messages were missed
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum MissedCause {
    /// The connection was lost and the subscription has just been restored: whatever was
    /// published in between is gone.
    ConnectionLost,
    /// The reader was too slow: messages were dropped, which ones says the [`Overflow`].
    QueueFull,
}

/// Why a subscription ended by itself
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EndCause {
    /// The reader was too slow, and [`Overflow::End`] was asked for.
    QueueFull,
}

/// What happens to a message that finds the queue of its subscription full
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Overflow {
    /// The oldest message in the queue is dropped; the reader is told how many were.
    #[default]
    DropOldest,
    /// The new message is dropped; the reader is told how many were, where they are missing.
    DropNewest,
    /// The subscription ends: what is queued can be read, then comes [`SubscriptionItem::Ended`].
    End,
}

/// How many messages went through subscriptions
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct SubscriptionCounts {
    /// Messages that wait to be read.
    pub queued: usize,
    /// Messages that were read.
    pub delivered: u64,
    /// Messages that were dropped because the queue was full or had ended.
    pub dropped: u64,
}

impl std::ops::AddAssign for SubscriptionCounts {
    fn add_assign(&mut self, other: Self) {
        self.queued += other.queued;
        self.delivered += other.delivered;
        self.dropped += other.dropped;
    }
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
    overflow: Overflow,
}

#[derive(Default)]
struct State {
    items: VecDeque<SubscriptionItem>,
    counts: SubscriptionCounts,
    /// Dropped messages of which the reader has not been told.
    untold: u64,
    /// Set by [`Overflow::End`].
    ended: Option<EndCause>,
    /// The connection on which the server last confirmed the subscription.
    confirmed_on: Option<SessionId>,
    closed: bool,
    waker: Option<Waker>,
}

impl Queue {
    pub(super) fn new(capacity: usize, overflow: Overflow) -> Self {
        Self { state: Mutex::default(), capacity: capacity.max(1), overflow }
    }

    /// Queues a message; without room for it, does what the overflow policy says.
    pub(super) fn push(&self, message: Message) -> Option<Waker> {
        let mut state = self.lock();
        if state.ended.is_some() || state.closed {
            state.counts.dropped += 1;
            return None;
        }
        if state.counts.queued >= self.capacity {
            state.counts.dropped += 1;
            match self.overflow {
                Overflow::DropOldest => state.drop_oldest(),
                Overflow::DropNewest => {
                    state.untold += 1;
                    return None;
                }
                Overflow::End => {
                    state.ended = Some(EndCause::QueueFull);
                    return state.waker.take();
                }
            }
        } else if self.overflow == Overflow::DropNewest {
            state.tell_at_the_back();
        }
        state.items.push_back(SubscriptionItem::Message(message));
        state.counts.queued += 1;
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
        if state.ended.is_some() {
            return None;
        }
        if self.overflow == Overflow::DropNewest {
            state.tell_at_the_back();
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

    pub(super) fn is_closed(&self) -> bool {
        self.lock().closed
    }

    pub(super) fn counts(&self) -> SubscriptionCounts {
        self.lock().counts
    }

    pub(super) fn poll(&self, cx: &Context<'_>) -> Poll<Option<SubscriptionItem>> {
        let mut state = self.lock();
        // What was dropped stood before all that is queued, or behind it.
        if self.overflow == Overflow::DropOldest || state.items.is_empty() {
            state.tell_at_the_front();
        }
        if let Some(item) = state.items.pop_front() {
            if let SubscriptionItem::Message(_) = item {
                state.counts.queued -= 1;
                state.counts.delivered += 1;
            }
            return Poll::Ready(Some(item));
        }
        if let Some(cause) = state.ended.take() {
            state.closed = true;
            return Poll::Ready(Some(SubscriptionItem::Ended(cause)));
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

impl State {
    /// Drops the oldest message. Gaps stay: the reader is to hear of each.
    fn drop_oldest(&mut self) {
        let is_message = |item: &SubscriptionItem| matches!(item, SubscriptionItem::Message(_));
        if let Some(oldest) = self.items.iter().position(is_message) {
            self.items.remove(oldest);
            self.counts.queued -= 1;
            self.untold += 1;
        }
        // Two gaps without a message between them are one; so they cannot pile up either.
        if self.items.len() > 1 && self.items[0] == self.items[1] && !is_message(&self.items[0]) {
            self.items.pop_front();
        }
    }

    fn tell_at_the_back(&mut self) {
        if let Some(missed) = self.untold() {
            self.items.push_back(missed);
        }
    }

    fn tell_at_the_front(&mut self) {
        if let Some(missed) = self.untold() {
            self.items.push_front(missed);
        }
    }

    fn untold(&mut self) -> Option<SubscriptionItem> {
        let count = std::mem::take(&mut self.untold);
        let missed = Missed { cause: MissedCause::QueueFull, count: Some(count) };
        (count > 0).then_some(SubscriptionItem::Missed(missed))
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
        let queue = Queue::new(2, Overflow::DropOldest);
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
        let queue = Queue::new(8, Overflow::DropOldest);
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

    #[test]
    fn dropping_the_newest_tells_where_they_are_missing() {
        let queue = Queue::new(2, Overflow::DropNewest);
        (0..5).for_each(|n| drop(queue.push(message(n))));
        let cx = Context::from_waker(Waker::noop());
        let read = queue.poll(&cx);
        assert_eq!(read, Poll::Ready(Some(SubscriptionItem::Message(message(0)))));
        queue.push(message(5));
        queue.push(message(6));
        let missed = |count| {
            let count = Some(count);
            SubscriptionItem::Missed(Missed { cause: MissedCause::QueueFull, count })
        };
        assert_eq!(
            drain(&queue),
            [
                SubscriptionItem::Message(message(1)),
                missed(3),
                SubscriptionItem::Message(message(5)),
                missed(1),
            ]
        );
        let counts = SubscriptionCounts { queued: 0, delivered: 3, dropped: 4 };
        assert_eq!(queue.counts(), counts);
    }

    #[test]
    fn ending_gives_what_is_queued_and_then_says_why() {
        let queue = Queue::new(2, Overflow::End);
        (0..4).for_each(|n| drop(queue.push(message(n))));
        queue.close();
        assert_eq!(
            drain(&queue),
            [
                SubscriptionItem::Message(message(0)),
                SubscriptionItem::Message(message(1)),
                SubscriptionItem::Ended(EndCause::QueueFull),
            ]
        );
        queue.push(message(9));
        queue.close();
        assert_eq!(queue.poll(&Context::from_waker(Waker::noop())), Poll::Ready(None));
        let counts = SubscriptionCounts { queued: 0, delivered: 2, dropped: 3 };
        assert_eq!(queue.counts(), counts);
    }

    #[test]
    fn a_full_queue_keeps_its_gaps() {
        let queue = Queue::new(1, Overflow::DropOldest);
        let session = |number| SessionId { dedicated: false, number };
        queue.confirm(session(1));
        for n in 2..5 {
            queue.restore(session(n));
            queue.push(message(n as u8));
        }
        let gap = |cause, count| SubscriptionItem::Missed(Missed { cause, count });
        assert_eq!(
            drain(&queue),
            [
                gap(MissedCause::QueueFull, Some(2)),
                gap(MissedCause::ConnectionLost, None),
                SubscriptionItem::Message(message(4)),
            ]
        );
    }
}
